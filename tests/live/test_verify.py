"""`verta-gitops verify` against a real API server, asked by somebody who may only list."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from generator.cluster.client import connect
from generator.cluster.listing import read
from generator.cluster.selector import matches
from generator.cluster.verify import keep, kinds
from generator.pipeline import examine
from tests.live.control_plane import ControlPlane
from tests.support import ROOT, Ran, invoke, rendered, write

NUMBERS = count(1)

ORG = """\
version: 1
organization: {{name: {name}}}
cluster: {{name: prod-us, kubernetesVersion: "1.33"}}
verta:
  primaryNamespace: {name}-verta
  deployer: {{serviceAccount: verta-deployer}}
  runtime: {{selector: app.kubernetes.io/part-of=verta}}
defaults: {{tier: standard}}
tiers:
  standard:
    quota: {{requests.cpu: "4", requests.memory: 8Gi, pods: "20"}}
    container:
      default: {{cpu: 500m, memory: 1Gi}}
      defaultRequest: {{cpu: 100m, memory: 256Mi}}
groups: {{scientists: {{}}}}
roles: {{viewer: {{verta: Viewer, clusterRole: view}}}}
namespaces:
  {name}-fraud: {{}}
  {name}-paused: {{state: frozen}}
workspaces:
  fraud-detection:
    namespace: {name}-fraud
    access: [{{group: scientists, role: viewer}}]
  on-hold: {{namespace: {name}-paused}}
  old-experiments: {{legacy: true}}
"""


@dataclass
class World:
    """An organization that was applied, and Verta running in it."""

    plane: ControlPlane
    folder: Path
    name: str
    reader: Path

    @property
    def fraud(self) -> str:
        return f"{self.name}-fraud"

    def verify(self, *words: str) -> Ran:
        return invoke("verify", "--kubeconfig", str(self.reader), *words, cwd=self.folder)

    def verdicts(self) -> tuple[int, dict[str, Any]]:
        """The exit code, and each workspace with its verdict."""
        ran = self.verify("--format", "json")
        return ran.code, {each["workspace"]: each for each in json.loads(ran.out)["workspaces"]}

    def causes(self) -> dict[str, str]:
        """The causes found for fraud-detection, with their messages; the others must be as before."""
        code, found = self.verdicts()
        assert code == 1
        assert found["old-experiments"]["verdict"] == "ready"
        return {each["cause"]: each["message"] for each in found["fraud-detection"]["findings"]}

    def pod(self, name: str, status: dict[str, Any], namespace: str = "") -> None:
        """A pod of Verta with the status that a kubelet would give it."""
        home = namespace or self.fraud
        meta = {"name": name, "labels": {"app.kubernetes.io/part-of": "verta"}}
        spec: dict[str, Any] = {"containers": [{"name": "agent", "image": "registry.example/agent:1"}]}
        spec |= {"schedulerName": "nobody"}  # where there are nodes, none gets it
        account = f"/api/v1/namespaces/{home}/serviceaccounts/default"  # admission may want it
        self.plane.wait("the default service account", lambda: self.plane.request("GET", account)[0] == 200)
        path = f"/api/v1/namespaces/{home}/pods"
        code, said = self.plane.request("POST", path, {"metadata": meta, "spec": spec})
        assert code == 201, said
        patch = "application/merge-patch+json"
        code, said = self.plane.request("PATCH", f"{path}/{name}/status", {"status": status}, patch)
        assert code == 200, said

    def counted(self, resource: str, amount: str) -> None:
        """Wait until the quota controller has counted."""

        def holds() -> bool:
            _, quota = self.plane.request("GET", f"/api/v1/namespaces/{self.fraud}/resourcequotas/quota")
            return bool(quota.get("status", {}).get("used", {}).get(resource) == amount)

        self.plane.wait(f"{resource} = {amount}", holds)


RUNS = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}


@pytest.fixture(scope="module")
def reader(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kubeconfig of somebody who has the ClusterRole that the program prints, and nothing else."""
    folder = write(tmp_path_factory.mktemp("role"), {"org.yaml": ORG.format(name="any")})
    printed = invoke("verify", "--print-role", cwd=folder)
    assert printed.code == 0
    name, api = f"{control_plane.prefix}verify-reader", "rbac.authorization.k8s.io"
    role = yaml.safe_load(printed.out)
    role["metadata"]["name"] = f"{control_plane.prefix}{role['metadata']['name']}"
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": role["metadata"]["name"]},
        "subjects": [{"apiGroup": api, "kind": "User", "name": name}],
    }
    control_plane.apply(yaml.safe_dump_all([role, binding]))
    return control_plane.user(name)


