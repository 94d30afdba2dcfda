"""What a plan is made of: typed changes, what is gained and lost in access, and what is promised of the cluster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from generator.problems import Path

Risk = Literal["safe", "attention", "danger"]
RISKS: tuple[Risk, ...] = ("danger", "attention", "safe")
"""From the heaviest to the lightest, as a plan shows them."""

Side = Literal["base", "head"]


class Kind(NamedTuple):
    """How a kind of change is called, and of which kind its undoing is; empty where that says nothing."""

    title: str
    mirror: str


KINDS: dict[str, Kind] = {
    "base-unreadable": Kind("base cannot be read", ""),
    "namespace-removed": Kind("namespace removed", "namespace-created"),
    "namespace-decommissioned": Kind("namespace decommissioned", "namespace-restored"),
    "namespace-frozen": Kind("namespace frozen", "namespace-unfrozen"),
    "namespace-unfrozen": Kind("namespace unfrozen", "namespace-frozen"),
    "namespace-restored": Kind("namespace restored", "namespace-decommissioned"),
    "namespace-created": Kind("namespace created", "namespace-removed"),
    "workspace-retired": Kind("workspace retired", "workspace-created"),
    "workspace-remapped": Kind("workspace mapped elsewhere", "workspace-remapped"),
    "workspace-unmapped": Kind("workspace unmapped", "workspace-mapped"),
    "workspace-mapped": Kind("workspace mapped", "workspace-unmapped"),
    "workspace-created": Kind("workspace created", "workspace-retired"),
    "workspace-changed": Kind("workspace changed", "workspace-changed"),
    "access-granted": Kind("access granted", "access-revoked"),
    "access-widened": Kind("access widened", "access-narrowed"),
    "access-narrowed": Kind("access narrowed", "access-widened"),
    "access-revoked": Kind("access revoked", "access-granted"),
    "group-changed": Kind("group changed", "group-changed"),
    "group-added": Kind("group added", "group-removed"),
    "group-removed": Kind("group removed", "group-added"),
    "role-changed": Kind("role changed", "role-changed"),
    "role-added": Kind("role added", "role-removed"),
    "role-removed": Kind("role removed", "role-added"),
    "network-opened": Kind("network opened", "network-closed"),
    "network-closed": Kind("network closed", "network-opened"),
    "pod-security-weakened": Kind("pod security weakened", "pod-security-strengthened"),
    "pod-security-strengthened": Kind("pod security strengthened", "pod-security-weakened"),
    "guard-left-behind": Kind("guard left behind", ""),
    "tier-changed": Kind("tier of a namespace changed", "tier-changed"),
    "tier-redefined": Kind("tier redefined", "tier-redefined"),
    "tier-added": Kind("tier added", "tier-removed"),
    "tier-removed": Kind("tier removed", "tier-added"),
    "quota-lowered": Kind("quota lowered", "quota-raised"),
    "quota-raised": Kind("quota raised", "quota-lowered"),
    "container-changed": Kind("container limits changed", "container-changed"),
    "capacity-changed": Kind("promised capacity changed", "capacity-changed"),
    "delivery-changed": Kind("delivery changed", "delivery-changed"),
    "setting-changed": Kind("setting changed", "setting-changed"),
    "namespace-changed": Kind("namespace changed", "namespace-changed"),
    "labels-changed": Kind("label changed", "labels-changed"),
    "annotations-changed": Kind("annotation changed", "annotations-changed"),
    "tombstone-added": Kind("tombstone added", "tombstone-removed"),
    "tombstone-changed": Kind("tombstone changed", "tombstone-changed"),
    "tombstone-removed": Kind("tombstone removed", "tombstone-added"),
    "template-changed": Kind("rendering changed", "template-changed"),
    "manifest-changed": Kind("own manifest changed", "manifest-changed"),
}
"""Every kind of change of an organization, in the order in which a plan shows those of one risk."""

VERTA_KINDS: dict[str, Kind] = {
    "workspace-conflict": Kind("workspace in conflict", ""),
    "declaration-refused": Kind("workspace not believed", ""),
    "permission-model": Kind("permission model of before", ""),
    "workspace-personal": Kind("personal workspace", ""),
    "mapping-held": Kind("mapping held back", ""),
    "group-missing": Kind("group missing in Verta", ""),
    "role-missing": Kind("role missing in Verta", ""),
    "workspace-undeclared": Kind("workspace not declared", ""),
    "grant-undeclared": Kind("grant not declared", ""),
}
"""What a plan for Verta says besides."""

ALL_KINDS: dict[str, Kind] = {**KINDS, **VERTA_KINDS}
"""Every kind of change that a report can show."""


class Subject(NamedTuple):
    """What changes: a word of ours for what it is, and its name as people wrote it; empty for several at once."""

    kind: str
    name: str = ""


class Detail(NamedTuple):
    """One more thing to know: words of ours, and a value that may hold anything that people wrote."""

    words: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happens.

    Only `subject.name`, `what`, `old`, `new`, `places`, `path`, `example` and the values of details can hold what
    people wrote; all else is said in words of ours, so that a report knows what it has to escape.
    """

    kind: str
    subject: Subject
    risk: Risk
    reason: str
    path: Path
    side: Side = "head"
    what: str = ""
    old: str | None = None
    new: str | None = None
    places: tuple[str, ...] = ()
    """The namespaces (of a grant in Verta: the workspaces) that it concerns, in the order of their names."""
    details: tuple[Detail, ...] = ()
    example: str = ""
    """A unified diff of one object that stands for all."""

    @property
    def title(self) -> str:
        """How the kind is called."""
        return ALL_KINDS[self.kind].title


