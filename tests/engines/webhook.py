"""A webhook of somebody else that changes what is written: one patch for every object of a kind in one organization."""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.live.control_plane import ControlPlane


class _Handler(BaseHTTPRequestHandler):
    patch: list[dict[str, Any]]

    def do_POST(self) -> None:
        """Answer a review with the patch."""
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        patch = base64.b64encode(json.dumps(self.patch).encode()).decode()
        review["response"] = {
            "uid": review["request"]["uid"],
            "allowed": True,
            "patchType": "JSONPatch",
            "patch": patch,
        }
        body = json.dumps(review).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def mutating(plane: ControlPlane, organization: str, patch: list[dict[str, Any]]) -> Iterator[None]:
    """While the block runs, every ResourceQuota of the organization that is written is patched."""
    assert plane.authority is not None
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"patch": patch}))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    plane.authority.issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    bundle = base64.b64encode(plane.authority.cert_pem.bytes()).decode()
    webhook = {
        "name": "quotas.tests.example.com",
        "clientConfig": {"url": f"https://127.0.0.1:{server.server_address[1]}/", "caBundle": bundle},
        "rules": [
            {
                "apiGroups": [""],
                "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"],
                "resources": ["resourcequotas"],
            }
        ],
        "objectSelector": {"matchLabels": {"verta-gitops.io/organization": organization}},
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
    }
    metadata = {"name": f"quotas-of-{organization}"}
    body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
    plane.apply(json.dumps(body | {"metadata": metadata, "webhooks": [webhook]}))
    try:
        yield
    finally:
        plane.kubectl("delete", "mutatingwebhookconfiguration", metadata["name"])
        server.shutdown()
        server.server_close()
