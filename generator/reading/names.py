"""Bytes of an organization → the names in its sections, fast enough for every press of the Tab key.

Lines are looked at, not parsed: what stands one step below a section is a name. It may be wrong for a file that is
written in an unusual way; it is for suggestions only, and nothing that matters may depend on it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from generator.reading.store import DISK, matches, within

SECTIONS = ("tiers", "groups", "roles", "namespaces", "workspaces", "retired")
_LARGEST = 1 << 26
_FRAGMENTS = 500
_LONGEST = 2_000
"""Characters of a line in which a name is looked for."""

_TOP = re.compile(r"""^(["']?)([A-Za-z]+)\1[ \t]*:[ \t]*(.*)$""")
_ENTRY = re.compile(
    r"""^(?P<indent>[ ]+)(?:"(?P<double>(?:[^"\\]|\\.)+)"|'(?P<single>(?:[^']|'')+)'"""
    r"""|(?P<plain>[^\s#'"{}\[\],&*!|>%@`-][^#:]*?))[ \t]*:(?:[ \t]|$)"""
)
_INLINE = re.compile(r"""(?:^|[{,])\s*(?:"([^"\\]+)"|'([^']+)'|([^\s"'{}\[\],:][^{}\[\],:]*?))\s*:(?=\s)""")
_ITEM = re.compile(r"""^\s*-\s+["']?([^"'#]+?)["']?\s*(?:#.*)?$""")


def names(file: str) -> dict[str, tuple[str, ...]]:
    """The names in each section of a file and its fragments; nothing where it cannot be read. Never raises."""
    found: dict[str, dict[str, None]] = {section: {} for section in SECTIONS}
    try:
        for text in _texts(file):
            for section, name in _named(text):
                if name.isprintable():
                    found[section][name] = None
    except Exception:  # noqa: BLE001  # a suggestion that fails is no suggestion
        return {section: tuple(entries) for section, entries in found.items()}
    return {section: tuple(entries) for section, entries in found.items()}


def _texts(file: str) -> Iterator[str]:
    text = _read(file)
    yield text
    folder = os.path.dirname(file)
    inside = DISK.real(folder)
    fragments = [path for glob in _included(text) if ".." not in glob for path in matches(DISK, folder, glob)]
    for below in fragments[:_FRAGMENTS]:
        path = os.path.join(folder, below)
        if DISK.kind(path) == "file" and within(inside, DISK.real(path)):
            yield _read(path)


def _read(file: str) -> str:
    if DISK.kind(file) != "file":
        return ""
    (data,) = DISK.read([file], _LARGEST)
    return data.decode("utf-8-sig", "replace")


def _included(text: str) -> list[str]:
    """What `include` names, in either form of a list."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if top := _TOP.match(line):
            inside = top[2] == "include"
            if inside and top[3].startswith("["):
                return [part.strip(" \t\"'") for part in top[3].partition("]")[0][1:].split(",") if part.strip()]
        elif inside and (item := _ITEM.match(line[:_LONGEST])):
            found.append(item[1])
        elif inside and line[:1].isalpha():
            break
    return found


def _named(text: str) -> Iterator[tuple[str, str]]:
    section, indent = "", ""
    for line in text.splitlines():
        first = line[:1]
        if first == " ":
            if not section or (indent and (not line.startswith(indent) or line[len(indent) : len(indent) + 1] == " ")):
                continue  # deeper than a name, as most lines are
            if entry := _ENTRY.match(line[:_LONGEST]):
                indent = indent or entry["indent"]
                if entry["indent"] == indent:
                    yield section, _name(entry)
        elif first and first not in "#\t-":
            top = _TOP.match(line)
            section, indent = (top[2] if top and top[2] in SECTIONS else ""), ""
            if section and top and top[3].startswith("{"):
                yield from ((section, name) for name in _inline(top[3]))


def _name(entry: re.Match[str]) -> str:
    if entry["double"]:
        return re.sub(r'\\(["\\/])', r"\1", entry["double"])
    return str(entry["single"].replace("''", "'") if entry["single"] else entry["plain"])


def _inline(text: str) -> Iterator[str]:
    """The keys at the first level of a map in braces on one line."""
    depth, start = 0, 0
    flat = []
    for position, character in enumerate(text):
        if character in "{[":
            if depth == 1:
                flat.append(text[start:position])
            depth += 1
            start = position + 1 if depth == 1 else start
        elif character in "}]":
            depth -= 1
            if depth == 1:
                start = position + 1
            elif depth == 0:
                flat.append(text[start:position])
                break
    for found in _INLINE.finditer("{" + "x".join(flat)):
        yield found[1] or found[2] or found[3]
