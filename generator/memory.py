"""What the last rendering of a folder made of which input, so that the next does only what is new.

A namespace is rendered from its own entry, its workspaces' entries and the rest of the file. Where none of these
changed, and its files on disk are the very files that were written then (size, times, inode, as git's index does it),
rendering it again would change nothing. The memory is in the user's cache folder; without it, everything is rendered.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from generator.reading.document import Document, Map
from generator.reading.sources import Sources

_VERSION = 1
_RACY = 50_000_000
"""Nanoseconds: a file written so shortly before it was remembered may change without a trace, and is read again."""

Stamp = list[int]
"""Size, time of change, inode time and inode of a file."""


@dataclass
class Memory:
    """What is remembered of one folder: by unit (a namespace's name), the digest of its input and its files."""

    file: str
    common: str = ""
    units: dict[str, tuple[str, dict[str, Stamp]]] = field(default_factory=dict)

    def kept(self, folder: str, unit: str, digest: str) -> list[str] | None:
        """The paths of a unit's files, if rendering it now would write what is there; otherwise None."""
        known = self.units.get(unit)
        if known is None or known[0] != digest:
            return None
        for path, stamp in known[1].items():
            if _stamp(f"{folder}/{path}") != stamp:
                return None
        return list(known[1])

    def save(self) -> None:
        """Write the memory; a disk that refuses only costs the next run its time."""
        unfinished = f"{self.file}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(self.file), mode=0o700, exist_ok=True)
            content = {"version": _VERSION, "common": self.common, "units": self.units}
            Path(unfinished).write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
            os.replace(unfinished, self.file)
        except OSError:
            try:
                os.unlink(unfinished)
            except OSError:
                pass  # never came to be, or stands where no file can be


def recall(folder: str, common: str) -> Memory:
    """What is remembered of a folder; nothing if anything but single entries changed since."""
    empty = Memory(_file_of(folder), common)
    try:
        content = json.loads(Path(empty.file).read_bytes())
        if content["version"] == _VERSION and content["common"] == common:
            units = {name: (digest, files) for name, (digest, files) in content["units"].items()}
            return Memory(empty.file, common, units)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass  # none, or damaged: everything is rendered
    return empty


def remembered(folder: str, memory: Memory, digests: Mapping[str, str], paths: Mapping[str, list[str]]) -> Memory:
    """The memory after a rendering: `digests` and `paths` of every unit, without those that are too new for a stamp."""
    now = time.time_ns()
    units: dict[str, tuple[str, dict[str, Stamp]]] = {}
    for unit, digest in digests.items():
        known = memory.units.get(unit)
        if known is not None and known[0] == digest and list(known[1]) == paths.get(unit):
            units[unit] = known
            continue
        stamps = {path: _stamp(f"{folder}/{path}") for path in paths.get(unit, ())}
        if all(stamp and stamp[1] < now - _RACY and stamp[2] < now - _RACY for stamp in stamps.values()):
            units[unit] = (digest, {path: stamp for path, stamp in stamps.items() if stamp})
    return Memory(memory.file, memory.common, units)


def common_digest(sources: Sources, program: bytes) -> str:
    """Digest of all that every namespace depends on: the program, and the files without the single entries."""
    digest = blake2b(program, digest_size=16)
    for part in (part for document in sources.documents for part in _common_parts(document)):
        digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def entry_texts(sources: Sources, section: str) -> dict[str, str]:
    """The text of every entry of a section, by its key: all that its meaning depends on."""
    return {
        name: document.text[start:end]
        for document in sources.documents
        for name, start, end in _entries(document, section)
    }


def unit_digest(*texts: str) -> str:
    """Digest of the entries that one namespace is rendered from."""
    return blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def program_digest(*folders: Path) -> bytes:
    """Digest of the program's own files and of the templates in the given folders."""
    digest = blake2b(digest_size=16)
    for folder in (Path(__file__).parent, *folders):
        for file in sorted(folder.rglob("*")):
            if file.suffix in (".py", ".j2"):
                digest.update(file.relative_to(folder).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.digest()


def _entries(document: Document, section: str) -> Iterator[tuple[str, int, int]]:
    entries = document.root.get(section) if isinstance(document.root, Map) else None
    if isinstance(entries, Map):
        marks = entries.marks
        for position, name in enumerate(entries):
            yield name, marks[4 * position], marks[4 * position + 3]


def _common_parts(document: Document) -> Iterator[str]:
    yield document.file
    if isinstance(document.root, Map):
        for position, (key, value) in enumerate(document.root.items()):
            if key not in ("namespaces", "workspaces") or not isinstance(value, Map):
                start, _, _, end = document.root.marks[4 * position : 4 * position + 4]
                yield document.text[start:end]


def _stamp(path: str) -> Stamp:
    try:
        found = os.lstat(path)
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _file_of(folder: str) -> str:
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    name = blake2b(os.path.realpath(folder).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return os.path.join(cache, "verta-gitops", f"{name}.json")
