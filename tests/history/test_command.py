"""`check --base`: the options, what is printed, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.git.clones import commit, git
from tests.support import MINIMAL, invoke, write

TEAM = "groups: {team: {}}\nroles: {user: {verta: User}}\n"
BASE = (
    MINIMAL
    + TEAM
    + "namespaces:\n  fraud: {owners: [team]}\n  churn: {owners: [team]}\nworkspaces:\n"
    + "  fraud-detection: {namespace: fraud, access: [{group: team, role: user}]}\n"
    + "  churn-models: {namespace: churn, access: [{group: team, role: user}]}\n"
)
HEAD = BASE.replace("  churn: {owners: [team]}\n", "").replace(BASE.splitlines(keepends=True)[-1], "")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    commit(folder, {"org.yaml": BASE})
    commit(folder, {"org.yaml": HEAD})
    git(folder, "update-ref", "refs/remotes/origin/main", "HEAD^")
    return folder


@pytest.mark.parametrize("options", [("--base", "auto"), ("--base", "HEAD^"), ("--base", "origin/main")])
def test_what_is_lost_is_an_error_with_both_places(options: tuple[str, ...], here: Path) -> None:
    assert invoke("check", cwd=here).code == 0
    ran = invoke("check", *options, cwd=here)
    assert ran.code == 1
    assert 'org.yaml:9:1: error: namespace "churn" disappears, but its state was "active"' in ran.out
    assert "    org.yaml at base:11:3: was here\n" in ran.out
    assert ran.out.endswith("1 workspace in 1 namespace: 2 errors\n")


@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit"])
def test_every_format_shows_it(form: str, here: Path) -> None:
    ran = invoke("check", "--base", "auto", "--format", form, cwd=here)
    assert ran.code == 1
    assert "namespace-removed-without-decommission" in ran.out
    if form in ("json", "sarif"):
        json.loads(ran.out)


def test_a_change_that_loses_nothing(here: Path) -> None:
    assert invoke("check", "--base", "HEAD", cwd=here).code == 0
    write(here, {"org.yaml": BASE + "retired: {}\n"})
    assert invoke("check", "--base", "auto", cwd=here).code == 0


def test_removals_are_allowed_by_the_option_alone(tmp_path: Path) -> None:
    frozen = BASE.replace("owners: [team]}", "owners: [team], state: decommission}")
    gone = MINIMAL + TEAM + "retired: {fraud: {workspace: fraud-detection}, churn: {workspace: churn-models}}\n"
    commit(tmp_path, {"org.yaml": frozen})
    write(tmp_path, {"org.yaml": gone + "policy: {maxRemovals: 100%}\n"})
    ran = invoke("check", "--base", "HEAD", cwd=tmp_path)
    assert "2 of 2 namespaces disappear in one change, more than 1" in ran.out
    assert ran.code == 1
    assert invoke("check", "--base", "HEAD", "--allow-removals", "2", cwd=tmp_path).code == 0


def test_two_folders(tmp_path: Path) -> None:
    write(tmp_path, {"before/org.yaml": BASE, "org.yaml": HEAD, "before/old.yaml": BASE})
    assert invoke("check", "--base-dir", "before", cwd=tmp_path).code == 1
    assert invoke("check", "--base-dir", "before", "--base-file", "old.yaml", cwd=tmp_path).code == 1
    assert invoke("check", "before/org.yaml", "--base-dir", "before", cwd=tmp_path).code == 0


def test_the_rules_can_be_selected_and_not_ignored(here: Path) -> None:
    ran = invoke("check", "--base", "auto", "--select", "workspace-removed", cwd=here)
    assert ran.out.count(" error: ") == 1
    assert invoke("check", "--base", "auto", "--select", "unknown-tier", cwd=here).code == 0
    assert invoke("check", "--base", "auto", "--ignore", "workspace-removed", cwd=here).code == 2
    write(here, {"verta-gitops.toml": 'ignore = ["workspace-removed"]\n'})
    assert "[firm-rule]" in invoke("check", "--base", "auto", cwd=here).out


def test_an_organization_whose_file_is_gone(here: Path) -> None:
    commit(here, {"eu.yaml": BASE.replace("prod-us", "prod-eu"), "org.yaml": BASE})
    commit(here, {"eu.yaml": None})
    ran = invoke("check", "--base", "HEAD^", cwd=here)
    assert 'eu.yaml:1:1: error: organization "acme" disappears with its file' in ran.out
    assert ran.code == 1


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--base", "auto", "--base-dir", "x"), 2, "--base and --base-dir name two bases"),
        (("--allow-removals", "3"), 2, "name what to compare with"),
        (("--base-file", "x"), 2, "name what to compare with"),
        (("org.yaml", "b.yaml", "--base", "auto", "--base-file", "x"), 2, "check the files one by one"),
        (("--base", "auto", "--allow-removals", "-1"), 2, "Invalid value"),
        (("--base", "nowhere"), 3, 'there is no commit "nowhere" here (--base); run `git fetch origin nowhere`'),
        (("--base", "-x"), 3, '"-x" is not the name of a commit'),
        (("--base-dir", "nowhere"), 3, "nowhere: no such folder"),
    ],
)
def test_what_cannot_be_meant_or_found(options: tuple[str, ...], code: int, message: str, here: Path) -> None:
    ran = invoke("check", *options, cwd=here)
    assert ran.code == code
    assert message in ran.err
    assert ran.out == ""
