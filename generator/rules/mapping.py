"""Rules about the mapping between workspaces and namespaces, which Verta keeps 1:1 and for ever."""

from __future__ import annotations

from collections.abc import Iterator

from generator.model.org import Org
from generator.problems import At, Problem, Related


def workspace_without_namespace(org: Org) -> Iterator[Problem]:
    """A new workspace names the namespace that it lives in.

    A workspace without a namespace falls back to the primary namespace. Verta does not deploy the models of a *new*
    workspace that has none: its endpoints fail with an unspecified error.

    Fails:

        workspaces:
          fraud-detection:
            description: Card fraud models

    Fix: define the namespace under `namespaces` and name it here, or write `legacy: true` for a workspace from before
    multiple namespaces.
    """
    if not org.verta.multiple_namespaces:
        return
    for name, workspace in org.workspaces.items():
        if not workspace.namespace and not workspace.legacy and workspace.kind != "personal":
            message = (
                f'workspace "{name}" has no namespace: the models of a new workspace without one cannot be deployed; '
                "name its namespace, or write `legacy: true` if it is from before multiple namespaces"
            )
            yield Problem(message, At(("workspaces", name), key=True))


def legacy_workspace(org: Org) -> Iterator[Problem]:
    """A legacy workspace shares the primary namespace.

    Workspaces from before multiple namespaces live in the primary namespace until they are assigned one, which can be
    done once. There they share quota and network with Verta itself and with each other.

    Fails:

        workspaces:
          old-experiments: {legacy: true}

    Fix: give it a namespace when its time has come, and ignore this warning until then.
    """
    for name, workspace in org.workspaces.items():
        if workspace.legacy and not workspace.namespace and org.verta.multiple_namespaces:
            message = (
                f'legacy workspace "{name}" lives in the primary namespace "{org.verta.primary_namespace}" '
                "until it is assigned one of its own"
            )
            yield Problem(message, At(("workspaces", name), key=True))


def personal_workspace(org: Org) -> Iterator[Problem]:
    """Personal workspaces are decommissioned.

    Verta has decommissioned personal workspaces: one that still exists falls back to the primary namespace and cannot
    be used with multiple namespaces.

    Fails:

        workspaces:
          jane: {kind: personal, namespace: jane}

    Fix: create a team workspace and move the models there.
    """
    for name, workspace in org.workspaces.items():
        if workspace.kind == "personal":
            message = (
                f'workspace "{name}" is personal: Verta decommissioned personal workspaces, and one cannot be used '
                "with multiple namespaces; make it a team workspace"
            )
            yield Problem(message, At(("workspaces", name, "kind")))


def namespace_shared(org: Org) -> Iterator[Problem]:
    """Two workspaces do not share a namespace.

    Verta maps each workspace to exactly one namespace, always 1:1. Two workspaces in one namespace would share its
    quota, its network and its access.

    Fails:

        workspaces:
          fraud-detection: {namespace: fraud}
          fraud-research: {namespace: fraud}

    Fix: give each workspace a namespace of its own.
    """
    first: dict[str, str] = {}
    for name, workspace in org.workspaces.items():
        if not workspace.namespace or (
            workspace.namespace == org.verta.primary_namespace and not org.verta.multiple_namespaces
        ):
            continue
        owner = first.setdefault(workspace.namespace, name)
        if owner != name:
            message = (
                f'namespace "{workspace.namespace}" already belongs to workspace "{owner}"; '
                "each workspace needs a namespace of its own"
            )
            related = Related(At(("workspaces", owner, "namespace")), f'mapped to "{owner}" here')
            yield Problem(message, At(("workspaces", name, "namespace")), (related,))


def namespace_without_workspace(org: Org) -> Iterator[Problem]:
    """Every namespace belongs to a workspace.

    The mapping is 1:1 in both directions: a namespace that no workspace names is paid for and never used, and is
    often the rest of a misspelt mapping.

    Fails:

        namespaces:
          fraud: {}
        workspaces: {}

    Fix: map a workspace to it, or take it through `state: decommission` and remove it.
    """
    mapped = {workspace.namespace for workspace in org.workspaces.values()}
    for name, namespace in org.namespaces.items():
        if name not in mapped and namespace.state != "decommission":
            message = f'no workspace is mapped to namespace "{name}"; map one, or decommission the namespace'
            yield Problem(message, At(("namespaces", name), key=True))


