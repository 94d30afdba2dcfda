"""Org → Tree: every file that stands for an organization, by its path below the cluster's folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from generator.model.naming import home, workspace_slug
from generator.model.org import Org, Workspace
from generator.rendering.views import cluster_view, common_view, delivery_view, namespace_view, workspace_view

if TYPE_CHECKING:
    from generator.rendering.environment import Templates

HEADER = "# Rendered by verta-gitops from org.yaml. Edit that file, not this one.\n"
"""First line of every rendered file: what begins with it is ours to rewrite and to remove."""


Tree = dict[str, str | None]
"""The text of every file by its path below the cluster's folder; None for one that is known to be as it is on disk."""


def _keep_none(home: str, workspaces: Sequence[Workspace]) -> Iterable[str] | None:
    return None


def render(
    org: Org, templates: Templates, keep: Callable[[str, Sequence[Workspace]], Iterable[str] | None] = _keep_none
) -> Iterator[tuple[str, str | None]]:
    """(path, text) of every file, namespace by namespace in the order of their names.

    `keep` is asked for each namespace with its workspaces: the paths of its files if they need not be rendered again,
    or None. The organization must have passed its rules. Raises Stop where a template cannot be used.
    """
    common = common_view(org)
    has_cluster_scope = False
    for name, text in templates.scope("cluster").render({**common, **cluster_view(org)}):
        has_cluster_scope = True
        yield f"cluster/{name}", HEADER + text
    homes = _workspaces_by_home(org)
    namespace_scope, workspace_scope = templates.scope("namespace"), templates.scope("workspace")
    for place, workspaces in homes.items():
        if (kept := keep(place, workspaces)) is not None:
            yield from ((path, None) for path in kept)
            continue
        namespace = org.namespaces.get(place)
        if namespace is not None:
            only = workspaces[0] if workspaces else None
            for name, text in namespace_scope.render({**common, **namespace_view(org, namespace, only)}):
                yield f"namespaces/{place}/{name}", HEADER + text
        for workspace in workspaces:
            for name, text in workspace_scope.render({**common, **workspace_view(org, workspace)}):
                path = PurePosixPath(name)
                stem = path.stem if namespace is not None else f"{path.stem}-{workspace_slug(workspace.name)}"
                yield f"namespaces/{place}/{stem}{path.suffix}", HEADER + text
    if org.delivery.engine != "none":
        context = {**common, **delivery_view(org, list(homes), has_cluster_scope)}
        for name, text in templates.scope(f"delivery/{org.delivery.engine}").render(context):
            yield f"delivery/{name}", HEADER + text


def _workspaces_by_home(org: Org) -> dict[str, list[Workspace]]:
    homes: dict[str, list[Workspace]] = {name: [] for name in org.namespaces}
    for _, workspace in sorted(org.workspaces.items()):
        homes.setdefault(home(org, workspace), []).append(workspace)
    return dict(sorted(homes.items()))
