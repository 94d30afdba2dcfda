"""A real cluster of 1,022 namespaces, where its dump is at hand: it is imported, and what remains is explained."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from generator.cluster.dump import read_dump
from generator.objects import Identity, identity
from tests.support import corpus, invoke, load_c

CORPUS = corpus()
DUMP = CORPUS.parent / "public-sector-cluster.json.gz" if CORPUS else Path()
pytestmark = [
    pytest.mark.skipif(not DUMP.is_file(), reason="no corpus: $VERTA_GITOPS_CORPUS names no folder that has it"),
    pytest.mark.xdist_group("corpus"),
]
OPTIONS = ("--organization", "public-sector", "--cluster", "public-live", "--kubernetes-version", "1.33")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    ran = invoke(
        "import", "--from-dump", str(DUMP), *OPTIONS, "--primary-namespace", "verta", "--format", "json", cwd=folder
    )
    assert ran.code == 0, ran.err
    (folder / "report.json").write_text(ran.out)
    return folder


@pytest.fixture(scope="module")
def report(folder: Path) -> Any:
    return json.loads((folder / "report.json").read_text())


def named(each: dict[str, str]) -> Identity:
    return Identity(each["group"], each["kind"], each["namespace"], each["name"])


def test_the_file_passes_and_is_shorter_than_the_one_that_people_wrote(folder: Path, report: Any) -> None:
    assert CORPUS
    assert invoke("check", cwd=folder).code == 0
    assert (report["namespaces"], report["workspaces"]) == (1022, 1022)
    lines, before = (path.read_text().count("\n") for path in (folder / "org.yaml", CORPUS))
    assert lines < 0.7 * before
    assert 5 <= len(report["tiers"]) <= 20


def test_every_object_of_the_cluster_is_said_kept_or_replaced(folder: Path, report: Any) -> None:
    """Nothing is lost, and what is rendered, kept objects too, differs from the dump only as the report says."""
    assert invoke("render", cwd=folder).code == 0
    rendered = {
        identity(body): body for path in (folder / "rendered").rglob("*.yaml") for body in load_c(path.read_text())
    }
    live = read_dump(str(DUMP)).objects
    residuals = {named(each): each["what"] for each in report["residuals"]}
    kept = {named(each) for each in report["kept"]}
    assert report["lost"] == []
    assert kept <= rendered.keys()
    assert {key for key in live if key not in rendered} == {
        key for key, what in residuals.items() if what == "replaced"
    }
    assert {key for key in rendered if key not in live} == {key for key, what in residuals.items() if what == "added"}
    assert Counter(residuals.values()) == {"added": 8119, "replaced": 4130, "changed": 1025}


def test_what_drift_finds_was_said(folder: Path, report: Any) -> None:
    ran = invoke("drift", "--from-dump", str(DUMP), "--format", "json", cwd=folder)
    found = {named(each) for each in json.loads(ran.out)["differences"]}
    assert found <= {named(each) for each in report["residuals"]}
