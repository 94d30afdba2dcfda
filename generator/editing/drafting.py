"""An organization's files and what is to be changed → the files as they will be; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from generator.editing.emitting import Data, Measure
from generator.editing.places import Place, depth, find
from generator.editing.splicing import Refused, insert, is_empty, remove, replace
from generator.editing.values import is_named, is_optional, spelt
from generator.problems import At, Path, Problem, Related, Span, Usage, show_path
from generator.reading.document import Document, Map, Node, Plain, Seq
from generator.reading.scalars import is_number, is_text
from generator.reading.sources import Sources, load
from generator.reading.store import Disk, Store

_BOM = b"\xef\xbb\xbf"
_MANY = 64
"""Neighbours that are asked for their style; those near by say enough."""


@dataclass(frozen=True)
class Edit:
    """One file, and what becomes of it."""

    file: str
    before: bytes
    after: bytes


class Overlay(Disk):
    """The disk, remembering what was read from it, with other contents in the place of some files."""

    def __init__(self, contents: dict[str, bytes] | None = None) -> None:
        self.contents = contents or {}
        self.seen: dict[str, bytes] = {}

    def read(self, paths: Sequence[str], most: int) -> Iterator[bytes]:
        """The contents of files."""
        for path in paths:
            if path in self.contents:
                yield self.contents[path]
                continue
            for data in super().read([path], most):
                self.seen[path] = data
                yield data


class Draft:
    """The files of one organization, and how they change; each change is made in the file where its place is."""

    def __init__(self, file: str) -> None:
        """Read the files. Raises Stop where `file` cannot be read."""
        self.file = file
        self.store = Overlay()
        self.sources: Sources = load(file, self.store)
        self.documents: list[Document] = list(self.sources.documents)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What changes, file by file."""
        found = []
        for document in self.documents:
            before = self.store.seen.get(document.file, b"")
            bom = _BOM if before.startswith(_BOM) else b""
            after = bom + document.text.encode()
            if before != after and document.complete:
                found.append(Edit(document.file, before, after))
        return tuple(found)

    def changed(self) -> Store:
        """A store in which the files are as they will be."""
        return Overlay({**self.store.seen, **{edit.file: edit.after for edit in self.edits}})

    def value(self, path: Path) -> Any:
        """What is written at a path; None where nothing is."""
        for document in self.documents:
            if (place := find(document, path)) is not None:
                return place.node
        return None

    def names(self, section: str) -> list[str]:
        """The keys of a section, in all files."""
        found: dict[str, None] = {}
        for document in self.documents:
            place = find(document, (section,))
            if place is not None and isinstance(place.node, Map):
                found.update(dict.fromkeys(place.node))
        return list(found)

    def set(self, path: Path, data: Data, file: str = "") -> None:
        """Write data at a path: changed where it is, added where it is not. Raises Refused, Usage.

        `file` is the one that something new is written into, where several could hold it.
        """
        path = spelt(path)
        index = self._home(path, file)
        document = self.documents[index]
        deep = depth(document, path)
        if deep < len(path):
            self._add(index, path, deep, data)
            return
        place = find(document, path)
        assert place is not None
        node: Any = place.node
        if node == data and type(node) in (Map, Seq):
            return
        if isinstance(node, Map) and isinstance(data, dict) and node and data:
            for key in [key for key in node if key not in data]:
                self.unset((*path, key), tidy=False)
            for key, value in data.items():
                self.set((*path, key), value)
        elif isinstance(node, Seq) and isinstance(data, list) and node and data:
            self._set_list(path, node, data)
        elif node != data or _quoted_otherwise(node, data):
            self.documents[index] = replace(document, path, data, self._near(index, path))

    def _set_list(self, path: Path, node: Seq, data: list[Any]) -> None:
        """Change a list item by item, so that what stays keeps its comments."""
        old, new = [_frozen(each) for each in node], [_frozen(each) for each in data]
        for tag, start, end, first, last in reversed(SequenceMatcher(None, old, new, autojunk=False).get_opcodes()):
            if tag in ("replace", "insert"):
                for position, item in enumerate(data[first:last]):
                    index = self._home(path)
                    self.documents[index] = insert(
                        self.documents[index], path, end + position, item, self._near(index, (*path, 0))
                    )
            if tag in ("replace", "delete"):
                for position in reversed(range(start, end)):
                    self.unset((*path, position), tidy=False)

    def append(self, path: Path, item: Data) -> None:
        """Add an item to the list at a path, which is made if need be. Raises Refused, Usage."""
        node = self.value(path)
        if not isinstance(node, Seq):
            self.set(path, [item])
            return
        index = self._home(path)
        near = [] if node else self._items_near(index, path)
        self.documents[index] = insert(self.documents[index], path, len(node), item, near)

    def unset(self, path: Path, tidy: bool = True) -> None:
        """Remove what is written at a path, and where `tidy`, the maps above that become empty and say nothing.

        Raises Refused, or Usage where nothing is written there.
        """
        index = self._home(path)
        document = self.documents[index]
        if depth(document, path) < len(path):
            raise Usage(f"{show_path(path)} is not written in {self.file}; there is nothing to remove")
        while tidy and len(path) > 1 and is_optional(path[:-1]):
            above = find(document, path[:-1])
            if above is None or not isinstance(above.node, Map) or len(above.node) != 1:
                break
            path = path[:-1]
        if len(path) == 1 and len(document.root or ()) == 1:
            raise Usage(f"{document.file} would be empty; remove the file instead")
        self.documents[index] = remove(document, path)

    def _add(self, index: int, path: Path, deep: int, data: Data) -> None:
        """Write something new, with the maps above that are not there yet."""
        document = self.documents[index]
        above = path[:deep]
        place = find(document, above)
        assert place is not None
        step = path[deep]
        for key in reversed(path[deep + 1 :]):
            if isinstance(key, int):
                raise Usage(f"{show_path(path)} is not there; write the whole list")
            data = {key: data}
        if isinstance(step, int):
            if not isinstance(place.node, Seq) or step != len(place.node):
                raise Usage(f"{show_path(above)} has no position {step}")
        elif not isinstance(place.node, Map) and not is_empty(place):
            problem = f"a map is expected here; mend it before {show_path(path)} can be written"
            raise Refused(Problem(problem, document.locate(above), rule="edit-refused"))
        near = self._near(index, path[: deep + 1])
        if is_empty(place) and (len(above) > 1 or isinstance(step, int)):
            self.documents[index] = replace(document, above, {step: data} if isinstance(step, str) else [data])
            return
        named = isinstance(step, str) and is_named(above)
        self.documents[index] = insert(document, above, step, data, near, named)

    def _near(self, index: int, path: Path) -> list[Place]:
        """Places of the same kind near a path: its siblings, or the same field of what stands beside it."""
        document = self.documents[index]
        around = [document, *(other for other in self.documents if other is not document and other.complete)]
        for length in range(len(path) - 1, 0, -1):
            if isinstance(path[length - 1], str) and is_named(path[:length]):
                break
        else:
            return []
        rest = path[length + 1 :]
        found: list[Place] = []
        for each in around[: _MANY // 8]:
            section = find(each, path[:length])
            if section is None or not isinstance(section.node, Map):
                continue
            keys = [key for key in section.node if key != path[length]]
            for key in reversed(keys[-_MANY * 4 :]):
                place: Place | None = section.child(key)
                for step in rest:
                    place = place.child(step) if place is not None and _has(place, step) else None
                if place is not None and place.node != "":
                    found.append(place)
                if len(found) >= _MANY:
                    return found
        return found

    def _items_near(self, index: int, path: Path) -> list[Place]:
        lists = [place for place in self._near(index, path) if isinstance(place.node, Seq)]
        return [item for place in lists for item in place.children()][:_MANY]

    def _home(self, path: Path, file: str = "") -> int:
        """The document that a path is, or will be, written in. Raises Refused where two have it or it is unreadable."""
        self._require_once(path)
        depths = [depth(each, path) for each in self.documents]
        if path[0] in ("namespaces", "workspaces") and len(path) > 1:
            named = [index for index, deep in enumerate(depths) if deep >= 2]
            if named:
                return self._readable(named[0])
            if file:
                return self._readable(self._named(file))
            holders = [index for index, deep in enumerate(depths) if deep == 1]
            return self._readable(0 if 0 in holders or len(holders) != 1 else holders[0])
        return self._readable(0)

    def _named(self, file: str) -> int:
        import os

        for index, document in enumerate(self.documents):
            if os.path.realpath(document.file) == os.path.realpath(file):
                return index
        known = ", ".join(document.file for document in self.documents)
        raise Usage(f"{file} is not a file of this organization, which has {known}")

    def require_readable(self) -> None:
        """Raises Refused where a file cannot be understood to its end."""
        for index in range(len(self.documents)):
            self._readable(index)

    def _readable(self, index: int) -> int:
        document = self.documents[index]
        if not document.complete or not isinstance(document.root, Map):
            found = [each for each in self.sources.problems if isinstance(each.place, Span)]
            first = next((each for each in found if each.place[0] == document.file), None)
            raise Refused(
                first or Problem("expected a map; mend it first", Span(document.file, 1, 1, 1, 1), rule="edit-refused")
            )
        return index

    def _require_once(self, path: Path) -> None:
        """Raises Refused where a name is defined twice, in two files or in one: which of them is meant?"""
        if path[0] in ("namespaces", "workspaces") and len(path) > 1:
            holders = [each for each in self.documents if depth(each, path[:2]) == 2]
            if len(holders) > 1:
                first, second = (each.locate(path[:2], key=True) for each in holders[:2])
                self._twice(str(path[1]), first, second)
        known = [each for each in self.sources.documents if each.root is not None]
        keys = {
            each.locate(path[:length], key=True): path[length - 1]
            for each in known
            for length in range(1, depth(each, path) + 1)
        }
        for problem in self.sources.problems:
            if problem.rule == "duplicate-key" and problem.related and problem.related[0].place in keys:
                assert isinstance(problem.place, Span)
                first = _span(problem.related[0].place)
                self._twice(str(keys[first]), first, problem.place)

    def _twice(self, name: str, first: Span, second: Span) -> None:
        message = f'"{name}" is defined here and in {second}; keep one of the two before it is edited'
        raise Refused(Problem(message, first, (Related(second, "defined here too"),), rule="duplicate-key"))


def _span(place: At | Span) -> Span:
    assert isinstance(place, Span)
    return place


def _has(place: Place, step: str | int) -> bool:
    if isinstance(place.node, Map):
        return step in place.node
    return isinstance(place.node, Seq) and isinstance(step, int) and step < len(place.node)


def _quoted_otherwise(node: Node, data: Data) -> bool:
    """Whether a scalar of the same text must gain quotes, or lose them."""
    if not isinstance(node, str) or not isinstance(data, str):
        return True
    if isinstance(data, Plain):
        return not isinstance(node, Plain)
    return isinstance(node, Plain) and not (is_text(node) or (isinstance(data, Measure) and is_number(node)))


def _frozen(data: Any) -> object:
    """Data as something that can be compared and hashed."""
    if isinstance(data, dict):
        return frozenset((key, _frozen(value)) for key, value in data.items())
    if isinstance(data, list):
        return tuple(_frozen(each) for each in data)
    return str(data)
