"""Plan → a comment for a pull request: a table first, danger in the open, the rest folded, never too long.

Whatever people wrote stands in a code span or a code block that it cannot leave, so that no name can mention somebody,
link somewhere or draw a button.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from generator.plan.change import ALL_KINDS, RISKS, Capacity, Change, Plan, Risk
from generator.plan.text import limit, percent
from generator.plan.words import (
    LONGEST_DETAIL,
    Part,
    Where,
    counted,
    headline,
    place_of,
    shows_places,
    touched,
)
from generator.printing import clipped, printable
from generator.problems import Problem

MARKER = "<!-- verta-gitops plan -->"
"""First line: by it the next run finds the comment, and edits it."""

LIMIT = 65_536
"""Bytes (and therefore characters) that a comment may have."""

MOST_PLACES = 20
_MOST_DETAILS = 12
_MOST_ROWS = 30
_RESERVE = 600
"""Bytes kept for closing what is open and for saying what is left out."""

_SIGNS: dict[Risk, str] = {"danger": "🔴 danger", "attention": "🟠 attention", "safe": "🟢 safe"}


def markdown(plan: Plan, where: Where) -> str:
    """The plan as a comment of at most `LIMIT` bytes."""
    head = "\n".join([MARKER, *_head(plan)])
    parts = [head]
    left = LIMIT - _size(head) - _RESERVE
    for risk in RISKS:
        changes = [change for change in plan.changes if change.risk == risk]
        if changes:
            section = _section(risk, changes, where, left, fold=risk != "danger")
            parts.append(section)
            left -= _size(section) + 2
    return "\n\n".join(parts) + "\n"


def markdown_problems(problems: Sequence[Problem]) -> str:
    """The comment where there is no plan, because the head has errors."""
    lines = [MARKER, "### No plan: the organization has errors", ""]
    left = LIMIT - _size("\n".join(lines)) - _RESERVE
    for position, problem in enumerate(problems):
        line = (
            f"- **{problem.severity}** {code(str(problem.place))}: {code(problem.message, 1000)} ({code(problem.rule)})"
        )
        left -= _size(line) + 1
        if left < 0:
            lines += ["", f"**{len(problems) - position:,} more are not shown: the comment is full.**"]
            break
        lines.append(line)
    return "\n".join(lines) + "\n"


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _head(plan: Plan) -> Iterator[str]:
    name = f"{code(plan.organization)} on {code(plan.cluster)}"
    if not plan:
        yield f"### Plan for {name}: nothing changes"
        return
    counts = ", ".join(f"{plan.count(risk):,} {risk}" for risk in RISKS if plan.count(risk))
    yield f"### Plan for {name}: {counts}"
    yield ""
    if plan.first:
        yield "There was nothing before: everything is new."
        yield ""
    yield "| risk | what | changes | namespaces or workspaces |"
    yield "|---|---|---:|---:|"
    for risk in RISKS:
        for kind in ALL_KINDS:
            changes = tuple(each for each in plan.changes if each.risk == risk and each.kind == kind)
            if changes:
                yield f"| {_SIGNS[risk]} | {ALL_KINDS[kind].title} | {len(changes):,} | {_number(touched(changes))} |"
    if plan.capacity:
        yield ""
        yield from _capacity(plan.capacity)


def _capacity(rows: tuple[Capacity, ...]) -> Iterator[str]:
    yield "| promised capacity | before | after | may be promised | percent | by tier |"
    yield "|---|---:|---:|---:|---:|---|"
    for row in rows[:_MOST_ROWS]:
        tiers = [
            f"{_cell(tier)} ({counted(number, 'namespace')}): {one} → {two}" for tier, one, two, number in row.tiers
        ]
        more = f", and {len(tiers) - 5:,} more" if len(tiers) > 5 else ""
        cells = (_cell(row.resource), row.before, row.after, limit(row), percent(row), ", ".join(tiers[:5]) + more)
        yield f"| {' | '.join(cells)} |"
    if len(rows) > _MOST_ROWS:
        yield f"\n{len(rows) - _MOST_ROWS:,} more resources stand in the JSON plan."


def _section(risk: Risk, changes: list[Change], where: Where, room: int, fold: bool) -> str:
    title = f"{_SIGNS[risk]}: {counted(len(changes), 'change')}"
    lines = [f"<details><summary>{title}</summary>" if fold else f"#### {title}", ""]
    used = _size("\n".join(lines))
    for position, change in enumerate(changes):
        entry = "\n".join(_entry(change, where))
        used += _size(entry) + 1
        if used > room:
            number = len(changes) - position
            what = "more" if position else "of them"
            verb = "is" if number == 1 else "are"
            where_else = "All stand in `verta-gitops plan` and in `verta-gitops plan --format json`."
            lines += ["", f"**{number:,} {what} {verb} not shown: the comment is full.** {where_else}"]
            break
        lines.append(entry)
    if fold:
        lines += ["", "</details>"]
    return "\n".join(lines)


def _entry(change: Change, where: Where) -> Iterator[str]:
    place = place_of(change, where)
    at = f" ({code(place)}{' at the base' if change.side == 'base' else ''})" if place else ""
    yield f"- **{change.title}**: {''.join(map(_part, headline(change)))}{at}<br>{change.reason}"
    if shows_places(change):
        names = ", ".join(map(code, change.places[:MOST_PLACES]))
        rest = len(change.places) - MOST_PLACES
        yield f"  - in {names}" + (f" and {rest:,} more (all in the JSON plan)" if rest > 0 else "")
    for words, value in change.details[:_MOST_DETAILS]:
        yield f"  - {words}" + (f": {code(value, LONGEST_DETAIL)}" if value else "")
    if len(change.details) > _MOST_DETAILS:
        yield f"  - and {len(change.details) - _MOST_DETAILS:,} more (all in the JSON plan)"
    if change.example:
        lines = [clipped(printable(line), 200) for line in change.example.split("\n")]
        fence = "`" * (_longest_run(lines) + 3)
        yield from ("", f"  {fence}diff", *(f"  {line}" for line in lines), f"  {fence}", "")


def _part(part: Part) -> str:
    return code(part.text) if part.theirs else part.text


def code(text: str, longest: int = 300) -> str:
    """A text as a code span, whatever is in it."""
    shown = clipped(printable(text), longest)
    if not shown.strip():
        shown = f"“{shown}”"
    fence = "`" * (_longest_run([shown]) + 1)
    margin = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{margin}{shown}{margin}{fence}"


def _cell(text: str) -> str:
    """A text as a code span in a table, where a pipe would end the cell."""
    return code(text.replace("|", "∣"))


def _longest_run(lines: Iterable[str]) -> int:
    return max((len(run) for line in lines for run in re.findall("`+", line)), default=0)


def _number(number: int) -> str:
    return f"{number:,}" if number else ""
