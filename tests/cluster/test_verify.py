"""Verdicts on clusters as they may be found; the same against a real API server is in tests/live."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.cluster.belonging import foreign, strange
from generator.cluster.drift import declare
from generator.cluster.live import Kind, Live, Unread
from generator.cluster.selector import matches
from generator.cluster.verify import Verdict, Verification, keep, kinds, verify
from generator.cluster.verifytext import json_report, junit, text
from generator.model.org import Org
from generator.objects import Identity, identity
from generator.pipeline import examine
from generator.printing import printable
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.support import invoke, write

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
HEAD = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
"""
ORG = f"""\
{HEAD}\
verta:
  primaryNamespace: verta
  deployer: {{serviceAccount: verta-deployer}}
  runtime: {{selector: "app.kubernetes.io/part-of=verta"}}
delivery: {{engine: argocd, repoURL: https://git.example.com/acme/platform.git}}
defaults: {{tier: standard}}
tiers:
  standard:
    quota: {{requests.cpu: "4", requests.memory: 8Gi, pods: "20"}}
    container: {{default: {{cpu: 500m, memory: 1Gi}}}}
groups: {{scientists: {{}}}}
roles: {{viewer: {{verta: Viewer, clusterRole: view}}}}
namespaces:
  fraud: {{}}
  paused: {{state: frozen}}
  spare: {{}}
workspaces:
  fraud-detection:
    namespace: fraud
    access: [{{group: scientists, role: viewer}}]
  on-hold: {{namespace: paused}}
  old-experiments: {{legacy: true}}
"""


class Cluster:
    """What an organization declares, and a cluster that has it all, to be damaged."""

    def __init__(self, folder: Path, text: str = ORG) -> None:
        org = examine(str(write(folder, {"org.yaml": text}) / "org.yaml")).org
        assert org is not None
        self.org: Org = org
        declared = declare(org, dict(render(org, Templates())))
        self.declared = {key: manifest.body for key, manifest in declared.objects.items()}
        self.objects: dict[Identity, dict[str, Any]] = deepcopy(self.declared)
        self.add("v1", "Namespace", "", org.verta.primary_namespace)
        for place in (*org.namespaces, org.verta.primary_namespace):
            self.pod(place, "agent-0")

    def add(self, api: str, kind: str, namespace: str, name: str, **body: Any) -> None:
        metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **body.pop("metadata", {})}
        made = {"apiVersion": api, "kind": kind, "metadata": metadata, **body}
        self.objects[identity(made)] = made

    def pod(self, namespace: str, name: str, ready: bool = True, **status: Any) -> None:
        labels = {"app.kubernetes.io/part-of": "verta"}
        conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
        status = {"phase": "Running", "conditions": conditions, **status}
        self.add("v1", "Pod", namespace, name, metadata={"labels": labels}, status=status)

    def event(self, namespace: str, message: str, when: datetime = NOW, **more: Any) -> None:
        involved = {"kind": "ReplicaSet", "name": "model"}
        stamp = when.isoformat()
        self.add(
            *("v1", "Event", namespace, f"e{len(self.objects)}"),
            **{"message": message, "involvedObject": involved, "lastTimestamp": stamp, **more},
        )

    def quota(self, namespace: str = "fraud") -> dict[str, Any]:
        return self.objects[Identity("", "ResourceQuota", namespace, "quota")]

    def live(self, **more: Any) -> Live:
        known = frozenset((kind.group, kind.kind) for kind in kinds(self.org))
        return Live(**{"source": 'context "prod"', "objects": self.objects, "complete": known, **more})

    def verify(self, **more: Any) -> Verification:
        return verify(self.org, self.declared, self.live(**more), NOW)

    def verdict(self, workspace: str = "fraud-detection", **more: Any) -> Verdict:
        return next(each for each in self.verify(**more).verdicts if each.workspace == workspace)

    def causes(self, workspace: str = "fraud-detection") -> tuple[str, dict[str, str]]:
        found = self.verdict(workspace)
        return found.word, {each.cause: each.message for each in found.findings}


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    return Cluster(tmp_path)


