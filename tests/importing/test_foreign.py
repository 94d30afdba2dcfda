"""A cluster that people made by hand: what of it is said, what is kept as it is, and what is left alone."""

from __future__ import annotations

import json
import os
import random
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.importing.extras import IMPORTED_OBJECTS, Unkeepable, kept_body, template
from generator.importing.importing import Imported, Wanted, import_live
from generator.model.quantity import Quantity
from generator.objects import identity
from generator.rendering.environment import Templates
from tests.importing.clusters import Body, binding, dump, live_of, namespace, thing
from tests.support import invoke, load_1_2, load_c, tree, write

WANTED = Wanted("acme", "prod-us", "1.33", "verta")
OPTIONS = ("--organization", "acme", "--cluster", "prod-us", "--kubernetes-version", "1.33")
SELF: Body = {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [{"podSelector": {}}]}]}


def peer(**labels: str) -> Body:
    return {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"namespaceSelector": {"matchLabels": labels}}]}],
    }


def imported(*bodies: Body) -> Imported:
    return import_live(live_of(bodies), WANTED)


def kept(found: Imported) -> dict[str, str]:
    return {f"{key.kind}/{key.name}": reason for key, reason in found.kept.items()}


def quota_of(amounts: Mapping[str, Quantity]) -> dict[str, str]:
    return {key: str(value) for key, value in amounts.items()}


def test_a_quota_is_said_in_canonical_amounts() -> None:
    hard = {"pods": 50, "requests.storage": "1024Gi", "services.loadbalancers": "0"}
    found = imported(namespace("fraud"), thing("ResourceQuota", "fraud", "mine", {"hard": hard}))
    wanted = {"pods": "50", "requests.storage": "1Ti", "services.loadbalancers": "0"}
    assert quota_of(found.org.tiers["standard"].quota) == wanted


def test_a_quota_that_a_rule_refuses_is_kept_with_the_words_of_the_rule() -> None:
    found = imported(namespace("fraud"), thing("ResourceQuota", "fraud", "q", {"hard": {"requests.cpu": "16"}}))
    assert found.org.tiers["standard"].quota == {}
    assert "rejects every pod" in kept(found)["ResourceQuota/q"]


def test_two_quotas_hold_together_and_scoped_ones_are_kept() -> None:
    found = imported(
        namespace("fraud"),
        thing("ResourceQuota", "fraud", "a", {"hard": {"pods": "50", "services": "5"}}),
        thing("ResourceQuota", "fraud", "b", {"hard": {"pods": "20"}}),
        thing("ResourceQuota", "fraud", "c", {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}),
    )
    assert quota_of(found.org.tiers["standard"].quota) == {"pods": "20", "services": "5"}
    assert kept(found) == {"ResourceQuota/c": "counts only some pods (scopes)"}
    assert found.commands == ("kubectl delete --namespace=fraud resourcequota/a resourcequota/b",)


def test_an_object_that_is_kept_is_not_overwritten_by_one_of_ours() -> None:
    found = imported(
        namespace("fraud"),
        thing("ResourceQuota", "fraud", "quota", {"hard": {"pods": "1"}, "scopes": ["BestEffort"]}),
        thing("ResourceQuota", "fraud", "b", {"hard": {"pods": "20"}}),
    )
    assert sorted(kept(found)) == ["ResourceQuota/b", "ResourceQuota/quota"]
    assert found.lost == {}


