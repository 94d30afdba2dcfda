"""Number of workspaces → an organization of that size, the same one every time; nothing in it is anybody's data.

Per workspace it makes about ten objects: a Namespace, a quota, a limit range, three network policies and more where it
is connected or fenced in, the deployer's binding, one or two of its groups, and a description.
"""

from __future__ import annotations

import argparse
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

AREAS = (
    "billing", "cards", "claims", "collections", "credit", "delivery", "demand", "energy", "fleet", "fraud", "grid",
    "inventory", "lending", "loyalty", "maritime", "markets", "payments", "pricing", "quality", "returns", "routing",
    "safety", "search", "support", "treasury",
)  # fmt: skip
TASKS = (
    "alerts", "anomalies", "assistants", "attribution", "audits", "bundling", "capacity", "churn", "clustering",
    "disputes", "embeddings", "experiments", "explanations", "exposure", "features", "forecasts", "incidents", "intent",
    "journeys", "labels", "limits", "matching", "moderation", "onboarding", "outages", "planning", "provisions",
    "ranking", "recommendations", "renewals", "scoring", "segments", "simulation", "speech", "staffing", "summaries",
    "tagging", "translation", "uplift", "vision",
)  # fmt: skip
TIERS = ("standard",) * 5 + ("batch",) * 2 + ("accelerated",) * 2 + ("regulated",)
OTHER_CONTAINERS = ({"max": {"memory": "64Gi"}}, {"default": {"cpu": "500m"}, "defaultRequest": {"cpu": "100m"}})
TEAM = 5
"""Workspaces of one team."""

Data = dict[str, Any]


def name(index: int) -> str:
    """Name of the namespace with that number."""
    area, rest = AREAS[index % len(AREAS)], index // len(AREAS)
    task, generation = TASKS[rest % len(TASKS)], rest // len(TASKS)
    return f"{area}-{task}-{generation + 1}" if generation else f"{area}-{task}"


def workspace_name(index: int) -> str:
    """Name of the workspace that lives in it."""
    return f"{name(index)}-models"


