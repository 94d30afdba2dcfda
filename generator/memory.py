"""What the last rendering of a folder made of which input, so that the next does only what is new.

A namespace is rendered from its own entry, its workspaces' entries and the rest of the file. Where none of these
changed, and its files on disk are the very files that were written then (size, times, inode, as git's index does it),
rendering it again would change nothing. The memory is in the user's cache folder; without it, everything is rendered.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from generator.cache import cache_file, digest, read_cache, write_cache
from generator.files import Stamps, stamp
from generator.reading.document import Document, Map
from generator.reading.skimming import pieces
from generator.reading.sources import Sources

_NAMESPACES = "namespaces/"
_OWN = ("namespaces", "workspaces")
"""What only single namespaces are rendered from, entry by entry."""

_RACY = 50_000_000
"""Nanoseconds: a file written so shortly before it was remembered may change without a trace, and is read again."""


@dataclass
class Memory:
    """What is remembered of one folder: by unit, the digest of its input and the stamps of its files.

    A unit is the folder of a namespace; what is rendered in any case belongs to the unit without a name. Each is one
    text, so that most of them can be compared, and written again, as they are.
    """

    file: str
    common: str = ""
    units: dict[str, str] = field(default_factory=dict)
    whole: bool = False
    """Whether these are all files of the folder."""

    def under(self, common: str) -> Memory:
        """What is remembered, as far as it holds now: nothing if what all units depend on is not what it was."""
        return self if self.common == common else Memory(self.file, common)

    def kept(self, unit: str, digest: str, there: Stamps) -> list[str] | None:
        """The paths of a unit's files, if rendering it now would write what is there; otherwise None."""
        known = self.units.get(unit)
        if known is None or not known.startswith(f"{digest}\t"):
            return None
        parent = _parent(unit)
        names = _names(known)
        return [parent + name for name in names] if known == _line(digest, names, there.get(parent, {})) else None

    def matches(self, there: Stamps) -> int:
        """The number of files, if a folder holds exactly what is remembered; otherwise 0."""
        others = {
            parent + name: found
            for parent, names in there.items()
            if not parent.startswith(_NAMESPACES)
            for name, found in names.items()
        }
        files = 0
        for unit, known in self.units.items():
            names = _names(known)
            if known != _line(known.partition("\t")[0], names, there.get(_parent(unit), {}) if unit else others):
                return 0
            files += len(names)
        return files if self.whole and files == sum(map(len, there.values())) else 0

    def save(self) -> str:
        """Write the memory, and give its digest; a disk that refuses only costs the next run its time."""
        return write_cache(self.file, {"common": self.common, "units": self.units, "whole": self.whole})


def recall(folder: str) -> tuple[Memory, str]:
    """What is remembered of a folder, and the digest of it."""
    file = cache_file("rendered", folder, outside=os.path.dirname(folder) or ".")
    content, found = read_cache(file)
    try:
        return Memory(file, content["common"], content["units"], content["whole"]), found
    except (TypeError, KeyError):
        return Memory(file), ""  # none, or damaged: everything is rendered


def remembered(folder: str, memory: Memory, digests: Mapping[str, str], paths: Iterable[str]) -> Memory:
    """The memory after a rendering: the digests of all units and all paths, without what is too new for a stamp."""
    by_unit: dict[str, list[str]] = {"": [], **{unit: [] for unit in digests}}
    for path in paths:
        unit, _, name = path[len(_NAMESPACES) :].partition("/") if path.startswith(_NAMESPACES) else ("", "", path)
        by_unit[unit].append(name)
    after = Memory(memory.file, memory.common, whole=True)
    fresh: list[str] = []
    for unit, names in by_unit.items():
        known = memory.units.get(unit) if unit else None
        if known is None or not known.startswith(f"{digests[unit]}\t") or _names(known) != names:
            fresh.append(unit)
        else:
            after.units[unit] = known
    for unit in fresh:  # last, because they grow older meanwhile
        settled = _settled(folder, unit, digests.get(unit, ""), by_unit[unit])
        if settled is None:
            after.whole = False
        else:
            after.units[unit] = settled
    return after


def _settled(folder: str, unit: str, digest: str, names: Sequence[str]) -> str | None:
    """What to remember of a unit; nothing where a file is missing, or so new that it may change and keep its stamp."""
    found: dict[str, str] = {}
    for name in names:
        latest = time.time_ns() - _RACY
        changed, found[name] = stamp(f"{folder}/{_parent(unit)}{name}")
        if changed >= latest or not found[name]:
            return None
    return _line(digest, names, found)


def _parent(unit: str) -> str:
    """What stands before the names of a unit's files; the names of the unit without a name are whole paths."""
    return f"{_NAMESPACES}{unit}/" if unit else ""


def _line(digest: str, names: Iterable[str], stamps: Mapping[str, str]) -> str:
    return f"{digest}\t" + "\t".join([f"{name}\n{stamps.get(name)}" for name in names])


def _names(line: str) -> list[str]:
    parts = line.split("\t")[1:]
    return [part.partition("\n")[0] for part in parts if part]


def entry_digests(sources: Sources) -> dict[str, dict[str, str]]:
    """By section, the digest of every entry's text by its key: all that its meaning depends on."""
    found: dict[str, dict[str, str]] = {section: {} for section in _OWN}
    for document in sources.documents:
        known = pieces(document) or ()
        for piece in known:
            found.setdefault(piece.lines.section, {})[piece.name] = piece.digest
        for section in set(_OWN).difference(piece.lines.section for piece in known):
            found[section].update((name, digest(text)) for name, text in entry_texts(document, section).items())
    return found


def entry_texts(document: Document, section: str) -> dict[str, str]:
    """The text of every entry of a section, by its key."""
    entries = document.root.get(section) if isinstance(document.root, Map) else None
    if not isinstance(entries, Map):
        return {}
    marks = entries.marks
    return {name: document.text[marks[4 * i] : marks[4 * i + 3]] for i, name in enumerate(entries)}


def common_digest(sources: Sources, program: str) -> str:
    """Digest of all that every namespace depends on: the program, and the files without the entries of namespaces."""
    return digest(program, *(part for document in sources.documents for part in _common_parts(document)))


def _common_parts(document: Document) -> Iterator[str]:
    yield document.file
    known = pieces(document) or ()
    yield from (piece.digest for piece in known if piece.lines.section not in _OWN)
    told = {piece.lines.section for piece in known}
    core = document.core
    if isinstance(core.root, Map):
        for position, (key, value) in enumerate(core.root.items()):
            if key not in told and not (key in _OWN and isinstance(value, Map)):
                yield core.text[core.root.marks[4 * position] : core.root.marks[4 * position + 3]]
