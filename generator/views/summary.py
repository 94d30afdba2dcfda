"""View → a summary in markdown, for a wiki or a comment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from generator.plan.markdown import code
from generator.plan.words import counted
from generator.views.data import readable
from generator.views.overview import View

_MOST = 50
"""Rows of one table; a comment holds no thousands."""


def summary(view: View) -> str:
    """The numbers, the capacity, the cost, the changes and the problems."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: View) -> Iterator[str]:
    numbers = view.overview
    yield f"# {code(numbers.organization)} on {code(numbers.cluster)}"
    yield ""
    yield (
        f"{counted(numbers.workspaces, 'workspace')} in {counted(numbers.namespaces, 'namespace')}, "
        f"{counted(numbers.tiers, 'tier')}, {counted(numbers.groups, 'group')}; "
        f"{counted(numbers.errors, 'error')} and {counted(numbers.warnings, 'warning')}."
    )
    yield from _table(
        "Capacity",
        ["Resource", "Promised", "May be promised", "Percent", "Namespaces without quota"],
        [
            [
                code(each.resource),
                readable(each.amount),
                readable(each.allowed),
                "" if each.percent is None else f"{each.percent:g} %",
                str(each.unbounded or ""),
            ]
            for each in view.capacity.resources
        ],
    )
    yield from _table(
        "What still fits",
        ["Tier", "Namespaces", "More fit", "Runs out first"],
        [
            [code(each.tier), str(each.namespaces), "no bound" if each.more is None else str(each.more), each.bound]
            for each in view.capacity.fits
        ],
    )
    priced = view.cost.total is not None
    yield from _table(
        "Cost",
        ["Cost centre", "Namespaces", "Share", *([f"Cost {_plain(view.cost.unit)}".strip()] if priced else [])],
        [
            [
                _cell(each.centre) or "(none)",
                str(len(each.namespaces)),
                f"{each.percent:g} %",
                *([f"{each.cost:,.2f}"] if each.cost is not None else []),
            ]
            for each in view.cost.centres
        ],
    )
    if view.changes is not None:
        yield from _table(
            f"Changes since {code(view.since)}",
            ["Risk", "Change", "What", "Why"],
            [[each.risk, each.title, _cell(each.what), each.reason] for each in view.changes],
        )
    yield from _table(
        "Problems",
        ["Severity", "Where", "What", "Rule"],
        [[each.severity, _cell(f"{each.file}:{each.line}"), _cell(each.message), each.rule] for each in view.problems],
    )


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from ("", f"## {title}", "")
    if not rows:
        yield "None."
        return
    yield f"| {' | '.join(heads)} |"
    yield "|" + " --- |" * len(heads)
    for row in rows[:_MOST]:
        yield f"| {' | '.join(row)} |"
    if len(rows) > _MOST:
        yield from ("", f"{len(rows) - _MOST:,} more are not shown.")


def _plain(text: str) -> str:
    return _cell(text) if text else ""


def _cell(text: str) -> str:
    """A text of somebody's in a table, where a pipe would end the cell."""
    return code(text.replace("|", "∣")) if text else ""
