"""What anybody wrote, as it is shown: it hides nothing, moves no cursor, and commands no CI that logs it."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.printing import printable, printable_in_place
from generator.problems import Problem, Related, Span, Stop
from generator.rendering.literal import json_text, text_literal
from generator.report.github import github
from tests.support import FRAUD, MINIMAL, invoke, load_1_1, load_1_2, write

COMMAND = re.compile(r"##\w*\[|^\s*::[A-Za-z-]+.*::")
"""What GitHub and Azure take for a command in a line of a log."""

NASTY = st.text(
    st.sampled_from("#:[]avso \t\n\x1b\x9b\u202e\u200b\u061c\xad\U000e0041é") | st.characters(), max_size=40
)


@given(NASTY)
def test_a_line_of_a_log_is_no_command_and_hides_nothing(text: str) -> None:
    shown = printable(text)
    assert not COMMAND.search(shown)
    assert not [each for each in shown if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert printable(shown) == shown


@given(NASTY)
def test_the_line_of_a_source_keeps_its_columns(text: str) -> None:
    shown = printable_in_place(text)
    assert len(shown) == len(text)
    assert not COMMAND.search(shown)
    assert not [each for each in shown if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@pytest.mark.parametrize("text", ["::/0", "fd00::1", "a::b::c", "#[x]", "# ## heading", "é", "the ::error:: of it"])
def test_what_is_harmless_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize("character", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
@pytest.mark.parametrize("place", ["# {}", 'x: "{}"', "{}: {{}}"])
def test_a_file_says_to_a_reviewer_what_it_says_to_a_program(tmp_path: Path, character: str, place: str) -> None:
    write(tmp_path, {"org.yaml": f"{MINIMAL}{FRAUD}{place.format('a' + character)}\n"})
    ran = invoke("check", cwd=tmp_path)
    assert ran.code == 1
    assert f"character that turns the direction of writing U+{ord(character):04X}; remove it" in ran.out
    assert "[control-character]" in ran.out
    assert character not in ran.out


def test_where_it_is_meant_it_is_written_as_an_escape_and_rendered_so(tmp_path: Path) -> None:
    text = MINIMAL + FRAUD.replace("{namespace: fraud}", '{namespace: fraud, description: "a\\u202eb"}')
    write(tmp_path, {"org.yaml": text})
    assert invoke("render", cwd=tmp_path).code == 0
    said = (tmp_path / "rendered/prod-us/namespaces/fraud/workspace.yaml").read_text()
    assert "\u202e" not in said
    assert '"description": "a\\u202eb"' in said


@given(st.text(st.sampled_from("\xad\u061c\u180e\u200b\u202e\u206f\ufff9\U000e0001\U000e007fa\n\x7f")))
def test_nothing_in_a_rendered_file_is_hidden(text: str) -> None:
    written = text_literal(text)
    assert written.isprintable()
    assert load_1_1(f"a: {written}\n") == load_1_2(f"a: {written}\n") == [{"a": text}]
    data = json_text({"a": text})
    assert data.replace("\n", "").isprintable()
    assert json.loads(data) == {"a": text}


def test_an_annotation_is_one_line_that_hides_nothing() -> None:
    place = Span("a\n::error::b", 1, 1, 1, 1)
    shown = github([Problem("x\u202e\n::error::y", place, (Related(place, "z\x1b[2J"),), "r")])
    assert shown == (
        "::error file=a%0A%3A%3Aerror%3A%3Ab,line=1,endLine=1,col=1,endColumn=1,title=r::"
        "x\\u202e\\n::error::y%0Aa\\n::error::b:1:1: z\\u001b[2J"
    )


NAME = "::error file=x::\u200b##vso[task.setvariable variable=PATH]x"


@pytest.mark.parametrize(
    "args",
    [
        ("check", "--context"),
        ("list",),
        ("list", "-o", "wide"),
        ("list", "-o", "name"),
        ("show", NAME),
        ("show", "fraud\n::error::x"),
        ("explain", NAME),
        ("explain", f'workspaces["{NAME}"]'),
        ("plan", "--base-dir", "before"),
        ("report", "--format", "markdown"),
        ("retire", "\n::error::x\u202e"),
        ("set", "\u202e##[error]", "x"),
        ("grant", "\n::error::x", "a:b"),
        ("set", f'workspaces["{NAME}"].description', "::error::y", "--dry-run"),
        ("check", "\x1b[2Jorg.yaml"),
        ("check", "org.yaml", "\x1b[2Jorg.yaml"),
        ("drift", "--from-dump", "\n::error::x"),
    ],
)
def test_no_command_repeats_a_command(tmp_path: Path, args: tuple[str, ...]) -> None:
    text = MINIMAL + FRAUD.replace("fraud-detection", json.dumps(NAME))
    write(tmp_path, {"org.yaml": text, "before/org.yaml": MINIMAL + FRAUD})
    ran = invoke(*args, cwd=tmp_path)
    assert ran.out + ran.err
    for line in (ran.out + ran.err).split("\n"):
        assert not COMMAND.search(line)
        assert line.isprintable()


def test_a_failure_of_several_lines_stays_that(tmp_path: Path) -> None:
    assert str(Stop("one", "two")) == "one\ntwo"
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "prices.yaml": "prices: {a: 1, b: 2}\nx: 1\n"})
    ran = invoke("cost", "--prices", "prices.yaml", cwd=tmp_path)
    assert ran.code == 3
    assert ran.err.startswith("error: prices.yaml:")
    assert ran.err.count("\n") > 1