def test_what_is_as_declared_is_ready(cluster: Cluster) -> None:
    found = cluster.verify()
    assert [(each.workspace, each.namespace, each.word, each.findings) for each in found.verdicts] == [
        ("fraud-detection", "fraud", "ready", ()),
        ("old-experiments", "verta", "ready", ()),
        ("on-hold", "paused", "frozen", ()),
        ("", "spare", "ready", ()),
    ]
    assert found.ready
    assert not found.partial
    assert text(found) == '3 ready, 1 frozen in cluster prod-us (context "prod")'


def test_a_missing_namespace_is_told_in_the_words_of_the_documentation(cluster: Cluster) -> None:
    del cluster.objects[Identity("", "Namespace", "", "fraud")]
    (finding,) = cluster.verdict().findings
    assert finding.message == (
        "namespace fraud does not exist in cluster prod-us: "
        'endpoints of workspace "fraud-detection" will fail to deploy'
    )
    assert finding.next == "argocd app sync prod-us--fraud"


@pytest.mark.parametrize(
    ("engine", "command"),
    [
        ("{engine: argocd, repoURL: https://git.example.com/a.git}", "argocd app sync prod-us--fraud"),
        (
            "{engine: flux, repoURL: https://git.example.com/a.git}",
            "flux reconcile kustomization prod-us--fraud --with-source -n flux-system",
        ),
        (
            "{engine: none}",
            (
                "kubectl --context=p apply --server-side --force-conflicts -f r/namespaces/fraud/namespace.yaml"
                " -R -f r/namespaces/fraud"
            ),
        ),
    ],
)
def test_the_next_command_is_that_of_the_engine(tmp_path: Path, engine: str, command: str) -> None:
    lines = [f"delivery: {engine}" if line.startswith("delivery:") else line for line in ORG.splitlines()]
    cluster = Cluster(tmp_path, "\n".join(lines) + "\n")
    del cluster.objects[Identity("", "Namespace", "", "fraud")]
    found = verify(cluster.org, cluster.declared, cluster.live(), NOW, ["fraud-detection"], "kubectl --context=p", "r")
    assert [each.findings[0].next for each in found.verdicts] == [command]


def test_the_primary_namespace_is_not_ours_to_make(cluster: Cluster) -> None:
    del cluster.objects[Identity("", "Namespace", "", "verta")]
    (finding,) = cluster.verdict("old-experiments").findings
    assert finding.message.startswith("namespace verta does not exist in cluster prod-us: endpoints of workspace")
    assert finding.message.endswith("it is the primary namespace, which Verta itself brings")
    assert finding.next == "kubectl get namespaces"


def test_without_multiple_namespaces_all_workspaces_live_in_the_primary_one(tmp_path: Path) -> None:
    body = "verta: {multipleNamespaces: false, primaryNamespace: verta}\nworkspaces: {a: {}, b: {}}\n"
    cluster = Cluster(tmp_path, HEAD + body)
    assert [(each.workspace, each.namespace, each.word) for each in cluster.verify().verdicts] == [
        ("a", "verta", "ready"),
        ("b", "verta", "ready"),
    ]
    del cluster.objects[Identity("", "ConfigMap", "verta", "verta-workspace-b")]
    assert cluster.causes("a") == ("ready", {})
    assert cluster.causes("b")[0] == "degraded"


def test_without_a_selector_nobody_says_whether_verta_runs(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, ORG.replace('  runtime: {selector: "app.kubernetes.io/part-of=verta"}\n', ""))
    cluster.objects = {key: body for key, body in cluster.objects.items() if key.kind != "Pod"}
    found = cluster.verify()
    assert found.ready
    assert "whether Verta runs in the namespaces cannot be judged" in found.doubts[0]
    assert "Pod" not in {kind.kind for kind in kinds(cluster.org)}


