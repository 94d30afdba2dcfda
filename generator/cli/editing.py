"""What the commands that edit an organization share: their options, and showing, asking and writing an edit."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from generator.cli.common import ANSWER_FORMAT, print_problems

if TYPE_CHECKING:
    from generator.editing.drafting import Draft, Edit
    from generator.editing.judging import Judged
    from generator.problems import Problem

F = TypeVar("F", bound=Callable[..., Any])

_MOST_EFFECTS = 6

CODES = """\b
Exit codes:
  0  written, or nothing to do
  1  not written: the edit would break something, or cannot be made here
  2  the command was called in a wrong way
  3  could not run: a file or the base cannot be read or written
"""


class Options(TypedDict):
    """The options that every edit has."""

    file: str
    base_ref: str
    dry_run: bool
    yes: bool
    form: str


def editing(command: F) -> F:
    """The options that every edit has, as a decorator."""
    for option in (
        ANSWER_FORMAT,
        click.option("-y", "--yes", is_flag=True, help="Write without asking; nothing is asked without a terminal."),
        click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing."),
        click.option(
            "--base",
            "base_ref",
            default="",
            metavar="REF",
            help="Commit against which a change of the lifecycle is judged; the merge base by default.",
        ),
        click.option(
            "-f", "--file", default="org.yaml", show_default=True, type=click.Path(), help="The organization."
        ),
    ):
        command = option(command)
    return command


def edit(change: Callable[[Draft], None], options: Options, draft: Draft | None = None) -> int:
    """Make a change: show it and what it does, check it, ask, and write it; the exit code."""
    from generator.editing.drafting import Draft
    from generator.editing.judging import judge
    from generator.editing.splicing import Refused

    draft = draft or Draft(options["file"])
    try:
        change(draft)
    except Refused as refused:
        return _refused([refused.problem], [], options)
    edits = draft.edits
    if not edits:
        if options["form"] == "json":
            click.echo(_json([], None, [], written=False, options=options))
        else:
            click.echo("nothing to do: it is so already")
        return 0
    judged = judge(draft, options["base_ref"])
    if judged.errors:
        return _refused(judged.errors, edits, options, judged)
    if options["form"] == "text":
        _show(edits, judged)
    written = not options["dry_run"] and (options["yes"] or _agreed())
    if written:
        from generator.editing.writing import write

        write(edits)
    if options["form"] == "json":
        click.echo(_json(edits, judged, judged.warnings, written, options))
    elif written:
        click.echo("\n".join(f"wrote {each.file}" for each in edits))
        if judged.plan is None or judged.plan.changes:
            click.echo(f"next: {_render(options['file'])}")
    else:
        click.echo("nothing written")
    return 0


def _render(file: str) -> str:
    """The command that brings rendered/ to what the file says now."""
    return "verta-gitops render" + ("" if file == "org.yaml" else f" {shlex.quote(file)}")


def _agreed() -> bool:
    """Whether whoever sits at a terminal wants it; without one, nobody can be asked, and it was asked for."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return click.confirm("Write this?", default=True, err=True)


def _refused(problems: Sequence[Problem], edits: Sequence[Edit], options: Options, judged: Judged | None = None) -> int:
    if options["form"] == "json":
        click.echo(_json(edits, judged, problems, written=False, options=options))
        return 1
    if edits:
        _show_diff(edits)
        click.echo("")
    print_problems(problems, "text", [judged.after] if judged else ())
    click.echo("nothing written" + (": the edit would break what is well now" if judged else ""))
    return 1


def _show(edits: Sequence[Edit], judged: Judged) -> None:
    _show_diff(edits)
    click.echo("")
    for line in _effects(judged):
        click.echo(line)
    print_problems(judged.warnings, "text", [judged.after])


def _show_diff(edits: Sequence[Edit]) -> None:
    from generator.printing import printable

    colours = {"+": "green", "-": "red", "@": "cyan"}
    for each in edits:
        for line in _diff(each):
            safe = "\t".join(map(printable, line.rstrip("\r\n").split("\t")))
            bold = line.startswith(("+++ ", "--- "))
            click.echo(click.style(safe, fg=None if bold else colours.get(line[:1]), bold=bold or None))


def _diff(edit: Edit) -> Iterator[str]:
    """The unified diff of a file."""
    from difflib import unified_diff

    old, new = (data.decode("utf-8-sig").splitlines(keepends=True) for data in (edit.before, edit.after))
    yield from unified_diff(old, new, edit.file, edit.file)


def _effects(judged: Judged) -> Iterator[str]:
    """What the edit does, a line a change."""
    from generator.plan.words import headline
    from generator.printing import clipped, printable

    plan = judged.plan
    if plan is None:
        yield "what it does is not known: the organization has other problems, which `verta-gitops check` shows"
        return
    colours = {"danger": "red", "attention": "yellow", "safe": "green"}
    for change in plan.changes[:_MOST_EFFECTS]:
        said = "".join(clipped(printable(part.text)) if part.theirs else part.text for part in headline(change))
        yield f"{click.style(change.risk, fg=colours[change.risk], bold=True)}: {change.title}: {said}"
    if not plan.changes:
        yield "it changes nothing in the cluster"
    if (rest := len(plan.changes) - _MOST_EFFECTS) > 0:
        yield f"and {rest:,} more; `verta-gitops plan` shows all"


def _json(
    edits: Sequence[Edit], judged: Judged | None, problems: Sequence[Problem], written: bool, options: Options
) -> str:
    from generator.report.json import as_data

    changes: list[Any] = []
    if judged is not None and judged.plan is not None:
        from generator.plan.json import as_data as planned

        changes = planned(judged.plan, lambda change: None)["changes"]
    return json.dumps(
        {
            "version": 1,
            "written": written,
            "dryRun": options["dry_run"],
            "files": [{"file": each.file, "diff": "".join(_diff(each))} for each in edits],
            "changes": changes,
            "problems": [as_data(problem) for problem in problems],
        },
        indent=2,
    )
