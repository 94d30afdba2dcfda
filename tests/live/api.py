"""Many requests to an API server at once, over one pool of connections."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

import urllib3

from generator.cluster.client import Cluster, connect
from tests.live.control_plane import ControlPlane

WIDTH = 12
"""Requests that are under way at the same time."""
AGAIN = urllib3.Retry(total=8, status_forcelist=[429, 500, 503], allowed_methods=None, backoff_factor=0.2)

PLURALS = {
    "Namespace": "namespaces",
    "ResourceQuota": "resourcequotas",
    "LimitRange": "limitranges",
    "ConfigMap": "configmaps",
    "NetworkPolicy": "networkpolicies",
    "RoleBinding": "rolebindings",
    "ClusterRole": "clusterroles",
    "PriorityClass": "priorityclasses",
}


class Answer(NamedTuple):
    """What the server said to one object."""

    status: int
    body: Any

    @property
    def accepted(self) -> bool:
        """Whether the object is a good one; anything but yes and no fails the test."""
        assert self.status in (200, 201, 400, 422), self
        return self.status < 300


@dataclass
class Api:
    """The administrator's connection to a control plane."""

    cluster: Cluster

    @staticmethod
    def of(plane: ControlPlane) -> Api:
        """The connection that the kubeconfig of a control plane describes."""
        cluster = connect(str(plane.kubeconfig))
        cluster.pool.connection_pool_kw |= {"maxsize": WIDTH, "block": True}
        return Api(cluster)

    def create_dry(self, bodies: Sequence[dict[str, Any]]) -> list[Answer]:
        """What the server would say to each new object, unknown fields refused."""
        return self._all((self._send, "POST", _place(body), "dryRun=All", "application/json", body) for body in bodies)

    def apply(self, bodies: Sequence[dict[str, Any]]) -> list[Answer]:
        """Server-side apply of each object, unknown fields refused."""
        return self._all(
            (
                self._send,
                "PATCH",
                f"{_place(body)}/{quote(body['metadata']['name'], safe='')}",
                "fieldManager=verta-gitops-tests&force=true",
                "application/apply-patch+yaml",
                body,
            )
            for body in bodies
        )

    def listed(self, api_version: str, kind: str) -> list[dict[str, Any]]:
        """Every object of a kind."""
        body = {"apiVersion": api_version, "kind": kind, "metadata": {}}
        items = self.cluster.get(_place(body)).body["items"]
        return [{"apiVersion": api_version, "kind": kind, **item} for item in items]

    def _all(self, calls: Iterable[tuple[Any, ...]]) -> list[Answer]:
        with ThreadPoolExecutor(WIDTH) as workers:
            return [each.result() for each in [workers.submit(*call) for call in calls]]

    def _send(self, method: str, path: str, query: str, kind: str, body: Any) -> Answer:
        url = f"{self.cluster.server}{path}?fieldValidation=Strict&{query}"
        headers = self.cluster.headers()
        headers["Content-Type"] = kind
        answer = self.cluster.pool.request(method, url, body=json.dumps(body), headers=headers, retries=AGAIN)
        return Answer(answer.status, json.loads(answer.data))


def _place(body: dict[str, Any]) -> str:
    group, _, version = body["apiVersion"].rpartition("/")
    namespace = body["metadata"].get("namespace")
    below = f"/namespaces/{namespace}" if namespace else ""
    return f"/apis/{group}/{version}{below}/{PLURALS[body['kind']]}".replace("/apis//", "/api/")
