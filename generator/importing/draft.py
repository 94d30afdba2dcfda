"""Survey → Org: the facts of all namespaces as an organization in which no rule finds an error.

What a rule refuses is taken out and its objects are kept as they are, with the rule's words as the reason, until
nothing is refused. The rules are asked before there are tiers, so that each error has the one namespace it comes from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.importing.facts import Facts, Person, drop, drop_grants, facts
from generator.importing.networks import Policies, api_server, canonical
from generator.importing.people import People, access, people
from generator.importing.profiles import as_namespace, as_tier
from generator.importing.survey import Body, Survey, is_workspace, mapping
from generator.importing.texts import fits, unused
from generator.importing.tiers import Tiers, tiers
from generator.importing.workspaces import Described, described
from generator.model import org as model
from generator.model.org import (
    Cluster,
    Defaults,
    Delivery,
    Deployer,
    Namespace,
    Network,
    Org,
    Organization,
    PriorityClass,
    Tier,
    Verta,
    Workspace,
)
from generator.objects import Identity, manifests
from generator.problems import At, Problem
from generator.rules import judge

if TYPE_CHECKING:
    from generator.rendering.environment import Templates

_MOST_ROUNDS = 60
_FORMAT = "{cluster}--{namespace}"
_FACETS = {"ResourceQuota": "quota", "LimitRange": "container", "NetworkPolicy": "network", "RoleBinding": "access"}
OPEN = Network(isolation="none", egress="open", allow_from=(), allow_to=())


class Names(NamedTuple):
    """What the objects of a cluster do not say, or what is to hold instead."""

    organization: str
    cluster: str
    kubernetes_version: str


@dataclass(frozen=True)
class Draft:
    """An organization in the making."""

    names: Names
    survey: Survey
    spaces: Mapping[str, Facts]
    legacy: Mapping[Identity, Described]
    """Workspaces in the primary namespace."""
    api_server: tuple[str, ...] = ()
    deployer: Deployer | None = None
    namespace_format: str = _FORMAT
    by_organization: bool = False
    refused_roles: Mapping[str, str] = field(default_factory=dict)
    """ClusterRoles of ours that no role may be, each with the reason."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Namespaces that no organization can have, each with the reason."""
    left: Mapping[str, str] = field(default_factory=dict)
    """What else could not be said, each with the reason."""


@dataclass(frozen=True)
class Drafted:
    """The organization, and the facts that it says."""

    org: Org
    draft: Draft


def draft(names: Names, found: Survey) -> Drafted:
    """The organization of a cluster."""
    policies = [each for space in found.spaces.values() for each in space.objects.values()]
    server = api_server(policies)
    known = Policies(found.primary, rendered_egress(found.primary, server, names))
    spaces = {name: facts(space, known) for name, space in found.spaces.items()}
    legacy = {
        key: workspace
        for key, body in found.primary_objects.items()
        if key.kind == "ConfigMap" and is_workspace(body) and (workspace := described(body))
    }
    deployers = Counter(each.deployer for each in spaces.values() if each.deployer)
    deployer = min(deployers, key=lambda each: (-deployers[each], str(each))) if deployers else None
    every = [each.workspace for each in spaces.values() if each.workspace] + list(legacy.values())
    uses_egress = any(each.network.egress == "restricted" for each in spaces.values())
    start = Draft(
        names,
        found,
        {name: _with_deployer(each, deployer) for name, each in spaces.items()},
        legacy,
        api_server=server if uses_egress else (),
        deployer=deployer,
        namespace_format=namespace_format(names.cluster, mapped(spaces)),
        by_organization=any(each.by_organization for each in every),
    )
    return _judged(start)


def mapped(spaces: Mapping[str, Facts]) -> dict[str, str]:
    """How Verta writes the mapping to each namespace, as far as it is known."""
    return {name: each.workspace.mapped for name, each in spaces.items() if each.workspace and each.workspace.mapped}