def test_terminating(cluster: Cluster) -> None:
    body = cluster.objects[Identity("", "Namespace", "", "fraud")]
    body["metadata"]["deletionTimestamp"] = "2026-05-04T11:00:00Z"
    body["spec"] = {"finalizers": ["kubernetes"]}
    remaining = {"type": "NamespaceContentRemaining", "status": "True", "message": "pods. has 2 resource instances"}
    body["status"] = {"phase": "Terminating", "conditions": [remaining, {**remaining, "status": "False"}]}
    (finding,) = cluster.verdict().findings
    assert finding.message == (
        "namespace fraud is being deleted (Terminating since 2026-05-04T11:00:00Z): "
        'endpoints of workspace "fraud-detection" will fail to deploy; '
        "held by finalizer kubernetes; pods. has 2 resource instances"
    )
    assert finding.next == "kubectl describe namespace fraud"


def test_what_is_being_deleted_is_looked_at_and_not_applied_again(cluster: Cluster) -> None:
    cluster.quota()["metadata"]["deletionTimestamp"] = "2026-05-04T11:00:00Z"
    (finding,) = cluster.verdict().findings
    assert (finding.cause, finding.next) == ("object-terminating", "kubectl get resourcequota quota -n fraud -o yaml")


def test_a_namespace_that_is_not_ours(cluster: Cluster) -> None:
    """Somebody made it by hand: no label, no protection, no pod security."""
    cluster.add("v1", "Namespace", "", "fraud")
    word, causes = cluster.causes()
    assert word == "degraded"
    assert set(causes) == {"not-ours", "unprotected", "pod-security", "metadata-changed"}


def test_a_label_that_means_nothing_to_deploying_is_a_note(cluster: Cluster) -> None:
    cluster.objects[Identity("", "Namespace", "", "fraud")]["metadata"]["labels"]["verta-gitops.io/tier"] = "other"
    word, causes = cluster.causes()
    assert word == "ready"
    assert causes == {
        "metadata-changed": 'namespace fraud is not as declared: metadata.labels["verta-gitops.io/tier"] '
        'is "other", declared "standard"'
    }


def test_bindings(cluster: Cluster) -> None:
    rbac = "rbac.authorization.k8s.io"
    cluster.objects[Identity(rbac, "RoleBinding", "fraud", "deployer:edit")]["subjects"][0]["name"] = "somebody"
    word, causes = cluster.causes()
    assert word == "cannot deploy"
    assert (
        'RoleBinding "deployer:edit" does not let Verta deploy as declared (subjects[0]' in causes["deployer-changed"]
    )
    del cluster.objects[Identity(rbac, "RoleBinding", "fraud", "deployer:edit")]
    assert set(cluster.causes()[1]) == {"deployer-missing"}


USED = ("requests.cpu", "requests.memory", "pods")


@pytest.mark.parametrize(
    ("hard", "used", "word", "cause"),
    [
        ({"pods": "20"}, {"pods": "17"}, "ready", ""),
        ({"pods": "20"}, {"pods": "18"}, "ready", "quota-near"),
        ({"pods": "20"}, {"pods": "20"}, "cannot deploy", "quota-full"),
        ({"pods": "20"}, {"pods": "21"}, "cannot deploy", "quota-over"),
        ({"requests.cpu": "4"}, {"requests.cpu": "4000m"}, "cannot deploy", "quota-full"),
        ({"requests.memory": "8Gi"}, {"requests.memory": "7G"}, "ready", ""),
        ({"services.loadbalancers": "0"}, {"services.loadbalancers": "0"}, "ready", ""),
        ({"services.loadbalancers": "0"}, {"services.loadbalancers": "1"}, "degraded", "quota-over"),
        ({"persistentvolumeclaims": "3"}, {"persistentvolumeclaims": "3"}, "degraded", "quota-full"),
        ({"pods": "0"}, {"pods": "0"}, "cannot deploy", "quota-full"),
        ({"pods": "x"}, {"pods": "1"}, "ready", ""),
        ({"pods": "1"}, {}, "ready", ""),
    ],
)
def test_usage_against_a_quota_of_anybody(
    cluster: Cluster, hard: dict[str, str], used: dict[str, str], word: str, cause: str
) -> None:
    cluster.add("v1", "ResourceQuota", "fraud", "theirs", spec={"hard": hard}, status={"used": used})
    found, causes = cluster.causes()
    assert (found, set(causes)) == (word, {cause} - {""})


