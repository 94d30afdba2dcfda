"""Live → everything that `import` writes and says: files, what is kept and why, and what remains different."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from generator.cluster.live import Kind, Live
from generator.importing.draft import Draft, Names, draft, rendered, without_clashes
from generator.importing.extras import Unkeepable, folder, kept_body
from generator.importing.facts import Facts
from generator.importing.residuals import Residual, residuals
from generator.importing.survey import Body, Survey, is_ours, is_workspace, labels_of, survey
from generator.importing.texts import fits, slug, unused
from generator.importing.workspaces import described
from generator.importing.writing import fragment_text, org_text
from generator.lint import Schemas
from generator.model import org as model
from generator.model.org import Org
from generator.objects import Identity, identity
from generator.problems import Usage, show_path
from generator.rendering.views import MANAGED_BY

IMPORTED = "imported"
TEAMS = "teams"
CLEAN_UP = f"{IMPORTED}/after-adoption.sh"
SETTINGS = "verta-gitops.toml"
READ_WHOLE = (TEAMS, f"{IMPORTED}/_objects", f"{IMPORTED}/namespace", f"{IMPORTED}/cluster")
"""Folders of which every file is read."""

_OURS = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())
KINDS = (
    Kind("v1", "Namespace"),
    Kind("v1", "ResourceQuota"),
    Kind("v1", "LimitRange"),
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind("rbac.authorization.k8s.io/v1", "RoleBinding"),
    Kind("v1", "ConfigMap", _OURS),
    Kind("rbac.authorization.k8s.io/v1", "ClusterRole", _OURS),
    Kind("scheduling.k8s.io/v1", "PriorityClass", _OURS),
)
"""What is read of a live cluster."""


@dataclass(frozen=True)
class Wanted:
    """What the objects of a cluster do not say, or what is to hold instead."""

    organization: str = ""
    cluster: str = ""
    kubernetes_version: str = ""
    primary: str = ""
    split_by: str = ""
    file: str = "org.yaml"
    server_version: str = ""
    """The version of the cluster that was asked: what holds where our labels name none."""


@dataclass(frozen=True)
class Imported:
    """An organization that was made of a cluster."""

    org: Org
    survey: Survey
    draft: Draft
    files: Mapping[str, str]
    """The text of every file, by its path beside org.yaml."""
    kept: Mapping[Identity, str] = field(default_factory=dict)
    """Objects that are rendered as they are, each with the reason."""
    lost: Mapping[Identity, str] = field(default_factory=dict)
    """Objects that are not rendered at all, each with the reason."""
    residuals: tuple[Residual, ...] = ()
    doubts: tuple[str, ...] = ()
    """What makes the result doubtful as a whole."""
    commands: tuple[str, ...] = ()
    """What removes the objects that have replacements; never run."""


def import_live(live: Live, wanted: Wanted) -> Imported:
    """Make an organization of a cluster. Raises Usage where a name is neither given nor to be found."""
    found = survey(live, wanted.primary)
    drafted = draft(_names(found, wanted), found)
    present = rendered(drafted.org)
    while (apart := without_clashes(drafted, present)) is not drafted:
        drafted, present = apart, rendered(apart.org)
    org, done = drafted.org, drafted.draft
    kept, bodies, lost = _kept(done, present)
    elsewhere, fragments = _fragments(org, done, wanted.split_by)
    if fragments:
        org = _with_includes(org)
    files = {wanted.file: org_text(org, elsewhere), **fragments, **folder(bodies, IMPORTED)}
    remaining = tuple(residuals(present, bodies, live.objects, done))
    commands = tuple(_commands(remaining))
    if commands:
        files[CLEAN_UP] = _clean_up(commands)
    if bodies:
        files[SETTINGS] = f'templates = ["{IMPORTED}"]\n'
    return Imported(org, found, done, files, kept, lost, remaining, tuple(_doubts(live)), commands)


def _doubts(live: Live) -> Iterable[str]:
    """What is odd about the source, and kinds of which it has no object: perhaps they were not asked for."""
    yield from live.doubts
    present = {(key.group, key.kind) for key in live.objects}
    for kind in KINDS[:5]:
        if (kind.group, kind.kind) not in present:
            yield f"{live.source} has no {kind}; if there are some, what is imported is wrong: read them too"


def _with_includes(org: Org) -> Org:
    """The organization with its fragments included."""
    return replace(org, include=(f"{TEAMS}/*.yaml",))


def _names(found: Survey, wanted: Wanted) -> Names:
    """The names of the organization, its cluster and its version: given, or as the objects say."""
    bodies = [space.namespace for space in found.spaces.values() if is_ours(space.namespace)]
    organization = wanted.organization or _most(labels_of(body).get("verta-gitops.io/organization") for body in bodies)
    said = (labels_of(body).get("pod-security.kubernetes.io/enforce-version") for body in bodies)
    version = (
        wanted.kubernetes_version or _most(str(each or "").removeprefix("v") for each in said) or wanted.server_version
    )
    cluster = wanted.cluster or _most(_cluster_of(found))
    asked = (
        ("organization", organization, model.NAME),
        ("cluster", cluster, model.SINGLE_DASH_NAME),
        ("kubernetes-version", version, model.KUBERNETES_VERSION),
    )
    wrong = [
        f'--{name}: "{_short(value)}" is not {kind.what}' if value else f"--{name} is missing; expected {kind.what}"
        for name, value, kind in asked
        if not (value and fits(kind, value))
    ]
    if wrong:
        raise Usage("what the objects do not say must be given:", *(f"  {each}" for each in wrong))
    return Names(organization, cluster, version)


def _short(value: str) -> str:
    return value if len(value) <= 40 else value[:40] + "…"


def _most(values: Iterable[Any]) -> str:
    found = Counter(value for value in values if isinstance(value, str) and value)
    return min(found, key=lambda value: (-found[value], value)) if found else ""


def _cluster_of(found: Survey) -> Iterable[str]:
    """What stands before `--` in the mappings that we rendered."""
    for name, space in found.spaces.items():
        for body in space.objects.values():
            workspace = described(body) if is_workspace(body) else None
            if workspace and workspace.mapped.endswith(f"--{name}"):
                start = workspace.mapped.removesuffix(f"--{name}")
                if fits(model.SINGLE_DASH_NAME, start):
                    yield start


def _kept(
    done: Draft, present: Mapping[Identity, Any]
) -> tuple[dict[Identity, str], dict[Identity, dict[str, Any]], dict[Identity, str]]:
    """The objects that are kept with the reason, their bodies, and those that cannot be."""
    kept, bodies, lost = {}, {}, {}
    schemas = Schemas.of(done.names.kubernetes_version)
    for key, reason, found in _unsaid(done, present):
        try:
            body = kept_body(found)
        except Unkeepable as error:
            lost[key] = f"{reason}; not kept either: {error}"
            continue
        if key in present:
            lost[key] = f"{reason}; what is rendered has its name and takes its place"
        elif faults := schemas.complaints(body):
            path, why = faults[0]
            lost[key] = f"{reason}; not kept either: Kubernetes would refuse it: {show_path(path)}: {why}"
        else:
            kept[key], bodies[key] = reason, body
    return kept, bodies, lost


def _unsaid(done: Draft, present: Mapping[Identity, Any]) -> Iterable[tuple[Identity, str, Body]]:
    """The objects that org.yaml cannot say, with the reasons."""
    for name, facts in done.spaces.items():
        for key, reason in sorted(facts.kept.items()):
            yield key, reason, done.survey.spaces[name].objects[key]
    for name, body in done.survey.cluster_roles.items():
        key = identity(dict(body))
        if key not in present:
            yield key, done.refused_roles.get(name, "no role of org.yaml can be what it says"), body


def _fragments(org: Org, done: Draft, label: str) -> tuple[set[str], dict[str, str]]:
    """The namespaces that stand in fragments, and the text of each fragment by its path."""
    if not label:
        return set(), {}
    teams: dict[str, set[str]] = {}
    for name, found in done.spaces.items():
        value = _label(found, done, label)
        if value:
            teams.setdefault(value, set()).add(name)
    names: dict[str, str] = {}
    for value in sorted(teams):
        names[unused(names, value, slug(value))] = value
    files = {f"{TEAMS}/{file}.yaml": fragment_text(org, teams[value]) for file, value in names.items()}
    return {name for each in teams.values() for name in each}, files


def _label(found: Facts, done: Draft, label: str) -> str:
    value = labels_of(done.survey.spaces[found.name].namespace).get(label)
    return value if isinstance(value, str) else ""


def _commands(remaining: Iterable[Residual]) -> Iterable[str]:
    """One command for each namespace that has objects with replacements."""
    old: dict[str, list[str]] = {}
    for each in remaining:
        if each.what == "replaced":
            kind = ".".join(part for part in (each.identity.kind.lower(), each.identity.group) if part)
            old.setdefault(each.identity.namespace, []).append(shlex.quote(f"{kind}/{each.identity.name}"))
    for namespace, objects in sorted(old.items()):
        yield f"kubectl delete --namespace={shlex.quote(namespace)} {' '.join(objects)}"


def _clean_up(commands: Iterable[str]) -> str:
    return (
        "# What stands beside its replacement once everything that is rendered is applied. verta-gitops runs none of\n"
        "# this; read it, and run it only then: until then these objects are the only guards that there are.\n"
        + "".join(f"{line}\n" for line in commands)
    )
