from __future__ import annotations

import os
import resource
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import FRAUD, MINIMAL, ROOT, write

COMMANDS = ["check", "list -o csv", "schema", "report", "--help", "check --help", "--version"]
BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])


def shell(command: str, folder: Path, unbuffered: str = "", limit: int = 0) -> tuple[int, str, str]:
    """Run a line of bash in which `$V` is the command; its code, its output and what it complained of."""
    write(folder, {"org.yaml": MINIMAL + FRAUD})
    done = subprocess.run(
        ["bash", "-c", f"V={shlex.quote(f'{sys.executable} -m generator')}; {command}"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        capture_output=True,
        check=False,
        text=True,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))) if limit else None,
    )
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "Exception ignored" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@BUFFERED
@pytest.mark.parametrize("command", COMMANDS)
def test_a_full_disk_is_said(command: str, unbuffered: str, tmp_path: Path) -> None:
    ran = shell(f"$V {command} > /dev/full", tmp_path, unbuffered)
    assert ran == (3, "", "error: the output cannot be written: No space left on device\n")


@BUFFERED
def test_an_answer_is_never_cut_short_in_silence(unbuffered: str, tmp_path: Path) -> None:
    code, _, complaint = shell("$V report > report.html", tmp_path, unbuffered, limit=100_000)
    assert (code, complaint) == (3, "error: the output cannot be written: File too large\n")


@BUFFERED
@pytest.mark.parametrize("command", COMMANDS)
def test_a_reader_that_left_is_neither_an_error_nor_a_problem(command: str, unbuffered: str, tmp_path: Path) -> None:
    write(tmp_path, {"org.yaml": MINIMAL + FRAUD})
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "generator", *command.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": unbuffered},
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@BUFFERED
def test_a_reader_that_leaves_in_the_middle_is_told_from_success(unbuffered: str, tmp_path: Path) -> None:
    code, out, complaint = shell("$V report | head -c 10; exit ${PIPESTATUS[0]}", tmp_path, unbuffered)
    assert (code, len(out), complaint) == (141, 10, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("command", COMMANDS)
def test_streams_may_be_closed(command: str, closed: str, tmp_path: Path) -> None:
    assert shell(f"$V {command} {closed} | cat > out; exit ${{PIPESTATUS[0]}}", tmp_path)[0] == 0
    assert bool((tmp_path / "out").read_text()) == (" >&-" not in f" {closed}")


def test_what_was_found_counts_where_nobody_listens(tmp_path: Path) -> None:
    assert shell("echo version: 2 > org.yaml; $V check >&-", tmp_path)[0] == 1
    assert shell("$V nonsense >&- 2>&-", tmp_path)[0] == 2
    assert shell("$V check nobody.yaml >&-", tmp_path)[0] == 3
