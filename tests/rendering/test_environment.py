from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.problems import Stop
from generator.rendering.environment import SCOPES, Templates
from generator.rendering.folders import builtin_templates
from tests.support import write


def render(template: str, folder: Path, **context: Any) -> dict[str, str]:
    write(folder, {"cluster/own.yaml.j2": template})
    return dict(
        Templates([folder])
        .scope("cluster")
        .render({"priority_tiers": [], "roles": [], "sync": None, "labels": {}, **context})
    )


def test_a_value_is_a_literal(tmp_path: Path) -> None:
    found = render("a: {{ text }}\nb: {{ 7 * 6 }}\nc: {{ [text] }}\n", tmp_path, text="no: {{ 7*7 }}")
    assert found == {"own.yaml": 'a: "no: {{ 7*7 }}"\nb: 42\nc: ["no: {{ 7*7 }}"]\n'}


def test_an_empty_rendering_makes_no_file(tmp_path: Path) -> None:
    assert render("{% if false %}a: 1{% endif %}\n\n", tmp_path) == {}


@pytest.mark.parametrize(
    "template",
    [
        "\na: {{ nothing }}\n",
        "\na: {{ labels.nothing }}\n",
        "\na: {{ labels.__class__ }}\n",
        "\na: {{ text.__class__.__mro__ }}\n",
        "\na: {{ text.format.__globals__ }}\n",
        "\na: {{ ''['__class__'] }}\n",
        "\na: {{ labels.update({'x': 1}) }}\n",
        "\na: {{ ().__class__.__base__.__subclasses__() }}\n",
        "\na: {{ none }}\n",
        "\na: {{ 1 / 0 }}\n",
        "\na: {{ 1.5 }}\n",
        "\na: {{ range }}\n",
        "\na: {{ labels | attr('__class__') }}\n",
        "\na: {{ self.__init__.__globals__ }}\n",
        "\na: {{ cycler.__init__.__globals__ }}\n",
        "\na: {{ '{0.__class__}'.format(text) }}\n",
    ],
)
def test_what_a_template_may_not_do_names_its_line(template: str, tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"own\.yaml\.j2:2: "):
        render(template, tmp_path, text="x")


@pytest.mark.parametrize(
    "template", ["{% include '/etc/passwd' %}", "{% include '../../x' %}", "{% import 'os' as os %}"]
)
def test_a_template_reaches_no_other_file(template: str, tmp_path: Path) -> None:
    with pytest.raises(Stop):
        render(template, tmp_path)


@pytest.mark.parametrize("template", ["\n{% if %}", "\n{{ a b }}", "\n{% nonsense %}"])
def test_a_template_with_wrong_syntax_names_its_line(template: str, tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"own\.yaml\.j2:2: "):
        render(template, tmp_path)


def test_the_first_folder_wins(tmp_path: Path) -> None:
    write(tmp_path, {"a/cluster/x.yaml.j2": "a: 1\n", "b/cluster/x.yaml.j2": "b: 1\n", "b/cluster/y.yaml.j2": "y: 1\n"})
    scope = Templates([tmp_path / "a", tmp_path / "b"]).scope("cluster")
    found = dict(scope.render({"priority_tiers": [], "roles": [], "sync": None, "labels": {}}))
    assert found == {"x.yaml": "a: 1\n", "y.yaml": "y: 1\n"}


def test_every_scope_has_templates() -> None:
    for scope in SCOPES:
        assert list((builtin_templates() / scope).glob("*.yaml.j2")), scope
    known = {f"{scope}/{name}" for scope in SCOPES for name, _ in Templates().scope(scope).templates}
    there = {
        path.relative_to(builtin_templates()).as_posix().removesuffix(".j2")
        for path in builtin_templates().rglob("*.j2")
    }
    assert known == there
