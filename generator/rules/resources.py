"""Resource names → what they count, and what Kubernetes has against them; the knowledge that quota rules share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from generator.model.kinds import nearest
from generator.model.quantity import NANO, Quantity, parse_quantity

Measure = Literal["cpu", "bytes", "count"]

COMPUTE = ("cpu", "memory", "ephemeral-storage")
_OBJECTS = (
    "pods",
    "services",
    "services.loadbalancers",
    "services.nodeports",
    "replicationcontrollers",
    "resourcequotas",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
)
_QUOTA = (
    *COMPUTE,
    *(f"{side}.{resource}" for side in ("requests", "limits") for resource in COMPUTE),
    "requests.storage",
    *_OBJECTS,
)
"""What ResourceQuota accepts without a domain; beside hugepages-<size>."""

_CORE = (
    "pods",
    "services",
    "secrets",
    "configmaps",
    "persistentvolumeclaims",
    "replicationcontrollers",
    "resourcequotas",
    "limitranges",
    "serviceaccounts",
    "endpoints",
    "events",
    "podtemplates",
)
_GROUPED = {
    "apps": ("deployments", "replicasets", "statefulsets", "daemonsets", "controllerrevisions"),
    "batch": ("jobs", "cronjobs"),
    "autoscaling": ("horizontalpodautoscalers",),
    "policy": ("poddisruptionbudgets",),
    "networking.k8s.io": ("ingresses", "networkpolicies"),
    "rbac.authorization.k8s.io": ("roles", "rolebindings"),
    "coordination.k8s.io": ("leases",),
    "discovery.k8s.io": ("endpointslices",),
    "resource.k8s.io": ("resourceclaims", "resourceclaimtemplates"),
    "storage.k8s.io": ("csistoragecapacities",),
    "events.k8s.io": ("events",),
}
_COUNTED = (*_CORE, *(f"{resource}.{group}" for group, names in _GROUPED.items() for resource in names))
_CLASS_QUOTA = re.compile(
    r"[a-z0-9.-]+\.storageclass\.storage\.k8s\.io/(requests\.storage|persistentvolumeclaims)"
    r"|[a-z0-9.-]+\.deviceclass\.resource\.k8s\.io/devices"
)
_COUNTS = tuple(f"count/{name}" for name in _COUNTED)


def is_extended(name: str) -> bool:
    """Whether a container's resource is one of a device plugin, such as nvidia.com/gpu."""
    return "/" in name and "kubernetes.io/" not in name and not name.startswith(("requests.", "limits.", "count/"))


def is_overcommitted(name: str) -> bool:
    """Whether a container may have a limit above its request for this resource."""
    return not is_extended(name) and not name.startswith("hugepages-")


@lru_cache(maxsize=65536)
def extended_in_quota(name: str) -> str:
    """The device resource that a quota key names in a form that is never enforced, such as `limits.nvidia.com/gpu`."""
    bare = name.removeprefix("limits.")
    return bare if is_extended(bare) and not _CLASS_QUOTA.fullmatch(bare) else ""


@lru_cache(maxsize=65536)
def unknown_in_quota(name: str) -> str:
    """What is wrong with a quota key that the API server refuses or never counts, with the near miss; empty if fine."""
    if name in _QUOTA or extended_in_quota(name) or _CLASS_QUOTA.fullmatch(name):
        return ""
    if name.startswith("count/"):
        return _unknown_count(name.removeprefix("count/"))
    if name.startswith(("hugepages-", "requests.hugepages-")):
        return _unknown_page_size(name)
    if name.startswith("requests.") and is_extended(name.removeprefix("requests.")):
        return ""
    return f"it is no resource that a quota can hold{_near(name, _QUOTA)}"


def _near(name: str, known: tuple[str, ...], gpu: str = "requests.nvidia.com/gpu") -> str:
    bare = name.lower().removeprefix("requests.").removeprefix("limits.")
    return f'; did you mean "{gpu}"?' if bare in ("gpu", "gpus") else nearest(name, known)


def _unknown_count(counted: str) -> str:
    resource, dot, group = counted.partition(".")
    if counted in _COUNTED:
        return ""
    if not dot:
        homes = [f"{resource}.{home}" for home, names in _GROUPED.items() if resource in names]
        hint = f'; did you mean "count/{homes[0]}"?' if homes else nearest(f"count/{counted}", _COUNTS)
        return f"the core group has no such resource to count{hint}"
    if resource != resource.lower() or group in _GROUPED or "." not in group:
        return f"the API server knows no such resource to count{nearest(f'count/{counted}', _COUNTS)}"
    return ""


def _unknown_page_size(name: str) -> str:
    size = name.partition("hugepages-")[2]
    try:
        return "" if parse_quantity(size).nanos > 0 else f'"{size}" is no page size'
    except ValueError:
        return f'"{size}" is no page size; expected one such as hugepages-2Mi'


@lru_cache(maxsize=65536)
def unknown_in_container(name: str) -> str:
    """What is wrong with a container's resource that the API server refuses, with the near miss; empty if fine."""
    if name in COMPUTE or is_extended(name) or "kubernetes.io/" in name:
        return ""
    if name.startswith("hugepages-"):
        return _unknown_page_size(name)
    bare = name.removeprefix("requests.").removeprefix("limits.")
    hint = (
        f'; did you mean "{bare}"?' if bare in COMPUTE or is_extended(bare) else _near(name, COMPUTE, "nvidia.com/gpu")
    )
    return f"it is no resource that a container can have{hint}"


@lru_cache(maxsize=65536)
def requested(name: str) -> str:
    """A quota key in its long form: `cpu` is `requests.cpu`, and `count/pods` is `pods`."""
    if name in COMPUTE or name.startswith("hugepages-"):
        return f"requests.{name}"
    return name.removeprefix("count/") if name.removeprefix("count/") in _OBJECTS else name


@lru_cache(maxsize=65536)
def measure(name: str) -> Measure:
    """What a resource is measured in, by its name in a quota or in a container."""
    if name.startswith("count/") or name.endswith("/persistentvolumeclaims"):
        return "count"
    bare = requested(name).removeprefix("requests.").removeprefix("limits.")
    if is_extended(bare) and not _CLASS_QUOTA.fullmatch(bare):
        return "count"
    resource = bare.rpartition("/")[2]
    if resource == "cpu":
        return "cpu"
    if resource in ("memory", "ephemeral-storage", "storage") or resource.startswith(("hugepages-", "requests.")):
        return "bytes"
    return "count"


def is_whole(amount: Quantity) -> bool:
    """Whether an amount has no fraction."""
    return amount.nanos % NANO == 0
