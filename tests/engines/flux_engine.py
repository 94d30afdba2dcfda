"""Flux: its source and kustomize controllers started against a control plane, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.engines.engine import Applying
from tests.engines.processes import free_ports, processes
from tests.engines.programs import FLUX, program
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane

NAMESPACE = "flux-system"
SOURCES = f"/apis/source.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/gitrepositories"
KUSTOMIZATIONS = f"/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{NAMESPACE}/kustomizations"
REQUESTED = "reconcile.fluxcd.io/requestedAt"
_requests = count(1)


@dataclass
class Flux(Applying):
    """A running Flux."""

    name: str = "flux"
    namespace: str = NAMESPACE
    version: str = FLUX.version

    def applications(self, repository: Repository) -> dict[str, Any]:
        """The Kustomizations of an organization by name."""
        organization = repository.org["organization"]["name"]
        _, body = self.plane.request(
            "GET", f"{KUSTOMIZATIONS}?labelSelector=verta-gitops.io/organization={organization}"
        )
        return {item["metadata"]["name"]: item for item in body["items"]}

    def expected(self, repository: Repository) -> set[str]:
        """Names of the Kustomizations that there should be: one more applies the others."""
        return super().expected(repository) | {f"{repository.cluster}.delivery"}

    def refresh(self, repository: Repository) -> str:
        """Make it look at the repository now; the token of the request."""
        token = f"request-{next(_requests)}"
        self._annotate(f"{SOURCES}/{repository.cluster}", {REQUESTED: token})
        return token

    def unsettled(self, item: dict[str, Any], head: str) -> str:
        status = item.get("status", {})
        ready: dict[str, Any] = next((each for each in status.get("conditions", []) if each["type"] == "Ready"), {})
        applied = status.get("lastAppliedRevision", "").endswith(head)
        if (
            applied
            and ready.get("status") == "True"
            and status.get("observedGeneration") == item["metadata"]["generation"]
        ):
            return ""
        return f"{ready.get('status')} {status.get('lastAppliedRevision')}: {ready.get('message')}"

    def looked(self, repository: Repository) -> dict[str, Any]:
        """Refresh and wait until it has done whatever it does about it."""
        token = self.refresh(repository)
        source = f"{SOURCES}/{repository.cluster}"
        self.plane.wait("the source", lambda: _handled(self.plane.request("GET", source)[1], token))
        delivery = f"{repository.cluster}.delivery"
        self._ask({delivery} & self.applications(repository).keys(), repository, token)
        self.plane.wait(
            "deletions",
            lambda: all("deletionTimestamp" not in each["metadata"] for each in self.applications(repository).values()),
        )
        self._ask(self.applications(repository).keys() - {delivery}, repository, token)
        return self.applications(repository)

    def asked(self, repository: Repository) -> dict[str, Any]:
        """Make every Kustomization look again, whatever its source is, and wait until it has."""
        self._ask(self.applications(repository).keys(), repository, f"request-{next(_requests)}")
        return self.applications(repository)

    def _ask(self, names: Set[str], repository: Repository, token: str) -> None:
        for name in names:
            self._annotate(f"{KUSTOMIZATIONS}/{name}", {REQUESTED: token})
        self.plane.wait(
            "all reconciled",
            lambda: all(_handled(each, token) for name, each in self.applications(repository).items() if name in names),
        )

    def _annotate(self, path: str, annotations: dict[str, str]) -> None:
        body = {"metadata": {"annotations": annotations}}
        self.plane.request("PATCH", path, body, "application/merge-patch+json")


def _handled(item: dict[str, Any], token: str) -> bool:
    return bool(item.get("status", {}).get("lastHandledReconcileAt") == token)


@contextmanager
def started(plane: ControlPlane, folder: Path, user: Path) -> Iterator[Flux]:
    """Flux on loopback, acting as `user`; stopped at the end."""
    for file in FLUX.definitions:
        plane.apply(file.read_text())
    for path in (SOURCES, KUSTOMIZATIONS):
        plane.wait("the kinds of Flux", lambda path=path: plane.request("GET", path)[0] == 200)
    artifacts, *rest = free_ports(5)
    environment = {"KUBECONFIG": str(user), "RUNTIME_NAMESPACE": NAMESPACE}
    storage = folder / "artifacts"
    common = ["--watch-all-namespaces=false", "--events-addr=", "--log-level=info", "--min-retry-delay=750ms"]
    commands = {
        "source-controller": [
            *common, f"--storage-path={storage}", f"--storage-addr=127.0.0.1:{artifacts}",
            f"--storage-adv-addr=127.0.0.1:{artifacts}",
            f"--metrics-addr=127.0.0.1:{rest[0]}", f"--health-addr=127.0.0.1:{rest[1]}",
        ],
        "kustomize-controller": [
            *common, "--requeue-dependency=1s", "--interval-jitter-percentage=0",
            f"--metrics-addr=127.0.0.1:{rest[2]}", f"--health-addr=127.0.0.1:{rest[3]}",
        ],
    }  # fmt: skip
    with processes(folder) as group:
        storage.mkdir(exist_ok=True)
        for name, options in commands.items():
            group.start(name, [program(name, FLUX), *options], environment)
        yield Flux(plane, group)
