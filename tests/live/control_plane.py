"""A Kubernetes control plane on loopback: etcd, API server, controller manager, and kubeconfigs for who uses it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import trustme
import urllib3
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from generator.cluster.client import Cluster, connect
from tests.live.programs import CONTROL_PLANE, find

NEEDED = ("etcd", "kube-apiserver", "kube-controller-manager")
OURS = ("clusterrolebindings", "clusterroles", "priorityclasses", "namespaces")
"""Kinds without a namespace of which tests make some."""
PATIENCE = 240
"""Seconds after which something that should have happened is given up; no test measures them."""


def missing() -> list[str]:
    """The programs that are not to be found."""
    return [name for name in NEEDED if find(name, CONTROL_PLANE) is None]


@dataclass
class ControlPlane:
    """A running cluster. `prefix` begins the tests' own names where the cluster is somebody's."""

    kubeconfig: Path
    server: str
    version: str
    prefix: str = ""
    folder: Path = field(default=Path())
    authority: trustme.CA | None = None
    """What issues certificates of users; None where the cluster is somebody's, of which only a part is ours."""

    def kubectl(self, *words: str, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator."""
        program = find("kubectl", CONTROL_PLANE)
        assert program is not None
        return subprocess.run(
            [program, "--kubeconfig", str(self.kubeconfig), *words],
            input=text,
            capture_output=True,
            text=True,
            check=check,
        )

    def request(
        self, method: str, path: str, body: Any = None, kind: str = "application/json", retry: int = 3
    ) -> tuple[int, Any]:
        """Ask the API server as the administrator: (status, decoded answer)."""
        headers = self._cluster.headers()
        headers["Content-Type"] = kind
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        url = self._cluster.server + path
        answer = self._cluster.pool.request(method, url, body=data, headers=headers, timeout=PATIENCE)
        if answer.status == 429 and retry:
            time.sleep(1)
            return self.request(method, path, body, kind, retry - 1)
        try:
            return answer.status, json.loads(answer.data or b"null")
        except ValueError:
            return answer.status, answer.data.decode()

    @cached_property
    def _cluster(self) -> Cluster:
        """Reached as the program itself reaches it, so that every kubeconfig will do."""
        return connect(str(self.kubeconfig))

    def apply(self, text: str, manager: str = "tests") -> None:
        """Server-side apply of a stream of manifests, unknown fields refused; fails the test where one is."""
        command = ["apply", "--server-side", "--validate=strict", f"--field-manager={manager}", "-f", "-"]
        done = self.kubectl(*command, text=text, check=False)
        assert done.returncode == 0, done.stderr

    def wait(self, what: str, holds: Any) -> Any:
        """Ask again until `holds()` is true; fails the test after a long while."""
        end = time.monotonic() + PATIENCE
        while not (found := holds()):
            assert time.monotonic() < end, f"in vain: {what}"
            time.sleep(0.1)
        return found

    def user(self, name: str, group: str = "nobody") -> Path:
        """A kubeconfig of somebody who may do nothing until a binding says otherwise."""
        stem = self.folder / name.replace(":", "-")
        if self.authority is not None:
            return _identity(stem, self.server, self.authority, name, group)
        config = yaml.safe_load(self.kubeconfig.read_text())
        config["users"][0]["user"] |= {"as": name, "as-groups": [group]}
        return _written(Path(f"{stem}.kubeconfig"), config)

    def named(self, text: str, stem: str) -> str:
        """A text with the prefix before every name that begins with the stem, and has none yet."""
        if not self.prefix:
            return text
        return re.sub(rf"(?<!\w)(?<!{re.escape(self.prefix)}){re.escape(stem)}", f"{self.prefix}{stem}", text)

    def bare(self, text: str) -> str:
        """A text without the prefix: what it would be in a cluster that is ours alone."""
        return text.replace(self.prefix, "") if self.prefix else text

    def clear(self) -> None:
        """Delete whatever has the prefix in its name, and wait until it is gone."""
        assert self.prefix, "nobody cleans up a cluster that is ours alone"
        for kind in OURS:
            names = self.kubectl("get", kind, "-o", "name").stdout.split()
            mine = [name for name in names if self.prefix in name]
            if mine:
                done = self.kubectl("delete", "--ignore-not-found", f"--timeout={PATIENCE}s", *mine, check=False)
                assert done.returncode == 0, f"left behind: {done.stderr}"


@contextmanager
def started(folder: Path, arguments: Mapping[str, Sequence[str]] | None = None) -> Iterator[ControlPlane]:
    """A control plane of its own in `folder`, stopped at the end; `arguments` are more flags by program."""
    more = arguments or {}
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    serving = authority.issue_cert("127.0.0.1", "localhost")
    serving.private_key_pem.write_to_path(str(folder / "serving.key"))
    serving.cert_chain_pems[0].write_to_path(str(folder / "serving.crt"))
    account_key = folder / "service-account.key"
    account_key.write_bytes(_new_key())
    etcd_port, peer_port, api_port, manager_port = _free_ports(4)
    server = f"https://127.0.0.1:{api_port}"
    kubeconfig = _identity(folder / "admin", server, authority, "admin", "system:masters")
    etcd = f"http://127.0.0.1:{etcd_port}"
    commands = {
        "etcd": [
            f"--data-dir={folder / 'etcd'}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls=http://127.0.0.1:{peer_port}",
            "--unsafe-no-fsync=true",
            "--log-level=error",
        ],
        "kube-apiserver": [
            f"--etcd-servers={etcd}",
            f"--cert-dir={folder / 'apiserver'}",
            f"--secure-port={api_port}",
            "--bind-address=127.0.0.1",
            f"--tls-cert-file={folder / 'serving.crt'}",
            f"--tls-private-key-file={folder / 'serving.key'}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--allow-privileged=true",
            "--authorization-mode=RBAC",
            f"--client-ca-file={folder / 'ca.crt'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={account_key}",
            f"--service-account-signing-key-file={account_key}",
            "--disable-admission-plugins=ServiceAccount",
            "--max-requests-inflight=2000",
            "--max-mutating-requests-inflight=1000",
        ],
        "kube-controller-manager": [
            f"--kubeconfig={kubeconfig}",
            f"--secure-port={manager_port}",
            "--bind-address=127.0.0.1",
            f"--service-account-private-key-file={account_key}",
            f"--root-ca-file={folder / 'ca.crt'}",
            "--use-service-account-credentials=false",
            "--leader-elect=false",
            "--concurrent-resource-quota-syncs=20",
            "--concurrent-namespace-syncs=20",
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
        ],
    }
    running: list[subprocess.Popen[bytes]] = []
    plane = ControlPlane(kubeconfig, server, CONTROL_PLANE.version, folder=folder, authority=authority)
    try:
        for name in NEEDED:
            program = find(name, CONTROL_PLANE)
            assert program is not None, name
            with open(folder / f"{name}.log", "wb") as log:
                command = [program, *commands[name], *more.get(name, ())]
                running.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
            if name == "kube-apiserver":
                _wait_ready(plane, running, folder)
        plane.wait("the default service account", lambda: _has_account(plane))
        yield plane
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextmanager
def borrowed(kubeconfig: Path, prefix: str, folder: Path) -> Iterator[ControlPlane]:
    """Somebody's cluster, of which only what has the prefix in its name is touched; that is deleted at the end.

    `folder` gets a copy of the kubeconfig, of its current context alone, and the kubeconfigs of users.
    """
    lent = ControlPlane(kubeconfig, "", "").kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
    config = json.loads(lent.stdout)
    cluster = config["clusters"][0]["cluster"]
    user = config["users"][0]["user"] if config.get("users") else {}
    copy = _written(folder / "lent.kubeconfig", _config(cluster, user))
    plane = ControlPlane(copy, cluster["server"], "", prefix=prefix, folder=folder)
    plane.version = json.loads(plane.kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    try:
        yield plane
    finally:
        plane.clear()


def _wait_ready(plane: ControlPlane, running: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    def ready() -> bool:
        for process, name in zip(running, NEEDED, strict=False):
            assert process.poll() is None, f"{name} ended: {(folder / f'{name}.log').read_text()[-2000:]}"
        try:
            return plane.request("GET", "/readyz")[0] == 200
        except urllib3.exceptions.HTTPError:
            return False

    plane.wait("the API server", ready)


def _has_account(plane: ControlPlane) -> bool:
    return plane.request("GET", "/api/v1/namespaces/default/serviceaccounts/default")[0] == 200


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _new_key() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _identity(stem: Path, server: str, authority: trustme.CA, name: str, group: str) -> Path:
    """A kubeconfig beside the certificate and the key of a user of one group."""
    issued = authority.issue_cert("user.example", common_name=name, organization_name=group)  # Go wants a name in it
    issued.private_key_pem.write_to_path(f"{stem}.key")
    issued.cert_chain_pems[0].write_to_path(f"{stem}.crt")
    cluster = {"server": server, "certificate-authority": str(stem.with_name("ca.crt"))}
    user = {"client-certificate": f"{stem}.crt", "client-key": f"{stem}.key"}
    return _written(Path(f"{stem}.kubeconfig"), _config(cluster, user))


def _config(cluster: dict[str, Any], user: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": user}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }


def _written(path: Path, config: dict[str, Any]) -> Path:
    path.touch(0o600)
    path.write_text(yaml.safe_dump(config))
    return path