def test_a_quota_for_some_pods_only_does_not_stop_all(cluster: Cluster) -> None:
    spec = {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}
    cluster.add("v1", "ResourceQuota", "fraud", "theirs", spec=spec, status={"used": {"pods": "1"}})
    assert cluster.causes()[0] == "degraded"


def test_a_quota_that_forbids_some_pods_is_as_somebody_wanted_it(cluster: Cluster) -> None:
    spec = {"hard": {"pods": "0"}, "scopes": ["BestEffort"]}
    cluster.add("v1", "ResourceQuota", "fraud", "theirs", spec=spec, status={"used": {"pods": "0"}})
    assert cluster.causes()[0] == "ready"


def test_what_still_runs_in_a_frozen_namespace_is_a_note(cluster: Cluster) -> None:
    cluster.quota("paused")["status"] = {"used": {"pods": "3"}}
    cluster.objects.pop(Identity("", "Pod", "paused", "agent-0"))
    word, causes = cluster.causes("on-hold")
    assert word == "frozen"
    assert causes["quota-over"] == "3 of 0 pods still run in frozen namespace paused"
    assert "runtime-missing" in causes


def waiting(reason: str, **more: Any) -> dict[str, Any]:
    return {"containerStatuses": [{"name": "agent", "ready": False, "state": {"waiting": {"reason": reason}}, **more}]}


@pytest.mark.parametrize(
    ("status", "why", "look"),
    [
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on memory"},
            "Evicted (low on memory)",
            "describe pod agent-1 -n fraud",
        ),
        (
            {
                "phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
            },
            "Unschedulable",
            "describe pod agent-1 -n fraud",
        ),
        (waiting("ImagePullBackOff"), "container agent: ImagePullBackOff", "describe pod agent-1 -n fraud"),
        (
            waiting("CrashLoopBackOff", restartCount=3, lastState={"terminated": {"reason": "Error", "exitCode": 1}}),
            "container agent: CrashLoopBackOff, 3 restarts; before: Error (exit code 1)",
            "logs agent-1 -c agent --previous -n fraud",
        ),
        (
            {"containerStatuses": [{"name": "a", "state": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]},
            "container a: OOMKilled (exit code 137)",
            "logs agent-1 -c a -n fraud",
        ),
        (
            {"containerStatuses": [{"name": "a", "ready": False, "state": {"running": {}}}]},
            "container a runs, but its readiness probe does not succeed",
            "describe pod agent-1 -n fraud",
        ),
        (
            {"initContainerStatuses": waiting("ErrImagePull")["containerStatuses"], **waiting("PodInitializing")},
            "container agent: ErrImagePull",
            "describe pod agent-1 -n fraud",
        ),
        (
            waiting("CrashLoopBackOff", name="a;\x1b[2J rm -rf /", lastState={"terminated": {"exitCode": 1}}),
            "container a;\\u001b[2J rm -rf /: CrashLoopBackOff; before: ended (exit code 1)",
            "logs agent-1 -c 'a;\\u001b[2J rm -rf /' --previous -n fraud",
        ),
        ({"phase": "Pending", "conditions": []}, "it has not been started yet", "describe pod agent-1 -n fraud"),
        ({}, "it is not ready, and does not say why", "describe pod agent-1 -n fraud"),
    ],
)
def test_why_a_pod_is_not_ready(cluster: Cluster, status: dict[str, Any], why: str, look: str) -> None:
    cluster.pod("fraud", "agent-1", ready=False, **status)
    (finding,) = cluster.verdict().findings
    assert finding.weight == "degrades"
    assert finding.message == f"1 of 2 pods of Verta in namespace fraud are not ready: agent-1: {why}"
    assert finding.next == f"kubectl {look}"


