"""Org → the block of CODEOWNERS that is ours: who approves a change of which file.

The last line that matches wins at every git host, so what is general comes first, then fragments and namespaces, and
last what belongs to the platform whatever stands above it. Any one of a line's owners may approve.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.files import read_file
from generator.model.org import Org
from generator.problems import At, Problem, Span
from generator.reading.document import Map
from generator.reading.sources import Sources
from generator.reading.store import work_tree
from generator.settings import Settings

LOCATIONS = (".github/CODEOWNERS", "CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where the file may stand, from the top of the repository."""

LARGEST = 3_000_000
"""GitHub ignores a larger file altogether, and says so nowhere near the pull request."""

_PLAIN = re.compile(r"[A-Za-z0-9._/+=,@~-]+")
_PATTERN = re.compile(r"[A-Za-z0-9._/*-]+")


@dataclass(frozen=True)
class Owned:
    """The files of a repository that are owned by somebody, by their paths from its top."""

    file: str
    """The organization's own file."""
    rendered: str
    """The folder of its cluster; nothing where it is outside of the repository."""
    fragments: Mapping[str, tuple[str, ...]]
    """The namespaces that each fragment defines."""
    patterns: tuple[str, ...] = ()
    """What `include` names: a fragment that is not there yet belongs to the platform."""
    platform: tuple[str, ...] = ()
    """Settings, templates and rules."""


