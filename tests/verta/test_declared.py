"""What the cluster declares is what was rendered; what a team could have written itself is not believed."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from generator.pipeline import examine
from generator.problems import Stop
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from generator.verta.declared import CONFIG_MAP, declared, homes
from generator.verta.desired import Desired, desired
from tests.support import load_c, write

ORG = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
verta: {primaryNamespace: verta, permissions: exact}
defaults: {tier: standard}
tiers:
  standard: {}
groups:
  ds: {verta: Data Scientists}
roles:
  member: {verta: Contributor}
  viewer: {clusterRole: view}
namespaces:
  fraud: {owners: [ds]}
  churn: {owners: [ds], state: frozen}
workspaces:
  "Fraud \\U0001F680/x": {namespace: fraud, description: "two\\nlines", access: [{group: ds, role: member}]}
  churn: {namespace: churn, access: [{group: ds, role: viewer}]}
  old: {legacy: true, access: [{group: ds, role: member}]}
"""


class Cluster:
    """The objects that an organization renders to, as a cluster holds them."""

    def __init__(self, folder: Path, text: str = ORG) -> None:
        write(folder, {"org.yaml": text})
        examined = examine(str(folder / "org.yaml"))
        assert examined.org is not None
        assert not examined.errors, examined.problems
        self.org = examined.org
        bodies = [body for _, made in render(self.org, Templates()) for body in load_c(made or "")]
        self.namespaces = [body for body in bodies if body["kind"] == "Namespace"]
        self.config_maps = [body for body in bodies if body["kind"] == "ConfigMap"]

    def declared(self, **more: Any) -> Desired:
        """What the cluster declares."""
        usual: dict[str, Any] = {"organization": "acme", "primary": "verta", "exact": True}
        return declared(self.namespaces, self.config_maps, **{**usual, **more})

    def namespace(self, name: str) -> dict[str, Any]:
        """One Namespace."""
        found: dict[str, Any]
        (found,) = [body for body in self.namespaces if body["metadata"]["name"] == name]
        return found

    def config_map(self, namespace: str) -> dict[str, Any]:
        """The ConfigMap in a namespace."""
        found: dict[str, Any]
        (found,) = [body for body in self.config_maps if body["metadata"]["namespace"] == namespace]
        return found

    def edit(self, place: str, /, **more: Any) -> None:
        """Change what a ConfigMap says of its workspace."""
        data = self.config_map(place)["data"]
        payload = json.loads(data["workspace.json"])
        payload["workspace"].update({key: value for key, value in more.items() if key != "permissions"})
        payload["permissions"] = more.get("permissions", payload["permissions"])
        data["workspace.json"] = json.dumps(payload)


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_the_cluster_declares_what_the_file_does(cluster: Cluster) -> None:
    from_file = desired(cluster.org)
    found = cluster.declared()
    assert found.unusable == ()
    assert [
        (each.name, each.description, each.namespace, each.home, each.permissions) for each in found.workspaces
    ] == [(each.name, each.description, each.namespace, each.home, each.permissions) for each in from_file.workspaces]
    assert (found.organization, found.exact) == (from_file.organization, from_file.exact)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "churn"},
        {"namespace": "prod-us--churn"},
        {"description": "mine"},
        {"permissions": [{"group": "Data Scientists", "role": "Super User"}]},
        {},
    ],
)
def test_a_config_map_that_was_edited_is_not_believed(cluster: Cluster, change: dict[str, Any]) -> None:
    cluster.edit("fraud", **change)  # even where it says the same in another form
    found = cluster.declared()
    assert [each.name for each in found.workspaces] == ["churn", "old"]
    (refused,) = found.unusable
    assert (refused.workspace, refused.place) == ("Fraud 🚀/x", "fraud")
    assert "not the one that was rendered" in refused.reason


def test_a_config_map_of_another_namespace_is_not_believed(cluster: Cluster) -> None:
    cluster.config_map("fraud")["data"] = deepcopy(cluster.config_map("churn")["data"])
    found = cluster.declared()
    assert [each.name for each in found.workspaces] == ["churn", "old"]
    # Even where the digest was copied too, which only somebody could do who may edit Namespaces:
    annotations = cluster.namespace("fraud")["metadata"]["annotations"]
    annotations.update(
        {key: value for key, value in cluster.namespace("churn")["metadata"]["annotations"].items() if "digest" in key}
    )
    (refused,) = cluster.declared().unusable
    assert "another workspace" in refused.reason


