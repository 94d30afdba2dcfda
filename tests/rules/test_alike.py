"""What rules about numbers find of many namespaces, though they look at those with the same numbers once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from generator.model.effective import effective
from generator.model.org import Cluster, Namespace, Org, Organization, Tier
from generator.model.quantity import ZERO, parse_quantity
from generator.problems import Problem
from generator.rules import RULES, judge
from generator.rules.capacity import Promise, promised
from generator.rules.resources import requested
from tests.plan.organizations import containers, organizations, quotas
from tests.support import MINIMAL, invoke, write

many = st.lists(
    st.builds(
        Namespace,
        name=st.just(""),
        tier=st.sampled_from(["", "standard", "ultra", "batch", "unknown"]),
        quota=quotas(2),
        container=containers,
        state=st.sampled_from(["active", "frozen"]),
    ),
    max_size=5,
)


def twice(org: Org, namespaces: list[Namespace]) -> Org:
    """The organization with these namespaces, each of them several times."""
    named = {f"n{position}": each for position, each in enumerate(namespaces * 2)}
    return replace(org, namespaces={name: replace(each, name=name) for name, each in named.items()})


def one_by_one(org: Org) -> dict[str, Promise]:
    """What `promised` says, counted namespace by namespace."""
    found = {key: Promise() for key in org.cluster.capacity}
    for namespace in org.namespaces.values():
        holds = effective(org, namespace)
        for key, promise in found.items():
            amounts = [amount for name, amount in holds.quota.items() if requested(name) == requested(key)]
            if not amounts:
                promise.unbounded[holds.tier] = promise.unbounded.get(holds.tier, 0) + 1
                continue
            least = min(reversed(amounts))  # of two that are equal, the last tells how it is written
            promise.total += least
            number, amount = promise.by_tier.get(holds.tier, (0, ZERO))
            promise.by_tier[holds.tier] = number + 1, amount + least
    return found


SAME = {"cpu": parse_quantity("1Gi"), "requests.cpu": parse_quantity("1073741824")}
BARE = Org(
    version=1,
    organization=Organization(name="acme"),
    cluster=Cluster(name="c", kubernetes_version="1.33", capacity={"cpu": ZERO}),
)


@given(organizations, many)
@example(BARE, [Namespace(name="", quota=SAME)])
def test_what_is_promised_is_the_sum_of_all(org: Org, namespaces: list[Namespace]) -> None:
    whole = twice(org, namespaces)
    assert repr(promised(whole)) == repr(one_by_one(whole))


def shown(problems: list[Problem], name: str, other: str) -> list[tuple[str, str]]:
    """What is said at a namespace, with another name in it."""
    return sorted(
        (each.rule, each.message.replace(f'"{name}"', f'"{other}"'))
        for each in problems
        if getattr(each.place, "path", ())[:2] == ("namespaces", name)
    )


NUMBERS = tuple(rule for rule in RULES if rule.find.__module__.endswith(".quota") and rule.id != "quota-without-room")


@given(organizations, many)
def test_a_namespace_is_judged_as_if_it_were_the_only_one(org: Org, namespaces: list[Namespace]) -> None:
    whole = twice(org, namespaces)
    found = list(judge(whole, NUMBERS))
    for name, namespace in whole.namespaces.items():
        alone = list(judge(replace(whole, namespaces={name: namespace}), NUMBERS))
        assert shown(found, name, name) == shown(alone, name, name)


def test_the_same_quota_with_other_container_limits_is_other_numbers(tmp_path: Path) -> None:
    text = MINIMAL.replace("standard: {}", 'standard: {quota: {requests.cpu: "4", pods: "4"}}')
    sides = ("defaultRequest: {cpu: 100m}, default: {cpu: 100m}", 'defaultRequest: {cpu: "8"}, default: {cpu: "8"}')
    spaces = "".join(f"  n{i}: {{container: {{{side}}}}}\n" for i, side in enumerate(sides))
    rooms = "".join(f"  n{i}-models: {{namespace: n{i}}}\n" for i in range(len(sides)))
    write(tmp_path, {"org.yaml": f"{text}namespaces:\n{spaces}workspaces:\n{rooms}"})
    found = [line for line in invoke("check", cwd=tmp_path).out.splitlines() if "[default-above-quota]" in line]
    assert [line.partition('namespace "')[2][:2] for line in found] == ["n1"]


def test_a_frozen_namespace_promises_no_pods_beside_one_that_is_not() -> None:
    tier = Tier(name="standard", quota={"pods": parse_quantity("5")})
    cluster = Cluster(name="c", kubernetes_version="1.33", capacity={"pods": parse_quantity("100")})
    states = ("frozen", "active", "frozen", "active")
    spaces = {f"n{i}": Namespace(name=f"n{i}", tier="standard", state=state) for i, state in enumerate(states)}
    org = Org(
        version=1,
        organization=Organization(name="acme"),
        cluster=cluster,
        tiers={"standard": tier},
        namespaces=spaces,
    )
    assert promised(org)["pods"].total == parse_quantity("10")
