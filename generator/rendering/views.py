"""Org → what templates see: plain values, ready to be written, in a stable order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from generator.model.effective import effective, verta_namespace
from generator.model.naming import application, cluster_role, engine_namespace, home, subject, workspace_config_map
from generator.model.org import Container, Namespace, Org, Workspace
from generator.problems import show_path
from generator.rendering.literal import Shared, json_text

ORIGIN = "verta-gitops.io/origin"
STATE = "verta-gitops.io/state"
DIGEST = "verta-gitops.io/workspace-digest"
"""On a Namespace: the digest of its workspace's description, which people of the namespace may be able to change."""

PAYLOAD = "workspace.json"
MANAGED_BY = {"app.kubernetes.io/managed-by": "verta-gitops"}
PROTECTION = {
    "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
    "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
    "kustomize.toolkit.fluxcd.io/prune": "disabled",
}
"""Read by the engines from the live object: neither pruning nor deletion removes what carries it."""

RECREATE = {
    "argocd.argoproj.io/sync-options": "Force=true,Replace=true",
    "kustomize.toolkit.fluxcd.io/force": "enabled",
}
"""On what the API server never lets be changed: the engines make it anew instead of failing for ever."""

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""Where an API server is looked for when `cluster.apiServer` does not say."""

_ARGO_APPLICATION_NAME = (
    '{{ $name := printf "%s--%%s" .path.basename }}'
    "{{ if gt (len $name) 63 }}{{ trunc 54 $name }}-{{ sha256sum $name | trunc 8 }}{{ else }}{{ $name }}{{ end }}"
)
"""`naming.application` in the language of an ApplicationSet."""


@dataclass(frozen=True, slots=True)
class BindingView:
    """One RoleBinding: a group gets a ClusterRole."""

    group: str
    subject: str
    cluster_role: str
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NamespaceView:
    """A namespace with its tier laid under it."""

    name: str
    state: str
    tier: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    quota: Mapping[str, Any]
    limits: list[Mapping[str, Any]]
    isolation: str
    egress: str
    allow_from: list[str]
    allow_to: list[str]
    owners: list[str]
    bindings: list[BindingView]


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """A workspace and the ConfigMap that describes it."""

    name: str
    home: str
    config_map: str
    data: Mapping[str, str]
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def object_labels(org: Org) -> dict[str, str]:
    """Labels of every object that is rendered."""
    return {**MANAGED_BY, "verta-gitops.io/organization": org.organization.name}


def origin(*path: str) -> dict[str, str]:
    """The annotation that says where an object comes from."""
    return {ORIGIN: show_path(path)}


def common_view(org: Org) -> dict[str, Any]:
    """What every template sees."""
    return {
        "organization": org.organization,
        "cluster": org.cluster,
        "primary": org.verta.primary_namespace,
        "deployer": org.verta.deployer,
        "labels": Shared(object_labels(org)),
        "api_server": sorted(set(org.cluster.api_server)) or list(PRIVATE_NETWORKS),
    }


def cluster_view(org: Org) -> dict[str, Any]:
    """What templates of the cluster scope see besides."""
    roles = [
        {
            "name": name,
            "cluster_role": cluster_role(role),
            "annotations": origin("roles", name),
            "rules": [
                {
                    "apiGroups": list(rule.api_groups),
                    **({"resourceNames": list(rule.resource_names)} if rule.resource_names else {}),
                    "resources": list(rule.resources),
                    "verbs": list(rule.verbs),
                }
                for rule in role.rules
            ],
        }
        for name, role in sorted(org.roles.items())
        if role.rules
    ]
    tiers = [
        {
            "name": name,
            "description": tier.description,
            "annotations": {**RECREATE, **origin("tiers", name, "priorityClass")},
            "value": tier.priority_class.value,
        }
        for name, tier in sorted(org.tiers.items())
        if tier.priority_class
    ]
    return {"roles": roles, "priority_tiers": tiers, "sync": _sync(org)}


def _sync(org: Org) -> dict[str, Any] | None:
    """The CronJob that applies to Verta what is declared in the cluster."""
    sync = org.verta.sync
    if sync is None or org.verta.permission_model != "workspaces":
        return None
    reads_primary = any(home(org, each) == org.verta.primary_namespace for each in org.workspaces.values())
    return {
        "annotations": origin("verta", "sync"),
        "image": sync.image,
        "secret_name": sync.secret_name,
        "schedule": sync.schedule,
        "reads_primary": reads_primary,
        "arguments": [
            *("verta", "apply", "--from-cluster", "--format", "json", "--credentials", "/etc/verta"),
            *("--organization", org.organization.name, "--permissions", org.verta.permissions),
            *(("--primary-namespace", org.verta.primary_namespace) if reads_primary else ()),
            *(() if org.verta.multiple_namespaces else ("--single-namespace",)),
        ],
    }


def namespace_view(org: Org, namespace: Namespace, workspace: Workspace | None) -> dict[str, Any]:
    """What templates of the namespace scope see besides."""
    holds = effective(org, namespace)
    grant = origin("namespaces", namespace.name)
    guard = grant if namespace.state == "decommission" else {**PROTECTION, **grant}
    pod_security = {
        key: value
        for mode in ("audit", "enforce", "warn")
        for key, value in (
            (f"pod-security.kubernetes.io/{mode}", holds.pod_security),
            (f"pod-security.kubernetes.io/{mode}-version", f"v{org.cluster.kubernetes_version}"),
        )
    }
    owners = sorted(set(namespace.owners))
    payload = _payload(org, workspace) if workspace else ""
    view = NamespaceView(
        name=namespace.name,
        state=namespace.state,
        tier=holds.tier,
        labels={
            **namespace.labels,
            **object_labels(org),
            **pod_security,
            STATE: namespace.state,
            "verta-gitops.io/tier": holds.tier,
        },
        annotations={
            **namespace.annotations,
            **guard,
            **({"verta-gitops.io/owners": ",".join(owners)} if owners else {}),
            **({"verta-gitops.io/workspace": workspace.name, DIGEST: digest(payload)} if payload and workspace else {}),
        },
        quota=holds.quota,
        limits=_limits(holds.container),
        isolation=holds.isolation,
        egress=holds.egress,
        allow_from=sorted(set(holds.allow_from)),
        allow_to=sorted(set(holds.allow_to)),
        owners=owners,
        bindings=_bindings(org, workspace) if workspace else [],
    )
    return {"namespace": view, "guard": Shared(guard), "grant": grant}


def _limits(container: Container | None) -> list[Mapping[str, Any]]:
    """One LimitRange item, with every side written out as the API server would complete it."""
    if container is None:
        return []
    default = {**container.max, **container.default}
    sides = {
        "default": default,
        "defaultRequest": {**container.min, **default, **container.default_request},
        "max": container.max,
        "min": container.min,
    }
    found: dict[str, Any] = {side: amounts for side, amounts in sides.items() if amounts}
    return [{**found, "type": "Container"}] if found else []


def _bindings(org: Org, workspace: Workspace) -> list[BindingView]:
    found: dict[tuple[str, str], BindingView] = {}
    annotations = Shared(origin("workspaces", workspace.name, "access"))
    for access in workspace.access:
        name = cluster_role(org.roles[access.role])
        if name:
            found[access.group, name] = BindingView(access.group, subject(org.groups[access.group]), name, annotations)
    return [found[key] for key in sorted(found)]


def workspace_view(org: Org, workspace: Workspace) -> dict[str, Any]:
    """What templates of the workspace scope see besides."""
    place = home(org, workspace)
    namespace = org.namespaces.get(place)
    protected = namespace is not None and namespace.state != "decommission"
    return {
        "workspace": WorkspaceView(
            name=workspace.name,
            home=place,
            config_map=workspace_config_map(org, workspace),
            data={PAYLOAD: _payload(org, workspace)},
            labels={**object_labels(org), "verta-gitops.io/kind": "workspace"},
            annotations={
                **(PROTECTION if protected else {}),
                **origin("workspaces", workspace.name),
                "verta-gitops.io/workspace": workspace.name,
            },
        )
    }


def digest(payload: str) -> str:
    """The digest of a workspace's description, as it stands on its Namespace."""
    return f"sha256:{sha256(payload.encode()).hexdigest()}"


