"""Org → everything about one workspace: what holds and why, who has access, who reaches it, who applies it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from generator.explain import Explainer, Fact
from generator.model.effective import verta_namespace
from generator.model.kinds import nearest
from generator.model.naming import application, engine_namespace, home, workspace_slug
from generator.model.org import Org, Workspace
from generator.problems import At, Span, Usage
from generator.views.access import Right, rights_in
from generator.views.network import Ways, ways_of

SECTIONS = ("namespace", "quota", "container", "network policy")
_SECTION_OF = {"quota": "quota", "container": "container", "network": "network policy"}


@dataclass(frozen=True, slots=True)
class WorkspaceView:
    """One workspace; what is said of a namespace is empty where it has none of its own."""

    workspace: str
    description: str
    namespace: str
    mapped: bool
    mapping: str
    """How Verta writes the mapping."""
    written: Span | None
    sections: tuple[tuple[str, tuple[Fact, ...]], ...]
    rights: tuple[Right, ...]
    ways: Ways | None
    files: tuple[str, ...]
    """Rendered files, below the cluster's folder."""
    applied_by: str


def workspace_view(org: Org, explainer: Explainer, workspace: Workspace) -> WorkspaceView:
    """Everything about a workspace; the explainer needs to know the files of its namespace only."""
    namespace = org.namespaces.get(workspace.namespace)
    sections: dict[str, list[Fact]] = {}
    if namespace is not None:
        for fact in explainer.facts(f"namespaces.{namespace.name}"):
            if fact.path[0] == "namespaces":
                sections.setdefault(_SECTION_OF.get(str(fact.path[2]), "namespace"), []).append(fact)
    place = home(org, workspace)
    written = explainer.sources.locate(At(("workspaces", workspace.name), key=True))
    files = explainer.by_namespace.get(place, [])
    if namespace is None:  # others live there too; each one's file is called by its own name
        files = [file for file in files if PurePosixPath(file).stem == f"workspace-{workspace_slug(workspace.name)}"]
    return WorkspaceView(
        workspace.name,
        workspace.description,
        place,
        namespace is not None,
        verta_namespace(org, workspace.namespace),
        written,
        tuple((title, tuple(sections[title])) for title in SECTIONS if title in sections),
        tuple(rights_in(org, workspace)),
        ways_of(org, place) if namespace is not None else None,
        tuple(files),
        _applied_by(org, place),
    )


def find_workspace(org: Org, name: str) -> Workspace:
    """A workspace by its name or by that of its namespace. Raises Usage, with the nearest, where there is none."""
    if name in org.workspaces:
        return org.workspaces[name]
    living = [each for each in org.workspaces.values() if name and each.namespace == name]
    if living:
        return living[0]
    if name in org.namespaces:
        raise Usage(f'no workspace lives in namespace "{name}"; `verta-gitops explain {name}` says what holds there')
    raise Usage(
        f'there is no workspace "{name}" in this organization{nearest(name, [*org.workspaces, *org.namespaces])}'
    )


def _applied_by(org: Org, place: str) -> str:
    engine, unit = org.delivery.engine, f"{engine_namespace(org)}/{application(org, place)}"
    if engine == "argocd":
        where = org.delivery.destination
        server = (where.name or where.server) if where else ""
        return f"Argo CD, Application {unit}" + (f" on {server}" if server else "")
    if engine == "flux":
        return f"Flux, Kustomization {unit}"
    return "nobody: delivery.engine is none"
