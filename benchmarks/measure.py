"""Command → how long it took and how much memory it needed at its peak.

The memory is that of the largest process of the command. Linux counts what the parent held at the start of a child too,
so whoever measures must stay small: whatever needs memory here is a command of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
"""The checkout that is measured: the one that this package is in."""

LONGEST = 900
"""Seconds after which a command is ended."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: seconds on the clock, seconds of all processors, and MiB at the peak (0 where not known)."""

    seconds: float
    cpu: float = 0.0
    peak: float = 0.0


class Failed(Exception):
    """A command did not end as it should; there is nothing to compare then."""


def python(*arguments: str) -> list[str]:
    """A command of this very Python."""
    return [sys.executable, *arguments]


def program(*arguments: str) -> list[str]:
    """A command of the program that is measured."""
    return python("-m", "generator", *arguments)


def run(command: Sequence[str], output: Path | None = None, environment: Mapping[str, str] | None = None) -> Sample:
    """Run a command in the checkout and measure it; its output goes to a file or nowhere."""
    os.sync()  # nobody pays for what another one wrote
    with open(output or os.devnull, "wb") as stdout:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT, stdout=stdout, env={**os.environ, **(environment or {})})
        timer = threading.Timer(LONGEST, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"exit code {process.returncode}: {' '.join(command)}")
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return Sample(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def answer(command: Sequence[str]) -> str:
    """What a command prints, for what is not measured."""
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST, check=False)
    if result.returncode:
        raise Failed(f"exit code {result.returncode}: {' '.join(command)}\n{result.stderr}")
    return result.stdout


def count_objects(path: Path) -> int:
    """Kubernetes objects in a file of YAML, or of JSON on many lines."""
    with open(path, "rb") as file:
        return sum(line.lstrip(b' "').startswith(b"apiVersion") for line in file)
