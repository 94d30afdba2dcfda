from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from generator.model.quantity import parse_quantity
from generator.reading.reader import read
from generator.rendering.literal import Shared, Yaml, block, document, json_text, literal, text_literal
from tests.reading.test_scalars import WORDS
from tests.support import load_1_1, load_1_2, load_c

STRANGE = [
    "{{ 7*7 }}",
    "{% x %}",
    "${HOME}",
    "---",
    "...",
    "- a",
    "? b",
    "a: b",
    "a #b",
    "#c",
    "'",
    '"',
    "|",
    ">",
    "%YAML",
]
TEXTS = st.one_of(
    st.sampled_from([*WORDS, *STRANGE]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.text(st.sampled_from("ab01 \n\t:#-?{}[]&*!|>'\"%@`~<=,._\\\r\x85\u2028\ufeff\x00🦊"), max_size=20),
    st.lists(st.sampled_from(["", " ", "a", " a", "a ", "\t", "# b", "---", "k: v", "  - c"]), max_size=5).map(
        "\n".join
    ),
)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-(10**12), 10**12))
KEYS = TEXTS.filter(lambda text: len(text) < 100)
DATA: st.SearchStrategy[Any] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)


def assert_read_as(text: str, expected: Any) -> None:
    assert load_c(text) == [expected]
    assert load_1_1(text) == [expected]
    assert load_1_2(text) == [expected]


@given(TEXTS)
@example("08_")
@example("0_E0")
@example("1:2")
@example("\ufeff")
@example("a\u00a0b")
@example("\U0010ffff")
def test_every_text_is_itself_on_one_line(text: str) -> None:
    written = text_literal(text)
    assert "\n" not in written
    assert_read_as(written, text)
    assert_read_as(f"[{written}, {written}]", [text, text])
    assert_read_as(f"{{{written}: {written}}}", {text: text})
    assert_read_as(f"{written}: {written}", {text: text})
    assert_read_as(f"- {written}\n- {{k: {written}}}", [text, {"k": text}])


@pytest.mark.parametrize("text", [*WORDS, *STRANGE])
def test_every_word_is_itself(text: str) -> None:
    assert_read_as(f"{text_literal(text)}: [{text_literal(text)}]", {text: [text]})


@given(st.dictionaries(KEYS, DATA, min_size=1, max_size=4))
@example({"a": "one\n\n  two\n"})
@example({"a": "one\n \ntwo"})
@example({"a": "one\n "})
@example({"a": ["one\ntwo\n", [["b\nc"]]]})
def test_every_document_is_itself(value: dict[str, Any]) -> None:
    text = document(value)
    assert_read_as(text, value)
    assert document(load_c(text)[0]) == text


@given(DATA)
def test_every_value_is_itself_in_flow_and_in_block(value: Any) -> None:
    assert_read_as(f"k: {literal(value)}\n", {"k": value})
    gap = "\n    " if isinstance(value, dict | list) and value else " "
    assert_read_as(f"k:\n  j:{gap}{block(value, 4)}\n", {"k": {"j": value}})


@given(st.dictionaries(KEYS, DATA, min_size=1, max_size=4), st.integers(0, 3))
def test_a_block_in_a_template_is_the_canonical_text(value: dict[str, Any], depth: int) -> None:
    indent = 2 * depth
    opening = "".join(f"{' ' * (2 * level)}k:\n" for level in range(depth))
    nested: Any = value
    for _ in range(depth):
        nested = {"k": nested}
    assert f"---\n{opening}{' ' * indent}{block(value, indent)}\n" == document(nested)
    assert block(Shared(value), indent) == block(value, indent)


@given(TEXTS)
def test_our_own_reader_understands_what_we_write(text: str) -> None:
    document_, problems = read(f"k: {text_literal(text)}\n".encode(), "f")
    if not problems:
        assert document_.root == {"k": text}
    else:
        assert {problem.rule for problem in problems} == {"control-character"}


@given(DATA)
def test_json_in_a_block_is_that_json(value: Any) -> None:
    text = document({"data": {"workspace.json": json_text(value)}})
    assert "\\n" not in text.partition("workspace.json: ")[2].partition("\n")[0]
    for loaded in (load_c(text), load_1_1(text), load_1_2(text)):
        assert json.loads(loaded[0]["data"]["workspace.json"]) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ("two words", "two words"),
        ("https://git.example.com/a.git", "https://git.example.com/a.git"),
        ("a,b", '"a,b"'),
        ("yes", '"yes"'),
        ("1.30", '"1.30"'),
        ("", '""'),
        ("it's", '"it\'s"'),
        ("tab\t", '"tab\\t"'),
        ("\u2028", '"\\u2028"'),
        ("a\u202eb", '"a\\u202eb"'),
        ("a\u200bb", '"a\\u200bb"'),
        (True, "true"),
        (False, "false"),
        (7, "7"),
        ([], "[]"),
        ({}, "{}"),
        (parse_quantity("1"), '"1"'),
        (parse_quantity("1500m"), "1500m"),
        (parse_quantity("1e3"), '"1e3"'),
        ({"b": 1, "a": [True, "no"]}, '{a: [true, "no"], b: 1}'),
        (Yaml("{a: 1}"), "{a: 1}"),
    ],
)
def test_literals(value: Any, written: str) -> None:
    assert literal(value) == written


@pytest.mark.parametrize("value", [None, 1.5, object(), {1, 2}, b"x", {"a": None}])
def test_what_has_no_one_meaning_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a template writes a value of type"):
        literal(value)


def test_lines_are_kept_as_lines_where_a_block_can_hold_them() -> None:
    assert document({"a": "one\n  two\n", "b": "x\ny"}) == "---\na: |\n  one\n    two\nb: |-\n  x\n  y\n"
    assert document({"a": " one\ntwo"}) == '---\na: " one\\ntwo"\n'
    assert document({"a": "one\n\n"}) == '---\na: "one\\n\\n"\n'
    assert yaml.safe_load(document({"a": "one\n\ntwo\n"})) == {"a": "one\n\ntwo\n"}
    assert all(line == line.rstrip() for line in document({"a": {"b": "one\n\ntwo\n"}}).splitlines())
