"""Rows → a table for people, or JSON, YAML, CSV or names for programs, as users of kubectl know them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from generator.report.text import columns, visible

if TYPE_CHECKING:
    from generator.pipeline import Examined

_FORMS = {
    "table": "for people",
    "wide": "with more columns",
    "json": "for programs",
    "yaml": "the same as YAML",
    "csv": "for spreadsheets",
    "name": "only the names",
}
_GAP = "  "
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def output_option(*forms: str) -> Callable[[Any], Any]:
    """The option that says how rows are written."""
    return click.option(
        "-o",
        "--output",
        "--format",
        "form",
        type=click.Choice(forms),
        default=forms[0],
        show_default=True,
        help="How it is written: " + ", ".join(f"{name} {_FORMS[name]}" for name in forms if name in _FORMS) + ".",
    )


def require_org(file: str) -> Examined:
    """The organization of a file that has no problem which would make an answer wrong; otherwise the command ends."""
    from generator.cli.common import print_problems, totals
    from generator.pipeline import examine

    examined = examine(file)
    if examined.org is None or examined.unsafe:
        print_problems([each for each in examined.problems if each.severity == "error"], "text", [examined])
        click.echo(f"nothing shown: {totals(examined.problems)}")
        raise click.exceptions.Exit(3 if examined.failed else 1)
    return examined


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[Sequence[str]] = ()) -> str:
    """Columns below their heads, as wide as their widest cell; what people wrote cannot move the cursor.

    `styles` are colours for the cells of each row, empty for none.
    """
    shown = [[visible(cell) or "-" for cell in row] for row in rows]
    widths = [max(map(columns, column)) for column in zip(heads, *shown, strict=True)]
    numeric = [bool(shown) and all(_is_amount(row[each]) for row in shown) for each in range(len(heads))]
    lines = [_line([click.style(head, bold=True) for head in heads], heads, widths, numeric)]
    for position, row in enumerate(shown):
        colours = styles[position] if styles else [""] * len(row)
        styled = [click.style(cell, fg=colour) if colour else cell for cell, colour in zip(row, colours, strict=True)]
        lines.append(_line(styled, row, widths, numeric))
    return "\n".join(lines)


def _line(styled: Sequence[str], plain: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    cells = []
    for text, bare, width, right in zip(styled, plain, widths, numeric, strict=True):
        blank = " " * (width - columns(bare))
        cells.append(blank + text if right else text + blank)
    return _GAP.join(cells).rstrip()


def _is_amount(cell: str) -> bool:
    return cell[:1].isdigit() or cell == "-"


def csv_text(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """CSV with a head; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue().removesuffix("\n")


def harmless(cell: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def structured(content: Any, form: str) -> str:
    """Data as JSON or YAML."""
    if form == "json":
        return json.dumps(content, indent=2, ensure_ascii=False)
    from generator.rendering.literal import document

    return document(_for_yaml(content)).removeprefix("---\n").removesuffix("\n")


class _Scalar(int):
    """A fraction or nothing: to the writer of manifests, which has neither, a number that is spelled in its own way."""

    text: str

    @classmethod
    def of(cls, text: str) -> _Scalar:
        scalar = cls(0)
        scalar.text = text
        return scalar

    def __str__(self) -> str:
        return self.text


def _for_yaml(content: Any) -> Any:
    if content is None or isinstance(content, float):
        return _Scalar.of(json.dumps(content))
    if isinstance(content, dict):
        return {key: _for_yaml(value) for key, value in content.items()}
    return [_for_yaml(value) for value in content] if isinstance(content, list) else content
