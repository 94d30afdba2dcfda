"""What several commands share: their options, and how they show problems and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from generator.problems import Problem

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    show_default=True,
    help="How problems are shown: for people, for programs, or as annotations of a GitHub workflow.",
)


def print_problems(problems: Sequence[Problem], form: str) -> None:
    """Show problems on standard output; `json` shows an empty list too, the others nothing."""
    from generator.report import FORMATS

    if problems or form == "json":
        click.echo(FORMATS[form](problems))


def count(number: int, what: str) -> str:
    """`1 problem`, `1,022 workspaces`."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def totals(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning`, or `no problems`."""
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = len(problems) - errors
    said = [count(errors, "error")] * bool(errors) + [count(warnings, "warning")] * bool(warnings)
    return ", ".join(said) or "no problems"


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal for work that takes longer than a second; yields a function that takes how much is done."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    started = time.monotonic()
    bar = None

    def tick(done: int) -> None:
        nonlocal bar
        if bar is None and time.monotonic() - started > 1:
            from rich.console import Console
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            bar.add_task(what, total=total)
        if bar is not None:
            bar.update(bar.task_ids[0], completed=done)

    try:
        yield tick
    finally:
        if bar is not None:
            bar.stop()
