"""Two organizations → what becomes of workspaces and namespaces: their lives, tiers, quotas, limits and labels."""

from __future__ import annotations

import shlex
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from generator.model.effective import Effective, effective, tier_of
from generator.model.kinds import yaml_key
from generator.model.org import Container, Namespace, Org, Workspace
from generator.model.quantity import Quantity
from generator.plan.change import Change, Detail, Risk, Subject, named
from generator.plan.edits import Claims, Edit, show
from generator.plan.usage import Usage
from generator.problems import Path
from generator.rules.resources import requested

SIDES = tuple((field.name, yaml_key(field)) for field in fields(Container))
_LEVELS = ("privileged", "baseline", "restricted")


@dataclass(frozen=True, slots=True)
class Shared:
    """A namespace that is there before and after, and what holds in it."""

    name: str
    before: Namespace
    after: Namespace
    had: Effective
    has: Effective

    def cause(self, one: object, two: object) -> tuple[str, ...]:
        """Where a difference comes from, if `one` and `two` are what the namespace itself says about it."""
        if one != two:
            return ("own",)
        return ("tier", self.has.tier) if self.had.tier == self.has.tier else ("move", self.had.tier, self.has.tier)


def shared(old: Org, new: Org, edits: Iterable[Edit], everywhere: bool = False) -> list[Shared]:
    """The namespaces of both sides in which anything may hold that did not hold before."""
    paths = {edit.path[:2] for edit in edits}
    if ("defaults", "tier") in paths:
        everywhere = True
    return [
        Shared(name, before, after, effective(old, before), effective(new, after))
        for name, before in old.namespaces.items()
        if (after := new.namespaces.get(name)) is not None
        and (
            everywhere
            or ("namespaces", name) in paths
            or ("tiers", tier_of(old, before).name) in paths
            or ("tiers", tier_of(new, after).name) in paths
        )
    ]


def origin(cause: tuple[str, ...], places: tuple[str, ...], *steps: str) -> Path:
    """The place of a change by its cause; of several namespaces, the first stands for all."""
    if cause[0] == "tier":
        return ("tiers", cause[1], *steps)
    return ("namespaces", places[0], "tier") if cause[0] == "move" else ("namespaces", places[0], *steps)


def subject_of(cause: tuple[str, ...], places: tuple[str, ...]) -> Subject:
    """What a change is a change of: the tier if it comes from there, else the namespaces."""
    return Subject("tier", cause[1]) if cause[0] == "tier" else named("namespace", places)


def claim(claims: Claims, cause: tuple[str, ...], name: str, *steps: str) -> None:
    """Note that the change at a place is said by an effect."""
    if cause[0] == "tier":
        claims.add(("tiers", cause[1], *steps))
    elif cause[0] == "own":
        claims.add(("namespaces", name, *steps))


class Fold(dict[Any, list[str]]):
    """What is the same in several namespaces, with their names."""

    def add(self, key: Hashable, name: str) -> None:
        """Note one more namespace."""
        self.setdefault(key, []).append(name)

    def sorted(self) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """Each thing with the names in their order."""
        for key, names in self.items():
            yield key, tuple(sorted(names))


def lives(old: Org, new: Org, claims: Claims) -> Iterator[Change]:
    """Workspaces and namespaces that come, go, or change their state or mapping."""
    for name in old.workspaces.keys() | new.workspaces.keys():
        before, after = old.workspaces.get(name), new.workspaces.get(name)
        if before is None or after is None:
            claims.add(("workspaces", name))
            yield _created(after, new) if after else _retired(before, old, new)
        elif before.namespace != after.namespace:
            claims.add(("workspaces", name, "namespace"))
            if before.legacy and not after.legacy and after.namespace:
                claims.add(("workspaces", name, "legacy"))
            yield _mapped(before, after)
    for name in old.namespaces.keys() | new.namespaces.keys():
        was, will = old.namespaces.get(name), new.namespaces.get(name)
        if was is None or will is None:
            claims.add(("namespaces", name))
            yield _begun(will, new) if will else _removed(was, old, new)
        elif was.state != will.state:
            claims.add(("namespaces", name, "state"))
            yield _moved(was, will)


