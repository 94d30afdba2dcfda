"""What is shown adds up: capacity, what fits, access, cost and use, against the rules and the plan."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.cluster.dump import read_dump
from generator.model.org import Namespace, Org
from generator.model.quantity import Quantity
from generator.pipeline import examine
from generator.plan.access import matrix
from generator.problems import Stop, Usage
from generator.rules.capacity import allowed, promised
from generator.rules.resources import requested
from generator.views.access import group_view, rights, roles
from generator.views.capacity import capacity
from generator.views.cost import cost
from generator.views.data import as_data, readable
from generator.views.network import ways, ways_of
from generator.views.prices import read_prices
from generator.views.rows import Wanted, rows
from generator.views.used import usage_of, used
from tests.support import FRAUD, MINIMAL, ROOT, corpus, write


def example() -> Org:
    org = examine(str(ROOT / "org.yaml")).org
    assert org is not None
    return org


def organization(folder: Path, text: str) -> Org:
    org = examine(str(write(folder, {"org.yaml": text}) / "org.yaml")).org
    assert org is not None
    return org


EXAMPLE = example()


def test_what_is_promised_is_what_the_rules_count() -> None:
    found = {each.resource: each for each in capacity(EXAMPLE).resources}
    for resource, promise in promised(EXAMPLE).items():
        each = found[requested(resource)]
        assert each.amount == promise.total
        assert each.allowed == allowed(EXAMPLE, resource)
        assert {part.tier: (part.namespaces, part.amount) for part in each.parts} == promise.by_tier


@given(st.lists(st.sampled_from(sorted(EXAMPLE.tiers)), max_size=6))
def test_as_many_more_fit_as_is_said_and_no_more(members: list[str]) -> None:
    namespaces = {f"n{each}": Namespace(f"n{each}", tier=tier) for each, tier in enumerate(members)}
    org = replace(EXAMPLE, namespaces=namespaces)
    for fit in capacity(org).fits:
        assert fit.more is not None
        for extra, fits in ((fit.more, True), (fit.more + 1, False)):
            new = {f"x{each}": Namespace(f"x{each}", tier=fit.tier) for each in range(extra)}
            grown = replace(org, namespaces={**namespaces, **new})
            within = [promise.total <= allowed(grown, name) for name, promise in promised(grown).items()]
            assert all(within) == fits


def test_nothing_is_known_to_fit_without_a_capacity(tmp_path: Path) -> None:
    found = capacity(organization(tmp_path, MINIMAL + FRAUD))
    assert [(fit.more, fit.bound) for fit in found.fits] == [(None, "")]
    assert found.resources == ()


@pytest.mark.parametrize("whose", ["example", "corpus"])
def test_rights_are_those_of_the_plan(whose: str) -> None:
    org: Org | None = EXAMPLE
    if whose == "corpus":
        if (file := corpus()) is None:
            pytest.skip("no corpus: $VERTA_GITOPS_CORPUS names no folder that has it")
        org = examine(str(file)).org
    assert org is not None
    found = list(rights(org))
    given_ = {(name, each.group) for name, workspace in org.workspaces.items() for each in workspace.access}
    assert {(right.workspace, right.group) for right in found} == given_
    in_verta = {(cell.subject, cell.place) for cell in matrix(org) if cell.system == "verta"}
    names = {key: group.verta or key for key, group in org.groups.items()}
    assert {(names[right.group], right.workspace) for right in found if right.verta} == in_verta


@pytest.mark.parametrize("question", ["model-risk", "oidc:model-risk", "Model Risk", "@northlake/model-risk"])
def test_a_group_by_any_of_its_names(question: str) -> None:
    found = group_view(EXAMPLE, question)
    assert (found.group, found.owns) == ("model-risk", ("fraud",))
    assert [(right.workspace, right.roles, right.verta, right.kubernetes) for right in found.rights] == [
        (name, ("auditor",), "Reader", "ClusterRole view") for name in ("fraud-detection", "fraud-research", "pricing")
    ]


def test_a_group_that_is_not_there_or_not_alone() -> None:
    with pytest.raises(Usage, match=r'there is no group "model-rist".*did you mean "model-risk"'):
        group_view(EXAMPLE, "model-rist")
    groups = {**EXAMPLE.groups, "other": replace(EXAMPLE.groups["model-risk"], name="other")}
    with pytest.raises(Usage, match="several groups: model-risk, other"):
        group_view(replace(EXAMPLE, groups=groups), "Model Risk")


def test_roles_say_how_far_they_are_given() -> None:
    found = {role.role: role for role in roles(EXAMPLE)}
    assert (found["auditor"].verta, found["auditor"].kubernetes) == ("Reader", "ClusterRole view")
    assert (found["auditor"].groups, found["auditor"].workspaces) == (1, 3)
    assert found["on-call"].kubernetes.startswith("get, list, watch: pods, pods/log, events")


def test_the_ways_of_a_namespace() -> None:
    found = {each.namespace: each for each in ways(EXAMPLE)}
    assert found["fraud"].sources == ("claims-triage", "monitoring", "verta")
    assert found["fraud"].targets == ("10.60.12.0/24", "API server at 10.40.0.10/32", "verta")
    assert found["pricing"].targets == ("anywhere",)
    assert all(ways_of(EXAMPLE, name) == each for name, each in found.items())


def test_shares_of_the_cost_add_up() -> None:
    found = cost(EXAMPLE)
    assert sum(Fraction(str(each.percent)) for each in found.centres) == pytest.approx(100, abs=0.5)
    assert sorted(name for each in found.centres for name in each.namespaces) == sorted(EXAMPLE.namespaces)
    assert [each.percent for each in found.centres] == sorted((each.percent for each in found.centres), reverse=True)
    assert (found.centres[0].centre, found.centres[0].percent) == ("4100", 38.2)
    # 112/400 cpu, 640/1856 Gi memory, 8/12 gpu, 160/680 pods
    assert found.centres[0].percents == {
        "requests.cpu": 28.0, "requests.memory": 34.5, "requests.nvidia.com/gpu": 66.7, "pods": 23.5,
    }  # fmt: skip


def test_prices(tmp_path: Path) -> None:
    text = (
        "currency: EUR\nperiod: month\nprices:\n  cpu: {price: 20.5, per: 1}\n  requests.memory: {price: 3, per: 4Gi}\n"
    )
    write(tmp_path, {"prices.yaml": text})
    found = cost(EXAMPLE, prices=read_prices(str(tmp_path / "prices.yaml")))
    first = found.centres[0]
    assert (found.unit, first.centre, first.cost) == ("EUR per month", "4100", 112 * 20.5 + 640 / 4 * 3)
    assert found.total == 400 * 20.5 + 1856 / 4 * 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; expected"),
        ("prices: {requests.cpu: {price: -1, per: 1}}", r"prices.yaml:1:32: expected a price such as 21.50"),
        ("prices: {requests.cpu: {price: 1, per: 0}}", r"prices.yaml:1:\d+: a price is for more than nothing"),
        ("prices: {requests.cpu: {price: 1}}", "per"),
        ("prices: {}", "there is no price in it"),
        (
            "prices: {cpu: {price: 1, per: 1}, requests.cpu: {price: 2, per: 1}}",
            r"prices.yaml:1:\d+: requests.cpu is the same as cpu above; keep one",
        ),
        ("prices: {requests.cpu: 1}", "expected a map"),
        ("prices: {requests.cpu: {price: 1e9, per: 1}}", "expected a price"),
        ("prices: {requests.cpu: {price: 1, per: 1}}\nsurcharge: 3", "surcharge"),
        ("prices: &a {x: *a}", "prices.yaml:1:9"),
    ],
)
def test_a_price_list_that_is_none(tmp_path: Path, text: str, message: str) -> None:
    write(tmp_path, {"prices.yaml": text})
    with pytest.raises(Stop, match=message):
        read_prices(str(tmp_path / "prices.yaml"))


QUOTA = """\
{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "%s", "namespace": "fraud"}, "status": %s}"""


def dump(folder: Path, *statuses: str) -> Path:
    items = ", ".join(QUOTA % (f"q{each}", status) for each, status in enumerate(statuses))
    write(folder, {"usage.json": f'{{"apiVersion": "v1", "kind": "List", "items": [{items}]}}'})
    return folder / "usage.json"


def test_use_is_held_against_the_quota(tmp_path: Path) -> None:
    file = dump(tmp_path, '{"used": {"requests.cpu": "8", "pods": "150", "services": "3"}}', '{"used": {"cpu": "16"}}')
    found = list(used(EXAMPLE, usage_of(read_dump(str(file)))))
    assert [(each.resource, str(each.used), str(each.quota), each.percent) for each in found] == [
        ("requests.cpu", "16", "64", 25.0),
        ("pods", "150", "120", 125.0),
    ]


@pytest.mark.parametrize("status", ['{"used": {"pods": "many"}}', '{"used": {"pods": {}}}'])
def test_a_use_that_is_no_amount(tmp_path: Path, status: str) -> None:
    with pytest.raises(Stop, match=r"status\.used"):
        usage_of(read_dump(str(dump(tmp_path, status))))


@pytest.mark.parametrize("status", ["{}", "null", '{"used": []}', "[]"])
def test_a_quota_that_says_nothing_of_its_use(tmp_path: Path, status: str) -> None:
    assert list(used(EXAMPLE, usage_of(read_dump(str(dump(tmp_path, status)))))) == []


def test_rows_that_are_wanted() -> None:
    def names(wanted: Wanted) -> list[str]:
        return [row.workspace for row in rows(EXAMPLE) if row in wanted]

    assert len(names(Wanted())) == len(EXAMPLE.workspaces)
    assert names(Wanted(tiers=frozenset({"gpu"}))) == ["claims-vision", "service-assistant"]
    assert names(Wanted(states=frozenset({"frozen"}))) == ["demand-forecasting"]
    assert names(Wanted(owners=frozenset({"model-risk"}))) == ["fraud-detection"]
    assert names(Wanted(groups=frozenset({"actuaries"}))) == ["Actuarial Sandbox", "pricing", "reserving"]
    assert names(Wanted(labels=(("cost-center", "4711"),))) == ["fraud-detection", "fraud-research"]
    assert len(names(Wanted(labels=(("cost-center", None),)))) == 10
    assert names(Wanted(tiers=frozenset({"gpu"}), owners=frozenset({"claims-leads"}))) == ["claims-vision"]


def test_amounts_for_people() -> None:
    found = {each.resource: each for each in capacity(EXAMPLE).resources}
    assert readable(found["requests.cpu"].allowed) == "614.4"
    assert readable(found["requests.memory"].amount) == "1856Gi"
    assert readable(Quantity(1_250_000_000)) == "1.25", "as exact as a quota can be"
    assert readable(Quantity(1_500_000_000_000)) == "1500"
    assert readable(None) == "–"
    assert as_data(found["requests.cpu"])["allowed"] == "614400m"
