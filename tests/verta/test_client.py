"""The client against a real server that misbehaves in every way that is known of servers."""

from __future__ import annotations

import itertools
import ssl
import time
from collections.abc import Callable
from typing import Any

import pytest
import trustme

from generator.problems import Stop, Usage
from generator.verta import transport as module
from generator.verta.account import Account, account
from generator.verta.client import Client, Named, Workspace
from generator.verta.transport import Refused, Transport, Unsure
from tests.verta.server import KEY, Reply, Request, Verta, error, serving

ACME = Named("org-1", "acme")


def made(url: str, **more: str) -> tuple[Client, Account, list[float]]:
    """A client, its account, and the pauses that it makes."""
    found = account({"VERTA_HOST": url, "VERTA_EMAIL": "admin@acme.example", "VERTA_DEV_KEY": KEY, **more})
    pauses: list[float] = []
    return Client(Transport(found, pause=pauses.append)), found, pauses


def first(word: str | Reply, times: int = 1, method: str = "") -> Callable[[Request], str | Reply | None]:
    """A fault of the first requests (of a method)."""
    left = [times]

    def fault(request: Request) -> str | Reply | None:
        if left[0] and method in ("", request.method):
            left[0] -= 1
            return word
        return None

    return fault


def test_everything_is_read_page_by_page(server: Verta, url: str) -> None:
    for number in range(250):
        server.add(f"w{number}", f"prod--n{number}", (("g-all", "r-su"),))
    client, found, _ = made(url)
    seen: list[int] = []
    actual = client.actual(client.organization(found, "acme"), seen.append)
    assert [each.name for each in actual.workspaces] == [f"w{number}" for number in range(250)]
    assert actual.workspaces[0].permissions == {("g-all", "r-su")}
    assert {each.name for each in actual.groups} == {"All Users", "Admins"}
    assert seen == [100, 200, 250]
    assert len(server.log) == 6
    assert server.wrong == []


def test_ten_thousand_workspaces_are_read(server: Verta, url: str) -> None:
    for number in range(10_000):
        server.add(f"w{number}", f"prod--n{number}", (("g-all", "r-su"),), description="d" * 100)
    client, _, _ = made(url)
    assert len(client.workspaces(ACME)) == 10_000
    assert len(server.log) == 100


@pytest.mark.parametrize("sparse", [True, False])
def test_an_organization_without_workspaces_has_none(server: Verta, url: str, sparse: bool) -> None:
    server.sparse = sparse
    client, _, _ = made(url)
    assert client.workspaces(ACME) == ()
    server.fault = first(error(404, 5, "none"))
    assert client.workspaces(ACME) == ()
    server.fault = first(error(403, 7, "not you"))
    with pytest.raises(Refused, match=r"refused \(403: “not you”\); the account needs to be an administrator"):
        client.workspaces(ACME)  # who may not see must not be taken for one who has none


@pytest.mark.parametrize("total", [True, False])
def test_a_server_that_knows_no_pages_or_no_total_is_read_too(server: Verta, url: str, total: bool) -> None:
    entries = [{"id": str(number), "name": f"w{number}", "org_id": "org-1"} for number in range(150)]
    body = {"workspaces": entries, **({"total_records": "150"} if total else {})}
    server.fault = lambda request: Reply(200, body)
    client, _, _ = made(url)
    assert len(client.workspaces(ACME)) == 150
    assert len(server.log) == (1 if total else 2)


def test_pages_that_change_while_they_are_read_are_read_again(server: Verta, url: str) -> None:
    for number in range(250):
        server.add(f"w{number}")

    def change(request: Request) -> None:
        if request.number == 2:
            server.add("new")
        elif request.number == 5:
            del server.workspaces["1"]

    server.before = change
    client, _, _ = made(url)
    names = {each.name for each in client.workspaces(ACME)}
    assert names == {"new", *(f"w{number}" for number in range(1, 250))}