@pytest.fixture
def world(control_plane: ControlPlane, reader: Path, tmp_path: Path) -> World:
    name = f"{control_plane.prefix}vf{next(NUMBERS)}"
    files = rendered(ORG.format(name=name), tmp_path)
    control_plane.apply(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}-verta}}\n")
    first = sorted(files, key=lambda path: (not path.endswith("/namespace.yaml"), path))
    control_plane.apply("".join(files[path] for path in first))
    made = World(control_plane, tmp_path, name, reader)
    made.pod("agent-0", RUNS)
    made.pod("agent-0", RUNS, f"{name}-verta")
    made.counted("pods", "1")
    return made


def test_what_was_applied_is_ready(world: World) -> None:
    ran = world.verify()
    assert ran.code == 0, ran.out
    assert ran.out.splitlines()[-1] == '2 ready, 1 frozen in cluster prod-us (context "test")'
    one = world.verify("fraud-detection")
    assert (one.code, one.out) == (0, '1 ready in cluster prod-us (context "test")\n')


def test_a_namespace_that_is_gone(world: World) -> None:
    world.plane.kubectl("delete", "namespace", world.fraud)
    ran = world.verify("fraud-detection")
    assert ran.code == 1
    assert ran.out.startswith(
        f"fraud-detection in namespace {world.fraud}: cannot deploy\n"
        f"  namespace {world.fraud} does not exist in cluster prod-us: "
        'endpoints of workspace "fraud-detection" will fail to deploy\n'
        f"  next: kubectl --kubeconfig={world.reader} apply --server-side"
    )


def test_a_namespace_that_something_holds(world: World) -> None:
    held = {"metadata": {"name": "held", "finalizers": ["acme.example.com/backup"]}}
    path = f"/api/v1/namespaces/{world.fraud}/configmaps"
    assert world.plane.request("POST", path, held)[0] == 201
    world.plane.kubectl("delete", "namespace", world.fraud, "--wait=false")

    def told() -> str:
        return world.causes().get("namespace-terminating", "")

    try:
        text = world.plane.wait("the finalizer in the conditions", lambda: told() if "backup" in told() else "")
    finally:
        free = {"metadata": {"finalizers": None}}
        world.plane.request("PATCH", f"{path}/held", free, "application/merge-patch+json")
    assert "is being deleted (Terminating since 20" in text
    assert "held by finalizer kubernetes" in text
    assert "acme.example.com/backup in 1 resource instances" in text
    assert 'endpoints of workspace "fraud-detection" will fail to deploy' in text


def test_a_lowered_quota(world: World) -> None:
    world.pod("agent-1", RUNS)
    world.counted("pods", "2")
    world.plane.kubectl(
        "patch", "resourcequota", "quota", "-n", world.fraud, "--type=merge", "-p", '{"spec":{"hard":{"pods":"1"}}}'
    )
    causes = world.causes()
    assert set(causes) == {"resourcequota-changed", "quota-over"}
    assert 'spec.hard.pods is "1", declared "20", by kubectl-patch, 20' in causes["resourcequota-changed"]
    assert "is exceeded, 2 of 1 pods in use (it was lowered, or written later): no pod starts" in causes["quota-over"]
    assert "cannot deploy" in world.verify("fraud-detection").out


def test_quantities_count_by_value(world: World) -> None:
    hard = {"spec": {"hard": {"requests.cpu": "4000m", "requests.memory": "8192Mi"}}}
    path = f"/api/v1/namespaces/{world.fraud}/resourcequotas/quota"
    assert world.plane.request("PATCH", path, hard, "application/merge-patch+json")[0] == 200
    assert world.verify().code == 0


def test_a_quota_that_is_nearly_used_up_is_a_note(world: World) -> None:
    world.plane.kubectl(
        "patch", "resourcequota", "quota", "-n", world.fraud, "--type=merge", "-p", '{"spec":{"hard":{"pods":"20"}}}'
    )
    for number in range(1, 18):
        world.pod(f"agent-{number}", RUNS)
    world.counted("pods", "18")
    ran = world.verify("fraud-detection")
    assert ran.code == 0
    assert f'note: quota "quota" of namespace {world.fraud} is nearly used up: 18 of 20 pods in use' in ran.out


