"""A file most of whose entries are known → Document: only what is new is read, and every place can still be told.

The lines of an entry of `groups`, `namespaces` or `workspaces` mean the same wherever such an entry may stand. So those
that are known are cut out, and the rest is read. That the cuts were between entries, and not in the middle of a text
that only looks like entries, is seen from where the rest has its keys; where one is elsewhere, all is read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, NamedTuple

from generator.problems import At
from generator.reading.document import Document, Map
from generator.reading.reader import MAX_BYTES, read

SECTIONS = ("groups", "namespaces", "workspaces")
"""What holds so many entries that it is worth while to know them."""

_PARTS = 200
"""So many entries are looked into one by one; then it is quicker to read the whole."""

_TOP = re.compile(r"(?m)^[^ \t\n#]")
_START = re.compile(r"---[ \t]*(?:#.*)?$", re.MULTILINE)
_HEADER = re.compile(rf"(?m)^({'|'.join(SECTIONS)}):[ ]*(?:#.*)?\n")
_FIRST = re.compile(r"(?:[ ]*(?:#.*)?\n)*(?P<line>(?P<indent> +)[^ \t\n#])")


class Lines(NamedTuple):
    """The lines of one entry: its section, where they start, where its key does, and where the next ones start."""

    section: str
    start: int
    key: int
    end: int


class Piece(NamedTuple):
    """An entry: its lines and their digest, its name, and its value if that was known before."""

    lines: Lines
    digest: str
    name: str = ""
    value: Any = None


Known = Callable[[str, str], tuple[str, Any] | None]
"""A section and the digest of an entry's lines → its name and its value, if the same lines were read before."""


def _split(text: str) -> Iterator[Piece]:
    """What the entries of a file seem to be, without their names; only reading can tell whether they are."""
    for header in _HEADER.finditer(text):
        first = _FIRST.match(text, header.end())
        if first is None:
            continue
        top = _TOP.search(text, first.end())
        last = top.start() if top else len(text)
        indent = len(first["indent"])
        entry = re.compile(rf"\n {{{indent}}}(?=[^ \t\n#])")
        starts = [found.start() + 1 for found in entry.finditer(text, first.start("line") - 1, last)]
        for start, end in zip(starts, [*starts[1:], last], strict=True):
            digest = blake2b(text[start:end].encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
            yield Piece(Lines(header[1], start, start + indent, end), digest)


def pieces(document: Document) -> Sequence[Piece] | None:
    """The entries of a file by their lines; None where they are not written so that lines can be told apart."""
    known: dict[str, Any] = vars(document)
    if "pieces" not in known:
        apart = document.complete and "\r" not in document.text
        known["pieces"] = _named(document, document.text, list(_split(document.text))) if apart else None
    found: Sequence[Piece] | None = known["pieces"]
    return found


def skim(data: bytes, file: str, known: Known) -> Document | None:
    """The document of a file whose known entries are not read; None where it must be read as a whole."""
    if len(data) > MAX_BYTES or b"\r" in data:
        return None
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return None
    cuts: list[Piece] = []
    left: list[Piece] = []
    section = ""
    for piece in _split(text):
        here = piece.lines.section
        found = known(here, piece.digest) if here == section and text[piece.lines.end - 1] == "\n" else None
        section = here  # its first entry is always read: a section without entries would be something else
        if found is None:
            left.append(piece)
        else:
            cuts.append(Piece(piece.lines, piece.digest, *found))
    return _without(text, file, cuts, left) if cuts else None


def _without(text: str, file: str, cuts: list[Piece], left: list[Piece]) -> Document | None:
    """The document of what is left without some entries, if it is certain that these are entries."""
    kept = _kept(text, cuts)
    rest, problems = read("".join(text[start:end] for start, end in kept).encode(), file)
    if problems or not rest.complete:
        return None
    moved = _Moved(kept)
    found = _named(rest, text, left, moved)
    if found is None:
        return None
    every = sorted([*cuts, *found])
    if len({(piece.lines.section, piece.name) for piece in every}) < len(every):
        return None  # two of the same name; the reader says so
    return Skimmed(file, text, rest, every, moved)


def _kept(text: str, cuts: list[Piece]) -> list[tuple[int, int]]:
    """What is between the cuts."""
    starts = [0, *(piece.lines.end for piece in cuts)]
    ends = [*(piece.lines.start for piece in cuts), len(text)]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start < end]


