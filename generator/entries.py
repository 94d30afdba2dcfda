"""The entries of long sections that were read before, so that only those that are new are read."""

from __future__ import annotations

from typing import Any

from generator.cache import cache_file, program_digest, read_cache, write_cache
from generator.model.kinds import Struct
from generator.model.org import Group, Namespace, Org, Workspace
from generator.model.packing import pack, unpack
from generator.problems import Problem
from generator.reading.document import Document
from generator.reading.reader import read
from generator.reading.skimming import pieces, skim
from generator.reading.sources import Sources

_KINDS: dict[str, Struct] = {
    "groups": Struct(Group, keyed=True),
    "namespaces": Struct(Namespace, keyed=True),
    "workspaces": Struct(Workspace, keyed=True),
}
_FEW = 100
"""So many new entries are read again sooner than all are written."""


class Entries:
    """What is known of the entries of one organization: by section and the digest of its lines, name and value."""

    def __init__(self, file: str, outside: str = "") -> None:
        """Recall those of a file; `outside` is a folder that nothing is ever remembered in."""
        self.file = cache_file("entries", file, outside=outside)
        content, _ = read_cache(self.file)
        known = isinstance(content, dict) and content.get("program") == program_digest()
        self.packed: dict[str, dict[str, Any]] = content["sections"] if known else {section: {} for section in _KINDS}
        self.values: dict[tuple[str, str], tuple[str, Any]] = {}
        """What was unpacked or learnt: one value for the same lines, so that what is the same in two files is one."""

    def read(self, data: bytes, file: str) -> tuple[Document, list[Problem]]:
        """Read a file as `reader.read` does, without reading again what is known."""
        if (self.values or any(self.packed.values())) and (found := skim(data, file, self._known)) is not None:
            return found, []
        return read(data, file)

    def learn(self, sources: Sources, org: Org) -> None:
        """Know the entries of an organization, all of which were read without a problem and not changed since."""
        for document in sources.documents:
            for piece in pieces(document) or ():
                section = piece.lines.section
                self.values[section, piece.digest] = piece.name, getattr(org, section)[piece.name]

    def remember(self, sources: Sources, org: Org) -> None:
        """Know them in later runs, too."""
        self.values.clear()
        self.learn(sources, org)
        new = [each for each in self.values if each[1] not in self.packed[each[0]]]
        if len(new) > _FEW or (new and not any(self.packed.values())):
            found: dict[str, dict[str, Any]] = {section: {} for section in _KINDS}
            for (section, digest), (name, value) in self.values.items():
                known = self.packed[section].get(digest)
                found[section][digest] = known or [name, pack(_KINDS[section], value)]
            write_cache(self.file, {"program": program_digest(), "sections": found})

    def _known(self, section: str, digest: str) -> tuple[str, Any] | None:
        found = self.values.get((section, digest))
        if found is None and (packed := self.packed[section].get(digest)) is not None:
            name, data = packed
            found = self.values[section, digest] = name, unpack(_KINDS[section], data, name)
        return found
