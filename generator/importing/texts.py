"""What org.yaml can hold: whether a text fits a field, and names made of texts."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from hashlib import sha256

from generator.model.kinds import Text
from generator.model.naming import shortened

UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Characters that the reader of org.yaml refuses, even as an escape."""


@lru_cache(maxsize=65536)
def fits(kind: Text, text: str) -> bool:
    """Whether a field of this kind can hold a text."""
    if UNWRITABLE.search(text) or (kind.longest and len(text) > kind.longest):
        return False
    return not kind.pattern or re.fullmatch(kind.pattern, text, re.ASCII) is not None


def slug(text: str) -> str:
    """A text as a name of lower-case letters, digits and dashes, at most 63 of them; empty where nothing is left."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return shortened(name) if name else ""


def unused(taken: Container[str], text: str, *wishes: str) -> str:
    """The first of the wishes that is a name and not taken, or one made of `text` with a digest or a number."""
    for wish in wishes:
        if wish and wish == slug(wish) and wish not in taken:
            return wish
    base = "-".join(part for part in (slug(text)[:54].strip("-"), sha256(text.encode()).hexdigest()[:8]) if part)
    number = 1
    while (name := base if number == 1 else f"{base[:56]}-{number}") in taken:
        number += 1
    return name
