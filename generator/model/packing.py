"""A part of an organization ↔ plain data that JSON can hold: what was read once need not be decoded again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field
from functools import cache
from typing import Any

from generator.model.kinds import Amount, Boolean, Choice, Integer, Kind, ListOf, MapOf, Struct, Text
from generator.model.quantity import Quantity


def pack(kind: Kind, value: Any) -> Any:
    """The plain data of a value that a kind has read; what a dataclass holds by default is left out."""
    if value is None:
        return None
    if isinstance(kind, Struct):
        return {
            field.name: pack(field.metadata["kind"], getattr(value, field.name))
            for field in kind.fields.values()
            if getattr(value, field.name) != _default(field)
        }
    if isinstance(kind, ListOf):
        return [pack(kind.item, each) for each in value]
    if isinstance(kind, MapOf):
        return {name: pack(kind.value, each) for name, each in value.items()}
    if isinstance(kind, Amount):
        return f"{value.nanos} {value.form}"
    if isinstance(kind, Text | Choice | Boolean | Integer):
        return value
    raise TypeError(type(kind).__name__)


def unpack(kind: Kind, data: Any, name: str = "") -> Any:
    """The value of plain data, as an instance with that name where the kind is keyed."""
    if isinstance(kind, Struct):
        named = {"name": name} if kind.keyed else {}
        cls: Any = kind.cls
        return cls(**named, **_unpacked(_table(cls), data))
    return _unpacker(kind)(data)


def _default(field: Field[Any]) -> Any:
    return {} if field.default_factory is not MISSING else field.default


def _unpacked(table: dict[str, Callable[[Any], Any]], data: dict[str, Any]) -> dict[str, Any]:
    return {key: table[key](value) for key, value in data.items()}


@cache
def _table(cls: Any) -> dict[str, Callable[[Any], Any]]:
    return {field.name: _unpacker(field.metadata["kind"]) for field in Struct(cls).fields.values()}


def _unpacker(kind: Kind) -> Callable[[Any], Any]:
    if isinstance(kind, Struct):
        cls: Any = kind.cls
        table = _table(cls)
        return lambda data: None if data is None else cls(**_unpacked(table, data))
    if isinstance(kind, ListOf):
        if isinstance(kind.item, Text):
            return lambda data: None if data is None else tuple(data)
        item = _unpacker(kind.item)
        return lambda data: None if data is None else tuple([item(each) for each in data])
    if isinstance(kind, MapOf):
        if isinstance(kind.value, Text):
            return _same
        value = _unpacker(kind.value)
        return lambda data: {name: value(each) for name, each in data.items()}
    return _quantity if isinstance(kind, Amount) else _same


def _same(data: Any) -> Any:
    return data


@cache
def _quantity(data: str) -> Quantity:
    nanos, _, form = data.partition(" ")
    return Quantity(int(nanos), form)  # type: ignore[arg-type]  # one of the words that it was packed from
