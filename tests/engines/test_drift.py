"""Our own `drift` beside the engines: both find nothing after a sync, and both find what somebody edited by hand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.engines.argocd_engine import NAMESPACE, ArgoCD
from tests.engines.cluster import assert_as_rendered
from tests.engines.conftest import Engine, New
from tests.engines.programs import ARGOCD, program
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane
from tests.support import invoke


def drift(plane: ControlPlane, repository: Repository) -> dict[str, Any]:
    """What the command says."""
    ran = invoke("drift", "--kubeconfig", str(plane.kubeconfig), "--format", "json", cwd=repository.folder)
    found: dict[str, Any] = json.loads(ran.out)
    assert ran.code == (1 if found["differences"] else 0), ran.err
    return found


def test_what_an_engine_applied_does_not_drift(engine: Engine, plane: ControlPlane, new: New) -> None:
    """Neither what it adds to objects, nor its own objects as it changes them."""
    repository = new(engine)
    engine.settle(repository)
    assert_as_rendered(plane, repository)
    assert drift(plane, repository)["differences"] == []


def test_drift_finds_what_argocd_finds(argocd: ArgoCD, plane: ControlPlane, new: New, tmp_path: Path) -> None:
    """`argocd admin app get-reconcile-results` compares as the controller does, which is away and so heals nothing.

    What was added by hand beside what is declared is seen by `drift` alone.
    """
    repository = new(argocd, "a", "b", "c", "d")
    argocd.settle(repository)
    assert_as_rendered(plane, repository)
    a, b, c, _ = (f"{repository.cluster}-{each}" for each in "abcd")
    with argocd.group.without("application-controller"), argocd.repositories_over_tls() as address:
        assert out_of_sync(plane, repository, address, tmp_path) == set()
        assert drifted(plane, repository) == {}
        plane.kubectl("patch", "resourcequota", "quota", "-n", a, "-p", '{"spec": {"hard": {"pods": "6000"}}}')
        plane.kubectl("delete", "networkpolicy", "-n", b, "default-deny-ingress")
        plane.kubectl("annotate", "namespace", c, "somebody.example.com/note=mine")
        plane.kubectl("label", "limitrange", "limits", "-n", c, "somebody.example.com/note=mine")
        assert out_of_sync(plane, repository, address, tmp_path) == {a, b}
        assert drifted(plane, repository) == {a: {"changed"}, b: {"missing"}, c: {"added"}}


def out_of_sync(plane: ControlPlane, repository: Repository, address: str, folder: Path) -> set[str]:
    """The namespaces whose Application differs from the cluster, as Argo CD compares them now."""
    results = folder / "results.json"
    organization = repository.org["organization"]["name"]
    command = [program("argocd", ARGOCD), "admin", "app", "get-reconcile-results", str(results), "--refresh"]
    command += ["--repo-server", address, "--namespace", NAMESPACE]
    command += ["--l", f"verta-gitops.io/organization={organization}", "--o", "json"]
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder), "ARGOCD_BINARY_NAME": "argocd"}
    environment["KUBECONFIG"] = str(plane.kubeconfig)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found = {each["name"]: each["sync"]["status"] for each in json.loads(results.read_text())["applications"]}
    assert set(found.values()) <= {"Synced", "OutOfSync"}, found
    assert len(found) == 1 + len(repository.namespaces)
    return {name.partition("--")[2] for name, status in found.items() if status == "OutOfSync"}


def drifted(plane: ControlPlane, repository: Repository) -> dict[str, set[str]]:
    """The namespaces in which something differs, and how."""
    found: dict[str, set[str]] = {}
    for each in drift(plane, repository)["differences"]:
        found.setdefault(each["namespace"] or each["name"], set()).add(each["cause"])
    return found
