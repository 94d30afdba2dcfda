"""Data → canonical YAML: one way to write every value, which YAML 1.1 and YAML 1.2 readers understand alike.

Keys are sorted, blocks are indented by two blanks, lists of scalars too; a text stands without quotes only where every
reader takes it for that text, over several lines where it has them, and in double quotes otherwise.
"""

from __future__ import annotations

import json
import re
from functools import cached_property, lru_cache
from typing import Any

from generator.model.quantity import Quantity
from generator.reading.scalars import is_text


class Yaml(str):
    """Text that is YAML already, and is not quoted again."""

    __slots__ = ()


_PLAIN = re.compile(r"[A-Za-z0-9_/][-A-Za-z0-9_./@%+=()]*(?:[ :][-A-Za-z0-9_./@%+=()]+)*", re.ASCII)
_BAD = (
    "\x7f-\xa0\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f"
)
"""What no reader takes, and what nobody sees in a review: among the latter what turns the direction of writing."""
_UNPRINTABLE = re.compile(f"[\x00-\x1f{_BAD}]")
_BLOCK = re.compile(f"(?![ \n])(?:[^\x00-\x1f{_BAD}]*\n)+[^\x00-\x1f{_BAD}]*")
"""Lines that a literal block can hold: printable, the first of them neither empty nor indented."""


@lru_cache(maxsize=4096)
def text_literal(text: str) -> str:
    """A text as a scalar on one line."""
    if _PLAIN.fullmatch(text) and is_text(text):
        return text
    return _UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def literal(value: Any) -> str:
    """Any value as YAML on one line: scalars as they are, lists and maps in flow form."""
    if isinstance(value, str):
        return value if isinstance(value, Yaml) else text_literal(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Quantity):
        return text_literal(str(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{text_literal(key)}: {literal(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    raise TypeError(f"a template writes a value of type {type(value).__name__}, which is not text, number, list or map")


class Shared(dict[str, Any]):
    """A map that stands in many files and never changes: its lines are made once."""

    @cached_property
    def lines(self) -> list[str]:
        """The map in block form."""
        return _lines(self)


def block(value: Any, indent: int) -> Yaml:
    """A map or a list in block form, its lines indented by `indent` blanks; the first line without them."""
    if isinstance(value, Shared):
        return _indented(value.lines, indent)
    if not value or not isinstance(value, _CONTAINERS):
        return Yaml(literal(value))
    return _indented(_lines(value), indent)


def _indented(lines: list[str], indent: int) -> Yaml:
    margin = " " * indent
    if "" in lines:  # within a text of several lines; blanks at the end of a line are noise
        first, *rest = lines
        return Yaml("\n".join([first, *(margin + line if line else line for line in rest)]))
    return Yaml(f"\n{margin}".join(lines))


def document(value: dict[str, Any]) -> str:
    """One object as the text of a YAML document, `---` first."""
    return "---\n" + "\n".join(_lines(value)) + "\n"


_CONTAINERS = (dict, list, tuple)


def _lines(value: Any) -> list[str]:
    lines: list[str] = []
    if isinstance(value, dict):
        for key in sorted(value):
            _add_entry(lines, f"{text_literal(key)}:", value[key])
    else:
        for item in value:
            if isinstance(item, _CONTAINERS) and item:
                first, *rest = _lines(item)
                lines.append(f"- {first}")
                lines += [f"  {line}" if line else line for line in rest]
            else:
                _add_entry(lines, "-", item)
    return lines


def _add_entry(lines: list[str], head: str, value: Any) -> None:
    """Add a key or a dash with its value."""
    if isinstance(value, str):
        if "\n" in value and not value.endswith("\n\n") and _BLOCK.fullmatch(value):
            lines.append(f"{head} {'|' if value.endswith(chr(10)) else '|-'}")
            lines += [f"  {line}" if line else line for line in value.removesuffix("\n").split("\n")]
        else:
            lines.append(f"{head} {text_literal(value)}")
    elif isinstance(value, _CONTAINERS) and value:
        lines.append(head)
        lines += [f"  {line}" if line else line for line in _lines(value)]
    else:
        lines.append(f"{head} {literal(value)}")


def json_text(value: Any) -> str:
    """Canonical JSON over several lines, with every character escaped that a YAML block could not hold."""
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text) + "\n"
