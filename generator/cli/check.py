"""`verta-gitops check`: problems of one or several organizations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.common import CONTEXT, FORMAT, count, print_problems, require_rules, rule_names, totals
from generator.cli.names import RULE
from generator.printing import printable
from generator.problems import Severity, Stop, Usage

if TYPE_CHECKING:
    from generator.pipeline import Examined, Selection

EPILOG = """\b
Examples:
  verta-gitops check
  verta-gitops check orgs/*.yaml
  verta-gitops check --format github
  verta-gitops check --format sarif > verta-gitops.sarif
  verta-gitops check --select unknown-tier,unknown-group
  verta-gitops check --ignore legacy-workspace --fail-on warning
  verta-gitops check --base auto
  verta-gitops check --base origin/main --allow-removals 3
  verta-gitops check --base-dir ../before

\b
One problem is ignored by a comment on its line, with a reason:
  old-experiments: {legacy: true}  # verta-gitops: ignore[legacy-workspace] moves in May

\b
Rules are ignored or weighed for the whole repository in pyproject.toml (or verta-gitops.toml):
  [tool.verta-gitops]
  ignore = ["legacy-workspace"]
  severity = {namespace-without-workspace = "warning"}
  fail-on = "warning"

\b
Exit codes:
  0  no problems, or warnings alone
  1  problems found; with --fail-on warning, a warning too
  2  the command was called in a wrong way
  3  could not run: a file cannot be read, or git does not know the base
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path())
@FORMAT
@CONTEXT
@click.option(
    "--select", multiple=True, type=RULE, metavar="RULE-ID", help="Ask only these rules; repeat, or separate by commas."
)
@click.option("--ignore", multiple=True, type=RULE, metavar="RULE-ID", help="Do not ask these rules.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning"]),
    default=None,
    help="What makes the exit code 1; `fail-on` of the settings where not given, and otherwise error.",
)
@click.option(
    "--base",
    "base_ref",
    default="",
    metavar="REF",
    help="Judge the change since then too: a commit, or `auto` for the merge base with what the change is to go into.",
)
@click.option("--base-dir", default="", metavar="DIR", help="Judge the change against a folder instead, without git.")
@click.option("--base-file", default="", metavar="FILE", help="Name of the file at the base, where it was another one.")
@click.option(
    "--allow-removals",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="Removals that are meant, in the place of policy.maxRemovals; for the CI, with --base or --base-dir.",
)
def check(
    files: tuple[str, ...],
    form: str,
    context: bool | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: Severity | None,
    base_ref: str,
    base_dir: str,
    base_file: str,
    allow_removals: int | None,
) -> int:
    """Find what is wrong with an organization before anything is rendered.

    FILES are one file an organization; org.yaml where none is named. All problems are shown at once, each with its
    place, its remedy and the rule that found it. With --base, so is what the change may not do: what is lost, remapped
    or renamed. Nothing is written.
    """
    from generator.pipeline import Selection, examine, examine_together, rulebook

    files = files or ("org.yaml",)
    _require_base(files, base_ref, base_dir, base_file, allow_removals)
    books = {file: rulebook(file) for file in files}
    entries = {name: entry for book in books.values() for name, entry in book.entries.items()}
    selection = Selection(rule_names(select), rule_names(ignore))
    require_rules(sorted(selection.select), list(entries), "--select")
    require_rules(sorted(selection.ignore), list(entries), "--ignore")
    if firm := sorted(name for name in selection.ignore if entries[name].firm):
        raise Usage(f'--ignore: "{firm[0]}" cannot be ignored: rendering relies on it')
    results, unread = [], []
    for file, book in books.items():
        try:
            results.append(examine(file, selection, book))
        except Stop as error:  # the others are shown all the same
            unread.append(error)
    if not results:
        raise unread[0]
    if len(results) > 1:
        results = examine_together(results, selection)
    if base_ref or base_dir:
        results = _with_history(results, selection, base_ref, base_dir, base_file, allow_removals)
    problems = list(dict.fromkeys(problem for result in results for problem in result.problems))
    weights = {fail_on or result.settings.fail_on for result in results}
    weight: Severity = "warning" if "warning" in weights else "error"
    print_problems(problems, form, results, context, weight)
    if form == "text":
        known = [result.org for result in results if result.org is not None]
        workspaces = sum(len(org.workspaces) for org in known)
        namespaces = sum(len(org.namespaces) for org in known)
        found = f"{count(workspaces, 'workspace')} in {count(namespaces, 'namespace')}: " if known else ""
        click.echo(f"{found}{totals(problems)}")
    for stop in unread:
        click.echo(f"error: {printable(str(stop))}", err=True)
    if unread or any(result.failed for result in results):
        return 3
    return int(bool(problems) if weight == "warning" else any(problem.severity == "error" for problem in problems))


def _require_base(files: tuple[str, ...], ref: str, folder: str, file: str, allow_removals: int | None) -> None:
    """Raises Usage where the options about the base do not go together."""
    if ref and folder:
        raise Usage("--base and --base-dir name two bases; keep one of them")
    if not (ref or folder) and (file or allow_removals is not None):
        given = "--base-file" if file else "--allow-removals"
        raise Usage(f"{given} says something about a change; name what to compare with: --base auto, or --base-dir DIR")
    if file and len(files) > 1:
        raise Usage("--base-file names one file; check the files one by one")


def _with_history(
    results: list[Examined], selection: Selection, ref: str, folder: str, file: str, allow_removals: int | None
) -> list[Examined]:
    """The results with what the change from the base may not do; its rules can be selected, and not ignored."""
    from dataclasses import replace

    from generator.history import compare_history, lost_organizations
    from generator.rules.history import HISTORY_RULES, PAGES

    asked = tuple(name for name in (*(rule.id for rule in HISTORY_RULES), *PAGES) if name in selection)
    judged = []
    for result in results:
        found = compare_history(result, ref, folder, allow_removals, file)
        problems = (*result.problems, *(problem for problem in found if problem.rule in asked))
        judged.append(replace(result, problems=problems, asked=(*result.asked, *asked)))
    if not folder and "organization-removed" in asked:
        lost = lost_organizations([result.file for result in results], ref)
        judged[0] = replace(judged[0], problems=(*judged[0].problems, *lost))
    return judged
