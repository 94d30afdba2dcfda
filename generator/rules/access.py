"""Rules about access: who gets in, through which role, and how far a role reaches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from generator.model.naming import subject
from generator.model.org import Group, Org, RbacRule, Role
from generator.problems import At, Problem, Related
from generator.rules.nearby import Neighbours

EVERYONE, ADMINS, SUPER_USER = "All Users", "Admins", "Super User"
"""What Verta has built in; no other name is known."""

_LADDER = ("view", "edit", "admin", "cluster-admin")
"""ClusterRoles of Kubernetes, each of which includes those before it."""

_RBAC = "rbac.authorization.k8s.io"
_PEOPLE = ("serviceaccounts", "users", "groups")
_READ = ("get", "list", "watch")
_WRITE = ("create", "update", "patch", "delete", "deletecollection")


def unused_group(org: Org) -> Iterator[Problem]:
    """A group is used.

    A group that owns nothing and gets nothing is often the one that should have been named somewhere; and whoever
    reads the list believes that its people have access.

    Fails:

        groups:
          fraud-ds: {subject: "oidc:fraud-ds"}

    Fix: give it access or ownership, or remove it.
    """
    used = {access.group for workspace in org.workspaces.values() for access in workspace.access}
    used.update(owner for namespace in org.namespaces.values() for owner in namespace.owners)
    used.update(org.policy.platform_owners)
    for name in org.groups:
        if name not in used:
            message = f'group "{name}" owns no namespace and has no access; use it or remove it'
            yield Problem(message, At(("groups", name), key=True))


def unused_role(org: Org) -> Iterator[Problem]:
    """A role is used.

    A role that nobody has is still rendered as a ClusterRole, and reads as if somebody could do what it says.

    Fails:

        roles:
          operator: {verta: Operator}

    Fix: give it to a group, or remove it.
    """
    used = {access.role for workspace in org.workspaces.values() for access in workspace.access}
    for name in org.roles:
        if name not in used:
            yield Problem(f'nobody has role "{name}"; use it or remove it', At(("roles", name), key=True))


def repeated_grant(org: Org) -> Iterator[Problem]:
    """A group gets a role in a workspace once.

    The second time says nothing, and removing one of the two would look like taking access away.

    Fails:

        workspaces:
          fraud-detection:
            access: [{group: fraud-ds, role: maintainer}, {group: fraud-ds, role: maintainer}]

    Fix: remove one.
    """
    for name, workspace in org.workspaces.items():
        first: dict[tuple[str, str], int] = {}
        for position, access in enumerate(workspace.access):
            other = first.setdefault((access.group, access.role), position)
            if other != position:
                message = f'group "{access.group}" already has role "{access.role}" in workspace "{name}"; remove one'
                related = Related(At(("workspaces", name, "access", other)), "given here first")
                yield Problem(message, At(("workspaces", name, "access", position)), (related,))


def group_with_two_roles(org: Org) -> Iterator[Problem]:
    """A group has one role in Verta, and one of Kubernetes' own ClusterRoles, in a workspace.

    With two, the wider one holds and the narrower one misleads: `view` beside `edit` takes nothing away. Roles that
    complement each other (one for Verta, one for Kubernetes, or a ClusterRole of your own beside `edit`) are fine.

    Fails:

        roles: {reader: {verta: Reader}, writer: {verta: Writer}}
        workspaces:
          fraud-detection:
            access: [{group: fraud-ds, role: reader}, {group: fraud-ds, role: writer}]

    Fix: keep the role that is meant.
    """
    for name, workspace in org.workspaces.items():
        if len({access.group for access in workspace.access}) == len(workspace.access):
            continue
        first: dict[tuple[str, str], tuple[int, str]] = {}
        for position, access in enumerate(workspace.access):
            for side in _sides(org.roles.get(access.role)):
                other, role = first.setdefault((access.group, side), (position, access.role))
                if role != access.role:
                    message = (
                        f'group "{access.group}" has two roles in workspace "{name}" that both count in {side}: '
                        f'"{role}" and "{access.role}"; keep one'
                    )
                    related = Related(At(("workspaces", name, "access", other)), f'"{role}" is given here')
                    yield Problem(message, At(("workspaces", name, "access", position)), (related,))


def _sides(role: Role | None) -> Iterator[str]:
    if role and role.verta:
        yield "Verta"
    if role and role.cluster_role in _LADDER:
        yield "Kubernetes"


def unreachable_workspace(org: Org) -> Iterator[Problem]:
    """Somebody can reach a workspace.

    Access is given per workspace; without any, only Verta's administrators see it.

    Fails:

        workspaces:
          fraud-detection: {namespace: fraud}

    Fix: add `access`.
    """
    for name, workspace in org.workspaces.items():
        if not workspace.access and workspace.kind != "personal":
            message = f'nobody has access to workspace "{name}"; add `access: [{{group: …, role: …}}]`'
            yield Problem(message, At(("workspaces", name), key=True))


def namespace_without_owners(org: Org) -> Iterator[Problem]:
    """A namespace has owners.

    Owners are asked when its part of this file changes, and when something is wrong in it at night. Where no namespace
    at all has any, this is said once.

    Fails:

        namespaces:
          fraud: {tier: standard}

    Fix: add `owners: [fraud-leads]`.
    """
    without = [name for name, namespace in org.namespaces.items() if not namespace.owners]
    if len(without) > 1 and len(without) == len(org.namespaces):
        message = f"none of the {len(without):,} namespaces has `owners`; name the groups that answer for each"
        yield Problem(message, At(("namespaces",), key=True))
        return
    for name in without:
        message = f'namespace "{name}" has no owners; name the groups that answer for it'
        yield Problem(message, At(("namespaces", name), key=True))


def system_subject(org: Org) -> Iterator[Problem]:
    """A group of people is no group of the system.

    `system:masters` may do everything, unlimited by RBAC; `system:authenticated` is everybody with an account,
    `system:serviceaccounts` every program in the cluster. No identity provider hands out names with this prefix.

    Fails:

        groups:
          everyone: {subject: "system:authenticated"}

    Fix: name a group of your identity provider. The service accounts of one namespace
    (`system:serviceaccounts:<namespace>`) are allowed.
    """
    for name, group in org.groups.items():
        who = subject(group)
        if who.lower().startswith("system:") and not re.fullmatch(r"system:serviceaccounts:[a-z0-9-]+", who):
            message = f'group "{name}" is "{who}", a group of Kubernetes itself; name one of your identity provider'
            yield Problem(message, At(("groups", name, "subject")))


def shared_subject(org: Org) -> Iterator[Problem]:
    """Two groups are two groups of people.

    Where two groups have the same subject in Kubernetes, or the same name in Verta, the people of the one get what is
    given to the other, and a review of either sees half.

    Fails:

        groups:
          fraud-ds: {subject: "oidc:fraud"}
          fraud-leads: {subject: "oidc:fraud"}

    Fix: correct the copy, or merge the two.
    """
    sides: tuple[tuple[str, str, Callable[[Group], str]], ...] = (
        ("Kubernetes", "subject", subject),
        ("Verta", "verta", lambda group: group.verta or group.name),
    )
    for system, field, called in sides:
        first: dict[str, str] = {}
        for name, group in org.groups.items():
            other = first.setdefault(called(group), name)
            if other != name:
                message = f'groups "{other}" and "{name}" are the same group "{called(group)}" in {system}; merge them'
                related = Related(At(("groups", other, field)), f'"{other}" is defined here')
                yield Problem(message, At(("groups", name, field)), (related,))


def super_user_for_everyone(org: Org) -> Iterator[Problem]:
    """Not everybody is Super User.

    "All Users" is the group of Verta that everybody belongs to, "Super User" the role that may do everything.

    Fails:

        groups: {everyone: {verta: All Users}}
        roles: {super-user: {verta: Super User}}
        workspaces:
          fraud-detection:
            access: [{group: everyone, role: super-user}]

    Fix: give everybody a narrower role, and Super User to a group of few.
    """
    for name, workspace in org.workspaces.items():
        for position, access in enumerate(workspace.access):
            group, role = org.groups.get(access.group), org.roles.get(access.role)
            if group and role and group.verta == EVERYONE and role.verta == SUPER_USER:
                message = f'"{EVERYONE}" are "{SUPER_USER}" in workspace "{name}"; give everybody a narrower role'
                yield Problem(message, At(("workspaces", name, "access", position)))


def built_in_name_misspelt(org: Org) -> Iterator[Problem]:
    """Verta's built-in names are written as Verta writes them.

    Names are resolved letter by letter: "super user" is not "Super User", and then the mapping cannot be applied.

    Fails:

        roles:
          super-user: {verta: superuser}

    Fix: write "All Users", "Admins" or "Super User".
    """
    for section, entries, known in (("groups", org.groups, (EVERYONE, ADMINS)), ("roles", org.roles, (SUPER_USER,))):
        right = {_folded(word): word for word in known}
        for name, entry in entries.items():
            better = right.get(_folded(entry.verta), entry.verta)
            if better != entry.verta:
                message = f'"{entry.verta}" is written "{better}" in Verta; names are compared letter by letter'
                yield Problem(message, At((section, name, "verta")))


def _folded(word: str) -> str:
    return re.sub(r"[\s_-]+", "", word).casefold()


def cluster_role_misspelt(org: Org) -> Iterator[Problem]:
    """A ClusterRole that is named exists.

    Kubernetes binds a ClusterRole that does not exist without a word, and nobody can do anything with it. The names of
    your cluster are not known here, but a near miss of a built-in one is most likely that one; and names that begin
    with `verta-gitops:` are made from `roles` and not written by hand.

    Fails:

        roles:
          maintainer: {clusterRole: veiw}

    Fix: correct the name.
    """
    near = Neighbours(_LADDER)
    named = [(role.cluster_role, At(("roles", name, "clusterRole"))) for name, role in org.roles.items()]
    if org.verta.deployer:
        named.append((org.verta.deployer.cluster_role, At(("verta", "deployer", "clusterRole"))))
    for cluster_role, at in named:
        better = near.of(cluster_role.lower()) or (cluster_role.lower() if cluster_role.lower() in _LADDER else "")
        if cluster_role.startswith("verta-gitops:"):
            message = f'"{cluster_role}" is a name that verta-gitops makes from `roles`; name the role with its rules'
            yield Problem(message, at)
        elif better and cluster_role not in _LADDER:
            message = f'there is no built-in ClusterRole "{cluster_role}"; did you mean "{better}"?'
            yield Problem(message, at)


def incomplete_role(org: Org) -> Iterator[Problem]:
    """Each rule of a role names API groups, resources and verbs.

    The API server refuses a ClusterRole with a rule that lacks one of the three, or has an empty list.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [], resources: [pods], verbs: [get]}]}

    Fix: fill it in; the core group is `""`.
    """
    for name, position, rule in _rules(org):
        for key, values in (("apiGroups", rule.api_groups), ("resources", rule.resources), ("verbs", rule.verbs)):
            if not values:
                hint = '; the core group is ""' if key == "apiGroups" else ""
                message = f'a rule of role "{name}" has no {key}, and the API server refuses it{hint}'
                yield Problem(message, At(("roles", name, "rules", position, key)))


def role_is_cluster_admin(org: Org) -> Iterator[Problem]:
    """Nobody is cluster-admin.

    Bound in a namespace, `cluster-admin` may there do everything: lift the quota, open the network, remove the
    bindings of others, and delete the namespace itself.

    Fails:

        roles:
          operator: {clusterRole: cluster-admin}

    Fix: `admin` is enough for everything that a team needs; also for the deployer.
    """
    message = '"cluster-admin" may lift every guard of a namespace, and delete it; use "admin" or narrower'
    for name, role in org.roles.items():
        if role.cluster_role == "cluster-admin":
            yield Problem(message, At(("roles", name, "clusterRole")))
    if org.verta.deployer and org.verta.deployer.cluster_role == "cluster-admin":
        yield Problem(message, At(("verta", "deployer", "clusterRole")))


def role_escalates(org: Org) -> Iterator[Problem]:
    """A role does not let its holder grant themselves more.

    `escalate` writes a role with more than one has, `bind` binds one, `impersonate` acts as somebody else. With any of
    them all the other rules of the role are decoration. `*` includes them.

    Fails:

        roles:
          operator:
            rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get, escalate]}]

    Fix: remove the verb; who may grant access is decided in this file.
    """
    for name, position, rule in _rules(org):
        for index, verb in enumerate(rule.verbs):
            at = At(("roles", name, "rules", position, "verbs", index))
            if verb in ("escalate", "bind", "impersonate"):
                yield Problem(f'role "{name}" may {verb}, and so grant itself everything; remove the verb', at)
            elif verb == "*" and _covers(rule, _RBAC, "roles", "clusterroles"):
                message = f'role "{name}" may do everything with roles, also escalate and bind; list the verbs'
                yield Problem(message, at)
            elif verb == "*" and _covers(rule, "", *_PEOPLE):
                message = f'role "{name}" may do everything with {_resources(rule)}, also impersonate; list the verbs'
                yield Problem(message, at)


def role_with_wildcard(org: Org) -> Iterator[Problem]:
    """A role says what it allows.

    `*` also allows what is added to the cluster later: new resources, new verbs.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [apps], resources: ["*"], verbs: [get]}]}

    Fix: list the API groups, resources and verbs.
    """
    for name, position, rule in _rules(org):
        for key, values in (("apiGroups", rule.api_groups), ("resources", rule.resources), ("verbs", rule.verbs)):
            if key == "verbs" and _covers_grants(rule):
                continue  # said by role_escalates
            for index, value in enumerate(values):
                if value == "*" or (key == "resources" and value.startswith("*/")):
                    message = f'role "{name}" allows "{value}" in {key}, also what comes later; list them'
                    yield Problem(message, At(("roles", name, "rules", position, key, index)))


def role_reads_secrets(org: Org) -> Iterator[Problem]:
    """A role does not read secrets.

    Secrets of a namespace are passwords of databases and registries, and tokens of service accounts: who reads them
    can become each of these. `list` and `watch` show their content too.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]}

    Fix: remove `secrets`, or name the few with `resourceNames` and allow `get` alone.
    """
    for name, position, rule in _rules(org):
        if _covers(rule, "", "secrets", wildcard=False) and _allows(rule, *_READ):
            if rule.resource_names and not _allows(rule, "list", "watch"):
                continue
            message = f'role "{name}" reads all secrets of a namespace; remove them, or name those that it needs'
            yield Problem(message, _resource_at(name, position, rule, "secrets"))


def role_enters_pods(org: Org) -> Iterator[Problem]:
    """A role does not enter running pods.

    `pods/exec` and `pods/attach` run commands with the identity, the secrets and the network of the model, past every
    review; `pods/portforward` and `pods/proxy` pass by the network policies; `pods/ephemeralcontainers` adds a
    container of one's own.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [""], resources: [pods/exec], verbs: [create]}]}

    Fix: remove it, or keep it to a role for emergencies and ignore this warning there.
    """
    entries = ("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers")
    for name, position, rule in _rules(org):
        for entry in entries:
            verbs = ("update", "patch") if entry == "pods/ephemeralcontainers" else ("get", "create")
            if _covers(rule, "", entry, wildcard=False) and _allows(rule, *verbs):
                message = f'role "{name}" enters running pods with {entry}; keep it to a role for emergencies'
                yield Problem(message, _resource_at(name, position, rule, entry))


def role_mints_tokens(org: Org) -> Iterator[Problem]:
    """A role does not make tokens of service accounts.

    `create` on `serviceaccounts/token` is enough to act as any service account of the namespace, Verta's among them.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}]}

    Fix: remove it.
    """
    for name, position, rule in _rules(org):
        if _covers(rule, "", "serviceaccounts/token", wildcard=False) and _allows(rule, "create"):
            message = f'role "{name}" makes tokens of every service account of a namespace; remove it'
            yield Problem(message, _resource_at(name, position, rule, "serviceaccounts/token"))


def role_lifts_guards(org: Org) -> Iterator[Problem]:
    """A role does not change the guards of a namespace.

    Quotas, limit ranges and the namespace itself are rendered from this file. Who may write them in the cluster can
    lift what was agreed on here, until the engine puts it back.

    Fails:

        roles:
          operator: {rules: [{apiGroups: [""], resources: [resourcequotas], verbs: [patch]}]}

    Fix: leave the verbs for reading.
    """
    for name, position, rule in _rules(org):
        for guard in ("resourcequotas", "limitranges", "namespaces"):
            if _covers(rule, "", guard, wildcard=False) and _allows(rule, *_WRITE):
                message = f'role "{name}" changes {guard}, which guard a namespace; leave it get, list and watch'
                yield Problem(message, _resource_at(name, position, rule, guard))


def _rules(org: Org) -> Iterator[tuple[str, int, RbacRule]]:
    for name, role in org.roles.items():
        for position, rule in enumerate(role.rules):
            yield name, position, rule


def _covers_grants(rule: RbacRule) -> bool:
    return _covers(rule, _RBAC, "roles", "clusterroles") or _covers(rule, "", *_PEOPLE)


def _covers(rule: RbacRule, group: str, *resources: str, wildcard: bool = True) -> bool:
    named = any(
        resource in rule.resources or ("/" in resource and f"*/{resource.partition('/')[2]}" in rule.resources)
        for resource in resources
    )
    return (group in rule.api_groups or "*" in rule.api_groups) and (named or (wildcard and "*" in rule.resources))


def _allows(rule: RbacRule, *verbs: str) -> bool:
    return "*" in rule.verbs or any(verb in rule.verbs for verb in verbs)


def _resources(rule: RbacRule) -> str:
    return ", ".join(rule.resources)


def _resource_at(name: str, position: int, rule: RbacRule, resource: str) -> At:
    wanted = resource if resource in rule.resources else f"*/{resource.partition('/')[2]}"
    index = rule.resources.index(wanted)
    return At(("roles", name, "rules", position, "resources", index))
