"""Input that is made to be slow or large: what it costs is bounded, whatever the machine."""

from __future__ import annotations

import re
from pathlib import Path
from unittest.mock import patch

import pytest

from generator.lint import Schemas
from generator.model.kinds import nearest
from generator.reading import names
from tests.support import FRAUD, MINIMAL, invoke, write


@pytest.mark.parametrize("version", ["[x]", "1.x", "1.", "1." + "9" * 5000, "x" * 10_000, "1.٣", "-1.33", "v1.33"])
def test_a_version_that_is_none_is_a_problem(tmp_path: Path, version: str) -> None:
    write(tmp_path, {"org.yaml": (MINIMAL + FRAUD).replace("1.33", version)})
    ran = invoke("check", cwd=tmp_path)
    assert ran.code == 1
    assert "is not a Kubernetes version such as 1.33" in ran.out


@pytest.mark.parametrize("quantity", ["1e999999999", "1e-999999999", "1e" + "9" * 5000, "9" * 10_000, "1E", "٣Gi", "²"])
def test_a_quantity_is_never_worked_out_at_any_length(tmp_path: Path, quantity: str) -> None:
    text = (MINIMAL + FRAUD).replace("standard: {}", f'standard: {{quota: {{pods: "{quantity}"}}}}')
    ran = invoke("check", cwd=write(tmp_path, {"org.yaml": text}))
    assert ran.code in (0, 1)
    assert len(ran.out) < 2_000


def test_very_many_misspelt_names_are_not_compared_each_with_each() -> None:
    known = [f"group-number-{each}" for each in range(2_001)]
    with patch("difflib.get_close_matches", side_effect=AssertionError):
        assert nearest("group-numbr-1999", known) == '; did you mean "group-number-1999"?'
        assert nearest("grouppnumber-1999", dict.fromkeys(known)) == '; did you mean "group-number-1999"?'
        assert nearest("group-number-19999", known) in {f'; did you mean "{each}"?' for each in known}
        assert nearest("gruop-number-7", known) == '; did you mean "group-number-7"?'
        assert nearest("something-else", known) == ""
        assert nearest("x" * 100_000, known) == ""


def test_few_names_are_compared() -> None:
    assert nearest("stnadrad", [f"tier-{each}" for each in range(1_999)] + ["standard"]) == '; did you mean "standard"?'


@pytest.mark.parametrize(
    "selector", ["a in (" + ",".join(["b"] * 100_000) + ")", "," * 100_000, "a " * 100_000, "a" * 100_000]
)
def test_a_selector_of_any_length_is_not_taken_apart(tmp_path: Path, selector: str) -> None:
    text = f'{MINIMAL}{FRAUD}verta: {{runtime: {{selector: "{selector}"}}}}\n'
    ran = invoke("check", cwd=write(tmp_path, {"org.yaml": text}))
    assert ran.code == 1
    assert "is not a label selector" in ran.out
    assert len(ran.out) < 2_000


def test_a_kind_with_a_name_that_no_file_can_have_has_no_schema() -> None:
    body = {"apiVersion": "v1", "kind": "x" * 5_000, "metadata": {"name": "x"}}
    assert Schemas.of("1.33").complaints(body) == []


def test_no_memory_is_said_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    with patch("generator.pipeline.load", side_effect=MemoryError):
        ran = invoke("check", cwd=tmp_path)
    assert (ran.code, ran.err) == (3, "error: not enough memory\n")


@pytest.mark.parametrize(
    "text", ["include:\n  - a" + " " * 50_000 + '"x', "namespaces:\n  a" + " " * 50_000 + "\n  fraud: {}"]
)
def test_no_line_makes_the_shell_wait(tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write(tmp_path, {"org.yaml": f"{text}\n"}) / "org.yaml"
    for pattern in ("_ENTRY", "_ITEM"):
        monkeypatch.setattr(names, pattern, _Bounded(getattr(names, pattern)))
    found = names.names(str(file))
    assert found["namespaces"] in ((), ("fraud",))


class _Bounded:
    """A pattern that is never asked about a long text."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    def match(self, text: str) -> re.Match[str] | None:
        """What the pattern finds."""
        if len(text) > 2_000:
            pytest.fail("a long text")
        return self.pattern.match(text)
