"""Org → who may do what where: a group's rights in every workspace, in Verta and in Kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from generator.model.kinds import choices
from generator.model.naming import cluster_role, home, subject
from generator.model.org import Group, Org, Workspace
from generator.plan.access import Cell, Matrix, describe, escalations, matrix
from generator.problems import Usage


@dataclass(frozen=True, slots=True)
class Right:
    """What a group may do in a workspace, once all its roles there are laid together."""

    group: str
    workspace: str
    namespace: str
    roles: tuple[str, ...]
    verta: str
    """Its role in Verta; empty where it has none."""
    kubernetes: str
    """What it may do in the namespace; empty where it may do nothing."""
    warnings: tuple[str, ...]
    """What in it lets somebody raise themselves or reach what others keep secret."""


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: its names, what it answers for, and its rights."""

    group: str
    subject: str
    verta: str
    codeowner: str
    owns: tuple[str, ...]
    """Namespaces that it answers for."""
    rights: tuple[Right, ...]


@dataclass(frozen=True, slots=True)
class RoleView:
    """What a role stands for."""

    role: str
    verta: str
    kubernetes: str
    groups: int
    workspaces: int


def rights(org: Org) -> Iterator[Right]:
    """All rights, by workspace and group."""
    cells = matrix(org)
    for _, workspace in sorted(org.workspaces.items()):
        yield from _rights(org, cells, workspace)


def rights_in(org: Org, workspace: Workspace) -> Iterator[Right]:
    """The rights in one workspace, by group."""
    return _rights(org, matrix(replace(org, workspaces={workspace.name: workspace})), workspace)


def group_view(org: Org, question: str) -> GroupView:
    """What a group can do; `question` is its key, or its name in Kubernetes, Verta or the git host.

    Raises Usage where there is no such group, with the one that is nearest, or where several are called so.
    """
    key = _group(org, question)
    group = org.groups[key]
    cells = matrix(org)
    found = tuple(
        _right(org, cells, workspace, key)
        for _, workspace in sorted(org.workspaces.items())
        if any(access.group == key for access in workspace.access)
    )
    owns = tuple(sorted(name for name, namespace in org.namespaces.items() if key in namespace.owners))
    return GroupView(key, subject(group), group.verta or key, group.codeowner, owns, found)


def roles(org: Org) -> Iterator[RoleView]:
    """What each role stands for, and how far it is given."""
    for name, role in org.roles.items():
        given = [
            (access.group, workspace.name)
            for workspace in org.workspaces.values()
            for access in workspace.access
            if access.role == name
        ]
        known = cluster_role(role)
        rules = [f"{', '.join(rule.verbs)}: {', '.join(rule.resources)}" for rule in role.rules]
        kubernetes = "; ".join(rules) or (f"ClusterRole {known}" if known else "")
        yield RoleView(name, role.verta, kubernetes, len({who for who, _ in given}), len({where for _, where in given}))


def _rights(org: Org, cells: Matrix, workspace: Workspace) -> Iterator[Right]:
    for group in sorted({access.group for access in workspace.access}):
        yield _right(org, cells, workspace, group)


def _right(org: Org, cells: Matrix, workspace: Workspace, key: str) -> Right:
    group = org.groups.get(key, Group(key))
    in_verta = cells.get(Cell("verta", "Verta group", group.verta or key, workspace.name), frozenset())
    place = workspace.namespace
    in_kubernetes = cells.get(Cell("kubernetes", "Kubernetes group", subject(group), place), frozenset())
    given = dict.fromkeys(access.role for access in workspace.access if access.group == key)
    warned = escalations(in_kubernetes | in_verta)
    return Right(
        key, workspace.name, home(org, workspace), tuple(given), describe(in_verta), describe(in_kubernetes), warned
    )


def _group(org: Org, question: str) -> str:
    if question in org.groups:
        return question
    called = [
        key
        for key, group in org.groups.items()
        if question in (group.subject, group.verta, group.codeowner, group.codeowner.removeprefix("@")) and question
    ]
    if len(called) > 1:
        raise Usage(f'"{question}" is the name of several groups: {", ".join(called)}; name one of these')
    if not called:
        raise Usage(f'there is no group "{question}" in this organization{choices(question, org.groups)}')
    return called[0]
