"""What the API server, a project or another tool has against an object, and how far that reaches."""

from __future__ import annotations

import json

from tests.engines.argocd_engine import API, ArgoCD
from tests.engines.cluster import Audit, assert_as_rendered, identities, objects
from tests.engines.conftest import Engine, New
from tests.engines.repository import Repository
from tests.engines.webhook import mutating
from tests.live.control_plane import ControlPlane


def pods(plane: ControlPlane, repository: Repository, namespace: str) -> str:
    found = objects(plane, repository).get(("ResourceQuota", namespace, "quota"), {})
    return str(found.get("spec", {}).get("hard", {}).get("pods"))


def hold(repository: Repository, where: str, find: str, put: str) -> None:
    """Change a rendered file past our command."""
    file = repository.rendered / where
    text = file.read_text()
    assert find in text
    file.write_text(text.replace(find, put))


def test_a_bad_object_in_one_namespace_holds_up_that_one_alone(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine)
    engine.settle(repository)
    bad, good = sorted(repository.namespaces)
    hold(repository, f"namespaces/{bad}/limitrange.yaml", "cpu: 10m", "cpu: '9'")  # more than its own maximum
    for name in (bad, good):
        hold(repository, f"namespaces/{name}/resourcequota.yaml", 'pods: "60"', 'pods: "59"')
    repository.commit("A bad object")
    engine.looked(repository)
    plane.wait("the good one", lambda: pods(plane, repository, good) == "59")
    engine.settled(repository, f"{repository.cluster}--{bad}")
    if isinstance(engine, ArgoCD):  # it applies what it can beside the bad object
        plane.wait("the bad one", lambda: pods(plane, repository, bad) == "59")
    else:  # it holds up all of the namespace
        assert pods(plane, repository, bad) == "60"
    repository.revert()
    engine.settle(repository)
    assert_as_rendered(plane, repository)


def test_a_bad_object_of_the_cluster_does_not_hold_up_namespaces(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine)
    engine.settle(repository)
    one = min(repository.namespaces)
    hold(repository, "cluster/clusterroles.yaml", "- pods/log", "- pods/log\n    resourceNames: {a: b}")
    hold(repository, f"namespaces/{one}/resourcequota.yaml", 'pods: "60"', 'pods: "59"')
    repository.commit("A bad object")
    engine.looked(repository)
    plane.wait("the namespace", lambda: pods(plane, repository, one) == "59")
    engine.settled(repository, repository.cluster)
    repository.revert()
    engine.settle(repository)
    assert_as_rendered(plane, repository)


def test_the_value_of_a_priority_class_changes(engine: Engine, plane: ControlPlane, new: New) -> None:
    """The API server does not let it be changed: it is made anew, and pods keep the priority that they have."""
    repository = new(engine)
    engine.settle(repository)
    tier = repository.org["defaults"]["tier"]
    repository.org["tiers"][tier]["priorityClass"] = {"value": 2000}
    repository.render("Another priority")
    engine.settle(repository)
    assert_as_rendered(plane, repository)


def test_names_that_are_too_long_are_shortened_alike(engine: Engine, plane: ControlPlane, new: New) -> None:
    cluster = f"long-{engine.name}-" + "c" * 22
    repository = new(engine, "n" * 12, "m", name=cluster)
    found = engine.settle(repository)
    assert {len(name) for name in found if "-cc" in name and "--" in name} == {63}
    assert_as_rendered(plane, repository)


def test_a_namespace_that_another_tool_owns_is_adopted(engine: Engine, plane: ControlPlane, new: New) -> None:
    """Fields that are declared become ours, all others stay the other tool's; nothing is made anew."""
    name = f"adopted-{engine.name}"
    for kind, spec in (("Namespace", None), ("ResourceQuota", {"hard": {"pods": "1", "secrets": "9"}})):
        place = {"name": f"{name}-a"} if spec is None else {"name": "quota", "namespace": f"{name}-a"}
        metadata = place | {"labels": {"app.kubernetes.io/managed-by": "Helm", "theirs": "yes"}}
        plane.apply(
            json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata} | ({"spec": spec} if spec else {})),
            manager="helm",
        )
    uid = plane.request("GET", f"/api/v1/namespaces/{name}-a")[1]["metadata"]["uid"]
    repository = new(engine, "a", name=name)
    engine.settle(repository)
    found = assert_as_rendered(plane, repository)
    adopted = found["Namespace", "", f"{name}-a"]
    assert adopted["metadata"]["uid"] == uid
    assert adopted["metadata"]["labels"]["theirs"] == "yes"
    assert found["ResourceQuota", f"{name}-a", "quota"]["spec"]["hard"]["secrets"] == "9"


