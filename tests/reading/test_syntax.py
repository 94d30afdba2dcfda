from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.problems import Span
from generator.reading.reader import read
from generator.reading.syntax import mistake

ORG = """\
defaults: {tier: standard}
tiers:
  standard:
    quota: {pods: "60"}
workspaces:
  fraud-detection:
    namespace: fraud
    access:
      - {group: fraud-leads, role: viewer}
"""
TAB = "a tab stands where a value or an indentation is expected; use spaces"
CONFLICT = "a merge conflict is left here; keep what is meant, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"
FURTHER = "this line is indented further than line 7, which has a value already; indent both alike"
ESCAPE = "double quotes take what follows this for an escape; write `\\\\`, or use single quotes"


@pytest.mark.parametrize(
    ("right", "wrong", "where", "message"),
    [
        ("namespace: fraud", "namespace:fraud", "7:15", "a blank is missing after the `:`"),
        (
            "namespace: fraud",
            "namespace fraud",
            "7:5",
            "a `:` is missing in `namespace fraud`, or the line below it is indented too far",
        ),
        (
            "fraud-detection:",
            "fraud-detection",
            "6:3",
            "a `:` is missing in `fraud-detection`, or the line below it is indented too far",
        ),
        ("    access:", "      access:", "8:7", FURTHER),
        ("    namespace:", "  namespace:", "8:5", FURTHER),
        ("quota: {", "quota:\n   container: {", "5:4", "expected a key; the indentation differs from the lines above"),
        (
            "      - {group: fraud-leads, role: viewer}",
            "    - {group: a, role: b}\n      - {group: c, role: d}",
            "10:7",
            "the indentation of this `- ` differs from the lines above",
        ),
        ("- {group", "-{group", "9:8", "a blank is missing after the `-`"),
        ("tiers:\n", "tiers\n", "2:1", "expected `key: value`; a `:` is missing, or a line is indented too little"),
        ("quota: {", "quota {a: b, c: {}, ", "4:10", "a `:` is missing after `quota`"),
        ("standard}", "standard}}", "1:27", "this `}` closes nothing; remove it"),
        ("standard}", "standard", "2:6", "the `{` in line 1 is not closed, or a quote after it"),
        ('"60"}', '"60}', "4:19", 'this `"` is not closed before the end of the file'),
        ("viewer}", "viewer]", "9:42", "the `{` in line 9 is not closed before this"),
        ("leads, role", "leads role", "9:33", "a `,` is missing before this, or the `{` is not closed"),
        ("namespace: fraud", "namespace: 'don't'", "7:21", "write a `'` inside it as `''`"),
        ("namespace: fraud", 'namespace: "a" b', "7:20", 'write a `"` inside it as `\\"`'),
        ("namespace: fraud", "namespace: [a] b", "7:20", "the value ends before this"),
        ("namespace: fraud", "namespace: 'fraud", "7:16", "this `'` is not closed before the end of the file"),
        (
            "namespace: fraud",
            "namespace: fraud: x",
            "7:21",
            "a `: ` stands inside a value here; put the value in quotes",
        ),
        ("namespace: fraud", "namespace: @fraud", "7:16", "a value cannot begin with `@`; put it in quotes"),
        ("namespace: fraud", "namespace: *fraud*", "7:16", "a value cannot begin with `*`; put it in quotes"),
        ("namespace: fraud", "namespace: & fraud", "7:16", "a value cannot begin with `&`; put it in quotes"),
        ("namespace: fraud", "namespace: >100", "7:16", "a value cannot begin with `>`; put it in quotes"),
        ("namespace: fraud", "namespace: - fraud", "7:16", "a list cannot begin here"),
        ("namespace: fraud", "namespace: ? fraud", "7:16", "a value cannot begin with `? `; put it in quotes"),
        ("namespace: fraud", 'namespace: "C:\\Users"', "7:19", ESCAPE),
        ("namespace: fraud", 'namespace: "\\d"', "7:17", ESCAPE),
        ("namespace: fraud", "namespace: “fraud: x”", "7:16", '`“` is no quote to YAML; write " instead'),
        ("    namespace", "\tnamespace", "7:1", TAB),
        (
            "    namespace",
            "  \u00a0 namespace",
            "7:3",
            "a no-break space (U+00A0) stands here",
        ),
        ("tiers:\n", "<<<<<<< HEAD\ntiers:\n=======\ntier:\n>>>>>>> fraud\n", "2:1", CONFLICT),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_mistake_is_named_where_it_is(right: str, wrong: str, where: str, message: str, end: str) -> None:
    assert right in ORG
    _, problems = read(ORG.replace(right, wrong, 1).replace("\n", end).encode(), "f")
    assert [problem.rule for problem in problems] == ["yaml-syntax"]
    assert message in problems[0].message
    assert str(problems[0].place) == f"f:{where}"


@given(st.text("ab:-[]{}'\"\n #,<=>*&|?“\u00a0\t", max_size=40))
def test_every_mistake_has_a_place_in_the_text(text: str) -> None:
    _, problems = read(text.encode(), "f")
    lines = text.count("\n") + 1
    for problem in problems:
        assert isinstance(problem.place, Span)
        assert 1 <= problem.place.line <= lines
        assert problem.message
        assert "did not find" not in problem.message


def test_what_is_not_known_is_said_as_libyaml_says_it() -> None:
    assert mistake("a: 1\n", "something new", 3, None) == ("something new", 3)
