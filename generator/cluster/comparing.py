"""Declared objects beside live ones → where they differ: only what is declared counts, and what changes its effect."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NamedTuple

from generator.cluster.defaults import completed
from generator.cluster.ownership import additions, appliers, author, is_bookkeeping
from generator.model.quantity import parse_quantity
from generator.objects import Identity
from generator.problems import Path

Body = Mapping[str, Any]
Objects = Mapping[Identity, Body]
Cause = Literal["missing", "terminating", "changed", "added", "orphan"]
CAUSES: tuple[Cause, ...] = ("missing", "terminating", "changed", "added", "orphan")


class Nothing(Enum):
    """What stands for a field that is not there."""

    ABSENT = "absent"


ABSENT = Nothing.ABSENT


class Field(NamedTuple):
    """One field in which an object is not as declared; ABSENT on one side says that it is only on the other."""

    path: Path
    declared: Any
    live: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which the cluster is not as declared.

    `missing`: the object is not there; `terminating`: it is being deleted; `changed`: a declared field has another
    value or is gone; `added`: a field that is not declared was written by hand, or changes what the declared ones do;
    `orphan`: the object is ours by its labels, and nobody declares it.
    """

    identity: Identity
    cause: Cause
    path: Path = ()
    declared: Any = ABSENT
    live: Any = ABSENT
    by: str = ""
    """Who wrote the field and when, where the server knows."""


def diff(declared: Objects, live: Objects) -> Iterator[Difference]:
    """Every difference of the declared objects, in their order."""
    known = frozenset[str]().union(*(appliers(live[identity]) for identity in declared if identity in live))
    for identity, body in declared.items():
        found = live.get(identity)
        if found is None:
            yield Difference(identity, "missing")
            continue
        if since := _map(found.get("metadata")).get("deletionTimestamp"):
            yield Difference(identity, "terminating", ("metadata", "deletionTimestamp"), live=since)
        fields = list(differing(body, found))
        named = {field.path for field in fields}
        for path, value in additions(completed(body), found, known):
            if not any(path[:length] in named for length in range(1, len(path) + 1)):
                fields.append(Field(path, ABSENT, value))
        for field in fields:
            cause: Cause = "added" if field.declared is ABSENT else "changed"
            yield Difference(identity, cause, *field, by=author(found, field.path))


def orphans(declared: Objects, live: Objects, labels: Mapping[str, str]) -> Iterator[Difference]:
    """The live objects that carry all of `labels` and that nobody declares, but those that another object owns."""
    for identity, body in live.items():
        metadata = _map(body.get("metadata"))
        if identity in declared or metadata.get("ownerReferences"):
            continue
        if labels.items() <= _map(metadata.get("labels")).items():
            yield Difference(identity, "orphan")


def differing(declared: Body, live: Body) -> Iterator[Field]:
    """The fields in which one live object is not as declared. Defaults, order and spelling do not count."""
    kind = declared["apiVersion"].rpartition("/")[0], declared["kind"]
    declared, live = completed(declared), completed(live)
    skipped = {"apiVersion", "kind", "status"}
    if "aggregationRule" in declared:
        skipped.add("rules")  # a controller fills them in
    closed = [root for root in _CLOSED.get(kind, ()) if root not in skipped]
    for key, value in declared.items():
        if key not in skipped:
            yield from _walk(value, live.get(key, ABSENT), (key,), key in closed)
    for key in closed:
        if key not in declared and not _empty(live.get(key)):
            yield Field((key,), ABSENT, live[key])
    yield from _effective_metadata(_map(declared.get("metadata")), _map(live.get("metadata")))


_RBAC = "rbac.authorization.k8s.io"
_CLOSED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("", "ResourceQuota"): ("spec",),
    ("", "LimitRange"): ("spec",),
    ("", "ConfigMap"): ("data", "binaryData"),
    ("networking.k8s.io", "NetworkPolicy"): ("spec",),
    (_RBAC, "RoleBinding"): ("subjects", "roleRef"),
    (_RBAC, "ClusterRoleBinding"): ("subjects", "roleRef"),
    (_RBAC, "Role"): ("rules",),
    (_RBAC, "ClusterRole"): ("rules", "aggregationRule"),
    ("scheduling.k8s.io", "PriorityClass"): ("globalDefault", "preemptionPolicy"),
}
"""Where one more key, subject or rule changes what the declared ones do, so that it is a difference too."""

_EFFECTIVE = (
    "pod-security.kubernetes.io/",
    "verta-gitops.io/",
    "argocd.argoproj.io/sync-options",
    "argocd.argoproj.io/compare-options",
    "kustomize.toolkit.fluxcd.io/prune",
    "kustomize.toolkit.fluxcd.io/reconcile",
    "kustomize.toolkit.fluxcd.io/ssa",
)
"""Labels and annotations that change what the cluster or an engine does with an object."""

_AMOUNTS = ("hard", "requests", "limits", "default", "defaultRequest", "max", "min", "maxLimitRequestRatio", "capacity")
"""Fields that hold quantities by resource."""

