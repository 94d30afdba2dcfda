"""Org → one row for each workspace, with what holds in its namespace; and the rows that somebody asks for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.model.effective import Effective, effective
from generator.model.naming import home
from generator.model.org import Org
from generator.model.quantity import Quantity
from generator.plan.spaces import in_long_form


@dataclass(frozen=True, slots=True)
class Row:
    """A workspace and its namespace."""

    workspace: str
    namespace: str
    """Where it lives: its own namespace, or the primary one."""
    mapped: bool
    """Whether the namespace is its own; tier, state, owners, labels and quota are empty where it is not."""
    tier: str
    state: str
    owners: tuple[str, ...]
    groups: tuple[str, ...]
    """The groups that have access, each once."""
    labels: Mapping[str, str]
    quota: Mapping[str, Quantity]
    """What holds, by the long names of the resources."""
    description: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows are asked for; every condition must hold, and of several values of one condition any."""

    tiers: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    labels: tuple[tuple[str, str | None], ...] = ()
    """Key and value; without a value the label only has to be there. Here all must hold."""

    def __contains__(self, row: Row) -> bool:
        return (
            (not self.tiers or row.tier in self.tiers)
            and (not self.states or row.state in self.states)
            and (not self.owners or not self.owners.isdisjoint(row.owners))
            and (not self.groups or not self.groups.isdisjoint(row.groups))
            and all(key in row.labels and value in (None, row.labels[key]) for key, value in self.labels)
        )


def rows(org: Org) -> Iterator[Row]:
    """A row for each workspace, by name."""
    for name, workspace in sorted(org.workspaces.items()):
        namespace = org.namespaces.get(workspace.namespace)
        holds = effective(org, namespace) if namespace else None
        yield Row(
            workspace=name,
            namespace=home(org, workspace),
            mapped=namespace is not None,
            tier=holds.tier if holds else "",
            state=namespace.state if namespace else "",
            owners=namespace.owners if namespace else (),
            groups=tuple(dict.fromkeys(access.group for access in workspace.access)),
            labels=namespace.labels if namespace else {},
            quota=in_long_form(holds.quota) if holds else {},
            description=workspace.description,
        )


def all_effective(org: Org) -> dict[str, Effective]:
    """What holds in every namespace, by its name."""
    return {name: effective(org, namespace) for name, namespace in org.namespaces.items()}


def resources_of(quotas: Iterable[Mapping[str, Quantity]]) -> list[str]:
    """The resources that quotas speak of: cpu, memory and devices first, as people look for them."""
    found = {resource for quota in quotas for resource in quota}
    return sorted(found, key=lambda name: (_rank(name), name))


def _rank(resource: str) -> int:
    if resource in _FIRST:
        return _FIRST.index(resource)
    return len(_FIRST) + (not resource.startswith("requests.")) + (not resource.startswith(("requests.", "limits.")))


_FIRST = ("requests.cpu", "requests.memory", "requests.nvidia.com/gpu", "pods", "limits.cpu", "limits.memory")
