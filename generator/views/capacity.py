"""Org → what is promised of each resource, by tier, against what may be; and how many more namespaces fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from generator.model.effective import Effective
from generator.model.org import Org
from generator.model.quantity import ZERO, Quantity
from generator.plan.spaces import in_long_form
from generator.rules.capacity import allowed
from generator.rules.resources import requested
from generator.views.rows import all_effective, resources_of


@dataclass(frozen=True, slots=True)
class Part:
    """What the namespaces of one tier are promised of a resource."""

    tier: str
    namespaces: int
    amount: Quantity


@dataclass(frozen=True, slots=True)
class Promised:
    """One resource: what all quotas promise, and what the cluster has."""

    resource: str
    amount: Quantity
    capacity: Quantity | None
    allowed: Quantity | None
    """Capacity times overcommit; None where the organization states no capacity."""
    percent: float | None
    """Of what may be promised."""
    parts: tuple[Part, ...]
    unbounded: int
    """How many namespaces have no quota for it, and may use all that there is."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How many more namespaces of a tier the cluster has room for; None where nothing bounds them."""

    tier: str
    description: str
    namespaces: int
    more: int | None
    bound: str
    """The resource that runs out first."""


@dataclass(frozen=True, slots=True)
class CapacityView:
    """The capacity of an organization."""

    resources: tuple[Promised, ...]
    fits: tuple[Fit, ...]


@dataclass
class _Sum:
    total: Quantity = ZERO
    limited: int = 0
    tiers: dict[str, tuple[int, Quantity]] = field(default_factory=dict)


def capacity(org: Org) -> CapacityView:
    """What is promised of every resource that a quota or the capacity speaks of, and what still fits."""
    holds = all_effective(org)
    sums = _sums(holds.values())
    limits = {requested(key): (amount, allowed(org, key)) for key, amount in org.cluster.capacity.items()}
    names = resources_of([dict.fromkeys(sums, ZERO), dict.fromkeys(limits, ZERO)])
    found = tuple(_promised(name, sums.get(name, _Sum()), limits.get(name), len(holds)) for name in names)
    members: dict[str, int] = {}
    for each in holds.values():
        members[each.tier] = members.get(each.tier, 0) + 1
    return CapacityView(found, tuple(_fits(org, found, members)))


def _sums(spaces: Iterable[Effective]) -> Mapping[str, _Sum]:
    sums: dict[str, _Sum] = {}
    for holds in spaces:
        for resource, amount in in_long_form(holds.quota).items():
            each = sums.setdefault(resource, _Sum())
            each.total += amount
            each.limited += 1
            number, before = each.tiers.get(holds.tier, (0, ZERO))
            each.tiers[holds.tier] = number + 1, before + amount
    return sums


def _promised(name: str, each: _Sum, limit: tuple[Quantity, Quantity] | None, namespaces: int) -> Promised:
    has, most = limit or (None, None)
    parts = sorted((Part(tier, *values) for tier, values in each.tiers.items()), key=lambda part: -part.amount.nanos)
    percent = round(float(Fraction(100 * each.total.nanos, most.nanos)), 1) if most is not None and most.nanos else None
    return Promised(name, each.total, has, most, percent, tuple(parts), namespaces - each.limited)


def _fits(org: Org, resources: Iterable[Promised], members: Mapping[str, int]) -> Iterator[Fit]:
    left = {
        each.resource: max(0, each.allowed.nanos - each.amount.nanos) for each in resources if each.allowed is not None
    }
    for name, tier in org.tiers.items():
        room = [
            (left[resource] // amount.nanos, resource)
            for resource, amount in in_long_form(tier.quota).items()
            if resource in left and amount.nanos > 0
        ]
        more, bound = min(room, default=(None, ""))
        yield Fit(name, tier.description, members.get(name, 0), more, bound)
