"""What is live in one namespace → findings: what keeps its workspace from deploying, what is weaker than declared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from shlex import quote
from typing import Any, Literal

from generator.cluster.comparing import ABSENT, Difference
from generator.cluster.pods import is_ready, living, unready
from generator.cluster.remedies import removing
from generator.model.quantity import parse_quantity
from generator.objects import Identity
from generator.printing import clipped, printable
from generator.problems import show_path
from generator.rendering.views import MANAGED_BY, PROTECTION

Body = Mapping[str, Any]
Weight = Literal["blocks", "degrades", "unknown", "note"]
RECENT = timedelta(hours=1)
"""How far back events count."""
_LONGEST = 200
_MOST = 3
"""Fields of an object, and pods of a namespace, that are named; the rest is counted."""
_REFUSALS = re.compile(
    r"exceeded quota|must specify|failed quota|forbidden: \[?(maximum|minimum) |violates PodSecurity|usage per "
)
"""What events say when pods are refused for quota, for limits, or for pod security."""
_ORGANIZATION = "verta-gitops.io/organization"
_COMPUTE = frozenset(
    ("pods", "count/pods", "cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory")
)
"""Without these left, no pod starts."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a namespace, or the workspace in it.

    `blocks`: endpoints cannot be deployed; `degrades`: something is less than declared; `unknown`: it could not be
    judged; `note`: worth knowing, and no reason to call anybody.
    """

    weight: Weight
    cause: str
    """What it is in a word that does not change, for programs: `namespace-missing`."""
    message: str
    next: str = ""
    """The command to type next."""


def deletion(body: Body, name: str, fails: str, kubectl: str) -> Finding | None:
    """That a namespace is being deleted, and what holds it; None where it is not."""
    metadata, status = _map(body.get("metadata")), _map(body.get("status"))
    since = metadata.get("deletionTimestamp")
    if not since and status.get("phase") != "Terminating":
        return None
    held = [*_texts(_map(body.get("spec")).get("finalizers")), *_texts(metadata.get("finalizers"))]
    parts = [f"held by finalizer {', '.join(printable(each) for each in held)}"] if held else []
    parts += [
        _short(str(condition.get("message")))
        for condition in _maps(status.get("conditions"))
        if condition.get("status") == "True"
    ]
    when = f" since {printable(str(since))}" if since else ""
    message = f"namespace {name} is being deleted (Terminating{when}): {fails}"
    look = f"{kubectl} describe namespace {name}"
    return Finding("blocks", "namespace-terminating", "; ".join([message, *parts]), look)


def deviations(
    differences: Iterable[Difference], name: str, deployer: str, fails: str, restore: str, kubectl: str
) -> Iterator[Finding]:
    """What the differences between cluster and declaration mean for who deploys there."""
    by_object: dict[Identity, list[Difference]] = {}
    for each in differences:
        by_object.setdefault(each.identity, []).append(each)
    for identity, found in by_object.items():
        if found[0].cause == "missing":
            yield _missing(identity, name, deployer, fails, restore)
            continue
        if found[0].cause == "terminating":
            look = kubectl + removing(found[0]).removeprefix("kubectl")  # applying it again changes nothing yet
            yield Finding("degrades", "object-terminating", f"{_called(identity)} is being deleted", look)
        yield from _changed(identity, [each for each in found if each.cause != "terminating"], deployer, fails, restore)


def _missing(identity: Identity, name: str, deployer: str, fails: str, restore: str) -> Finding:
    called = f"{_called(identity)} is missing in namespace {name}"
    if identity.kind == "RoleBinding" and identity.name == deployer:
        return Finding("blocks", "deployer-missing", f"{called}, so Verta may not deploy there: {fails}", restore)
    meaning = {
        "ResourceQuota": "nothing limits what the namespace uses in all",
        "LimitRange": "containers have no default request and no limit, and a quota refuses those that state none",
        "NetworkPolicy": "the namespace's network is not as isolated, or not as open, as declared",
        "RoleBinding": "the group has no access",
        "ConfigMap": "the workspace is not described in the cluster",
    }.get(identity.kind, "")
    cause = f"{identity.kind.lower()}-missing"
    return Finding("degrades", cause, f"{called}: {meaning}" if meaning else called, restore)


def _changed(
    identity: Identity, found: Sequence[Difference], deployer: str, fails: str, restore: str
) -> Iterator[Finding]:
    """One finding for each part of an object that means something of its own."""
    parts: dict[str, list[Difference]] = {}
    for each in chain.from_iterable(map(_entries, found)):
        parts.setdefault(_part(identity, each), []).append(each)
    called = _called(identity)
    for part, its in parts.items():
        fields = _fields(its)
        if part == "ours":
            yield Finding("degrades", "not-ours", f"{called} does not say that it is managed here: {fields}", restore)
        elif part == "protection":
            message = f"{called} is not protected against pruning and deletion by the engine: {fields}"
            yield Finding("degrades", "unprotected", message, restore)
        elif part == "pod-security":
            message = f"the pod security level in force in {called} is not the declared one: {fields}"
            yield Finding("degrades", "pod-security", message, restore)
        elif part == "metadata":
            yield Finding("note", "metadata-changed", f"{called} is not as declared: {fields}", restore)
        elif identity.kind == "RoleBinding" and identity.name == deployer:
            message = f"{called} does not let Verta deploy as declared ({fields}): {fails}"
            yield Finding("blocks", "deployer-changed", message, restore)
        elif part == "spec":
            message = f"{called} is not as declared: {fields}"
            yield Finding("degrades", f"{identity.kind.lower()}-changed", message, restore)


def _entries(difference: Difference) -> Iterator[Difference]:
    """A section of metadata that is not there at all, label by label; anything else as it is."""
    path, declared = difference.path, difference.declared
    if path[:1] == ("metadata",) and len(path) == 2 and isinstance(declared, Mapping):
        for key, value in declared.items():
            yield replace(difference, path=(*path, key), declared=value, live=ABSENT)
    else:
        yield difference


def _part(identity: Identity, difference: Difference) -> str:
    path = difference.path
    if path[:1] != ("metadata",):
        return "spec"
    key = str(path[2]) if len(path) > 2 else ""
    if path[1:2] == ("labels",) and (key in MANAGED_BY or key == _ORGANIZATION):
        return "ours"
    if path[1:2] == ("annotations",) and key in PROTECTION:
        return "protection"
    if key.startswith("pod-security.kubernetes.io/") and not key.endswith("-version"):
        return "pod-security"
    return "metadata" if difference.cause == "changed" else "more"


def _fields(differences: Sequence[Difference]) -> str:
    shown = []
    for each in differences[:_MOST]:
        live = "is missing" if each.live is ABSENT else f"is {_value(each.live)}"
        declared = "not declared" if each.declared is ABSENT else f"declared {_value(each.declared)}"
        who = f", by {printable(each.by)}" if each.by else ""
        shown.append(f"{printable(show_path(each.path))} {live}, {declared}{who}")
    more = len(differences) - _MOST
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _value(value: Any) -> str:
    try:
        return clipped(printable(json.dumps(value, ensure_ascii=False, default=str)), 80)
    except RecursionError:
        return "(nested too deeply)"


def usage(quotas: Iterable[Body], name: str, frozen: bool, kubectl: str) -> Iterator[Finding]:
    """What is used against every quota of a namespace, whoever wrote it: over, at or near the limit."""
    look = f"{kubectl} describe resourcequota -n {name}"
    for quota in quotas:
        spec, used = _map(quota.get("spec")), _map(_map(quota.get("status")).get("used"))
        scoped = bool(spec.get("scopes") or spec.get("scopeSelector"))
        for resource, limit in _map(spec.get("hard")).items():
            try:
                most, now = parse_quantity(str(limit)), parse_quantity(str(used[resource]))
            except (KeyError, ValueError):
                continue  # not counted yet
            amounts = f"{printable(str(used[resource]))} of {printable(str(limit))} {printable(resource)}"
            where = f'quota "{printable(str(_map(quota.get("metadata")).get("name")))}" of namespace {name}'
            stops = resource in _COMPUTE
            weight: Weight = "blocks" if stops and not scoped else "degrades"
            then = "no pod starts until less is used" if stops else "nothing more of it can be made"
            if now > most:
                if frozen and resource == "pods":
                    yield Finding("note", "quota-over", f"{amounts} still run in frozen namespace {name}", look)
                    continue
                message = f"{where} is exceeded, {amounts} in use (it was lowered, or written later): {then}"
                yield Finding(weight, "quota-over", message, look)
            elif now == most and (most.nanos > 0 or (stops and not scoped and not frozen)):
                yield Finding(weight, "quota-full", f"{where} is used up, {amounts} in use: {then}", look)
            elif most.nanos > 0 and now.nanos * 10 >= most.nanos * 9:
                yield Finding("note", "quota-near", f"{where} is nearly used up: {amounts} in use", look)


def runtime(
    pods: Sequence[Body], selector: str, name: str, fails: str, frozen: bool, kubectl: str
) -> Iterator[Finding]:
    """Whether Verta runs in a namespace: the pods that its selector names are there and ready."""
    there = living(pods)
    look = f"{kubectl} get pods -n {name} -l {quote(printable(selector))}"
    chosen = f"verta.runtime.selector ({printable(selector)})"
    if not there:
        gone = f" but {len(pods)} that ended or are being deleted" if pods else ""
        message = f"Verta does not run in namespace {name}: no pod there matches {chosen}{gone}; {fails}"
        yield Finding("note" if frozen else "blocks", "runtime-missing", message, look)
        return
    waiting = list(unready(there))
    if not waiting:
        return
    shown = "; ".join(f"{printable(each.name)}: {each.why}" for each in waiting[:_MOST])
    more = f"; and {len(waiting) - _MOST} more" if len(waiting) > _MOST else ""
    next_ = f"{kubectl} {waiting[0].look}"
    if not any(is_ready(pod) for pod in there):
        message = f"Verta does not run in namespace {name}: none of {len(there)} pods is ready: {shown}{more}; {fails}"
        yield Finding("note" if frozen else "blocks", "runtime-unready", message, next_)
    else:
        message = f"{len(waiting)} of {len(there)} pods of Verta in namespace {name} are not ready: {shown}{more}"
        yield Finding("note" if frozen else "degrades", "runtime-degraded", message, next_)


def refusals(events: Iterable[Body], now: datetime, name: str, kubectl: str) -> Iterator[Finding]:
    """What was refused in the last hour for quota, for limits or for pod security: the last of it, and how often."""
    found = [(when, event) for event in events if is_refusal(event) and (when := moment(event)) and when > now - RECENT]
    if not found:
        return
    when, last = max(found, key=lambda each: each[0])
    times = sum(_times(event) for _, event in found)
    involved = _map(last.get("involvedObject") or last.get("regarding"))
    what = printable(f"{involved.get('kind')} {involved.get('name')}")
    said = _short(str(last.get("message") or last.get("note")))
    often = f"{times} times" if times > 1 else "once"
    message = (
        f"pods were refused in namespace {name} {often} in the last hour, last at {when:%H:%M} UTC for {what}: {said}"
    )
    look = f"{kubectl} get events -n {name} --field-selector type=Warning"
    yield Finding("degrades", "refused", message, look)


def is_refusal(event: Body) -> bool:
    """Whether an event says that something was refused for quota, for limits or for pod security."""
    text = event.get("message") or event.get("note")
    return isinstance(text, str) and _REFUSALS.search(text) is not None


def moment(event: Body) -> datetime | None:
    """When an event was seen last."""
    times = (
        _map(event.get("series")).get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("deprecatedLastTimestamp"),
        event.get("eventTime"),
        _map(event.get("metadata")).get("creationTimestamp"),
    )
    for text in times:
        if isinstance(text, str):
            try:
                found = datetime.fromisoformat(text)
            except ValueError:
                continue
            if found.tzinfo is not None:
                return found
    return None


def _times(event: Body) -> int:
    for number in (_map(event.get("series")).get("count"), event.get("count"), event.get("deprecatedCount")):
        if isinstance(number, int) and number > 0:
            return number
    return 1


def _called(identity: Identity) -> str:
    name = printable(identity.name)
    return f"namespace {name}" if identity.kind == "Namespace" else f'{printable(identity.kind)} "{name}"'


def _short(text: str) -> str:
    return clipped(printable(text.strip()), _LONGEST)


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _maps(value: Any) -> list[Body]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _map(value: Any) -> Body:
    return value if isinstance(value, Mapping) else {}
