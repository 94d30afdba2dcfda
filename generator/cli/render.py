"""`verta-gitops render`: an organization into `rendered/<cluster>/`, or whether it is fresh."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from generator.cli.common import CONTEXT, FORMAT, count, print_problems, progress, totals
from generator.problems import Problem, Span

if TYPE_CHECKING:
    from generator.codeowners import Compiled
    from generator.files import Difference

EPILOG = """\b
Examples:
  verta-gitops render
  verta-gitops render --check
  verta-gitops render orgs/prod-eu.yaml -o rendered

\b
Exit codes:
  0  rendered/ is what FILE says
  1  nothing written because of problems; with --check, rendered/ is not what FILE says
  2  the command was called in a wrong way
  3  could not run: a file cannot be read or written
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option("-o", "--output", default=None, type=click.Path(), help="Folder of all clusters; `rendered` beside FILE.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and say which files are stale, missing or foreign.")
@FORMAT
@CONTEXT
def render(file: str, output: str | None, check: bool, form: str, context: bool | None) -> int:
    """Render the manifests of an organization into rendered/.

    FILE is the organization; org.yaml where not given. Its folder is rendered/<cluster>/: what is there comes from
    this program alone, only what differs is written, and a namespace disappears only after `state: decommission`.
    With errors in FILE, or where Kubernetes' own schemas refuse what changed, nothing is written. The marked block of
    CODEOWNERS, where there is one, is kept up to date with it.
    """
    from generator.codeowners import Compiled, compile_codeowners
    from generator.entries import Entries
    from generator.files import Difference, compare, replace_file, synchronize
    from generator.incremental import Answer, render_anew
    from generator.pipeline import examine, rulebook, scrutinize

    output = output or os.path.join(os.path.dirname(file), "rendered")
    answer = Answer(file, output, rulebook(file))
    if known := answer.recall():
        print_problems(known.examined.problems, form, [known.examined], context)
        _say(form, _summary(known.workspaces, Difference(known.files), Compiled({}), check, refused=False))
        return 0
    from generator.rendering.environment import Templates

    entries = Entries(file, output)
    examined = examine(file, rules=answer.book, reader=entries.read)
    org = examined.org
    if org is None or examined.errors or examined.failed:
        print_problems(examined.problems, form, [examined], context)
        _say(form, f"nothing rendered: {totals(examined.problems)}")
        return 3 if examined.failed else 1
    folder = os.path.join(output, org.cluster.name)
    with progress("Rendering", len(org.namespaces)) as tick:
        templates = Templates(examined.settings.templates)
        tree, there, remember = render_anew(org, examined.sources, templates, folder, tick)
    difference = compare(folder, tree, there)
    faults = scrutinize(examined, tree, folder, difference.written)
    owners = compile_codeowners(org, examined.sources, examined.settings, file, folder)
    if not check and not faults and not owners.refused and (difference or difference.leftovers):
        with progress("Writing", len(tree)) as tick:
            difference = synchronize(folder, tree, tick)
    refused = bool(faults or difference.problems or owners.refused)
    problems = [*examined.problems, *faults, *difference.problems, *owners.problems]
    if not refused and not check:
        for path, data in owners.stale.items():
            replace_file(path, data)
    if not refused and not (check and difference):
        if not answer.book.own:  # they may do what they like with what was read
            entries.remember(examined.sources, org)
        rendered = remember()
        if not (check and owners.stale):
            answer.remember(examined, problems, owners.stale, rendered)
    problems += _stale(folder, difference, owners) if check else ()
    print_problems(problems, form, [examined], context)
    _say(form, _summary(len(org.workspaces), difference, owners, check, refused))
    return int(refused or (check and bool(difference or owners.stale)))


def _stale(folder: str, difference: Difference, owners: Compiled) -> list[Problem]:
    kinds = (
        (difference.added, "missing-file", "this file is missing; run `verta-gitops render`"),
        (difference.changed, "stale-file", "this file is stale; run `verta-gitops render`"),
        (difference.removed, "stale-file", "this file is not rendered any more; run `verta-gitops render`"),
    )
    return [
        Problem(message, Span(os.path.join(folder, path), 1, 1, 1, 1), rule=rule)
        for paths, rule, message in kinds
        for path in paths
    ] + [
        Problem("its block is stale; run `verta-gitops render`", Span(path, 1, 1, 1, 1), rule="stale-file")
        for path in owners.stale
    ]


def _summary(workspaces: int, difference: Difference, owners: Compiled, check: bool, refused: bool) -> str:
    changed = f"{len(difference.written):,} changed, {len(difference.removed):,} removed"
    if refused:
        changed = "nothing written"
    elif check:
        changed = f"{changed} if rendered" if difference else "up to date"
    if owners.stale and not refused:
        changed += f"; {', '.join(owners.stale)} {'is stale' if check else 'changed'}"
    return f"{count(workspaces, 'workspace')} → {count(difference.files, 'file')}: {changed}"


def _say(form: str, text: str) -> None:
    if form == "text":
        click.echo(text)
