"""Plan → lines for a terminal, danger first."""

from __future__ import annotations

from collections.abc import Iterator

import click

from generator.plan.change import RISKS, Capacity, Change, Plan, Risk
from generator.plan.words import (
    LONGEST_DETAIL,
    Part,
    Where,
    counted,
    headline,
    place_of,
    shows_places,
)
from generator.printing import clipped, printable

MOST_PLACES = 12
"""Names of namespaces that a change shows; the JSON plan has all."""

_COLOURS: dict[Risk, str] = {"danger": "red", "attention": "yellow", "safe": "green"}


def text(plan: Plan, where: Where) -> str:
    """The plan for people; colours are taken out again where the output is no terminal."""
    return "\n".join(_lines(plan, where))


def _lines(plan: Plan, where: Where) -> Iterator[str]:
    name = f"{printable(plan.organization)} on {printable(plan.cluster)}"
    if not plan:
        yield f"Plan for {name}: nothing changes"
        return
    counts = ", ".join(f"{plan.count(risk):,} {risk}" for risk in RISKS if plan.count(risk))
    yield f"Plan for {name}: {counted(len(plan.changes), 'change')}: {counts}"
    if plan.first:
        yield "There was nothing before: everything is new."
    for risk in RISKS:
        changes = [change for change in plan.changes if change.risk == risk]
        if changes:
            yield ""
            yield click.style(risk, fg=_COLOURS[risk], bold=True)
        for change in changes:
            yield from _change(change, where)
    if plan.capacity:
        yield ""
        yield click.style("promised capacity", bold=True)
        yield from _table(plan.capacity)


def _change(change: Change, where: Where) -> Iterator[str]:
    yield f"  {click.style(change.title, bold=True)}: {''.join(map(_part, headline(change)))}"
    yield f"      {change.reason}"
    if shows_places(change):
        shown = ", ".join(map(printable, change.places[:MOST_PLACES]))
        rest = len(change.places) - MOST_PLACES
        yield f"      in {shown}" + (f" and {rest:,} more (all in --format json)" if rest > 0 else "")
    for words, value in change.details:
        yield f"      {words}" + (f": {clipped(printable(value), LONGEST_DETAIL)}" if value else "")
    if place := place_of(change, where):
        yield click.style(f"      {printable(place)}{' at the base' if change.side == 'base' else ''}", dim=True)
    for line in change.example.split("\n") if change.example else ():
        yield f"        {clipped(printable(line))}".rstrip()


def _part(part: Part) -> str:
    return clipped(printable(part.text)) if part.theirs else part.text


def _table(rows: tuple[Capacity, ...]) -> Iterator[str]:
    cells = [("resource", "before", "after", "may be promised", "percent")]
    cells += [
        (printable(row.resource), row.before, row.after, limit(row), percent(row)) for row in rows
    ]  # fmt: skip
    widths = [max(len(row[column]) for row in cells) for column in range(5)]
    for row in cells:
        yield ("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))).rstrip()


def limit(row: Capacity) -> str:
    """What may be promised, before and after where that differs."""
    if row.limit_before == row.limit_after:
        return row.limit_after or "not known"
    return f"{row.limit_before or 'not known'} → {row.limit_after or 'not known'}"


def percent(row: Capacity) -> str:
    """How much of it is promised, before and after."""
    one, two = (("?" if each is None else f"{each:g} %") for each in (row.percent_before, row.percent_after))
    return "" if one == two == "?" else f"{one} → {two}"
