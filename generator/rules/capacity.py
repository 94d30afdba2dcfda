"""Rules about capacity: what the quotas promise in all, against what the cluster has."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from generator.model.effective import Effective, effective
from generator.model.org import Namespace, Org
from generator.model.quantity import ZERO, Quantity
from generator.problems import At, Problem, Related
from generator.rules.resources import requested

_MOST_PARTS = 5


@dataclass
class Promise:
    """What the quotas promise of one resource: in all, by tier, and which tiers promise without a bound."""

    total: Quantity = ZERO
    by_tier: dict[str, tuple[int, Quantity]] = field(default_factory=dict)
    unbounded: dict[str, int] = field(default_factory=dict)


def promised(org: Org) -> Mapping[str, Promise]:
    """What all quotas promise of each resource that `cluster.capacity` states, by its key there.

    A namespace that is frozen, or about to be removed, counts like the others: what it promises is still taken, but
    for its pods, of which it may start none.
    """
    found = {key: Promise() for key in org.cluster.capacity}
    keys = {key: requested(key) for key in found}
    for holds, number in _alike(org):
        quota: dict[str, Quantity] = {}
        for key, amount in holds.quota.items():
            long = requested(key)
            quota[long] = min(amount, quota[long]) if long in quota else amount
        for key, long in keys.items():
            promise = found[key]
            if long not in quota:
                promise.unbounded[holds.tier] = promise.unbounded.get(holds.tier, 0) + number
                continue
            amount = quota[long] * number
            promise.total += amount
            others, sum_of_others = promise.by_tier.get(holds.tier, (0, ZERO))
            promise.by_tier[holds.tier] = others + number, sum_of_others + amount
    return found


def _alike(org: Org) -> Iterator[tuple[Effective, int]]:
    """What holds in namespaces that promise the same, in the order of the first of each, and how many these are."""
    first: dict[Hashable, Namespace] = {}
    numbers: dict[Hashable, int] = {}
    for namespace in org.namespaces.values():
        amounts = tuple((key, amount.nanos, amount.form) for key, amount in namespace.quota.items())
        alike: Hashable = (namespace.tier, namespace.state, amounts)
        first.setdefault(alike, namespace)
        numbers[alike] = numbers.get(alike, 0) + 1
    for key, namespace in first.items():
        yield effective(org, namespace), numbers[key]


def allowed(org: Org, resource: str) -> Quantity:
    """What may be promised of a resource: its capacity times `cluster.overcommit`, once where that is silent."""
    capacity = org.cluster.capacity[resource]
    factors = (org.cluster.overcommit[key] for key in org.cluster.overcommit if requested(key) == requested(resource))
    return Quantity(int(capacity.nanos * Fraction(next(factors, 1))), capacity.form).rounded_to_milli()


def capacity_exceeded(org: Org) -> Iterator[Problem]:
    """The quotas together promise no more than the cluster has.

    A quota is a promise: where the sum is above `cluster.capacity` times `cluster.overcommit`, some team's pods stay
    Pending although its quota has room. GPUs and everything else count once, unless `overcommit` says otherwise.

    Fails:

        cluster: {capacity: {requests.cpu: "16"}}
        tiers:
          standard: {quota: {requests.cpu: "16"}}
        namespaces: {fraud: {}, churn: {}}

    Fix: lower a quota, add nodes and raise `capacity`, or say with `overcommit` by how much the promises may exceed it.
    """
    for resource, promise in promised(org).items():
        most = allowed(org, resource)
        if promise.total <= most:
            continue
        capacity = org.cluster.capacity[resource]
        more = Quantity(promise.total.nanos - most.nanos, promise.total.form)
        factor = next((key for key in org.cluster.overcommit if requested(key) == requested(resource)), "")
        times = f' × overcommit {org.cluster.overcommit[factor]} = "{most.readable()}"' if factor else ""
        message = (
            f'the quotas promise "{promise.total.readable()}" of {resource}, "{more.readable()}" more than '
            f'the capacity "{capacity.readable()}"{times}: '
            f"{_parts(promise)}; lower a quota, or raise capacity or overcommit"
        )
        largest = sorted(promise.by_tier, key=lambda tier: promise.by_tier[tier][1], reverse=True)
        related = tuple(
            Related(At(("tiers", tier, "quota", resource)), f"tier {tier}: {_part(promise, tier)}")
            for tier in largest[:_MOST_PARTS]
            if tier in org.tiers and resource in org.tiers[tier].quota
        )
        yield Problem(message, At(("cluster", "capacity", resource)), related)


def _parts(promise: Promise) -> str:
    largest = sorted(promise.by_tier, key=lambda tier: promise.by_tier[tier][1], reverse=True)
    parts = [f'tier "{tier}" {_part(promise, tier)}' for tier in largest[:_MOST_PARTS]]
    rest = len(largest) - _MOST_PARTS
    return ", ".join(parts) + (f" and {rest} more tiers" if rest > 0 else "")


def _part(promise: Promise, tier: str) -> str:
    number, amount = promise.by_tier[tier]
    return f'"{amount.readable()}" for {number:,} namespace{"" if number == 1 else "s"}'


def capacity_without_bound(org: Org) -> Iterator[Problem]:
    """What has a capacity has a quota in every tier.

    A tier without a quota on a resource promises all of it to each of its namespaces, so that the sum of the other
    tiers' quotas says nothing. Most often GPUs are forgotten where they are not meant to be used.

    Fails:

        cluster: {capacity: {requests.nvidia.com/gpu: "32"}}
        tiers:
          standard: {quota: {requests.cpu: "16"}}
        namespaces: {fraud: {}}

    Fix: add the quota; `"0"` where the tier is not meant to have any.
    """
    tiers: dict[str, dict[str, int]] = {}
    for resource, promise in promised(org).items():
        for tier, number in promise.unbounded.items():
            tiers.setdefault(tier, {})[resource] = number
    for tier, resources in tiers.items():
        if tier in org.tiers:
            number = max(resources.values())
            names = ", ".join(resources)
            message = (
                f'tier "{tier}" has no quota on {names}, of which the cluster has a capacity: '
                f"{number:,} namespace{' takes' if number == 1 else 's take'} without a bound; "
                'add a quota, "0" for nothing'
            )
            related = tuple(Related(At(("cluster", "capacity", resource)), "the capacity") for resource in resources)
            yield Problem(message, At(("tiers", tier), key=True), related)


def overcommit_without_capacity(org: Org) -> Iterator[Problem]:
    """An overcommit stands with a capacity.

    It multiplies the capacity of the same resource; without one it has no effect.

    Fails:

        cluster: {overcommit: {requests.cpu: 1.5}}

    Fix: add the capacity, or remove the overcommit.
    """
    known = {requested(key) for key in org.cluster.capacity}
    for resource in org.cluster.overcommit:
        if requested(resource) not in known:
            message = (
                f"overcommit {resource} has no effect without a capacity of the same resource; add it to `capacity`"
            )
            yield Problem(message, At(("cluster", "overcommit", resource), key=True))
