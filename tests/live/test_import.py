"""`import` from a real API server, by somebody who may only list: what comes back is what was applied."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.importing.clusters import binding, namespace, thing
from tests.live.control_plane import ControlPlane
from tests.support import invoke, rendered, tree, write

ORG = """\
version: 1
organization: {name: importing}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
verta: {primaryNamespace: verta-import, deployer: {serviceAccount: d, namespace: verta-import}}
defaults: {tier: standard}
tiers:
  standard:
    quota: {requests.cpu: "16", pods: "100"}
    container: {defaultRequest: {cpu: 100m}, default: {cpu: "1"}}
    priorityClass: {value: 100}
groups: {people: {subject: "oidc:people"}}
roles: {reader: {clusterRole: view}, on-call: {rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}}
namespaces:
  import-one: {owners: [people], labels: {team: one}, network: {egress: restricted, allowTo: [10.1.0.0/16]}}
  import-two: {owners: [people], quota: {pods: "7"}}
workspaces:
  one: {namespace: import-one, access: [{group: people, role: reader}, {group: people, role: on-call}]}
  Two of them: {namespace: import-two, description: "{{ 7 * 7 }}", access: [{group: people, role: reader}]}
"""


@pytest.fixture
def reader(own_plane: ControlPlane, tmp_path: Path) -> Path:
    """Somebody who may list what `verify --print-role` says, and nothing else."""
    write(tmp_path, {"org.yaml": ORG})
    role = yaml.safe_load(invoke("verify", "--print-role", cwd=tmp_path).out)
    api = "rbac.authorization.k8s.io"
    role["metadata"]["name"] = "import-reader"
    bound = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "import-reader"},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": "import-reader"},
        "subjects": [{"apiGroup": api, "kind": "User", "name": "import-reader"}],
    }
    _apply(own_plane, role, bound)
    return own_plane.user("import-reader")


def _apply(plane: ControlPlane, *bodies: dict[str, Any]) -> None:
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=yaml.safe_dump_all(bodies))


def test_what_was_applied_comes_back_and_what_people_made_is_said(
    own_plane: ControlPlane, reader: Path, tmp_path: Path
) -> None:
    files = rendered(ORG, tmp_path / "before")
    bodies = [body for text in files.values() for body in yaml.safe_load_all(text)]
    by_hand = [
        namespace("import-by-hand", {"pod-security.kubernetes.io/enforce": "restricted"}),
        thing("ResourceQuota", "import-by-hand", "mine", {"hard": {"pods": "5000m", "secrets": 10}}),
        binding("import-by-hand", "team", "edit", "oidc:team"),
        binding("import-by-hand", "bot", "edit", "bot", kind="User"),
    ]
    _apply(own_plane, *sorted([*bodies, *by_hand], key=lambda body: body["kind"] != "Namespace"))
    folder = write(tmp_path / "after", {})
    folder.mkdir()
    options = ("--organization", "importing", "--cluster", "prod-us", "--kubernetes-version", "1.33")
    more = ("--primary-namespace", "verta-import", "--format", "json")
    ran = invoke("import", "--kubeconfig", str(reader), *options, *more, cwd=folder)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    differ = {each["namespace"] or each["name"] for each in said["residuals"]}
    assert not {"import-one", "import-two", "verta-gitops-standard", "verta-gitops:on-call"} & differ
    assert [each["name"] for each in said["kept"] if each["namespace"] == "import-by-hand"] == ["bot"]
    assert any(command.startswith("kubectl delete --namespace=import-by-hand ") for command in said["commands"])
    assert {"kube-system", "default"} <= said["excluded"].keys()
    assert invoke("render", cwd=folder).code == 0
    again = tree(folder / "rendered" / "prod-us")
    for path, text in files.items():
        assert again[path].decode() == text, path


def test_who_may_not_list_gets_nothing_and_is_told_what_is_missing(own_plane: ControlPlane, tmp_path: Path) -> None:
    nobody = own_plane.user("import-nobody")
    ran = invoke("import", "--kubeconfig", str(nobody), "--organization", "a", "--cluster", "b", cwd=tmp_path)
    assert ran.code == 3
    assert "nothing imported" in ran.err
    assert "resourcequotas" in ran.err.lower()
    assert tree(tmp_path) == {}
