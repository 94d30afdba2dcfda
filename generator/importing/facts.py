"""Space → Facts: what the objects of one namespace say in the words of org.yaml, and which cannot be said there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from generator.importing.amounts import NOTHING, container, quota
from generator.importing.networks import Policies, network
from generator.importing.survey import (
    Body,
    Space,
    annotations_of,
    is_ours,
    is_workspace,
    labels_of,
    mapping,
    sequence,
)
from generator.importing.texts import fits
from generator.importing.workspaces import Described, described
from generator.model import org as model
from generator.model.kinds import Text
from generator.model.org import Container, Deployer, Network
from generator.model.quantity import Quantity
from generator.objects import Identity
from generator.rendering.views import DIGEST, PAYLOAD, PROTECTION, STATE, digest
from generator.rules.metadata import RESERVED

TIER = "verta-gitops.io/tier"
OWNERS = "verta-gitops.io/owners"
WORKSPACE = "verta-gitops.io/workspace"
_RBAC = "rbac.authorization.k8s.io"
_LEVELS = ("privileged", "baseline", "restricted")
_POD_SECURITY = "pod-security.kubernetes.io/"
_OF_OTHERS = ("openshift.io/sa.scc.", "cattle.io/", "lifecycle.cattle.io/", "field.cattle.io/", "scheduler.alpha.")
"""Annotations that a controller keeps for itself: stating them would freeze what it wrote."""


class Person(NamedTuple):
    """A group of people as a RoleBinding names it; `key` is its key in org.yaml, where the binding was rendered."""

    subject: str
    key: str


class Grant(NamedTuple):
    """One group gets one ClusterRole in a namespace."""

    person: Person
    cluster_role: str
    source: Identity


@dataclass(frozen=True)
class Facts:
    """What is known of a namespace. Each object in it is claimed by a facet that says it, kept, or left alone."""

    name: str
    ours: bool = False
    tier: str = ""
    state: str = "active"
    owners: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    quota: Mapping[str, Quantity] = field(default_factory=dict)
    container: Container = NOTHING
    pod_security: str = "baseline"
    network: Network = field(default_factory=Network)
    grants: tuple[Grant, ...] = ()
    deployer: Deployer | None = None
    workspace: Described | None = None
    claims: Mapping[Identity, str] = field(default_factory=dict)
    """Objects that a facet says: quota, container, network, access, deployer, workspace."""
    kept: Mapping[Identity, str] = field(default_factory=dict)
    """Objects that org.yaml cannot say, each with the reason."""
    alone: Mapping[Identity, str] = field(default_factory=dict)
    """Objects that a controller keeps, each with the reason."""
    left: Mapping[str, str] = field(default_factory=dict)
    """Labels and annotations that stay on the live Namespace and are not declared, each with the reason."""
    unlabelled: bool = False
    """Whether no pod security was enforced."""


def facts(space: Space, policies: Policies) -> Facts:
    """What a namespace says."""
    body = space.namespace
    ours = is_ours(body) and isinstance(labels_of(body).get(STATE), str)
    state = labels_of(body).get(STATE)
    found = Facts(
        space.name,
        ours=ours,
        tier=_text(labels_of(body).get(TIER), model.NAME) if ours else "",
        state=state if ours and isinstance(state, str) and state in model.STATES else "active",
        owners=_owners(annotations_of(body).get(OWNERS)) if ours else (),
        **_pod_security(labels_of(body)),
    )
    found = _metadata(found, body)
    objects = {key: each for key, each in space.objects.items() if not _owner(each)}
    alone = {key: f"{who} keeps it" for key, each in space.objects.items() if (who := _owner(each))}
    found = replace(found, alone=alone)
    found = _take(found, "quota", *quota(objects, frozen=found.state != "active"))
    found = _take(found, "container", *container(objects))
    found = _take(found, "network", *network(space.name, objects, policies))
    found = _bindings(found, objects)
    return _workspace(found, body, objects)


def drop(found: Facts, facet: str, reason: str) -> Facts:
    """The facts without a facet; the objects that it said are kept."""
    moved = {key: reason for key, claimed in found.claims.items() if claimed == facet}
    blank = Facts(found.name)
    return replace(
        found,
        **{"grants" if facet == "access" else facet: getattr(blank, "grants" if facet == "access" else facet)},
        claims={key: claimed for key, claimed in found.claims.items() if key not in moved},
        kept={**found.kept, **moved},
    )


def drop_grants(found: Facts, reason: str, sources: frozenset[Identity]) -> Facts:
    """The facts without the grants that some bindings make; these are kept."""
    moved = {key: reason for key in found.claims if key in sources}
    return replace(
        found,
        grants=tuple(grant for grant in found.grants if grant.source not in sources),
        claims={key: claimed for key, claimed in found.claims.items() if key not in moved},
        kept={**found.kept, **moved},
    )


def _take(found: Facts, facet: str, value: Any, claimed: list[Identity], kept: Mapping[Identity, str]) -> Facts:
    claims = {**found.claims, **dict.fromkeys(claimed, facet)}
    return replace(found, **{facet: value}, claims=claims, kept={**found.kept, **kept})


def _owner(body: Body) -> str:
    """The controller that an object belongs to; empty where it belongs to nobody."""
    for each in sequence(mapping(body.get("metadata")).get("ownerReferences")):
        kind, name = mapping(each).get("kind"), mapping(each).get("name")
        return f'{kind} "{name}"'
    return ""


def _text(value: Any, kind: Text) -> str:
    return value if isinstance(value, str) and fits(kind, value) else ""


def _owners(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else []
    return tuple(sorted({name for name in names if fits(model.NAME, name)}))


def _pod_security(given: Mapping[str, Any]) -> dict[str, Any]:
    """Kubernetes enforces nothing where the label is missing, and `restricted` where it cannot read it."""
    level = given.get(f"{_POD_SECURITY}enforce")
    if level is None:
        return {"pod_security": "privileged", "unlabelled": True}
    return {"pod_security": level if level in _LEVELS else "restricted"}


def _metadata(found: Facts, body: Body) -> Facts:
    left: dict[str, str] = {}
    sections = {}
    for section, given, key_kind, value_kind in (
        ("labels", labels_of(body), model.LABEL_KEY, model.LABEL_VALUE),
        ("annotations", annotations_of(body), model.ANNOTATION_KEY, model.TEXT),
    ):
        kept = {}
        for key, value in sorted(given.items()):
            if _generated(section, key):
                continue
            if reason := _unsayable(key, value, key_kind, value_kind):
                left[f"{section}.{key}"] = reason
            else:
                kept[key] = value
        sections[section] = kept
    return replace(found, labels=sections["labels"], annotations=sections["annotations"], left=left)


def _generated(section: str, key: str) -> bool:
    if key.startswith("verta-gitops.io/"):
        return True
    if section == "annotations":
        return key in PROTECTION
    return key.startswith(_POD_SECURITY) or key in (
        "app.kubernetes.io/managed-by",
        "kubernetes.io/metadata.name",
    )


def _unsayable(key: str, value: Any, key_kind: Text, value_kind: Text) -> str:
    domain = key.partition("/")[0] if "/" in key else ""
    if key.startswith((*RESERVED, *_OF_OTHERS)):
        return "an engine or a controller keeps it"
    if domain == "verta.ai" or domain.endswith(".verta.ai"):
        return "it is in the domain of Verta"
    if not fits(key_kind, key) or len(domain) > 253:
        return "its key is not one that Kubernetes accepts"
    if not isinstance(value, str) or not fits(value_kind, value):
        return "its value is not a text that can be written"
    return ""


def _bindings(found: Facts, objects: Mapping[Identity, Body]) -> Facts:
    claims, kept, grants = dict(found.claims), dict(found.kept), list(found.grants)
    deployer: Deployer | None = None
    for key, body in objects.items():
        if key.kind == "Role":
            kept[key] = "a Role; org.yaml knows ClusterRoles"
        if key.kind != "RoleBinding":
            continue
        role, who = _bound(body)
        if found_deployer := _deployer(key, body, role):
            deployer, claims[key] = found_deployer, "deployer"
        elif isinstance(who, str):
            kept[key] = who
        else:
            claims[key] = "access"
            grants += [Grant(Person(subject, _key(key, body, role)), role, key) for subject in who]
    return replace(found, claims=claims, kept=kept, grants=tuple(sorted(set(grants))), deployer=deployer)


def _bound(body: Body) -> tuple[str, list[str] | str]:
    """The ClusterRole of a binding with its groups, or why it cannot be said."""
    ref = mapping(body.get("roleRef"))
    name, kind = ref.get("name"), ref.get("kind")
    if kind == "Role":
        return "", "binds a Role; org.yaml knows ClusterRoles"
    if kind != "ClusterRole" or not isinstance(name, str) or not fits(model.RBAC_NAME, name):
        return "", "binds nothing that has a name"
    subjects = [mapping(each) for each in sequence(body.get("subjects"))]
    strangers = sorted({str(each.get("kind")) for each in subjects if each.get("kind") != "Group"})
    if strangers:
        named = " and ".join(f"a {kind}" for kind in strangers if kind in ("ServiceAccount", "User"))
        return name, f"binds {named or 'something that is no subject'}; org.yaml gives access to groups"
    groups = [each.get("name") for each in subjects]
    if not groups:
        return name, "binds nobody"
    texts = sorted({group for group in groups if isinstance(group, str) and fits(model.ONE_LINE, group)})
    if len(texts) < len({str(group) for group in groups}):
        return name, "binds a group whose name is not a text on one line"
    return name, texts


def _key(key: Identity, body: Body, role: str) -> str:
    """The key of the group that a rendered binding has in its name."""
    match = re.fullmatch(r"access:([a-z0-9-]+):(.+)", key.name)
    return match[1] if match and is_ours(body) and match[2] == role and fits(model.NAME, match[1]) else ""


def _deployer(key: Identity, body: Body, role: str) -> Deployer | None:
    subjects = sequence(body.get("subjects"))
    one = mapping(subjects[0]) if len(subjects) == 1 else {}
    account, place = one.get("name"), one.get("namespace")
    if (
        is_ours(body)
        and role
        and key.name == f"deployer:{role}"
        and one.get("kind") == "ServiceAccount"
        and isinstance(account, str)
        and isinstance(place, str)
        and fits(model.OBJECT_NAME, account)
        and fits(model.NAME, place)
    ):
        return Deployer(service_account=account, namespace=place, cluster_role=role)
    return None


def _workspace(found: Facts, body: Body, objects: Mapping[Identity, Body]) -> Facts:
    """The workspace by its ConfigMap, if nobody changed it: who may edit it must not give access in Verta by that."""
    claims, left = dict(found.claims), dict(found.left)
    workspace: Described | None = None
    promised = annotations_of(body).get(DIGEST)
    for key, each in objects.items():
        if is_workspace(each) and key.name == "verta-workspace":
            claims[key] = "workspace"
            if promised in (None, digest(str(mapping(each.get("data")).get(PAYLOAD)))):
                workspace = described(each)
            else:
                left["workspace"] = "its ConfigMap was edited since it was rendered; what it says now is not taken over"
    name = annotations_of(body).get(WORKSPACE)
    if workspace is None and found.ours and isinstance(name, str) and fits(model.NONEMPTY, name):
        workspace = Described(name)
    return replace(found, claims=claims, left=left, workspace=workspace)
