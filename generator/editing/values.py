"""A path and a value as people type them → a `Path` of the model, and data that is written as its kind asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from generator.editing.emitting import Data, Measure
from generator.model.kinds import (
    Amount,
    Boolean,
    Date,
    Factor,
    Integer,
    ListOf,
    MapOf,
    Removals,
    Struct,
    Version,
    is_required,
    nearest,
)
from generator.model.org import Org
from generator.problems import Path, Usage, show_path
from generator.reading.document import Document, Map, Node, Plain, Seq
from generator.reading.reader import read

ORG = Struct(Org)
_BARE = (Boolean, Integer, Factor, Version, Date)
_EITHER = (Amount, Removals)


def parse_place(typed: str, documents: Sequence[Document]) -> Path:
    """The path that is meant: keys with dots need no quotes where only one reading is possible.

    Raises Usage for what is not a place of an organization, with the nearest that is.
    """
    words = _words(typed)
    kind: Any = ORG
    path: list[str | int] = []
    while words:
        if isinstance(kind, Struct):
            step: str | int = words.pop(0)
            if step not in kind.fields:
                where = f" in {show_path(tuple(path))}" if path else ""
                near = nearest(str(step), kind.fields) or f"; known there: {', '.join(kind.fields)}"
                raise Usage(f'there is no "{step}"{where}{near}')
            kind = kind.fields[str(step)].metadata["kind"]
        elif isinstance(kind, MapOf):
            if isinstance(kind.value, Struct):
                step, taken = _longest(words, _keys(documents, tuple(path)))
                words = words[taken:]
            else:
                step, words = ".".join(words), []
            kind = kind.value
        elif isinstance(kind, ListOf):
            word = words.pop(0)
            if not (word.isdecimal() and word.isascii()) or len(word) > 6:
                raise Usage(f'"{word}" is not a position in {show_path(tuple(path))}; the first is 0')
            step, kind = int(word), kind.item
        else:
            raise Usage(f"{show_path(tuple(path))} is a single value; there is nothing below it")
        path.append(step)
    if not path:
        raise Usage("name a place, such as namespaces.fraud.quota.pods")
    return tuple(path)


def kind_of(path: Path) -> Any:
    """The kind of value that stands at a path of the model."""
    kind: Any = ORG
    for step in path:
        if isinstance(kind, Struct):
            kind = kind.fields[str(step)].metadata["kind"]
        else:
            kind = kind.value if isinstance(kind, MapOf) else kind.item
    return kind


def spelt(path: Path) -> Path:
    """The path with the keys that the model knows as `Plain`: they need no quotes, whatever else they might mean."""
    return tuple(
        Plain(step) if isinstance(kind_of(path[:length]), Struct) else step for length, step in enumerate(path)
    )


def is_named(path: Path) -> bool:
    """Whether at a path stands a map from names to things of one kind."""
    return isinstance(kind_of(path), MapOf)


def is_optional(path: Path) -> bool:
    """Whether a path ends in a field that may be left out, rather than in a name that says something by being there."""
    above = kind_of(path[:-1])
    return isinstance(above, Struct) and bool(path[:-1]) and not is_required(above.fields[str(path[-1])])


def parse_value(path: Path, typed: str) -> Data:
    """What is written at a path: text as it was typed; lists and maps are typed as YAML. Raises Usage."""
    kind = kind_of(path)
    if not isinstance(kind, ListOf | MapOf | Struct):
        return data_of(kind, Plain(typed))
    document, problems = read(typed.encode("utf-8", "surrogateescape"), "VALUE")
    if problems:
        raise Usage(f"VALUE: {problems[0].message}")
    wanted, example = (Seq, "[a, b]") if isinstance(kind, ListOf) else (Map, "{a: b}")
    if not isinstance(document.root, wanted):
        what = "a list" if wanted is Seq else "a map"
        raise Usage(f"{show_path(path)} is {what}; write it as YAML, such as '{example}'")
    return data_of(kind, document.root)


def data_of(kind: Any, node: Node) -> Data:
    """Data in the form that its kind is written in; what does not fit is kept, and the check of the result says so."""
    if isinstance(node, Map):
        known = kind.fields if isinstance(kind, Struct) else ()
        return {Plain(key) if key in known else key: data_of(_below(kind, key), child) for key, child in node.items()}
    if isinstance(node, Seq):
        inner = kind.item if isinstance(kind, ListOf) else None
        return [data_of(inner, child) for child in node]
    if isinstance(kind, _BARE) and re.fullmatch(r"[A-Za-z0-9.+_-]+", node):
        return Plain(node)
    return Measure(node) if isinstance(kind, _EITHER) else str(node)


def _below(kind: Any, key: str) -> Any:
    if isinstance(kind, Struct) and key in kind.fields:
        return kind.fields[key].metadata["kind"]
    return kind.value if isinstance(kind, MapOf) else None


def _words(typed: str) -> list[str]:
    from generator.objects import parse_path

    if "[" in typed:
        parsed = parse_path(typed)
        if parsed is None:
            raise Usage(f'"{typed}" is not a place; write namespaces.fraud, or workspaces["A name"].description')
        return [str(step) for step in parsed]
    return typed.split(".") if typed else []


def _longest(words: Sequence[str], known: set[str]) -> tuple[str, int]:
    """The longest known key that the first words spell, or the first word; and how many words it took."""
    for length in range(len(words), 0, -1):
        if (key := ".".join(words[:length])) in known:
            return key, length
    return words[0], 1


def _keys(documents: Sequence[Document], path: Path) -> set[str]:
    return set(_all_keys(documents, path))


def _all_keys(documents: Sequence[Document], path: Path) -> Iterator[str]:
    for document in documents:
        node: Any = document.root
        for step in path:
            node = node.get(str(step)) if isinstance(node, Map) else None
        if isinstance(node, Map):
            yield from node