@dataclass(frozen=True)
class Compiled:
    """What CODEOWNERS should be: the files that differ, with their texts, and what stands in the way."""

    stale: Mapping[str, bytes]
    problems: tuple[Problem, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether something must be mended before anything is written."""
        return any(problem.severity == "error" for problem in self.problems)


def compile_codeowners(org: Org, sources: Sources, settings: Settings, file: str, folder: str) -> Compiled:
    """Hold every marked CODEOWNERS of the repository against the organization in `file`, rendered into `folder`.

    Reads, and writes nothing. Where no CODEOWNERS has the block of this organization, there is nothing to do.
    """
    root = top(file)
    name = _below(root, file) or os.path.basename(file)
    found = [(path, data) for path in _files(root) if any(_marks(data := read_file(path), name))]
    if not found:
        return Compiled({})
    owned = _owned(org, sources, settings, root, name, folder)
    stale: dict[str, bytes] = {}
    problems = [sources.located(problem) for problem in _without_handle(org)]
    for path, data in found:
        begins, ends = _marks(data, name)
        if len(begins) != 1 or len(ends) != 1 or begins[0] > ends[0]:
            line = (begins or ends)[-1] + 1
            message = f'a block has one line "{_begin(name)}" and below it one "{_end(name)}"; put them right'
            problems.append(Problem(message, Span(path, line, 1, line, 1), rule="codeowners-block"))
            continue
        made = replace_block(data, begins[0], ends[0], block(org, owned, _below(root, path)))
        if len(made) > LARGEST:
            message = f"the file would have {len(made):,} bytes; GitHub ignores it above {LARGEST:,}"
            problems.append(Problem(message, Span(path, 1, 1, 1, 1), rule="codeowners-too-large"))
        elif made != data:
            stale[path] = made
    return Compiled(stale, tuple(problems))


def at_hand(file: str) -> dict[str, bytes]:
    """Every CODEOWNERS of the repository that a file stands in, with what it says."""
    return {path: read_file(path) for path in _files(top(file))}


def block(org: Org, owned: Owned, itself: str = "") -> list[str]:
    """The lines of the block, markers included; the same for every order of the keys in `org.yaml`."""
    platform = _handles(org, org.policy.platform_owners)
    lines = [_begin(owned.file)]
    if platform:
        general = [f"{owned.rendered}/"] if owned.rendered else []
        lines += _lines([*general, *owned.patterns], platform, _PATTERN)
    for fragment, names in sorted(owned.fragments.items()):
        groups = (group for name in names if name in org.namespaces for group in org.namespaces[name].owners)
        lines += _lines([fragment], _handles(org, groups) or platform)
    if owned.rendered:
        for name, namespace in sorted(org.namespaces.items()):
            if handles := _handles(org, namespace.owners):
                lines += _lines([f"{owned.rendered}/namespaces/{name}/"], handles)
        if platform:
            lines += _lines([f"{owned.rendered}/cluster/", f"{owned.rendered}/delivery/"], platform)
    if platform:
        lines += _lines([owned.file, *owned.platform, *([itself] if itself else [])], platform)
    lines.append(_end(owned.file))
    return lines


def empty_block(file: str) -> str:
    """The two markers between which the first rendering writes."""
    return f"{_begin(file)}\n{_end(file)}\n"


def replace_block(data: bytes, first: int, last: int, lines: Iterable[str]) -> bytes:
    """The file with other lines from the first to the last marker; everything else is kept to the byte."""
    kept = data.splitlines(keepends=True)
    ending = b"\r\n" if kept[first].endswith(b"\r\n") else b"\n"
    made = ending.join(line.encode() for line in lines)
    made += ending if kept[last].endswith(b"\n") else b""
    return b"".join([*kept[:first], made, *kept[last + 1 :]])


def _lines(paths: Iterable[str], handles: Iterable[str], plain: re.Pattern[str] = _PLAIN) -> Iterator[str]:
    """A line for each path; no escape is understood by every host, so what would need one is said in a comment."""
    owners = " ".join(handles)
    for path in paths:
        if not owners:
            continue
        if plain.fullmatch(path):
            yield f"/{path} {owners}"
        else:
            yield f"# cannot be written here, because of a character in its name: {path!r} {owners}"


def _handles(org: Org, groups: Iterable[str]) -> list[str]:
    return sorted({handle for name in groups if name in org.groups and (handle := org.groups[name].codeowner)})


def _without_handle(org: Org) -> Iterator[Problem]:
    named = {group for namespace in org.namespaces.values() for group in namespace.owners}
    named.update(org.policy.platform_owners)
    for name in sorted(named):
        if name in org.groups and not org.groups[name].codeowner:
            message = f'group "{name}" has no handle at the git host and is left out of CODEOWNERS; write `codeowner:`'
            yield Problem(message, At(("groups", name), key=True), rule="codeowner-missing", severity="warning")
    if not _handles(org, org.policy.platform_owners):
        message = "nobody owns org.yaml in CODEOWNERS; write `platformOwners:` with a group that has a handle"
        yield Problem(message, At(("policy",), key=True), rule="codeowner-missing", severity="warning")


def _owned(org: Org, sources: Sources, settings: Settings, root: str, name: str, folder: str) -> Owned:
    fragments: dict[str, tuple[str, ...]] = {}
    for document in sources.documents[1:]:
        if path := _below(root, document.file):
            core = document.core.root
            spaces = core.get("namespaces") if isinstance(core, Map) else None
            names = document.completed("namespaces", dict(spaces)) if isinstance(spaces, Map) else ()
            fragments[path] = tuple(map(str, names))
    beside = os.path.dirname(name)
    patterns = sorted({f"{beside}/{glob}" if beside else glob for glob in map(_pattern, org.include) if glob})
    kept = [settings.file] if settings.file else []
    kept += [f"{path}/" if path.is_dir() else str(path) for path in settings.templates]
    kept += [str(path) for path in settings.rules]
    platform = sorted({below for path in kept if (below := _below(root, path))})
    return Owned(name, _below(root, folder), fragments, tuple(patterns), tuple(platform))


def _pattern(glob: str) -> str:
    """A pattern that covers what a glob matches: itself, or the folder that it begins with."""
    if _PATTERN.fullmatch(glob):
        return glob if "*" in glob else ""
    folders = glob.split("/")[:-1]
    plain = [folder for folder in folders if _PATTERN.fullmatch(folder) and "*" not in folder]
    return f"{plain[0]}/" if plain and plain[0] == folders[0] else ""


def top(file: str) -> str:
    """The top of the repository that a file stands in; its own folder where there is none."""
    own = os.path.dirname(os.path.realpath(file))
    return work_tree(own) or own


def _below(root: str, path: str) -> str:
    """A path from the top of the repository, with a slash at the end where it had one; nothing if it is outside."""
    slash = "/" if path.endswith("/") else ""
    found = os.path.relpath(os.path.realpath(path), root).replace(os.sep, "/")
    return "" if found in (".", "..") or found.startswith("../") else found + slash


def _files(root: str) -> list[str]:
    """The CODEOWNERS of a repository, named from the working directory where they are below it."""
    here = os.path.realpath(".")
    shown = root if os.path.relpath(root, here).startswith("..") else os.path.relpath(root, here)
    paths = {os.path.normpath(os.path.join(shown, location)): os.path.join(root, location) for location in LOCATIONS}
    return [path for path, real in paths.items() if os.path.isfile(path) and os.path.realpath(path) == real]


def _marks(data: bytes, name: str) -> tuple[list[int], list[int]]:
    """The lines that begin and end the block of an organization, counted from 0."""
    lines = [line.decode("utf-8", "replace") for line in data.splitlines()]
    begins = [number for number, line in enumerate(lines) if f"{line} ".startswith(f"{_begin(name)} ")]
    ends = [number for number, line in enumerate(lines) if f"{line} ".startswith(f"{_end(name)} ")]
    return begins, ends


def _begin(name: str) -> str:
    return f"# verta-gitops: begin {name}"


def _end(name: str) -> str:
    return f"# verta-gitops: end {name}"
