"""An organization as JSON → the same objects made by rjsonnet and by Helm, as commands that can be measured.

Both write all objects to one file, which spares them the writing of many. What they make of a small organization is
compared object by object with what the program renders of it.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import python

HERE = Path(__file__).parent
DATA = "organization.json"
_CHART = "apiVersion: v2\nname: neighbour\nversion: 1.0.0\n"
_JSONNET = "import rjsonnet, sys; sys.stdout.write(rjsonnet.evaluate_file(sys.argv[1], gc=False))"
"""Without its garbage collector it is a quarter faster, and takes 100 MB more of 1.8 GB."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another way to make the objects: its name, its command, and the name of the file that its output goes to."""

    name: str
    command: list[str]
    output: str


def neighbours(folder: Path) -> Iterator[Neighbour | str]:
    """Every neighbour that is there, over `organization.json` in the folder; a reason for each that is not."""
    if importlib.util.find_spec("rjsonnet"):
        program = shutil.copy(HERE / "neighbour.jsonnet", folder)
        yield Neighbour("rjsonnet", python("-c", _JSONNET, str(program)), "rjsonnet.json")
    else:
        yield "rjsonnet: skipped, it is not installed (pip install rjsonnet)"
    if helm := shutil.which("helm"):
        chart = _chart(folder / "chart")
        yield Neighbour("helm template", [helm, "template", "bench", str(chart), "-f", str(folder / DATA)], "helm.yaml")
    else:
        yield "helm template: skipped, helm is not on the PATH"


def _chart(folder: Path) -> Path:
    (folder / "templates").mkdir(parents=True, exist_ok=True)
    (folder / "Chart.yaml").write_text(_CHART)
    shutil.copy(HERE / "neighbour.yaml.tpl", folder / "templates" / "objects.yaml")
    return folder


def load(path: Path) -> dict[str, Any]:
    """Objects by kind, namespace and name: of a file of JSON or YAML, or of a rendered folder."""
    if path.suffix == ".json":
        found = json.loads(path.read_text(encoding="utf-8"))
    else:
        import yaml

        files = sorted(path.rglob("*.yaml")) if path.is_dir() else [path]
        found = [item for file in files for item in yaml.load_all(file.read_bytes(), yaml.CSafeLoader) if item]
    return {_key(each["kind"], **each["metadata"]): each for each in found}


def _key(kind: str, name: str, namespace: str = "", **_: Any) -> str:
    return f"{kind} {namespace}/{name}"


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Names of the objects that are not the same in both."""
    return sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))


def main(rendered: str, *others: str) -> None:
    """Compare a rendered folder with other files of objects; print a line for each."""
    ours = load(Path(rendered))
    for other in others:
        found = differences(ours, load(Path(other)))
        verdict = f"{len(found)} differ, the first is {found[0]}" if found else "all the same"
        print(f"{Path(other).stem}: {len(ours):,} objects, {verdict}")


if __name__ == "__main__":
    main(*sys.argv[1:])
