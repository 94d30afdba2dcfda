"""Rules about quotas and container limits: the numbers of a tier, and of a namespace over it, fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import chain

from generator.model.effective import effective, tier_of
from generator.model.naming import cluster_role, home
from generator.model.org import Namespace, Org, Workspace
from generator.model.quantity import NANO, Quantity
from generator.problems import At, Path, Problem, Related
from generator.rules.resources import (
    COMPUTE,
    extended_in_quota,
    is_overcommitted,
    is_whole,
    measure,
    requested,
    unknown_in_container,
    unknown_in_quota,
)
from generator.rules.rooms import Finding, Room, Stated, doubles, report

_ENFORCED = ("cpu", "memory")
"""Where a quota makes the API server refuse a pod that states nothing."""

_MEBI = 2**20 * NANO
_MANY_CORES = 1000 * NANO
"""More cores than any machine has."""

_QUOTA_CORES = 10**6 * NANO
_MOST_COUNTED = (2**63 - 1) // 1000 * NANO
"""The API server tells a whole number by its thousandths, and refuses what has too many of them to be counted."""

_NODE: Path = ("cluster", "largestNode")
_SIDES = ("default", "defaultRequest", "max", "min")


def unknown_quota_resource(org: Org) -> Iterator[Problem]:
    """A quota names resources that Kubernetes counts.

    The API server refuses a ResourceQuota with a name that it does not know. One with a domain it accepts whatever it
    is, and never counts what does not exist: the quota looks safe and limits nothing.

    Fails:

        tiers:
          standard:
            quota: {request.cpu: "16", count/deployments: "20"}

    Fix: correct the name: `requests.cpu`, `count/deployments.apps`.
    """
    for path, resource in chain(_quota_names(org), _cluster_names(org)):
        if why := unknown_in_quota(resource):
            yield Problem(f'"{resource}" cannot stand here: {why}', At((*path, resource), key=True))


def extended_resource_in_quota(org: Org) -> Iterator[Problem]:
    """A quota limits devices by their requests.

    The request and the limit of a device (an extended resource, such as a GPU) are always the same, so a quota counts
    it only as `requests.<domain>/<name>`. The API server accepts the other forms and never enforces them.

    Fails:

        tiers:
          ultra:
            quota: {nvidia.com/gpu: "8"}

    Fix: write `requests.nvidia.com/gpu`.
    """
    for path, resource in chain(_quota_names(org), _cluster_names(org)):
        if device := extended_in_quota(resource):
            message = f'"{resource}" in a quota is never enforced; write "requests.{device}"'
            yield Problem(message, At((*path, resource), key=True))


def unknown_container_resource(org: Org) -> Iterator[Problem]:
    """Container limits, and nodes, speak of resources that a container can have.

    These are cpu, memory, ephemeral-storage, hugepages-<size> and devices such as nvidia.com/gpu. The API server
    refuses a LimitRange with any other name, and also one with `requests.` before the name.

    Fails:

        tiers:
          standard:
            container: {max: {requests.cpu: "8"}}

    Fix: correct the name; here, write `cpu`.
    """
    for path, amounts in chain(_containers(org), [(_NODE, org.cluster.largest_node)]):
        for resource in amounts:
            why = unknown_in_container(resource)
            if why and not (path == _NODE and resource == "pods"):
                yield Problem(f'"{resource}" cannot stand here: {why}', At((*path, resource), key=True))


def fractional_count(org: Org) -> Iterator[Problem]:
    """What is counted is counted in whole numbers.

    There is no half pod and no half GPU; the API server refuses a fraction.

    Fails:

        tiers:
          standard:
            quota: {pods: 1500m}

    Fix: write a whole number.
    """
    for path, amounts in _amounts(org):
        for resource, amount in amounts.items():
            if measure(resource) == "count" and not is_whole(amount) and _known(path, resource):
                message = f'{resource} "{amount.readable()}" is not a whole number; {resource} are counted'
                yield Problem(message, At((*path, resource)))


def wrong_unit(org: Org) -> Iterator[Problem]:
    """An amount is in the unit of its resource.

    `512m` of memory is half a byte (`m` is a thousandth, `Mi` is meant), `64Gi` of cpu is 68 billion cores, and `500`
    of cpu in one container is 500 cores where `500m`, half a core, is meant. Memory below one mebibyte is a number
    whose unit was forgotten: no container starts with it.

    Fails:

        tiers:
          standard:
            container: {default: {cpu: "500", memory: 512m}}

    Fix: write the unit: `500m`, `512Mi`.
    """
    for path, amounts in _amounts(org):
        for resource, amount in amounts.items():
            if _known(path, resource) and (why := _wrong_unit(path, resource, amount)):
                yield Problem(f'{resource} "{amount}" is {why}', At((*path, resource)))


def _known(path: Path, resource: str) -> bool:
    """Whether a resource is one that can stand there; if not, another rule says so."""
    in_container = len(path) == 4 or path == _NODE
    return not (unknown_in_container(resource) if in_container and resource != "pods" else unknown_in_quota(resource))


def _wrong_unit(path: Path, resource: str, amount: Quantity) -> str:
    kind = measure(resource)
    if kind == "bytes" and amount.nanos and (path[-1] != "min" or not is_whole(amount)):
        if not is_whole(amount):
            return f"a fraction of a byte; did you mean {amount.nanos // 10**6}Mi?"
        if amount.nanos < _MEBI:
            meant = amount.nanos // NANO
            return "less than one mebibyte" + (f"; did you mean {meant}Mi?" if meant < 10000 else "; the unit is wrong")
    if kind == "bytes":
        return ""
    if amount.form == "binary" and "/" not in resource:
        return f"in a unit of memory; {resource} is counted in " + ("cores" if kind == "cpu" else "whole numbers")
    if kind == "count" and amount.nanos > _MOST_COUNTED:
        return "more than the API server can count; the unit is wrong"
    one_machine = len(path) == 4 or path == _NODE
    if kind == "cpu" and one_machine and _hundreds(amount):
        return f"{amount.nanos // NANO:,} cores; did you mean {amount.nanos // NANO}m?"
    if kind == "cpu" and amount.nanos >= (_MANY_CORES if one_machine else _QUOTA_CORES):
        return f"{amount.nanos // NANO:,} cores, more than there are; the unit is wrong"
    return ""


def _hundreds(amount: Quantity) -> bool:
    """Whether an amount of cores looks like one of milli-cores: 250, 500, 1000, 1500, but not 96 or 128."""
    return is_whole(amount) and amount.nanos // NANO % 50 == 0 and amount.nanos // NANO >= 250


def quota_stated_twice(org: Org) -> Iterator[Problem]:
    """A quota says the same thing in one way.

    `cpu` is `requests.cpu`, `memory` is `requests.memory`, `count/pods` is `pods`. Kubernetes enforces both, so the
    lower one holds: a namespace that raises the one while its tier states the other has raised nothing.

    Fails:

        tiers:
          standard: {quota: {requests.cpu: "16"}}
        namespaces:
          fraud: {quota: {cpu: "32"}}

    Fix: use the same key in both places.
    """
    yield from report(org, _stated_twice)


def _stated_twice(room: Room) -> Iterator[Finding]:
    for one, two in doubles(room):
        if one.amount != two.amount:
            lower, higher = sorted((one, two), key=lambda stated: stated.amount)
            message = f"{room}: {higher} and {lower} count the same, and the lower one holds; keep one of them"
            yield Finding((higher.name, higher.amount, lower.amount), message, (higher, lower))


def quota_limit_below_request(org: Org) -> Iterator[Problem]:
    """The quota on limits is not below the quota on requests.

    The limit of a container is never below its request, so with less for limits than for requests a part of the
    requests is promised, and paid for, but cannot be used.

    Fails:

        tiers:
          standard:
            quota: {requests.cpu: "32", limits.cpu: "16"}

    Fix: raise the limits, or lower the requests; often the two are swapped.
    """
    yield from report(org, _limit_below_request)


def _limit_below_request(room: Room) -> Iterator[Finding]:
    for resource in COMPUTE:
        limit, request = room.bound("limits", resource), room.bound("requests", resource)
        if limit and request and limit.amount < request.amount:
            message = f"{room}: {limit} is below {request}, which can then never be used up; raise it or swap the two"
            yield Finding((resource, limit.amount, request.amount), message, (limit, request))


def limit_range_order(org: Org) -> Iterator[Problem]:
    """For each resource: min ≤ defaultRequest ≤ default ≤ max.

    The API server refuses a LimitRange that contradicts itself, and with it Argo CD or Flux stops at this namespace.
    What is not written it takes from its neighbour: default from max, defaultRequest from default or else from min.

    Fails:

        tiers:
          standard:
            container: {default: {cpu: "4"}, max: {cpu: "2"}}

    Fix: put the four in order.
    """
    yield from report(org, _limit_range_order)


def _limit_range_order(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        low = room.container("min", resource)
        request = room.container("default_request", resource)
        default = room.container("default", resource)
        high = room.container("max", resource)
        for less, more in ((low, high), (low, request), (low, default), (request, default), (default, high)):
            if less and more and less.amount > more.amount:
                message = f"{room}: {less} is above {more}; the API server refuses such a LimitRange"
                yield Finding((less.name, less.amount, more.name, more.amount), message, (less, more))
                break


def extended_resource_overcommitted(org: Org) -> Iterator[Problem]:
    """A container requests of a device, or of huge pages, exactly its limit.

    They cannot be shared: the API server refuses a LimitRange with a different default and defaultRequest, and every
    pod with a request for a device but no limit.

    Fails:

        tiers:
          ultra:
            container: {defaultRequest: {nvidia.com/gpu: "1"}, default: {nvidia.com/gpu: "2"}}

    Fix: write `default` alone; the request follows it.
    """
    yield from report(org, _overcommitted)


def _overcommitted(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        if is_overcommitted(resource):
            continue
        request, default = room.container("default_request", resource), room.container("default", resource)
        if request and default and request.amount != default.amount:
            message = f"{room}: {request} differs from {default}; {resource} cannot be shared, so the two must be equal"
            yield Finding((resource, request.amount, default.amount), message, (request, default))
        elif request and not default and request.amount.nanos:
            message = f"{room}: {request} needs a default of the same amount; a pod without it is refused"
            yield Finding((resource, request.amount), message, (request,))


def max_becomes_default(org: Org) -> Iterator[Problem]:
    """A `max` stands with a default.

    Where a resource has a `max` and no default, the API server makes the max the default: every container that states
    nothing, also the smallest sidecar, then requests as much as the largest may have. With a `max` of GPUs, each
    container of the namespace takes that many.

    Fails:

        tiers:
          ultra:
            container: {max: {nvidia.com/gpu: "2"}}

    Fix: write the default too; for GPUs `default: {nvidia.com/gpu: "0"}`.
    """
    yield from report(org, _max_becomes_default)


def _max_becomes_default(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        high = room.written("max", resource)
        stated = room.written("default", resource) or room.written("default_request", resource)
        if high and high.amount.nanos and not stated:
            value = '"0"' if not is_overcommitted(resource) else "…"
            message = (
                f"{room}: without a default, {high} is what every container gets that states nothing; "
                f"write `default: {{{resource}: {value}}}`"
            )
            yield Finding((resource, high.amount), message, (high,))


def quota_without_default(org: Org) -> Iterator[Problem]:
    """A quota on cpu or memory stands with a container default of the same side.

    Once a quota counts the requests or the limits of cpu or memory, the API server rejects every pod with a container
    that does not state them ("must specify limits.cpu"). Endpoints then fail to deploy. A default fills them in.

    Fails:

        tiers:
          standard:
            quota: {requests.cpu: "16", limits.cpu: "32"}
            container: {defaultRequest: {cpu: 250m}}

    Fix: add `defaultRequest` for requests and `default` for limits.
    """
    yield from report(org, _quota_without_default)


def _quota_without_default(room: Room) -> Iterator[Finding]:
    for resource in _ENFORCED:
        request, limit = room.bound("requests", resource), room.bound("limits", resource)
        if request and request.amount.nanos and not room.container("default_request", resource):
            yield _lacks_default(room, request, "defaultRequest", "request", resource)
        if limit and limit.amount.nanos and not room.container("default", resource):
            yield _lacks_default(room, limit, "default", "limit", resource)


def _lacks_default(room: Room, quota: Stated, side: str, what: str, resource: str) -> Finding:
    message = (
        f"{room}: {quota} rejects every pod with a container that states no {resource} {what}; "
        f"add `container: {{{side}: {{{resource}: …}}}}`"
    )
    return Finding((side, resource), message, (quota,))


def default_above_quota(org: Org) -> Iterator[Problem]:
    """What one container gets by default fits the quota.

    If the default of a single container is more than the quota of the whole namespace, no pod that states nothing
    starts; if the minimum is, no pod starts at all.

    Fails:

        tiers:
          standard:
            quota: {requests.memory: 1Gi}
            container: {defaultRequest: {memory: 2Gi}, default: {memory: 2Gi}}

    Fix: lower the default, or raise the quota.
    """
    yield from report(org, _default_above_quota)


def _default_above_quota(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        request = room.container("default_request", resource)
        limit = room.container("default", resource)
        for stated, quota in ((request, room.bound("requests", resource)), (limit, room.bound("limits", resource))):
            if stated and quota and quota.amount.nanos and stated.amount > quota.amount:
                message = f"{room}: {stated} of one container is more than {quota} of all; lower it or raise the quota"
                yield Finding((stated.name, stated.amount, quota.amount), message, (stated, quota))


def max_above_quota(org: Org) -> Iterator[Problem]:
    """What one container may have at most fits the quota.

    A `max` above the quota of the whole namespace promises what the quota refuses.

    Fails:

        tiers:
          standard:
            quota: {limits.memory: 16Gi}
            container: {default: {memory: 1Gi}, max: {memory: 32Gi}}

    Fix: lower `max`, or raise the quota.
    """
    yield from report(org, _max_above_quota)


def _max_above_quota(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        high = room.container("max", resource)
        quota = room.bound("limits" if is_overcommitted(resource) else "requests", resource)
        default = room.written("default", resource)
        if high and default and quota and quota.amount.nanos and high.amount > quota.amount >= default.amount:
            message = f"{room}: {high} of one container is more than {quota} of all; lower it or raise the quota"
            yield Finding((resource, high.amount, quota.amount), message, (high, quota))


def pods_do_not_fit(org: Org) -> Iterator[Problem]:
    """As many pods as the quota allows fit the quota with what a container gets by default.

    If not, the last pods are refused for cpu or memory long before the number is reached. During an update old and new
    pods of an endpoint run side by side, so this is met sooner than it seems.

    Fails:

        tiers:
          standard:
            quota: {requests.cpu: "4", pods: "100"}
            container: {defaultRequest: {cpu: 250m}}

    Fix: lower `pods` to the number in the message, or lower the default, or raise the quota.
    """
    yield from report(org, _pods_do_not_fit)


def _pods_do_not_fit(room: Room) -> Iterator[Finding]:
    pods = room.quota("pods") or room.quota("count/pods")
    tightest: tuple[int, Stated, Stated] | None = None
    for resource in room.container_keys():
        request, limit = room.container("default_request", resource), room.container("default", resource)
        for default, quota in ((request, room.bound("requests", resource)), (limit, room.bound("limits", resource))):
            if default and quota and default.amount.nanos:
                fit = quota.amount.nanos // default.amount.nanos
                if fit and (tightest is None or fit < tightest[0]):
                    tightest = fit, default, quota
    if pods and tightest and pods.amount.nanos > tightest[0] * NANO:
        fit, default, quota = tightest
        message = (
            f'{room}: "{pods.amount}" pods are allowed, but {fit:,} with {default} fill {quota}; '
            f'write `pods: "{fit}"`, lower the default or raise the quota'
        )
        yield Finding((pods.amount, default.name, default.amount, quota.amount), message, (pods, default, quota))


def container_default_without_quota(org: Org) -> Iterator[Problem]:
    """What containers get by default is also limited in all.

    Container limits bound a single container and not how many there are: without a quota on the same resource one
    namespace can take the whole cluster, and no budget can be told from it.

    Fails:

        tiers:
          standard:
            quota: {pods: "50"}
            container: {defaultRequest: {cpu: 10m}, default: {cpu: "1"}}

    Fix: add `requests.cpu` (and `limits.cpu`) to the quota.
    """
    rooms: dict[str, list[At]] = {}
    for problem in report(org, _default_without_quota):
        assert isinstance(problem.place, At)
        rooms.setdefault(problem.message, []).append(problem.place)
    for room, places in rooms.items():
        names = [str(place.path[-1]) for place in places]
        keys = ", ".join(f"requests.{name}" for name in names)
        message = f"{room} gives each container {' and '.join(names)}, and no quota limits them in all; add {keys}"
        related = tuple(Related(place, "and here") for place in places[1:])
        yield Problem(message, places[0], related)


def _default_without_quota(room: Room) -> Iterator[Finding]:
    for resource in room.container_keys():
        default = room.container("default_request", resource)
        bounded = room.bound("requests", resource) or room.bound("limits", resource)
        if default and default.amount.nanos and not bounded and not unknown_in_container(resource):
            yield Finding(resource, str(room), (default,))


def container_larger_than_node(org: Org) -> Iterator[Problem]:
    """What a container requests by default fits the largest node.

    A pod that requests more than any node has stays Pending for ever.

    Fails:

        cluster: {largestNode: {cpu: "8"}}
        tiers:
          standard:
            container: {defaultRequest: {cpu: "16"}, default: {cpu: "16"}}

    Fix: lower the request, or correct `cluster.largestNode`.
    """
    yield from report(org, partial(_above_node, "default", org.cluster.largest_node))


def max_larger_than_node(org: Org) -> Iterator[Problem]:
    """The largest container that is allowed fits the largest node.

    A pod that asks for it stays Pending for ever, where a lower `max` would have refused it with a message.

    Fails:

        cluster: {largestNode: {memory: 64Gi}}
        tiers:
          standard:
            container: {default: {memory: 1Gi}, max: {memory: 128Gi}}

    Fix: lower `max`, or correct `cluster.largestNode`.
    """
    yield from report(org, partial(_above_node, "max", org.cluster.largest_node))


def _above_node(side: str, nodes: Mapping[str, Quantity], room: Room) -> Iterator[Finding]:
    for resource, node in nodes.items():
        largest = Stated(node, f"largestNode {resource}", At((*_NODE, resource)))
        request, high = room.container("default_request", resource), room.written("max", resource)
        stuck = request is not None and request.amount > node
        stated = request if side == "default" and stuck else high if side == "max" and not stuck else None
        if stated and stated.amount > node:
            message = f"{room}: {stated} of a container is more than {largest}; such a pod is never scheduled"
            yield Finding((resource, stated.amount), message, (stated, largest))


def quota_without_room(org: Org) -> Iterator[Problem]:
    """A quota that counts objects leaves room for those that are always there.

    Into each namespace we render a ConfigMap, a ResourceQuota, a LimitRange, NetworkPolicies and RoleBindings; the
    cluster itself adds the ConfigMap kube-root-ca.crt and the ServiceAccount default. If the quota has no room for
    them, the API server refuses them and the engine never gets the namespace in sync.

    Fails:

        tiers:
          standard:
            quota: {configmaps: "1"}

    Fix: raise the number, at least to the one in the message.
    """
    mapped = {home(org, workspace): workspace for workspace in org.workspaces.values()}
    worst: dict[At, tuple[int, str, Quantity, int]] = {}
    for namespace in org.namespaces.values():
        room = Room(tier_of(org, namespace), namespace)
        if not any(requested(key) in _ALWAYS_THERE for key in room.quota_keys()):
            continue
        needs = objects(org, namespace, mapped.get(namespace.name))
        for key in room.quota_keys():
            need = needs.get(requested(key), 0)
            stated = room.quota(key)
            if stated and stated.amount.nanos < need * NANO:
                before = worst.get(stated.at, (0, "", stated.amount, 0))
                most = (need, namespace.name) if need > before[0] else before[:2]
                worst[stated.at] = (*most, stated.amount, before[3] + 1)
    for at, (need, name, amount, number) in worst.items():
        others = f" (and {number - 1:,} more have too little)" if number > 1 else ""
        message = (
            f'quota {at.path[-1]} "{amount}" leaves no room for what is always there: '
            f'namespace "{name}" needs {need}{others}; raise it'
        )
        place = Related(At(("namespaces", name), key=True), "needs the most")
        yield Problem(message, at, () if at.path[0] == "namespaces" else (place,))


def objects(org: Org, namespace: Namespace, workspace: Workspace | None) -> Mapping[str, int]:
    """How many objects of each counted resource a namespace always has, ours and the cluster's own."""
    holds = effective(org, namespace)
    policies = 3 + len(set(holds.allow_from)) if holds.isolation == "namespace" else 0
    policies += 5 + bool(holds.allow_to) if holds.egress == "restricted" else 0
    access = workspace.access if workspace else ()
    bindings = {
        (grant.group, cluster_role(org.roles[grant.role]))
        for grant in access
        if grant.role in org.roles and cluster_role(org.roles[grant.role])
    }
    container = holds.container
    limited = container and (container.default or container.default_request or container.max or container.min)
    return {
        "configmaps": 1 + bool(workspace),
        "resourcequotas": int(bool(holds.quota)),
        "count/limitranges": int(bool(limited)),
        "count/serviceaccounts": 1,
        "count/networkpolicies.networking.k8s.io": policies,
        "count/rolebindings.rbac.authorization.k8s.io": len(bindings) + bool(org.verta.deployer),
    }


