"""Two trees of rendered files → what differs in them that no change of org.yaml explains: templates, own manifests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice

from generator.model.naming import home
from generator.model.org import Org
from generator.plan.change import Change, Detail, Risk, Subject
from generator.plan.edits import edits

Texts = Mapping[str, str | None]
"""The text of every file by its path; None for one that is known to be the same on both sides."""

MOST_LINES = 60
"""Lines of an example; what is left out is said."""

_NAME = re.compile(r"(?m)^kind: (.+)$|^  (name(?:space)?): (.+)$")


@dataclass(frozen=True)
class Trees:
    """What was rendered at the base, what its organization renders to now, and what the head renders to."""

    before: Texts
    replayed: Texts
    after: Texts
    own: Set[str] = frozenset()
    """Paths that templates of the organization's own render: whatever differs there is shown."""


@dataclass(frozen=True, slots=True)
class _Difference:
    """How one object differs; two with the same lines are the same difference."""

    file: str
    action: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def untouched(old: Org, new: Org) -> set[str]:
    """The namespaces that render to the same text on both sides, whatever the templates."""
    differing = [edit.path for edit in edits(old, new)]
    shared = ("namespaces", "workspaces", "tiers", "retired")
    if any(path[0] not in shared for path in differing):
        return set()
    touched = {str(path[1]) for path in differing if path[0] == "namespaces"}
    changed = {path[1] for path in differing if path[0] == "workspaces"}
    tiers = {path[1] for path in differing if path[0] == "tiers"}
    for org in (old, new):
        touched |= {home(org, workspace) for name, workspace in org.workspaces.items() if name in changed}
    return {
        name
        for name, namespace in new.namespaces.items()
        if name not in touched and (namespace.tier or new.defaults.tier) not in tiers
    }


def tree_changes(trees: Trees) -> Iterator[Change]:
    """Every difference of rendered objects that is not the effect of a change of the organization, each shown once."""
    found: dict[tuple[str, _Difference], list[tuple[str, str, str]]] = {}
    for path in sorted({**trees.before, **trees.replayed, **trees.after}):
        own = path in trees.own
        then = trees.before.get(path, "")
        now = (trees.after if own else trees.replayed).get(path, "")
        if then == now or now is None or then is None:
            continue
        kind = "manifest-changed" if own else "template-changed"
        for one, two in _objects(then, now):
            found.setdefault((kind, _difference(path, one, two)), []).append((path, one, two))
    for (kind, difference), places in found.items():
        yield _change(kind, difference, places)


def _objects(then: str, now: str) -> Iterator[tuple[str, str]]:
    """The documents that differ, matched by kind and name; what else differs in the text is one more."""
    one, two = _documents(then), _documents(now)
    differ = False
    for identity in {**one, **two}:
        if one.get(identity, "") != two.get(identity, ""):
            differ = True
            yield one.get(identity, ""), two.get(identity, "")
    if not differ:
        yield then, now


def _documents(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for document in re.split(r"(?m)^---[ \t]*\n", text):
        if document.strip():
            identity = _identity(document)
            while identity in found:
                identity += "'"
            found[identity] = document
    return found


def _identity(document: str) -> str:
    _, _, metadata = document.partition("\nmetadata:\n")
    names = {match[2]: match[3] for match in reversed(list(_NAME.finditer(metadata))) if match[2]}
    kind = next((match[1] for match in _NAME.finditer(document) if match[1]), "")
    return f"{kind} {names.get('namespace', '')} {names.get('name', '')}"


def _difference(path: str, one: str, two: str) -> _Difference:
    scope, _, rest = path.partition("/")
    parts = rest.split("/")
    file = f"{scope}/*/{parts[-1]}" if scope == "namespaces" else path
    if scope == "namespaces" and parts[-1].startswith("workspace-"):
        file = f"{scope}/*/workspace-*.yaml"
    had, has = one.splitlines(), two.splitlines()
    action = "added" if not one else "removed" if not two else "changed"
    if action != "changed":
        kinds = tuple(line for line in had + has if line.startswith("kind: "))
        return _Difference(file, action, kinds, ())
    name = re.compile(rf"(?<![a-z0-9-]){re.escape(parts[0])}(?![a-z0-9-])") if scope == "namespaces" else None
    seen_one, seen_two = set(had), set(has)

    def only(lines: list[str], others: set[str]) -> tuple[str, ...]:
        found = (line for line in lines if line not in others)
        return tuple(name.sub("<namespace>", line) if name else line for line in found)

    removed, added = only(had, seen_two), only(has, seen_one)
    if not removed and not added:  # the same lines in another order or number
        removed, added = tuple(had), tuple(has)
    return _Difference(file, action, removed, added)


def _change(kind: str, difference: _Difference, places: list[tuple[str, str, str]]) -> Change:
    path, one, two = places[0]
    names = tuple(sorted({each.split("/")[1] for each, _, _ in places if each.startswith("namespaces/")}))
    number = f"{len(places):,} object{'' if len(places) == 1 else 's'} {difference.action}"
    reason = "not by org.yaml: a template or verta-gitops itself changed, or rendered/ was stale at the base"
    risk: Risk = "danger" if difference.action == "removed" else "attention"
    if kind == "manifest-changed":
        reason = "by a template of the organization's own, or by what it is rendered from"
    return Change(
        kind, Subject("file", difference.file), risk, reason, (), "head", number, places=names,
        details=(Detail("shown", path),), example=_example(path, one, two),
    )  # fmt: skip


def _example(path: str, one: str, two: str) -> str:
    names = f"a/{path}" if one else "/dev/null", f"b/{path}" if two else "/dev/null"
    lines = unified_diff(one.splitlines(), two.splitlines(), *names, lineterm="")
    shown = list(islice(lines, MOST_LINES + 1))
    if len(shown) > MOST_LINES:
        rest = sum(1 for _ in lines) + 1
        shown[-1] = f"… {rest:,} more lines"
    return "\n".join(shown)
