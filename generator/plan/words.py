"""Changes → the words that every report of them uses; what people wrote is marked, for each to make harmless."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from generator.plan.change import VERTA_KINDS, Change
from generator.problems import Span

Where = Callable[[Change], Span | None]
"""The place in a file where a change is written."""

LONGEST_DETAIL = 1000
"""Characters of the value of a detail; a command is never that long."""

_ONE_SIDED = ("created", "added", "granted", "opened", "removed", "retired", "revoked", "closed")


class Part(NamedTuple):
    """A piece of a sentence: words of ours, or something that people wrote."""

    text: str
    theirs: bool = False


def headline(change: Change) -> Iterator[Part]:
    """What changes from what to what, without its title: `tier standard, pods: 50 → 200, in 1,022 namespaces`."""
    kind, name = change.subject
    if not name or not (kind in ("setting", "file") or change.title.startswith(f"{kind} ")):
        yield Part(f"{kind} " if name else kind)
    if name:
        yield Part(name, theirs=True)
    elif change.places:
        yield Part(f" ({len(change.places):,})")
    if change.what and not change.kind.startswith("access-"):
        yield from (Part(", "), Part(change.what, theirs=True))
    yield from _values(change)
    if change.kind.startswith("access-") and len(change.places) == 1:
        yield from (Part(f", in {change.what} "), Part(change.places[0], theirs=True))
    elif change.kind.startswith("access-"):
        yield Part(f", in {counted(len(change.places), change.what)}")
    elif change.subject.name and len(change.places) > 1:
        yield Part(f", in {counted(len(change.places), 'workspace' if change.kind in VERTA_KINDS else 'namespace')}")


def _values(change: Change) -> Iterator[Part]:
    if change.old is None and change.new is None:
        return
    yield Part(": ")
    one_sided = change.kind.endswith(_ONE_SIDED)
    if change.old is not None or not one_sided:
        yield _value(change.old)
    if (change.old is not None or not one_sided) and (change.new is not None or not one_sided):
        yield Part(" → ")
    if change.new is not None or not one_sided:
        yield _value(change.new)


def _value(value: str | None) -> Part:
    if value is None:
        return Part("none")
    return Part(value, theirs=True) if value else Part("empty")


def counted(number: int, what: str) -> str:
    """`1 namespace`, `1,022 namespaces`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def shows_places(change: Change) -> bool:
    """Whether the names of the places are not said already by the headline."""
    said = change.places == (change.subject.name,) or (change.kind.startswith("access-") and len(change.places) == 1)
    return bool(change.places) and not said


def place_of(change: Change, where: Where) -> str:
    """`org.yaml:12:3`, with a word where that is the file of the base; empty where there is none."""
    span = where(change)
    return "" if span is None else str(span)


def touched(changes: tuple[Change, ...]) -> int:
    """How many namespaces (or workspaces) changes concern."""
    names: set[str] = set()
    for change in changes:
        alone = change.subject.kind in ("namespace", "workspace") and change.subject.name
        names.update(change.places or ([change.subject.name] if alone else []))
    return len(names)