def test_a_config_map_that_is_gone_holds_its_workspace(cluster: Cluster) -> None:
    cluster.config_maps.remove(cluster.config_map("fraud"))
    found = cluster.declared()
    assert [each.workspace for each in found.unusable] == ["Fraud 🚀/x"]
    assert "missing or empty" in found.unusable[0].reason


def test_a_namespace_that_is_not_ours_declares_nothing(cluster: Cluster) -> None:
    forged = deepcopy(cluster.config_map("fraud"))
    forged["metadata"]["namespace"] = "team-x"
    cluster.config_maps.append(forged)
    cluster.namespaces.append({"metadata": {"name": "team-x", "labels": {}}})
    assert cluster.declared().unusable == ()
    assert len(cluster.declared().workspaces) == 3


def test_a_workspace_of_the_primary_namespace_is_believed_only_where_that_is_named(cluster: Cluster) -> None:
    assert [each.name for each in cluster.declared(primary="").workspaces] == ["Fraud 🚀/x", "churn"]
    cluster.edit("verta", namespace="prod-us--fraud")
    (refused,) = cluster.declared().unusable
    assert (refused.workspace, refused.reason) == (
        "old", "its ConfigMap stands in the primary namespace and names another one",
    )  # fmt: skip


def test_a_workspace_that_is_declared_twice_is_not_believed(cluster: Cluster) -> None:
    cluster.edit("verta", name="churn")
    found = cluster.declared()
    assert [each.name for each in found.workspaces] == ["Fraud 🚀/x"]
    assert [(each.workspace, each.reason) for each in found.unusable] == [
        ("churn", "it is declared 2 times in the cluster")
    ]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "{}", '{"workspace": []}', "[" * 100_000, '{"workspace": {"name": 1}}', "9" * 9000]
)
def test_a_config_map_that_cannot_be_read_is_told(cluster: Cluster, text: str) -> None:
    cluster.config_map("verta")["data"] = {"workspace.json": text}
    (refused,) = cluster.declared().unusable
    assert refused.workspace == "old"
    assert "cannot be read" in refused.reason


def test_a_name_or_a_text_that_is_none_is_told(cluster: Cluster) -> None:
    for name in (" ", "\ud800"):
        cluster.edit("verta", name=name)
        assert len(cluster.declared().unusable) == 1


def test_several_organizations_need_a_name(cluster: Cluster) -> None:
    other = deepcopy(cluster.namespace("fraud"))
    other["metadata"]["name"] = "other"
    other["metadata"]["labels"]["verta-gitops.io/organization"] = "globex"
    assert cluster.declared(organization="").organization == "acme"
    cluster.namespaces.append(other)
    with pytest.raises(Stop, match=r"holds 2 organizations \(acme, globex\)"):
        cluster.declared(organization="")
    assert len(cluster.declared(organization="acme").workspaces) == 3
    with pytest.raises(Stop, match="declares no workspace"):
        declared([], [])


def test_the_old_permission_model_is_seen(tmp_path: Path) -> None:
    text = ORG.replace("permissions: exact", "permissionModel: organizations")
    assert Cluster(tmp_path, text).declared().by_organization


def test_objects_of_any_shape_declare_nothing(cluster: Cluster) -> None:
    odd: list[dict[str, Any]] = [
        {}, {"metadata": None}, {"metadata": {"name": CONFIG_MAP, "labels": 3}}, {"metadata": []},
    ]  # fmt: skip
    found = declared([*cluster.namespaces, *odd], [*cluster.config_maps, *odd], "acme", "verta")
    assert len(found.workspaces) == 3


def test_namespaces_that_cannot_be_mapped_to_are_told(cluster: Cluster) -> None:
    assert homes(cluster.declared(), cluster.namespaces) == {}
    cluster.namespace("fraud")["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    cluster.namespace("churn")["metadata"]["labels"]["verta-gitops.io/organization"] = "globex"
    wanted = desired(cluster.org)
    assert homes(wanted, cluster.namespaces) == {
        "fraud": "is being deleted",
        "churn": "belongs to another organization in this cluster",
    }
    assert homes(wanted, []) == dict.fromkeys(("fraud", "churn"), "does not exist in the cluster")
