"""Repositories in a folder → git over HTTP on loopback, read-only: what both engines fetch from."""

from __future__ import annotations

import base64
import gzip
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SERVICE = "git-upload-pack"
PASSWORD = Path(".git", "password")
"""The file of a repository that makes it private: the password of its only user, `git`."""


class _Handler(BaseHTTPRequestHandler):
    """The two requests of git's smart protocol that a fetch makes."""

    root: Path
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say which branches there are."""
        address = urlsplit(self.path)
        name, _, rest = address.path.lstrip("/").partition("/")
        if rest != "info/refs" or address.query != f"service={SERVICE}":
            self.send_error(404)
            return
        header = f"# service={SERVICE}\n".encode()
        self._answer(name, "advertisement", b"%04x%s0000" % (len(header) + 4, header), "--advertise-refs")

    def do_POST(self) -> None:
        """Send what is wanted and not yet there."""
        name, _, rest = self.path.lstrip("/").partition("/")
        if rest != SERVICE:
            self.send_error(404)
            return
        self._answer(name, "result", b"")

    def _answer(self, name: str, kind: str, begin: bytes, *options: str) -> None:
        repository = self.root / name.removesuffix(".git")
        if not (repository / ".git").is_dir():
            self.send_error(404)
            return
        if not self._allowed(repository):
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        asked = self._body() if self.command == "POST" else b""
        command = ["git", "upload-pack", "--stateless-rpc", *options, str(repository)]
        done = subprocess.run(command, input=asked, capture_output=True, check=False, env=self._environment())
        body = begin + done.stdout
        self.send_response(200)
        self.send_header("Content-Type", f"application/x-{SERVICE}-{kind}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _allowed(self, repository: Path) -> bool:
        """Whether the repository is public, or the password of its only user was sent."""
        password = repository / PASSWORD
        if not password.exists():
            return True
        expected = base64.b64encode(b"git:" + password.read_bytes()).decode()
        return self.headers.get("Authorization") == f"Basic {expected}"

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _environment(self) -> dict[str, str]:
        version = self.headers.get("Git-Protocol")
        return {"PATH": "/usr/local/bin:/usr/bin:/bin", **({"GIT_PROTOCOL": version} if version else {})}

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """The address of a server of the repositories in `root`: `<address>/<name>.git`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"root": root}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
