"""Org → who may really do what where; two of them → access granted, revoked, widened and narrowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from generator.model.naming import cluster_role, subject
from generator.model.org import Org, Workspace
from generator.plan.change import Change, Detail, Grant, Risk, Subject
from generator.plan.edits import Claims
from generator.problems import Path


class Permission(NamedTuple):
    """One thing that may be done; with `role`, all that a role does whose rules are not ours, or Verta's own."""

    verb: str = ""
    group: str = ""
    resource: str = ""
    name: str = ""
    role: str = ""

    def __str__(self) -> str:
        if self.role:
            return self.role
        group = f".{self.group}" if self.group else ""
        return f"{self.verb} {self.resource}{group}" + (f"/{self.name}" if self.name else "")


class Cell(NamedTuple):
    """A subject in a place: a namespace of the cluster, or a workspace of Verta."""

    system: str
    kind: str
    subject: str
    place: str


Permissions = frozenset[Permission]
Matrix = Mapping[Cell, Permissions]

_LADDER = ("view", "edit", "admin", "cluster-admin")
"""Kubernetes' own ClusterRoles, each of which does all that the one before does."""

_ESCALATIONS = {
    "ClusterRole cluster-admin": "everything, in the whole namespace",
    "ClusterRole admin": "everything in the namespace, and giving others access to it",
    "ClusterRole edit": "changes workloads and reads Secrets",
    "Super User": "Verta's built-in role that may do everything",
}
_EVERYBODY = ("system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:masters")
_SELF_RAISING = {"escalate", "bind", "impersonate"}
_HARMLESS = {"list", "watch", "get"}


def matrix(org: Org) -> dict[Cell, Permissions]:
    """What every subject may do in every place, once all its roles there are laid together."""
    rules = _Rules(org)
    roles: dict[Cell, frozenset[str]] = {}

    def add(cell: Cell, role: str) -> None:
        roles[cell] = roles.get(cell, frozenset()) | {role}

    groups = {key: (subject(group), group.verta or key) for key, group in org.groups.items()}
    kubernetes = {key: cluster_role(role) for key, role in org.roles.items()}
    for name, workspace in org.workspaces.items():
        bound = workspace.namespace in org.namespaces
        for access in workspace.access:
            if access.group not in groups or access.role not in org.roles:
                continue  # a base with errors; `check` has said so
            who, verta = groups[access.group]
            if bound and kubernetes[access.role]:
                add(Cell("kubernetes", "Kubernetes group", who, workspace.namespace), kubernetes[access.role])
            if org.roles[access.role].verta:
                add(Cell("verta", "Verta group", verta, name), org.roles[access.role].verta)
    deployer = org.verta.deployer
    if deployer:
        account = f"{deployer.namespace or org.verta.primary_namespace}/{deployer.service_account}"
        for name in org.namespaces:
            add(Cell("kubernetes", "service account", account, name), deployer.cluster_role)
    return {cell: rules.verta(held) if cell.system == "verta" else rules.of(held) for cell, held in roles.items()}


class _Rules:
    """What ClusterRoles do, as far as the organization says; each set of roles is laid together once."""

    def __init__(self, org: Org) -> None:
        self.known: dict[str, Permissions] = {}
        for role in org.roles.values():
            if role.rules:
                self.known[cluster_role(role)] = frozenset(
                    Permission(verb, group, resource, name)
                    for rule in role.rules
                    for verb in rule.verbs
                    for group in rule.api_groups
                    for resource in rule.resources
                    for name in rule.resource_names or ("",)
                )
        self._of: dict[frozenset[str], Permissions] = {}

    def of(self, roles: frozenset[str]) -> Permissions:
        if roles not in self._of:
            opaque = {Permission(role=f"ClusterRole {role}") for role in roles if role not in self.known}
            self._of[roles] = _least(frozenset(opaque.union(*(self.known.get(role, ()) for role in roles))))
        return self._of[roles]

    @staticmethod
    @cache
    def verta(roles: frozenset[str]) -> Permissions:
        return frozenset(Permission(role=role) for role in roles)


