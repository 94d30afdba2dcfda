from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from generator.model.decode import decode
from generator.pipeline import examine
from generator.problems import Span, Stop
from generator.reading.document import Map, Plain, Seq
from generator.reading.reader import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS, read
from tests.support import CASES, invoke, write


def found(text: str | bytes) -> list[tuple[str, int, int]]:
    """The rule and the place of every problem in a text."""
    _, problems = read(text.encode() if isinstance(text, str) else text, "f")
    places = [(problem.rule, problem.place) for problem in problems]
    return [(rule, place.line, place.column) for rule, place in places if isinstance(place, Span)]


def test_data_and_spans() -> None:
    text = "a: 1\nb:\n  - x\n  - {c: 'd e', f: [g]}\n\n# end\nlong: >\n  one\n  two\n"
    document, problems = read(text.encode(), "f")
    assert problems == []
    assert document.complete
    assert document.root == {"a": "1", "b": ["x", {"c": "d e", "f": ["g"]}], "long": "one two\n"}
    assert document.locate(("a",)) == Span("f", 1, 4, 1, 5)
    assert document.locate(("a",), key=True) == Span("f", 1, 1, 1, 2)
    assert document.locate(("b",)) == Span("f", 3, 3, 4, 23)
    assert document.locate(("b", 0)) == Span("f", 3, 5, 3, 6)
    assert document.locate(("b", 1)) == Span("f", 4, 5, 4, 23)
    assert document.locate(("b", 1, "c")) == Span("f", 4, 9, 4, 14)
    assert document.locate(("b", 1, "f", 0)) == Span("f", 4, 20, 4, 21)
    assert document.locate(("long",)) == Span("f", 7, 7, 9, 6)
    assert document.locate(()) == Span("f", 1, 1, 9, 6)


def test_a_place_that_does_not_exist_is_the_key_that_lacks_it() -> None:
    document, _ = read(b"a:\n  b: {c: 1}\n", "f")
    assert document.locate(("a", "b", "missing", "deeper")) == Span("f", 2, 3, 2, 4)
    assert document.locate(("a", 3)) == Span("f", 1, 1, 1, 2)


def test_columns_count_characters_and_lines_end_in_three_ways() -> None:
    document, problems = read("🦊é: x\r\nb: y\rc: z\nd: 'é🦊'".encode(), "f")
    assert problems == []
    assert document.locate(("🦊é",)) == Span("f", 1, 5, 1, 6)
    assert document.locate(("b",)) == Span("f", 2, 4, 2, 5)
    assert document.locate(("c",)) == Span("f", 3, 4, 3, 5)
    assert document.locate(("d",)) == Span("f", 4, 4, 4, 8)


def test_a_byte_order_mark_does_not_move_columns() -> None:
    document, problems = read(b"\xef\xbb\xbfa: 1\n", "f")
    assert problems == []
    assert document.locate(("a",)) == Span("f", 1, 4, 1, 5)


