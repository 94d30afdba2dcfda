"""The managedFields of a live object → who wrote which field, and what somebody else than its applier has added."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.problems import Path
from generator.rendering.views import MANAGED_BY, ORIGIN

_MARKS = (("metadata", "annotations", ORIGIN), *(("metadata", "labels", key) for key in MANAGED_BY))
"""What only the one who applies our manifests writes."""

_CONTROLLERS = re.compile(
    r"kube-(apiserver|scheduler)|kubelet|cluster-autoscaler|argocd-server|.*-(controller|controllers|operator)(-manager)?"
)
"""Managers that are part of a cluster, an engine or an add-on; they write by rule, nobody by hand."""

_BOOKKEEPING = re.compile(
    r"kubectl\.kubernetes\.io/.*|argocd\.argoproj\.io/tracking-id|app\.kubernetes\.io/instance"
    r"|kubernetes\.io/metadata\.name|(kustomize|helm)\.toolkit\.fluxcd\.io/(name|namespace|checksum|reconcile.*)"
    r"|reconcile\.fluxcd\.io/requestedAt"
)
"""Labels and annotations in which the cluster and the engines keep what they know; they change no effect."""

_DEEPEST = 64


def author(body: Mapping[str, Any], path: Path) -> str:
    """Who wrote a field, and when: `kubectl-edit, 2026-11-24T10:00:00Z`; empty where the object does not say."""
    latest = ("", "")
    for entry in _entries(body):
        if _owns(entry.get("fieldsV1"), path):
            latest = max(latest, (_text(entry.get("time")), _text(entry.get("manager"))))
    return ", ".join(part for part in reversed(latest) if part)


def appliers(body: Mapping[str, Any]) -> frozenset[str]:
    """Who wrote the marks that only the one who applies our manifests writes; nobody, where none is there."""
    return frozenset(
        _text(entry.get("manager"))
        for entry in _entries(body)
        if any(_owns(entry.get("fieldsV1"), mark) for mark in _MARKS)
    )


def additions(
    declared: Mapping[str, Any], body: Mapping[str, Any], known: frozenset[str] = frozenset()
) -> Iterator[tuple[Path, Any]]:
    """(path, value) of what is not declared and was written by somebody else than the one who applies the object.

    An object without our marks, as an organization's own templates may render it, is applied by whom of those `known`
    to apply others has written to it. Nothing where the object has no managedFields, or where nobody is known.
    """
    entries = list(_entries(body))
    ours = appliers(body) or known & {_text(entry.get("manager")) for entry in entries}
    if not ours:
        return
    seen: set[Path] = set()
    for entry in entries:
        manager = _text(entry.get("manager"))
        if manager in ours or _CONTROLLERS.fullmatch(manager):
            continue
        for path, value in _leaves(entry.get("fieldsV1"), declared, body, ()):
            if path not in seen and not is_bookkeeping(path):
                seen.add(path)
                yield path, value


def is_bookkeeping(path: Path) -> bool:
    """Whether a field is one in which the cluster or an engine keeps what it knows."""
    if path[:1] == ("status",) or path[:2] == ("metadata", "managedFields"):
        return True
    return len(path) == 3 and path[:1] == ("metadata",) and _BOOKKEEPING.fullmatch(str(path[2])) is not None


def _entries(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    metadata = body.get("metadata")
    entries = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, Mapping) and not entry.get("subresource"):
            yield entry


def _owns(fields: Any, path: Path) -> bool:
    """Whether a set of fields covers a path; what is owned as a whole covers whatever is in it."""
    for step in path:
        if not isinstance(fields, Mapping):
            return False
        if isinstance(step, int):
            return any(key.startswith(("k:", "v:", "i:")) for key in fields)
        if f"f:{step}" not in fields:
            return False
        fields = fields[f"f:{step}"]
        if fields == {}:
            return True
    return True


def _leaves(fields: Any, declared: Any, live: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The fields of a set that are live and not declared."""
    if not isinstance(fields, Mapping) or len(path) > _DEEPEST:
        return
    for key, below in fields.items():
        mark, _, rest = key.partition(":")
        step: str | int = rest
        if mark == "f" and isinstance(live, Mapping):
            there = live.get(rest)
            wanted = declared.get(rest) if isinstance(declared, Mapping) else None
        elif mark in ("k", "v") and isinstance(live, list):
            step, there = _item(live, mark, rest)
            wanted = _item(declared, mark, rest, lenient=True)[1] if isinstance(declared, list) else None
        else:
            continue
        if there is not None and wanted is None and (not below or mark != "f"):
            yield (*path, step), there
        elif there is not None:
            yield from _leaves(below, wanted, there, (*path, step))


def _item(items: list[Any], mark: str, text: str, lenient: bool = False) -> tuple[int, Any]:
    """Position and value of the item that a set of fields names by its key, or by its value.

    Where `lenient`, a part of the key that an item leaves to the server's default is no matter.
    """
    try:
        wanted = json.loads(text)
    except (ValueError, RecursionError):
        return 0, None
    for position, item in enumerate(items):
        if mark == "v" and item == wanted:
            return position, item
        named = isinstance(item, Mapping) and isinstance(wanted, Mapping)
        if mark == "k" and named:
            stated = [name for name in wanted if name in item] if lenient else list(wanted)
            if stated and all(item.get(name) == wanted[name] for name in stated):
                return position, item
    return 0, None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
