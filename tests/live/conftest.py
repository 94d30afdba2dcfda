"""The cluster that the tests of this folder talk to: started for them, or lent by KUBECONFIG_TEST."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.live.control_plane import ControlPlane, borrowed, missing, started
from tests.live.programs import CONTROL_PLANE, find


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster for the whole run. KUBECONFIG_TEST lends one, of which only names of a new prefix are touched."""
    if find("kubectl", CONTROL_PLANE) is None:
        pytest.skip("kubectl not found: put it on the PATH, or run `make control-plane`")
    if lent := os.environ.get("KUBECONFIG_TEST"):
        with borrowed(Path(lent), f"vg-{uuid4().hex[:6]}-", tmp_path_factory.mktemp("lent")) as plane:
            yield plane
        return
    if absent := missing():
        pytest.skip(
            f"{', '.join(absent)} not found: run `make control-plane`, or set KUBEBUILDER_ASSETS or KUBECONFIG_TEST"
        )
    with started(tmp_path_factory.mktemp("control-plane")) as plane:
        yield plane


@pytest.fixture(scope="session")
def own_plane(control_plane: ControlPlane) -> ControlPlane:
    """A cluster that is the tests' alone: for what touches more than names of a prefix, or needs its flags."""
    if control_plane.prefix:
        pytest.skip("needs a cluster of its own; KUBECONFIG_TEST lends one of which only a prefix is ours")
    return control_plane


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs them all, so that one cluster is started."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.xdist_group("control-plane"))
            item.add_marker(pytest.mark.cluster)
