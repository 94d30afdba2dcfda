"""Tree ↔ disk: what differs, and making `rendered/<cluster>/` exactly the tree, never losing what is not ours."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from generator.problems import Problem, Span, Stop
from generator.rendering.tree import HEADER

_HEADER = HEADER.encode()
_STATE = re.compile(rb'^    verta-gitops\.io/state: "?([a-z]+)"?$', re.MULTILINE)
_UNFINISHED = ".verta-gitops-"
"""Prefix of what is being written; left behind only by a run that was killed, and removed by the next."""

_LARGEST = 16 * 1024 * 1024

Stamps = Mapping[str, Mapping[str, str]]
"""By folder and file name: size, time of change, inode time and inode."""


@dataclass(frozen=True)
class Difference:
    """How a folder differs from a tree, by paths below it; where there are `problems`, nothing may be written."""

    files: int
    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def written(self) -> tuple[str, ...]:
        """What is to be written, in the order of the tree."""
        return self.added + self.changed

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def compare(folder: str, tree: Mapping[str, str | None], there: Stamps | None = None) -> Difference:
    """Hold a folder against a tree; reads, and writes nothing. `there` are its `stamps`, if they were just taken.

    Problems are: a link in the place of a folder, a file that did not come from here, and a namespace that would
    disappear although its rendered state is not `decommission`.
    """
    if problems := tuple(_links(folder)):
        return Difference(len(tree), problems=problems)
    present = {f"{parent}{name}" for parent, names in (there or {}).items() for name in names}
    strange: list[str] = []
    leftovers: list[str] = []
    if there is None:
        _scan(folder, "", present, strange, leftovers)
    added: list[str] = []
    changed: list[str] = []
    for path, text in tree.items():
        if text is None:
            if path not in present:
                raise Stop(f"{folder}/{path}: was removed by somebody else just now; run again")
            continue
        if path not in present:
            added.append(path)
            continue
        found = _read(f"{folder}/{path}")
        if found != text.encode():
            (changed if found.startswith(_HEADER) else strange).append(path)
    removed = sorted(present.difference(tree))
    strange += [path for path in removed if not _read(f"{folder}/{path}", len(_HEADER)).startswith(_HEADER)]
    problems = (*_foreign(folder, strange), *_still_needed(folder, tree, removed))
    return Difference(len(tree), tuple(added), tuple(changed), tuple(removed), tuple(leftovers), problems)


def stamp(path: str) -> tuple[int, str]:
    """When a file was changed last, in nanoseconds, and its stamp; an empty one where there is none.

    A file with the same stamp has the same content, unless it was stamped while it was being written.
    """
    try:
        found = os.lstat(path)
    except OSError:
        return 0, ""
    return max(found.st_mtime_ns, found.st_ctime_ns), _stamp(found)


def stamps(folder: str) -> Stamps | None:
    """The stamp of every file of a folder; None where it holds anything but plain files and folders.

    A folder is called by its path below the first one, with a slash at the end where it has one.
    """
    found: dict[str, Mapping[str, str]] = {}
    try:
        plain = not any(_links(folder)) and _add_stamps(folder, "", found)
    except OSError:
        return None
    return found if plain else None


def synchronize(
    folder: str, tree: Mapping[str, str | None], tick: Callable[[int], None] = lambda done: None
) -> Difference:
    """Make a folder the tree, and say what differed. Where there are problems, nothing is written.

    `tick` is told how many files are written. Raises Stop where the disk refuses, or where another run is at work; what
    was written until then is complete, and the next run goes on from there.
    """
    if problems := tuple(_links(folder)):
        return Difference(len(tree), problems=problems)
    with _locked(folder):
        difference = compare(folder, tree)
        if not difference.problems:
            _write(folder, tree, difference, tick)
        return difference


def read_file(path: str, size: int = _LARGEST) -> bytes:
    """One file beside the tree, at most `size` bytes of it. Raises Stop where it cannot be read."""
    return _read(path, size)


def replace_file(path: str, data: bytes) -> None:
    """Write one file beside the tree, whole or not at all, with the permissions that it had.

    Raises Stop where the disk refuses.
    """
    try:
        mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else None
        _write_files(os.path.dirname(path) or ".", {os.path.basename(path): data}, mode)
    except OSError as error:
        raise Stop(f"{path}: cannot be written: {error.strerror or error}") from error


def write_output(path: str, data: bytes) -> None:
    """Write what a user asked for where they asked for it: a file as a whole, or into a pipe or a device as it is.

    A link is followed, so that what it leads to is written. Raises Stop where the disk refuses, or a folder is named.
    """
    if os.path.isdir(path):
        raise Stop(f"{path}: is a folder; name a file in it")
    if os.path.exists(path) and not os.path.isfile(path):
        try:
            with open(path, "wb") as stream:
                stream.write(data)
        except OSError as error:
            raise Stop(f"{path}: cannot be written: {error.strerror or error}") from error
        return
    replace_file(os.path.realpath(path) if os.path.exists(path) else path, data)


def in_the_way(folder: str, paths: Iterable[str]) -> list[str]:
    """What stands where files are to be made, or where a folder for them would be: nothing of it is overwritten."""
    found = set()
    for path in paths:
        full = os.path.join(folder, path)
        if os.path.lexists(full):
            found.add(full)
        while (full := os.path.dirname(full)) and full != os.path.dirname(full):
            if os.path.lexists(full) and not os.path.isdir(full):
                found.add(full)
    return sorted(found)


def create_files(folder: str, files: Mapping[str, str], executable: Container[str] = ()) -> None:
    """Make new files; what came to be in the meantime is not overwritten. Raises Stop where the disk refuses."""
    for path, text in files.items():
        full = os.path.join(folder, path)
        try:
            os.makedirs(os.path.dirname(full) or ".", exist_ok=True)
            _write_file(full, text.encode(), 0o777 if path in executable else 0o666)
        except OSError as error:
            raise Stop(f"{error.filename or full}: cannot be written: {error.strerror or error}") from error


def _write(folder: str, tree: Mapping[str, str | None], difference: Difference, tick: Callable[[int], None]) -> None:
    """Write file by file, each whole or not at all, what is new first and what is gone last."""
    try:
        for path in difference.leftovers:
            _remove_unfinished(f"{folder}/{path}")
        done = 0
        for parent, paths in groupby(difference.written, os.path.dirname):
            files = {os.path.basename(path): (tree[path] or "").encode() for path in paths}
            _write_files(f"{folder}/{parent}", files)
            done += len(files)
            tick(done)
        for path in difference.removed:
            os.unlink(f"{folder}/{path}")
            _remove_empty(f"{folder}/{os.path.dirname(path)}")
    except OSError as error:
        where = error.filename or folder
        reason = error.strerror or str(error)
        message = f"{where}: cannot be written: {reason}; what was written is complete, render again to go on"
        raise Stop(message) from error


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold the folder against a second run, which stops at once with a message. The folder is made if need be."""
    try:
        os.makedirs(folder, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise Stop(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    try:
        try:
            import fcntl
        except ImportError:  # not a Unix system: no lock, and each file is still written as a whole
            yield
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop(f"{folder}: another run is writing here; wait for it to end") from None
        except OSError:
            pass  # a file system without locks
        yield
    finally:
        os.close(descriptor)
        _remove_empty(folder)


def _write_files(folder: str, files: Mapping[str, bytes], mode: int | None = None) -> None:
    """Write the files of one folder; a new folder appears with all of them. `mode` is theirs where it is given."""
    parent, name = os.path.split(folder)
    if os.path.isdir(folder):
        for file, data in files.items():
            unfinished = f"{folder}/{_UNFINISHED}{file}"
            try:
                _write_file(unfinished, data)
                if mode is not None:
                    os.chmod(unfinished, mode)
                os.replace(unfinished, f"{folder}/{file}")
            except BaseException:
                _remove_unfinished(unfinished)
                raise
    else:
        os.makedirs(parent, exist_ok=True)
        unfinished = f"{parent}/{_UNFINISHED}{name}"
        try:
            os.mkdir(unfinished)
            for file, data in files.items():
                _write_file(f"{unfinished}/{file}", data)
            os.rename(unfinished, folder)
        except BaseException:
            _remove_unfinished(unfinished)
            raise


def _write_file(path: str, data: bytes, mode: int = 0o666) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error
    finally:
        os.close(descriptor)


def _remove_unfinished(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        import shutil

        shutil.rmtree(path, ignore_errors=True)
    else:
        try:
            os.unlink(path)
        except OSError:
            pass  # never came to be, or its disk is gone; the next run sees it


def _remove_empty(folder: str) -> None:
    """Remove a folder if nothing is in it."""
    try:
        os.rmdir(folder)
    except OSError:
        pass  # not empty


def _links(folder: str) -> Iterator[Problem]:
    """Links in the place of the folder or of the one above it: through them, files elsewhere would be overwritten."""
    for path in (os.path.dirname(folder), folder):
        if os.path.islink(path):
            message = f"{path} is a symbolic link; put a real folder there, or name its target with -o"
            yield Problem(message, Span(path, 1, 1, 1, 1), rule="rendered-link")
        elif os.path.exists(path) and not os.path.isdir(path or "."):
            yield Problem(f"{path} is not a folder", Span(path, 1, 1, 1, 1), rule="rendered-link")


def _scan(folder: str, prefix: str, present: set[str], strange: list[str], leftovers: list[str]) -> None:
    try:
        entries = list(os.scandir(f"{folder}/{prefix}"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise Stop(f"{error.filename}: cannot be read: {error.strerror}") from error
    for entry in entries:
        path = prefix + entry.name
        if entry.name.startswith(_UNFINISHED):
            leftovers.append(path)
        elif entry.is_file(follow_symlinks=False):
            present.add(path)
        elif entry.is_dir(follow_symlinks=False):
            _scan(folder, f"{path}/", present, strange, leftovers)
        else:
            strange.append(path)


def _add_stamps(folder: str, prefix: str, found: dict[str, Mapping[str, str]]) -> bool:
    names: dict[str, str] = {}
    with os.scandir(f"{folder}/{prefix}") as entries:
        for entry in entries:
            if entry.name.startswith(_UNFINISHED):
                return False
            if entry.is_file(follow_symlinks=False):
                names[entry.name] = _stamp(entry.stat(follow_symlinks=False))
            elif not entry.is_dir(follow_symlinks=False) or not _add_stamps(folder, f"{prefix}{entry.name}/", found):
                return False
    if names:
        found[prefix] = names
    return True


def _stamp(found: os.stat_result) -> str:
    return f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"


def _read(path: str, size: int = _LARGEST) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            data = os.read(descriptor, size)
            while len(data) < size and (more := os.read(descriptor, size - len(data))):
                data += more
            return data
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Stop(f"{path}: cannot be read: {error.strerror}") from error


def _foreign(folder: str, paths: Iterable[str]) -> Iterator[Problem]:
    for path in sorted(paths):
        place = Span(f"{folder}/{path}", 1, 1, 1, 1)
        message = "this file was not rendered from org.yaml; move it elsewhere, the folder belongs to verta-gitops"
        yield Problem(message, place, rule="foreign-file")


def _still_needed(folder: str, tree: Mapping[str, str | None], removed: Iterable[str]) -> Iterator[Problem]:
    """Namespaces that would disappear although they did not go through `decommission`."""
    kept = {path.split("/")[1] for path in tree if path.startswith("namespaces/")}
    lost: dict[str, list[str]] = {}
    for path in removed:
        scope, _, rest = path.partition("/")
        name, _, file = rest.partition("/")
        if scope == "namespaces":
            lost.setdefault(name, []).append(file)
    for name, files in lost.items():
        state = "unknown"
        if "namespace.yaml" in files:
            if found := _STATE.search(_read(f"{folder}/namespaces/{name}/namespace.yaml")):
                state = found[1].decode()
        elif name in kept or all(file.startswith("workspace-") for file in files):
            continue  # a setting of a namespace that stays, or descriptions in the primary namespace, which is not ours
        if state != "decommission":
            message = (
                f'namespace "{name}" is not in org.yaml any more, but its rendered state is "{state}": removing it '
                "would delete it with everything in it. Put it back; to remove it, write `state: decommission`, let "
                "that be applied, and remove it in a later change"
            )
            yield Problem(message, Span(f"{folder}/namespaces/{name}/namespace.yaml", 1, 1, 1, 1), rule="removal-guard")
