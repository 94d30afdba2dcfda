from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from generator.problems import At, Path
from generator.reading.document import Document, Map, Seq
from generator.reading.reader import MAX_BYTES, read
from generator.reading.skimming import SECTIONS, Skimmed, pieces, skim

BANK = """\
groups:
  first: {}
  a: {}
  b: {labels: {x: y}}
namespaces:
  first: {}
  a: {}
  b: {labels: {x: y}}
  c:
  text: {}
  # no entry
  close: {}
  y: {}
  namespaces:
    d: {}
  block: |
    workspaces:
      a: {}

  'quoted': "a
    b"
  folded: >-
    one
    two
workspaces:
   first: {}
   a: {}
   g: {}
"""
"""Entries that are known, also some that do not look like them where they stand elsewhere."""

LINES = [
    *BANK.splitlines(keepends=True),
    *("# comment\n", "\n", "---\n", "...\n", "%YAML 1.2\n", "tiers: {}\n", "tiers:\n", "  - x\n", "  ? q\n", "  |\n"),
    *(" h: {}\n", "\ti: {}\n", "  \xa0k: {}\n", "    l: {}\n", "key: |\n", "key: >\n", "  <<: {}\n", "  &x j: {}\n"),
    *(
        'key: "open\n',
        '  close"\n',
        '  d: "open\n',
        "key: [x,\n",
        "  y]\n",
        "key: {x: y,\n",
        "  a: {}}\n",
        "  {\n",
        "}\n",
    ),
    *(
        "namespaces: # why\n",
        "namespaces: {}\n",
        "namespaces: |\n",
        '"\n',
        "namespaces: {a: b}\n",
        "\ufeffkey: x\n",
        "  z: 1\r\n",
    ),
    *("  c: d\n", "    e\n", "  'a': {}\n", '  "a": {x: y}\n', "  a : {}\n", "  last: {}"),
]


def data(node: Any) -> Any:
    """A node and how it was written, so that text is not taken for a plain scalar."""
    if isinstance(node, Map):
        return [(key, data(value)) for key, value in node.items()]
    return [data(item) for item in node] if isinstance(node, Seq) else (type(node).__name__, node)


def known(*texts: str) -> dict[tuple[str, str], tuple[str, Any]]:
    """The entries of those texts that are well-formed."""
    found = {}
    for text in texts:
        document, problems = read(text.encode(), "f")
        for piece in pieces(document) or () if not problems else ():
            assert isinstance(document.root, Map)
            section = document.root[piece.lines.section]
            assert isinstance(section, Map)
            found[piece.lines.section, piece.digest] = piece.name, section[piece.name]
    return found


def skimmed(text: str, entries: dict[tuple[str, str], tuple[str, Any]]) -> Document | None:
    return skim(text.encode(), "f", lambda section, digest: entries.get((section, digest)))


def whole(document: Document) -> Any:
    """What a skimmed document says, without looking into its `root`."""
    root = document.core.root
    assert isinstance(root, Map)
    return [
        (key, data(value) if key not in SECTIONS else list(completed(document, key, value)))
        for key, value in root.items()
    ]


