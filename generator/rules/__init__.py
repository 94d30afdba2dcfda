"""Org → Problems: what must hold of an organization. Each rule is a function; its docstring is its page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from generator.model.org import Org
from generator.problems import Problem, Severity
from generator.rules import access, capacity, delivery, mapping, metadata, names, network, quota, references, sync


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
    Rule(mapping.workspace_name_form, "warning"),
    Rule(mapping.workspace_names_alike, "warning"),
    Rule(mapping.ambiguous_mapping),
    Rule(references.unknown_tier),
    Rule(references.namespace_without_tier),
    Rule(references.unknown_group),
    Rule(references.unknown_role),
    Rule(references.unknown_namespace),
    Rule(references.role_without_effect),
    Rule(metadata.required_label),
    Rule(metadata.reserved_label),
    Rule(metadata.annotations_too_large),
    Rule(metadata.key_prefix_too_long),
    Rule(metadata.workspace_too_large),
    Rule(metadata.invalid_selector),
    Rule(quota.unknown_quota_resource),
    Rule(quota.extended_resource_in_quota),
    Rule(quota.unknown_container_resource),
    Rule(quota.fractional_count),
    Rule(quota.wrong_unit),
    Rule(quota.quota_stated_twice, "warning"),
    Rule(quota.quota_limit_below_request),
    Rule(quota.limit_range_order),
    Rule(quota.extended_resource_overcommitted),
    Rule(quota.max_becomes_default, "warning"),
    Rule(quota.quota_without_default),
    Rule(quota.default_above_quota),
    Rule(quota.max_above_quota, "warning"),
    Rule(quota.pods_do_not_fit, "warning"),
    Rule(quota.container_default_without_quota, "warning"),
    Rule(quota.container_larger_than_node),
    Rule(quota.max_larger_than_node, "warning"),
    Rule(quota.quota_without_room),
    Rule(capacity.capacity_exceeded),
    Rule(capacity.capacity_without_bound, "warning"),
    Rule(capacity.overcommit_without_capacity, "warning"),
    Rule(access.unused_group, "warning"),
    Rule(access.unused_role, "warning"),
    Rule(access.repeated_grant),
    Rule(access.group_with_two_roles, "warning"),
    Rule(access.unreachable_workspace, "warning"),
    Rule(access.namespace_without_owners, "warning"),
    Rule(access.system_subject),
    Rule(access.shared_subject, "warning"),
    Rule(access.super_user_for_everyone, "warning"),
    Rule(access.built_in_name_misspelt, "warning"),
    Rule(access.cluster_role_misspelt, "warning"),
    Rule(access.incomplete_role),
    Rule(access.role_is_cluster_admin),
    Rule(access.role_escalates),
    Rule(access.role_with_wildcard, "warning"),
    Rule(access.role_reads_secrets, "warning"),
    Rule(access.role_enters_pods, "warning"),
    Rule(access.role_mints_tokens, "warning"),
    Rule(access.role_lifts_guards, "warning"),
    Rule(network.allow_from_invalid),
    Rule(network.allow_from_retired),
    Rule(network.allow_from_misspelt, "warning"),
    Rule(network.network_without_effect, "warning"),
    Rule(network.weaker_isolation, "warning"),
    Rule(network.pod_security_without_reason),
    Rule(network.restricted_egress_without_api_server, "warning"),
    Rule(network.impossible_network),
    Rule(network.network_host_bits),
    Rule(network.allow_to_everything, "warning"),
    Rule(sync.sync_schedule),
    Rule(sync.sync_image_unpinned, "warning"),
    Rule(sync.sync_without_workspaces, "warning"),
    Rule(delivery.delivery_without_repository),
    Rule(delivery.delivery_destination),
    Rule(delivery.flux_repository),
    Rule(delivery.revision_pinned, "warning"),
    Rule(delivery.delivery_name_taken),
    Rule(delivery.source_repos_without_argocd, "warning"),
    Rule(delivery.application_too_large, "warning"),
)


def judge(org: Org, rules: tuple[Rule, ...] = RULES) -> Iterator[Problem]:
    """What the rules find, each problem with the id and the severity of its rule."""
    for rule in rules:
        for problem in rule.find(org):
            yield replace(problem, rule=rule.id, severity=rule.severity)
