"""CODEOWNERS: our block is compiled from `owners`, kept fresh by `render`, and the rest of the file is kept."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import generator.codeowners
from tests.support import invoke, write

ORG = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
include: [teams/*.yaml]
policy: {platformOwners: [platform]}
defaults: {tier: standard}
tiers: {standard: {}}
groups:
  platform: {codeowner: "@acme/platform"}
  fraud: {codeowner: "@acme/fraud"}
  leads: {codeowner: leads@acme.example.com}
namespaces:
  fraud: {owners: [leads, fraud]}
workspaces:
  Fraud: {namespace: fraud}
"""
RISK = """\
namespaces:
  risk: {owners: [fraud]}
  score: {owners: [leads]}
workspaces:
  Risk: {namespace: risk}
  Score: {namespace: score}
"""
MARKED = "# ours\n* @acme/all\n# verta-gitops: begin org.yaml\n# verta-gitops: end org.yaml\n/docs/ @acme/writers\n"
COMPILED = """\
# ours
* @acme/all
# verta-gitops: begin org.yaml
/rendered/prod-us/ @acme/platform
/teams/*.yaml @acme/platform
/teams/risk.yaml @acme/fraud leads@acme.example.com
/rendered/prod-us/namespaces/fraud/ @acme/fraud leads@acme.example.com
/rendered/prod-us/namespaces/risk/ @acme/fraud
/rendered/prod-us/namespaces/score/ leads@acme.example.com
/rendered/prod-us/cluster/ @acme/platform
/rendered/prod-us/delivery/ @acme/platform
/org.yaml @acme/platform
/CODEOWNERS @acme/platform
# verta-gitops: end org.yaml
/docs/ @acme/writers
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"org.yaml": ORG, "teams/risk.yaml": RISK, "CODEOWNERS": MARKED, ".git/HEAD": ""})


def owners(text: str, path: str) -> str:
    """Who owns a path: the last line that matches wins, as git hosts read it."""
    found = ""
    for line in text.splitlines():
        if line.startswith("/"):
            pattern, _, handles = line.partition(" ")
            form = re.escape(pattern.strip("/")).replace(r"\*", "[^/]*") + (
                "/.*" if pattern.endswith("/") else "(/.*)?"
            )
            found = handles if re.fullmatch(form, path) else found
    return found


def test_the_block_is_written_by_render_and_the_rest_is_kept(folder: Path) -> None:
    done = invoke("render", cwd=folder)
    assert (done.code, (folder / "CODEOWNERS").read_text()) == (0, COMPILED)
    assert done.out.endswith("; CODEOWNERS changed\n")
    assert invoke("render", "--check", cwd=folder).code == 0


def test_the_last_line_that_matches_gives_every_file_to_whom_it_belongs(folder: Path) -> None:
    invoke("render", cwd=folder)
    text = (folder / "CODEOWNERS").read_text()
    assert owners(text, "org.yaml") == "@acme/platform"
    assert owners(text, "teams/new.yaml") == "@acme/platform"
    assert owners(text, "teams/risk.yaml") == "@acme/fraud leads@acme.example.com"
    assert owners(text, "rendered/prod-us/namespaces/risk/namespace.yaml") == "@acme/fraud"
    assert owners(text, "rendered/prod-us/namespaces/new/namespace.yaml") == "@acme/platform"
    assert owners(text, "rendered/prod-us/cluster/clusterroles.yaml") == "@acme/platform"


def test_a_stale_block_is_found_and_not_written_by_check(folder: Path) -> None:
    invoke("render", cwd=folder)
    stale = COMPILED.replace("/namespaces/risk/ @acme/fraud", "/namespaces/risk/ @mallory")
    (folder / "CODEOWNERS").write_text(stale)
    done = invoke("render", "--check", cwd=folder)
    assert done.code == 1
    assert "CODEOWNERS:1:1: error: its block is stale; run `verta-gitops render` [stale-file]" in done.out
    assert (folder / "CODEOWNERS").read_text() == stale


def test_nothing_is_done_without_a_marked_file(folder: Path) -> None:
    (folder / "CODEOWNERS").write_text("* @acme/all\n")
    assert invoke("render", cwd=folder).code == 0
    assert (folder / "CODEOWNERS").read_text() == "* @acme/all\n"
    (folder / "CODEOWNERS").unlink()
    assert invoke("render", "--check", cwd=folder).code == 0
    assert not (folder / "CODEOWNERS").exists()


def test_each_organization_of_a_repository_has_its_own_block(folder: Path) -> None:
    other = ORG.replace("name: acme}", "name: bcme}").replace("prod-us", "prod-eu").replace("teams/*", "../no/*")
    other = other.replace("include: [../no/*.yaml]\n", "")
    marks = "# verta-gitops: begin orgs/eu.yaml\n# verta-gitops: end orgs/eu.yaml\n"
    write(folder, {"orgs/eu.yaml": other, "CODEOWNERS": MARKED + marks})
    assert invoke("render", cwd=folder).code == 0
    assert invoke("render", "orgs/eu.yaml", "-o", "rendered", cwd=folder).code == 0
    text = (folder / "CODEOWNERS").read_text()
    assert text.startswith(COMPILED)
    assert "/rendered/prod-eu/namespaces/fraud/ @acme/fraud leads@acme.example.com\n" in text
    assert "/orgs/eu.yaml @acme/platform\n" in text


def test_a_group_without_a_handle_is_left_out_and_said(folder: Path) -> None:
    (folder / "org.yaml").write_text(ORG.replace('fraud: {codeowner: "@acme/fraud"}', "fraud: {verta: Fraud}"))
    done = invoke("render", cwd=folder)
    assert done.code == 0
    assert 'org.yaml:10:3: warning: group "fraud" has no handle at the git host' in done.out
    text = (folder / "CODEOWNERS").read_text()
    assert owners(text, "rendered/prod-us/namespaces/risk/quota.yaml") == "@acme/platform"
    assert owners(text, "teams/risk.yaml") == "leads@acme.example.com"


@pytest.mark.parametrize(
    "broken",
    [
        MARKED.replace("# verta-gitops: end org.yaml\n", ""),
        MARKED.replace("# verta-gitops: begin org.yaml\n", ""),
        MARKED + "# verta-gitops: begin org.yaml\n",
        "# verta-gitops: end org.yaml\n# verta-gitops: begin org.yaml\n",
    ],
)
def test_a_broken_block_is_a_problem_and_nothing_is_written(folder: Path, broken: str) -> None:
    (folder / "CODEOWNERS").write_text(broken)
    done = invoke("render", cwd=folder)
    assert done.code == 1
    assert "[codeowners-block]" in done.out
    assert (folder / "CODEOWNERS").read_text() == broken
    assert not (folder / "rendered").exists()


def test_a_file_that_the_host_would_not_read_is_a_problem(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator.codeowners, "LARGEST", 200)
    done = invoke("render", cwd=folder)
    assert done.code == 1
    assert "GitHub ignores it above 200 [codeowners-too-large]" in done.out


def test_line_ends_and_a_missing_last_one_are_kept(folder: Path) -> None:
    (folder / "CODEOWNERS").write_bytes(MARKED.replace("\n", "\r\n").encode().removesuffix(b"\r\n"))
    invoke("render", cwd=folder)
    assert (folder / "CODEOWNERS").read_bytes() == COMPILED.replace("\n", "\r\n").encode().removesuffix(b"\r\n")


def test_a_name_that_would_need_an_escape_is_said_and_not_misunderstood(folder: Path) -> None:
    (folder / "teams" / "risk.yaml").rename(folder / "teams" / "risk team.yaml")
    invoke("render", cwd=folder)
    text = (folder / "CODEOWNERS").read_text()
    assert "# cannot be written here, because of a character in its name: 'teams/risk team.yaml' @acme/fraud" in text


def test_the_file_is_found_from_another_working_directory(folder: Path) -> None:
    write(folder, {"elsewhere/x": ""})
    assert invoke("render", "../org.yaml", "-o", "../rendered", cwd=folder / "elsewhere").code == 0
    assert (folder / "CODEOWNERS").read_text() == COMPILED


def test_an_unknown_platform_owner_is_an_error(folder: Path) -> None:
    (folder / "org.yaml").write_text(ORG.replace("platformOwners: [platform]", "platformOwners: [platfrom, platform]"))
    done = invoke("check", cwd=folder)
    assert 'org.yaml:5:27: error: group "platfrom" is not defined; did you mean "platform"? [unknown-group]' in done.out
