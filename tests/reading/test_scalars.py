from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.reading.scalars import is_number, is_text, meaning

_YAML_1_2 = YAML(typ="safe", pure=True)
_RESOLVER_1_1 = yaml.SafeLoader("")
_RESOLVER_1_2 = _YAML_1_2.resolver
_KINDS = {
    "null": "null",
    "bool": "bool",
    "int": "number",
    "float": "number",
    "timestamp": "date",
    "merge": "merge",
    "value": "merge",
    "str": "text",
}

WORDS = [
    *("", "~", "null", "Null", "NULL", "nULL", "true", "True", "TRUE", "tRUE", "false", "FALSE", "y", "Y", "n", "N"),
    *("yes", "Yes", "YES", "yEs", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "<<", "=", "<", "=="),
    *("0", "00", "010", "08", "09", "0o17", "0O17", "0x1F", "0xg", "0b11", "0b2", "1_000", "1__0", "_1", "1_", "12:30"),
    *("12:60", "1:2:3.5", "190:20:30", "1e3", "1e+3", "1.e3", "1.0e3", "1.0e+3", "1E5", ".5", "5.", ".", "..", "-.5"),
    *("+1", "-1", "--1", "+0x1", "-0o7", ".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN", "-.nan", "1.5.0", "1,000"),
    *("2026-01-01", "2026-1-1", "2026-13-01", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "2026-01-01t1:00:00.5 +1"),
    *("1e400", "1.30", "4711", "v1", "a", "Z", "/", "1a", "0.0.0.0", "10.0.0.0/8", "1Gi", "500m", "-", "-a", "é", "٣"),
]
PLAIN = st.one_of(
    st.sampled_from(WORDS),
    st.text(st.sampled_from("0123456789._:+-eExXoObBaAfFnNyYtTzZ~ "), max_size=12).map(str.strip),
    st.from_regex(r"\A[-+]?[0-9][0-9_]*([.:][0-9_]*)?([eE][-+]?[0-9]+)?\Z"),
)


def tag(resolver: Any, text: str) -> str:
    resolved = str(resolver.resolve(yaml.ScalarNode, text, (True, False)))
    return _KINDS[resolved.removeprefix("tag:yaml.org,2002:")]


def tag_1_2(text: str) -> str:
    from ruamel.yaml.nodes import ScalarNode

    resolved = str(_RESOLVER_1_2.resolve(ScalarNode, text, (True, False)))
    return _KINDS[resolved.removeprefix("tag:yaml.org,2002:")]


def expected_1_1(text: str) -> str:
    """What PyYAML says, except where the specification of YAML 1.1 says more than PyYAML knows."""
    if text in ("y", "Y", "n", "N"):
        return "bool"
    if re.fullmatch(r"[-+]\.[0-9_]+([eE][-+][0-9]+)?|\._[0-9_]*([eE][-+][0-9]+)?", text):
        return "number"
    if re.fullmatch(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?", text):
        return "number"
    if re.fullmatch(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}", text):
        return "date"
    return tag(_RESOLVER_1_1, text)


@given(PLAIN)
def test_yaml_1_1_agrees_with_pyyaml(text: str) -> None:
    assert meaning(text)[0] == expected_1_1(text)


@pytest.mark.parametrize("text", WORDS)
def test_yaml_1_1_agrees_with_pyyaml_on_words(text: str) -> None:
    assert meaning(text)[0] == expected_1_1(text)


@given(PLAIN)
def test_nothing_is_text_that_some_reader_takes_for_more(text: str) -> None:
    """The one law that matters: what we call text is text to both; to be too careful is harmless."""
    if is_text(text):
        assert tag(_RESOLVER_1_1, text) == "text"
        assert tag_1_2(text) == "text"


@given(PLAIN)
@example("0b11")
@example("08_")
@example("0_E0")
def test_yaml_1_2_is_never_taken_for_text_where_ruamel_reads_more(text: str) -> None:
    if tag_1_2(text) in ("number", "bool", "null"):
        assert meaning(text) != ("text", "text")


@given(st.from_regex(r"[-+]?[0-9]{0,4}(\.[0-9]{0,4})?([eE][-+]?[0-9]{1,2})?", fullmatch=True))
def test_a_number_is_the_same_number_to_both(text: str) -> None:
    if not is_number(text):
        return
    old, new = yaml.safe_load(text), _YAML_1_2.load(text)
    assert not isinstance(old, str | bool | datetime.date)
    assert type(old) is type(new)
    assert old == new
    assert float(Decimal(text)) == pytest.approx(float(old), rel=1e-12)


@pytest.mark.parametrize("text", ["010", "1e3", "0x10", "1_000", "12:30", "0o7", "1e400", ".inf", "0b1", "", "+", "a"])
def test_not_a_number_to_everybody(text: str) -> None:
    assert not is_number(text)


@pytest.mark.parametrize("text", ["0", "-1", "+1", "1.5", "1.30", "4711", ".5", "5.", "1.5e+3"])
def test_a_number_to_everybody(text: str) -> None:
    assert is_number(text)
    assert not is_text(text)
