"""Rules about labels and annotations of namespaces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from generator.model.org import Container, Org
from generator.model.quantity import Quantity
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
_LONGEST_SELECTOR = 4_000
_SELECTOR = re.compile(
    r"\s*(!?\s*{key}|{key}\s*(=|==|!=)\s*{value}|{key}\s+(in|notin)\s*\(\s*{value}(\s*,\s*{value})*\s*\)|{key}\s*[<>]\s*[0-9]+)\s*"
    .replace("{key}", r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
    .replace("{value}", r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
)  # fmt: skip
MAX_PREFIX = 253
"""Characters before the `/` of a label key that the API server accepts."""

_SHORT = MAX_PREFIX - len("requests.")
"""So few characters hold no prefix that is too long."""

MAX_CONFIG_MAP = 1024 * 1024
"""Bytes of all values of a ConfigMap that the API server accepts."""

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


def key_prefix_too_long(org: Org) -> Iterator[Problem]:
    """The domain of a label, an annotation or a resource has at most 253 characters.

    The API server refuses a longer one. For a resource of a container it is 244, since it must also fit the quota with
    `requests.` before it.

    Fails: a label whose key has 254 characters before the `/`.

    Fix: use a shorter domain.
    """
    places: list[tuple[str | int, ...]] = [
        (*path, name)
        for section, owners in (("tiers", org.tiers), ("namespaces", org.namespaces))
        for owner, entry in owners.items()
        for path, names in ((("quota",), entry.quota), *_sides(entry.container))
        for name in names
        if len(name) > _SHORT
        for path in [(section, owner, *path)]
    ]
    for owner, namespace in org.namespaces.items():
        for section, names in (("labels", namespace.labels), ("annotations", namespace.annotations)):
            places += [("namespaces", owner, section, name) for name in names if len(name) > _SHORT]
    places += (("policy", "requiredLabels", position) for position in range(len(org.policy.required_labels)))
    for path in places:
        name = org.policy.required_labels[path[-1]] if isinstance(path[-1], int) else path[-1]
        prefix = name.partition("/")[0] if "/" in name else ""
        most = MAX_PREFIX - len("requests.") if "container" in path[2:3] else MAX_PREFIX
        if len(prefix) > most:
            message = f'the domain "{prefix[:40]}…" has {len(prefix)} characters; at most {most} are allowed'
            yield Problem(message, At(path, key=isinstance(path[-1], str)))


def workspace_too_large(org: Org) -> Iterator[Problem]:
    """What is said of a workspace fits one ConfigMap.

    Its name, description and access are rendered as one, of which the API server accepts 1 MiB; the name is an
    annotation besides, of which it accepts 256 KiB.

    Fails: a description that holds a whole document.

    Fix: keep the document elsewhere, and describe the workspace in a sentence.
    """
    for name, workspace in org.workspaces.items():
        if len(name) + len(workspace.description) + 200 * len(workspace.access) < MAX_ANNOTATIONS // 8:
            continue
        called = len(name.encode())
        size = len(json.dumps([name, workspace.description], ensure_ascii=False).encode()) + sum(
            len(org.groups[each.group].verta or each.group) * 4 + len(org.roles[each.role].verta) * 4 + 80
            for each in workspace.access
            if each.group in org.groups and each.role in org.roles
        )
        if called > MAX_ANNOTATIONS - 8192:
            message = f"the name has {called:,} bytes, more than an annotation may have; shorten it"
            yield Problem(message, At(("workspaces", name), key=True))
        elif size > MAX_CONFIG_MAP - 4096:
            message = f"what is said of the workspace has {size:,} bytes, more than a ConfigMap may have; shorten it"
            yield Problem(message, At(("workspaces", name), key=True))


def invalid_selector(org: Org) -> Iterator[Problem]:
    """The selector of Verta's runtime is a label selector.

    `verify` asks the API server with it, which refuses anything else.

    Fails:

        verta: {runtime: {selector: "part-of: verta"}}

    Fix: write it as for `kubectl get pods -l`: `app.kubernetes.io/part-of=verta`.
    """
    runtime = org.verta.runtime
    if runtime and not _is_selector(runtime.selector):
        shown = runtime.selector[:100] + "…" * (len(runtime.selector) > 100)
        message = f'"{shown}" is not a label selector; expected one such as app.kubernetes.io/part-of=verta'
        yield Problem(message, At(("verta", "runtime", "selector")))


def _sides(container: Container | None) -> list[tuple[tuple[str, ...], Mapping[str, Quantity]]]:
    if container is None:
        return []
    return [
        (("container", "default"), container.default),
        (("container", "defaultRequest"), container.default_request),
        (("container", "max"), container.max),
        (("container", "min"), container.min),
    ]


def _is_selector(text: str) -> bool:
    """Whether this is a label selector, and not one so long that to look for its parts takes for ever."""
    return len(text) <= _LONGEST_SELECTOR and all(_SELECTOR.fullmatch(part) for part in re.split(r",(?![^(]*\))", text))
