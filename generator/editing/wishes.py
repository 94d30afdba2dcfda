"""What somebody wants of an organization → the changes of a draft, by the names of the field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from generator.editing.drafting import Draft
from generator.editing.emitting import Data
from generator.model.kinds import choices, nearest
from generator.problems import Path, Usage
from generator.reading.document import Map, Plain, Seq


@dataclass(frozen=True)
class NewWorkspace:
    """A workspace that is to be made, and the namespace that it is to run in."""

    name: str
    namespace: str = ""
    """Made with it where it does not exist; the workspace's name in the form of a namespace's where not given."""
    tier: str = ""
    owners: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    grants: tuple[tuple[str, str], ...] = ()
    file: str = ""


def namespace_name(workspace: str) -> str:
    """The name of a namespace that is nearest to the name of a workspace."""
    return re.sub(r"-+", "-", re.sub(r"[^a-z0-9]+", "-", workspace.lower())).strip("-")[:63].strip("-")


def add_workspace(draft: Draft, new: NewWorkspace) -> None:
    """A workspace, and the namespace that it is mapped to for ever. Raises Usage, Refused."""
    _require_new(draft, "workspaces", new.name)
    space = new.namespace or namespace_name(new.name)
    if not space:
        raise Usage(f'no namespace can be called like "{new.name}"; name one with --namespace')
    if space not in draft.names("namespaces"):
        entry: dict[str, Data] = {}
        if new.tier:
            _require(draft, "tiers", new.tier)
            entry["tier"] = new.tier
        for owner in new.owners:
            _require(draft, "groups", owner)
        if new.owners:
            entry["owners"] = list(new.owners)
        if new.labels:
            entry["labels"] = dict(new.labels)
        draft.set(("namespaces", space), entry, new.file)
    elif new.tier or new.owners or new.labels:
        raise Usage(f'namespace "{space}" exists; its tier, owners and labels are set with `verta-gitops set`')
    made: dict[str, Data] = {"namespace": space}
    if new.description:
        made["description"] = new.description
    if new.grants:
        for group, role in new.grants:
            _require(draft, "groups", group)
            _require(draft, "roles", role)
        made["access"] = [{"group": group, "role": role} for group, role in dict.fromkeys(new.grants)]
    draft.set(("workspaces", new.name), made, new.file)


def add_group(draft: Draft, name: str, fields: Mapping[str, str]) -> None:
    """A group of people; what is not said of it is its name in each system."""
    _require_new(draft, "groups", name)
    draft.set(("groups", name), {key: value for key, value in fields.items() if value})


def grant(draft: Draft, workspace: str, grants: Iterable[tuple[str, str]]) -> None:
    """Give groups roles in a workspace; what they have already stays."""
    _require(draft, "workspaces", workspace)
    path: Path = ("workspaces", workspace, "access")
    for group, role in grants:
        _require(draft, "groups", group)
        _require(draft, "roles", role)
        if (group, role) not in _access(draft, path):
            draft.append(path, {"group": group, "role": role})


def revoke(draft: Draft, workspace: str, grants: Iterable[tuple[str, str]]) -> None:
    """Take roles from groups in a workspace; an empty role stands for all that the group has there."""
    _require(draft, "workspaces", workspace)
    path: Path = ("workspaces", workspace, "access")
    for group, role in grants:
        had = _access(draft, path)
        gone = [position for position, each in enumerate(had) if each[0] == group and role in ("", each[1])]
        if not gone:
            known = [":".join(each) for each in had]
            wanted = f"{group}:{role}" if role else group
            near = nearest(wanted, known) or (f"; it has {', '.join(known)}" if known else "; nobody has any")
            raise Usage(f'workspace "{workspace}" has no access for "{wanted}"{near}')
        if len(gone) == len(draft.value(path)):
            draft.unset(path)
            continue
        for position in reversed(gone):
            draft.unset((*path, position))


def set_state(draft: Draft, namespaces: Sequence[str], state: str) -> None:
    """Freeze, unfreeze or decommission namespaces. Raises Usage where the lifecycle has no such step."""
    for name in namespaces:
        _require(draft, "namespaces", name)
        path: Path = ("namespaces", name, "state")
        now = draft.value(path) or "active"
        if now == state:
            continue
        if (now, state) == ("active", "decommission"):
            raise Usage(f'namespace "{name}" is active; freeze it first, and let that be applied')
        if (now, state) == ("decommission", "frozen"):
            raise Usage(f'namespace "{name}" is in decommission already; `verta-gitops unfreeze {name}` takes it back')
        if state == "active":
            draft.unset(path)
        else:
            draft.set(path, state)


def move_tier(draft: Draft, namespaces: Sequence[str], tier: str) -> None:
    """Give namespaces another tier."""
    _require(draft, "tiers", tier)
    for name in namespaces:
        _require(draft, "namespaces", name)
        path: Path = ("namespaces", name, "tier")
        default = draft.value(("defaults", "tier"))
        if (draft.value(path) or default) != tier:
            draft.set(path, tier)


def retire(draft: Draft, namespaces: Sequence[str], day: str) -> None:
    """Take namespaces and their workspaces out, and leave a tombstone of each. Raises Usage before their time."""
    for name in namespaces:
        _require(draft, "namespaces", name)
        state = draft.value(("namespaces", name, "state")) or "active"
        if state != "decommission":
            step = "freeze" if state == "active" else "decommission"
            raise Usage(
                f'namespace "{name}" is {state}; only after `decommission` was applied can it be removed: '
                f"`verta-gitops {step} {name}` is the next step"
            )
        mapped = [each for each in draft.names("workspaces") if draft.value(("workspaces", each, "namespace")) == name]
        tombstone: dict[str, Data] = {"workspace": mapped[0]} if mapped else {}
        draft.set(("retired", name), {**tombstone, Plain("on"): Plain(day)})
        for workspace in mapped:
            _take_out(draft, ("workspaces", workspace))
        _take_out(draft, ("namespaces", name))


def _take_out(draft: Draft, path: Path) -> None:
    draft.unset(path, tidy=False)


def parse_grants(given: Sequence[str], whole: bool = True) -> list[tuple[str, str]]:
    """`group:role`, several times; without `whole`, the role may be missing. Raises Usage."""
    found = []
    for each in given:
        group, colon, role = each.partition(":")
        if not group or (not role and (whole or colon)):
            raise Usage(f'"{each}" is not GROUP:ROLE, such as fraud-ds:data-scientist')
        found.append((group, role))
    return found


def _access(draft: Draft, path: Path) -> list[tuple[str, str]]:
    node: Any = draft.value(path)
    return [
        (str(each.get("group", "")), str(each.get("role", ""))) if isinstance(each, Map) else ("", "")
        for each in (node if isinstance(node, Seq) else ())
    ]


def _require(draft: Draft, section: str, name: str) -> None:
    """Raises Usage where a section has no such name, or Refused where that cannot be known."""
    known = draft.names(section)
    if name not in known:
        draft.require_readable()  # where a file has an end that cannot be read, nobody knows what is not there
        what = section.removesuffix("s")
        raise Usage(f'there is no {what} "{name}"{choices(name, known)}')


def _require_new(draft: Draft, section: str, name: str) -> None:
    if not name:
        raise Usage(f"the name of a {section.removesuffix('s')} is empty")
    if name in draft.names(section):
        raise Usage(f'{section.removesuffix("s")} "{name}" exists already')
