"""Surprises while a plan is applied, on a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from generator.problems import Stop
from generator.verta.account import account
from generator.verta.applying import Done, Surprise, apply
from generator.verta.client import Client
from generator.verta.desired import Desired, Wanted
from generator.verta.planning import Rules, plan
from generator.verta.transport import Transport
from tests.verta.server import KEY, Request, Verta, error
from tests.verta.test_messages import CAPTURED

MEMBERS = frozenset({("All Users", "Super User")})
FRAUD = Wanted("fraud", "Card fraud", "prod--fraud", "fraud", MEMBERS)
CHURN = Wanted("churn", "", "prod--churn", "churn", MEMBERS)
BOTH = Desired("acme", (CHURN, FRAUD))


def run(url: str, desired: Desired = BOTH, between: Callable[[], None] = lambda: None) -> list[Done]:
    """Plan, let something happen, and apply."""
    found = account({"VERTA_HOST": url, "VERTA_EMAIL": "admin@acme.example", "VERTA_DEV_KEY": KEY})
    client = Client(Transport(found, pause=lambda seconds: None))
    actual = client.actual(client.organization(found, "acme"))
    rules = Rules(allow_mapping=True)
    planned = plan(desired, actual, rules)
    between()
    return list(apply(client, desired, planned, rules))


def test_a_creation_is_one_write_between_two_reads(server: Verta, url: str) -> None:
    (done,) = run(url, Desired("acme", (FRAUD,)))
    assert (done.outcome, done.id) == ("created", "1")
    assert [(request.method, request.path.rpartition("/")[2]) for request in server.log[4:]] == [
        ("GET", "workspaces"), ("POST", "workspaces"), ("GET", "1"), ("GET", "workspaces"),
    ]  # fmt: skip
    assert server.named("fraud")["namespace"] == "prod--fraud"
    assert server.wrong == []


def test_a_whole_workspace_is_sent_with_its_id(server: Verta, url: str) -> None:
    key = server.add("fraud", "prod--fraud", (("g-adm", "r-su"),), created_timestamp="5", built_in=True)
    (done,) = run(url, Desired("acme", (FRAUD,)))
    assert (done.outcome, done.id) == ("changed", key)
    assert server.named("fraud")["created_timestamp"] == "5"
    assert server.named("fraud")["built_in"] is True
    assert server.grants("fraud") == {("Admins", "Super User"), *MEMBERS}
    assert b'"id":"1"' in next(request.body for request in server.log if request.method == "POST")


def test_a_creation_is_the_captured_exchange(server: Verta, url: str) -> None:
    server.roles["r-new"] = "Newcomer"
    grants = frozenset({("Admins", "Super User"), ("All Users", "Newcomer")})
    run(url, Desired("acme", (Wanted("fraud", "", "prod--team-fraud", "team-fraud", grants),)))
    (sent,) = [request for request in server.log if request.method == "POST"]
    assert sent.path == "/api/v2/uac-proxy/organization/org-1/workspaces"
    assert sent.body.decode() == CAPTURED
    assert {name: value for name, value in sent.headers.items() if name.startswith("Grpc-")} == {
        "Grpc-Metadata-source": "PythonClient",
        "Grpc-Metadata-email": "admin@acme.example",
        "Grpc-Metadata-developer_key": KEY,
        "Grpc-Metadata-developer-key": KEY,
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"namespace": "prod--elsewhere"}, "the mapping of a workspace cannot be changed"),
        ({"name": "renamed"}, "another workspace is mapped to its namespace|it is gone"),
        ({"description": "edited"}, "would need more than what was planned"),
    ],
)
def test_a_workspace_that_changed_since_the_plan_stops_the_work(
    server: Verta, url: str, change: dict[str, Any], message: str
) -> None:
    server.add("churn", "prod--churn", description="as it was")
    server.add("fraud", "prod--fraud", description="Card fraud")
    with pytest.raises(Surprise, match=message):
        run(url, between=lambda: server.named("fraud").update(change))
    assert server.grants("churn") == MEMBERS  # what came before is done
    assert all(request.method == "GET" for request in server.log[-1:])


def test_a_workspace_that_is_gone_stops_the_work(server: Verta, url: str) -> None:
    server.add("fraud", "prod--fraud")
    with pytest.raises(Surprise, match='workspace "fraud": it is gone'):
        run(url, Desired("acme", (FRAUD,)), between=server.workspaces.clear)
    assert server.workspaces == {}


def test_a_grant_that_somebody_gave_meanwhile_is_kept_and_not_written_again(server: Verta, url: str) -> None:
    server.add("fraud", "prod--fraud", description="Card fraud")
    grant = {"group_id": "g-all", "role_id": "r-su"}
    (done,) = run(url, Desired("acme", (FRAUD,)), between=lambda: server.named("fraud")["permissions"].append(grant))
    assert done.outcome == "already"
    assert not any(request.method == "POST" for request in server.log)


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("description", 'Verta kept the description "" where "Card fraud" was written'),
        ("namespace", 'Verta kept the namespace "" where "prod--fraud" was written'),
        ("permissions", "Verta did not keep 1 of 1 grants"),
    ],
)
def test_what_verta_does_not_keep_is_a_surprise(server: Verta, url: str, field: str, message: str) -> None:
    server.forgets = (field,)
    with pytest.raises(Surprise, match=message):
        run(url, Desired("acme", (FRAUD,)))


def test_a_grant_that_is_not_revoked_is_a_surprise(server: Verta, url: str) -> None:
    server.add("fraud", "prod--fraud", (("g-adm", "r-su"), ("g-all", "r-su")), description="Card fraud")
    server.forgets = ("permissions",)
    with pytest.raises(Surprise, match="Verta did not revoke 1 of 1 grants"):
        run(url, Desired("acme", (FRAUD,), exact=True))


def test_grants_that_verta_gives_by_itself_are_for_the_next_plan(server: Verta, url: str) -> None:
    server.creates_with = (("g-adm", "r-su"),)
    exact = Desired("acme", (FRAUD,), exact=True)
    assert [done.outcome for done in run(url, exact)] == ["created"]
    assert [done.outcome for done in run(url, exact)] == ["changed"]
    assert server.grants("fraud") == MEMBERS
    assert run(url, exact) == []


def test_an_error_in_the_middle_leaves_the_rest_undone(server: Verta, url: str) -> None:
    server.fault = lambda request: error(403, 7, "no") if b'"fraud"' in request.body else None
    with pytest.raises(Stop, match=r'creating workspace "fraud": refused \(403: “no”\)'):
        run(url)
    assert [each["name"] for each in server.workspaces.values()] == ["churn"]


@pytest.mark.parametrize("unique", [True, False])
def test_two_runs_at_once_do_no_harm(server: Verta, url: str, unique: bool) -> None:
    server.unique = unique
    server.add("churn", "", (("g-adm", "r-su"),))
    barrier = threading.Barrier(2)
    ended: list[list[Done] | Stop] = []

    def meet() -> None:
        barrier.wait(10)

    def one() -> None:
        try:
            ended.append(run(url, between=meet))
        except Stop as stop:
            ended.append(stop)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(ended) == 2
    assert server.grants("churn") == {("Admins", "Super User"), *MEMBERS}
    assert server.named("churn")["namespace"] == "prod--churn"
    frauds = [each for each in server.workspaces.values() if each["name"] == "fraud"]
    assert {each["namespace"] for each in frauds} == {"prod--fraud"}
    if unique:
        assert len(frauds) == 1
        assert server.wrong == []
        assert not any(isinstance(each, Stop) for each in ended)
        assert run(url) == []


def test_a_workspace_that_another_run_creates_first_is_taken_as_it_is(server: Verta, url: str) -> None:
    def race(request: Request) -> None:
        if request.method == "POST" and not server.workspaces:
            server.add("fraud", "prod--fraud", (("g-all", "r-su"),), description="Card fraud")

    server.before = race
    (done,) = run(url, Desired("acme", (FRAUD,)))
    assert (done.outcome, done.id) == ("already", "1")
    assert len(server.workspaces) == 1


def test_a_workspace_that_is_there_twice_after_a_race_is_said(server: Verta, url: str) -> None:
    server.unique = False

    def race(request: Request) -> None:
        if request.method == "POST" and not server.workspaces:
            server.add("fraud", "prod--fraud", (("g-all", "r-su"),), description="Card fraud")

    server.before = race
    with pytest.raises(Surprise, match=r"is there 2 times \(ids 1, 2\), since another run created it"):
        run(url, Desired("acme", (FRAUD,)))
    assert len(server.workspaces) == 2  # nothing is deleted


def test_many_creations_list_the_workspaces_only_now_and_then(server: Verta, url: str) -> None:
    for number in range(450):
        server.add(f"old {number}", f"prod--old{number}")
    wanted = tuple(Wanted(f"new {number:03}", "", f"prod--new{number}", f"new{number}") for number in range(40))
    run(url, Desired("acme", wanted))
    assert len(server.workspaces) == 490
    lists = sum(request.path.endswith("/workspaces") and request.method == "GET" for request in server.log)
    assert lists <= 5 * (1 + 40 // 5 + 1)
