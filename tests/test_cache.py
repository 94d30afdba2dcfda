from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.cache import cache_file, digest, program_digest, read_cache, write_cache

CONTENT = {"a": [1, 2, {"b": "ü"}], "c": None}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "cache" / "verta-gitops" / "x.json"
    assert write_cache(str(made), CONTENT)
    return made


def test_what_is_written_is_read(file: Path) -> None:
    content, found = read_cache(str(file))
    assert content == CONTENT
    assert found == write_cache(str(file), CONTENT)
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == [file.name]


def test_one_that_is_cut_off_is_not_believed(file: Path) -> None:
    whole = file.read_bytes()
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert read_cache(str(file)) == (None, "")


def test_one_with_another_byte_anywhere_is_not_believed(file: Path) -> None:
    whole = file.read_bytes()
    for position in range(len(whole)):
        file.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        assert read_cache(str(file)) == (None, "")


def test_one_of_another_user_is_not_believed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: file.stat().st_uid + 1)
    assert read_cache(str(file)) == (None, "")


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_one_that_others_may_write_is_not_believed(mode: int, file: Path) -> None:
    file.chmod(mode)
    assert read_cache(str(file)) == (None, "")


def test_a_link_a_pipe_and_a_folder_are_not_read(file: Path, tmp_path: Path) -> None:
    link, pipe = tmp_path / "link", tmp_path / "pipe"
    link.symlink_to(file)
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path, tmp_path / "missing"):
        assert read_cache(str(path)) == (None, "")


def test_what_somebody_put_in_the_way_is_not_written_through(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("theirs")
    Path(f"{file}.{os.getpid()}").symlink_to(other)
    write_cache(str(file), {"new": 1})
    assert other.read_text() == "theirs"


def test_a_disk_that_refuses_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert write_cache(str(tmp_path / "file" / "x.json"), CONTENT) == ""
    assert write_cache("", CONTENT) == ""
    assert read_cache("") == (None, "")


def test_the_place_depends_on_the_paths_and_not_on_how_they_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    assert cache_file("k", "a") == cache_file("k", str(tmp_path / "a")) == cache_file("k", "link/a/.")
    assert len({cache_file("k", "a", "b"), cache_file("k", "b", "a"), cache_file("k", "a"), cache_file("l", "a")}) == 4


def test_nothing_is_kept_in_the_folder_that_is_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "rendered" / "cache"))
    assert cache_file("k", "a", outside=str(tmp_path / "rendered")) == ""
    assert cache_file("k", "a", outside=str(tmp_path / "render"))


def test_a_cache_is_where_the_specification_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in ("relative/folder", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        assert Path(cache_file("k", "a")).parent == tmp_path / ".cache" / "verta-gitops"
    monkeypatch.setenv("HOME", "relative")
    assert cache_file("k", "a") == ""


def test_no_two_lists_of_texts_have_the_same_digest() -> None:
    lists = [(), ("",), ("", ""), ("a", "b"), ("ab",), ("a", "b", ""), ("1:a",), ("a", "\udcff")]
    assert len({digest(*texts) for texts in lists}) == len(lists)


def test_every_file_beside_own_templates_counts(tmp_path: Path) -> None:
    found = {program_digest(), program_digest(tmp_path)}
    for name, text in (("a.yaml.j2", "x"), ("a.yaml.j2", "y"), ("_macros.txt", "y"), ("namespace/a.yaml.j2", "")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
        found.add(program_digest(tmp_path))
    assert len(found) == 6


def test_templates_behind_links_count_and_a_circle_ends(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "namespace").symlink_to("../elsewhere")
    (tmp_path / "own" / "circle").symlink_to(".")
    (tmp_path / "own" / "itself").symlink_to("itself")
    os.mkfifo(tmp_path / "own" / "pipe")
    found = set()
    for text in ("one", "two", "two"):
        (tmp_path / "elsewhere" / "a.yaml.j2").write_text(text)
        found.add(program_digest(tmp_path / "own"))
    assert len(found) == 2


def test_what_cannot_be_read_is_never_the_same(tmp_path: Path) -> None:
    assert program_digest(tmp_path / "missing") != program_digest(tmp_path / "missing")
