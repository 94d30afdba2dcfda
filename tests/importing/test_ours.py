"""A cluster that we rendered comes back: what is rendered of the import is what the cluster has."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from generator.cluster.comparing import differing
from generator.importing.importing import Wanted, import_live
from generator.model.decode import decode
from generator.model.org import Org
from generator.pipeline import examine
from generator.reading.reader import read
from generator.rules import judge
from tests.importing.clusters import live_of, rendered_objects, served
from tests.importing.organizations import valid_organizations
from tests.plan.organizations import organizations
from tests.support import ROOT


def example() -> Org:
    org = examine(str(ROOT / "org.yaml")).org
    assert org is not None
    return org


def again(text: str) -> Org:
    """The organization of a text, which must be without problems of form."""
    document, problems = read(text.encode(), "org.yaml")
    org, more = decode((document,))
    assert [*problems, *more] == []
    return org


def test_the_example_comes_back_without_a_difference() -> None:
    bodies = [served(each) for each in rendered_objects(example()).values()]
    found = import_live(live_of(bodies), Wanted())
    assert found.residuals == ()
    assert (found.kept, found.lost, found.commands) == ({}, {}, ())
    assert rendered_objects(again(found.files["org.yaml"])) == rendered_objects(example())


def test_the_example_keeps_its_names(tmp_path: Path) -> None:
    org = example()
    bodies = [served(each) for each in rendered_objects(org).values()]
    found = import_live(live_of(bodies), Wanted()).org
    assert found.organization.name == org.organization.name
    assert (found.cluster.name, found.cluster.kubernetes_version) == ("prod-east", "1.33")
    assert found.cluster.api_server == org.cluster.api_server
    assert found.verta.deployer == org.verta.deployer
    assert found.verta.primary_namespace == "verta"
    assert found.defaults == org.defaults
    assert found.tiers.keys() == org.tiers.keys()
    for name, tier in org.tiers.items():
        assert (found.tiers[name].priority_class, found.tiers[name].description) == (
            tier.priority_class,
            tier.description,
        )
        assert found.tiers[name].quota == tier.quota or name == "gpu"  # one of its two namespaces has another quota
        assert found.tiers[name].container == tier.container
    for name, namespace in org.namespaces.items():
        assert found.namespaces[name].owners == tuple(sorted(namespace.owners))
        assert found.namespaces[name].labels == namespace.labels
        assert found.namespaces[name].annotations == namespace.annotations
        assert found.namespaces[name].state == namespace.state
    for name, workspace in org.workspaces.items():
        assert found.workspaces[name].description == workspace.description
        assert found.workspaces[name].namespace == workspace.namespace
        assert found.workspaces[name].legacy == workspace.legacy


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40, deadline=None)
@given(valid_organizations())
def test_what_was_rendered_is_rendered_again(org: Org) -> None:
    before = rendered_objects(org)
    found = import_live(live_of(map(served, before.values())), Wanted("acme", "prod", "1.33", "verta"))
    after = rendered_objects(again(found.files["org.yaml"]))
    assert [
        (key, list(differing(before[key], after.get(key, {})))) for key in before if after.get(key) != before[key]
    ] == []
    assert sorted(after) == sorted(before)
    assert (found.residuals, found.kept, found.lost) == ((), {}, {})


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60, deadline=None)
@given(organizations)
def test_what_a_rule_refuses_is_kept_and_the_rest_passes(org: Org) -> None:
    """Whatever else stands in a cluster, the import passes, and no object is lost or differs without a reason."""
    before = rendered_objects(org)
    found = import_live(live_of(map(served, before.values())), Wanted("acme", "prod", "1.33"))
    passed = again(found.files["org.yaml"])
    assert [each for each in judge(passed) if each.severity == "error"] == []
    assert [each for each in found.residuals if each.what == "unexplained"] == []
    said = {*rendered_objects(passed), *found.kept, *found.lost, *(each.identity for each in found.residuals)}
    gone = {*found.draft.refused, *found.survey.excluded}
    assert [key for key in before if key not in said and key.namespace not in gone and key.name not in gone] == []


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_a_dump_changes_no_byte(seed: int) -> None:
    import random

    bodies = [served(each) for each in rendered_objects(example()).values()]
    files = import_live(live_of(bodies), Wanted()).files
    random.Random(seed).shuffle(bodies)
    assert import_live(live_of(bodies), Wanted()).files == files
