"""Org + what is remembered → Tree: what did not change since the last rendering is not rendered again.

Where nothing at all changed, neither what is read nor what was written, not even the organization is made again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from generator.cache import cache_file, digest, program_digest, read_cache, write_cache
from generator.codeowners import at_hand, top
from generator.files import Stamps, read_file, stamps
from generator.lint import known_versions
from generator.memory import common_digest, entry_digests, recall, remembered
from generator.model.org import Org, Workspace
from generator.pipeline import Examined, Rulebook, asked_rules
from generator.problems import Problem, Related, Span, Stop
from generator.reading.document import Document, Map, Plain, Seq
from generator.reading.sources import Sources, load
from generator.rendering.folders import template_folders

if TYPE_CHECKING:
    from generator.rendering.environment import Templates
    from generator.rendering.tree import Tree


@dataclass(frozen=True)
class Unchanged:
    """A folder that is known to be what its organization renders to, and what is wrong with the latter."""

    examined: Examined
    workspaces: int
    files: int


def render_anew(
    org: Org,
    sources: Sources,
    templates: Templates,
    folder: str,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[Tree, Stamps | None, Callable[[], str]]:
    """The tree of an organization whose files are in `folder`, the stamps of these, and a function that remembers it.

    The function is called once the folder is the tree; it gives the digest of what is remembered if that is all of it.
    `tick` is told how many namespaces are done. The tree is the same with and without a memory; only what it costs
    differs.
    """
    from generator.rendering.tree import render

    made = _Keeping(sources, templates, folder, tick)
    tree: Tree = dict(render(org, templates, made.keep))

    def remember() -> str:
        paths = list(tree)
        tree.clear()  # the texts are on the disk now, and their memory is worth having back
        after = remembered(folder, made.memory, made.digests, paths)
        return after.save() if after.whole else after.save() and ""

    return tree, made.there, remember


def rendered_now(org: Org, sources: Sources, templates: Templates, folder: str) -> dict[str, str]:
    """The text of every file of an organization; where one in `folder` is known to be that, it is read."""
    from generator.rendering.tree import render

    made = _Keeping(sources, templates, folder)
    try:
        tree = {
            path: read_file(f"{folder}/{path}").decode() if text is None else text
            for path, text in render(org, templates, made.keep)
        }
    except (Stop, UnicodeDecodeError):  # of somebody who is changing the folder just now
        tree = {path: text or "" for path, text in render(org, templates)}
    return tree


class _Keeping:
    """What is remembered of a folder, and the digests of all units as they are asked for."""

    def __init__(
        self,
        sources: Sources,
        templates: Templates,
        folder: str,
        tick: Callable[[int], None] = lambda done: None,
    ) -> None:
        common = common_digest(sources, program_digest(*templates.folders))
        self.memory = recall(folder)[0].under(common)
        self.there = stamps(folder)
        self.entries = entry_digests(sources)
        self.digests: dict[str, str] = {}
        self.tick = tick

    def keep(self, home: str, inhabitants: Sequence[Workspace]) -> Iterable[str] | None:
        """The paths of a namespace's files, if rendering it now would write what is there."""
        inputs = [self.entries["workspaces"][workspace.name] for workspace in inhabitants]
        inputs.append(self.entries["namespaces"].get(home, ""))
        self.digests[home] = "".join(inputs) if len(inputs) == 2 else digest(*inputs)
        self.tick(len(self.digests))
        return self.memory.kept(home, self.digests[home], self.there or {})


class Answer:
    """What the last run of a file said, for one that finds everything as it was then.

    Nothing is remembered of an organization with rules of its own: only these know what they look at.
    """

    def __init__(self, file: str, output: str, book: Rulebook) -> None:
        """See what a run depends on besides the organization, before the run does."""
        self.file, self.output, self.book = file, output, book
        self.cache = "" if book.own else cache_file("answer", file, output, outside=output or ".")
        self.owned = at_hand(file) if self.cache else {}
        self.program = program_digest(*template_folders(book.settings.templates))

    def recall(self) -> Unchanged | None:
        """The answer of the last run if nothing changed, in what is read and in what was written; otherwise None."""
        content, _ = read_cache(self.cache)
        try:
            include = content["include"]
            sources = load(self.file, read=lambda data, name: (_unread(data, name, include), []))
            if sources.problems or self._inputs(sources, self.owned) != content["inputs"]:
                return None
            folder = os.path.join(self.output, content["cluster"])
            memory, found = recall(folder)
            there = stamps(folder) if found == content["rendered"] else None
            files = memory.matches(there) if there is not None else 0
            if not files:
                return None
            problems = tuple(_problem(each) for each in content["problems"])
            asked = tuple(rule.id for rule in asked_rules(self.book))
            settings, entries = self.book.settings, self.book.entries
            examined = Examined(self.file, sources, None, problems, settings, entries, asked)
            return Unchanged(examined, content["workspaces"], files)
        except (Stop, ValueError, TypeError, KeyError, AttributeError):
            return None  # the run that follows says what is wrong

    def remember(
        self, examined: Examined, problems: Sequence[Problem], written: Mapping[str, bytes], rendered: str
    ) -> None:
        """Keep what a run said that leaves everything as it should be.

        `written` is what it wrote into CODEOWNERS, and `rendered` the digest of what is remembered of the folder.
        """
        org = examined.org
        if org is None or not rendered or not self.cache:
            return
        content = {
            "inputs": self._inputs(examined.sources, {**self.owned, **written}),
            "include": org.include,
            "cluster": org.cluster.name,
            "workspaces": len(org.workspaces),
            "problems": [_plain(problem) for problem in problems],
            "rendered": rendered,
        }
        write_cache(self.cache, content)

    def _inputs(self, sources: Sources, owned: Mapping[str, bytes]) -> str:
        """Digest of all that decides what is said: program, templates, settings, CODEOWNERS, and the files."""
        settings = self.book.settings
        return digest(
            self.program,
            " ".join(known_versions()),
            *(self.file, self.output, os.path.realpath("."), top(self.file), settings.file, settings.text),
            *(part for path, data in sorted(owned.items()) for part in (path, data.decode("latin-1"))),
            *(os.path.realpath(document.file) for document in sources.documents if owned),
            *(part for document in sources.documents for part in (document.file, document.text)),
        )


def _unread(data: bytes, name: str, include: Sequence[str]) -> Document:
    """A file of which nothing is known but its text, and what it includes if it is the one that was read last."""
    root = Map()
    root["include"] = globs = Seq()
    for glob in include:
        globs.append(Plain(glob))
        globs.marks.extend((0, 0))
    root.marks.extend((0, 0, 0, 0))
    return Document(name, data.removeprefix(b"\xef\xbb\xbf").decode("utf-8"), root)


def _plain(problem: Problem) -> list[object]:
    related = [[list(each.place), each.message] for each in problem.related]
    return [problem.message, list(problem.place), related, problem.rule, problem.severity, list(problem.path)]


def _problem(plain: Sequence[object]) -> Problem:
    message, place, related, rule, severity, path = plain
    others = tuple(Related(Span(*where), text) for where, text in related)  # type: ignore[attr-defined]
    return Problem(message, Span(*place), others, rule, severity, tuple(path))  # type: ignore[arg-type,misc]
