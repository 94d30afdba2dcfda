"""One Argo CD for two clusters, as documented: each organization is on its own cluster, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engines.argocd_engine import ArgoCD
from tests.engines.cluster import (
    Objects,
    assert_as_rendered,
    documented,
    employed,
    forget,
    identities,
    objects,
    protected,
    shown,
    work,
)
from tests.engines.repository import Repository, created, organization
from tests.live import control_plane
from tests.live.control_plane import ControlPlane

_numbers = count(1)
ADDRESS = "https://prod-eu.example.com:6443"
"""Where the documentation has the other cluster."""


@dataclass
class Member:
    """An organization and the cluster that it is on."""

    plane: ControlPlane
    repository: Repository

    @property
    def objects(self) -> Objects:
        """What of it is on its cluster."""
        return objects(self.plane, self.repository)


@pytest.fixture(scope="module")
def spoke(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """Another cluster, of which the hub knows nothing yet."""
    with control_plane.started(tmp_path_factory.mktemp("spoke")) as started:
        yield started


@pytest.fixture
def members(
    request: pytest.FixtureRequest, argocd: ArgoCD, plane: ControlPlane, spoke: ControlPlane, served: tuple[Path, str]
) -> Iterator[tuple[Member, Member]]:
    """An organization on the hub's own cluster and one on the other, both handed to the hub and settled.

    Their namespaces are called the same. The parameter is how the cluster of the other is named in `destination`.
    """
    name = f"hub-{next(_numbers)}"
    here = Member(plane, made(served, name))
    there = Member(spoke, made(served, f"spoke-{name}"))
    where = {"name": there.repository.cluster, "server": spoke.server}
    there.repository.org["delivery"]["destination"] = {request.param: where[request.param]}
    there.repository.render("Name the cluster")
    plane.kubectl("apply", "-f", str(here.repository.rendered / "delivery"))
    join(plane, there)
    for member in (here, there):
        argocd.settle(member.repository)
        assert_as_rendered(member.plane, member.repository)
    yield here, there
    for member in (here, there):
        forget(plane, member.repository)
    plane.kubectl("delete", "secret", "-n", "argocd", secret(there), "--ignore-not-found")
    spoke.kubectl("delete", "namespaces,clusterroles,priorityclasses", "-l", label(there))


def made(served: tuple[Path, str], name: str) -> Repository:
    """A repository of an organization that names its namespaces as any other does."""
    return created(*served, organization(name, "argocd", "", ["shared-a", "shared-b"]))


def label(member: Member) -> str:
    return f"verta-gitops.io/organization={member.repository.org['organization']['name']}"


def secret(member: Member) -> str:
    return f"cluster-{member.repository.cluster}"


def join(hub: ControlPlane, member: Member) -> None:
    """The commands of the documentation, in a clone and with a kubeconfig of two contexts."""
    folder = member.repository.folder
    for example in ("argocd-permissions.yaml", "argocd-hub.yaml"):
        (folder / example).write_text(documented(example))
    kubeconfig = both(
        folder.with_name(f"{folder.name}.kubeconfig"), {"hub": hub, member.repository.cluster: member.plane}
    )
    shown(kubeconfig, "join-hub", {ADDRESS: member.plane.server, "prod-eu": member.repository.cluster}, folder)


def both(path: Path, planes: dict[str, ControlPlane]) -> Path:
    """A kubeconfig in which each cluster is a context."""
    config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, plane in planes.items():
        one = yaml.safe_load(plane.kubeconfig.read_text())
        config["clusters"].append({"name": name, "cluster": one["clusters"][0]["cluster"]})
        config["users"].append({"name": name, "user": one["users"][0]["user"]})
        config["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.mark.parametrize("members", ["name", "server"], indirect=True)
def test_an_accident_in_one_touches_nothing_in_the_other(argocd: ArgoCD, members: tuple[Member, Member]) -> None:
    """The folder of a namespace is lost from git, of each organization in turn."""
    here, there = members
    assert objects(there.plane, here.repository) == objects(here.plane, there.repository) == {}
    for member, other in (members, members[::-1]):
        works, before = employed(member.plane, member.repository), member.objects
        others = identities(other.objects)
        member.repository.remove("namespaces/shared-a")
        member.repository.commit("Lose a folder")
        argocd.looked(member.repository)
        argocd.looked(other.repository)
        kept = {key for key in before if key in protected(before) or key[1] != "shared-a"}
        member.plane.wait("grants gone", lambda member=member, kept=kept: member.objects.keys() == kept)
        assert identities(other.objects) == others
        member.repository.revert()
        argocd.settle(member.repository)
        argocd.settled(other.repository)
        after = assert_as_rendered(member.plane, member.repository)
        assert after.keys() == before.keys()
        assert identities(protected(after)) == identities(protected(before))
        assert identities(work(member.plane, member.repository)) == identities(works)
        assert identities(other.objects) == others


@pytest.mark.parametrize("members", ["name", "server"], indirect=True)
def test_a_cluster_that_the_hub_no_longer_knows(
    argocd: ArgoCD, plane: ControlPlane, members: tuple[Member, Member]
) -> None:
    """Nothing on it is touched, and the others go on; it is taken up again when it is registered again."""
    here, there = members
    before = identities(there.objects)
    plane.kubectl("delete", "secret", "-n", "argocd", secret(there))
    argocd.looked(there.repository)

    def unknown() -> bool:
        states = [item["status"]["sync"]["status"] for item in argocd.applications(there.repository).values()]
        return bool(states) and set(states) == {"Unknown"}

    plane.wait("Applications that say so", unknown)
    here.repository.org["namespaces"]["shared-b"]["quota"] = {"pods": "7"}
    here.repository.render("Go on")
    argocd.settle(here.repository)
    assert (
        assert_as_rendered(plane, here.repository)["ResourceQuota", "shared-b", "quota"]["spec"]["hard"]["pods"] == "7"
    )
    assert identities(there.objects) == before
    join(plane, there)
    argocd.settle(there.repository)
    assert identities(assert_as_rendered(there.plane, there.repository)) == before


@pytest.mark.parametrize("members", ["name"], indirect=True)
def test_a_cluster_is_taken_off_the_hub(argocd: ArgoCD, plane: ControlPlane, members: tuple[Member, Member]) -> None:
    """Nothing on it is removed, and nothing is left of it on the hub; the others go on."""
    here, there = members
    before = identities(there.objects)
    words = {"acme": there.repository.org["organization"]["name"], "prod-us": there.repository.cluster}
    shown(plane.kubeconfig, "leave-argocd", words)
    plane.kubectl("delete", "secret", "-n", "argocd", secret(there))
    assert argocd.applications(there.repository) == {}
    here.repository.commit("Go on")
    argocd.settle(here.repository)
    assert identities(there.objects) == before
