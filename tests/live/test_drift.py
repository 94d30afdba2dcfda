"""`drift` against a real API server: nothing where all is applied, and the right words for all that goes wrong."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.control_plane import ControlPlane
from tests.support import Ran, invoke, write

ORG = """
version: 1
organization: {name: drifting}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
verta: {primaryNamespace: drift-verta, deployer: {serviceAccount: d, namespace: drift-verta}}
defaults: {tier: standard}
tiers:
  standard:
    quota: {requests.cpu: "16", pods: "100"}
    container: {defaultRequest: {cpu: 100m}, default: {cpu: "1"}}
groups: {people: {subject: "oidc:people"}}
roles: {reader: {verta: Reader, clusterRole: view}}
namespaces:
  drift-one: {owners: [people], labels: {team: one}}
  drift-two: {owners: [people]}
  drift-three: {owners: [people]}
  drift-four: {owners: [people]}
workspaces:
  one: {namespace: drift-one, access: [{group: people, role: reader}]}
  two: {namespace: drift-two, access: [{group: people, role: reader}]}
  three: {namespace: drift-three, access: [{group: people, role: reader}]}
  four: {namespace: drift-four, access: [{group: people, role: reader}]}
"""
KINDS = "namespaces,resourcequotas,limitranges,networkpolicies,rolebindings,configmaps,clusterroles,priorityclasses"


class Place:
    """A folder with the organization, rendered and applied.

    Whatever is called drift… has the prefix before it in the cluster, and not in the words that tests give and get.
    """

    def __init__(self, plane: ControlPlane, folder: Path) -> None:
        self.plane, self.folder = plane, folder

    def kubectl(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.plane.kubectl(*(self.plane.named(word, "drift") for word in words), check=check)

    def apply(self) -> None:
        rendered = sorted((self.folder / "rendered").rglob("*.yaml"), key=lambda path: path.name != "namespace.yaml")
        text = "\n".join(path.read_text() for path in rendered)
        how = ["apply", "--server-side", "--force-conflicts", "--field-manager=engine", "--validate=strict", "-f", "-"]
        self.plane.kubectl(*how, text=text)

    def drift(self, *more: str) -> Ran:
        source = () if {"--from-dump", "--kubeconfig"} & set(more) else ("--kubeconfig", str(self.plane.kubeconfig))
        ran = invoke("drift", *source, *more, cwd=self.folder)
        return Ran(ran.code, self.plane.bare(ran.out), self.plane.bare(ran.err))

    def differences(self) -> list[tuple[str, ...]]:
        """(cause, namespace, kind, name, field) of each difference, and the exit code beside them."""
        ran = self.drift("--format", "json")
        found = json.loads(ran.out)["differences"]
        assert ran.code == int(bool(found)), ran
        return [(each["cause"], each["namespace"], each["kind"], each["name"], each.get("field", "")) for each in found]


@pytest.fixture(scope="module")
def place(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = write(tmp_path_factory.mktemp("applied"), {"org.yaml": control_plane.named(ORG, "drift")})
    assert invoke("render", cwd=folder).code == 0
    found = Place(control_plane, folder)
    found.apply()
    yield found
    found.kubectl("delete", "namespace", "-l", "verta-gitops.io/organization=drifting")
    found.kubectl("delete", "clusterrole,clusterrolebinding", "drift-half", "--ignore-not-found")


@pytest.fixture
def applied(place: Place) -> Iterator[Place]:
    """Everything as declared, and nothing left of what the test does by hand."""
    place.apply()
    assert place.drift().code == 0, place.drift().out
    yield place
    place.kubectl("-n", "drift-two", "delete", "resourcequotas,networkpolicies,rolebindings", "--all")
    place.kubectl("label", "namespace", "drift-one", "by-hand-")


def test_what_was_applied_has_no_drift(applied: Place) -> None:
    ran = applied.drift()
    assert "36 objects compared with context " in ran.out
    assert ran.out.endswith(": no drift\n")


def test_a_dump_says_the_same_as_the_cluster(applied: Place) -> None:
    command = ["get", KINDS, "-A", "-o", "json", "--show-managed-fields"]
    (applied.folder / "dump.json.gz").write_bytes(gzip.compress(applied.kubectl(*command).stdout.encode()))
    ran = applied.drift("--from-dump", "dump.json.gz")
    missing = {"PriorityClass", "ClusterRole"} & {
        line.split(" ")[2] for line in ran.out.splitlines() if "not c" in line
    }
    assert not missing
    assert ran.out.endswith("36 objects compared with dump dump.json.gz: no drift\n")
    assert ran.code == 0


def test_a_lowered_quota_and_an_added_key(applied: Place) -> None:
    patch = json.dumps({"spec": {"hard": {"pods": "7", "secrets": "3"}}})
    applied.kubectl("-n", "drift-two", "patch", "resourcequota", "quota", "--type=merge", "-p", patch)
    assert applied.differences() == [
        ("changed", "drift-two", "ResourceQuota", "quota", "spec.hard.pods"),
        ("added", "drift-two", "ResourceQuota", "quota", "spec.hard.secrets"),
    ]
    out = applied.drift().out
    assert "namespace drift-two (org.yaml:15:3)\n  changed\n" in out
    assert 'ResourceQuota "quota": spec.hard.pods is "7", declared "100" (by kubectl-patch, 20' in out
    assert "→ kubectl apply --server-side --force-conflicts -R -f rendered/prod-us/namespaces/drift-two\n" in out
    assert "→ kubectl edit resourcequota quota -n drift-two\n" in out


def test_a_quantity_in_another_spelling_is_no_drift(applied: Place) -> None:
    patch = json.dumps({"spec": {"hard": {"requests.cpu": "16000m"}}})
    applied.kubectl("-n", "drift-two", "patch", "resourcequota", "quota", "--type=merge", "-p", patch)
    assert applied.differences() == []


def test_an_edited_label_and_one_by_hand(applied: Place) -> None:
    applied.kubectl("label", "namespace", "drift-one", "team=two", "by-hand=yes", "--overwrite")
    assert applied.differences() == [
        ("added", "", "Namespace", "drift-one", "metadata.labels.by-hand"),
        ("changed", "", "Namespace", "drift-one", "metadata.labels.team"),
    ]
    out = applied.drift().out
    assert 'metadata.labels.team is "two", declared "one" (by kubectl-label, 20' in out
    assert 'metadata.labels.by-hand is "yes", and is not declared (by kubectl-label, 20' in out
    assert "→ kubectl label namespace drift-one by-hand-\n" in out


def test_a_weaker_pod_security_by_hand(applied: Place) -> None:
    key = "pod-security.kubernetes.io/enforce"
    applied.kubectl("label", "namespace", "drift-one", f"{key}=privileged", "--overwrite")
    assert applied.differences() == [("changed", "", "Namespace", "drift-one", f'metadata.labels["{key}"]')]


def test_a_removed_and_a_widened_binding(applied: Place) -> None:
    applied.kubectl("-n", "drift-three", "delete", "rolebinding", "access:people:view")
    everyone = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"}
    patch = json.dumps([{"op": "add", "path": "/subjects/-", "value": everyone}])
    applied.kubectl("-n", "drift-two", "patch", "rolebinding", "access:people:view", "--type=json", "-p", patch)
    assert applied.differences() == [
        ("missing", "drift-three", "RoleBinding", "access:people:view", ""),
        ("added", "drift-two", "RoleBinding", "access:people:view", "subjects[1]"),
    ]
    out = applied.drift().out
    assert '  missing\n    RoleBinding "access:people:view"\n    → kubectl apply ' in out
    assert "system:authenticated" in out


def test_an_opened_network_policy(applied: Place) -> None:
    patch = json.dumps([{"op": "add", "path": "/spec/ingress/-", "value": {"from": [{"namespaceSelector": {}}]}}])
    words = ["-n", "drift-two", "patch", "networkpolicy", "allow-from-verta", "--type=json", "-p", patch]
    applied.kubectl(*words)
    found = applied.differences()
    assert found == [("added", "drift-two", "NetworkPolicy", "allow-from-verta", "spec.ingress[1]")]


def test_orphans_of_ours_and_not_of_others(applied: Place) -> None:
    ours = "app.kubernetes.io/managed-by=verta-gitops"
    for name, organization in (("drift-orphan", "drifting"), ("drift-other", "somebody-else")):
        applied.kubectl("create", "namespace", name)
        applied.kubectl("label", "namespace", name, ours, f"verta-gitops.io/organization={organization}")
    applied.kubectl("-n", "drift-one", "create", "rolebinding", "left;behind", "--clusterrole=view", "--group=x")
    applied.kubectl(
        "-n", "drift-one", "label", "rolebinding", "left;behind", ours, "verta-gitops.io/organization=drifting"
    )
    try:
        assert applied.differences() == [
            ("orphan", "drift-one", "RoleBinding", "left;behind", ""),
            ("orphan", "", "Namespace", "drift-orphan", ""),
        ]
        out = applied.drift().out
        assert "namespace drift-orphan\n  not declared (orphan)\n" in out
        command = "kubectl delete rolebinding.rbac.authorization.k8s.io 'left;behind' -n drift-one"
        assert f"→ {command}\n" in out
        assert "odd: " in out
        assert '"somebody-else"' in out
        assert "delete namespace" not in out
    finally:
        applied.kubectl("delete", "namespace", "drift-orphan", "drift-other")
        applied.kubectl("-n", "drift-one", "delete", "rolebinding", "left;behind")


def test_a_namespace_that_terminates_and_one_that_is_gone(applied: Place) -> None:
    hold = {"metadata": {"finalizers": ["acme.example.com/hold"]}}
    applied.kubectl("patch", "namespace", "drift-three", "--type=merge", "-p", json.dumps(hold))
    try:
        applied.kubectl("delete", "namespace", "drift-three", "--wait=false")
        applied.kubectl("delete", "namespace", "drift-four", "--wait=true")
        applied.plane.wait("what is in the namespace goes", lambda: not _policies(applied, "drift-three"))
        ran = applied.drift()
        assert ran.code == 1
        assert (
            'namespace drift-three (org.yaml:16:3)\n  being deleted\n    Namespace "drift-three" since "20' in ran.out
        )
        assert "→ kubectl get namespace drift-three -o yaml\n" in ran.out
        words = "namespace drift-four does not exist in cluster prod-us, nor what it holds (8 objects): "
        assert f"  missing\n    {words}endpoints of workspace four will fail to deploy\n" in ran.out
        assert "-f rendered/prod-us/namespaces/drift-four/namespace.yaml -R -f rendered/prod-us/namespaces/" in ran.out
        assert ran.out.count("NetworkPolicy") == 0
    finally:
        applied.kubectl("patch", "namespace", "drift-three", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
        gone = ["get", "namespace", "drift-three"]
        applied.plane.wait("the namespace goes", lambda: applied.kubectl(*gone, check=False).returncode != 0)


def test_the_command_that_is_named_makes_it_right(applied: Place) -> None:
    applied.kubectl("delete", "namespace", "drift-four", "--wait=true")
    out = applied.drift().out
    command = next(line.partition("→ kubectl ")[2] for line in out.splitlines() if "→ kubectl apply" in line)
    where = [word.replace("rendered/", f"{applied.folder}/rendered/") for word in command.split()]
    applied.kubectl(*where)
    assert applied.drift().code == 0


def test_a_user_who_may_not_list_all_gets_a_partial_answer(applied: Place) -> None:
    role: dict[str, Any] = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"{applied.plane.prefix}drift-half"},
        "rules": [
            {"apiGroups": [""], "resources": ["namespaces", "resourcequotas", "limitranges"], "verbs": ["list"]},
            {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": ["list"]},
        ],
    }
    applied.plane.apply(json.dumps(role))
    applied.kubectl("create", "clusterrolebinding", "drift-half", "--clusterrole=drift-half", "--user=drift-half")
    ran = applied.drift("--kubeconfig", str(applied.plane.user(f"{applied.plane.prefix}drift-half")))
    assert ran.code == 3
    assert "not compared: RoleBinding.rbac.authorization.k8s.io" in ran.out
    assert "no drift in what could be compared" in ran.out


def test_another_organizations_cluster_is_refused(applied: Place, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": applied.plane.named(ORG.replace("name: drifting", "name: elsewhere"), "drift")})
    ran = invoke("drift", "--kubeconfig", str(applied.plane.kubeconfig), cwd=tmp_path)
    assert ran.code == 2
    assert "is the cluster of organization " in ran.err
    assert "--any-cluster" in ran.err
    assert invoke("drift", "--kubeconfig", str(applied.plane.kubeconfig), "--any-cluster", cwd=tmp_path).code == 1


def _policies(place: Place, namespace: str) -> str:
    return place.kubectl("-n", namespace, "get", "networkpolicies,rolebindings,limitranges", "-o", "name").stdout
