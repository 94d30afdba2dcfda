"""Each rule about a change, on the shortest organizations: what it says, and what it leaves alone."""

from __future__ import annotations

import inspect

import pytest

from generator.model.decode import decode
from generator.model.org import Org
from generator.problems import Problem
from generator.reading.reader import read
from generator.rules import RULES
from generator.rules.history import HISTORY_RULES, PAGES, Context, HistoryRule, find_renames, judge_history
from tests.support import MINIMAL

FRAUD = MINIMAL + "namespaces: {fraud: {}}\nworkspaces: {fraud-detection: {namespace: fraud}}\n"
LEGACY = MINIMAL + "workspaces: {old: {legacy: true}}\n"
IDS = [rule.id for rule in HISTORY_RULES]


def org(text: str) -> Org:
    document, problems = read(text.encode(), "org.yaml")
    assert problems == []
    found, problems = decode((document,))
    assert problems == []
    return found


def judge(base: str, head: str, allow: int | None = None) -> list[Problem]:
    return list(judge_history(org(base), org(head), Context(allow)))


def many(
    count: int, state: str = "active", start: int = 0, policy: str = "", retired: bool = False, spaces: bool = True
) -> str:
    names = [f"n{i}" for i in range(start, start + count)]
    text = MINIMAL + (f"policy: {{maxRemovals: {policy}}}\n" if policy else "")
    if spaces:
        text += "namespaces:\n  kept: {}\n" + "".join(f"  {name}: {{state: {state}}}\n" for name in names)
        text += "workspaces:\n  kept: {namespace: kept}\n" + "".join(
            f"  w{name}: {{namespace: {name}}}\n" for name in names
        )
    else:
        text += "namespaces: {kept: {}}\nworkspaces: {kept: {namespace: kept}}\n"
    if retired:
        text += "retired:\n" + "".join(f"  n{i}: {{workspace: wn{i}}}\n" for i in range(20))
    return text


def state(name: str) -> str:
    return FRAUD.replace("fraud: {}", f"fraud: {{state: {name}}}")


GONE = MINIMAL + "retired: {fraud: {workspace: fraud-detection}}\n"

