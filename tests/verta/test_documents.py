"""What is said of the Verta side is what the code does."""

from __future__ import annotations

import re

from generator.plan.change import VERTA_KINDS
from generator.verta.account import NAMES
from tests.support import ROOT

PAGE = (ROOT / "docs" / "verta.md").read_text()


def test_every_kind_of_change_and_every_variable_is_on_the_page() -> None:
    for kind in VERTA_KINDS.values():
        words = kind.title.replace("group missing", "missing").replace("role missing", "missing")
        assert words in PAGE.replace("group or role missing", "missing"), kind.title
    for name in NAMES:
        assert f"`{name}`" in PAGE, name


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    for target in re.findall(r"\]\(([^)]+)\)", PAGE):
        file, _, anchor = target.partition("#")
        assert (ROOT / "docs" / file).exists() if file else anchor in headings, target


def test_the_image_runs_as_nobody_and_holds_no_build_tools() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = max(position for position, line in enumerate(lines) if line.startswith("FROM "))
    final = lines[last:]
    assert "USER 65532:65532" in final
    assert 'ENTRYPOINT ["verta-gitops"]' in final
    assert any("pip uninstall" in line for line in final)
    assert not any("pip install" in line or "apt-get" in line for line in final)
    assert sum("--constraint constraints.txt" in line for line in lines) == 2  # every version is pinned
    rendered = (ROOT / "templates" / "cluster" / "verta-sync.yaml.j2").read_text()
    assert "runAsUser: 65532" in rendered


def test_what_the_image_is_built_from_is_let_in_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[0] == "*"
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert allowed == {"generator", "templates", "schema", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    assert all((ROOT / name).exists() for name in allowed)
