"""A finding is reported once, where it comes from."""

from __future__ import annotations

from pathlib import Path

from generator.pipeline import examine
from generator.rules.quota import objects
from tests.support import load_c, rendered, write

HEAD = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
defaults: {tier: standard}
groups: {ds: {}}
"""


def found(tmp_path: Path, text: str, rule: str) -> list[str]:
    write(tmp_path, {"org.yaml": HEAD + text})
    problems = examine(str(tmp_path / "org.yaml")).problems
    return [".".join(map(str, problem.path)) for problem in problems if problem.rule == rule]


def namespaces(**lines: str) -> str:
    spaces = "".join(f"  {name}: {{{line}}}\n" for name, line in lines.items())
    return f"namespaces:\n{spaces}workspaces:\n" + "".join(f"  {name}: {{namespace: {name}}}\n" for name in lines)


def test_what_comes_from_a_tier_is_said_once_at_the_tier(tmp_path: Path) -> None:
    tiers = 'tiers:\n  standard: {quota: {requests.cpu: "4", pods: "100"}, container: {default: {cpu: 500m}}}\n'
    text = tiers + namespaces(a="", b="", c='quota: {services: "5"}', d="container: {min: {cpu: 10m}}")
    assert found(tmp_path, text, "pods-do-not-fit") == ["tiers.standard.quota.pods"]


def test_a_namespace_is_judged_where_it_changes_what_holds(tmp_path: Path) -> None:
    tiers = 'tiers:\n  standard: {quota: {requests.cpu: "4", pods: "8"}, container: {default: {cpu: 500m}}}\n'
    text = tiers + namespaces(
        a="", b='quota: {pods: "9"}', c="container: {default: {cpu: 600m}}", d='quota: {pods: "1"}'
    )
    assert found(tmp_path, text, "pods-do-not-fit") == [
        "namespaces.b.quota.pods",
        "namespaces.c.container.default.cpu",
    ]


def test_a_tier_that_every_namespace_completes_is_not_blamed(tmp_path: Path) -> None:
    tiers = 'tiers:\n  standard: {quota: {requests.cpu: "4"}}\n'
    completed = namespaces(a="container: {default: {cpu: 1}}", b="container: {defaultRequest: {cpu: 1}}")
    assert found(tmp_path, tiers + completed, "quota-without-default") == []
    one_left = namespaces(a="container: {default: {cpu: 1}}", b="")
    assert found(tmp_path, tiers + one_left, "quota-without-default") == ["tiers.standard.quota.requests.cpu"]


def test_a_default_without_a_quota_is_said_once_for_all_resources(tmp_path: Path) -> None:
    tiers = "tiers:\n  standard: {container: {default: {cpu: 500m, memory: 1Gi}}}\n"
    text = tiers + namespaces(
        a="", b="container: {default: {cpu: 1}}", c="container: {default: {ephemeral-storage: 1Gi}}"
    )
    assert found(tmp_path, text, "container-default-without-quota") == [
        "tiers.standard.container.default.cpu",
        "namespaces.c.container.default.ephemeral-storage",
    ]


def test_a_quota_of_zero_closes_and_is_no_mistake(tmp_path: Path) -> None:
    tiers = (
        'tiers:\n  standard: {quota: {requests.cpu: "0", limits.cpu: "0", pods: "0"}, container: {default: {cpu: 1}}}\n'
    )
    write(tmp_path, {"org.yaml": HEAD + tiers + namespaces(a="owners: [ds]")})
    rules = {problem.rule for problem in examine(str(tmp_path / "org.yaml")).problems}
    assert rules == {"unreachable-workspace"}


def test_a_frozen_namespace_promises_everything_but_pods(tmp_path: Path) -> None:
    cluster = HEAD.replace('"1.33"', '"1.33", capacity: {pods: "10", requests.storage: 10Gi}')
    tiers = 'tiers:\n  standard: {quota: {pods: "10", requests.storage: 6Gi}}\n'
    write(tmp_path, {"org.yaml": cluster + tiers + namespaces(a="", b="state: frozen")})
    problems = examine(str(tmp_path / "org.yaml")).problems
    exceeded = [problem.path[-1] for problem in problems if problem.rule == "capacity-exceeded"]
    assert exceeded == ["requests.storage"]


def test_the_objects_that_are_always_there_are_those_that_are_rendered(tmp_path: Path) -> None:
    text = HEAD.replace("groups:", "verta: {deployer: {serviceAccount: deployer}}\ngroups:") + (
        "tiers:\n  standard: {quota: {pods: 5}, container: {default: {cpu: 1}}}\n"
        "roles: {viewer: {clusterRole: view}, author: {verta: Author}}\n"
        "namespaces:\n"
        "  a: {owners: [ds], network: {allowFrom: [logs, metrics, logs], egress: restricted, allowTo: [10.0.0.0/8]}}\n"
        "workspaces:\n"
        "  a: {namespace: a, access: [{group: ds, role: viewer}, {group: ds, role: author}]}\n"
    )
    files = rendered(text, tmp_path)
    kinds = [each["kind"] for file, body in files.items() if "/a/" in f"/{file}" for each in load_c(body)]
    org = examine(str(tmp_path / "org.yaml")).org
    assert org is not None
    counted = objects(org, org.namespaces["a"], org.workspaces["a"])
    assert kinds.count("ConfigMap") == counted["configmaps"] - 1  # kube-root-ca.crt is the cluster's
    assert kinds.count("ResourceQuota") == counted["resourcequotas"]
    assert kinds.count("LimitRange") == counted["count/limitranges"]
    assert kinds.count("NetworkPolicy") == counted["count/networkpolicies.networking.k8s.io"]
    assert kinds.count("RoleBinding") == counted["count/rolebindings.rbac.authorization.k8s.io"]
