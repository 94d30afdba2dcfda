"""What the user can mend: a place, a message, and the rule that found it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

Path = tuple[str | int, ...]
"""A place in an organization by name: keys and list positions from the top, such as `("tiers", "ultra", "quota")`."""

Severity = Literal["error", "warning"]


class Span(NamedTuple):
    """A stretch of a file; lines and columns count from 1, the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class At(NamedTuple):
    """A place in the organization, whichever file it was written in: the value at `path`, or the key that names it."""

    path: Path
    key: bool = False


class Related(NamedTuple):
    """A second place that belongs to a problem, and what is to be seen there."""

    place: At | Span
    message: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    `place` is an `At` as long as only the organization is known, and a `Span` once the files were asked; `path` keeps
    the symbolic place in both cases.
    """

    message: str
    place: At | Span
    related: tuple[Related, ...] = ()
    rule: str = ""
    severity: Severity = "error"
    path: Path = ()


class _Said(Exception):
    """What ends the program, in words for the user; where that takes several lines, each is an argument."""

    def __str__(self) -> str:
        return "\n".join(map(str, self.args))


class Stop(_Said):
    """The program cannot go on (an unreadable file, a full disk); it says where and what to do. Exit 3."""


class Usage(_Said):
    """The command was called in a way that cannot be meant; it says what to type instead. Exit 2."""


def show_path(path: Path) -> str:
    """A path as people write it: `namespaces.fraud.owners[0]`; a key with a dot or a blank in it is quoted."""
    return "".join(_show_steps(path)) or "the document"


def _show_steps(path: Path) -> Iterator[str]:
    for position, step in enumerate(path):
        if isinstance(step, int):
            yield f"[{step}]"
        elif step and all(c.isalnum() or c in "-_" for c in step):
            yield f".{step}" if position else step
        else:
            yield '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