def test_pages_that_never_stop_changing_stop_the_work(server: Verta, url: str) -> None:
    for number in range(150):
        server.add(f"w{number}")

    def change(request: Request) -> None:
        server.add(f"new {request.number}")

    server.before = change
    client, _, _ = made(url)
    with pytest.raises(Stop, match="the workspaces change while they are being read, 5 times in a row"):
        client.workspaces(ACME)


def test_a_page_that_repeats_the_one_before_does_not_run_for_ever(server: Verta, url: str) -> None:
    entries = [{"id": str(number), "name": f"w{number}"} for number in range(100)]
    server.fault = lambda request: Reply(200, {"workspaces": entries, "total_records": "300"})
    client, _, _ = made(url)
    with pytest.raises(Stop, match="change while"):
        client.workspaces(ACME)
    assert len(server.log) == 10


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"name": "no id"}, "an entry without an id"),
        ({"id": "../1", "name": "x"}, "an entry without an id"),
        ({"id": "1", "name": 7}, "a field of another type"),
        ({"id": "one", "name": "x"}, "a field of another type"),
        ({"id": "1", "name": "x", "org_id": "org-2"}, "a workspace of another organization"),
        ({"id": "1", "name": "\ud800"}, "a field of another type"),
        ("x", "no list where the workspaces"),
    ],
)
def test_an_entry_that_is_no_workspace_stops(server: Verta, url: str, entry: Any, message: str) -> None:
    server.fault = lambda request: Reply(200, {"workspaces": [entry], "total_records": "1"})
    client, _, _ = made(url)
    with pytest.raises(Stop, match=message):
        client.workspaces(ACME)


@pytest.mark.parametrize("total", ["many", -1, 1.5, True, [], "9" * 30])
def test_a_total_that_is_no_number_stops(server: Verta, url: str, total: object) -> None:
    server.fault = lambda request: Reply(200, {"workspaces": [], "total_records": total})
    client, _, _ = made(url)
    if total == []:
        assert client.workspaces(ACME) == ()
        return
    with pytest.raises(Stop, match="does not say how many"):
        client.workspaces(ACME)


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("html", "200 with an HTML page instead of an answer; VERTA_HOST may name something else"),
        ("empty", "200 with an empty body"),
        ("list", "200 with no JSON map"),
        ("null", "200 with no JSON map"),
        (Reply(200, {"code": 7, "message": "inside"}), r"refused \(200: “inside”\)"),
        (Reply(200, {"error": "inside", "code": 2}), "200: “inside”"),
        (Reply(200, {"error": {"code": 5}}), "200"),
        (Reply(200, "[" * 100_000), "no JSON map"),
        (Reply(200, '{"a": ' + "9" * 5000 + "}"), "no JSON map"),
        (Reply(302, "", (("Location", "https://evil.example/"),)), r"elsewhere \(302\), which is not followed"),
        (Reply(404, "404 page not found"), "404; this address has no such interface"),
        (Reply(418, {"message": "a \x1b[31mteapot\u202e"}), "418: “a .u001b.31mteapot.u202e”"),
        (Reply(500, {"message": "x" * 900}), r"500: “x{200}… \(900 characters\)”"),
        (error(401, 16, "token expired"), r"the developer key is not accepted \(401\): it is wrong, or has expired"),
    ],
)  # fmt: skip
def test_an_answer_that_is_none_stops_in_one_request(server: Verta, url: str, word: Any, message: str) -> None:
    server.fault = lambda request: word
    client, _, _ = made(url)
    with pytest.raises(Stop, match=message) as caught:
        client.workspaces(ACME)
    assert "\x1b" not in str(caught.value)
    assert len(server.log) == 1


@pytest.mark.parametrize("status", [502, 503, 504, 429])
def test_a_read_is_repeated_while_the_server_is_away(server: Verta, url: str, status: int) -> None:
    server.fault = first(Reply(status, "no", (("Retry-After", "7"),)), 3)
    client, _, pauses = made(url)
    assert client.workspaces(ACME) == ()
    assert pauses == [7, 7, 7]
    server.fault = first(Reply(status, "no", (("Retry-After", "Wed, 21 Oct 2037 07:28:00 GMT"),)), 99)
    with pytest.raises(Refused, match=str(status)):
        client.workspaces(ACME)
    assert pauses[3:] == [module.BACKOFF, module.BACKOFF * 2, module.BACKOFF * 4]


