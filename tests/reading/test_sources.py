from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.problems import At, Stop
from generator.reading.sources import load
from tests.support import FRAUD, MINIMAL, invoke, write

FRAGMENT = "namespaces:\n  churn: {}\nworkspaces:\n  churn-models: {namespace: churn}\n"


def rules(folder: Path) -> list[str]:
    return [problem.rule for problem in load(str(folder / "org.yaml")).problems]


def test_fragments_are_read_in_a_stable_order_each_once(tmp_path: Path) -> None:
    text = MINIMAL + "include: [z/*.yaml, 'a/**/*.yaml', '*.yaml']\n"
    files = {"org.yaml": text, "z/1.yaml": "{}", "a/2.yaml": "{}", "a/b/3.yaml": "{}", "4.yaml": "{}"}
    write(tmp_path, {**files})
    names = [os.path.relpath(each.file, tmp_path) for each in load(str(tmp_path / "org.yaml")).documents]
    assert names == ["org.yaml", "z/1.yaml", "a/2.yaml", "a/b/3.yaml", "4.yaml"]


def test_a_place_is_found_in_the_file_that_has_it(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "include: [a.yaml]\n" + FRAUD, "a.yaml": FRAGMENT})
    sources = load(str(tmp_path / "org.yaml"))
    assert str(sources.locate(At(("namespaces", "churn"), key=True))) == f"{tmp_path}/a.yaml:2:3"
    assert str(sources.locate(At(("namespaces", "fraud"), key=True))) == f"{tmp_path}/org.yaml:9:3"
    assert str(sources.locate(At(("namespaces", "lost"), key=True))) == f"{tmp_path}/org.yaml:8:1"


@pytest.mark.parametrize("target", ["outside.yaml", "outside"])
def test_a_link_that_leaves_the_folder_is_refused(target: str, tmp_path: Path) -> None:
    write(tmp_path, {"outside.yaml": FRAGMENT, "outside/x.yaml": FRAGMENT, "org/teams/.keep": ""})
    link = tmp_path / "org" / "teams" / ("a.yaml" if target.endswith(".yaml") else "a")
    link.symlink_to(tmp_path / target)
    write(tmp_path / "org", {"org.yaml": MINIMAL + "include: [teams/*.yaml, teams/a/x.yaml]\n"})
    assert "include-escapes" in rules(tmp_path / "org")
    assert len(load(str(tmp_path / "org" / "org.yaml")).documents) == 1
    ran = invoke("render", cwd=tmp_path / "org")
    assert ran.code == 1
    assert "is a link that leaves the folder of org.yaml [include-escapes]" in ran.out
    assert not (tmp_path / "org" / "rendered").exists()


def test_a_link_that_stays_is_followed(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "include: [a.yaml]\n", "b/real.yaml": FRAGMENT})
    (tmp_path / "a.yaml").symlink_to("b/real.yaml")
    assert rules(tmp_path) == []
    assert invoke("check", cwd=tmp_path).code == 0


def test_org_yaml_may_itself_be_a_link(tmp_path: Path) -> None:
    write(tmp_path, {"real/org.yaml": MINIMAL + "include: ['*.yaml']\n", "link/a.yaml": FRAGMENT})
    (tmp_path / "link" / "org.yaml").symlink_to("../real/org.yaml")
    assert rules(tmp_path / "link") == []


def test_a_dangling_link_is_a_problem(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "include: ['*.yaml']\n"})
    (tmp_path / "a.yaml").symlink_to("nowhere.yaml")
    assert rules(tmp_path) == ["include-invalid"]


@pytest.mark.parametrize("glob", ["teams", "teams/*", "teams/"])
def test_a_folder_is_not_a_fragment(glob: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + f"include: [{glob}]\n", "teams/sub/a.yaml": FRAGMENT})
    assert rules(tmp_path) == ["include-invalid"]


def test_a_pipe_is_not_a_fragment(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "include: ['*.fifo']\n"})
    os.mkfifo(tmp_path / "a.fifo")
    assert rules(tmp_path) == ["include-invalid"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("missing.yaml", "no such file; check its name"), (".", "cannot be read: Is a directory")],
)
def test_what_cannot_be_read_stops_the_program(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(Stop, match=message):
        load(str(tmp_path / name))
    for command in ("check", "render"):
        ran = invoke(command, name, cwd=tmp_path)
        assert ran.code == 3
        assert ran.err.startswith(f"error: {name}: {message}")
        assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


def test_fragments_share_the_limit_of_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generator.reading.sources.MAX_BYTES", 1000)
    write(tmp_path, {"org.yaml": MINIMAL + "include: ['*.yaml']\n", "a.yaml": "#" * 500, "b.yaml": "#" * 500})
    assert "file-too-large" in rules(tmp_path)
