"""The output of `kubectl get resourcequota -A -o json` → what each namespace really uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from generator.model.quantity import Quantity, parse_quantity
from generator.problems import Stop
from generator.rules.resources import requested

Usage = Mapping[str, Mapping[str, Quantity]]
"""Used amounts by namespace and by resource in its long form."""


def parse_usage(text: str, file: str) -> Usage:
    """What the dump says; of several quotas in a namespace the highest. Raises Stop where it is no such dump."""
    expected = "expected the output of `kubectl get resourcequota -A -o json`"
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Stop(f"{file}: not JSON: {error}; {expected}") from error
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise Stop(f"{file}: no list of objects; {expected}")
    found: dict[str, dict[str, Quantity]] = {}
    for item in items:
        try:
            if item["kind"] != "ResourceQuota":
                continue
            used = found.setdefault(item["metadata"]["namespace"], {})
            for resource, amount in ((item.get("status") or {}).get("used") or {}).items():
                name = requested(resource)
                used[name] = max(used.get(name, Quantity(0)), parse_quantity(str(amount)))
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Stop(f"{file}: an object that is no ResourceQuota ({error}); {expected}") from error
    return found
