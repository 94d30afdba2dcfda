"""`# verta-gitops: ignore[rule-id] reason` hides one problem, and is itself checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.reading.comments import ignores
from generator.reading.reader import read
from tests.support import FRAUD, MINIMAL, invoke, write

LEGACY = MINIMAL + FRAUD + "  old: {legacy: true}"


def _check(text: str, folder: Path, *options: str) -> str:
    write(folder, {"org.yaml": text})
    return "\n".join(line for line in invoke("check", *options, cwd=folder).out.splitlines() if "-owners]" not in line)


@pytest.mark.parametrize(
    ("comment", "found", "missing"),
    [
        ("ignore[legacy-workspace] moves in May", "", "[legacy-workspace]"),
        ("ignore[ legacy-workspace , unreachable-workspace ] moves in May", "", "[legacy-workspace]"),
        ("ignore[legacy-workspace]", "gives no reason; write `# verta-gitops: ignore[rule-id] reason`", ""),
        ("ignore[legacy-workspace]", "[legacy-workspace]", ""),
        ("ignore", "names no rule", ""),
        ("ignore[] because", "names no rule", ""),
        ("ingore[legacy-workspace] x", "is unclear", ""),
        ("ignore[legacy-worspace] x", 'no rule "legacy-worspace"; did you mean "legacy-workspace"? [unknown-rule]', ""),
        ("ignore[unknown-tier] x", '"unknown-tier" cannot be ignored: rendering relies on it [firm-rule]', ""),
        ("ignore[duplicate-key] x", "[firm-rule]", ""),
        ("ignore[personal-workspace] x", '"personal-workspace" finds nothing here; remove this comment', ""),
        ("see the runbook", "[legacy-workspace]", "[invalid-ignore]"),
    ],
)
def test_a_comment(comment: str, found: str, missing: str, tmp_path: Path) -> None:
    out = _check(f"{LEGACY}  # verta-gitops: {comment}\n", tmp_path)
    assert found in out
    assert not missing or missing not in out


def test_an_unused_comment_is_a_warning_at_its_place(tmp_path: Path) -> None:
    out = _check(MINIMAL + "# verta-gitops: ignore[legacy-workspace] moves in May\n" + FRAUD, tmp_path)
    assert 'org.yaml:7:1: warning: "legacy-workspace" finds nothing here; remove this comment [unused-ignore]' in out


def test_a_comment_is_not_unused_where_its_rule_was_not_asked_or_could_not_see(tmp_path: Path) -> None:
    text = MINIMAL + "# verta-gitops: ignore[legacy-workspace] moves in May\n" + FRAUD
    assert "unused-ignore" not in _check(text, tmp_path, "--ignore", "legacy-workspace")
    assert "unused-ignore" not in _check(text, tmp_path, "--select", "unknown-tier")
    assert "unused-ignore" not in _check(text + "  broken: {namespce: x}\n", tmp_path)


def test_on_any_line_of_the_span_and_on_the_line_of_the_key(tmp_path: Path) -> None:
    one = "  fraud-research: {namespace: fraud}"
    many = "  fraud-research:\n    namespace:%s\n      fraud%s\n"
    ignore = "  # verta-gitops: ignore[namespace-without-workspace] later"
    idle = MINIMAL + "namespaces:\n  idle:%s\n    state: active%s\n"
    assert "[namespace-without-workspace]" not in _check(idle % (ignore, ""), tmp_path)
    assert "[namespace-without-workspace]" in _check(idle % ("", ignore), tmp_path), "the span is the key alone"
    assert "[namespace-shared]" in _check(MINIMAL + FRAUD + one, tmp_path)
    assert "[namespace-shared]" in _check(MINIMAL + FRAUD + many % ("", ""), tmp_path)


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("a: b # verta-gitops: ignore[x] y", ["x"]),
        ("a: b #verta-gitops:ignore[x]y", ["x"]),
        ('a: "b # verta-gitops: ignore[no] y" # verta-gitops: ignore[x] y', ["x"]),
        ("a: 'b # verta-gitops: ignore[no] y'", []),
        ("a: | # verta-gitops: ignore[x] y\n  # verta-gitops: ignore[no] y\nb: c", ["x"]),
        ("a: b#verta-gitops:ignore[no]y", []),
        ("# verta-gitops: ignore[x] y # verta-gitops: ignore[no] y\na: b", ["x"]),
        ("a:\r\n  - b # verta-gitops: ignore[x] y\r\n  - c", ["x"]),
    ],
)
def test_only_comments_are_comments(text: str, rules: list[str]) -> None:
    document, problems = read(text.encode(), "org.yaml")
    assert problems == []
    found = list(ignores(document))
    assert [name for ignore in found for name in ignore.rules] == rules
    assert all("\r" not in ignore.reason for ignore in found)


def test_ignoring_in_a_fragment(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"teams/a.yaml": "namespaces:\n  idle: {}  # verta-gitops: ignore[namespace-without-workspace] soon\n"},
    )
    assert "[namespace-without-workspace]" not in _check(MINIMAL + "include: [teams/*.yaml]\n", tmp_path)