_AMOUNT = ("sizeLimit", "divisor", "averageValue")
"""Fields that are a quantity themselves."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "subjects": ("kind", "namespace", "name"),
    "limits": ("type",),
    "containers": ("name",),
    "initContainers": ("name",),
    "volumes": ("name",),
    "env": ("name",),
    "volumeMounts": ("mountPath",),
    "imagePullSecrets": ("name",),
}
"""What tells apart the items of a list of maps."""

# fmt: off
_UNORDERED = frozenset([
    "rules", "ingress", "egress", "from", "to", "ports", "policyTypes", "verbs", "apiGroups", "resources",
    "resourceNames", "nonResourceURLs", "finalizers", "accessModes", "values", "scopes", "matchExpressions",
])
# fmt: on
"""Lists whose order means nothing."""

_DEEPEST = 64


def _walk(declared: Any, live: Any, path: Path, closed: bool) -> Iterator[Field]:
    if isinstance(declared, Mapping) and isinstance(live, Mapping):
        for key, value in declared.items():
            yield from _walk(value, live.get(key, ABSENT), (*path, key), closed)
        for key in live if closed else ():
            if key not in declared and not _empty(live[key]):
                yield Field((*path, key), ABSENT, live[key])
    elif isinstance(declared, list) and isinstance(live, list):
        yield from _lists(declared, live, path, closed)
    elif not _same(declared, live, path):
        yield Field(path, declared, live)


def _lists(declared: list[Any], live: list[Any], path: Path, closed: bool) -> Iterator[Field]:
    name = str(path[-1])
    if (key := _KEYS.get(name)) and all(isinstance(item, Mapping) for item in (*declared, *live)):
        yield from _keyed(declared, live, path, closed, key)
    elif name in _UNORDERED:
        yield from _unordered(declared, live, path, closed)
    elif len(declared) != len(live):
        yield Field(path, declared, live)
    else:
        for position, (one, two) in enumerate(zip(declared, live, strict=True)):
            yield from _walk(one, two, (*path, position), closed)


def _keyed(declared: list[Any], live: list[Any], path: Path, closed: bool, key: tuple[str, ...]) -> Iterator[Field]:
    there = {tuple(str(item.get(part) or "") for part in key): item for item in live}
    for position, item in enumerate(declared):
        found = there.pop(tuple(str(item.get(part) or "") for part in key), ABSENT)
        yield from _walk(item, found, (*path, position), closed)
    if closed:
        yield from (Field((*path, live.index(item)), ABSENT, item) for item in there.values())


def _unordered(declared: list[Any], live: list[Any], path: Path, closed: bool) -> Iterator[Field]:
    """Items are equal or not; of those that have no equal, one on each side are taken for the same one, changed.

    Where more may stand in the live object than is declared, an item is equal to one that holds all of it: the server
    has added its defaults (the protocol of a port).
    """
    ours = {_normal(item, ""): (position, item) for position, item in enumerate(declared)}
    theirs = {_normal(item, ""): (position, item) for position, item in enumerate(live)}
    lost = [place for text, place in ours.items() if text not in theirs]
    more = [place for text, place in theirs.items() if text not in ours]
    if not closed:
        lost = [(position, item) for position, item in lost if not _claimed(item, more, path)]
    for number, (position, item) in enumerate(lost):
        other = more[number][1] if number < len(more) and closed else ABSENT
        yield Field((*path, position), item, other)
    if closed:
        yield from (Field((*path, position), ABSENT, item) for position, item in more[len(lost) :])


def _claimed(item: Any, more: list[tuple[int, Any]], path: Path) -> bool:
    """Whether one of the live items holds all that is declared of one; it is taken out, so that it counts once."""
    for place in more:
        if not any(_walk(item, place[1], (*path, place[0]), closed=False)):
            more.remove(place)
            return True
    return False


def _normal(value: Any, name: str, depth: int = 0) -> str:
    """A text that is the same for two values that mean the same."""
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, Mapping):
        return json.dumps({str(key): _normal(each, str(key), depth + 1) for key, each in value.items()}, sort_keys=True)
    if isinstance(value, list):
        items = [_normal(each, "", depth + 1) for each in value]
        return json.dumps(sorted(items) if name in _UNORDERED else items)
    return json.dumps(value, default=str)


def _same(declared: Any, live: Any, path: Path) -> bool:
    if live is ABSENT or live is None:
        return _empty(declared)
    if declared is None:
        return _empty(live)
    amount = path[-1] in _AMOUNT or (len(path) > 1 and path[-2] in _AMOUNTS)
    if amount and _scalar(declared) and _scalar(live):
        try:
            return parse_quantity(str(declared)) == parse_quantity(str(live))
        except ValueError:
            return str(declared) == str(live)
    if _number(declared) and _number(live):
        return bool(declared == live)  # 50.0 in one file, 50 in another
    return type(declared) is type(live) and bool(declared == live)


def _effective_metadata(declared: Body, live: Body) -> Iterator[Field]:
    for section in ("labels", "annotations"):
        stated = _map(declared.get(section))
        for key, value in _map(live.get(section)).items():
            path = ("metadata", section, key)
            if key not in stated and key.startswith(_EFFECTIVE) and not is_bookkeeping(path):
                yield Field(path, ABSENT, value)


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _empty(value: Any) -> bool:
    return value is None or value is ABSENT or (isinstance(value, str | list | Mapping) and not value)


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