class Grant(NamedTuple):
    """A cell of the access matrix: who may do what where. `system` is kubernetes or verta."""

    system: str
    subject: str
    place: str
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Capacity:
    """What all namespaces together are promised of one resource, before and after."""

    resource: str
    before: str
    after: str
    limit_before: str = ""
    limit_after: str = ""
    """What may be promised: capacity times overcommit; empty where the cluster does not say."""
    percent_before: float | None = None
    percent_after: float | None = None
    unlimited_before: int = 0
    unlimited_after: int = 0
    """Namespaces without a quota for it: what they may use is not in the sum."""
    tiers: tuple[tuple[str, str, str, int], ...] = ()
    """(tier, before, after, number of its namespaces after) where a tier's part differs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What becomes of an organization, the heaviest first."""

    organization: str
    cluster: str
    changes: tuple[Change, ...] = ()
    granted: tuple[Grant, ...] = ()
    revoked: tuple[Grant, ...] = ()
    capacity: tuple[Capacity, ...] = ()
    first: bool = False
    """Whether there was nothing before."""

    def __bool__(self) -> bool:
        return bool(self.changes)

    def count(self, risk: Risk) -> int:
        """How many changes have a risk."""
        return sum(change.risk == risk for change in self.changes)

    def worst(self) -> Risk | None:
        """The heaviest risk in it."""
        return next((risk for risk in RISKS if self.count(risk)), None)


_KIND_ORDER = {kind: position for position, kind in enumerate(ALL_KINDS)}


def in_order(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes by risk, by kind and by name: the same for every way in which a file is ordered."""
    return tuple(sorted(changes, key=_weight))


def _weight(change: Change) -> tuple[object, ...]:
    return (
        RISKS.index(change.risk),
        _KIND_ORDER[change.kind],
        change.subject,
        change.what,
        change.old or "",
        change.new or "",
        change.places[:1],
        tuple(map(str, change.path)),
    )


def named(kind: str, places: tuple[str, ...]) -> Subject:
    """The subject of a change in one place or in several."""
    return Subject(kind, places[0]) if len(places) == 1 else Subject(f"{kind}s")