def test_pods_that_ended_or_were_replaced_do_not_count(cluster: Cluster) -> None:
    owner = [{"uid": "1"}]
    cluster.objects[Identity("", "Pod", "fraud", "agent-0")]["metadata"]["ownerReferences"] = owner
    cluster.pod("fraud", "evicted", ready=False, phase="Failed", reason="Evicted")
    cluster.objects[Identity("", "Pod", "fraud", "evicted")]["metadata"]["ownerReferences"] = owner
    cluster.pod("fraud", "done", ready=False, phase="Succeeded")
    cluster.pod("fraud", "leaving", ready=False)
    cluster.objects[Identity("", "Pod", "fraud", "leaving")]["metadata"]["deletionTimestamp"] = "2026-05-04T11:00:00Z"
    assert cluster.causes() == ("ready", {})
    del cluster.objects[Identity("", "Pod", "fraud", "agent-0")]
    word, causes = cluster.causes()
    assert (word, set(causes)) == ("cannot deploy", {"runtime-unready"})


def test_pods_of_others_are_not_verta(cluster: Cluster) -> None:
    cluster.objects[Identity("", "Pod", "fraud", "agent-0")]["metadata"]["labels"] = {"app": "notebook"}
    assert cluster.causes()[0] == "cannot deploy"


@pytest.mark.parametrize(
    "message",
    [
        'pods "m" is forbidden: exceeded quota: quota, requested: pods=1, used: pods=20, limited: pods=20',
        'pods "m" is forbidden: failed quota: quota: must specify limits.cpu for: m; limits.memory for: m',
        'pods "m" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
        'pods "m" is forbidden: [minimum cpu usage per Container is 10m, but request is 1m, x]',
        'pods "m" is forbidden: violates PodSecurity "baseline:v1.33": host namespaces (hostNetwork=true)',
    ],
)
def test_refusals_of_the_last_hour(cluster: Cluster, message: str) -> None:
    cluster.event("fraud", message, NOW - timedelta(minutes=59), count=3)
    cluster.event("fraud", message.replace("m", "n"), NOW - timedelta(minutes=61))
    cluster.event("paused", message)
    word, causes = cluster.causes()
    assert word == "degraded"
    assert causes["refused"].startswith(
        "pods were refused in namespace fraud 3 times in the last hour, last at 11:01 UTC for ReplicaSet model: pods"
    )


@pytest.mark.parametrize("message", ["Back-off pulling image", "Readiness probe failed", "forbidden"])
def test_other_events_are_no_matter(cluster: Cluster, message: str) -> None:
    cluster.event("fraud", message)
    assert cluster.causes() == ("ready", {})


def test_what_was_not_read_is_not_judged(cluster: Cluster) -> None:
    quota = Kind("v1", "ResourceQuota")
    cluster.objects = {key: body for key, body in cluster.objects.items() if key.kind != "ResourceQuota"}
    found = cluster.verify(unread=(Unread(quota, "it is forbidden"),))
    assert found.partial
    assert {each.word for each in found.verdicts if each.workspace != "old-experiments"} == {"unknown"}
    assert found.verdicts[0].findings[0].message == "not read, so not judged: ResourceQuota of namespace fraud"
    assert "not read: it is forbidden" in text(found)
    everything = cluster.verify(unread=(Unread(Kind("v1", "Namespace"), "it is forbidden"),))
    assert {each.word for each in everything.verdicts} == {"unknown"}


