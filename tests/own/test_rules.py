"""An organization's own rules: used like ours, and unable to harm the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, invoke, write

HEAD = """\
from generator.problems import At, Problem, Related
from generator.rules import Rule

"""
GOOD = (
    HEAD
    + '''\
def team_prefix(org):
    """Names begin with the team.

    Fails: a namespace `x`.

    Fix: rename it.
    """
    for name in org.namespaces:
        if not name.startswith("team-"):
            yield Problem(f'"{name}" needs a team', At(("namespaces", name), key=True))
'''
)


def _check(rules: str, folder: Path, *options: str, text: str = MINIMAL + FRAUD) -> tuple[int, str]:
    write(folder, {"org.yaml": text, "acme.py": rules, "verta-gitops.toml": 'rules = ["acme.py"]\n'})
    ran = invoke("check", *options, cwd=folder)
    return ran.code, ran.out + ran.err


def test_it_finds_and_is_listed_ignored_and_weighed(tmp_path: Path) -> None:
    code, out = _check(GOOD + '\nRULES = (Rule(team_prefix, "warning"),)\n', tmp_path)
    assert code == 0
    assert 'org.yaml:8:3: warning: "fraud" needs a team [team-prefix]' in out
    assert "Fix: rename it." in invoke("rules", "team-prefix", cwd=tmp_path).out
    assert "team-prefix" in invoke("rules", cwd=tmp_path).out
    comment = "  fraud: {}  # verta-gitops: ignore[team-prefix] is old"
    write(tmp_path, {"org.yaml": (MINIMAL + FRAUD).replace("  fraud: {}", comment)})
    assert "needs a team" not in invoke("check", cwd=tmp_path).out
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    assert "needs a team" not in invoke("check", "--ignore", "team-prefix", cwd=tmp_path).out
    write(tmp_path, {"verta-gitops.toml": 'rules = ["acme.py"]\n[severity]\nteam-prefix = "error"\n'})
    assert invoke("check", cwd=tmp_path).code == 1
    assert not (tmp_path / "__pycache__").exists(), "nothing is left in the repository"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("    1 / 0\n    yield", 5, "ZeroDivisionError: division by zero"),
        ("    raise SystemExit(0)\n    yield", 5, "SystemExit: 0"),
        ("    return None", 4, "TypeError: 'NoneType' object is not iterable"),
        ('    yield "text"', 4, "a rule yields Problem(message, At(path)), not str"),
        ("    yield Problem(3, At(()))", 4, "the message of a problem is text, not int"),
        ('    yield Problem("x", "namespaces")', 4, "the place of a problem is At(path), not str"),
        ('    yield Problem("x", At("namespaces"))', 4, "a path is a tuple of keys and positions, not 'namespaces'"),
        ('    yield Problem("x", At(()), ("y",))', 4, "related places are Related(At(path), message)"),
        ("    yield from fails(org)", 5, "RecursionError"),
    ],
)
def test_one_that_fails_is_reported_and_the_others_run(body: str, line: int, message: str, tmp_path: Path) -> None:
    rules = (
        HEAD + f"def fails(org):\n{body}\n\n" + GOOD.removeprefix(HEAD) + "\nRULES = (Rule(fails), Rule(team_prefix))\n"
    )
    code, out = _check(rules, tmp_path, text=MINIMAL + FRAUD + "tier: x\n")
    assert code == 3
    assert f"acme.py:{line}:1: error: the rule itself failed: " in out
    assert message in out
    assert "[fails]" in out
    assert "needs a team [team-prefix]" in out
    assert 'unknown key "tier"' in out
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    ran = invoke("render", cwd=tmp_path)
    assert ran.code == 3
    assert not (tmp_path / "rendered").exists()


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        ("def (", "acme.py:1:1: error: the file is not Python: "),
        ("\nimport acme_missing", "acme.py:2:1: error: the file cannot be loaded: ModuleNotFoundError"),
        ("raise SystemExit(0)", "the file cannot be loaded: SystemExit"),
        ("x = 1", "the file defines no rules; write `RULES = "),
        ("RULES = ()", "the file defines no rules"),
        ("RULES = (print,)", "RULES[0] is builtin_function_or_method, not Rule(a_function, severity)"),
        (HEAD + 'RULES = (Rule("x"),)', "a rule is a function with a name in lower case"),
        (HEAD + "RULES = (Rule(lambda org: ()),)", "a rule is a function with a name in lower case"),
        (HEAD + 'def a(org): yield\nRULES = (Rule(a, "fatal"),)', 'the severity of "a" is "error" or "warning"'),
        (
            HEAD + "def unknown_tier(org): yield\nRULES = (Rule(unknown_tier),)",
            'there is a rule "unknown-tier" already',
        ),
        (HEAD + "def a(org): yield from ()\nRULES = (Rule(a), Rule(a))", 'there is a rule "a" already'),
    ],
)
def test_a_file_that_cannot_be_used(rules: str, problem: str, tmp_path: Path) -> None:
    code, out = _check(rules, tmp_path)
    assert problem in out, out
    assert "[own-rules]" in out
    assert code == 1


def test_a_file_that_cannot_be_loaded_makes_no_id_unknown(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL, "acme.py": "def ("})
    write(tmp_path, {"verta-gitops.toml": 'rules = ["acme.py"]\nignore = ["team-prefix"]\n'})
    assert "unknown-rule" not in invoke("check", cwd=tmp_path).out
