from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from generator.model.schema import json_schema, schema_text
from tests.support import CASES, ROOT, invoke, load_1_2

ACCEPTED = sorted(path.parent.name for path in CASES.glob("*/rendered"))
REFUSED = sorted(
    path.name
    for path in CASES.iterdir()
    if path.name != "structure-wrong-types"  # names a day that no calendar has, which ruamel.yaml cannot load
    and path.name.startswith(("structure-", "names-invalid", "labels-invalid", "form-unknown-version"))
)


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


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_rendered_is_valid(name: str) -> None:
    assert errors(data(CASES / name / "org.yaml")) == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_for_its_structure_is_invalid(name: str) -> None:
    assert errors(data(CASES / name / "org.yaml"))