def description(index: int) -> str:
    """What the workspace says that it is for."""
    area, task = AREAS[index % len(AREAS)], TASKS[index // len(AREAS) % len(TASKS)]
    return f"{task.capitalize()} for {area}: models and experiments of team {index // TEAM}, région {index % 7}"


def organization(workspaces: int) -> Data:
    """The organization as plain data, every key as `org.yaml` has it."""
    teams = range((workspaces + TEAM - 1) // TEAM)
    return {
        **_frame(workspaces),
        "tiers": _tiers(),
        "groups": {key: group for team in teams for key, group in _groups(team)},
        "roles": _roles(),
        "namespaces": {name(index): _namespace(index, workspaces) for index in range(workspaces)},
        "workspaces": {workspace_name(index): _workspace(index) for index in range(workspaces)},
    }


def _pick(what: str, index: int, choices: int) -> int:
    """A number below `choices` that looks random and is not."""
    return zlib.crc32(f"{what} {index}".encode()) % choices


def _frame(workspaces: int) -> Data:
    capacity = {"requests.cpu": str(workspaces * 64), "requests.memory": f"{workspaces}Ti"}
    return {
        "version": 1,
        "organization": {"name": "example", "description": "An organization that the benchmark makes up"},
        "cluster": {
            "name": "bench-eu",
            "kubernetesVersion": "1.33",
            "capacity": {**capacity, "requests.nvidia.com/gpu": str(workspaces * 8), "pods": str(workspaces * 500)},
            "largestNode": {"cpu": "128", "memory": "1Ti", "nvidia.com/gpu": "8"},
            "apiServer": ["10.0.0.10/32"],
        },
        "verta": {
            "multipleNamespaces": True,
            "permissionModel": "workspaces",
            "primaryNamespace": "verta",
            "deployer": {"serviceAccount": "verta-deployer", "namespace": "verta", "clusterRole": "edit"},
        },
        "delivery": {
            "engine": "argocd",
            "repoURL": "https://git.example.com/example/platform.git",
            "revision": "refs/heads/main",
            "path": "rendered",
        },
        "policy": {"requiredLabels": ["cost-center"]},
        "defaults": {"tier": "standard"},
    }


def _tiers() -> Data:
    return {
        "standard": _tier("shared capacity, business hours", 1000, 8, "open"),
        "batch": _tier("nightly runs, may be preempted", 100, 16, "open"),
        "accelerated": _tier("training and serving with accelerators", 5000, 32, "open"),
        "regulated": {
            **_tier("personal data, fenced in", 8000, 8, "restricted"),
            "podSecurity": "restricted",
        },
    }


def _tier(text: str, priority: int, size: int, egress: str) -> Data:
    return {
        "description": text,
        "quota": {
            "requests.cpu": str(size * 2), "requests.memory": f"{size * 8}Gi", "limits.cpu": str(size * 4),
            "limits.memory": f"{size * 16}Gi", "pods": str(size * 4), "persistentvolumeclaims": str(size),
            "requests.nvidia.com/gpu": str(size // 32),
        },
        "container": {
            "defaultRequest": {"cpu": "250m", "memory": "512Mi"},
            "default": {"cpu": "1", "memory": "2Gi"},
            "max": {"cpu": str(size), "memory": f"{size * 4}Gi"},
            "min": {"cpu": "10m", "memory": "32Mi"},
        },
        "podSecurity": "baseline",
        "network": {"isolation": "namespace", "egress": egress},
        "priorityClass": {"value": priority},
    }  # fmt: skip


def _roles() -> Data:
    look = {"apiGroups": [""], "resources": ["pods", "pods/log", "events"], "verbs": ["get", "list", "watch"]}
    return {
        "data-scientist": {"verta": "Contributor"},
        "maintainer": {"verta": "Maintainer", "clusterRole": "view"},
        "operator": {"verta": "Super User", "rules": [look]},
    }


def _groups(team: int) -> Iterator[tuple[str, Data]]:
    for who, title in (("leads", "Leads"), ("science", "Data Scientists"), ("operations", "Operations")):
        key = f"team-{team}-{who}"
        yield key, {"subject": f"oidc:{key}", "verta": f"Team {team} {title}", "codeowner": f"@example/{key}"}


def _namespace(index: int, workspaces: int) -> Data:
    team = index // TEAM
    namespace: Data = {
        "tier": TIERS[_pick("tier", index, len(TIERS))],
        "owners": [f"team-{team}-leads", f"team-{team}-operations"],
        "labels": {"cost-center": str(4000 + _pick("cost", team, 900)), "stage": ("dev", "test", "live")[index % 3]},
        "annotations": {"example.com/runbook": f"https://wiki.example.com/runbooks/{name(index)}"},
    }
    if _pick("quota", index, 3) == 0:
        namespace["quota"] = {"requests.nvidia.com/gpu": str(1 + index % 8), "pods": str(10 + index % 20)}
    if (other := _pick("container", index, 8)) < len(OTHER_CONTAINERS):
        namespace["container"] = OTHER_CONTAINERS[other]
    if _pick("network", index, 8) == 0:
        peers = {name((index + step) % workspaces) for step in (1, len(AREAS))} - {name(index)}
        namespace["network"] = {"allowFrom": sorted(peers)}
    elif namespace["tier"] == "regulated" and index % 2:
        namespace["network"] = {"allowTo": [f"10.{index % 200}.0.0/16", "192.0.2.0/24"]}
    if _pick("state", index, 100) == 0:
        namespace["state"] = "frozen"
    return namespace


def _workspace(index: int) -> Data:
    team = index // TEAM
    grants = (("science", "data-scientist"), ("leads", "maintainer"), ("operations", "operator"))
    access = [{"group": f"team-{team}-{who}", "role": role} for who, role in grants[: 2 + index % 2]]
    return {"namespace": name(index), "description": description(index), "access": access}


def to_yaml(data: Data) -> str:
    """Data as the YAML that people write: blocks, and short lists and grants on one line."""
    return "".join(f"{line}\n" for line in _lines(data))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, dict) or (isinstance(inner, list) and isinstance(inner[0], dict)):
                yield f"{_scalar(key)}:"
                yield from (f"  {line}" for line in _lines(inner))
            else:
                yield f"{_scalar(key)}: {_flow(inner)}"
    else:
        yield from (f"- {_flow(item)}" for item in value)


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str) and re.fullmatch(r"[A-Za-z]{3}[-A-Za-z./]*(?<![.])(-[0-9]+)?(-[a-z]+)*", value):
        return value
    return json.dumps(value, ensure_ascii=False)


def write(workspaces: int, yaml_path: str, json_path: str = "") -> None:
    """Write an organization as `org.yaml` and, for the neighbours, as JSON."""
    data = organization(workspaces)
    with open(yaml_path, "w", encoding="utf-8") as file:
        file.write(to_yaml(data))
    if json_path:
        with open(json_path, "w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False)


def edit(yaml_path: str, index: int, version: int) -> str:
    """Give one workspace another description, as an editor would; the new one is returned."""
    with open(yaml_path, encoding="utf-8") as file:
        text = file.read()
    before, head, rest = text.partition(f"\n  {workspace_name(index)}:\n")
    new = f"{description(index)}, version {version}"
    quoted = json.dumps(new, ensure_ascii=False)
    rest, changed = re.subn(r"(?<=    description: )[^\n]*", lambda _: quoted, rest, count=1)
    if not head or not changed:
        raise LookupError(workspace_name(index))
    with open(yaml_path, "w", encoding="utf-8") as file:
        file.write(before + head + rest)
    return new


def main(arguments: Sequence[str] | None = None) -> None:
    """Write an organization to the files that are named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.organization", description=main.__doc__)
    parser.add_argument("--workspaces", type=int, default=10_000)
    parser.add_argument("--yaml", default="org.yaml")
    parser.add_argument("--json", default="")
    chosen = parser.parse_args(arguments)
    write(chosen.workspaces, chosen.yaml, chosen.json)


if __name__ == "__main__":
    main()
