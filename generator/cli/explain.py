"""`verta-gitops explain`: why a value is what it is, and where it goes; and the way back from a rendered file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from generator.cli.common import ANSWER_FORMAT, print_problems, totals
from generator.cli.names import PLACE
from generator.problems import Span, Usage, show_path

if TYPE_CHECKING:
    from generator.explain import Fact, Origin

EPILOG = """\b
Examples:
  verta-gitops explain namespaces.fraud.quota.requests.cpu
  verta-gitops explain fraud
  verta-gitops explain tiers.standard.quota
  verta-gitops explain rendered/prod-us/namespaces/fraud/resourcequota.yaml
  verta-gitops explain fraud -f orgs/prod-eu.yaml --format json

\b
Exit codes:
  0  explained
  1  FILE has errors that would make the answer wrong; they are shown
  2  there is no such place, name or file
  3  could not run: FILE cannot be read
"""
_SHOWN = 5
"""Folders that are named one by one; of more, the first."""


@click.command(epilog=EPILOG)
@click.argument("path", type=PLACE)
@click.option("-f", "--file", default="org.yaml", show_default=True, type=click.Path(), help="The organization.")
@click.option("-o", "--output", default=None, type=click.Path(), help="Folder of all clusters; `rendered` beside FILE.")
@ANSWER_FORMAT
def explain(path: str, file: str, output: str | None, form: str) -> int:
    """Say what a value is, where it was written, and which files it lands in.

    PATH is a place in the organization (keys with dots need no quotes), the name of a namespace or a workspace, or a
    rendered file.
    """
    from generator.explain import Explainer
    from generator.pipeline import examine
    from generator.rendering.environment import Templates
    from generator.rendering.tree import render

    examined = examine(file)
    org = examined.org
    if org is None or examined.unsafe:
        print_problems(examined.problems, "text", [examined])
        click.echo(f"nothing explained: {totals(examined.problems)}")
        return 3 if examined.failed else 1
    output = output or os.path.join(os.path.dirname(file), "rendered")
    folder = os.path.join(output, org.cluster.name)
    tree = dict(render(org, Templates(examined.settings.templates)))
    explainer = Explainer(org, examined.sources, tree)
    inside = os.path.relpath(os.path.abspath(path), os.path.abspath(folder)).replace(os.sep, "/")
    if inside in tree or path in tree or os.path.isfile(path):
        text = tree.get(inside) or tree.get(path) or _text(path)
        origins = explainer.origins(text)
        click.echo(_json(origins=origins, folder=folder) if form == "json" else _origins(path, origins))
    else:
        facts = explainer.facts(path)
        click.echo(_json(facts=facts, folder=folder) if form == "json" else _facts(facts, folder))
    return 0


def _text(path: str) -> str:
    from pathlib import Path

    from generator.problems import Stop
    from generator.rendering.tree import HEADER

    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Stop(f"{path}: cannot be read: {error}") from error
    if not text.startswith(HEADER):
        raise Usage(f'"{path}" was not rendered from org.yaml')
    return text


def _facts(facts: Sequence[Fact], folder: str) -> str:
    """Each value with its place; the files once, where all values share them."""
    lines: list[str] = []
    shared = len({fact.files for fact in facts}) == 1
    for fact in facts:
        lines += _fact(fact)
        if not shared:
            lines += [f"    lands in {files}" for files in _files(fact.files, folder)]
    if shared and facts:
        lines += [f"lands in {files}" for files in _files(facts[0].files, folder)]
    return "\n".join(lines)


def _fact(fact: Fact) -> list[str]:
    from generator.report.text import visible

    name = click.style(visible(show_path(fact.path)), bold=True)
    place = f"{fact.written}: {fact.source}" if fact.written else "written nowhere: the default"
    lines = [f"{name} = {visible(fact.value)}", f"    {visible(place)}"]
    lines += [f"    overrides {visible(text)} ({visible(str(place))})" for text, place in fact.overrode]
    return lines


def _files(files: Sequence[str], folder: str) -> list[str]:
    """The files folder by folder."""
    folders: dict[str, list[str]] = {}
    for file in files:
        parent, _, name = file.rpartition("/")
        folders.setdefault(parent, []).append(name)
    lines = [
        f"{folder}/{parent}/{names[0]}" if len(names) == 1 else f"{folder}/{parent}: {', '.join(names)}"
        for parent, names in folders.items()
    ]
    return [*lines[:_SHOWN], f"{len(lines) - _SHOWN:,} more folders"] if len(lines) > _SHOWN else lines


def _origins(path: str, origins: Sequence[Origin]) -> str:
    from generator.report.text import visible

    lines: list[str] = []
    for origin in origins:
        where = f"{origin.written}: {show_path(origin.path)}" if origin.path else "the organization as a whole"
        lines.append(f"{click.style(visible(origin.object), bold=True)} ({visible(path)}:{origin.line})")
        lines.append(f"    from {visible(where)}")
    seen: set[Any] = set()
    for fact in (fact for origin in origins for fact in origin.facts):
        if fact.path not in seen:
            seen.add(fact.path)
            lines += _fact(fact)
    return "\n".join(lines)


def _json(facts: Sequence[Fact] = (), origins: Sequence[Origin] = (), folder: str = "") -> str:
    import json

    content: dict[str, Any] = {"version": 1}
    if origins:
        content["objects"] = [
            {
                "object": each.object,
                "line": each.line,
                "path": show_path(each.path) if each.path else "",
                "written": _span(each.written),
                "facts": [_data(fact, folder) for fact in each.facts],
            }
            for each in origins
        ]
    else:
        content["facts"] = [_data(fact, folder) for fact in facts]
    return json.dumps(content, indent=2, ensure_ascii=False)


def _data(fact: Fact, folder: str) -> dict[str, Any]:
    return {
        "path": show_path(fact.path),
        "value": fact.value,
        "source": fact.source,
        "written": _span(fact.written),
        "overrode": [{"said": text, "written": _span(place)} for text, place in fact.overrode],
        "files": [f"{folder}/{file}" for file in fact.files],
    }


def _span(span: Span | None) -> dict[str, Any] | None:
    return None if span is None else {"file": span.file, "line": span.line, "column": span.column}
