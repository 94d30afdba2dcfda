"""What the engines do with a repository of ours day by day: the first sync, none without a change, and changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.engines.argocd_engine import ArgoCD
from tests.engines.cluster import (
    Audit,
    assert_as_rendered,
    contents,
    declared,
    forget,
    identities,
    objects,
    own,
    shown,
)
from tests.engines.conftest import Engine, New
from tests.engines.repository import created
from tests.live.control_plane import ControlPlane
from tests.support import ROOT


def test_first_sync_of_the_example(
    engine: Engine, plane: ControlPlane, served: tuple[Path, str], request: pytest.FixtureRequest
) -> None:
    org = YAML(typ="safe").load(ROOT / "org.yaml")
    org["cluster"]["name"] = f"example-{engine.name}"
    org["delivery"]["engine"] = engine.name
    repository = created(*served, org)
    request.addfinalizer(lambda: forget(plane, repository))
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    assert len(engine.settle(repository)) == len(engine.expected(repository)) > 10
    assert_as_rendered(plane, repository)
    forget(plane, repository)
    plane.wait("the namespaces gone", lambda: not namespaces(plane, "northlake"))


def namespaces(plane: ControlPlane, organization: str) -> list[str]:
    """The namespaces of an organization, also those that are going away."""
    _, body = plane.request("GET", f"/api/v1/namespaces?labelSelector=verta-gitops.io/organization%3D{organization}")
    return [item["metadata"]["name"] for item in body["items"]]


def test_without_a_change_nothing_is_written(engine: Engine, plane: ControlPlane, new: New, audit: Audit) -> None:
    repository = new(engine)
    engine.settle(repository)
    before = assert_as_rendered(plane, repository)
    audit.mark()
    engine.looked(repository)
    repository.commit("Nothing")
    engine.settle(repository)
    assert audit.requests(engine.name)
    assert audit.writes(engine.name, repository) == []
    assert contents(objects(plane, repository)) == contents(before)


def test_without_a_change_nothing_is_written_with_server_side_diff(
    argocd: ArgoCD, plane: ControlPlane, new: New, audit: Audit
) -> None:
    repository = new(argocd)
    argocd.settle(repository)
    before = assert_as_rendered(plane, repository)
    with argocd.group.differently("application-controller", "--server-side-diff-enabled"):
        audit.mark()
        argocd.refresh(repository, hard=True)
        repository.commit("Nothing")
        argocd.settle(repository)
        asked = [event for event in audit.requests("argocd") if "dryRun=All" in event["requestURI"]]
        assert asked, "the server was asked for the difference"
        assert audit.writes("argocd", repository) == []
        assert contents(objects(plane, repository)) == contents(before)


def test_changes_converge(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine, "a", "b", "c")
    engine.settle(repository)
    before = objects(plane, repository)
    a, b, c = repository.org["namespaces"]
    org = repository.org
    org["namespaces"][a]["quota"] = {"pods": "10", "requests.cpu": "0.5"}
    org["workspaces"][a]["access"].append({"group": "scientists", "role": "maintainer"})
    org["workspaces"][b]["access"] = []
    org["roles"]["maintainer"]["clusterRole"] = "edit"
    org["namespaces"][c]["state"] = "frozen"
    d = f"{repository.cluster}-d"
    org["namespaces"][d] = {"owners": ["leads"]}
    org["workspaces"][d] = {"namespace": d, "access": [{"group": "leads", "role": "maintainer"}]}
    repository.render("Change")
    engine.settle(repository)
    after = assert_as_rendered(plane, repository)
    gone = before.keys() - after.keys()
    assert {key for key in gone if key[0] != "RoleBinding"} == set()
    assert ("RoleBinding", a, "access:leads:view") in gone
    assert ("RoleBinding", b, "access:leads:view") in gone
    assert ("RoleBinding", a, "access:leads:edit") in after
    assert ("RoleBinding", a, "access:scientists:edit") in after
    assert after["ResourceQuota", c, "quota"]["spec"]["hard"]["pods"] == "0"
    kept = {key: uid for key, uid in identities(before).items() if key not in gone}
    assert {key: identities(after)[key] for key in kept} == kept


def test_what_brings_verta_up_to_date_is_applied(
    engine: Engine, plane: ControlPlane, new: New, request: pytest.FixtureRequest
) -> None:
    """`verta.sync` adds kinds and rights that nothing else needs; the documented rights are enough for them."""
    more = own(engine.name, "sync-permissions.yaml")
    plane.apply(more)
    request.addfinalizer(lambda: plane.kubectl("delete", "-f", "-", text=more))
    repository = new(engine)
    repository.org["verta"]["sync"] = {
        "image": "registry.example.com/verta-gitops:1",
        "secretName": "verta",
        "schedule": "0 0 1 1 *",
    }
    repository.render("Synchronize")
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    engine.settle(repository)
    found = assert_as_rendered(plane, repository)
    assert {"CronJob", "ServiceAccount", "ClusterRoleBinding"} <= {kind for kind, _, _ in found}
    engine.looked(repository)
    engine.settled(repository)
    assert identities(objects(plane, repository)) == identities(found)
    del repository.org["verta"]["sync"]
    repository.render("No more")
    if isinstance(engine, ArgoCD):  # too early: what its project no longer lists, it does not remove
        plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
        engine.settle(repository)
        left = objects(plane, repository).keys() - declared(repository).keys()
        assert {kind for kind, _, _ in left} == {"CronJob", "ServiceAccount", "ClusterRoleBinding"}
        words = {"acme": repository.org["organization"]["name"]}
        shown(plane.kubeconfig, "delete-sync", words)
    engine.settle(repository)
    assert_as_rendered(plane, repository)
