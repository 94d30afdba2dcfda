"""Document → places: a node with everything that the text around it says about its style."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from generator.problems import Path
from generator.reading.document import Document, Map, Node, Seq

_BLANKS = " \t\r\n"


@dataclass(frozen=True)
class Place:
    """A value where it is written: `start` to `end`; its key from `key_start`, which is the value of an item itself."""

    document: Document
    node: Node
    key_start: int
    key_end: int
    start: int
    end: int

    @property
    def flow(self) -> bool:
        """Whether it is a map or a list in flow form, `{…}` or `[…]`."""
        return not isinstance(self.node, str) and self.document.text[self.start : self.start + 1] in ("{", "[")

    @property
    def quote(self) -> str:
        """The quote or the sign of a block that a scalar begins with; nothing for a plain one."""
        first = self.document.text[self.start : self.start + 1] if self.end > self.start else ""
        return first if isinstance(self.node, str) and first in ('"', "'", "|", ">") else ""

    def child(self, step: str | int) -> Place:
        """The place of an entry or an item."""
        if isinstance(self.node, Map) and isinstance(step, str):
            position = self.node.position(step)
            return self._made(self.node[step], *self.node.marks[4 * position : 4 * position + 4])
        assert isinstance(self.node, Seq)
        assert isinstance(step, int)
        start, end = self.node.marks[2 * step : 2 * step + 2]
        return self._made(self.node[step], start, start, start, end)

    def children(self) -> list[Place]:
        """All entries or items, in the order of the file."""
        steps: range | list[str] = range(0)
        if isinstance(self.node, Map):
            steps = list(self.node)
        elif isinstance(self.node, Seq):
            steps = range(len(self.node))
        return [self.child(step) for step in steps]

    def _made(self, node: Node, key_start: int, key_end: int, start: int, end: int) -> Place:
        end = start + len(self.document.text[start:end].rstrip(_BLANKS))
        return Place(self.document, node, key_start, key_end, start, end)


def root(document: Document) -> Place:
    """The place of all that a document holds."""
    assert document.root is not None
    start, end = document.marks
    return Place(document, document.root, start, start, start, max(start, len(document.text[:end].rstrip(_BLANKS))))


def find(document: Document, path: Path) -> Place | None:
    """The place of a path, if it is written in this document."""
    place = root(document) if document.root is not None else None
    for step in path:
        if place is None or not _has(place.node, step):
            return None
        place = place.child(step)
    return place


def depth(document: Document, path: Path) -> int:
    """How many steps of a path exist in a document."""
    node = document.root
    for number, step in enumerate(path):
        if node is None or not _has(node, step):
            return number
        node = node[step]  # type: ignore[index]  # a map or a list that has it
    return len(path)


def _has(node: Node, step: str | int) -> bool:
    if isinstance(node, Map):
        return isinstance(step, str) and step in node
    return isinstance(node, Seq) and isinstance(step, int) and 0 <= step < len(node)


def line_start(text: str, offset: int) -> int:
    """Where the line of an offset begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


_END = re.compile(r"[\r\n]|\Z")


def line_end(text: str, offset: int) -> int:
    """Where the line of an offset ends, before its line end."""
    found = _END.search(text, offset)
    assert found is not None
    return found.start()


def after_line(text: str, offset: int) -> int:
    """Where the next line begins, or the end of the text."""
    end = line_end(text, offset)
    return end + (2 if text.startswith("\r\n", end) else 1) if end < len(text) else end


def before_line(text: str, start: int) -> int:
    """Where the line before one that begins at `start` ends, before its line end."""
    if start == 0:
        return 0
    return start - (2 if text.startswith("\r\n", start - 2) and start >= 2 else 1)


def is_blank(text: str, start: int) -> bool:
    """Whether there is nothing on the line that begins at `start`."""
    return not text[start : line_end(text, start)].strip(" \t")


def column(text: str, offset: int) -> int:
    """How many characters stand before an offset on its line."""
    return offset - line_start(text, offset)


@lru_cache(maxsize=8)
def newline(text: str) -> str:
    """The line end that a text uses most."""
    counts = Counter(re.findall(r"\r\n|\r|\n", text))
    return counts.most_common(1)[0][0] if counts else "\n"


_FLOW = re.compile(r"[ :]\{( *)[^\s{}]")
_LIST = re.compile(r"[ :]\[( *)[^\s\[\]]")
_DASHES = re.compile(r"^( *)(?:- +)?[^\s#-][^\r\n#]*:[ \t]*\r?\n( *)- ", re.MULTILINE)
_STEP = re.compile(r"^[^\s#][^\r\n#]*:[ \t]*\r?\n( +)[^\s#-]", re.MULTILINE)


@lru_cache(maxsize=32)
def habit(text: str, what: str) -> int:
    """A width that a text keeps to where the neighbours say nothing: of `step`, `dash`, or the padding in `{`, `[`."""
    if what == "dash":
        found = _DASHES.search(text)
        return max(0, len(found[2]) - len(found[1])) if found else 2
    if what == "step":
        found = _STEP.search(text)
        return len(found[1]) if found else 2
    found = (_FLOW if what == "{" else _LIST).search(text)
    return len(found[1]) if found else 0