def test_a_dump_without_a_kind_is_not_a_cluster_without_it(cluster: Cluster) -> None:
    cluster.objects = {key: body for key, body in cluster.objects.items() if key.kind not in ("Pod", "LimitRange")}
    found = cluster.verify(complete=None, source="dump x")
    assert sorted(each.kind.kind for each in found.unread) == ["LimitRange", "Pod"]
    assert {each.word for each in found.verdicts} == {"unknown"}


def test_what_is_not_asked_for_is_not_kept(cluster: Cluster) -> None:
    homes = frozenset(["fraud"])
    cluster.pod("fraud", "big", podIP="10.0.0.1", more="x" * 1000)
    body = cluster.objects[Identity("", "Pod", "fraud", "big")]
    kept = keep(homes, Kind("v1", "Pod"), {**body, "spec": {"much": "x" * 1000}})
    assert kept is not None
    assert "spec" not in kept
    assert set(kept["status"]) == {"phase", "conditions"}
    assert keep(frozenset(), Kind("v1", "Pod"), body) is None
    assert keep(homes, Kind("v1", "Event"), {"metadata": {"namespace": "fraud"}, "message": "Pulled"}) is None
    other = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "b", "labels": {}, "managedFields": [1]}}
    assert keep(homes, Kind("v1", "Namespace"), other) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "b", "labels": {}},
    }


def test_verdicts_are_the_same_with_what_is_kept_and_in_any_order(cluster: Cluster) -> None:
    cluster.pod("fraud", "agent-1", ready=False, **waiting("ErrImagePull"))
    cluster.event("fraud", "exceeded quota: quota")
    cluster.quota()["status"] = {"used": {"pods": "20"}}
    before = cluster.verify()
    homes = frozenset(("fraud", "paused", "spare", "verta"))
    kept = {key: keep(homes, Kind("v1", key.kind), body) for key, body in cluster.objects.items()}
    shuffled = [(key, body) for key, body in kept.items() if body is not None]
    Random(1).shuffle(shuffled)
    cluster.objects = dict(shuffled)
    after = cluster.verify()
    assert [replace(each, findings=tuple(sorted(each.findings, key=str))) for each in after.verdicts] == [
        replace(each, findings=tuple(sorted(each.findings, key=str))) for each in before.verdicts
    ]


def test_where_only_one_namespace_is_read_nothing_is_said_of_the_whole_cluster(cluster: Cluster) -> None:
    cluster.objects.clear()
    one = verify(cluster.org, cluster.declared, cluster.live(), NOW, ["fraud-detection"])
    assert one.doubts[0].startswith('nothing of what was read in context "prod" names organization "acme"')
    assert cluster.verify().doubts[0].startswith('nothing in context "prod" names organization "acme"')


def test_a_cluster_of_somebody_else(cluster: Cluster) -> None:
    assert foreign(cluster.org, cluster.live()) == ""
    assert foreign(cluster.org, cluster.live(objects={})) == ""
    assert next(strange(cluster.org, cluster.live(objects={}))).startswith('nothing in context "prod" names')
    labels = {"app.kubernetes.io/managed-by": "verta-gitops", "verta-gitops.io/organization": "other\x1b[2J"}
    cluster.add("v1", "Namespace", "", "theirs", metadata={"labels": labels})
    assert foreign(cluster.org, cluster.live()) == ""
    assert "also holds objects" in next(strange(cluster.org, cluster.live()))
    theirs = {key: body for key, body in cluster.objects.items() if key.name == "theirs"}
    found = foreign(cluster.org, cluster.live(objects=theirs))
    assert found == 'context "prod" is the cluster of organization "other\\u001b[2J", not of "acme"'


def test_the_same_organization_on_another_cluster(cluster: Cluster, tmp_path: Path) -> None:
    other = Cluster(tmp_path, ORG.replace("name: prod-us", "name: prod-eu"))
    assert foreign(other.org, other.live()) == ""
    found = foreign(other.org, cluster.live())
    assert found == (
        'context "prod" is another cluster than "prod-eu": a workspace there is mapped to "prod-us--fraud", '
        'and would be to "prod-eu--fraud" here'
    )
    without = Cluster(
        tmp_path, ORG.replace("verta:\n", 'verta:\n  namespaceFormat: "{namespace}"\n').replace("prod-us", "prod-eu")
    )
    assert foreign(without.org, cluster.live()) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    return Cluster(tmp_path_factory.mktemp("sound"))


