"""Objects that org.yaml cannot say → a folder of own templates that renders them as they are.

Values of a cluster must never be run as a template. So each brace that could begin a tag is written as a raw block of
that one brace: what follows it then begins nothing, and there is no end of a raw block that a value could write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.cluster.ownership import is_bookkeeping
from generator.importing.survey import Body
from generator.importing.texts import UNWRITABLE
from generator.objects import Identity
from generator.rendering.literal import document

_SERVER_FIELDS = (
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
    "resourceVersion", "selfLink", "uid",
)  # fmt: skip
_OBJECTS = "_objects"
IMPORTED_OBJECTS = f"imported/{_OBJECTS}"
_TAG = re.compile(r"\{(?=[{%#])")
_BRACE = "{%+ raw %}{{%+ endraw +%}"
"""A brace; the signs keep blanks before it and a line's end after it."""

_MOST_DEEP = 40
_INCLUDE = """\
{# What verta-gitops import found in each namespace and org.yaml cannot say; a file for each in _objects/. #}
{% include "_objects/" ~ namespace.name ~ ".yaml.j2" ignore missing without context %}
"""


class Unkeepable(Exception):
    """An object cannot be kept; `str()` of it says why."""


def kept_body(body: Body) -> dict[str, Any]:
    """An object as it is to be rendered: without what the server and other tools write into it. Raises Unkeepable."""
    metadata = dict(body["metadata"])
    for name in _SERVER_FIELDS:
        metadata.pop(name, None)
    for section in ("labels", "annotations"):
        entries = metadata.pop(section, None)
        if isinstance(entries, dict):
            metadata[section] = {
                key: value for key, value in entries.items() if not is_bookkeeping(("metadata", section, key))
            }
    found = {key: value for key, value in body.items() if key not in ("status", "metadata")}
    metadata = {key: value for key, value in metadata.items() if value != {}}
    plain = _plain({**found, "metadata": metadata}, 0)
    assert isinstance(plain, dict)
    return plain


def _plain(value: Any, depth: int) -> Any:
    """A value as maps, lists, texts, whole numbers and booleans, without what is empty on purpose."""
    if depth > _MOST_DEEP:
        raise Unkeepable("it is nested too deeply")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise Unkeepable("it has a key that is no text")
        return {_plain(key, depth): _plain(each, depth + 1) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, str):
        if UNWRITABLE.search(value):
            raise Unkeepable("it has a control character")
        return value
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    raise Unkeepable(f"it has a value of type {type(value).__name__}")


def template(bodies: Iterable[dict[str, Any]]) -> str:
    """The text of a template that renders objects, and runs nothing of them."""
    return _TAG.sub(_BRACE, "".join(map(document, bodies)))


def folder(kept: Mapping[Identity, dict[str, Any]], name: str) -> dict[str, str]:
    """The files of the template folder `name`, by their paths; none where nothing is kept."""
    by_place: dict[str, list[dict[str, Any]]] = {}
    for key, body in sorted(kept.items()):
        by_place.setdefault(key.namespace, []).append(body)
    return dict(_files(by_place, name))


def _files(by_place: Mapping[str, list[dict[str, Any]]], name: str) -> Iterator[tuple[str, str]]:
    for place, bodies in sorted(by_place.items()):
        if place:
            yield f"{name}/{_OBJECTS}/{place}.yaml.j2", template(bodies)
        else:
            yield f"{name}/cluster/imported.yaml.j2", template(bodies)
    if any(by_place):
        yield f"{name}/namespace/imported.yaml.j2", _INCLUDE
