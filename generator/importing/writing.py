"""Org → the text of org.yaml and of its fragments: in the order of the model, a map on one line where it fits."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from generator.model.kinds import yaml_key
from generator.model.org import Org
from generator.model.quantity import Quantity
from generator.rendering.literal import literal, text_literal

WIDTH = 120
_HEADS = {
    "cluster": "add its capacity and largestNode: without them nobody sees what is promised twice",
    "tiers": "what most namespaces have in common",
    "groups": "one group of people: to Kubernetes (subject), and to Verta (verta)",
    "roles": "what a group may do: in Kubernetes (clusterRole), and in Verta (verta)",
    "namespaces": "what a namespace says is laid over its tier, key by key",
    "workspaces": "each is mapped to one namespace, for ever",
}
_SPLIT = ("tiers", "groups", "roles", "namespaces", "workspaces")
"""Sections whose entries stand on lines of their own."""

_HEADER = """\
# yaml-language-server: $schema=schema/org.schema.json
#
# Imported from a cluster by verta-gitops. From now on this file is where changes are made.
"""
_FRAGMENT_HEADER = """\
# yaml-language-server: $schema=schema/fragment.schema.json
#
# Namespaces and workspaces, imported from a cluster by verta-gitops.
"""


def org_text(org: Org, elsewhere: Collection[str] = ()) -> str:
    """The text of org.yaml; `elsewhere` are the namespaces that stand in fragments, with their workspaces."""
    parts = [_HEADER]
    for each in fields(org):
        value = getattr(org, each.name)
        if each.name == "version":
            parts[0] += f"version: {value}\n"
            continue
        if each.name in ("namespaces", "workspaces") and elsewhere:
            value = {name: entry for name, entry in value.items() if _home(name, entry) not in elsewhere}
        if said := _said(value):
            parts.append(_section(yaml_key(each), said))
    return "\n".join(parts)


def fragment_text(org: Org, inside: Collection[str]) -> str:
    """The text of the fragment of some namespaces and their workspaces."""
    parts = [_FRAGMENT_HEADER]
    for section, entries in (("namespaces", org.namespaces), ("workspaces", org.workspaces)):
        chosen = {name: entry for name, entry in entries.items() if _home(name, entry) in inside}
        if chosen:
            parts.append(_section(section, _said(chosen), head=False))
    return "\n".join(parts)


def _home(name: str, entry: Any) -> str:
    """The namespace that an entry belongs to."""
    found = getattr(entry, "namespace", name)
    return found if isinstance(found, str) else name


def _section(name: str, said: Any, head: bool = True) -> str:
    comment = f" # {_HEADS[name]}" if head and name in _HEADS else ""
    lines = list(_entry(name, said, 0, split=name in _SPLIT or bool(comment)))
    lines[0] += comment
    return "\n".join(lines) + "\n"


def _entry(key: str, value: Any, indent: int, split: bool = False) -> Iterator[str]:
    """A key with its value: on one line where that fits, else each of its parts on lines of their own."""
    margin = " " * indent
    line = f"{margin}{text_literal(key)}: {_flow(value)}"
    if not isinstance(value, dict | list) or not value or (not split and len(line) <= WIDTH):
        yield line
        return
    yield f"{margin}{text_literal(key)}:"
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _entry(name, entry, indent + 2)
    else:
        for item in value:
            yield f"{margin}  - {_flow(item)}"


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{text_literal(key)}: {_flow(each)}" for key, each in value.items()) + " }"
            if (value)
            else "{}"
        )
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return literal(value)


def _said(value: Any) -> Any:
    """A value as plain data, without what is so by default; the keys of the model in its order, all others sorted."""
    if is_dataclass(value) and not isinstance(value, Quantity):
        found = {}
        for each in fields(value):
            if "kind" not in each.metadata:
                continue
            given = getattr(value, each.name)
            default = each.default_factory() if each.default_factory is not MISSING else each.default
            if given != default and given is not None:
                found[yaml_key(each)] = _said(given)
        return found
    if isinstance(value, Mapping):
        return {key: _said(value[key]) for key in sorted(value)}
    if isinstance(value, tuple | list):
        return [_said(each) for each in value]
    return value
