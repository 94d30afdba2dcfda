from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from generator import git as module
from generator.git import Entry, Renamed, repository
from generator.problems import Stop
from tests.git.clones import clone, commit, git
from tests.support import tree


def fake_git(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")


def test_a_repository_is_seen_from_any_folder_in_it(tmp_path: Path) -> None:
    commit(tmp_path / "a", {"orgs/eu/org.yaml": ""})
    assert repository(str(tmp_path / "a")).prefix == ""
    assert repository(str(tmp_path / "a" / "orgs" / "eu")).prefix == "orgs/eu/"
    assert not repository(str(tmp_path / "a")).shallow
    assert not repository(str(clone(tmp_path / "a", tmp_path / "b"))).shallow
    assert repository(str(clone(tmp_path / "a", tmp_path / "c", "--depth", "1"))).shallow


def test_a_folder_without_git_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="not a git repository; run in a clone, or name a folder with --base-dir"):
        repository(str(tmp_path))
    with pytest.raises(Stop, match="missing: no such folder"):
        repository(str(tmp_path / "missing"))


def test_the_folder_of_git_itself_is_no_work_tree(tmp_path: Path) -> None:
    commit(tmp_path, {"a": ""})
    with pytest.raises(Stop, match="not in a git work tree"):
        repository(str(tmp_path / ".git"))


def test_git_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Stop, match="git is not installed, or not on PATH; install git, or compare two folders"):
        repository(str(tmp_path))


def test_git_that_cannot_be_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, "exit 0", monkeypatch)
    (tmp_path / "bin" / "git").write_bytes(b"\x7fELF nothing")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(Stop, match="git cannot be run"):
        repository(str(tmp_path))


