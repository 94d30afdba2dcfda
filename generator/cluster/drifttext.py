"""Drift → lines for people: by namespace and by cause, with the place in org.yaml and the command to type next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from generator.cluster.comparing import ABSENT, CAUSES, Cause, Difference
from generator.cluster.drift import Drift, Silence, home
from generator.cluster.remedies import removing, restoring
from generator.model.naming import home as home_of
from generator.model.org import Org
from generator.printing import clipped, printable
from generator.problems import Problem, Severity, Span, show_path

Where = Callable[[Difference], Span | None]
"""The place in org.yaml that a declared object comes from."""

TITLES: dict[Cause, str] = {
    "missing": "missing",
    "terminating": "being deleted",
    "changed": "changed",
    "added": "added by hand",
    "orphan": "not declared (orphan)",
}
_LONGEST = 120
_MOST_NAMES = 10
"""Namespaces of a group that are named; the JSON names all."""


def text(drift: Drift, org: Org, where: Where, folder: str) -> str:
    """The whole drift; namespaces that differ in the same way are said once."""
    lines: list[str] = []
    inhabitants = {home_of(org, workspace): workspace.name for workspace in org.workspaces.values()}
    for names, group in _alike(drift.differences):
        lines += [*_section(names, group, org, inhabitants, where, folder), ""]
    reasons: dict[str, list[Silence]] = {}
    for silence in drift.silences:
        reasons.setdefault(silence.why, []).append(silence)
    for why, silent in reasons.items():
        number = sum(each.objects for each in silent)
        kinds = ", ".join(printable(each.kind) for each in silent)
        lines.append(f"not compared: {kinds} ({f'{number:,}' if number else 'none'} declared): {printable(why)}")
    lines += [f"odd: {printable(doubt)}" for doubt in drift.doubts]
    return "\n".join([*lines, _summary(drift)])


def problems(drift: Drift, where: Where, file: str) -> list[Problem]:
    """The drift as problems at the places where the objects come from; what has none is a problem of `file`."""
    found = []
    for each in drift.differences:
        name = home(each)
        message = f"{f'namespace {printable(name)}' if name else 'the cluster'}: {TITLES[each.cause]}: {_line(each)}"
        place = where(each) or Span(file, 1, 1, 1, 1)
        found.append(Problem(message, place, rule=_titled(TITLES[each.cause])))
    for silence in drift.silences:
        message = f"not compared: {printable(silence.kind)}: {printable(silence.why)}"
        severity: Severity = "error" if silence.partial else "warning"
        found.append(Problem(message, Span(file, 1, 1, 1, 1), rule=_titled("not compared"), severity=severity))
    return found


def _titled(what: str) -> str:
    """What stands where a problem names its rule: a difference breaks none."""
    return f"drift: {what}"


def _alike(differences: Sequence[Difference]) -> Iterator[tuple[list[str], list[Difference]]]:
    """(names, differences of the first) of namespaces whose differences read the same."""
    found: dict[tuple[object, ...], tuple[list[str], list[Difference]]] = {}
    for name, group in groupby(differences, home):
        mine = list(group)
        alike = name and not any(each.cause == "orphan" for each in mine)
        key = tuple(_without_name(each, name) for each in mine) if alike else (name,)
        found.setdefault(key, ([], mine))[0].append(name)
    yield from found.values()


def _without_name(difference: Difference, name: str) -> tuple[object, ...]:
    """What is said of a difference, but for the name of its namespace."""
    kind = difference.identity.kind
    called = "" if difference.identity.name == name else difference.identity.name
    values = shown(difference.declared, kind), shown(difference.live, kind)
    return difference.cause, kind, difference.identity.group, called, difference.path, *values, difference.by


def _section(
    names: list[str], group: list[Difference], org: Org, inhabitants: Mapping[str, str], where: Where, folder: str
) -> Iterator[str]:
    place = next((span for each in group if (span := where(each))), None)
    at = f" ({printable(str(place))})" if place else ""
    if len(names) > 1:
        shown = ", ".join(map(printable, names[:_MOST_NAMES]))
        more = f" and {len(names) - _MOST_NAMES:,} more" if len(names) > _MOST_NAMES else ""
        yield f"{len(names):,} namespaces: {shown}{more}"
    else:
        yield f"namespace {printable(names[0])}{at}" if names[0] else f"the cluster{at}"
    by_cause = {cause: [each for each in group if each.cause == cause] for cause in CAUSES}
    gone = {each.cause for each in group if each.identity.kind == "Namespace"} & {"missing", "terminating"}
    if "terminating" in gone:
        by_cause["missing"] = []  # they went with it
    for cause, mine in by_cause.items():
        if not mine:
            continue
        yield f"  {TITLES[cause]}"
        if cause == "missing" and gone:
            yield f"    {_vanished(names, org.cluster.name, inhabitants, len(mine) - 1)}"
        else:
            yield from (f"    {_line(each)}" for each in mine)
        if cause in ("missing", "changed"):
            yield f"    → {restoring(org, names, folder, 'missing' in gone)}"
        elif len(names) == 1:
            yield from (f"    → {command}" for command in dict.fromkeys(map(removing, mine)))
        else:
            yield f"    → {removing(mine[0])}  (and so on)"


def _vanished(names: list[str], cluster: str, inhabitants: Mapping[str, str], others: int) -> str:
    """What a namespace that does not exist means to those who work in it."""
    more = f", nor what it holds ({others:,} objects)" if others else ""
    if len(names) > 1:
        return f"none of them exists{more}: endpoints of their workspaces will fail to deploy"
    workspace = inhabitants.get(names[0])
    effect = (
        f": endpoints of workspace {printable(clipped(workspace, _LONGEST))} will fail to deploy" if workspace else ""
    )
    return f"namespace {printable(names[0])} does not exist in cluster {cluster}{more}{effect}"


def _line(difference: Difference) -> str:
    identity = difference.identity
    said = f'{printable(identity.kind)} "{printable(clipped(identity.name, _LONGEST))}"'
    if difference.cause == "terminating":
        return f"{said} since {shown(difference.live, identity.kind)}"
    if not difference.path:
        return said
    by = f" (by {printable(clipped(difference.by, _LONGEST))})" if difference.by else ""
    place = printable(clipped(show_path(difference.path), _LONGEST))
    live, wanted = (shown(value, identity.kind) for value in (difference.live, difference.declared))
    if difference.declared is ABSENT:
        return f"{said}: {place} is {live}, and is not declared{by}"
    return f"{said}: {place} is {live}, declared {wanted}{by}"


def shown(value: Any, kind: str) -> str:
    """A value for a message; never one of a Secret."""
    if value is ABSENT:
        return "missing"
    if kind == "Secret":
        return "(hidden)"
    try:
        return printable(clipped(json.dumps(value, ensure_ascii=False, default=str), _LONGEST))
    except RecursionError:
        return "(nested too deeply)"


def _summary(drift: Drift) -> str:
    compared = f"{drift.compared:,} objects compared with {printable(drift.source)}"
    if not drift.differences:
        return f"{compared}: no drift" + (" in what could be compared" if drift.partial else "")
    parts = []
    for cause in CAUSES:
        objects = {each.identity for each in drift.differences if each.cause == cause}
        if objects:
            parts.append(f"{len(objects):,} {TITLES[cause]}")
    return f"{compared}: {', '.join(parts)}"
