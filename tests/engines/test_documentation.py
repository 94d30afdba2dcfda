"""The documentation leads from an empty cluster to a synced organization, and names the versions that were tried."""

from __future__ import annotations

from tests.engines.argocd_engine import ArgoCD
from tests.engines.cluster import DOCUMENTATION, assert_as_rendered, shown
from tests.engines.conftest import Engine, New
from tests.engines.programs import ARGOCD, FLUX
from tests.live.control_plane import ControlPlane


def test_the_first_steps_end_with_everything_applied(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine, apply=False)
    words = {"acme": repository.org["organization"]["name"], "prod-us": repository.cluster}
    installed = shown(plane, f"begin-{engine.name}", words, repository.folder)
    assert len(installed) == 1
    if isinstance(engine, ArgoCD):
        assert f"/{engine.version}/" in installed[0]
    engine.settled(repository)
    assert_as_rendered(plane, repository)


def test_the_versions_that_were_tried_are_named(plane: ControlPlane) -> None:
    text = DOCUMENTATION.read_text()
    for version in (plane.version, ARGOCD.version, FLUX.version):
        assert version.removeprefix("v") in text