class _Moved:
    """Offsets in a text ↔ offsets in what is left of it."""

    def __init__(self, kept: list[tuple[int, int]]) -> None:
        self.starts = [start for start, _ in kept]
        self.new: list[int] = []
        length = 0
        for start, end in kept:
            self.new.append(length)
            length += end - start

    def back(self, offset: int) -> int:
        """From the text to what is left of it; for an offset that was not cut out."""
        part = bisect_right(self.starts, offset) - 1
        return offset - self.starts[part] + self.new[part]

    def shift(self, offset: int) -> int:
        """How far from what is left to the text."""
        part = bisect_right(self.new, offset) - 1
        return self.starts[part] - self.new[part]


def _named(document: Document, text: str, left: list[Piece], moved: _Moved | None = None) -> Sequence[Piece] | None:
    """The entries with the names that a document has where their keys should be; None where one has no other place.

    That holds if the keys of the top are the lines of the whole text that begin at its margin, and the keys of the
    sections where the lines of their entries begin.
    """
    root = document.root
    tops = [found.start() for found in _TOP.finditer(text)]
    if tops and _START.match(text, tops[0]):
        del tops[0]
    if not isinstance(root, Map) or list(root.marks[::4]) != _back(tops, moved):
        return None
    found: list[Piece] = []
    for section in SECTIONS:
        here = [piece for piece in left if piece.lines.section == section]
        entries = root.get(section)
        if not here:
            continue
        if not isinstance(entries, Map) or list(entries.marks[::4]) != _back([each.lines.key for each in here], moved):
            return None
        found += [each._replace(name=str(name)) for each, name in zip(here, entries, strict=True)]
    return found


def _back(offsets: list[int], moved: _Moved | None) -> list[int]:
    return [moved.back(offset) for offset in offsets] if moved else offsets


class Skimmed(Document):
    """A file of which only the `core` was read; the whole is when somebody asks for its `root`."""

    def __init__(self, file: str, text: str, rest: Document, every: Sequence[Piece], moved: _Moved) -> None:
        vars(self).update(file=file, text=text, complete=True, pieces=every, _rest=rest, _moved=moved)

    @cached_property
    def _whole(self) -> Document:
        return read(self.text.encode(), self.file)[0]

    @cached_property
    def root(self) -> Any:  # a field of the base, made here when it is asked for
        """The data of the whole file."""
        return self._whole.root

    @cached_property
    def marks(self) -> tuple[int, int]:
        """Where the data starts and ends."""
        return self._whole.marks

    @property
    def core(self) -> Document:
        """The document without the entries that were known before."""
        rest: Document = vars(self)["_rest"]
        return rest

    def completed(self, section: str, entries: dict[str, Any]) -> dict[str, Any]:
        """The entries of a section that were read, with those that were known before, in the order of the file."""
        here = [piece for piece in pieces(self) or () if piece.lines.section == section]
        if not here:
            return entries
        values = ((piece.name, entries.get(piece.name) if piece.value is None else piece.value) for piece in here)
        return {name: value for name, value in values if value is not None}

    @cached_property
    def _parts(self) -> dict[int, Document]:
        """The entries that were known before and looked into since, by where they start."""
        return {}

    @cached_property
    def _cuts(self) -> Mapping[tuple[Any, ...], Lines]:
        return {
            (piece.lines.section, piece.name): piece.lines for piece in pieces(self) or () if piece.value is not None
        }

    def extent(self, at: At) -> tuple[int, int, int]:
        """Where a place starts and ends in the text, and how many steps of its path exist here."""
        cut = self._cuts.get(at.path[:2])
        if cut is not None:
            part = self._parts.get(cut.start)
            if part is None:
                if len(self._parts) == _PARTS:
                    return self._whole.extent(at)
                lines = f"{cut.section}:\n{self.text[cut.start : cut.end]}"
                part = self._parts[cut.start] = read(lines.encode(), self.file)[0]
            shift = cut.start - len(cut.section) - 2
            start, end, depth = part.extent(at)
            return start + shift, end + shift, depth
        start, end, depth = self.core.extent(at)
        if depth == 0 or (at.path[0] in SECTIONS and len(at.path) == 1 and not at.key):
            return self._whole.extent(at)  # it ends where the last of its entries does
        shift = vars(self)["_moved"].shift(start)
        return start + shift, end + shift, depth