_ALWAYS_THERE = frozenset(
    [
        "configmaps",
        "resourcequotas",
        "count/limitranges",
        "count/serviceaccounts",
        "count/networkpolicies.networking.k8s.io",
        "count/rolebindings.rbac.authorization.k8s.io",
    ]
)


def _quotas(org: Org) -> Iterator[tuple[Path, Mapping[str, Quantity]]]:
    for name, tier in org.tiers.items():
        yield ("tiers", name, "quota"), tier.quota
    for name, namespace in org.namespaces.items():
        if namespace.quota:
            yield ("namespaces", name, "quota"), namespace.quota


def _quota_names(org: Org) -> Iterator[tuple[Path, str]]:
    return ((path, resource) for path, amounts in _quotas(org) for resource in amounts)


def _cluster_names(org: Org) -> Iterator[tuple[Path, str]]:
    for section, named in (("capacity", org.cluster.capacity), ("overcommit", org.cluster.overcommit)):
        yield from ((("cluster", section), resource) for resource in named)


def _amounts(org: Org) -> Iterator[tuple[Path, Mapping[str, Quantity]]]:
    yield ("cluster", "capacity"), org.cluster.capacity
    yield _NODE, org.cluster.largest_node
    yield from _quotas(org)
    yield from _containers(org)


def _containers(org: Org) -> Iterator[tuple[Path, Mapping[str, Quantity]]]:
    for section, owners in (("tiers", org.tiers), ("namespaces", org.namespaces)):
        for name, owner in owners.items():
            if container := owner.container:
                sides = (container.default, container.default_request, container.max, container.min)
                for side, amounts in zip(_SIDES, sides, strict=True):
                    yield (section, name, "container", side), amounts
