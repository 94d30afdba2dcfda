"""An organization, what it declares and a live cluster → a verdict for each workspace, with cause and remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from generator.cluster.belonging import strange
from generator.cluster.comparing import Difference, diff
from generator.cluster.findings import (
    Finding,
    deletion,
    deviations,
    is_refusal,
    moment,
    refusals,
    runtime,
    usage,
)
from generator.cluster.live import Kind, Live, Unread
from generator.cluster.remedies import restoring
from generator.cluster.selector import matches
from generator.model.naming import home, workspace_config_map
from generator.model.org import Org, Workspace
from generator.objects import Identity
from generator.printing import clipped, printable
from generator.rendering.views import object_labels

Word = Literal["ready", "frozen", "degraded", "cannot deploy", "unknown"]
WORDS: tuple[Word, ...] = ("cannot deploy", "degraded", "unknown", "frozen", "ready")
"""Verdicts, what is worst first. `frozen` is what the organization declares, and as good as `ready`."""

Key = tuple[str, str]
_NAMESPACE: Key = ("", "Namespace")
_CONFIG_MAP: Key = ("", "ConfigMap")
_POD: Key = ("", "Pod")
_EVENT: Key = ("", "Event")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What holds for a workspace, or for a namespace that none is mapped to."""

    workspace: str
    """Empty where no workspace is mapped to the namespace."""
    namespace: str
    word: Word
    findings: tuple[Finding, ...] = ()
    """What is worst first."""


