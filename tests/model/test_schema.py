from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from generator.model.decode import decode
from generator.model.schema import json_schema, schema_text
from generator.reading.sources import load
from tests.support import CASES, ROOT, invoke, load_1_2

GOLDEN = sorted(CASES.rglob("org.yaml"))


def data(path: Path) -> Any:
    """A file as an editor's validator sees it; a day is text there."""
    (org,) = load_1_2(path.read_text())
    return json.loads(json.dumps(org, default=str))


def errors(value: Any) -> list[str]:
    return [str(error) for error in jsonschema_rs.validator_for(json_schema()).iter_errors(value)]


@pytest.mark.parametrize(("name", "fragment"), [("org.schema.json", False), ("fragment.schema.json", True)])
def test_the_committed_schema_is_fresh(name: str, fragment: bool) -> None:
    assert (ROOT / "schema" / name).read_text() == schema_text(fragment), "run `make schema`"


def test_the_command_prints_it(tmp_path: Path) -> None:
    assert invoke("schema", cwd=tmp_path).out == schema_text()
    assert invoke("schema", "--fragment", cwd=tmp_path).out == schema_text(fragment=True)


@pytest.mark.parametrize("fragment", [False, True])
def test_it_is_a_schema_with_help_for_every_key(fragment: bool) -> None:
    schema = json_schema(fragment)
    jsonschema_rs.meta.validate(schema)
    for part in (schema, *schema["$defs"].values()):
        for key, described in part.get("properties", {}).items():
            assert described["description"], key


def test_the_example_of_the_project_is_valid() -> None:
    path = ROOT / "org.yaml"
    if not path.exists():
        pytest.skip("there is no org.yaml at the root")
    assert errors(data(path)) == []


def test_check_and_schema_agree_on_the_structure_of_every_golden_case() -> None:
    validator = Draft202012Validator(json_schema())
    agreed = 0
    for path in GOLDEN:
        sources = load(str(path))
        _, problems = decode(sources.documents[:1])
        lexical = sources.problems or any(problem.rule == "ambiguous-scalar" for problem in problems)
        if lexical or path.parent.name == "structure-wrong-types":  # a day that no calendar has: ruamel.yaml raises
            continue
        assert validator.is_valid(data(path)) == (not problems), path
        agreed += 1
    assert agreed > 200
