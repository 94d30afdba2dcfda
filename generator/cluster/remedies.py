"""A difference between cluster and declaration → the command to type next, safe to paste whatever the names are."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from generator.cluster.comparing import Difference
from generator.model.naming import application, engine_namespace
from generator.model.org import Org
from generator.objects import Identity
from generator.printing import printable
from generator.rendering.views import object_labels


def restoring(org: Org, homes: Sequence[str], folder: str, gone: bool = False) -> str:
    """What makes namespaces as declared again; the empty name stands for the objects of the whole cluster.

    `folder` is where the rendered files of the cluster are; `gone` says that the namespaces do not exist.
    """
    units = [application(org, name) if name else org.cluster.name for name in homes]
    if org.delivery.engine == "argocd":
        labels = ",".join(f"{key}={value}" for key, value in object_labels(org).items())
        return f"argocd app sync {units[0]}" if len(units) == 1 else f"argocd app sync -l {labels}"
    if org.delivery.engine == "flux":
        where = f"-n {engine_namespace(org)}"
        if len(units) == 1:
            return f"flux reconcile kustomization {units[0]} --with-source {where}"
        return f"flux reconcile source git {org.cluster.name} {where}"
    apply = "kubectl apply --server-side --force-conflicts"
    if len(homes) > 1:
        return f"{apply} -R -f {quote(folder)}" + (
            "  (twice: the namespaces come after what is in them)" if gone else ""
        )
    place = f"{folder}/namespaces/{homes[0]}" if homes[0] else f"{folder}/cluster"
    first = f" -f {quote(f'{place}/namespace.yaml')}" if gone else ""  # kubectl goes by file name, and would be refused
    return f"{apply}{first} -R -f {quote(place)}"


def removing(difference: Difference) -> str:
    """What takes away a field that was added, or shows an object that nobody declares; a namespace is never deleted."""
    identity = difference.identity
    if difference.cause == "terminating":
        return f"kubectl get {_object(identity)} -o yaml"
    if difference.cause == "orphan":
        if identity.kind == "Namespace":
            return f"kubectl get all,configmaps,persistentvolumeclaims -n {_quoted(identity.name)}"
        return f"kubectl delete {_object(identity)}"
    path = difference.path
    if len(path) == 3 and path[0] == "metadata" and path[1] in ("labels", "annotations"):
        verb = "label" if path[1] == "labels" else "annotate"
        return f"kubectl {verb} {_object(identity)} {_quoted(f'{path[2]}-')}"
    return f"kubectl edit {_object(identity)}"


def _object(identity: Identity) -> str:
    kind = identity.kind.lower() + (f".{identity.group}" if identity.group else "")
    where = f" -n {_quoted(identity.namespace)}" if identity.namespace else ""
    return f"{_quoted(kind)} {_quoted(identity.name)}{where}"


def _quoted(text: str) -> str:
    """A word for the shell; one with hidden characters is no name of Kubernetes', and is only shown."""
    return quote(printable(text))
