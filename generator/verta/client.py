"""Verta's interface for what is needed: organizations, groups, roles and workspaces are read, workspaces written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from generator.model.kinds import nearest
from generator.printing import clipped, printable
from generator.problems import Stop, Usage
from generator.verta import messages
from generator.verta.account import Account
from generator.verta.transport import Refused, Transport

_ROOT = "/api/v2/uac-proxy/organization"
PAGE = 100
MOST = 100_000
"""Entries of one kind that are read."""

_RESTARTS = 5

Pair = tuple[str, str]
"""A group and a role."""


class Named(NamedTuple):
    """An organization, a group or a role: addressed by its id, named by people."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace as Verta has it."""

    org_id: str
    id: str
    name: str
    description: str = ""
    namespace: str = ""
    permissions: frozenset[Pair] = frozenset()
    """(group id, role id)."""
    created: str = "0"
    updated: str = "0"
    built_in: bool = False
    unknown: tuple[str, ...] = ()
    """Fields of the answer that are not among the published ones; writing the workspace would drop them."""


@dataclass(frozen=True, slots=True)
class Actual:
    """An organization as Verta has it."""

    organization: Named
    groups: tuple[Named, ...] = ()
    roles: tuple[Named, ...] = ()
    workspaces: tuple[Workspace, ...] = ()


