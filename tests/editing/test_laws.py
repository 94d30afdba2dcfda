"""Laws of every edit: the data is what was meant, no other line is touched, and the inverse gives the bytes back."""

from __future__ import annotations

import copy
import re
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.editing import wishes
from generator.editing.drafting import Draft
from generator.editing.formatting import formatted
from generator.editing.values import parse_place, parse_value
from generator.editing.writing import write
from generator.model.decode import decode
from generator.reading.reader import read
from tests.editing.styles import NAMES, QUANTITIES, organization, written
from tests.support import corpus, load_1_1, load_1_2, load_c


class Wish(NamedTuple):
    """An edit, what it does to plain data, how it is undone, and how many lines it may remove and add at most."""

    do: Any
    data: Any
    undo: Any
    removed: int
    added: int


def setting(path: str, value: str) -> Any:
    def change(draft: Draft) -> None:
        place = parse_place(path, draft.documents)
        draft.set(place, parse_value(place, value))

    return change


def unsetting(path: str) -> Any:
    return lambda draft: draft.unset(parse_place(path, draft.documents))


def changed(data: Any, *path: Any, value: Any) -> Any:
    found = copy.deepcopy(data)
    inner = found
    for step in path[:-1]:
        inner = inner.setdefault(step, {}) if isinstance(inner, dict) else inner[step]
    inner[path[-1]] = value
    return found


def wish(data: Any, chance: Random) -> Wish:
    """A random edit that grows the file, or replaces one scalar by another of its kind."""
    space = chance.choice(list(data["namespaces"]))
    workspace = chance.choice(list(data["workspaces"]))
    had, work = data["namespaces"][space], data["workspaces"][workspace]
    kind = chance.randrange(7)
    if kind == 0:
        resource = chance.choice(["pods", "requests.memory", "count/jobs.batch"])
        amount = chance.choice(QUANTITIES)
        if resource not in had.get("quota", {}):
            path = f"namespaces.{space}.quota.{resource}"
            after = changed(data, "namespaces", space, "quota", resource, value=amount)
            return Wish(setting(path, amount), after, unsetting(path), 1, 3)
    if kind == 1 and "state" not in had:
        after = changed(data, "namespaces", space, "state", value="frozen")
        return Wish(
            lambda draft: wishes.set_state(draft, [space], "frozen"),
            after,
            lambda draft: wishes.set_state(draft, [space], "active"),
            1,
            2,
        )
    if kind == 2:
        grants = [(group, role) for group in data["groups"] for role in data["roles"]]
        given = [(each["group"], each["role"]) for each in work.get("access", [])]
        free = [each for each in grants if each not in given]
        if free:
            new = chance.choice(free)
            access = [*work.get("access", []), {"group": new[0], "role": new[1]}]
            return Wish(
                lambda draft: wishes.grant(draft, workspace, [new]),
                changed(data, "workspaces", workspace, "access", value=access),
                lambda draft: wishes.revoke(draft, workspace, [new]),
                1,
                3,
            )
    if kind == 3 and "tier" in had:
        other = "small" if had["tier"] == "large" else "large"
        after = changed(data, "namespaces", space, "tier", value=other)
        path = f"namespaces.{space}.tier"
        return Wish(setting(path, other), after, setting(path, str(had["tier"])), 1, 1)
    if kind == 4 and "description" not in work:
        text = chance.choice(["plain words", "yes", "a: b # c", "ends with a backslash \\", 'say "so"', "日本", "a\nb"])
        path = f'workspaces["{workspace}"].description'
        after = changed(data, "workspaces", workspace, "description", value=text)
        return Wish(setting(path, text), after, unsetting(path), 1, 2)
    if kind == 5 and had.get("owners"):
        new_owner = next((group for group in data["groups"] if group not in had["owners"]), None)
        if new_owner:
            owners = [*had["owners"], new_owner]
            path = f"namespaces.{space}.owners"
            after = changed(data, "namespaces", space, "owners", value=owners)
            back = str(list(map(str, had["owners"])))
            return Wish(setting(path, str(owners)), after, setting(path, back), 2, 2)
    name = next(name for name in (*NAMES, "india", "juliett") if name not in {*data["namespaces"], *data["workspaces"]})
    new_workspace = wishes.NewWorkspace(
        name, tier="large", owners=("alpha",), labels={"cost-center": "007"}, grants=(("alpha", "reader"),)
    )
    if "alpha" not in data["groups"] or "large" not in data["tiers"]:
        group, role = next(iter(data["groups"])), next(iter(data["roles"]))
        tier = next(iter(data["tiers"]))
        new_workspace = wishes.NewWorkspace(
            name, tier=tier, owners=(group,), labels={"cost-center": "007"}, grants=((group, role),)
        )
    after = changed(
        data,
        "namespaces",
        name,
        value={
            "tier": new_workspace.tier,
            "owners": list(new_workspace.owners),
            "labels": {"cost-center": "007"},
        },
    )
    group, role = new_workspace.grants[0]
    after = changed(after, "workspaces", name, value={"namespace": name, "access": [{"group": group, "role": role}]})

    def undo(draft: Draft) -> None:
        draft.unset(("workspaces", name), tidy=False)
        draft.unset(("namespaces", name), tidy=False)

    return Wish(lambda draft: wishes.add_workspace(draft, new_workspace), after, undo, 2, 14)


