"""Drift → JSON, for programs; the format has a version of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.cluster.comparing import ABSENT, CAUSES, Difference
from generator.cluster.drift import Declared, Drift
from generator.cluster.drifttext import Where
from generator.model.org import Org
from generator.problems import show_path

VERSION = 1
_DEEPEST = 64


def json_drift(drift: Drift, org: Org, declared: Declared, where: Where) -> str:
    """The whole drift; nothing is left out but the values of Secrets."""
    data = {
        "version": VERSION,
        "organization": org.organization.name,
        "cluster": org.cluster.name,
        "source": drift.source,
        "compared": drift.compared,
        "partial": drift.partial,
        "summary": {cause: sum(each.cause == cause for each in drift.differences) for cause in CAUSES},
        "differences": [_difference(each, declared, where) for each in drift.differences],
        "notCompared": [
            {"kind": each.kind, "objects": each.objects, "why": each.why, "partial": each.partial}
            for each in drift.silences
        ],
        "doubts": list(drift.doubts),
    }
    return json.dumps(data, indent=2, default=str)


def _difference(difference: Difference, declared: Declared, where: Where) -> dict[str, Any]:
    identity = difference.identity
    found: dict[str, Any] = {"cause": difference.cause, **identity._asdict()}
    if difference.path:
        found |= {"field": show_path(difference.path), "path": list(difference.path)}
    hidden = identity.kind == "Secret"
    for key, value in (("declared", difference.declared), ("live", difference.live)):
        if value is not ABSENT:
            found[key] = "(hidden)" if hidden else _flattened(value, 0)
    if difference.by:
        found["by"] = difference.by
    if file := declared.files.get(identity):
        found["file"] = file
    if span := where(difference):
        found["place"] = {"file": span.file, "line": span.line, "column": span.column}
    return found


def _flattened(value: Any, depth: int) -> Any:
    """A value without what is nested deeper than any object of Kubernetes, so that it can be written."""
    if depth > _DEEPEST and isinstance(value, Mapping | list):
        return "…"
    if isinstance(value, Mapping):
        return {str(key): _flattened(each, depth + 1) for key, each in value.items()}
    return [_flattened(each, depth + 1) for each in value] if isinstance(value, list) else value