class Client:
    """Verta's interface, spoken for one account."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def organization(self, account: Account, name: str) -> Named:
        """The organization that the account names, or the one called `name`, or (for no name) the only one.

        Raises Stop where there is not exactly one.
        """
        known = [_named("OrganizationV2", each) for each in self._list("", "organizations", "the organizations")]
        if account.organization_id:
            found = [each for each in known if each.id == account.organization_id]
            wanted = f"the id {account.organization_id}"
        else:
            name = account.organization_name or name
            found = [each for each in known if not name or each.name == name]
            wanted = f'the name "{printable(name)}"' if name else "any name"
        where = f"Verta at {account.address}"
        if len(found) == 1:
            return found[0]
        if found:
            ids = ", ".join(sorted(each.id for each in found))
            raise Stop(f"{where}: {len(found)} organizations have {wanted} ({ids}); set VERTA_ORG_ID to the one meant")
        names = sorted(each.name for each in known)
        near = printable(nearest(name, names)) if name else ""
        listed = ", ".join(f'"{clipped(printable(each), 60)}"' for each in names[:10]) or "none"
        raise Stop(
            f"{where}: the account sees no organization with {wanted}{near}; it sees {listed}; "
            "set VERTA_ORG_NAME or VERTA_ORG_ID"
        )

    def actual(self, organization: Named, tick: Callable[[int], None] = lambda done: None) -> Actual:
        """Everything that is compared. Raises Stop where it cannot be read whole."""
        groups = [_named("GroupV2", each) for each in self._list(organization.id, "groups", "the groups")]
        roles = [_named("RoleV2", each) for each in self._list(organization.id, "roles", "the roles")]
        return Actual(organization, tuple(groups), tuple(roles), self.workspaces(organization, tick))

    def workspaces(self, organization: Named, tick: Callable[[int], None] = lambda done: None) -> tuple[Workspace, ...]:
        """All workspaces. Raises Stop where they cannot be read whole."""
        found = self._list(organization.id, "workspaces", "the workspaces", tick)
        return tuple(_workspace(each, organization) for each in found)

    def workspace(self, organization: Named, key: str) -> Workspace | None:
        """One workspace by its id, as it is now; None where it is gone."""
        path = f"{_ROOT}/{_safe(organization.id)}/workspaces/{_safe(key)}"
        try:
            answer = self.transport.get(path, {}, f"workspace {key}")
        except Refused as refused:
            if refused.absent:
                return None
            raise
        found = _workspace(answer.get("workspace"), organization)
        if found.id != key:
            raise Stop(f"Verta answers workspace {found.id} where {key} was asked for; nothing was changed")
        return found

    def save(self, workspace: Workspace) -> str:
        """Create a workspace (with the id "0"), or replace the one of its id; its id.

        Replacing is repeated where no answer comes, since it changes nothing the second time; creating is not. Raises
        Refused, Unsure or Stop.
        """
        creates = workspace.id == "0"
        what = f'{"creating" if creates else "changing"} workspace "{clipped(printable(workspace.name), 80)}"'
        path = f"{_ROOT}/{_safe(workspace.org_id)}/workspaces"
        answer = self.transport.post(path, request(workspace), what, repeat=not creates)
        return str(messages.read("WorkspaceV2", answer.get("workspace") or {})["id"])

    def _list(
        self, organization: str, key: str, what: str, tick: Callable[[int], None] = lambda done: None
    ) -> list[dict[str, Any]]:
        path = _ROOT if key == "organizations" else f"{_ROOT}/{_safe(organization)}/{key}"
        for _ in range(_RESTARTS):
            found = self._pages(path, key, what, tick)
            if found is not None:
                return found
        raise Stop(f"Verta: {what} change while they are being read, {_RESTARTS} times in a row; try again later")

    def _pages(self, path: str, key: str, what: str, tick: Callable[[int], None]) -> list[dict[str, Any]] | None:
        """All entries; None where they changed in between, so that one may be missing."""
        found: dict[str, dict[str, Any]] = {}
        first = total = 0
        for number in range(1, MOST):
            query = {"pagination.page_number": number, "pagination.page_limit": PAGE}
            entries, total = _entries(self._page(path, query, what, number), key, what)
            first = total if number == 1 else first
            if total != first:
                return None
            new = {entry["id"]: entry for entry in entries}
            if len(new) != len(entries) or (total and new.keys() & found.keys()):
                return None
            grown = new.keys() - found.keys()
            found |= new
            tick(len(found))
            if max(total, len(found)) > MOST:
                raise Stop(f"Verta has more than {MOST:,} of {what}; that many are not read")
            if total and len(found) >= total:
                return list(found.values()) if len(found) == total else None
            if not grown or (not total and len(entries) < PAGE):
                return list(found.values()) if not total else None
        raise AssertionError  # every page grew, so the limit was reached before

    def _page(self, path: str, query: dict[str, int], what: str, number: int) -> dict[str, Any]:
        try:
            return self.transport.get(path, query, what)
        except Refused as refused:
            # An organization without any; but somebody who may not see (403) must not be taken for one without.
            if refused.absent and number == 1:
                return {}
            raise


def request(workspace: Workspace) -> bytes:
    """The body of the request that creates or replaces a workspace."""
    return messages.body(
        "SetWorkspaceV2",
        {
            "workspace": {
                "org_id": workspace.org_id,
                "id": workspace.id,
                "name": workspace.name,
                "description": workspace.description,
                "permissions": [{"group_id": one, "role_id": two} for one, two in sorted(workspace.permissions)],
                "created_timestamp": workspace.created,
                "updated_timestamp": workspace.updated,
                "namespace": workspace.namespace,
                "built_in": workspace.built_in,
            }
        },
    )


def _entries(page: dict[str, Any], key: str, what: str) -> tuple[list[dict[str, Any]], int]:
    entries, total = page.get(key) or [], page.get("total_records", page.get("totalRecords")) or 0
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise Stop(f"Verta answers no list where {what} were asked for")
    if not all(_is_id(each.get("id")) for each in entries):
        raise Stop(f"Verta answers an entry without an id among {what}")
    if not re.fullmatch(r"[0-9]{1,18}", str(total), re.ASCII) or isinstance(total, bool):
        raise Stop(f"Verta does not say how many {what} there are in a number")
    return [{**each, "id": str(each["id"])} for each in entries], int(total)


def _named(message: str, data: object) -> Named:
    plain = messages.read(message, data)
    return Named(plain["id"], plain["name"])


def _workspace(data: object, organization: Named) -> Workspace:
    plain = messages.read("WorkspaceV2", data)
    assert isinstance(data, dict)
    if plain["org_id"] not in ("", organization.id):
        raise Stop("Verta answers a workspace of another organization; nothing was changed")
    return Workspace(
        org_id=organization.id,
        id=plain["id"],
        name=plain["name"],
        description=plain["description"],
        namespace=plain["namespace"],
        permissions=frozenset((each["group_id"], each["role_id"]) for each in plain["permissions"]),
        created=plain["created_timestamp"],
        updated=plain["updated_timestamp"],
        built_in=plain["built_in"],
        unknown=messages.unknown("WorkspaceV2", data),
    )


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and _ID.fullmatch(str(value)) is not None


_ID = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._:@-]{1,128}", re.ASCII)


def _safe(value: str) -> str:
    """An id as it stands in a path. Raises Usage where it would lead elsewhere."""
    if not _is_id(value):
        raise Usage("the id of an organization or a workspace has characters that no id has; check VERTA_ORG_ID")
    return value


def duplicates(workspaces: tuple[Workspace, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names that several workspaces have, each with their ids."""
    ids: dict[str, list[str]] = {}
    for workspace in workspaces:
        ids.setdefault(workspace.name, []).append(workspace.id)
    yield from ((name, tuple(sorted(each))) for name, each in sorted(ids.items()) if len(each) > 1)
