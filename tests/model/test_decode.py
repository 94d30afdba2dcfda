from __future__ import annotations

import re
from decimal import Decimal

import pytest

from generator.model.decode import decode
from generator.model.org import Org
from generator.model.quantity import parse_quantity
from generator.problems import Problem
from generator.reading.reader import read
from tests.support import FRAUD, MINIMAL


def decoded(*texts: str) -> tuple[Org, list[Problem]]:
    """The organization of some files, named 0.yaml, 1.yaml and so on."""
    documents = []
    for number, text in enumerate(texts):
        document, problems = read(text.encode(), f"{number}.yaml")
        assert problems == []
        documents.append(document)
    return decode(tuple(documents))


def said(*texts: str) -> list[str]:
    return [f"{problem.place}: {problem.message} [{problem.rule}]" for problem in decoded(*texts)[1]]


def test_every_field_is_read() -> None:
    org, problems = decoded("""\
version: 1
organization: {name: acme, description: Acme's platform}
cluster:
  name: prod-us
  kubernetesVersion: "1.33"
  capacity: {requests.cpu: "640", pods: 6000}
  largestNode: {cpu: 64}
  overcommit: {requests.cpu: 1.5}
  apiServer: [10.0.0.1/32]
verta:
  multipleNamespaces: false
  permissionModel: organizations
  primaryNamespace: verta
  namespaceFormat: "{namespace}"
  deployer: {serviceAccount: d, namespace: other, clusterRole: c}
  runtime: {selector: "a=b"}
delivery:
  engine: argocd
  repoURL: https://git.example.com/a.git
  revision: main
  path: out
  engineNamespace: gitops
  destination: {server: "https://k"}
policy: {requiredLabels: [cost-center], maxRemovals: 3}
defaults: {tier: standard}
tiers:
  standard:
    description: d
    quota: {pods: 1.5k}
    container: {defaultRequest: {cpu: 1}, default: {cpu: 2}, max: {cpu: 3}, min: {cpu: 4m}}
    podSecurity: restricted
    network: {isolation: none, egress: restricted, allowFrom: [a], allowTo: [10.0.0.0/8]}
    priorityClass: {value: -5}
groups: {g: {subject: s, verta: v, codeowner: "@a/b"}}
roles: {r: {verta: v, clusterRole: c, rules: [{apiGroups: [""], resources: [a], verbs: [b], resourceNames: [c]}]}}
namespaces:
  ns:
    tier: standard
    owners: [g]
    labels: {a: b}
    annotations: {c: d}
    quota: {pods: "1"}
    container: {}
    podSecurity: privileged
    network: {}
    state: frozen
    argocd: {sourceRepos: [git@example.com:a.git]}
workspaces:
  w: {namespace: other, kind: personal, description: x, access: [{group: g, role: r}], legacy: true}
retired: {old: {workspace: w0, on: 2026-09-30}}
""")
    assert problems == []
    assert org.cluster.capacity == {"requests.cpu": parse_quantity("640"), "pods": parse_quantity("6000")}
    assert org.cluster.overcommit == {"requests.cpu": Decimal("1.5")}
    assert org.verta.deployer
    assert (org.verta.multiple_namespaces, org.verta.deployer.cluster_role) == (False, "c")
    assert org.delivery.repo_url == "https://git.example.com/a.git"
    assert (org.policy.max_removals, org.retired["old"].on) == ("3", "2026-09-30")
    tier = org.tiers["standard"]
    assert str(tier.quota["pods"]) == "1500"
    assert tier.priority_class
    assert (tier.name, tier.priority_class.value) == ("standard", -5)
    assert org.roles["r"].rules[0].resource_names == ("c",)
    assert org.namespaces["ns"].argocd
    assert org.workspaces["w"].access[0].role == "r"


def test_what_is_read_is_plain_text() -> None:
    org, _ = decoded(MINIMAL + FRAUD)
    for text in (*org.namespaces, *org.workspaces, org.organization.name, org.workspaces["fraud-detection"].namespace):
        assert type(text) is str


def test_defaults() -> None:
    org, problems = decoded(MINIMAL)
    assert problems == []
    assert (org.verta.multiple_namespaces, org.verta.primary_namespace, org.delivery.engine) == (
        True,
        "default",
        "none",
    )
    assert (org.delivery.revision, org.delivery.path) == ("refs/heads/main", "rendered")


def test_fragments_make_a_union() -> None:
    org, problems = decoded(MINIMAL + FRAUD, "namespaces: {churn: {}}", "workspaces: {w: {namespace: churn}}")
    assert problems == []
    assert sorted(org.namespaces) == ["churn", "fraud"]
    assert sorted(org.workspaces) == ["fraud-detection", "w"]


def test_what_two_files_define_names_both_places() -> None:
    _, problems = decoded(MINIMAL + FRAUD, "namespaces:\n  fraud: {}\n", "namespaces:\n  fraud: {}\n")
    assert [(str(each.place), each.rule, str(each.related[0].place)) for each in problems] == [
        ("1.yaml:2:3", "duplicate-key", "0.yaml:8:3"),
        ("2.yaml:2:3", "duplicate-key", "0.yaml:8:3"),
    ]