@pytest.mark.parametrize("word", ["close", "half"])
def test_a_read_is_repeated_after_a_lost_connection(server: Verta, url: str, word: str) -> None:
    server.add("a")
    server.fault = first(word, 2)
    client, _, pauses = made(url)
    assert [each.name for each in client.workspaces(ACME)] == ["a"]
    assert len(pauses) == 2
    server.fault = first(word, 99)
    with pytest.raises(Stop, match="the connection was closed before the answer was complete"):
        client.workspaces(ACME)


def test_a_slow_answer_is_given_up(server: Verta, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", 0.1)
    client, _, pauses = made(url)
    server.fault = first("slow", 1)
    assert client.workspaces(ACME) == ()
    server.fault = first("slow", 99)
    with pytest.raises(Stop, match="no answer in time"):
        client.workspaces(ACME)
    assert len(pauses) == 4


def test_an_answer_that_comes_drop_by_drop_is_given_up(
    server: Verta, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEADLINE", 0.2)
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    server.fault = first("drip", 99)
    client, _, _ = made(url)
    with pytest.raises(Stop, match="before the answer was complete"):
        client.workspaces(ACME)


def test_an_answer_without_end_is_not_read(server: Verta, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 10_000)
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    server.fault = first(Reply(200, " " * 20_000), 99)
    client, _, _ = made(url)
    with pytest.raises(Stop, match="before the answer was complete"):
        client.workspaces(ACME)


def test_nobody_there_stops_after_some_attempts() -> None:
    with serving(Verta()) as gone:
        pass
    client, _, pauses = made(gone)
    with pytest.raises(Stop, match="no connection: refused; check VERTA_HOST, the network and the proxy"):
        client.save(Workspace("org-1", "0", "a"))  # even a creation is repeated: it cannot have arrived
    assert len(pauses) == 3


@pytest.mark.parametrize(("status", "times"), [(502, 1), (503, 1), (504, 1), (500, 1), (429, 4)])
def test_a_creation_is_not_repeated_unless_nothing_was_done(server: Verta, url: str, status: int, times: int) -> None:
    server.fault = first(Reply(status, "no"), 99)
    client, _, _ = made(url)
    with pytest.raises(Refused if status == 429 else Unsure):
        client.save(Workspace("org-1", "0", "a"))
    assert len(server.log) == times


@pytest.mark.parametrize("word", ["done-and-close", "half", "close", Reply(503, "no"), "html", "empty"])
def test_a_creation_without_an_answer_is_unsure(server: Verta, url: str, word: str | Reply) -> None:
    server.fault = first(word)
    client, _, _ = made(url)
    with pytest.raises(Unsure, match="done is not known"):
        client.save(Workspace("org-1", "0", "a"))
    assert len(server.log) == 1


@pytest.mark.parametrize("word", ["done-and-close", "half", "close", Reply(503, "no")])
def test_a_replacement_is_repeated(server: Verta, url: str, word: str | Reply) -> None:
    key = server.add("a")
    server.fault = first(word)
    client, _, _ = made(url)
    assert client.save(Workspace("org-1", key, "a", "new")) == key
    assert server.named("a")["description"] == "new"
    assert len(server.log) == 2


def test_a_workspace_is_read_by_its_id(server: Verta, url: str) -> None:
    key = server.add("a/b ü", "prod--a", (("g-all", "r-su"),))
    client, _, _ = made(url)
    found = client.workspace(ACME, key)
    assert found is not None
    assert (found.name, found.namespace, found.permissions) == ("a/b ü", "prod--a", frozenset({("g-all", "r-su")}))
    assert client.workspace(ACME, "99") is None
    server.fault = first(Reply(200, {"workspace": {"id": "98", "name": "other"}}))
    with pytest.raises(Stop, match="answers workspace 98 where"):
        client.workspace(ACME, key)


def test_the_organization_is_found_by_its_name_or_its_id(server: Verta, url: str) -> None:
    server.organizations = {"org-1": "acme", "org-2": "Acme Labs", "org-3": "twin", "org-4": "twin"}
    client, found, _ = made(url)
    assert client.organization(found, "acme") == ("org-1", "acme")
    client, found, _ = made(url, VERTA_ORG_NAME="Acme Labs")
    assert client.organization(found, "acme") == ("org-2", "Acme Labs")
    client, found, _ = made(url, VERTA_ORG_ID="org-4")
    assert client.organization(found, "acme") == ("org-4", "twin")
    assert server.log[-1].headers["Grpc-Metadata-organization-id"] == "org-4"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"VERTA_ORG_NAME": "acm"},
            'no organization with the name "acm"; did you mean "acme".; it sees "acme", "twin"',
        ),
        ({"VERTA_ORG_ID": "org-9"}, "no organization with the id org-9"),
        ({"VERTA_ORG_NAME": "twin"}, r'2 organizations have the name "twin" \(org-3, org-4\); set VERTA_ORG_ID'),
    ],
)
def test_an_organization_that_is_not_there_or_there_twice_stops(
    server: Verta, url: str, more: dict[str, str], message: str
) -> None:
    server.organizations = {"org-1": "acme", "org-3": "twin", "org-4": "twin"}
    client, found, _ = made(url, **more)
    with pytest.raises(Stop, match=message):
        client.organization(found, "acme")