def _least(permissions: Permissions) -> Permissions:
    """The permissions without those that another one of them includes."""
    return frozenset(one for one in permissions if not covers(permissions - {one}, one))


def covers(permissions: Permissions, wanted: Permission) -> bool:
    """Whether permissions include one, by name or by wildcard."""
    return wanted in permissions or any(_includes(each, wanted) for each in permissions)


def _includes(wide: Permission, narrow: Permission) -> bool:
    if wide.role:
        one, two = wide.role.removeprefix("ClusterRole "), narrow.role.removeprefix("ClusterRole ")
        if wide.role == one:
            return False  # a role of Verta
        if one == "cluster-admin":
            return True
        return one in _LADDER and two in _LADDER and _LADDER.index(one) > _LADDER.index(two)
    return (
        not narrow.role
        and wide.verb in ("*", narrow.verb)
        and wide.group in ("*", narrow.group)
        and wide.resource in ("*", narrow.resource)
        and wide.name in ("", narrow.name)
    )


@lru_cache(maxsize=4096)
def describe(permissions: Permissions) -> str:
    """Permissions on one line: `get, list: pods, pods/log; ClusterRole view`."""
    verbs: dict[str, set[str]] = {}
    for each in permissions:
        if not each.role:
            verbs.setdefault(str(each._replace(verb="")).strip(), set()).add(each.verb)
    things: dict[str, set[str]] = {}
    for thing, done in verbs.items():
        things.setdefault(", ".join(sorted(done)), set()).add(thing)
    said = [f"{done}: {', '.join(sorted(what))}" for done, what in sorted(things.items())]
    return "; ".join(sorted(each.role for each in permissions if each.role) + said)


@lru_cache(maxsize=4096)
def escalations(permissions: Permissions) -> tuple[str, ...]:
    """What in permissions lets somebody raise themselves or reach what others keep secret."""
    return tuple(sorted({word for each in permissions for word in _escalation(each)}))


def _escalation(each: Permission) -> Iterator[str]:
    if each.role:
        if each.role in _ESCALATIONS:
            yield _ESCALATIONS[each.role]
        return
    if each.verb == "*" or each.resource == "*" or each.group == "*":
        yield "a wildcard: also what does not exist yet"
    if each.resource in ("secrets", "*") and each.group in ("", "*"):
        yield "reads Secrets" if each.verb in (*_HARMLESS, "*") else "changes Secrets"
    if each.verb in _SELF_RAISING:
        yield "escalate, bind or impersonate: may act with more rights than these"


def access_changes(old: Org, new: Org, claims: Claims) -> tuple[list[Change], list[Grant], list[Grant]]:
    """Changes of effective access, the same ones in many places folded, and every cell that gains or loses."""
    before, after = matrix(old), matrix(new)
    none: Permissions = frozenset()
    granted, revoked = [], []
    folded: dict[tuple[str, str, str, str, Permissions, Permissions, bool], list[str]] = {}
    causes = _Causes(old, new)
    for cell in {**before, **after}:
        had, has = before.get(cell, none), after.get(cell, none)
        if had == has:
            continue
        if gained := has - had:
            granted.append(_grant(cell, gained))
        if lost := had - has:
            revoked.append(_grant(cell, lost))
        places = (old.namespaces, new.namespaces) if cell.system == "kubernetes" else (old.workspaces, new.workspaces)
        fresh = (cell.place in places[0]) != (cell.place in places[1])
        both = causes.workspaces(cell.system, cell.place)
        claims.update(("workspaces", workspace.name, "access") for workspace in both if workspace)
        for kind in _kinds(had, has):
            folded.setdefault((kind, *cell[:3], had, has, fresh), []).append(cell.place)
    changes = [_change(*key, tuple(sorted(places)), causes) for key, places in folded.items()]
    return changes, sorted(granted), sorted(revoked)


def _grant(cell: Cell, permissions: Permissions) -> Grant:
    who = f"serviceaccount {cell.subject}" if cell.kind == "service account" else cell.subject
    return Grant(cell.system, who, cell.place, tuple(sorted(map(str, permissions))))


