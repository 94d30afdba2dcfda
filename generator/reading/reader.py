"""bytes → Document: one YAML 1.2 document of maps, lists and scalars, and nothing else of what YAML can do.

libyaml finds the events; this module builds the data from them and refuses what a configuration never needs (aliases,
tags, merge keys, further documents) or what two readers would understand in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    StreamStartEvent,
    YAMLError,
)
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # missing in the stubs

from generator.problems import Problem, Related, Span
from generator.reading.document import Document, Map, Node, Plain, Seq
from generator.reading.scalars import is_text
from generator.reading.syntax import TYPOGRAPHIC, Mistake, mistake, quoted_oddly

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 32
MAX_PROBLEMS = 100
"""Problems of form per file; a file that is wrong in more places is not read to its end."""

_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)


class _Abandon(Exception):
    """The rest of the file cannot be understood; what was found so far is reported."""


def read(data: bytes, file: str) -> tuple[Document, list[Problem]]:
    """Read one file.

    `data` is the file's content, `file` its name as shown to people. The document holds what could be understood; it
    is `complete` when that is everything. Nothing is raised, whatever the bytes are.
    """
    if len(data) > MAX_BYTES:
        size = f"the file has more than {MAX_BYTES:,} bytes; split it with `include`"
        return _refused(file, "", Problem(size, Span(file, 1, 1, 1, 1), rule="file-too-large"))
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace").removeprefix("\ufeff")
        place = Document(file, before, None).between(len(before), len(before))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8; save the file as UTF-8 text"
        return _refused(file, before, Problem(message, place, rule="not-utf-8"))
    document = Document(file, text, None)
    if bad := [match.start() for match, _ in zip(_FORBIDDEN.finditer(text), range(MAX_PROBLEMS), strict=False)]:
        return Document(file, text, None, complete=False), [_forbidden(document, offset) for offset in bad]
    return _Composer(document).compose()


def _refused(file: str, text: str, problem: Problem) -> tuple[Document, list[Problem]]:
    return Document(file, text, None, complete=False), [problem]


def _forbidden(document: Document, offset: int) -> Problem:
    code = ord(document.text[offset])
    kind = "line separator" if code in (0x85, 0x2028, 0x2029) else "control character"
    if 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        kind = "character that turns the direction of writing"
    escape = f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    message = f"{kind} U+{code:04X}; remove it, or write it as {escape} in double quotes where it is really meant"
    return Problem(message, document.between(offset, offset + 1), rule="control-character")


class _Composer:
    """Events → nodes; knows the document for places, and collects the problems."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.next: Callable[[], Any] = CParser(document.text).get_event
        self.closed = 0
        """Where the map or list that was read last ends."""
        self.keys: dict[str, str] = {}
        """Every key without quotes once, to share its memory; one that is more than text to some reader is `Plain`."""
        self.typographic = TYPOGRAPHIC.search(document.text) is not None

    def compose(self) -> tuple[Document, list[Problem]]:
        root: Node | None = None
        marks = (0, 0)
        complete = True
        try:
            root, marks = self._stream()
        except _Abandon:
            complete = False
        except MarkedYAMLError as error:
            self._say("yaml-syntax", *_mistake(error, self.document.text))
            complete = False
        except YAMLError as error:
            self._say("yaml-syntax", str(error).splitlines()[0], 0)
            complete = False
        return Document(self.document.file, self.document.text, root, complete, marks), self.problems

    def _stream(self) -> tuple[Node | None, tuple[int, int]]:
        event: Any = self.next()
        assert type(event) is StreamStartEvent
        event = self.next()
        if type(event) is StreamEndEvent:
            self._say(
                "empty-file",
                "the file is empty; expected a map such as `version: 1`, or `namespaces: {}` in a fragment",
                0,
            )
            raise _Abandon
        if event.version or event.tags:
            self._say("directive", "directives (`%…`) are not allowed; remove the line", event.start_mark.index)
        first = self.next()
        root = self._node(first, MAX_DEPTH)
        end: int = self.next().start_mark.index  # of the document's end
        following = self.next()
        if not isinstance(following, StreamEndEvent):
            message = "a second document begins here; one file holds one document"
            self._say("several-documents", message, following.start_mark.index, following.end_mark.index)
        return root, (first.start_mark.index, end)

    def _node(self, event: Any, depth: int) -> Node:
        kind = type(event)
        if kind is ScalarEvent:
            if event.anchor or event.tag:
                self._refuse(event)
            text: str = event.value
            if event.style:
                if _FORBIDDEN.search(text):
                    self._check_escapes(event)
                return text
            if self.typographic:
                self._check_quotes(event)
            return Plain(text)
        if kind is AliasEvent:
            self._say(
                "alias",
                f"aliases (`*{event.anchor}`) are not allowed; write the value out",
                event.start_mark.index,
                event.end_mark.index,
            )
            return ""
        if event.anchor or event.tag:
            self._refuse(event)
        if depth == 0:
            message = f"nested more than {MAX_DEPTH} levels deep"
            self._say("nesting-too-deep", message, event.start_mark.index)
            raise _Abandon
        return self._map(depth - 1) if kind is MappingStartEvent else self._seq(depth - 1)

    def _seq(self, depth: int) -> Seq:
        items = Seq()
        marks = items.marks
        while type(event := self.next()) is not SequenceEndEvent:
            node = self._node(event, depth)
            items.append(node)
            marks.extend(self._extent(event, node))
        closing: Any = event
        self.closed = closing.end_mark.index
        return items

    def _map(self, depth: int) -> Map:
        entries = Map()
        marks = entries.marks
        following = self.next
        while type(event := following()) is not MappingEndEvent:
            key = self._key(event, depth)
            value_event = following()
            value = self._node(value_event, depth)
            if key is None:
                continue
            if key in entries:
                self._duplicate(key, entries, event)
                continue
            entries[key] = value
            marks.extend((event.start_mark.index, event.end_mark.index, *self._extent(value_event, value)))
        closing: Any = event
        self.closed = closing.end_mark.index
        return entries

    def _extent(self, event: Any, node: Node) -> tuple[int, int]:
        """Where a value starts and ends; the end mark of a block lies behind the blank lines and comments after it."""
        if isinstance(node, str) or not (node.marks or event.flow_style):
            return event.start_mark.index, event.end_mark.index
        return event.start_mark.index, self.closed if event.flow_style else node.marks[-1]

    def _key(self, event: Any, depth: int) -> str | None:
        kind = type(event)
        if kind is not ScalarEvent:
            self._say("complex-key", "a key must be a plain word or a quoted text", event.start_mark.index)
            if kind is not AliasEvent:
                self._node(event, depth)
            return None
        if event.anchor or event.tag:
            self._refuse(event)
        text: str = event.value
        if event.style:
            if _FORBIDDEN.search(text):
                self._check_escapes(event)
            return text
        if self.typographic:
            self._check_quotes(event)
        known = self.keys.get(text)
        if known is None:
            if text == "<<":
                message = "merge keys (`<<`) are not allowed; write the entries out"
                self._say("merge-key", message, event.start_mark.index, event.end_mark.index)
                return None
            known = self.keys[text] = text if is_text(text) else Plain(text)
        return known

    def _duplicate(self, key: str, entries: Map, event: Any) -> None:
        position = entries.position(key)
        first = self.document.between(*entries.marks[4 * position : 4 * position + 2])
        place = self.document.between(event.start_mark.index, event.end_mark.index)
        message = f'"{key}" is already defined in line {first.line}; keep one of the two'
        self._add(Problem(message, place, (Related(first, "first defined here"),), rule="duplicate-key"))

    def _refuse(self, event: Any) -> None:
        start, end = event.start_mark.index, event.end_mark.index
        if event.anchor:
            message = f"anchors (`&{event.anchor}`) are not allowed; write the value out where it is needed"
            self._say("anchor", message, start, end)
        if event.tag:
            message = f"tags (`{event.tag}`) are not allowed; put a value that begins with `!` in quotes"
            self._say("tag", message, start, end)

    def _check_quotes(self, event: Any) -> None:
        if message := quoted_oddly(event.value):
            self._say("typographic-quotes", message, event.start_mark.index, event.end_mark.index)

    def _check_escapes(self, event: Any) -> None:
        """In double quotes a line separator may be written as an escape; a control character has no use at all."""
        for character in dict.fromkeys(event.value):
            code = ord(character)
            if (code < 0x20 and character not in "\t\n\r") or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
                message = f"the value contains the control character U+{code:04X}; remove it"
                self._say("control-character", message, event.start_mark.index, event.end_mark.index)

    def _say(self, rule: str, message: str, start: int, end: int | None = None) -> None:
        self._add(Problem(message, self.document.between(start, start if end is None else end), rule=rule))

    def _add(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise _Abandon


def _mistake(error: MarkedYAMLError, text: str) -> Mistake:
    at = error.problem_mark or error.context_mark
    since = error.context_mark
    said = " ".join(part for part in (error.context, error.problem) if part)
    return mistake(text, said, at.index if at else 0, since.index if since else None)
