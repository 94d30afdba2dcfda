"""`verta-gitops retire`: takes a decommissioned namespace out, and leaves a tombstone."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import NAMESPACE

EPILOG = f"""\b
Examples:
  verta-gitops retire churn
  verta-gitops retire churn --on 2026-09-30 --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("namespaces", nargs=-1, required=True, type=NAMESPACE, metavar="NAMESPACE...")
@click.option(
    "--on",
    "day",
    default=None,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Day of the removal; today where not given.",
)
@editing
def retire(namespaces: tuple[str, ...], day: datetime | None, **options: Unpack[Options]) -> int:
    """Take decommissioned namespaces and their workspaces out, and leave a tombstone of each.

    The third step of taking a namespace out: its state must have been `decommission` before this change, at the commit
    that the change grew from. The names stay in `retired`, so that they are not used again by accident.
    """
    from datetime import date

    from generator.editing import wishes

    on = (day.date() if day else date.today()).isoformat()
    return edit(lambda draft: wishes.retire(draft, namespaces, on), options)
