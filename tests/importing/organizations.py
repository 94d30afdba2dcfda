"""Random organizations in which no rule finds an error."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from generator.model.org import (
    STATES,
    Access,
    Cluster,
    Container,
    Defaults,
    Deployer,
    Group,
    Namespace,
    Network,
    Org,
    Organization,
    PriorityClass,
    RbacRule,
    Role,
    Tier,
    Verta,
    Workspace,
)
from generator.model.quantity import Quantity, parse_quantity
from generator.problems import At
from generator.rules import judge
from tests.plan.organizations import entries, some

NAMES = ("fraud", "churn", "vision", "speech", "on", "1e3")
TIERS = ("standard", "ultra", "y")
GROUPS = ("fraud-ds", "fraud-leads", "platform", "no")
ROLES = ("scientist", "maintainer", "operator", "on-call")

texts = st.sampled_from(
    ["", "Card fraud", "two\nlines\n", "`|@acme/all <b>", "{{ 7 * 7 }} {% raw %} # no", "yes", "é\u2028…"]
)


def amounts(**given: str) -> dict[str, Quantity]:
    return {key.replace("__", "/").replace("_", "."): parse_quantity(value) for key, value in given.items()}


quotas = st.fixed_dictionaries(
    {},
    optional={
        "pods": st.sampled_from(["10", "50", "1k"]).map(parse_quantity),
        "requests.cpu": st.sampled_from(["16", "32000m"]).map(parse_quantity),
        "requests.memory": st.sampled_from(["64Gi", "68719476736", "100G"]).map(parse_quantity),
        "limits.cpu": st.sampled_from(["32", "64"]).map(parse_quantity),
        "requests.nvidia.com/gpu": st.sampled_from(["0", "8"]).map(parse_quantity),
        "count/jobs.batch": st.just(parse_quantity("40")),
    },
)
FULL = Container(
    default_request=amounts(cpu="250m", memory="512Mi"),
    default=amounts(cpu="1", memory="2Gi"),
    max=amounts(cpu="4", memory="8Gi"),
    min=amounts(cpu="10m", memory="32Mi"),
)
containers = st.sampled_from(
    [
        FULL,
        replace(FULL, max={}, min={}),
        Container(max=amounts(cpu="4", memory="8Gi")),
        replace(FULL, default_request={}),
    ]
)
changes = st.sampled_from([None, Container(max=amounts(memory="16Gi")), Container(default=amounts(cpu="2"))])
networks = st.none() | st.builds(
    Network,
    isolation=st.sampled_from([None, "none", "namespace"]),
    egress=st.sampled_from([None, "open", "restricted"]),
    allow_from=st.none() | some(("monitoring", "fraud", "123")),
    allow_to=st.none() | some(("10.0.0.0/8", "192.0.2.0/24", "fd00::/8")),
)
levels = st.sampled_from([None, "privileged", "baseline", "restricted"])


def tier(name: str) -> st.SearchStrategy[Tier]:
    return st.builds(
        Tier,
        name=st.just(name),
        description=texts,
        quota=quotas,
        container=containers,
        pod_security=levels,
        pod_security_reason=st.just("because"),
        network=networks,
        priority_class=st.none() | st.builds(PriorityClass, value=st.sampled_from([0, 1000, -5])),
    )


def group(name: str) -> st.SearchStrategy[Group]:
    return st.builds(
        Group,
        name=st.just(name),
        subject=st.sampled_from(["", f"oidc:{name}", f"CN={name}, O=Acme: \\{name}"]),
        verta=st.sampled_from(["", name.title(), name.replace("-", " ").upper(), f"{{% {name} %}}"]),
    )


def role(name: str) -> st.SearchStrategy[Role]:
    rules = (RbacRule(api_groups=("", "apps"), resources=("pods", "pods/log"), verbs=("get",), resource_names=("a",)),)
    return (
        st.builds(Role, name=st.just(name), verta=st.sampled_from(["Contributor", "Super User", "on"]))
        | st.builds(Role, name=st.just(name), cluster_role=st.sampled_from(["view", "edit", "acme:{{reader}}"]))
        | st.builds(Role, name=st.just(name), verta=st.just("Maintainer"), cluster_role=st.just("view"))
        | st.builds(Role, name=st.just(name), verta=st.sampled_from(["", "Operator"]), rules=st.just(rules))
    )


def namespace(name: str) -> st.SearchStrategy[Namespace]:
    return st.builds(
        Namespace,
        name=st.just(name),
        tier=st.sampled_from(["", *TIERS]),
        owners=some(GROUPS, 2),
        labels=st.dictionaries(st.sampled_from(["team", "acme.example/cost"]), st.sampled_from(["a", "4711", "no"])),
        annotations=st.dictionaries(st.sampled_from(["acme.example/note", "y"]), texts),
        quota=quotas,
        container=changes,
        pod_security=levels,
        pod_security_reason=st.just("because"),
        network=networks,
        state=st.sampled_from(STATES),
    )


@st.composite
def valid_organizations(draw: st.DrawFn) -> Org:
    """An organization without errors, with a few namespaces, each with its workspace, and perhaps legacy workspaces."""
    namespaces = draw(entries(NAMES, namespace))
    tiers = {name: draw(tier(name)) for name in TIERS}
    groups = {name: draw(group(name)) for name in GROUPS}
    roles = {name: draw(role(name)) for name in ROLES}
    grants = st.lists(
        st.builds(Access, group=st.sampled_from(GROUPS), role=st.sampled_from(ROLES)), max_size=4, unique=True
    ).map(tuple)
    called = {name: draw(st.sampled_from([name, f"{name} models", f"Équipe {name}"])) for name in namespaces}
    workspaces = {
        text: Workspace(text, namespace=name, description=draw(texts), access=draw(grants))
        for name, text in called.items()
    }
    if draw(st.booleans()):
        workspaces["Old / lab"] = Workspace("Old / lab", legacy=True, description=draw(texts), access=draw(grants))
    org = Org(
        version=1,
        organization=Organization(name="acme", description=draw(texts)),
        cluster=Cluster(name="prod", kubernetes_version="1.33", api_server=draw(some(("192.0.2.1/32",), 1))),
        verta=Verta(
            primary_namespace="verta",
            permission_model=draw(st.sampled_from(["workspaces", "organizations"])),
            deployer=draw(st.none() | st.just(Deployer(service_account="deployer", cluster_role="edit"))),
            namespace_format=draw(st.sampled_from(["{cluster}--{namespace}", "{namespace}"])),
        ),
        defaults=Defaults(tier="standard"),
        tiers=tiers,
        groups=groups,
        roles=roles,
        namespaces=namespaces,
        workspaces=workspaces,
    )
    return _mended(org)


def _mended(org: Org) -> Org:
    """The organization without the numbers that a rule refuses because of what they met in a tier or a namespace."""
    for _ in range(20):
        errors = [each.place.path for each in judge(org) if each.severity == "error" and isinstance(each.place, At)]
        if not errors:
            break
        section, name = errors[0][:2]
        if section == "tiers":
            plain = replace(org.tiers[str(name)], quota={}, container=FULL)
            org = replace(org, tiers={**org.tiers, str(name): plain})
        else:
            org = replace(org, namespaces={**org.namespaces, str(name): Namespace(str(name))})
    assert not errors, errors
    return org
