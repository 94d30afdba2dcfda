from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from generator.objects import manifests
from generator.pipeline import examine
from generator.rendering.environment import Templates
from generator.rendering.literal import document
from generator.rendering.tree import HEADER, render
from tests.rendering.test_literal import TEXTS
from tests.support import FRAUD, MINIMAL, ROOT, load_1_1, load_1_2, load_c, rendered, schema_errors, write

TEMPLATES = Templates()
ALLOWED = TEXTS.filter(lambda text: bool(text.strip()) and not any(c in text for c in "\x00\x85\x7f\x1b"))


def organization(workspace: str, **texts: str) -> dict[str, Any]:
    """An organization with a text of one's own in every field that takes any text."""
    text = {
        name: texts.get(name, "x") for name in ("about", "tier", "subject", "group", "role", "note", "team", "verb")
    }
    return {
        "version": 1,
        "organization": {"name": "acme", "description": text["about"]},
        "cluster": {"name": "prod-us", "kubernetesVersion": "1.33"},
        "verta": {"primaryNamespace": "verta", "deployer": {"serviceAccount": "deployer"}},
        "delivery": {"engine": "argocd", "repoURL": "https://git.example.com/a.git"},
        "defaults": {"tier": "standard"},
        "tiers": {"standard": {"description": text["tier"], "priorityClass": {"value": 1}}},
        "groups": {"ds": {"subject": text["subject"], "verta": text["group"]}},
        "roles": {
            "r": {
                "verta": text["role"],
                "rules": [{"apiGroups": [text["verb"]], "resources": [text["verb"]], "verbs": [text["verb"]]}],
            }
        },
        "namespaces": {
            "fraud": {
                "owners": ["ds"],
                "annotations": {"example.com/note": text["note"]},
                "argocd": {"sourceRepos": ["https://git.example.com/b.git"]},
            }
        },
        "workspaces": {
            workspace: {
                "namespace": "fraud",
                "description": text["team"],
                "access": [{"group": "ds", "role": "r"}],
            }
        },
    }


def loaded(org: dict[str, Any], folder: Path) -> dict[str, list[Any]]:
    """What is rendered, as every reader understands it; an organization with problems does not count."""
    write(folder, {"org.yaml": document(org)})
    examined = examine(str(folder / "org.yaml"))
    assume(not examined.errors)
    assert examined.org
    found = {}
    for path, text in render(examined.org, TEMPLATES):
        assert text is not None
        found[path] = load_c(text)
        if not path.endswith(("networkpolicies.yaml", "appset.yaml", "appproject.yaml")):  # without free texts
            assert found[path] == load_1_1(text) == load_1_2(text), path
        assert text == HEADER + "".join(map(document, found[path])), path
    return found


@lru_cache
def _plain(folder: str) -> dict[str, list[Any]]:
    return loaded(organization("x"), Path(folder))


def skeleton(value: Any) -> Any:
    """The structure of a value: its keys and its types, without its texts."""
    if isinstance(value, dict):
        return {key: skeleton(each) for key, each in value.items()}
    if isinstance(value, list):
        return [skeleton(each) for each in value]
    return type(value).__name__


@settings(max_examples=30)
@given(st.lists(ALLOWED, min_size=9, max_size=9))
@example(["{{ 7*7 }}", "{% raw %}", "---", "x\nkind: Secret", '"', "a: b", "no", "*a", "🦊\u2028"])
@example(['{{"}}', "\n\nx", "x\n\n", "x\n  y\n", " x", "x ", "\tx", "#", "{{.path.basename}}"])
def test_no_text_changes_the_structure(tmp_path: Path, texts: list[str]) -> None:
    workspace, *rest = texts
    names = ["about", "tier", "subject", "group", "role", "note", "team", "verb"]
    given_ = dict(zip(names, rest, strict=True))
    given_["subject"] = "".join(filter(str.isprintable, given_["subject"])).strip() or "x"  # it stands on one line
    found = loaded(organization(workspace, **given_), tmp_path)
    assert {path: skeleton(objects) for path, objects in found.items()} == {
        path: skeleton(objects) for path, objects in _plain(str(tmp_path)).items()
    }
    (priority,) = found["cluster/priorityclasses.yaml"]
    assert priority["description"] == given_["tier"]
    (role,) = found["cluster/clusterroles.yaml"]
    assert role["rules"] == [{"apiGroups": [given_["verb"]], "resources": [given_["verb"]], "verbs": [given_["verb"]]}]
    (namespace,) = found["namespaces/fraud/namespace.yaml"]
    assert namespace["metadata"]["annotations"]["example.com/note"] == given_["note"]
    assert namespace["metadata"]["annotations"]["verta-gitops.io/workspace"] == workspace
    assert found["namespaces/fraud/rolebindings.yaml"][1]["subjects"][0]["name"] == given_["subject"]
    assert found["delivery/teamprojects.yaml"][0]["spec"]["roles"][0]["groups"] == [given_["subject"]]
    (config,) = found["namespaces/fraud/workspace.yaml"]
    assert json.loads(config["data"]["workspace.json"]) == {
        "permissions": [{"group": given_["group"], "role": given_["role"]}],
        "workspace": {"description": given_["team"], "name": workspace, "namespace": "prod-us--fraud"},
    }