def _payload(org: Org, workspace: Workspace) -> str:
    """What Verta should know of a workspace; before the new permission system the mapping is on the organization."""
    permissions = {
        (org.groups[access.group].verta or access.group, org.roles[access.role].verta)
        for access in workspace.access
        if org.roles[access.role].verta
    }
    what = "workspace" if org.verta.permission_model == "workspaces" else "organization"
    return json_text(
        {
            what: {
                "description": workspace.description,
                "name": workspace.name,
                "namespace": verta_namespace(org, workspace.namespace),
            },
            "permissions": [{"group": group, "role": role} for group, role in sorted(permissions)],
        }
    )


def delivery_view(org: Org, homes: list[str], has_cluster_scope: bool) -> dict[str, Any]:
    """What templates of the delivery scopes see besides; `homes` are the namespaces that have a folder."""
    delivery = org.delivery
    destination = delivery.destination
    revision = delivery.revision
    is_commit = len(revision) == 40 and all(character in "0123456789abcdef" for character in revision)
    return {
        "delivery": delivery,
        "engine_namespace": engine_namespace(org),
        "root": f"{delivery.path}/{org.cluster.name}",
        "has_cluster_scope": has_cluster_scope,
        "has_sync": _sync(org) is not None,
        "destination": {"name": destination.name}
        if destination and destination.name
        else {"server": destination.server if destination else "https://kubernetes.default.svc"},
        "git_ref": {"name" if revision.startswith("refs/") else "commit" if is_commit else "branch": revision},
        "application_name": _ARGO_APPLICATION_NAME % org.cluster.name,
        "applications": [{"name": application(org, name), "namespace": name} for name in homes],
        "team_projects": [
            {
                "name": application(org, name),
                "namespace": name,
                "owners": sorted({subject(org.groups[owner]) for owner in namespace.owners}),
                "source_repos": sorted(set(namespace.argocd.source_repos)),
            }
            for name, namespace in sorted(org.namespaces.items())
            if namespace.argocd
        ],
    }
