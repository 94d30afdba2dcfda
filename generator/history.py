"""A file and where to look → the same organization before the change, and what the change may not do.

The base is a commit, read through git without touching the work tree, or a second folder. What cannot be found stops
the program with the remedy; what is found and cannot be read is a problem, and never taken for an empty organization.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from generator.git import Repository, repository
from generator.model.decode import decode
from generator.model.org import Namespace, Org, Workspace
from generator.pipeline import Examined
from generator.problems import Path, Problem, Related, Span, Stop
from generator.reading.document import Document
from generator.reading.reader import read
from generator.reading.sources import Reader, Sources, load
from generator.reading.store import DISK, Commit, Store
from generator.rules.history import Context, judge_history

AUTO = "auto"
"""As the name of a base: the commit that this change grew from, as far as git and the CI know."""

_DEEPEN = "fetch the whole history: `fetch-depth: 0` for actions/checkout, `GIT_DEPTH: 0` in GitLab, or"
_SECTION = re.compile(r"^(\"?)(namespaces|workspaces)\1[ \t]*:[ \t]*(#.*)?$")
_ENTRY = re.compile(r"""^([ ]+)(?:"([^"\\]+)"|'([^']+)'|([^\s#'"{}\[\],&*!|>%@`-][^#:]*?))[ \t]*:(?:[ \t]|$)""")
_AN_ORGANIZATION = re.compile(rb"^organization[ \t]*:", re.MULTILINE)
_LIKE_AN_ORGANIZATION = re.compile(rb"^(organization|namespaces|workspaces)[ \t]*:", re.MULTILINE)
_LOOKED_AT = 200
_LARGEST = 1 << 26
_TRIES = 8


@dataclass(frozen=True)
class Base:
    """Where an organization stood before the change: a file in a store, or nowhere, and then everything is new."""

    file: str
    store: Store = DISK
    path: str = ""
    commit: str = ""

    @property
    def new(self) -> bool:
        """Whether there was nothing before."""
        return not self.path


def find_base(
    file: str, base_ref: str = "", base_dir: str = "", base_file: str = "", environment: Mapping[str, str] = os.environ
) -> Base:
    """Where the organization of `file` stood before the change.

    `base_ref` is any name of a commit; empty or `auto`, it is taken from the CI's variables or the remote's default
    branch. `base_dir` is a folder to compare with instead, and `base_file` the name of the file there, if it differs.
    Raises Stop, with the remedy, where that cannot be found out.
    """
    if base_dir:
        return _in_folder(file, base_dir, base_file)
    folder, name = os.path.split(file)
    clone = repository(folder)
    commit = _base_commit(clone, "" if base_ref == AUTO else base_ref, environment)
    if commit is None:
        return Base(file)
    at_head = clone.prefix + name
    store = Commit(clone, commit, folder, clone.prefix.rstrip("/"))
    if base_file:
        path = os.path.normpath(os.path.join(clone.prefix, os.path.relpath(base_file, folder or ".")))
        if store.kind(path) != "file":
            raise Stop(f"{base_file}: no such file in commit {commit[:12]}; name it as it was called then")
        return Base(file, store, path, commit)
    if store.kind(at_head) == "file":
        return Base(file, store, at_head, commit)
    moved = next((each.before for each in clone.renamed(commit) if each.after == at_head), "")
    if not moved:
        _require_new(file, at_head, store)
    return Base(file, store, moved, commit)


def base_of(file: str, base_ref: str = "", base_dir: str = "", base_file: str = "") -> Examined:
    """The organization before the change, with what is wrong with its form; without documents where there was none.

    A file that cannot be read to its end has no `org`, as in `examine`. No rule is asked: what was merged was judged.
    """
    return examine_base(find_base(file, base_ref, base_dir, base_file))


def examine_base(base: Base, reader: Reader = read) -> Examined:
    """Read and decode the base."""
    if base.new:
        return Examined(base.file, Sources((), ()), None, ())
    sources = load(base.path, base.store, reader)
    problems = list(sources.problems)
    org: Org | None = None
    if sources.complete:
        org, structural = decode(sources.documents)
        problems += structural
    return Examined(base.store.shown(base.path), sources, org, tuple(problems))


def rendered_at(base: Base, folder: str, likely: Callable[[], Mapping[str, bytes]] = dict) -> dict[str, bytes]:
    """The files of a folder of `rendered/` at the base, by their path below it; `folder` as it is called now.

    `likely` is asked for what they probably are, so that not all of them have to be fetched from a commit.
    """
    if base.new:
        return {}
    below = os.path.relpath(folder, os.path.dirname(base.file) or ".")
    path = os.path.normpath(os.path.join(os.path.dirname(base.path), below))
    if isinstance(base.store, Commit):
        return base.store.files(path, likely)
    found = {}
    for parent, _, names in os.walk(path):
        for name in names:
            full = os.path.join(parent, name)
            if os.path.isfile(full) and not os.path.islink(full):
                (found[os.path.relpath(full, path)],) = base.store.read([full], 1 << 30)
    return found


def compare_history(
    head: Examined,
    base_ref: str = "",
    base_dir: str = "",
    allow_removals: int | None = None,
    base_file: str = "",
) -> list[Problem]:
    """What the change from the base to `head` may not do, each problem at its place in the head's files.

    Nothing is said of a head that could not be read itself: its own problems say so. Raises Stop where there is no base
    to be found.
    """
    return compare_with(examine_base(find_base(head.file, base_ref, base_dir, base_file)), head, allow_removals)


def compare_with(base: Examined, head: Examined, allow_removals: int | None = None) -> list[Problem]:
    """As `compare_history`, with a base that was read before."""
    if head.org is None or not base.sources.documents:
        return []
    if [each.text for each in base.sources.documents] == [each.text for each in head.sources.documents]:
        return []
    before, sources, unknown = _readable(base)
    context = Context(allow_removals, sources.locate, unknown=unknown)
    found = [*_unreadable(base, head), *map(head.sources.located, judge_history(before, head.org, context))]
    return sorted(found, key=lambda problem: head.sources.locate(problem.place))


def lost_organizations(files: Sequence[str], base_ref: str = "") -> list[Problem]:
    """The organizations beside these files that were there before the change and are not any more.

    Only one whose namespaces were all in `decommission` may go; git looks in the folders of the files alone, because
    an example or a test elsewhere is no organization.
    """
    found: list[Problem] = []
    for folder in dict.fromkeys(os.path.dirname(file) for file in files):
        clone = repository(folder)
        commit = _base_commit(clone, "" if base_ref == AUTO else base_ref, os.environ)
        if commit is None:
            continue
        store = Commit(clone, commit, folder, clone.prefix.rstrip("/"))
        for path in clone.deleted(commit):
            beside = os.path.dirname(path) == store.head and path.endswith((".yaml", ".yml"))
            if beside and store.kind(path) == "file" and _AN_ORGANIZATION.search(next(store.read([path], _LARGEST))):
                found += _lost(examine_base(Base(path, store, path, commit)))
    return found


def _lost(base: Examined) -> Iterator[Problem]:
    org = _readable(base)[0]
    alive = [name for name, namespace in org.namespaces.items() if namespace.state != "decommission"]
    if alive or base.org is None:
        what = f'{len(alive):,} of its namespaces, among them "{alive[0]}", were' if alive else "what it held was"
        message = (
            f'organization "{org.organization.name}" disappears with its file, but {what} not in `decommission`; put '
            "the file back, or name the file that took its place when you check"
        )
        place = Span(base.file.removesuffix(" at base"), 1, 1, 1, 1)
        yield Problem(message, place, rule="organization-removed")


def _in_folder(file: str, folder: str, name: str) -> Base:
    if not os.path.isdir(folder):
        raise Stop(f"{folder}: no such folder; --base-dir names the folder as it was before the change")
    names = [name] if name else [file] * (not os.path.isabs(file)) + [os.path.basename(file)]
    for each in names:
        path = os.path.join(folder, each)
        if os.path.isfile(path):
            return Base(file, DISK, path)
    raise Stop(f"{os.path.join(folder, names[-1])}: no such file; name the file there with --base-file")


def _base_commit(clone: Repository, name: str, environment: Mapping[str, str]) -> str | None:
    """The commit that this change grew from; None where nothing was before."""
    head = clone.commit("HEAD")
    if head is None and not name:
        return None  # a repository without commits
    if not name and (around := clone.superproject()):
        return _pinned(clone, *around, environment)
    wanted, source = (name, "--base") if name else _from_ci(environment)
    if not wanted:
        wanted, source = clone.default_branch() or "", "the remote's default branch"
    if not wanted:
        if clone.commit("HEAD^") is None and not clone.shallow:
            return None  # the first commit
        raise Stop(
            f"it is not known what to compare with: there is no origin/HEAD, origin/main or origin/master; "
            f"{_remedy(clone, 'name a commit with --base, or run `git remote set-head origin --auto`')}"
        )
    commit = next((found for each in _spellings(wanted, source) if (found := clone.commit(each))), None)
    if commit is None:
        branch = wanted.removeprefix("refs/remotes/").removeprefix("origin/")
        fetch = f"+refs/heads/{branch}:refs/remotes/origin/{branch}" if _is_branch(source) else branch
        remedy = _remedy(clone, f"run `git fetch origin {fetch}`, or name another commit with --base")
        raise Stop(f'there is no commit "{wanted}" here ({source}); {remedy}')
    if head is None:
        return commit
    common = clone.merge_base(commit, head)
    if common is None:
        if clone.shallow:
            raise Stop(f'where this change left "{wanted}" is not known here, because {_remedy(clone, "")}')
        return commit
    if common == head and source != "--base" and (environment.get("CI") or environment.get("JENKINS_URL")):
        return _before(clone, environment)  # what was pushed to the branch itself
    return common


def _pinned(clone: Repository, folder: str, path: str, environment: Mapping[str, str]) -> str | None:
    """The commit of a submodule that the repository around it named before the change."""
    around = repository(folder)
    before = _base_commit(around, "", environment)
    if before is None:
        return None
    entry = Commit(around, before).entry(path)
    if entry is None or entry.kind != "commit":
        raise Stop(f'commit {before[:12]} of {folder} has no submodule "{path}"; name a commit of it with --base')
    if clone.commit(entry.id) is None:
        raise Stop(f'the submodule "{path}" has no commit {entry.id}; run `git -C {path} fetch origin {entry.id}`')
    return entry.id


def _before(clone: Repository, environment: Mapping[str, str]) -> str | None:
    """The commit that a branch stood at before the push that is being checked."""
    pushed = environment.get("CI_COMMIT_BEFORE_SHA") or _github_before(environment.get("GITHUB_EVENT_PATH", ""))
    found = (clone.commit(pushed) if pushed.strip("0") else None) or clone.commit("HEAD^")
    if found is None and clone.shallow:
        raise Stop(f"the commit before this one is not known here, because {_remedy(clone, '')}")
    return found


def _github_before(event: str) -> str:
    import json

    try:
        with open(event, "rb") as stream:
            before = json.load(stream).get("before", "")
    except (OSError, ValueError, AttributeError):
        return ""
    return before if isinstance(before, str) and re.fullmatch(r"[0-9a-f]{40,64}", before) else ""


def _from_ci(environment: Mapping[str, str]) -> tuple[str, str]:
    """What the CI says that a change is to be merged into, and the variable that says so."""
    for variable in (
        "GITHUB_BASE_REF",
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
        "CHANGE_TARGET",
    ):
        if value := environment.get(variable):
            return value, variable
    return "", ""


def _spellings(wanted: str, source: str) -> list[str]:
    """What a name may stand for. A branch that the CI names is the remote's, whatever else has its name."""
    return [f"refs/remotes/origin/{wanted}"] if _is_branch(source) else [wanted]


def _is_branch(source: str) -> bool:
    return source.endswith(("_REF", "_NAME", "_TARGET"))


def _remedy(clone: Repository, otherwise: str) -> str:
    return f"this clone is shallow; {_DEEPEN} `git fetch --unshallow`" if clone.shallow else otherwise


def _require_new(file: str, at_head: str, store: Commit) -> None:
    """Raises Stop where the file may be one that stood elsewhere before, and so must not count as new."""
    folder = os.path.dirname(at_head)
    beside = [name for name in store.names(folder) if not os.path.lexists(os.path.join(os.path.dirname(file), name))]
    gone = dict.fromkeys([*store.repository.deleted(store.id), *(os.path.join(folder, name) for name in beside)])
    suspects = [path for path in gone if path.endswith((".yaml", ".yml")) and store.kind(path) == "file"]
    suspects = [path for path in suspects if "/namespaces/" not in path][:_LOOKED_AT]
    texts = zip(suspects, store.read(suspects, 1 << 20), strict=True)
    known = [path for path, data in texts if _LIKE_AN_ORGANIZATION.search(data)]
    known = known[:1] or _rendered_before(file, store)
    if known:
        shown = store.shown(known[0]).removesuffix(" at base")
        raise Stop(
            f"{file}: not in the base, commit {store.id[:12]}, where {shown} was; if that is the same organization, "
            f"name its file with --base-file; git recognises a moved file once it was added (`git add {file}`)"
        )


def _rendered_before(file: str, store: Commit) -> list[str]:
    """What was rendered before for the cluster that the file names, if anything."""
    sources = load(file)
    if not sources.complete:
        return []
    org, _ = decode(sources.documents)
    folder = os.path.normpath(os.path.join(store.head, "rendered", org.cluster.name, "namespaces"))
    return [folder] if org.cluster.name and store.kind(folder) == "folder" else []


def _unreadable(base: Examined, head: Examined) -> Iterator[Problem]:
    """What must be said of a base with problems."""
    errors = [problem for problem in base.problems if problem.severity == "error"]
    if not errors:
        return
    first = errors[0]
    place = Span(head.sources.documents[0].file, 1, 1, 1, 1)
    where = base.sources.locate(first.place)
    related = (Related(where, first.message),)
    if base.org is None:
        message = (
            f"the base cannot be read to its end ({first.rule}), so it is not known what this change removes; name the "
            "last commit in which it could be, with --base"
        )
        yield Problem(message, place, related, "base-unreadable")
    else:
        count = f"{len(errors):,} problems" if len(errors) > 1 else "a problem"
        message = f"the base has {count} in its form; its names are known and were compared"
        yield Problem(message, place, related, "base-with-problems", "warning")


def _readable(base: Examined) -> tuple[Org, Sources, frozenset[Path]]:
    """The organization as far as it can be read, the documents to find its places in, and what is only a name."""
    if base.org is not None:
        return base.org, base.sources, frozenset()
    documents = tuple(_salvaged(document, base.problems) for document in base.sources.documents)
    org, _ = decode(documents)
    namespaces, workspaces = dict(org.namespaces), dict(org.workspaces)
    unknown: set[Path] = set()
    for document in base.sources.documents:
        if not document.complete:
            for section, name in _named(document.text):
                if section == "namespaces" and name not in namespaces:
                    namespaces[name] = Namespace(name=name)
                    unknown.add((section, name))
                elif section == "workspaces" and name not in workspaces:
                    workspaces[name] = Workspace(name=name)
                    unknown.add((section, name))
    return replace(org, namespaces=namespaces, workspaces=workspaces), Sources(documents, ()), frozenset(unknown)


def _salvaged(document: Document, problems: tuple[Problem, ...]) -> Document:
    """The longest beginning of a broken file that can be read, cut before an entry; an empty one if there is none."""
    if document.complete:
        return document
    lines = document.text.splitlines(keepends=True)
    places = [problem.place for problem in problems if problem.rule and isinstance(problem.place, Span)]
    bad = min((place.line for place in places if place.file == document.file), default=len(lines))
    end = min(bad, len(lines))
    for _ in range(_TRIES):
        while end > 0 and not re.match(r"[ ]{0,2}[^\s#-]", lines[end - 1]):
            end -= 1
        end -= 1
        if end <= 0:
            break
        found, _problems = read("".join(lines[:end]).encode("utf-8", "surrogatepass"), document.file)
        if found.complete:
            return found
    return Document(document.file, "", None)


def _named(text: str) -> Iterator[tuple[str, str]]:
    """The names that stand where entries of `namespaces` and `workspaces` stand, readable or not."""
    section, indentation = "", ""
    for line in text.splitlines():
        if line[:1] not in (" ", "#", "", "\t", "-"):
            found = _SECTION.match(line)
            section, indentation = (found[2] if found else ""), ""
        elif section and (entry := _ENTRY.match(line)):
            indentation = indentation or entry[1]
            if entry[1] == indentation:
                yield section, entry[2] or entry[3] or entry[4]
