"""Argo CD: its three controllers started against a control plane, and what is asked of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.engine import Applying
from tests.engines.processes import free_ports, listening, processes
from tests.engines.programs import ARGOCD, program, redis
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane

NAMESPACE = "argocd"
API = f"/apis/argoproj.io/v1alpha1/namespaces/{NAMESPACE}"
REFRESH = "argocd.argoproj.io/refresh"
REFRESH_SET = "argocd.argoproj.io/application-set-refresh"
SETTINGS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
---
apiVersion: v1
kind: Secret
metadata: {name: argocd-secret, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}
stringData: {server.secretkey: not-a-secret}
"""


@dataclass
class ArgoCD(Applying):
    """A running Argo CD."""

    name: str = "argocd"
    namespace: str = NAMESPACE
    version: str = ARGOCD.version

    def applications(self, repository: Repository) -> dict[str, Any]:
        """The Applications of an organization by name."""
        _, body = self.plane.request("GET", f"{API}/applications?labelSelector={_selector(repository)}")
        return {item["metadata"]["name"]: item for item in body["items"]}

    def refresh(self, repository: Repository, hard: bool = False) -> None:
        """Make it look at the repository now, instead of in three minutes."""
        self._annotate(f"{API}/applicationsets/{repository.cluster}", {REFRESH_SET: "true"})
        for name in self.applications(repository):
            self._annotate(f"{API}/applications/{name}", {REFRESH: "hard" if hard else "normal"})

    def unsettled(self, item: dict[str, Any], head: str) -> str:
        status = item.get("status", {})
        sync, health = status.get("sync", {}), status.get("health", {}).get("status")
        operation = status.get("operationState", {})
        if sync.get("revision") == head and sync.get("status") == "Synced" and health == "Healthy":
            return "" if "operation" not in item else "still syncing"
        conditions = "; ".join(condition["message"] for condition in status.get("conditions", []))
        return f"{sync.get('status')} {health} {sync.get('revision')}: {conditions or operation.get('message')}"

    def looked(self, repository: Repository) -> dict[str, Any]:
        """Refresh and wait until it has done whatever it does about it."""
        generator = f"{API}/applicationsets/{repository.cluster}"
        self._annotate(generator, {REFRESH_SET: "true"})
        self.plane.wait("the generator", lambda: _generated(self.plane.request("GET", generator)[1]))
        self.plane.wait(
            "deletions",
            lambda: all("deletionTimestamp" not in each["metadata"] for each in self.applications(repository).values()),
        )
        self.refresh(repository)
        try:
            self.plane.wait("all looked at", lambda: all(map(_idle, self.applications(repository).values())))
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(self.messages(repository), indent=1)}") from None
        return self.applications(repository)

    def messages(self, repository: Repository) -> dict[str, str]:
        """What each Application says about its last sync."""
        states = {
            name: item.get("status", {}).get("operationState", {})
            for name, item in self.applications(repository).items()
        }
        return {name: f"{state.get('phase')}: {state.get('message')}" for name, state in states.items()}

    @contextmanager
    def repositories_over_tls(self) -> Iterator[str]:
        """The address of another repo server, as the command line wants it."""
        port, metrics = free_ports(2)
        command, environment = self.group.commands["repo-server"]
        plain = [word for word in command if not word.startswith(("--disable-tls", "--port", "--metrics-port"))]
        name = "repo-server-over-tls"
        self.group.start(name, [*plain, f"--port={port}", f"--metrics-port={metrics}"], environment)
        self.plane.wait("the other repo server", lambda: listening(port))
        try:
            yield f"127.0.0.1:{port}"
        finally:
            self.group.end(name)

    def _annotate(self, path: str, annotations: dict[str, str]) -> None:
        body = {"metadata": {"annotations": annotations}}
        self.plane.request("PATCH", path, body, "application/merge-patch+json")


def _selector(repository: Repository) -> str:
    return f"verta-gitops.io/organization={repository.org['organization']['name']}"


def _annotated(item: dict[str, Any], annotation: str) -> bool:
    return annotation in item["metadata"].get("annotations", {})


def _generated(item: dict[str, Any]) -> bool:
    """Whether an ApplicationSet was looked at; one that could not be keeps asking to be."""
    conditions = item.get("status", {}).get("conditions", ())
    failed = any(each["type"] == "ErrorOccurred" and each["status"] == "True" for each in conditions)
    return failed or not _annotated(item, REFRESH_SET)


def _idle(item: dict[str, Any]) -> bool:
    """Whether nothing is under way; a sync that failed and waits for its next attempt is not."""
    state = item.get("status", {}).get("operationState", {})
    waiting = "Retrying attempt" in state.get("message", "")
    running = state.get("phase") == "Running" or "operation" in item
    return not ((running and not waiting) or _annotated(item, REFRESH))


@contextmanager
def started(plane: ControlPlane, folder: Path, user: Path) -> Iterator[ArgoCD]:
    """Argo CD on loopback, acting as `user`; stopped at the end."""
    for file in ARGOCD.definitions:
        plane.apply(file.read_text())
    plane.apply(SETTINGS)
    for kind in ("applications", "applicationsets", "appprojects"):
        path = f"{API}/{kind}"
        plane.wait(f"the kind {kind}", lambda path=path: plane.request("GET", path)[0] == 200)
    cache, repositories, *metrics, webhook, probe = free_ports(7)
    environment = {"KUBECONFIG": str(user), "ARGOCD_FAKE_IN_CLUSTER": "true", "ARGOCD_GPG_ENABLED": "false"}
    binary = program("argocd", ARGOCD)
    # Its scripts, and itself: git calls it by its name to ask for a password.
    environment["PATH"] = f"{ARGOCD.copied}:{Path(binary).parent}:{os.environ['PATH']}"
    server = redis()
    redis_command = (
        [server, "--port", str(cache), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        if server.endswith("redis-server")
        else [server, f"127.0.0.1:{cache}"]
    )
    to_redis = ["--redis", f"127.0.0.1:{cache}"]
    to_repositories = f"127.0.0.1:{repositories}"
    commands = {
        "repo-server": [
            *to_redis, "--disable-tls", "--client-ca-path=", "--address=127.0.0.1", f"--port={repositories}",
            "--metrics-address=127.0.0.1", f"--metrics-port={metrics[0]}",
        ],
        "application-controller": [
            *to_redis, f"--repo-server={to_repositories}", "--repo-server-plaintext", f"--namespace={NAMESPACE}",
            f"--metrics-port={metrics[1]}", "--app-resync-jitter=0", "--self-heal-timeout-seconds=1",
            "--enable-k8s-event=none",
        ],
        "applicationset-controller": [
            f"--argocd-repo-server={to_repositories}", "--repo-server-plaintext", f"--namespace={NAMESPACE}",
            f"--metrics-addr=127.0.0.1:{metrics[2]}", f"--webhook-addr=127.0.0.1:{webhook}",
            f"--probe-addr=127.0.0.1:{probe}",
        ],
    }  # fmt: skip
    with processes(folder) as group:
        group.start("redis", redis_command, {})
        for name, options in commands.items():
            group.start(name, [binary, *options], {**environment, "ARGOCD_BINARY_NAME": f"argocd-{name}"})
        for port in (cache, repositories):
            plane.wait("redis and the repo server", lambda port=port: listening(port))
        yield ArgoCD(plane, group)
