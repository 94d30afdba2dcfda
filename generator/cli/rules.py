"""`verta-gitops rules`: every id that a problem can carry, and the page of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from generator.cli.common import ANSWER_FORMAT, require_rules
from generator.cli.names import RULE

if TYPE_CHECKING:
    from generator.catalogue import Entry

EPILOG = """\b
Examples:
  verta-gitops rules
  verta-gitops rules unknown-tier
  verta-gitops rules --format json
  verta-gitops rules -o docs/rules

\b
Exit codes:
  0  listed, printed or written
  1  settings or rules of your own have problems; the rest is listed
  2  there is no such rule
  3  could not run: a file cannot be read or written
"""


@click.command(epilog=EPILOG)
@click.argument("rule", required=False, type=RULE, metavar="[RULE-ID]")
@ANSWER_FORMAT
@click.option("-f", "--file", default="org.yaml", type=click.Path(), help="The organization whose own rules count too.")
@click.option("-o", "--output", default=None, type=click.Path(), help="Write the pages as Markdown into this folder.")
def rules(rule: str | None, form: str, file: str, output: str | None) -> int:
    """List everything that can be found, or print the page of RULE-ID.

    Each line has the weight, the id and what must hold; ids that end with `!` can be neither ignored nor changed.
    """
    from generator.pipeline import rulebook
    from generator.report.text import text

    book = rulebook(file)
    entries = list(book.entries.values())
    if book.problems:
        click.echo(text(book.problems), err=True)
    if rule is not None:
        require_rules([rule], list(book.entries), "rules")
        entries = [book.entries[rule]]
    if output is not None:
        _write(output, entries)
    elif form == "json":
        click.echo(_json(entries))
    else:
        click.echo(_list(entries) if rule is None else _page(entries[0]))
    return int(bool(book.problems))


def _list(entries: Sequence[Entry]) -> str:
    lines: list[str] = []
    width = max(len(entry.id) for entry in entries) + 1
    group = ""
    for entry in entries:
        if entry.group != group:
            group = entry.group
            lines += [*([""] if lines else []), click.style(f"{group.capitalize()}:", bold=True)]
        name = entry.id + "!" * entry.firm
        colour = "red" if entry.severity == "error" else "yellow"
        lines.append(f"  {click.style(f'{entry.severity:7}', fg=colour)}  {name:{width}}  {entry.title}")
    return "\n".join(lines)


def _page(entry: Entry) -> str:
    weight = entry.severity + (", cannot be ignored or changed" if entry.firm else "")
    return f"{click.style(entry.id, bold=True)} ({weight})\n\n{entry.page}"


def _json(entries: Sequence[Entry]) -> str:
    import json

    listed = [
        {
            "id": entry.id,
            "severity": entry.severity,
            "group": entry.group,
            "firm": entry.firm,
            "title": entry.title,
            "page": entry.page,
        }
        for entry in entries
    ]
    return json.dumps({"version": 1, "rules": listed}, indent=2, ensure_ascii=False)


def _write(folder: str, entries: Sequence[Entry]) -> None:
    """Write a page for each entry and an index; pages of ids that are gone are removed, other files left alone."""
    from pathlib import Path

    from generator.catalogue import WRITTEN, pages
    from generator.problems import Stop

    files = pages(entries)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for old in Path(folder).glob("*.md"):
            if old.name not in files and old.read_text(encoding="utf-8").startswith(WRITTEN):
                old.unlink()
        for name, page in files.items():
            (Path(folder) / name).write_text(page, encoding="utf-8")
    except OSError as error:
        raise Stop(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    click.echo(f"{len(files)} pages in {folder}")
