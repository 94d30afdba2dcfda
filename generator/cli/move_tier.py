"""`verta-gitops move-tier`: gives namespaces another tier."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import NAMESPACE, TIER

EPILOG = f"""\b
Examples:
  verta-gitops move-tier fraud --to gpu
  verta-gitops move-tier fraud churn pricing --to dedicated --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("namespaces", nargs=-1, required=True, type=NAMESPACE, metavar="NAMESPACE...")
@click.option("--to", "tier", required=True, type=TIER, metavar="TIER", help="The tier that they get.")
@editing
def move_tier(namespaces: tuple[str, ...], tier: str, **options: Unpack[Options]) -> int:
    """Give namespaces another tier; what they say themselves stays laid over it."""
    from generator.editing import wishes

    return edit(lambda draft: wishes.move_tier(draft, namespaces, tier), options)
