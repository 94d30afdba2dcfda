"""What is shipped: the wheel holds all that it needs, and works in an empty environment in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, ROOT, rendered, tree, write


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist of a copy of the project."""
    folder = tmp_path_factory.mktemp("dist")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--sdist",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(ROOT),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def wanted() -> set[str]:
    """Every file of the package that somebody needs at run time, by its name in the wheel."""
    found = {
        f"generator/{path.relative_to(ROOT / 'generator').as_posix()}" for path in (ROOT / "generator").rglob("*.py")
    }
    for room in ("scaffold", "page"):
        files = ROOT / "generator" / room / "files"
        found |= {path.relative_to(ROOT).as_posix() for path in files.rglob("*") if path.is_file()}
    for folder in ("templates", "schema"):
        paths = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        found |= {f"generator/{path.relative_to(ROOT).as_posix()}" for path in paths}
    return found | {"generator/py.typed"}


def test_the_wheel_has_all_that_is_needed_and_no_more(built: Path) -> None:
    (wheel,) = built.glob("verta_gitops-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        assert b"License-Expression: Apache-2.0" in archive.read(metadata)
    assert wanted() <= names
    assert {name for name in names if ".dist-info/" not in name} == wanted()
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_sdist_has_all_that_is_needed_to_build_it(built: Path) -> None:
    (sdist,) = built.glob("verta_gitops-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        name.replace("generator/templates/", "templates/").replace("generator/schema/", "schema/") for name in wanted()
    } <= names
    assert {"pyproject.toml", "README.md", "LICENSE"} <= names
    assert not [name for name in names if name.startswith((".venv", ".git/", "rendered/"))]


def test_the_wheel_renders_in_an_empty_folder(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    home = tmp_path / "venv"
    venv.create(home, with_pip=False, symlinks=True)
    site = next((home / "lib").glob("python*")) / "site-packages"
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = home / "bin" / "python"
    options = ["--quiet", "--no-deps", "--no-index", "--ignore-installed", "--disable-pip-version-check"]
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", *options, str(wheel)]
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    subprocess.run(install, env=clean, capture_output=True, check=True)
    folder = write(tmp_path / "empty", {"org.yaml": MINIMAL + FRAUD})
    command = home / "bin" / "verta-gitops"
    where = [str(python), "-c", "import generator; print(generator.__file__)"]
    assert str(home) in subprocess.run(where, cwd=folder, env=clean, capture_output=True, text=True, check=True).stdout
    done = subprocess.run([command, "render"], cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    expected = rendered(MINIMAL + FRAUD, tmp_path / "beside")
    assert tree(folder / "rendered" / "prod-us") == {path: text.encode() for path, text in expected.items()}
    schema = subprocess.run([command, "schema"], cwd=folder, env=clean, capture_output=True, text=True, check=True)
    assert schema.stdout == (ROOT / "schema" / "org.schema.json").read_text()
