"""The command `plan`: options, exit codes, git, a real organization, and comments that would be too long."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.plan.json import plan_schema
from generator.plan.markdown import LIMIT, MARKER, code
from tests.plan.reading import assert_harmless
from tests.support import FRAUD, MINIMAL, ROOT, Ran, corpus, invoke, write


def plan(folder: Path, base: str | bytes, head: str | bytes, *options: str) -> Ran:
    write(folder, {"base/org.yaml": base, "head/org.yaml": head})
    return invoke("plan", "--base-dir", "../base", *options, cwd=folder / "head")


def organization(number: int, state: str = "active", name: str = "space") -> str:
    namespaces = "".join(f"  {name}-{index}: {{state: {state}}}\n" for index in range(number))
    workspaces = "".join(f"  {name} {index}: {{namespace: {name}-{index}}}\n" for index in range(number))
    return f"{MINIMAL}namespaces:\n{namespaces}workspaces:\n{workspaces}"


def test_the_schema_is_that_of_the_code() -> None:
    assert json.loads((ROOT / "schema" / "plan.schema.json").read_text()) == plan_schema()


def test_a_head_with_errors_has_no_plan(tmp_path: Path) -> None:
    broken = MINIMAL + "namespaces:\n  fraud: {tier: '</details>@acme'}\nworkspaces:\n  fraud: {namespace: fraud}\n"
    ran = plan(tmp_path, MINIMAL + FRAUD, broken)
    assert ran.code == 1
    assert "[unknown-tier]" in ran.out
    assert ran.out.splitlines()[-1].startswith("no plan: 1 error")
    comment = plan(tmp_path, MINIMAL + FRAUD, broken, "--format", "markdown")
    assert comment.code == 1
    assert comment.out.startswith(f"{MARKER}\n### No plan")
    assert_harmless(comment.out)
    assert json.loads(plan(tmp_path, MINIMAL + FRAUD, broken, "--format", "json").out)["problems"]


def test_exit_codes(tmp_path: Path) -> None:
    same = plan(tmp_path, MINIMAL + FRAUD, MINIMAL + FRAUD, "--detailed-exitcode", "--fail-on", "attention")
    assert (same.code, same.out) == (0, "Plan for acme on prod-us: nothing changes\n")
    assert plan(tmp_path, MINIMAL, MINIMAL + FRAUD).code == 0
    assert plan(tmp_path, MINIMAL, MINIMAL + FRAUD, "--detailed-exitcode").code == 2
    assert plan(tmp_path, MINIMAL + FRAUD, MINIMAL, "--detailed-exitcode", "--fail-on", "danger").code == 1


@pytest.mark.parametrize("text", ["", "[]", '{"items": 1}', '{"items": [1]}', '{"items": [{"kind": "ResourceQuota"}]}'])
def test_a_usage_dump_that_is_none(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"usage.json": text})
    ran = plan(tmp_path, MINIMAL + FRAUD, MINIMAL + FRAUD, "--usage", "../usage.json")
    assert ran.code == 3
    assert "kubectl get resourcequota -A -o json" in ran.err


def test_a_base_with_errors_is_compared_and_doubted(tmp_path: Path) -> None:
    ran = plan(
        tmp_path, MINIMAL + FRAUD.replace("{namespace: fraud}", "{namespace: fraud, knd: team}"), MINIMAL + FRAUD
    )
    assert ran.code == 0
    assert "attention\n  base cannot be read" in ran.out
    assert 'unknown key "knd"' in ran.out


def test_a_base_that_cannot_be_read_is_no_empty_base(tmp_path: Path) -> None:
    ran = plan(tmp_path, MINIMAL + FRAUD + "  broken: [\n", MINIMAL + FRAUD, "--fail-on", "danger")
    assert ran.code == 1
    assert "base cannot be read" in ran.out
    assert "created" not in ran.out


def test_git_the_first_commit_and_the_next(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    git("init")
    first = json.loads(invoke("plan", "--format", "json", cwd=tmp_path).out)
    assert first["first"]
    assert {change["kind"] for change in first["changes"]} >= {"namespace-created", "workspace-created", "tier-added"}
    assert invoke("render", cwd=tmp_path).code == 0
    git("add", ".")
    git("commit", "-m", "first")
    assert invoke("plan", "--base", "HEAD", "--detailed-exitcode", cwd=tmp_path).code == 0
    write(tmp_path, {"org.yaml": MINIMAL})
    ran = invoke("plan", "--base", "HEAD", cwd=tmp_path)
    assert "namespace removed: fraud" in ran.out
    assert "org.yaml:8:3 at the base" in ran.out
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    for path in (tmp_path / "rendered").rglob("networkpolicies.yaml"):
        path.write_text(path.read_text().replace("podSelector: {}", "podSelector: {matchLabels: {a: b}}"))
    git("commit", "-am", "by hand")
    ran = invoke("plan", "--base", "HEAD", cwd=tmp_path)
    assert "rendering changed: namespaces/*/networkpolicies.yaml" in ran.out


@pytest.mark.parametrize("what", ["nothing", "org.yaml", "rendered", "own template", "not rendered again", "removed"])
def test_a_plan_does_not_depend_on_what_is_remembered(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*words: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
        subprocess.run(["git", *identity, *words], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-cache"))
    monkeypatch.setattr("generator.memory._RACY", -(10**12))
    text = organization(3)
    own = "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: more\n  namespace: {{ namespace.name }}\n"
    write(tmp_path, {"org.yaml": text, "verta-gitops.toml": 'templates = ["own"]\n', "own/namespace/more.yaml.j2": own})
    git("init")
    assert invoke("render", cwd=tmp_path).code == 0
    file = tmp_path / "rendered/prod-us/namespaces/space-1/networkpolicies.yaml"
    if what == "rendered":
        right = file.read_text()
        file.write_text(right.replace("podSelector: {}", "podSelector: {matchLabels: {a: b}}"))
    git("add", ".")
    git("commit", "-m", "base")
    if what == "rendered":
        file.write_text(right)
    if what == "removed":
        file.unlink()
    if what in ("org.yaml", "not rendered again"):
        write(tmp_path, {"org.yaml": text.replace("space-2: {state: active}", "space-2: {state: frozen}")})
    if what == "own template":
        write(tmp_path, {"own/namespace/more.yaml.j2": own + "data: {}\n"})
    if what not in ("not rendered again", "removed"):
        assert invoke("render", cwd=tmp_path).code == 0
        assert invoke("render", "--check", cwd=tmp_path).code == 0
    warm = invoke("plan", "--base", "HEAD", "--format", "json", cwd=tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path.parent / f"{tmp_path.name}-none"))
    assert warm == invoke("plan", "--base", "HEAD", "--format", "json", cwd=tmp_path)
    kinds = {change["kind"] for change in json.loads(warm.out)["changes"]}
    expected = {"org.yaml": "namespace-frozen", "rendered": "template-changed", "own template": "manifest-changed"}
    assert expected.get(what.replace("not rendered again", "org.yaml"), "") in {*kinds, ""}


def test_a_thousand_removals_are_in_the_open_and_what_is_left_out_is_said(tmp_path: Path) -> None:
    ran = plan(
        tmp_path, organization(1000, name="a-namespace-with-a-rather-long-name"), MINIMAL, "--format", "markdown"
    )
    assert ran.code == 0
    assert len(ran.out.encode()) <= LIMIT
    assert "| 🔴 danger | namespace removed | 1,000 | 1,000 |" in ran.out
    assert "are not shown: the comment is full" in ran.out
    opened = ran.out.partition("#### 🔴 danger")[2]
    assert "<details>" not in opened.partition("are not shown")[0]
    assert_harmless(ran.out)


def test_a_comment_is_the_same_every_time(tmp_path: Path) -> None:
    texts = {plan(tmp_path, organization(30), organization(20), "--format", "markdown").out for _ in range(2)}
    assert len(texts) == 1


def test_a_tier_of_a_real_organization_is_one_line(tmp_path: Path) -> None:
    path = corpus()
    if path is None:
        pytest.skip("the corpus is not beside this checkout")
    before = path.read_text()
    after = before.replace('pods: "50"', 'pods: "200"', 1)
    ran = plan(tmp_path, before, after, "--format", "markdown")
    assert ran.code == 0, ran.out[:2000]
    assert len(ran.out.encode()) < 4000
    assert ran.out.startswith(MARKER)
    assert "| 🟢 safe | quota raised | 1 | 977 |" in ran.out, "45 of the 1,022 have a quota of their own"
    assert "`standard` (1,022 namespaces): 52052 → 198602" in ran.out
    assert_harmless(ran.out)


@given(st.text(max_size=60) | st.text("`|\\<>@[]()!*_#&\n:/.w-~ ", max_size=30))
def test_a_code_span_holds_every_text(text: str) -> None:
    comment = f"- **a**: {code(text)} and {code(text)}<br>b\n  - in {code(text)}\n"
    assert_harmless(comment)
