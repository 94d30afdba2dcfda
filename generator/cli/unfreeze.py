"""`verta-gitops unfreeze`: makes a namespace active again."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import NAMESPACE

EPILOG = f"""\b
Examples:
  verta-gitops unfreeze forecasting
  verta-gitops unfreeze forecasting churn --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("namespaces", nargs=-1, required=True, type=NAMESPACE, metavar="NAMESPACE...")
@editing
def unfreeze(namespaces: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Make namespaces active again that are frozen or in decommission.

    The state is taken out of the file, as active is the default.
    """
    from generator.editing import wishes

    return edit(lambda draft: wishes.set_state(draft, namespaces, "active"), options)
