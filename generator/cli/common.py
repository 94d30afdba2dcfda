"""What several commands share: their options, and how they show problems and progress."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from generator.problems import Problem, Severity, Usage
from generator.report import FORMATS, Report, write

if TYPE_CHECKING:
    from generator.pipeline import Examined

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="How problems are shown: " + ", ".join(f"{name} {whom}" for name, whom in FORMATS.items()) + ".",
)
CONTEXT = click.option(
    "--context/--no-context",
    default=None,
    help="Show the source line below each problem (text); on a terminal where not given.",
)


ANSWER_FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How the answer is shown: for people, or for programs.",
)

KUBECONFIG = click.option(
    "--kubeconfig", default="", metavar="FILE", help="Kubeconfig; $KUBECONFIG or ~/.kube/config by default."
)
KUBE_CONTEXT = click.option(
    "--context", default="", metavar="NAME", help="Context of the kubeconfig; its current one by default."
)
FROM_DUMP = click.option(
    "--from-dump",
    "dump",
    default="",
    metavar="FILE",
    help="Read the output of `kubectl get … -o json|yaml` (also gzipped) instead of a cluster; needs no credentials.",
)
ANY_CLUSTER = click.option(
    "--any-cluster", is_flag=True, help="Go on where the cluster seems to be another organization's."
)


def print_problems(
    problems: Sequence[Problem],
    form: str,
    examined: Sequence[Examined] = (),
    context: bool | None = None,
    fail_on: Severity = "error",
) -> None:
    """Show problems on standard output; `text` and `github` show nothing where there are none."""
    if not problems and form in ("text", "github"):
        return
    texts = {}
    if form == "text" and (sys.stdout.isatty() if context is None else context):
        texts = {document.file: document.text for each in examined for document in each.sources.documents}
        texts |= {each.settings.file: each.settings.text for each in examined if each.settings.file}
    report = Report(
        problems,
        files=[each.file for each in examined],
        asked=list(dict.fromkeys(name for each in examined for name in each.asked)),
        entries={name: entry for each in examined for name, entry in each.entries.items()},
        fail_on=fail_on,
        texts=texts,
    )
    click.echo(write(report, form))


def rule_names(given: Sequence[str]) -> frozenset[str]:
    """The ids that an option was given: several times, or separated by commas."""
    return frozenset(name.strip() for names in given for name in names.split(",") if name.strip())


def require_rules(given: Sequence[str], known: Sequence[str], option: str) -> None:
    """Raises Usage where an id is unknown, with the one that is nearest."""
    from generator.model.kinds import nearest

    for name in given:
        if name not in known:
            raise Usage(f'{option}: there is no rule "{name}"{nearest(name, list(known))} (see `verta-gitops rules`)')


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
