"""`verta-gitops list`: the workspaces of an organization, and where they live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from generator.cli.names import GROUP, TIER
from generator.cli.tables import output_option
from generator.problems import Usage

if TYPE_CHECKING:
    from generator.model.org import Org
    from generator.views.rows import Row, Wanted

STATES = ("active", "frozen", "decommission")

EPILOG = """\b
Examples:
  verta-gitops list
  verta-gitops list --tier gpu --state active
  verta-gitops list --owner fraud-leads -o wide
  verta-gitops list --label cost-center=4711 -o csv > workspaces.csv
  verta-gitops list --group model-risk -o name

\b
Exit codes:
  0  listed, also where nothing matches
  1  FILE has errors that would make the list wrong; they are shown
  3  could not run: FILE cannot be read
"""


@click.command(name="list", epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option("--tier", "tiers", multiple=True, type=TIER, help="Only of this tier; several times for several.")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="Only in this state.")
@click.option("--owner", "owners", multiple=True, type=GROUP, help="Only what this group answers for.")
@click.option("--group", "groups", multiple=True, type=GROUP, help="Only what this group has access to.")
@click.option(
    "-l", "--label", "labels", multiple=True, metavar="KEY[=VALUE]", help="Only with this label; all given must hold."
)
@output_option("table", "wide", "json", "yaml", "csv", "name")
def list_(
    file: str,
    tiers: tuple[str, ...],
    states: tuple[str, ...],
    owners: tuple[str, ...],
    groups: tuple[str, ...],
    labels: tuple[str, ...],
    form: str,
) -> int:
    """List the workspaces of an organization: namespace, tier, state and owners.

    FILE is the organization; org.yaml where not given. A workspace without a namespace of its own lives in the primary
    one, and has no tier, state or owners.
    """
    from generator.cli.tables import require_org
    from generator.views.rows import Wanted, rows

    org = require_org(file).org
    assert org is not None
    pairs = tuple(_label(each) for each in labels)
    wanted = Wanted(frozenset(tiers), frozenset(states), frozenset(owners), frozenset(groups), pairs)
    _require_known(org, wanted)
    found = [row for row in rows(org) if row in wanted]
    click.echo(_written(found, form), nl=bool(found) or form != "name")
    if form in ("table", "wide") and len(found) < len(org.workspaces):
        click.echo(f"{len(found):,} of {len(org.workspaces):,} workspaces", err=True)
    return 0


def _label(text: str) -> tuple[str, str | None]:
    key, equals, value = text.partition("=")
    if not key:
        raise Usage(f'--label: expected KEY or KEY=VALUE, found "{text}"')
    return key, value if equals else None


def _require_known(org: Org, wanted: Wanted) -> None:
    """Raises Usage where a name is none of the organization: an empty list would look like an answer."""
    from generator.model.kinds import choices

    asked = (
        ("tier", wanted.tiers, org.tiers),
        ("group", wanted.owners, org.groups),
        ("group", wanted.groups, org.groups),
    )
    for what, names, known in asked:
        for name in sorted(names):
            if name not in known:
                raise Usage(f'there is no {what} "{name}" in this organization{choices(name, known)}')
    labels = {key for namespace in org.namespaces.values() for key in namespace.labels}
    for key, _ in wanted.labels:
        if key not in labels:
            raise Usage(f'no namespace has a label "{key}"{choices(key, sorted(labels))}')


def _written(found: list[Row], form: str) -> str:
    from generator.cli.tables import structured, table
    from generator.views.data import as_data

    if form == "name":
        from generator.report.text import visible

        return "\n".join(visible(row.workspace) for row in found)
    if form in ("json", "yaml"):
        return structured({"version": 1, "workspaces": [as_data(row) for row in found]}, form)
    if form == "csv":
        return as_csv(found)
    wide = form == "wide"
    heads = ["WORKSPACE", "NAMESPACE", "TIER", "STATE", "OWNERS"] + ["GROUPS", "LABELS", "DESCRIPTION"] * wide
    colours = {"frozen": "cyan", "decommission": "red"}
    styles = [[colours.get(row.state, "") if head == "STATE" else "" for head in heads] for row in found]
    return table(heads, [_cells(row, wide) for row in found], styles)


def as_csv(found: Sequence[Row]) -> str:
    """Rows for a spreadsheet, with a column for each resource."""
    from generator.cli.tables import csv_text
    from generator.views.rows import resources_of

    resources = resources_of(row.quota for row in found)
    heads = ["workspace", "namespace", "tier", "state", "owners", "groups", "labels", "description", *resources]
    return csv_text(
        heads, [[*_cells(row, wide=True), *(str(row.quota.get(each, "")) for each in resources)] for row in found]
    )


def _cells(row: Row, wide: bool) -> list[str]:
    cells = [row.workspace, row.namespace, row.tier, row.state, ",".join(row.owners)]
    labels = ",".join(f"{key}={value}" for key, value in row.labels.items())
    return [*cells, ",".join(row.groups), labels, row.description] if wide else cells