def _created(workspace: Workspace, org: Org) -> Change:
    lives_in = workspace.namespace or org.verta.primary_namespace
    reason = "a new workspace; its mapping to the namespace is for ever"
    risk: Risk = "safe"
    if not workspace.namespace and org.verta.multiple_namespaces:
        risk, reason = "attention", "it lives in the primary namespace, beside Verta and all others there"
    return Change(
        "workspace-created", Subject("workspace", workspace.name), risk, reason, ("workspaces", workspace.name),
        new=lives_in, what="namespace",
    )  # fmt: skip


def _retired(workspace: Workspace | None, old: Org, new: Org) -> Change:
    assert workspace is not None
    namespace = old.namespaces.get(workspace.namespace)
    remembered = any(tombstone.workspace == workspace.name for tombstone in new.retired.values())
    details = [] if remembered else [Detail("no tombstone under `retired` keeps the name from being used again")]
    if namespace is not None and namespace.state == "decommission":
        risk: Risk = "attention" if remembered else "danger"
        reason = "its namespace was decommissioned before; its models and endpoints in Verta lose their place"
    else:
        risk, reason = "danger", "its namespace was in use: its models and endpoints lose their place"
    return Change(
        "workspace-retired", Subject("workspace", workspace.name), risk, reason, ("workspaces", workspace.name), "base",
        "namespace", workspace.namespace or old.verta.primary_namespace, details=tuple(details),
    )  # fmt: skip


def _mapped(before: Workspace, after: Workspace) -> Change:
    kind, risk, reason = "workspace-remapped", "danger", "Verta never changes a mapping; endpoints stay where they are"
    if not before.namespace:
        kind, risk = "workspace-mapped", "attention"
        reason = "for ever: it leaves the primary namespace, and its endpoints have to be deployed again"
    elif not after.namespace:
        kind, reason = "workspace-unmapped", "Verta never takes a mapping back; new endpoints cannot be deployed"
    path = ("workspaces", after.name, *(("namespace",) if after.namespace else ()))
    light: Risk = "attention" if risk == "attention" else "danger"
    return Change(
        kind, Subject("workspace", after.name), light, reason, path, "head", "namespace",
        before.namespace or None, after.namespace or None,
    )  # fmt: skip


def _begun(namespace: Namespace, org: Org) -> Change:
    holds = effective(org, namespace)
    quota = ", ".join(f"{resource}: {amount}" for resource, amount in sorted(holds.quota.items()))
    details = [Detail("tier", holds.tier), *([Detail("quota", quota)] if quota else [])]
    weak = [] if quota else [Detail("no quota: it may use as much as the cluster has")]
    if holds.pod_security == "privileged":
        weak.append(Detail("pod security privileged: a container can take over its node"))
    if holds.isolation == "none":
        weak.append(Detail("network: any namespace may connect in"))
    if holds.allow_from and holds.isolation != "none":
        details.append(Detail("network: may connect in", ", ".join(holds.allow_from)))
    if namespace.state != "active":
        details.append(Detail("state", namespace.state))
    reason = "a new namespace, without a fence that others have" if weak else "a new namespace"
    return Change(
        "namespace-created", Subject("namespace", namespace.name), "attention" if weak else "safe", reason,
        ("namespaces", namespace.name), new=namespace.state, what="state", details=(*weak, *details),
    )  # fmt: skip


def _removed(namespace: Namespace | None, old: Org, new: Org) -> Change:
    assert namespace is not None
    name, state = namespace.name, namespace.state
    reason = "everything in it is deleted with it: volumes, secrets, endpoints"
    details = []
    if state != "decommission":
        reason = "it was not decommissioned first: `check --base` and `render` refuse to lose it"
        details.append(Detail("what is live is protected and stays, without anybody who keeps it"))
    if name not in new.retired:
        details.append(Detail("no tombstone under `retired` keeps the name from being used again"))
    details += [
        Detail("its workspace", workspace.name) for workspace in old.workspaces.values() if workspace.namespace == name
    ]
    return Change(
        "namespace-removed", Subject("namespace", name), "danger", reason, ("namespaces", name), "base",
        "state", state, details=tuple(details),
    )  # fmt: skip


