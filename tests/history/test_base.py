"""Where the state before a change is found, in real repositories: one test for each way that it can be elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator import git as module
from generator.history import base_of, compare_history, find_base, lost_organizations, rendered_at
from generator.pipeline import examine
from generator.problems import Problem, Stop
from tests.git.clones import clone, commit, git
from tests.support import FRAUD, MINIMAL, tree, write

BASE = MINIMAL + FRAUD
HEAD = MINIMAL
LOST = ["namespace-removed-without-decommission", "workspace-removed"]
FRAGMENT = "namespaces:\n  churn: {}\nworkspaces:\n  churn-models: {namespace: churn}\n"


def rules(problems: list[Problem]) -> list[str]:
    return sorted({problem.rule for problem in problems if problem.severity == "error"})


def judged(file: Path, base: str = "", base_dir: str = "", base_file: str = "") -> list[str]:
    return rules(compare_history(examine(str(file)), base, base_dir, base_file=base_file))


def seen(file: Path, environment: dict[str, str], base: str = "") -> str:
    return find_base(str(file), base, environment=environment).commit


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A remote whose main branch has an organization with one namespace."""
    folder = tmp_path / "origin"
    commit(folder, {"org.yaml": BASE, "rendered/prod-us/namespaces/fraud/namespace.yaml": "# Rendered"})
    return folder


@pytest.fixture
def here(origin: Path, tmp_path: Path) -> Path:
    """A clone of it with a branch that loses the namespace."""
    folder = clone(origin, tmp_path / "here")
    git(folder, "checkout", "--quiet", "-b", "change")
    commit(folder, {"org.yaml": HEAD})
    return folder


def test_the_merge_base_with_the_default_branch(here: Path, origin: Path) -> None:
    commit(origin, {"org.yaml": BASE.replace("fraud: {}", "fraud: {}\n  newer: {}")})
    git(here, "fetch", "--quiet")
    found = compare_history(examine(str(here / "org.yaml")))
    assert rules(found) == LOST
    assert not any("newer" in problem.message for problem in found)
    assert str(found[0].place) == f"{here}/org.yaml:1:1"
    assert str(found[0].related[0].place) == f"{here}/org.yaml at base:8:3"


def test_the_work_tree_is_neither_read_nor_written(here: Path) -> None:
    git(here, "checkout", "--quiet", "main")
    write(here, {"org.yaml": HEAD, "untracked.yaml": "x"})
    (here / "rendered" / "prod-us" / "namespaces" / "fraud" / "namespace.yaml").unlink()
    before = tree(here)
    assert judged(here / "org.yaml", "HEAD") == LOST
    base = find_base(str(here / "org.yaml"), "HEAD")
    assert rendered_at(base, str(here / "rendered" / "prod-us")) == {"namespaces/fraud/namespace.yaml": b"# Rendered"}
    assert rendered_at(base, str(here / "rendered" / "prod-eu")) == {}
    assert tree(here) == before


def test_the_folder_one_is_in_does_not_matter(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here / "rendered")
    found = compare_history(examine("../org.yaml"))
    assert rules(found) == LOST
    assert str(found[0].related[0].place) == "../org.yaml at base:8:3"


def test_a_named_commit_and_the_place_where_a_branch_left_it(here: Path) -> None:
    for name in ("main", "origin/main", "HEAD^", git(here, "rev-parse", "main")):
        assert judged(here / "org.yaml", name) == LOST
    assert judged(here / "org.yaml", "HEAD") == []
    assert judged(here / "org.yaml", "auto") == LOST


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "origin/mian",
            r'there is no commit "origin/mian" here \(--base\); run `git fetch origin mian`, or name another',
        ),
        ("-x", '"-x" is not the name of a commit'),
        ("0" * 40, "there is no commit"),
    ],
)
def test_a_missing_ref(name: str, message: str, here: Path) -> None:
    with pytest.raises(Stop, match=message):
        judged(here / "org.yaml", name)


