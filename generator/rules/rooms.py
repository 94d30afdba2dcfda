"""Org → rooms: each tier, and each namespace that changes its tier's numbers, with where every number is written.

A finding is reported once, where it comes from: at the tier for all its namespaces, and at a namespace only where what
the namespace lays over the tier brings it about.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
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
    """Problems in all rooms: at the tier where a namespace has them from it, else at the namespace.

    `find` judges quota and container limits alone, so where it finds nothing in a room, it is not asked about another
    one with the same numbers.
    """
    at_tier = {name: {found.fact: found for found in find(Room(tier))} for name, tier in org.tiers.items()}
    rooms = _rooms(_Itself(org))
    shared: set[tuple[str, Hashable]] = set()
    clean: set[Hashable] = set()
    for room, numbers in rooms.changing:
        if numbers in clean:
            continue
        tier = room.tier
        findings = tuple(find(room))
        if not findings:
            clean.add(numbers)
        for found in findings:
            if tier is not NO_TIER and found.fact in at_tier[tier.name]:
                shared.add((tier.name, found.fact))
            else:
                yield _problem(room, found)
    for name, facts in at_tier.items():
        for fact, found in facts.items():
            if name not in rooms.used or name in rooms.untouched or (name, fact) in shared:
                yield _problem(Room(org.tiers[name]), found)


class _Itself:
    """An organization that is the same only as itself."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.org is other.org

    def __hash__(self) -> int:
        return id(self.org)


class _Rooms(NamedTuple):
    """The namespaces that change their tier's numbers, each with a key to its own; which tiers are used, and as is."""

    changing: list[tuple[Room, Hashable]]
    used: set[str]
    untouched: set[str]


@lru_cache(maxsize=1)
def _rooms(itself: _Itself) -> _Rooms:
    """What every rule about numbers looks at, made once for all of them."""
    found = _Rooms([], set(), set())
    for namespace in itself.org.namespaces.values():
        tier = tier_of(itself.org, namespace)
        found.used.add(tier.name)
        if namespace.quota or namespace.container:
            numbers = tier.name, tuple(namespace.quota.items()), _numbers(namespace.container)
            found.changing.append((Room(tier, namespace), numbers))
        else:
            found.untouched.add(tier.name)
    return found


def _numbers(container: Container | None) -> Hashable:
    """All that container limits say."""
    return container and tuple(tuple(getattr(container, side).items()) for side in SIDES)


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
