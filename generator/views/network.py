"""Org → who may reach each namespace, and what it may reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generator.model.effective import Effective
from generator.model.org import Org
from generator.plan.network import ANY, ANYWHERE, reaches
from generator.views.rows import all_effective

__all__ = ["ANY", "ANYWHERE", "Ways", "ways"]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways in and out of a namespace, beside those within it."""

    namespace: str
    isolation: str
    egress: str
    sources: tuple[str, ...]
    """Who may connect in: namespaces, or `any namespace`."""
    targets: tuple[str, ...]
    """Where its pods may connect to: namespaces, networks, or `anywhere`."""


def ways(org: Org) -> tuple[Ways, ...]:
    """The ways of every namespace, by name."""
    holds = all_effective(org)
    egress = {name: each.egress for name, each in holds.items()}
    return tuple(_ways(org, name, holds[name], egress) for name in sorted(holds))


def ways_of(org: Org, name: str) -> Ways:
    """The ways of one namespace."""
    holds = all_effective(org)
    return _ways(org, name, holds[name], {each: holds[each].egress for each in holds})


def _ways(org: Org, name: str, each: Effective, egress: Mapping[str, str]) -> Ways:
    reach = sorted(reaches(org, name, each, egress))
    into = tuple(peer for side, peer in reach if side == "in")
    out = tuple(peer for side, peer in reach if side == "out")
    return Ways(name, each.isolation, each.egress, into, out)