def test_labels_protection_and_pod_security(world: World) -> None:
    world.plane.kubectl("label", "namespace", world.fraud, "app.kubernetes.io/managed-by-")
    world.plane.kubectl(
        "label", "namespace", world.fraud, "--overwrite", "pod-security.kubernetes.io/enforce=privileged"
    )
    world.plane.kubectl("annotate", "namespace", world.fraud, "kustomize.toolkit.fluxcd.io/prune-")
    causes = world.causes()
    assert set(causes) == {"not-ours", "pod-security", "unprotected"}
    assert 'enforce"] is "privileged", declared "baseline", by kubectl-label' in causes["pod-security"]


def test_bindings(world: World) -> None:
    world.plane.kubectl("delete", "rolebinding", "-n", world.fraud, "access:scientists:view")
    assert set(world.causes()) == {"rolebinding-missing"}
    assert "degraded" in world.verify("fraud-detection").out
    world.plane.kubectl("delete", "rolebinding", "-n", world.fraud, "deployer:edit")
    assert "so Verta may not deploy there" in world.causes()["deployer-missing"]
    assert "cannot deploy" in world.verify("fraud-detection").out


def test_what_else_is_missing(world: World) -> None:
    for kind, name in (
        ("resourcequota", "quota"),
        ("limitrange", "limits"),
        ("networkpolicy", "default-deny-ingress"),
        ("configmap", "verta-workspace"),
    ):
        world.plane.kubectl("delete", kind, "-n", world.fraud, name)
    found = set(world.causes())
    assert found == {"resourcequota-missing", "limitrange-missing", "networkpolicy-missing", "configmap-missing"}


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (
            {
                "phase": "Pending",
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
                ],
            },
            "agent-1: Unschedulable (0/3 nodes)",
        ),
        (
            {
                "phase": "Running",
                "conditions": [{"type": "Ready", "status": "False"}],
                "containerStatuses": [
                    {
                        "name": "agent",
                        "image": "a",
                        "imageID": "a",
                        "ready": False,
                        "restartCount": 7,
                        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}},
                        "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}},
                    }
                ],
            },
            "agent-1: container agent: CrashLoopBackOff, 7 restarts (back-off 5m0s); before: OOMKilled (exit code 137)",
        ),
    ],
)
def test_pods_that_are_not_ready(world: World, status: dict[str, Any], said: str) -> None:
    world.pod("agent-1", status)
    text = world.causes()["runtime-degraded"]
    assert text == f"1 of 2 pods of Verta in namespace {world.fraud} are not ready: {said}"
    world.plane.kubectl("delete", "pod", "-n", world.fraud, "agent-0", "--force", "--grace-period=0")
    assert "none of 1 pods is ready" in world.causes()["runtime-unready"]
    world.plane.kubectl("delete", "pod", "-n", world.fraud, "agent-1", "--force", "--grace-period=0")
    text = world.causes()["runtime-missing"]
    assert f"Verta does not run in namespace {world.fraud}: no pod there matches verta.runtime.selector" in text


def test_refusals_of_the_last_hour_are_told(world: World) -> None:
    """A ReplicaSet that asks for too much: the controller itself writes the event."""
    pod = {
        "metadata": {"labels": {"app": "big"}},
        "spec": {"containers": [{"name": "big", "image": "i", "resources": {"requests": {"cpu": "100"}}}]},
    }
    pod["spec"]["containers"][0]["resources"]["limits"] = {"cpu": "100"}  # type: ignore[index]
    body = {
        "metadata": {"name": "big"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "big"}}, "template": pod},
    }
    path = f"/apis/apps/v1/namespaces/{world.fraud}/replicasets"
    assert world.plane.request("POST", path, body)[0] == 201
    text = world.plane.wait("the refusal", lambda: _refused(world))
    assert f"pods were refused in namespace {world.fraud}" in text
    assert "in the last hour, last at" in text
    assert "for ReplicaSet big" in text
    assert "exceeded quota: quota, requested: requests.cpu=100" in text


