"""`verta-gitops freeze`: lets nothing new start in a namespace."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import NAMESPACE

EPILOG = f"""\b
Examples:
  verta-gitops freeze forecasting
  verta-gitops freeze forecasting churn --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("namespaces", nargs=-1, required=True, type=NAMESPACE, metavar="NAMESPACE...")
@editing
def freeze(namespaces: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Freeze namespaces: nothing new starts in them, and nothing is deleted.

    The first step of taking a namespace out; `unfreeze` takes it back.
    """
    from generator.editing import wishes

    return edit(lambda draft: wishes.set_state(draft, namespaces, "frozen"), options)
