"""What an organization's own templates rendered → problems: no object, a second one, one of another scope."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from generator.objects import Broken, Identity, Manifest, manifests
from generator.problems import Problem, Span
from generator.rendering.views import PROTECTION, STATE

_CLUSTER_SCOPED = frozenset([
    "APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding",
    "ClusterTrustBundle", "ComponentStatus", "CustomResourceDefinition", "DeviceClass", "FlowSchema", "IPAddress",
    "IngressClass", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
    "Namespace", "Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice",
    "RuntimeClass", "ServiceCIDR", "StorageClass", "StorageVersionMigration", "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass",
])  # fmt: skip
"""Kinds of Kubernetes' own groups that belong to no namespace."""

_OURS = re.compile(r"(?m)^(?:apiVersion: (?:(.+)/)?[^/\n]+|kind: (.+)|  (name(?:space)?): (.+))$")


def own_template(folders: Sequence[Path], path: str) -> Path | None:
    """The own template that renders a path of the tree; None where it is one of ours."""
    scope, _, rest = path.partition("/")
    name = os.path.basename(rest) + ".j2"
    scopes: tuple[str, ...] = (scope,)
    if scope == "namespaces":
        scopes = ("namespace", "workspace")
        stem, suffix = os.path.splitext(os.path.basename(rest))
    elif scope == "delivery":
        scopes = ("delivery/argocd", "delivery/flux")
    for folder in folders:
        for each in scopes:
            if (folder / each / name).is_file():
                return folder / each / name
    if scope == "namespaces":  # a workspace in the primary namespace has its name in the file's name
        for folder in folders:
            for candidate in sorted((folder / "workspace").glob(f"*{suffix}.j2")):
                if stem.startswith(candidate.name.removesuffix(f"{suffix}.j2") + "-"):
                    return candidate
    return None


def examine_templates(
    folders: Sequence[Path], tree: Mapping[str, str | None], engine: str = "none"
) -> tuple[frozenset[str], list[Problem]]:
    """The paths that own templates rendered, and what is wrong with them; each fault of a template is said once."""
    texts = [path for path, text in tree.items() if text is not None]
    own = {path: template for path in texts if (template := own_template(folders, path))}
    found: dict[tuple[str, Span], tuple[Problem, int]] = {}
    for problem in [*_same_file(folders), *_faults(tree, own, engine)]:
        assert isinstance(problem.place, Span)
        key = (problem.rule, problem.place)
        found[key] = (found[key][0], found[key][1] + 1) if key in found else (problem, 0)
    return frozenset(own), [_counted(problem, more) for problem, more in found.values()]


def _counted(problem: Problem, more: int) -> Problem:
    from dataclasses import replace

    return replace(problem, message=f"{problem.message} (and {more:,} more)") if more else problem


def _same_file(folders: Sequence[Path]) -> Iterator[Problem]:
    """Templates of the two scopes that share a folder, and would write the same file."""
    from generator.rendering.environment import Templates

    templates = Templates(folders)
    names = {name for name, _ in templates.scope("namespace").templates}
    for name, template in templates.scope("workspace").templates:
        if name in names:
            message = f'the scopes "namespace" and "workspace" both have a template {name}.j2; rename one'
            yield Problem(message, Span(str(template.filename), 1, 1, 1, 1), rule="template-duplicate")


def _faults(tree: Mapping[str, str | None], own: Mapping[str, Path], engine: str) -> Iterator[Problem]:
    allowed = _allowed(tree) if engine == "argocd" else None
    seen = _identities_of_ours(tree, own)
    for path, template in own.items():
        text = tree[path] or ""
        try:
            for manifest in manifests(text):
                identity = manifest.identity
                what, where = f"{identity} in {path}", _template_place(template, _kind_line(text, manifest))
                if identity in seen:
                    other = "the same file" if seen[identity] == path else seen[identity]
                    yield Problem(f"renders {what}, which {other} renders too", where, rule="template-duplicate")
                seen.setdefault(identity, path)
                if fault := _scope_fault(identity, path):
                    yield Problem(f"renders {what}: {fault}", where, rule="template-scope")
                if identity.kind == "Namespace" and not identity.group and (fault := _guard_fault(manifest)):
                    yield Problem(f"renders {what} {fault}", where, rule="template-guard")
                if allowed is not None and not path.startswith("delivery/"):
                    kind = (identity.group, identity.kind)
                    if kind not in allowed:
                        message = f"renders {what}, a kind that the AppProject does not allow; add it there"
                        yield Problem(message, where, rule="template-kind")
        except Broken as error:
            lines = text.split("\n")
            shown = lines[error.line - 1] if error.line <= len(lines) else ""
            message = f"renders in {path}, line {error.line}: {error}"
            yield Problem(message, _template_place(template, shown), rule="template-object")


