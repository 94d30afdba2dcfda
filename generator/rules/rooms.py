"""Org → rooms: each tier, and each namespace that changes its tier's numbers, with where every number is written.

A finding is reported once, where it comes from: at the tier for all its namespaces, and at a namespace only where what
the namespace lays over the tier brings it about.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from generator.model.effective import NO_TIER, tier_of
from generator.model.org import Container, Namespace, Org, Tier
from generator.model.quantity import Quantity
from generator.problems import At, Path, Problem, Related
from generator.rules.resources import requested

Side = Literal["default", "default_request", "max", "min"]
SIDES: tuple[Side, ...] = ("default", "default_request", "max", "min")
_WORDS = {"default": "default", "default_request": "defaultRequest", "max": "max", "min": "min"}
_COMPLETION: dict[Side, tuple[Side, ...]] = {
    "default": ("default", "max"),
    "default_request": ("default_request", "default", "max", "min"),
    "max": ("max",),
    "min": ("min",),
}
"""Where the API server takes a side of a LimitRange from, when it is not written."""

_NOTHING: Mapping[str, Quantity] = {}


class Stated(NamedTuple):
    """An amount, what to call it in a message, and where it is written."""

    amount: Quantity
    name: str
    at: At

    def __str__(self) -> str:
        return f'{self.name} "{self.amount}"'


class Finding(NamedTuple):
    """What is wrong in a room. Two rooms with the same `fact` have the same thing wrong for the same reason."""

    fact: Hashable
    message: str
    places: tuple[Stated, ...] = ()


@dataclass(frozen=True, slots=True)
class Room:
    """What holds in a tier, or in a namespace over its tier."""

    tier: Tier
    namespace: Namespace | None = None

    def __str__(self) -> str:
        return f'namespace "{self.namespace.name}"' if self.namespace else f'tier "{self.tier.name}"'

    @property
    def path(self) -> Path:
        """Where the room is defined."""
        return ("namespaces", self.namespace.name) if self.namespace else ("tiers", self.tier.name)

    def _place(self, over: Mapping[str, Quantity], *steps: str) -> At:
        return At((*(self.path if steps[-1] in over else ("tiers", self.tier.name)), *steps))

    def quota_keys(self) -> list[str]:
        """The keys of the quota."""
        return list({**self.tier.quota, **self.namespace.quota} if self.namespace else self.tier.quota)

    def quota(self, resource: str) -> Stated | None:
        """The quota under exactly this key."""
        over = self.namespace.quota if self.namespace else _NOTHING
        amount = over.get(resource, self.tier.quota.get(resource))
        return Stated(amount, f"quota {resource}", self._place(over, "quota", resource)) if amount is not None else None

    def bound(self, side: str, resource: str) -> Stated | None:
        """The lowest quota on the requests or the limits of a container's resource, in either spelling."""
        found = [self.quota(f"{side}.{resource}"), self.quota(resource) if side == "requests" else None]
        return min((each for each in found if each), key=lambda each: each.amount, default=None)

    def container_keys(self) -> list[str]:
        """The resources that container limits speak of."""
        parts = (self.tier.container, self.namespace.container if self.namespace else None)
        return list({key: None for part in parts if part for side in SIDES for key in getattr(part, side)})

    def written(self, side: Side, resource: str) -> Stated | None:
        """A side of the container limits as it is written."""
        over = _side(self.namespace.container if self.namespace else None, side)
        amount = over.get(resource, _side(self.tier.container, side).get(resource))
        word = _WORDS[side]
        place = self._place(over, "container", word, resource)
        return Stated(amount, f"{word} {resource}", place) if amount is not None else None

    def container(self, side: Side, resource: str) -> Stated | None:
        """A side of the container limits as the API server completes it."""
        for source in _COMPLETION[side]:
            if found := self.written(source, resource):
                name = found.name if source == side else f"{_WORDS[side]} {resource} (taken from {_WORDS[source]})"
                return Stated(found.amount, name, found.at)
        return None


def _side(container: Container | None, side: Side) -> Mapping[str, Quantity]:
    return getattr(container, side) if container else _NOTHING


def report(org: Org, find: Callable[[Room], Iterator[Finding]]) -> Iterator[Problem]:
    """Problems in all rooms: at the tier where a namespace has them from it, else at the namespace."""
    at_tier = {name: {found.fact: found for found in find(Room(tier))} for name, tier in org.tiers.items()}
    used, untouched = set(), set()
    shared: set[tuple[str, Hashable]] = set()
    for namespace in org.namespaces.values():
        tier = tier_of(org, namespace)
        used.add(tier.name)
        if not namespace.quota and not namespace.container:
            untouched.add(tier.name)
            continue
        room = Room(tier, namespace)
        for found in find(room):
            if tier is not NO_TIER and found.fact in at_tier[tier.name]:
                shared.add((tier.name, found.fact))
            else:
                yield _problem(room, found)
    for name, findings in at_tier.items():
        for fact, found in findings.items():
            if name not in used or name in untouched or (name, fact) in shared:
                yield _problem(Room(org.tiers[name]), found)


def _problem(room: Room, found: Finding) -> Problem:
    places = sorted(found.places, key=lambda stated: stated.at.path[:2] != room.path)
    if not places:
        return Problem(found.message, At(room.path, key=True))
    related = {stated.at: Related(stated.at, str(stated)) for stated in places[1:] if stated.at != places[0].at}
    return Problem(found.message, places[0].at, tuple(related.values()))


def doubles(room: Room) -> Iterator[tuple[Stated, Stated]]:
    """Two keys of one quota that count the same, such as `cpu` and `requests.cpu`."""
    first: dict[str, str] = {}
    for key in room.quota_keys():
        other = first.setdefault(requested(key), key)
        one, two = room.quota(other), room.quota(key)
        if other != key and one and two:
            yield one, two