def _refused(world: World) -> str:
    findings = world.verdicts()[1]["fraud-detection"]["findings"]
    return next((each["message"] for each in findings if each["cause"] == "refused"), "")


def test_a_forbidden_list_makes_a_partial_answer(world: World) -> None:
    name = f"{world.plane.prefix}some"
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [
            {
                "apiGroups": ["", "networking.k8s.io"],
                "resources": ["namespaces", "limitranges", "networkpolicies", "configmaps", "pods", "events"],
                "verbs": ["list"],
            },
            {"apiGroups": ["rbac.authorization.k8s.io"], "resources": ["rolebindings"], "verbs": ["list"]},
        ],
    }
    world.plane.apply(json.dumps(role))
    world.plane.kubectl("delete", "clusterrolebinding", name, "--ignore-not-found")
    world.plane.kubectl("create", "clusterrolebinding", name, f"--clusterrole={name}", f"--user={name}")
    world.reader = world.plane.user(name)
    ran = world.verify()
    assert ran.code == 3
    assert "not read, so not judged: ResourceQuota" in ran.out
    assert "listing resourcequotas in the whole cluster is forbidden" in ran.out
    assert '{apiGroups: [""], resources: [resourcequotas], verbs: [list]}' in ran.out
    assert ran.out.splitlines()[-1].endswith("not everything could be read, so this is not the whole answer")


def test_watching_on_a_terminal_until_interrupted(world: World) -> None:
    """The table shows what is there, and again when it changes; Ctrl-C ends it."""
    command = [sys.executable, "-m", "generator", "verify", "--watch", "--interval", "1"]
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "TERM": "xterm"}
    with subprocess.Popen(
        [*command, "--kubeconfig", str(world.reader)],
        cwd=world.folder,
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - may be ignored around us
    ) as running:
        os.close(theirs)
        screen = b""

        def shows(text: str) -> bool:
            nonlocal screen
            if select.select([ours], [], [], 0)[0]:
                with suppress(OSError):  # nobody holds the other end any more
                    screen += os.read(ours, 65536)
            return text.encode() in screen

        try:
            world.plane.wait("the first table", lambda: shows("again every 1 s; Ctrl-C ends"))
            assert b"2 ready, 1 frozen" in screen
            assert b"fraud-detection" in screen
            world.plane.kubectl("delete", "limitrange", "-n", world.fraud, "limits")
            world.plane.wait("the change", lambda: shows("limitrange-missing"))
            running.send_signal(signal.SIGINT)
            world.plane.wait(
                "the end", lambda: shows("\0") or running.poll() is not None
            )  # reads, so that it can write
            assert running.returncode == 1
        finally:
            running.kill()
            os.close(ours)


SELECTORS = [
    "a=1",
    "a==1,b=2",
    "a!=1",
    "a",
    "!a",
    "a in (1, 2)",
    "a notin (1)",
    "a,b!=2",
    "a notin (1,3),b",
    "acme.example.com/part-of=verta",
    "a=",
    "a in ()",
]


def test_a_selector_chooses_from_a_dump_what_the_server_would_choose(world: World) -> None:
    labels: list[dict[str, str]] = [
        {},
        {"a": "1"},
        {"a": "2"},
        {"a": "3", "b": "2"},
        {"b": "2"},
        {"a": "1", "b": "2"},
        {"a": ""},
        {"acme.example.com/part-of": "verta"},
    ]
    path = f"/api/v1/namespaces/{world.fraud}/configmaps"
    for number, each in enumerate(labels):
        body = {"metadata": {"name": f"s-{number}", "labels": {**each, "of": "selectors"}}}
        assert world.plane.request("POST", path, body)[0] == 201
    for selector in SELECTORS:
        _, answer = world.plane.request("GET", f"{path}?labelSelector={quote(f'{selector},of=selectors')}")
        chosen = {item["metadata"]["name"] for item in answer["items"]}
        assert chosen == {f"s-{n}" for n, each in enumerate(labels) if matches(selector, each)}, selector


