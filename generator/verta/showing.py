"""Plan for Verta → the plan that every report can show, and one JSON line for each thing that was done."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from generator.plan.change import Change, Detail, Grant, Plan, Risk, Subject, in_order
from generator.problems import Path
from generator.rules.access import ADMINS, EVERYONE
from generator.verta.account import Account
from generator.verta.applying import Done
from generator.verta.planning import Finding, Step, VertaPlan

_RISKS: dict[str, Risk] = {
    "workspace-conflict": "danger",
    "declaration-refused": "danger",
    "permission-model": "attention",
    "workspace-personal": "attention",
    "mapping-held": "attention",
    "group-missing": "attention",
    "role-missing": "attention",
    "workspace-undeclared": "safe",
    "grant-undeclared": "safe",
}
_SUBJECTS = {
    "group-missing": "group",
    "role-missing": "role",
    "grant-undeclared": "group",
    "permission-model": "organization",
}


def shown(plan: VertaPlan, account: Account) -> Plan:
    """The plan in the words of every other plan."""
    changes: list[Change] = []
    granted: dict[tuple[str, str], list[Step]] = {}
    revoked: dict[tuple[str, str], list[Step]] = {}
    for step in plan.steps:
        changes += _workspace(step, plan)
        for pairs, found in ((step.granted, granted), (step.revoked, revoked)):
            for pair in pairs:
                found.setdefault(plan.names(pair), []).append(step)
    changes += [_access(pair, steps, gained=True) for pair, steps in granted.items()]
    changes += [_access(pair, steps, gained=False) for pair, steps in revoked.items()]
    paths = {step.wanted.name: step.wanted.path for step in plan.steps}
    changes += [_finding(finding, paths) for finding in plan.findings]
    return Plan(
        plan.actual.organization.name,
        f"{account.address}",
        in_order(changes),
        granted=tuple(_grants(granted)),
        revoked=tuple(_grants(revoked)),
    )


def _workspace(step: Step, plan: VertaPlan) -> Iterator[Change]:
    wanted = step.wanted
    subject = Subject("workspace", wanted.name)
    if step.creates:
        details = [Detail("mapped, for ever, to", wanted.namespace)] if wanted.namespace else []
        reason = "Verta does not have it yet"
        yield Change("workspace-created", subject, "safe", reason, wanted.path, details=tuple(details))
        return
    if step.maps:
        reason = "its endpoints are deployed there from then on, and the mapping cannot be changed or undone"
        yield Change("workspace-mapped", subject, "danger", reason, wanted.path, what="namespace", new=wanted.namespace)
    if step.describes:
        old = next(each.description for each in plan.actual.workspaces if each.id == step.id)
        reason = "a text for people"
        yield Change(
            "workspace-changed", subject, "safe", reason, wanted.path, "head", "description", old, wanted.description
        )


def _access(pair: tuple[str, str], steps: list[Step], gained: bool) -> Change:
    group, role = pair
    if not gained:
        risk: Risk = "danger" if group == ADMINS else "attention"
        reason = "loses access: nobody declared it, and `verta.permissions` is exact"
    elif all(step.creates for step in steps):
        risk, reason = "safe", "gains access in a new place"
    else:
        risk, reason = "attention", "gains access"
    if gained and group == EVERYONE:
        risk, reason = "danger", "everybody in Verta gains access"
    places = tuple(sorted(step.wanted.name for step in steps))
    kind, old, new = ("access-granted", None, role) if gained else ("access-revoked", role, None)
    path: Path = min(step.wanted.path for step in steps)
    return Change(kind, Subject("group", group), risk, reason, path, "head", "workspace", old, new, places)


def _finding(finding: Finding, paths: dict[str, Path]) -> Change:
    kind = finding.kind
    subject = Subject(_SUBJECTS.get(kind, "workspace"), finding.name)
    place = finding.places[0] if finding.places else finding.name
    path: Path = paths.get(place, ())
    if not path and kind not in ("workspace-undeclared", "declaration-refused", "permission-model", "grant-undeclared"):
        path = ("workspaces", place)
    details = tuple(Detail(_split(remedy)[0], _split(remedy)[1]) for remedy in finding.remedies)
    return Change(
        kind, subject, _RISKS[kind], finding.reason, path, "head", finding.what, finding.old, finding.new,
        finding.places, details,
    )  # fmt: skip


def _split(remedy: str) -> tuple[str, str]:
    """A remedy as words of ours and the name in it that people wrote."""
    words, quote, name = remedy.partition('"')
    return (words.rstrip(" :"), name.removesuffix("?").removesuffix('"')) if quote else (remedy, "")


def _grants(found: dict[tuple[str, str], list[Step]]) -> list[Grant]:
    return sorted(
        Grant("verta", group, step.wanted.name, (role,)) for (group, role), steps in found.items() for step in steps
    )


def done_line(done: Done, plan: VertaPlan) -> str:
    """What was done of a workspace, as one line of JSON."""
    step = done.step
    return _line(
        {
            "change": done.outcome,
            "workspace": step.wanted.name,
            "id": done.id,
            "mapped": step.wanted.namespace if step.maps else None,
            "description": step.wanted.description if step.describes else None,
            "granted": [_pair(plan.names(pair)) for pair in sorted(step.granted)],
            "revoked": [_pair(plan.names(pair)) for pair in sorted(step.revoked)],
        }
    )


def finding_line(finding: Finding) -> str:
    """Something to know, as one line of JSON."""
    return _line(
        {
            "finding": finding.kind,
            "blocks": finding.blocks,
            "name": finding.name,
            "what": finding.what,
            "old": finding.old,
            "new": finding.new,
            "places": list(finding.places),
            "reason": finding.reason,
            "remedies": list(finding.remedies),
        }
    )


def done_words(done: Done, plan: VertaPlan) -> str:
    """What was done of a workspace, for people; the name in it is as it was written."""
    step = done.step
    if done.outcome == "already":
        return "was as declared already"
    parts = ["created" if step.creates else ""]
    parts.append(f"mapped to {step.wanted.namespace}" if step.maps else "")
    parts.append("described" if step.describes and not step.creates else "")
    parts += [f"granted {role} to {group}" for group, role in sorted(map(plan.names, step.granted))]
    parts += [f"revoked {role} from {group}" for group, role in sorted(map(plan.names, step.revoked))]
    return ", ".join(part for part in parts if part)


def _pair(names: tuple[str, str]) -> dict[str, str]:
    return {"group": names[0], "role": names[1]}


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data)
