"""Views → the tables and charts of the page, as the plain data that its script draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from generator.model.quantity import Quantity
from generator.page.links import Link
from generator.views.access import Right
from generator.views.capacity import CapacityView
from generator.views.cost import CostView
from generator.views.data import readable
from generator.views.network import ANY, ANYWHERE, Ways
from generator.views.overview import View
from generator.views.rows import resources_of

_AMOUNTS = 4
"""Resources that the table of workspaces has a column for."""

_BARS = 15
"""Cost centres that the chart shows one by one."""

Data = dict[str, Any]


def page_data(view: View, link: Link, places: dict[str, tuple[str, int]]) -> Data:
    """All that the script draws; `places` says for a workspace where it is written."""
    tables: Data = {
        "workspaces": _workspaces(view, link, places),
        "network": _network(view.network),
        "problems": _problems(view, link),
    }
    if view.usage is not None:
        tables["usage"] = _usage(view)
    if view.changes is not None:
        tables["changes"] = _changes(view, link)
    charts = {"capacity": _capacity_chart(view.capacity), "cost": _cost_chart(view.cost), "ways": _ways(view.network)}
    return {"tables": tables, "charts": charts, "access": _access(view.access)}


def short(resource: str) -> str:
    """A resource as people call it in a narrow column: `cpu`, `memory`, `nvidia.com/gpu`."""
    return resource.removeprefix("requests.")


def _amount(amount: Quantity | None) -> Any:
    return {"t": readable(amount), "s": amount.nanos / 1e9} if amount is not None else {"t": "", "s": -1}


def _column(label: str, kind: str = "text", facet: bool = False) -> Data:
    return {"label": label, "kind": kind, "facet": facet}


def _workspaces(view: View, link: Link, places: dict[str, tuple[str, int]]) -> Data:
    known = [each.resource for each in view.capacity.resources if each.capacity is not None]
    resources = (known or resources_of(row.quota for row in view.workspaces))[:_AMOUNTS]
    label = view.cost.label
    centres = any(label in row.labels for row in view.workspaces)
    columns = [
        _column("Workspace"),
        _column("Namespace"),
        _column("Tier", facet=True),
        _column("State", "badge", facet=True),
        _column("Owners", "list"),
        *([_column(label, facet=True)] if centres else []),
        *(_column(short(resource), "amount") for resource in resources),
        _column("Description"),
        _column("Groups", "list"),
    ]
    rows = [
        [
            {"t": row.workspace, "h": link(*places.get(row.workspace, ("", 0)))},
            row.namespace if row.mapped else {"t": f"{row.namespace} (shared)", "s": row.namespace},
            row.tier,
            row.state,
            list(row.owners),
            *([row.labels.get(label, "")] if centres else []),
            *(_amount(row.quota.get(resource)) for resource in resources),
            row.description,
            list(row.groups),
        ]
        for row in view.workspaces
    ]
    return {"noun": "workspace", "columns": columns, "rows": rows}


def _network(found: Sequence[Ways]) -> Data:
    columns = [
        _column("Namespace"),
        _column("Isolation", facet=True),
        _column("Egress", facet=True),
        _column("In from", "list"),
        _column("Out to", "list"),
    ]
    rows = [[each.namespace, each.isolation, each.egress, list(each.sources), list(each.targets)] for each in found]
    return {"noun": "namespace", "columns": columns, "rows": rows}


def _problems(view: View, link: Link) -> Data:
    columns = [
        _column("Severity", "badge", facet=True),
        _column("Where"),
        _column("What"),
        _column("Rule", facet=True),
    ]
    rows = [
        [
            each.severity,
            {"t": f"{each.file}:{each.line}", "s": f"{each.file}:{each.line:09}", "h": link(each.file, each.line)},
            each.message,
            each.rule,
        ]
        for each in view.problems
    ]
    return {"noun": "problem", "columns": columns, "rows": rows}


def _changes(view: View, link: Link) -> Data:
    columns = [_column("Risk", "badge", facet=True), _column("Change", facet=True), _column("What"), _column("Why")]
    rows = [
        [each.risk, each.title, {"t": each.what, "h": link(each.file, each.line)}, each.reason]
        for each in view.changes or ()
    ]
    return {"noun": "change", "columns": columns, "rows": rows}


def _usage(view: View) -> Data:
    columns = [
        _column("Namespace"),
        _column("Resource", facet=True),
        _column("Used", "amount"),
        _column("Quota", "amount"),
        _column("Percent", "percent"),
    ]
    rows = [
        [
            each.namespace,
            each.resource,
            _amount(each.used),
            _amount(each.quota),
            -1 if each.percent is None else each.percent,
        ]
        for each in sorted(view.usage or (), key=lambda each: -(each.percent or 0))
    ]
    return {"noun": "quota", "columns": columns, "rows": rows}


def _access(found: Sequence[Right]) -> Data:
    """Names once, and for each workspace pairs of a group and its roles there."""
    groups = sorted({right.group for right in found})
    number = {group: position for position, group in enumerate(groups)}
    spaces: dict[str, list[list[Any]]] = {}
    for right in found:
        warned = "; ".join(right.warnings)
        spaces.setdefault(right.workspace, []).append([number[right.group], ", ".join(right.roles), warned])
    return {"groups": groups, "rows": [[name, cells] for name, cells in spaces.items()]}


def _capacity_chart(found: CapacityView) -> Data:
    """A bar for each resource that has a capacity, in percent of what may be promised, its tiers stacked."""
    known = [each for each in found.resources if each.allowed is not None and each.allowed.nanos]
    tiers = list(dict.fromkeys(part.tier for each in known for part in each.parts))
    series = []
    for tier in tiers:
        points = []
        for each in known:
            part = next((part for part in each.parts if part.tier == tier), None)
            assert each.allowed is not None
            percent = round(100 * part.amount.nanos / each.allowed.nanos, 2) if part else 0
            points.append(
                {"value": percent, "text": f"{readable(part.amount)} in {part.namespaces:,}" if part else "nothing"}
            )
        series.append({"name": tier or "(no tier)", "points": points})
    return {
        "labels": [short(each.resource) for each in known],
        "totals": [f"{readable(each.amount)} of {readable(each.allowed)} ({each.percent:g} %)" for each in known],
        "series": series,
    }


def _cost_chart(found: CostView) -> Data:
    first, rest = found.centres[:_BARS], found.centres[_BARS:]
    labels = [each.centre or "(none)" for each in first]
    values = [each.percent for each in first]
    if rest:
        labels.append(f"{len(rest)} others")
        values.append(round(sum(each.percent for each in rest), 1))
    return {"labels": labels, "values": values}


def _ways(found: Sequence[Ways]) -> Data:
    """The map: namespaces with the very same ways are one; its names, and the ways into and out of each."""
    folded: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for each in found:
        folded.setdefault((each.sources, each.targets), []).append(each.namespace)
    spaces = [
        {
            "name": names[0] if len(names) == 1 else f"{len(names):,} namespaces",
            "members": names,
            "in": list(sources),
            "out": list(targets),
        }
        for (sources, targets), names in sorted(folded.items(), key=lambda item: (-len(item[1]), item[1]))
    ]
    return {"spaces": spaces, "wide": [ANY, ANYWHERE]}
