"""Rules about several organizations that are checked together, each with the file where it is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from generator.model.org import Org
from generator.problems import At, Problem, Severity

Orgs = Sequence[tuple[str, Org]]
"""Each organization with the file that it was read from."""

_OWN_CLUSTER = "https://kubernetes.default.svc"


class TogetherRule(NamedTuple):
    """A rule about several organizations, and how much it weighs."""

    find: Callable[[Orgs], Iterator[tuple[str, Problem]]]
    severity: Severity = "error"

    @property
    def id(self) -> str:
        """The rule's name in kebab-case; it is never changed."""
        return self.find.__name__.replace("_", "-")


def cluster_of_two_organizations(orgs: Orgs) -> Iterator[tuple[str, Problem]]:
    """A cluster belongs to one organization.

    Verta has one organization on a cluster. Two files for one cluster would render into the same folder, and each
    would remove the namespaces of the other.

    Fails: two files that both say `cluster: {name: prod-us}`.

    Fix: merge the two, and let teams own their part with `include`; or correct the name.
    """
    names: dict[str, str] = {}
    servers: dict[str, str] = {}
    for file, org in orgs:
        other = names.setdefault(org.cluster.name, file)
        if other != file and org.cluster.name:
            message = (
                f'cluster "{org.cluster.name}" already belongs to the organization in {other}; '
                "one cluster has one organization"
            )
            yield file, Problem(message, At(("cluster", "name")))
        destination = org.delivery.destination
        server = destination.server.rstrip("/") if destination else ""
        if server and server != _OWN_CLUSTER:
            first = servers.setdefault(server, file)
            if first not in (file, other):
                message = (
                    f"{server} is already the cluster of the organization in {first}; one cluster has one organization"
                )
                yield file, Problem(message, At(("delivery", "destination", "server")))


def organization_twice(orgs: Orgs) -> Iterator[tuple[str, Problem]]:
    """An organization is described in one file.

    Customers have several organizations, each on its own cluster; two of the same name are told apart by nobody, and
    are most often a copy whose name was not changed.

    Fails: two files that both say `organization: {name: acme}`.

    Fix: give one of them another name.
    """
    names: dict[str, str] = {}
    for file, org in orgs:
        other = names.setdefault(org.organization.name, file)
        if other != file and org.organization.name:
            message = f'organization "{org.organization.name}" is also in {other}; give one of them another name'
            yield file, Problem(message, At(("organization", "name")))


TOGETHER = (
    TogetherRule(cluster_of_two_organizations),
    TogetherRule(organization_twice, "warning"),
)


def judge_together(orgs: Orgs, rules: tuple[TogetherRule, ...] = TOGETHER) -> Iterator[tuple[str, Problem]]:
    """What is wrong between organizations, each problem with its file and the id and severity of its rule."""
    for rule in rules:
        for file, problem in rule.find(orgs):
            yield file, replace(problem, rule=rule.id, severity=rule.severity)
