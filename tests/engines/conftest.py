"""A control plane with Argo CD and Flux on it, both with no more rights than the documentation gives them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.engines import argocd_engine, flux_engine, git_server
from tests.engines.argocd_engine import ArgoCD
from tests.engines.cluster import Audit, forget, namespace, own
from tests.engines.flux_engine import Flux
from tests.engines.programs import missing
from tests.engines.repository import Repository, created, organization
from tests.live import control_plane
from tests.live.control_plane import ControlPlane

Engine = ArgoCD | Flux
_numbers = count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One process runs them all, so that one cluster is started."""
    here = str(Path(__file__).parent)
    for item in items:
        if str(item.path).startswith(here):
            item.add_marker(pytest.mark.xdist_group("engines"))
            item.add_marker(pytest.mark.engines)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster for the engines alone; it writes down what they ask of it."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on the PATH")
    if absent := control_plane.missing():
        pytest.skip(f"{', '.join(absent)} not found: run `make control-plane`")
    if absent := missing():
        pytest.skip(f"{' and '.join(absent)} not built: run `make engines`")
    folder = tmp_path_factory.mktemp("engines-plane")
    with control_plane.started(folder, {"kube-apiserver": Audit.arguments(folder)}) as started:
        for name in ("argocd", "flux-system", "verta"):
            started.apply(namespace(name))
        yield started


@pytest.fixture(scope="session")
def audit(plane: ControlPlane) -> Audit:
    """What the engines asked of the API server."""
    return Audit(plane.folder)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A folder of repositories, and the address that it is served at."""
    folder = tmp_path_factory.mktemp("repositories")
    with git_server.serving(folder) as address:
        yield folder, address


@pytest.fixture(scope="session")
def argocd(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    """Argo CD as a user with the documented rights."""
    plane.apply(own("argocd", "argocd-permissions.yaml", "argocd-own.yaml"))
    with argocd_engine.started(plane, tmp_path_factory.mktemp("argocd"), plane.user("argocd")) as engine:
        yield engine


@pytest.fixture(scope="session")
def flux(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flux]:
    """Flux as a user with the documented rights."""
    plane.apply(own("flux", "flux-permissions.yaml", "flux-own.yaml"))
    with flux_engine.started(plane, tmp_path_factory.mktemp("flux"), plane.user("flux")) as engine:
        yield engine


@pytest.fixture(params=["argocd", "flux"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each of the engines in turn."""
    found: Engine = request.getfixturevalue(request.param)
    return found


New = Callable[..., Repository]


@pytest.fixture
def new(plane: ControlPlane, served: tuple[Path, str]) -> Iterator[New]:
    """Make a repository of a new organization, and forget all of it after the test."""
    made: list[Repository] = []
    folder, address = served

    def make(engine: Engine, *names: str, name: str = "", apply: bool = True) -> Repository:
        """An organization with namespaces that begin with its name; handed to the engine."""
        name = name or f"o{next(_numbers)}"
        org = organization(name, engine.name, "", [f"{name}-{each}" for each in names or ("a", "b")])
        repository = created(folder, address, org)
        made.append(repository)
        if apply:
            plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
        return repository

    yield make
    for repository in made:
        forget(plane, repository)
