"""Plain data ↔ Verta's published messages: a field that they do not have is refused before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from generator.problems import Stop

_STRING, _BOOL, _INT64, _UINT64, _INT32 = 9, 8, 3, 4, 5
"""Types of a field as `FieldDescriptorProto` numbers them."""

MESSAGES: dict[str, tuple[tuple[str, int, int | str], ...]] = {
    "Permission": (("group_id", 2, _STRING), ("role_id", 3, _STRING)),
    "WorkspaceV2": (
        ("org_id", 1, _STRING),
        ("id", 2, _UINT64),
        ("name", 3, _STRING),
        ("description", 4, _STRING),
        ("permissions", 5, "*Permission"),
        ("created_timestamp", 7, _INT64),
        ("updated_timestamp", 8, _INT64),
        ("namespace", 9, _STRING),
        ("built_in", 10, _BOOL),
    ),
    "SetWorkspaceV2": (("workspace", 2, "WorkspaceV2"),),
    "OrganizationV2": (("id", 1, _STRING), ("name", 2, _STRING)),
    "GroupV2": (("id", 1, _STRING), ("org_id", 2, _STRING), ("name", 3, _STRING), ("built_in", 5, _BOOL)),
    "RoleV2": (("org_id", 1, _STRING), ("id", 2, _STRING), ("name", 3, _STRING), ("built_in", 4, _BOOL)),
}
"""The messages that are used, each field with its number and its type: a number, or the name of a message, `*` many.

Of what is only read, only the fields that are looked at are listed; of a workspace, which is written, all.
"""


@cache
def _class(name: str) -> Any:
    """The class of a message, in a pool of its own: another library may know messages of these names too."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="verta_gitops.proto", package="ai.verta.uac", syntax="proto3")
    for message, fields in MESSAGES.items():
        described = file.message_type.add(name=message)
        for field, number, kind in fields:
            one = described.field.add(name=field, number=number, label=1)
            if isinstance(kind, str):
                one.type, one.type_name = 11, f".ai.verta.uac.{kind.removeprefix('*')}"  # type: ignore[assignment]
                one.label = 3 if kind.startswith("*") else 1  # type: ignore[assignment]
            else:
                one.type = kind  # type: ignore[assignment]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"ai.verta.uac.{name}"))


def build(name: str, data: Mapping[str, Any]) -> Any:
    """A message of plain data. Raises ValueError where a field is unknown or its value is of another type."""
    from google.protobuf import json_format

    try:
        return json_format.ParseDict(dict(data), _class(name)())
    except (json_format.ParseError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"no {name}: {error}") from error


def body(name: str, data: Mapping[str, Any]) -> bytes:
    """The JSON that is sent: snake case, 64-bit integers as texts, and fields without a value written out."""
    from google.protobuf import json_format

    plain = json_format.MessageToDict(
        build(name, data), preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()


def read(name: str, data: object) -> dict[str, Any]:
    """What an answer says in the fields that are known, each with a value. Raises Stop where it is no such message."""
    from google.protobuf import json_format

    if not isinstance(data, dict):
        raise Stop(f"Verta answers something that is no {name}; nothing was concluded from it")
    try:
        message = json_format.ParseDict(data, _class(name)(), ignore_unknown_fields=True)
        plain: dict[str, Any] = json_format.MessageToDict(
            message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
        )
    except (json_format.ParseError, TypeError, AttributeError, ValueError, RecursionError):
        # The reason would repeat what the server sent, which may be anything.
        raise Stop(f"Verta answers a {name} with a field of another type than published") from None
    return plain


def unknown(name: str, data: Mapping[str, Any]) -> tuple[str, ...]:
    """Fields of an answer that say something and are not among the published ones."""
    known = {spelling for field, *_ in MESSAGES[name] for spelling in (field, _camel(field))}
    return tuple(
        sorted(
            key for key, value in data.items() if key not in known and value not in (None, "", 0, False, "0", [], {})
        )
    )


def _camel(field: str) -> str:
    first, *rest = field.split("_")
    return first + "".join(word.title() for word in rest)