def test_the_role_names_what_the_server_serves(control_plane: ControlPlane, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ORG.format(name="any")})
    role = yaml.safe_load(invoke("verify", "--print-role", cwd=tmp_path).out)
    assert [rule["verbs"] for rule in role["rules"]] == [["list"]] * len(role["rules"])
    for rule in role["rules"]:
        (group,) = rule["apiGroups"]
        path = f"/apis/{group}/v1" if group else "/api/v1"
        served = {each["name"] for each in control_plane.request("GET", path)[1]["resources"]}
        assert set(rule["resources"]) <= served


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"user": {"token": "sesame"}}, "does not accept the credentials (401 Unauthorized)"),
        ({"user": {}}, "asking which kinds /api/v1 serves is forbidden"),
        ({"cluster": {"certificate-authority": None}}, "shows a certificate that is not trusted"),
        ({"cluster": {"tls-server-name": "other.example"}}, "Hostname mismatch"),
    ],
)
def test_who_is_not_let_in_and_whom_we_do_not_trust(
    own_plane: ControlPlane, tmp_path: Path, change: dict[str, dict[str, str | None]], said: str
) -> None:
    """Somebody's cluster may let nobody in without a name, and have a certificate that everybody trusts."""
    config = yaml.safe_load(own_plane.kubeconfig.read_text())
    if "user" in change:
        config["users"][0]["user"] = change["user"]
    cluster = {**config["clusters"][0]["cluster"], **change.get("cluster", {})}
    config["clusters"][0]["cluster"] = {key: value for key, value in cluster.items() if value}
    write(tmp_path, {"org.yaml": ORG.format(name="any"), "kubeconfig": yaml.safe_dump(config)})
    ran = invoke("verify", "--kubeconfig", "kubeconfig", cwd=tmp_path)
    assert ran.code == 3
    assert said in ran.out + ran.err
    assert "sesame" not in ran.out + ran.err


def test_a_cluster_of_another_organization_is_refused(world: World) -> None:
    text = (world.folder / "org.yaml").read_text()
    (world.folder / "org.yaml").write_text(
        text.replace(f"organization: {{name: {world.name}}}", "organization: {name: zz}")
    )
    ran = world.verify("fraud-detection")
    assert ran.code == 2
    assert f'is the cluster of organization "{world.name}", not of "zz"' in ran.err
    assert world.verify("fraud-detection", "--any-cluster").code == 1
    (world.folder / "org.yaml").write_text(text.replace("{name: prod-us", "{name: prod-eu"))
    ran = world.verify("fraud-detection")
    assert ran.code == 2
    assert (
        f'a workspace there is mapped to "prod-us--{world.fraud}", and would be to "prod-eu--{world.fraud}"' in ran.err
    )


def test_the_same_from_a_dump(world: World, tmp_path: Path) -> None:
    wanted = "namespaces,resourcequotas,limitranges,networkpolicies,rolebindings,configmaps,pods,events"
    dump = world.plane.kubectl("get", wanted, "-A", "-o", "json").stdout
    write(tmp_path, {"dump.json": dump})
    ran = invoke("verify", "--from-dump", "dump.json", cwd=tmp_path)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "2 ready, 1 frozen in cluster prod-us (dump dump.json)")


@pytest.fixture
def many(own_plane: ControlPlane) -> Iterator[str]:
    """A thousand namespaces, each with its quota: more than anybody lends."""
    names = [f"many-{number:04}" for number in range(1000)]

    def make(name: str) -> None:
        own_plane.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        quota = {"metadata": {"name": "quota"}, "spec": {"hard": {"pods": "1"}}}
        own_plane.request("POST", f"/api/v1/namespaces/{name}/resourcequotas", quota)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, names))
    yield "many-"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: own_plane.request("DELETE", f"/api/v1/namespaces/{name}"), names))


def test_a_thousand_namespaces_are_read_in_pages(reader: Path, many: str, tmp_path: Path) -> None:
    """One list for each kind, in pages, however many namespaces there are."""
    org = examine(str(write(tmp_path, {"org.yaml": ORG.format(name="any")}) / "org.yaml")).org
    assert org is not None
    homes = frozenset(f"{many}{number:04}" for number in range(1000))
    cluster = connect(str(reader))
    live = read(cluster, kinds(org), keep=lambda kind, body: keep(homes, kind, body))
    assert not live.unread
    found = [identity for identity in live.objects if identity.kind == "Namespace" and identity.name in homes]
    quotas = [identity for identity in live.objects if identity.kind == "ResourceQuota" and identity.namespace in homes]
    assert len(found) == len(quotas) == 1000
    assert cluster.requests < 40
