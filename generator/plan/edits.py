"""Two organizations → every field that differs; what no effect explains is said as it was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from generator.model.kinds import yaml_key
from generator.model.org import Org
from generator.model.quantity import Quantity
from generator.plan.change import Change, Detail, Risk, Side, Subject
from generator.problems import Path, show_path

Claims = set[Path]
"""The places whose change some effect has said already; what is below such a place belongs to it."""


class Edit(NamedTuple):
    """A field that differs; None where there is none on that side."""

    path: Path
    old: Any
    new: Any


class _Meaning(NamedTuple):
    """What the change of a field means, where nothing more precise is known."""

    pattern: Path
    kind: str
    risk: Risk
    reason: str


_DELIVERY = "the engine applies from elsewhere or to elsewhere; what it applied before may be left behind or removed"

_MEANINGS = (
    _Meaning(("version",), "setting-changed", "attention", "the file is in another version of the format"),
    _Meaning(("organization", "name"), "setting-changed", "danger",
             "every object gets another owner label; an organization does not change its name"),
    _Meaning(("organization",), "setting-changed", "safe", "a text for people"),
    _Meaning(("cluster", "name"), "setting-changed", "danger",
             "everything is rendered for another cluster, and every mapping in Verta would change"),
    _Meaning(("cluster", "kubernetesVersion"), "setting-changed", "attention",
             "pod security is enforced as that version defines it, in every namespace"),
    _Meaning(("cluster", "capacity"), "setting-changed", "safe", "what the cluster is said to have"),
    _Meaning(("cluster", "overcommit"), "setting-changed", "attention", "more or less may be promised than there is"),
    _Meaning(("cluster", "apiServer"), "setting-changed", "attention",
             "where namespaces with restricted egress find the API server"),
    _Meaning(("cluster",), "setting-changed", "safe", "knowledge about the cluster; nothing is rendered from it"),
    _Meaning(("verta", "multipleNamespaces"), "setting-changed", "danger",
             "where workspaces live in Verta depends on it"),
    _Meaning(("verta", "permissionModel"), "setting-changed", "danger",
             "Verta is told its mapping and its permissions in another form"),
    _Meaning(("verta", "primaryNamespace"), "setting-changed", "danger",
             "workspaces without a namespace live there, and every fenced namespace lets it in"),
    _Meaning(("verta", "namespaceFormat"), "setting-changed", "danger",
             "the mapping of every workspace would be written differently, and Verta never changes a mapping"),
    _Meaning(("verta", "deployer"), "setting-changed", "attention", "Verta deploys endpoints with it"),
    _Meaning(("verta", "permissions"), "setting-changed", "danger",
             "`exact` revokes every grant in Verta that nobody declares, in all workspaces"),
    _Meaning(("verta", "sync"), "setting-changed", "attention",
             "what applies to Verta from inside the cluster, with the rights of an administrator"),
    _Meaning(("verta",), "setting-changed", "attention", "how Verta is set up"),
    _Meaning(("delivery",), "delivery-changed", "danger", _DELIVERY),
    _Meaning(("policy", "maxRemovals"), "setting-changed", "attention", "how many removals one change may make"),
    _Meaning(("policy",), "setting-changed", "attention", "what every change must respect"),
    _Meaning(("include",), "setting-changed", "attention", "which files the organization is read from"),
    _Meaning(("defaults",), "setting-changed", "attention", "what namespaces get that say nothing"),
    _Meaning(("tiers", "*", "description"), "tier-redefined", "safe", "a text for people"),
    _Meaning(("tiers", "*", "priorityClass"), "tier-redefined", "danger",
             "the value of a PriorityClass cannot be changed in place: applying it fails, or recreates it"),
    _Meaning(("tiers", "*"), "tier-redefined", "safe", "no namespace that stays is held to anything else by it now"),
    _Meaning(("groups", "*", "subject"), "group-changed", "danger",
             "it is another group of people to Kubernetes: the access of everybody in the old one moves"),
    _Meaning(("groups", "*", "verta"), "group-changed", "danger",
             "it is another group of people to Verta: the access of everybody in the old one moves"),
    _Meaning(("groups", "*", "codeowner"), "group-changed", "attention", "other people review what it owns"),
    _Meaning(("roles", "*"), "role-changed", "attention", "everybody who has the role may do something else"),
    _Meaning(("namespaces", "*", "owners"), "namespace-changed", "attention",
             "other people review changes, and administer the team's project in the engine"),
    _Meaning(("namespaces", "*", "argocd"), "namespace-changed", "attention",
             "where the team's own applications may come from"),
    _Meaning(("namespaces", "*"), "namespace-changed", "safe", "written differently; what holds there is the same"),
    _Meaning(("workspaces", "*", "description"), "workspace-changed", "safe", "a text for people"),
    _Meaning(("workspaces", "*", "access"), "workspace-changed", "safe",
             "written differently; everybody may do what they could before"),
    _Meaning(("workspaces", "*"), "workspace-changed", "attention", "what kind of workspace it is"),
    _Meaning(("retired", "*"), "tombstone-changed", "safe", "what is remembered of a removed namespace"),
)  # fmt: skip

_ENTRIES = {
    "tiers": ("tier", "tier-added", "tier-removed", "what namespaces get of it is said beside it"),
    "groups": ("group", "group-added", "group-removed", "what it gains or loses is said under access"),
    "roles": ("role", "role-added", "role-removed", "who gains or loses it is said under access"),
    "retired": ("namespace", "tombstone-added", "tombstone-removed", "the name is kept from being used again"),
}
"""Sections whose entries come and go, and what that is called."""

_WORDS = {
    "tiers": "tier", "groups": "group", "roles": "role", "namespaces": "namespace", "workspaces": "workspace",
    "retired": "namespace",
}  # fmt: skip


def edits(old: Org, new: Org) -> Iterator[Edit]:
    """Every field that differs, each at the innermost place that both sides have."""
    yield from _walk(old, new, ())


def _walk(old: Any, new: Any, path: Path) -> Iterator[Edit]:
    if old is new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in old if old.keys() == new.keys() else {**old, **new}:
            yield from _walk(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, Quantity) and isinstance(new, Quantity):
        if old != new or old.form != new.form:
            yield Edit(path, old, new)
    elif type(old) is type(new) and is_dataclass(old):
        for attribute, key in _attributes(old.__class__):
            one, two = getattr(old, attribute), getattr(new, attribute)
            if one is not two and (one != two or not isinstance(one, str | tuple)):
                yield from _walk(one, two, (*path, key))
    elif old != new:
        yield from _appeared(old, new, path)


def _appeared(old: Any, new: Any, path: Path) -> Iterator[Edit]:
    """A value that is there on one side only, or another one; an optional part is the same as an empty one."""
    present = new if old is None else old
    blank = _blank(present.__class__) if old is None or new is None else None
    found = list(_walk(blank if old is None else old, blank if new is None else new, path)) if blank else []
    yield from found or [Edit(path, old, new)]


@cache
def _attributes(cls: Any) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, yaml_key(each)) for each in fields(cls) if "kind" in each.metadata)


@cache
def _blank(cls: Any) -> Any:
    """An instance without anything, of a class all of whose fields may be left out."""
    needed = not is_dataclass(cls) or cls is Quantity or any(map(_is_needed, fields(cls)))
    make: Callable[[], Any] = cls
    return None if needed else make()


def _is_needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def said(all_edits: Iterable[Edit], claims: Claims, old: Org) -> Iterator[Change]:
    """The edits that no effect has claimed, each as a change of what it is written in."""
    for edit in all_edits:
        if not any(edit.path[:length] in claims for length in range(1, len(edit.path) + 1)):
            yield _said(edit, old)


def _said(edit: Edit, old: Org) -> Change:
    path = edit.path
    side: Side = "base" if edit.new is None and len(path) == 2 and path[0] in _WORDS else "head"
    values = show(edit.old), show(edit.new)
    if len(path) == 2 and path[0] in _ENTRIES and (edit.old is None or edit.new is None):
        word, added, removed, reason = _ENTRIES[str(path[0])]
        kind, light = (added if edit.old is None else removed), True
        if kind == "tombstone-removed":
            reason, light = "the name may be used again, and would be taken for the namespace that was", False
        subject = Subject(word, str(path[1]))
        return Change(kind, subject, "safe" if light else "attention", reason, path, side, "", *values)
    meaning = next(each for each in _MEANINGS if _matches(each.pattern, path))
    risk: Risk = meaning.risk
    reason = meaning.reason
    if path[-1] == "priorityClass" and (edit.old is None or edit.new is None):
        risk = "safe" if edit.old is None else "attention"
        reason = "pods may name it" if edit.old is None else "pods that name it are refused from then on"
    if path[0] not in _WORDS:
        return Change(meaning.kind, Subject("setting", show_path(path)), risk, reason, path, side, "", *values)
    subject = Subject(_WORDS[str(path[0])], str(path[1]))
    details = (Detail(f"used by {_users(path, old)}"),) if path[0] in ("groups", "roles") else ()
    return Change(meaning.kind, subject, risk, reason, path, side, show_path(path[2:]), *values, details=details)


def _users(path: Path, org: Org) -> str:
    attribute = "group" if path[0] == "groups" else "role"
    number = sum(
        any(getattr(access, attribute) == path[1] for access in workspace.access)
        for workspace in org.workspaces.values()
    )
    return f"{number:,} workspace{'' if number == 1 else 's'} of the base"


def _matches(pattern: Path, path: Path) -> bool:
    return len(pattern) <= len(path) and all(one in ("*", two) for one, two in zip(pattern, path, strict=False))


def show(value: Any) -> str | None:
    """A value as people write it, on one line; None for none."""
    if value is None or isinstance(value, str):
        return value
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {show(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(show(each) or '""' for each in value) + "]"
    if isinstance(value, Quantity | Decimal | int):
        return str(value)
    held = ((key, getattr(value, name)) for name, key in _attributes(value.__class__))
    return "{" + ", ".join(f"{key}: {show(each)}" for key, each in held if each not in (None, "", (), {})) + "}"
