"""300 namespaces of a real organization under one engine: how long the first sync takes, and what idleness costs."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.engines.cluster import Audit, assert_as_rendered, forget
from tests.engines.conftest import Engine
from tests.engines.repository import created
from tests.live import control_plane
from tests.live.control_plane import ControlPlane
from tests.support import corpus

CORPUS = corpus()
NAMESPACES = 300
IDLE = 180
"""Seconds of idleness that are counted: the interval at which Argo CD looks again."""
pytestmark = [
    pytest.mark.skipif(CORPUS is None, reason="no corpus: $VERTA_GITOPS_CORPUS names no folder that has it"),
    pytest.mark.skipif("ENGINES_AT_SCALE" not in os.environ, reason="takes long: set ENGINES_AT_SCALE to run it"),
]


def test_hundreds_of_namespaces(
    engine: Engine,
    plane: ControlPlane,
    audit: Audit,
    served: tuple[Path, str],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(control_plane, "PATIENCE", 1800)
    assert CORPUS is not None
    org = YAML(typ="safe").load(CORPUS)
    names = sorted(org["namespaces"])[:NAMESPACES]
    workspaces = {name: each for name, each in org["workspaces"].items() if each.get("namespace") in names}
    org["namespaces"] = {name: org["namespaces"][name] for name in names}
    for each in org["namespaces"].values():
        network = each.get("network", {})
        network["allowFrom"] = [peer for peer in network.get("allowFrom", ()) if peer in names]
        each.pop("argocd", None)
    org["workspaces"] = workspaces
    org["organization"]["name"] = org["cluster"]["name"] = f"scale-{engine.name}"
    org["delivery"] = {"engine": engine.name}
    repository = created(*served, org)
    request.addfinalizer(lambda: forget(plane, repository))
    assert len(repository.namespaces) >= NAMESPACES
    audit.mark()
    begin = time.monotonic()
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    engine.settle(repository)
    took = time.monotonic() - begin
    found = assert_as_rendered(plane, repository)
    first = Counter(event["verb"] for event in audit.requests(engine.name))
    audit.mark()
    time.sleep(IDLE)
    idle = Counter(event["verb"] for event in audit.requests(engine.name))
    assert audit.writes(engine.name, repository) == []
    told = (
        f"{engine.name}: {len(found)} objects in {took:.0f} s, requests {dict(first)}; idle for {IDLE} s: {dict(idle)}"
    )

    print(told)  # noqa: T201
    forget(plane, repository)
