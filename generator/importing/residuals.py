"""What is rendered of the imported organization against the cluster: every difference that remains, with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from generator.cluster.belonging import ORGANIZATION
from generator.cluster.comparing import Difference, diff, differing, orphans
from generator.importing.draft import Draft
from generator.importing.extras import kept_body
from generator.importing.survey import OF_SYNC, Body, annotations_of, is_ours
from generator.objects import Identity
from generator.problems import show_path
from generator.rendering.views import MANAGED_BY, ORIGIN

_FACETS = {
    "ResourceQuota": "quota",
    "LimitRange": "container",
    "NetworkPolicy": "network",
    "RoleBinding": "access",
    "ConfigMap": "workspace",
}


class Residual(NamedTuple):
    """An object that is not the same in the cluster and in what is rendered."""

    what: str
    """`added`, `replaced`, `changed` or `orphan`; `unexplained` where it should be the same."""
    identity: Identity
    reason: str


def residuals(
    rendered: Mapping[Identity, Body], kept: Mapping[Identity, Body], live: Mapping[Identity, Body], done: Draft
) -> Iterator[Residual]:
    """The differences between a rendering and the objects of the namespaces that were imported."""
    changes: dict[Identity, list[Difference]] = {}
    for each in diff(dict(sorted({**rendered, **kept}.items())), live):
        if each.cause == "missing":
            yield Residual("added", each.identity, _why_added(each.identity, done))
        else:
            changes.setdefault(each.identity, []).append(each)
    for key, found in changes.items():
        yield _respelled(key, kept[key], live[key], found) if key in kept else _changed(key, live[key], found)
    replaced = set()
    for name, facts in done.spaces.items():
        for key, facet in sorted(facts.claims.items()):
            if key not in rendered:
                replaced.add(key)
                yield Residual("replaced", key, f"{_WORDS[facet]} of namespace {name} under another name")
    ours = {**MANAGED_BY, ORGANIZATION: done.names.organization}
    for each in orphans({**rendered, **kept}, live, ours):
        if each.identity not in replaced:
            yield Residual("orphan", each.identity, _why_orphan(each.identity, live[each.identity], done))


_WORDS = {
    "quota": "the quota",
    "container": "the limits",
    "network": "the isolation",
    "access": "the access",
    "deployer": "the deployer",
    "workspace": "the workspace",
}


def _why_orphan(key: Identity, body: Body, done: Draft) -> str:
    if annotations_of(body).get(ORIGIN) == OF_SYNC:
        return "belongs to verta.sync, which is not read; write it into org.yaml"
    place = key.name if (key.group, key.kind) == ("", "Namespace") else key.namespace
    if place in done.survey.excluded:
        return "its namespace is left out"
    return "org.yaml does not say it, and it is not kept"


def _why_added(key: Identity, done: Draft) -> str:
    found = done.spaces.get(key.namespace)
    facet = "deployer" if key.name.startswith("deployer:") else _FACETS.get(key.kind, "")
    if found and facet in found.claims.values():
        if key.kind == "NetworkPolicy" and key.name == "allow-from-verta":
            return "Verta is let in"
        return f"{_WORDS[facet]}, in place of what says it today"
    if key.kind == "ConfigMap":
        return "says to Verta what belongs to the workspace"
    if key.name.startswith("deployer:"):
        return "the deployer is bound in every namespace"
    if found and found.workspace and key.kind == "RoleBinding":
        return "the access that the workspace's ConfigMap states"
    if found and found.state != "active" and key.kind == "ResourceQuota":
        return f"the namespace is {found.state}"
    return "" if key.namespace else "stands for what the organization says"


def _respelled(key: Identity, declared: Body, live: Body, found: list[Difference]) -> Residual:
    """An object that is kept, and differs all the same: by how a value is written, or without a reason."""
    if any(differing(declared, kept_body(live))):
        return Residual("unexplained", key, _shown(found))
    return Residual("changed", key, "the same, without empty fields and with whole numbers as such")


def _changed(key: Identity, live: Body, found: list[Difference]) -> Residual:
    """What of an object is made otherwise, and why."""
    content = [each for each in found if each.path[:1] != ("metadata",)]
    reasons = []
    if len(content) < len(found):
        reasons.append("our labels and annotations are " + ("set right" if is_ours(live) else "added"))
    if content:
        reasons.append(f"{_shown(content)}: {_why_changed(key, live)}")
    return Residual("changed", key, "; ".join(reasons))


def _why_changed(key: Identity, live: Body) -> str:
    if key.kind == "LimitRange":
        return "written out as the API server completes it"
    if key.kind == "ConfigMap":
        return "rendered anew from what the organization says"
    return "edited by hand since it was rendered" if is_ours(live) else "an object of this name said it otherwise"


def _shown(found: list[Difference]) -> str:
    """The first few of the places that differ."""
    shown = [show_path(each.path) for each in found[:3]]
    return ", ".join(shown) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
