"""`python -m benchmarks`: measure, and print what was found."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from benchmarks.batch import SMALL, Batch, generate, measure
from benchmarks.measure import Failed, answer, program, python
from benchmarks.report import data, markdown


def parser() -> argparse.ArgumentParser:
    """What can be chosen."""
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("--workspaces", type=int, default=10_000, help="size of the organization (default: 10000)")
    made.add_argument("--rounds", type=int, default=3, help="how many times everything is run (default: 3)")
    made.add_argument("--folder", metavar="FOLDER", help="where to work (default: where temporary files are)")
    made.add_argument("--json", type=Path, metavar="FILE", help="write every sample to a file, too")
    made.add_argument("--profile", type=int, nargs="?", const=15, metavar="N", help="only show the N slowest functions")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure in a temporary folder, which is removed in any case."""
    chosen = parser().parse_args(arguments)
    if chosen.workspaces < 1 or chosen.rounds < 1:
        parser().error("--workspaces and --rounds are at least 1")
    signal.signal(signal.SIGTERM, _stop)
    try:
        with tempfile.TemporaryDirectory(prefix="verta-gitops-benchmark-", dir=chosen.folder) as folder:
            for what in ("CACHE", "CONFIG", "DATA"):  # the user's own are not touched
                os.environ[f"XDG_{what}_HOME"] = f"{folder}/{what.lower()}"
            if chosen.profile:
                print(profile(Path(folder), chosen.workspaces, chosen.profile))
                return 0
            batch = measure(Path(folder), chosen.workspaces, chosen.rounds)
            print(markdown(batch), flush=True)  # before the cleaning, which takes a while
            if chosen.json:
                chosen.json.write_text(json.dumps(data(batch), indent=1) + "\n", encoding="utf-8")
    except Failed as error:
        print(f"error: {error}", file=sys.stderr)
        return 3
    return 0


def profile(folder: Path, workspaces: int, functions: int) -> str:
    """The functions that a full rendering spends most time in, without what they call."""
    batch = Batch(folder, workspaces)
    for size in (SMALL, workspaces):
        generate(batch, size)
    answer(program("render", batch.org(SMALL), "-o", str(folder / "small")))  # leaves compiled modules behind
    stats = str(folder / "profile")
    render = ("render", batch.org(workspaces), "-o", str(folder / "rendered"))
    answer(python("-m", "cProfile", "-o", stats, "-m", "generator", *render))
    if not (folder / "rendered").exists():
        raise Failed("nothing was rendered")
    show = f"import pstats; pstats.Stats({stats!r}).strip_dirs().sort_stats('tottime').print_stats({functions})"
    return answer(python("-c", show)).strip()


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
