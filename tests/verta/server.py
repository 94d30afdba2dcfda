"""A small, strict Verta: its interface for organizations, groups, roles and workspaces, as a real server on loopback.

It is written from the published messages and shares no code with the program. Like the real gateway it ignores fields
that it does not know; but it notes them, and whatever else nobody should send, in `wrong`. Behaviour that is nowhere
published (names are unique, a mapping is refused that was made before) is marked: [inferred].
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

WORKSPACE = {
    "org_id": str, "id": str, "name": str, "description": str, "permissions": list, "created_timestamp": str,
    "updated_timestamp": str, "namespace": str, "built_in": bool,
}  # fmt: skip
"""Fields of a workspace, and the JSON type of each."""

KEY = "key-00000000-secret-marker"


class Request(NamedTuple):
    """A request as it came in; `number` counts from 1."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """A status and a body; text is sent as it is."""

    status: int
    body: Any
    headers: tuple[tuple[str, str], ...] = ()


def error(status: int, code: int, message: str) -> Reply:
    """An error as the gateway writes it."""
    return Reply(status, {"code": code, "message": message, "details": []})


@dataclass
class Verta:
    """The state of a server, and its switches to misbehave."""

    email: str = "admin@acme.example"
    key: str = KEY
    token: str = ""
    organizations: dict[str, str] = field(default_factory=lambda: {"org-1": "acme"})
    groups: dict[str, str] = field(default_factory=lambda: {"g-all": "All Users", "g-adm": "Admins"})
    """Name by id; as in the roles."""
    roles: dict[str, str] = field(default_factory=lambda: {"r-su": "Super User"})
    workspaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    prefix: str = ""
    largest_page: int = 100
    sparse: bool = False
    """Whether fields without a value are left out of answers."""
    extra: dict[str, Any] = field(default_factory=dict)
    """Fields that every workspace has besides in answers."""
    unique: bool = True
    """[inferred] Whether two workspaces may not have one name."""
    forgets: tuple[str, ...] = ()
    """Fields of a write that are not kept."""
    creates_with: tuple[tuple[str, str], ...] = ()
    """Grants that every new workspace gets by itself."""
    fault: Callable[[Request], str | Reply | None] = lambda request: None
    """What goes wrong with a request: a reply instead, or one of the words of `Handler`."""
    before: Callable[[Request], None] = lambda request: None
    log: list[Request] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    clock: int = 1_700_000_000_000
    next_id: int = 1
    lock: threading.RLock = field(default_factory=threading.RLock)

    def add(self, name: str, namespace: str = "", grants: tuple[tuple[str, str], ...] = (), **more: Any) -> str:
        """Put a workspace there by hand; its id."""
        key = str(self.next_id)
        self.next_id += 1
        self.clock += 1
        self.workspaces[key] = {
            "org_id": next(iter(self.organizations)), "id": key, "name": name, "description": "",
            "permissions": [{"group_id": group, "role_id": role} for group, role in grants],
            "created_timestamp": str(self.clock), "updated_timestamp": str(self.clock), "namespace": namespace,
            "built_in": False, **more,
        }  # fmt: skip
        return key

    def named(self, name: str) -> dict[str, Any]:
        """The only workspace of a name."""
        (found,) = [each for each in self.workspaces.values() if each["name"] == name]
        return found

    def grants(self, name: str) -> set[tuple[str, str]]:
        """The grants of a workspace, by names."""
        return {
            (self.groups[each["group_id"]], self.roles[each["role_id"]]) for each in self.named(name)["permissions"]
        }

    def answer(self, request: Request) -> Reply:
        """What the server says to a request."""
        if (refused := self._refused(request)) is not None:
            return refused
        root = f"{self.prefix}/api/v2/uac-proxy/organization"
        if request.path == root and request.method == "GET":
            return self._page(request, "organizations", [{"id": i, "name": n} for i, n in self.organizations.items()])
        parts = [unquote(part) for part in request.path.removeprefix(f"{root}/").split("/")]
        if not request.path.startswith(f"{root}/") or request.method not in ("GET", "POST"):
            self.wrong.append(f"{request.method} {request.path}")
            return Reply(404, "404 page not found")
        if parts[0] not in self.organizations:
            return error(404, 5, "organization not found")
        match request.method, parts[1:]:
            case "GET", ["groups"]:
                return self._page(request, "groups", self._named(parts[0], self.groups, {"member_ids": ["u-1"]}))
            case "GET", ["roles"]:
                return self._page(request, "roles", self._named(parts[0], self.roles, {"resource_actions": []}))
            case "GET", ["workspaces"]:
                mine = [each for each in self.workspaces.values() if each["org_id"] == parts[0]]
                return self._page(request, "workspaces", [self._shown(each) for each in mine])
            case "GET", ["workspaces", key]:
                found = self.workspaces.get(key)
                return Reply(200, {"workspace": self._shown(found)}) if found else error(404, 5, "workspace not found")
            case "POST", ["workspaces"]:
                return self._set(request, parts[0])
        self.wrong.append(f"{request.method} {request.path}")
        return Reply(404, "404 page not found")

    def _refused(self, request: Request) -> Reply | None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        if self.token:
            let_in = (
                headers.get("grpc-metadata-source") == "JWT"
                and headers.get("grpc-metadata-bearer_access_token") == self.token
                and headers.get("grpc-metadata-bearer-access-token") == self.token
            )
        else:
            let_in = (
                headers.get("grpc-metadata-source") == "PythonClient"
                and headers.get("grpc-metadata-email") == self.email
                and headers.get("grpc-metadata-developer_key") == self.key
                and headers.get("grpc-metadata-developer-key") == self.key
            )
        # An unkind server: it repeats what it was sent.
        return None if let_in else error(401, 16, f"not let in: {json.dumps(headers)}")

    @staticmethod
    def _named(organization: str, names: dict[str, str], more: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"id": key, "org_id": organization, "name": name, "built_in": False, **more} for key, name in names.items()
        ]

    def _page(self, request: Request, key: str, entries: list[dict[str, Any]]) -> Reply:
        unknown = request.query.keys() - {"pagination.page_number", "pagination.page_limit"}
        if unknown:
            self.wrong.append(f"query {sorted(unknown)}")
        number = int(request.query.get("pagination.page_number", ["1"])[0])
        limit = min(int(request.query.get("pagination.page_limit", ["100"])[0]), self.largest_page)
        if number < 1 or limit < 1:
            return error(400, 3, "page")
        part = entries[(number - 1) * limit : number * limit]
        pagination = {"page_number": number, "page_limit": limit}
        body = {key: part, "total_records": str(len(entries)), "pagination": pagination}
        return Reply(
            200, {name: value for name, value in body.items() if value not in ([], "0")} if self.sparse else body
        )

    def _shown(self, workspace: dict[str, Any]) -> dict[str, Any]:
        shown = {**workspace, **self.extra}
        return {key: value for key, value in shown.items() if value not in ("", [], False)} if self.sparse else shown

    def _set(self, request: Request, organization: str) -> Reply:
        if not request.headers.get("Content-Type", "").startswith("application/json"):
            return error(415, 3, "content type")
        try:
            body = json.loads(request.body)
            sent = body["workspace"]
        except (ValueError, KeyError, TypeError):
            return error(400, 3, "no workspace")
        self._note("request", body, {"workspace": dict})
        self._note("workspace", sent, WORKSPACE)
        for each in sent.get("permissions", []):
            self._note("permission", each, {"group_id": str, "role_id": str})
        if sent.get("org_id") != organization:
            return error(400, 3, "org_id")
        if not sent.get("name"):
            return error(400, 3, "name")
        pairs = [(each.get("group_id"), each.get("role_id")) for each in sent.get("permissions", [])]
        if any(group not in self.groups or role not in self.roles for group, role in pairs):
            return error(400, 3, "no such group or role")
        key = sent.get("id", "0")
        old = self.workspaces.get(key)
        if key != "0" and old is None:
            return error(404, 5, "workspace not found")
        others = [each for each in self.workspaces.values() if each["id"] != key]
        if self.unique and any(each["name"] == sent["name"] for each in others):
            return error(409, 6, "a workspace of this name exists")  # [inferred]
        if old and old["namespace"] and old["namespace"] != sent.get("namespace", ""):
            self.wrong.append(f"remap {old['name']}")
            return error(400, 9, "the namespace of a workspace cannot be changed")  # [inferred]
        if sent.get("namespace") and any(each["namespace"] == sent["namespace"] for each in others):
            self.wrong.append(f"second workspace in {sent['namespace']}")
        if old is None:
            key = self.add(sent["name"])
            old = self.workspaces[key]
            pairs += [pair for pair in self.creates_with if pair not in pairs]
        self.clock += 1
        new = {
            **old,
            "name": sent["name"],
            "description": sent.get("description", ""),
            "namespace": sent.get("namespace", ""),
            "permissions": [{"group_id": group, "role_id": role} for group, role in pairs],
            "updated_timestamp": str(self.clock),
        }
        self.workspaces[key] = {**new, **{name: old[name] for name in self.forgets}}
        return Reply(200, {"workspace": self._shown(self.workspaces[key])})

    def _note(self, what: str, data: dict[str, Any], known: dict[str, type]) -> None:
        for name, value in data.items():
            if name not in known:
                self.wrong.append(f"unknown field {name} of {what}")
            elif not isinstance(value, known[name]):
                self.wrong.append(f"{name} of {what} is {value!r}")

    def snapshot(self) -> Verta:
        """The same state in a server of its own, without switches and without what happened."""
        return Verta(
            organizations=dict(self.organizations), groups=dict(self.groups), roles=dict(self.roles),
            workspaces=deepcopy(self.workspaces), next_id=self.next_id, clock=self.clock,
        )  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """HTTP around a `Verta`. Words for a fault: close, done-and-close, half, slow, drip, html, empty, list, null."""

    protocol_version = "HTTP/1.1"
    verta: Verta

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in the base
        """Nothing: a test that fails shows the log of requests."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        verta = self.verta
        with verta.lock:
            request = Request(
                len(verta.log) + 1, self.command, parts.path, parse_qs(parts.query), dict(self.headers.items()), body
            )
            verta.log.append(request)
            verta.before(request)
            fault = verta.fault(request)
            if fault == "close":
                self._hang_up()
                return
            reply = fault if isinstance(fault, Reply) else verta.answer(request)
        if fault == "done-and-close":
            self._hang_up()
        elif fault == "slow":
            time.sleep(0.6)
            self._send(reply)
        elif fault == "html":
            self._send(Reply(200, "<html><body>Log in</body></html>", (("Content-Type", "text/html"),)))
        elif fault in ("empty", "list", "null"):
            self._send(Reply(200, {"empty": "", "list": "[]", "null": "null"}[str(fault)]))
        else:
            self._send(reply, cut=fault == "half", drip=fault == "drip")

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def _send(self, reply: Reply, cut: bool = False, drip: bool = False) -> None:
        text = reply.body if isinstance(reply.body, str) else json.dumps(reply.body)
        data = text.encode("utf-8", "surrogatepass")
        head = [f"HTTP/1.1 {reply.status} .", f"Content-Length: {len(data)}"]
        head += [f"{name}: {value}" for name, value in reply.headers]
        start = ("\r\n".join(head) + "\r\n\r\n").encode()
        try:
            if drip:
                self.wfile.write(start)
                for position in range(len(data)):
                    self.wfile.write(data[position : position + 1])
                    self.wfile.flush()
                    time.sleep(0.05)
            else:
                self.wfile.write(start + (data[: len(data) // 2] if cut else data))
            if cut:
                self.wfile.flush()
                self._hang_up()
        except OSError:
            self.close_connection = True


@contextmanager
def serving(verta: Verta, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The server at an address of its own: `http://127.0.0.1:PORT`, or https with a context."""
    handler = type("Bound", (Handler,), {"verta": verta})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
