"""`verta-gitops cost`: the share of the promised capacity that each cost centre has, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from generator.cli.tables import output_option

if TYPE_CHECKING:
    from generator.views.cost import CostView

EPILOG = """\b
Examples:
  verta-gitops cost
  verta-gitops cost --label team
  verta-gitops cost --prices prices.yaml -o csv > cost.csv

\b
A price list:
  currency: EUR
  period: month
  prices:
    requests.cpu: {price: 21.50, per: 1}
    requests.memory: {price: 2.90, per: 1Gi}

\b
Exit codes:
  0  shown
  1  FILE has errors that would make the shares wrong; they are shown
  3  could not run: FILE or the price list cannot be read
"""


@click.command(epilog=EPILOG)
@click.argument("file", default="org.yaml", type=click.Path())
@click.option(
    "--label", default="cost-center", show_default=True, metavar="KEY", help="Label that names the cost centre."
)
@click.option("--prices", default="", metavar="FILE", help="What the resources cost; shares of the cost, then.")
@output_option("table", "json", "yaml", "csv")
def cost(file: str, label: str, prices: str, form: str) -> int:
    """Show which share of the promised capacity each cost centre has.

    FILE is the organization; org.yaml where not given. A share is the mean of the shares of all resources that the
    cluster has a capacity of; with a price list it is the share of the cost. What counts is what is promised by quota,
    not what is used.
    """
    from generator.cli.tables import require_org
    from generator.views.cost import cost as shares
    from generator.views.cost import require_label
    from generator.views.prices import read_prices

    listed = read_prices(prices) if prices else None
    org = require_org(file).org
    assert org is not None
    require_label(org, label)
    found = shares(org, label, listed)
    click.echo(_written(found, form))
    if form == "table":
        for resource, number in found.unlimited.items():
            have = "namespace has" if number == 1 else "namespaces have"
            click.echo(f"{number:,} {have} no quota for {resource}: it is not in their share", err=True)
    return 0


def _written(found: CostView, form: str) -> str:
    from generator.cli.tables import csv_text, structured, table
    from generator.views.data import as_data

    if form in ("json", "yaml"):
        return structured({"version": 1, **as_data(found)}, form)
    priced = found.total is not None
    heads = [found.label, "namespaces", "share %", *([f"cost {found.unit}".strip()] if priced else [])]
    rows = [
        [
            each.centre or ("(none)" if form == "table" else ""),
            f"{len(each.namespaces)}",
            f"{each.percent:.1f}",
            *([f"{each.cost:,.2f}" if form == "table" else f"{each.cost:.2f}"] if priced else []),
            *(str(each.amounts.get(name, "")) for name in found.resources),
        ]
        for each in found.centres
    ]
    if form == "csv":
        return csv_text([*heads, *found.resources], rows)
    return table([head.upper() for head in [*heads, *found.resources]], rows)
