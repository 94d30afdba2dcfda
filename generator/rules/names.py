"""Rules about names: whose they are, and whether they stay apart."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.naming import engine_namespace, workspace_config_map
from generator.model.org import Org
from generator.problems import At, Problem, Related


def reserved_namespace(org: Org) -> Iterator[Problem]:
    """A namespace of the cluster, the engine or Verta is not ours.

    `kube-*` and `default` belong to Kubernetes, the engine's namespace to Argo CD or Flux, and the primary namespace
    to Verta. Taking one over would put quotas and policies on somebody else's pods.

    Fails:

        namespaces:
          kube-system: {}

    Fix: choose another name. To place workspaces in the primary namespace, write `legacy: true`.
    """
    primary = org.verta.primary_namespace
    deployer = org.verta.deployer.namespace if org.verta.deployer else ""
    owners = {
        "default": "Kubernetes",
        deployer: "Verta's deployer",
        engine_namespace(org): "the engine",
        primary: "Verta",
    }
    for name in org.namespaces:
        owner = owners.get(name, "Kubernetes" if name.startswith("kube-") else "")
        if owner:
            message = f'namespace "{name}" belongs to {owner} and cannot be managed here; choose another name'
            yield Problem(message, At(("namespaces", name), key=True))


def workspace_name_collision(org: Org) -> Iterator[Problem]:
    """Workspaces in the primary namespace have ConfigMaps of different names.

    A workspace's name may be any text; the name of its ConfigMap is made of it. Two that come out alike would
    overwrite each other.

    Fails: two legacy workspaces, one of which is named as the other one's ConfigMap.

    Fix: rename one of them.
    """
    first: dict[str, str] = {}
    for name, workspace in org.workspaces.items():
        if workspace.namespace in ("", org.verta.primary_namespace):
            config_map = workspace_config_map(org, workspace)
            other = first.setdefault(config_map, name)
            if other != name:
                message = f'workspace "{name}" and "{other}" would both be ConfigMap "{config_map}"; rename one'
                related = Related(At(("workspaces", other), key=True), "the other one")
                yield Problem(message, At(("workspaces", name), key=True), (related,))
