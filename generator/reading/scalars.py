"""What a scalar without quotes would be to other readers: YAML 1.1 and YAML 1.2 do not agree on all of them."""

from __future__ import annotations

import re
from typing import Literal

Meaning = Literal["null", "bool", "number", "date", "merge", "text"]

_NUMBER_BOTH = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+|[-+]?(0|[1-9][0-9]*)\.[0-9]*[eE][-+][0-9]+")
_NUMBER_1_1 = re.compile(
    r"[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?0x[0-9a-fA-F_]+|[-+]?(0|[1-9][0-9_]*)"
    r"|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|[-+]?\.[0-9_]+([eE][-+][0-9]+)?"
)
_NUMBER_1_2 = re.compile(
    r"[-+]?[0-9][0-9_]*|[-+][0-9_]+|[-+]?0b[01_]+|[-+]?0o[0-7_]+|[-+]?0x[0-9a-fA-F_]+"
    r"|[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?"
)
"""With underscores and binary numbers, which are not in the specification, but in ruamel.yaml's reading of it."""
_INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DATE_1_1 = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}"
    r"(([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?)?"
)
_NULLS = frozenset(["", "~", "null", "Null", "NULL"])
_BOOLS_BOTH = frozenset(["true", "True", "TRUE", "false", "False", "FALSE"])
_BOOLS_1_1 = frozenset(
    word for base in ("y", "n", "yes", "no", "on", "off") for word in (base, base.capitalize(), base.upper())
)
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/")
_WORDS = _NULLS | _BOOLS_BOTH | _BOOLS_1_1


def meaning(text: str) -> tuple[Meaning, Meaning]:
    """What plain `text` is to YAML 1.1 and to YAML 1.2 (core schema)."""
    if text[:1] in _LETTERS and text not in _WORDS:
        return "text", "text"
    if text in _NULLS:
        return "null", "null"
    if text in _BOOLS_BOTH:
        return "bool", "bool"
    if text in _BOOLS_1_1:
        return "bool", "text"
    if text in ("<<", "="):
        return "merge", "text"
    if _DATE_1_1.fullmatch(text):
        return "date", "text"
    if _INFINITE.fullmatch(text):
        return "number", "number"
    return (
        "number" if _NUMBER_1_1.fullmatch(text) else "text",
        "number" if _NUMBER_1_2.fullmatch(text) else "text",
    )


def is_text(text: str) -> bool:
    """Whether every reader takes plain `text` for that very text."""
    return meaning(text) == ("text", "text")


def is_number(text: str) -> bool:
    """Whether every reader takes plain `text` for the same decimal number (so not `010`, `1e3`, `0x10`, `1_000`)."""
    return _NUMBER_BOTH.fullmatch(text) is not None