@given(st.data())
def test_no_content_of_a_cluster_stops_it(sound: Cluster, data: st.DataObject) -> None:
    """Every value of an object is anything at all: there is a verdict, and it can be printed in every form."""
    objects = deepcopy(sound.objects)
    key = data.draw(st.sampled_from(sorted(objects)))
    body: Any = objects[key]
    steps = []
    while isinstance(body, dict | list) and body:
        step: Any = data.draw(st.sampled_from(sorted(body) if isinstance(body, dict) else range(len(body))))
        steps.append((body, step))
        body = body[step]
    spot, step = data.draw(
        st.sampled_from([each for each in steps if each[1] not in ("metadata", "name", "namespace")] or [({}, "x")])
    )
    spot[step] = data.draw(JSON)
    found = verify(sound.org, sound.declared, sound.live(objects=objects), NOW)
    foreign(sound.org, sound.live(objects=objects))
    json.loads(json_report(found))
    ET.fromstring(junit(found))
    assert all(line == printable(line) for line in text(found).split("\n"))


@pytest.mark.parametrize(
    ("selector", "labels", "chosen"),
    [
        ("a=1,b in (x, y)", {"a": "1", "b": "y"}, True),
        ("a=1,b in (x, y)", {"a": "1", "b": "z"}, False),
        ("a notin (x)", {}, True),
        ("!a", {"a": ""}, False),
        ("a", {"a": ""}, True),
        ("a!=1", {}, True),
    ],
)
def test_selectors(selector: str, labels: Mapping[str, object], chosen: bool) -> None:
    assert matches(selector, labels) is chosen


def dumped(cluster: Cluster, folder: Path, change: Callable[[Cluster], Any] = lambda cluster: None) -> None:
    change(cluster)
    write(folder, {"dump.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": [*cluster.objects.values()]})})


