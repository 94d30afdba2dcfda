"""A cluster → what a sync with Verta reads there: its Namespaces, and the ConfigMaps that describe workspaces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from generator.cluster.listing import read
from generator.cluster.live import Kind
from generator.problems import Stop
from generator.verta.declared import CONFIG_MAP

if TYPE_CHECKING:
    from generator.cluster.client import Cluster

Bodies = list[Mapping[str, Any]]


def namespaces(cluster: Cluster) -> Bodies:
    """Every Namespace. Raises Stop where they cannot be read."""
    return _all(cluster, Kind("v1", "Namespace"))


def config_maps(cluster: Cluster, primary: str) -> Bodies:
    """The ConfigMaps that describe workspaces: by their name in every namespace, by their label in the primary one.

    Asking by name is what a ClusterRole can allow without allowing to read every ConfigMap there is. Raises Stop where
    they cannot be read.
    """
    found = _all(cluster, Kind("v1", "ConfigMap", fields=f"metadata.name={CONFIG_MAP}"))
    if primary:
        found += _all(cluster, Kind("v1", "ConfigMap", "verta-gitops.io/kind=workspace"), primary)
    return found


def _all(cluster: Cluster, kind: Kind, namespace: str = "") -> Bodies:
    live = read(cluster, [kind], namespace=namespace)
    if live.unread:
        raise Stop(live.unread[0].why)
    return list(live.objects.values())
