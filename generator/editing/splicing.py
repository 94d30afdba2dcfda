"""A document and one change of its data → the document with that change, every other byte as it was.

What comes out is read again: a text that does not hold exactly the data that was meant is refused, never returned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from generator.editing.emitting import Data, Neighbours, dash, entry, flow, item, key_text
from generator.editing.places import (
    Place,
    after_line,
    before_line,
    column,
    find,
    habit,
    is_blank,
    line_end,
    line_start,
    newline,
)
from generator.problems import Path, Problem
from generator.reading.document import Document, Map, Plain, Seq
from generator.reading.reader import read


class Splice(NamedTuple):
    """A stretch of the text and what stands there instead."""

    start: int
    end: int
    text: str


class Refused(Exception):
    """The edit cannot be made; `problem` says why, and nothing was written."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def insert(
    document: Document, path: Path, step: str | int, data: Data, near: Sequence[Place] = (), named: bool = False
) -> Document:
    """The document with a new entry or item in the map or list at `path`.

    `step` is its key, or its position in a list; `near` are places in whose style it is written, nearest first. Where
    the entries of a map are `named`, all of one kind, it looks like them and stands in their order, if they have one;
    otherwise it stands last.
    """
    parent = find(document, path)
    assert parent is not None
    siblings = parent.children()
    position = _position(parent, step, named)
    alike = siblings[::-1] if named or isinstance(step, int) else []
    neighbours = Neighbours(document, near or alike, alike)
    in_flow = parent.flow and not (len(path) == 1 and not siblings and isinstance(data, dict))
    if in_flow and siblings:
        splices = _into_flow(parent, siblings, position, _written(parent, step, data, neighbours))
    elif in_flow:
        splices = [Splice(parent.start, parent.end, _filled(parent, step, data, neighbours))]
    elif siblings:
        splices = [_into_block(parent, siblings, position, step, data, neighbours)]
    else:
        splices = [_first(parent, step, data, neighbours)]
    expected = _with(document.root, path, lambda node: _inserted(node, step, data))
    return applied(document, splices, expected, (*path, step))


def replace(document: Document, path: Path, data: Data, near: Sequence[Place] = ()) -> Document:
    """The document with another value at a path that exists; a scalar keeps its quotes where that is possible."""
    place = find(document, path)
    assert place is not None
    expected = _with(document.root, path[:-1], lambda node: _changed(node, path[-1], data))
    neighbours = Neighbours(document, [place, *near])
    parent = find(document, path[:-1])
    assert parent is not None
    if isinstance(data, str) or not data or parent.flow or isinstance(path[-1], int):
        text = flow(data, neighbours)
        if place.start == place.end:
            text = _after_colon(place, text)
        return applied(document, [Splice(place.start, place.end, text)], expected, path)
    at = column(document.text, place.key_start)
    key = document.text[place.key_start : place.key_end]
    lines = entry(key, data, Neighbours(document, near), at, _step(parent, document))
    text = _joined(document, lines, at)
    return applied(document, [Splice(place.key_start, place.end, text)], expected, path)


def remove(document: Document, path: Path) -> Document:
    """The document without an entry or an item; a map or a list that becomes empty is left as `{}` or `[]`."""
    place, parent = find(document, path), find(document, path[:-1])
    assert place is not None
    assert parent is not None
    siblings = parent.children()
    position = next(index for index, each in enumerate(siblings) if each.key_start == place.key_start)
    if len(siblings) == 1:
        splices = _emptied(parent, place)
    elif parent.flow:
        splices = _from_flow(parent, siblings, position)
    else:
        splices = [_from_block(parent, siblings, position)]
    expected = _with(document.root, path[:-1], lambda node: _without(node, path[-1]))
    return applied(document, splices, expected, path)


def applied(document: Document, splices: Iterable[Splice], expected: Any, path: Path) -> Document:
    """The document with its text changed, which must then hold the `expected` data. Raises Refused."""
    text = document.text
    for splice in sorted(splices, reverse=True):
        text = text[: splice.start] + splice.text + text[splice.end :]
    changed, problems = read(text.encode("utf-8", "surrogatepass"), document.file)
    if changed.complete and changed.root == expected:
        return changed
    place = document.locate(path)
    if problems and not changed.complete:
        message = f"cannot be changed here: {problems[0].message}"
    else:
        message = "cannot be changed here without changing something else; edit these lines by hand"
    raise Refused(Problem(message, place, rule="edit-refused"))


def _position(parent: Place, step: str | int, keyed: bool) -> int:
    """Where among its siblings something new stands."""
    if isinstance(step, int):
        return step
    keys = [str(key) for key in parent.node]
    if keyed and len(keys) > 2 and keys == sorted(keys) and step < keys[-1]:
        position = next(index for index, key in enumerate(keys) if key > step)
        if position:  # before the first stands what is said of all
            return position
    return len(keys)