def test_a_shallow_clone(origin: Path, tmp_path: Path) -> None:
    git(origin, "checkout", "--quiet", "-b", "change")
    commit(origin, {"org.yaml": HEAD})
    git(origin, "checkout", "--quiet", "main")
    commit(origin, {"x": ""})
    folder = clone(origin, tmp_path / "shallow", "--depth", "1", "--branch", "change")
    with pytest.raises(Stop, match=r"this clone is shallow; fetch the whole history: `fetch-depth: 0` .*--unshallow`"):
        judged(folder / "org.yaml")
    with pytest.raises(Stop, match="`fetch-depth: 0`"):
        seen(folder / "org.yaml", {"GITHUB_BASE_REF": "main"})
    git(folder, "fetch", "--quiet", "--depth", "1", "origin", "+refs/heads/main:refs/remotes/origin/main")
    with pytest.raises(Stop, match='where this change left "refs/remotes/origin/main" is not known here, because'):
        judged(folder / "org.yaml")
    git(folder, "fetch", "--quiet", "--unshallow")
    assert judged(folder / "org.yaml") == LOST


def test_a_clone_without_blobs_fetches_what_it_needs(origin: Path, tmp_path: Path) -> None:
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(origin, "config", "uploadpack.allowAnySHA1InWant", "true")
    commit(origin, {"org.yaml": HEAD})
    folder = clone(origin, tmp_path / "partial", "--filter=blob:none")
    assert judged(folder / "org.yaml", "HEAD^") == LOST


