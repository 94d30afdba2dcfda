"""Values at the edge of what Kubernetes accepts, family by family: the organization that says each, and the objects."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, NamedTuple

Body = dict[str, Any]
HOME = "differential"
"""The namespace that exists on the server, and that every namespaced object is tried in."""

_RBAC = "rbac.authorization.k8s.io"
_LOWER, _ALNUM = "abcz019", "abzAZ059"
_NASTY = [
    "", " ", "-", "--", ".", "..", "_", "/", "//", ":", "A", "\t", "\n", "\x00", "\x7f", "é", "ａ", "١", "K", "ß",
    "\u200b", "%", "*", "#", "'", '"', "{", "\\", "+", "😀", "\u2028", "\u0085", "@", "$", "~", "xn--",
]  # fmt: skip
_LENGTHS = [0, 1, 2, 3, 4, 5, 6, 8, 10, 20, 40, 60, 61, 62, 63, 64, 65, 127, 239, 240, 252, 253, 254, 255, 256, 300]

RESOURCES = [
    "cpu", "memory", "ephemeral-storage", "storage", "requests.cpu", "requests.memory", "requests.storage",
    "limits.cpu",
    "limits.memory", "requests.ephemeral-storage", "limits.ephemeral-storage", "requests.nvidia.com/gpu",
    "limits.nvidia.com/gpu", "nvidia.com/gpu", "pods", "services", "services.loadbalancers", "services.nodeports",
    "secrets", "configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "limits.storage",
    "count/pods", "count/deployments.apps", "count/deployments", "count/jobs.batch", "count/widgets.example.com",
    "count/", "count/Pods", "hugepages-2Mi", "hugepages-1Gi", "requests.hugepages-2Mi", "limits.hugepages-2Mi",
    "hugepages-", "hugepages-2", "hugepages-x", "fast.storageclass.storage.k8s.io/requests.storage",
    "fast.storageclass.storage.k8s.io/persistentvolumeclaims", "gpu.deviceclass.resource.k8s.io/devices",
    "requests.kubernetes.io/x", "kubernetes.io/batteries", "example.com/widgets", "requests.example.com/widgets",
    "bandwidth", "request.cpu", "requests.cpus", "limits.pods", "requests.pods", "endpoints", "ingresses",
    "limitranges",
    "requests.", "limits.", ".cpu", "requests.limits.cpu", "attachable-volumes-aws-ebs", "kubernetes.io/x/y",
    "requests.attachable-volumes-x", "limits.requests.example.com/x", "alpha.kubernetes.io/nvidia-gpu",
]  # fmt: skip


@dataclass(frozen=True)
class Trial:
    """One value: how an organization says it, the objects it would be as it stands, and which of the rendered count."""

    shown: str
    org: Body
    raw: list[Body]
    pick: Callable[[Body], bool]


@dataclass(frozen=True)
class Family:
    """A family of values, and why `check` refuses some that the server accepts."""

    make: Callable[[random.Random], Trial]
    stricter: Sequence[Stricter] = ()


class Stricter(NamedTuple):
    """A rule that refuses more than the server, and why; of which values, and with which words, where not of all."""

    rule: str
    why: str
    shown: str = ""
    """What is to be found in the value; everything where not given."""
    said: str = ""
    """What is to be found in the message; everything where not given."""

    def covers(self, rule: str, message: str, trial: Trial) -> bool:
        """Whether this is the reason for a problem."""
        found = re.search(self.shown, trial.shown, re.DOTALL) and re.search(self.said, message, re.DOTALL)
        return rule == self.rule and found is not None


def base(**more: Any) -> Body:
    """The smallest organization, with one namespace and one workspace; `more` replaces its sections."""
    return {
        "version": 1,
        "organization": {"name": "acme"},
        "cluster": {"name": "prod-us", "kubernetesVersion": "1.33"},
        "verta": {"primaryNamespace": "verta"},
        "defaults": {"tier": "standard"},
        "tiers": {"standard": {}},
        "namespaces": {HOME: {}},
        "workspaces": {"work": {"namespace": HOME}},
        **more,
    }


def text(rng: random.Random, alphabet: str, wild: float = 0.3) -> str:
    """A text of one of the telling lengths, mostly of an alphabet, sometimes with something nasty in it."""
    length = rng.choice(_LENGTHS)
    found = "".join(rng.choice(alphabet) for _ in range(length))
    if rng.random() < wild:
        position = rng.choice([0, len(found), len(found) // 2, max(0, len(found) - 1)])
        found = found[:position] + rng.choice(_NASTY) + found[position + rng.choice([0, 1]) :]
    if rng.random() < 0.1:
        found = rng.choice([found.upper(), found.title(), f"{found}-{found}", f"{found}.{found}"])[:400]
    return found


def _object(kind: str, version: str, name: str, namespace: str = "", **more: Any) -> Body:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **more}


def _is(*kinds: str) -> Callable[[Body], bool]:
    return lambda body: body["kind"] in kinds


def _called(kind: str, begin: str) -> Callable[[Body], bool]:
    return lambda body: body["kind"] == kind and body["metadata"]["name"].startswith(begin)


def _binding(name: str, role: str, subject: Body) -> Body:
    reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role}
    return _object("RoleBinding", f"{_RBAC}/v1", name, HOME, roleRef=reference, subjects=[subject])


def _group(name: str) -> Body:
    return {"kind": "Group", "apiGroup": _RBAC, "name": name}


def _peer(name: str) -> Body:
    peers = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]
    spec = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": peers}]}
    return _object("NetworkPolicy", "networking.k8s.io/v1", f"allow-from-namespace-{name}", HOME, spec=spec)


def _names(rng: random.Random) -> Trial:
    name = text(rng, _LOWER + ("-" if rng.random() < 0.5 else ""))
    where = rng.choice(["namespace", "tier", "organization", "peer", "group", "role"])
    shown = f"{where} {name!r}"
    if where == "namespace":
        org = base(namespaces={name: {}}, workspaces={"work": {"namespace": name}})
        return Trial(shown, org, [_object("Namespace", "v1", name)], _is("Namespace"))
    if where == "peer":
        org = base(namespaces={HOME: {"network": {"allowFrom": [name]}}})
        return Trial(shown, org, [_peer(name)], _called("NetworkPolicy", "allow-from-namespace-"))
    if where == "tier":
        priority = _object("PriorityClass", "scheduling.k8s.io/v1", f"verta-gitops-{name}", value=1)
        labelled = _object("Namespace", "v1", "labelled")
        labelled["metadata"]["labels"] = {"verta-gitops.io/tier": name}
        org = base(tiers={name: {"priorityClass": {"value": 1}}}, defaults={"tier": name})
        return Trial(shown, org, [priority, labelled], _is("PriorityClass"))
    if where == "organization":
        labelled = _object("Namespace", "v1", "labelled")
        labelled["metadata"]["labels"] = {"verta-gitops.io/organization": name}
        org = base(
            organization={"name": name}, namespaces={"labelled": {}}, workspaces={"w": {"namespace": "labelled"}}
        )
        return Trial(shown, org, [labelled], _is("Namespace"))
    access = [{"group": name if where == "group" else "people", "role": name if where == "role" else "reader"}]
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    org = base(
        groups={name if where == "group" else "people": {}},
        roles={name if where == "role" else "reader": {"rules": rules} if where == "role" else {"clusterRole": "view"}},
        workspaces={"work": {"namespace": HOME, "access": access}},
    )
    if where == "group":
        return Trial(shown, org, [_binding(f"access:{name}:view", "view", _group(name))], _is("RoleBinding"))
    role = _object("ClusterRole", f"{_RBAC}/v1", f"verta-gitops:{name}", rules=rules)
    bound = _binding(f"access:people:verta-gitops:{name}", f"verta-gitops:{name}", _group("people"))
    return Trial(shown, org, [role, bound], _is("ClusterRole", "RoleBinding"))


def _key(rng: random.Random) -> str:
    name = text(rng, _ALNUM + rng.choice(["", "-_."]), 0.3)
    if rng.random() < 0.5:
        return name
    return f"{text(rng, _LOWER + rng.choice(['', '-.']), 0.3)}/{name}"


def _labels(rng: random.Random) -> Trial:
    key, value = _key(rng), text(rng, _ALNUM + rng.choice(["", "-_."]), 0.4)
    if rng.random() < 0.5:
        key = "team"
    elif rng.random() < 0.5:
        value = "x"
    body = _object("Namespace", "v1", "labelled")
    body["metadata"]["labels"] = {key: value}
    org = base(namespaces={"labelled": {"labels": {key: value}}}, workspaces={"w": {"namespace": "labelled"}})
    return Trial(f"{key!r}: {value!r}", org, [body], _is("Namespace"))


def _annotations(rng: random.Random) -> Trial:
    key, value = _key(rng), text(rng, _ALNUM + " :#{}[]&*!|>'%@`,?-", 0.4)
    if rng.random() < 0.3:
        key = "note"
    body = _object("Namespace", "v1", "annotated")
    body["metadata"]["annotations"] = {key: value}
    org = base(namespaces={"annotated": {"annotations": {key: value}}}, workspaces={"w": {"namespace": "annotated"}})
    return Trial(f"{key!r}: {value!r}", org, [body], _is("Namespace"))


def quantity(rng: random.Random) -> str:
    """A quantity, or nearly one."""
    digits = "".join(rng.choice("0123456789") for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 9, 18, 19, 20, 40])))
    if rng.random() < 0.2:
        digits = rng.choice(["9223372036854775807", "9223372036854775808", "1024", "1000", "0", "00", "1048576"])
    if rng.random() < 0.3:
        digits += "." + "".join(rng.choice("0123456789") for _ in range(rng.choice([0, 1, 2, 3, 4, 9, 10, 12])))
    suffixes = ["n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E3", "e-3",
                "e0", "e18", "e19", "e+2", "E-9", "e", "K", "ki", "g", "mi", "b", "GB", "i", "Zi", "e1.5", "e99",
                " Gi", "\u00b5"]  # fmt: skip
    suffix = rng.choice(["", "", *suffixes])
    sign = rng.choice(["", "", "", "", "", "", "+", "-", " ", "--", "+-"])
    return sign + digits + suffix + rng.choice([""] * 15 + [" ", "\n", "m", "١"])


def _quantities(rng: random.Random) -> Trial:
    amount = quantity(rng)
    if rng.random() < 0.6:
        resource = rng.choice(["requests.cpu", "requests.memory", "pods", "requests.storage", "count/jobs.batch",
                               "requests.nvidia.com/gpu", "services.nodeports", "hugepages-2Mi"])  # fmt: skip
        org = base(namespaces={HOME: {"quota": {resource: amount}}})
        body = _object("ResourceQuota", "v1", "quota", HOME, spec={"hard": {resource: amount}})
        return Trial(f"quota {resource}: {amount!r}", org, [body], _is("ResourceQuota"))
    resource = rng.choice(["cpu", "memory", "ephemeral-storage", "nvidia.com/gpu", "hugepages-2Mi"])
    side = rng.choice(["default", "max", "min"])
    org = base(namespaces={HOME: {"container": {side: {resource: amount}}}})
    body = _object("LimitRange", "v1", "l", HOME, spec={"limits": [{"type": "Container", side: {resource: amount}}]})
    return Trial(f"{side} {resource}: {amount!r}", org, [body], _is("LimitRange"))


def resource_name(rng: random.Random) -> str:
    """The name of a resource, or nearly one."""
    name = rng.choice(RESOURCES)
    chance = rng.random()
    if chance < 0.25:
        name = rng.choice(["requests.", "limits.", "count/", "hugepages-", "requests.hugepages-", "x."]) + name
    elif chance < 0.5:
        position = rng.randrange(len(name) + 1)
        name = name[:position] + rng.choice(_NASTY) + name[position + rng.choice([0, 1]) :]
    elif chance < 0.7:
        name = f"{rng.choice(['', 'requests.', 'limits.', 'count/'])}{_key(rng)}"
    elif chance < 0.75:
        name = rng.choice([name.upper(), name.title(), name.removesuffix("s"), name + "s"])
    return name


def _quota_keys(rng: random.Random) -> Trial:
    name = resource_name(rng)
    amount = "4Mi" if "memory" in name or "storage" in name or "hugepages" in name else "5"
    org = base(namespaces={HOME: {"quota": {name: amount}}})
    if "default" in name or name in ("cpu", "memory") or name.startswith(("requests.", "limits.")):
        sides = {"default": {"cpu": "1", "memory": "2Mi"}, "defaultRequest": {"cpu": "1", "memory": "2Mi"}}
        org["namespaces"][HOME]["container"] = sides  # a quota on cpu or memory wants a default
    body = _object("ResourceQuota", "v1", "quota", HOME, spec={"hard": {name: amount}})
    return Trial(f"{name!r}", org, [body], _is("ResourceQuota"))


def _container_keys(rng: random.Random) -> Trial:
    name = resource_name(rng)
    amount = "4Mi" if "memory" in name or "storage" in name or "hugepages" in name else "5"
    sides = {side: {name: amount} for side in rng.sample(["default", "max", "min"], rng.choice([1, 2]))}
    org = base(namespaces={HOME: {"container": sides}})
    body = _object("LimitRange", "v1", "l", HOME, spec={"limits": [{"type": "Container", **sides}]})
    return Trial(f"{sides!r}", org, [body], _is("LimitRange"))


def _limit_ranges(rng: random.Random) -> Trial:
    sides: dict[str, dict[str, str]] = {}
    units = {"cpu": "m", "memory": "Mi", "ephemeral-storage": "Mi", "nvidia.com/gpu": "", "hugepages-2Mi": "Mi"}
    for resource in rng.sample(sorted(units), rng.choice([1, 1, 2, 3])):
        for side in rng.sample(["default", "defaultRequest", "max", "min"], rng.choice([1, 2, 3, 4])):
            number = rng.choice([0, 1, 2, 2, 3])
            sides.setdefault(side, {})[resource] = f"{number}{units[resource] if number else ''}"
    org = base(namespaces={HOME: {"container": sides}})
    body = _object("LimitRange", "v1", "limits", HOME, spec={"limits": [{"type": "Container", **sides}]})
    return Trial(f"{sides!r}", org, [body], _is("LimitRange"))


def _role_references(rng: random.Random) -> Trial:
    role = text(rng, _ALNUM + ":-._")
    if rng.random() < 0.2:
        role = rng.choice(["view", "edit", "admin", "system:node", ".", "..", "a/b", "a%b", "View", "a b", " a", "a "])
    deployer = rng.random() < 0.3
    if deployer:
        org = base(verta={"primaryNamespace": "verta", "deployer": {"serviceAccount": "d", "clusterRole": role}})
        account = {"kind": "ServiceAccount", "name": "d", "namespace": "verta"}
        return Trial(f"deployer {role!r}", org, [_binding(f"deployer:{role}", role, account)], _is("RoleBinding"))
    access = [{"group": "people", "role": "r"}]
    org = base(groups={"people": {}}, roles={"r": {"clusterRole": role}},
               workspaces={"work": {"namespace": HOME, "access": access}})  # fmt: skip
    body = _binding(f"access:people:{role}", role, _group("people"))
    return Trial(f"role {role!r}", org, [body], _is("RoleBinding"))


def _role_rules(rng: random.Random) -> Trial:
    def some(known: list[str]) -> list[str]:
        chosen = rng.sample(known, rng.choice([0, 1, 1, 1, 2, 3]))
        return [text(rng, _ALNUM + "/*.") if rng.random() < 0.2 else each for each in chosen]

    rule: dict[str, Any] = {
        "apiGroups": some(["", "apps", "batch", "*", "example.com", "core", "v1"]),
        "resources": some(["pods", "pods/log", "*", "*/scale", "deployments", "widgets", "Pods", "a/b/c"]),
        "verbs": some(["get", "list", "watch", "create", "patch", "use", "GET", "read"]),
    }
    if rng.random() < 0.4:
        rule["resourceNames"] = some(["one", "two:three", "A B", "*", "x" * 300])
    rules = [rule] * rng.choice([1, 1, 2])
    org = base(roles={"r": {"rules": rules}})
    body = _object("ClusterRole", f"{_RBAC}/v1", "verta-gitops:r", rules=rules)
    return Trial(f"{rule!r}", org, [body], _is("ClusterRole"))


def _subjects(rng: random.Random) -> Trial:
    name = text(rng, _ALNUM + ":-._ /@=,")
    chance = rng.random()
    if chance < 0.6:
        access = [{"group": "people", "role": "r"}]
        org = base(groups={"people": {"subject": name}}, roles={"r": {"clusterRole": "view"}},
                   workspaces={"work": {"namespace": HOME, "access": access}})  # fmt: skip
        if not name:
            org["groups"]["people"] = {}  # empty is as if not given
            return Trial("group without subject", org, [_binding("a", "view", _group("people"))], _is("RoleBinding"))
        body = _binding("access:people:view", "view", _group(name))
        return Trial(f"group {name!r}", org, [body], _is("RoleBinding"))
    name = text(rng, _LOWER + "-.")
    field = "serviceAccount" if chance < 0.8 else "namespace"
    deployer = {"serviceAccount": "d", "namespace": "verta", field: name}
    org = base(verta={"primaryNamespace": "verta", "deployer": deployer})
    subject = {"kind": "ServiceAccount", "name": deployer["serviceAccount"], "namespace": deployer["namespace"]}
    return Trial(f"deployer {field} {name!r}", org, [_binding("deployer:edit", "edit", subject)], _is("RoleBinding"))


def _cidrs(rng: random.Random) -> Trial:
    network = cidr(rng)
    server = rng.random() < 0.3
    network_field = {"egress": "restricted", **({} if server else {"allowTo": [network]})}
    org = base(namespaces={HOME: {"network": network_field}})
    if server:
        org["cluster"] = {**org["cluster"], "apiServer": [network]}
    spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": network}}]}]}
    body = _object("NetworkPolicy", "networking.k8s.io/v1", "allow-egress-to-networks", HOME, spec=spec)
    name = "allow-egress-to-api-server" if server else "allow-egress-to-networks"
    return Trial(f"{name} {network!r}", org, [body], _called("NetworkPolicy", name))


def cidr(rng: random.Random) -> str:
    """A network, or nearly one."""
    octet = [0, 1, 9, 10, 127, 169, 192, 224, 254, 255, 256, 300, 999]
    if rng.random() < 0.5:
        parts = [
            str(rng.choice(octet[: rng.choice([9, 10, 13])])) for _ in range(rng.choice([4, 4, 4, 4, 4, 4, 3, 5, 1]))
        ]
        if rng.random() < 0.1:
            parts[rng.randrange(len(parts))] = rng.choice(["010", "00", "08", "0x1", "", " 1", "١", "1e1", "+1"])
        address, longest = ".".join(parts), 32
    else:
        groups = [rng.choice(["0", "1", "fd00", "2001", "db8", "ffff", "FFFF", "00", "0db8", "10000", "g", ""])
                  for _ in range(rng.choice([1, 2, 3, 7, 8, 8, 9]))]  # fmt: skip
        address, longest = ":".join(groups), 128
        if rng.random() < 0.6:
            position = rng.randrange(len(groups) + 1)
            address = ":".join(groups[:position]) + "::" + ":".join(groups[position:])
        if rng.random() < 0.2:
            address += rng.choice([":1.2.3.4", "::ffff:1.2.3.4", "%eth0", ".", ":", "::", ":1.2.3.256", ":01.2.3.4"])
        if rng.random() < 0.15:
            address = rng.choice(
                ["::ffff:10.0.0.0", "::", "::1", "::ffff:a00:0", "fe80::1%eth0", "1::2::3", "[::1]", "::1.2.3.4"]
            )
    length = rng.choice([0, 1, 8, 16, 24, longest - 1, longest, longest, longest + 1, 33, 64, 129, "08", "", "-1", "+8",
                         "x", "255.0.0.0", "8 ", "1.0", "١"])  # fmt: skip
    slash = rng.choice(["/"] * 20 + ["", "//", " /", "\\"])
    found = f"{address}{slash}{length}"
    if rng.random() < 0.5:
        return found
    try:
        return str(ip_network(found, strict=False))  # most have bits beyond their prefix, and say nothing else then
    except ValueError:
        return found


def _workspaces(rng: random.Random) -> Trial:
    name = text(rng, _ALNUM + " :-._/#'&")
    legacy = rng.random() < 0.5
    said = text(rng, _ALNUM + " :-._/#'&")
    if legacy:
        org = base(
            verta={"primaryNamespace": "default"},
            workspaces={name: {"legacy": True, "description": said}},
            namespaces={},
        )
    else:
        org = base(workspaces={name: {"namespace": HOME, "description": said}})
    body = _object("ConfigMap", "v1", "verta-workspace", HOME, data={"workspace.json": said})
    body["metadata"]["annotations"] = {"verta-gitops.io/workspace": name}
    return Trial(f"{name!r} described {said!r}", org, [body], _is("ConfigMap"))


_BLANK_AT_AN_END = r"""['"](\s|\\[nt])|(\s|\\[nt])['"]$"""
"""Of a value as it is shown, in the quotes of Python."""

_NO_NUMBER = r": '[-+]?[.]?([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?'$"

_TEXTS = (
    Stricter("control-character", "a hidden character fools a terminal, or who reviews the file"),
    Stricter("surrogate", "half a character is none"),
)
_EMPTY = (
    Stricter("invalid-text", "an empty key is a slip", said="an empty text"),
    Stricter("invalid-name", "an empty key is a slip", said="an empty text"),
)
_USELESS = (
    Stricter("quota-without-default", "the server accepts the quota, and then refuses every pod that states nothing"),
    Stricter("default-above-quota", "the server accepts the two, and then refuses every pod that states nothing"),
    Stricter("extended-resource-overcommitted", "the server accepts the LimitRange, and then refuses every such pod"),
    Stricter("wrong-unit", "an amount that no cluster has; the unit is wrong"),
)

FAMILIES: dict[str, Family] = {
    "names": Family(
        _names,
        (
            *_TEXTS,
            *_EMPTY,
            Stricter(
                "invalid-name", "`--` separates cluster and namespace in Verta", "^(namespace|peer) '[a-z0-9-]*--"
            ),
            Stricter(
                "invalid-name", "keys are DNS labels, so that every name made of them is one", "^(group|role|tier|org)"
            ),
            Stricter("invalid-text", "a name of blanks is none"),
            Stricter("allow-from-invalid", "there can be no such namespace", "^peer"),
            Stricter("reserved-namespace", "belongs to somebody else"),
        ),
    ),
    "labels": Family(_labels, (*_TEXTS, Stricter("reserved-label", "ours, or an engine's"))),
    "annotations": Family(
        _annotations,
        (
            *_TEXTS,
            Stricter("reserved-label", "ours, or an engine's"),
            Stricter(
                "invalid-label", "whoever reads an annotation compares its domain in lower case", "^'[^']*[A-Z][^']*/"
            ),
        ),
    ),
    "quantities": Family(
        _quantities,
        (
            *_USELESS,
            Stricter("invalid-quantity", "the server cuts it to 2^63-1 without a word", said="too large|so many"),
            Stricter("invalid-quantity", "the server takes away the blanks; they are a slip", _BLANK_AT_AN_END),
            Stricter("fractional-count", "the server counts devices only in pods", "nvidia"),
            Stricter("invalid-quantity", "the server reads no number at all as 0; it is a slip", _NO_NUMBER),
            Stricter("invalid-quantity", "a limit below nothing", "^(default|max|min) ", "is negative"),
        ),
    ),
    "quota-keys": Family(
        _quota_keys,
        (
            *_USELESS,
            Stricter(
                "unknown-quota-resource",
                "the server accepts it, and never counts it",
                "^'.*/|^'(requests[.])?hugepages-",
            ),
            Stricter("extended-resource-in-quota", "the server accepts it, and never enforces it"),
        ),
    ),
    "container-keys": Family(
        _container_keys,
        (
            *_USELESS,
            Stricter(
                "unknown-container-resource", "the server accepts it, and no container can have it", "/|hugepages-"
            ),
        ),
    ),
    "limit-ranges": Family(_limit_ranges, _USELESS),
    "role-references": Family(
        _role_references,
        (
            *_TEXTS,
            *_EMPTY,
            Stricter("invalid-name", "no ClusterRole is called so: a blank is a slip", r"'.*(\s|\\[tnrxu]).*'"),
            Stricter("invalid-name", "no ClusterRole has so long a name", said="at most 253"),
            Stricter("role-is-cluster-admin", "it lifts every guard"),
        ),
    ),
    "role-rules": Family(
        _role_rules,
        (
            *_TEXTS,
            Stricter("role-escalates", "it lifts every guard"),
            Stricter("invalid-text", "a blank names nothing"),
        ),
    ),
    "subjects": Family(
        _subjects,
        (
            *_TEXTS,
            Stricter("invalid-text", "a blank at the end of a name is a slip", _BLANK_AT_AN_END, "on one line"),
            Stricter(
                "invalid-text", "a name is one line, and hides no character", r"^group '.*\\[tnrxu]", "on one line"
            ),
            Stricter("invalid-name", "there can be no such namespace", "^deployer namespace"),
            Stricter("system-subject", "a group of Kubernetes itself"),
        ),
    ),
    "cidrs": Family(_cidrs),
    "workspaces": Family(_workspaces, (*_TEXTS, *_EMPTY, Stricter("invalid-text", "a name of blanks is none"))),
}
"""There is no family of ports: `org.yaml` has no field for one, and those that are rendered are constants."""
