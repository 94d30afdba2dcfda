"""Clusters for the tests of `import`: what a rendering becomes once a server has it, and dumps of it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from generator.cluster.live import Live
from generator.model.org import Org
from generator.objects import Identity, identity, manifests
from generator.rendering.environment import Templates
from generator.rendering.tree import render

Body = dict[str, Any]


def rendered_objects(org: Org, folders: Iterable[Path] = ()) -> dict[Identity, Body]:
    """What an organization renders to, but for what its engine reads."""
    return {
        each.identity: each.body
        for path, text in render(org, _templates(tuple(folders)))
        if text and not path.startswith("delivery/")
        for each in manifests(text)
    }


@lru_cache(maxsize=4)
def _templates(folders: tuple[Path, ...]) -> Templates:
    return Templates(folders)


def served(body: Body) -> Body:
    """An object as a server gives it back: with what it fills in and keeps."""
    found: Body = json.loads(json.dumps(body))
    metadata = found["metadata"]
    metadata |= {
        "uid": "2f4cf3a0",
        "resourceVersion": "17",
        "creationTimestamp": "2026-01-31T12:00:00Z",
        "managedFields": [{"manager": "argocd"}],
    }
    if found["kind"] == "Namespace":
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]
        found |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
    if found["kind"] == "ResourceQuota":
        found["status"] = {"hard": found["spec"]["hard"], "used": {}}
    return found


def live_of(bodies: Iterable[Body]) -> Live:
    """A cluster that has these objects."""
    every = list(bodies)
    return Live("a test", {identity(each): each for each in every})


def dump(bodies: Iterable[Body], seed: int | None = None) -> str:
    """The text of a dump; with a seed, its objects in another order."""
    items = list(bodies)
    if seed is not None:
        random.Random(seed).shuffle(items)
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def namespace(name: str, labels: Mapping[str, Any] | None = None, **metadata: Any) -> Body:
    """A Namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}, **metadata}}


def thing(kind: str, place: str, name: str, spec: Any = None, **rest: Any) -> Body:
    """An object of a kind that an organization knows."""
    api = {
        "NetworkPolicy": "networking.k8s.io/v1",
        "RoleBinding": "rbac.authorization.k8s.io/v1",
        "Role": "rbac.authorization.k8s.io/v1",
    }.get(kind, "v1")
    body: Body = {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": place}, **rest}
    return body if spec is None else {**body, "spec": spec}


def binding(place: str, name: str, role: str, *groups: str, kind: str = "Group") -> Body:
    """A RoleBinding of a ClusterRole."""
    api = "rbac.authorization.k8s.io"
    subjects = [{"kind": kind, "name": group, "apiGroup": api} for group in groups]
    ref = {"apiGroup": api, "kind": "ClusterRole", "name": role}
    return thing("RoleBinding", place, name, roleRef=ref, subjects=subjects)