def access_matrix(org: Org) -> set[tuple[str, str, str, str]]:
    """The access matrix as the JSON plan speaks of it: (system, subject, place, permission)."""
    grants = (_grant(cell, permissions) for cell, permissions in matrix(org).items())
    return {(grant.system, grant.subject, grant.place, each) for grant in grants for each in grant.permissions}


def _kinds(had: Permissions, has: Permissions) -> Iterator[str]:
    if not had:
        yield "access-granted"
    elif not has:
        yield "access-revoked"
    else:
        if any(not covers(had, each) for each in has):
            yield "access-widened"
        if any(not covers(has, each) for each in had):
            yield "access-narrowed"


class _Causes:
    """Where the reason of an access change is written."""

    def __init__(self, old: Org, new: Org) -> None:
        self.old, self.new = old, new
        self._homes = [_by_namespace(org) for org in (old, new)]

    def workspaces(self, system: str, place: str) -> tuple[Workspace | None, Workspace | None]:
        names = [place, place] if system == "verta" else [homes.get(place, "") for homes in self._homes]
        return self.old.workspaces.get(names[0]), self.new.workspaces.get(names[1])

    def path(self, kind: str, system: str, subject_kind: str, place: str) -> tuple[Path, bool]:
        """The place, and whether it is one of the base."""
        if subject_kind == "service account":
            return (("verta", "deployer"), self.new.verta.deployer is None)
        before, after = self.workspaces(system, place)
        if before and after and before.access == after.access:
            for access in after.access:
                if self.old.groups.get(access.group) != self.new.groups.get(access.group):
                    return ("groups", access.group), access.group not in self.new.groups
                if self.old.roles.get(access.role) != self.new.roles.get(access.role):
                    return ("roles", access.role), access.role not in self.new.roles
        if after is None:
            return ("workspaces", before.name if before else place, "access"), True
        return ("workspaces", after.name, "access"), False


def _by_namespace(org: Org) -> dict[str, str]:
    return {workspace.namespace: name for name, workspace in org.workspaces.items() if workspace.namespace}


def _change(
    kind: str,
    system: str,
    subject_kind: str,
    who: str,
    had: Permissions,
    has: Permissions,
    fresh: bool,
    places: tuple[str, ...],
    causes: _Causes,
) -> Change:
    raised = escalations(frozenset(each for each in has if not covers(had, each)))
    risk, reason = _risk(kind, subject_kind, has, raised, fresh)
    if who in _EVERYBODY and kind in ("access-granted", "access-widened"):
        risk, reason = "danger", "a group of Kubernetes itself: everybody in it, whoever they are, gains access"
    path, in_base = causes.path(kind, system, subject_kind, places[0])
    gained = kind in ("access-granted", "access-widened")
    details = [Detail(f"escalation: {word}") for word in raised] if gained and risk != "safe" else []
    word = "namespace" if system == "kubernetes" else "workspace"
    return Change(
        kind,
        Subject(subject_kind, who),
        risk,
        reason,
        path,
        "base" if in_base else "head",
        word,
        describe(had) if had else None,
        describe(has) if has else None,
        places,
        tuple(details),
    )


def _is_strong(each: Permission) -> bool:
    return each.role == "ClusterRole cluster-admin" or "*" in each or each.verb in _SELF_RAISING


def _risk(kind: str, subject_kind: str, has: Permissions, raised: Iterable[str], fresh: bool) -> tuple[Risk, str]:
    if kind == "access-revoked" and fresh:
        return "safe", "loses access with the place itself"
    if kind == "access-revoked":
        return "attention", "loses access"
    if kind == "access-narrowed":
        return "attention", "may do less"
    verb = "gains access" if kind == "access-granted" else "may do more"
    if fresh and subject_kind == "service account":
        return "safe", "Verta's deployer, as in every namespace"
    if raised and not fresh:
        return "danger", f"{verb}, with an escalation"
    if raised:
        return ("danger" if any(map(_is_strong, has)) else "attention"), f"{verb} with an escalation, in a new place"
    if fresh:
        return "safe", f"{verb} in a new place"
    return "attention", verb
