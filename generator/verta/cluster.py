"""The cluster's side of a sync: its Namespaces and the ConfigMaps of workspaces are read, an Event is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from generator.cluster.live import Kind
from generator.plan.words import clipped, printable
from generator.problems import Stop
from generator.verta.declared import CONFIG_MAP

if TYPE_CHECKING:
    from generator.cluster.client import Cluster

_PAGE = 500
_TIMEOUT = 30.0


def namespaces(cluster: Cluster) -> list[Mapping[str, Any]]:
    """Every Namespace. Raises Stop where they cannot be read."""
    from generator.cluster.listing import read

    live = read(cluster, [Kind("v1", "Namespace")])
    if live.unread:
        raise Stop(live.unread[0].why)
    return list(live.objects.values())


def config_maps(cluster: Cluster, primary: str) -> list[Mapping[str, Any]]:
    """The ConfigMaps that describe workspaces: by their name in every namespace, by their label in the primary one.

    Asking by name is what a ClusterRole can allow without allowing to read every ConfigMap there is. Raises Stop where
    they cannot be read.
    """
    found = list(_listed(cluster, "/api/v1/configmaps", {"fieldSelector": f"metadata.name={CONFIG_MAP}"}))
    if primary:
        labelled = {"labelSelector": "verta-gitops.io/kind=workspace"}
        found += _listed(cluster, f"/api/v1/namespaces/{primary}/configmaps", labelled)
    return found


def _listed(cluster: Cluster, path: str, query: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    token, seen = "", set()
    while True:
        answer = cluster.get(path, {**query, "limit": _PAGE, **({"continue": token} if token else {})})
        if answer.status != 200:
            said = answer.body.get("message")
            why = f": {clipped(printable(said), 300)}" if isinstance(said, str) else ""
            hint = "; run again" if answer.status == 410 else ""
            raise Stop(f"{cluster.source}: the ConfigMaps of workspaces cannot be listed ({answer.status}{why}){hint}")
        items = answer.body.get("items")
        yield from (item for item in items if isinstance(item, dict)) if isinstance(items, list) else ()
        metadata = answer.body.get("metadata")
        follow = metadata.get("continue") if isinstance(metadata, dict) else None
        if not isinstance(follow, str) or not follow:
            return
        token = follow
        if token in seen:
            raise Stop(f"{cluster.source}: the list of ConfigMaps does not end; the server is at fault")
        seen.add(token)


def tell(
    cluster: Cluster, namespace: str, workspace: str, message: str, now: Callable[[], datetime] | None = None
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
            "reason": "VertaNotApplied",
            "message": clipped(printable(f'workspace "{workspace}" is not applied to Verta: {message}'), 950),
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
