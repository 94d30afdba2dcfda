"""`verta-gitops add`: writes a new workspace with its namespace, or a new group of people."""

from __future__ import annotations

import sys
from typing import Unpack

import click

from generator.cli.editing import CODES, Options, edit, editing
from generator.cli.names import GRANT, GROUP, TIER
from generator.problems import Usage

EPILOG = f"""\b
Examples:
  verta-gitops add workspace
  verta-gitops add workspace "Motor Pricing" --tier dedicated --owner pricing-leads --label cost-center=5200
  verta-gitops add workspace churn --grant customer-ds:data-scientist --grant customer-leads:maintainer --dry-run
  verta-gitops add group churn-ds --subject oidc:churn-ds --codeowner @acme/churn-ds

{CODES}"""


@click.group(epilog=EPILOG)
def add() -> None:
    """Add a workspace with its namespace, or a group of people."""


@add.command(epilog=EPILOG, short_help="Add a workspace and the namespace that it is mapped to for ever.")
@click.argument("name", default="")
@click.option(
    "--namespace", default="", metavar="NAME", help="Namespace that it runs in; made from its name where not given."
)
@click.option(
    "--tier", default="", type=TIER, metavar="TIER", help="Tier of the namespace; the default where not given."
)
@click.option(
    "--owner", "owners", multiple=True, type=GROUP, metavar="GROUP", help="Group that answers for it; several times."
)
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="Label of the namespace; several times.")
@click.option(
    "--grant", "grants", multiple=True, type=GRANT, metavar="GROUP:ROLE", help="Who may do what in it; several times."
)
@click.option("--description", default="", metavar="TEXT", help="What the workspace is for.")
@click.option("--in", "into", default="", metavar="FILE", help="Fragment that it is written into.")
@editing
def workspace(
    name: str,
    namespace: str,
    tier: str,
    owners: tuple[str, ...],
    labels: tuple[str, ...],
    grants: tuple[str, ...],
    description: str,
    into: str,
    **options: Unpack[Options],
) -> int:
    """Add a workspace and the namespace that it is mapped to for ever.

    Without NAME, a terminal is asked for everything, with what there is to choose from and what still fits.
    """
    from generator.editing import wishes
    from generator.editing.drafting import Draft

    draft = Draft(options["file"])
    if name:
        new = wishes.NewWorkspace(
            name,
            namespace,
            tier,
            owners,
            _labels(labels),
            description,
            tuple(wishes.parse_grants(grants)),
            into,
        )
    elif not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage("name the workspace; only a terminal is asked for it")
    elif given := [
        option
        for option, value in (
            ("--namespace", namespace),
            ("--tier", tier),
            ("--owner", owners),
            ("--label", labels),
            ("--grant", grants),
            ("--description", description),
        )
        if value
    ]:
        raise Usage(f"{given[0]} says something about a workspace without a name; name it first")
    else:
        from generator.cli.asking import ask_workspace

        new = ask_workspace(draft, into)
    return edit(lambda draft: wishes.add_workspace(draft, new), options, draft)


@add.command(epilog=EPILOG)
@click.argument("name")
@click.option("--subject", default="", metavar="TEXT", help="Name of the group to Kubernetes; NAME where not given.")
@click.option("--verta", default="", metavar="TEXT", help="Name of the group in Verta; NAME where not given.")
@click.option("--codeowner", default="", metavar="HANDLE", help="Handle of the group at the git host.")
@editing
def group(name: str, subject: str, verta: str, codeowner: str, **options: Unpack[Options]) -> int:
    """Add a group of people, under its name in each system."""
    from generator.editing import wishes

    fields = {"subject": subject, "verta": verta, "codeowner": codeowner}
    return edit(lambda draft: wishes.add_group(draft, name, fields), options)


def _labels(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not equals or not key:
            raise Usage(f'--label: "{each}" is not KEY=VALUE, such as cost-center=4711')
        found[key] = value
    return found
