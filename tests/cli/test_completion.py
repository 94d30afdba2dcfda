"""Names are completed from the file at hand, in the real shells, and a broken file only completes less."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.reading.names import SECTIONS, names
from tests.support import FRAUD, MINIMAL, ROOT, corpus, write

ORG = (
    MINIMAL
    + """\
  gpu: {}
groups: {leads: {subject: "oidc:leads"}, 'fraud-ds': {}}
roles:
    # another step of indentation, and a comment
    maintainer: {verta: Maintainer}
include: [teams/*.yaml]
"""
    + FRAUD
    + """\
  "Card fraud: models": {legacy: true}
  'it''s old':
    legacy: true
    access:
      - group: leads
        role: maintainer
"""
)
TEAM = """\
namespaces:
  churn: {}
workspaces:
  churn-models: {namespace: churn}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    bin_ = tmp_path / "bin" / "verta-gitops"
    write(tmp_path, {"org.yaml": ORG, "teams/churn.yaml": TEAM})
    write(tmp_path, {"bin/verta-gitops": f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m generator "$@"\n'})
    bin_.chmod(0o755)
    return tmp_path


def complete(folder: Path, *words: str, **environment: str) -> list[str]:
    """What a shell would be told for a line that ends in the last of these words."""
    line = {"COMP_WORDS": " ".join(("verta-gitops", *words))}
    done = subprocess.run(
        [folder / "bin" / "verta-gitops"],
        cwd=folder,
        env={**os.environ, **line, "_VERTA_GITOPS_COMPLETE": "bash_complete", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "fraud"], ["fraud", "fraud-detection"]),
        (["show", "Card"], ["Card fraud: models"]),
        (["show", "it"], ["it's old"]),
        (["show", "churn-"], ["churn-models"]),
        (["who", "l"], ["leads"]),
        (["list", "--tier", "g"], ["gpu"]),
        (["list", "--owner", "fraud"], ["fraud-ds"]),
        (["explain", "tiers."], ["tiers.gpu", "tiers.standard"]),
        (["explain", "chu"], ["churn", "churn-models"]),
        (["rules", "quota-without-d"], ["quota-without-default"]),
        (["check", "--select", "quota-stated-twice,quota-without-d"], ["quota-stated-twice,quota-without-default"]),
        (["show", "-f", "teams/churn.yaml", "c"], ["churn", "churn-models"]),
        (["show", "-f", "nowhere.yaml", "f"], []),
        (["show", "zzz"], []),
        (["show", "'Card"], ["Card fraud: models"]),
        (["show", "Card\\ fr"], ["Card fraud: models"]),
        (["show", '"Card fraud: '], ["Card fraud: models"]),
        (["list", "--tier", ""], ["gpu", "standard"]),
        (["grant", "fraud-detection", "le"], ["leads:"]),
        (["grant", "fraud-detection", "leads:"], ["leads:maintainer"]),
    ],
)
def test_what_is_suggested(folder: Path, words: list[str], expected: list[str]) -> None:
    assert complete(folder, *words) == expected


@pytest.mark.parametrize(
    "text",
    ["", "\0\xff", "workspaces: {", "workspaces:\n\t- x\n  a", "include: [../*]\n", "include: ['[']\n", "a: &a [*a]\n"],
)
def test_a_broken_file_is_no_reason_to_speak(folder: Path, text: str) -> None:
    (folder / "org.yaml").write_bytes(text.encode("latin-1"))
    assert complete(folder, "show", "nothing") == []


def test_a_fragment_outside_is_not_read(folder: Path) -> None:
    write(folder.parent, {"secret.yaml": "workspaces:\n  hidden: {}\n"})
    (folder / "teams" / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    assert "hidden" not in names(str(folder / "org.yaml"))["workspaces"]
    assert "churn-models" in names(str(folder / "org.yaml"))["workspaces"]


@given(st.text(max_size=300) | st.from_regex(r"(workspaces|tiers|include): ?\n?( {0,3}[a-z'\"{\[:]{0,9}\n?){0,6}"))
def test_no_text_makes_it_fail(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "any.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    found = names(str(file))
    assert set(found) == set(SECTIONS)
    assert all(name.isprintable() for each in found.values() for name in each)


@pytest.mark.parametrize("file", ["org.yaml", "corpus"])
def test_the_names_are_those_that_the_reader_finds(file: str) -> None:
    from generator.pipeline import examine

    path = ROOT / file if file != "corpus" else corpus()
    if path is None:
        pytest.skip("no corpus: $VERTA_GITOPS_CORPUS names no folder that has it")
    org = examine(str(path)).org
    assert org is not None
    assert {section: set(each) for section, each in names(str(path)).items()} == {
        section: set(getattr(org, section)) for section in SECTIONS
    }


def typed(command: list[str], setup: str, line: str, folder: Path, wanted: str) -> str:
    """Type a line into a shell on a terminal of its own, and return what it shows until `wanted` stands there."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "TERM": "dumb",
        "PS1": "$ ",
        "HOME": str(folder),
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(command[0], command, environment)
    shown = b""
    try:
        for text, until in ((f"{setup}; echo rea''dy\n", b"ready"), (line, wanted.encode())):
            os.write(terminal, text.encode())
            end, before = time.monotonic() + 30, len(shown)
            while until not in shown[before:] and time.monotonic() < end:
                if select.select([terminal], [], [], 0.2)[0]:
                    try:
                        shown += os.read(terminal, 65536)
                    except OSError:
                        break
        return shown.decode("utf-8", "replace")
    finally:
        os.close(terminal)
        os.kill(pid, 9)
        os.waitpid(pid, 0)


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("verta-gitops show Card\t\n", "written: org.yaml"),
        ("verta-gitops show 'Card\t\n", "written: org.yaml"),
        ('verta-gitops show "it\t\n', "written: org.yaml"),
        ("verta-gitops who lea\t\n", "oidc:leads"),
        ("verta-gitops grant --dry-run fraud-detection leads:main\t\n", "Verta group leads: Maintainer"),
        ("verta-gitops rules quota-without-d\t\n", "quota-without-default"),
    ],
)
def test_in_bash(folder: Path, line: str, wanted: str) -> None:
    setup = 'eval "$(verta-gitops completion bash)"'
    assert wanted in typed([shell("bash"), "--norc", "--noprofile", "-i"], setup, line, folder, wanted)


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("verta-gitops show Card\t\n", "written: org.yaml"),
        ("verta-gitops who lea\t\n", "oidc:leads"),
    ],
)
def test_in_zsh(folder: Path, line: str, wanted: str) -> None:
    setup = 'autoload -Uz compinit; compinit -u -D; eval "$(verta-gitops completion zsh)"'
    assert wanted in typed([shell("zsh"), "-f", "-i"], setup, line, folder, wanted)


def test_in_fish(folder: Path) -> None:
    program = shell("fish")
    script = (
        "verta-gitops completion fish | source; complete -C 'verta-gitops show C'; complete -C 'verta-gitops who l'"
    )
    environment = {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "HOME": str(folder)}
    done = subprocess.run(
        [program, "--no-config", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n")[:2] == ["Card fraud: models", "leads"], done