def test_plain_and_quoted_scalars_stay_apart() -> None:
    document, _ = read(b"{a: no, b: 'no', no: 1, 'on': 2, x: 3}", "f")
    assert isinstance(document.root, Map)
    assert type(document.root["a"]) is Plain
    assert type(document.root["b"]) is str
    assert [type(key) for key in document.root] == [str, str, Plain, str, str]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("empty-file", 1, 1)]),
        ("# only a comment\n", [("empty-file", 1, 1)]),
        ("a: 1\nb: 2\na: 3\n", [("duplicate-key", 3, 1)]),
        ("{a: 1, 'a': 2}", [("duplicate-key", 1, 8)]),
        ("a: &x 1\n", [("anchor", 1, 4)]),
        ("a: &x {}\n", [("anchor", 1, 4)]),
        ("a: &x [*x]\n", [("anchor", 1, 4), ("alias", 1, 8)]),
        ("a: !!str 1\n", [("tag", 1, 4)]),
        ("a: ! 1\n", [("tag", 1, 4)]),
        ("!x a: 1\n", [("tag", 1, 1)]),
        ("a: !<tag:yaml.org,2002:int> 1\n", [("tag", 1, 4)]),
        ("<<: {a: 1}\n", [("merge-key", 1, 1)]),
        ("'<<': 1\n", []),
        ("? {a: 1}\n: 2\n", [("complex-key", 1, 3)]),
        ("a: 1\n---\nb: 2\n", [("several-documents", 2, 1)]),
        ("---\na: 1\n...\n", []),
        ("%YAML 1.1\n---\na: 1\n", [("directive", 1, 1)]),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", [("directive", 1, 1)]),
        ("a:\tb\n", []),
        ("a:\n\tb: 1\n", [("yaml-syntax", 2, 1)]),
        ("a: 'x\u2028y'\n", [("control-character", 1, 6)]),
        ("a: x\u0085y\n", [("control-character", 1, 5)]),
        ("a: x\x00y\n", [("control-character", 1, 5)]),
        ("a: x\x1by\x7f\n", [("control-character", 1, 5), ("control-character", 1, 7)]),
        ("a: \ufeffx\n", [("control-character", 1, 4)]),
        ('a: "\\u2028"\n', []),
        ('a: "\\0"\n', [("control-character", 1, 4)]),
        ('"\\e": 1\n', [("control-character", 1, 1)]),
        ("a: @x\n", [("yaml-syntax", 1, 4)]),
        ("a: `x`\n", [("yaml-syntax", 1, 4)]),
        ("a: b: c\n", [("yaml-syntax", 1, 5)]),
        ("a: 1\n  b: 2\n", [("yaml-syntax", 2, 3)]),
        ("[a, b\n", [("yaml-syntax", 2, 1)]),
        ("a: “b”\n", [("typographic-quotes", 1, 4)]),
        ("“b”: 1\n", [("typographic-quotes", 1, 1)]),
        ("a: “b” c\nb: '“b”'\nc: “\nd: it’s\n", []),
        (b"a: \xff\n", [("not-utf-8", 1, 4)]),
        ("a: é".encode("latin-1"), [("not-utf-8", 1, 4)]),
        ("a: 1\n".encode("utf-16"), [("not-utf-8", 1, 1)]),
        (b"a: \xed\xa0\x80\n", [("not-utf-8", 1, 4)]),
    ],
)
def test_strictness(text: str | bytes, expected: list[tuple[str, int, int]]) -> None:
    assert found(text) == expected


def test_nesting_is_limited() -> None:
    assert found("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert found("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == [("nesting-too-deep", 1, MAX_DEPTH + 1)]
    assert found("[" * 10_000 + "]" * 10_000) == [("nesting-too-deep", 1, MAX_DEPTH + 1)]
    assert found("{a: " * 10_000 + "}" * 10_000) == [("nesting-too-deep", 1, 4 * MAX_DEPTH + 1)]
    assert [rule for rule, *_ in found("? " * 10_000)][-1] == "nesting-too-deep"
    assert found("- " * 10_000) == [("nesting-too-deep", 1, 2 * MAX_DEPTH + 1)]


def test_problems_of_form_are_limited() -> None:
    assert len(found("&a [" + "*a, " * 5_000 + "]")) == MAX_PROBLEMS
    assert len(found("\x01" * 5_000)) == MAX_PROBLEMS


def test_a_duplicate_key_names_both_lines() -> None:
    lines = ["churn: 1", *(f"k{number}: 1" for number in range(5_000)), "churn: 2"]
    _, problems = read("\n".join(lines).encode(), "f")
    assert [(problem.rule, str(problem.place)) for problem in problems] == [("duplicate-key", "f:5002:1")]
    assert "line 1" in problems[0].message
    assert [str(related.place) for related in problems[0].related] == ["f:1:1"]


# What cannot be a file in git, through the command.


def test_65_mebibytes(tmp_path: Path) -> None:
    with (tmp_path / "org.yaml").open("wb") as stream:
        stream.write(b"# ")
        stream.seek(65 * 1024 * 1024)
        stream.write(b"\n")
    for command in ("check", "render"):
        ran = invoke(command, "org.yaml", cwd=tmp_path)
        assert ran.code == 1
        said = "org.yaml:1:1: error: the file has more than 67,108,864 bytes; split it with `include` [file-too-large]"
        assert ran.out.startswith(said)
    assert [path.name for path in tmp_path.iterdir()] == ["org.yaml"]


def test_exactly_64_mebibytes_are_read() -> None:
    assert found(b"#" * MAX_BYTES) == [("empty-file", 1, 1)]
    assert found(b"#" * (MAX_BYTES + 1)) == [("file-too-large", 1, 1)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: " + "[" * 10_000, "org.yaml:1:35: error: nested more than 32 levels deep [nesting-too-deep]"),
        ("a:\n" + "".join(" " * n + "b:\n" for n in range(1, 2_000)), "org.yaml:33:33: error: nested more than 32 le"),
        ("version: 1\nx: a\0b\n", "org.yaml:2:5: error: control character U+0000; remove it, or write it as \\u0000"),
        (bytes(range(256)), "org.yaml:3:115: error: byte 0x80 is not UTF-8; save the file as UTF-8 text [not-utf-8]"),
        (b"\0" * 100, "org.yaml:1:1: error: control character U+0000"),
    ],
)
def test_what_is_no_text(content: str | bytes, expected: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": content})
    for command in ("check", "render"):
        ran = invoke(command, cwd=tmp_path)
        assert (ran.code, ran.err) == (1, "")
        assert ran.out.startswith(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["org.yaml"]


def test_a_duplicate_key_5000_lines_apart(tmp_path: Path) -> None:
    lines = [
        "version: 1",
        "organization: {name: acme}",
        'cluster: {name: prod-us, kubernetesVersion: "1.33"}',
        "defaults: {tier: standard}",
        "tiers: {standard: {}}",
        "workspaces:",
        *(f"  w{number}: {{namespace: n{number}}}" for number in range(1250)),
        "namespaces:",
        "  churn: {}",
        *(f"  n{number}:\n    labels:\n      a: b\n    state: active" for number in range(1250)),
        "  churn: {}",
        "",
    ]
    write(tmp_path, {"org.yaml": "\n".join(lines)})
    ran = invoke("render", cwd=tmp_path)
    assert ran.code == 1
    found = [line for line in ran.out.splitlines() if "error: " in line or line.startswith("    ")]
    unmapped = "map one, or decommission the namespace [namespace-without-workspace]"
    assert [line for line in found if "churn" in line or "first" in line] == [
        f'org.yaml:1258:3: error: no workspace is mapped to namespace "churn"; {unmapped}',
        'org.yaml:6259:3: error: "churn" is already defined in line 1258; keep one of the two [duplicate-key]',
        "    org.yaml:1258:3: first defined here",
    ]
    assert not (tmp_path / "rendered").exists()


# Laws.

ALPHABET = st.text(
    st.one_of(
        st.sampled_from("{}[]:,-?*&!|>'\"%@`#~<= \n\r\t\\/ab01.y"),
        st.characters(codec="utf-8"),
        st.sampled_from("\x00\x1b\x85\u2028\ufeff"),
    ),
    max_size=80,
)
LINES = [line for path in CASES.glob("*/org.yaml") for line in path.read_bytes().decode("utf-8", "replace").split("\n")]
KEYS = sorted({line.strip(" -{").partition(":")[0] for line in LINES if ":" in line})
SCALARS = st.one_of(
    st.sampled_from(
        ["", "1", "no", "~", "1e400", "-1", "'x'", '"\\u2028"', "fraud", "0x10", "1.5Gi", "10%", "&a", "*a"]
    ),
    ALPHABET.map(lambda text: text.replace("\n", " ")),
)
NODES: st.SearchStrategy[str] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(st.sampled_from(KEYS), inner), max_size=4).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items) + "}"
        ),
    ),
    max_leaves=8,
)
DOCUMENTS = st.lists(st.tuples(st.sampled_from(KEYS), NODES), max_size=5).map(
    lambda items: "".join(f"{key}: {value}\n" for key, value in items)
)


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"a: |\xff")
@example(b'"\\ud800"')
@example(b'"\\UFFFFFFFF"')
@example(b"%")
def test_no_bytes_make_the_reader_raise(data: bytes) -> None:
    document, problems = read(data, "f")
    assert problems or document.root is not None
    for problem in problems:
        assert isinstance(problem.place, Span)
        assert problem.place.line >= 1
        assert problem.place.column >= 1
        assert problem.rule
        assert problem.message


@given(ALPHABET)
def test_no_text_makes_the_reader_raise(text: str) -> None:
    document, problems = read(text.encode(), "f")
    if document.complete:
        decode((document,))
    else:
        assert problems


@given(st.one_of(ALPHABET, NODES, DOCUMENTS))
def test_no_text_makes_anything_raise_but_problems(tmp_path: Path, text: str) -> None:
    path = tmp_path / "org.yaml"
    path.write_bytes(text.encode())
    try:
        examined = examine(str(path))
    except Stop:
        return
    assert examined.problems
    for problem in examined.problems:
        assert isinstance(problem.place, Span)
        assert problem.rule


@given(NODES)
def test_spans_lead_back_to_what_was_written(text: str) -> None:
    document, problems = read(f"k: {text}\n".encode(), "f")
    if problems or not isinstance(document.root, Map | Seq):
        return
    if isinstance(document.root, Map) and "k" in document.root:
        value = document.root["k"]
        start, end = document.root.marks[2:4]
        if isinstance(value, Plain) and "\n" not in document.text[start:end]:
            assert document.text[start:end].rstrip() == value.rstrip()
