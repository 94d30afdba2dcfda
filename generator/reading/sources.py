"""org.yaml and the fragments that it includes → Documents: the only place that reads files of an organization."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from generator.problems import At, Problem, Related, Span, Stop
from generator.reading.document import Document, Map, Seq
from generator.reading.reader import MAX_BYTES, read

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


def load(file: str) -> Sources:
    """Read `file` (as the user named it) and all fragments that it includes.

    Raises Stop where the file itself cannot be read; a fragment that cannot be used is a problem at its `include`.
    """
    document, problems = read(_bytes(file), file)
    documents = [document]
    if isinstance(document.root, Map) and isinstance(globs := document.root.get("include"), Seq):
        budget = MAX_BYTES - len(document.text)
        for path, at in _fragments(file, document, globs, problems):
            data = _bytes(path)
            budget -= len(data)
            if budget < 0 or len(documents) > MAX_FRAGMENTS:
                message = f"the fragments have more than {MAX_BYTES:,} bytes, or are more than {MAX_FRAGMENTS:,} files"
                problems.append(Problem(message, at, rule="file-too-large"))
                documents.append(Document(path, "", None, complete=False))
                break
            fragment, found = read(data, path)
            documents.append(fragment)
            problems.extend(found)
    return Sources(tuple(documents), tuple(problems))


def _fragments(file: str, document: Document, globs: Seq, problems: list[Problem]) -> list[tuple[str, Span]]:
    """The files that `include` names, each once, in a stable order, with the place that named them."""
    folder = Path(file).parent
    inside = os.path.realpath(folder)
    found: dict[str, Span] = {os.path.realpath(file): Span(file, 1, 1, 1, 1)}
    fragments = []
    for position, glob in enumerate(globs):
        at = document.locate(("include", position))
        if not isinstance(glob, str):
            continue  # the model says so
        if glob.startswith(("/", "\\", "~")) or ".." in glob.replace("\\", "/").split("/") or "\0" in glob:
            message = f'"{glob}" leaves the folder of {Path(file).name}; fragments stand in it or below'
            problems.append(Problem(message, at, rule="include-escapes"))
            continue
        try:
            matches = sorted(folder.glob(glob)) if glob else []
        except (ValueError, NotImplementedError, OSError) as error:
            problems.append(Problem(f'"{glob}" is not a file name or pattern: {error}', at, rule="include-invalid"))
            continue
        if not matches:
            message = f'no file matches "{glob}"; a lost fragment would take its namespaces along'
            problems.append(Problem(message, at, rule="include-without-match"))
        for match in matches:
            real = os.path.realpath(match)
            if os.path.commonpath([inside, real]) != inside:
                message = f'"{match.name}" is a link that leaves the folder of {Path(file).name}'
                problems.append(Problem(message, at, rule="include-escapes"))
            elif real in found:
                if glob == match.relative_to(folder).as_posix():
                    message = f'"{glob}" is already included'
                    related = (Related(found[real], "first included here"),)
                    problems.append(Problem(message, at, related, rule="include-repeated"))
            elif not stat.S_ISREG(os.stat(real).st_mode):
                problems.append(Problem(f'"{match.name}" is not a file', at, rule="include-invalid"))
            else:
                found[real] = at
                fragments.append((os.path.join(os.path.dirname(file), match.relative_to(folder)), at))
    return fragments


def _bytes(path: str) -> bytes:
    try:
        with open(path, "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise Stop(f"{path}: not a file")
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise Stop(f"{path}: no such file; name the organization's file, or run where org.yaml is") from None
    except OSError as error:
        raise Stop(f"{path}: cannot be read: {error.strerror}") from error
