"""What is really used → it held against the quota of each namespace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from generator.cluster.live import Live
from generator.model.org import Org
from generator.model.quantity import ZERO, Quantity, parse_quantity
from generator.plan.spaces import in_long_form
from generator.plan.usage import Usage
from generator.problems import Stop
from generator.rules.resources import requested
from generator.views.rows import all_effective, resources_of


@dataclass(frozen=True, slots=True)
class Used:
    """How much of its quota a namespace uses of one resource."""

    namespace: str
    resource: str
    used: Quantity
    quota: Quantity
    percent: float | None
    """None where the quota is nothing."""


def used(org: Org, usage: Usage) -> Iterator[Used]:
    """Every quota of which the use is known, by namespace."""
    for name, holds in sorted(all_effective(org).items()):
        if name not in usage:
            continue
        quota = in_long_form(holds.quota)
        for resource in resources_of([quota]):
            if (amount := usage[name].get(resource)) is not None:
                most = quota[resource]
                percent = round(100 * amount.nanos / most.nanos, 1) if most.nanos else None
                yield Used(name, resource, amount, most, percent)


def usage_of(live: Live) -> Usage:
    """What the quotas of a cluster, or of a dump of it, say is used; of several in a namespace the highest.

    Raises Stop where they could not be read, or are none.
    """
    for unread in live.unread:
        raise Stop(f"{live.source}: the quotas cannot be read: {unread.why}")
    found: dict[str, dict[str, Quantity]] = {}
    for identity, body in live.objects.items():
        if identity.kind != "ResourceQuota":
            continue
        amounts = found.setdefault(identity.namespace, {})
        status = body.get("status")
        said = status.get("used") if isinstance(status, dict) else None
        for resource, amount in (said if isinstance(said, dict) else {}).items():
            try:
                name, quantity = requested(resource), parse_quantity(str(amount))
            except ValueError as error:
                raise Stop(f"{live.source}: {identity} in {identity.namespace}: status.used: {error}") from error
            amounts[name] = max(amounts.get(name, ZERO), quantity)
    if not found:
        raise Stop(f"{live.source}: holds no ResourceQuota; take it with `kubectl get resourcequota -A -o json`")
    return found