def test_an_id_that_leads_elsewhere_is_not_sent(server: Verta, url: str) -> None:
    client, _, _ = made(url)
    for key in ("..", "a/b", "a?b", "", "x" * 200, "a\r\nb"):
        with pytest.raises(Usage):
            client.workspaces(Named(key, "acme"))
    assert server.log == []


def test_a_host_with_a_path_is_asked_below_it(server: Verta, url: str) -> None:
    server.prefix = "/tools/verta"
    client, found, _ = made(f"{url}/tools/verta/")
    assert client.organization(found, "acme").id == "org-1"


def test_a_token_is_another_way_in(server: Verta, url: str) -> None:
    server.token = "header.body.signature"
    found = account({"VERTA_HOST": url, "VERTA_JWT_TOKEN": server.token, "VERTA_JWT_TOKEN_SIG": "s"})
    assert Client(Transport(found)).organization(found, "acme").id == "org-1"


def test_a_clock_that_jumps_changes_nothing(server: Verta, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.add("a")
    client, _, pauses = made(url)
    server.fault = first(Reply(503, "no"), 2)
    back_and_forth = itertools.cycle((0.0, 4e9, -1.0))
    monkeypatch.setattr(time, "time", lambda: next(back_and_forth))
    assert [each.name for each in client.workspaces(ACME)] == ["a"]
    assert pauses == [module.BACKOFF, module.BACKOFF * 2]


def test_tls_is_verified(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(Verta(), context) as url:
        client, found, pauses = made(url)
        with pytest.raises(Stop, match=r"the connection cannot be secured: .*an authority of your own.*SSL_CERT_FILE"):
            client.organization(found, "acme")
        assert pauses == []
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        client, found, _ = made(url)
        assert client.organization(found, "acme").id == "org-1"


def test_a_proxy_is_used_and_may_be_passed_by(server: Verta, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Verta()) as gone:
        pass
    monkeypatch.setenv("http_proxy", gone.replace("//", "//user:proxy-marker@"))
    client, found, _ = made(url)
    with pytest.raises(Stop, match=r"the proxy gives no connection|no connection: refused") as caught:
        client.organization(found, "acme")
    assert "proxy-marker" not in str(caught.value)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    client, found, _ = made(url)
    assert client.organization(found, "acme").id == "org-1"
