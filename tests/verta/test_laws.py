"""Laws of apply that hold for every organization and every state of Verta, interrupted anywhere.

`VERTA_GITOPS_RUNS` says how many organizations are tried.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from generator.problems import Stop
from generator.verta.account import account
from generator.verta.applying import apply
from generator.verta.client import Client
from generator.verta.desired import Wanted
from generator.verta.planning import VertaPlan, plan
from generator.verta.transport import Transport
from tests.verta.server import KEY, Verta, serving
from tests.verta.worlds import World, world

RUNS = int(os.environ.get("VERTA_GITOPS_RUNS", "6"))
FIRST = int(os.environ.get("VERTA_GITOPS_FIRST", "0"))


class Interrupted(BaseException):
    """As if the process were killed."""


class Mortal(Transport):
    """A transport that dies at a request: before it is sent, or after its answer came."""

    dies_at = 0
    after = False

    def _once(self, method: str, path: str, body: bytes | None) -> Any:
        at = self.requests + 1 == self.dies_at
        if at and not self.after:
            raise Interrupted
        answer = super()._once(method, path, body)
        if at:
            raise Interrupted
        return answer


class Stage:
    """A real server whose state can be exchanged, and a client for each run."""

    def __init__(self, url: str, verta: Verta) -> None:
        self.url, self.verta = url, verta
        self.account = account({"VERTA_HOST": url, "VERTA_EMAIL": verta.email, "VERTA_DEV_KEY": KEY})
        self.known: dict[str, Any] = {}

    def set(self, world: World) -> None:
        """Put the state of a world into the server."""
        source = world.verta
        for name in ("groups", "roles", "workspaces", "next_id", "clock", "sparse", "largest_page", "creates_with"):
            setattr(self.verta, name, deepcopy(getattr(source, name)))
        self.verta.log.clear()
        self.verta.fault = lambda request: None

    def plan(self, world: World, dies_at: int = 0, after: bool = False) -> tuple[Client, VertaPlan]:
        """A plan by a new client."""
        transport = Mortal(self.account, pause=lambda seconds: None)
        transport.dies_at, transport.after = dies_at, after
        client = Client(transport)
        actual = client.actual(client.organization(self.account, world.desired.organization))
        return client, plan(world.desired, actual, world.rules)

    def run(self, world: World, dies_at: int = 0, after: bool = False) -> VertaPlan:
        """Plan and apply, as one run of the command."""
        client, found = self.plan(world, dies_at, after)
        for _ in apply(client, world.desired, found, world.rules):
            pass
        return found


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    verta = Verta()
    with serving(verta) as url:
        yield Stage(url, verta)


def contents(verta: Verta) -> dict[str, Any]:
    """The state without ids and times, which differ from run to run."""
    found: dict[str, Any] = {}
    for each in verta.workspaces.values():
        grants = sorted((grant["group_id"], grant["role_id"]) for grant in each["permissions"])
        found.setdefault(each["name"], []).append((each["namespace"], each["description"], grants))
    return {name: sorted(entries) for name, entries in found.items()}


def reached(wanted: Wanted, verta: Verta, exact: bool) -> None:
    """Assert that a workspace is as it is declared."""
    found = verta.named(wanted.name)
    assert found["namespace"] == wanted.namespace
    assert wanted.description in ("", found["description"])
    grants = verta.grants(wanted.name)
    assert grants == wanted.permissions if exact else grants >= wanted.permissions


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_apply_reaches_what_is_declared_from_wherever_it_was_interrupted(stage: Stage, seed: int) -> None:
    scene = world(seed)
    verta = stage.verta
    stage.set(scene)
    before = deepcopy(verta.workspaces)
    first = stage.run(scene)
    requests = list(verta.log)
    after = deepcopy(verta.workspaces)
    goal = contents(verta)

    # What the plan wrote is reached; what it did not name is untouched; nothing is remapped or deleted.
    blocked = {finding.name for finding in first.findings if finding.blocks and finding.kind != "mapping-held"}
    blocked |= {name for each in first.findings if each.kind.endswith("-missing") for name in each.places}
    held = {finding.name for finding in first.findings if finding.kind == "mapping-held"}
    written = {step.id for step in first.steps}
    creates_more = bool(verta.creates_with)
    for wanted in scene.desired.workspaces:
        if wanted.name not in blocked | held:
            reached(wanted, verta, scene.desired.exact and not creates_more)
    for key, old in before.items():
        assert after[key]["namespace"] in (old["namespace"], old["namespace"] or after[key]["namespace"])
        assert after[key] == old or key in written
    declared = {wanted.name: wanted for wanted in scene.desired.workspaces}
    for key, new in after.items():
        mapped_now = new["namespace"] != (before[key]["namespace"] if key in before else "")
        assert not mapped_now or new["namespace"] == declared[new["name"]].namespace
        assert not mapped_now or key not in before or scene.rules.allow_mapping
    assert verta.wrong == []
    assert {request.method for request in requests} <= {"GET", "POST"}

    # A second plan is empty, but for what Verta gave new workspaces by itself; a third is empty.
    second = stage.run(scene)
    assert not second.steps or (creates_more and scene.desired.exact)
    assert stage.plan(scene)[1].steps == ()
    goal = contents(verta)

    # Killed at every request, before it is sent and after its answer came, a rerun leads to the same.
    for number in range(1, len(requests) + 1):
        for late in (False, True) if requests[number - 1].method == "POST" else (False,):
            stage.set(scene)
            with pytest.raises(Interrupted):
                stage.run(scene, number, late)
            stage.run(scene)
            if creates_more:
                stage.run(scene)
            assert contents(verta) == goal, (number, late)
            assert stage.plan(scene)[1].steps == ()
            assert verta.wrong == []


@pytest.mark.parametrize("seed", range(FIRST, FIRST + RUNS))
def test_a_write_that_was_done_without_an_answer_is_recognised(stage: Stage, seed: int) -> None:
    scene = world(seed)
    verta = stage.verta
    stage.set(scene)
    stage.run(scene)
    writes = sum(request.method == "POST" for request in verta.log)
    goal = contents(verta)
    for lost in range(1, writes + 1):
        for word in ("done-and-close", "half"):
            stage.set(scene)
            seen = 0

            def fault(request: Any, lost: int = lost, word: str = word) -> str | None:
                nonlocal seen
                seen += request.method == "POST"
                return word if request.method == "POST" and seen == lost else None

            def close(request: Any, fault: Any = fault, word: str = word) -> Any:
                found = fault(request)
                if found == "done-and-close":
                    verta.answer(request)  # done, and then nobody hears of it
                    return "close"
                return found

            verta.fault = close
            try:
                stage.run(scene)
            except Stop:
                verta.fault = lambda request: None
                stage.run(scene)
            assert contents(verta) == goal
            assert verta.wrong == []