def completed(document: Document, section: str, entries: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(entries, Map):
        yield section, data(entries)
        return
    for name, value in document.completed(section, dict(entries)).items():
        yield name, data(value)


def paths(node: Any, above: Path = ()) -> Iterator[Path]:
    yield above
    yield (*above, "missing")
    steps: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(node, Map):
        steps = iter(node.items())
    elif isinstance(node, Seq):
        steps = enumerate(node)
    for step, inner in steps:
        yield from paths(inner, (*above, step))


def assert_the_same(found: Document, text: str) -> None:
    read_whole, problems = read(text.encode(), "f")
    assert problems == []
    assert read_whole.complete
    assert whole(found) == whole(read_whole)
    for path in paths(read_whole.root):
        for key in (False, True):
            assert found.find(At(path, key)) == read_whole.find(At(path, key)), (path, key)
    assert (found.text, found.marks, data(found.root)) == (read_whole.text, read_whole.marks, data(read_whole.root))
    named = pieces(read_whole)
    assert named is not None
    assert sorted((piece.lines, piece.name) for piece in pieces(found) or ()) == sorted(
        (piece.lines, piece.name) for piece in named
    )


@st.composite
def disturbed(draw: st.DrawFn) -> list[str]:
    """What is known, with some lines more and some less."""
    lines = BANK.splitlines(keepends=True)
    for place, line in draw(st.lists(st.tuples(st.floats(0, 0.999), st.sampled_from(["", *LINES])), max_size=4)):
        position = int(place * len(lines))
        lines[position : position + (not line)] = [line] if line else []
    return lines


few = st.lists(st.sampled_from(LINES), max_size=14)


@settings(max_examples=1500)
@given(few | disturbed(), few)
@example(['key: "open\n', "namespaces:\n", "  first: {}\n", "  a: {}\n", '  close"\n'], [])
@example(["namespaces:\n", "  first: {}\n", 'key: "open\n', "namespaces:\n", "  a: {}\n", '"\n'], [])
@example(["namespaces:\n", "  first: {}\n", "  a: {}\n", "  &x j: {}\n"], [])
@example(["namespaces:\n", "  first: {}\n", '  d: "open\n', "  a: {}\n", '  close"\n'], [])
@example(["namespaces:\n", "  |\n", "  first: {}\n", "  a: {}\n"], [])
@example(["namespaces:\n", "  {\n", "  first: {},\n", "  a: {}\n", "}\n"], [])
@example(["namespaces:\n", "  first: {}\n", "  a: {}\n", "...\n"], [])
@example(["---\n", "namespaces:\n", "  first: {}\n", "  a: {}\n", "---\n", "namespaces:\n"], [])
@example(["namespaces:\n", "  first: {}\n", "  a: {}\n", "  a: {}\n"], [])
@example(["namespaces:\n", "  first: {}\n", "  a: {}\n", "  c: d\n", "    e\n", "  a : {}\n"], [])
@example(["namespaces:\n", "  first: {}\n", "  a: {}\n", "  \xa0k: {}\n", "  c:\n", "tiers: {}\n"], [])
def test_what_is_skimmed_is_what_is_read(lines: list[str], learnt: list[str]) -> None:
    text = "".join(lines)
    found = skimmed(text, known(BANK, "".join(learnt), text))
    if found is not None:
        assert_the_same(found, text)


def test_a_change_of_one_entry_reads_little_more_than_that_entry() -> None:
    entries = "".join(f"  n{number}:\n    labels: {{a: b}}\n" for number in range(50))
    text = f"version: 1\nnamespaces: # all\n{entries}\n# end\ntiers: {{x: y}}\n"
    changed = text.replace("  n30:\n    labels: {a: b}", "  n30:\n    labels: {a: c}")
    found = skimmed(changed, known(text))
    assert isinstance(found, Skimmed)
    assert_the_same(found, changed)
    assert found.core.text.count("labels") == 2  # and the first one


def test_places_in_many_entries_are_found_in_the_whole() -> None:
    text = "namespaces:\n" + "".join(f"  n{number}: {{x: y}}\n\n" for number in range(250))
    found = skimmed(text, known(text))
    assert isinstance(found, Skimmed)
    assert_the_same(found, text)


def test_entries_that_come_go_and_move_are_seen() -> None:
    lines = [f"  n{number}: {{x: y}}\n" for number in range(9)]
    entries = known("namespaces:\n" + "".join(lines))
    for changed in (lines[::-1], lines[3:], [*lines, "  new: {}\n"], [*lines[:4], "  new: {}\n", *lines[4:]]):
        text = "namespaces:\n" + "".join(changed) + "workspaces: {}\n"
        found = skimmed(text, entries)
        assert isinstance(found, Skimmed)
        assert_the_same(found, text)


def test_an_entry_is_known_in_its_section_only() -> None:
    entries = known("namespaces:\n  first: {}\n  a: {}\n")
    assert skimmed("workspaces:\n  first: {}\n  a: {}\n", entries) is None


@pytest.mark.parametrize(
    "content",
    [
        b"namespaces:\r\n  first: {}\r\n  a: {}\r\n",
        b"namespaces:\n  first: {}\n  a: {}\n# \xff",
        b"#" * (MAX_BYTES + 1),
    ],
)
def test_what_is_not_plain_text_is_read_as_a_whole(content: bytes) -> None:
    entries = known("namespaces:\n  first: {}\n  a: {}\n")
    assert skim(content, "f", lambda section, digest: entries.get((section, digest))) is None
