"""Two organizations → what all namespaces are promised of the cluster, before and after, by resource and tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from generator.model.effective import effective, tier_of
from generator.model.org import Org
from generator.model.quantity import NANO, ZERO, Quantity
from generator.plan.change import Capacity, Change, Detail, Risk, Subject
from generator.plan.spaces import in_long_form
from generator.rules.resources import requested

NEAR = 80
"""Percent of what may be promised, from which more is worth a look."""


@dataclass
class _Promised:
    """What the namespaces of an organization are promised."""

    total: dict[str, Quantity] = field(default_factory=dict)
    tiers: dict[tuple[str, str], Quantity] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    limited: dict[str, int] = field(default_factory=dict)
    """By resource, how many namespaces have a quota for it."""
    namespaces: int = 0

    def add(self, tier: str, quota: Mapping[str, Quantity], times: int = 1) -> None:
        self.members[tier] = self.members.get(tier, 0) + times
        self.namespaces += times
        for resource, amount in quota.items():
            sum_ = amount * times
            self.total[resource] = self.total.get(resource, ZERO) + sum_
            self.tiers[tier, resource] = self.tiers.get((tier, resource), ZERO) + sum_
            self.limited[resource] = self.limited.get(resource, 0) + times


def _promised(org: Org) -> _Promised:
    found = _Promised()
    plain: dict[str, int] = {}
    for namespace in org.namespaces.values():
        if not namespace.quota and namespace.state == "active":
            name = tier_of(org, namespace).name
            plain[name] = plain.get(name, 0) + 1
        else:
            holds = effective(org, namespace)
            found.add(holds.tier, in_long_form(holds.quota))
    for name, times in plain.items():
        found.add(name, in_long_form(org.tiers[name].quota) if name in org.tiers else {}, times)
    return found


def _limits(org: Org) -> dict[str, Quantity]:
    """What may be promised of each resource: what the cluster has, times the overcommit."""
    factors = {requested(key): factor for key, factor in org.cluster.overcommit.items()}
    return {
        name: Quantity(int(amount.nanos * factors.get(name, Decimal(1))), amount.form)
        for name, amount in in_long_form(org.cluster.capacity).items()
    }


def capacities(old: Org, new: Org) -> Iterator[Capacity]:
    """A line for every resource of which another amount is promised, or may be."""
    before, after = _promised(old), _promised(new)
    limit_before, limit_after = _limits(old), _limits(new)
    for resource in sorted(before.total.keys() | after.total.keys()):
        one, two = before.total.get(resource, ZERO), after.total.get(resource, ZERO)
        had, has = limit_before.get(resource), limit_after.get(resource)
        if one == two and had == has:
            continue
        names = sorted(
            tier
            for tier in before.members.keys() | after.members.keys()
            if before.tiers.get((tier, resource), ZERO) != after.tiers.get((tier, resource), ZERO)
        )
        yield Capacity(
            resource,
            str(one),
            str(two),
            "" if had is None else str(had),
            "" if has is None else str(has),
            _percent(one, had),
            _percent(two, has),
            before.namespaces - before.limited.get(resource, 0),
            after.namespaces - after.limited.get(resource, 0),
            tuple(
                (
                    tier,
                    str(before.tiers.get((tier, resource), ZERO)),
                    str(after.tiers.get((tier, resource), ZERO)),
                    after.members.get(tier, 0),
                )
                for tier in names
            ),
        )


def _percent(amount: Quantity, limit: Quantity | None) -> float | None:
    return round(100 * amount.nanos / limit.nanos, 1) if limit is not None and limit.nanos >= NANO // 1000 else None


def capacity_changes(rows: tuple[Capacity, ...]) -> Iterator[Change]:
    """Each line as a change, with its risk."""
    for row in rows:
        risk, reason = _risk(row)
        details = [
            Detail(f"{number:,} namespace{'' if number == 1 else 's'} of tier", f"{tier}: {one} → {two}")
            for tier, one, two, number in row.tiers
        ]
        if row.percent_after is not None:
            was = "?" if row.percent_before is None else f"{row.percent_before:g} %"
            details.insert(0, Detail(f"of what may be promised: {was} → {row.percent_after:g} %"))
        if row.unlimited_after:
            number = row.unlimited_after
            have = "namespace has" if number == 1 else "namespaces have"
            details.append(Detail(f"{number:,} {have} no quota for it, and may use all that there is"))
        yield Change(
            "capacity-changed", Subject("cluster"), risk, reason, ("cluster", "capacity", row.resource), "head",
            row.resource, row.before, row.after, details=tuple(details),
        )  # fmt: skip


def _risk(row: Capacity) -> tuple[Risk, str]:
    before, after = row.percent_before, row.percent_after
    if row.unlimited_after > row.unlimited_before:
        risk: Risk = "danger" if after is not None and after > 100 else "attention"
        return risk, "the sum does not say all: more namespaces have no quota for it"
    if after is None:
        return "attention", "`cluster.capacity` does not say how much there is"
    grows = before is None or after > before
    if after > 100:
        if grows:
            return "danger", "more is promised than there is: pods will stay pending although their quota allows them"
        return "attention", "still more is promised than there is"
    if grows and after >= NEAR:
        return "attention", "nearly all that may be promised is promised"
    return "safe", "there is room for it"
