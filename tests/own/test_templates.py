"""An organization's own templates: what they may not render is found before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, Ran, invoke, write

CONFIG_MAP = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: extra
  namespace: {{ namespace.name }}
"""


def _render(folder: Path, templates: dict[str, str], text: str = MINIMAL + FRAUD) -> Ran:
    files: dict[str, str | bytes] = {f"acme/{name}": content for name, content in templates.items()}
    write(folder, {"org.yaml": text, "verta-gitops.toml": 'templates = ["acme"]\n', **files})
    return invoke("render", cwd=folder)


def test_a_further_manifest(tmp_path: Path) -> None:
    assert _render(tmp_path, {"namespace/extra.yaml.j2": CONFIG_MAP}).code == 0
    assert "name: extra" in (tmp_path / "rendered/prod-us/namespaces/fraud/extra.yaml").read_text()


def test_the_first_folder_wins(tmp_path: Path) -> None:
    write(tmp_path, {"other/namespace/extra.yaml.j2": CONFIG_MAP.replace("extra", "other")})
    write(tmp_path, {"acme/namespace/extra.yaml.j2": CONFIG_MAP, "org.yaml": MINIMAL + FRAUD})
    write(tmp_path, {"verta-gitops.toml": 'templates = ["other", "acme"]\n'})
    assert invoke("render", cwd=tmp_path).code == 0
    assert "name: other" in (tmp_path / "rendered/prod-us/namespaces/fraud/extra.yaml").read_text()


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("namespace/x.yaml.j2", "a: b\n", "x.yaml.j2:1:1: error: renders in namespaces/fraud/x.yaml, line 2: no"),
        ("namespace/x.yaml.j2", "\n- a\n", "expected a map with apiVersion, kind and metadata [template-object]"),
        ("namespace/x.yaml.j2", "apiVersion: v1\nkind: Secret\n", "Secret without a `metadata.name`"),
        ("namespace/x.yaml.j2", CONFIG_MAP + "b: [\n", "x.yaml.j2:7:1: error: renders in namespaces/fraud/x.yaml"),
        (
            "namespace/x.yaml.j2",
            CONFIG_MAP + CONFIG_MAP,
            'x.yaml.j2:3:1: error: renders ConfigMap "extra" in namespaces/fraud/x.yaml, which the same file',
        ),
        (
            "namespace/quota.yaml.j2",
            CONFIG_MAP.replace("ConfigMap", "ResourceQuota").replace("extra", "quota"),
            "which namespaces/fraud/resourcequota.yaml renders too [template-duplicate]",
        ),
        (
            "namespace/x.yaml.j2",
            "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: extra\n",
            'x.yaml.j2:3:1: error: renders ClusterRole "extra" in namespaces/fraud/x.yaml: a cluster-scoped kind',
        ),
        (
            "namespace/x.yaml.j2",
            CONFIG_MAP.replace("{{ namespace.name }}", "kube-system"),
            'an object of namespace "kube-system" in the folder of namespace "fraud"',
        ),
        ("namespace/x.yaml.j2", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\n", "an object without a namespace"),
        ("cluster/x.yaml.j2", "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n", "declared under `namespaces`"),
        (
            "namespace/namespace.yaml.j2",
            "apiVersion: v1\nkind: Namespace\nmetadata: {name: {{ namespace.name }}}\n",
            "namespace.yaml.j2:2:1: error: renders Namespace",
        ),
        ("workspace/namespace.yaml.j2", CONFIG_MAP, 'both have a template namespace.yaml.j2; rename one [template-dup'),
        (
            "namespace/x.yaml.j2",
            CONFIG_MAP + "dta: {}\n",
            "Additional properties are not allowed ('dta' was unexpected) [schema-violation]",
        ),
    ],
)  # fmt: skip
def test_what_must_not_be_rendered(name: str, content: str, problem: str, tmp_path: Path) -> None:
    ran = _render(tmp_path, {name: content}, MINIMAL.replace("{}", '{quota: {pods: "9"}}') + FRAUD)
    if name.startswith("workspace/"):
        content = content.replace("namespace.name", "workspace.home")
        ran = _render(tmp_path, {name: content})
    assert problem in ran.out, ran.out + ran.err
    assert ran.code == 1
    assert not (tmp_path / "rendered").exists()


def test_a_guard_that_is_lost_is_said(tmp_path: Path) -> None:
    template = (
        "apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {{ namespace.labels }}\n  name: {{ namespace.name }}\n"
    )
    ran = _render(tmp_path, {"namespace/namespace.yaml.j2": template})
    assert "without the annotation argocd.argoproj.io/compare-options: IgnoreExtraneous" in ran.out
    template = template.replace("labels:", "annotations: {{ namespace.annotations }}\n  labels:")
    assert _render(tmp_path, {"namespace/namespace.yaml.j2": template}).code == 0


def test_a_fault_of_many_namespaces_is_said_once(tmp_path: Path) -> None:
    names = [f"n{number}" for number in range(30)]
    text = MINIMAL + "namespaces:\n" + "".join(f"  {name}: {{}}\n" for name in names)
    text += "workspaces:\n" + "".join(f"  {name}: {{namespace: {name}}}\n" for name in names)
    ran = _render(tmp_path, {"namespace/x.yaml.j2": "a: b\n"}, text)
    assert ran.out.count("[template-object]") == 1
    assert "(and 29 more)" in ran.out


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("---\n{% if %}\n", "x.yaml.j2:2: Expected an expression"),
        ("---\na: {{ namespace.nme }}\n", "x.yaml.j2:2: "),
        ("---\na: {{ namespace.__class__ }}\n", "x.yaml.j2:2: "),
        ('---\n{% include "nowhere.j2" %}\n', "x.yaml.j2:2: 'nowhere.j2' not found"),
        (b"\xff", "the template cannot be read"),
    ],
)
def test_a_template_that_cannot_be_used_stops_at_its_line(content: str | bytes, problem: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD, "verta-gitops.toml": 'templates = ["acme"]\n'})
    write(tmp_path, {"acme/namespace/x.yaml.j2": content})
    ran = invoke("render", cwd=tmp_path)
    assert problem in ran.err
    assert ran.code == 3
    assert not (tmp_path / "rendered").exists()


def test_a_kind_that_the_appproject_does_not_allow(tmp_path: Path) -> None:
    delivery = "delivery: {engine: argocd, repoURL: https://git.example.com/a.git}\n"
    template = CONFIG_MAP.replace("ConfigMap", "ServiceAccount")
    ran = _render(tmp_path, {"namespace/sa.yaml.j2": template}, MINIMAL + delivery + FRAUD)
    assert "a kind that the AppProject does not allow; add it there [template-kind]" in ran.out
    ours = (Path(__file__).parents[2] / "templates/delivery/argocd/appproject.yaml.j2").read_text()
    added = ours.replace(
        "      kind: ConfigMap\n", '      kind: ConfigMap\n    - group: ""\n      kind: ServiceAccount\n'
    )
    templates = {"namespace/sa.yaml.j2": template, "delivery/argocd/appproject.yaml.j2": added}
    assert _render(tmp_path, templates, MINIMAL + delivery + FRAUD).code == 0


def test_a_template_of_a_workspace_in_the_primary_namespace_is_checked_too(tmp_path: Path) -> None:
    ran = _render(tmp_path, {"workspace/x.yaml.j2": "a: b\n"}, MINIMAL + FRAUD + "  old: {legacy: true}\n")
    assert "[template-object]" in ran.out
    assert "(and 1 more)" in ran.out