@dataclass(frozen=True)
class Verification:
    """How the workspaces of an organization fare in a cluster."""

    organization: str
    cluster: str
    source: str
    server: str
    verdicts: tuple[Verdict, ...]
    unread: tuple[Unread, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether something could not be read, so that the answer is not whole."""
        return bool(self.unread)

    @property
    def ready(self) -> bool:
        """Whether every workspace is as it should be."""
        return all(verdict.word in ("ready", "frozen") for verdict in self.verdicts)


def kinds(org: Org) -> tuple[Kind, ...]:
    """What is read of a cluster for the verdicts."""
    labels = ",".join(f"{key}={value}" for key, value in object_labels(org).items())
    pods = (Kind("v1", "Pod", org.verta.runtime.selector),) if org.verta.runtime else ()
    return (
        Kind("v1", "Namespace"),
        Kind("v1", "ResourceQuota"),
        Kind("v1", "LimitRange"),
        Kind("networking.k8s.io/v1", "NetworkPolicy"),
        Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
        Kind("v1", "ConfigMap", labels),
        *pods,
        Kind("v1", "Event", fields="type=Warning"),
    )


def keep(homes: Iterable[str], kind: Kind, body: dict[str, Any]) -> dict[str, Any] | None:
    """What verdicts need of an object that was read, so that a large cluster fits into the memory."""
    metadata = body["metadata"]
    if kind.kind == "Namespace":
        if metadata["name"] in homes:
            return body
        return {**_only(body, "apiVersion", "kind"), "metadata": _only(metadata, "name", "labels")}
    if kind.kind != "ConfigMap" and metadata.get("namespace") not in homes:
        return None
    if kind.kind == "Event":
        return body if is_refusal(body) else None
    if kind.kind == "Pod":
        status = body.get("status")
        needed = ("phase", "reason", "message", "conditions", "containerStatuses", "initContainerStatuses")
        return {
            **_only(body, "apiVersion", "kind"),
            "metadata": _only(metadata, "name", "namespace", "labels", "deletionTimestamp", "ownerReferences"),
            "status": _only(status, *needed) if isinstance(status, dict) else {},
        }
    return body


def verify(
    org: Org,
    declared: Mapping[Identity, Mapping[str, Any]],
    live: Live,
    now: datetime | None = None,
    chosen: Iterable[str] | None = None,
    kubectl: str = "kubectl",
    folder: str = "rendered",
) -> Verification:
    """A verdict for each workspace, and for each namespace without one; only for the workspaces `chosen`, if given.

    `now` is the time that events are judged by, the last event's where not given; `kubectl` begins the commands to
    type, and `folder` is where the rendered files are.
    """
    case = _Case(org, declared, live, now, kubectl, folder)
    if chosen is None:
        rows = [(workspace, home(org, workspace)) for _, workspace in sorted(org.workspaces.items())]
        mapped = {place for _, place in rows}
        verdicts = [case.verdict(workspace, place) for workspace, place in rows]
        verdicts += [case.verdict(None, name) for name in sorted(org.namespaces) if name not in mapped]
    else:
        picked = [org.workspaces[name] for name in dict.fromkeys(chosen)]
        verdicts = [case.verdict(workspace, home(org, workspace)) for workspace in picked]
    doubts = [*live.doubts, *strange(org, live, whole=chosen is None)]
    if org.verta.runtime is None:
        doubts.append(
            "whether Verta runs in the namespaces cannot be judged: org.yaml does not say what must run there; "
            "write `verta: {runtime: {selector: …}}`"
        )
    unread = (*(each for each in live.unread if not each.absent), *case.left_out())
    return Verification(
        org.organization.name, org.cluster.name, live.source, live.server, tuple(verdicts), unread, tuple(doubts)
    )


class _Case:
    """What is known, sorted by namespace."""

    def __init__(
        self,
        org: Org,
        declared: Mapping[Identity, Mapping[str, Any]],
        live: Live,
        now: datetime | None,
        kubectl: str,
        folder: str,
    ) -> None:
        self.org, self.live, self.kubectl, self.folder = org, live, kubectl, folder
        self.asked = {(kind.group, kind.kind): kind for kind in kinds(org)}
        self.there: dict[Key, dict[str, list[dict[str, Any]]]] = {}
        for identity, body in live.objects.items():
            by_home = self.there.setdefault((identity.group, identity.kind), {})
            by_home.setdefault(identity.namespace or identity.name, []).append(body)
        for place, events in self.there.get(("events.k8s.io", "Event"), {}).items():  # as a dump may hold them
            self.there.setdefault(_EVENT, {}).setdefault(place, []).extend(events)
        self.now = now or max(filter(None, map(moment, self._all(_EVENT))), default=datetime.now(UTC))
        self.declared: dict[str, dict[Identity, Mapping[str, Any]]] = {}
        for identity, wanted in declared.items():
            if (identity.group, identity.kind) in self.asked:
                self.declared.setdefault(identity.namespace or identity.name, {})[identity] = wanted
        silent = {(each.kind.group, each.kind.kind) for each in live.unread if not each.absent}
        self.silent = silent | {(each.kind.group, each.kind.kind) for each in self.left_out()}

    def left_out(self) -> Iterator[Unread]:
        """Kinds that a dump holds nothing of, though something is declared: it was probably made without them."""
        if self.live.complete is not None:
            return
        wanted = {(each.group, each.kind) for objects in self.declared.values() for each in objects}
        for key, kind in self.asked.items():
            if key not in self.there and key != _EVENT and (key in wanted or key in (_NAMESPACE, _POD)):
                yield Unread(kind, f"{self.live.source} holds no {kind.kind} at all; make it with this kind as well")

    def verdict(self, workspace: Workspace | None, place: str) -> Verdict:
        """The verdict on a workspace in its namespace."""
        weights = {"blocks": 0, "degrades": 1, "unknown": 2, "note": 3}
        found = tuple(sorted(self._findings(workspace, place), key=lambda finding: weights[finding.weight]))
        name = workspace.name if workspace else ""
        words: tuple[Word, ...] = ("cannot deploy", "degraded", "unknown")
        worst = weights[found[0].weight] if found else 3
        word = words[worst] if worst < 3 else "frozen" if self._frozen(place) else "ready"
        return Verdict(name, place, word, found)

    def _findings(self, workspace: Workspace | None, place: str) -> Iterator[Finding]:
        fails = "nothing can run there"
        if workspace:
            fails = f'endpoints of workspace "{clipped(printable(workspace.name), 100)}" will fail to deploy'
        bodies = self.there.get(_NAMESPACE, {}).get(place)
        restore = self._restore(place, gone=not bodies)
        if _NAMESPACE in self.silent:
            yield Finding("unknown", "unread", f"whether namespace {place} exists is not known: not read")
            return
        if not bodies:
            message = f"namespace {place} does not exist in cluster {self.org.cluster.name}: {fails}"
            if place not in self.org.namespaces:
                message += "; it is the primary namespace, which Verta itself brings"
                restore = f"{self.kubectl} get namespaces"
            yield Finding("blocks", "namespace-missing", message, restore)
            return
        if gone := deletion(bodies[0], place, fails, self.kubectl):
            yield gone
            return
        deployer = f"deployer:{self.org.verta.deployer.cluster_role}" if self.org.verta.deployer else ""
        yield from deviations(self._differences(workspace, place), place, deployer, fails, restore, self.kubectl)
        yield from usage(self._of(("", "ResourceQuota"), place), place, self._frozen(place), self.kubectl)
        if self.org.verta.runtime and _POD not in self.silent:
            selector = self.org.verta.runtime.selector
            pods = [pod for pod in self._of(_POD, place) if matches(selector, _labels(pod))]
            yield from runtime(pods, selector, place, fails, self._frozen(place), self.kubectl)
        yield from refusals(self._of(_EVENT, place), self.now, place, self.kubectl)
        yield from self._unknown(workspace, place)

    def _differences(self, workspace: Workspace | None, place: str) -> Iterator[Difference]:
        mine = {
            identity: body
            for identity, body in self._expected(workspace, place).items()
            if (identity.group, identity.kind) not in self.silent
        }
        for each in diff(mine, self.live.objects):
            if each.cause != "added" or each.path[:1] != ("metadata",) or "pod-security" in str(each.path[2:3]):
                yield each

    def _expected(self, workspace: Workspace | None, place: str) -> dict[Identity, Mapping[str, Any]]:
        """What is declared in a namespace; where several workspaces live there, without the descriptions of others."""
        found = self.declared.get(place, {})
        if place in self.org.namespaces or workspace is None:
            return found
        mine = workspace_config_map(self.org, workspace)
        return {
            identity: body
            for identity, body in found.items()
            if identity.name == mine or (identity.group, identity.kind) != _CONFIG_MAP
        }

    def _unknown(self, workspace: Workspace | None, place: str) -> Iterator[Finding]:
        wanted = {(each.group, each.kind) for each in self._expected(workspace, place)} | {_POD, _EVENT}
        names = [kind.kind for key, kind in self.asked.items() if key in self.silent and key in wanted]
        if names:
            message = f"not read, so not judged: {', '.join(names)} of namespace {place}"
            yield Finding("unknown", "unread", message)

    def _restore(self, place: str, gone: bool) -> str:
        if not self.declared.get(place):
            return ""
        command = restoring(self.org, [place], self.folder, gone)
        return self.kubectl + command.removeprefix("kubectl") if command.startswith("kubectl ") else command

    def _frozen(self, place: str) -> bool:
        namespace = self.org.namespaces.get(place)
        return namespace is not None and namespace.state != "active"

    def _of(self, key: Key, place: str) -> list[dict[str, Any]]:
        return self.there.get(key, {}).get(place, [])

    def _all(self, key: Key) -> Iterator[dict[str, Any]]:
        return (body for bodies in self.there.get(key, {}).values() for body in bodies)


def _labels(body: dict[str, Any]) -> dict[str, Any]:
    labels = body["metadata"].get("labels")
    return labels if isinstance(labels, dict) else {}


def _only(body: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: body[key] for key in keys if key in body}
