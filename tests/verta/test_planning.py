from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from generator.verta.client import Actual, Named, Workspace
from generator.verta.desired import Desired, Unusable, Wanted
from generator.verta.planning import Look, Rules, Step, VertaPlan, held, plan

GROUPS = (Named("g-all", "All Users"), Named("g-ds", "Data Scientists"))
ROLES = (Named("r-c", "Contributor"), Named("r-su", "Super User"))
FRAUD = Wanted("fraud", "Card fraud", "prod--fraud", "fraud", frozenset({("Data Scientists", "Contributor")}))
GRANT = ("g-ds", "r-c")
MAY_MAP = Rules(allow_mapping=True)


def there(name: str = "fraud", key: str = "1", **more: Any) -> Workspace:
    """A workspace as it is declared, but for what is said."""
    usual: dict[str, Any] = {"description": "Card fraud", "namespace": "prod--fraud", "permissions": frozenset({GRANT})}
    return Workspace("org-1", key, name, **{**usual, **more})


def compare(
    *workspaces: Workspace, wanted: tuple[Wanted, ...] = (FRAUD,), rules: Rules = MAY_MAP, **more: Any
) -> VertaPlan:
    """The plan between what is wanted and what is there."""
    actual = Actual(Named("org-1", "acme"), GROUPS, ROLES, workspaces)
    return plan(Desired("acme", wanted, **more), actual, rules)


def kinds(found: VertaPlan) -> list[str]:
    """The kinds of the findings."""
    return [finding.kind for finding in found.findings]


def test_nothing_is_done_where_all_is_as_declared() -> None:
    assert compare(there()) == VertaPlan(compare(there()).actual)


def test_what_is_missing_is_created_with_its_mapping() -> None:
    found = compare()
    assert found.steps == (Step(FRAUD, "0", maps=True, describes=True, granted=frozenset({GRANT})),)
    assert not found.blocked


def test_a_workspace_without_a_namespace_is_mapped_only_where_that_is_allowed() -> None:
    assert compare(there(namespace="")).steps == (Step(FRAUD, "1", maps=True),)
    found = compare(there(namespace="", description="old"), rules=Rules())
    assert found.steps == (Step(FRAUD, "1", describes=True),)
    assert kinds(found) == ["mapping-held"]
    assert found.blocked


@pytest.mark.parametrize("wanted", [FRAUD, replace(FRAUD, namespace="", home="")])
def test_a_mapping_is_never_changed_nor_undone(wanted: Wanted) -> None:
    found = compare(there(namespace="prod--other", description="old"), wanted=(wanted,))
    assert found.steps == ()
    (finding,) = found.findings
    assert (finding.kind, finding.old, finding.new) == ("workspace-conflict", "prod--other", wanted.namespace or None)
    assert "cannot be changed once it was made" in finding.reason
    assert len(finding.remedies) == 2
    assert '"prod--other"' in finding.remedies[0]


def test_a_namespace_that_belongs_to_another_workspace_is_not_taken() -> None:
    for same in ((), (there(namespace=""),)):
        found = compare(there("renamed by hand", "9"), *same)
        assert found.steps == ()
        conflict = found.findings[0]
        assert (conflict.kind, conflict.what, conflict.old) == (
            "workspace-conflict", "namespace prod--fraud", "renamed by hand",
        )  # fmt: skip
        assert "renamed in Verta by hand" in conflict.remedies[0]
    assert kinds(compare(there(), there("second", "9"))) == ["workspace-conflict", "workspace-undeclared"]


def test_two_workspaces_of_one_name_are_left_alone() -> None:
    found = compare(there(key="1", description="a"), there(key="2", namespace=""))
    assert found.steps == ()
    assert (found.findings[0].kind, found.findings[0].old) == ("workspace-conflict", "1, 2")


def test_a_description_that_is_not_declared_stays() -> None:
    assert compare(there(), wanted=(replace(FRAUD, description=""),)).steps == ()


def test_grants_are_added_and_only_exact_revokes() -> None:
    more = there(permissions=frozenset({("g-all", "r-su"), ("g-gone", "r-gone")}))
    found = compare(more)
    assert found.steps == (Step(FRAUD, "1", granted=frozenset({GRANT})),)
    assert [(each.kind, each.name, each.what, each.places) for each in found.findings] == [
        ("grant-undeclared", "All Users", "Super User", ("fraud",)),
        ("grant-undeclared", "g-gone", "r-gone", ("fraud",)),
    ]
    assert not found.blocked
    found = compare(more, exact=True)
    assert found.steps == (Step(FRAUD, "1", granted=frozenset({GRANT}), revoked=more.permissions),)
    assert found.findings == ()


