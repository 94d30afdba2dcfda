"""`python -m benchmarks.rules`: how long each rule takes, and how that grows with the organization."""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Sequence

from benchmarks.organization import write
from generator.model.decode import decode
from generator.model.org import Org
from generator.reading.sources import load
from generator.rules import RULES, Rule

SIZES = (1_000, 3_000, 10_000)
ROUNDS = 3


def organization(workspaces: int) -> Org:
    """The organization of the benchmarks, of that size."""
    with tempfile.TemporaryDirectory(prefix="verta-gitops-benchmark-") as folder:
        path = f"{folder}/org.yaml"
        write(workspaces, path)
        org, problems = decode(load(path).documents)
    assert not problems
    return org


def seconds(rule: Rule, org: Org) -> float:
    """The shortest of a few runs of a rule."""
    best = math.inf
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in rule.find(org):
            pass
        best = min(best, time.perf_counter() - started)
    return best


def exponent(sizes: Sequence[int], times: Sequence[float]) -> float:
    """By which power of the size the time grows, from the first size to the last; 1 is linear."""
    return math.log(times[-1] / times[0]) / math.log(sizes[-1] / sizes[0])


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table of all rules, the slowest first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rules", description=__doc__)
    parser.add_argument("--most", type=int, default=len(RULES), help="show only so many rules (default: all)")
    most = parser.parse_args(arguments).most
    orgs = [organization(size) for size in SIZES]
    measured = {rule.id: [seconds(rule, org) for org in orgs] for rule in RULES}
    print("| rule | " + " | ".join(f"{size:,}" for size in SIZES) + " | exponent |")
    print("|---|" + "--:|" * (len(SIZES) + 1))
    rows = sorted(measured.items(), key=lambda row: -row[1][-1])[:most]
    totals = [sum(times[position] for times in measured.values()) for position in range(len(SIZES))]
    for name, times in [*rows, ("all rules", totals)]:
        shown = " | ".join(f"{1000 * each:.1f} ms" for each in times)
        print(f"| {name} | {shown} | {exponent(SIZES, times):.2f} |")


if __name__ == "__main__":
    main()
