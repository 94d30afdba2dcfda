"""What is read of a cluster → whether it is the organization's, as far as its own objects say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.cluster.live import Live
from generator.model.effective import verta_namespace
from generator.model.org import Org
from generator.printing import clipped, printable
from generator.problems import Usage
from generator.rendering.views import MANAGED_BY, PAYLOAD

ORGANIZATION = "verta-gitops.io/organization"


def foreign(org: Org, live: Live) -> str:
    """Why a cluster is not the organization's; empty where nothing says so.

    What says so: objects that we manage name other organizations and never this one; or descriptions of workspaces
    map them to namespaces of another cluster and never to those of this one. The name of a context or of a cluster in a
    kubeconfig proves nothing, since everybody chooses it.
    """
    names = set(_organizations(live))
    mine = org.organization.name
    if names and mine not in names:
        shown = " and ".join(f'"{clipped(printable(name), 80)}"' for name in sorted(names)[:3])
        return f'{live.source} is the cluster of organization {shown}, not of "{mine}"'
    mapped = list(_mappings(org, live))
    if mapped and not any(wanted == found for wanted, found in mapped):
        wanted, found = mapped[0]
        return (
            f'{live.source} is another cluster than "{org.cluster.name}": a workspace there is mapped to '
            f'"{clipped(printable(found), 80)}", and would be to "{wanted}" here'
        )
    return ""


def require_own(org: Org, live: Live) -> None:
    """Raises Usage where a cluster, or the dump of one, is not the organization's."""
    if why := foreign(org, live):
        remedy = "name the right context with --context" if live.server else "take the dump of the right cluster"
        raise Usage(f"{why}; {remedy}, or go on with --any-cluster")


def strange(org: Org, live: Live, whole: bool = True) -> Iterator[str]:
    """What is odd, and still proves nothing. Unless `whole`, only some of the organization's namespaces were read."""
    names = set(_organizations(live))
    if not names and not live.partial:
        read = "nothing" if whole else "nothing of what was read"
        yield (
            f'{read} in {live.source} names organization "{org.organization.name}": either nothing has been applied '
            "yet, or it is another cluster; see the context"
        )
    for name in sorted(names - {org.organization.name})[:3]:
        yield f'{live.source} also holds objects of organization "{clipped(printable(name), 80)}"'


def _organizations(live: Live) -> Iterator[str]:
    for body in live.objects.values():
        labels = body["metadata"].get("labels")
        if isinstance(labels, dict) and MANAGED_BY.items() <= labels.items():
            name = labels.get(ORGANIZATION)
            if isinstance(name, str) and name:
                yield name


def _mappings(org: Org, live: Live) -> Iterator[tuple[str, str]]:
    """(how we would write it, how it is written) of each mapping that the cluster describes."""
    if "{cluster}" not in org.verta.namespace_format:
        return
    for identity, body in live.objects.items():
        labels = body["metadata"].get("labels")
        if identity.kind != "ConfigMap" or not isinstance(labels, dict):
            continue
        if labels.get("verta-gitops.io/kind") == "workspace" and (found := _mapping(body)):
            yield verta_namespace(org, identity.namespace), found


def _mapping(body: dict[str, Any]) -> str:
    try:
        payload = json.loads(body["data"][PAYLOAD])
        what = payload.get("workspace") or payload.get("organization")
        found = what["namespace"]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return ""
    return found if isinstance(found, str) else ""
