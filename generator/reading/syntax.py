"""What libyaml says of a text that is no YAML → what is wrong, in words that say how to mend it, and where.

libyaml names the place where it could not go on. The mistake often stands before it: a colon that is missing in the
line above, a quote that was opened far above. Where the text tells which it is, that place is named instead.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

TYPOGRAPHIC = re.compile("[\u00ab\u00bb\u2018-\u201f\u2039\u203a]")
"""Quotes that a word processor writes; to YAML they are letters."""

_CONFLICT = re.compile(r"^<{7}(?=[ \r\n])", re.MULTILINE)
_ODD_BLANK = re.compile("(?:^ *|[-:,\\[{] *)([\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000])", re.MULTILINE)
_QUOTED_ODDLY = re.compile(f"[-:,\\[{{] *({TYPOGRAPHIC.pattern})")
_HINTS = {
    "did not find expected '-' indicator": "expected `- `; the indentation differs from the items above",
    "did not find expected node content": "expected a value; a `{` or `[` is not closed, or a value is missing",
    "undefined tag handle": "tags are not allowed; put a value that begins with `!` in quotes",
    "found a tab character": "a tab stands where a value or an indentation is expected; use spaces",
    "block sequence entries are not allowed": "a list cannot begin here; give it lines of its own, or put it in quotes",
    "mapping keys are not allowed": "a value cannot begin with `? `; put it in quotes",
    "expected <document start>": "what begins here belongs to nothing; the file is one map",
}
_BARE = re.compile(r" *(?:- )*([\w.-]+) +[{\[]")
"""A line in which a map or a list follows its key without a colon."""

_SHOWN = 40
_WRAPPED = re.compile(f"{TYPOGRAPHIC.pattern}.*{TYPOGRAPHIC.pattern}", re.DOTALL)


class Mistake(NamedTuple):
    """What is wrong, and the offset in the text."""

    message: str
    at: int


def mistake(text: str, said: str, at: int, since: int | None) -> Mistake:
    """What is wrong with a text.

    `said` is what libyaml says, `at` the offset where it could not go on, and `since` where that began which it was
    reading, such as a list that is not closed.
    """
    found = _of_an_editor(text, at) or _of_a_value(text, said, at, since)
    if found is None:
        found = Mistake(next((hint for needle, hint in _HINTS.items() if needle in said), said), at)
    return found


def quoted_oddly(value: str) -> str:
    """What is wrong with a value without quotes that stands in typographic ones; nothing where it does not."""
    if not _WRAPPED.fullmatch(value):
        return ""
    return f'`{value[0]}` and `{value[-1]}` are no quotes to YAML, but belong to the text; write " instead'


def _of_an_editor(text: str, at: int) -> Mistake | None:
    """What git or a word processor left in the text; each leads to errors that speak of something else."""
    if conflict := _CONFLICT.search(text):
        message = (
            "a merge conflict is left here; keep what is meant, and remove the lines `<<<<<<<`, `=======` and `>>>>>>>`"
        )
        return Mistake(message, conflict.start())
    start = _start(text, at)
    line = text[start : at + 1]
    if quote := _QUOTED_ODDLY.search(line):
        return Mistake(f'`{quote[1]}` is no quote to YAML; write " instead', start + quote.start(1))
    above = _start(text, len(text[:start].rstrip("\r\n")))
    if blank := _ODD_BLANK.search(text, above, at + 1):
        name = unicodedata.name(blank[1]).lower()
        return Mistake(f"a {name} (U+{ord(blank[1]):04X}) stands here; write an ordinary blank", blank.start(1))
    return None


def _of_a_value(text: str, said: str, at: int, since: int | None) -> Mistake | None:
    here = text[at : at + 1]
    if "cannot start any token" in said:
        if here == "\t":
            return Mistake(_HINTS["found a tab character"], at)
        return Mistake(f"a value cannot begin with `{here}`; put it in quotes", at)
    if "mapping values are not allowed" in said:
        return _colon(text, at)
    if "did not find expected key" in said:
        return _key(text, at)
    if since is None:
        return None
    began = text[since : since + 1]
    if "could not find expected ':'" in said:
        if dash := re.compile("-(?=[^ -])").match(text, since):
            return Mistake("a blank is missing after the `-`", dash.end())
        return Mistake("expected `key: value`; a `:` is missing, or a line is indented too little", since)
    if "expected ',' or" in said:
        if here in ("}", "]"):
            return Mistake(f"the `{began}` in line {_number(text, since)} is not closed before this", at)
        if _start(text, since) == _start(text, at):
            return Mistake(f"a `,` is missing before this, or the `{began}` is not closed", at)
        opened = f"the `{began}` in line {_number(text, since)}"
        return Mistake(f"{opened} is not closed, or a quote after it; or a `,` is missing before this", at)
    if "found unexpected end of stream" in said:
        return Mistake(f"this `{began}` is not closed before the end of the file", since)
    if "escape c" in said or "hexdecimal" in said:
        message = "double quotes take what follows this for an escape; write `\\\\`, or use single quotes"
        return Mistake(message, max(since, text.rfind("\\", since, at + 1)))
    if any(each in said for each in ("scanning an alias", "scanning an anchor", "expected comment or line break")):
        return Mistake(f"a value cannot begin with `{began}`; put it in quotes", since)
    return None


def _colon(text: str, at: int) -> Mistake:
    """A `: ` where no key can be: in a value, or in a line that was taken for more of the value above."""
    start = _start(text, at)
    line = text[start:at]
    indent = len(line) - len(line.lstrip(" "))
    if dash := re.match(r" *-(?=[^ -])", line):
        return Mistake("a blank is missing after the `-`", start + dash.end())
    if word := _BARE.match(line):
        return Mistake(f"a `:` is missing after `{word[1]}`", start + word.end(1))
    above = [each for each in re.finditer(r"[^\r\n]+", text[:start]) if not re.match(r"\s*(#|$)", each[0])]
    if re.search(r":\s", line) or not above:
        return Mistake("a `: ` stands inside a value here; put the value in quotes", at)
    before = above[-1]
    if close := re.match(r"\s*(?:- )*[\w.-]+:(?=[^\s/])", before[0]):
        return Mistake("a blank is missing after the `:`", before.start() + close.end())
    if ":" not in before[0]:
        content = before[0].strip()
        shown = content if len(content) <= _SHOWN else content[:_SHOWN] + "…"
        message = f"a `:` is missing in `{shown}`, or the line below it is indented too far"
        return Mistake(message, before.start() + before[0].index(content))
    number = _number(text, before.start())
    message = f"this line is indented further than line {number}, which has a value already; indent both alike"
    return Mistake(message, start + indent)


def _key(text: str, at: int) -> Mistake:
    """Something behind a value that was complete, or a line that begins in no column of those above."""
    start = _start(text, at)
    before = text[start:at]
    here = text[at : at + 1]
    if not before.strip():
        expected = (
            "the indentation of this `- ` differs from"
            if here == "-"
            else "expected a key; the indentation differs from"
        )
        return Mistake(f"{expected} the lines above", at)
    if here in ("}", "]"):
        if word := _BARE.match(before):
            return Mistake(f"a `:` is missing after `{word[1]}`", start + word.end(1))
        return Mistake(f"this `{here}` closes nothing; remove it", at)
    quote = before.rstrip()[-1]
    if quote in ("'", '"'):
        inside = "''" if quote == "'" else '\\"'
        return Mistake(f"the quoted text ends before this; write a `{quote}` inside it as `{inside}`", at)
    return Mistake("the value ends before this; put all of it in quotes, or remove what is too much", at)


def _start(text: str, offset: int) -> int:
    """Where the line of an offset begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _number(text: str, offset: int) -> int:
    """The number of the line of an offset."""
    return len(re.findall(r"\r\n|\r|\n", text[:offset])) + 1