# Flow form


def _written(parent: Place, step: str | int, data: Data, near: Neighbours) -> str:
    if isinstance(step, int):
        return flow(data, near)
    return f"{key_text(step, parent.children())}: {flow(data, near)}"


def _filled(parent: Place, step: str | int, data: Data, near: Neighbours) -> str:
    """An empty flow form with its first entry; blanks that stand in it are its padding."""
    text = parent.document.text
    inner = text[parent.start + 1 : parent.end - 1]
    pad = " " * (habit(text, text[parent.start]) if not inner else min(len(inner), 1))
    return f"{text[parent.start]}{pad}{_written(parent, step, data, near)}{pad}{text[parent.end - 1]}"


def _into_flow(parent: Place, siblings: list[Place], position: int, written: str) -> list[Splice]:
    text = parent.document.text
    own_line = _on_own_line(text, siblings[-1]) and (len(siblings) > 1 or _closes_alone(text, parent))
    if position < len(siblings):
        after = siblings[position].key_start
        between = newline(text) + " " * column(text, after) if _on_own_line(text, siblings[position]) else " "
        return [Splice(after, after, f"{written},{between}")]
    last = siblings[-1].end
    trailing = _comma(text, last, parent.end - 1)
    if not own_line:
        return [Splice(last, last, f", {written}")] if trailing < 0 else [Splice(trailing, trailing, f", {written}")]
    line = newline(text) + " " * column(text, siblings[-1].key_start) + written
    if not _closes_alone(text, parent):
        return [Splice(last, last, f",{line}")]
    end = line_end(text, last)
    if trailing >= 0:
        return [Splice(end, end, f"{line},")]
    return [Splice(last, last, ","), Splice(end, end, line)] if end > last else [Splice(last, last, f",{line}")]


def _from_flow(parent: Place, siblings: list[Place], position: int) -> list[Splice]:
    text, place = parent.document.text, siblings[position]
    closing = parent.end - 1
    last = position == len(siblings) - 1
    comma = _comma(text, place.end, closing if last else siblings[position + 1].key_start)
    end = line_end(text, place.end)
    if _on_own_line(text, place) and (last or siblings[position + 1].key_start > end) and end < closing:
        own = Splice(before_line(text, line_start(text, place.key_start)), end, "")
        if not last or comma >= 0 or position == 0:
            return [own]
        before = _comma(text, siblings[position - 1].end, place.key_start)
        if before <= own.start:
            return [Splice(before, before + 1, ""), own]
    if not last:
        return [Splice(place.key_start, siblings[position + 1].key_start, "")]
    return [Splice(siblings[position - 1].end, place.end, "")]


def _comma(text: str, start: int, end: int) -> int:
    """The comma between two offsets, outside of comments; -1 where there is none."""
    offset = start
    while offset < end:
        if text[offset] == ",":
            return offset
        offset = line_end(text, offset) if text[offset] == "#" else offset + 1
    return -1


def _on_own_line(text: str, place: Place) -> bool:
    return not text[line_start(text, place.key_start) : place.key_start].strip(" ")


def _closes_alone(text: str, parent: Place) -> bool:
    return not text[line_start(text, parent.end - 1) : parent.end - 1].strip(" ")


# Block form


def _into_block(
    parent: Place, siblings: list[Place], position: int, step: str | int, data: Data, near: Neighbours
) -> Splice:
    text = parent.document.text
    first = _begin(parent, siblings[0])
    at = column(text, first)
    joined = _joined(parent.document, _lines(parent, siblings, step, data, near, at), at)
    nl = newline(text)
    if position == 0:
        return Splice(first, first, joined + nl + " " * at)
    stop = _stop(parent, siblings[position - 1])
    pair = siblings[position - 1 : position + 1] if position < len(siblings) else siblings[-2:]
    spaced = len(pair) == 2 and is_blank(text, after_line(text, _stop(parent, pair[0])))
    return Splice(stop, stop, nl * (2 if spaced else 1) + " " * at + joined)


def _first(parent: Place, step: str | int, data: Data, near: Neighbours) -> Splice:
    """The first entry of a map or list that was `{}` or nothing, in block form below its key."""
    document = parent.document
    indent = habit(document.text, "step" if isinstance(step, str) else "dash")
    at = column(document.text, parent.key_start) + indent
    lines = _lines(parent, [], step, data, near, at)
    text = newline(document.text) + " " * at + _joined(document, lines, at)
    colon = document.text.index(":", parent.key_end) + 1
    between = document.text[colon : parent.end]
    if "#" in document.text[parent.end : line_end(document.text, parent.end)]:
        # the comment stays on the line of the key
        end = line_end(document.text, parent.end)
        return Splice(colon, end, document.text[parent.end : end].rstrip() + text)
    return Splice(colon, colon + len(between), text)


