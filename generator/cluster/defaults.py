"""An object as somebody wrote it → the object as the API server would complete it, for the kinds that we render."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

Body = Mapping[str, Any]
_RBAC = "rbac.authorization.k8s.io"


def completed(body: Body) -> Body:
    """The object with the defaults of the API server written out; what is not understood stays as it is."""
    group = str(body.get("apiVersion", "")).rpartition("/")[0]
    complete = _DEFAULTS.get((group, str(body.get("kind", ""))))
    return {**body, **complete(body)} if complete else body


def _limit_range(body: Body) -> Body:
    spec = _map(body.get("spec"))
    limits = [_limits(item) for item in _list(spec.get("limits"))]
    return {"spec": {**spec, "limits": limits}} if limits else {}


def _limits(item: Any) -> Any:
    """A container's default is its max where not given, and its request the default, or else the min."""
    if not isinstance(item, Mapping) or item.get("type") != "Container":
        return item
    default = {**_map(item.get("max")), **_map(item.get("default"))}
    request = {**_map(item.get("min")), **default, **_map(item.get("defaultRequest"))}
    sides = {"default": default, "defaultRequest": request}
    return {**item, **{side: amounts for side, amounts in sides.items() if amounts}}


def _network_policy(body: Body) -> Body:
    spec = dict(_map(body.get("spec")))
    if not spec:
        return {}
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for side in ("ingress", "egress"):
        if side in spec:
            spec[side] = [_ports(rule) for rule in _list(spec[side])]
    return {"spec": spec}


def _ports(rule: Any) -> Any:
    if not isinstance(rule, Mapping) or not rule.get("ports"):
        return rule
    ports = [{"protocol": "TCP", **port} if isinstance(port, Mapping) else port for port in _list(rule["ports"])]
    return {**rule, "ports": ports}


def _binding(body: Body) -> Body:
    found: dict[str, Any] = {}
    if reference := _map(body.get("roleRef")):
        found["roleRef"] = {"apiGroup": _RBAC, **reference}
    if "subjects" in body:
        found["subjects"] = [
            {"apiGroup": _RBAC, **subject}
            if isinstance(subject, Mapping) and subject.get("kind") in ("User", "Group")
            else subject
            for subject in _list(body["subjects"])
        ]
    return found


def _priority_class(body: Body) -> Body:
    return {"preemptionPolicy": body.get("preemptionPolicy") or "PreemptLowerPriority"}


def _secret(body: Body) -> Body:
    """What is written as `stringData` is read as `data`."""
    plain = _map(body.get("stringData"))
    if not plain:
        return {}
    data = {str(key): b64encode(str(value).encode("utf-8", "surrogatepass")).decode() for key, value in plain.items()}
    return {"stringData": None, "data": {**_map(body.get("data")), **data}}


_DEFAULTS: Mapping[tuple[str, str], Callable[[Body], Body]] = {
    ("", "LimitRange"): _limit_range,
    ("", "Secret"): _secret,
    ("networking.k8s.io", "NetworkPolicy"): _network_policy,
    (_RBAC, "RoleBinding"): _binding,
    (_RBAC, "ClusterRoleBinding"): _binding,
    ("scheduling.k8s.io", "PriorityClass"): _priority_class,
}


def _map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
