"""`verta-gitops unset`: removes what is written at a place."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import PLACE

EPILOG = f"""\b
Examples:
  verta-gitops unset namespaces.fraud.quota.requests.cpu
  verta-gitops unset tiers.standard.description --dry-run
  verta-gitops unset namespaces.fraud.network.allowFrom.1

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("path", type=PLACE)
@editing
def unset(path: str, **options: Unpack[Options]) -> int:
    """Remove what is written at a place of the organization, so that its default or its tier holds again.

    PATH is a place such as namespaces.fraud.quota.pods, or an item of a list by its position, the first being 0. A map
    that becomes empty and says nothing is removed with it. What other places rely on is refused, and so is a namespace
    or a workspace that did not go through its lifecycle; `retire` is the way.
    """
    from generator.editing.drafting import Draft
    from generator.editing.values import parse_place

    draft = Draft(options["file"])
    place = parse_place(path, draft.documents)
    return edit(lambda draft: draft.unset(place), options, draft)
