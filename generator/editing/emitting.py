"""Data → YAML text in the style of its neighbours: flow or block, quotes, indentation, padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from generator.editing.places import Place, column, habit
from generator.reading.document import Document, Map, Plain, Seq
from generator.reading.scalars import is_number, is_text
from generator.rendering.literal import text_literal

LONGEST = 120
"""Characters of a line from which on a map or a list is written in block form, whatever its neighbours do."""

Data: TypeAlias = "str | Mapping[str, Data] | Sequence[Data]"
"""What is to be written: texts, `Plain` for what must have no quotes, `Measure` for what may, and maps and lists."""


class Measure(str):
    """A scalar that means the same with quotes and without, such as a quantity."""

    __slots__ = ()


class Neighbours:
    """Places that hold, or held elsewhere, what a value of the same kind looks like; the nearest first."""

    def __init__(self, document: Document, places: Sequence[Place] = (), siblings: Sequence[Place] = ()) -> None:
        """`places` are values of the same key; `siblings`, which are asked last, of other keys of the same map."""
        self.document = document
        self.places = places
        self.siblings = siblings

    def below(self, key: str, alike: bool) -> Neighbours:
        """The neighbours of an entry; where all entries are `alike`, those of other keys count too."""
        maps = [place for place in self.places if isinstance(place.node, Map)]
        same = [place.child(key) for place in maps if key in place.node]
        others = [child for place in maps[:3] for child in place.children()[-8:]] if alike else []
        return Neighbours(self.document, same, others[::-1])

    def items(self) -> Neighbours:
        """The neighbours of an item of a list."""
        lists = [place for place in self.places if isinstance(place.node, Seq)]
        return Neighbours(self.document, [child for place in lists[:8] for child in place.children()[-8:][::-1]])

    def like(self, data: Data) -> Place | None:
        """The nearest map, for a map, or list, for a list, that has something in it."""
        kind = Map if isinstance(data, Mapping) else Seq
        return next((place for place in self.places if isinstance(place.node, kind) and place.node), None)

    def quote(self, text: str) -> str | None:
        """The quote of the nearest scalar of which other readers think alike; None where there is none."""
        for place in (*self.places, *self.siblings):
            if isinstance(place.node, str) and place.end > place.start and is_text(place.node) == is_text(text):
                return place.quote if place.quote in ('"', "'") else ""
        return None


def scalar(data: str, near: Neighbours) -> str:
    """A scalar on one line, quoted as its neighbours are, and always where it must be."""
    text = str(data)
    if isinstance(data, Plain):
        return text
    bare = text_literal(text) == text
    quote = near.quote(text)
    if isinstance(data, Measure) and not bare and is_number(text) and quote == "":
        return text
    if bare and not quote:
        return text
    if quote == "'" and text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return text_literal(text) if not bare else f'"{text}"'


def key_text(key: str, siblings: Sequence[Place]) -> str:
    """A key, in quotes where it needs them or where all its siblings have them; never one that is `Plain`."""
    written = str(key) if isinstance(key, Plain) else text_literal(key)
    if written == key and siblings:
        firsts = {each.document.text[each.key_start] for each in siblings[-3:]}
        if len(firsts) == 1 and (first := firsts.pop()) in "\"'":
            return f"{first}{key}{first}"
    return written


def flow(data: Data, near: Neighbours) -> str:
    """Any data on one line."""
    if isinstance(data, str):
        return scalar(data, near)
    opening, closing = "{}" if isinstance(data, Mapping) else "[]"
    if not data:
        return opening + closing
    pad = _padding(near.like(data), near.document, opening)
    if isinstance(data, Mapping):
        inner = [f"{key_text(key, ())}: {flow(value, near.below(key, _alike(data)))}" for key, value in data.items()]
    else:
        inner = [flow(item, near.items()) for item in data]
    return f"{opening}{pad}{', '.join(inner)}{pad}{closing}"


def entry(key: str, data: Data, near: Neighbours, at: int, step: int) -> list[str]:
    """The lines of `key: value` in a block map at column `at`, without the indentation of that column."""
    if isinstance(data, str) or not data:
        return [f"{key}: {flow(data, near)}"]
    like = near.like(data)
    if like.flow if like else _short(data):
        line = f"{key}: {flow(data, near)}"
        if at + len(line) <= LONGEST:
            return [line]
        like = None
    inner = _offset(data, like, near.document, step)
    return [f"{key}:", *(" " * inner + line for line in block(data, near, at + inner, step))]


def block(data: Data, near: Neighbours, at: int, step: int) -> list[str]:
    """The lines of a map or a list with something in it, in block form at column `at`, without that indentation."""
    lines: list[str] = []
    if isinstance(data, Mapping):
        for key, value in data.items():
            lines += entry(key_text(key, ()), value, near.below(key, _alike(data)), at, step)
    else:
        for value in data:
            lines += item(value, near.items(), at, step)
    return lines


def item(data: Data, near: Neighbours, at: int, step: int) -> list[str]:
    """The lines of an item of a block list, the dash first."""
    if isinstance(data, str) or not data:
        return [f"- {flow(data, near)}"]
    like = near.like(data)
    if like.flow if like else not _nested(data):
        line = f"- {flow(data, near)}"
        if at + len(line) <= LONGEST:
            return [line]
    first, *rest = block(data, near, at + 2, step)
    return [f"- {first}", *(f"  {line}" for line in rest)]


def dash(place: Place) -> int:
    """Where the dash of an item of a block list is."""
    return place.document.text.rfind("-", 0, place.key_start)


def _offset(data: Data, like: Place | None, document: Document, step: int) -> int:
    """How far a block stands to the right of its key."""
    first = like.children()[0] if like is not None else None
    if isinstance(data, Mapping):
        if first is None or like is None:
            return step
        return max(1, column(document.text, first.key_start) - column(document.text, like.key_start))
    if first is None or like is None:
        return habit(document.text, "dash")
    return max(0, column(document.text, dash(first)) - column(document.text, like.key_start))


def _padding(like: Place | None, document: Document, opening: str) -> str:
    if like is not None and like.flow:
        text, start = document.text, like.start + 1
        width = len(text[start : start + 80]) - len(text[start : start + 80].lstrip(" "))
        return " " * width if text[start + width : start + width + 1] not in ("\r", "\n", "#") else ""
    return " " * min(habit(document.text, opening), 4)


def _alike(data: Mapping[str, Data]) -> bool:
    """Whether the entries of a map are of one kind, as far as that can be seen: a record has texts of many kinds."""
    return all(isinstance(value, Measure) for value in data.values())


def _nested(data: Data) -> bool:
    values = data.values() if isinstance(data, Mapping) else data
    return any(not isinstance(value, str) for value in values)


def _short(data: Data) -> bool:
    return not _nested(data)