def _identities_of_ours(tree: Mapping[str, str | None], own: Mapping[str, Path]) -> dict[Identity, str]:
    """What our own templates render, read without a YAML parser: their text is canonical."""
    shared = {path.rpartition("/")[0] for path in own}
    found: dict[Identity, str] = {}
    for path, text in tree.items():
        if text is not None and path not in own and path.rpartition("/")[0] in shared:
            for document in text.split("\n---\n"):
                group, kind, names = "", "", {"name": "", "namespace": ""}
                for match in _OURS.finditer(document):
                    if match[2]:
                        kind = match[2]
                    elif match[3]:
                        names[match[3]] = match[4].strip('"')
                    elif match[1]:
                        group = match[1]
                found[Identity(group, kind, names["namespace"], names["name"])] = path
    return found


def _scope_fault(identity: Identity, path: str) -> str:
    scope, _, rest = path.partition("/")
    builtin = "." not in identity.group or identity.group.endswith(".k8s.io")
    clusterwide = builtin and identity.kind in _CLUSTER_SCOPED
    if scope == "namespaces":
        place = rest.partition("/")[0]
        if identity.kind == "Namespace" and clusterwide:
            return "" if identity.name == place else "another namespace than the one that it stands with"
        if clusterwide:
            return "a cluster-scoped kind in the scope of a namespace; move the template to `cluster/`"
        if identity.namespace != place:
            named = f'of namespace "{identity.namespace}"' if identity.namespace else "without a namespace"
            return f'an object {named} in the folder of namespace "{place}"; write `metadata.namespace: {place}`'
    elif scope == "cluster":
        if clusterwide and identity.namespace:
            return "a cluster-scoped kind has no `metadata.namespace`; remove it"
        if identity.kind == "Namespace" and clusterwide:
            return "a Namespace is declared under `namespaces` in org.yaml, where its guard is"
    return ""


def _guard_fault(manifest: Manifest) -> str:
    metadata = manifest.body["metadata"]
    annotations, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    if not isinstance(annotations, dict) or not isinstance(labels, dict) or STATE not in labels:
        return f"without the label {STATE}; write `labels` from `namespace.labels`"
    if labels[STATE] != "decommission":
        for key, value in PROTECTION.items():
            if annotations.get(key) != value:
                return f"without the annotation {key}: {value}; write `annotations` from `namespace.annotations`"
    return ""


def _allowed(tree: Mapping[str, str | None]) -> set[tuple[str, str]] | None:
    """(group, kind) that the AppProject of the organization lets Argo CD apply; None where that is not known."""
    try:
        for manifest in manifests(tree.get("delivery/appproject.yaml") or ""):
            spec = manifest.body.get("spec")
            if isinstance(spec, dict):
                listed = (spec.get(f"{scope}ResourceWhitelist") or [] for scope in ("cluster", "namespace"))
                found = {(each.get("group", ""), each.get("kind", "")) for kinds in listed for each in kinds}
                return None if any("*" in kind for kind in found) else found
    except (Broken, AttributeError, TypeError):
        pass  # an own AppProject in another form; said elsewhere if it is no object
    return None


def _kind_line(text: str, manifest: Manifest) -> str:
    """The rendered line that names the kind of an object."""
    for line in text.split("\n")[manifest.line - 1 :]:
        if line.startswith("kind:"):
            return line
    return ""


def _template_place(template: Path, rendered: str) -> Span:
    """The line of a template that a rendered line comes from: the same line, or the one that begins most alike."""
    lines = template.read_text(encoding="utf-8").splitlines()
    best, length = 1, 0
    for number, line in enumerate(lines, 1):
        if line.strip() and line.strip() == rendered.strip():
            best = number
            break
        fixed = line.partition("{")[0].strip()
        if "{" in line and len(fixed) > length and rendered.strip().startswith(fixed):
            best, length = number, len(fixed)
    return Span(str(template), best, 1, best, 1)