def test_a_fragment_holds_namespaces_and_workspaces_only() -> None:
    assert said(MINIMAL, "version: 1\ntiers: {}\nnamspaces: {}\n") == [
        '1.yaml:1:1: unknown key "version"; known here: namespaces, workspaces [unknown-key]',
        '1.yaml:2:1: unknown key "tiers"; known here: namespaces, workspaces [unknown-key]',
        '1.yaml:3:1: unknown key "namspaces"; did you mean "namespaces"? [unknown-key]',
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("workspaces: {w: {namespce: a}}", 'unknown key "namespce"; did you mean "namespace"? [unknown-key]'),
        ("workspaces: {w: {NAMESPACE: a}}", 'unknown key "NAMESPACE"; did you mean "namespace"? [unknown-key]'),
        (
            "workspaces: {w: {kind: Team}}",
            'expected "team" or "personal", found `Team`; did you mean "team"? [unknown-value]',
        ),
        (
            "namespaces: {n: {state: freeze}}",
            'or "decommission", found `freeze`; did you mean "frozen"? [unknown-value]',
        ),
        ("delivery: {engine: argo}", 'found `argo`; did you mean "argocd"? [unknown-value]'),
        ("delivery: {engine: helm}", 'expected "none", "argocd" or "flux", found `helm` [unknown-value]'),
        ("defaults: {tier:standard}", 'unknown key "tier:standard"; a blank is missing after `tier:` [unknown-key]'),
        ("defaults: {tier:\u00a0standard}", "a blank is missing after `tier:` [unknown-key]"),
        ("defaults {tier: standard}", 'unknown key "defaults {tier"; a `:` is missing after `defaults` [unknown-key]'),
        ("workspaces: {w: {access: [g:r]}}", "expected a map such as {group: …, role: …}, found `g:r` [wrong-type]"),
        ("namespaces: {n: {owners: g}}", "found `g`; put [ ] around it [wrong-type]"),
        ("namespaces: {n: {owners: }}", "found nothing; write [] where an empty list is meant [wrong-type]"),
        ("retired: {a: {on: 2026-02-30}}", "found `2026-02-30`, which no calendar has [wrong-type]"),
        ("roles: {r: []}", "expected a map, found a list [wrong-type]"),
        ("roles: {r: }", "expected a map, found nothing; write {} where nothing is to be said [wrong-type]"),
        ("workspaces: {w: {description: [a]}}", "expected text, found a list [wrong-type]"),
        ("workspaces: {w: {legacy: True}}", "expected true or false, found `True` [wrong-type]"),
        ("workspaces: {w: {legacy: 'true'}}", 'expected true or false, found "true" [wrong-type]'),
        ("workspaces: {w: {access: [{group: g}]}}", '"role" is missing: Key of a role. [missing-key]'),
        ("workspaces: {'': {}}", "an empty text is not a text with something in it [invalid-text]"),
        ("policy: {maxRemovals: 101%}", "expected a count such as 3 or a share such as 10%, found `101%` [wrong-type]"),
        ("policy: {maxRemovals: '010'}", 'expected a count such as 3 or a share such as 10%, found "010" [wrong-type]'),
        ("retired: {a: {on: 2026-9-30}}", "expected a day such as 2026-09-30, found `2026-9-30` [wrong-type]"),
        ("groups: {g: {codeowner: team}}", '"team" is not a handle such as @acme/fraud [invalid-text]'),
        ("delivery: {path: /abs}", 'is not a folder inside the repository; did you mean "abs"? [invalid-text]'),
        ("delivery: {path: a/../b}", "is not a folder inside the repository"),
        ("delivery: {revision: -x}", "is not a git branch, tag or commit"),
        ("verta: {namespaceFormat: '{cluster}'}", "is not a format with {namespace}"),
        ("tiers: {a: {priorityClass: {value: 010}}}", "expected a whole number, found `010` [wrong-type]"),
    ],
)
def test_structural_problems(written: str, expected: str) -> None:
    key = re.split("[: ]", written, maxsplit=1)[0]
    text = "".join(line for line in MINIMAL.splitlines(keepends=True) if not line.startswith((key, "  ")))
    if key != "tiers":
        text = text.replace("tiers:\n", "tiers: {standard: {}}\n")
    problems = said(f"{text}{written}\n")
    assert any(expected in each for each in problems), problems


def test_all_problems_are_found_at_once() -> None:
    found = said("version: 2\norganization: {nam: acme}\ncluster: {name: A_B, kubernetesVersion: 1.33}\nteirs: {}\n")
    assert len(found) == 6
    assert said("[]") == [
        "0.yaml:1:1: expected a map such as {version: …, organization: …, cluster: …}, found a list [wrong-type]"
    ]
