"""Facts → profile: what a tier can say of a namespace, leaf by leaf, and what it costs to say it.

A leaf is a path as in org.yaml with its value. ANY stands where it does not matter what the tier says: networks that
may connect into a namespace that is open anyway, and the pods of a frozen one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from generator.importing.facts import Facts
from generator.model.kinds import yaml_key
from generator.model.org import Container, Namespace, Network, PriorityClass, Tier
from generator.model.quantity import Quantity

Leaf = tuple[str, ...]
Profile = Mapping[Leaf, Any]

ANY = object()
REASON = "as it was in the cluster when it was imported"
_LEVELS = ("privileged", "baseline", "restricted")
_DEFAULTS: Profile = {
    ("podSecurity",): "baseline",
    ("network", "isolation"): "namespace",
    ("network", "egress"): "open",
    ("network", "allowFrom"): (),
    ("network", "allowTo"): (),
}
_LINE = 14
"""Characters of a further line: its indentation, its key and its braces, roughly."""

_ONE_MORE = 240
"""A tier must save three full lines besides its own."""


def profile_of(found: Facts) -> Profile:
    """What a tier can say of a namespace."""
    profile: dict[Leaf, Any] = {("quota", key): amount for key, amount in found.quota.items()}
    if found.state != "active" and ("quota", "pods") not in profile:
        profile["quota", "pods"] = ANY
    for side in fields(Container):
        for key, amount in getattr(found.container, side.name).items():
            profile["container", yaml_key(side), key] = amount
    network = found.network
    profile["podSecurity",] = found.pod_security
    profile["network", "isolation"] = network.isolation
    profile["network", "egress"] = network.egress
    profile["network", "allowFrom"] = network.allow_from if network.isolation == "namespace" else ANY
    profile["network", "allowTo"] = network.allow_to if network.egress == "restricted" else ANY
    return profile


def key_of(profile: Profile) -> tuple[tuple[Leaf, str], ...]:
    """A profile as something to sort and to count by."""
    return tuple(sorted((leaf, "*" if value is ANY else f"={_text(value)}") for leaf, value in profile.items()))


def shared(profiles: Iterable[Profile]) -> Profile:
    """What all profiles can have over them, each leaf with its most frequent value."""
    values: dict[Leaf, Counter[str]] = {}
    named: dict[tuple[Leaf, str], Any] = {}
    number, present = 0, Counter[Leaf]()
    for profile in profiles:
        number += 1
        for leaf, value in profile.items():
            present[leaf] += 1
            if value is not ANY:
                text = _text(value)
                values.setdefault(leaf, Counter())[text] += 1
                named[leaf, text] = value
    return {
        leaf: named[leaf, min(found, key=lambda text: (-found[text], text))]
        for leaf, found in sorted(values.items())
        if present[leaf] == number
    }


def over(profile: Profile, tier: Profile) -> dict[Leaf, Any]:
    """What a namespace must say over its tier. Amounts of one value in two spellings are two: `64Gi`, `68719476736`."""
    return {
        leaf: value
        for leaf, value in profile.items()
        if value is not ANY and _text(tier.get(leaf, _DEFAULTS.get(leaf))) != _text(value)
    }


def cost(profile: Profile, tier: Profile) -> float:
    """Characters that a namespace says over a tier; infinite where the tier says what does not hold in it."""
    if any(leaf not in profile and leaf not in _DEFAULTS for leaf in tier):
        return math.inf
    found = over(profile, tier)
    return _size(found) + (len(REASON) if needs_reason(found, tier) else 0)


def tier_cost(tier: Profile) -> float:
    """Characters of a tier itself and of naming it, and what people pay who must know one more."""
    return _size(over(tier, {})) + _ONE_MORE


def needs_reason(said: Profile, tier: Profile) -> bool:
    """Whether a pod security level has to be justified."""
    level = said.get(("podSecurity",))
    under = tier.get(("podSecurity",), "baseline")
    return level is not None and _LEVELS.index(level) < _LEVELS.index(under)


def differences(profile: Profile, base: Profile) -> Iterator[str]:
    """What tells a tier from another one, in words."""
    for leaf, value in sorted(over(profile, base).items(), key=lambda item: (item[0][0] != "quota", item[0])):
        if leaf == ("podSecurity",) or leaf[-1] == "isolation":
            yield "not-isolated" if value == "none" else str(value)
        elif leaf[-1] == "egress":
            yield f"{value}-egress"
        elif leaf[0] != "network":
            yield f"{leaf[-1].rpartition('/')[2]}-{value}"
    if base.keys() - profile.keys():
        yield f"without-{max(leaf[0] for leaf in base.keys() - profile.keys())}"


def _size(leaves: Profile) -> int:
    heads = {leaf[:length] for leaf in leaves for length in range(1, len(leaf))}
    return _LINE * len(heads) + sum(len(leaf[-1]) + len(_text(value)) + 4 for leaf, value in leaves.items())


def _text(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def as_tier(name: str, profile: Profile, description: str = "", priority: PriorityClass | None = None) -> Tier:
    """A tier that says a profile."""
    said = over(profile, {})
    privileged = said.get(("podSecurity",)) == "privileged"
    return Tier(
        name,
        description=description,
        quota=_amounts(said, "quota"),
        container=_container(said),
        pod_security=said.get(("podSecurity",)),
        pod_security_reason=REASON if privileged else "",
        network=_network(said),
        priority_class=priority,
    )


def as_namespace(found: Facts, tier: str, under: Profile) -> Namespace:
    """A namespace that says of its profile what its tier does not."""
    said = over(profile_of(found), under)
    return Namespace(
        found.name,
        tier=tier,
        owners=found.owners,
        labels=found.labels,
        annotations=found.annotations,
        quota=_amounts(said, "quota"),
        container=_container(said),
        pod_security=said.get(("podSecurity",)),
        pod_security_reason=REASON if needs_reason(said, under) else "",
        network=_network(said),
        state=found.state,
    )


def _amounts(said: Profile, *head: str) -> dict[str, Quantity]:
    return {leaf[-1]: value for leaf, value in sorted(said.items()) if leaf[:-1] == head}


def _container(said: Profile) -> Container | None:
    sides = {side.name: _amounts(said, "container", yaml_key(side)) for side in fields(Container)}
    return Container(**sides) if any(sides.values()) else None


def _network(said: Profile) -> Network | None:
    found = {each.name: said.get(("network", yaml_key(each))) for each in fields(Network)}
    return Network(**found) if any(value is not None for value in found.values()) else None
