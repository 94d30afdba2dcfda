"""The end of a namespace: two commits remove exactly it, one commit removes nothing that is protected."""

from __future__ import annotations

import pytest

from tests.engines.cluster import assert_as_rendered, employed, identities, objects, protected, shown, work
from tests.engines.conftest import Engine, New
from tests.engines.flux_engine import Flux
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane
from tests.support import invoke


def retire(repository: Repository, victim: str) -> None:
    """The second commit: the namespace and its workspace go, a tombstone stays."""
    del repository.org["namespaces"][victim], repository.org["workspaces"][victim]
    repository.org["retired"] = {victim: {"workspace": victim, "on": "2026-09-30"}}


def gone(plane: ControlPlane, name: str) -> bool:
    return bool(plane.request("GET", f"/api/v1/namespaces/{name}")[0] == 404)


def test_two_commits_remove_exactly_one_namespace(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine)
    engine.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    victim, other = sorted(repository.namespaces)
    repository.org["namespaces"][victim]["state"] = "decommission"
    repository.render("Decommission")
    engine.settle(repository)
    lifted = assert_as_rendered(plane, repository)
    assert identities(lifted) == identities(before)
    assert {key for key in protected(lifted) if victim in key} == set()
    retire(repository, victim)
    repository.render("Remove")
    engine.settle(repository)
    plane.wait("the namespace gone", lambda: gone(plane, victim))
    after = assert_as_rendered(plane, repository)
    assert before.keys() - after.keys() == {key for key in before if victim in (key[1], key[2])}
    assert {key: uid for key, uid in identities(before).items() if key in after} == identities(after)
    assert work(plane, repository).keys() == {key for key in works if key[1] == other}
    assert f"{victim}:" in (repository.folder / "org.yaml").read_text()
    assert invoke("check", cwd=repository.folder).code == 0


def test_both_commits_before_the_engine_has_looked_remove_nothing_protected(
    engine: Engine, plane: ControlPlane, new: New
) -> None:
    """The engine reads the annotations from the live objects; both steps again, one at a time, remove it after all."""
    repository = new(engine)
    engine.settle(repository)
    works, before = employed(plane, repository), objects(plane, repository)
    victim = min(repository.namespaces)
    namespace, workspace = repository.org["namespaces"][victim], repository.org["workspaces"][victim]
    namespace["state"] = "decommission"
    # Two commits on a branch that is merged as one: to the engine they are a single change.
    repository.git("switch", "--quiet", "--create", "work")
    repository.render("Decommission")
    retire(repository, victim)
    repository.render("Remove")
    repository.git("switch", "--quiet", "main")
    repository.git("merge", "--quiet", "work")
    engine.settle(repository)
    after = objects(plane, repository)
    assert identities(protected(after)) == identities(protected(before))
    assert identities(work(plane, repository)) == identities(works)
    del repository.org["retired"]
    repository.org["namespaces"][victim], repository.org["workspaces"][victim] = namespace, workspace
    repository.render("Take it back")
    engine.settle(repository)
    assert_as_rendered(plane, repository)
    retire(repository, victim)
    repository.render("Remove, now that the protection is lifted")
    engine.settle(repository)
    plane.wait("the namespace gone", lambda: gone(plane, victim))
    assert_as_rendered(plane, repository)


@pytest.mark.parametrize("way", ["delete-guard", "lift"])
def test_a_guard_that_left_git_stays_until_somebody_removes_it(
    engine: Engine, plane: ControlPlane, new: New, way: str
) -> None:
    """Deleted by hand it is gone; without its annotations Argo CD removes it, and Flux has forgotten it."""
    repository = new(engine)
    engine.settle(repository)
    before = objects(plane, repository)
    victim, other = sorted(repository.namespaces)
    words, limits = {"fraud": victim}, ("LimitRange", victim, "limits")
    shown(plane.kubeconfig, "lift", words)
    engine.looked(repository)
    plane.wait("the annotations back", lambda: limits in protected(objects(plane, repository)))
    tier = repository.org["tiers"][repository.org["defaults"]["tier"]]
    del tier["container"]
    tier["quota"] = {"pods": "60"}
    repository.render("No limits")
    engine.settle(repository)
    left = objects(plane, repository)
    assert identities(left) == identities(before)
    shown(plane.kubeconfig, way, words)
    if isinstance(engine, Flux) and way == "lift":
        engine.looked(repository)
        engine.settled(repository)
        assert limits in objects(plane, repository)
        shown(plane.kubeconfig, "delete-guard", words)
    plane.wait("the guard gone", lambda: limits not in objects(plane, repository))
    engine.looked(repository)
    engine.settled(repository)
    after = objects(plane, repository)
    assert identities(left).items() - identities(after).items() == {(limits, left[limits]["metadata"]["uid"])}
    assert ("LimitRange", other, "limits") in after
