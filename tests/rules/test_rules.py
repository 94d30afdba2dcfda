from __future__ import annotations

import inspect
import re
from pathlib import Path

from generator.pipeline import examine
from generator.rules import RULES
from tests.support import CASES, FRAUD, MINIMAL, write


def test_every_id_is_a_name_in_kebab_case_and_there_once() -> None:
    ids = [rule.id for rule in RULES]
    assert len(set(ids)) == len(ids)
    for rule in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.id)
        assert rule.id == rule.find.__name__.replace("_", "-")


def test_every_rule_has_a_page() -> None:
    for rule in RULES:
        page = inspect.getdoc(rule.find) or ""
        first = page.partition("\n")[0]
        assert first.endswith("."), rule.id
        assert "Fails:" in page or "Fails" in page, rule.id
        assert "Fix:" in page, rule.id


def test_every_problem_of_a_golden_case_is_well_formed() -> None:
    for path in CASES.rglob("problems.txt"):
        *lines, _summary = path.read_text().splitlines()
        for line in lines:
            assert re.match(r"(    )?[\w./-]+:\d+:\d+: ", line), f"{path}: {line}"
            if not line.startswith("    "):
                assert re.search(r": (error|warning): .+ \[[a-z0-9-]+\]$", line), f"{path}: {line}"


def test_annotations_of_an_object_are_limited(tmp_path: Path) -> None:
    for size, expected in ((250_000, False), (260_000, True)):
        long = f"fraud: {{annotations: {{example.com/a: '{'x' * size}'}}}}"
        write(tmp_path, {"org.yaml": MINIMAL + FRAUD.replace("fraud: {}", long)})
        problems = examine(str(tmp_path / "org.yaml")).problems
        assert ("annotations-too-large" in {problem.rule for problem in problems}) == expected
