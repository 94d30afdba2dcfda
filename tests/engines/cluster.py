"""What is in the cluster, and what was asked of it: the objects of an organization, and the requests of an engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.engines.repository import Repository
from tests.live.control_plane import ControlPlane
from tests.support import ROOT

DOCUMENTATION = ROOT / "docs" / "delivery.md"
KINDS = {
    "Namespace": "/api/v1/namespaces",
    "ResourceQuota": "/api/v1/resourcequotas",
    "LimitRange": "/api/v1/limitranges",
    "ConfigMap": "/api/v1/configmaps",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "CronJob": "/apis/batch/v1/cronjobs",
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "ClusterRole": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    "PriorityClass": "/apis/scheduling.k8s.io/v1/priorityclasses",
}
ENGINES = {"argoproj.io", "kustomize.toolkit.fluxcd.io", "source.toolkit.fluxcd.io"}
WRITES = {"create", "update", "patch", "delete", "deletecollection"}

Objects = dict[tuple[str, str, str], dict[str, Any]]
"""(kind, namespace, name) → object."""


def namespace(name: str) -> str:
    """A plain namespace."""
    return f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}}}\n"


def documented(example: str) -> str:
    """A block of YAML that the documentation shows."""
    pattern = rf"<!-- example: {re.escape(example)} -->\n```yaml\n(.*?)```"
    found = re.search(pattern, DOCUMENTATION.read_text(), re.DOTALL)
    assert found is not None, example
    return found[1]


def commands(example: str) -> list[str]:
    """The commands of a block of the documentation."""
    found = re.search(rf"<!-- commands: {example} -->\n *```console\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    assert found is not None, example
    lines = [line.strip() for line in re.sub(r"\\\n\s*", "", found[1]).splitlines()]
    shown = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    assert shown
    return shown


def installing(example: str) -> list[str]:
    """Those of the commands that install an engine; they are not run, since here it already runs."""
    return [command for command in commands(example) if "install" in command]


def shown(kubeconfig: Path, example: str, words: Mapping[str, str], folder: Path = ROOT) -> str:
    """Run the commands of a block of the documentation, with other words where it has its examples' names.

    What they print; those that install an engine are left out.
    """
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
    printed = ""
    for command in commands(example):
        if command in installing(example):
            continue
        text = command
        for word, instead in words.items():
            text = re.sub(rf"\b{re.escape(word)}\b", instead, text)
        done = subprocess.run(
            ["bash", "-c", text], env=environment, cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        printed += done.stdout
    return printed


def own(engine: str, *examples: str) -> str:
    """The documented roles of an engine, and bindings of them to the user that it acts as."""
    text = "---\n".join(map(documented, examples))
    roles = list(yaml.safe_load_all(text))
    bindings = []
    for role in roles:
        metadata = {"name": f"{role['metadata']['name']}-of-{engine}"}
        if role["kind"] == "Role":
            metadata["namespace"] = role["metadata"]["namespace"]
        bindings.append(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": f"{role['kind']}Binding",
                "metadata": metadata,
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": role["kind"],
                    "name": role["metadata"]["name"],
                },
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": engine}],
            }
        )
    return f"{text}---\n" + yaml.safe_dump_all(bindings)


def objects(plane: ControlPlane, repository: Repository, label: str = "verta-gitops.io/organization") -> Objects:
    """Everything in the cluster that carries the label of the organization and is not going away."""
    found: Objects = {}
    for kind, path in KINDS.items():
        _, body = plane.request(
            "GET", f"{path}?labelSelector={quote(label)}%3D{repository.org['organization']['name']}"
        )
        for item in body["items"]:
            metadata = item["metadata"]
            if "deletionTimestamp" not in metadata:
                about = {"apiVersion": body["apiVersion"], "kind": kind}
                found[kind, metadata.get("namespace", ""), metadata["name"]] = about | item
    return found


def declared(repository: Repository) -> Objects:
    """What is rendered, but for what tells the engine to apply it."""
    found: Objects = {}
    for file in sorted(repository.rendered.rglob("*.yaml")):
        if file.parent.name == "delivery":
            continue
        for item in yaml.safe_load_all(file.read_text()):
            metadata = item["metadata"]
            found[item["kind"], metadata.get("namespace", ""), metadata["name"]] = item
    return found


def protected(found: Objects) -> Objects:
    """Those that no engine may remove."""
    return {
        key: item
        for key, item in found.items()
        if item["metadata"].get("annotations", {}).get("kustomize.toolkit.fluxcd.io/prune") == "disabled"
    }


def employed(plane: ControlPlane, repository: Repository) -> Objects:
    """Put something into each namespace that is not ours, as those who work there do; it must outlive any accident."""
    label = {"tests/organization": repository.org["organization"]["name"]}
    for name in repository.org["namespaces"]:
        metadata = {"name": "work", "namespace": name, "labels": label}
        plane.apply(json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}))
    return work(plane, repository)


def work(plane: ControlPlane, repository: Repository) -> Objects:
    """What is not ours in the namespaces of an organization."""
    return objects(plane, repository, "tests/organization")


def identities(found: Objects) -> dict[tuple[str, str, str], str]:
    """The uid of each: the same only where it was never away."""
    return {key: item["metadata"]["uid"] for key, item in found.items()}


def contents(found: Objects) -> Objects:
    """Each without its status, and who wrote which field when: the same only where nobody wrote.

    The cluster's own controllers write a status whenever they come to it, so a resourceVersion says too much.
    """
    return {key: _content(item) for key, item in found.items()}


def _content(item: dict[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in item["metadata"].items() if key != "resourceVersion"}
    metadata["managedFields"] = [each for each in metadata["managedFields"] if each.get("subresource") != "status"]
    return {key: value for key, value in item.items() if key != "status"} | {"metadata": metadata}


def differences(want: Any, have: Any, path: str = "") -> Iterable[str]:
    """Where a live object is not as declared; what is not declared does not count."""
    if isinstance(want, dict) and isinstance(have, dict):
        for key, value in want.items():
            yield from differences(value, have.get(key), f"{path}.{key}")
    elif isinstance(want, list) and isinstance(have, list) and len(want) == len(have):
        for position, value in enumerate(want):
            yield from differences(value, have[position], f"{path}[{position}]")
    elif want != have:
        yield f"{path}: declared {want!r}, found {have!r}"


def assert_as_rendered(plane: ControlPlane, repository: Repository) -> Objects:
    """The cluster comes to hold what is rendered, and nothing more of the organization; the objects."""
    found: Objects = {}
    wrong: list[str] = []

    def as_rendered() -> bool:
        nonlocal found, wrong
        found, want = objects(plane, repository), declared(repository)
        wrong = [f"{key}: only {'found' if key in found else 'declared'}" for key in found.keys() ^ want.keys()]
        for key in want.keys() & found.keys():
            wrong += differences(want[key], found[key], str(key))
        return not wrong

    try:
        plane.wait("the cluster as rendered", as_rendered)
    except AssertionError as error:
        raise AssertionError(f"{error}: {wrong}") from None
    return found


def forget(plane: ControlPlane, repository: Repository) -> None:
    """Take everything of an organization out of the cluster, in whatever state it is."""
    selector = f"verta-gitops.io/organization={repository.org['organization']['name']}"
    for kind in (
        "applicationsets.argoproj.io",
        "applications.argoproj.io",
        "kustomizations.kustomize.toolkit.fluxcd.io",
        "gitrepositories.source.toolkit.fluxcd.io",
        "appprojects.argoproj.io",
    ):
        orphan = ["--cascade=orphan"] if kind.startswith("applicationset") else []
        plane.kubectl("delete", kind, "-A", "-l", selector, "--wait=false", *orphan, check=False)
        for item in json.loads(
            plane.kubectl("get", kind, "-A", "-l", selector, "-o", "json", check=False).stdout or "{}"
        ).get("items", ()):
            place = ["-n", item["metadata"]["namespace"], item["metadata"]["name"]]
            patch = '{"metadata": {"finalizers": null}}'
            plane.kubectl("patch", kind, *place, "--type=merge", "-p", patch, check=False)
    plane.kubectl("delete", "cronjobs,serviceaccounts,rolebindings", "-n", "verta", "-l", selector, check=False)
    for kind in ("namespaces", "clusterroles", "clusterrolebindings", "priorityclasses"):
        plane.kubectl("delete", kind, "-l", selector, "--wait=false", check=False)


@dataclass
class Audit:
    """The audit log of the API server, of the requests of the engines alone."""

    folder: Path
    begin: int = 0

    @staticmethod
    def arguments(folder: Path) -> list[str]:
        """Arguments of an API server that writes the log; the policy is written to the folder."""
        policy = {
            "apiVersion": "audit.k8s.io/v1",
            "kind": "Policy",
            "omitStages": ["RequestReceived", "ResponseStarted"],
            "rules": [{"level": "Metadata", "users": ["argocd", "flux"]}, {"level": "None"}],
        }
        (folder / "audit.yaml").write_text(yaml.safe_dump(policy))
        return [f"--audit-policy-file={folder / 'audit.yaml'}", f"--audit-log-path={folder / 'audit.log'}"]

    def mark(self) -> None:
        """Forget what was so far."""
        self.begin = (self.folder / "audit.log").stat().st_size

    def requests(self, user: str) -> list[dict[str, Any]]:
        """What an engine asked since the mark."""
        with open(self.folder / "audit.log", "rb") as log:
            log.seek(self.begin)
            events = [json.loads(line) for line in log if line.endswith(b"\n")]
        return [event for event in events if event["user"]["username"] == user]

    def writes(self, user: str, repository: Repository) -> list[str]:
        """What an engine wrote since the mark to objects of an organization; asking with `dryRun` writes nothing."""
        name = repository.org["organization"]["name"]
        found = []
        for event in self.requests(user):
            target = event.get("objectRef", {})
            rendered = target.get("apiGroup") not in ENGINES and target.get("resource") != "events"
            about = f"{target.get('namespace', '')}/{target.get('name', '')}"
            if event["verb"] in WRITES and rendered and name in about and "dryRun" not in event["requestURI"]:
                found.append(f"{event['verb']} {target.get('resource')} {about}")
        return found
