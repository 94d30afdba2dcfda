"""Document → the same data, formatted: what can be made uniform without a doubt, and nothing else."""

from __future__ import annotations

import re
from typing import Any

from generator.editing.places import Place, newline, root
from generator.editing.splicing import Splice, applied
from generator.model.kinds import Amount, ListOf, MapOf, Struct, Text
from generator.model.org import Fragment, Org
from generator.model.quantity import parse_quantity
from generator.reading.document import Document, Map, Plain
from generator.reading.scalars import is_number, is_text
from generator.rendering.literal import text_literal

_BLANK_LINES = re.compile(r"(?:[ \t]*(?:\r\n|\r|\n))*")


def formatted(document: Document, fragment: bool) -> Document:
    """The document in its uniform form; formatting that once more changes nothing. Raises Refused.

    One kind of line end, the one that is used most; no blanks at the ends of lines, no two blank lines in a row, none
    at the beginning or the end; quantities as the API server spells them; and quotes where a text would be something
    else to some readers. Comments, order, indentation and all other quotes stay.
    """
    splices: list[Splice] = []
    held: list[tuple[int, int]] = []
    expected = _walk(root(document), Struct(Fragment if fragment else Org), splices, held)
    respelt = applied(document, splices, expected, ()) if splices else document
    if splices:  # what is held has moved
        held = []
        _walk(root(respelt), None, [], held)
    text = _lines(respelt.text, held)
    return applied(respelt, [Splice(0, len(respelt.text), text)], expected, ())


def _walk(place: Place, kind: Any, splices: list[Splice], held: list[tuple[int, int]]) -> Any:
    """The data of a place as it will be; notes what is spelt anew, and where values go over several lines."""
    node = place.node
    if isinstance(node, str):
        if place.end > place.start and re.search(r"[\r\n]", place.document.text[place.start : place.end]):
            held.append((place.start, _end(place)))
        new = _spelling(node, kind)
        if new is None:
            return node
        literal = _literal(place, new)
        splices.append(Splice(place.start, place.end, literal))
        return new
    if isinstance(node, Map):
        return {
            key: _walk(child, _below(kind, key), splices, held)
            for key, child in zip(node, place.children(), strict=True)
        }
    inner = kind.item if isinstance(kind, ListOf) else None
    return [_walk(child, inner, splices, held) for child in place.children()]


def _below(kind: Any, key: str) -> Any:
    if isinstance(kind, Struct) and key in kind.fields:
        return kind.fields[key].metadata["kind"]
    return kind.value if isinstance(kind, MapOf) else None


def _spelling(node: str, kind: Any) -> str | None:
    """Another spelling of a scalar, or nothing where it is well as it is."""
    if isinstance(kind, Amount):
        try:
            amount = parse_quantity(str(node))
        except ValueError:
            return None
        if type(node) is Plain and not is_text(node) and not is_number(node):
            return None  # not the same quantity to all readers: which one is meant?
        return str(amount) if str(amount) != node and amount.rounded_to_milli().nanos == amount.nanos else None
    if isinstance(kind, Text) and type(node) is Plain and node and not is_text(node):
        return str(node)
    return None


def _literal(place: Place, new: str) -> str:
    if place.quote == "'":
        return f"'{new}'"
    if place.quote or text_literal(new) != new:
        return text_literal(new) if text_literal(new) != new else f'"{new}"'
    return new


def _end(place: Place) -> int:
    """Where a value over several lines really ends: what a block keeps of blank lines is part of it."""
    text, end = place.document.text, place.end
    if place.quote in ("|", ">"):
        found = _BLANK_LINES.match(text, end)
        end = found.end() if found else end
    return end


def _lines(text: str, held: list[tuple[int, int]]) -> str:
    """The text with uniform lines; those of values over several lines keep their blanks."""
    lines: list[str] = []
    offset = 0
    spans = iter(held)
    span = next(spans, None)
    for raw in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text):
        line = raw.rstrip("\r\n")
        end = offset + len(line)
        while span is not None and span[1] <= offset:
            span = next(spans, None)
        inside = span is not None and offset < span[1] and end >= span[0]
        if not inside:
            line = line.rstrip(" \t")
        if line or inside or (lines and lines[-1]):
            lines.append(line)
        offset += len(raw)
    while lines and not lines[-1] and not _held_to_end(text, held):
        lines.pop()
    nl = newline(text)
    return nl.join(lines) + nl


def _held_to_end(text: str, held: list[tuple[int, int]]) -> bool:
    """Whether a value goes on to the end of the text."""
    return bool(held) and held[-1][1] >= len(text)
