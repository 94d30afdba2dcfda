"""Org, rendered manifests and live cluster → drift: every difference, and what could not be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from generator.cluster.comparing import Difference, diff, orphans
from generator.cluster.live import Kind, Live
from generator.model.org import Org
from generator.objects import Broken, Identity, Manifest, manifests
from generator.problems import Stop
from generator.rendering.views import object_labels

ALWAYS = (
    Kind("v1", "Namespace"),
    Kind("v1", "ResourceQuota"),
    Kind("v1", "LimitRange"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    Kind("v1", "ConfigMap"),
    Kind("rbac.authorization.k8s.io/v1", "ClusterRole"),
    Kind("scheduling.k8s.io/v1", "PriorityClass"),
)
"""The kinds of our own templates: looked at even where nothing of them is declared, for what was left behind."""

_ENGINE = {
    "argocd": (Kind("argoproj.io/v1alpha1", "AppProject"), Kind("argoproj.io/v1alpha1", "ApplicationSet"),
               Kind("argoproj.io/v1alpha1", "Application")),
    "flux": (Kind("source.toolkit.fluxcd.io/v1", "GitRepository"),
             Kind("kustomize.toolkit.fluxcd.io/v1", "Kustomization")),
    "none": (),
}  # fmt: skip
_LARGE = ("ConfigMap", "Secret")
"""Kinds of which a cluster holds far more than ours, and nobody should read more than needed."""


@dataclass(frozen=True)
class Declared:
    """What an organization declares for one cluster: every object, and the rendered file that it stands in."""

    objects: Mapping[Identity, Manifest]
    files: Mapping[Identity, str]


@dataclass(frozen=True)
class Silence:
    """Objects of which nothing is said, and why; `partial` where an answer was expected."""

    kind: str
    objects: int
    why: str
    partial: bool = True


@dataclass(frozen=True)
class Drift:
    """How a cluster differs from what is declared."""

    source: str
    compared: int
    """Declared objects that were compared."""
    differences: tuple[Difference, ...]
    silences: tuple[Silence, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether something could not be compared, so that a clean answer means less."""
        return any(silence.partial for silence in self.silences)


def declare(org: Org, tree: Mapping[str, str | None]) -> Declared:
    """The objects of a rendered tree that belong on the organization's cluster.

    Raises Stop where a template of the organization's own renders something else than Kubernetes objects.
    """
    objects: dict[Identity, Manifest] = {}
    files: dict[Identity, str] = {}
    for path, text in tree.items():
        if text is None or (path.startswith("delivery/") and not engine_is_here(org)):
            continue
        try:
            for manifest in manifests(text):
                objects[manifest.identity] = manifest
                files[manifest.identity] = path
        except Broken as broken:
            raise Stop(f"{path}:{broken.line}: {broken}; run `verta-gitops check` on the templates") from broken
    return Declared(objects, files)


def engine_is_here(org: Org) -> bool:
    """Whether the engine runs on the cluster that it applies to, so that what is in delivery/ is there too."""
    destination = org.delivery.destination
    if org.delivery.engine != "argocd" or destination is None:
        return org.delivery.engine != "none"
    if destination.name:
        return destination.name == "in-cluster"
    return destination.server.rstrip("/") == "https://kubernetes.default.svc"


def kinds(org: Org, declared: Declared) -> tuple[Kind, ...]:
    """What is to be read of a cluster: every declared kind, and those in which something may have been left behind."""
    found: dict[tuple[str, str], Kind] = {(kind.group, kind.kind): kind for kind in ALWAYS}
    if engine_is_here(org):
        found |= {(kind.group, kind.kind): kind for kind in _ENGINE[org.delivery.engine]}
    labels = object_labels(org)
    unlabelled = set()
    for identity, manifest in declared.objects.items():
        key = identity.group, identity.kind
        found.setdefault(key, Kind(manifest.body["apiVersion"], identity.kind))
        own = manifest.body["metadata"].get("labels")
        if not (isinstance(own, dict) and labels.items() <= own.items()):
            unlabelled.add(key)
    selector = ",".join(f"{key}={value}" for key, value in labels.items())
    return tuple(
        kind._replace(selector=selector) if kind.kind in _LARGE and key not in unlabelled else kind
        for key, kind in found.items()
    )


def find_drift(org: Org, declared: Declared, live: Live) -> Drift:
    """How a cluster, or a dump of it, differs from what is declared, namespace by namespace."""
    silences = tuple(_silences(org, declared, live))
    silent = {silence.kind for silence in silences}
    bodies = {
        identity: manifest.body
        for identity, manifest in declared.objects.items()
        if _called(identity.group, identity.kind) not in silent
    }
    everything = {identity: manifest.body for identity, manifest in declared.objects.items()}
    found = [*diff(bodies, live.objects), *orphans(everything, live.objects, object_labels(org))]
    return Drift(live.source, len(bodies), tuple(sorted(found, key=_order)), silences, live.doubts)


def home(difference: Difference) -> str:
    """The namespace that a difference belongs to; empty for one of the whole cluster."""
    identity = difference.identity
    return identity.name if (identity.group, identity.kind) == ("", "Namespace") else identity.namespace


def _order(difference: Difference) -> tuple[object, ...]:
    return home(difference), difference.identity.kind != "Namespace", difference.identity, str(difference.path)


def _silences(org: Org, declared: Declared, live: Live) -> Iterator[Silence]:
    number: dict[str, int] = {}
    for identity in declared.objects:
        name = _called(identity.group, identity.kind)
        number[name] = number.get(name, 0) + 1
    engine = {_called(kind.group, kind.kind) for kind in _ENGINE[org.delivery.engine]}
    said = set()
    for unread in live.unread:
        name = _called(unread.kind.group, unread.kind.kind)
        said.add(name)
        if unread.absent and name not in engine:
            continue  # there are no such objects, so those that are declared are missing
        if unread.absent and name in number:
            yield Silence(name, number[name], "the cluster does not know such a kind", partial=False)
        elif not unread.absent:
            yield Silence(name, number.get(name, 0), unread.why)
    if live.complete is None:
        there = {_called(identity.group, identity.kind) for identity in live.objects}
        for name, objects in number.items():
            if name not in there | said:
                why = "the dump holds none of a kind, so it was probably made without it"
                yield Silence(name, objects, why, partial=name not in engine)


def _called(group: str, kind: str) -> str:
    return f"{kind}.{group}" if group else kind
