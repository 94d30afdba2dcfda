"""What Argo CD and Flux have in common for tests: pieces that apply a folder each, and waiting until all are done."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from generator.model.naming import shortened
from tests.engines.processes import Processes
from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane


@dataclass
class Applying(ABC):
    """A running engine."""

    plane: ControlPlane
    group: Processes

    @abstractmethod
    def applications(self, repository: Repository) -> dict[str, Any]:
        """The Applications or Kustomizations of an organization by name."""

    @abstractmethod
    def refresh(self, repository: Repository) -> object:
        """Make it look at the repository now, instead of after its interval."""

    @abstractmethod
    def unsettled(self, item: dict[str, Any], head: str) -> str:
        """Why one of them is not yet as a commit says; empty where it is."""

    def expected(self, repository: Repository) -> set[str]:
        """Names of those that there should be: one for each namespace, one for the cluster's own objects."""
        whole = {repository.cluster} if (repository.rendered / "cluster").is_dir() else set()
        return whole | {shortened(f"{repository.cluster}--{each}") for each in repository.namespaces}

    def pending(self, repository: Repository) -> dict[str, str]:
        """What is not yet as the commit says, and why; empty once all is."""
        self.group.assert_alive()
        found = self.applications(repository)
        expected = self.expected(repository)
        problems = dict.fromkeys(found.keys() - expected, "should not be there")
        problems |= dict.fromkeys(expected - found.keys(), "is not there")
        for name in expected & found.keys():
            if why := self.unsettled(found[name], repository.head):
                problems[name] = why
        return problems

    def settle(self, repository: Repository) -> dict[str, Any]:
        """Refresh and wait until everything is applied at the commit."""
        self.refresh(repository)
        return self.settled(repository)

    def settled(self, repository: Repository, *but: str) -> dict[str, Any]:
        """Wait until everything is applied at the commit, but for exactly what is named."""
        last: dict[str, str] = {}

        def reached() -> bool:
            nonlocal last
            last = self.pending(repository)
            return last.keys() == set(but)

        try:
            self.plane.wait("everything applied", reached)
        except AssertionError as error:
            raise AssertionError(f"{error}, but for {but}: {json.dumps(last, indent=1)}") from None
        return self.applications(repository)
