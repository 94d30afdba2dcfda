"""NetworkPolicies → isolation, egress, allowFrom and allowTo, where together they say what is rendered for these.

A namespace is said to be isolated only if all its pods are, and may reach each other: then what is rendered lets in no
more than the policies did, but for Verta itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.importing.survey import Body, is_ours, mapping, named_namespace, sequence
from generator.importing.texts import fits
from generator.model import org as model
from generator.model.org import Network
from generator.objects import Identity
from generator.rendering.views import PRIVATE_NETWORKS

_GROUP = "networking.k8s.io"
_API_SERVER = "allow-egress-to-api-server"
_PEER = "allow-from-namespace-"
_PARTIAL = "selects only some pods"


@dataclass(frozen=True)
class Policies:
    """What is rendered for restricted egress in this organization, to know it again."""

    primary: str
    egress: frozenset[str]
    """The specs, in canonical form."""


def api_server(policies: Iterable[Body]) -> tuple[str, ...]:
    """Where the API server is, by most of the policies that we rendered; nothing where they do not say."""
    found: Counter[tuple[str, ...]] = Counter()
    for body in policies:
        if mapping(body.get("metadata")).get("name") == _API_SERVER and is_ours(body):
            for rule in sequence(mapping(body.get("spec")).get("egress")):
                if (blocks := _blocks(rule, ports=True)) is not None:
                    found[blocks] += 1
    if not found:
        return ()
    best = min(found, key=lambda blocks: (-found[blocks], blocks))
    return () if best == tuple(PRIVATE_NETWORKS) else best


def canonical(spec: Mapping[str, Any]) -> str:
    """The spec of a policy in one spelling: without what is empty, and with the types that the server fills in."""
    found = {key: value for key, value in spec.items() if value not in (None, [])}
    found.setdefault("policyTypes", ["Ingress", *(["Egress"] if "egress" in found else [])])
    found["policyTypes"] = sorted(map(str, sequence(found["policyTypes"])))
    return json.dumps(found, sort_keys=True, default=str)


def network(
    name: str, objects: Mapping[Identity, Body], policies: Policies
) -> tuple[Network, list[Identity], dict[Identity, str]]:
    """The network of a namespace, the objects that say it, and those that cannot be said."""
    kept: dict[Identity, str] = {}
    specs: dict[Identity, dict[str, Any]] = {}
    for key, body in objects.items():
        if key.kind == "NetworkPolicy" and key.group != _GROUP:
            kept[key] = f"a policy of {key.group}"
        elif key.kind == "NetworkPolicy":
            specs[key] = json.loads(canonical(mapping(body.get("spec"))))
    ingress = {key: spec for key, spec in specs.items() if spec["policyTypes"] == ["Ingress"]}
    egress = {key: spec for key, spec in specs.items() if spec["policyTypes"] == ["Egress"]}
    kept |= dict.fromkeys(specs.keys() - ingress.keys() - egress.keys(), "speaks of both directions")
    isolation, allow_from, claimed = _ingress(name, specs, ingress, policies.primary, kept)
    stated = {key.name.removeprefix(_PEER) for key in claimed if key.name.startswith(_PEER) and is_ours(objects[key])}
    allow_from = tuple(sorted({*allow_from, *stated & {name, policies.primary}}))  # without effect, and yet rendered
    restricted, allow_to, more = _egress(egress, policies.egress, kept)
    found = Network(
        isolation=isolation,
        egress="restricted" if restricted else "open",
        allow_from=allow_from,
        allow_to=allow_to,
    )
    return found, claimed + more, kept


def _ingress(
    name: str,
    every: Mapping[Identity, Mapping[str, Any]],
    policies: Mapping[Identity, Mapping[str, Any]],
    primary: str,
    kept: dict[Identity, str],
) -> tuple[str, tuple[str, ...], list[Identity]]:
    closed = any(spec.get("podSelector") == {} and "Ingress" in spec["policyTypes"] for spec in every.values())
    open_inside = any(_lets_itself_in(name, spec) for spec in every.values())
    simple: dict[Identity, list[str]] = {}
    for key, spec in policies.items():
        named = _simple(name, spec)
        if spec.get("podSelector") != {}:
            kept[key] = _PARTIAL
        elif named is None:
            kept[key] = "lets in by labels, addresses or ports; allowFrom names namespaces"
        else:
            simple[key] = named
    if not closed or not open_inside:
        reason = "pods of the namespace may not reach each other" if closed else "does not isolate all pods"
        kept |= dict.fromkeys(simple, reason)
        return "none", (), []
    names = {each for named in simple.values() for each in named} - {primary, name}
    return "namespace", tuple(sorted(names)), list(simple)


def _simple(name: str, spec: Mapping[str, Any]) -> list[str] | None:
    """The namespaces that a policy lets in, itself as its name; None where it says anything else."""
    found = []
    for rule in sequence(spec.get("ingress")):
        given = mapping(rule)
        if list(given) != ["from"] or not sequence(given["from"]):
            return None
        for peer in given["from"]:
            other = name if peer == {"podSelector": {}} else named_namespace(peer)
            if not other or not fits(model.NAME, other):
                return None
            found.append(other)
    return found


def _lets_itself_in(name: str, spec: Mapping[str, Any]) -> bool:
    """Whether a policy lets all pods of the namespace connect to all of them, to every port."""
    if spec.get("podSelector") != {} or "Ingress" not in spec["policyTypes"]:
        return False
    for rule in map(mapping, sequence(spec.get("ingress"))):
        peers = sequence(rule.get("from"))
        if not rule.get("ports") and (not peers or {"podSelector": {}} in peers or name in map(named_namespace, peers)):
            return True
    return False


def _egress(
    policies: Mapping[Identity, Mapping[str, Any]], rendered: frozenset[str], kept: dict[Identity, str]
) -> tuple[bool, tuple[str, ...], list[Identity]]:
    texts = {key: canonical(spec) for key, spec in policies.items()}
    if not rendered <= set(texts.values()):
        kept |= dict.fromkeys(policies, "restricts egress in another way than `egress: restricted`")
        return False, (), []
    claimed = [key for key, text in texts.items() if text in rendered]
    networks: set[str] = set()
    for key, spec in policies.items():
        if key in claimed:
            continue
        blocks = [_blocks(rule, ports=False) for rule in sequence(spec.get("egress"))]
        if spec.get("podSelector") != {} or not blocks or None in blocks:
            kept[key] = "opens egress in another way than allowTo"
        else:
            claimed.append(key)
            networks.update(cidr for block in blocks for cidr in block or ())
    return True, tuple(sorted(networks)), claimed


def _blocks(rule: Any, ports: bool) -> tuple[str, ...] | None:
    """The networks that a rule opens, where it opens nothing else."""
    given = mapping(rule)
    found = []
    if set(given) != ({"to", "ports"} if ports else {"to"}):
        return None
    for peer in sequence(given["to"]):
        block = mapping(mapping(peer).get("ipBlock"))
        cidr = block.get("cidr")
        if len(mapping(peer)) != 1 or len(block) != 1 or not isinstance(cidr, str) or not fits(model.CIDR, cidr):
            return None
        found.append(cidr)
    return tuple(sorted(found)) or None
