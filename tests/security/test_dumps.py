"""A dump of a cluster that a stranger prepared: every value of the wrong type, bombs, and what YAML can do."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.importing.networks import canonical
from generator.objects import Broken, parse_path, values
from tests.cluster.test_verify import ORG, Cluster
from tests.importing.clusters import served
from tests.support import FRAUD, MINIMAL, invoke, write

COMMANDS = (
    ("drift", "--from-dump", "dump"),
    ("drift", "--from-dump", "dump", "--any-cluster", "--format", "json"),
    ("verify", "--from-dump", "dump", "--any-cluster"),
    ("report", "--usage", "dump", "--format", "markdown"),
    ("plan", "--base-dir", ".", "--usage", "dump"),
    (
        *("import", "--from-dump", "dump", "-o", "new/org.yaml", "--force"),
        *("--organization", "acme", "--cluster", "prod-us", "--kubernetes-version", "1.33"),
    ),
)
TYPES: tuple[Any, ...] = (
    *(None, True, 0, -1, 10**30, 1.5, float("nan"), float("inf"), "", "x" * 5000, "\x1b[2J\u202e", "\ud800"),
    *([], [None], [[]], ["a"], {}, {"a": None}, {"": ""}, "1e99999", "9" * 5000, "2026-99-99T00:00:00Z", "::/0"),
)
FOREIGN: list[dict[str, Any]] = [
    {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "own", "namespace": "foreign"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {}}], "ports": [{"port": 80}]}],
        },
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "own", "namespace": "foreign"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"kind": "Group", "name": "a"}, {"kind": "User", "name": "b"}],
    },
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "foreign", "labels": {"team": "a"}}},
]


def _places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        yield from _places(value, (*path, key))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A folder with an organization, and what its cluster holds."""
    folder = tmp_path_factory.mktemp("cluster")
    made = Cluster(folder, ORG)
    made.event("fraud", "exceeded quota: quota, requested: pods=2, used: pods=3, limited: pods=4", reason="Failed")
    made.pod("fraud", "bad", ready=False, containerStatuses=[{"state": {"waiting": {"reason": "ErrImagePull"}}}])
    return folder, [*(served(body) for body in made.objects.values()), *FOREIGN]


@settings(max_examples=settings().max_examples * 2)
@given(seed=st.integers(0, 2**32), wrong=st.sampled_from(TYPES), args=st.sampled_from(COMMANDS))
def test_a_value_of_another_type_is_no_fault_of_ours(
    cluster: tuple[Path, list[dict[str, Any]]], seed: int, wrong: Any, args: tuple[str, ...]
) -> None:
    folder, objects = cluster
    items: Any = deepcopy(objects)
    *above, last = random.Random(seed).choice(list(_places(items)))
    inside = items
    for step in above:
        inside = inside[step]
    inside[last] = wrong
    write(folder, {"dump": json.dumps({"apiVersion": "v1", "kind": "List", "items": items})})
    ran = invoke(*args, cwd=folder)  # which asserts that nothing is a traceback or an internal error
    assert ran.code in (0, 1, 2, 3)
    assert "\x1b" not in ran.out + ran.err


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: fraud}\ndata: "
LAUGHS = "&a [x, x]\n" + "".join(
    f"{chr(97 + each)}: &{chr(97 + each)} [{', '.join(['*' + chr(96 + each)] * 10)}]\n" for each in range(1, 12)
)


@pytest.mark.parametrize(
    ("dump", "message"),
    [
        (HEAD + LAUGHS, "aliases (`*name`) are not read"),
        (HEAD + "&x {a: *x}\n", "not YAML"),
        (HEAD + "{1: a, b: c}\n", "the key `1` is no text; put it in quotes"),
        (HEAD + "{on: a}\n", "the key `True` is no text; put it in quotes"),
        (HEAD + "{a: {2026-01-01: b}}\n", "the key `2026-01-01` is no text"),
        (HEAD + "!!python/object/apply:os.mkdir [mark]\n", "could not determine a constructor"),
        (HEAD + "9" * 5000, "not YAML"),
        ('{"kind": "List", "items": ' + "9" * 5000 + "}", "a number in it is too long"),
        ('{"kind": "List", "items": ' + "[" * 200_000, "nested too deeply"),
        (gzip.compress(b" " * (80 << 20)), "unpacks to more than 250 times its size"),
        (gzip.compress(b"{}")[:-9], "ends in the middle"),
    ],
)
def test_what_no_cluster_says_is_refused(tmp_path: Path, dump: str | bytes, message: str) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "dump": dump})
    for args in (COMMANDS[0], COMMANDS[2], COMMANDS[5]):
        ran = invoke(*args, cwd=tmp_path)
        assert ran.code == 3
        assert message in ran.err
    assert not (tmp_path / "mark").exists()
    assert not (tmp_path / "new").exists()


def test_a_dense_dump_of_usual_size_is_read(tmp_path: Path) -> None:
    packed = gzip.compress(HEAD.encode() + b"{}" + b" " * (32 << 20))
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "dump": packed})
    ran = invoke(*COMMANDS[0], cwd=tmp_path)
    assert "1 objects compared" in ran.out or "missing" in ran.out
    assert "unpacks" not in ran.err


def test_a_template_may_have_aliases_but_no_keys_that_are_no_text() -> None:
    assert [body for body, _ in values("a: &x [1]\nb: *x\n")] == [{"a": [1], "b": [1]}]
    with pytest.raises(Broken, match="the key `None` is no text"):
        list(values("a: {~: 1}\n"))


@pytest.mark.parametrize("wrong", [None, 0, "Ingress", {}, [None], [{}], ["Ingress", 1]])
def test_the_types_of_a_policy_are_texts(wrong: Any) -> None:
    types = json.loads(canonical({"policyTypes": wrong}))["policyTypes"]
    assert all(isinstance(each, str) for each in types)


@pytest.mark.parametrize("text", ["a[" + "9" * 5000 + "]", "a[٣]", 'a["b'])
def test_an_origin_that_we_did_not_write_is_none(text: str) -> None:
    assert parse_path(text) is None