def only_primary_namespace(org: Org) -> Iterator[Problem]:
    """Without multiple namespaces, everything lives in the primary one.

    Verta enables multiple namespaces on request. Until it did (`verta.multipleNamespaces: false`), a workspace that
    names another namespace cannot deploy into it.

    Fails:

        verta: {multipleNamespaces: false, primaryNamespace: verta}
        workspaces:
          fraud-detection: {namespace: fraud}

    Fix: leave `namespace` out, or have multiple namespaces enabled and write `multipleNamespaces: true`.
    """
    if org.verta.multiple_namespaces:
        return
    primary = org.verta.primary_namespace
    related = (Related(At(("verta", "multipleNamespaces")), "multiple namespaces are off here"),)
    for name, workspace in org.workspaces.items():
        if workspace.namespace and workspace.namespace != primary:
            message = f'workspace "{name}" must live in the primary namespace "{primary}" without multiple namespaces'
            yield Problem(message, At(("workspaces", name, "namespace")), related)
    for name in org.namespaces:
        message = f'namespace "{name}" cannot be used without multiple namespaces; only "{primary}" can'
        yield Problem(message, At(("namespaces", name), key=True), related)


def retired_name_reused(org: Org) -> Iterator[Problem]:
    """A retired name is not used again.

    The name of a removed namespace stays in dashboards, invoices and audit logs, and a mapping in Verta is for ever: a
    new namespace of the same name would be taken for the old one.

    Fails:

        namespaces:
          churn: {}
        retired:
          churn: {workspace: churn-models, on: 2026-09-30}

    Fix: choose another name; a tombstone stays for good.
    """
    for name, tombstone in org.retired.items():
        related = (Related(At(("retired", name), key=True), "retired here"),)
        if name in org.namespaces:
            message = f'namespace "{name}" was retired; choose another name'
            yield Problem(message, At(("namespaces", name), key=True), related)
        if tombstone.workspace in org.workspaces:
            message = f'workspace "{tombstone.workspace}" was retired with namespace "{name}"; choose another name'
            yield Problem(message, At(("workspaces", tombstone.workspace), key=True), related)


def workspace_name_form(org: Org) -> Iterator[Problem]:
    """A workspace's name can be typed, read and linked.

    It stands in the addresses of Verta's pages and endpoints, where `/` begins the next part, and in the client's
    calls, where a blank at its end is not seen. It cannot be changed when others have begun to use it.

    Fails:

        workspaces:
          "risk/fraud ": {namespace: fraud}

    Fix: choose a name without `/`, without blanks at its ends and without invisible characters.
    """
    for name in org.workspaces:
        what = (
            "blanks at its ends" if name != name.strip()
            else "invisible characters" if not name.isprintable()
            else "a `/`, which separates parts of an address" if "/" in name
            else ""
        )  # fmt: skip
        if what:
            yield Problem(f'workspace name "{name}" has {what}; remove it', At(("workspaces", name), key=True))


def workspace_names_alike(org: Org) -> Iterator[Problem]:
    """Two workspaces are told apart by their names.

    Names that differ only in case or blanks are taken for each other, and models are deployed to the wrong one.

    Fails:

        workspaces:
          fraud-detection: {namespace: fraud}
          Fraud-Detection: {namespace: fraud-2}

    Fix: rename the newer one.
    """
    first: dict[str, str] = {}
    for name in org.workspaces:
        other = first.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            message = f'workspaces "{other}" and "{name}" differ only in case or blanks; rename the newer one'
            related = Related(At(("workspaces", other), key=True), "the other one")
            yield Problem(message, At(("workspaces", name), key=True), (related,))


def ambiguous_mapping(org: Org) -> Iterator[Problem]:
    """A mapping can be read back.

    Verta writes a mapping as one text, by default `cluster--namespace`; neither name has `--` in it, so that it is
    clear where one ends. With any other separator `prod-us-fraud` may be cluster `prod` and namespace `us-fraud`.

    Fails:

        verta: {namespaceFormat: "{cluster}-{namespace}"}

    Fix: put `--` between the two, unless Verta told you another format; then leave `{cluster}` out.
    """
    cluster, found, rest = org.verta.namespace_format.partition("{cluster}")
    separator = rest.partition("{namespace}")[0]
    if found and "--" not in separator:
        example = cluster + org.cluster.name + separator + next(iter(org.namespaces), "fraud")
        message = (
            f'"{example}" does not say where the cluster ends and the namespace begins; '
            "write {cluster}--{namespace}"
        )
        yield Problem(message, At(("verta", "namespaceFormat")))
