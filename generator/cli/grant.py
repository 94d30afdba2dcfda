"""`verta-gitops grant`: gives groups a role in a workspace."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import GRANT, WORKSPACE

EPILOG = f"""\b
Examples:
  verta-gitops grant fraud-detection model-risk:auditor
  verta-gitops grant fraud-detection fraud-ds:data-scientist fraud-leads:maintainer --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("workspace", type=WORKSPACE)
@click.argument("grants", nargs=-1, required=True, type=GRANT, metavar="GROUP:ROLE...")
@editing
def grant(workspace: str, grants: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Give groups a role in a workspace.

    What a group has already stays; groups and roles must exist.
    """
    from generator.editing import wishes

    return edit(lambda draft: wishes.grant(draft, workspace, wishes.parse_grants(grants)), options)