def namespace_format(cluster: str, written: Mapping[str, str]) -> str:
    """How Verta writes a mapping, by those that there are; the usual form where they do not say."""
    starts = Counter(text.removesuffix(name) for name, text in written.items() if text.endswith(name))
    if not starts:
        return _FORMAT
    start = min(starts, key=lambda each: (-starts[each], each))
    for head in (start.replace(cluster, "{cluster}", 1), start):
        text = f"{head}{{namespace}}"
        ambiguous = "{cluster}" in head and "--" not in head.partition("{cluster}")[2]
        if fits(model.NAMESPACE_FORMAT, text) and not ambiguous:
            return text
    return _FORMAT


def rendered(org: Org) -> dict[Identity, dict[str, Any]]:
    """What an organization renders to for the cluster, by our own templates."""
    from generator.rendering.tree import render

    without_delivery = replace(org, delivery=Delivery())
    return {
        each.identity: each.body
        for _, text in render(without_delivery, _templates())
        if text
        for each in manifests(text)
    }


@lru_cache(maxsize=1)
def _templates() -> Templates:
    from generator.rendering.environment import Templates

    return Templates()


def rendered_egress(primary: str, server: tuple[str, ...], names: Names) -> frozenset[str]:
    """The specs of the policies that are rendered for restricted egress."""
    probe = Org(
        version=1,
        organization=Organization(name=names.organization),
        cluster=Cluster(name=names.cluster, kubernetes_version=names.kubernetes_version, api_server=server),
        verta=Verta(primary_namespace=primary),
        namespaces={"probe": Namespace("probe", network=Network(egress="restricted", isolation="none"))},
    )
    bodies = rendered(probe).items()
    return frozenset(canonical(mapping(body["spec"])) for key, body in bodies if key.kind == "NetworkPolicy")


def _with_deployer(found: Facts, deployer: Deployer | None) -> Facts:
    if found.deployer and found.deployer != deployer:
        return drop(found, "deployer", "binds another deployer than most namespaces have")
    return found


def _judged(now: Draft) -> Drafted:
    """The organization without what rules refuse."""
    for _ in range(_MOST_ROUNDS):
        flat, who = _flat(now)
        errors = [problem for problem in judge(flat) if problem.severity == "error"]
        after = _without_unknown_roles(now, who)
        for problem in errors:
            after = _without(after, problem, who, flat)
        if after == now:
            after = _without_namespaces(now, errors)
        if after == now:
            break
        now = after
    return Drafted(_org(now, *_flat(now)), now)


def without_clashes(drafted: Drafted, present: Collection[Identity]) -> Drafted:
    """The organization without facets whose objects would have the names of objects that are kept."""
    now = drafted.draft
    for name, found in drafted.draft.spaces.items():
        clashes = {_FACETS.get(key.kind, ""): key for key in found.kept if key in present}
        for facet in sorted(clashes.keys() & set(found.claims.values())):
            reason = f"{clashes[facet]} is kept, and what is rendered would have its name"
            now = replace(now, spaces={**now.spaces, name: _drop(now.spaces[name], facet, reason)})
    return drafted if now is drafted.draft else _judged(now)


def _drop(found: Facts, facet: str, reason: str) -> Facts:
    """The facts without a facet; without a network that can be said, everything is open to what is rendered."""
    after = drop(found, facet, reason)
    if facet == "quota" and found.state != "active":  # whose rendered quota would have the name of the one that is kept
        return replace(
            after, state="active", left={**found.left, "state": f"{found.state}; its quota is kept: {reason}"}
        )
    return replace(after, network=OPEN) if facet == "network" else after


def _without_unknown_roles(now: Draft, who: People) -> Draft:
    unknown = {
        grant.source for each in now.spaces.values() for grant in each.grants if grant.cluster_role not in who.known
    }
    return _keep_grants(now, "binds a ClusterRole of ours that is not there, or that no role can be", unknown)


