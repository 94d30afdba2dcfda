"""Random organizations, and random edits of one: what may differ is taken from a second one, piece by piece."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from generator.model.org import (
    STATES,
    Access,
    Cluster,
    Container,
    Defaults,
    Delivery,
    Deployer,
    Group,
    Namespace,
    Network,
    Org,
    Organization,
    Policy,
    PriorityClass,
    RbacRule,
    Retired,
    Role,
    TeamProject,
    Tier,
    Verta,
    Workspace,
)
from generator.model.quantity import Quantity, parse_quantity

NAMES = ("fraud", "churn", "vision", "speech")
TIERS = ("standard", "ultra", "batch")
GROUPS = ("fraud-ds", "fraud-leads", "platform")
ROLES = ("scientist", "maintainer", "operator")
RESOURCES = ("cpu", "requests.cpu", "requests.memory", "pods", "count/pods", "requests.nvidia.com/gpu")
SECTIONS = ("tiers", "groups", "roles", "namespaces", "workspaces", "retired")

amounts = st.sampled_from(["0", "1", "1000m", "500m", "2", "1Gi", "1073741824", "4Gi", "10"]).map(parse_quantity)
texts = st.sampled_from(["", "a", "b", "two\nlines", "`|@acme/all <b>"])


def some(names: tuple[str, ...], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), max_size=most).map(tuple)


def quotas(most: int = 4) -> st.SearchStrategy[dict[str, Quantity]]:
    return st.dictionaries(st.sampled_from(RESOURCES), amounts, max_size=most)


sides = st.dictionaries(st.sampled_from(["cpu", "memory"]), amounts, max_size=2)
containers = st.none() | st.builds(Container, default_request=sides, default=sides, max=sides, min=sides)
networks = st.none() | st.builds(
    Network,
    isolation=st.sampled_from([None, "none", "namespace"]),
    egress=st.sampled_from([None, "open", "restricted"]),
    allow_from=st.none() | some(NAMES),
    allow_to=st.none() | some(("10.0.0.0/8", "192.0.2.0/24")),
)
levels = st.sampled_from([None, "privileged", "baseline", "restricted"])
rules = st.builds(
    RbacRule,
    api_groups=some(("", "apps", "*"), 2),
    resources=some(("pods", "secrets", "*"), 2),
    verbs=some(("get", "list", "*", "escalate"), 3),
    resource_names=some(("a", "b"), 1),
)


def tier(name: str) -> st.SearchStrategy[Tier]:
    return st.builds(
        Tier,
        name=st.just(name),
        description=texts,
        quota=quotas(),
        container=containers,
        pod_security=levels,
        network=networks,
        priority_class=st.none() | st.builds(PriorityClass, value=st.sampled_from([1, 2])),
    )


def group(name: str) -> st.SearchStrategy[Group]:
    names = st.sampled_from(["", "oidc:one", "oidc:two", "system:authenticated"])
    return st.builds(Group, name=st.just(name), subject=names, verta=names, codeowner=st.sampled_from(["", "@a/b"]))


def role(name: str) -> st.SearchStrategy[Role]:
    plain = st.sampled_from(["view", "edit", "admin", "cluster-admin", "other", ""])
    verta = st.sampled_from(["", "Contributor", "Super User"])
    return st.builds(Role, name=st.just(name), verta=verta, cluster_role=plain) | st.builds(
        Role, name=st.just(name), verta=verta, rules=st.lists(rules, max_size=2).map(tuple)
    )


def namespace(name: str) -> st.SearchStrategy[Namespace]:
    labels = st.dictionaries(st.sampled_from(["team", "cost-center"]), st.sampled_from(["a", "b"]), max_size=2)
    return st.builds(
        Namespace,
        name=st.just(name),
        tier=st.sampled_from(["", *TIERS]),
        owners=some(GROUPS, 2),
        labels=labels,
        annotations=labels,
        quota=quotas(2),
        container=containers,
        pod_security=levels,
        network=networks,
        state=st.sampled_from(STATES),
        argocd=st.none() | st.just(TeamProject(source_repos=("https://git.example.com/a.git",))),
    )


def workspace(name: str) -> st.SearchStrategy[Workspace]:
    grants = st.builds(Access, group=st.sampled_from(GROUPS), role=st.sampled_from(ROLES))
    return st.builds(
        Workspace,
        name=st.just(name),
        namespace=st.sampled_from(["", *NAMES]),
        description=texts,
        access=st.lists(grants, max_size=3).map(tuple),
        legacy=st.booleans(),
    )


def entries(names: tuple[str, ...], make: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(st.sampled_from(names), unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: make(name) for name in chosen})
    )


def retired(name: str) -> st.SearchStrategy[Retired]:
    return st.builds(
        Retired, name=st.just(name), workspace=st.sampled_from(["", "fraud-models"]), on=st.just("2026-01-31")
    )


clusters = st.builds(
    Cluster,
    name=st.sampled_from(["prod", "prod", "other"]),
    kubernetes_version=st.sampled_from(["1.32", "1.33"]),
    capacity=quotas(3),
    largest_node=sides,
    overcommit=st.dictionaries(st.sampled_from(RESOURCES), st.sampled_from([Decimal(1), Decimal("1.5")]), max_size=2),
    api_server=some(("192.0.2.1/32", "192.0.2.2/32"), 1),
)
vertas = st.builds(
    Verta,
    primary_namespace=st.sampled_from(["verta", "default"]),
    permission_model=st.sampled_from(["workspaces", "organizations"]),
    deployer=st.none()
    | st.builds(Deployer, service_account=st.just("deployer"), cluster_role=st.sampled_from(["edit", "admin"])),
)
deliveries = st.builds(
    Delivery,
    engine=st.sampled_from(["none", "argocd", "flux"]),
    repo_url=st.just("https://git.example.com/a.git"),
    path=st.sampled_from(["rendered", "out"]),
)


def repaired(org: Org) -> Org:
    """The organization without what the rules refuse and rendering relies on."""
    taken: set[str] = set()
    workspaces = {}
    for name, each in org.workspaces.items():
        home = each.namespace if each.namespace in org.namespaces and each.namespace not in taken else ""
        taken.add(home)
        access = tuple(grant for grant in each.access if grant.group in org.groups and grant.role in org.roles)
        workspaces[name] = replace(each, namespace=home, access=access)
    namespaces = {
        name: replace(each, owners=tuple(owner for owner in each.owners if owner in org.groups))
        for name, each in org.namespaces.items()
    }
    return replace(org, workspaces=workspaces, namespaces=namespaces)


organizations = st.builds(
    Org,
    version=st.just(1),
    organization=st.builds(Organization, name=st.just("acme"), description=texts),
    cluster=clusters,
    include=some(("teams/*.yaml",), 1),
    verta=vertas,
    delivery=deliveries,
    policy=st.builds(Policy, max_removals=st.sampled_from(["10%", "3"]), required_labels=some(("team",), 1)),
    defaults=st.builds(Defaults, tier=st.sampled_from(["", *TIERS])),
    tiers=entries(TIERS, tier),
    groups=entries(GROUPS, group),
    roles=entries(ROLES, role),
    namespaces=entries(NAMES, namespace),
    workspaces=entries(tuple(f"{name}-models" for name in NAMES), workspace),
    retired=entries(("old", "older"), retired),
).map(repaired)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Org, Org]:
    """An organization, and the same after a few edits: entries that come, go or change, other settings."""
    old = new = draw(organizations)
    other = draw(organizations)
    for _ in range(draw(st.integers(1, 4))):
        new = _edit(draw, new, other)
    return old, repaired(new)


def _edit(draw: st.DrawFn, org: Org, other: Org) -> Org:
    section = draw(
        st.sampled_from((*SECTIONS, "cluster", "verta", "delivery", "policy", "defaults", "include", "organization"))
    )
    if section not in SECTIONS:
        return replace(org, **{section: getattr(other, section)})
    mine: Any = dict(getattr(org, section))
    theirs = getattr(other, section)
    names = sorted({*mine, *theirs})
    if not names:
        return org
    name = draw(st.sampled_from(names))
    if name not in mine:
        mine[name] = theirs[name]
    elif name not in theirs or draw(st.integers(0, 4)) == 0:
        del mine[name]
    else:
        field = draw(st.sampled_from([each for each in type(mine[name]).__slots__ if each != "name"]))
        mine[name] = replace(mine[name], **{field: getattr(theirs[name], field)})
    changed: dict[str, Any] = {section: mine}
    return replace(org, **changed)
