"""`verta-gitops schema`: the JSON Schema of what people write."""

from __future__ import annotations

import click

EPILOG = """\b
Examples:
  verta-gitops schema > schema/org.schema.json
  verta-gitops schema --fragment > schema/fragment.schema.json

Editors find it by a first line in org.yaml:

\b
  # yaml-language-server: $schema=schema/org.schema.json
"""


@click.command(epilog=EPILOG)
@click.option("--fragment", is_flag=True, help="The schema of a file that `include` names.")
def schema(fragment: bool) -> None:
    """Print the JSON Schema of org.yaml, for editors.

    It is made from the same model that `check` reads with, so both agree on every key and every value's form.
    """
    from generator.model.schema import schema_text

    click.echo(schema_text(fragment), nl=False)
