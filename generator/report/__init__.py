"""Problems → text, in the formats that people and programs read. Each is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING

from generator.problems import Problem, Severity

if TYPE_CHECKING:
    from generator.catalogue import Entry

FORMATS = {
    "text": "for people",
    "json": "for programs",
    "github": "annotations of a GitHub workflow",
    "sarif": "for code scanning",
    "junit": "for CI servers",
}
"""Each format by its name on the command line and for whom it is; the function `report` of the module of that name."""


@dataclass(frozen=True)
class Report:
    """Problems, and what a format may want to show with them."""

    problems: Sequence[Problem]
    files: Sequence[str] = ()
    """The organizations that were examined."""
    asked: Sequence[str] = ()
    """The rules that were asked, by id."""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    fail_on: Severity = "error"
    texts: Mapping[str, str] = field(default_factory=dict)
    """The files whose lines are shown below the problems; none where they are not wanted."""


def write(report: Report, form: str) -> str:
    """The report in a format of FORMATS, without a line end at its end."""
    module = import_module(f"generator.report.{form}")
    written: Callable[[Report], str] = module.report
    return written(report)
