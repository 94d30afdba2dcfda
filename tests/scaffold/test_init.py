"""`init`: a whole repository that passes its own checks, and nothing overwritten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from generator.scaffold import CIS, ENGINES, GIT_CONFIG, Answers, scaffold
from tests.support import invoke, tree, write

URL = "https://git.example.com/acme/platform.git"
WHO = ("--organization", "acme", "--cluster", "prod-us", "--repo-url", URL)


@pytest.mark.parametrize("ci", CIS)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_new_repository_passes_its_own_checks(tmp_path: Path, engine: str, ci: str) -> None:
    done = invoke("init", "new", *WHO, "--engine", engine, "--ci", ci, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    new = tmp_path / "new"
    subprocess.run(["git", "init", "-q", str(new)], check=True)
    assert invoke("check", "--fail-on", "warning", cwd=new).out == "1 workspace in 1 namespace: no problems\n"
    assert invoke("render", cwd=new).code == 0
    assert invoke("render", "--check", cwd=new).code == 0
    owners = new / (".github/CODEOWNERS" if ci == "github" else "CODEOWNERS")
    assert "\n/org.yaml @acme/platform\n" in owners.read_text()
    assert not [path for path, data in tree(new).items() if b"@@" in data and ".git/" not in path]


@pytest.mark.parametrize("name", ["no", "123", "1e3", "true"])
def test_a_name_that_yaml_would_misread_is_quoted(tmp_path: Path, name: str) -> None:
    assert invoke("init", "--organization", name, "--cluster", name, cwd=tmp_path).code == 0
    assert invoke("check", cwd=tmp_path).code == 0


@pytest.mark.parametrize("name", ["a", "acme", "a-name-that-is-longer-than-the-column-of-comments"])
def test_comments_stand_in_one_column(name: str) -> None:
    lines = [line for line in scaffold(Answers(name, name))["org.yaml"].splitlines() if " # " in line.lstrip("# ")]
    assert len(lines) > 5
    for line in lines:
        before, _, _ = line.partition(" # ")
        assert len(before) == 36 or (name in line and before == before.rstrip()), line


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    write(tmp_path, {"README.md": "mine", "ci": "a file", "LICENSE": "free"})
    before = tree(tmp_path)
    done = invoke("init", *WHO, cwd=tmp_path)
    assert done.code == 1
    assert done.out.splitlines()[:2] == ["./README.md: is in the way", "./ci: is in the way"]
    assert tree(tmp_path) == before


def test_init_twice_is_refused(tmp_path: Path) -> None:
    assert invoke("init", *WHO, "--ci", "github", cwd=tmp_path).code == 0
    before = tree(tmp_path)
    assert invoke("init", *WHO, "--ci", "github", cwd=tmp_path).code == 1
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--organization", "Acme", "--cluster", "prod"), '--organization: "Acme" is not a name'),
        (("--organization", "acme", "--cluster", "a--b"), '--cluster: "a--b" is not a name'),
        (("--organization", "", "--cluster", "prod"), "--organization is empty"),
        (("--organization", "acme", "--cluster", "prod", "--engine", "flux"), "name it with --repo-url"),
        (("--organization", "acme", "--cluster", "prod", "--branch", "a b"), "--branch"),
        (("--organization", "acme", "--cluster", "prod", "--source", 'https://x"; rm -rf y'), "--source"),
        (("--organization", "acme", "--cluster", "prod", "--codeowner", 'a"b@c'), "--codeowner"),
    ],
)
def test_answers_that_would_not_pass_are_refused(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    done = invoke("init", *options, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
    assert tree(tmp_path) == {}


def test_git_is_configured_on_request(tmp_path: Path) -> None:
    done = invoke("init", *WHO, "--configure-git", cwd=tmp_path)
    assert (done.code, tree(tmp_path)) == (3, {})
    assert "not a git repository" in done.err
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert invoke("init", *WHO, "--configure-git", cwd=tmp_path).code == 0
    for name, value in GIT_CONFIG.items():
        found = subprocess.run(["git", "config", name], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert found.stdout == f"{value}\n"


def test_below_the_top_of_a_repository_it_says_so(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    assert "is not the top of its repository" in invoke("init", "below", *WHO, cwd=tmp_path).out
    assert "is not the top of its repository" not in invoke("init", *WHO, cwd=tmp_path).out


def test_pre_commit_understands_the_hooks(tmp_path: Path) -> None:
    write(tmp_path, {"hooks.yaml": scaffold(Answers("acme", "prod-us"))[".pre-commit-config.yaml"]})
    command = [sys.executable, "-m", "pre_commit", "validate-config", "hooks.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_hooks_are_ours() -> None:
    known = {hook["id"] for hook in yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text())}
    written = yaml.safe_load(scaffold(Answers("acme", "prod-us"))[".pre-commit-config.yaml"])
    assert {hook["id"] for hook in written["repos"][0]["hooks"]} == known
