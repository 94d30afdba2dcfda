"""The output of `kubectl get … -o json|yaml`, gzipped or not → the objects of a cluster."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from typing import Any

from generator.cluster.live import Live
from generator.objects import Broken, Identity, identity, values
from generator.problems import Stop
from generator.reading.store import DISK

LARGEST = 2 << 30
"""Bytes of a dump, unpacked, that are read; what is larger is refused rather than filling the memory."""

_DENSEST, _SMALL = 250, 64 << 20
"""How many times its size a dump may unpack to where that is much; real ones come to about 30."""

_HINT = "expected the output of `kubectl get … -o json` or `-o yaml`"


def read_dump(file: str) -> Live:
    """The objects of a dump. Raises Stop where it is truncated or no dump."""
    text = _text(file)
    objects: dict[Identity, dict[str, Any]] = {}
    doubts = []
    for body in _bodies(text, file):
        key = identity(body)
        if key in objects and objects[key] != body:
            where = f"namespace {key.namespace}" if key.namespace else "the cluster"
            doubts.append(f"{key} of {where} is there twice, with different content; the last one counts")
        objects[key] = body
    if not objects:
        raise Stop(f"{file}: holds no object; {_HINT}")
    return Live(f"dump {file}", objects, doubts=tuple(doubts))


def _text(file: str) -> str:
    (data,) = DISK.read([file], LARGEST + 1)
    if data[:2] == b"\x1f\x8b":
        unpacker = zlib.decompressobj(wbits=31)
        most = min(LARGEST, max(_SMALL, _DENSEST * len(data)))
        try:
            data = unpacker.decompress(data, most + 1)
        except zlib.error as error:
            raise Stop(f"{file}: cannot be unpacked: {error}; take the dump anew") from error
        if most < len(data) <= LARGEST:
            raise Stop(f"{file}: unpacks to more than {_DENSEST} times its size, as no dump does; {_HINT}")
        if not unpacker.eof and len(data) <= LARGEST:
            raise Stop(f"{file}: the gzip file ends in the middle; take the dump anew")
    if len(data) > LARGEST:
        raise Stop(f"{file}: larger than {LARGEST >> 30} GiB; dump fewer kinds, or one namespace at a time")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Stop(f"{file}: not UTF-8 text (byte {error.start:,}); {_HINT}") from error


def _bodies(text: str, file: str) -> Iterator[dict[str, Any]]:
    """Every object, whether in lists, in lists of lists, or one document each."""
    waiting = list(_documents(text, file))[::-1]
    while waiting:
        body = waiting.pop()
        if not isinstance(body, dict) or not isinstance(body.get("kind"), str):
            raise Stop(f"{file}: something that is no Kubernetes object ({_short(body)}); {_HINT}")
        if isinstance(body.get("items"), list) and body["kind"].endswith("List"):
            waiting += _items(body)[::-1]
            continue
        metadata = body.get("metadata")
        if not (
            isinstance(metadata, dict)
            and isinstance(metadata.get("name"), str)
            and isinstance(metadata.get("namespace") or "", str)
            and isinstance(body.get("apiVersion"), str)
        ):
            what = f"a {_short(body['kind'])} without apiVersion or metadata.name, or with a namespace that is no text"
            raise Stop(f"{file}: {what}; {_HINT}")
        yield body


def _items(body: dict[str, Any]) -> list[Any]:
    """The items of a list; a list of one kind, as the API answers it, leaves out what kind they are."""
    kind, api = body["kind"].removesuffix("List"), body.get("apiVersion")
    if not kind:
        return list(body["items"])
    return [{"apiVersion": api, "kind": kind, **item} if isinstance(item, dict) else item for item in body["items"]]


def _documents(text: str, file: str) -> Iterator[Any]:
    if text.lstrip()[:1] in ("{", "["):
        try:
            yield json.loads(text)
        except json.JSONDecodeError as error:
            short = "ends in the middle" if error.pos >= len(text.rstrip()) else f"not JSON: {error.msg}"
            raise Stop(f"{file}:{error.lineno}:{error.colno}: {short}; {_HINT}") from error
        except (ValueError, RecursionError) as error:
            what = "nested too deeply" if isinstance(error, RecursionError) else "a number in it is too long"
            raise Stop(f"{file}: {what}; {_HINT}") from error
        return
    try:
        yield from (body for body, _ in values(text, aliases=False) if body is not None)
    except Broken as broken:
        raise Stop(f"{file}:{broken.line}: {broken}; {_HINT}") from broken


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value.isalnum() else repr(value)
    return text if len(text) <= 40 else text[:37] + "..."
