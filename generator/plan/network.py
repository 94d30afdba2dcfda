"""Two organizations → which namespace can reach which, before and after, by what is rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from generator.model.effective import Effective, effective
from generator.model.org import Network, Org
from generator.plan.change import Change, Detail, Risk, named
from generator.plan.edits import Claims
from generator.plan.spaces import Fold, Shared, claim, origin
from generator.rendering.views import PRIVATE_NETWORKS

ANY = "any namespace"
ANYWHERE = "anywhere"

Reach = tuple[str, str]
"""`in` or `out`, and the peer: a namespace, a network, or one of the words above."""

_NO_NETWORK = Network()
_FIELDS = {"isolation": "isolation", "allow_from": "allowFrom", "egress": "egress", "allow_to": "allowTo"}


def reaches(org: Org, name: str, holds: Effective, egress: Mapping[str, str]) -> set[Reach]:
    """Who can reach a namespace, and what it can reach, beside itself.

    `egress` is that of every namespace: one that may not go out reaches nobody, whoever would let it in.
    """
    primary = org.verta.primary_namespace
    found: set[Reach] = set()
    if holds.isolation == "none":
        found.add(("in", ANY))
    else:
        found.add(("in", primary))
        found |= {("in", peer) for peer in holds.allow_from if egress.get(peer) != "restricted" and peer != name}
    if holds.egress == "open":
        found.add(("out", ANYWHERE))
    else:
        found.add(("out", primary))
        found |= {("out", network) for network in holds.allow_to}
        found |= {("out", f"API server at {each}") for each in org.cluster.api_server or PRIVATE_NETWORKS}
    return found


def network_changes(old: Org, new: Org, spaces: Iterable[Shared], claims: Claims) -> Iterator[Change]:
    """Ways that are opened or closed; one to or from everywhere is said as that, not namespace by namespace."""
    before, after = _egress(old), _egress(new)
    fold = Fold()
    for each in spaces:
        had, has = reaches(old, each.name, each.had, before), reaches(new, each.name, each.has, after)
        if had == has:
            continue
        opened = {way for way in has - had if not _open(had, way[0])}
        closed = {way for way in had - has if not _open(has, way[0])}
        own = [held.network or _NO_NETWORK for held in (each.before, each.after)]
        for kind, ways in (("network-opened", opened), ("network-closed", closed)):
            for way in ways:
                field = _field(way, each)
                cause = each.cause(getattr(own[0], field), getattr(own[1], field)) if field else ("setting",)
                narrow = has if kind == "network-closed" else had
                rest = (
                    tuple(sorted(peer for side, peer in narrow if side == way[0])) if way[1] in (ANY, ANYWHERE) else ()
                )
                fold.add((kind, way, cause, field, each.before.state != "decommission", rest), each.name)
        _claim(each, own, opened | closed, claims)
    for (kind, way, cause, field, guarded, rest), names in fold.sorted():
        yield _change(kind, way, cause, field, guarded, rest, names)


def _egress(org: Org) -> dict[str, str]:
    return {name: effective(org, namespace).egress for name, namespace in org.namespaces.items()}


def _open(reach: set[Reach], direction: str) -> bool:
    return (direction, ANY if direction == "in" else ANYWHERE) in reach


def _field(way: Reach, each: Shared) -> str:
    """The field of the network that a way comes from; empty where it is none of the namespace."""
    direction, peer = way
    wide, narrow = ("isolation", "allow_from") if direction == "in" else ("egress", "allow_to")
    if getattr(each.had, wide) != getattr(each.has, wide):
        return wide
    return narrow if (peer in getattr(each.had, narrow)) != (peer in getattr(each.has, narrow)) else ""


def _claim(each: Shared, own: list[Network], ways: set[Reach], claims: Claims) -> None:
    """Claim the fields whose whole difference is among the ways."""
    peers = {peer for _, peer in ways}
    for attribute, word in _FIELDS.items():
        had, has = getattr(each.had, attribute), getattr(each.has, attribute)
        if had == has:
            continue
        wide = "isolation" if attribute == "allow_from" else "egress"
        listed = attribute.startswith("allow") and getattr(each.had, wide) != getattr(each.has, wide)
        differing = set(had) ^ set(has) if attribute.startswith("allow") else set()
        if not attribute.startswith("allow") or listed or (differing and differing <= peers):
            cause = each.cause(*(getattr(held, attribute) for held in own))
            claim(claims, cause, each.name, "network", word)


def _change(
    kind: str,
    way: Reach,
    cause: tuple[str, ...],
    field: str,
    guarded: bool,
    rest: tuple[str, ...],
    names: tuple[str, ...],
) -> Change:
    direction, peer = way
    opened = kind == "network-opened"
    path = origin(cause, names, "network", _FIELDS[field]) if field else _elsewhere(way)
    wide = opened and peer in (ANY, ANYWHERE)
    risk: Risk = "danger" if wide else "attention"
    there = "in from" if direction == "in" else "out to"
    reason = f"may {'now' if opened else 'no longer'} be reached from there"
    if direction == "out":
        reason = f"may {'now' if opened else 'no longer'} connect there"
    details = [Detail("by tier", cause[1])] if cause[0] == "tier" else []
    if rest:
        details.append(Detail("before, only" if opened else "from now on, only", ", ".join(rest)))
    if wide and guarded:
        details.append(Detail("in effect once the policies that forbid it are deleted by hand; see guard left behind"))
    return Change(
        kind, named("namespace", names), risk, reason, path, "head",
        there, None if opened else peer, peer if opened else None, names, tuple(details),
    )  # fmt: skip


def _elsewhere(way: Reach) -> tuple[str, ...]:
    return ("cluster", "apiServer") if way[1].startswith("API server at ") else ("verta", "primaryNamespace")
