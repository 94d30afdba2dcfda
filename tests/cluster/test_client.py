"""Kubeconfigs that are wrong in every way, and API servers that are busy, lost, or none."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from generator.cluster.client import Cluster, connect
from generator.cluster.listing import read
from generator.cluster.live import Kind
from generator.objects import Identity
from generator.problems import Stop

NAMESPACES = Kind("v1", "Namespace")
CORE = {
    "kind": "APIResourceList",
    "resources": [
        {"name": "namespaces", "kind": "Namespace", "namespaced": False, "verbs": ["get", "list"]},
        {"name": "namespaces/status", "kind": "Namespace", "namespaced": False, "verbs": ["get"]},
        {"name": "pods", "kind": "Pod", "namespaced": True, "verbs": ["list"]},
    ],
}


class Asked:
    """One request, and what to answer it with."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.handler, self.path = handler, parts.path
        self.query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.headers = handler.headers

    def answer(self, status: int, body: Any = None, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.handler.send_response(status)
        for name, value in {"Content_Length": str(len(data)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(data)


@contextmanager
def serving(script: Callable[[Asked], None], folder: Path, **user: Any) -> Iterator[Cluster]:
    """A cluster whose server does as the script says; what waiting there was is in `waited`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            script(Asked(self))

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        yield connect(kubeconfig(folder, {"server": address}, user or {"token": "sesame"}))
    finally:
        server.shutdown()
        server.server_close()


def kubeconfig(folder: Path, cluster: Any, user: Any, **more: Any) -> str:
    config = {
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
        **more,
    }
    path = folder / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def listed(names: list[str], **metadata: Any) -> dict[str, Any]:
    items = [{"metadata": {"name": name}} for name in names]
    return {"kind": "NamespaceList", "apiVersion": "v1", "metadata": metadata, "items": items}


def test_ten_thousand_namespaces_are_twenty_pages(tmp_path: Path) -> None:
    names = [f"n-{number:05}" for number in range(10_000)]

    def script(asked: Asked) -> None:
        if asked.path == "/api/v1":
            return asked.answer(200, CORE)
        assert asked.headers["Authorization"] == "Bearer sesame"
        start, limit = int(asked.query.get("continue", "0")), int(asked.query["limit"])
        end = start + limit
        return asked.answer(200, listed(names[start:end], **({"continue": str(end)} if end < len(names) else {})))

    with serving(script, tmp_path) as cluster:
        live = read(cluster, [NAMESPACES])
        assert len(live.objects) == 10_000
        assert cluster.requests == 21
        assert live.objects[Identity("", "Namespace", "", "n-00000")]["apiVersion"] == "v1"
        assert live.complete == frozenset([("", "Namespace")])
        assert not live.partial


def test_one_namespace_is_asked_for_alone(tmp_path: Path) -> None:
    seen = []

    def script(asked: Asked) -> None:
        seen.append((asked.path, asked.query.get("fieldSelector"), asked.query.get("labelSelector")))
        asked.answer(200, CORE if asked.path == "/api/v1" else listed([]))

    with serving(script, tmp_path) as cluster:
        live = read(cluster, [NAMESPACES, Kind("v1", "Pod", "a=b")], namespace="fraud")
    assert seen[1:] == [
        ("/api/v1/namespaces", "metadata.name=fraud", None),
        ("/api/v1/namespaces/fraud/pods", None, "a=b"),
    ]
    assert live.complete == frozenset()


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_busy_server_is_asked_again(tmp_path: Path, status: int) -> None:
    tries = iter([status, status, 200])

    def script(asked: Asked) -> None:
        if asked.path == "/api/v1":
            return asked.answer(200, CORE)
        code = next(tries)
        return asked.answer(code, listed(["a"]) if code == 200 else {"message": "busy"}, Retry_After="7")

    waited: list[float] = []
    with serving(script, tmp_path) as cluster:
        cluster.pause = waited.append
        assert len(read(cluster, [NAMESPACES]).objects) == 1
    assert waited == [7, 7]


def test_a_server_that_stays_busy_is_given_up_and_no_wait_is_endless(tmp_path: Path) -> None:
    waited: list[float] = []
    with serving(lambda asked: asked.answer(503, {"message": "etcd is away"}, Retry_After="9999"), tmp_path) as cluster:
        cluster.pause = waited.append
        with pytest.raises(Stop, match=r"503 for /api/v1, 5 times \(etcd is away\); try again later"):
            read(cluster, [NAMESPACES])
    assert waited == [30, 30, 30, 30]


def test_without_a_wish_the_waits_grow(tmp_path: Path) -> None:
    waited: list[float] = []
    with serving(lambda asked: asked.answer(503, {}), tmp_path) as cluster:
        cluster.pause = waited.append
        with pytest.raises(Stop):
            read(cluster, [NAMESPACES])
    assert waited == sorted(waited)
    assert 0.4 <= waited[0] < waited[-1] <= 4.8


def test_a_list_that_expired_is_begun_anew(tmp_path: Path) -> None:
    pages = iter([(200, listed(["a", "gone"], **{"continue": "x"})), (410, {"code": 410}), (200, listed(["a", "b"]))])

    def script(asked: Asked) -> None:
        asked.answer(*((200, CORE) if asked.path == "/api/v1" else next(pages)))

    with serving(script, tmp_path) as cluster:
        assert sorted(identity.name for identity in read(cluster, [NAMESPACES]).objects) == ["a", "b"]


def test_a_list_that_expires_for_ever(tmp_path: Path) -> None:
    def script(asked: Asked) -> None:
        asked.answer(*((200, CORE) if asked.path == "/api/v1" else (410, {"code": 410})))

    with serving(script, tmp_path) as cluster, pytest.raises(Stop, match="expired 3 times"):
        read(cluster, [NAMESPACES])


def test_a_list_that_does_not_end(tmp_path: Path) -> None:
    def script(asked: Asked) -> None:
        asked.answer(200, CORE if asked.path == "/api/v1" else listed(["a"], **{"continue": "same"}))

    with serving(script, tmp_path) as cluster, pytest.raises(Stop, match="does not end"):
        read(cluster, [NAMESPACES])


def test_a_server_that_dies_in_the_middle(tmp_path: Path) -> None:
    def script(asked: Asked) -> None:
        if asked.path == "/api/v1":
            return asked.answer(200, CORE)
        if "continue" not in asked.query:
            return asked.answer(200, listed(["a"], **{"continue": "x"}))
        asked.handler.connection.close()
        asked.handler.close_connection = True
        return None

    waited: list[float] = []
    with serving(script, tmp_path) as cluster:
        cluster.pause = waited.append
        with pytest.raises(Stop, match=r"cannot be reached: .* \(after 7 requests, 5 of them for this\)"):
            read(cluster, [NAMESPACES])
    assert len(waited) == 4


def test_an_answer_that_is_cut_off_is_asked_for_again(tmp_path: Path) -> None:
    cut = iter([True, False])

    def script(asked: Asked) -> None:
        if asked.path == "/api/v1":
            return asked.answer(200, CORE)
        if next(cut):
            asked.answer(200, listed(["a"]), Content_Length="9999")
            asked.handler.close_connection = True
            return None
        return asked.answer(200, listed(["a"]))

    with serving(script, tmp_path) as cluster:
        cluster.pause = lambda _: None
        assert len(read(cluster, [NAMESPACES]).objects) == 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>log in</html>", "answers 200 for /api/v1 (no JSON), as no Kubernetes API does"),
        (200, b"[" * 100_000, "no JSON"),
        (200, b"[]", "no JSON"),
        (302, b"{}", "answers 302 for /api/v1"),
        (404, b"nothing here", "nothing of Kubernetes at http://127.0.0.1"),
        (401, b"{}", "does not accept the credentials (401 Unauthorized)"),
    ],
)
def test_what_is_no_api_server_or_does_not_let_us_in(tmp_path: Path, status: int, body: bytes, said: str) -> None:
    with serving(lambda asked: asked.answer(status, body, Location="/x"), tmp_path) as cluster:
        with pytest.raises(Stop) as stopped:
            read(cluster, [NAMESPACES])
        assert said in str(stopped.value)
        assert cluster.requests == 1


@pytest.mark.parametrize(
    "items", ["x", [1], [{}], [{"metadata": {"name": 1}}], [{"metadata": {"name": "a", "namespace": 1}}]]
)
def test_items_that_are_no_objects(tmp_path: Path, items: Any) -> None:
    def script(asked: Asked) -> None:
        asked.answer(200, CORE if asked.path == "/api/v1" else {"items": items})

    with serving(script, tmp_path) as cluster, pytest.raises(Stop, match="holds what is no object"):
        read(cluster, [NAMESPACES])


def test_a_forbidden_list_is_told_with_the_rule_that_would_allow_it(tmp_path: Path) -> None:
    def script(asked: Asked) -> None:
        asked.answer(*((200, CORE) if asked.path == "/api/v1" else (403, {"message": 'User "u\x1b[2J" cannot list'})))

    with serving(script, tmp_path) as cluster:
        live = read(cluster, [NAMESPACES])
    (unread,) = live.unread
    assert live.partial
    assert unread.why == (
        'context "prod": listing namespaces in the whole cluster is forbidden (User "u\\u001b[2J" cannot list); '
        'add to the ClusterRole of who runs this: {apiGroups: [""], resources: [namespaces], verbs: [list]}'
    )


def test_a_kind_that_the_server_does_not_know_is_absent_and_another_version_is_found(tmp_path: Path) -> None:
    new = {"resources": [{"name": "things", "kind": "Thing", "namespaced": False, "verbs": ["list"]}]}

    def script(asked: Asked) -> None:
        if asked.path == "/apis/acme.example.com":
            versions = [{"groupVersion": "acme.example.com/v2"}]
            return asked.answer(200, {"versions": versions, "preferredVersion": versions[0]})
        if asked.path == "/apis/acme.example.com/v2":
            return asked.answer(200, new)
        if asked.path == "/apis/acme.example.com/v2/things":
            return asked.answer(200, listed(["a"]))
        return asked.answer(404, b"404 page not found\n")

    with serving(script, tmp_path) as cluster:
        live = read(
            cluster, [Kind("acme.example.com/v1", "Thing"), Kind("gone.example.com/v1", "Thing"), Kind("../x", "Y")]
        )
    assert [each.absent for each in live.unread] == [True, True]
    assert not live.partial
    assert live.objects[Identity("acme.example.com", "Thing", "", "a")]["apiVersion"] == "acme.example.com/v2"


def test_who_is_impersonated_is_told_to_the_server(tmp_path: Path) -> None:
    seen = []

    def script(asked: Asked) -> None:
        seen.append((asked.headers["Impersonate-User"], asked.headers.get_all("Impersonate-Group")))
        asked.answer(200, CORE)

    with serving(script, tmp_path, **{"token": "t", "as": "bob", "as-groups": ["one", "two"]}) as cluster:
        cluster.get("/api/v1")
    assert seen == [("bob", ["one", "two"])]


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without kubeconfig."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def refused(file: str = "", context: str = "") -> str:
    with pytest.raises(Stop) as stopped:
        connect(file, context)
    return str(stopped.value)


def test_no_kubeconfig(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused().startswith("no kubeconfig: ~/.kube/config does not exist; give --kubeconfig FILE")
    assert refused(str(bare / "x")).endswith("no such kubeconfig (named by --kubeconfig); correct the name")
    monkeypatch.setenv("KUBECONFIG", str(bare / "y"))
    assert refused().endswith("no such kubeconfig (named by $KUBECONFIG); correct the name")
    monkeypatch.delenv("KUBECONFIG")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert "this pod's own credentials cannot be used" in refused()
    assert 'there is no kubeconfig, so there is no context "prod"' in refused(context="prod")


def test_kubeconfig_is_found_as_kubectl_finds_it(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (bare / ".kube").mkdir()
    home = kubeconfig(bare, {"server": "https://home.example:6443"}, {})
    Path(home).rename(bare / ".kube" / "config")
    assert connect().server == "https://home.example:6443"
    other = kubeconfig(bare, {"server": "https://other.example"}, {})
    monkeypatch.setenv("KUBECONFIG", f"{bare / 'missing'}:{other}")
    assert connect().server == "https://other.example"
    assert connect(str(bare / ".kube" / "config")).server == "https://home.example:6443"


SERVER = {"server": "https://a.example"}


@pytest.mark.parametrize(
    ("config", "context", "said"),
    [
        ("", "", "file is empty); expected what `kubectl config view` shows"),
        ("[1]", "", "is no kubeconfig (TypeError)"),
        ("a: [\n b: token: sesame", "", "is no kubeconfig (line 2, column 10"),
        ({}, "prdo", 'no context "prdo"; did you mean "prod"? There are "prod"'),
        ({}, "elsewhere", 'no context "elsewhere"; there are "prod"'),
        ({"current-context": "gone"}, "", 'no context "gone" (its current-context)'),
        ({"current-context": None}, "", 'no current-context; name one with --context: "prod"'),
        ({"clusters": []}, "", 'means cluster "c", which is not in the file'),
        ({"clusters": [{"name": "c", "cluster": {}}]}, "", 'means cluster "c", which has no server'),
        ({"users": []}, "", 'means user "u", who is not in the file'),
        ({"users": [{"name": "u", "user": {"client-certificate": "/none", "token": "sesame"}}]}, "", "cannot be used"),
        (
            {
                "users": [
                    {
                        "name": "u",
                        "user": {"exec": {"apiVersion": "v1", "command": "no-such-plugin", "installHint": "get it"}},
                    }
                ]
            },
            "",
            'the plugin "no-such-plugin" gave no credentials for user "u": [Errno 2] No such file',
        ),
    ],
)
def test_broken_kubeconfigs_are_told_without_their_secrets(bare: Path, config: Any, context: str, said: str) -> None:
    path = bare / "kubeconfig"
    if isinstance(config, str):
        path.write_text(config)
    else:
        kubeconfig(bare, SERVER, {"token": "sesame"}, **config)
    found = refused(str(path), context)
    assert said in found
    assert "sesame" not in found


@pytest.mark.parametrize(
    ("cluster", "said"),
    [
        ({"server": "https://127.0.0.1:1"}, "cannot be reached: Connection refused"),
        ({"server": "https://no-such-host.invalid"}, "has a name that is not known"),
        ({"server": "https://10.0.0.1", "proxy-url": "http://127.0.0.1:1"}, "the proxy to the API server of context"),
    ],
)
def test_servers_that_are_not_reached_are_not_asked_twice(
    bare: Path, monkeypatch: pytest.MonkeyPatch, cluster: dict[str, str], said: str
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    reached = connect(kubeconfig(bare, cluster, {}))
    with pytest.raises(Stop) as stopped:
        read(reached, [NAMESPACES])
    assert said in str(stopped.value)
    assert reached.requests == 1


def test_the_proxy_of_the_environment_is_used_and_can_be_avoided(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    file = kubeconfig(bare, {"server": "https://127.0.0.1:2"}, {})
    with pytest.raises(Stop, match="see HTTPS_PROXY, NO_PROXY"):
        connect(file).get("/api/v1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
    with pytest.raises(Stop, match="cannot be reached: Connection refused"):
        connect(file).get("/api/v1")
