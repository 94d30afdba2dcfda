"""Views → plain data, as JSON and YAML write it; amounts are texts in Kubernetes' own form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from generator.model.quantity import Quantity


def as_data(value: Any) -> Any:
    """The same as maps, lists, texts, numbers, booleans and nothing."""
    if isinstance(value, Quantity):
        return str(value)
    if is_dataclass(value):
        return {_camel(each.name): as_data(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_data(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_data(each) for each in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def readable(amount: Quantity | None) -> str:
    """An amount for people; a dash for none."""
    return "–" if amount is None else amount.readable()
