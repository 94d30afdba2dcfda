"""Accidents: whatever happens to git or to what tells the engine to apply it, nothing that is protected disappears."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engines.argocd_engine import API, ArgoCD
from tests.engines.cluster import (
    Objects,
    assert_as_rendered,
    employed,
    identities,
    objects,
    protected,
    shown,
    work,
)
from tests.engines.conftest import Engine, New
from tests.engines.flux_engine import SOURCES, Flux
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane


def grants(found: Objects, *namespaces: str) -> set[tuple[str, str, str]]:
    """What in the namespaces is not protected: access that was granted."""
    return {key for key in found.keys() - protected(found).keys() if key[1] in namespaces}


def kept(plane: ControlPlane, repository: Repository, before: Objects, lost: set[tuple[str, str, str]]) -> None:
    """Exactly the lost objects go, and no other was touched by being made anew."""
    plane.wait("what is not protected gone", lambda: not lost & objects(plane, repository).keys())
    after = objects(plane, repository)
    assert before.keys() - after.keys() == lost
    assert {key: uid for key, uid in identities(before).items() if key not in lost} == identities(after)


def lose(
    plane: ControlPlane, engine: Engine, repository: Repository, before: Objects, lost: set[tuple[str, str, str]]
) -> None:
    """An accident takes exactly the lost objects."""
    assert not lost & protected(before).keys()
    engine.looked(repository)
    kept(plane, repository, before, lost)


def converge(plane: ControlPlane, engine: Engine, repository: Repository, before: Objects, works: Objects) -> None:
    """After the repair all is as it was: what was lost is back, what was kept was never away."""
    engine.settle(repository)
    after = assert_as_rendered(plane, repository)
    assert after.keys() == before.keys()
    assert identities(protected(after)) == identities(protected(before))
    assert identities(work(plane, repository)) == identities(works)


@pytest.fixture
def repository(engine: Engine, new: New) -> Repository:
    made = new(engine)
    engine.settle(made)
    return made


def test_the_folder_of_a_namespace_is_lost(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    works, before = employed(plane, repository), objects(plane, repository)
    victim = min(repository.namespaces)
    repository.remove(f"namespaces/{victim}")
    repository.commit("Lose a folder")
    lose(plane, engine, repository, before, grants(before, victim) if isinstance(engine, ArgoCD) else set())
    repository.revert()
    converge(plane, engine, repository, before, works)


def test_all_that_is_rendered_is_lost(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    works, before = employed(plane, repository), objects(plane, repository)
    namespaces = repository.namespaces
    repository.remove(".")
    repository.commit("Lose everything")
    lose(plane, engine, repository, before, grants(before, *namespaces) if isinstance(engine, ArgoCD) else set())
    repository.revert()
    converge(plane, engine, repository, before, works)


def test_the_files_are_lost_and_the_folders_are_not(
    engine: Engine, plane: ControlPlane, repository: Repository
) -> None:
    """An empty build: Flux applies it, and collects what it may."""
    works, before = employed(plane, repository), objects(plane, repository)
    namespaces = repository.namespaces
    for file in repository.rendered.rglob("*.yaml"):
        if file.parent.name != "delivery":
            file.unlink()
            (file.parent / "README.md").write_text("Nothing here.\n")
    repository.commit("Lose the files")
    cluster = {key for key in before if key[0] in ("ClusterRole", "PriorityClass")}
    lost = set() if isinstance(engine, ArgoCD) else grants(before, *namespaces) | cluster
    lose(plane, engine, repository, before, lost)
    repository.revert()
    converge(plane, engine, repository, before, works)


def test_the_branch_is_gone(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    works, before = employed(plane, repository), objects(plane, repository)
    repository.git("branch", "--move", "elsewhere")
    lose(plane, engine, repository, before, set())
    repository.git("branch", "--move", "main")
    converge(plane, engine, repository, before, works)


def test_a_file_is_broken(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    """The other namespaces go on."""
    works, before = employed(plane, repository), objects(plane, repository)
    victim, other = sorted(repository.namespaces)
    broken = repository.rendered / "namespaces" / victim / "rolebindings.yaml"
    broken.write_text(broken.read_text().replace("roleRef:", "<<<<<<< HEAD\nroleRef:"))
    file = repository.rendered / "namespaces" / other / "resourcequota.yaml"
    file.write_text(file.read_text().replace('pods: "60"', 'pods: "59"'))
    repository.commit("Break a file")
    lose(plane, engine, repository, before, set())

    def applied() -> bool:
        return bool(objects(plane, repository)["ResourceQuota", other, "quota"]["spec"]["hard"]["pods"] == "59")

    plane.wait("the other namespace", applied)
    engine.settled(repository, f"{repository.cluster}--{victim}")
    repository.revert()
    converge(plane, engine, repository, before, works)


def test_the_generator_finds_nothing(argocd: ArgoCD, plane: ControlPlane, new: New) -> None:
    repository = new(argocd)
    argocd.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    generators = plane.request("GET", f"{API}/applicationsets/{repository.cluster}")[1]["spec"]["generators"]
    generators[0]["git"]["directories"][0]["path"] = "nowhere/*"
    patch = {"spec": {"generators": generators}}
    plane.request("PATCH", f"{API}/applicationsets/{repository.cluster}", patch, "application/merge-patch+json")
    plane.wait("no Application", lambda: argocd.applications(repository).keys() == {repository.cluster})
    lose(plane, argocd, repository, before, grants(before, *repository.namespaces))
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    converge(plane, argocd, repository, before, works)


def test_an_application_is_deleted_with_cascade(argocd: ArgoCD, plane: ControlPlane, new: New) -> None:
    """The ApplicationSet makes it anew."""
    repository = new(argocd)
    argocd.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    victim = f"{repository.cluster}--{min(repository.namespaces)}"
    uid = argocd.applications(repository)[victim]["metadata"]["uid"]
    plane.kubectl("delete", "application", "-n", "argocd", victim, "--cascade=foreground")

    def anew() -> bool:
        found = argocd.applications(repository).get(victim)
        return found is not None and found["metadata"]["uid"] != uid

    plane.wait("another Application", anew)
    converge(plane, argocd, repository, before, works)


def test_the_applicationset_is_deleted(argocd: ArgoCD, plane: ControlPlane, new: New) -> None:
    repository = new(argocd)
    argocd.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    plane.kubectl("delete", "applicationset", "-n", "argocd", repository.cluster)
    plane.wait("no Application", lambda: argocd.applications(repository).keys() == {repository.cluster})
    kept(plane, repository, before, grants(before, *repository.namespaces))
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    converge(plane, argocd, repository, before, works)


def test_a_kustomization_is_deleted(flux: Flux, plane: ControlPlane, new: New) -> None:
    """The Kustomization of `delivery/` makes it anew."""
    repository = new(flux)
    flux.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    victim = min(repository.namespaces)
    plane.kubectl("delete", "kustomization", "-n", "flux-system", f"{repository.cluster}--{victim}")
    flux.looked(repository)
    converge(plane, flux, repository, before, works)


def test_the_kustomization_of_everything_is_deleted(flux: Flux, plane: ControlPlane, new: New) -> None:
    """It takes the Kustomizations with it that it made, and they take what they may."""
    repository = new(flux)
    flux.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    plane.kubectl("delete", "kustomization", "-n", "flux-system", f"{repository.cluster}.delivery")
    plane.wait("no Kustomization", lambda: not flux.applications(repository))
    cluster = {key for key in before if key[0] in ("ClusterRole", "PriorityClass")}
    kept(plane, repository, before, grants(before, *repository.namespaces) | cluster)
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    converge(plane, flux, repository, before, works)


def test_the_source_is_deleted(flux: Flux, plane: ControlPlane, new: New) -> None:
    repository = new(flux)
    flux.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    plane.request("DELETE", f"{SOURCES}/{repository.cluster}")
    plane.wait("the source", lambda: plane.request("GET", f"{SOURCES}/{repository.cluster}")[0] == 404)
    ready = [each["status"]["conditions"] for each in flux.asked(repository).values()]
    assert all("not found" in str(conditions) for conditions in ready)
    assert identities(objects(plane, repository)) == identities(before)
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    converge(plane, flux, repository, before, works)


def test_a_namespace_is_deleted_by_hand(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    """It and its guards come back; what was in it does not.

    Argo CD heals while the namespace is still going away, and then retries only what it found missing then, which is
    everything but the namespace.
    """
    before = objects(plane, repository)
    victim = min(repository.namespaces)
    plane.kubectl("delete", "namespace", victim)
    heal(plane, engine, repository, victim)
    assert assert_as_rendered(plane, repository).keys() == before.keys()
    engine.settle(repository)


def heal(plane: ControlPlane, engine: Engine, repository: Repository, victim: str) -> None:
    """The commands that bring a namespace back, run in a clone."""
    words = {"prod-us": repository.cluster, "fraud": victim}
    shown(plane.kubeconfig, f"heal-{engine.name}", words, repository.folder)


def test_nobody_looks_for_long_after_a_namespace_was_deleted(argocd: ArgoCD, plane: ControlPlane, new: New) -> None:
    """Argo CD has given up trying; a sync that is asked for brings everything."""
    repository = new(argocd)
    retry = {"limit": 1, "backoff": {"duration": "1s"}}
    patch = {"spec": {"template": {"spec": {"syncPolicy": {"retry": retry}}}}}
    plane.request("PATCH", f"{API}/applicationsets/{repository.cluster}", patch, "application/merge-patch+json")
    argocd.settle(repository)
    victim = min(repository.namespaces)
    application = f"{repository.cluster}--{victim}"

    def said() -> dict[str, Any]:
        found: dict[str, Any] = argocd.applications(repository)[application]
        return found

    plane.wait("fewer attempts", lambda: said()["spec"]["syncPolicy"]["retry"]["limit"] == 1)
    uid = _uid(plane, victim)
    hold(plane, victim)
    plane.kubectl("delete", "namespace", victim, "--wait=false")
    plane.wait("an attempt in vain", lambda: said()["status"].get("operationState", {}).get("phase") == "Failed")
    shown(plane.kubeconfig, "end-terminating", {"fraud": victim})
    plane.wait("the namespace gone", lambda: _uid(plane, victim) != uid)
    shown(plane.kubeconfig, "sync-argocd", {"prod-us": repository.cluster, "fraud": victim})
    assert_as_rendered(plane, repository)
    argocd.settled(repository)


def hold(plane: ControlPlane, namespace: str) -> None:
    """Put something into a namespace that nobody can delete: it has a finalizer that nobody serves."""
    metadata = {"name": "stuck", "namespace": namespace, "finalizers": ["tests.example.com/nobody"]}
    plane.apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}))


def test_a_guard_is_edited_by_hand(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    before = objects(plane, repository)
    victim = min(repository.namespaces)
    plane.kubectl("patch", "resourcequota", "quota", "-n", victim, "-p", '{"spec": {"hard": {"pods": "6000"}}}')
    plane.kubectl("delete", "networkpolicy", "-n", victim, "default-deny-ingress")
    engine.looked(repository)
    engine.settle(repository)
    assert assert_as_rendered(plane, repository).keys() == before.keys()


def test_a_namespace_stays_terminating(engine: Engine, plane: ControlPlane, repository: Repository) -> None:
    """The documented commands name what holds it up, and end that; then it comes back as after any deletion."""
    before = objects(plane, repository)
    victim = min(repository.namespaces)
    hold(plane, victim)
    plane.kubectl("delete", "namespace", victim, "--wait=false")
    words = {"fraud": victim}

    def named() -> bool:
        told = shown(plane.kubeconfig, "look-terminating", words)
        return "tests.example.com/nobody in 1 resource instances" in told and "stuck" in told

    plane.wait("what holds it up", named)
    shown(plane.kubeconfig, "end-terminating", words)
    plane.wait("the uid to change", lambda: _uid(plane, victim) != before["Namespace", "", victim]["metadata"]["uid"])
    heal(plane, engine, repository, victim)
    assert assert_as_rendered(plane, repository).keys() == before.keys()


def _uid(plane: ControlPlane, namespace: str) -> str | None:
    _, body = plane.request("GET", f"/api/v1/namespaces/{namespace}")
    found: str | None = body["metadata"].get("uid")
    return found