def _keep_grants(now: Draft, reason: str, sources: Iterable[Identity]) -> Draft:
    by_space: dict[str, set[Identity]] = {}
    for source in sources:
        by_space.setdefault(source.namespace, set()).add(source)
    if not by_space:
        return now
    changed = {name: drop_grants(now.spaces[name], reason, frozenset(each)) for name, each in by_space.items()}
    return replace(now, spaces={**now.spaces, **changed})


def _without(now: Draft, problem: Problem, who: People, flat: Org) -> Draft:
    """The draft without what a problem is about."""
    assert isinstance(problem.place, At)
    path, reason = problem.place.path, problem.message
    section, name = str(path[0]), str(path[1]) if len(path) > 1 else ""
    if section == "namespaces" and name in now.spaces:
        return _without_in_namespace(now, name, path[2:], reason)
    if section == "workspaces":
        return _without_in_workspace(now, name, reason, flat)
    if section == "groups":
        people_of = {person for person, key in who.persons.items() if key == name}
        return _keep_grants(now, reason, _sources(now, people_of, frozenset()))
    if section == "roles":
        roles = {cluster for cluster, key in who.cluster_roles.items() if key == name}
        roles |= {cluster for (_, cluster), key in who.both.items() if key == name}
        ours = {cluster: reason for cluster in roles if cluster in now.survey.cluster_roles}
        now = replace(now, refused_roles={**now.refused_roles, **ours})
        return _keep_grants(now, reason, _sources(now, frozenset(), roles))
    if path[:2] == ("verta", "deployer"):
        dropped = {name: drop(each, "deployer", reason) for name, each in now.spaces.items()}
        return replace(now, deployer=None, spaces=dropped)
    if path[:2] == ("verta", "namespaceFormat"):
        return replace(now, namespace_format=_FORMAT, left={**now.left, "verta.namespaceFormat": reason})
    if path[:2] == ("cluster", "apiServer"):
        return replace(now, api_server=(), left={**now.left, "cluster.apiServer": reason})
    return now


def _sources(now: Draft, persons: Iterable[Person], roles: Iterable[str]) -> list[Identity]:
    some, others = set(persons), set(roles)
    return [
        grant.source
        for each in now.spaces.values()
        for grant in each.grants
        if grant.person in some or grant.cluster_role in others
    ]


def _without_in_namespace(now: Draft, name: str, rest: tuple[str | int, ...], reason: str) -> Draft:
    found = now.spaces[name]
    facet = str(rest[0]) if rest else ""
    if facet in ("quota", "container", "network"):
        if facet not in found.claims.values():
            return now  # the same facet was refused for another reason
        after = _drop(found, facet, reason)
    elif facet in ("labels", "annotations"):
        entries = dict(getattr(found, facet))
        gone = [str(rest[1])] if len(rest) > 1 else sorted(entries)
        left = {**found.left, **{f"{facet}.{key}": reason for key in gone if entries.pop(key, None) is not None}}
        after = replace(found, left=left)
        after = replace(after, labels=entries) if facet == "labels" else replace(after, annotations=entries)
    elif facet == "owners":
        after = replace(found, owners=(), left={**found.left, "owners": reason})
    else:
        return now
    return replace(now, spaces={**now.spaces, name: after})


def _without_namespaces(now: Draft, errors: Iterable[Problem]) -> Draft:
    """Where nothing else helps, the namespace that an error is about goes."""
    gone = {
        str(each.place.path[1]): each.message
        for each in errors
        if isinstance(each.place, At) and each.place.path[0] == "namespaces" and each.place.path[1:2]
    }
    spaces = {name: each for name, each in now.spaces.items() if name not in gone}
    return replace(now, spaces=spaces, refused={**now.refused, **gone}) if gone else now


