"""`verta-gitops revoke`: takes roles from groups in a workspace."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import WORKSPACE

EPILOG = f"""\b
Examples:
  verta-gitops revoke fraud-detection model-risk:auditor
  verta-gitops revoke fraud-detection fraud-ds --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.argument("workspace", type=WORKSPACE)
@click.argument("grants", nargs=-1, required=True, metavar="GROUP[:ROLE]...")
@editing
def revoke(workspace: str, grants: tuple[str, ...], **options: Unpack[Options]) -> int:
    """Take roles from groups in a workspace.

    A GROUP without a role loses all that it has there; elsewhere it keeps what it has.
    """
    from generator.editing import wishes

    return edit(lambda draft: wishes.revoke(draft, workspace, wishes.parse_grants(grants, whole=False)), options)
