"""Org → the state that Verta should have, in Verta's own words."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.effective import verta_namespace
from generator.model.org import Org
from generator.problems import Path

Pair = tuple[str, str]
"""A group and a role, as Verta calls them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A workspace as it is declared."""

    name: str
    description: str = ""
    """Empty where nothing is said of it: then what Verta has stays."""
    namespace: str = ""
    """The mapping as Verta writes it; empty for a workspace that lives in the primary namespace."""
    home: str = ""
    """The namespace of the cluster that it is mapped to; empty where it is mapped to none."""
    permissions: frozenset[Pair] = frozenset()
    personal: bool = False
    path: Path = ()
    """Where it is written."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A declaration in the cluster that is not believed, and why."""

    workspace: str
    place: str
    """The namespace in which it stands."""
    reason: str


@dataclass(frozen=True, slots=True)
class Desired:
    """What is declared of an organization."""

    organization: str
    workspaces: tuple[Wanted, ...] = ()
    exact: bool = False
    """Whether a grant that nobody declared is revoked."""
    multiple_namespaces: bool = True
    by_organization: bool = False
    """Whether the mapping stands on the organization, as before the new permission system."""
    unusable: tuple[Unusable, ...] = ()


def desired(org: Org) -> Desired:
    """What an organization without errors declares."""
    return Desired(
        organization=org.organization.name,
        workspaces=tuple(
            Wanted(
                name=name,
                description=workspace.description,
                namespace=verta_namespace(org, workspace.namespace),
                home=workspace.namespace,
                permissions=frozenset(
                    (org.groups[access.group].verta or access.group, org.roles[access.role].verta)
                    for access in workspace.access
                    if org.roles[access.role].verta
                ),
                personal=workspace.kind == "personal",
                path=("workspaces", name),
            )
            for name, workspace in sorted(org.workspaces.items())
        ),
        exact=org.verta.permissions == "exact",
        multiple_namespaces=org.verta.multiple_namespaces,
        by_organization=org.verta.permission_model == "organizations",
    )
