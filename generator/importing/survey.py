"""Live → the namespaces that an organization can have, each with its objects, and those that are somebody else's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from generator.cluster.live import Live
from generator.importing.texts import UNWRITABLE
from generator.model.org import SINGLE_DASH_NAME
from generator.objects import Identity
from generator.printing import printable
from generator.rendering.views import MANAGED_BY, ORIGIN

Body = Mapping[str, Any]

GUARDS = ("ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding", "Role")
"""Kinds that say what may be done in a namespace: what of them an organization cannot express is kept as it is."""

OF_SYNC = "verta.sync"
"""Where objects come from that `verta.sync` renders; it cannot be told from those that are read."""

_RBAC = "rbac.authorization.k8s.io"
_SYSTEM = {
    "default": "Kubernetes",
    "argocd": "Argo CD",
    "flux-system": "Flux",
    "cattle-system": "Rancher",
    "gatekeeper-system": "Gatekeeper",
    "cert-manager": "cert-manager",
    "istio-system": "Istio",
    "ingress-nginx": "the ingress controller",
    "local": "Rancher",
    "calico-system": "Calico",
    "calico-apiserver": "Calico",
    "tigera-operator": "Calico",
    "gke-managed-system": "GKE",
    "gmp-system": "GKE",
    "gmp-public": "GKE",
    "config-management-system": "Config Sync",
}
_SYSTEM_PREFIXES = {"kube-": "Kubernetes", "openshift-": "OpenShift", "cattle-": "Rancher", "gke-": "GKE"}


@dataclass(frozen=True)
class Space:
    """A namespace of the cluster, and the objects in it, in the order of their identities."""

    name: str
    namespace: Body
    objects: Mapping[Identity, Body]


@dataclass(frozen=True)
class Survey:
    """What a cluster has of an organization."""

    spaces: Mapping[str, Space]
    excluded: Mapping[str, str]
    """Namespaces that are left alone, each with the reason."""
    primary: str
    """Namespace of Verta itself."""
    primary_objects: Mapping[Identity, Body]
    cluster_roles: Mapping[str, Body] = field(default_factory=dict)
    """ClusterRoles that were rendered by us, by name."""
    priority_classes: Mapping[str, Body] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    """How many objects are no matter of an organization, by kind."""


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a map with texts as keys, or an empty one: nothing in a dump has to be what it should."""
    return value if isinstance(value, dict) and all(isinstance(key, str) for key in value) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a list, or an empty one."""
    return value if isinstance(value, list) else []


def labels_of(body: Body) -> Mapping[str, Any]:
    """The labels of an object."""
    return mapping(mapping(body.get("metadata")).get("labels"))


def annotations_of(body: Body) -> Mapping[str, Any]:
    """The annotations of an object."""
    return mapping(mapping(body.get("metadata")).get("annotations"))


def is_ours(body: Body) -> bool:
    """Whether an object was rendered by us."""
    return all(labels_of(body).get(key) == value for key, value in MANAGED_BY.items())


def survey(live: Live, primary: str = "") -> Survey:
    """Sort the objects of a cluster. `primary` is the namespace of Verta where it is known."""
    namespaces: dict[str, Body] = {}
    inside: dict[str, dict[Identity, Body]] = {}
    clusterwide: dict[str, dict[str, Body]] = {"ClusterRole": {}, "PriorityClass": {}}
    others: Counter[str] = Counter()
    for key, body in sorted(live.objects.items()):
        if UNWRITABLE.search("".join(key)):
            others[f"{printable(key.kind)} with a name that no server accepts"] += 1
        elif (key.group, key.kind) == ("", "Namespace"):
            namespaces[key.name] = body
        elif key.namespace:
            inside.setdefault(key.namespace, {})[key] = body
        elif key.kind in clusterwide and is_ours(body) and annotations_of(body).get(ORIGIN) != OF_SYNC:
            clusterwide[key.kind][key.name] = body
        else:
            others[key.kind] += 1
    primary = primary or _primary(inside) or "default"
    excluded = {name: f'there is no Namespace "{name}" among the objects' for name in inside if name not in namespaces}
    spaces = {}
    for name, namespace in namespaces.items():
        if reason := _not_ours(name, namespace, primary):
            excluded[name] = reason
            continue
        kept = {key: each for key, each in inside.get(name, {}).items() if _matters(key, each)}
        others.update(key.kind for key in inside.get(name, {}) if key not in kept)
        spaces[name] = Space(name, namespace, kept)
    return Survey(
        spaces,
        dict(sorted(excluded.items())),
        primary,
        inside.get(primary, {}),
        clusterwide["ClusterRole"],
        clusterwide["PriorityClass"],
        dict(sorted(others.items())),
    )


def _matters(key: Identity, body: Body) -> bool:
    if key.kind in GUARDS and (key.group in ("", _RBAC) or key.group.endswith((".k8s.io", "projectcalico.org"))):
        return True
    return (key.group, key.kind) == ("", "ConfigMap") and is_workspace(body)


def is_workspace(body: Body) -> bool:
    """Whether a ConfigMap describes a workspace."""
    return is_ours(body) and labels_of(body).get("verta-gitops.io/kind") == "workspace"


def _not_ours(name: str, body: Body, primary: str) -> str:
    if name == primary:
        return "belongs to Verta"
    owner = _SYSTEM.get(name) or next((who for start, who in _SYSTEM_PREFIXES.items() if name.startswith(start)), "")
    if owner:
        return f"belongs to {owner}"
    if mapping(body.get("metadata")).get("deletionTimestamp") or mapping(body.get("status")).get("phase") == (
        "Terminating"
    ):
        return "is being deleted"
    if len(name) > 63 or not re.fullmatch(SINGLE_DASH_NAME.pattern, name, re.ASCII):
        return f"its name is not {SINGLE_DASH_NAME.what}"
    return ""


def _primary(inside: Mapping[str, Mapping[Identity, Body]]) -> str:
    """The namespace that most rendered policies let in as Verta's, or where workspaces live that have no other."""
    found = Counter(_named(inside))
    return min(found, key=lambda name: (-found[name], name)) if found else ""


def _named(inside: Mapping[str, Mapping[Identity, Body]]) -> Iterator[str]:
    for place, objects in inside.items():
        for key, body in objects.items():
            if not is_ours(body):
                continue
            if key.kind == "NetworkPolicy" and key.name == "allow-from-verta":
                yield from peers(body)
            elif key.kind == "ConfigMap" and key.name.startswith("verta-workspace-") and is_workspace(body):
                yield place


def peers(policy: Body) -> Iterable[str]:
    """The namespaces that a policy lets in by name."""
    for rule in sequence(mapping(policy.get("spec")).get("ingress")):
        for peer in sequence(mapping(rule).get("from")):
            if name := named_namespace(peer):
                yield name


def named_namespace(peer: Any) -> str:
    """The namespace that a peer of a policy is, whole; empty where it is anything else."""
    if not isinstance(peer, dict) or list(peer) != ["namespaceSelector"]:
        return ""
    selector = mapping(peer["namespaceSelector"])
    wanted = mapping(selector.get("matchLabels"))
    name = wanted.get("kubernetes.io/metadata.name")
    return name if list(selector) == ["matchLabels"] and len(wanted) == 1 and isinstance(name, str) else ""
