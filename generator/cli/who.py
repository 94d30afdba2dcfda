"""`verta-gitops who`: what a group can do, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.names import GROUP
from generator.cli.tables import output_option

if TYPE_CHECKING:
    from generator.views.access import GroupView

EPILOG = """\b
Examples:
  verta-gitops who fraud-ds
  verta-gitops who oidc:fraud-ds
  verta-gitops who model-risk -f orgs/prod-eu.yaml -o json

\b
Exit codes:
  0  answered
  1  FILE has errors that would make the answer wrong; they are shown
  2  there is no such group
  3  could not run: FILE cannot be read
"""


@click.command(epilog=EPILOG)
@click.argument("group", type=GROUP)
@click.option("-f", "--file", default="org.yaml", show_default=True, type=click.Path(), help="The organization.")
@output_option("table", "wide", "json", "yaml", "csv", "name")
def who(group: str, file: str, form: str) -> int:
    """Show what a group can do in which workspace, in Verta and in Kubernetes.

    GROUP is its key in FILE, or its name in Kubernetes, Verta or the git host. All its roles in a workspace are laid
    together.
    """
    from generator.cli.tables import require_org
    from generator.views.access import group_view

    org = require_org(file).org
    assert org is not None
    click.echo(_written(group_view(org, group), form))
    return 0


def _written(found: GroupView, form: str) -> str:
    from generator.cli.tables import csv_text, structured, table
    from generator.report.text import visible
    from generator.views.data import as_data

    if form == "name":
        return "\n".join(visible(right.workspace) for right in found.rights)
    if form in ("json", "yaml"):
        return structured({"version": 1, **as_data(found)}, form)
    rows = [
        [each.workspace, each.namespace, ",".join(each.roles), each.verta, each.kubernetes] for each in found.rights
    ]
    if form == "csv":
        return csv_text(["workspace", "namespace", "roles", "verta", "kubernetes"], rows)
    wide = form == "wide"
    heads = ["WORKSPACE", "NAMESPACE", "ROLES", "VERTA", "KUBERNETES"] + ["BEWARE"] * wide
    if wide:
        rows = [[*row, "; ".join(each.warnings)] for row, each in zip(rows, found.rights, strict=True)]
    names = [("Kubernetes", found.subject), ("Verta", found.verta), ("git host", found.codeowner)]
    called = ", ".join(f"{visible(name)} ({where})" for where, name in names if name)
    lines = [f"{click.style(found.group, bold=True)}: {called}"]
    if found.owns:
        lines.append(f"answers for {', '.join(found.owns)}")
    lines += ["", table(heads, rows)] if rows else ["has no access to any workspace"]
    return "\n".join(lines)