@pytest.mark.parametrize(
    ("policies", "isolation", "allow_from", "still"),
    [
        ([], "none", (), []),
        ([SELF], "namespace", (), []),
        ([SELF, peer(**{"kubernetes.io/metadata.name": "monitoring"})], "namespace", ("monitoring",), []),
        ([SELF, peer(**{"kubernetes.io/metadata.name": "verta"})], "namespace", (), []),
        ([SELF, peer(team="monitoring")], "namespace", (), ["p1"]),
        ([peer(**{"kubernetes.io/metadata.name": "monitoring"})], "none", (), ["p0"]),  # not even itself
        ([{"podSelector": {}, "policyTypes": ["Ingress"]}], "none", (), ["p0"]),
        ([{**SELF, "podSelector": {"matchLabels": {"app": "x"}}}], "none", (), ["p0"]),
        ([SELF, {"podSelector": {}, "policyTypes": ["Egress"]}], "namespace", (), ["p1"]),
        ([{**SELF, "ingress": [{**SELF["ingress"][0], "ports": [{"port": 80}]}]}], "none", (), ["p0"]),
    ],
)
def test_a_network_is_said_only_where_it_lets_in_no_more(
    policies: list[Any], isolation: str, allow_from: tuple[str, ...], still: list[str]
) -> None:
    bodies = [thing("NetworkPolicy", "fraud", f"p{number}", spec) for number, spec in enumerate(policies)]
    found = imported(namespace("fraud"), *bodies)
    network = found.draft.spaces["fraud"].network
    assert (network.isolation, network.allow_from, network.egress) == (isolation, allow_from, "open")
    assert sorted(key.name for key in found.kept) == still


def test_groups_get_access_and_everybody_else_keeps_a_binding() -> None:
    found = imported(
        namespace("fraud"),
        binding("fraud", "team", "admin", "github:fraud-ds", "oidc:Fraud Leads"),
        binding("fraud", "bot", "edit", "bot", kind="ServiceAccount"),
        binding("fraud", "root", "cluster-admin", "github:ops"),
        binding("fraud", "everyone", "view", "system:authenticated"),
    )
    workspace = found.org.workspaces["fraud"]
    assert [(each.group, each.role) for each in workspace.access] == [("fraud-ds", "admin"), ("fraud-leads", "admin")]
    assert found.org.groups["fraud-leads"].subject == "oidc:Fraud Leads"
    assert sorted(kept(found)) == ["RoleBinding/bot", "RoleBinding/everyone", "RoleBinding/root"]
    assert "cluster-admin" in kept(found)["RoleBinding/root"]


def test_two_groups_whose_names_end_alike_have_two_keys() -> None:
    found = imported(namespace("fraud"), binding("fraud", "b", "view", "a:ds", "b:ds"))
    assert {name: group.subject for name, group in found.org.groups.items()} == {"a-ds": "a:ds", "b-ds": "b:ds"}


def test_namespaces_of_the_system_are_left_out_with_the_reason() -> None:
    names = ("kube-system", "default", "argocd", "flux-system", "openshift-dns", "verta", "a--b", "x" * 64)
    gone = {**namespace("old"), "status": {"phase": "Terminating"}}
    found = imported(namespace("fraud"), gone, *map(namespace, names))
    assert list(found.org.namespaces) == ["fraud"]
    assert sorted(found.survey.excluded) == sorted([*names, "old"])
    assert all(found.survey.excluded.values())


def test_what_a_controller_keeps_is_left_alone() -> None:
    quota = thing("ResourceQuota", "fraud", "capsule-a", {"hard": {"pods": "5"}})
    quota["metadata"]["ownerReferences"] = [{"kind": "Tenant", "name": "a"}]
    found = imported(namespace("fraud"), quota)
    assert (found.kept, found.commands) == ({}, ())
    assert list(found.draft.spaces["fraud"].alone.values()) == ['Tenant "a" keeps it']


