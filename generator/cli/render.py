"""`verta-gitops render`: an organization into `rendered/<cluster>/`, or whether it is fresh."""

from __future__ import annotations

import os

import click

from generator.cli.common import FORMAT, count, print_problems, progress, totals
from generator.files import Difference
from generator.problems import Problem, Span

EPILOG = """\b
Examples:
  verta-gitops render
  verta-gitops render --check
  verta-gitops render orgs/prod-eu.yaml -o rendered
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option("-o", "--output", default=None, type=click.Path(), help="Folder of all clusters; `rendered` beside FILE.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 and say which files are stale, missing or foreign.")
@FORMAT
def render(file: str, output: str | None, check: bool, form: str) -> int:
    """Render the manifests of an organization into rendered/.

    FILE is the organization; org.yaml where not given. Its folder is rendered/<cluster>/: what is there comes from
    this program alone, only what differs is written, and a namespace disappears only after `state: decommission`.
    With errors in FILE, nothing is written.
    """
    from generator.files import compare, synchronize
    from generator.incremental import render_anew
    from generator.pipeline import examine
    from generator.rendering.environment import Templates

    examined = examine(file)
    org = examined.org
    if org is None or examined.errors:
        print_problems(examined.problems, form)
        _say(form, f"nothing rendered: {totals(examined.problems)}")
        return 1
    output = output or os.path.join(os.path.dirname(file), "rendered")
    folder = os.path.join(output, org.cluster.name)
    tree, remember = render_anew(org, examined.sources, Templates(), folder)
    if check:
        difference = compare(folder, tree)
    else:
        with progress("Writing", len(tree)) as tick:
            difference = synchronize(folder, tree, tick)
    if not difference.problems and not (check and difference):
        remember()
    problems = [*examined.problems, *difference.problems, *(_stale(folder, difference) if check else ())]
    print_problems(problems, form)
    _say(form, _summary(len(org.workspaces), difference, check))
    return int(bool(difference.problems) or (check and bool(difference)))


def _stale(folder: str, difference: Difference) -> list[Problem]:
    kinds = (
        (difference.added, "missing-file", "this file is missing; run `verta-gitops render`"),
        (difference.changed, "stale-file", "this file is stale; run `verta-gitops render`"),
        (difference.removed, "stale-file", "this file is not rendered any more; run `verta-gitops render`"),
    )
    return [
        Problem(message, Span(os.path.join(folder, path), 1, 1, 1, 1), rule=rule)
        for paths, rule, message in kinds
        for path in paths
    ]


def _summary(workspaces: int, difference: Difference, check: bool) -> str:
    changed = f"{len(difference.written):,} changed, {len(difference.removed):,} removed"
    if difference.problems:
        changed = "nothing written"
    elif check:
        changed = f"{changed} if rendered" if difference else "up to date"
    return f"{count(workspaces, 'workspace')} → {count(difference.files, 'file')}: {changed}"


def _say(form: str, text: str) -> None:
    if form == "text":
        click.echo(text)
