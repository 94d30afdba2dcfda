"""The command `drift` where it needs no cluster: dumps, formats, exit codes, and everything that is no dump."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import yaml

from tests.support import FRAUD, MINIMAL, invoke, tree, write

ORG = MINIMAL.replace("standard: {}", "standard: {quota: {pods: '5'}}") + FRAUD


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An organization, and a dump in which it is applied."""
    write(tmp_path, {"org.yaml": ORG})
    assert invoke("render", cwd=tmp_path).code == 0
    bodies = [
        body
        for path, data in tree(tmp_path / "rendered").items()
        if path.endswith(".yaml")
        for body in yaml.safe_load_all(data)
    ]
    return write(tmp_path, {"dump.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})})


def changed(folder: Path) -> str:
    """The dump with another quota."""
    return (folder / "dump.json").read_text().replace('"pods": "5"', '"pods": "7"')


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_no_drift_is_zero(folder: Path, form: str) -> None:
    ran = invoke("drift", "--from-dump", "dump.json", "--format", form, cwd=folder)
    assert ran.code == 0
    assert not ran.err
    assert form != "text" or ran.out == "6 objects compared with dump dump.json: no drift\n"
    assert form != "github" or not ran.out.strip()
    assert form != "json" or json.loads(ran.out)["differences"] == []


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_drift_is_one_and_has_its_place(folder: Path, form: str) -> None:
    write(folder, {"dump.json": changed(folder)})
    ran = invoke("drift", "--from-dump", "dump.json", "--format", form, cwd=folder)
    assert ran.code == 1
    if form == "text":
        assert "namespace fraud (org.yaml:8:3)\n  changed\n" in ran.out
        assert 'ResourceQuota "quota": spec.hard.pods is "7", declared "5"' in ran.out
    elif form == "json":
        (found,) = json.loads(ran.out)["differences"]
        assert found["place"] == {"file": "org.yaml", "line": 8, "column": 3}
    else:
        assert ran.out.startswith("::error file=org.yaml,line=8,endLine=8,col=3,endColumn=8,title=drift%3A changed::")


def test_a_dump_is_read_in_every_form(folder: Path) -> None:
    text = (folder / "dump.json").read_text()
    body = json.loads(text)
    many = "---\n".join(yaml.safe_dump(item) for item in body["items"])
    forms: dict[str, str | bytes] = {
        "a.json.gz": gzip.compress(text.encode()), "b.yaml": yaml.safe_dump(body), "c.yaml": many, "d": "\ufeff" + text,
    }  # fmt: skip
    write(folder, forms)
    for name in forms:
        assert invoke("drift", "--from-dump", name, cwd=folder).code == 0, name


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "holds no object"),
        (b'{"kind": "List", "items": [', "ends in the middle"),
        (b'{"kind": "List"]', "not JSON"),
        (b"a: [", "not YAML"),
        (b"[1]", "no Kubernetes object"),
        (b"\xff\xfe", "not UTF-8"),
        (gzip.compress(b"{}" * 5000)[:30], "gzip file ends in the middle"),
        (b'{"kind": "Status", "apiVersion": "v1", "code": 403}', "without apiVersion or metadata.name"),
        (b"[" * 100000, "nested too deeply"),
    ],
)
def test_what_is_no_dump_is_said(folder: Path, data: bytes, why: str) -> None:
    write(folder, {"bad": data})
    ran = invoke("drift", "--from-dump", "bad", cwd=folder)
    assert ran.code == 3
    assert why in ran.err
    assert ran.out == ""


def test_a_dump_that_leaves_out_a_kind_is_a_partial_answer(folder: Path) -> None:
    body = json.loads((folder / "dump.json").read_text())
    body["items"] = [item for item in body["items"] if item["kind"] != "NetworkPolicy"]
    write(folder, {"dump.json": json.dumps(body)})
    ran = invoke("drift", "--from-dump", "dump.json", cwd=folder)
    assert ran.code == 3
    assert "not compared: NetworkPolicy.networking.k8s.io (3 declared): the dump holds none of a kind" in ran.out
    assert ran.out.endswith("3 objects compared with dump dump.json: no drift in what could be compared\n")


@pytest.mark.parametrize("form", ["text", "json", "github"])
def test_values_that_are_nested_without_end_are_cut(folder: Path, form: str) -> None:
    write(folder, {"dump.json": changed(folder).replace('"7"', "[" * 400 + "]" * 400)})
    ran = invoke("drift", "--from-dump", "dump.json", "--format", form, cwd=folder)
    assert ran.code == 1
    assert "[" * 50 in ran.out.replace(" ", "").replace("\n", "")


@pytest.mark.parametrize("namespace", ['{"a": 1}', "[1]", "5", "null"])
def test_a_namespace_that_is_no_text_is_no_traceback(folder: Path, namespace: str) -> None:
    odd = '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": NAMESPACE}}'
    write(folder, {"dump.json": odd.replace("NAMESPACE", namespace)})
    assert invoke("drift", "--from-dump", "dump.json", cwd=folder).code == 3


def test_duplicates_in_a_dump_are_said(folder: Path) -> None:
    body, other = json.loads((folder / "dump.json").read_text()), json.loads(changed(folder))
    body["items"] += [item for item in other["items"] if item["kind"] == "ResourceQuota"]
    write(folder, {"dump.json": json.dumps(body)})
    ran = invoke("drift", "--from-dump", "dump.json", cwd=folder)
    assert ran.code == 1
    assert 'odd: ResourceQuota "quota" of namespace fraud is there twice' in ran.out


def test_the_dump_of_another_organization_is_refused(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("{name: acme}", "{name: other}")})
    ran = invoke("drift", "--from-dump", "dump.json", cwd=folder)
    assert ran.code == 2
    assert 'is the cluster of organization "acme", not of "other"' in ran.err
    assert invoke("drift", "--from-dump", "dump.json", "--any-cluster", cwd=folder).code == 1


def test_an_organization_that_cannot_be_rendered_is_not_compared(folder: Path) -> None:
    write(folder, {"org.yaml": ORG.replace("fraud: {}", "Fraud!: {}")})
    ran = invoke("drift", "--from-dump", "dump.json", cwd=folder)
    assert ran.code == 1
    assert "[invalid-name]" in ran.out
    assert "not compared: " in ran.out


def test_a_dump_and_a_context_contradict_each_other(folder: Path) -> None:
    ran = invoke("drift", "--from-dump", "dump.json", "--context", "prod", cwd=folder)
    assert ran.code == 2
    assert "--from-dump" in ran.err


@pytest.mark.parametrize("kubeconfig", ["", "none.yaml"])
def test_without_a_kubeconfig_it_says_what_to_do(
    folder: Path, kubeconfig: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    ran = invoke("drift", *(["--kubeconfig", kubeconfig] if kubeconfig else []), cwd=folder)
    assert ran.code == 3
    assert "kubeconfig" in ran.err or "none.yaml" in ran.err


def test_nothing_is_written(folder: Path) -> None:
    before = tree(folder)
    invoke("drift", "--from-dump", "dump.json", cwd=folder)
    assert tree(folder) == before
