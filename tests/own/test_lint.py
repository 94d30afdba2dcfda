"""The second line: what is rendered is held against the schemas that Kubernetes publishes for the cluster's version."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from generator.lint import Schemas, known_versions, lint, nearest_version
from generator.objects import parse_path
from generator.problems import Path as Place
from generator.problems import Problem, Span, show_path
from generator.rendering.tree import HEADER
from tests.support import FRAUD, MINIMAL, invoke, write

RICH = (
    MINIMAL.replace("{}", '{quota: {pods: "9"}, network: {egress: restricted, allowTo: [8.8.8.0/24]}}')
    + "delivery: {engine: argocd, repoURL: https://git.example.com/a.git}\n"
    + FRAUD
)


def _texts(folder: Path, text: str = RICH) -> list[tuple[str, str]]:
    write(folder, {"org.yaml": text})
    ran = invoke("render", cwd=folder)
    assert ran.code == 0, ran.out
    return [(str(path), path.read_text()) for path in sorted((folder / "rendered").rglob("*.yaml"))]


def _lint(texts: list[tuple[str, str]], version: str = "1.33", exact: bool = False) -> list[Problem]:
    def locate(path: Place) -> Span:
        return Span("org.yaml", len(path), 1, len(path), 1)

    return list(lint(Schemas.of(version), texts, locate, {file for file, _ in texts} if exact else ()))


@pytest.mark.parametrize("version", known_versions())
def test_what_we_render_fits_every_version(version: str, tmp_path: Path) -> None:
    texts = _texts(tmp_path)
    assert _lint(texts, version) == []
    assert _lint(texts, version, exact=True) == []


@pytest.mark.parametrize(
    ("kind", "before", "after", "message"),
    [
        ("resourcequota", "hard:", "hrad:", "spec: Additional properties are not allowed ('hrad' was unexpected)"),
        ("resourcequota", 'pods: "9"', "pods: []", "spec.hard.pods: "),
        ("networkpolicies", "podSelector: {}", "podSelector: yes", "spec.podSelector: true is not of types"),
        ("networkpolicies", "port: 53", "port: [53]", "spec.egress[0].ports[0].port: "),
        ("namespace", "verta-gitops.io/state: active", "verta-gitops.io/state: 3", "metadata.labels"),
        ("workspace", "\ndata:", "\ndta:", "the object: Additional properties are not allowed"),
    ],
)
def test_what_does_not_fit(kind: str, before: str, after: str, message: str, tmp_path: Path) -> None:
    texts = _texts(tmp_path)
    good = [text for file, text in texts if file.endswith(f"/{kind}.yaml")]
    assert before in good[0]
    bad = [(f"bad/{kind}.yaml", good[0].replace(before, after))]
    for exact in (False, True):
        found = _lint([*texts, *bad], exact=exact)
        assert found, "the good file of almost the same form must not hide the bad one"
        assert all(problem.rule == "schema-violation" for problem in found)
        assert any(message in problem.message for problem in found), [problem.message for problem in found]
        assert found[0].place == Span("org.yaml", 2, 1, 2, 1), "it points to where the object comes from"
        assert str(found[0].related[0].place).startswith(f"bad/{kind}.yaml:")


def test_kinds_of_the_engines_have_no_schema() -> None:
    text = f"{HEADER}---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: a\nspec: nonsense\n"
    assert _lint([("a.yaml", text), ("b.yaml", text.replace("argoproj.io", "kustomize.toolkit.fluxcd.io"))]) == []


@pytest.mark.parametrize("name", ["../../../x", "namespace", "Namespace/../x", "ns.pkg"])
def test_a_kind_is_no_path(name: str) -> None:
    text = f'---\napiVersion: v1\nkind: "{name}"\nmetadata:\n  name: a\n'
    assert isinstance(_lint([("a.yaml", text)]), list)


def test_nothing_is_written_where_the_schemas_refuse(tmp_path: Path) -> None:
    template = "---\napiVersion: v1\nkind: Secret\nmetadata:\n  annotations: {{ grant }}\n  name: s\n"
    template += "  namespace: {{ namespace.name }}\nstringdata: {}\n"
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "acme/namespace/s.yaml.j2": template})
    write(tmp_path, {"verta-gitops.toml": 'templates = ["acme"]\n'})
    for options in ((), ("--check",)):
        ran = invoke("render", *options, cwd=tmp_path)
        assert 'org.yaml:8:3: error: Kubernetes would refuse Secret "s": the object: Additional' in ran.out
        assert ran.code == 1
        assert not (tmp_path / "rendered").exists()


def test_an_unknown_version_is_a_warning_and_the_nearest_is_used(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL.replace("1.33", "1.99") + FRAUD})
    newest = known_versions()[-1]
    oldest = known_versions()[0]
    said = f'org.yaml:3:45: warning: there are no schemas of Kubernetes "1.99", only of {oldest} to {newest}; '
    for command in ("check", "render"):
        ran = invoke(command, cwd=tmp_path)
        assert said + f"what is rendered is held against those of {newest} [unknown-kubernetes-version]" in ran.out
        assert ran.code == 0


def test_nearest_version() -> None:
    assert nearest_version("1.7", ["1.25", "1.30"]) == "1.25"
    assert nearest_version("1.28", ["1.25", "1.30"]) == "1.30"
    assert nearest_version("1.30", ["1.25", "1.30"]) == "1.30"


@pytest.mark.parametrize(
    "path",
    [("namespaces", "fraud"), ("workspaces", 'a "b" \\ c.d', "access", 0), ("quota", "requests.cpu"), ("", "ü", "名")],
)
def test_a_path_is_read_back(path: Place) -> None:
    assert parse_path(show_path(path)) == path


def test_check_loads_neither_the_schemas_nor_their_package(tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL})
    code = (
        "import sys; sys.argv = ['verta-gitops', 'check']\n"
        "from generator.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('kubernetes_validate', 'jsonschema_rs', 'jinja2', 'rich', 'inspect', 'tomllib') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] in ("[]", "['inspect']"), done.stdout
