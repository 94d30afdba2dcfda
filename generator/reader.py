"""An organization → the ClusterRole with exactly what `verify`, `drift` and `import` read of its cluster."""

from __future__ import annotations

from collections.abc import Iterable

from generator.cluster import drift, verify
from generator.cluster.live import Kind
from generator.importing.importing import KINDS
from generator.model.org import Org
from generator.rendering.literal import document

NAME = "verta-gitops:reader"
VERBS = ("list",)
"""Nothing else is ever asked for; which kinds there are is answered to everybody by system:discovery."""

_HEAD = f"""\
# What verta-gitops verify, drift and import read of a cluster; no verb that writes.
# Bind it to whoever runs them, for example to a group of your identity provider:
#   kubectl create clusterrolebinding verta-gitops-reader --clusterrole={NAME} --group=GROUP
"""


def needed(org: Org, declared: drift.Declared) -> tuple[Kind, ...]:
    """Every kind that one of the commands reads."""
    return tuple(dict.fromkeys((*verify.kinds(org), *drift.kinds(org, declared), *KINDS)))


def role(kinds: Iterable[Kind]) -> str:
    """The manifest of the ClusterRole."""
    groups: dict[str, set[str]] = {}
    for kind in kinds:
        groups.setdefault(kind.group, set()).add(_plural(kind.kind))
    rules = [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": list(VERBS)}
        for group, resources in sorted(groups.items())
    ]
    api = "rbac.authorization.k8s.io/v1"
    return _HEAD + document({"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": NAME}, "rules": rules})


def _plural(kind: str) -> str:
    """The name of a kind's resource, by the rule that Kubernetes itself guesses it with; it holds for all of ours."""
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
