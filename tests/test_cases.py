"""Golden cases: each folder of tests/cases is an organization with the problems or the manifests that it must give.

`org.yaml` stands with `problems.txt` (what `check org.yaml` prints), `rendered/` (what `render` writes), or both. To
add one, write the `org.yaml`, run `pytest tests/test_cases.py --update-cases`, and read what it wrote.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from generator.rendering.literal import document
from generator.rendering.tree import HEADER
from tests.support import CASES, invoke, load_1_1, load_1_2, load_c, schema_errors, tree

ALL = sorted(path.parent.name for path in CASES.glob("*/org.yaml"))
RENDERED = sorted(path.name for path in CASES.iterdir() if (path / "rendered").is_dir())


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-cases") or os.environ.get("UPDATE_CASES"))


@pytest.mark.parametrize("name", ALL)
def test_case(name: str, tmp_path: Path, update: bool) -> None:
    case = CASES / name
    checked = invoke("check", "org.yaml", cwd=case)
    made = invoke("render", "org.yaml", "-o", str(tmp_path / "rendered"), cwd=case)
    found = tree(tmp_path / "rendered")
    if update:
        _update(case, checked.out, tmp_path / "rendered")
    problems = case / "problems.txt"
    if problems.exists():
        assert checked.out == problems.read_text()
    else:
        assert checked.out.endswith(": no problems\n"), checked.out
    assert checked.err == ""
    assert checked.code == made.code == int(": error: " in checked.out)
    assert found == tree(case / "rendered")
    if checked.code:
        assert not (tmp_path / "rendered").exists(), "nothing is written where there are errors"
    else:
        assert found
        again = invoke("render", "org.yaml", "-o", str(tmp_path / "rendered"), "--check", cwd=case)
        assert again.code == 0
        assert again.out.endswith(": up to date\n")


def _update(case: Path, checked: str, made: Path) -> None:
    if checked.endswith(": no problems\n"):
        (case / "problems.txt").unlink(missing_ok=True)
    else:
        (case / "problems.txt").write_text(checked)
    shutil.rmtree(case / "rendered", ignore_errors=True)
    if made.exists():
        shutil.copytree(made, case / "rendered")


def test_every_case_expects_something() -> None:
    empty = [name for name in ALL if not ((CASES / name / "problems.txt").exists() or name in RENDERED)]
    assert not empty


@pytest.mark.parametrize("name", RENDERED)
def test_rendered_text_is_canonical_and_valid(name: str) -> None:
    for path, data in tree(CASES / name / "rendered").items():
        text = data.decode()
        objects = load_1_1(text)
        assert objects == load_1_2(text) == load_c(text), path
        assert text == HEADER + "".join(map(document, objects)), path
        for each in objects:
            assert schema_errors(each) == [], path


@pytest.mark.parametrize("name", RENDERED)
def test_no_object_is_rendered_twice(name: str) -> None:
    seen: dict[tuple[str, str, str], str] = {}
    for path, data in tree(CASES / name / "rendered").items():
        for each in load_c(data.decode()):
            meta = each["metadata"]
            identity = (each["kind"], meta.get("namespace", ""), meta["name"])
            assert seen.setdefault(identity, path) == path
            assert identity not in [key for key in seen if seen[key] != path]
