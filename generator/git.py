"""git → commits, trees and blobs as plain data: the only module that runs git; it only reads, except `configure`.

Nothing is looked up in the work tree, no lock is taken, no shell and no pager runs, and no
prompt can make a CI job hang.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1, sha256
from typing import NamedTuple

from generator.problems import Stop

TIMEOUT = 120.0
"""Seconds that git may take for one answer; a partial clone may have to fetch an object first."""

_AT_ONCE = 256
"""Objects that are asked for in one call."""

_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_", "GIT_PROXY_", "GIT_HTTP_", "GIT_CONFIG_", "GIT_EXEC_PATH")
"""Variables of git that say how it is set up; the others (GIT_DIR, GIT_INDEX_FILE …) say what a hook works on."""

_FIXED = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "LANGUAGE": "",
}
_SAFE = (
    *("-c", "core.quotePath=false"),
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
)
_INSTALL = "install git, or compare two folders with --base-dir"


class Entry(NamedTuple):
    """What a folder of a commit holds under one name."""

    mode: str
    kind: str
    """`blob`, `tree`, or `commit` for a submodule."""
    id: str

    @property
    def is_link(self) -> bool:
        """Whether this is a symbolic link; its target is what the blob says."""
        return self.mode == "120000"


class Renamed(NamedTuple):
    """A file that stands elsewhere now: its path before and after."""

    before: str
    after: str


@dataclass(frozen=True)
class Repository:
    """A repository as seen from a folder in it; `prefix` is the folder's path below the top, ending in a slash."""

    folder: str
    prefix: str
    shallow: bool

    def commit(self, name: str) -> str | None:
        """The commit that a branch, a tag or anything else that git understands stands for; None if there is none."""
        if not name or name.startswith("-") or re.search(r"[\x00-\x20\x7f]", name):
            raise Stop(f'"{name}" is not the name of a commit; write a branch, a tag or a commit, such as origin/main')
        wanted = f"{name}^{{commit}}"
        found = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", wanted, codes=(0, 1, 128))
        return found.decode().strip() or None

    def superproject(self) -> tuple[str, str] | None:
        """Where a submodule belongs: the folder of the repository around it, and its path there; None if it is none."""
        around = os.fsdecode(self._run("rev-parse", "--show-superproject-working-tree")).removesuffix("\n")
        if not around:
            return None
        top = os.fsdecode(self._run("rev-parse", "--show-toplevel")).removesuffix("\n")
        return around, os.path.relpath(top, around)

    def merge_base(self, one: str, other: str) -> str | None:
        """The commit that two commits grew from; None if none is known."""
        found = self._run("merge-base", one, other, codes=(0, 1)).decode().split()
        return found[0] if found else None

    def default_branch(self, remote: str = "origin") -> str | None:
        """The remote's default branch as it is known here, by its full name."""
        head = f"refs/remotes/{remote}/HEAD"
        named = self._run("symbolic-ref", "--quiet", head, codes=(0, 1, 128)).decode().strip()
        for name in (named, f"refs/remotes/{remote}/main", f"refs/remotes/{remote}/master"):
            if name and self.commit(name):
                return name
        return None

    def entries(self, commit: str, folder: str) -> dict[str, Entry]:
        """What stands in a folder of a commit, by name."""
        where = f"{commit}:{folder}" if folder else commit
        return dict(_entries(self._run("ls-tree", "--full-tree", "-z", where)))

    def files(self, commit: str, folder: str) -> dict[str, Entry]:
        """Every file of a commit below a folder, by its path below the folder."""
        where = f"{commit}:{folder}" if folder else commit
        return dict(_entries(self._run("ls-tree", "--full-tree", "-r", "-z", where)))

    def blobs(self, ids: Sequence[str]) -> Iterator[bytes]:
        """The contents of blobs, in the order of their ids."""
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            data = self._run("cat-file", "--batch", given="".join(f"{each}\n" for each in part).encode())
            yield from _contents(data, part)

    def renamed(self, commit: str) -> list[Renamed]:
        """The files that moved between a commit and the index, by their paths from the top."""
        data = self._diff(commit, "R")
        return [Renamed(data[i + 1], data[i + 2]) for i in range(0, len(data) - 2, 3)]

    def deleted(self, commit: str) -> list[str]:
        """The files of a commit that the index does not have any more, those that moved left out."""
        return self._diff(commit, "D")[1::2]

    def _diff(self, commit: str, kind: str) -> list[str]:
        options = (
            "--cached",
            "--no-relative",
            "-M",
            "-l2000",
            "-r",
            "-z",
            "--no-ext-diff",
            "--name-status",
            f"--diff-filter={kind}",
        )
        return os.fsdecode(self._run("diff-index", *options, commit)).split("\0")[:-1]

    def _run(self, *args: str, given: bytes = b"", codes: Iterable[int] = (0,)) -> bytes:
        done = _git(self.folder, *args, given=given)
        if done.returncode not in codes:
            raise Stop(f"git {args[0]} failed: {_said(done.stderr)}")
        return done.stdout if done.returncode == 0 else b""


