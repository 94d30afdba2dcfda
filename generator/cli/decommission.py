"""`verta-gitops decommission`: lifts the protection of a frozen namespace."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import NAMESPACE

EPILOG = f"""\b
Examples:
  verta-gitops decommission forecasting
  verta-gitops decommission forecasting churn --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("namespaces", nargs=-1, required=True, type=NAMESPACE, metavar="NAMESPACE...")
@editing
def decommission(namespaces: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Lift the protection of frozen namespaces, so that they may be removed next.

    The second step of taking a namespace out: it must have been frozen before this change, and once this is applied,
    `retire` is the third. `unfreeze` takes it back.
    """
    from generator.editing import wishes

    return edit(lambda draft: wishes.set_state(draft, namespaces, "decommission"), options)
