"""Org + what is remembered → Tree: what did not change since the last rendering is not rendered again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from generator.memory import common_digest, entry_texts, program_digest, recall, remembered, unit_digest
from generator.model.org import Org, Workspace
from generator.reading.sources import Sources
from generator.rendering.environment import Templates
from generator.rendering.tree import Tree, render


def render_anew(
    org: Org,
    sources: Sources,
    templates: Templates,
    folder: str,
    tick: Callable[[int], None] = lambda done: None,
) -> tuple[Tree, Callable[[], None]]:
    """The tree of an organization whose files are in `folder`, and a function that remembers it.

    The function is called once the folder is the tree. `tick` is told how many namespaces are done. The tree is the
    same with and without a memory; only what it costs differs.
    """
    memory = recall(folder, common_digest(sources, program_digest(*templates.folders)))
    namespaces, workspaces = entry_texts(sources, "namespaces"), entry_texts(sources, "workspaces")
    digests: dict[str, str] = {}

    def keep(home: str, inhabitants: Sequence[Workspace]) -> Iterable[str] | None:
        texts = (workspaces[workspace.name] for workspace in inhabitants)
        digests[home] = unit_digest(namespaces.get(home, ""), *texts)
        tick(len(digests))
        return memory.kept(folder, home, digests[home])

    tree: Tree = dict(render(org, templates, keep))

    def remember() -> None:
        paths: dict[str, list[str]] = {home: [] for home in digests}
        for path in tree:
            scope, _, rest = path.partition("/")
            if scope == "namespaces":
                paths[rest.partition("/")[0]].append(path)
        tree.clear()  # the texts are on the disk now, and their memory is worth having back
        remembered(folder, memory, digests, paths).save()

    return tree, remember