def test_a_group_or_a_role_that_is_missing_holds_its_workspaces() -> None:
    wanted = (
        replace(FRAUD, permissions=frozenset({("data scientist", "Contributor"), ("All Users", "Owner")})),
        Wanted("churn", "", "prod--churn", "churn", frozenset({("data scientist", "Contributor")})),
    )
    found = compare(there(description="old"), wanted=wanted, exact=True)
    assert found.steps == ()
    assert [(each.kind, each.name, each.places) for each in found.findings] == [
        ("role-missing", "Owner", ("fraud",)),
        ("group-missing", "data scientist", ("churn", "fraud")),
    ]
    assert found.findings[1].remedies == ('did you mean "Data Scientists"?',)


def test_two_groups_of_one_name_are_not_guessed_between() -> None:
    actual = Actual(Named("org-1", "acme"), (*GROUPS, Named("g-2", "Data Scientists")), ROLES, ())
    found = plan(Desired("acme", (FRAUD,)), actual)
    assert (found.steps, kinds(found)) == ((), ["group-missing"])
    assert "Verta has 2 groups of this name" in found.findings[0].reason


def test_a_workspace_of_the_primary_namespace_is_not_created_with_multiple_namespaces() -> None:
    legacy = Wanted("old")
    found = compare(there("olds", "7", namespace=""), wanted=(legacy,))
    assert (found.steps, kinds(found)) == ((), ["workspace-conflict", "workspace-undeclared"])
    assert 'did you mean "olds"?' in found.findings[0].remedies[1]
    assert compare(wanted=(legacy,), multiple_namespaces=False).steps == (Step(legacy, "0"),)
    assert compare(there("old", namespace=""), wanted=(legacy,)).steps == ()


def test_workspaces_that_nobody_declares_are_reported() -> None:
    found = compare(
        there(), there("b", "3", namespace="prod--b"), there("a", "2", namespace=""),
        there("c", "4", namespace="", built_in=True),
    )  # fmt: skip
    assert [(each.kind, each.name, each.what) for each in found.findings] == [
        ("workspace-undeclared", "a", "no namespace"),
        ("workspace-undeclared", "b", "prod--b"),
        ("workspace-undeclared", "c", "no namespace"),
    ]
    assert "personal" in found.findings[0].reason
    assert "built into Verta" in found.findings[2].reason
    assert not found.blocked


def test_a_personal_workspace_and_one_that_is_not_believed_are_left_alone() -> None:
    found = compare(there(description="x"), wanted=(replace(FRAUD, personal=True),))
    assert (found.steps, kinds(found)) == ((), ["workspace-personal"])
    found = compare(there(), wanted=(), unusable=(Unusable("fraud", "fraud", "was edited"),))
    assert (found.steps, kinds(found), found.blocked) == ((), ["declaration-refused"], True)


def test_the_old_permission_model_is_said_and_nothing_else() -> None:
    found = compare(there(description="x"), by_organization=True)
    assert (found.steps, kinds(found), found.blocked) == ((), ["permission-model"], True)


def test_fields_that_writing_would_drop_hold_the_workspace() -> None:
    more = there(description="x", unknown=("color",))
    found = compare(more)
    assert (found.steps, kinds(found), found.findings[0].old) == ((), ["workspace-conflict"], "color")
    assert compare(more, rules=Rules(allow_unknown_fields=True)).steps == (Step(FRAUD, "1", describes=True),)


def test_only_steps_that_tie_to_a_faulty_namespace_are_held() -> None:
    churn = Wanted("churn", "new", "prod--churn", "churn")
    found = compare(there("churn", "2", namespace="prod--churn"), wanted=(FRAUD, churn), exact=True)
    faults = {"fraud": "does not exist in the cluster", "churn": "does not exist in the cluster"}
    after = held(found, faults)
    assert [step.wanted.name for step in after.steps] == ["churn"]
    assert [(each.kind, each.name, each.new) for each in after.findings] == [("workspace-conflict", "fraud", "fraud")]
    assert held(found, {}) == found


def test_a_step_is_still_to_be_done_only_as_it_was_planned() -> None:
    desired = Desired("acme", (FRAUD,))
    planned = Step(FRAUD, "1", describes=True, granted=frozenset({GRANT}))

    def still(*workspaces: Workspace, step: Step = planned, rules: Rules = MAY_MAP) -> Step | None:
        return Look(desired, Actual(Named("org-1", "acme"), GROUPS, ROLES, workspaces)).still(step, rules)

    assert still(there(description="old", permissions=frozenset())) == planned
    assert still(there(description="old")) == Step(FRAUD, "1", describes=True)
    assert still(there()) is None
    with pytest.raises(ValueError, match="it is gone"):
        still()
    with pytest.raises(ValueError, match="would need more than what was planned"):
        still(there(namespace=""))
    with pytest.raises(ValueError, match="cannot be changed once it was made"):
        still(there(namespace="prod--other"))
    create = Step(FRAUD, "0", maps=True, describes=True, granted=frozenset({GRANT}))
    assert still(step=create) == create
    assert still(there(), step=create) is None
    with pytest.raises(ValueError, match="somebody else created it"):
        still(there(permissions=frozenset()), step=create)