def _moved(before: Namespace, after: Namespace) -> Change:
    kind, risk, reason = {
        "decommission": (
            "namespace-decommissioned",
            "danger",
            "nothing new starts, and its protection is lifted: a later change may delete it with everything in it",
        ),
        "frozen": ("namespace-frozen", "attention", "nothing new starts there; what runs goes on until it restarts"),
        "active": ("namespace-unfrozen", "attention", "new pods may start again"),
    }[after.state]
    if before.state == "decommission":
        kind, risk, reason = "namespace-restored", "attention", "it is protected again, and not removed any more"
    details: tuple[Detail, ...] = ()
    if after.state == "decommission":
        details = (Detail("to see what would be lost", f"kubectl get all,pvc,secret -n {shlex.quote(after.name)}"),)
    heavy: Risk = "danger" if risk == "danger" else "attention"
    return Change(
        kind, Subject("namespace", after.name), heavy, reason, ("namespaces", after.name, "state"), "head",
        "state", before.state, after.state, details=details,
    )  # fmt: skip


def tiers(spaces: Iterable[Shared], claims: Claims) -> Iterator[Change]:
    """Namespaces that move to another tier."""
    fold = Fold()
    for each in spaces:
        if each.had.tier != each.has.tier:
            own = each.before.tier != each.after.tier
            claims.update([("namespaces", each.name, "tier")] if own else [])
            fold.add((each.had.tier, each.has.tier, own), each.name)
    for (one, two, own), names in fold.sorted():
        path: Path = ("namespaces", names[0], "tier") if own else ("defaults", "tier")
        reason = "another service level; what changes with it is said beside it"
        yield Change(
            "tier-changed", named("namespace", names), "attention", reason, path, "head", "tier", one, two, names
        )


def pod_security(spaces: Iterable[Shared], claims: Claims) -> Iterator[Change]:
    """Namespaces that admit more or fewer kinds of pods."""
    fold = Fold()
    for each in spaces:
        if each.had.pod_security != each.has.pod_security:
            cause = each.cause(each.before.pod_security, each.after.pod_security)
            claim(claims, cause, each.name, "podSecurity")
            fold.add((cause, each.had.pod_security, each.has.pod_security), each.name)
    for (cause, one, two), names in fold.sorted():
        path = origin(cause, names, "podSecurity")
        if _LEVELS.index(two) < _LEVELS.index(one):
            what = "a container can take over its node" if two == "privileged" else "pods may run as root"
            yield Change(
                "pod-security-weakened", subject_of(cause, names), "danger", what, path, "head", "pod security",
                one, two, names,
            )  # fmt: skip
        else:
            reason = "pods that do not comply are refused when they next start"
            yield Change(
                "pod-security-strengthened", subject_of(cause, names), "attention", reason, path, "head",
                "pod security", one, two, names,
            )  # fmt: skip