@settings(max_examples=6)
@given(st.permutations(["organization", "cluster", "defaults", "tiers", "groups", "roles", "namespaces", "workspaces"]))
def test_the_order_of_keys_does_not_matter(tmp_path: Path, order: list[str]) -> None:
    org = organization("x")
    shuffled = {key: org[key] for key in [*order, *org] if key in org}
    assert loaded(shuffled, tmp_path) == loaded(org, tmp_path)


def test_origin_is_a_path_without_a_line(tmp_path: Path) -> None:
    first = rendered(MINIMAL + FRAUD, tmp_path)
    second = rendered("# a comment\n\n" + MINIMAL + "\n\n" + FRAUD, tmp_path)
    assert first == second
    assert "verta-gitops.io/origin: namespaces.fraud\n" in first["namespaces/fraud/namespace.yaml"]


@pytest.mark.parametrize("state", ["active", "frozen", "decommission"])
def test_protection_is_on_every_guard_until_decommission(state: str, tmp_path: Path) -> None:
    text = MINIMAL.replace("standard: {}", 'standard: {quota: {pods: "5"}, container: {max: {cpu: "1"}}}')
    text += FRAUD.replace("fraud: {}", f"fraud: {{state: {state}, network: {{egress: restricted}}}}")
    protection = {
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }
    kinds = set()
    for path, made in rendered(text, tmp_path).items():
        for each in load_c(made):
            kinds.add(each["kind"])
            annotations = each["metadata"]["annotations"]
            carried = {key: value for key, value in annotations.items() if key in protection}
            assert carried == ({} if state == "decommission" else protection), path
    assert kinds == {"Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy", "ConfigMap"}


def test_a_changed_role_is_another_binding(tmp_path: Path) -> None:
    text = (
        MINIMAL + "groups: {ds: {}}\nroles: {a: {clusterRole: view}, b: {clusterRole: edit}}\nnamespaces: {team: {}}\n"
    )
    access = "workspaces: {w: {namespace: team, access: [{group: ds, role: ROLE}]}}\n"
    names = set()
    for role in ("a", "b"):
        made = rendered(text + access.replace("ROLE", role), tmp_path)
        (binding,) = load_c(made["namespaces/team/rolebindings.yaml"])
        names.add(binding["metadata"]["name"])
    assert names == {"access:ds:view", "access:ds:edit"}


def test_two_roles_of_one_cluster_role_are_one_binding(tmp_path: Path) -> None:
    text = (
        MINIMAL
        + "groups: {ds: {}}\nroles: {a: {clusterRole: view}, b: {clusterRole: view}}\n"
        + FRAUD.replace(
            "{namespace: fraud}", "{namespace: fraud, access: [{group: ds, role: a}, {group: ds, role: b}]}"
        )
    )
    assert len(load_c(rendered(text, tmp_path)["namespaces/fraud/rolebindings.yaml"])) == 1


@pytest.mark.parametrize("version", ["1.29", "1.31", "1.33", "1.34"])
def test_objects_pass_the_schema_of_their_cluster(version: str, tmp_path: Path) -> None:
    text = document(organization("x")).replace('"1.33"', f'"{version}"')
    for made in rendered(text, tmp_path).values():
        for each in load_c(made):
            assert schema_errors(each, version) == []


def refused(text: str, folder: Path) -> bool:
    write(folder, {"org.yaml": text})
    return examine(str(folder / "org.yaml")).errors


@pytest.mark.parametrize(
    "network", ["allowFrom: [Bad_Name]", "allowFrom: ['a b']", "allowTo: ['::::/64']", "allowTo: ['1:2/64']"]
)
def test_networks_that_the_api_server_refuses(network: str, tmp_path: Path) -> None:
    assert refused(MINIMAL + FRAUD.replace("{}", f"{{network: {{egress: restricted, {network}}}}}", 1), tmp_path)


@pytest.mark.parametrize("url", ["git@git.example.com:a/b.git", "git://git.example.com/a", "file:///srv/git"])
def test_repositories_that_flux_refuses(url: str, tmp_path: Path) -> None:
    assert refused(MINIMAL + f"delivery: {{engine: flux, repoURL: '{url}'}}\n" + FRAUD, tmp_path)


def test_the_project_is_applied_before_what_belongs_to_it() -> None:
    """kubectl takes files by name; an ApplicationSet without its project looks again only after three minutes."""
    folder = ROOT / "rendered" / "prod-east" / "delivery"
    texts = [path.read_text() for path in sorted(folder.iterdir())]
    kinds = [manifest.body["kind"] for text in texts for manifest in manifests(text)]
    assert kinds[:3] == ["AppProject", "Application", "ApplicationSet"]
