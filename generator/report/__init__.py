"""Problems → text, in the formats that people and programs read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from generator.problems import Problem
from generator.report.github import github
from generator.report.json import json_report
from generator.report.text import text

FORMATS: dict[str, Callable[[Sequence[Problem]], str]] = {"text": text, "json": json_report, "github": github}
"""Each format by its name on the command line; none of them ends with a line end."""
