"""The documentation leads from an empty cluster to a synced organization, and names the versions that were tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engines.argocd_engine import API, ArgoCD
from tests.engines.cluster import DOCUMENTATION, assert_as_rendered, documented, installing, objects, shown
from tests.engines.conftest import Engine, New
from tests.engines.flux_engine import SOURCES, Flux
from tests.engines.git_server import PASSWORD
from tests.engines.programs import ARGOCD, FLUX
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane


def test_the_first_steps_end_with_everything_applied(engine: Engine, plane: ControlPlane, new: New) -> None:
    repository = new(engine, apply=False)
    words = {"acme": repository.org["organization"]["name"], "prod-us": repository.cluster}
    (install,) = installing(f"begin-{engine.name}")
    if isinstance(engine, ArgoCD):
        assert f"/{engine.version}/" in install
    shown(plane.kubeconfig, f"begin-{engine.name}", words, repository.folder)
    engine.settled(repository)
    assert_as_rendered(plane, repository)
    told = shown(plane.kubeconfig, f"look-{engine.name}", words)
    assert len(told.splitlines()) == 1 + len(engine.expected(repository))


def test_a_private_repository_is_read_with_its_token(
    engine: Engine, plane: ControlPlane, new: New, request: pytest.FixtureRequest
) -> None:
    repository = new(engine, apply=False)
    if isinstance(engine, Flux):
        repository.org["delivery"]["secretName"] = "platform-repository"
        repository.render("Name the Secret")
    (repository.folder / PASSWORD).write_text("correct horse")
    plane.kubectl("apply", "-f", str(repository.rendered / "delivery"))
    plane.wait("a refusal", lambda: refused(engine, plane, repository))
    assert objects(plane, repository) == {}
    (repository.folder / "token").write_text("correct horse")
    words = {"https://git.example.com/acme/platform.git": repository.url}
    place = ("-n", engine.namespace, "platform-repository")
    request.addfinalizer(lambda: plane.kubectl("delete", "secret", *place, "--ignore-not-found"))
    shown(plane.kubeconfig, f"private-{engine.name}", words, repository.folder)
    engine.settle(repository)
    assert_as_rendered(plane, repository)


def refused(engine: Engine, plane: ControlPlane, repository: Repository) -> bool:
    """Whether the engine says that it may not read the repository, or lacks what it needs for that."""
    path = f"{API}/applicationsets" if isinstance(engine, ArgoCD) else SOURCES
    _, body = plane.request("GET", f"{path}/{repository.cluster}")
    told = str(body.get("status", {}).get("conditions", ()))
    return any(word in told for word in ("authentication required", "AuthenticationFailed", "not found"))


@pytest.mark.parametrize(
    ("name", "account", "binding"),
    [
        ("argocd", "argocd:argocd-application-controller", "argocd-application-controller"),
        ("flux", "flux-system:kustomize-controller", "cluster-reconciler-flux-system"),
    ],
)
def test_an_installed_engine_is_confined(
    plane: ControlPlane, tmp_path: Path, name: str, account: str, binding: str
) -> None:
    """What the installation makes, the commands take away: everything but what is rendered."""

    def may(verb: str, kind: str) -> bool:
        who = f"--as=system:serviceaccount:{account}"
        return plane.kubectl("auth", "can-i", verb, kind, "-n", "kube-system", who, check=False).stdout == "yes\n"

    plane.kubectl("create", "clusterrolebinding", binding, "--clusterrole=cluster-admin", f"--serviceaccount={account}")
    assert may("create", "deployments.apps")
    (tmp_path / f"{name}-permissions.yaml").write_text(documented(f"{name}-permissions.yaml"))
    shown(plane.kubeconfig, f"confine-{name}", {}, tmp_path)
    plane.wait("the binding gone", lambda: not may("create", "deployments.apps"))
    assert may("create", "namespaces")
    assert may("bind", "clusterroles.rbac.authorization.k8s.io")
    assert not may("delete", "secrets")
    assert not may("create", "clusterrolebindings.rbac.authorization.k8s.io")


def test_the_versions_that_were_tried_are_named(plane: ControlPlane) -> None:
    text = DOCUMENTATION.read_text()
    for version in (plane.version, ARGOCD.version, FLUX.version):
        assert version.removeprefix("v") in text
