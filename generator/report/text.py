"""Problems → lines for people: `file:line:column: message [rule]`, related places and the source line below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import click

from generator.printing import printable, printable_in_place
from generator.problems import At, Problem, Severity, Span

if TYPE_CHECKING:
    from generator.report import Report

_COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow"}
_WIDTH = 120
"""Characters of a source line that are shown."""


def report(report: Report) -> str:
    """The problems one below the other; grouped, with their source lines, where those are wanted."""
    if not report.texts:
        return text(report.problems)
    return "\n".join(_groups(report.problems, report.texts))


def text(problems: Sequence[Problem]) -> str:
    """One line a problem, one a related place; colours are taken out again where the output is no terminal."""
    return "\n".join(line for problem in problems for line in _lines(problem))


def visible(text: str) -> str:
    """A text with its control characters written out: none moves the cursor, ends the line, or turns it around."""
    return printable(text)


def _lines(problem: Problem) -> Iterator[str]:
    place = click.style(f"{visible(str(problem.place))}:", bold=True)
    severity = click.style(f"{problem.severity}:", fg=_COLOURS[problem.severity])
    rule = click.style(f"[{problem.rule}]", dim=True)
    yield f"{place} {severity} {visible(problem.message)} {rule}"
    for related in problem.related:
        yield f"    {visible(str(related.place))}: {visible(related.message)}"


def _groups(problems: Sequence[Problem], texts: Mapping[str, str]) -> Iterator[str]:
    lines = {file: content.splitlines() for file, content in texts.items()}
    several = len({_file(problem) for problem in problems}) > 1
    for file, group in groupby(problems, _file):
        if several:
            yield click.style(visible(file), underline=True)
        for problem in group:
            first, *related = _lines(problem)
            yield first
            if isinstance(problem.place, Span):
                yield from _source(problem.place, lines.get(file, []))
            yield from related
        if several:
            yield ""


def _file(problem: Problem) -> str:
    return "" if isinstance(problem.place, At) else problem.place.file


def _source(span: Span, lines: Sequence[str]) -> Iterator[str]:
    """The first line of a span, and a caret below each of its characters."""
    if not 0 < span.line <= len(lines):
        return
    line = lines[span.line - 1]
    start = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(line.rstrip())
    end = max(end, start + 1)
    first = max(0, min(start - 40, len(line) - _WIDTH))
    last = first + _WIDTH
    before, marked = line[first:start], line[start : min(end, last)]
    number = f"{span.line:5} | "
    shown = ("…" if first else "") + printable_in_place(line[first:last]) + ("…" if last < len(line) else "")
    yield click.style(number, dim=True) + shown
    blank = " " * (columns(before) + bool(first))
    yield click.style("      | ", dim=True) + blank + click.style("^" * max(1, columns(marked)), fg="cyan")


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(each) else 2 if east_asian_width(each) in "WF" else 1 for each in text)
