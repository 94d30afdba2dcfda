"""From one engine to the other and back, as the documentation shows: nothing is lost or made anew."""

from __future__ import annotations

from tests.engines.argocd_engine import ArgoCD
from tests.engines.cluster import assert_as_rendered, employed, identities, objects, shown, work
from tests.engines.conftest import New
from tests.engines.flux_engine import Flux
from tests.live.control_plane import ControlPlane


def test_moving_to_flux_and_back(argocd: ArgoCD, flux: Flux, plane: ControlPlane, new: New) -> None:
    repository = new(argocd)
    argocd.settle(repository)
    works, before = employed(plane, repository), identities(objects(plane, repository))
    words = {"acme": repository.org["organization"]["name"], "prod-us": repository.cluster}
    for leave, engine in (("leave-argocd", flux), ("leave-flux", argocd)):
        shown(plane.kubeconfig, leave, words)
        assert identities(objects(plane, repository)) == before
        repository.org["delivery"]["engine"] = engine.name
        repository.render(f"Move to {engine.name}")
        plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
        engine.settle(repository)
        assert identities(assert_as_rendered(plane, repository)) == before
    assert not flux.applications(repository)
    assert identities(work(plane, repository)) == identities(works)