def smuggled(repository: Repository) -> None:
    """A file that our command would not have written: it grants somebody everything."""
    (repository.rendered / "namespaces" / f"{repository.cluster}-a" / "more.yaml").write_text(
        "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata:\n"
        f"  name: all-to-{repository.cluster}-a\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n"
        "  kind: ClusterRole\n  name: cluster-admin\nsubjects:\n"
        "  - apiGroup: rbac.authorization.k8s.io\n    kind: Group\n    name: everybody\n"
    )
    repository.commit("Smuggle")


def test_a_cluster_scoped_object_that_was_smuggled_in_is_refused(engine: Engine, plane: ControlPlane, new: New) -> None:
    """Argo CD's project does not allow the kind; Flux has no project, but no right to it either."""
    repository = new(engine, "a")
    engine.settle(repository)
    before = identities(objects(plane, repository))
    smuggled(repository)
    engine.looked(repository)
    name = f"{repository.cluster}-a"
    expected = "is not permitted in project" if isinstance(engine, ArgoCD) else "forbidden"
    application = f"{repository.cluster}--{name}"
    plane.wait("a refusal", lambda: expected in json.dumps(engine.applications(repository)[application]["status"]))
    path = f"/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/all-to-{name}"
    assert plane.request("GET", path)[0] == 404
    assert identities(objects(plane, repository)) == before


def test_a_repository_that_the_project_does_not_allow(argocd: ArgoCD, plane: ControlPlane, new: New) -> None:
    repository = new(argocd, "a")
    argocd.settle(repository)
    other = new(argocd, "b")
    name = f"{repository.cluster}--intruder"
    found = argocd.applications(repository)[f"{repository.cluster}--{repository.cluster}-a"]
    spec = found["spec"]
    spec["source"] |= {"repoURL": other.url, "path": f"rendered/{other.cluster}/namespaces/{other.cluster}-b"}
    labels = {"verta-gitops.io/organization": repository.org["organization"]["name"]}
    body = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name, "labels": labels}}
    plane.request("POST", f"{API}/applications", body | {"spec": spec})

    def refused() -> bool:
        conditions = argocd.applications(repository)[name].get("status", {}).get("conditions", ())
        return any("is not permitted in project" in each["message"] for each in conditions)

    plane.wait("a refusal", refused)
    assert "operationState" not in argocd.applications(repository)[name].get("status", {})


def test_a_webhook_adds_what_is_not_declared(engine: Engine, plane: ControlPlane, new: New, audit: Audit) -> None:
    """Nobody minds."""
    repository = new(engine, apply=False)
    patch = [{"op": "add", "path": "/metadata/labels/seen-by", "value": "webhook"}]
    with mutating(plane, repository.cluster, patch):
        plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
        engine.settle(repository)
        found = assert_as_rendered(plane, repository)
        quotas = [item for (kind, _, _), item in found.items() if kind == "ResourceQuota"]
        assert {item["metadata"]["labels"]["seen-by"] for item in quotas} == {"webhook"}
        audit.mark()
        engine.looked(repository)
        engine.settled(repository)
        assert audit.writes(engine.name, repository) == []


def test_a_webhook_changes_what_is_declared(engine: Engine, plane: ControlPlane, new: New) -> None:
    """Argo CD shows it for as long as it lasts; Flux asks the server, which says that all is well."""
    repository = new(engine, apply=False)
    with mutating(plane, repository.cluster, [{"op": "replace", "path": "/spec/hard/pods", "value": "7"}]):
        plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
        one = min(repository.namespaces)
        engine.looked(repository)
        plane.wait("the quota", lambda: pods(plane, repository, one) == "7")
        if isinstance(engine, ArgoCD):
            plane.wait("a complaint", lambda: "OutOfSync" in str(engine.pending(repository).values()))
        else:
            engine.settle(repository)
        assert pods(plane, repository, one) == "7"
