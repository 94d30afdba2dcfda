"""Rules about labels and annotations of namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.org import Org
from generator.problems import At, Problem, Related

RESERVED = (
    "verta-gitops.io/",
    "pod-security.kubernetes.io/",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "kubernetes.io/metadata.name",
    "kubectl.kubernetes.io/",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/instance",
)
MAX_ANNOTATIONS = 256 * 1024
"""Bytes of all annotations of one object, keys and values, that the API server accepts."""


def required_label(org: Org) -> Iterator[Problem]:
    """Every namespace states the labels that `policy.requiredLabels` asks for.

    Cost reports and alerts are made from these labels; a namespace without one is in none of them.

    Fails:

        policy: {requiredLabels: [cost-center]}
        namespaces:
          fraud: {}

    Fix: add the label.
    """
    for position, label in enumerate(org.policy.required_labels):
        related = (Related(At(("policy", "requiredLabels", position)), "required here"),)
        for name, namespace in org.namespaces.items():
            if not namespace.labels.get(label):
                message = f'namespace "{name}" lacks the label "{label}" that the policy requires'
                yield Problem(message, At(("namespaces", name), key=True), related)


def reserved_label(org: Org) -> Iterator[Problem]:
    """Labels and annotations that protect a namespace, or that an engine keeps, are not set by hand.

    One annotation is enough to lift the protection against pruning or to hand the namespace to another Application.
    The domain verta.ai belongs to Verta.

    Fails:

        namespaces:
          fraud:
            annotations: {argocd.argoproj.io/sync-options: Prune=true}

    Fix: remove it; use `state`, `podSecurity` and the other fields to say what you mean.
    """
    for name, namespace in org.namespaces.items():
        for section, entries in (("labels", namespace.labels), ("annotations", namespace.annotations)):
            for key in entries:
                domain = key.partition("/")[0] if "/" in key else ""
                if key.startswith(RESERVED):
                    message = f'"{key}" is set by verta-gitops or by an engine; remove it'
                elif domain == "verta.ai" or domain.endswith(".verta.ai"):
                    message = f'"{key}" is in the domain of Verta; use one of your own'
                else:
                    continue
                yield Problem(message, At(("namespaces", name, section, key), key=True))


def annotations_too_large(org: Org) -> Iterator[Problem]:
    """All annotations of a namespace together have at most 256 KiB.

    The API server refuses an object with more.

    Fails: an annotation that holds a whole document.

    Fix: keep the document elsewhere and annotate its address.
    """
    for name, namespace in org.namespaces.items():
        size = sum(len(key.encode()) + len(value.encode()) for key, value in namespace.annotations.items())
        if size > MAX_ANNOTATIONS - 4096:
            message = (
                f'the annotations of namespace "{name}" have {size:,} bytes; at most {MAX_ANNOTATIONS - 4096:,} fit'
            )
            yield Problem(message, At(("namespaces", name, "annotations"), key=True))
