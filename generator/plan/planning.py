"""Two organizations, and what they render to → the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from generator.model.org import Org
from generator.plan.access import access_changes
from generator.plan.capacity import capacities, capacity_changes
from generator.plan.change import Capacity, Change, Detail, Grant, Plan, Subject, in_order
from generator.plan.edits import Claims, Edit, edits, said
from generator.plan.guards import guards_left
from generator.plan.manifests import Trees, tree_changes
from generator.plan.network import network_changes
from generator.plan.spaces import Shared, containers, lives, metadata, pod_security, quotas, shared, tiers
from generator.plan.usage import Usage

_NO_USAGE: Usage = {}


def plan(
    base: Org | None,
    head: Org,
    trees: Trees | None = None,
    usage: Usage = _NO_USAGE,
    doubts: Sequence[str] = (),
) -> Plan:
    """What becomes of `base` when it becomes `head`; without a base everything is new.

    `trees` adds what differs in the rendered files for another reason, `usage` what is really used, and `doubts` are
    what could not be understood of the base.
    """
    old = base if base is not None else _nothing(head)
    differing = tuple(edits(old, head))
    changes: list[Change] = []
    granted: list[Grant] = []
    revoked: list[Grant] = []
    rows: tuple[Capacity, ...] = ()
    if differing:
        claims: Claims = set()
        spaces = shared(old, head, differing)
        changes += lives(old, head, claims)
        changes += tiers(spaces, claims)
        changes += pod_security(spaces, claims)
        changes += quotas(spaces, usage, claims)
        changes += containers(spaces, claims)
        changes += metadata(old, head, differing, claims)
        changes += network_changes(old, head, _reached(old, head, differing, spaces), claims)
        found, granted, revoked = access_changes(old, head, claims)
        changes += found
        rows = tuple(capacities(old, head))
        changes += capacity_changes(rows)
        changes += guards_left(old, head)
        changes += said(differing, claims, old)
    if trees is not None:
        changes += tree_changes(trees)
    if doubts:
        reason = "it has errors; what could not be read counts as not said, so some of what is shown may be no change"
        details = tuple(Detail("found", doubt) for doubt in doubts)
        changes.append(Change("base-unreadable", Subject("base"), "attention", reason, (), "base", details=details))
    return Plan(
        head.organization.name, head.cluster.name, in_order(changes), tuple(granted), tuple(revoked), rows, base is None
    )


def plan_without_base(head: Org, trees: Trees | None, why: str) -> Plan:
    """A plan where the base cannot be understood: what was rendered is compared, and all else is said to be unknown."""
    reason = "what was before is not known, so no removal can be seen here: mend the base, or name another one"
    unknown = Change("base-unreadable", Subject("base"), "danger", reason, (), "base", details=(Detail("found", why),))
    changes = [unknown]
    if trees is not None:
        own = frozenset({**trees.before, **trees.after})
        changes += tree_changes(replace(trees, own=own))
    return Plan(head.organization.name, head.cluster.name, in_order(changes))


def _reached(old: Org, new: Org, differing: tuple[Edit, ...], spaces: list[Shared]) -> list[Shared]:
    """The namespaces whose ways may differ: all, where something that many depend on does."""
    everywhere = any(
        edit.path[:2] in (("verta", "primaryNamespace"), ("cluster", "apiServer"))
        or "egress" in edit.path[2:]
        or (edit.path[0] == "namespaces" and len(edit.path) == 2)
        for edit in differing
    ) or any(each.had.egress != each.has.egress for each in spaces)
    return shared(old, new, differing, everywhere=True) if everywhere else spaces


def _nothing(head: Org) -> Org:
    """The organization before anything was in it."""
    empty: Mapping[str, object] = {}
    names = ("tiers", "groups", "roles", "namespaces", "workspaces", "retired")
    return replace(head, **dict.fromkeys(names, empty))  # type: ignore[arg-type]
