"""What several tests share: running the command, trees of files, Kubernetes' schemas, and the corpus."""

from __future__ import annotations

import gc
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import jsonschema_rs
import kubernetes_validate
import yaml
from ruamel.yaml import YAML

from generator.cli import main
from generator.rendering.environment import Templates
from generator.rendering.tree import render

ROOT = Path(__file__).parent.parent
CASES = ROOT / "tests" / "cases"

MINIMAL = """\
version: 1
organization: {name: acme}
cluster: {name: prod-us, kubernetesVersion: "1.33"}
defaults: {tier: standard}
tiers:
  standard: {}
"""
"""The shortest organization that has no problems; tests append namespaces and workspaces to it."""

FRAUD = """\
namespaces:
  fraud: {}
workspaces:
  fraud-detection: {namespace: fraud}
"""


class Ran(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def invoke(*args: str, cwd: Path) -> Ran:
    """Run the command in this process, in a folder, and catch what it prints and how it ends."""
    out, err = io.StringIO(), io.StringIO()
    before = Path.cwd()
    os.chdir(cwd)
    try:
        with patch.object(sys, "argv", ["verta-gitops", *args]), redirect_stdout(out), redirect_stderr(err):
            code: object = None
            try:
                main()
            except SystemExit as ended:
                code = ended.code
    finally:
        os.chdir(before)
        gc.enable()  # the command switches it off for its own short life
    assert isinstance(code, int)
    found = Ran(code, out.getvalue(), err.getvalue())
    assert "Traceback" not in found.err + found.out
    assert "error: internal error" not in found.err
    return found


def spawn(*args: str, cwd: Path, **environment: str) -> Ran:
    """Run the command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "generator", *args],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
    )
    found = Ran(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))
    assert "Traceback" not in found.err, found.err
    return found


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    """Write files below a folder, and return the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its path there; links and other things count as what they are called."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            found[path.relative_to(folder).as_posix()] = b"" if path.is_symlink() else path.read_bytes()
    return found


def rendered(text: str, folder: Path, **more: str) -> dict[str, str]:
    """What an organization without errors renders to."""
    from generator.pipeline import examine

    write(folder, {"org.yaml": text, **more})
    examined = examine(str(folder / "org.yaml"))
    assert examined.org is not None
    assert not examined.errors, examined.problems
    return {path: made for path, made in render(examined.org, Templates()) if made is not None}


def load_1_1(text: str) -> list[Any]:
    """All documents, as PyYAML's pure reader of YAML 1.1 understands them."""
    return list(yaml.load_all(text, yaml.SafeLoader))


def load_c(text: str) -> list[Any]:
    """All documents, as libyaml (YAML 1.1) understands them."""
    return list(yaml.load_all(text, yaml.CSafeLoader))


def load_1_2(text: str) -> list[Any]:
    """All documents, as ruamel.yaml's pure reader of YAML 1.2 understands them."""
    return list(YAML(typ="safe", pure=True).load_all(text))


_SCHEMAS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
_NOT_KUBERNETES = ("argoproj.io/", "source.toolkit.fluxcd.io/", "kustomize.toolkit.fluxcd.io/")
"""Custom resources of the engines: Kubernetes itself ships no schema of them."""


@lru_cache
def _definitions(version: str) -> Any:
    text = (_SCHEMAS / f"v{version}.0-local-strict" / "_definitions.json").read_text()
    return jsonschema_rs.Registry([("https://kubernetes.io/api/_definitions.json", json.loads(text))])


@lru_cache
def _validator(api_version: str, kind: str, version: str) -> Any:
    group, _, api = api_version.rpartition("/")
    middle = f"-{group.split('.')[0]}" if group else ""
    text = (_SCHEMAS / f"v{version}.0-local-strict" / f"{kind.lower()}{middle}-{api}.json").read_text()
    return jsonschema_rs.validator_for(
        json.loads(text), registry=_definitions(version), base_uri="https://kubernetes.io/api/"
    )


def schema_errors(manifest: dict[str, Any], version: str = "1.33") -> list[str]:
    """What Kubernetes' own strict schema has against an object; nothing for the custom resources of the engines."""
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    if api_version.startswith(_NOT_KUBERNETES):
        return []
    validator = _validator(api_version, kind, version)
    return [f"{kind} {error.instance_path}: {error.message}" for error in validator.iter_errors(manifest)]


def corpus() -> Path | None:
    """A real organization of 1,022 workspaces in the folder that VERTA_GITOPS_CORPUS names, or nothing."""
    path = Path(os.environ.get("VERTA_GITOPS_CORPUS", ""), "public-sector.org.yaml")
    return path if path.is_file() else None
