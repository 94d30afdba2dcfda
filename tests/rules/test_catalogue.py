"""Every rule has a folder `tests/cases/rule-<id>`: an organization that fails it, and one that passes it.

`fails/org.yaml` stands with `problems.txt`, what `check org.yaml` prints there; `passes/org.yaml` is the smallest valid
change of it. After a message was changed, run with `--update-cases` and read what was written.
"""

from __future__ import annotations

import inspect
import os
import re

import pytest

from generator.rules import RULES, Rule
from generator.rules.organizations import TOGETHER
from tests.support import CASES, invoke

IDS = [rule.id for rule in RULES]


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-cases", False) or os.environ.get("UPDATE_CASES"))


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_fails(rule: Rule, update: bool) -> None:
    case = CASES / f"rule-{rule.id}" / "fails"
    ran = invoke("check", "org.yaml", cwd=case)
    if update:
        (case / "problems.txt").write_text(ran.out)
    assert f" {rule.severity}: " in ran.out
    assert f"[{rule.id}]" in ran.out
    assert ran.out == (case / "problems.txt").read_text()
    assert ran.code == int(rule.severity == "error" or ": error: " in ran.out)


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_passes(rule: Rule) -> None:
    ran = invoke("check", "org.yaml", cwd=CASES / f"rule-{rule.id}" / "passes")
    assert f"[{rule.id}]" not in ran.out
    assert ran.code == 0, ran.out


def test_no_case_is_left_of_a_rule_that_is_gone() -> None:
    assert sorted(path.name for path in CASES.glob("rule-*")) == sorted(f"rule-{each}" for each in IDS)


def test_ids_are_unique() -> None:
    ids = [*IDS, *(rule.id for rule in TOGETHER)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", [*RULES, *TOGETHER], ids=lambda rule: rule.id)
def test_the_page_says_what_why_how_it_fails_and_what_to_do(rule: Rule) -> None:
    page = inspect.getdoc(rule.find) or ""
    title, _, rest = page.partition("\n\n")
    assert title.endswith(".")
    assert "\n" not in title
    why, _, example = rest.partition("\n\nFails:")
    assert why
    assert re.search(r"\n\nFix: \S", example)
