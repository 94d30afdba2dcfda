"""The merge driver, in real merges: rendered/ is rendered again, and never resolved by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.merging import merge
from generator.rendering.tree import HEADER
from generator.scaffold import GIT_CONFIG, Answers, scaffold
from tests.git.clones import commit, git
from tests.scaffold.test_ci import run

CPU, MEMORY = 'requests.cpu: "16"', "requests.memory: 64Gi"
QUOTA = "rendered/prod-us/namespaces/sandbox/resourcequota.yaml"


def spread(text: str) -> str:
    """The quota of the tier over several lines, so that two people can change it without a conflict in org.yaml."""
    before, _, rest = text.partition("    quota: {")
    quota, _, after = rest.partition("}")
    between = "      # apart, as in a file that grew\n" * 4
    return before + "    quota:\n" + between.join(f"      {item}\n" for item in quota.split(", ")) + after.lstrip("\n")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "here"
    files = dict(scaffold(Answers("acme", "prod-us")))
    files["org.yaml"] = spread(files["org.yaml"])
    commit(folder, dict(files))
    for name, value in GIT_CONFIG.items():
        git(folder, "config", name, value)
    branch(folder, tmp_path, "main", "", "")
    return folder


def branch(folder: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    """A branch from main with one change of org.yaml, rendered and committed."""
    git(folder, "checkout", "--quiet", "-B", name, *([] if name == "main" else ["main"]))
    org = folder / "org.yaml"
    text = org.read_text()
    assert old in text
    org.write_text(text.replace(old, new) if old else text)
    done = run(["verta-gitops", "render"], folder, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    commit(folder, {}, name)


def merged(folder: Path, tmp_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return run(["git", *command], folder, tmp_path)


def render_and_commit(folder: Path, tmp_path: Path) -> str:
    assert run(["verta-gitops", "render"], folder, tmp_path).returncode == 0
    done = run(["verta-gitops", "render", "--check"], folder, tmp_path)
    assert done.returncode == 0, done.stdout
    git(folder, "add", "-A", "rendered")
    assert git(folder, "diff", "--name-only", "--diff-filter=U") == ""
    return (folder / QUOTA).read_text()


def test_rendered_conflicts_while_org_yaml_merges(repository: Path, tmp_path: Path) -> None:
    branch(repository, tmp_path, "more-cpu", CPU, 'requests.cpu: "24"')
    branch(repository, tmp_path, "more-memory", MEMORY, "requests.memory: 96Gi")
    done = merged(repository, tmp_path, "merge", "--no-edit", "more-cpu")
    assert done.returncode == 1
    assert f"{QUOTA}: changed on both sides; once org.yaml is merged, run `verta-gitops render`" in done.stderr
    assert "<<<<<<<" not in (repository / QUOTA).read_text()
    assert git(repository, "diff", "--name-only", "--diff-filter=U") == QUOTA
    quota = render_and_commit(repository, tmp_path)
    assert "24" in quota
    assert "96Gi" in quota
    git(repository, "commit", "--quiet", "--no-edit")
    assert git(repository, "status", "--porcelain") == ""


def test_without_the_driver_markers_would_stand_in_the_manifest(repository: Path, tmp_path: Path) -> None:
    git(repository, "config", "--remove-section", "merge.verta-gitops")
    branch(repository, tmp_path, "more-cpu", CPU, 'requests.cpu: "24"')
    branch(repository, tmp_path, "more-memory", MEMORY, "requests.memory: 96Gi")
    assert merged(repository, tmp_path, "merge", "--no-edit", "more-cpu").returncode == 1
    assert "<<<<<<<" in (repository / QUOTA).read_text()
    assert "<<<<<<<" not in (repository / "org.yaml").read_text()
    render_and_commit(repository, tmp_path)


def test_a_rebase_goes_on_after_one_render(repository: Path, tmp_path: Path) -> None:
    branch(repository, tmp_path, "more-cpu", CPU, 'requests.cpu: "24"')
    branch(repository, tmp_path, "more-memory", MEMORY, "requests.memory: 96Gi")
    assert merged(repository, tmp_path, "rebase", "more-cpu").returncode == 1
    render_and_commit(repository, tmp_path)
    done = merged(repository, tmp_path, "-c", "core.editor=true", "rebase", "--continue")
    assert done.returncode == 0, done.stderr
    assert run(["verta-gitops", "render", "--check"], repository, tmp_path).returncode == 0


def test_a_conflict_in_org_yaml_stays_one(repository: Path, tmp_path: Path) -> None:
    branch(repository, tmp_path, "a", CPU, 'requests.cpu: "24"')
    branch(repository, tmp_path, "b", CPU, 'requests.cpu: "32"')
    assert merged(repository, tmp_path, "merge", "--no-edit", "a").returncode == 1
    assert "<<<<<<<" in (repository / "org.yaml").read_text()
    assert "<<<<<<<" not in (repository / QUOTA).read_text()
    assert run(["verta-gitops", "render"], repository, tmp_path).returncode == 1
    git(repository, "checkout", "--quiet", "--theirs", "org.yaml")
    git(repository, "add", "org.yaml")
    assert "24" in render_and_commit(repository, tmp_path)


LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"d\n"]), max_size=8).map(b"".join)
TOP = HEADER.encode()


@given(LINES, LINES)
def test_a_change_of_one_side_is_taken(base: bytes, changed: bytes) -> None:
    assert merge(base, changed, base) == (changed, True)
    assert merge(base, base, changed) == (changed, True)
    assert merge(base, changed, changed) == (changed, True)


@given(LINES, LINES, LINES)
def test_who_merges_makes_no_difference_unless_they_conflict(base: bytes, one: bytes, other: bytes) -> None:
    there, back = merge(TOP + base, TOP + one, TOP + other), merge(TOP + base, TOP + other, TOP + one)
    assert there[1] == back[1]
    assert there == back if there[1] else (there[0], back[0]) == (TOP + one, TOP + other)


def test_changes_that_do_not_touch_are_both_taken() -> None:
    lines = [b"%d\n" % number for number in range(9)]
    one = [*lines[:1], b"one\n", *lines[2:]]
    other = [*lines[:6], *lines[7:], b"more\n"]
    both = [*lines[:1], b"one\n", *lines[2:6], *lines[7:], b"more\n"]
    assert merge(b"".join(lines), b"".join(one), b"".join(other)) == (b"".join(both), True)


def test_a_file_that_was_not_rendered_gets_markers() -> None:
    assert merge(b"a\n", b"b\n", b"c") == (b"<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n", False)


def test_a_huge_file_is_not_compared_line_by_line() -> None:
    base, one, other = (
        b"".join(TOP.splitlines(True) + [b"%d%s\n" % (n, x) for n in range(20_000)]) for x in (b"a", b"b", b"c")
    )
    assert merge(base, one, other) == (one, False)