def repository(folder: str) -> Repository:
    """The repository that a folder belongs to. Raises Stop, with the remedy, where there is none or git refuses."""
    asked = ("--is-inside-work-tree", "--show-prefix", "--is-shallow-repository", "--absolute-git-dir")
    done = _git(folder, "rev-parse", *asked)
    said = _said(done.stderr)
    shown = folder or "."
    inside, prefix, shallow, home, *_ = [*os.fsdecode(done.stdout).split("\n"), "", "", "", ""]
    bare = "safe.bareRepository" in said or (inside == "true" and _stands_in(folder, home))
    if inside == "true" and not bare:
        return Repository(folder, prefix, shallow == "true")
    if bare:
        raise Stop(
            f"{shown}: not in a git work tree, but within a bare repository, whose settings are not trusted; run in a "
            "clone, remove what makes the folder a repository (HEAD, objects, refs), or name a folder with --base-dir"
        )
    if "dubious ownership" in said or "safe.directory" in said:
        path = os.path.realpath(shown)
        raise Stop(
            f"{shown}: git does not trust this repository, because it belongs to another user; if you do, run "
            f"`git config --global --add safe.directory {path}`"
        )
    if done.returncode == 0 or "must be run in a work tree" in said:
        raise Stop(f"{shown}: not in a git work tree; run in a clone, or name a folder with --base-dir")
    if "not a git repository" in said:
        raise Stop(f"{shown}: not a git repository; run in a clone, or name a folder with --base-dir")
    raise Stop(f"{shown}: git cannot read the repository: {said}")


def _stands_in(folder: str, home: str) -> bool:
    """Whether a folder is what git takes for a repository, or in it: anybody can commit that, with settings for git.

    Since 2.38 git can be told to look for such; of an older one it must be asked.
    """
    inner, outer = os.path.realpath(folder or "."), os.path.realpath(home)
    return os.path.commonpath([inner, outer]) == outer


def blob_id(data: bytes, form: str) -> str:
    """The id under which git keeps a content; `form` is any other id of the same repository."""
    made = (sha256 if len(form) == 64 else sha1)(b"blob %d\0" % len(data), usedforsecurity=False)
    made.update(data)
    return made.hexdigest()


def configure(folder: str, settings: Mapping[str, str]) -> None:
    """Set what a clone is to know, in its own configuration. Raises Stop where the folder is in no repository."""
    found = repository(folder)
    for name, value in settings.items():
        found._run("config", "--local", name, value)


def _git(folder: str, *args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = ["git", "--no-pager", *_SAFE, *args]
    where = folder or None
    try:
        return subprocess.run(  # noqa: S603  # a fixed program, arguments as a list
            command, cwd=where, env=_environment(), input=given, capture_output=True, check=False, timeout=TIMEOUT
        )
    except FileNotFoundError as error:
        if folder and not os.path.isdir(folder):
            raise Stop(f"{folder}: no such folder") from error
        raise Stop(f"git is not installed, or not on PATH; {_INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise Stop(f"git {args[0]} gave no answer within {TIMEOUT:.0f} seconds; run it by hand to see why") from error
    except OSError as error:
        raise Stop(f"git cannot be run: {error.strerror}; {_INSTALL}") from error


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name.startswith(_KEPT)}
    return {**kept, **_FIXED}


def _said(stderr: bytes) -> str:
    lines = [line for line in stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    return (lines[0] if lines else "it gave no reason").removeprefix("fatal: ").removeprefix("error: ")


def _entries(listing: bytes) -> Iterator[tuple[str, Entry]]:
    for line in os.fsdecode(listing).split("\0"):
        if line:
            about, _, path = line.partition("\t")
            mode, kind, identity = about.split(" ")
            yield path, Entry(mode, kind, identity)


def _contents(data: bytes, ids: Sequence[str]) -> Iterator[bytes]:
    """The answers of `cat-file --batch`: a line `<id> blob <size>`, the content, and a line end, for each id."""
    position = 0
    for identity in ids:
        end = data.index(b"\n", position)
        header = data[position:end].split()
        if len(header) != 3 or header[1] != b"blob":
            raise Stop(f"git has no object {identity}; the clone is not complete, `git fsck` says more")
        start, size = end + 1, int(header[2])
        yield data[start : start + size]
        position = start + size + 1
