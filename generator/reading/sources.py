"""org.yaml and the fragments that it includes → Documents: the only place that reads files of an organization."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from generator.problems import At, Problem, Related, Span
from generator.reading.document import Document, Map, Seq
from generator.reading.reader import MAX_BYTES, read
from generator.reading.store import DISK, Store, matches, within

MAX_FRAGMENTS = 2000


@dataclass(frozen=True)
class Sources:
    """The documents of one organization, `org.yaml` first, and what was wrong with their form."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]

    @property
    def complete(self) -> bool:
        """Whether every file was found and understood to its end; if not, nothing can be said of what is missing."""
        return all(document.complete for document in self.documents)

    def locate(self, place: At | Span) -> Span:
        """Where a place of the organization is written; in the file that has the most of it."""
        if isinstance(place, Span):
            return place
        best, depth = self.documents[0].find(place)
        for document in self.documents[1:]:
            if depth == len(place.path):
                break
            found, deep = document.find(place)
            if deep > depth:
                best, depth = found, deep
        return best

    def located(self, problem: Problem) -> Problem:
        """The problem with spans in the place of paths."""
        path = problem.place.path if isinstance(problem.place, At) else problem.path
        related = tuple(Related(self.locate(each.place), each.message) for each in problem.related)
        place = self.locate(problem.place)
        return Problem(problem.message, place, related, problem.rule, problem.severity, path)


Reader = Callable[[bytes, str], tuple[Document, list[Problem]]]
"""The content of a file and its name → its document, and what is wrong with its form."""


def load(file: str, store: Store = DISK, read: Reader = read) -> Sources:
    """Read `file` (as the store names it) and all fragments that it includes.

    Raises Stop where the file itself cannot be read; a fragment that cannot be used is a problem at its `include`.
    """
    data = next(store.read([file], MAX_BYTES + 1))
    document, problems = read(data, store.shown(file))
    documents = [document]
    root = document.core.root
    if isinstance(root, Map) and isinstance(globs := root.get("include"), Seq):
        budget = MAX_BYTES - len(data)
        fragments, unknown = _fragments(file, document, globs, problems, store)
        documents += [Document(store.shown(path), "", None, complete=False) for path in unknown]
        contents = store.read([path for path, _ in fragments], MAX_BYTES + 1)
        for (path, at), data in zip(fragments, contents, strict=True):
            budget -= len(data)
            if budget < 0 or len(documents) > MAX_FRAGMENTS:
                message = f"the fragments have more than {MAX_BYTES:,} bytes, or are more than {MAX_FRAGMENTS:,} files"
                problems.append(Problem(message, at, rule="file-too-large"))
                documents.append(Document(store.shown(path), "", None, complete=False))
                break
            fragment, found = read(data, store.shown(path))
            documents.append(fragment)
            problems.extend(found)
    return Sources(tuple(documents), tuple(problems))


def _fragments(
    file: str, document: Document, globs: Seq, problems: list[Problem], store: Store
) -> tuple[list[tuple[str, Span]], list[str]]:
    """The files that `include` names, each once, in a stable order, with the place that named them.

    The second list are those of which the store only knows that there is something.
    """
    folder, name = os.path.split(file)
    inside = store.real(folder)
    found: dict[str, Span] = {store.real(file): Span(document.file, 1, 1, 1, 1)}
    fragments: list[tuple[str, Span]] = []
    unknown: list[str] = []
    for position, glob in enumerate(globs):
        at = document.locate(("include", position))
        if not isinstance(glob, str):
            continue  # the model says so
        if glob.startswith(("/", "\\", "~")) or ".." in glob.replace("\\", "/").split("/") or "\0" in glob:
            message = f'"{glob}" leaves the folder of {name}; fragments stand in it or below'
            problems.append(Problem(message, at, rule="include-escapes"))
            continue
        try:
            paths = matches(store, folder, glob) if glob else []
        except ValueError as error:
            problems.append(Problem(f'"{glob}" is not a file name or pattern: {error}', at, rule="include-invalid"))
            continue
        if not paths:
            message = f'no file matches "{glob}"; a lost fragment would take its namespaces along'
            problems.append(Problem(message, at, rule="include-without-match"))
        for below in paths:
            path = os.path.join(folder, below)
            real, kind = store.real(path), store.kind(path)
            if real in found:
                if glob == below:
                    message = f'"{glob}" is already included'
                    related = (Related(found[real], "first included here"),)
                    problems.append(Problem(message, at, related, rule="include-repeated"))
            elif not within(inside, real):
                message = f'"{os.path.basename(path)}" is a link that leaves the folder of {name}'
                problems.append(Problem(message, at, rule="include-escapes"))
            elif kind == "submodule":
                message = f'"{below}" is a submodule, whose files are not in this commit; fragments stand beside {name}'
                problems.append(Problem(message, at, rule="include-invalid"))
                unknown.append(path)
            elif kind != "file":
                problems.append(Problem(f'"{os.path.basename(path)}" is not a file', at, rule="include-invalid"))
            else:
                found[real] = at
                fragments.append((path, at))
    return fragments, unknown
