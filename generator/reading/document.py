"""A YAML file as plain data that remembers where each key and each value stands."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from generator.problems import At, Path, Span


class Plain(str):
    """A scalar that was written without quotes: what it means depends on the field that it stands in."""

    __slots__ = ()


class Map(dict[str, "Node"]):
    """A mapping in the order of the file; `marks` has four offsets an entry: key start, key end, value start, end."""

    __slots__ = ("marks", "positions")

    def __init__(self) -> None:
        self.marks = array("I")
        self.positions: dict[str, int] = {}

    def position(self, key: str) -> int:
        """The position of a key among the entries; the first question makes an index for all that follow."""
        if len(self.positions) != len(self):
            self.positions = {key: position for position, key in enumerate(self)}
        return self.positions[key]


class Seq(list["Node"]):
    """A list; `marks` has two offsets an item: start, end."""

    __slots__ = ("marks",)

    def __init__(self) -> None:
        self.marks = array("I")


Node: TypeAlias = "Map | Seq | Plain | str"


@dataclass(frozen=True)
class Document:
    """One file that was read: its name as shown to people, its text, its data, and whether all of it was understood."""

    file: str
    text: str
    root: Node | None
    complete: bool = True
    marks: tuple[int, int] = field(default=(0, 0), repr=False)

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(found.end() for found in re.finditer(r"\r\n|\r|\n", self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1, of a character offset into the text."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def between(self, start: int, end: int) -> Span:
        """The span of two character offsets; blanks and line ends at its end do not count."""
        end = max(start, start + len(self.text[start:end].rstrip()))
        return Span(self.file, *self.position(start), *self.position(end))

    @property
    def core(self) -> Document:
        """The part of the file that was read: all of it, unless entries were known before."""
        return self

    def completed(self, section: str, entries: dict[str, Any]) -> dict[str, Any]:
        """The entries of a section that were read, with those that were known before, in the order of the file."""
        return entries

    def find(self, at: At) -> tuple[Span, int]:
        """The span of a place, as `extent` finds it, and how many steps of its path exist here."""
        start, end, depth = self.extent(at)
        return self.between(start, end), depth

    def extent(self, at: At) -> tuple[int, int, int]:
        """Where a place starts and ends in the text, and how many steps of its path exist here.

        The deepest that exists stands for the rest. A place whose path is longer than the document is the key of the
        deepest step that exists: where something is missing, the key that lacks it is shown.
        """
        node: Node | None = self.root
        marks: tuple[int, ...] = (*self.marks, *self.marks)
        depth = 0
        for step in at.path:
            position = _position(node, step)
            if position is None:
                break
            depth += 1
            if isinstance(node, Map):
                marks = tuple(node.marks[4 * position : 4 * position + 4])
                node = node[str(step)]
            elif isinstance(node, Seq):
                marks = tuple(node.marks[2 * position : 2 * position + 2]) * 2
                node = node[position]
        key = at.key or depth < len(at.path)
        start, end = marks[:2] if key else marks[2:]
        return start, end, depth

    def locate(self, path: Path, key: bool = False) -> Span:
        """The span of the value at a path, or of its key."""
        return self.find(At(path, key))[0]


def _position(node: Node | None, step: str | int) -> int | None:
    if isinstance(node, Map) and isinstance(step, str) and step in node:
        return node.position(step)
    if isinstance(node, Seq) and isinstance(step, int) and step < len(node):
        return step
    return None
