"""Grants and permissions of all namespaces → groups, roles, and the access of each workspace.

Kubernetes and Verta name groups and roles apart. Two of them are said to be one only where their names agree: a wrong
guess would later give somebody access.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from generator.importing.facts import Facts, Person
from generator.importing.survey import Body, mapping, sequence
from generator.importing.texts import fits, slug, unused
from generator.importing.workspaces import Described
from generator.model import org as model
from generator.model.org import Access, Group, RbacRule, Role

_OURS = "verta-gitops:"


@dataclass(frozen=True)
class People:
    """Groups and roles by their keys, and how Kubernetes and Verta call them."""

    groups: Mapping[str, Group] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    persons: Mapping[Person, str] = field(default_factory=dict)
    """Key of a group by its subject."""
    verta_groups: Mapping[str, str] = field(default_factory=dict)
    """Key of a group by its name in Verta."""
    cluster_roles: Mapping[str, str] = field(default_factory=dict)
    """Key of a role by its ClusterRole."""
    verta_roles: Mapping[str, str] = field(default_factory=dict)
    """Key of a role by its name in Verta."""
    both: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Key of a role by its name in Verta and its ClusterRole."""
    known: frozenset[str] = frozenset()
    """The ClusterRoles that some role stands for."""


def people(spaces: Iterable[Facts], legacy: Iterable[Described], cluster_roles: Mapping[str, Body]) -> People:
    """The groups and roles that namespaces and workspaces without one speak of."""
    every = list(spaces)
    persons = {grant.person for found in every for grant in found.grants}
    described = [found.workspace for found in every if found.workspace] + list(legacy)
    owners = {owner for found in every for owner in found.owners}
    keys = _person_keys(persons)
    groups = {key: Group(key, subject="" if person.subject == key else person.subject) for person, key in keys.items()}
    for owner in owners:
        groups.setdefault(owner, Group(owner))
    verta_groups = {}
    by_letters = {_letters(key): key for key in sorted(groups, reverse=True)}
    joined: set[str] = set()
    for name in sorted({group for each in described for group, _ in each.permissions}):
        key = by_letters.get(_letters(name), "")
        if not key or key in joined:
            key = unused(groups, name, slug(name))
        joined.add(key)
        known = groups.get(key, Group(key))
        groups[key] = Group(key, subject=known.subject, verta="" if name == key else name)
        verta_groups[name] = key
    found = People(dict(sorted(groups.items())), {}, keys, verta_groups)
    return _with_roles(found, every, legacy, cluster_roles)


def access(found: Facts | None, workspace: Described | None, who: People) -> tuple[Access, ...]:
    """Who may do what in a workspace, in a stable order."""
    sides = _sides(found, workspace, who)
    grants = set()
    for group, (bound, permitted) in sides.items():
        if len(bound) == len(permitted) == 1 and (key := who.both.get((min(permitted), min(bound)))):
            grants.add((group, key))
            continue
        grants |= {(group, who.cluster_roles[role]) for role in bound}
        grants |= {(group, who.verta_roles[role]) for role in permitted}
    return tuple(Access(group=group, role=role) for group, role in sorted(grants))


def rules(body: Body) -> tuple[RbacRule, ...] | None:
    """The rules of a ClusterRole; None where a role of org.yaml cannot have them."""
    found = []
    for rule in map(mapping, sequence(body.get("rules"))):
        lists = {key: rule.get(key) or [] for key in ("apiGroups", "resources", "verbs", "resourceNames")}
        if rule.keys() - lists.keys() or not all(map(_texts, lists.values())):
            return None
        found.append(
            RbacRule(
                api_groups=tuple(lists["apiGroups"]),
                resources=tuple(lists["resources"]),
                verbs=tuple(lists["verbs"]),
                resource_names=tuple(lists["resourceNames"]),
            )
        )
    return tuple(found) or None


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and fits(model.TEXT, each) for each in value)


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower()) or name