def quotas(spaces: Iterable[Shared], usage: Usage, claims: Claims) -> Iterator[Change]:
    """Quotas that are raised or lowered, resource by resource; lowering one below what is used is a danger."""
    fold = Fold()
    for each in spaces:
        had, has = in_long_form(each.had.quota), in_long_form(each.has.quota)
        frozen = each.before.state != each.after.state and {each.before.state, each.after.state} & {"active"}
        for resource in had.keys() | has.keys():
            one, two = had.get(resource), has.get(resource)
            if one == two or (frozen and resource == "pods"):
                continue
            keys = [key for key in {**each.had.quota, **each.has.quota} if requested(key) == resource]
            cause = each.cause(*([held.quota.get(key) for key in keys] for held in (each.before, each.after)))
            for key in keys:
                claim(claims, cause, each.name, "quota", key)
            used = usage.get(each.name, {}).get(resource) if two is not None else None
            over = used is not None and two is not None and used > two and (one is None or two < one)
            fold.add((cause, resource, one, two, keys[0], over), each.name)
    for (cause, resource, one, two, key, over), names in fold.sorted():
        lowered = two is not None and (one is None or two < one)
        uses = [(amount, name) for name in names if (amount := usage.get(name, {}).get(resource)) is not None]
        details = tuple(_in_use(uses, over)) if lowered else ()
        yield Change(
            "quota-lowered" if lowered else "quota-raised", subject_of(cause, names),
            *_weight(one, two, lowered, over, len(uses) == len(names)), origin(cause, names, "quota", key), "head",
            resource, show(one), show(two), names, details,
        )  # fmt: skip


def _weight(one: object, two: object, lowered: bool, over: bool, known: bool) -> tuple[Risk, str]:
    if over:
        return "danger", "more is in use than it allows: nothing new starts, and what restarts may not come back"
    if lowered:
        what = "a quota where there was none" if one is None else "what runs goes on; nothing new starts above it"
        return ("safe", f"{what}; what is in use fits") if known else ("attention", what)
    return ("attention", "no quota any more: all that the cluster has") if two is None else ("safe", "more may be used")


def _in_use(used: list[tuple[Quantity, str]], over: bool) -> Iterator[Detail]:
    if used and over:
        shown = sorted(used, key=lambda each: (-each[0].nanos, each[1]))
        yield Detail("in use", ", ".join(f"{amount} in {name}" for amount, name in shown))
    elif used:
        yield Detail("in use at most", str(max(used)[0]))


def in_long_form(quota: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """A quota by the long names of its resources; of two spellings of one resource the lower amount holds."""
    found: dict[str, Quantity] = {}
    for key, amount in quota.items():
        name = requested(key)
        found[name] = min(found[name], amount) if name in found else amount
    return found


def containers(spaces: Iterable[Shared], claims: Claims) -> Iterator[Change]:
    """Limits and defaults of single containers that change."""
    fold = Fold()
    empty = Container()
    for each in spaces:
        one, two = each.had.container or empty, each.has.container or empty
        if one is two:
            continue
        for side, word in SIDES:
            had, has = getattr(one, side), getattr(two, side)
            own = [getattr(held.container or empty, side) for held in (each.before, each.after)]
            for resource in had.keys() | has.keys():
                if had.get(resource) != has.get(resource):
                    cause = each.cause(own[0].get(resource), own[1].get(resource))
                    claim(claims, cause, each.name, "container", word, resource)
                    fold.add((cause, word, resource, had.get(resource), has.get(resource)), each.name)
    for (cause, word, resource, had, has), names in fold.sorted():
        reason = "for containers that start from then on"
        if word in ("max", "min") and has is not None and (had is None or (has < had) == (word == "max")):
            reason = "containers outside it are refused when they next start"
        yield Change(
            "container-changed", subject_of(cause, names), "attention", reason,
            origin(cause, names, "container", word, resource), "head",
            f"{word} {resource}", show(had), show(has), names,
        )  # fmt: skip


def metadata(old: Org, new: Org, edits: Iterable[Edit], claims: Claims) -> Iterator[Change]:
    """Labels and annotations of namespaces, the same edit in many namespaces folded."""
    fold = Fold()
    for path, one, two in edits:
        if len(path) == 4 and path[0] == "namespaces" and path[2] in ("labels", "annotations"):
            claims.add(path)
            fold.add((path[2], path[3], one, two), str(path[1]))
    for (section, key, one, two), names in fold.sorted():
        yield Change(
            f"{section}-changed", named("namespace", names), "safe", "read by people and programs, not by Kubernetes",
            ("namespaces", names[0], section, key) if two is not None else ("namespaces", names[0]), "head",
            key, one, two, names,
        )  # fmt: skip
