"""An organization as Verta has it → an org.yaml that declares the same, and what it cannot declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from generator.importing.texts import fits, slug, unused
from generator.model import org as model
from generator.printing import clipped, printable
from generator.rendering.literal import document
from generator.verta.client import Actual, Workspace

TIER = "imported"
_MODELINE = "# yaml-language-server: $schema=schema/org.schema.json\n"


@dataclass(frozen=True, slots=True)
class Adopted:
    """An org.yaml, and in words what is not in it, or wants a decision."""

    text: str
    left_out: tuple[str, ...] = ()
    """What Verta has and org.yaml cannot say."""
    notes: tuple[str, ...] = ()


@dataclass
class _Making:
    """Sections under construction."""

    groups: dict[str, str] = field(default_factory=dict)
    """Key by name in Verta."""
    roles: dict[str, str] = field(default_factory=dict)
    namespaces: dict[str, str] = field(default_factory=dict)
    """Workspace by namespace."""
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def adopt(
    actual: Actual,
    cluster: str = "",
    kubernetes_version: str = "",
    live: Collection[str] | None = None,
    primary: str = "",
) -> Adopted:
    """The org.yaml of an organization; `live` are the namespaces of the cluster, where they could be read."""
    name, form = _cluster(actual, cluster)
    making = _Making()
    if not cluster:
        making.notes.append(f'the cluster is called "{name}", as most mappings say; correct it with --cluster')
    groups = {each.id: each.name for each in actual.groups}
    roles = {each.id: each.name for each in actual.roles}
    twice = {key for key, number in Counter(each.name for each in actual.workspaces).items() if number > 1}
    for workspace in sorted(actual.workspaces, key=lambda each: (each.name, each.id)):
        if workspace.name in twice:
            making.left_out.append(f"{_called(workspace)}: Verta has several of this name")
        else:
            _workspace(making, workspace, groups, roles, (name, form))
    if live is not None:
        making.notes += [
            f'namespace "{place}" of workspace "{clipped(printable(owner), 80)}" does not exist in the cluster; '
            "applying what is rendered creates it"
            for place, owner in sorted(making.namespaces.items())
            if place not in live
        ]
    if not kubernetes_version:
        making.notes.append("the version of the cluster is not known and written as 1.33; correct kubernetesVersion")
    if slug(actual.organization.name) != actual.organization.name:
        called = clipped(printable(actual.organization.name), 80)
        making.notes.append(
            f'the organization is called "{called}" in Verta: set VERTA_ORG_NAME (or VERTA_ORG_ID) to it'
        )
    making.notes.append(
        f'every namespace has the tier "{TIER}" without quota and limits: give it some before anything is applied, '
        "or take them over from the cluster with `verta-gitops import`"
    )
    return Adopted(
        _text(making, actual, name, form, kubernetes_version, primary), tuple(making.left_out), tuple(making.notes)
    )


def _workspace(
    making: _Making, workspace: Workspace, groups: dict[str, str], roles: dict[str, str], place: tuple[str, str]
) -> None:
    if not fits(model.NONEMPTY, workspace.name) or not fits(model.TEXT, workspace.description):
        making.left_out.append(f"{_called(workspace)}: its name or description has characters that no file can hold")
        return
    namespace = _namespace(workspace.namespace, *place)
    if workspace.namespace and not namespace:
        mapped = clipped(printable(workspace.namespace), 80)
        making.left_out.append(f'{_called(workspace)}: is mapped to "{mapped}", which is no namespace of {place[0]}')
        return
    if namespace in making.namespaces:
        making.left_out.append(f'{_called(workspace)}: namespace "{namespace}" belongs to another workspace already')
        return
    said: dict[str, Any] = {"namespace": namespace} if namespace else {"legacy": True}
    if workspace.description:
        said["description"] = workspace.description
    access = []
    for group_id, role_id in workspace.permissions:
        group, role = groups.get(group_id, ""), roles.get(role_id, "")
        if fits(model.NONEMPTY, group) and fits(model.NONEMPTY, role):
            access.append({"group": _key(making.groups, group), "role": _key(making.roles, role)})
        else:
            making.left_out.append(f"{_called(workspace)}: a grant to a group or of a role that Verta does not name")
    if access:
        said["access"] = sorted(access, key=lambda each: (each["group"], each["role"]))
    making.workspaces[workspace.name] = said
    if namespace:
        making.namespaces[namespace] = workspace.name


def _key(known: dict[str, str], name: str) -> str:
    """The key under which a group or a role stands in org.yaml."""
    if name not in known:
        known[name] = unused(set(known.values()), name, slug(name))
    return known[name]


def _cluster(actual: Actual, cluster: str) -> tuple[str, str]:
    """The name of the cluster and the format of mappings, by what most of them look like."""
    mapped = [each.namespace for each in actual.workspaces if each.namespace]
    prefixes = Counter(each.partition("--")[0] for each in mapped if "--" in each)
    plain = sum("--" not in each for each in mapped)
    usual = "{cluster}--{namespace}"
    best = max(prefixes.items(), key=lambda each: (each[1], each[0]))[0] if prefixes else ""
    name = cluster or (best if fits(model.SINGLE_DASH_NAME, best) else "") or "default"
    return name, "{namespace}" if plain > sum(prefixes.values()) else usual


def _namespace(mapped: str, cluster: str, form: str) -> str:
    """The namespace that a mapping names; empty where it names none of this cluster."""
    name = (
        mapped
        if form == "{namespace}"
        else mapped.removeprefix(f"{cluster}--")
        if mapped.startswith(f"{cluster}--")
        else ""
    )
    return name if name and fits(model.SINGLE_DASH_NAME, name) else ""


def _text(making: _Making, actual: Actual, cluster: str, form: str, version: str, primary: str) -> str:
    organization = slug(actual.organization.name) or "organization"
    verta: dict[str, Any] = {} if form == "{cluster}--{namespace}" else {"namespaceFormat": form}
    if primary:
        verta["primaryNamespace"] = primary
    sections: list[dict[str, Any]] = [
        {"version": 1},
        {"organization": {"name": organization}},
        {"cluster": {"name": cluster, "kubernetesVersion": version or "1.33"}},
        {"verta": verta},
        {"defaults": {"tier": TIER}},
        {"tiers": {TIER: {}}},
        {"groups": {key: {"verta": name} for name, key in making.groups.items()}},
        {"roles": {key: {"verta": name} for name, key in making.roles.items()}},
        {"namespaces": {name: {} for name in making.namespaces}},
        {"workspaces": making.workspaces},
    ]
    filled = [section for section in sections if next(iter(section.values()))]
    return _MODELINE + "\n".join(document(section).removeprefix("---\n") for section in filled)


def _called(workspace: Workspace) -> str:
    return f'workspace "{clipped(printable(workspace.name), 80)}" ({workspace.id})'
