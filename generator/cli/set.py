"""`verta-gitops set`: writes one value where it belongs."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import PLACE

EPILOG = f"""\b
Examples:
  verta-gitops set namespaces.fraud.quota.requests.cpu 32
  verta-gitops set namespaces.fraud.labels.cost-center 4711
  verta-gitops set namespaces.fraud.owners '[fraud-leads, model-risk]'
  verta-gitops set 'workspaces["Old Sandbox"].description' 'Experiments from before 2025' --dry-run

{CODES}"""


@click.command("set", epilog=EPILOG)
@click.argument("path", type=PLACE)
@click.argument("value")
@editing
def set(path: str, value: str, **options: Unpack[Options]) -> int:  # noqa: A001 - the name of the command
    """Write a value at a place of the organization, and change nothing else.

    PATH is a place such as namespaces.fraud.quota.pods (keys with dots need no quotes); what is missing on the way is
    made. VALUE is text as it stands, quoted in the file where it must be; for a list or a map it is YAML. The file in
    which the place is written is edited; its comments and its style stay.
    """
    from generator.editing.drafting import Draft
    from generator.editing.values import parse_place, parse_value

    draft = Draft(options["file"])
    place = parse_place(path, draft.documents)
    data = parse_value(place, value)
    return edit(lambda draft: draft.set(place, data), options, draft)
