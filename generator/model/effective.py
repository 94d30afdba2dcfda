"""Namespace + tier → what holds in the namespace: quota, limits and network, laid over the tier key by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from generator.model.org import Container, Namespace, Network, Org, Tier
from generator.model.quantity import ZERO, Quantity

NO_TIER = Tier(name="")
_NO_CONTAINER = Container()
_NO_NETWORK = Network()


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds in a namespace once its tier is laid under it."""

    tier: str
    quota: Mapping[str, Quantity]
    container: Container | None
    pod_security: str
    isolation: str
    egress: str
    allow_from: tuple[str, ...]
    allow_to: tuple[str, ...]


def tier_of(org: Org, namespace: Namespace) -> Tier:
    """The tier of a namespace; an empty one where it names none, or one that does not exist."""
    return org.tiers.get(namespace.tier or org.defaults.tier, NO_TIER)


def effective(org: Org, namespace: Namespace) -> Effective:
    """What holds in a namespace. A frozen one, and one that is being decommissioned, has room for no pod."""
    tier = tier_of(org, namespace)
    quota: Mapping[str, Quantity] = {**tier.quota, **namespace.quota} if namespace.quota else tier.quota
    if namespace.state != "active":
        quota = {**quota, "pods": ZERO}
    over, under = namespace.network or _NO_NETWORK, tier.network or _NO_NETWORK
    allow_from = under.allow_from if over.allow_from is None else over.allow_from
    allow_to = under.allow_to if over.allow_to is None else over.allow_to
    return Effective(
        tier=tier.name,
        quota=quota,
        container=_container(namespace.container, tier.container),
        pod_security=namespace.pod_security or tier.pod_security or "baseline",
        isolation=over.isolation or under.isolation or "namespace",
        egress=over.egress or under.egress or "open",
        allow_from=allow_from or (),
        allow_to=allow_to or (),
    )


def _container(over: Container | None, under: Container | None) -> Container | None:
    if over is None or under is None:
        return over or under
    laid = {field.name: {**getattr(under, field.name), **getattr(over, field.name)} for field in fields(Container)}
    return Container(**laid)


def verta_namespace(org: Org, namespace: str) -> str:
    """How Verta writes the mapping to a namespace; empty for none."""
    text = org.verta.namespace_format
    return text.replace("{cluster}", org.cluster.name).replace("{namespace}", namespace) if namespace else ""
