"""Where the files of an organization are read from: the disk, or one commit of a git repository."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import translate
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Literal, Protocol

from generator.problems import Stop

if TYPE_CHECKING:
    from generator.git import Entry, Repository

Kind = Literal["file", "folder", "submodule", "other", ""]

_MAX_LINKS = 40


class Store(Protocol):
    """Files below folders, by paths with slashes; links are followed, except where it says otherwise."""

    def shown(self, path: str) -> str:
        """How a file is called in messages."""

    def read(self, paths: Sequence[str], most: int) -> Iterator[bytes]:
        """The contents of files, each as it is asked for, no more than `most` bytes; raises Stop."""

    def names(self, folder: str) -> Sequence[str]:
        """What stands in a folder, in any order; nothing if it is none."""

    def kind(self, path: str) -> Kind:
        """What a path leads to; empty where it leads nowhere."""

    def is_link(self, path: str) -> bool:
        """Whether a path is itself a link."""

    def real(self, path: str) -> str:
        """The one name of what a path leads to, beginning with a slash; empty where it leaves the store."""


class Disk:
    """The files that are there now."""

    def shown(self, path: str) -> str:
        """How a file is called in messages: as the user named it."""
        return path

    def read(self, paths: Sequence[str], most: int) -> Iterator[bytes]:
        """The contents of files; a link that leads out of the repository that it stands in is not followed."""
        for path in paths:
            if _leaves_repository(path):
                raise Stop(f"{path}: a link that leads out of the repository; name the file that it leads to")
            try:
                with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
                    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                        raise Stop(f"{path}: not a file")
                    yield stream.read(most)
            except FileNotFoundError:
                at_hand = os.path.basename(path) == "org.yaml"  # the name where none was given
                remedy = "name the organization's file, or run where org.yaml is" if at_hand else "check its name"
                raise Stop(f"{path}: no such file; {remedy}") from None
            except OSError as error:
                raise Stop(f"{path}: cannot be read: {error.strerror}") from error

    def names(self, folder: str) -> Sequence[str]:
        """What stands in a folder."""
        try:
            return os.listdir(folder or ".")
        except OSError:
            return ()

    def kind(self, path: str) -> Kind:
        """What a path leads to."""
        try:
            mode = os.stat(path or ".").st_mode
        except OSError:
            return ""
        return "file" if stat.S_ISREG(mode) else "folder" if stat.S_ISDIR(mode) else "other"

    def is_link(self, path: str) -> bool:
        """Whether a path is a link."""
        return os.path.islink(path)

    def real(self, path: str) -> str:
        """The absolute path without links."""
        return os.path.realpath(path)


DISK = Disk()


def _leaves_repository(path: str) -> bool:
    """Whether a path that stands in a git repository leads out of it; what a pull request adds must not do that."""
    named, real = os.path.abspath(path), os.path.realpath(path)
    if named == real:
        return False
    top = work_tree(os.path.dirname(named))
    return top != "" and not within(os.path.realpath(top), real)


def work_tree(folder: str) -> str:
    """The folder that has the `.git` of the repository that an absolute path stands in; empty where there is none."""
    while not os.path.lexists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return ""
        folder = above
    return folder


class Commit:
    """The files of one commit; what is not asked for is not read. Paths begin at the top of the repository."""

    def __init__(self, repository: Repository, commit: str, here: str = "", head: str = "") -> None:
        """`here` is how people name the folder that has the path `head` in the repository."""
        self.repository = repository
        self.id = commit
        self.here = here
        self.head = head
        self.folders: dict[str, dict[str, Entry]] = {}

    def shown(self, path: str) -> str:
        """How a file is called in messages: as it would be called if it stood there now."""
        below = os.path.relpath(path, self.head or ".")
        return f"{os.path.normpath(os.path.join(self.here, below))} at base"

    def read(self, paths: Sequence[str], most: int) -> Iterator[bytes]:
        """The contents of files."""
        ids = []
        for path in paths:
            entry = self._at(self.real(path))
            if entry is None or entry.kind != "blob":
                raise Stop(f"{self.shown(path)}: no such file in commit {self.id[:12]}")
            ids.append(entry.id)
        for data in self.repository.blobs(ids):
            yield data[:most]

    def files(self, folder: str, likely: Callable[[], Mapping[str, bytes]] = dict) -> dict[str, bytes]:
        """Every file below a folder with its content, by its path there; links and submodules are left out.

        `likely` is asked for what the files probably hold: what the commit knows under the id of that is not fetched.
        """
        if self.kind(folder) != "folder":
            return {}
        listed = self.repository.files(self.id, self.real(folder)[1:])
        wanted = {path: each.id for path, each in listed.items() if each.kind == "blob" and not each.is_link}
        guessed = likely() if wanted else {}
        found = {path: data for path, data in guessed.items() if _is(data, wanted.get(path, ""))}
        other = [path for path in wanted if path not in found]
        found.update(zip(other, self.repository.blobs([wanted[path] for path in other]), strict=True))
        return {path: found[path] for path in wanted}

    def names(self, folder: str) -> Sequence[str]:
        """What stands in a folder."""
        real = self.real(folder)
        return list(self._folder(real[1:])) if real and self.kind(folder) == "folder" else ()

    def kind(self, path: str) -> Kind:
        """What a path leads to; what stands in a submodule is not known, only that it is one."""
        real = self.real(path)
        if real == "/":
            return "folder"
        entry = self._at(real)
        if entry is None:
            return ""
        kinds: dict[str, Kind] = {"blob": "other" if entry.is_link else "file", "tree": "folder", "commit": "submodule"}
        return kinds[entry.kind]

    def is_link(self, path: str) -> bool:
        """Whether a path is itself a link."""
        entry = self._at(_below(self.real(dirname(path)), path.rpartition("/")[2]))
        return entry is not None and entry.is_link

    def real(self, path: str) -> str:
        """The path in the commit without links, beginning with a slash; empty for what leaves the repository."""
        left = [step for step in reversed(path.split("/")) if step not in ("", ".")]
        real, links = "/", 0
        while left:
            step = left.pop()
            if step == "..":
                if real == "/":
                    return ""
                real = dirname(real)
                continue
            here = _below(real, step)
            entry = self._at(here)
            if entry is None or not entry.is_link or links == _MAX_LINKS:
                real = here
                continue
            links += 1
            target = os.fsdecode(next(self.repository.blobs([entry.id])))
            if target.startswith("/"):
                return ""
            left += [part for part in reversed(target.split("/")) if part not in ("", ".")]
        return real

    def entry(self, path: str) -> Entry | None:
        """What the commit holds at a path."""
        return self._at(self.real(path))

    def _at(self, real: str) -> Entry | None:
        """What stands at a path without links."""
        folder, _, name = real[1:].rpartition("/")
        return self._folder(folder).get(name) if name else None

    def _folder(self, folder: str) -> dict[str, Entry]:
        if folder not in self.folders:
            above = self._at(f"/{folder}") if folder else None
            is_folder = not folder or (above is not None and above.kind == "tree")
            self.folders[folder] = self.repository.entries(self.id, folder) if is_folder else {}
        return self.folders[folder]


def _is(data: bytes, identity: str) -> bool:
    from generator.git import blob_id

    return identity != "" and blob_id(data, identity) == identity


def within(folder: str, path: str) -> bool:
    """Whether a real path stands in a real folder or below it."""
    return bool(path) and (path == folder or path.startswith(folder.rstrip("/") + "/"))


def matches(store: Store, folder: str, pattern: str) -> list[str]:
    """The paths below a folder that a pattern names, in a stable order, as pathlib's `glob` finds them.

    `*`, `?` and `[…]` stand for parts of a name, `**` for any number of folders; links to folders are followed where
    they are named and not by `**`. Raises ValueError for what is no pattern.
    """
    steps = [step for step in pattern.split("/") if step not in ("", ".")]
    if any("**" in step and step != "**" for step in steps):
        raise ValueError("Invalid pattern: '**' can only be an entire path component")
    if not steps:
        raise ValueError(f"Unacceptable pattern: {pattern!r}")
    found = [""]
    for position, step in enumerate(steps):
        last = position == len(steps) - 1
        found = list(dict.fromkeys(path for each in found for path in _step(store, folder, each, step, last)))
    return sorted(found, key=lambda path: path.split("/"))


def _step(store: Store, folder: str, path: str, step: str, last: bool) -> Iterator[str]:
    if step == "**":
        yield from _folders(store, folder, path)
    elif not any(character in step for character in "*?["):
        if store.kind(join(folder, path, step)):
            yield join(path, step)
    else:
        fits = re.compile(translate(step)).match
        here = join(folder, path)
        for name in store.names(here):
            if fits(name) and (last or store.kind(join(here, name)) in ("folder", "submodule")):
                yield join(path, name)
    if path and store.kind(join(folder, path)) == "submodule":
        yield path  # what is in it is not known here; whoever asked must be told


def _folders(store: Store, folder: str, path: str) -> Iterator[str]:
    yield path
    here = join(folder, path)
    for name in sorted(store.names(here)):
        below = join(here, name)
        if store.kind(below) == "submodule" or (store.kind(below) == "folder" and not store.is_link(below)):
            yield from _folders(store, folder, join(path, name))


def _below(folder: str, name: str) -> str:
    return normpath(join(folder, name)) if folder else ""
