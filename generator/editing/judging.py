"""A draft → what speaks against writing it, and what it does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from generator.editing.drafting import Draft
from generator.model.org import Org
from generator.pipeline import Examined, examine, rulebook
from generator.plan.change import Plan
from generator.problems import Problem, Stop


@dataclass(frozen=True)
class Judged:
    """What is known of an edit before it is written."""

    before: Examined
    after: Examined
    errors: tuple[Problem, ...]
    """What the edit breaks; where there is something, it is not written."""
    warnings: tuple[Problem, ...]
    """What else is to be seen because of it."""
    plan: Plan | None
    """What it does; nothing where the organization cannot be understood for another reason."""


def judge(draft: Draft, base_ref: str = "") -> Judged:
    """Hold the organization with the edit against the organization without it: nothing that passed may fail.

    Where the edit concerns what exists, its mapping or its state, the guards of the lifecycle are asked too, against
    the commit that the change grew from (or `base_ref`), the last one, or where there is none, the file as it is.
    """
    rules = rulebook(draft.file)
    before = examine(draft.file, rules=rules)
    after = examine(draft.file, rules=rules, store=draft.changed())
    found = _new(before.problems, after.problems)
    errors = [problem for problem in found if problem.severity == "error"]
    warnings = [problem for problem in found if problem.severity != "error"]
    plan: Plan | None = None
    if before.org is not None and after.org is not None:
        if _life(before.org) != _life(after.org):
            errors += _against_history(draft, before, after, base_ref)
        from generator.plan.planning import plan as compare

        plan = compare(before.org, after.org)
    return Judged(before, after, tuple(errors), tuple(warnings), plan)


def _new(before: Iterable[Problem], after: Iterable[Problem]) -> list[Problem]:
    """The problems that were not there before, whatever line they stood on."""
    known = Counter(map(_identity, before))
    found = []
    for problem in after:
        identity = _identity(problem)
        if known[identity] > 0:
            known[identity] -= 1
        else:
            found.append(problem)
    return found


def _identity(problem: Problem) -> tuple[object, ...]:
    if problem.path:
        return problem.rule, problem.path
    return problem.rule, problem.place[0], re.sub(r"[0-9]+", "#", problem.message)


def _life(org: Org) -> object:
    """What the guards of the lifecycle watch."""
    return (
        {name: namespace.state for name, namespace in org.namespaces.items()},
        {name: (workspace.namespace, workspace.legacy) for name, workspace in org.workspaces.items()},
        {name: tombstone.workspace for name, tombstone in org.retired.items()},
        (org.organization.name, org.cluster.name, org.verta.primary_namespace, org.verta.namespace_format),
    )


def _base(file: str, base_ref: str) -> Examined | None:
    """What the change grew from: the base that is named or known; else, as nothing is shared yet, the last commit."""
    from generator.history import examine_base, find_base

    for ref in (base_ref,) if base_ref else ("", "HEAD"):
        try:
            base = find_base(file, ref)
        except Stop:
            if base_ref:
                raise
            continue
        if base_ref or not base.new:
            return examine_base(base)
    return None


def _against_history(draft: Draft, before: Examined, after: Examined, base_ref: str) -> list[Problem]:
    from generator.history import compare_with

    base = _base(draft.file, base_ref) or before  # no git: what is written now is all that is known
    found = _new(compare_with(base, before), compare_with(base, after))
    return [problem for problem in found if problem.severity == "error"]
