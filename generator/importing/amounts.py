"""ResourceQuotas and LimitRanges → quota and container limits, where they say no more than these can."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from generator.importing.survey import Body, mapping, sequence
from generator.importing.texts import fits
from generator.model import org as model
from generator.model.org import Container
from generator.model.quantity import Quantity, parse_quantity
from generator.objects import Identity

Amounts = dict[str, Quantity]
NOTHING = Container()
_SIDES = {"default": "default", "defaultRequest": "default_request", "max": "max", "min": "min"}


def amounts(value: Any) -> Amounts | None:
    """A resource list; None where it has something that is no amount."""
    if value is None:
        return {}
    given = mapping(value)
    if len(given) != (len(value) if isinstance(value, dict) else -1):
        return None
    found = {}
    for name, amount in given.items():
        if not fits(model.RESOURCE, name) or isinstance(amount, bool) or not isinstance(amount, str | int | float):
            return None
        try:
            found[name] = parse_quantity(str(amount)).rounded_to_milli()
        except ValueError:
            return None
        if found[name].nanos < 0:
            return None
    return found


def quota(objects: Mapping[Identity, Body], frozen: bool) -> tuple[Amounts, list[Identity], dict[Identity, str]]:
    """The quota of a namespace, the objects that say it, and those that cannot be said.

    Several quotas hold together: the lower of two amounts counts. In a frozen namespace `pods` is 0 by its state, and
    what it was before is not known.
    """
    found: Amounts = {}
    claimed: list[Identity] = []
    kept: dict[Identity, str] = {}
    for key, body in objects.items():
        if key.kind != "ResourceQuota":
            continue
        spec = mapping(body.get("spec"))
        hard = amounts(spec.get("hard"))
        if spec.get("scopes") or spec.get("scopeSelector"):
            kept[key] = "counts only some pods (scopes)"
        elif hard is None:
            kept[key] = "has an amount that is no quantity of 0 or more"
        else:
            claimed.append(key)
            for resource, amount in hard.items():
                found[resource] = min(amount, found.get(resource, amount))
    if frozen and "pods" in found and not found["pods"].nanos:
        del found["pods"]
    return found, claimed, kept


def container(objects: Mapping[Identity, Body]) -> tuple[Container, list[Identity], dict[Identity, str]]:
    """The limits of a container, the object that says them, and those that cannot be said."""
    found: dict[Identity, Container] = {}
    kept: dict[Identity, str] = {}
    for key, body in objects.items():
        if key.kind == "LimitRange":
            limits = _limits(body)
            if isinstance(limits, str):
                kept[key] = limits
            else:
                found[key] = limits
    if len(found) > 1:
        kept |= dict.fromkeys(found, "there are several for containers, and all hold")
        found = {}
    return next(iter(found.values()), NOTHING), list(found), kept


def _limits(body: Body) -> Container | str:
    items = sequence(mapping(body.get("spec")).get("limits"))
    if len(items) != 1 or mapping(items[0]).get("type") != "Container":
        return "limits more than containers" if items else "limits nothing"
    item = {key: value for key, value in mapping(items[0]).items() if value not in (None, {})}
    if item.keys() - _SIDES.keys() - {"type"}:
        return "limits the ratio of limit to request"
    sides = {field: amounts(item.get(side)) for side, field in _SIDES.items()}
    if any(side is None for side in sides.values()):
        return "has an amount that is no quantity of 0 or more"
    return Container(**{side: amount or {} for side, amount in sides.items()})
