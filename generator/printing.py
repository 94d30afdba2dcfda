"""Text that anybody wrote → the same on one line, harmless to a terminal, a reader and the log of a CI."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 300
"""Characters of a value that is shown to people."""

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
_COMMAND = re.compile(r"(\A\s*):(?=:[A-Za-z-]+.*::)|(#)#(?=\w*\[)")
"""What begins a command to a CI: `::…::` at the start of a line of its log, `##[…]` and `##vso[…]` anywhere in it."""


def printable(text: str) -> str:
    """A text on one line, in which nothing is hidden, moves the cursor, turns the direction or commands a CI."""
    if "::" in text or "##" in text:
        text = _COMMAND.sub(lambda found: found[1] + "\\u003a" if found[2] is None else "#\\u0023", text)
    if text.isprintable():
        return text
    return "".join(_escape(each) if _is_hidden(each) else each for each in text)


def printable_in_place(text: str) -> str:
    """The same with every character in its column: a blank for a tab, and a mark for what may not be shown."""
    text = _COMMAND.sub(lambda found: found[0][:-1] + "�", text)
    return "".join(" " if each == "\t" else "�" if _is_hidden(each) else each for each in text)


def clipped(text: str, longest: int = LONGEST) -> str:
    """A text as it is, or its beginning and how long it is."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text):,} characters)"


def _is_hidden(character: str) -> bool:
    """Whether nobody sees a character, or it makes others see something else."""
    return unicodedata.category(character) in _HIDDEN


def _escape(character: str) -> str:
    known = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(character)
    return known.get(character) or (f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
