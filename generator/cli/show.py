"""`verta-gitops show`: everything about one workspace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from generator.cli.common import ANSWER_FORMAT
from generator.cli.names import WORKSPACE_OR_NAMESPACE

if TYPE_CHECKING:
    from generator.explain import Fact
    from generator.views.workspace import WorkspaceView

EPILOG = """\b
Examples:
  verta-gitops show fraud-detection
  verta-gitops show "Actuarial Sandbox"
  verta-gitops show fraud-detection -f orgs/prod-eu.yaml --format json

\b
Exit codes:
  0  shown
  1  FILE has errors that would make the answer wrong; they are shown
  2  there is no such workspace
  3  could not run: FILE cannot be read
"""


@click.command(epilog=EPILOG)
@click.argument("workspace", type=WORKSPACE_OR_NAMESPACE)
@click.option("-f", "--file", default="org.yaml", show_default=True, type=click.Path(), help="The organization.")
@ANSWER_FORMAT
def show(workspace: str, file: str, form: str) -> int:
    """Show everything about one workspace: what holds and why, who has access, what reaches it, its files.

    WORKSPACE is its name, or the name of its namespace.
    """
    from generator.cli.tables import require_org
    from generator.explain import Explainer
    from generator.model.naming import home
    from generator.rendering.environment import Templates
    from generator.rendering.tree import render
    from generator.views.workspace import find_workspace, workspace_view

    examined = require_org(file)
    org = examined.org
    assert org is not None
    wanted = find_workspace(org, workspace)
    place = home(org, wanted)
    templates = Templates(examined.settings.templates)
    tree = [path for path, _ in render(org, templates, lambda each, _: None if each == place else ())]
    found = workspace_view(org, Explainer(org, examined.sources, tree), wanted)
    folder = os.path.join(os.path.dirname(file), "rendered", org.cluster.name)
    click.echo(_json(found, folder) if form == "json" else "\n".join(_lines(found, folder)))
    return 0


def _lines(found: WorkspaceView, folder: str) -> list[str]:
    from generator.cli.tables import table
    from generator.report.text import visible

    lines = [click.style(visible(found.workspace), bold=True)]
    lines += [f"  {visible(found.description)}"] if found.description else []
    heads = [("written", str(found.written) if found.written else ""), ("namespace", _namespace(found))]
    if found.mapping:
        heads.append(("mapping in Verta", found.mapping))
    heads.append(("applied by", found.applied_by))
    lines += [f"  {name}: {visible(value)}" for name, value in heads if value]
    for title, facts in found.sections:
        rows = [[_short(fact), fact.value, _source(fact)] for fact in facts]
        lines += ["", click.style(title, bold=True), *_indented(table(["WHAT", "VALUE", "WRITTEN"], rows))]
    lines += ["", click.style("access", bold=True)]
    rows = [[each.group, ",".join(each.roles), each.verta, each.kubernetes] for each in found.rights]
    lines += _indented(table(["GROUP", "ROLES", "VERTA", "KUBERNETES"], rows)) if rows else ["  nobody"]
    if found.ways:
        sources, targets = (visible(", ".join(each)) for each in (found.ways.sources, found.ways.targets))
        lines += ["", click.style("network", bold=True), f"  in from: {sources}", f"  out to: {targets}"]
    lines += ["", click.style("files", bold=True), *(f"  {folder}/{file}" for file in found.files)]
    return lines


def _namespace(found: WorkspaceView) -> str:
    if found.mapped:
        return found.namespace
    return f"{found.namespace}, the primary one: it has none of its own"


def _short(fact: Fact) -> str:
    from generator.problems import show_path

    inside = fact.path[2] in ("quota", "container", "network")
    return ".".join(map(str, fact.path[3:])) if inside else show_path(fact.path[2:])


def _source(fact: Fact) -> str:
    place = f"{fact.written}: {fact.source}" if fact.written else "nowhere: the default"
    return place + "".join(f", over {text}" for text, _ in fact.overrode)


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _json(found: WorkspaceView, folder: str) -> str:
    import json

    from generator.problems import Span, show_path
    from generator.views.data import as_data

    def span(place: Span | None) -> dict[str, Any] | None:
        return None if place is None else {"file": place.file, "line": place.line, "column": place.column}

    content: dict[str, Any] = {
        "version": 1,
        "workspace": found.workspace,
        "description": found.description,
        "namespace": found.namespace,
        "mapped": found.mapped,
        "mapping": found.mapping,
        "written": span(found.written),
        "appliedBy": found.applied_by,
    }
    for title, facts in found.sections:
        content[title] = [
            {
                "path": show_path(fact.path),
                "value": fact.value,
                "source": fact.source,
                "written": span(fact.written),
                "overrode": [text for text, _ in fact.overrode],
            }
            for fact in facts
        ]
    content["access"] = as_data(found.rights)
    content["ways"] = as_data(found.ways)
    content["files"] = [f"{folder}/{file}" for file in found.files]
    return json.dumps(content, indent=2, ensure_ascii=False)