FAILS = [
    ("organization-renamed", FRAUD, FRAUD.replace("acme", "acme-eu"), '"acme", and the change makes it "acme-eu"'),
    ("cluster-renamed", FRAUD, FRAUD.replace("prod-us", "prod-eu"), '"prod-us", and the change makes it "prod-eu"'),
    (
        "workspace-remapped",
        FRAUD,
        FRAUD.replace("{fraud: {}}", "{fraud: {}, b: {}}").replace("namespace: fraud", "namespace: b"),
        '"fraud-detection" is mapped to "fraud", and Verta cannot map it to "b": a mapping is for ever; put it back',
    ),
    ("workspace-remapped", FRAUD, FRAUD.replace("namespace: fraud", "legacy: true"), "Verta cannot map it away"),
    (
        "workspace-remapped",
        FRAUD,
        FRAUD + 'verta: {namespaceFormat: "{namespace}"}\n',
        '1 mapping such as "prod-us--fraud" would become "fraud"',
    ),
    (
        "workspace-remapped",
        LEGACY,
        LEGACY + "verta: {primaryNamespace: verta}\n",
        '1 workspace without a namespace, such as "old", live in "default"',
    ),
    (
        "workspace-removed",
        FRAUD,
        MINIMAL + "namespaces: {fraud: {}}\n",
        'the state of its namespace "fraud" was "active" and not "decommission"; put it back',
    ),
    (
        "workspace-removed",
        FRAUD,
        FRAUD.replace("fraud-detection", "fraud-models"),
        '"fraud-models" takes its namespace "fraud": a workspace cannot be renamed',
    ),
    ("workspace-removed", FRAUD, state("decommission").partition("workspaces")[0], 'was "active"'),
    (
        "legacy-workspace-removed",
        LEGACY,
        MINIMAL,
        'stay in the primary namespace "default" until somebody removes them',
    ),
    (
        "namespace-removed-without-decommission",
        FRAUD,
        GONE,
        'its state was "active" and not "decommission": everything in it would be lost; put it back',
    ),
    ("namespace-removed-without-decommission", state("frozen"), GONE, 'its state was "frozen"'),
    (
        "namespace-renamed",
        FRAUD,
        FRAUD.replace("fraud: {}", "risk: {}").replace("namespace: fraud", "namespace: risk"),
        'beside the new "risk", which has its workspace "fraud-detection": a namespace cannot be renamed',
    ),
    (
        "namespace-renamed",
        FRAUD.replace("fraud: {}", "fraud: {labels: {cost-center: a1}}"),
        MINIMAL + "namespaces: {risk: {labels: {cost-center: a1}}}\nworkspaces: {risk: {namespace: risk}}\n",
        "which says the same of tier, labels, quota and owners",
    ),
    (
        "namespace-renamed",
        FRAUD,
        MINIMAL + "namespaces: {frauds: {labels: {a: b}}}\nworkspaces: {b: {namespace: frauds}}\n",
        "which is called almost the same",
    ),
    (
        "state-transition",
        FRAUD,
        state("decommission"),
        'from "active" to "decommission" in one change; freeze it first',
    ),
    (
        "removal-without-tombstone",
        state("decommission"),
        MINIMAL,
        "add `fraud: {workspace: fraud-detection}` to `retired`",
    ),
    (
        "removal-without-tombstone",
        state("decommission"),
        MINIMAL + "retired: {fraud: {}}\n",
        "must name its workspace; write `fraud: {workspace: fraud-detection}`",
    ),
    ("tombstone-removed", GONE, MINIMAL, 'the tombstone of "fraud" is gone; put it back'),
    ("tombstone-removed", GONE, GONE.replace("-detection", "s"), 'named workspace "fraud-detection"; put that back'),
    ("tombstone-reused", GONE, FRAUD, 'namespace "fraud" was retired; choose another name'),
    ("tombstone-reused", GONE, FRAUD, 'workspace "fraud-detection" was retired with namespace "fraud"'),
    (
        "too-many-removals",
        many(19, "decommission"),
        many(0, spaces=False, retired=True),
        '19 of 20 namespaces disappear in one change, more than 2 (policy.maxRemovals "10%" of the base)',
    ),
    (
        "too-many-removals",
        many(4, "decommission", policy="3"),
        many(0, spaces=False, retired=True, policy="100%"),
        'more than 3 (policy.maxRemovals "3" of the base)',
    ),
    (
        "too-many-removals",
        many(1, "decommission", policy="0%"),
        many(0, spaces=False, retired=True),
        "allow it where the check is run: --allow-removals 1",
    ),
    (
        "priority-class-changed",
        FRAUD.replace("standard: {}", "standard: {priorityClass: {value: 1}}"),
        FRAUD.replace("standard: {}", "standard: {priorityClass: {value: 2}}"),
        "goes from 1 to 2, but a PriorityClass cannot be changed",
    ),
]


@pytest.mark.parametrize(
    ("rule", "base", "head", "message"), FAILS, ids=[f"{each[0]}-{i}" for i, each in enumerate(FAILS)]
)
def test_fails(rule: str, base: str, head: str, message: str) -> None:
    found = [problem for problem in judge(base, head) if problem.rule == rule]
    assert any(message in problem.message for problem in found), judge(base, head)
    severity = {each.id: each.severity for each in HISTORY_RULES}[rule]
    assert {problem.severity for problem in found} == {severity}
    assert all(problem.related for problem in found)


PASSES = [
    ("nothing", FRAUD, FRAUD),
    ("an-addition", MINIMAL, FRAUD),
    ("frozen", FRAUD, state("frozen")),
    ("unfrozen", state("frozen"), FRAUD),
    ("decommissioned", state("frozen"), state("decommission")),
    ("rescued-to-frozen", state("decommission"), state("frozen")),
    ("rescued-to-active", state("decommission"), FRAUD),
    ("removed-through-the-lifecycle", state("decommission"), GONE),
    ("workspace-removed-first", state("decommission"), state("decommission").partition("workspaces")[0]),
    ("legacy-assigned-once", LEGACY, MINIMAL + "namespaces: {old: {}}\nworkspaces: {old: {namespace: old}}\n"),
    (
        "multiple-namespaces-enabled",
        MINIMAL + "verta: {multipleNamespaces: false}\nworkspaces: {w: {namespace: default}, v: {}}\n",
        MINIMAL + "namespaces: {w: {}}\nworkspaces: {w: {namespace: w}, v: {legacy: true}}\n",
    ),
    ("format-without-mappings", LEGACY, LEGACY + 'verta: {namespaceFormat: "{namespace}"}\n'),
    ("tombstone-gets-its-day", GONE, GONE.replace("detection}", "detection, on: 2026-09-30}")),
    ("tombstone-by-hand", MINIMAL, GONE),
    ("a-priority-appears", FRAUD, FRAUD.replace("standard: {}", "standard: {priorityClass: {value: 2}}")),
    ("a-few-removals", many(2, "decommission", start=0, policy="2"), many(0, spaces=False, retired=True)),
    ("a-share-is-at-least-one", many(1, "decommission", policy="1%"), many(0, spaces=False, retired=True)),
    (
        "reordered",
        many(5),
        many(5).replace("  n0: {state: active}\n", "").replace("  n4:", "  n0: {state: active}\n  n4:"),
    ),
    ("quota-and-tier", FRAUD, FRAUD.replace("fraud: {}", 'fraud: {quota: {pods: "1"}, tier: standard}')),
]


