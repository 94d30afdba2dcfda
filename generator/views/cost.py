"""Org → the share of what is promised that each cost centre has, and with a price list what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from generator.model.kinds import choices
from generator.model.org import Org
from generator.model.quantity import ZERO, Quantity
from generator.plan.spaces import in_long_form
from generator.problems import Usage
from generator.rules.resources import requested
from generator.views.prices import Prices
from generator.views.rows import all_effective, resources_of

LABEL = "cost-center"
"""Label whose value is the cost centre, where no other is named."""


@dataclass(frozen=True, slots=True)
class Centre:
    """What the namespaces of one cost centre are promised together."""

    centre: str
    """The value of the label; empty for the namespaces without it."""
    namespaces: tuple[str, ...]
    amounts: Mapping[str, Quantity]
    percents: Mapping[str, float]
    """Of all that is promised of each resource that counts."""
    percent: float
    """The mean of these; with prices, of the cost."""
    cost: float | None


@dataclass(frozen=True, slots=True)
class CostView:
    """The cost of an organization by cost centre, the largest share first."""

    label: str
    resources: tuple[str, ...]
    """What counts: what has a price; without prices, what has a capacity; else what is requested."""
    centres: tuple[Centre, ...]
    unit: str
    """What the costs are in; empty without prices."""
    total: float | None
    unlimited: Mapping[str, int]
    """By resource that counts, how many namespaces have no quota for it, so that it does not show in their share."""


@dataclass
class _Sum:
    namespaces: list[str] = field(default_factory=list)
    amounts: dict[str, Quantity] = field(default_factory=dict)


def cost(org: Org, label: str = LABEL, prices: Prices | None = None) -> CostView:
    """Who has which share of the promised capacity, by the value of a label of their namespaces."""
    sums: dict[str, _Sum] = {}
    total: dict[str, Quantity] = {}
    limited: dict[str, int] = {}
    for name, holds in all_effective(org).items():
        each = sums.setdefault(org.namespaces[name].labels.get(label, ""), _Sum())
        each.namespaces.append(name)
        for resource, amount in in_long_form(holds.quota).items():
            each.amounts[resource] = each.amounts.get(resource, ZERO) + amount
            total[resource] = total.get(resource, ZERO) + amount
            limited[resource] = limited.get(resource, 0) + 1
    counted = _counted(org, prices, [total])
    costs = {centre: _cost(each.amounts, counted, prices) for centre, each in sums.items()}
    whole = sum(costs.values(), Fraction(0))
    found = []
    for centre, each in sums.items():
        shares = {name: _share(each.amounts.get(name, ZERO), total.get(name, ZERO)) for name in counted}
        real = [share for name, share in shares.items() if total.get(name, ZERO).nanos]
        mean = sum(real, Fraction(0)) / len(real) if real else Fraction(0)
        share = mean if prices is None else (costs[centre] / whole if whole else Fraction(0))
        percents = {name: _percent(each_share) for name, each_share in shares.items()}
        price = None if prices is None else round(float(costs[centre]), 2)
        found.append(Centre(centre, tuple(sorted(each.namespaces)), each.amounts, percents, _percent(share), price))
    found.sort(key=lambda each: (-each.percent, each.centre))
    unlimited = {name: len(org.namespaces) - limited.get(name, 0) for name in counted}
    return CostView(
        label, counted, tuple(found), prices.unit if prices else "",
        round(float(whole), 2) if prices else None, {name: number for name, number in unlimited.items() if number},
    )  # fmt: skip


def require_label(org: Org, label: str) -> None:
    """Raises Usage where no namespace has a label that was asked for: one nameless share would look like an answer."""
    known = {key for namespace in org.namespaces.values() for key in namespace.labels}
    if label != LABEL and label not in known:
        raise Usage(f'no namespace has a label "{label}"{choices(label, sorted(known))}')


def _counted(org: Org, prices: Prices | None, quotas: list[dict[str, Quantity]]) -> tuple[str, ...]:
    if prices is not None:
        names = {requested(name) for name in prices.prices}
    else:
        stated = {requested(name) for name in org.cluster.capacity}
        promised = {name for quota in quotas for name in quota}
        names = stated or {name for name in promised if name.startswith("requests.")} or promised
    return tuple(resources_of([dict.fromkeys(names, ZERO)]))


def _cost(amounts: Mapping[str, Quantity], counted: tuple[str, ...], prices: Prices | None) -> Fraction:
    if prices is None:
        return Fraction(0)
    return sum((prices.cost(name, amounts[name]) for name in counted if name in amounts), Fraction(0))


def _share(amount: Quantity, total: Quantity) -> Fraction:
    return Fraction(amount.nanos, total.nanos) if total.nanos else Fraction(0)


def _percent(share: Fraction) -> float:
    return round(float(100 * share), 1)