def apply(file: Path, change: Any) -> bytes:
    draft = Draft(str(file))
    change(draft)
    write(draft.edits)
    return file.read_bytes()


def touched(before: bytes, after: bytes) -> tuple[int, int]:
    """How many lines are gone, and how many are new, where as many as possible stay."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    old, new = old[start:], new[start:]
    end = next(
        (n for n, (a, b) in enumerate(zip(old[::-1], new[::-1], strict=False)) if a != b), min(len(old), len(new))
    )
    old, new = old[: len(old) - end], new[: len(new) - end]
    same = sum(block.size for block in SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks())
    return len(old) - same, len(new) - same


def plain(data: Any) -> Any:
    """Data without the difference between numbers and texts, which differs between readers."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(each) for each in data]
    return str(data)


@given(st.integers(0, 2**32))
def test_a_random_edit_touches_only_its_lines_and_can_be_undone(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    data = organization(chance)
    text = written(data, chance)
    before = (b"\xef\xbb\xbf" if chance.random() < 0.2 else b"") + text.encode()
    file = tmp_path / "org.yaml"
    file.write_bytes(before)
    assert plain(load_1_2(text)[0]) == plain(data)
    asked = wish(data, chance)
    after = apply(file, asked.do)
    shown = after.decode("utf-8-sig")
    for load in (load_1_1, load_1_2):
        assert plain(load(shown)[0]) == plain(asked.data), shown
    removed, added = touched(before, after)
    final = int(not before.endswith(b"\n"))  # a last line without its line end gains one
    assert removed <= asked.removed + final, (text, shown)
    assert added <= asked.added + final, (text, shown)
    if asked.removed + final == 0:
        assert all(line in after for line in before.splitlines())
    assert apply(file, asked.undo) == before, shown


def paths(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in data, but the whole."""
    steps = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [inner for step in steps for inner in [(*path, step), *paths(data[step], (*path, step))]]


@given(st.integers(0, 2**32))
def test_removing_what_is_there_removes_no_other_line(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    data = organization(chance)
    text = written(data, chance)
    file = tmp_path / "org.yaml"
    file.write_bytes(text.encode())
    path = chance.choice(paths(data))
    after = apply(file, lambda draft: draft.unset(path, tidy=False))
    shown = after.decode()
    expected = copy.deepcopy(data)
    inner = expected
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    assert plain(load_1_1(shown)[0]) == plain(load_1_2(shown)[0]) == plain(expected), shown
    removed, added = touched(text.encode(), after)
    assert added <= 2, (text, shown)  # a line that loses a part, and a comma of the line before
    gone = len(text.splitlines()) - len(shown.splitlines())
    assert removed - added == gone
    alone = len(inner) == 0  # then `{…}` over several lines becomes `{}`
    assert gone <= size(text, path[:-1] if alone else path), (text, shown)


def size(text: str, path: tuple[Any, ...]) -> int:
    """How many lines something takes at most, with comments below it and blank lines beside it."""
    document, _ = read(text.encode(), "org.yaml")
    span, key = document.locate(path), document.locate(path, key=True)
    lines = [*text.splitlines(), "end"]
    end = span.end_line
    while "# below" in lines[end]:
        end += 1
    beside = sum(1 for number in (key.line - 2, end) if number >= 0 and not lines[number].strip())
    return end - key.line + 1 + beside


@pytest.mark.skipif(corpus() is None, reason="no corpus")
@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("seed", range(8))
def test_the_laws_hold_in_a_real_organization(seed: int, tmp_path: Path) -> None:
    source = corpus()
    assert source is not None
    before = source.read_bytes()
    if seed % 3 == 1:
        before = before.replace(b"\n", b"\r\n")
    file = tmp_path / "org.yaml"
    file.write_bytes(before)
    (data,) = load_c(before.decode())
    asked = wish(data, Random(seed))
    after = apply(file, asked.do)
    assert plain(load_c(after.decode())[0]) == plain(asked.data)
    removed, added = touched(before, after)
    assert (removed, added) <= (asked.removed, asked.added)
    assert added <= asked.added
    assert apply(file, asked.undo) == before


@given(st.integers(0, 2**32))
def test_formatting_changes_no_data_and_a_second_time_nothing(seed: int) -> None:
    chance = Random(seed)
    text = written(organization(chance), chance)
    lines = [line + chance.choice(["", "", " ", "\t"]) for line in text.split("\n")]
    for _ in range(chance.randint(0, 3)):
        lines.insert(chance.randint(0, len(lines)), chance.choice(["", "  ", "# a comment  "]))
    document, problems = read("\n".join(lines).encode(), "org.yaml")
    if problems or document.root is None:
        return  # a line was put into a value
    org, _ = decode((document,))
    again = formatted(document, fragment=False)
    assert decode((again,))[0] == org
    assert formatted(again, fragment=False).text == again.text
    assert comments(document.text) == comments(again.text)


def comments(text: str) -> list[str]:
    """All comments, without the blanks at their ends."""
    return [found.strip() for found in re.findall(r"(?m)(?:^|\s)(# (?:a comment|about|note|why|below)[^\r\n]*)", text)]
