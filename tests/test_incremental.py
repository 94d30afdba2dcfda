from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, invoke, tree, write

ORG = MINIMAL + FRAUD.replace(
    "workspaces:", "  churn:\n    labels: {a: b}\nworkspaces:\n  churn-models:\n    namespace: churn"
)


@pytest.fixture(autouse=True)
def _remember_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are remembered however young they are, so that no test has to wait."""
    monkeypatch.setattr("generator.memory._RACY", -(10**12))


EDITS = [
    ("churn:\n    labels: {a: b}", "churn:\n    labels: {a: c}"),
    ("churn:\n    labels: {a: b}", "churn:\n    labels: {a: b}\n    annotations:\n      c: |\n        d\n        e"),
    ("fraud: {}", "fraud: {labels: {a: b}}"),
    ("fraud: {}", 'fraud: {quota: {pods: "5"}}'),
    ("namespace: churn", "namespace: churn\n    description: x"),
    ("{namespace: fraud}", "{namespace: fraud, description: x}"),
    ("standard: {}", 'standard: {quota: {pods: "5"}}'),
    ("standard: {}", "standard: {podSecurity: restricted}"),
    ("name: acme", "name: other"),
    ('"1.33"', '"1.32"'),
    ("fraud: {}", "fraud: {state: frozen}"),
]


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_with_a_memory_the_tree_is_the_same(
    before: str, after: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert before in ORG
    write(tmp_path, {"org.yaml": ORG})
    for _ in range(2):
        assert invoke("render", cwd=tmp_path).code == 0
    changed = ORG.replace(before, after)
    write(tmp_path, {"org.yaml": changed})
    ran = invoke("check", cwd=tmp_path)
    if ran.code:
        pytest.fail(ran.out)
    assert invoke("render", "--check", cwd=tmp_path).code == 1
    assert invoke("render", cwd=tmp_path).code == 0
    with_memory = tree(tmp_path / "rendered")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no memory"))
    assert invoke("render", "-o", "fresh", cwd=tmp_path).code == 0
    assert with_memory == tree(tmp_path / "fresh")


def test_a_file_that_somebody_changed_is_seen(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    for path in sorted((tmp_path / "rendered").rglob("*.yaml")):
        text = path.read_text()
        path.write_text(text + "# edited\n")
        ran = invoke("render", "--check", cwd=tmp_path)
        assert (ran.code, str(path.relative_to(tmp_path)) in ran.out) == (1, True)
        assert invoke("render", cwd=tmp_path).code == 0
        assert path.read_text() == text
        path.unlink()
        assert "[missing-file]" in invoke("render", "--check", cwd=tmp_path).out
        assert invoke("render", cwd=tmp_path).code == 0
        assert path.read_text() == text


def test_a_damaged_memory_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    before = tree(tmp_path / "rendered")
    memories = [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert memories
    for damage in ("", "{", "[]", "null", '{"version": 1}', "\x00", '{"version": 1, "common": "x", "units": {"a": 1}}'):
        for memory in memories:
            memory.write_text(damage)
        assert invoke("render", cwd=tmp_path).code == 0
        assert tree(tmp_path / "rendered") == before


def test_a_cache_that_cannot_be_written_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"org.yaml": ORG, "cache": "a file"})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for _ in range(2):
        assert invoke("render", cwd=tmp_path).code == 0
