"""The comparison of declared objects with live ones: what counts as a difference, and what does not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.cluster.comparing import ABSENT, Difference, diff, differing, orphans
from generator.model.quantity import Quantity
from generator.objects import identity
from generator.rendering.views import MANAGED_BY, ORIGIN, PROTECTION

Body = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"


def body(kind: str, api: str = "v1", **more: Any) -> Body:
    metadata = {
        "name": "it",
        "namespace": "fraud",
        "labels": {**MANAGED_BY},
        "annotations": {ORIGIN: "namespaces.fraud"},
    }
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **copy.deepcopy(more)}


def quota(**hard: str) -> Body:
    return body("ResourceQuota", spec={"hard": hard})


def policy(**spec: Any) -> Body:
    return body("NetworkPolicy", "networking.k8s.io/v1", spec={"podSelector": {}, **spec})


def binding(*subjects: Body) -> Body:
    reference = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "view"}
    return body("RoleBinding", f"{RBAC}/v1", roleRef=reference, subjects=list(subjects))


def group(name: str) -> Body:
    return {"apiGroup": RBAC, "kind": "Group", "name": name}


def limits(**sides: Any) -> Body:
    return body("LimitRange", spec={"limits": [{"type": "Container", **sides}]})


def role(*rules: Body) -> Body:
    return body("ClusterRole", f"{RBAC}/v1", rules=list(rules))


def aggregated(*rules: Body) -> Body:
    return {**role(*rules), "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"a": "b"}}]}}


READ = {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}
DNS = {"to": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 53, "protocol": "UDP"}]}


@pytest.mark.parametrize(
    ("declared", "live"),
    [
        (quota(pods="10"), quota(pods="10")),
        (quota(**{"requests.memory": "1Gi"}), quota(**{"requests.memory": "1073741824"})),
        (body("ResourceQuota", spec={"hard": {"pods": 10}}), quota(pods="10")),
        (quota(pods="10"), {**quota(pods="10"), "status": {"used": {"pods": "3"}}}),
        (limits(max={"cpu": "2"}), limits(max={"cpu": "2"}, default={"cpu": "2"}, defaultRequest={"cpu": "2000m"})),
        (policy(ingress=[{}]), policy(ingress=[{}], policyTypes=["Ingress"])),
        (policy(egress=[DNS]), policy(egress=[DNS], policyTypes=["Egress", "Ingress"])),
        (policy(policyTypes=["Ingress"], ingress=[]), policy(policyTypes=["Ingress"])),
        (
            policy(egress=[{"ports": [{"port": 53}, {"port": 54}]}]),
            policy(egress=[{"ports": [{"port": 54, "protocol": "TCP"}, {"port": 53, "protocol": "TCP"}]}]),
        ),
        (binding(group("a"), group("b")), binding(group("b"), group("a"))),
        (binding({"kind": "Group", "name": "a"}), binding(group("a"))),
        (role(READ), role({"verbs": ["list", "get"], "resources": ["pods/log", "pods"], "apiGroups": [""]})),
        (body("PriorityClass", "scheduling.k8s.io/v1", value=1),
         body("PriorityClass", "scheduling.k8s.io/v1", value=1, preemptionPolicy="PreemptLowerPriority")),
        (body("ConfigMap", data={"a": "b"}), body("ConfigMap", data={"a": "b"}, immutable=True)),
        (body("Widget", "example.com/v1", spec={"a": None, "b": []}), body("Widget", "example.com/v1", spec={"c": 1})),
        (aggregated(), aggregated(READ)),
        (
            body("Service", spec={"ports": [{"port": 80}, {"port": 81}]}),
            body("Service", spec={"ports": [{"port": n, "targetPort": n, "protocol": "TCP"} for n in (81, 80)]}),
        ),
        (
            body("Pod", spec={"volumes": [{"name": "t", "emptyDir": {"sizeLimit": "1024Mi"}}]}),
            body("Pod", spec={"volumes": [{"name": "t", "emptyDir": {"sizeLimit": "1Gi"}}]}),
        ),
        (body("Secret", stringData={"a": "b"}), body("Secret", data={"a": "Yg=="}, type="Opaque")),
    ],
)  # fmt: skip
def test_what_means_the_same_is_no_difference(declared: Body, live: Body) -> None:
    assert list(differing(declared, live)) == []


@pytest.mark.parametrize(
    ("declared", "live", "path", "wanted", "found"),
    [
        (quota(pods="10"), quota(pods="9"), ("spec", "hard", "pods"), "10", "9"),
        (quota(pods="10"), quota(), ("spec", "hard", "pods"), "10", ABSENT),
        (quota(pods="10"), quota(pods="10", secrets="0"), ("spec", "hard", "secrets"), ABSENT, "0"),
        (
            quota(pods="10"),
            body("ResourceQuota", spec={"hard": {"pods": "10"}, "scopes": ["Terminating"]}),
            ("spec", "scopes"),
            ABSENT,
            ["Terminating"],
        ),
        (
            limits(default={"cpu": "1"}),
            limits(default={"cpu": "2"}, defaultRequest={"cpu": "1"}),
            ("spec", "limits", 0, "default", "cpu"),
            "1",
            "2",
        ),
        (
            limits(default={"cpu": "1"}),
            body(
                "LimitRange",
                spec={
                    "limits": [{"type": "Pod", "max": {"cpu": "1"}}, *limits(default={"cpu": "1"})["spec"]["limits"]]
                },
            ),
            ("spec", "limits", 0),
            ABSENT,
            {"type": "Pod", "max": {"cpu": "1"}},
        ),
        (
            policy(policyTypes=["Ingress"]),
            policy(policyTypes=["Ingress"], ingress=[{}]),
            ("spec", "ingress"),
            ABSENT,
            [{}],
        ),
        (
            policy(ingress=[{"from": [{"podSelector": {}}]}]),
            policy(ingress=[{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]),
            ("spec", "ingress", 0),
            {"from": [{"podSelector": {}}]},
            {"from": [{"podSelector": {}, "namespaceSelector": {}}]},
        ),
        (
            policy(policyTypes=["Ingress", "Egress"]),
            policy(policyTypes=["Ingress"]),
            ("spec", "policyTypes", 1),
            "Egress",
            ABSENT,
        ),
        (binding(group("a")), binding(group("a"), group("b")), ("subjects", 1), ABSENT, group("b")),
        (binding(group("a"), group("b")), binding(group("b")), ("subjects", 0), group("a"), ABSENT),
        (role(READ), role(READ, {**READ, "verbs": ["*"]}), ("rules", 1), ABSENT, {**READ, "verbs": ["*"]}),
        (role(READ), role({**READ, "verbs": ["get"]}), ("rules", 0), READ, {**READ, "verbs": ["get"]}),
        (body("ConfigMap", data={"a": "b"}), body("ConfigMap", data={"a": "b", "c": "d"}), ("data", "c"), ABSENT, "d"),
        (
            body("PriorityClass", "scheduling.k8s.io/v1", value=1),
            body("PriorityClass", "scheduling.k8s.io/v1", value=1, globalDefault=True),
            ("globalDefault",),
            ABSENT,
            True,
        ),
        (
            body("Widget", "example.com/v1", spec={"on": True}),
            body("Widget", "example.com/v1", spec={"on": 1}),
            ("spec", "on"),
            True,
            1,
        ),
        (
            body("Widget", "example.com/v1", spec={"args": ["a", "b"]}),
            body("Widget", "example.com/v1", spec={"args": ["b", "a"]}),
            ("spec", "args", 0),
            "a",
            "b",
        ),
    ],
)
def test_a_difference_is_found_where_it_is(
    declared: Body, live: Body, path: tuple[Any, ...], wanted: Any, found: Any
) -> None:
    assert (path, wanted, found) in list(differing(declared, live))


@pytest.mark.parametrize(
    ("section", "key", "counts"),
    [
        ("labels", "pod-security.kubernetes.io/enforce", True),
        ("annotations", "argocd.argoproj.io/sync-options", True),
        ("annotations", "kustomize.toolkit.fluxcd.io/prune", True),
        ("labels", "kustomize.toolkit.fluxcd.io/name", False),
        ("annotations", "argocd.argoproj.io/tracking-id", False),
        ("annotations", "kubectl.kubernetes.io/last-applied-configuration", False),
        ("labels", "team", False),
    ],
)
def test_metadata_that_changes_an_effect_counts_without_being_declared(section: str, key: str, counts: bool) -> None:
    live = quota(pods="1")
    live["metadata"][section][key] = "x"
    assert list(differing(quota(pods="1"), live)) == ([(("metadata", section, key), ABSENT, "x")] if counts else [])


def _managed(live: Body, **managers: Any) -> Body:
    entries = [
        {"manager": name.replace("_", "-"), "operation": "Update", "time": "2026-11-24T10:00:00Z", "fieldsV1": fields}
        for name, fields in managers.items()
    ]
    live["metadata"]["managedFields"] = entries
    return live


ENGINE: Body = {
    "f:metadata": {"f:annotations": {f"f:{ORIGIN}": {}}, "f:labels": {"f:app.kubernetes.io/managed-by": {}}}
}


def test_what_others_wrote_counts_and_says_who() -> None:
    live = quota(pods="9")
    live["metadata"]["labels"]["team"] = "x"
    hand: Body = {"f:metadata": {"f:labels": {".": {}, "f:team": {}}}, "f:spec": {"f:hard": {"f:pods": {}}}}
    _managed(live, engine=ENGINE, kubectl_edit=hand)
    key, by = identity(live), "kubectl-edit, 2026-11-24T10:00:00Z"
    assert list(diff({key: quota(pods="10")}, {key: live})) == [
        Difference(key, "changed", ("spec", "hard", "pods"), "10", "9", by),
        Difference(key, "added", ("metadata", "labels", "team"), ABSENT, "x", by),
    ]


@pytest.mark.parametrize("manager", ["kube_controller_manager", "argocd_controller", "some_operator", "engine"])
def test_what_controllers_and_the_applier_itself_wrote_does_not_count(manager: str) -> None:
    live = quota(pods="10")
    live["metadata"]["labels"]["team"] = "x"
    more: Body = {"f:metadata": {"f:labels": {"f:team": {}}}}
    fields = {"f:metadata": {**ENGINE["f:metadata"], "f:labels": {"f:team": {}}}} if manager == "engine" else more
    _managed(live, **{"engine": ENGINE, manager: fields})
    assert list(diff({identity(live): quota(pods="10")}, {identity(live): live})) == []


def test_objects_without_our_marks_are_applied_by_whoever_applies_the_others() -> None:
    marked = _managed(quota(pods="10"), engine=ENGINE)
    own: Body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "own", "namespace": "fraud"}, "spec": {}}
    live = {**copy.deepcopy(own), "spec": {"type": "NodePort", "sessionAffinity": "ClientIP"}}
    _managed(live, engine={"f:spec": {"f:sessionAffinity": {}}}, kubectl_edit={"f:spec": {"f:type": {}}})
    declared = {identity(marked): quota(pods="10"), identity(own): own}
    found = list(diff(declared, {identity(marked): marked, identity(own): live}))
    assert [(each.cause, each.path) for each in found] == [("added", ("spec", "type"))]


def test_what_is_added_to_an_item_is_told_alone_where_its_key_has_a_default() -> None:
    live = body("Service", spec={"ports": [{"port": 80, "protocol": "TCP", "name": "a"}]})
    by_hand: Body = {"f:spec": {"f:ports": {'k:{"port":80,"protocol":"TCP"}': {"f:name": {}}}}}
    _managed(live, engine=ENGINE, kubectl_patch=by_hand)
    found = list(diff({identity(live): body("Service", spec={"ports": [{"port": 80}]})}, {identity(live): live}))
    assert [(each.path, each.live) for each in found] == [(("spec", "ports", 0, "name"), "a")]


def test_items_that_say_more_are_the_same_only_once_and_only_with_all_that_is_declared() -> None:
    def ports(*numbers: int) -> Body:
        return body("Service", spec={"ports": [{"port": number, "protocol": "TCP"} for number in numbers]})

    wanted = body("Service", spec={"ports": [{"port": 80}, {"port": 81}]})
    assert [field.path for field in differing(wanted, ports(80, 82))] == [("spec", "ports", 1)]
    assert [field.path for field in differing(wanted, ports(80))] == [("spec", "ports", 1)]


def test_nobody_is_known_to_apply_it() -> None:
    live = quota(pods="10")
    live["metadata"]["labels"]["team"] = "x"
    _managed(live, kubectl_edit={"f:metadata": {"f:labels": {"f:team": {}}}})
    assert list(diff({identity(live): quota(pods="10")}, {identity(live): live})) == []


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        "x",
        {"f:metadata": None},
        {"k:{": {}},
        {"f:spec": {"f:hard": {"k:[1]": {}, "v:{": {}}}},
        {"": {"": {}}},
    ],
)
def test_managed_fields_that_are_nonsense_are_no_matter(fields: Any) -> None:
    live = _managed(quota(pods="10"), engine=ENGINE, strange=fields)
    live["metadata"]["managedFields"] += [None, 5, {"manager": 5, "fieldsV1": {"f:spec": {}}}]
    assert list(diff({identity(live): quota(pods="10")}, {identity(live): live})) == []


def test_missing_terminating_and_orphans() -> None:
    here, gone, left = (quota(pods="1") for _ in range(3))
    gone["metadata"]["name"], left["metadata"]["name"] = "gone", "left"
    dying = quota(pods="1")
    dying["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z"
    declared = {identity(here): here, identity(gone): gone}
    live = {identity(here): dying, identity(left): left}
    assert [(each.identity.name, each.cause) for each in diff(declared, live)] == [
        ("it", "terminating"), ("gone", "missing"),
    ]  # fmt: skip
    assert [each.identity.name for each in orphans(declared, live, MANAGED_BY)] == ["left"]
    assert list(orphans(declared, live, {**MANAGED_BY, "verta-gitops.io/organization": "other"})) == []
    left["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "name": "x"}]
    assert list(orphans(declared, live, MANAGED_BY)) == []


def test_protection_that_stays_on_a_decommissioned_namespace_is_a_difference() -> None:
    live = quota(pods="0")
    live["metadata"]["annotations"] |= PROTECTION
    assert {field.path[2] for field in differing(quota(pods="0"), live)} == set(PROTECTION)


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_what_was_applied_differs_in_nothing_whatever_the_server_adds(spec: Any) -> None:
    declared = body("Widget", "example.com/v1", spec=spec)
    live = copy.deepcopy(declared)
    live["metadata"] |= {"uid": "1", "resourceVersion": "2"}
    if isinstance(live["spec"], dict):
        live["spec"]["added by the server"] = {"x": [1]}
    assert list(differing(declared, live)) == []


@given(st.sampled_from(["ResourceQuota", "NetworkPolicy", "RoleBinding", "LimitRange", "ClusterRole"]), JSON)
def test_no_live_object_is_too_strange_to_compare(kind: str, spec: Any) -> None:
    declared = {
        "ResourceQuota": quota(pods="1"), "NetworkPolicy": policy(egress=[DNS]), "RoleBinding": binding(group("a")),
        "LimitRange": limits(max={"cpu": "1"}), "ClusterRole": role(READ),
    }[kind]  # fmt: skip
    live = {**declared, "spec": spec, "rules": spec, "subjects": spec, "roleRef": spec}
    assert isinstance(list(differing(declared, live)), list)


@given(st.integers(0, 10**15), st.sampled_from(["decimal", "binary", "exponent"]))
def test_a_quantity_counts_by_its_value(millis: int, form: Any) -> None:
    amount = Quantity(millis * 10**6, form)
    assert list(differing(quota(cpu=f"{millis}m"), quota(cpu=str(amount)))) == []
    other = Quantity((millis + 1) * 10**6, form)
    assert [field.path for field in differing(quota(cpu=f"{millis}m"), quota(cpu=str(other)))] == [
        ("spec", "hard", "cpu")
    ]
