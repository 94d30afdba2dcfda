"""`verta-gitops check`: problems of one or several organizations."""

from __future__ import annotations

import click

from generator.cli.common import FORMAT, count, print_problems, totals

EPILOG = """\b
Examples:
  verta-gitops check
  verta-gitops check orgs/*.yaml
  verta-gitops check --format github
"""


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, type=click.Path())
@FORMAT
def check(files: tuple[str, ...], form: str) -> int:
    """Find what is wrong with an organization before anything is rendered.

    FILES are one file an organization; org.yaml where none is named. All problems are shown at once, each with its
    place, its remedy and the rule that found it. Nothing is written.
    """
    from generator.pipeline import examine

    results = [examine(file) for file in files or ("org.yaml",)]
    problems = [problem for result in results for problem in result.problems]
    print_problems(problems, form)
    if form == "text":
        known = [result.org for result in results if result.org is not None]
        workspaces = sum(len(org.workspaces) for org in known)
        namespaces = sum(len(org.namespaces) for org in known)
        found = f"{count(workspaces, 'workspace')} in {count(namespaces, 'namespace')}: " if known else ""
        click.echo(f"{found}{totals(problems)}")
    return int(any(result.errors for result in results))
