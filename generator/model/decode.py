"""Documents → Org: the union of `org.yaml` and its fragments, with every structural problem at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from generator.model.kinds import Reading, Struct
from generator.model.org import Fragment, Org
from generator.problems import Problem, Related
from generator.reading.document import Document
from generator.reading.skimming import SECTIONS

_ORG = Struct(Org)
_FRAGMENT = Struct(Fragment)


def decode(documents: tuple[Document, ...]) -> tuple[Org, list[Problem]]:
    """The organization that the documents describe together.

    What could not be read stands at its blank or its default, and there is a problem that says so; rules should not
    be asked about such places.
    """
    main, *fragments = documents
    problems: list[Problem] = []
    org: Org = _read(_ORG, main, problems)
    if not fragments:
        return org, problems
    union: dict[str, dict[str, Any]] = {"namespaces": dict(org.namespaces), "workspaces": dict(org.workspaces)}
    origin = {(section, name): main for section, entries in union.items() for name in entries}
    for document in fragments:
        part: Fragment = _read(_FRAGMENT, document, problems)
        for section, entries in (("namespaces", part.namespaces), ("workspaces", part.workspaces)):
            problems.extend(_claimed_twice(section, list(entries), document, origin))
            union[section] = {**entries, **union[section]}
    return replace(org, namespaces=union["namespaces"], workspaces=union["workspaces"]), problems


def _read(kind: Struct, document: Document, problems: list[Problem]) -> Any:
    """The organization or the fragment that a document holds."""
    root = document.core.root
    found = kind.read(root if root is not None else "", None, Reading(document, problems))
    completed = {name: document.completed(name, getattr(found, name)) for name in SECTIONS if hasattr(found, name)}
    return replace(found, **completed)


def _claimed_twice(
    section: str, names: list[str], document: Document, origin: dict[tuple[str, str], Document]
) -> Iterator[Problem]:
    for name in names:
        path = (section, name)
        first = origin.setdefault((section, name), document)
        if first is not document:
            related = Related(first.locate(path, key=True), "first defined here")
            message = f'"{name}" is already defined in {related.place}; keep one of the two'
            yield Problem(message, document.locate(path, key=True), (related,), "duplicate-key", path=path)