def _lines(parent: Place, siblings: list[Place], step: str | int, data: Data, near: Neighbours, at: int) -> list[str]:
    if isinstance(step, int):
        return item(data, near, at, _step(parent, parent.document))
    return entry(key_text(step, siblings), data, near, at, _step(parent, parent.document))


def _from_block(parent: Place, siblings: list[Place], position: int) -> Splice:
    text, place = parent.document.text, siblings[position]
    begin = _begin(parent, place)
    start = line_start(text, begin)
    stop = _stop(parent, place)
    if text[start:begin].strip(" "):  # on the line of a dash: what follows moves up to it, if no comment is between
        following = _begin(parent, siblings[position + 1])
        if "#" in text[stop:following]:
            return Splice(len(text[:begin].rstrip(" ")), stop, "")
        return Splice(begin, following, "")
    following = after_line(text, stop)
    alone = following >= len(text) or is_blank(text, following)
    if position == 0:
        end = following
        before = start == 0 or is_blank(text, line_start(text, before_line(text, start)))
        while alone and not before and end < len(text) and is_blank(text, end):
            end = after_line(text, end)
        return Splice(start, end, "")
    if position == len(siblings) - 1 and not alone:
        alone = column(text, following + _indentation(text, following)) < column(text, begin)
    cut = before_line(text, start)
    while alone and cut > 0 and is_blank(text, line_start(text, cut)):
        cut = before_line(text, line_start(text, cut))
    return Splice(cut, stop, "")


def _emptied(parent: Place, place: Place) -> list[Splice]:
    """What makes a map or a list with one entry an empty one."""
    text = parent.document.text
    empty = "{}" if isinstance(parent.node, Map) else "[]"
    if parent.flow:
        inner = text[parent.start + 1 : parent.end - 1]
        if "#" not in inner:
            return [Splice(parent.start, parent.end, empty)]
        comma = _comma(text, place.end, parent.end - 1)
        return [Splice(place.key_start, max(place.end, comma + 1), "")]
    begin = _begin(parent, place)
    start = line_start(text, begin)
    if start <= parent.key_start or text[start:begin].strip(" "):
        return [Splice(parent.start if isinstance(parent.node, Map) else begin, parent.end, empty)]
    colon = text.index(":", parent.key_end) + 1
    return [Splice(colon, colon, f" {empty}"), Splice(before_line(text, start), _stop(parent, place), "")]


def _begin(parent: Place, child: Place) -> int:
    """Where an entry begins: at its key, or at the dash of an item."""
    return dash(child) if isinstance(parent.node, Seq) else child.key_start


def _stop(parent: Place, child: Place) -> int:
    """Where the lines of an entry end, with the comments that follow and are indented deeper than it."""
    text = child.document.text
    at = column(text, _begin(parent, child))
    stop = line_end(text, child.end)
    following = after_line(text, stop)
    while following < len(text):
        indentation = _indentation(text, following)
        if indentation <= at or text[following + indentation : following + indentation + 1] != "#":
            break
        stop = line_end(text, following)
        following = after_line(text, stop)
    return stop


def _indentation(text: str, start: int) -> int:
    line = text[start : line_end(text, start)]
    return len(line) - len(line.lstrip(" "))


def _joined(document: Document, lines: list[str], at: int) -> str:
    """Lines as they stand in the text; the first without the indentation of its column."""
    return (newline(document.text) + " " * at).join(lines)


def _step(parent: Place, document: Document) -> int:
    """How far nested maps stand to the right of their keys."""
    for child in parent.children()[-8:]:
        if isinstance(child.node, Map) and child.node and not child.flow:
            inner = child.children()[0]
            width = column(document.text, inner.key_start) - column(document.text, child.key_start)
            if width > 0:
                return width
    return habit(document.text, "step")


def _after_colon(place: Place, text: str) -> str:
    before = place.document.text[place.start - 1 : place.start]
    return text if before in (" ", "") else f" {text}"


# Data


def _with(node: Any, path: Path, change: Any) -> Any:
    """A copy of data in which only what stands at a path is another."""
    if not path:
        return change(node)
    return _changed(node, path[0], _with(node[path[0]], path[1:], change))


def _changed(node: Any, step: str | int, value: Any) -> Any:
    if isinstance(step, str):
        return {**node, step: value}
    return [*node[:step], value, *node[step + 1 :]]


def _inserted(node: Any, step: str | int, data: Data) -> Any:
    if isinstance(step, str):
        return {**(node or {}), step: data}
    return [*(node or [])[:step], data, *(node or [])[step:]]


def _without(node: Any, step: str | int) -> Any:
    if isinstance(step, str):
        return {key: value for key, value in node.items() if key != step}
    return [*node[:step], *node[step + 1 :]]


def is_empty(place: Place) -> bool:
    """Whether nothing was written where a map or a list is expected."""
    return isinstance(place.node, Plain) and place.node == ""
