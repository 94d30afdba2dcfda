"""Objects of a cluster → the state that Verta should have; what a team could have written itself is not believed.

A team may edit what is in its namespace, so the ConfigMap there is held against the annotations of the Namespace
itself, which it cannot edit: the name of the workspace, and a digest of everything that the ConfigMap says.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from generator.printing import printable
from generator.problems import Stop
from generator.rendering.views import DIGEST, MANAGED_BY, PAYLOAD, digest
from generator.verta.desired import Desired, Unusable, Wanted

ORGANIZATION = "verta-gitops.io/organization"
WORKSPACE = "verta-gitops.io/workspace"
CONFIG_MAP = "verta-workspace"
"""Name of the ConfigMap in a namespace of its own."""

Body = Mapping[str, Any]


def declared(
    namespaces: Iterable[Body],
    config_maps: Iterable[Body],
    organization: str = "",
    primary: str = "",
    multiple_namespaces: bool = True,
    exact: bool = False,
) -> Desired:
    """What the objects of a cluster declare. Raises Stop where it is not clear of which organization.

    `config_maps` are those of the name `CONFIG_MAP` in every namespace, and those of workspaces in the `primary` one,
    whose own access is what protects them.
    """
    ours = {_name(body): body for body in namespaces if _is_ours(body)}
    maps = list(config_maps)
    chosen = organization or _only(ours.values(), (body for body in maps if _namespace(body) == primary))
    ours = {name: body for name, body in ours.items() if _labels(body).get(ORGANIZATION) == chosen}
    found: list[Wanted] = []
    unusable: list[Unusable] = []
    by_organization = False
    described = {_namespace(body): body for body in maps if _name(body) == CONFIG_MAP}
    for place, body in sorted(ours.items()):
        expected = _annotations(body).get(WORKSPACE)
        if not isinstance(expected, str):
            continue
        try:
            wanted, old = _mapped(place, body, described.get(place), expected)
            found.append(wanted)
            by_organization |= old
        except ValueError as error:
            unusable.append(Unusable(expected, place, str(error)))
    for body in sorted(maps, key=_name):
        if primary and primary not in ours and _namespace(body) == primary and _is_of(body, chosen):
            try:
                wanted, old = _in_primary(body, primary, multiple_namespaces)
                found.append(wanted)
                by_organization |= old
            except ValueError as error:
                unusable.append(Unusable(str(_annotations(body).get(WORKSPACE, _name(body))), primary, str(error)))
    once, twice = _once(found)
    return Desired(
        organization=chosen,
        workspaces=tuple(sorted(once, key=lambda each: each.name)),
        exact=exact,
        multiple_namespaces=multiple_namespaces,
        by_organization=by_organization,
        unusable=(*unusable, *twice),
    )


def homes(desired: Desired, namespaces: Iterable[Body]) -> dict[str, str]:
    """What is wrong with the namespaces of the cluster that workspaces are to be mapped to, by their names."""
    live = {_name(body): body for body in namespaces}
    found = {}
    for home in {wanted.home for wanted in desired.workspaces if wanted.home}:
        body = live.get(home)
        if body is None:
            found[home] = "does not exist in the cluster"
        elif _metadata(body).get("deletionTimestamp"):
            found[home] = "is being deleted"
        elif _is_ours(body) and _labels(body).get(ORGANIZATION) != desired.organization:
            found[home] = "belongs to another organization in this cluster"
    return found


def _mapped(place: str, namespace: Body, config_map: Body | None, expected: str) -> tuple[Wanted, bool]:
    """The workspace of a namespace. Raises ValueError where its ConfigMap is not what was rendered."""
    text = _payload(config_map) if config_map else None
    if text is None:
        raise ValueError(f"its ConfigMap {CONFIG_MAP} is missing or empty; the engine has to apply it again")
    if _annotations(namespace).get(DIGEST) != digest(text):
        raise ValueError(
            f"its ConfigMap {CONFIG_MAP} is not the one that was rendered, by the digest on the Namespace: it was "
            "edited, or is being applied right now"
        )
    wanted, old = _wanted(text)
    if wanted.name != expected or not wanted.namespace.endswith(place):
        raise ValueError("its ConfigMap describes another workspace, or another namespace")
    return replace(wanted, home=place), old


def _in_primary(body: Body, primary: str, multiple_namespaces: bool) -> tuple[Wanted, bool]:
    """A workspace that lives in the primary namespace. Raises ValueError where that cannot be read or is not so."""
    wanted, old = _wanted(_payload(body) or "")
    if wanted.namespace and (multiple_namespaces or not wanted.namespace.endswith(primary)):
        raise ValueError("its ConfigMap stands in the primary namespace and names another one")
    return wanted, old


def _wanted(text: str) -> tuple[Wanted, bool]:
    """What a ConfigMap says, and whether it speaks of the organization."""
    try:
        payload = json.loads(text)
        old = "organization" in payload
        what = payload["organization" if old else "workspace"]
        wanted = Wanted(
            name=_text(what["name"]),
            description=_text(what["description"]),
            namespace=_text(what["namespace"]),
            permissions=frozenset((_text(each["group"]), _text(each["role"])) for each in payload["permissions"]),
        )
    except (ValueError, TypeError, LookupError, RecursionError):
        raise ValueError("its ConfigMap cannot be read") from None
    if not wanted.name.strip():
        raise ValueError("its ConfigMap names no workspace")
    return wanted, old


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half of a surrogate pair is no text
    return value


def _once(found: list[Wanted]) -> tuple[list[Wanted], list[Unusable]]:
    """The workspaces that are declared once, and those that are declared in several places."""
    by_name: dict[str, list[Wanted]] = {}
    for wanted in found:
        by_name.setdefault(wanted.name, []).append(wanted)
    twice = [
        Unusable(name, each[0].home or each[-1].home, f"it is declared {len(each)} times in the cluster")
        for name, each in sorted(by_name.items())
        if len(each) > 1
    ]
    return [each[0] for each in by_name.values() if len(each) == 1], twice


def _only(namespaces: Iterable[Body], config_maps: Iterable[Body]) -> str:
    """The organization that all objects name. Raises Stop where they name none or several."""
    bodies = [*namespaces, *(body for body in config_maps if _is_ours(body))]
    names = sorted({name for body in bodies if isinstance(name := _labels(body).get(ORGANIZATION), str)})
    if len(names) == 1:
        return names[0]
    if not names:
        raise Stop("the cluster declares no workspace: no Namespace of verta-gitops is there; apply rendered/ first")
    shown = ", ".join(map(printable, names[:10]))
    raise Stop(f"the cluster holds {len(names)} organizations ({shown}); name the one meant with --organization")


def _is_ours(body: Body) -> bool:
    return _labels(body).items() >= MANAGED_BY.items()


def _is_of(body: Body, organization: str) -> bool:
    labels = _labels(body)
    is_workspace = labels.get("verta-gitops.io/kind") == "workspace"
    return _is_ours(body) and is_workspace and labels.get(ORGANIZATION) == organization


def _payload(body: Body) -> str | None:
    data = body.get("data")
    text = data.get(PAYLOAD) if isinstance(data, Mapping) else None
    return text if isinstance(text, str) and text else None


def _metadata(body: Body) -> Mapping[str, Any]:
    metadata = body.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _labels(body: Body) -> Mapping[str, Any]:
    return _map(_metadata(body).get("labels"))


def _annotations(body: Body) -> Mapping[str, Any]:
    return _map(_metadata(body).get("annotations"))


def _map(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _name(body: Body) -> str:
    return str(_metadata(body).get("name", ""))


def _namespace(body: Body) -> str:
    return str(_metadata(body).get("namespace", ""))


def names_of(bodies: Iterable[Body]) -> Iterator[str]:
    """The names of objects."""
    return map(_name, bodies)