def test_a_repository_of_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit(tmp_path, {"a": ""})
    monkeypatch.setitem(module._FIXED, "GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with pytest.raises(Stop) as stopped:
        repository(str(tmp_path))
    assert f"git config --global --add safe.directory {tmp_path}" in str(stopped.value)
    trusted = tmp_path / "trusted"
    trusted.write_text(f"[safe]\n\tdirectory = {tmp_path}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(trusted))
    assert repository(str(tmp_path)).commit("HEAD")


def test_git_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, "exec sleep 20", monkeypatch)
    monkeypatch.setattr(module, "TIMEOUT", 0.2)
    with pytest.raises(Stop, match="git rev-parse gave no answer within 0 seconds"):
        repository(str(tmp_path))


def test_git_is_run_in_a_fixed_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_git(tmp_path, f'env > {tmp_path}/env; echo "$@" > {tmp_path}/args; exit 1', monkeypatch)
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("GIT_INDEX_FILE", "/elsewhere/index")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/bin/false")
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -i key")
    with pytest.raises(Stop, match="it gave no reason"):
        repository(str(tmp_path))
    found = dict(line.split("=", 1) for line in (tmp_path / "env").read_text().splitlines() if "=" in line)
    assert not {"GIT_DIR", "GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"} & set(found)
    assert found["GIT_SSH_COMMAND"] == "ssh -i key"
    assert (found["GIT_OPTIONAL_LOCKS"], found["GIT_TERMINAL_PROMPT"], found["LC_ALL"]) == ("0", "0", "C")
    assert "core.fsmonitor=false" in (tmp_path / "args").read_text()


@pytest.mark.parametrize("name", ["-x", "--upload-pack=touch /tmp/x", "", "a b", "a\nb", "a\0b"])
def test_what_is_no_name_of_a_commit_never_reaches_git(name: str, tmp_path: Path) -> None:
    commit(tmp_path, {"a": ""})
    with pytest.raises(Stop, match="is not the name of a commit"):
        repository(str(tmp_path)).commit(name)


def test_names_of_commits(tmp_path: Path) -> None:
    first = commit(tmp_path, {"a": ""})
    second = commit(tmp_path, {"b": ""})
    git(tmp_path, "tag", "--annotate", "v1", "--message", "x", first)
    found = repository(str(tmp_path))
    assert found.commit("HEAD") == found.commit("main") == found.commit(second[:10]) == second
    assert found.commit("v1") == found.commit("HEAD^") == first
    assert found.commit("nowhere") is None
    assert found.commit("HEAD:a") is None
    assert found.commit("0" * 40) is None


def test_the_default_branch_of_the_remote(tmp_path: Path) -> None:
    commit(tmp_path / "a", {"a": ""})
    assert repository(str(tmp_path / "a")).default_branch() is None
    git(tmp_path / "a", "branch", "--move", "trunk")
    found = repository(str(clone(tmp_path / "a", tmp_path / "b")))
    assert found.default_branch() == "refs/remotes/origin/trunk"
    git(tmp_path / "b", "update-ref", "refs/remotes/origin/master", "HEAD")
    git(tmp_path / "b", "symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    assert found.default_branch() == "refs/remotes/origin/master"
    git(tmp_path / "b", "update-ref", "refs/remotes/origin/main", "HEAD")
    assert found.default_branch() == "refs/remotes/origin/main"


def test_merge_base(tmp_path: Path) -> None:
    first = commit(tmp_path, {"a": ""})
    git(tmp_path, "checkout", "--quiet", "-b", "change")
    mine = commit(tmp_path, {"b": ""})
    git(tmp_path, "checkout", "--quiet", "main")
    theirs = commit(tmp_path, {"c": ""})
    git(tmp_path, "checkout", "--quiet", "--orphan", "other")
    unrelated = commit(tmp_path, {"d": ""})
    found = repository(str(tmp_path))
    assert found.merge_base(mine, theirs) == first
    assert found.merge_base(mine, unrelated) is None


def test_folders_files_and_their_contents(tmp_path: Path) -> None:
    one = commit(tmp_path, {"a": "1", "ä b/ü\nü": "2", "ä b/c/d": "3\n", "e": b"\0\xff"})
    found = repository(str(tmp_path))
    assert set(found.entries(one, "")) == {"a", "ä b", "e"}
    assert found.entries(one, "ä b")["c"].kind == "tree"
    files = found.files(one, "ä b")
    assert set(files) == {"ü\nü", "c/d"}
    by_name = dict(zip(files, found.blobs([each.id for each in files.values()]), strict=True))
    assert by_name == {"ü\nü": b"2", "c/d": b"3\n"}
    assert list(found.blobs([])) == []
    assert list(found.blobs([found.entries(one, "")["e"].id])) == [b"\0\xff"]


def test_many_blobs_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    one = commit(tmp_path, {f"{i:03}": f"{i}\n\n" for i in range(300)})
    found = repository(str(tmp_path))
    entries = found.entries(one, "")
    wanted = sorted(entries, reverse=True)
    assert [int(data) for data in found.blobs([entries[name].id for name in wanted])] == list(reversed(range(300)))


def test_an_object_that_is_missing_stops_the_program(tmp_path: Path) -> None:
    one = commit(tmp_path, {"a": "content"})
    found = repository(str(tmp_path))
    entry = found.entries(one, "")["a"]
    path = tmp_path / ".git" / "objects" / entry.id[:2] / entry.id[2:]
    path.chmod(stat.S_IRWXU)
    path.unlink()
    with pytest.raises(Stop, match=f"git has no object {entry.id}"):
        list(found.blobs([entry.id]))
    with pytest.raises(Stop, match="git ls-tree failed"):
        found.entries("0" * 40, "")


def test_what_moved_and_what_is_gone(tmp_path: Path) -> None:
    text = "".join(f"line {i}\n" for i in range(50))
    one = commit(tmp_path, {"org.yaml": text, "b": "b" * 100, "c": "c"})
    commit(tmp_path, {"org.yaml": None, "b": None, "orgs/ä.yaml": text + "more\n", "d": "other"})
    found = repository(str(tmp_path))
    assert found.renamed(one) == [Renamed("org.yaml", "orgs/ä.yaml")]
    assert found.deleted(one) == ["b"]


def test_entries_tell_links_and_submodules(tmp_path: Path) -> None:
    commit(tmp_path / "inner", {"x": ""})
    commit(tmp_path / "outer", {"a": ""})
    (tmp_path / "outer" / "link").symlink_to("a")
    git(tmp_path / "outer", "submodule", "--quiet", "add", f"file://{tmp_path}/inner", "sub")
    one = commit(tmp_path / "outer", {})
    entries = repository(str(tmp_path / "outer")).entries(one, "")
    assert entries["link"].is_link
    assert entries["sub"].kind == "commit"
    assert isinstance(entries["a"], Entry)
    assert not entries["a"].is_link
    inner = repository(str(tmp_path / "outer" / "sub"))
    assert inner.superproject() == (str((tmp_path / "outer").resolve()), "sub")
    assert repository(str(tmp_path / "outer")).superproject() is None


def test_nothing_is_written(tmp_path: Path) -> None:
    one = commit(tmp_path, {"org.yaml": "a: 1\n", "rendered/x": "1"})
    (tmp_path / "org.yaml").write_text("a: 2\n")
    os.utime(tmp_path / "rendered" / "x", (1, 1))
    before = tree(tmp_path)
    found = repository(str(tmp_path))
    found.renamed(one)
    found.deleted(one)
    list(found.blobs([each.id for each in found.files(one, "").values()]))
    assert found.merge_base(one, one) == one
    assert tree(tmp_path) == before
