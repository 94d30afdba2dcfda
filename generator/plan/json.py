"""Plan → JSON, for programs; the format has a version and a schema of its own."""

from __future__ import annotations

import json
from typing import Any

from generator.plan.change import ALL_KINDS, RISKS, Capacity, Change, Grant, Plan
from generator.plan.words import Where
from generator.problems import show_path

VERSION = 1


def json_plan(plan: Plan, where: Where) -> str:
    """The whole plan; nothing is left out."""
    return json.dumps(as_data(plan, where), indent=2)


def as_data(plan: Plan, where: Where) -> dict[str, Any]:
    """The plan as plain data."""
    return {
        "version": VERSION,
        "organization": plan.organization,
        "cluster": plan.cluster,
        "first": plan.first,
        "summary": {risk: plan.count(risk) for risk in RISKS},
        "changes": [_change(change, where) for change in plan.changes],
        "access": {
            "added": [_grant(grant) for grant in plan.granted],
            "removed": [_grant(grant) for grant in plan.revoked],
        },
        "capacity": [_capacity(row) for row in plan.capacity],
    }


def _change(change: Change, where: Where) -> dict[str, Any]:
    span = where(change)
    place = {"file": span.file, "line": span.line, "column": span.column} if span else {}
    return {
        "kind": change.kind,
        "subject": {"kind": change.subject.kind, "name": change.subject.name},
        "what": change.what,
        "old": change.old,
        "new": change.new,
        "risk": change.risk,
        "reason": change.reason,
        "places": list(change.places),
        "details": [{"words": words, "value": value} for words, value in change.details],
        "origin": {"side": change.side, "path": show_path(change.path), **place} if change.path else None,
        "example": change.example,
    }


def _grant(grant: Grant) -> dict[str, Any]:
    return {**grant._asdict(), "permissions": list(grant.permissions)}


def _capacity(row: Capacity) -> dict[str, Any]:
    return {
        "resource": row.resource,
        "before": row.before,
        "after": row.after,
        "limitBefore": row.limit_before or None,
        "limitAfter": row.limit_after or None,
        "percentBefore": row.percent_before,
        "percentAfter": row.percent_after,
        "unlimitedBefore": row.unlimited_before,
        "unlimitedAfter": row.unlimited_after,
        "tiers": [
            {"tier": tier, "before": before, "after": after, "namespaces": number}
            for tier, before, after, number in row.tiers
        ],
    }


def plan_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the JSON plan."""
    text = {"type": "string"}
    maybe = {"type": ["string", "null"]}
    count = {"type": "integer", "minimum": 0}
    percent = {"type": ["number", "null"], "minimum": 0}
    origin = _object(
        {
            "side": {"enum": ["base", "head"], "description": "Whether the base or the head has it."},
            "path": {**text, "description": "The place by name, such as tiers.standard.quota.pods."},
            "file": text,
            "line": {"type": "integer", "minimum": 1},
            "column": {"type": "integer", "minimum": 1},
        },
        "Where a change is written.",
        optional=("file", "line", "column"),
    )
    change = _object(
        {
            "kind": {"enum": list(ALL_KINDS)},
            "subject": _object({"kind": text, "name": text}, "What changes; without a name, several at once."),
            "what": {**text, "description": "Which part of the subject, such as a resource."},
            "old": maybe,
            "new": maybe,
            "risk": {"enum": list(RISKS)},
            "reason": text,
            "places": {
                **_list(text), "description": "Namespaces that it concerns; of a grant in Verta, workspaces.",
            },
            "details": _list(_object({"words": text, "value": text}, "One more thing to know.")),
            "origin": {"anyOf": [origin, {"type": "null"}]},
            "example": {**text, "description": "A unified diff of one object that stands for all."},
        },
        "One thing that happens.",
    )  # fmt: skip
    grant = _object(
        {"system": {"enum": ["kubernetes", "verta"]}, "subject": text, "place": text, "permissions": _list(text)},
        "Permissions that a subject gains or loses in a place; applied to what was, they give what will be.",
    )
    tier = _object({"tier": text, "before": text, "after": text, "namespaces": count}, "The part of one tier.")
    capacity = _object(
        {
            "resource": text, "before": text, "after": text, "limitBefore": maybe, "limitAfter": maybe,
            "percentBefore": percent, "percentAfter": percent, "unlimitedBefore": count, "unlimitedAfter": count,
            "tiers": _list(tier),
        },
        "What all namespaces are promised of a resource, and what may be promised.",
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "verta-gitops plan",
        **_object(
            {
                "version": {"const": VERSION},
                "organization": text,
                "cluster": text,
                "first": {"type": "boolean", "description": "Whether there was nothing before."},
                "summary": _object(dict.fromkeys(RISKS, count), "How many changes have each risk."),
                "changes": _list(change),
                "access": _object({"added": _list(grant), "removed": _list(grant)}, "Effective access, cell by cell."),
                "capacity": _list(capacity),
            },
            "What a change of org.yaml does, to whom, and how risky it is.",
        ),
    }


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _object(properties: dict[str, Any], description: str, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }
