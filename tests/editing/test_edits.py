"""One edit each, with the whole text before and after: what is seen in a diff."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.editing import wishes
from generator.editing.drafting import Draft
from generator.editing.formatting import formatted
from generator.editing.splicing import Refused
from generator.editing.values import parse_place, parse_value
from generator.problems import Usage
from generator.reading.reader import read
from tests.support import MINIMAL, write


def edited(folder: Path, text: str, *steps: str) -> str:
    """The text after steps such as `set PATH VALUE` and `unset PATH`."""
    write(folder, {"org.yaml": text})
    draft = Draft(str(folder / "org.yaml"))
    for step in steps:
        verb, _, rest = step.partition(" ")
        path, _, value = rest.partition(" ")
        place = parse_place(path, draft.documents)
        if verb == "set":
            draft.set(place, parse_value(place, value))
        else:
            draft.unset(place)
    return draft.edits[0].after.decode() if draft.edits else text


CASES = {
    "a plain scalar": (
        "namespaces:\n  a: {tier: x} # why\n",
        "set namespaces.a.tier z",
        "namespaces:\n  a: {tier: z} # why\n",
    ),
    "quotes stay": (
        "tiers:\n  x: {description: 'old'}\n",
        "set tiers.x.description it's",
        "tiers:\n  x: {description: 'it''s'}\n",
    ),
    "a text that would be a number gets quotes": (
        "namespaces:\n  a:\n    labels: { cost-center: abc }\n",
        "set namespaces.a.labels.cost-center 4711",
        'namespaces:\n  a:\n    labels: { cost-center: "4711" }\n',
    ),
    "a text that would be a truth value gets quotes": (
        "namespaces:\n  a:\n    labels: {x: abc}\n",
        "set namespaces.a.labels.x no",
        'namespaces:\n  a:\n    labels: {x: "no"}\n',
    ),
    "numbers have quotes where their neighbours have": (
        'tiers:\n  x:\n    quota:\n      requests.cpu: "16"\n      requests.memory: 64Gi\n',
        "set tiers.x.quota.pods 100",
        'tiers:\n  x:\n    quota:\n      requests.cpu: "16"\n      requests.memory: 64Gi\n      pods: "100"\n',
    ),
    "and none where they have none": (
        "tiers:\n  x:\n    quota: { requests.cpu: 16 }\n",
        "set tiers.x.quota.pods 100",
        "tiers:\n  x:\n    quota: { requests.cpu: 16, pods: 100 }\n",
    ),
    "a truth value has none": (
        "verta: {multipleNamespaces: true}\n",
        "set verta.multipleNamespaces false",
        "verta: {multipleNamespaces: false}\n",
    ),
    "what is missing on the way is made": (
        "namespaces:\n  a: {}\n  b:\n    container:\n      max:\n        cpu: '8'\n",
        "set namespaces.a.container.max.cpu 4",
        "namespaces:\n  a: {container: {max: {cpu: '4'}}}\n  b:\n    container:\n      max:\n        cpu: '8'\n",
    ),
    "like its neighbour": (
        "namespaces:\n  a:\n      tier: x\n  b:\n      container:\n          max:\n              cpu: '8'\n",
        "set namespaces.a.container.max.cpu 4",
        (
            "namespaces:\n  a:\n      tier: x\n      container:\n          max:\n              cpu: '4'\n"
            "  b:\n      container:\n          max:\n              cpu: '8'\n"
        ),
    ),
    "a section that is empty": (
        "namespaces: {} # none yet\nworkspaces: {}\n",
        "set namespaces.a {tier: x}",
        "namespaces: # none yet\n  a: {tier: x}\nworkspaces: {}\n",
    ),
    "a section that is not there": (
        "version: 1\ndefaults:\n    tier: x",
        "set retired.old.on 2026-01-31",
        "version: 1\ndefaults:\n    tier: x\nretired:\n    old: {on: 2026-01-31}",
    ),
    "in the order of the names, between comments and blank lines": (
        "groups:\n  # the first\n  a: {}\n\n  # about b\n  b: {}\n\n  # about d\n  d: {}\n# the end\n",
        "set groups.c {subject: x}",
        (
            "groups:\n  # the first\n  a: {}\n\n  # about b\n  b: {}\n\n"
            "  c: {subject: x}\n\n  # about d\n  d: {}\n# the end\n"
        ),
    ),
    "without a last line end": ("groups:\n  b: {}\n  a: {}", "set groups.c {}", "groups:\n  b: {}\n  a: {}\n  c: {}"),
    "Windows' line ends": (
        "groups:\r\n  b: {}\r\nroles: {}\r\n",
        "set groups.c.subject x",
        "groups:\r\n  b: {}\r\n  c: {subject: x}\r\nroles: {}\r\n",
    ),
    "a list keeps the comments of what stays": (
        "namespaces:\n  a:\n    owners:\n    - b # the boss\n    - c # the deputy\n    - d\n",
        "set namespaces.a.owners [b, e, d]",
        "namespaces:\n  a:\n    owners:\n    - b # the boss\n    - e\n    - d\n",
    ),
    "an item, a position": (
        "namespaces:\n  a: {owners: [b, c, d]}\n",
        "unset namespaces.a.owners.1",
        "namespaces:\n  a: {owners: [b, d]}\n",
    ),
    "a list that says something by being empty": (
        "namespaces:\n  a: {network: {allowFrom: [b]}}\n",
        "unset namespaces.a.network.allowFrom[0]",
        "namespaces:\n  a: {network: {allowFrom: []}}\n",
    ),
    "a map that says nothing goes with its last entry": (
        "namespaces:\n  a:\n    tier: x # why\n    container:\n      # limits\n      max: {cpu: '8'}\n  b: {}\n",
        "unset namespaces.a.container.max.cpu",
        "namespaces:\n  a:\n    tier: x # why\n  b: {}\n",
    ),
    "a name that says something stays": (
        "namespaces:\n  a: # the first\n    tier: x\n  b: {}\n",
        "unset namespaces.a.tier",
        "namespaces:\n  a: {} # the first\n  b: {}\n",
    ),
    "comments of others stay": (
        "namespaces:\n  # about a\n  a:\n    tier: x\n    # deeper, so of a\n  # about b\n  b: {}\n",
        "unset namespaces.a",
        "namespaces:\n  # about a\n  # about b\n  b: {}\n",
    ),
    "one blank line between neighbours": (
        "namespaces:\n  a: {}\n\n  b: {}\n\n  c: {}\n\nworkspaces: {}\n",
        "unset namespaces.b",
        "namespaces:\n  a: {}\n\n  c: {}\n\nworkspaces: {}\n",
    ),
    "the last of them": (
        "namespaces:\n  a: {}\n\n  b: {}\nworkspaces: {}\n",
        "unset namespaces.b",
        "namespaces:\n  a: {}\nworkspaces: {}\n",
    ),
    "the first of them": (
        "namespaces:\n  a: {}\n\n  b: {}\n",
        "unset namespaces.a",
        "namespaces:\n  b: {}\n",
    ),
    "a flow form over several lines": (
        "tiers:\n  x:\n    quota: {\n      pods: '1', # few\n      requests.cpu: '2' # more\n    }\n",
        "set tiers.x.quota.requests.memory 1Gi",
        (
            "tiers:\n  x:\n    quota: {\n      pods: '1', # few\n      requests.cpu: '2', # more\n"
            "      requests.memory: 1Gi\n    }\n"
        ),
    ),
    "and with a comma at its end": (
        "tiers:\n  x:\n    quota: {\n      pods: '1',\n    }\n",
        "set tiers.x.quota.requests.cpu 2",
        "tiers:\n  x:\n    quota: {\n      pods: '1',\n      requests.cpu: '2',\n    }\n",
    ),
    "a first entry on the line of a dash": (
        "workspaces:\n  w:\n    access:\n      -   group: g\n          role: r\n",
        "set workspaces.w.access.0.role other",
        "workspaces:\n  w:\n    access:\n      -   group: g\n          role: other\n",
    ),
    "a key with dots and blanks": (
        "workspaces:\n  A.B c: {namespace: x}\n",
        "set workspaces.A.B c.description hello",
        "workspaces:\n  A.B c: {namespace: x, description: hello}\n",
    ),
    "nothing where a value is expected": (
        "namespaces:\n  a:\n  b: {}\n",
        "set namespaces.a.tier x",
        "namespaces:\n  a: {tier: x}\n  b: {}\n",
    ),
    "text in a block": (
        "workspaces:\n  w:\n    description: |\n      one\n      two\n\n    namespace: x # here\n",
        "set workspaces.w.description short",
        "workspaces:\n  w:\n    description: short\n\n    namespace: x # here\n",
    ),
    "a name that needs quotes": (
        "workspaces:\n  yes-men: {legacy: true}\n",
        "set workspaces.yes.legacy true",
        'workspaces:\n  yes-men: {legacy: true}\n  "yes": {legacy: true}\n',
    ),
    "a long line becomes a block": (
        "groups:\n  a: {subject: x}\n",
        'set groups.b {subject: "' + "s" * 70 + '", verta: ' + "v" * 50 + "}",
        "groups:\n  a: {subject: x}\n  b:\n    subject: " + "s" * 70 + "\n    verta: " + "v" * 50 + "\n",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_edit(case: str, tmp_path: Path) -> None:
    before, step, after = CASES[case]
    if case == "a key with dots and blanks":
        write(tmp_path, {"org.yaml": before})
        draft = Draft(str(tmp_path / "org.yaml"))
        place = parse_place("workspaces.A.B c.description", draft.documents)
        assert place == parse_place('workspaces["A.B c"].description', draft.documents)
        draft.set(place, parse_value(place, "hello"))
        assert draft.edits[0].after.decode() == after
        return
    assert edited(tmp_path, before, step) == after


def test_what_is_so_already_changes_nothing(tmp_path: Path) -> None:
    text = "workspaces:\n  w:\n    description: >-\n      folded\n      text\n    access: [{group: a, role: b}]\n"
    steps = ["set workspaces.w.description folded text", "set workspaces.w.access [{role: b, group: a}]"]
    assert edited(tmp_path, text, *steps) == text


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("namespace.a", 'there is no "namespace"; did you mean "namespaces"?'),
        ("namespaces.a.teir", 'there is no "teir" in namespaces.a; did you mean "tier"?'),
        ("namespaces.a.tier.x", "namespaces.a.tier is a single value"),
        ("namespaces.a.owners.first", '"first" is not a position in namespaces.a.owners'),
        ("", "name a place"),
        ('workspaces["', "is not a place"),
    ],
)
def test_a_place_that_is_none(path: str, said: str) -> None:
    with pytest.raises(Usage, match=said.replace("(", r"\(").replace("?", r"\?").replace("[", r"\[")):
        parse_place(path, [])


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("namespaces.a.owners", "fraud", "is a list; write it as YAML"),
        ("namespaces.a.labels", "[x]", "is a map; write it as YAML"),
        ("namespaces.a.owners", "[a", "VALUE: "),
        ("namespaces.a.owners", "!!python/object:os.system [a]", "VALUE: tags"),
        ("namespaces.a.owners", "[&a b, *a]", "VALUE: anchors"),
    ],
)
def test_a_value_that_does_not_fit(path: str, value: str, said: str) -> None:
    with pytest.raises(Usage, match=said):
        parse_value(parse_place(path, []), value)


@pytest.mark.parametrize(
    "value", ["true\nversion: 2", "x # y", "} evil: {", "'", '"', "- a", "&a", "\x1b[31m", "\ud800"]
)
def test_no_value_becomes_structure(value: str, tmp_path: Path) -> None:
    text = MINIMAL + "workspaces:\n  w: {legacy: true, description: a}\n"
    write(tmp_path, {"org.yaml": text})
    for path in ("workspaces.w.description", "workspaces.w.legacy", "version", "tiers.standard.quota.pods"):
        draft = Draft(str(tmp_path / "org.yaml"))
        place = parse_place(path, draft.documents)
        try:
            draft.set(place, parse_value(place, value))
            (after,) = draft.edits
        except (Refused, Usage):
            continue
        document, _ = read(after.after, "org.yaml")
        assert document.root is not None
        assert draft.value(place) == value
        assert len(after.after.splitlines()) == len(text.splitlines())


def test_a_key_in_two_fragments_is_refused_with_both(tmp_path: Path) -> None:
    more = dict.fromkeys(("a.yaml", "b.yaml"), "namespaces:\n  fraud: {tier: standard}\n")
    write(tmp_path, {"org.yaml": MINIMAL + "include: ['*.yaml']\n", **more})
    draft = Draft(str(tmp_path / "org.yaml"))
    with pytest.raises(Refused, match=r"is defined here and in .*b.yaml:2:3; keep one") as refused:
        wishes.set_state(draft, ["fraud"], "frozen")
    assert str(refused.value.problem.place).endswith("a.yaml:2:3")


def test_a_key_twice_in_one_file_is_refused_with_both(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "namespaces:\n  a: {}\n  b: {}\n  a: {tier: standard}\n"})
    draft = Draft(str(tmp_path / "org.yaml"))
    with pytest.raises(Refused, match=r"is defined here and in .*org.yaml:10:3"):
        draft.set(("namespaces", "a", "tier"), "x")
    draft.set(("namespaces", "b", "state"), "frozen")  # the problem is elsewhere
    assert b"  b: {state: frozen}\n  a: {tier: standard}\n" in draft.edits[0].after


def test_each_change_goes_into_the_file_where_its_place_is(tmp_path: Path) -> None:
    fragment = "namespaces:\n  fraud: {}\nworkspaces:\n  fraud-detection: {namespace: fraud}\n"
    write(tmp_path, {"org.yaml": MINIMAL + "include: [a.yaml]\n", "a.yaml": fragment})
    draft = Draft(str(tmp_path / "org.yaml"))
    draft.set(("namespaces", "fraud", "state"), "frozen")
    wishes.add_workspace(draft, wishes.NewWorkspace("churn"))
    draft.set(("groups", "g"), {})
    assert {Path(edit.file).name: edit.after.decode() for edit in draft.edits} == {
        "a.yaml": "namespaces:\n  fraud: {state: frozen}\n  churn: {}\n"
        "workspaces:\n  fraud-detection: {namespace: fraud}\n  churn: {namespace: churn}\n",
        "org.yaml": MINIMAL + "include: [a.yaml]\ngroups:\n  g: {}\n",
    }


def test_a_file_that_cannot_be_read_is_refused_and_another_is_not(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + "include: [a.yaml, b.yaml]\n"})
    write(tmp_path, {"a.yaml": "namespaces:\n  a: {}\n", "b.yaml": "namespaces:\n  b: {\n"})
    draft = Draft(str(tmp_path / "org.yaml"))
    draft.set(("namespaces", "a", "tier"), "standard")
    assert [Path(edit.file).name for edit in draft.edits] == ["a.yaml"]
    write(tmp_path, {"org.yaml": MINIMAL + "groups: {\n"})
    with pytest.raises(Refused, match="is not closed"):
        Draft(str(tmp_path / "org.yaml")).set(("groups", "g"), {})


FORMATS = {
    "blanks and blank lines": ("\n\na: 1  \n\n\n\nb: {} \t\n\n\n", "a: 1\n\nb: {}\n"),
    "a line end at the end": ("a: 1", "a: 1\n"),
    "the line ends that most lines have": ("a: 1\r\nb: 2\nc: 3\r\n", "a: 1\r\nb: 2\r\nc: 3\r\n"),
    "quantities": (
        "tiers:\n  x: {quota: {pods: '1000m', requests.cpu: 0.5, requests.memory: 1024Mi, x: 1500m}}\n",
        "tiers:\n  x: {quota: {pods: '1', requests.cpu: 500m, requests.memory: 1Gi, x: 1500m}}\n",
    ),
    "quotes": (
        "namespaces:\n  x: {labels: {a: 010, b: yes, c: text, d: 'text'}} # 010\n",
        'namespaces:\n  x: {labels: {a: "010", b: "yes", c: text, d: \'text\'}} # 010\n',
    ),
    "not what is ambiguous": ("tiers:\n  x: {quota: {pods: 1e3}}\n", "tiers:\n  x: {quota: {pods: 1e3}}\n"),
    "not within values": (
        "workspaces:\n  w:\n    description: |+\n      one  \n\n\n      two\n\n\n    namespace: x  \n",
        "workspaces:\n  w:\n    description: |+\n      one  \n\n\n      two\n\n\n    namespace: x\n",
    ),
}


@pytest.mark.parametrize("case", FORMATS)
def test_formatting(case: str) -> None:
    before, after = FORMATS[case]
    document, _ = read(before.encode(), "org.yaml")
    assert formatted(document, fragment=False).text == after
