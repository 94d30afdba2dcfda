"""Problems → lines for people: `file:line:column: message [rule]`, related places below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from generator.problems import Problem, Severity

_COLOURS: dict[Severity, str] = {"error": "red", "warning": "yellow"}


def text(problems: Sequence[Problem]) -> str:
    """One line a problem, one a related place; colours are taken out again where the output is no terminal."""
    return "\n".join(line for problem in problems for line in _lines(problem))


def _lines(problem: Problem) -> Iterator[str]:
    place = click.style(f"{problem.place}:", bold=True)
    severity = click.style(f"{problem.severity}:", fg=_COLOURS[problem.severity])
    rule = click.style(f"[{problem.rule}]", dim=True)
    yield f"{place} {severity} {problem.message} {rule}"
    for related in problem.related:
        yield f"    {related.place}: {related.message}"