@pytest.mark.parametrize(("base", "head"), [each[1:] for each in PASSES], ids=[each[0] for each in PASSES])
def test_passes(base: str, head: str) -> None:
    assert judge(base, head) == []


def test_every_rule_fails_somewhere() -> None:
    assert {each[0] for each in FAILS} == set(IDS)


def test_removals_are_allowed_by_the_caller_alone() -> None:
    base, head = many(19, "decommission"), many(0, spaces=False, retired=True, policy="100%")
    assert [problem.rule for problem in judge(base, head)] == ["too-many-removals"]
    assert [problem.rule for problem in judge(base, head, 18)] == ["too-many-removals"]
    assert judge(base, head, 19) == []
    assert [problem.rule for problem in judge(many(1, "decommission"), head, 0)] == ["too-many-removals"]


def test_allowing_removals_does_not_allow_to_skip_the_lifecycle() -> None:
    found = {problem.rule for problem in judge(many(19), many(0, spaces=False, retired=True), 1000)}
    assert found == {"namespace-removed-without-decommission", "workspace-removed"}


def test_replacing_everything_is_many_removals() -> None:
    base = many(19, "decommission").replace("kept: {}", "kept: {state: decommission}")
    head = many(19, start=100).replace("kept", "other")
    found = {problem.rule: problem.message for problem in judge(base, head)}
    assert "20 of 20 namespaces, and 20 others stand in their place disappear" in found["too-many-removals"]


def test_unmapped_workspaces_count_as_removals() -> None:
    base = MINIMAL + "workspaces:\n" + "".join(f"  w{i}: {{legacy: true}}\n" for i in range(20))
    found = {problem.rule: problem for problem in judge(base, MINIMAL)}
    assert set(found) == {"legacy-workspace-removed", "too-many-removals"}
    assert "20 of 20 unmapped workspaces disappear" in found["too-many-removals"].message
    assert found["too-many-removals"].severity == "error"


def test_a_state_that_is_set_in_the_same_change_does_not_count() -> None:
    assert "namespace-removed-without-decommission" in [problem.rule for problem in judge(FRAUD, GONE)]
    found = [problem.rule for problem in judge(FRAUD, state("decommission").partition("workspaces")[0])]
    assert found == ["state-transition", "workspace-removed"]


def test_a_rename_is_told_once_and_the_nearest_is_chosen() -> None:
    base = MINIMAL + "namespaces:\n" + "".join(f"  team-{i}-dev: {{labels: {{team: t{i}}}}}\n" for i in range(50))
    head = base.replace("-dev:", "-development:")
    renames = find_renames(org(base), org(head))
    assert {old: new.name for old, new in renames.items()} == {
        f"team-{i}-dev": f"team-{i}-development" for i in range(50)
    }
    found = [problem.rule for problem in judge(base, head)]
    assert found.count("namespace-renamed") == 50
    assert "namespace-removed-without-decommission" not in found


def test_ten_thousand_of_each_are_compared_in_a_moment() -> None:
    base = MINIMAL + "namespaces:\n" + "".join(f"  a{i}: {{}}\n" for i in range(10_000))
    head = MINIMAL + "namespaces:\n" + "".join(f"  b{i}: {{}}\n" for i in range(10_000))
    assert len([each for each in judge(base, head) if each.severity == "error"]) == 10_001


def test_ids_are_unique() -> None:
    ids = [*IDS, *PAGES, *(rule.id for rule in RULES)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", HISTORY_RULES, ids=IDS)
def test_the_page_says_what_why_how_it_fails_and_what_to_do(rule: HistoryRule) -> None:
    check_page(inspect.getdoc(rule.find) or "")


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_the_other_pages_have_the_same_form(page: str) -> None:
    check_page(inspect.cleandoc(page))


def check_page(page: str) -> None:
    title, _, rest = page.partition("\n\n")
    assert title.endswith(".")
    assert "\n" not in title
    assert "\n\nFails:" in rest
    assert "\n\nFix: " in rest