def test_the_first_commit_has_no_base(tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": BASE})
    base = base_of(str(tmp_path / "org.yaml"))
    assert (base.org, base.problems, base.sources.documents) == (None, (), ())
    assert judged(tmp_path / "org.yaml") == []
    assert rendered_at(find_base(str(tmp_path / "org.yaml")), "rendered/x") == {}


def test_a_repository_without_commits(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": BASE})
    git(tmp_path, "init", "--quiet")
    assert judged(tmp_path / "org.yaml") == []
    with pytest.raises(Stop, match='there is no commit "main" here'):
        judged(tmp_path / "org.yaml", "main")


def test_two_commits_without_a_remote_need_a_name(tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": BASE})
    commit(tmp_path, {"org.yaml": HEAD})
    with pytest.raises(Stop, match=r"there is no origin/HEAD, origin/main or origin/master; name a commit with --base"):
        judged(tmp_path / "org.yaml")


@pytest.mark.parametrize("edit", ["", "# a comment\n"])
def test_a_file_that_was_moved(edit: str, origin: Path, tmp_path: Path) -> None:
    folder = clone(origin, tmp_path / "here")
    commit(
        folder,
        {
            "org.yaml": None,
            "orgs/prod.yaml": BASE.replace("  fraud: {}\n", "  {}\n").replace("namespace: fraud", "legacy: true")
            + edit,
        },
    )
    found = compare_history(examine(str(folder / "orgs" / "prod.yaml")))
    assert "namespace-removed-without-decommission" in rules(found)
    assert str(found[0].related[0].place).startswith(f"{folder}/org.yaml at base:")


def test_a_file_that_was_moved_and_changed_too_much(origin: Path, tmp_path: Path) -> None:
    folder = clone(origin, tmp_path / "here")
    other = HEAD + "".join(f"# another text altogether {i}\n" for i in range(50))
    commit(folder, {"org.yaml": None, "orgs/prod.yaml": other})
    with pytest.raises(Stop, match=r"not in the base, commit [0-9a-f]{12}, where .*/org.yaml was; if .* --base-file"):
        judged(folder / "orgs" / "prod.yaml")
    assert judged(folder / "orgs" / "prod.yaml", base_file=str(folder / "org.yaml")) == LOST
    with pytest.raises(Stop, match=r"elsewhere.yaml: no such file in commit"):
        judged(folder / "orgs" / "prod.yaml", base_file=str(folder / "elsewhere.yaml"))


def test_a_file_that_was_moved_and_not_added_yet(origin: Path, tmp_path: Path) -> None:
    folder = clone(origin, tmp_path / "here")
    (folder / "org.yaml").rename(folder / "prod.yaml")
    with pytest.raises(Stop, match=r"git recognises a moved file once it was added \(`git add .*prod.yaml`\)"):
        judged(folder / "prod.yaml")
    git(folder, "add", "--all")
    assert judged(folder / "prod.yaml") == []


def test_a_file_that_is_new(origin: Path, tmp_path: Path) -> None:
    folder = clone(origin, tmp_path / "here")
    commit(folder, {"orgs/eu.yaml": BASE.replace("prod-us", "prod-eu")})
    assert judged(folder / "orgs" / "eu.yaml") == []
    assert find_base(str(folder / "orgs" / "eu.yaml")).new


def test_a_file_that_was_not_tracked_but_rendered(origin: Path, tmp_path: Path) -> None:
    commit(origin, {"org.yaml": None})
    folder = clone(origin, tmp_path / "here")
    write(folder, {"org.yaml": BASE})
    with pytest.raises(Stop, match=r"where .*/rendered/prod-us/namespaces was; if that is the same organization"):
        judged(folder / "org.yaml")


def test_a_worktree(here: Path, tmp_path: Path) -> None:
    git(here, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "tree"), "origin/main")
    write(tmp_path / "tree", {"org.yaml": HEAD})
    assert judged(tmp_path / "tree" / "org.yaml") == LOST


def test_a_submodule_is_compared_with_what_the_repository_around_it_named(origin: Path, tmp_path: Path) -> None:
    commit(tmp_path / "around", {"README": ""})
    git(tmp_path / "around", "submodule", "--quiet", "add", f"file://{origin}", "verta")
    commit(tmp_path / "around", {})
    folder = clone(tmp_path / "around", tmp_path / "here", "--recurse-submodules")
    pinned = git(folder / "verta", "rev-parse", "HEAD")
    commit(folder / "verta", {"org.yaml": HEAD})
    git(folder / "verta", "push", "--quiet", "origin", "HEAD:refs/heads/elsewhere")
    git(folder / "verta", "update-ref", "refs/remotes/origin/main", "HEAD")
    commit(folder, {})
    assert find_base(str(folder / "verta" / "org.yaml")).commit == pinned
    assert judged(folder / "verta" / "org.yaml") == LOST
    assert judged(folder / "verta" / "org.yaml", "HEAD") == []


def test_a_submodule_that_is_new_in_the_repository_around_it(origin: Path, tmp_path: Path) -> None:
    commit(tmp_path / "around", {"README": ""})
    folder = clone(tmp_path / "around", tmp_path / "here")
    git(folder, "submodule", "--quiet", "add", f"file://{origin}", "verta")
    commit(folder, {})
    with pytest.raises(Stop, match='has no submodule "verta"; name a commit of it with --base'):
        judged(folder / "verta" / "org.yaml")


@pytest.mark.parametrize(
    "environment",
    [
        {"GITHUB_BASE_REF": "release"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "release"},
        {"CHANGE_TARGET": "release"},
    ],
)
def test_the_branch_that_the_ci_names(environment: dict[str, str], here: Path, origin: Path) -> None:
    first = git(here, "rev-parse", "origin/main")
    git(here, "branch", "release", "HEAD")  # a branch of that name here is not the remote's
    with pytest.raises(Stop, match=r"run `git fetch origin \+refs/heads/release:refs/remotes/origin/release`"):
        seen(here / "org.yaml", environment)
    git(origin, "branch", "release")
    git(here, "fetch", "--quiet")
    commit(here, {"x": ""})
    assert seen(here / "org.yaml", environment) == first
    assert seen(here / "org.yaml", environment, "HEAD^") == git(here, "rev-parse", "HEAD^")


def test_the_commit_that_gitlab_names(here: Path) -> None:
    first, second = git(here, "rev-parse", "origin/main"), git(here, "rev-parse", "HEAD")
    commit(here, {"x": ""})
    named = {"CI_MERGE_REQUEST_DIFF_BASE_SHA": second, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "nowhere"}
    assert seen(here / "org.yaml", named) == second
    assert seen(here / "org.yaml", {**named, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": first}) == first


def test_a_push_to_the_branch_itself_is_compared_with_what_was_there(here: Path, tmp_path: Path) -> None:
    before = git(here, "rev-parse", "HEAD^")
    commit(here, {"x": ""})
    git(here, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert seen(here / "org.yaml", {}) == git(here, "rev-parse", "HEAD")
    assert seen(here / "org.yaml", {"CI": "true"}) == git(here, "rev-parse", "HEAD^")
    assert seen(here / "org.yaml", {"CI": "true", "CI_COMMIT_BEFORE_SHA": before}) == before
    assert seen(here / "org.yaml", {"CI": "true", "CI_COMMIT_BEFORE_SHA": "0" * 40}) == git(here, "rev-parse", "HEAD^")
    event = tmp_path / "event.json"
    for content, expected in (
        (json.dumps({"before": before}), before),
        ("{", "HEAD^"),
        ("[]", "HEAD^"),
        ('{"before": "-x"}', "HEAD^"),
    ):
        event.write_text(content)
        found = seen(here / "org.yaml", {"CI": "true", "GITHUB_EVENT_PATH": str(event)})
        assert found == git(here, "rev-parse", expected)


def test_git_missing(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        Stop, match="git is not installed, or not on PATH; install git, or compare two folders with --base"
    ):
        judged(here / "org.yaml")


def test_dubious_ownership(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(Stop, match=r"git config --global --add safe\.directory"):
        judged(here / "org.yaml")


def test_no_repository(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": BASE})
    with pytest.raises(Stop, match="not a git repository; run in a clone, or name a folder with --base-dir"):
        judged(tmp_path / "org.yaml")


def test_two_folders_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"old/org.yaml": BASE, "new/org.yaml": HEAD, "older/orgs/a.yaml": BASE, "orgs/a.yaml": HEAD})
    monkeypatch.chdir(tmp_path)
    found = compare_history(examine("new/org.yaml"), base_dir="old")
    assert rules(found) == LOST
    assert str(found[0].related[0].place) == "old/org.yaml:8:3"
    assert judged(Path("orgs/a.yaml"), base_dir="older") == LOST
    assert judged(Path("orgs/a.yaml"), base_dir="old", base_file="org.yaml") == LOST
    with pytest.raises(Stop, match=r"old/a.yaml: no such file; name the file there with --base-file"):
        judged(Path("orgs/a.yaml"), base_dir="old")
    with pytest.raises(Stop, match="nowhere: no such folder; --base-dir names the folder as it was before the change"):
        judged(Path("orgs/a.yaml"), base_dir="nowhere")
    write(tmp_path, {"old/rendered/prod-us/a.yaml": "1"})
    assert rendered_at(find_base("new/org.yaml", base_dir="old"), "new/rendered/prod-us") == {"a.yaml": b"1"}


def test_fragments_at_the_base(origin: Path, tmp_path: Path) -> None:
    text = MINIMAL + "include: ['teams/*.yaml']\n" + FRAUD
    commit(origin, {"org.yaml": text, "teams/churn.yaml": FRAGMENT})
    folder = clone(origin, tmp_path / "here")
    commit(folder, {"org.yaml": text.replace("teams/*", "team/*")})
    found = compare_history(examine(str(folder / "org.yaml")))
    assert rules(found) == LOST
    assert str(found[0].related[0].place) == f"{folder}/teams/churn.yaml at base:2:3"
    commit(folder, {"org.yaml": BASE})
    assert judged(folder / "org.yaml") == LOST
    commit(folder, {"org.yaml": text, "teams/churn.yaml": "{}\n"})
    assert judged(folder / "org.yaml") == LOST


BROKEN = BASE + "  {\n"


def test_a_base_that_cannot_be_read_is_not_empty(tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": BASE.replace("workspaces:", "  churn: {}\n<<<<<<< HEAD\nworkspaces:")})
    commit(tmp_path, {"org.yaml": BASE})
    found = compare_history(examine(str(tmp_path / "org.yaml")), "HEAD^")
    assert rules(found) == ["base-unreadable", "namespace-removed-without-decommission"]
    assert "so it is not known what this change removes; name the last commit" in found[0].message
    assert str(found[0].place) == f"{tmp_path}/org.yaml:1:1"
    assert "at base:1" in str(found[0].related[0].place)
    base = base_of(str(tmp_path / "org.yaml"), "HEAD^")
    assert base.org is None
    assert [problem.rule for problem in base.problems] == ["yaml-syntax"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "# nothing\n",
        "{",
        "\0",
        b"\xff\xfe",
        "- a\n- b\n",
        "namespaces: [\n",
        "a: &b 1\n",
        "?",
        "x" * 70,
        "namespaces:\n  fraud: {",
    ],
)
def test_whatever_the_base_is_it_is_a_problem_and_not_empty(content: str | bytes, tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": content})
    commit(tmp_path, {"org.yaml": BASE})
    found = compare_history(examine(str(tmp_path / "org.yaml")), "HEAD^")
    assert {problem.rule for problem in found} & {"base-unreadable", "base-with-problems"}


def test_names_behind_the_place_that_cannot_be_read_count_too(tmp_path: Path) -> None:
    names = "".join(f"  n{i}: {{state: decommission}}\n" for i in range(10))
    text = MINIMAL + f'namespaces:\n{names}  bad: [}}\n  "late": {{}}\n  later: {{}}\n'
    text += "workspaces:\n  w: {namespace: later}\n  old: {}\n"
    commit(tmp_path, {"org.yaml": text})
    commit(tmp_path, {"org.yaml": MINIMAL + "retired: {" + ", ".join(f"n{i}: {{}}" for i in range(10)) + "}\n"})
    found = compare_history(examine(str(tmp_path / "org.yaml")), "HEAD^")
    said = "\n".join(problem.message for problem in found)
    for name in ("bad", "late", "later"):
        assert f'namespace "{name}" disappears, but its state was "unknown"' in said
    for name in ("w", "old"):
        assert f'workspace "{name}" disappears, and of the base only its name could be read' in said
    assert 'namespace "n3" disappears' not in said  # its state was read, and it is in `retired`
    assert {problem.rule for problem in found} >= {"base-unreadable", "too-many-removals"}


@pytest.mark.parametrize("edit", [("version: 1", "version: 2"), ("version: 1\n", ""), ("tiers:", "teirs: {}\ntiers:")])
def test_a_base_in_another_version_is_compared_by_its_names(edit: tuple[str, str], tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": BASE.replace(*edit)})
    commit(tmp_path, {"org.yaml": BASE})
    found = compare_history(examine(str(tmp_path / "org.yaml")), "HEAD^")
    assert [(problem.rule, problem.severity) for problem in found] == [("base-with-problems", "warning")]
    commit(tmp_path, {"org.yaml": HEAD})
    assert judged(tmp_path / "org.yaml", "HEAD^^") == LOST


def test_a_broken_base_and_the_same_head(tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": BROKEN})
    commit(tmp_path, {"x": ""})
    assert judged(tmp_path / "org.yaml", "HEAD^") == []
    commit(tmp_path, {"org.yaml": BASE.replace("version: 1", "version: 2")})
    assert compare_history(examine(str(tmp_path / "org.yaml")), "HEAD") == []


def test_a_head_that_cannot_be_read_has_problems_of_its_own(here: Path) -> None:
    write(here, {"org.yaml": BROKEN})
    head = examine(str(here / "org.yaml"))
    assert head.errors
    assert compare_history(head) == []


def test_two_files_swapped(tmp_path: Path) -> None:
    us, eu = BASE, BASE.replace("prod-us", "prod-eu").replace("fraud", "churn")
    commit(tmp_path, {"us.yaml": us, "eu.yaml": eu})
    commit(tmp_path, {"us.yaml": eu, "eu.yaml": us})
    for name in ("us.yaml", "eu.yaml"):
        assert "cluster-renamed" in judged(tmp_path / name, "HEAD^")


def test_an_organization_whose_file_is_gone(tmp_path: Path) -> None:
    eu = BASE.replace("prod-us", "prod-eu").replace("fraud", "churn")
    commit(tmp_path, {"org.yaml": BASE, "eu.yaml": eu, "examples/org.yaml": BASE, "team.yaml": FRAGMENT})
    commit(tmp_path, {"eu.yaml": None, "examples/org.yaml": None, "team.yaml": None})
    (found,) = lost_organizations([str(tmp_path / "org.yaml")], "HEAD^")
    assert found.rule == "organization-removed"
    assert (
        'organization "acme" disappears with its file, but 1 of its namespaces, among them "churn", were'
        in found.message
    )
    assert str(found.place) == f"{tmp_path}/eu.yaml:1:1"
    commit(tmp_path, {"eu.yaml": eu.replace("churn: {}", "churn: {state: decommission}")})
    commit(tmp_path, {"eu.yaml": None})
    assert lost_organizations([str(tmp_path / "org.yaml")], "HEAD^") == []
