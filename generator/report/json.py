"""Problems → JSON, for programs; the format has a version of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from generator.problems import At, Problem, Span, show_path

if TYPE_CHECKING:
    from generator.report import Report


def report(report: Report) -> str:
    """The problems as one object."""
    return json_report(report.problems)


def json_report(problems: Sequence[Problem]) -> str:
    """One object with the list of problems; lines and columns count from 1, ends are exclusive."""
    return json.dumps({"version": 1, "problems": [as_data(problem) for problem in problems]}, indent=2)


def as_data(problem: Problem) -> dict[str, Any]:
    """A problem as plain data."""
    return {
        "rule": problem.rule,
        "severity": problem.severity,
        "message": problem.message,
        "path": show_path(problem.path) if problem.path else "",
        **_place(problem.place),
        "related": [{"message": related.message, **_place(related.place)} for related in problem.related],
    }


def _place(place: At | Span) -> dict[str, Any]:
    if isinstance(place, At):
        return {"path": show_path(place.path)}
    file, line, column, end_line, end_column = place
    return {"file": file, "line": line, "column": column, "endLine": end_line, "endColumn": end_column}
