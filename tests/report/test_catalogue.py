"""Every id that a problem can carry is documented, and the pages of the documentation are those of the program."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from generator.catalogue import FIRM, Entry, catalogue, pages
from tests.support import ROOT

_OF_RULES = ("rules", "several organizations", "changes")
"""Groups whose pages are docstrings of functions, and so cannot outlive them."""
ENTRIES = list(catalogue().values())
_ID = re.compile(r"[a-z]+(-[a-z0-9]+)*")


def _used(file: Path) -> set[str]:
    """The ids that the code of a file names: as `rule=…`, in a call of `say`, or as the fourth argument of Problem."""
    given: list[ast.expr | None] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given += [keyword.value for keyword in node.keywords if keyword.arg == "rule"]
            if name in ("say", "_say") and file.name != "settings.py":
                given += node.args[:1]
            if name == "Problem":
                given += node.args[3:4]
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "rule":
            given.append(node.value)
        elif isinstance(node, ast.Tuple) and file.name == "render.py":
            given += [
                each for each in node.elts if isinstance(each, ast.Constant) and str(each.value).endswith("-file")
            ]
    values = (each.value for each in given if isinstance(each, ast.Constant))
    return {value for value in values if isinstance(value, str) and value}


USED = {name: file for file in sorted((ROOT / "generator").rglob("*.py")) for name in _used(file)}


def test_the_search_finds_ids_of_each_kind() -> None:
    assert {
        "duplicate-key",
        "alias",
        "invalid-name",
        "invalid-text",
        "include-escapes",
        "missing-file",
        "stale-file",
    } <= set(USED)
    assert {"unused-ignore", "schema-violation", "own-rules", "template-scope", "removal-guard", "wrong-type"} <= set(
        USED
    )


@pytest.mark.parametrize("name", sorted(USED))
def test_every_id_in_the_code_is_documented(name: str) -> None:
    assert name in catalogue(), f"{USED[name]} uses an id without a page"


def test_no_page_is_left_of_an_id_that_is_gone() -> None:
    pages_in_tables = [entry.id for entry in ENTRIES if entry.group not in _OF_RULES]
    assert [name for name in pages_in_tables if name not in USED] == []


def test_ids_are_unique_and_in_kebab_case() -> None:
    from generator.catalogue import _entries

    ids = [entry.id for entry in _entries(())]
    assert len(ids) == len(set(ids))
    assert all(_ID.fullmatch(name) for name in ids)


def test_what_is_firm_exists() -> None:
    assert set(catalogue()) >= FIRM


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.id)
def test_a_page_says_what_how_it_fails_and_how_to_mend_it(entry: Entry) -> None:
    assert entry.title.endswith((".", "`.", ")."))
    assert "\nFails:" in entry.page
    assert "\nFix:" in entry.page
    assert max(map(len, entry.page.splitlines())) <= 120


def test_the_documentation_is_what_make_docs_writes() -> None:
    expected = pages(ENTRIES)
    folder = ROOT / "docs" / "rules"
    assert sorted(path.name for path in folder.iterdir()) == sorted(expected), "run `make docs`"
    for name, page in expected.items():
        assert (folder / name).read_text() == page, "run `make docs`"


def test_examples_become_code_blocks() -> None:
    page = pages([catalogue()["unknown-tier"]])["unknown-tier.md"]
    assert "Fails:\n\n```yaml\nnamespaces:\n  fraud: {tier: ulta}\n```\n\nFix:" in page
