"""Org → the few numbers that say what it is, and everything else that a report shows, in one value."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.model.org import STATES, Org
from generator.plan.usage import Usage
from generator.problems import Problem, Span, show_path
from generator.views.access import Right, RoleView, rights, roles
from generator.views.capacity import CapacityView, capacity
from generator.views.cost import LABEL, CostView, cost
from generator.views.network import Ways, ways
from generator.views.prices import Prices
from generator.views.rows import Row, rows
from generator.views.used import Used, used


@dataclass(frozen=True, slots=True)
class Overview:
    """An organization in a few words and numbers."""

    organization: str
    description: str
    cluster: str
    kubernetes: str
    engine: str
    repository: str
    """Without a password that its URL may hold."""
    revision: str
    workspaces: int
    unmapped: int
    """Workspaces without a namespace of their own."""
    namespaces: int
    empty: int
    """Namespaces without a workspace."""
    groups: int
    tiers: int
    states: Mapping[str, int]
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and where it is; the link is empty where the host of the repository has no known form of one."""

    severity: str
    rule: str
    message: str
    file: str
    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One change since a commit."""

    risk: str
    title: str
    what: str
    reason: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class View:
    """All that a report shows."""

    overview: Overview
    workspaces: tuple[Row, ...]
    capacity: CapacityView
    access: tuple[Right, ...]
    roles: tuple[RoleView, ...]
    network: tuple[Ways, ...]
    cost: CostView
    problems: tuple[Finding, ...]
    usage: tuple[Used, ...] | None
    """None where nobody asked."""
    usage_source: str
    changes: tuple[Happened, ...] | None
    since: str


def view(
    org: Org,
    problems: Sequence[Problem],
    label: str = LABEL,
    prices: Prices | None = None,
    usage: tuple[str, Usage] | None = None,
    changes: tuple[str, Sequence[Happened]] | None = None,
) -> View:
    """Everything about an organization; `usage` and `changes` with the words for where they come from."""
    return View(
        overview(org, problems),
        tuple(rows(org)),
        capacity(org),
        tuple(rights(org)),
        tuple(roles(org)),
        ways(org),
        cost(org, label, prices),
        tuple(map(_finding, problems)),
        None if usage is None else tuple(used(org, usage[1])),
        usage[0] if usage else "",
        None if changes is None else tuple(changes[1]),
        changes[0] if changes else "",
    )


def overview(org: Org, problems: Sequence[Problem] = ()) -> Overview:
    """The numbers of an organization."""
    living = {workspace.namespace for workspace in org.workspaces.values()}
    states = Counter(namespace.state for namespace in org.namespaces.values())
    errors = sum(problem.severity == "error" for problem in problems)
    return Overview(
        org.organization.name,
        org.organization.description,
        org.cluster.name,
        org.cluster.kubernetes_version,
        org.delivery.engine,
        without_credentials(org.delivery.repo_url),
        org.delivery.revision if org.delivery.repo_url else "",
        len(org.workspaces),
        sum(workspace.namespace not in org.namespaces for workspace in org.workspaces.values()),
        len(org.namespaces),
        sum(name not in living for name in org.namespaces),
        len(org.groups),
        len(org.tiers),
        {state: states[state] for state in STATES},
        errors,
        len(problems) - errors,
    )


def without_credentials(text: str) -> str:
    """A text in which no URL has a user and a password in it."""
    return re.sub(r"([a-z][a-z0-9+.-]*://)[^/\s]*@", r"\1", text)


def _finding(problem: Problem) -> Finding:
    place = problem.place if isinstance(problem.place, Span) else Span("", 0, 0, 0, 0)
    path = show_path(problem.path) if problem.path else ""
    message = without_credentials(problem.message)
    return Finding(problem.severity, problem.rule, message, place.file, place.line, place.column, path)
