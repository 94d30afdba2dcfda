"""What holds in each namespace → tiers, and what each namespace says over its tier, so that the file is short.

A greedy choice: the tier that saves most is taken, until none saves anything. Everything is sorted first, so that the
same namespaces in any order make the same tiers. Namespaces that have a tier already keep it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generator.importing.facts import Facts
from generator.importing.profiles import (
    Profile,
    cost,
    differences,
    key_of,
    profile_of,
    shared,
    tier_cost,
)
from generator.importing.texts import slug, unused

_MOST_TRIED = 150_000
"""How many namespaces are tried with how many tiers; it bounds the time where no two namespaces are alike."""

_ENOUGH = 0.8
"""How well a label must tell the namespaces of a tier from the others to name it."""


@dataclass(frozen=True)
class Tiers:
    """The tiers by name, the tier of each namespace, and the most frequent one."""

    profiles: Mapping[str, Profile]
    of: Mapping[str, str]
    default: str


def tiers(spaces: Mapping[str, Facts]) -> Tiers:
    """Tiers for namespaces. Where there is none, the tier `standard` is empty."""
    profiles = {name: profile_of(found) for name, found in spaces.items()}
    named: dict[str, list[str]] = {}
    free = []
    for name, found in sorted(spaces.items()):
        if found.tier:
            named.setdefault(found.tier, []).append(name)
        else:
            free.append(name)
    chosen = {tier: shared(profiles[name] for name in names) for tier, names in named.items()}
    groups = _clusters([profiles[name] for name in free], list(chosen.values()))
    members: dict[int, list[str]] = {}
    for name, group in zip(free, groups, strict=True):
        members.setdefault(group, []).append(name)
    of = {name: tier for tier, names in named.items() for name in names}
    known = list(chosen)
    for group in sorted(members, key=lambda each: (-len(members[each]), each)):
        if group < len(known):
            tier = known[group]
        else:
            profile = shared(profiles[name] for name in members[group])
            tier = _name(chosen, profile, members[group], spaces, free)
            chosen[tier] = profile
        of |= dict.fromkeys(members[group], tier)
    if not chosen:
        chosen["standard"] = {}
    used = Counter(of.values())
    default = min(chosen, key=lambda tier: (-used[tier], tier))
    return Tiers(dict(sorted(chosen.items())), of, default)


def _clusters(profiles: Sequence[Profile], fixed: Sequence[Profile]) -> list[int]:
    """A group for each profile: the position of a fixed one, or a later number for a new one."""
    distinct = {key_of(profile): profile for profile in profiles}
    keys = sorted(distinct)
    if not keys:
        return []
    number = Counter(map(key_of, profiles))
    most = max(1, _MOST_TRIED // len(keys))
    frequent = sorted(keys, key=lambda key: (-number[key], key))[:most]
    candidates = [*fixed, shared(distinct.values()), *(shared([distinct[key]]) for key in frequent)]
    costs = [[cost(distinct[key], each) for key in keys] for each in candidates]
    weights = [number[key] for key in keys]
    opened = list(range(len(fixed))) or [_first(costs, weights, len(fixed))]
    if any(math.isinf(min(costs[each][at] for each in opened)) for at in range(len(keys))):
        opened.append(len(fixed))  # what all share fits all
    best = [min(costs[each][at] for each in opened) for at in range(len(keys))]
    while True:
        gains = [
            (sum(w * (b - c) for w, b, c in zip(weights, best, row, strict=True) if c < b) - tier_cost(each), -at)
            for at, (row, each) in enumerate(zip(costs, candidates, strict=True))
            if at not in opened
        ]
        gain, at = max(gains, default=(0.0, 0))
        if gain <= 0:
            break
        opened.append(-at)
        best = [min(b, c) for b, c in zip(best, costs[-at], strict=True)]
    group = {key: min(opened, key=lambda each: (costs[each][at], each)) for at, key in enumerate(keys)}
    return [group[key_of(profile)] for profile in profiles]


def _first(costs: Sequence[Sequence[float]], weights: Sequence[int], start: int) -> int:
    """The tier to begin with: the one that is cheapest for all together."""
    totals = {
        at: sum(weight * each for weight, each in zip(weights, costs[at], strict=True))
        for at in range(start, len(costs))
    }
    return min(totals, key=lambda at: (totals[at], at))


def _name(
    taken: Mapping[str, Profile],
    profile: Profile,
    members: Sequence[str],
    spaces: Mapping[str, Facts],
    free: Sequence[str],
) -> str:
    """A name from a label that tells these namespaces from the others, or from what is different in the tier."""
    inside = Counter(_labels(spaces[name] for name in members))
    everywhere = Counter(_labels(spaces[name] for name in free))
    scores = {
        pair: 2 * within / (len(members) + everywhere[pair])
        for pair, within in inside.items()
        if pair[1] not in ("true", "false") and slug(pair[1])
    }
    best = min(scores, key=lambda pair: (-scores[pair], pair)) if scores else None
    if best and len(free) > len(members) > 1 and scores[best] >= _ENOUGH:
        return unused(taken, "=".join(best), slug(best[1]), slug("-".join(best).rpartition("/")[2]))
    if not taken:
        return "standard"
    base = next(iter(taken.values()))
    words = [slug(word) for word in differences(profile, base)]
    wishes = ["-".join(words[:length])[:63].strip("-") for length in range(1, min(4, len(words)) + 1)]
    return unused(taken, "-".join(words) or "tier", *wishes)


def _labels(spaces: Iterable[Facts]) -> Iterable[tuple[str, str]]:
    return (pair for found in spaces for pair in found.labels.items())
