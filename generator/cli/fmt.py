"""`verta-gitops fmt`: brings the files of an organization into a uniform form."""

from __future__ import annotations

from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing

EPILOG = f"""\b
Examples:
  verta-gitops fmt
  verta-gitops fmt --check
  verta-gitops fmt -f orgs/prod-eu.yaml --dry-run

{CODES}"""


@click.command(epilog=EPILOG)
@click.option("--check", "only_check", is_flag=True, help="Write nothing, and exit 1 where something would change.")
@editing
def fmt(only_check: bool, **options: Unpack[Options]) -> int:
    """Bring the files of an organization into a uniform form that means the same.

    Line ends, blanks at the ends of lines, blank lines and the end of the file; quantities as Kubernetes spells them;
    quotes where a text would be something else to some YAML readers. Comments, order and indentation stay.
    """
    from generator.editing.drafting import Draft
    from generator.editing.formatting import formatted

    def change(draft: Draft) -> None:
        draft.documents = [
            formatted(document, fragment=index > 0) if document.complete else document
            for index, document in enumerate(draft.documents)
        ]

    draft = Draft(options["file"])
    if not draft.sources.complete:
        return edit(lambda draft: draft.require_readable(), options, draft)
    if only_check:
        code = edit(change, {**options, "dry_run": True}, draft)
        return code or int(bool(draft.edits))
    return edit(change, options, draft)
