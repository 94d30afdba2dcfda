"""A label selector as kubectl takes it → whether labels match it, for objects that no server has chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SET = re.compile(r"\s*(\S+)\s+(in|notin)\s*\(([^()]*)\)\s*")
_EQUAL = re.compile(r"\s*([^\s!=]+)\s*(==?|!=)\s*([^\s=]*)\s*")


def matches(selector: str, labels: Mapping[str, object]) -> bool:
    """Whether labels match all parts of a selector that has passed `check`."""
    return all(_matches(part, labels) for part in re.split(r",(?![^(]*\))", selector) if part.strip())


def _matches(part: str, labels: Mapping[str, object]) -> bool:
    if found := _SET.fullmatch(part):
        key, operator, values = found.groups()
        among = labels.get(key) in [value.strip() for value in values.split(",")]
        return among if operator == "in" else not among
    if found := _EQUAL.fullmatch(part):
        key, operator, value = found.groups()
        return (labels.get(key) == value) is (operator != "!=")
    key = part.strip()
    return key[1:].strip() not in labels if key.startswith("!") else key in labels
