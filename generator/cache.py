"""Plain data ↔ a file in the cache of whoever runs the program; what is not surely our own is as if it were not there.

A file is believed only if it belongs to the user, nobody else may write it, and its digest is that of its content. So
one that is damaged, cut off, of another format or of another user costs time and changes no result.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FORMAT = b"verta-gitops cache 2 "
_LARGEST = 1 << 29
_SIZE = 16
_LIBRARIES = ("jinja2", "yaml")
_CODE = (".py", ".so", ".pyd", ".j2")


def digest(*texts: str) -> str:
    """Digest of texts; no two lists of texts have the same."""
    made = blake2b(digest_size=_SIZE)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        made.update(b"%d:" % len(data) + data)
    return made.hexdigest()


def program_digest(*folders: Path) -> str:
    """Digest of the program, of what it reads and renders with, and of everything in the given folders of templates."""
    return digest(_program(), *(_contents(folder, ()) for folder in folders))


@cache
def _program() -> str:
    found = [Path(__file__).parent, *(Path(spec.origin or "").parent for spec in map(find_spec, _LIBRARIES) if spec)]
    return digest(sys.version, *(_contents(folder, _CODE) for folder in found))


def _contents(folder: Path, suffixes: tuple[str, ...]) -> str:
    """Digest of the files of a folder with some endings, or with any; what cannot be read is never the same."""
    made = blake2b(digest_size=_SIZE)
    for name, path in sorted(_files(str(folder))):
        if not suffixes or name.endswith(suffixes):
            called, data = os.fsencode(name), _bytes(path)
            made.update(b"%d:%d:" % (len(called), len(data)) + called + data)
    return made.hexdigest()


def _files(folder: str, prefix: str = "", above: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every file of a folder, by its path there and as it is found; links are followed, but not in a circle."""
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        entries = list(os.scandir(folder))
    except OSError:
        yield prefix, folder
        return
    for entry in entries:
        if os.path.isdir(entry.path):
            yield from _files(entry.path, f"{prefix}{entry.name}/", (*above, real))
        elif os.path.isfile(entry.path):
            yield prefix + entry.name, entry.path


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as stream:
            return stream.read()
    except OSError:
        return os.urandom(_SIZE)


def cache_file(kind: str, *paths: str, outside: str = "") -> str:
    """Where something is kept that belongs to some paths; nowhere (an empty name) if the cache is in `outside`."""
    root = os.environ.get("XDG_CACHE_HOME", "")
    root = root if os.path.isabs(root) else os.path.join(os.path.expanduser("~"), ".cache")
    real = os.path.realpath(root)
    inside = outside and Path(real).is_relative_to(os.path.realpath(outside))
    if not os.path.isabs(root) or inside:
        return ""
    name = digest(*(os.fsencode(os.path.realpath(path)).hex() for path in paths))
    return os.path.join(root, "verta-gitops", f"{name}.{kind}.json")


def read_cache(file: str) -> tuple[Any, str]:
    """What a file of the cache holds, and its digest; None, and no digest, where there is nothing to be believed."""
    try:
        head, _, body = _read(file).partition(b"\n")
        found = blake2b(body, digest_size=_SIZE).hexdigest()
        if head == _FORMAT + found.encode():
            return json.loads(body), found
    except (OSError, ValueError, RecursionError):
        pass
    return None, ""


def write_cache(file: str, content: Any) -> str:
    """Write a file of the cache as a whole; its digest, or nothing where the disk refuses."""
    if not file:
        return ""
    body = json.dumps(content, separators=(",", ":")).encode()
    found = blake2b(body, digest_size=_SIZE).hexdigest()
    unfinished = f"{file}.{os.getpid()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        with open(os.open(unfinished, flags, 0o600), "wb") as stream:
            stream.write(_FORMAT + found.encode() + b"\n" + body)
        os.replace(unfinished, file)
    except OSError:
        _remove(unfinished)
        return ""
    return found


def _read(file: str) -> bytes:
    with open(os.open(file, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0)), "rb") as stream:
        found = os.fstat(stream.fileno())
        foreign = hasattr(os, "geteuid") and found.st_uid != os.geteuid()
        if foreign or not stat.S_ISREG(found.st_mode) or found.st_mode & 0o022 or found.st_size > _LARGEST:
            raise OSError
        return stream.read()


def _remove(unfinished: str) -> None:
    try:
        os.unlink(unfinished)
    except OSError:
        pass  # never came to be, or stands where no file can be
