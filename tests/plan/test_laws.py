"""Laws of every plan, on random organizations and random edits."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import validator_for

from generator.model.org import Org
from generator.plan.access import access_matrix
from generator.plan.change import KINDS, Change, Plan
from generator.plan.edits import edits
from generator.plan.json import json_plan, plan_schema
from generator.plan.manifests import Trees, untouched
from generator.plan.markdown import LIMIT, markdown
from generator.plan.planning import plan
from generator.plan.text import text
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.plan.organizations import SECTIONS, edited, organizations

TEMPLATES = Templates()
FEWER = settings(max_examples=settings().max_examples // 3)
"""For laws that render whole organizations."""

VALIDATOR = validator_for(plan_schema())


def nowhere(change: Change) -> None:
    return None


def data(found: Plan) -> Any:
    return json.loads(json_plan(found, nowhere))


def rendered(org: Org) -> dict[str, str]:
    return {path: text or "" for path, text in render(org, TEMPLATES)}


@FEWER
@given(organizations)
def test_nothing_changes_where_nothing_changed(org: Org) -> None:
    tree = rendered(org)
    found = plan(org, org, Trees(tree, tree, tree))
    assert not found
    assert found == plan(org, replace(org))
    assert list(edits(org, org)) == []


def _forth(change: Change) -> tuple[object, ...]:
    return change.kind, change.subject, change.what, change.old, change.new, change.places


def _back(change: Change) -> tuple[object, ...]:
    return KINDS[change.kind].mirror, change.subject, change.what, change.new, change.old, change.places


@given(edited())
def test_there_and_back_mirror_each_other(pair: tuple[Org, Org]) -> None:
    old, new = pair
    there, back = plan(old, new), plan(new, old)
    assert Counter(_forth(each) for each in there.changes if KINDS[each.kind].mirror) == Counter(
        _back(each) for each in back.changes if KINDS[each.kind].mirror
    )
    assert (there.granted, there.revoked) == (back.revoked, back.granted)


@given(edited())
def test_adds_and_removes_turn_one_access_matrix_into_the_other(pair: tuple[Org, Org]) -> None:
    old, new = pair
    access = data(plan(old, new))["access"]
    cells = {
        side: {
            (each["system"], each["subject"], each["place"], permission)
            for each in access[side]
            for permission in each["permissions"]
        }
        for side in ("added", "removed")
    }
    before = access_matrix(old)
    assert cells["removed"] <= before
    assert not cells["added"] & before
    assert (before - cells["removed"]) | cells["added"] == access_matrix(new)


@given(edited())
def test_every_gain_and_loss_of_access_is_among_the_changes(pair: tuple[Org, Org]) -> None:
    found = plan(*pair)
    said = {
        (each.kind in ("access-granted", "access-widened"), each.subject.name, place)
        for each in found.changes
        if each.kind.startswith("access-")
        for place in each.places
    }
    gains = {(True, each.subject.removeprefix("serviceaccount "), each.place) for each in found.granted}
    losses = {(False, each.subject.removeprefix("serviceaccount "), each.place) for each in found.revoked}
    cells = {each[1:] for each in gains | losses}
    assert cells == {each[1:] for each in said}, "a cell that gains or loses is said, and no other"


@given(edited())
def test_a_difference_of_the_organization_is_never_silent(pair: tuple[Org, Org]) -> None:
    old, new = pair
    differing = list(edits(old, new))
    assert bool(differing) == (not _same(old, new))
    assert bool(plan(old, new)) == bool(differing)
    paths = [each.path for each in differing]
    assert len(paths) == len(set(paths))


def _same(old: Org, new: Org) -> bool:
    return repr(_sorted(old)) == repr(_sorted(new))


def _sorted(value: Any) -> Any:
    """A value with its maps in one order, and an optional part that says nothing as none."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if hasattr(value, "__dataclass_fields__") and not hasattr(value, "nanos"):
        return type(value).__name__, [_sorted(getattr(value, each.name)) for each in fields(value)]
    return value


@FEWER
@given(edited())
def test_a_difference_of_what_is_rendered_is_never_silent(pair: tuple[Org, Org]) -> None:
    old, new = pair
    before, after = rendered(old), rendered(new)
    if before != after:
        assert plan(old, new, Trees(before, before, after))
    if before:
        stale = {path: text for path, text in before.items() if path != min(before)}
        assert plan(old, new, Trees(stale, before, after)).worst() in ("attention", "danger")


@FEWER
@given(edited())
def test_an_untouched_namespace_renders_to_the_same_text(pair: tuple[Org, Org]) -> None:
    old, new = pair
    before, after = rendered(old), rendered(new)
    for name in untouched(old, new):
        prefix = f"namespaces/{name}/"
        assert {path: text for path, text in before.items() if path.startswith(prefix)} == {
            path: text for path, text in after.items() if path.startswith(prefix)
        }


@given(edited())
def test_the_order_of_the_file_does_not_matter(pair: tuple[Org, Org]) -> None:
    def turned(org: Org) -> Org:
        sections: dict[str, Any] = {name: dict(reversed(getattr(org, name).items())) for name in SECTIONS}
        return replace(org, **sections)

    old, new = pair
    assert data(plan(turned(old), turned(new))) == data(plan(old, new))


@given(st.none() | organizations, organizations)
def test_every_plan_can_be_written(old: Org | None, new: Org) -> None:
    found = plan(old, new)
    VALIDATOR.validate(data(found))
    assert len(markdown(found, nowhere).encode()) <= LIMIT
    assert "\x1b" not in text(found, nowhere).replace("\x1b[", "")
    assert found.first == (old is None)


@pytest.mark.parametrize("kind", KINDS)
def test_mirrors_are_mutual(kind: str) -> None:
    mirror = KINDS[kind].mirror
    assert not mirror or KINDS[mirror].mirror == kind
