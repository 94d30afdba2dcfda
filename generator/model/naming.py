"""Names of the objects that stand for parts of an organization; each is stable, safe and unique."""

from __future__ import annotations

import re
from hashlib import sha256

from generator.model.org import Group, Org, Role, Workspace

_ENGINE_NAMESPACES = {"argocd": "argocd", "flux": "flux-system", "none": ""}


def engine_namespace(org: Org) -> str:
    """The namespace of the engine; empty where there is none."""
    return org.delivery.engine_namespace or _ENGINE_NAMESPACES[org.delivery.engine]


def home(org: Org, workspace: Workspace) -> str:
    """The namespace that a workspace lives in: its own, or the primary one."""
    return workspace.namespace or org.verta.primary_namespace


def workspace_slug(name: str) -> str:
    """A workspace's name made DNS-safe; a digest keeps apart what would come out alike."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-")
    return name if slug == name else "-".join(part for part in (slug, sha256(name.encode()).hexdigest()[:8]) if part)


def workspace_config_map(org: Org, workspace: Workspace) -> str:
    """Name of the ConfigMap that describes a workspace; in the primary namespace several may live."""
    shared = home(org, workspace) == org.verta.primary_namespace
    return f"verta-workspace-{workspace_slug(workspace.name)}" if shared else "verta-workspace"


def cluster_role(role: Role) -> str:
    """ClusterRole that a role stands for; empty where it gives nothing in Kubernetes."""
    return role.cluster_role or (f"verta-gitops:{role.name}" if role.rules else "")


def subject(group: Group) -> str:
    """Name of a group to Kubernetes."""
    return group.subject or group.name


def shortened(name: str, longest: int = 63) -> str:
    """A name cut to `longest` characters, the end replaced by a digest where it is too long."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - 9]}-{sha256(name.encode()).hexdigest()[:8]}"


def application(org: Org, namespace: str) -> str:
    """Name of the Application or Kustomization of a namespace. `--` stands in neither part, so it is unique."""
    return shortened(f"{org.cluster.name}--{namespace}")
