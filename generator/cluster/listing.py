"""Kinds and a cluster → its objects: one list for each kind, page by page, as the server spells them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from generator.cluster.live import Kind, Live, Unread
from generator.objects import Identity, identity
from generator.printing import clipped, printable
from generator.problems import Stop

if TYPE_CHECKING:
    from generator.cluster.client import Answer, Cluster

PAGE = 500
_RESTARTS = 3
Tick = Callable[[int], None]
"""Told after each kind how many are done."""
Keep = Callable[[Kind, dict[str, Any]], "dict[str, Any] | None"]
"""What to keep of an object; None to forget it. What is read of many pods would not fit into the memory."""


class Resource(NamedTuple):
    """Where the server serves a kind."""

    api_version: str
    plural: str
    namespaced: bool

    def path(self, namespace: str = "") -> str:
        """The path of its list."""
        root = "/apis/" if "/" in self.api_version else "/api/"
        inside = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{self.api_version}{inside}/{self.plural}"


def read(
    cluster: Cluster,
    kinds: Iterable[Kind],
    tick: Tick = lambda done: None,
    namespace: str = "",
    keep: Keep = lambda kind, body: body,
) -> Live:
    """The objects of some kinds, in all namespaces or in one.

    A kind that the server does not know, or may not be listed, is told in `unread`. Raises Stop where the server
    cannot be reached, does not let us in, or stops answering in the middle.
    """
    objects: dict[Identity, dict[str, Any]] = {}
    unread: list[Unread] = []
    complete: set[tuple[str, str]] = set()
    discovered: dict[str, dict[str, Resource] | str] = {}
    for done, kind in enumerate(kinds):
        tick(done)
        resource = _resource(cluster, kind, discovered)
        if isinstance(resource, Unread):
            unread.append(resource)
            continue
        found = _listed(cluster, kind, resource, namespace, keep)
        if isinstance(found, Unread):
            unread.append(found)
            continue
        objects |= found
        if not (kind.selector or kind.fields or namespace):
            complete.add((kind.group, kind.kind))
    return Live(cluster.source, objects, tuple(unread), cluster.server, frozenset(complete))


def _listed(
    cluster: Cluster, kind: Kind, resource: Resource, namespace: str, keep: Keep
) -> dict[Identity, dict[str, Any]] | Unread:
    """All objects of a kind; begun anew where the server forgot the list in the middle (410)."""
    for _ in range(_RESTARTS):
        found: dict[Identity, dict[str, Any]] = {}
        for answer in _pages(cluster, kind, resource, namespace):
            if answer.status == 410:
                break
            if answer.status == 404:
                return Unread(kind, f"the server does not serve {resource.plural} any more", absent=True)
            if answer.status == 403:
                return Unread(kind, _forbidden(cluster, kind, resource, answer, namespace))
            for body in _items(answer, resource, kind, cluster):
                if (kept := keep(kind, body)) is not None:
                    found[identity(body)] = kept
        else:
            return found
    raise Stop(
        f"{cluster.source}: the list of {resource.plural} expired {_RESTARTS} times before it was read to the end "
        "(410); the server is slow or changes fast: try again"
    )


def _pages(cluster: Cluster, kind: Kind, resource: Resource, namespace: str) -> Iterator[Answer]:
    query: dict[str, str | int] = {"limit": PAGE}
    if kind.selector:
        query["labelSelector"] = kind.selector
    if namespace and not resource.namespaced and (kind.group, kind.kind) == ("", "Namespace"):
        query["fieldSelector"] = f"metadata.name={namespace}"
    elif kind.fields:
        query["fieldSelector"] = kind.fields
    seen = set()
    while True:
        answer = cluster.get(resource.path(namespace), query)
        yield answer
        token = _map(answer.body.get("metadata")).get("continue")
        if not token or answer.status != 200:
            return
        if not isinstance(token, str) or token in seen:
            raise Stop(f"{cluster.source}: the list of {resource.plural} does not end; the server is at fault")
        seen.add(token)
        query["continue"] = token


def _items(answer: Answer, resource: Resource, kind: Kind, cluster: Cluster) -> Iterator[dict[str, Any]]:
    """The objects of a page, with their kind, which the items of a list leave out."""
    items = answer.body.get("items") or []
    for item in items if isinstance(items, list) else [None]:
        metadata = _map(_map(item).get("metadata"))
        named = isinstance(metadata.get("name"), str) and isinstance(metadata.get("namespace", ""), str)
        if not named:
            raise Stop(f"{cluster.source}: the list of {resource.plural} holds what is no object; is it an API server?")
        yield {**_map(item), "apiVersion": resource.api_version, "kind": kind.kind}


def _resource(cluster: Cluster, kind: Kind, known: dict[str, dict[str, Resource] | str]) -> Resource | Unread:
    """Where a kind is served, by what the server says of its group."""
    if not _API_VERSION.fullmatch(kind.api_version):
        return Unread(kind, f"{printable(kind.api_version)} is no API version", absent=True)
    found = _discovered(cluster, kind.api_version, known)
    if isinstance(found, dict) and kind.kind in found:
        return found[kind.kind]
    if not found and kind.group:  # the group may be there in another version
        for version in _versions(cluster, kind.group):
            other = _discovered(cluster, version, known)
            if isinstance(other, dict) and kind.kind in other:
                return other[kind.kind]
    if isinstance(found, str):
        return Unread(kind, found)
    return Unread(kind, f"the server does not know {kind.kind} of {kind.api_version}", absent=True)


def _discovered(
    cluster: Cluster, api_version: str, known: dict[str, dict[str, Resource] | str]
) -> dict[str, Resource] | str:
    """The kinds of an API version that can be listed, or why they are not known."""
    if api_version not in known:
        path = f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}"
        answer = cluster.get(path)
        if answer.status == 403:
            known[api_version] = (
                f"{cluster.source}: asking which kinds {path} serves is forbidden{_said(answer)}; it needs "
                "`get` of that path, which the ClusterRole system:discovery gives to everybody"
            )
        elif answer.status == 404 and api_version == "v1":
            raise Stop(f"{cluster.source}: nothing of Kubernetes at {cluster.server}; see the server of the kubeconfig")
        else:
            known[api_version] = dict(_resources(answer.body, api_version)) if answer.status == 200 else {}
    return known[api_version]


_NAME = re.compile(r"[a-z0-9][a-z0-9.-]*")
_API_VERSION = re.compile(rf"{_NAME.pattern}(/[a-z0-9]+)?")


def _resources(body: dict[str, Any], api_version: str) -> Iterator[tuple[str, Resource]]:
    listed = body.get("resources")
    for each in listed if isinstance(listed, list) else ():
        name, kind, verbs = (_map(each).get(key) for key in ("name", "kind", "verbs"))
        listable = isinstance(verbs, list) and "list" in verbs
        if listable and isinstance(kind, str) and isinstance(name, str) and _NAME.fullmatch(name):
            yield kind, Resource(api_version, name, each.get("namespaced") is True)


def _versions(cluster: Cluster, group: str) -> list[str]:
    """The versions of a group, the preferred one first."""
    answer = cluster.get(f"/apis/{group}")
    if answer.status != 200:
        return []
    listed = answer.body.get("versions")
    named = [answer.body.get("preferredVersion"), *(listed if isinstance(listed, list) else [])]
    texts = [_map(each).get("groupVersion") for each in named]
    return list(dict.fromkeys(text for text in texts if isinstance(text, str) and _API_VERSION.fullmatch(text)))


def _forbidden(cluster: Cluster, kind: Kind, resource: Resource, answer: Answer, namespace: str) -> str:
    where = f"in namespace {namespace}" if namespace and resource.namespaced else "in the whole cluster"
    rule = f'{{apiGroups: ["{kind.group}"], resources: [{resource.plural}], verbs: [list]}}'
    return (
        f"{cluster.source}: listing {resource.plural} {where} is forbidden{_said(answer)}; "
        f"add to the ClusterRole of who runs this: {rule}"
    )


def _said(answer: Answer) -> str:
    text = answer.body.get("message")
    return f" ({clipped(printable(text), 300)})" if isinstance(text, str) and text else ""


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
