"""A Kubernetes control plane on loopback: etcd, API server, controller manager, and kubeconfigs for who uses it."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trustme
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.live.programs import CONTROL_PLANE, find

NEEDED = ("etcd", "kube-apiserver", "kube-controller-manager")
PATIENCE = 120
"""Seconds after which something that should have happened is given up; no test measures them."""


def missing() -> list[str]:
    """The programs that are not to be found."""
    return [name for name in NEEDED if find(name, CONTROL_PLANE) is None]


@dataclass
class ControlPlane:
    """A running cluster. `prefix` begins the names of the tests' namespaces where the cluster is not ours alone."""

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
        config = yaml.safe_load(self.kubeconfig.read_text())
        user = config["users"][0]["user"]
        context = ssl.create_default_context(cafile=config["clusters"][0]["cluster"]["certificate-authority"])
        context.load_cert_chain(user["client-certificate"], user["client-key"])
        data = body.encode() if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(self.server + path, data=data, method=method, headers={"Content-Type": kind})
        try:
            with urllib.request.urlopen(asked, context=context, timeout=PATIENCE) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            if error.code == 429 and retry:
                time.sleep(1)
                return self.request(method, path, body, kind, retry - 1)
            try:
                return error.code, json.loads(text)
            except ValueError:
                return error.code, text

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
        assert self.authority is not None, "only where the cluster is ours alone"
        stem = self.folder / name.replace(":", "-")
        return _identity(stem, self.server, self.authority, name, group)


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
def borrowed(kubeconfig: Path, prefix: str) -> Iterator[ControlPlane]:
    """Somebody's cluster, of which only namespaces with the prefix are touched; they are deleted at the end."""
    plane = ControlPlane(kubeconfig, "", "", prefix=prefix)
    plane.server = yaml.safe_load(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    plane.version = json.loads(plane.kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    try:
        yield plane
    finally:
        names = plane.kubectl("get", "namespaces", "-o", "name").stdout.split()
        mine = [name for name in names if name.startswith(f"namespace/{prefix}")]
        if mine:
            plane.kubectl("delete", "--wait=false", *mine)


def _wait_ready(plane: ControlPlane, running: Sequence[subprocess.Popen[bytes]], folder: Path) -> None:
    def ready() -> bool:
        for process, name in zip(running, NEEDED, strict=False):
            assert process.poll() is None, f"{name} ended: {(folder / f'{name}.log').read_text()[-2000:]}"
        try:
            return plane.request("GET", "/readyz")[0] == 200
        except ValueError:  # `ok` is no JSON, and means yes
            return True
        except OSError:
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
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "clusters": [{"name": "test", "cluster": cluster}],
        "users": [{"name": "test", "user": {"client-certificate": f"{stem}.crt", "client-key": f"{stem}.key"}}],
        "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
    }
    path = Path(f"{stem}.kubeconfig")
    path.write_text(yaml.safe_dump(config))
    return path