def test_labels_that_others_keep_are_not_declared() -> None:
    labels = {"team": "a", "argocd.argoproj.io/instance": "x", "pod-security.kubernetes.io/enforce": "restricted"}
    found = imported(namespace("fraud", labels, annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"}))
    assert found.org.namespaces["fraud"].labels == {"team": "a"}
    assert found.org.tiers["standard"].pod_security == "restricted"
    assert len(found.draft.spaces["fraud"].left) == 2


def test_no_pod_security_is_said_to_be_none() -> None:
    tier = imported(namespace("fraud")).org.tiers["standard"]
    assert tier.pod_security == "privileged"
    assert tier.pod_security_reason


def many(*sizes: int) -> list[Body]:
    """Namespaces of several sizes, each with a label that names it, and one namespace with a quota of its own."""
    bodies = []
    for size, number in enumerate(sizes):
        for position in range(number):
            name = f"ns-{size}-{position}"
            quota = {"pods": str(10 * (size + 1)), "services": str(size + 5), "secrets": "100", "configmaps": "200"}
            bodies += [
                namespace(name, {"size": f"Size-{size}", "pod-security.kubernetes.io/enforce": "baseline"}),
                thing("ResourceQuota", name, "q", {"hard": quota}),
            ]
    return bodies


def test_what_many_have_in_common_is_a_tier_named_by_a_label() -> None:
    found = imported(*many(20, 30))
    assert list(found.org.tiers) == ["size-0", "size-1"]
    assert found.org.defaults.tier == "size-1"
    assert all(not each.quota for each in found.org.namespaces.values())


def test_one_that_is_different_says_it_itself() -> None:
    found = imported(*many(20, 1))
    assert list(found.org.tiers) == ["standard"]
    assert quota_of(found.org.namespaces["ns-1-0"].quota) == {
        "pods": "20",
        "services": "6",
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_same_objects_in_any_order_make_the_same_bytes(seed: int) -> None:
    bodies = many(20, 30, 2, 1)
    for place in range(9):
        bodies.append(binding(f"ns-0-{place}", "b", "view", f"oidc:g{place % 3}", f"g{place % 3}"))
        bodies.append(thing("NetworkPolicy", f"ns-0-{place}", "p", peer(team="x")))
    first = imported(*bodies).files
    random.Random(seed).shuffle(bodies)
    assert imported(*bodies).files == first


hostile = st.text(st.sampled_from("{}%#-+ \n'\"\\:&*!|>é\u2028abc" + string.digits) | st.characters(), max_size=40) | (
    st.sampled_from(["{% endraw %}", "{{ 1/0 }}", "{%+ endraw +%}{{ x }}", "{# ", "no", "1e3", "\x1b[31m", "a: b"])
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(hostile, hostile | st.lists(hostile, max_size=2), max_size=3))
def test_a_kept_object_is_rendered_as_it_is_and_nothing_of_it_is_run(
    tmp_path_factory: pytest.TempPathFactory, data: dict[str, Any]
) -> None:

    try:
        body = kept_body(
            {"apiVersion": "v1", "kind": "Role", "metadata": {"name": "x", "namespace": "y"}, "rules": data}
        )
    except Unkeepable:
        return
    folder = write(tmp_path_factory.mktemp("t"), {"kept/a.yaml.j2": template([body, body])})
    ((_, rendered),) = Templates([folder]).scope("kept").render({})
    assert load_c(rendered) == load_1_2(rendered) == [body, body]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_whatever_the_objects_hold_the_result_passes_check(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    draw = data.draw
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | hostile,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(hostile, inner, max_size=2),
        max_leaves=4,
    )
    bodies = [
        namespace(
            "fraud",
            draw(st.dictionaries(hostile, anything, max_size=2)),
            annotations=draw(st.dictionaries(hostile, anything, max_size=2)),
        ),
        thing("ResourceQuota", "fraud", "a", draw(anything | st.fixed_dictionaries({"hard": anything}))),
        thing("LimitRange", "fraud", "b", {"limits": draw(st.lists(anything, max_size=2))}),
        thing("NetworkPolicy", "fraud", "c", draw(anything | st.fixed_dictionaries({"ingress": anything}))),
        thing("RoleBinding", "fraud", draw(hostile) or "x", roleRef=draw(anything), subjects=draw(anything)),
        binding("fraud", draw(hostile) or "y", draw(hostile), draw(hostile), draw(hostile)),
    ]
    folder = tmp_path_factory.mktemp("org")
    write(folder, {"cluster.json": json.dumps({"kind": "List", "items": bodies})})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, cwd=folder)
    assert ran.code in (0, 1)
    assert "\x1b" not in ran.out + ran.err
    checked = invoke("check", "--no-context", cwd=folder)
    assert checked.code == 0, checked.out
    assert invoke("render", cwd=folder).code == 0


def test_an_import_is_rendered_and_its_drift_is_what_was_said(tmp_path: Path) -> None:
    bodies = [
        *many(8, 3),
        thing("NetworkPolicy", "ns-0-0", "mine", peer(team="x")),
        binding("ns-0-1", "bot", "edit", "bot {{ 7 * 7 }} {% raw %}", kind="User"),
        binding("ns-0-1", "team", "edit", "oidc:team"),
    ]
    write(tmp_path, {"cluster.json": dump(bodies, 1)})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--format", "json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert invoke("render", cwd=tmp_path).code == 0
    text = (tmp_path / "rendered/prod-us/namespaces/ns-0-1/imported.yaml").read_text()
    assert '"bot {{ 7 * 7 }} {% raw %}"' in text
    drift = json.loads(invoke("drift", "--from-dump", "cluster.json", "--format", "json", cwd=tmp_path).out)
    explained = {(each["kind"], each["namespace"], each["name"]) for each in said["residuals"]}
    differ = {(each["kind"], each["namespace"], each["name"]) for each in drift["differences"]}
    assert differ <= explained
    assert {each["what"] for each in said["residuals"]} == {"added", "changed", "replaced"}


def test_what_is_ours_and_declared_by_nobody_is_said(tmp_path: Path) -> None:
    ours = {"app.kubernetes.io/managed-by": "verta-gitops", "verta-gitops.io/organization": "acme"}

    def left(kind: str, place: str, name: str, origin: str) -> Body:
        where = {"namespace": place} if place else {}
        metadata = {"name": name, **where, "labels": ours, "annotations": {"verta-gitops.io/origin": origin}}
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata}

    sync = left("RoleBinding", "default", "verta-gitops-sync", "verta.sync")
    role = left("ClusterRole", "", "verta-gitops-sync", "verta.sync")
    old = left("RoleBinding", "default", "access:old:view", "workspaces.old")
    write(tmp_path, {"cluster.json": dump([*many(2), namespace("default"), sync, role, old])})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--format", "json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    said = json.loads(ran.out)
    assert {(each["kind"], each["name"]): each["reason"] for each in said["residuals"] if each["what"] == "orphan"} == {
        ("ClusterRole", "verta-gitops-sync"): "belongs to verta.sync, which is not read; write it into org.yaml",
        ("RoleBinding", "verta-gitops-sync"): "belongs to verta.sync, which is not read; write it into org.yaml",
        ("RoleBinding", "access:old:view"): "its namespace is left out",
    }
    assert said["kept"] == []


def test_fragments_by_label(tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": dump(many(3, 2))})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--split-by", "size", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert sorted(path.name for path in (tmp_path / "teams").iterdir()) == ["size-0.yaml", "size-1.yaml"]
    assert invoke("check", cwd=tmp_path).code == 0
    assert "namespaces:" not in (tmp_path / "org.yaml").read_text()


def test_files_that_are_there_are_not_overwritten_without_force(tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": dump(many(1)), "org.yaml": "mine\n"})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, cwd=tmp_path)
    assert (ran.code, "org.yaml: is in the way" in ran.err) == (1, True)
    assert sorted(tree(tmp_path)) == ["cluster.json", "org.yaml"]
    assert invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--force", cwd=tmp_path).code == 0
    assert "ns-0-0" in (tmp_path / "org.yaml").read_text()


def test_what_an_earlier_import_left_is_named(tmp_path: Path) -> None:
    bodies = [*many(2), thing("NetworkPolicy", "ns-0-0", "mine", peer(team="x"))]
    write(tmp_path, {"cluster.json": dump(bodies), f"{IMPORTED_OBJECTS}/gone.yaml.j2": "---\n"})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--force", cwd=tmp_path)
    assert ran.code == 1
    assert f"{IMPORTED_OBJECTS}/gone.yaml.j2: is in the way" in ran.err


def test_settings_that_are_there_are_left_as_they_are(tmp_path: Path) -> None:
    bodies = [*many(2), thing("NetworkPolicy", "ns-0-0", "mine", peer(team="x"))]
    write(tmp_path, {"cluster.json": dump(bodies), "verta-gitops.toml": 'fail-on = "error"\n'})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, cwd=tmp_path)
    assert ran.code == 0
    assert 'add "imported" to `templates`' in ran.err
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "-o", "platform/org.yaml", cwd=tmp_path)
    assert ran.code == 0
    assert f'add "{os.path.join("platform", "imported")}" to `templates`' in ran.err
    assert (tmp_path / "verta-gitops.toml").read_text() == 'fail-on = "error"\n'


def test_settings_that_cannot_name_the_folder_are_not_those_of_the_import(tmp_path: Path) -> None:
    bodies = [*many(2), thing("NetworkPolicy", "ns-0-0", "mine", peer(team="x"))]
    here = write(tmp_path / "here", {"cluster.json": dump(bodies), "verta-gitops.toml": 'fail-on = "error"\n'})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "-o", "../there/org.yaml", cwd=here)
    assert (ran.code, "to `templates`" in ran.err) == (0, False)
    assert (tmp_path / "there/verta-gitops.toml").read_text() == 'templates = ["imported"]\n'


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ((), 2, "--organization is missing; expected a name of at most 63"),
        ((), 2, "--cluster is missing"),
        (("--organization", "acme", "--cluster", "prod"), 2, "--kubernetes-version is missing"),
        (("--organization", "A B", "--cluster", "prod", "--kubernetes-version", "1.33"), 2, '"A B" is not a name'),
        ((*OPTIONS, "--context", "x"), 2, "leave --kubeconfig and --context out"),
    ],
)
def test_a_call_that_cannot_be_meant(options: tuple[str, ...], code: int, said: str, tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": dump(many(1))})
    ran = invoke("import", "--from-dump", "cluster.json", *options, cwd=tmp_path)
    assert (ran.code, said in ran.err) == (code, True), ran.err
    assert sorted(tree(tmp_path)) == ["cluster.json"]


def test_the_output_is_a_file_or_a_folder(tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": dump(many(1))})
    for output in ("platform", "other/", "third/prod.yaml"):
        assert invoke("import", "--from-dump", "cluster.json", *OPTIONS, "-o", output, cwd=tmp_path).code == 0
    written = {"cluster.json", "platform/org.yaml", "other/org.yaml", "third/prod.yaml"}
    assert written <= set(tree(tmp_path))


@pytest.mark.parametrize("text", ["", "{", '{"kind": "List", "items": [', "[]", '{"kind": "Secret"}', "\x00"])
def test_a_dump_that_is_none(text: str, tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": text})
    assert invoke("import", "--from-dump", "cluster.json", *OPTIONS, cwd=tmp_path).code == 3


@pytest.mark.parametrize("name", ["a\ud800", "a\x1b[31m", "a\nb"])
def test_names_that_no_server_accepts_break_nothing(name: str, tmp_path: Path) -> None:
    write(tmp_path, {"cluster.json": dump([*many(1), binding("ns-0-0", name, "view", "oidc:a")])})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert "\x1b" not in ran.out + ran.err
    assert invoke("check", cwd=tmp_path).code == 0


def test_no_secret_of_a_dump_is_written_or_printed(tmp_path: Path) -> None:
    secret = thing("Secret", "ns-0-0", "s", data={"password": "aHVudGVyMg=="})
    config = thing("ConfigMap", "ns-0-0", "c", data={"password": "aHVudGVyMg=="})
    write(tmp_path, {"cluster.json": dump([*many(1), secret, config])})
    ran = invoke("import", "--from-dump", "cluster.json", *OPTIONS, "--format", "json", cwd=tmp_path)
    assert ran.code == 0
    written = b"".join(data for name, data in tree(tmp_path).items() if name != "cluster.json")
    assert b"aHVudGVyMg" not in written + ran.out.encode()


def test_identities_are_those_of_the_objects() -> None:
    found = imported(namespace("fraud"), thing("Role", "fraud", "r", rules=[]))
    assert list(found.kept) == [identity(thing("Role", "fraud", "r"))]
