from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.model.decode import decode
from generator.model.kinds import Date, Struct
from generator.model.org import Group, Namespace, Org, Workspace
from generator.model.packing import pack, unpack
from generator.reading.reader import read
from tests.plan.organizations import GROUPS, NAMES, group, namespace, workspace
from tests.support import CASES


def through_json(cls: type[Any], value: Any) -> Any:
    kind = Struct(cls, keyed=True)
    return unpack(kind, json.loads(json.dumps(pack(kind, value))), value.name)


def entries(org: Org) -> list[tuple[type[Any], Any]]:
    sections = ((Group, org.groups), (Namespace, org.namespaces), (Workspace, org.workspaces))
    return [(cls, value) for cls, section in sections for value in section.values()]


@given(st.sampled_from(NAMES).flatmap(namespace))
def test_a_namespace_is_the_same_after_packing(value: Namespace) -> None:
    assert repr(through_json(Namespace, value)) == repr(value)


@given(st.sampled_from(NAMES).flatmap(workspace))
def test_a_workspace_is_the_same_after_packing(value: Workspace) -> None:
    assert repr(through_json(Workspace, value)) == repr(value)


@given(st.sampled_from(GROUPS).flatmap(group))
def test_a_group_is_the_same_after_packing(value: Group) -> None:
    assert repr(through_json(Group, value)) == repr(value)


def test_what_the_cases_hold_is_the_same_after_packing() -> None:
    number = 0
    for path in sorted(CASES.glob("*/org.yaml")):
        document, problems = read(path.read_bytes(), "org.yaml")
        org, more = decode((document,))
        if not problems and not more:
            for cls, value in entries(org):
                assert repr(through_json(cls, value)) == repr(value), path
                number += 1
    assert number > 100


def test_a_kind_that_is_in_no_entry_is_not_packed() -> None:
    with pytest.raises(TypeError, match="Date"):
        pack(Date(), "2026-09-30")