def _person_keys(persons: set[Person]) -> dict[Person, str]:
    """A key for each group: the one that it had, or one made of what its name ends with, or of all of it."""
    keys: dict[Person, str] = {}
    taken: dict[str, str] = {}
    for person in sorted(persons, key=lambda each: (not each.key, each)):
        if person.key and taken.setdefault(person.key, person.subject) == person.subject:
            keys[person] = person.key
    by_subject = {person.subject: key for person, key in sorted(keys.items(), reverse=True)}
    subjects = sorted({person.subject for person in persons} - by_subject.keys())
    ends = Counter(_end(subject) for subject in subjects)
    for subject in subjects:
        short = _end(subject)
        by_subject[subject] = unused(taken, subject, short if ends[short] == 1 else "", slug(subject))
        taken[by_subject[subject]] = subject
    return {person: keys.get(person, by_subject[person.subject]) for person in sorted(persons)}


def _end(subject: str) -> str:
    return slug(re.split(r"[:/]", subject)[-1])


def _sides(found: Facts | None, workspace: Described | None, who: People) -> dict[str, tuple[set[str], set[str]]]:
    """The ClusterRoles and the roles in Verta that each group has."""
    sides: dict[str, tuple[set[str], set[str]]] = {}
    for grant in found.grants if found else ():
        if grant.cluster_role in who.known:
            sides.setdefault(who.persons[grant.person], (set(), set()))[0].add(grant.cluster_role)
    for group, role in workspace.permissions if workspace else ():
        sides.setdefault(who.verta_groups[group], (set(), set()))[1].add(role)
    return sides


def _with_roles(
    who: People, every: list[Facts], legacy: Iterable[Described], cluster_roles: Mapping[str, Body]
) -> People:
    """The people with their roles: one for both sides where a group has one on each, else one for each side."""
    bound = {grant.cluster_role for found in every for grant in found.grants}
    who = replace(who, known=frozenset(bound))
    pairs: Counter[tuple[str, str]] = Counter()
    alone: set[tuple[str, str]] = set()
    for found, workspace in [*((each, each.workspace) for each in every), *((None, each) for each in legacy)]:
        for bound_here, permitted in _sides(found, workspace, who).values():
            if len(bound_here) == len(permitted) == 1 and not min(bound_here).startswith(_OURS):
                pairs[min(permitted), min(bound_here)] += 1
            else:
                alone |= {("cluster", role) for role in bound_here} | {("verta", role) for role in permitted}
    roles: dict[str, Role] = {}
    by_cluster: dict[str, str] = {}
    by_verta: dict[str, str] = {}
    both: dict[tuple[str, str], str] = {}
    for name, body in sorted(cluster_roles.items()):  # these keep their names, also where nobody has them
        key = name.removeprefix(_OURS)
        if name.startswith(_OURS) and fits(model.NAME, key) and (found_rules := rules(body)):
            roles[key], by_cluster[name] = Role(key, rules=found_rules), key
    for (verta, cluster), _ in sorted(pairs.items(), key=lambda item: (-item[1], item[0])):
        short = slug(verta)
        key = unused(roles, f"{verta} {cluster}", short, f"{short[:40].strip('-')}-{slug(cluster)[:20].strip('-')}")
        roles[key], both[verta, cluster] = Role(key, verta=verta, cluster_role=cluster), key
    for side, name in sorted(alone):
        if side == "verta":
            key = by_verta[name] = unused(roles, name, slug(name), f"{slug(name)[:50].strip('-')}-in-verta")
            roles[key] = Role(key, verta=name)
        elif not name.startswith(_OURS):
            key = by_cluster[name] = unused(roles, name, slug(name), f"{slug(name)[:45].strip('-')}-in-kubernetes")
            roles[key] = Role(key, cluster_role=name)
    return replace(
        who,
        roles=dict(sorted(roles.items())),
        cluster_roles=by_cluster,
        verta_roles=by_verta,
        both=both,
        known=frozenset(by_cluster) | {cluster for _, cluster in both},
    )
