"""A ConfigMap that we rendered → the workspace that it describes."""

from __future__ import annotations

import json
from typing import NamedTuple

from generator.importing.survey import Body, annotations_of, mapping, sequence
from generator.importing.texts import fits
from generator.model import org as model
from generator.rendering.views import PAYLOAD


class Described(NamedTuple):
    """A workspace as its ConfigMap describes it."""

    name: str
    description: str = ""
    mapped: str = ""
    """The namespace as Verta writes it; empty for a workspace without one."""
    permissions: tuple[tuple[str, str], ...] = ()
    """Group and role, each as Verta calls it."""
    by_organization: bool = False
    """Whether the mapping stands on the organization, as before the new permission system."""


def described(body: Body) -> Described | None:
    """The workspace of a ConfigMap; None where that cannot be read."""
    try:
        payload = mapping(json.loads(str(mapping(body.get("data")).get(PAYLOAD))))
    except (ValueError, RecursionError):
        payload = {}
    by_organization = "organization" in payload
    what = mapping(payload.get("organization" if by_organization else "workspace"))
    name = what.get("name") or annotations_of(body).get("verta-gitops.io/workspace")
    if not isinstance(name, str) or not fits(model.NONEMPTY, name):
        return None
    description, mapped = what.get("description"), what.get("namespace")
    given = [mapping(each) for each in sequence(payload.get("permissions"))]
    permissions = {
        (group, role)
        for each in given
        for group, role in [(each.get("group"), each.get("role"))]
        if isinstance(group, str) and isinstance(role, str)
        if fits(model.NONEMPTY, group) and fits(model.NONEMPTY, role)
    }
    return Described(
        name,
        description if isinstance(description, str) and fits(model.TEXT, description) else "",
        mapped if isinstance(mapped, str) else "",
        tuple(sorted(permissions)),
        by_organization,
    )
