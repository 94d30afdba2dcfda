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
organization: {name: import-all}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
verta: {primaryNamespace: import-verta, deployer: {serviceAccount: d, namespace: import-verta}}
defaults: {tier: import-tier}
tiers:
  import-tier:
    quota: {requests.cpu: "16", pods: "100"}
    container: {defaultRequest: {cpu: 100m}, default: {cpu: "1"}}
    priorityClass: {value: 100}
groups: {people: {subject: "oidc:people"}}
roles: {reader: {clusterRole: view}, import-on-call: {rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}}
namespaces:
  import-one: {owners: [people], labels: {team: one}, network: {egress: restricted, allowTo: [10.1.0.0/16]}}
  import-two: {owners: [people], quota: {pods: "7"}}
workspaces:
  one: {namespace: import-one, access: [{group: people, role: reader}, {group: people, role: import-on-call}]}
  Two of them: {namespace: import-two, description: "{{ 7 * 7 }}", access: [{group: people, role: reader}]}
"""


@pytest.fixture
def reader(control_plane: ControlPlane, tmp_path: Path) -> Path:
    """Somebody who may list what `verify --print-role` says, and nothing else."""
    name = f"{control_plane.prefix}import-reader"
    write(tmp_path, {"org.yaml": ORG})
    role = yaml.safe_load(invoke("verify", "--print-role", cwd=tmp_path).out)
    api = "rbac.authorization.k8s.io"
    role["metadata"]["name"] = name
    bound = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": api, "kind": "User", "name": name}],
    }
    _apply(control_plane, role, bound)
    return control_plane.user(name)


def _apply(plane: ControlPlane, *bodies: dict[str, Any]) -> None:
    plane.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=yaml.safe_dump_all(bodies))


def test_what_was_applied_comes_back_and_what_people_made_is_said(
    control_plane: ControlPlane, reader: Path, tmp_path: Path
) -> None:
    ours = control_plane.kubectl("get", "namespaces", "-l", "app.kubernetes.io/managed-by=verta-gitops", "-o", "name")
    if control_plane.prefix and any(control_plane.prefix not in name for name in ours.stdout.split()):
        pytest.skip("an import takes a cluster whole, and that of KUBECONFIG_TEST has an organization already")
    files = rendered(control_plane.named(ORG, "import-"), tmp_path / "before")
    hand = f"{control_plane.prefix}import-by-hand"
    bodies = [body for text in files.values() for body in yaml.safe_load_all(text)]
    by_hand = [
        namespace(hand, {"pod-security.kubernetes.io/enforce": "restricted"}),
        thing("ResourceQuota", hand, "mine", {"hard": {"pods": "5000m", "secrets": 10}}),
        binding(hand, "team", "edit", "oidc:team"),
        binding(hand, "bot", "edit", "bot", kind="User"),
    ]
    _apply(control_plane, *sorted([*bodies, *by_hand], key=lambda body: body["kind"] != "Namespace"))
    folder = write(tmp_path / "after", {})
    folder.mkdir()
    mine = ("--organization", f"{control_plane.prefix}import-all")
    options = (*mine, "--cluster", "prod-us", "--kubernetes-version", "1.33")
    more = ("--primary-namespace", f"{control_plane.prefix}import-verta", "--format", "json")
    ran = invoke("import", "--kubeconfig", str(reader), *options, *more, cwd=folder)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    differ = {control_plane.bare(each["namespace"] or each["name"]) for each in said["residuals"]}
    assert not {"import-one", "import-two", "verta-gitops-import-tier", "verta-gitops:import-on-call"} & differ
    assert [each["name"] for each in said["kept"] if each["namespace"] == hand] == ["bot"]
    assert any(command.startswith(f"kubectl delete --namespace={hand} ") for command in said["commands"])
    assert {"kube-system", "default"} <= said["excluded"].keys()
    assert invoke("render", cwd=folder).code == 0
    again = tree(folder / "rendered" / "prod-us")
    for path, text in files.items():
        found = again[path].decode()
        if path.startswith("namespaces/") or not control_plane.prefix:
            assert found == text, path
        else:  # beside what somebody's cluster had before
            assert set(text.split("---\n")) <= set(found.split("---\n")), path


def test_who_may_not_list_gets_nothing_and_is_told_what_is_missing(control_plane: ControlPlane, tmp_path: Path) -> None:
    nobody = control_plane.user(f"{control_plane.prefix}import-nobody")
    ran = invoke("import", "--kubeconfig", str(nobody), "--organization", "a", "--cluster", "b", cwd=tmp_path)
    assert ran.code == 3
    assert "nothing imported" in ran.err
    assert "resourcequotas" in ran.err.lower()
    assert tree(tmp_path) == {}
