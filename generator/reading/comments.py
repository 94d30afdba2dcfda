"""Document → what its comments ask to ignore: `# verta-gitops: ignore[rule-id] reason`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from generator.problems import Span
from generator.reading.document import Document

_COMMENT = re.compile(r"(?m)(?:^|(?<=\s))#[ \t]*verta-gitops[ \t]*:[ \t]*")
_IGNORE = re.compile(r"ignore\b[ \t]*(?:\[([^\]]*)\])?(.*)")
_MEANT = re.compile(r"\w+[ \t]*\[|[ig]\w{2,5}re\b")


@dataclass(frozen=True)
class Ignore:
    """A comment to us: the rules that it names, the reason that it gives, and where it stands.

    `asks` is false where it is addressed to us and seems to mean `ignore`, but says something else.
    """

    place: Span
    rules: tuple[str, ...]
    reason: str
    asks: bool = True


def ignores(document: Document) -> Iterator[Ignore]:
    """The comments of a file that are addressed to us, in the order of the file."""
    text = document.text
    if "verta-gitops" not in text or not document.complete:
        return
    found = list(_COMMENT.finditer(text))
    scalars = _scalars(text) if found else []
    done = 0
    for match in found:
        start = match.start()
        if start < done or any(first <= start < last for first, last in scalars):
            continue  # within a comment, or a value that looks like one
        done = _end_of_line(text, start)
        said = text[match.end() : done].rstrip()
        place = document.between(start, done)
        ignore = _IGNORE.fullmatch(said)
        if ignore is not None:
            names = tuple(dict.fromkeys(name.strip() for name in (ignore[1] or "").split(",") if name.strip()))
            yield Ignore(place, names, ignore[2].strip())
        elif _MEANT.match(said):
            yield Ignore(place, (), "", asks=False)


def _end_of_line(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


def _scalars(text: str) -> list[tuple[int, int]]:
    """Where values stand that may contain `#`: in quotes, or as a block from the line below its `|` or `>` on."""
    from yaml import ScalarEvent
    from yaml.cyaml import CParser  # type: ignore[attr-defined]  # missing in the stubs

    spans = []
    parser = CParser(text)
    while parser.check_event():
        event = parser.get_event()
        if isinstance(event, ScalarEvent) and event.style:
            marks: Any = event
            start, end = marks.start_mark.index, marks.end_mark.index
            if event.style in "|>":
                start = text.find("\n", start) + 1 or end
            spans.append((start, end))
    return spans
