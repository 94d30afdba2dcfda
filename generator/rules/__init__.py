"""Org → Problems: what must hold of an organization. Each rule is a function; its docstring is its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from generator.model.org import Org
from generator.problems import Problem, Severity
from generator.rules import delivery, mapping, metadata, names, references


class Rule(NamedTuple):
    """A rule and how much it weighs: an error stops rendering, a warning does not."""

    find: Callable[[Org], Iterator[Problem]]
    severity: Severity = "error"

    @property
    def id(self) -> str:
        """The rule's name in kebab-case; it is never changed."""
        return self.find.__name__.replace("_", "-")


RULES = (
    Rule(names.reserved_namespace),
    Rule(names.workspace_name_collision),
    Rule(mapping.workspace_without_namespace),
    Rule(mapping.legacy_workspace, "warning"),
    Rule(mapping.personal_workspace),
    Rule(mapping.namespace_shared),
    Rule(mapping.namespace_without_workspace),
    Rule(mapping.only_primary_namespace),
    Rule(mapping.retired_name_reused),
    Rule(references.unknown_tier),
    Rule(references.namespace_without_tier),
    Rule(references.unknown_group),
    Rule(references.unknown_role),
    Rule(references.unknown_namespace),
    Rule(references.role_without_effect),
    Rule(metadata.required_label),
    Rule(metadata.reserved_label),
    Rule(metadata.annotations_too_large),
    Rule(delivery.delivery_without_repository),
    Rule(delivery.delivery_destination),
)


def judge(org: Org, rules: tuple[Rule, ...] = RULES) -> Iterator[Problem]:
    """What the rules find, each problem with the id and the severity of its rule."""
    for rule in rules:
        for problem in rule.find(org):
            yield replace(problem, rule=rule.id, severity=rule.severity)
