"""Rules about references: what is named must be defined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.model.kinds import choices
from generator.model.org import Org
from generator.problems import At, Path, Problem
from generator.rules.access import ADMINS, EVERYONE, SUPER_USER

_BUILT_IN = {"group": (EVERYONE, ADMINS), "role": (SUPER_USER,)}


def unknown_tier(org: Org) -> Iterator[Problem]:
    """A tier that is named is defined.

    A namespace of an unknown tier would get no quota and no limits at all.

    Fails:

        namespaces:
          fraud: {tier: ulta}

    Fix: correct the name, or define the tier under `tiers`.
    """
    if org.defaults.tier:
        yield from _missing("tier", org.defaults.tier, org.tiers, ("defaults", "tier"))
    for name, namespace in org.namespaces.items():
        if namespace.tier:
            yield from _missing("tier", namespace.tier, org.tiers, ("namespaces", name, "tier"))


def namespace_without_tier(org: Org) -> Iterator[Problem]:
    """Every namespace has a tier.

    The tier gives a namespace its quota, its limits and its place in the cost report.

    Fails:

        tiers: {standard: {}}
        namespaces:
          fraud: {}

    Fix: write `tier:` in the namespace, or `defaults: {tier: standard}` for all.
    """
    if not org.defaults.tier:
        for name, namespace in org.namespaces.items():
            if not namespace.tier:
                message = f'namespace "{name}" has no tier; name one, or write `defaults: {{tier: …}}`'
                yield Problem(message, At(("namespaces", name), key=True))


def unknown_group(org: Org) -> Iterator[Problem]:
    """A group that is named is defined.

    A misspelt group gets a binding that nobody can use, and its people get nothing.

    Fails:

        workspaces:
          fraud-detection:
            access: [{group: fraud-sd, role: data-scientist}]

    Fix: correct the name, or define the group under `groups`.
    """
    for position, owner in enumerate(org.policy.platform_owners):
        yield from _missing("group", owner, org.groups, ("policy", "platformOwners", position))
    for name, namespace in org.namespaces.items():
        for position, owner in enumerate(namespace.owners):
            yield from _missing("group", owner, org.groups, ("namespaces", name, "owners", position))
    for name, workspace in org.workspaces.items():
        for position, access in enumerate(workspace.access):
            yield from _missing("group", access.group, org.groups, ("workspaces", name, "access", position, "group"))


def unknown_role(org: Org) -> Iterator[Problem]:
    """A role that is named is defined.

    Only a defined role says what may be done, in Verta and in Kubernetes.

    Fails:

        workspaces:
          fraud-detection:
            access: [{group: fraud-ds, role: data-scientits}]

    Fix: correct the name, or define the role under `roles`.
    """
    for name, workspace in org.workspaces.items():
        for position, access in enumerate(workspace.access):
            yield from _missing("role", access.role, org.roles, ("workspaces", name, "access", position, "role"))


def unknown_namespace(org: Org) -> Iterator[Problem]:
    """The namespace of a workspace is defined.

    If the namespace does not exist in the cluster, every deployment of the workspace fails with an unspecified error.

    Fails:

        workspaces:
          fraud-detection: {namespace: fruad}

    Fix: correct the name, or define the namespace under `namespaces`.
    """
    primary = org.verta.primary_namespace
    for name, workspace in org.workspaces.items():
        if workspace.namespace and not (workspace.namespace == primary and not org.verta.multiple_namespaces):
            if workspace.namespace == primary:
                message = (
                    f'"{primary}" is the primary namespace; a workspace with multiple namespaces needs its own, '
                    "and one that stays there is written `legacy: true` without a namespace"
                )
                yield Problem(message, At(("workspaces", name, "namespace")))
            elif org.verta.multiple_namespaces:
                yield from _missing("namespace", workspace.namespace, org.namespaces, ("workspaces", name, "namespace"))


def role_without_effect(org: Org) -> Iterator[Problem]:
    """A role gives something, and its Kubernetes half is written in one way.

    A role with neither `verta` nor `clusterRole` nor `rules` grants nothing; with both `clusterRole` and `rules` it is
    not clear which holds.

    Fails:

        roles:
          operator: {clusterRole: view, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}

    Fix: keep one of the two.
    """
    for name, role in org.roles.items():
        at = At(("roles", name), key=True)
        if role.cluster_role and role.rules:
            yield Problem(f'role "{name}" has both clusterRole and rules; keep one of them', at)
        elif not (role.verta or role.cluster_role or role.rules):
            yield Problem(f'role "{name}" grants nothing; give it verta, clusterRole or rules', at)


def _called_so(name: str, known: Mapping[str, Any]) -> str:
    """The key of the one group or role that Verta, Kubernetes or the git host knows by this name."""
    keys = [
        key
        for key, each in known.items()
        if name in (getattr(each, of, "") for of in ("verta", "subject", "codeowner"))
    ]
    return f'; did you mean "{keys[0]}", which is called so elsewhere?' if len(keys) == 1 else ""


def _missing(what: str, name: str, known: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    if name in known:
        return
    if name in _BUILT_IN.get(what, ()):
        entry = f"{what}s: {{{_key(name)}: {{verta: {name}}}}}"
        message = f'"{name}" is built into Verta and is named here by a key; define `{entry}`'
    else:
        message = f'{what} "{name}" is not defined{_called_so(name, known) or choices(name, known)}'
    yield Problem(message, At(path))


def _key(name: str) -> str:
    return name.lower().replace(" ", "-")
