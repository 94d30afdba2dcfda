"""Golden plans: each folder of tests/plan/cases is an organization before and after, and the plan in every format.

`base/` and `head/` hold `org.yaml` and whatever belongs to it. A `usage.json` beside them is given with --usage.
`UPDATE_CASES=1 pytest tests/plan` writes what is found: read it, as a reviewer would.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema_rs import validator_for

from generator.plan.change import KINDS
from tests.plan.reading import assert_harmless
from tests.support import ROOT, invoke

CASES = Path(__file__).parent / "cases"
ALL = sorted(path.name for path in CASES.iterdir() if path.is_dir())
FORMATS = {"text": "expected.txt", "markdown": "expected.md", "json": "expected.json"}


def planned(case: Path, *options: str) -> tuple[int, str]:
    usage = ["--usage", "../usage.json"] if (case / "usage.json").exists() else []
    ran = invoke("plan", "--base-dir", "../base", *usage, *options, cwd=case / "head")
    assert ran.err == ""
    return ran.code, ran.out


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ALL)
def test_case(name: str, form: str, request: pytest.FixtureRequest) -> None:
    case = CASES / name
    code, out = planned(case, "--format", form, "--detailed-exitcode")
    expected = case / FORMATS[form]
    if request.config.getoption("--update-cases") or os.environ.get("UPDATE_CASES"):
        expected.write_text(out)
    assert out == expected.read_text()
    assert code == (0 if name == "nothing" else 2)
    if form == "markdown":
        assert_harmless(out)
    if form == "json":
        schema = json.loads((ROOT / "schema" / "plan.schema.json").read_text())
        validator_for(schema).validate(json.loads(out))


@pytest.mark.parametrize("name", ALL)
def test_fail_on_follows_the_worst_risk(name: str) -> None:
    plan = json.loads((CASES / name / "expected.json").read_text())
    danger, attention = (plan["summary"][risk] for risk in ("danger", "attention"))
    assert planned(CASES / name, "--fail-on", "danger")[0] == int(bool(danger))
    assert planned(CASES / name, "--fail-on", "attention")[0] == int(bool(danger or attention))


def test_every_kind_of_change_has_a_case() -> None:
    plans = [json.loads((CASES / name / "expected.json").read_text()) for name in ALL]
    assert {change["kind"] for plan in plans for change in plan["changes"]} == set(KINDS)
