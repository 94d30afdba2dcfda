"""The real organization of 1,022 workspaces, where it is at hand: rendered whole, and every file held to every law."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator.rendering.literal import document
from generator.rendering.tree import HEADER
from tests.support import ROOT, corpus, invoke, schema_errors, tree, write

CORPUS = corpus()
pytestmark = [
    pytest.mark.skipif(CORPUS is None, reason="no corpus: $VERTA_GITOPS_CORPUS names no folder that has it"),
    pytest.mark.xdist_group("corpus"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("corpus")
    ran = invoke("render", str(CORPUS), "-o", str(folder), cwd=folder)
    assert ran.code == 0, ran.out[:2000]
    assert "1,022 workspaces → " in ran.out
    assert invoke("render", str(CORPUS), "-o", str(folder), "--check", cwd=folder).code == 0
    return tree(folder)


@pytest.fixture(scope="module")
def objects(files: dict[str, bytes]) -> dict[str, list[Any]]:
    return {path: list(yaml.load_all(data, yaml.CSafeLoader)) for path, data in files.items()}


def test_every_workspace_has_its_files(files: dict[str, bytes]) -> None:
    homes = {path.split("/")[2] for path in files if "/namespaces/" in path}
    assert len(homes) == 1022
    for home in homes:
        for name in ("namespace", "networkpolicies", "resourcequota", "workspace"):
            assert f"public-live/namespaces/{home}/{name}.yaml" in files


def test_the_text_is_its_own_canonical_dump(files: dict[str, bytes], objects: dict[str, list[Any]]) -> None:
    different = [
        path for path, data in files.items() if data != (HEADER + "".join(map(document, objects[path]))).encode()
    ]
    assert different == []


def test_every_object_passes_its_schema(objects: dict[str, list[Any]]) -> None:
    found = [f"{path}: {error}" for path, each in objects.items() for one in each for error in schema_errors(one)]
    assert found == []


def test_no_object_is_there_twice(objects: dict[str, list[Any]]) -> None:
    identities = [
        (one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"])
        for each in objects.values()
        for one in each
    ]
    assert len(identities) == len(set(identities)) > 5 * 1022


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same data with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        return [shuffled(each, chance) for each in value]
    return value


@pytest.mark.parametrize(
    "environment",
    [{"PYTHONHASHSEED": "1", "LC_ALL": "C"}, {"PYTHONHASHSEED": "2", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo"}],
    ids=str,
)
def test_order_hash_seed_and_locale_change_no_byte(
    environment: dict[str, str], files: dict[str, bytes], tmp_path: Path
) -> None:
    assert CORPUS
    org = yaml.load(CORPUS.read_bytes(), yaml.CSafeLoader)
    chance = random.Random(environment["PYTHONHASHSEED"])
    org = shuffled(org, chance)
    for workspace in org["workspaces"].values():
        chance.shuffle(workspace.get("access", []))
    write(tmp_path, {"org.yaml": document(org)})
    if environment["PYTHONHASHSEED"] == "1":
        write(
            tmp_path, {"org.yaml": yaml.dump(org, Dumper=yaml.CSafeDumper, sort_keys=False, default_flow_style=False)}
        )
    done = subprocess.run(
        [sys.executable, "-m", "generator", "render", "org.yaml", "-o", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[:2000]
    assert tree(tmp_path / "out") == files
