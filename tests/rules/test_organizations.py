"""Several organizations, checked together."""

from __future__ import annotations

from pathlib import Path

from generator.model.org import Org
from generator.pipeline import examine
from generator.problems import At
from generator.rules.organizations import judge_together
from tests.support import write


def org(tmp_path: Path, name: str, cluster: str, server: str = "") -> Org:
    text = f'version: 1\norganization: {{name: {name}}}\ncluster: {{name: {cluster}, kubernetesVersion: "1.33"}}\n'
    if server:
        text += f"delivery: {{engine: argocd, destination: {{server: '{server}'}}}}\n"
    write(tmp_path, {"org.yaml": text})
    found = examine(str(tmp_path / "org.yaml")).org
    assert found is not None
    return found


def judged(tmp_path: Path, *parts: tuple[str, ...]) -> list[tuple[str, str, str, tuple[str | int, ...]]]:
    orgs = [(f"{position}.yaml", org(tmp_path, *part)) for position, part in enumerate(parts)]
    return [
        (file, problem.rule, problem.severity, problem.place.path)
        for file, problem in judge_together(orgs)
        if isinstance(problem.place, At)
    ]


def test_a_cluster_has_one_organization(tmp_path: Path) -> None:
    assert judged(tmp_path, ("acme", "prod-us"), ("other", "prod-us"), ("third", "prod-eu")) == [
        ("1.yaml", "cluster-of-two-organizations", "error", ("cluster", "name"))
    ]


def test_a_cluster_under_two_names(tmp_path: Path) -> None:
    server = "https://10.0.0.1:6443"
    assert judged(tmp_path, ("acme", "prod-us", server), ("other", "prod-eu", server + "/")) == [
        ("1.yaml", "cluster-of-two-organizations", "error", ("delivery", "destination", "server"))
    ]
    own = "https://kubernetes.default.svc"
    assert judged(tmp_path, ("acme", "prod-us", own), ("other", "prod-eu", own)) == []


def test_an_organization_is_in_one_file(tmp_path: Path) -> None:
    assert judged(tmp_path, ("acme", "prod-us"), ("acme", "prod-eu")) == [
        ("1.yaml", "organization-twice", "warning", ("organization", "name"))
    ]


def test_several_that_have_nothing_in_common(tmp_path: Path) -> None:
    assert judged(tmp_path, ("acme", "prod-us"), ("other", "prod-eu")) == []