def test_the_command_and_its_exit_codes(cluster: Cluster, tmp_path: Path) -> None:
    dumped(cluster, tmp_path)
    ran = invoke("verify", "--from-dump", "dump.json", cwd=tmp_path)
    assert (ran.code, ran.out) == (0, "3 ready, 1 frozen in cluster prod-us (dump dump.json)\n")
    dumped(cluster, tmp_path, lambda each: each.objects.pop(Identity("", "Namespace", "", "fraud")))
    ran = invoke("verify", "--from-dump", "dump.json", "fraud-detection", cwd=tmp_path)
    assert ran.code == 1
    assert ran.out == (
        "fraud-detection in namespace fraud: cannot deploy\n"
        "  namespace fraud does not exist in cluster prod-us: "
        'endpoints of workspace "fraud-detection" will fail to deploy\n'
        "  next: argocd app sync prod-us--fraud\n\n"
        "1 cannot deploy in cluster prod-us (dump dump.json)\n"
    )
    assert invoke("verify", "--from-dump", "dump.json", "on-hold", cwd=tmp_path).code == 0
    ran = invoke("verify", "--from-dump", "dump.json", "--format", "json", cwd=tmp_path)
    body = json.loads(ran.out)
    assert ran.code == 1
    assert (body["complete"], body["ready"], body["totals"]["cannot deploy"]) == (True, False, 1)
    ran = invoke("verify", "--from-dump", "dump.json", "--format", "junit", cwd=tmp_path)
    suite = ET.fromstring(ran.out)
    assert ran.code == 1
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("4", "1", "0")
    assert "next: argocd app sync" in str(suite.findtext(".//failure"))
    dumped(cluster, tmp_path, lambda each: each.objects.pop(Identity("", "LimitRange", "spare", "limits")))
    objects = [body for key, body in cluster.objects.items() if key.kind != "LimitRange"]
    write(tmp_path, {"dump.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})})
    assert invoke("verify", "--from-dump", "dump.json", cwd=tmp_path).code == 3


def test_a_dump_of_another_cluster_is_refused_unless_told(cluster: Cluster, tmp_path: Path) -> None:
    dumped(cluster, tmp_path)
    write(tmp_path, {"org.yaml": ORG.replace("name: acme", "name: zeta")})
    ran = invoke("verify", "--from-dump", "dump.json", cwd=tmp_path)
    assert ran.code == 2
    assert ran.err == (
        'error: dump dump.json is the cluster of organization "acme", not of "zeta"; '
        "take the dump of the right cluster, or go on with --any-cluster\n"
    )
    assert invoke("verify", "--from-dump", "dump.json", "--any-cluster", cwd=tmp_path).code == 1


def test_the_name_of_a_namespace_stands_for_its_workspace(cluster: Cluster, tmp_path: Path) -> None:
    dumped(cluster, tmp_path)
    for words in (["fraud"], ["fraud", "fraud-detection"], ["-f", "org.yaml", "fraud"]):
        ran = invoke("verify", *words, "--from-dump", "dump.json", "--format", "json", cwd=tmp_path)
        assert ran.err == ""
        assert [each["workspace"] for each in json.loads(ran.out)["workspaces"]] == ["fraud-detection"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fraud-detektion"], 'no workspace "fraud-detektion" in this organization; did you mean "fraud-detection"?'),
        (["Fraud"], 'did you mean "fraud"?'),
        (["other.yaml"], "the organization's file is named with -f other.yaml"),
        (["--from-dump", "d", "--context", "c"], "leave out --kubeconfig and --context"),
        (["--watch"], "--watch needs a terminal"),
        (["--watch", "--format", "json"], "leave out --format"),
        (["--watch", "--from-dump", "d"], "leave out --from-dump"),
        (["--print-role", "fraud-detection"], "leave out what to verify"),
    ],
)
def test_what_cannot_be_meant(tmp_path: Path, words: list[str], said: str) -> None:
    ran = invoke("verify", *words, cwd=write(tmp_path, {"org.yaml": ORG}))
    assert ran.code == 2
    assert said in ran.err


@pytest.mark.parametrize(
    ("dump", "said"),
    [
        ('{"kind": "List", "items": [', "ends in the middle"),
        ("hello", "no Kubernetes object"),
        ('{"kind": "Status"}', "without apiVersion or metadata.name"),
        ("", "holds no object"),
        (b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "the gzip file ends in the middle"),
    ],
)
def test_dumps_that_are_none(tmp_path: Path, dump: str | bytes, said: str) -> None:
    ran = invoke("verify", "--from-dump", "d", cwd=write(tmp_path, {"org.yaml": ORG, "d": dump}))
    assert ran.code == 3
    assert said in ran.err


def test_an_organization_with_errors_is_not_verified(tmp_path: Path) -> None:
    ran = invoke("verify", cwd=write(tmp_path, {"org.yaml": ORG.replace("namespace: fraud", "namespace: gone")}))
    assert ran.code == 1
    assert 'namespace "gone"' in ran.out
    assert ran.out.splitlines()[-1].startswith("not verified: ")


def test_no_cluster_is_needed_for_its_help_and_its_role(tmp_path: Path) -> None:
    ran = invoke("verify", "--print-role", cwd=write(tmp_path, {"org.yaml": ORG}))
    assert ran.code == 0
    for resource in ("namespaces", "pods", "events", "resourcequotas", "networkpolicies", "applications"):
        assert f"      - {resource}\n" in ran.out
    assert "secrets" not in ran.out
    assert not {"get", "watch", "create", "update", "patch", "delete", "*"} & {
        line.strip("- ") for line in ran.out.splitlines() if line.startswith("      - ")
    }