def _without_in_workspace(now: Draft, name: str, reason: str, flat: Org) -> Draft:
    """First the description goes, then the workspace."""
    home = flat.workspaces[name].namespace
    left = {**now.left, f'workspace "{name}"': reason}
    if (found := now.spaces.get(home)) and found.workspace:
        shorter = found.workspace._replace(description="") if found.workspace.description else None
        return replace(now, spaces={**now.spaces, home: replace(found, workspace=shorter)}, left=left)
    legacy = {key: each for key, each in now.legacy.items() if each.name != name}
    return replace(now, legacy=legacy, left=left) if len(legacy) < len(now.legacy) else now


def _flat(now: Draft) -> tuple[Org, People]:
    """The organization with everything said by the namespaces themselves."""
    roles = {name: body for name, body in now.survey.cluster_roles.items() if name not in now.refused_roles}
    who = people(now.spaces.values(), now.legacy.values(), roles)
    base = "standard"
    namespaces = {name: as_namespace(each, base, {}) for name, each in now.spaces.items()}
    multiple = bool(namespaces) or not any(each.mapped for each in now.legacy.values())
    org = Org(
        version=1,
        organization=Organization(name=now.names.organization),
        cluster=Cluster(
            name=now.names.cluster,
            kubernetes_version=now.names.kubernetes_version,
            api_server=now.api_server,
        ),
        verta=Verta(
            multiple_namespaces=multiple,
            permission_model="organizations" if now.by_organization else "workspaces",
            primary_namespace=now.survey.primary,
            namespace_format=now.namespace_format,
            deployer=now.deployer,
        ),
        tiers={base: Tier(base)},
        groups=who.groups,
        roles=who.roles,
        namespaces=namespaces,
        workspaces=_workspaces(now, who),
    )
    return org, who


def _workspaces(now: Draft, who: People) -> dict[str, Workspace]:
    """Every namespace with its workspace; one that nobody describes is called like its namespace."""
    found: dict[str, Workspace] = {}
    unknown = []
    for name, each in now.spaces.items():
        known = each.workspace
        if known is None or known.name in found:
            unknown.append(name)
            continue
        found[known.name] = Workspace(
            known.name, namespace=name, description=known.description, access=access(each, known, who)
        )
    for known in now.legacy.values():
        if known.name not in found:
            place = now.survey.primary if known.mapped else ""
            found[known.name] = Workspace(
                known.name,
                namespace=place,
                description=known.description,
                access=access(None, known, who),
                legacy=not place,
            )
    for name in unknown:
        each = now.spaces[name]
        called = unused(found, name, name, f"{name}-workspace")
        found[called] = Workspace(called, namespace=name, access=access(each, each.workspace, who))
    return dict(sorted(found.items()))


def _org(now: Draft, flat: Org, who: People) -> Org:
    """The organization with tiers."""
    made = tiers(now.spaces)
    return replace(
        flat,
        defaults=Defaults(tier=made.default),
        tiers=_tiers(made, now.survey.priority_classes),
        namespaces={
            name: as_namespace(
                each, "" if made.of[name] == made.default else made.of[name], made.profiles[made.of[name]]
            )
            for name, each in now.spaces.items()
        },
    )


def _tiers(made: Tiers, priority_classes: Mapping[str, Body]) -> dict[str, Tier]:
    """The tiers, with the priorities and descriptions of those that were rendered."""
    found = {}
    rendered = {name.removeprefix("verta-gitops-"): body for name, body in priority_classes.items()}
    for name in sorted({*made.profiles, *(each for each in rendered if fits(model.NAME, each))}):
        body = rendered.get(name, {})
        value, description = body.get("value"), body.get("description")
        usable = isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value <= 10**9
        found[name] = as_tier(
            name,
            made.profiles.get(name, {}),
            description if isinstance(description, str) and fits(model.TEXT, description) else "",
            PriorityClass(value=value) if isinstance(value, int) and usable else None,
        )
    return found
