"""Problems → JUnit XML, which CI servers show: one suite a file, in it one case for each rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from generator.problems import Problem, Span
from generator.report.text import text, visible

if TYPE_CHECKING:
    from generator.report import Report


def report(report: Report) -> str:
    """A case fails where its rule found what makes the command fail; other warnings are its output."""
    by_file: dict[str, list[Problem]] = {file: [] for file in report.files}
    for problem in report.problems:
        assert isinstance(problem.place, Span)
        by_file.setdefault(problem.place.file, []).append(problem)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    suites = []
    total = failed = 0
    for file, problems in by_file.items():
        asked = report.asked if file in report.files else ()
        cases, count = _suite(file, problems, asked, report)
        number = len(dict.fromkeys((*asked, *(problem.rule for problem in problems))))
        suites.append(f'  <testsuite name={_attribute(file)} tests="{number}" failures="{count}" errors="0">')
        suites += [*cases, "  </testsuite>"]
        total, failed = total + number, failed + count
    lines.append(f'<testsuites name="verta-gitops" tests="{total}" failures="{failed}" errors="0">')
    return "\n".join([*lines, *suites, "</testsuites>"])


def _suite(file: str, problems: Sequence[Problem], asked: Sequence[str], report: Report) -> tuple[list[str], int]:
    found: dict[str, list[Problem]] = {rule: [] for rule in asked}
    for problem in problems:
        found.setdefault(problem.rule, []).append(problem)
    lines = []
    failures = 0
    for rule, its in found.items():
        case = f"    <testcase classname={_attribute(file)} name={_attribute(rule)}"
        failing = [each for each in its if each.severity == "error" or report.fail_on == "warning"]
        others = [each for each in its if each not in failing]
        if not its:
            lines.append(f"{case}/>")
            continue
        lines.append(f"{case}>")
        if failing:
            failures += 1
            first = visible(failing[0].message) + (f" (and {len(failing) - 1} more)" if len(failing) > 1 else "")
            body = escape(_plain(failing))
            lines.append(f"      <failure message={_attribute(first)} type={_attribute(rule)}>{body}</failure>")
        if others:
            lines.append(f"      <system-out>{escape(_plain(others))}</system-out>")
        lines.append("    </testcase>")
    return lines, failures


def _plain(problems: Sequence[Problem]) -> str:
    import click

    return click.unstyle(text(problems))


def _attribute(value: str) -> str:
    return quoteattr(visible(value))
