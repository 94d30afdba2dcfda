"""The shape of the package: imports point one way, side effects and slow imports stay where they belong."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.support import ROOT

PACKAGE = ROOT / "generator"
BACKBONE = ["problems", "reading", "model", "rules", "report", "cli", "__main__"]
ALSO = ["problems", "reading", "model", "rendering", "files", "cli", "__main__"]


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def unit(module: str) -> str:
    """The room of the package that a module stands in, or nothing."""
    first, _, rest = module.partition(".")
    return rest.partition(".")[0] if first == "generator" else ""


IMPORTS: dict[str, set[str]] = {}
for file in sorted(PACKAGE.rglob("*.py")):
    room = file.relative_to(PACKAGE).with_suffix("").parts[0]
    IMPORTS.setdefault(room, set()).update({unit(module) for module in imported(file)} - {room, ""})


def test_imports_between_rooms_have_no_cycle() -> None:
    tuple(TopologicalSorter(IMPORTS).static_order())


@pytest.mark.parametrize("backbone", [BACKBONE, ALSO])
def test_imports_point_one_way(backbone: list[str]) -> None:
    for position, room in enumerate(backbone):
        assert not IMPORTS[room] & set(backbone[position + 1 :]), room
    assert IMPORTS["problems"] == set()
    assert IMPORTS["model"] <= {"problems", "reading"}


def test_nothing_but_the_entry_imports_the_commands() -> None:
    assert [room for room, rooms in IMPORTS.items() if "cli" in rooms] == ["__main__"]


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("click", {"cli", "report", "plan"}),
        ("yaml", {"reading", "objects"}),
        ("jinja2", {"rendering", "page"}),
        ("markupsafe", {"page"}),
        ("rich", {"cli"}),
        ("kubernetes", {"cluster"}),
        ("urllib3", {"cluster", "verta"}),
        ("subprocess", {"git", "own"}),
        ("shutil", {"files"}),
        ("readline", {"cli"}),
        ("ruamel", set()),
        ("fcntl", {"files"}),
        ("google", {"verta"}),
    ],
)
def test_a_library_is_imported_only_where_it_is_the_concern(library: str, rooms: set[str]) -> None:
    found = {
        path.relative_to(PACKAGE).with_suffix("").parts[0]
        for path in PACKAGE.rglob("*.py")
        if any(module.partition(".")[0] == library for module in imported(path))
    }
    assert found <= rooms


@pytest.mark.parametrize(
    "statement", ["import generator.cli", "import generator.cli.check", "import generator.cli.render"]
)
def test_the_commands_start_without_what_they_do_not_need_yet(statement: str) -> None:
    slow = (
        "yaml",
        "jinja2",
        "rich",
        "kubernetes",
        "ruamel",
        "jsonschema_rs",
        "kubernetes_validate",
        "asyncio",
        "urllib",
    )
    code = f"import sys; {statement}; print([name for name in {slow!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_checking_needs_no_templates_and_no_kubernetes_client() -> None:
    code = (
        "import sys\nfrom generator.cli import main\n"
        "try: main()\nexcept SystemExit: print([n for n in ('jinja2', 'rich', 'kubernetes') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "check", "tests/cases/form-bom-and-crlf-are-fine/org.yaml"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_module_begins_with_one_sentence_and_is_not_too_long() -> None:
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        if text:
            assert (ast.get_docstring(ast.parse(text)) or "").strip(), path
        assert len(text.splitlines()) < 700, path


def tracked() -> list[Path]:
    """The files of the project: what git knows or would take, or the folders that hold it where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        return [
            path
            for folder in ("generator", "templates", "schema", "tests")
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
        ]
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_holds_a_path_of_a_machine() -> None:
    machine = re.compile(rb"/(?:" + b"|".join([b"home", b"Users", b"root", b"work", b"mnt"]) + rb")/[A-Za-z0-9._]")
    found = [
        f"{path.relative_to(ROOT)}: {match[0]!r}"
        for path in tracked()
        if "__pycache__" not in path.parts
        for match in [machine.search(path.read_bytes())]
        if match
    ]
    assert found == []


def test_no_file_of_the_corpus_is_in_the_project() -> None:
    assert not [path for path in tracked() if path.name.startswith("public-sector")]
