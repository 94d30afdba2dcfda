"""What people of a namespace should know → an Event there; the only thing that is ever written to a cluster."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from generator.printing import clipped, printable

if TYPE_CHECKING:
    from generator.cluster.client import Cluster

_TIMEOUT = 30.0


def warn(
    cluster: Cluster, namespace: str, reason: str, message: str, now: Callable[[], datetime] | None = None
) -> bool:
    """Write an Event on a Namespace: in the namespace, where its people look, or in `default` where that is gone.

    Whether it was written: an Event is an extra, so that nothing is raised where it cannot be.
    """
    at = (now() if now else datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    for place in (namespace, "default"):
        regarding = {"apiVersion": "v1", "kind": "Namespace", "name": namespace}
        if place == namespace:
            regarding["namespace"] = namespace
        event = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "verta-gitops-sync-", "namespace": place},
            "involvedObject": regarding,
            "reason": reason,
            "message": clipped(printable(message), 950),
            "type": "Warning",
            "source": {"component": "verta-gitops"},
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        }
        if _post(cluster, f"/api/v1/namespaces/{place}/events", event) == 201:
            return True
    return False


def _post(cluster: Cluster, path: str, body: Mapping[str, Any]) -> int:
    from urllib3.exceptions import HTTPError

    headers = cluster.headers()
    headers["Content-Type"] = "application/json"
    try:
        answer = cluster.pool.request(
            "POST", cluster.server + path, body=json.dumps(body).encode(), headers=headers, timeout=_TIMEOUT,
            retries=False, redirect=False,
        )  # fmt: skip
    except (HTTPError, OSError, ValueError):
        return 0
    return int(answer.status)
