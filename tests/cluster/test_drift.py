"""The drift of an organization, as objects, and in the words of its report."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.cluster.drift import Declared, Drift, declare, engine_is_here, find_drift, home, kinds
from generator.cluster.drifttext import text
from generator.cluster.live import Kind, Live, Unread
from generator.model.org import Org
from generator.objects import Identity
from generator.pipeline import examine
from generator.problems import Stop
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.support import FRAUD, MINIMAL, write

DELIVERY = "delivery: {engine: ENGINE, repoURL: 'https://git.example.com/a.git'DESTINATION}\n"
QUOTA = MINIMAL.replace("standard: {}", "standard: {quota: {pods: '5'}}")


def organization(folder: Path, text: str = QUOTA + FRAUD) -> tuple[Org, Declared]:
    org = examine(str(write(folder, {"org.yaml": text}) / "org.yaml")).org
    assert org is not None
    return org, declare(org, dict(render(org, Templates())))


def applied(declared: Declared) -> dict[Identity, dict[str, Any]]:
    return {key: copy.deepcopy(manifest.body) for key, manifest in declared.objects.items()}


def report(drift: Drift, org: Org) -> str:
    return text(drift, org, lambda difference: None, "rendered/prod-us")


def test_what_is_as_declared_has_no_drift(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    drift = find_drift(org, declared, Live("dump x", applied(declared)))
    assert drift.differences == ()
    assert not drift.partial
    assert report(drift, org) == f"{len(declared.objects)} objects compared with dump x: no drift"


def test_a_kind_that_a_dump_leaves_out_is_not_missing_a_thousand_times(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    live = {key: body for key, body in applied(declared).items() if key.kind not in ("NetworkPolicy", "ConfigMap")}
    drift = find_drift(org, declared, Live("dump x", live))
    assert drift.differences == ()
    assert drift.partial
    assert "not compared: NetworkPolicy.networking.k8s.io, ConfigMap (4 declared): the dump holds none" in report(
        drift, org
    )


def test_a_cluster_that_was_read_whole_and_holds_none_lacks_them(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    live = {key: body for key, body in applied(declared).items() if key.kind != "ResourceQuota"}
    drift = find_drift(org, declared, Live("context x", live, complete=frozenset({("", "ResourceQuota")})))
    assert [(each.cause, each.identity.kind) for each in drift.differences] == [("missing", "ResourceQuota")]
    assert not drift.partial


def test_a_list_that_was_refused_is_a_partial_answer(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    live = {key: body for key, body in applied(declared).items() if key.kind != "NetworkPolicy"}
    unread = (Unread(Kind("networking.k8s.io/v1", "NetworkPolicy"), "may not list networkpolicies; ask for it"),)
    drift = find_drift(org, declared, Live("context x", live, unread, complete=frozenset()))
    assert drift.differences == ()
    assert drift.partial
    assert "not compared: NetworkPolicy.networking.k8s.io (3 declared): may not list" in report(drift, org)


@pytest.mark.parametrize(
    ("engine", "destination", "here"),
    [
        ("flux", "", True),
        ("argocd", "", True),
        ("argocd", ", destination: {server: 'https://kubernetes.default.svc'}", True),
        ("argocd", ", destination: {name: in-cluster}", True),
        ("argocd", ", destination: {server: 'https://10.0.0.1'}", False),
        ("argocd", ", destination: {name: prod}", False),
    ],
)
def test_objects_of_the_engine_count_where_the_engine_is(
    tmp_path: Path, engine: str, destination: str, here: bool
) -> None:
    delivery = DELIVERY.replace("ENGINE", engine).replace("DESTINATION", destination)
    org, declared = organization(tmp_path, MINIMAL + delivery + FRAUD)
    assert engine_is_here(org) is here
    names = {key.kind for key in declared.objects}
    assert bool(names & {"ApplicationSet", "Kustomization"}) is here
    assert bool({kind.kind for kind in kinds(org, declared)} & {"ApplicationSet", "Kustomization"}) is here
    mine = ("toolkit.fluxcd.io", "argoproj.io")
    asked = [kind for kind in kinds(org, declared) if kind.group.endswith(mine)]
    unread = tuple(Unread(kind, "unknown", absent=True) for kind in asked)
    live = {key: body for key, body in applied(declared).items() if not key.group.endswith(mine)}
    drift = find_drift(org, declared, Live("context x", live, unread, complete=frozenset()))
    assert drift.differences == ()
    assert not drift.partial
    assert ("the cluster does not know such a kind" in report(drift, org)) is here


def test_config_maps_are_asked_for_by_label_and_others_whole(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    selectors = {kind.kind: kind.selector for kind in kinds(org, declared)}
    assert selectors.pop("ConfigMap") == "app.kubernetes.io/managed-by=verta-gitops,verta-gitops.io/organization=acme"
    assert set(selectors.values()) == {""}
    assert {"Namespace", "RoleBinding", "ClusterRole", "PriorityClass"} <= set(selectors)


def test_a_missing_namespace_is_said_once_and_what_it_means(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    live = {key: body for key, body in applied(declared).items() if home_of(key) != "fraud"}
    drift = find_drift(org, declared, Live("context x", live, complete=frozenset()))
    said = report(drift, org)
    words = "namespace fraud does not exist in cluster prod-us, nor what it holds (5 objects)"
    assert f"{words}: endpoints of workspace fraud-detection will fail to deploy" in said
    assert (
        "→ kubectl apply --server-side --force-conflicts -f rendered/prod-us/namespaces/fraud/namespace.yaml -R" in said
    )
    assert said.count("NetworkPolicy") == 0


def test_namespaces_that_differ_alike_are_said_once(tmp_path: Path) -> None:
    names = [f"team-{number}" for number in range(30)]
    spaces = "namespaces:\n" + "".join(f"  {name}: {{}}\n" for name in names)
    works = "workspaces:\n" + "".join(f"  {name}: {{namespace: {name}}}\n" for name in names)
    org, declared = organization(tmp_path, QUOTA + spaces + works)
    live = applied(declared)
    for key, body in live.items():
        if key.kind == "ResourceQuota":
            body["spec"]["hard"]["pods"] = "7" if key.namespace != "team-3" else "8"
    said = report(find_drift(org, declared, Live("context x", live, complete=frozenset())), org)
    assert "29 namespaces: team-0, team-1, team-10, team-11, team-12, team-13, team-14," in said
    assert " and 19 more\n" in said
    assert said.count('spec.hard.pods is "7", declared "5"') == 1
    assert 'namespace team-3\n  changed\n    ResourceQuota "quota": spec.hard.pods is "8", declared "5"' in said


def test_nothing_from_the_cluster_reaches_the_terminal_or_the_shell_as_it_is(tmp_path: Path) -> None:
    org, declared = organization(tmp_path)
    live = applied(declared)
    labels = live[Identity("", "Namespace", "", "fraud")]["metadata"]["labels"]
    evil = "\x1b[2J\u202e$(reboot)`x`'; rm -rf /\n"
    live[Identity("", "ConfigMap", evil, evil)] = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": evil, "namespace": evil, "labels": dict(labels)},
    }  # fmt: skip
    labels["verta-gitops.io/state"] = evil * 1000
    said = report(find_drift(org, declared, Live("context x", live, complete=frozenset())), org)
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert max(map(len, said.splitlines())) < 700
    command = next(line for line in said.splitlines() if "→ kubectl delete" in line)
    assert "'\\u001b[2J\\u202e$(reboot)`x`'\"'\"'; rm -rf /\\n'" in command


def test_the_values_of_a_secret_are_not_shown(tmp_path: Path) -> None:
    org, _ = organization(tmp_path)
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "fraud"},
        "data": {"a": "aGVsbG8="},
    }
    declared = declare(org, {"namespaces/fraud/secret.yaml": yaml.safe_dump(secret)})
    live = {key: {**body, "data": {"a": "c2VjcmV0"}} for key, body in applied(declared).items()}
    drift = find_drift(org, declared, Live("context x", live, complete=frozenset()))
    from generator.cluster.driftjson import json_drift

    said = report(drift, org) + json_drift(drift, org, declared, lambda difference: None)
    assert '"declared": "(hidden)"' in said
    assert "aGVsbG8=" not in said
    assert "c2VjcmV0" not in said


def test_an_own_template_that_renders_no_object_is_said(tmp_path: Path) -> None:
    org, _ = organization(tmp_path)
    with pytest.raises(Stop, match=r"namespaces/fraud/x.yaml:2: no Kubernetes object"):
        declare(org, {"namespaces/fraud/x.yaml": "\n- a\n"})


def test_json_has_everything(tmp_path: Path) -> None:
    from generator.cluster.driftjson import json_drift

    org, declared = organization(tmp_path)
    live = applied(declared)
    live[Identity("", "ResourceQuota", "fraud", "quota")]["spec"]["hard"] = {"pods": "7", "secrets": "1"}
    drift = find_drift(org, declared, Live("context x", live, complete=frozenset()))
    found = json.loads(json_drift(drift, org, declared, lambda difference: None))
    assert found["summary"] == {"missing": 0, "terminating": 0, "changed": 1, "added": 1, "orphan": 0}
    assert found["differences"][0] == {
        "cause": "changed", "group": "", "kind": "ResourceQuota", "namespace": "fraud", "name": "quota",
        "field": "spec.hard.pods", "path": ["spec", "hard", "pods"], "declared": "5", "live": "7",
        "file": "namespaces/fraud/resourcequota.yaml",
    }  # fmt: skip


def home_of(key: Identity) -> str:
    from generator.cluster.comparing import Difference

    return home(Difference(key, "missing"))
