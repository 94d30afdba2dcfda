"""Rules about networks and pod security: who connects, and how isolated a namespace really is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from generator.model.effective import effective, tier_of
from generator.model.org import Namespace, Network, Org, Tier
from generator.problems import At, Path, Problem, Related
from generator.rules.nearby import Neighbours

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_UNSAID = Network()
_LEVELS = ("privileged", "baseline", "restricted")


def allow_from_invalid(org: Org) -> Iterator[Problem]:
    """`allowFrom` names a namespace.

    It becomes the name of a NetworkPolicy and the value of a label; the API server refuses what is no name.

    Fails:

        tiers:
          standard:
            network: {allowFrom: ["Monitoring Team"]}

    Fix: write the namespace's name.
    """
    for path, _, network in _networks(org):
        for position, peer in enumerate(network.allow_from or ()):
            if not _NAMESPACE.fullmatch(peer):
                message = f'"{peer}" is not the name of a namespace: lower-case letters, digits and dashes, at most 63'
                yield Problem(message, At((*path, "allowFrom", position)))


def allow_from_retired(org: Org) -> Iterator[Problem]:
    """A retired namespace connects nowhere.

    It is gone; and whoever creates a namespace of that name, by hand or by mistake, is let in.

    Fails:

        retired:
          churn: {on: 2026-09-30}
        namespaces:
          fraud: {network: {allowFrom: [churn]}}

    Fix: remove it from `allowFrom`.
    """
    for path, _, network in _networks(org):
        for position, peer in enumerate(network.allow_from or ()):
            if peer in org.retired and peer not in org.namespaces:
                message = f'namespace "{peer}" was retired; remove it from allowFrom'
                related = Related(At(("retired", peer), key=True), "retired here")
                yield Problem(message, At((*path, "allowFrom", position)), (related,))


def allow_from_misspelt(org: Org) -> Iterator[Problem]:
    """A name in `allowFrom` is not a near miss of one of ours.

    `allowFrom` may name any namespace of the cluster, also one that is not in this file, such as `monitoring`. One
    that differs in a single letter from a namespace of this file is most likely that one, misspelt.

    Fails:

        namespaces:
          feature-store: {}
          fraud: {network: {allowFrom: [feature-stroe]}}

    Fix: correct the name; if there really is such a namespace, ignore this warning.
    """
    near: Neighbours | None = None
    for path, _, network in _networks(org):
        for position, peer in enumerate(network.allow_from or ()):
            if peer in org.namespaces or peer in org.retired or peer == org.verta.primary_namespace:
                continue
            near = near or Neighbours(org.namespaces)
            better = near.of(peer)
            if better and peer.rstrip("0123456789") != better.rstrip("0123456789"):
                message = f'namespace "{peer}" is not one of these; did you mean "{better}"?'
                yield Problem(message, At((*path, "allowFrom", position)))


def network_without_effect(org: Org) -> Iterator[Problem]:
    """`allowFrom` and `allowTo` open what is closed.

    Without isolation everybody connects in, and with open egress pods connect everywhere: an entry then reads like a
    guard that is not there. A namespace always reaches itself, and Verta's namespace is always let in.

    Fails:

        tiers:
          standard:
            network: {egress: open, allowTo: [10.0.0.0/8]}

    Fix: remove the entry, or write `isolation: namespace` or `egress: restricted`.
    """
    closed = _closed(org)
    for path, owner, network in _networks(org):
        if network.allow_from and (*path[:2], "in") not in closed:
            message = 'allowFrom has no effect: with isolation "none" everybody connects in; remove one of the two'
            yield Problem(message, At((*path, "allowFrom")))
        if network.allow_to and (*path[:2], "out") not in closed:
            message = 'allowTo has no effect: egress is "open"; remove it, or write `egress: restricted`'
            yield Problem(message, At((*path, "allowTo")))
        for position, peer in enumerate(network.allow_from or ()):
            itself = isinstance(owner, Namespace) and peer == owner.name
            if itself or peer == org.verta.primary_namespace:
                who = "the namespace itself" if itself else "Verta's namespace"
                message = f'allowFrom "{peer}" has no effect: {who} is always let in; remove it'
                yield Problem(message, At((*path, "allowFrom", position)))


def _closed(org: Org) -> set[Path]:
    """The tiers and namespaces whose own `allowFrom` ("in") or `allowTo` ("out") opens something in some namespace."""
    found: set[Path] = set()
    for tier in org.tiers.values():
        network = tier.network or _UNSAID
        if network.isolation != "none":
            found.add(("tiers", tier.name, "in"))
        if network.egress == "restricted":
            found.add(("tiers", tier.name, "out"))
    for namespace in org.namespaces.values():
        if over := namespace.network:
            holds = effective(org, namespace)
            own, under = ("namespaces", namespace.name), ("tiers", holds.tier)
            if holds.isolation != "none":
                found.add((*(under if over.allow_from is None else own), "in"))
            if holds.egress == "restricted":
                found.add((*(under if over.allow_to is None else own), "out"))
    return found


def weaker_isolation(org: Org) -> Iterator[Problem]:
    """A namespace is isolated at least as well as its tier.

    The tier is what was agreed on; a namespace that opens itself is the exception that a reviewer must see.

    Fails:

        tiers:
          secure: {network: {isolation: namespace, egress: restricted}}
        namespaces:
          fraud: {tier: secure, network: {egress: open}}

    Fix: name the peers with `allowFrom` and the networks with `allowTo`, or give it another tier.
    """
    for name, namespace in org.namespaces.items():
        over, tier = namespace.network, tier_of(org, namespace)
        if not over:
            continue
        under = tier.network or _UNSAID
        at: Path = ("namespaces", name, "network")
        if over.isolation == "none" and (under.isolation or "namespace") != "none":
            related = (Related(At(("tiers", tier.name, "network", "isolation")), "the tier isolates"),)
            message = f'namespace "{name}" is not isolated, but its tier is; name the peers with allowFrom'
            yield Problem(message, At((*at, "isolation")), related if under.isolation else ())
        if over.egress == "open" and under.egress == "restricted":
            related = (Related(At(("tiers", tier.name, "network", "egress")), "the tier restricts"),)
            message = f'namespace "{name}" has open egress, but its tier restricts it; name the networks with allowTo'
            yield Problem(message, At((*at, "egress")), related)


def pod_security_without_reason(org: Org) -> Iterator[Problem]:
    """Privileged pods, and pod security below the tier's, have a reason.

    A privileged pod owns its node, and with it the models and the data of everybody else there. The reason is what a
    reviewer, and later an auditor, judges by.

    Fails:

        namespaces:
          fraud: {podSecurity: privileged}

    Fix: use `baseline` or `restricted`; if it must be, write why in `podSecurityReason`.
    """
    for name, tier in org.tiers.items():
        if tier.pod_security == "privileged" and not tier.pod_security_reason:
            message = f'tier "{name}" allows privileged pods; say why in `podSecurityReason`, or use "baseline"'
            yield Problem(message, At(("tiers", name, "podSecurity")))
    for name, namespace in org.namespaces.items():
        level = namespace.pod_security
        if not level or namespace.pod_security_reason:
            continue
        tier = tier_of(org, namespace)
        under = tier.pod_security or "baseline"
        if _LEVELS.index(level) < _LEVELS.index(under):
            what = "allows privileged pods" if level == "privileged" else f'has pod security "{level}"'
            message = f'namespace "{name}" {what}, below "{under}" of its tier; say why in `podSecurityReason`'
            related = (Related(At(("tiers", tier.name, "podSecurity")), "the tier's"),) if tier.pod_security else ()
            yield Problem(message, At(("namespaces", name, "podSecurity")), related)


def restricted_egress_without_api_server(org: Org) -> Iterator[Problem]:
    """Where egress is restricted, it is known where the API server is.

    Verta's pods talk to the API server. Without `cluster.apiServer` all private networks are opened for its ports,
    which is more than a restricted namespace should reach, and too little where its address is public.

    Fails:

        cluster: {name: prod-us, kubernetesVersion: "1.33"}
        tiers:
          secure: {network: {egress: restricted}}

    Fix: add `apiServer: [<address>/32]` to the cluster; `kubectl get endpoints kubernetes` shows it.
    """
    if org.cluster.api_server:
        return
    for path, _, network in _networks(org):
        if network.egress == "restricted":
            message = (
                "egress is restricted, but `cluster.apiServer` does not say where the API server is: "
                "all private networks are opened for it; add its address"
            )
            related = (Related(At((*path, "egress")), "restricted here"),)
            yield Problem(message, At(("cluster",), key=True), related)
            return


def impossible_network(org: Org) -> Iterator[Problem]:
    """A network is an address and the length of its prefix.

    The API server refuses a NetworkPolicy with anything else, also with an IPv4 network that is written as IPv6
    (`::ffff:10.0.0.0/104`).

    Fails:

        tiers:
          secure: {network: {egress: restricted, allowTo: ["10::20::/64"]}}

    Fix: correct the address.
    """
    for at, cidr in _cidrs(org):
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:
            yield Problem(f'"{cidr}" is not a network; expected one such as 10.0.0.0/8 or fd00::/8', at)
            continue
        mapped = getattr(ip_address(cidr.partition("/")[0]), "ipv4_mapped", None)
        if mapped is not None:
            length = network.prefixlen - 96
            better = f"; write {mapped}/{length}" if length >= 0 else ""
            yield Problem(f'"{cidr}" is an IPv4 network written as IPv6, which the API server refuses{better}', at)


def network_host_bits(org: Org) -> Iterator[Problem]:
    """A network is written by its first address.

    `10.1.2.3/8` is all of `10.0.0.0/8`, sixteen million addresses, which is hardly what the writer saw. API
    servers of 1.36 refuse such a network; older ones accept it, until they are upgraded.

    Fails:

        tiers:
          secure: {network: {egress: restricted, allowTo: [10.1.2.3/8]}}

    Fix: write the network, or `/32` (`/128`) where one address is meant.
    """
    for at, cidr in _cidrs(org):
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:
            continue
        address = cidr.partition("/")[0]
        if ip_address(address) != network.network_address:
            message = f'"{cidr}" is all of {network}; write that, or {address}/{network.max_prefixlen} for one address'
            yield Problem(message, at)


def allow_to_everything(org: Org) -> Iterator[Problem]:
    """Restricted egress does not reach everything.

    `0.0.0.0/0` in `allowTo` lets pods connect everywhere: the namespace reads as restricted and is not.

    Fails:

        tiers:
          secure: {network: {egress: restricted, allowTo: [0.0.0.0/0]}}

    Fix: name the networks that are needed, or write `egress: open`.
    """
    for at, cidr in _cidrs(org):
        if cidr.endswith("/0"):
            message = f'"{cidr}" is every address there is; name the networks that are needed'
            yield Problem(message, at)


def _networks(org: Org) -> Iterator[tuple[Path, Tier | Namespace, Network]]:
    for name, tier in org.tiers.items():
        if tier.network:
            yield ("tiers", name, "network"), tier, tier.network
    for name, namespace in org.namespaces.items():
        if namespace.network:
            yield ("namespaces", name, "network"), namespace, namespace.network


def _cidrs(org: Org) -> Iterator[tuple[At, str]]:
    for position, cidr in enumerate(org.cluster.api_server):
        yield At(("cluster", "apiServer", position)), cidr
    for path, _, network in _networks(org):
        for position, cidr in enumerate(network.allow_to or ()):
            yield At((*path, "allowTo", position)), cidr
