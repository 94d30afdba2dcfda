from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import git as module
from generator.git import Repository, blob_id, repository
from generator.problems import Stop
from generator.reading.sources import load
from generator.reading.store import DISK, Commit, matches
from tests.git.clones import commit, git
from tests.support import FRAUD, MINIMAL, write

FRAGMENT = "namespaces:\n  churn: {}\nworkspaces:\n  churn-models: {namespace: churn}\n"


def at_head(folder: Path) -> Commit:
    found = repository(str(folder))
    name = found.commit("HEAD")
    assert name
    return Commit(found, name)


def messages(folder: Path) -> tuple[list[str], list[str]]:
    """What is said of org.yaml on disk and at the commit, without the places' files."""
    on_disk = load(str(folder / "org.yaml"))
    committed = load("org.yaml", at_head(folder))
    return (
        [f"{each.place[1:]} {each.message} {each.rule}" for each in on_disk.problems],
        [f"{each.place[1:]} {each.message} {each.rule}" for each in committed.problems],
    )


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with all that a pattern can meet, on disk and committed."""
    folder = tmp_path_factory.mktemp("forest")
    names = [
        "org.yaml",
        "a.yaml",
        "b.yml",
        ".hidden.yaml",
        "teams/a.yaml",
        "teams/b/c.yaml",
        "teams/b/d/e.yaml",
        "x[1].yaml",
    ]
    commit(folder, {name: name for name in names})
    (folder / "link.yaml").symlink_to("teams/a.yaml")
    (folder / "linked").symlink_to("teams")
    (folder / "chain").symlink_to("linked/b")
    (folder / "dangling.yaml").symlink_to("nowhere.yaml")
    (folder / "loop").symlink_to("loop")
    (folder / "out.yaml").symlink_to("../outside.yaml")
    (folder / "absolute.yaml").symlink_to("/etc/hostname")
    commit(folder, {})
    (folder / ".git").rename(folder.parent / f"{folder.name}.git")
    return folder


@pytest.fixture(scope="module")
def stored(forest: Path, tmp_path_factory: pytest.TempPathFactory) -> Commit:
    clone = tmp_path_factory.mktemp("clone")
    git(clone, "clone", "--quiet", str(forest.parent / f"{forest.name}.git"), str(clone / "x"))
    return at_head(clone / "x")


STEPS = [
    "*",
    "**",
    "*.yaml",
    "teams",
    "linked",
    "chain",
    "b",
    "a.yaml",
    "c.yaml",
    "?.y*",
    "[ab].yaml",
    ".*",
    "d",
    "x[1].yaml",
]


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=4).map("/".join))
def test_a_pattern_finds_the_same_in_a_commit_on_disk_and_in_pathlib(
    forest: Path, stored: Commit, pattern: str
) -> None:
    on_disk = matches(DISK, str(forest), pattern)
    assert on_disk == matches(stored, "", pattern)
    if pattern.endswith("**"):
        return  # pathlib finds files too since Python 3.13
    expected = {path.relative_to(forest).as_posix() for path in forest.glob(pattern)}
    assert {each.rstrip("/") or "." for each in on_disk} == expected


def test_every_path_is_the_same_thing_in_both(forest: Path, stored: Commit) -> None:
    for path in [*matches(DISK, str(forest), "**/*"), "nothing", "teams/nothing", "linked/b/c.yaml", "a.yaml/b"]:
        full = str(forest / path)
        if path in ("out.yaml", "absolute.yaml"):
            assert stored.real(path) == ""
            continue
        assert stored.kind(path) == ("other" if path == "loop" else DISK.kind(full)), path
        assert stored.is_link(path) == DISK.is_link(full), path
        if path != "loop":
            assert stored.real(path) == "/" + os.path.relpath(DISK.real(full), os.path.realpath(forest)), path


@pytest.mark.parametrize("pattern", ["**x", "a/**.yaml", ".", "./", "/"])
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(ValueError, match="attern"):
        matches(DISK, "", pattern)


def test_an_organization_with_fragments_is_read_from_a_commit(tmp_path: Path) -> None:
    text = MINIMAL + "include: [z/*.yaml, 'a/**/*.yaml', '*.yaml']\n" + FRAUD
    commit(tmp_path, {"org.yaml": text, "z/1.yaml": FRAGMENT, "a/2.yaml": "{}", "a/b/3.yaml": "{}", "4.yaml": "{}"})
    store = at_head(tmp_path)
    for path in ("org.yaml", "z/1.yaml", "4.yaml"):
        (tmp_path / path).unlink()
    found = load("org.yaml", store)
    assert [each.file for each in found.documents] == [
        f"{name} at base" for name in ("org.yaml", "z/1.yaml", "a/2.yaml", "a/b/3.yaml", "4.yaml")
    ]
    assert found.problems == ()
    assert found.complete


@pytest.mark.parametrize(
    "globs",
    ["['../x.yaml']", "[/etc/passwd]", "[nobody.yaml, '*.txt']", "['**x']", "[a.yaml, a.yaml]", "[teams]", "['']"],
)
def test_the_same_includes_are_refused_as_on_disk(globs: str, tmp_path: Path) -> None:
    commit(tmp_path, {"org.yaml": MINIMAL + f"include: {globs}\n", "a.yaml": FRAGMENT, "teams/b/c.yaml": FRAGMENT})
    on_disk, committed = messages(tmp_path)
    assert on_disk == committed
    assert on_disk


@pytest.mark.parametrize("target", ["../../outside.yaml", "/etc/hostname", "../../repo/../outside.yaml"])
def test_a_link_that_leaves_the_folder_is_refused(target: str, tmp_path: Path) -> None:
    commit(tmp_path / "repo", {"org.yaml": MINIMAL + "include: ['teams/*.yaml']\n", "teams/a.yaml": FRAGMENT})
    (tmp_path / "outside.yaml").write_text(FRAGMENT)
    (tmp_path / "repo" / "teams" / "b.yaml").symlink_to(target)
    commit(tmp_path / "repo", {})
    on_disk, committed = messages(tmp_path / "repo")
    assert on_disk == committed
    assert ["include-escapes" in each for each in committed] == [True]


def test_a_link_out_of_the_folder_of_the_organization_is_refused_even_inside_the_repository(tmp_path: Path) -> None:
    commit(tmp_path, {"orgs/org.yaml": MINIMAL + "include: ['*.yaml']\n", "other/a.yaml": FRAGMENT})
    (tmp_path / "orgs" / "b.yaml").symlink_to("../other/a.yaml")
    commit(tmp_path, {})
    found = load("orgs/org.yaml", at_head(tmp_path))
    assert [each.rule for each in found.problems] == ["include-escapes"]
    assert len(found.documents) == 1


def test_a_link_that_stays_is_followed(tmp_path: Path) -> None:
    commit(tmp_path, {"real/org.yaml": MINIMAL + "include: [a.yaml]\n", "b/real.yaml": FRAGMENT})
    (tmp_path / "org.yaml").symlink_to("real/org.yaml")
    (tmp_path / "a.yaml").symlink_to("b/real.yaml")
    commit(tmp_path, {})
    found = load("org.yaml", at_head(tmp_path))
    assert found.problems == ()
    assert len(found.documents) == 2


@pytest.mark.parametrize("glob", ["teams/*.yaml", "teams/a.yaml", "'**/*.yaml'", "'*/a.yaml'", "teams"])
def test_a_fragment_in_a_submodule_is_not_known(glob: str, tmp_path: Path) -> None:
    commit(tmp_path / "inner", {"a.yaml": FRAGMENT})
    commit(tmp_path / "outer", {"org.yaml": MINIMAL + f"include: [{glob}]\n"})
    git(tmp_path / "outer", "submodule", "--quiet", "add", f"file://{tmp_path}/inner", "teams")
    commit(tmp_path / "outer", {})
    found = load("org.yaml", at_head(tmp_path / "outer"))
    assert '"teams" is a submodule, whose files are not in this commit' in found.problems[0].message
    assert not found.complete


def test_a_file_that_is_not_there_stops_the_program(tmp_path: Path) -> None:
    commit(tmp_path, {"a/b": ""})
    for name in ("org.yaml", "a", "a/b/c"):
        with pytest.raises(Stop, match="at base: no such file in commit"):
            load(name, at_head(tmp_path))


def test_files_of_a_folder(tmp_path: Path) -> None:
    commit(tmp_path, {"rendered/c/a.yaml": "1", "rendered/c/d/e.yaml": "2", "x": ""})
    (tmp_path / "rendered" / "c" / "link").symlink_to("a.yaml")
    commit(tmp_path, {})
    store = at_head(tmp_path)
    assert store.files("rendered/c") == {"a.yaml": b"1", "d/e.yaml": b"2"}
    assert store.files("rendered/d") == {}
    assert store.files("x") == {}


def test_files_that_are_what_they_were_thought_to_be_are_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(tmp_path, {"c/a": "1", "c/b": "2", "c/d/e": "3", "c/empty": ""})
    store = at_head(tmp_path)
    whole = store.files("c")
    asked: list[str] = []
    blobs = Repository.blobs

    def noted(self: Repository, ids: Sequence[str]) -> Iterator[bytes]:
        asked.extend(ids)
        return blobs(self, ids)

    monkeypatch.setattr(Repository, "blobs", noted)
    likely = {"a": b"1", "b": b"other", "empty": b"", "more": b"1"}
    assert store.files("c", lambda: likely) == whole == {"a": b"1", "b": b"2", "d/e": b"3", "empty": b""}
    assert len(asked) == 2
    assert list(store.files("c", lambda: likely)) == list(whole)


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_the_id_of_a_content_is_that_of_git(form: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", f"--object-format={form}", "a")
    for data in (b"", b"x", b"\0" * 1000, "ü\n".encode()):
        write(tmp_path, {"a/f": data})
        known = git(tmp_path / "a", "hash-object", "--no-filters", "f").strip()
        assert blob_id(data, known) == known


def test_two_thousand_fragments_take_few_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINIMAL + "include: ['teams/*.yaml']\n"
    commit(tmp_path, {"org.yaml": text, **{f"teams/{i}.yaml": f"namespaces: {{n{i}: {{}}}}\n" for i in range(1999)}})
    calls = []
    real = module._git

    def counted(folder: str, *args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        calls.append(args)
        return real(folder, *args, given=given)

    monkeypatch.setattr(module, "_git", counted)
    found = load("org.yaml", at_head(tmp_path))
    assert len(found.documents) == 2000
    assert len(calls) < 20
