"""Problems → workflow commands, which GitHub shows as annotations at the line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from generator.printing import printable
from generator.problems import Problem, Span

if TYPE_CHECKING:
    from generator.report import Report


def report(report: Report) -> str:
    """The problems as workflow commands."""
    return github(report.problems)


def github(problems: Sequence[Problem]) -> str:
    """One workflow command a problem; related places stand in its message."""
    return "\n".join(_lines(problems))


def _lines(problems: Sequence[Problem]) -> Iterator[str]:
    for problem in problems:
        place = problem.place
        assert isinstance(place, Span)
        end = f",endColumn={place.end_column}" if place.end_line == place.line else ""
        where = f"file={_property(place.file)},line={place.line},endLine={place.end_line},col={place.column}{end}"
        lines = [problem.message, *(f"{each.place}: {each.message}" for each in problem.related)]
        message = "\n".join(map(printable, lines))
        yield f"::{problem.severity} {where},title={_property(problem.rule)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
