from __future__ import annotations

import json
import re

import pytest

from generator.problems import Stop
from generator.verta import messages
from generator.verta.client import Workspace, request

PUBLISHED = {
    "Permission": {"group_id": 2, "role_id": 3},
    "WorkspaceV2": {
        "org_id": 1, "id": 2, "name": 3, "description": 4, "permissions": 5, "created_timestamp": 7,
        "updated_timestamp": 8, "namespace": 9, "built_in": 10,
    },
    "SetWorkspaceV2": {"workspace": 2},
    "OrganizationV2": {
        "id": 1, "name": 2, "description": 3, "created_timestamp": 4, "updated_timestamp": 5, "admins": 6,
    },
    "GroupV2": {
        "id": 1, "org_id": 2, "name": 3, "description": 4, "built_in": 5, "member_ids": 6, "created_timestamp": 7,
        "updated_timestamp": 8,
    },
    "RoleV2": {"org_id": 1, "id": 2, "name": 3, "built_in": 4, "resource_actions": 5, "description": 6},
}  # fmt: skip
"""Fields and numbers as Verta publishes them, written down anew."""

CAPTURED = (
    '{"workspace":{"org_id":"org-1","name":"fraud","permissions":[{"group_id":"g-adm","role_id":"r-su"},'
    '{"group_id":"g-all","role_id":"r-new"}],"namespace":"prod--team-fraud","id":"0","description":"",'
    '"created_timestamp":"0","updated_timestamp":"0","built_in":false}}'
)
"""What Verta's own client sends to create a workspace."""


def test_the_wire_form_is_that_of_the_real_classes() -> None:
    data = {
        "workspace": {
            "org_id": "o", "name": "n", "namespace": "c--n", "permissions": [{"group_id": "g", "role_id": "r"}],
        }
    }  # fmt: skip
    message = messages.build("SetWorkspaceV2", data)
    assert message.SerializeToString().hex() == "12140a016f1a016e2a061201671a01724a04632d2d6e"


def test_every_field_is_a_published_one_with_its_number() -> None:
    for name, fields in messages.MESSAGES.items():
        assert {field: number for field, number, _ in fields}.items() <= PUBLISHED[name].items()
    assert {field for field, *_ in messages.MESSAGES["WorkspaceV2"]} == set(PUBLISHED["WorkspaceV2"])


def test_the_request_is_byte_for_byte_the_captured_one() -> None:
    permissions = frozenset({("g-adm", "r-su"), ("g-all", "r-new")})
    assert request(Workspace("org-1", "0", "fraud", "", "prod--team-fraud", permissions)).decode() == CAPTURED


def test_every_field_that_is_sent_is_a_published_one() -> None:
    full = Workspace("o", "7", "n", "d", "c--n", frozenset({("g", "r")}), "1", "2", True, unknown=("more",))
    sent = json.loads(request(full))
    assert sent.keys() == PUBLISHED["SetWorkspaceV2"].keys()
    assert sent["workspace"].keys() == PUBLISHED["WorkspaceV2"].keys()
    assert sent["workspace"]["permissions"][0].keys() == PUBLISHED["Permission"].keys()
    assert all(re.fullmatch("[0-9]+", sent["workspace"][each]) for each in ("id", "created_timestamp"))


@pytest.mark.parametrize(
    "data",
    [
        {"workspace": {"nmae": "n"}},
        {"workspace": {"name": 5}},
        {"workspace": {"permissions": [{"group": "g"}]}},
        {"workspace": {"permissions": {"group_id": "g"}}},
        {"workspace": {"id": "-1"}},
        {"workspaces": {}},
    ],
)
def test_a_field_that_is_not_published_is_refused_before_it_is_sent(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"^no SetWorkspaceV2: "):
        messages.body("SetWorkspaceV2", data)


@pytest.mark.parametrize("data", [None, [], "x", 3, {"id": "x"}, {"name": ["n"]}, {"permissions": "all"}, {"id": -1}])
def test_an_answer_that_is_no_such_message_stops(data: object) -> None:
    with pytest.raises(Stop, match=r"^Verta answers"):
        messages.read("WorkspaceV2", data)


def test_an_answer_may_say_more_and_leave_out_what_is_empty() -> None:
    found = messages.read("WorkspaceV2", {"id": "7", "name": "n", "color": "red"})
    assert (found["id"], found["description"], found["permissions"], found["built_in"]) == ("7", "", [], False)
    data = {"id": "7", "createdTimestamp": "1", "color": "red", "owner": "", "tags": []}
    assert messages.unknown("WorkspaceV2", data) == ("color",)
