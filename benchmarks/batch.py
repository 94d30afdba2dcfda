"""Sizes and rounds → samples of everything that is compared, taken in turn: the machine drifts."""

from __future__ import annotations

import json
import shutil
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import organization
from benchmarks.measure import ROOT, Failed, Sample, answer, count_objects, program, python, run
from benchmarks.neighbours import DATA, Neighbour, neighbours

FULL = "full rendering into an empty folder"
FRESH = "`render --check`, up to date"
FRESH_ANEW = "`render --check`, up to date, in a new clone"
CHANGED = "rendering after one workspace changed"
CHANGED_ANEW = "rendering after one workspace changed, in a new clone"
"""In a new clone nothing is remembered of earlier renderings."""

PLAN = "`plan` of that change"
CHECK = "`check`"
WRITE = "only writing the same files"
COMPARE = "only reading and comparing them"
PASS = "`python -c pass`"
CLICK = '`python -c "import click"`'
HELP = "`--help`"
EXAMPLE = "`check` of the example"

CLUSTER = "bench-eu"
SMALL = 100
"""Workspaces of the organization for which the neighbours' objects are compared with ours, one by one."""

STARTS = 5
"""Runs of every start in a round; they are short."""


@dataclass(slots=True)
class Batch:
    """What was measured so far. `samples` and `sizes` hold one list each, by what was run and by workspaces."""

    folder: Path
    workspaces: int
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    sizes: dict[int, list[Sample]] = field(default_factory=dict)
    starts: dict[str, list[Sample]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: list[Neighbour] = field(default_factory=list)

    def org(self, workspaces: int) -> str:
        """The organization of that size."""
        return str(self.folder / f"org-{workspaces}.yaml")


def measure(folder: Path, workspaces: int, rounds: int) -> Batch:
    """Everything, as many times as there are rounds. Raises Failed where a command does.

    Nothing is removed before the end: ext4 without a journal keeps away from the inodes of removed files for up to five
    minutes, and looks at each of them for every file that it makes; writing a tree then takes ten times as long.
    """
    batch = Batch(folder, workspaces)
    started = time.monotonic()
    prepare(batch)
    for turn in range(rounds):
        here = folder / f"round-{turn}"
        here.mkdir()
        say(f"round {turn + 1} of {rounds}")
        rendering(batch, here, turn)
        files(batch, here, turn)
        others(batch, turn)
        linearity(batch, here)
        start_up(batch)
    batch.facts["minutes"] = round((time.monotonic() - started) / 60, 1)
    return batch


def prepare(batch: Batch) -> None:
    """Write the organizations, compare the neighbours' objects with ours, and leave compiled modules behind."""
    sizes = sorted({max(1, batch.workspaces // 10), max(1, batch.workspaces * 3 // 10), batch.workspaces})
    batch.sizes = {size: [] for size in sizes}
    for size in (*sizes, SMALL):
        generate(batch, size)
    for each in neighbours(batch.folder):
        if isinstance(each, str):
            batch.notes.append(each)
        else:
            batch.others.append(each)
            run(each.command, batch.folder / each.output)
    answer(program("render", batch.org(SMALL), "-o", str(batch.folder / "small")))
    outputs = [str(batch.folder / each.output) for each in batch.others]
    told = answer(python("-m", "benchmarks.neighbours", str(batch.folder / "small" / CLUSTER / "namespaces"), *outputs))
    batch.notes += [f"{SMALL} workspaces, compared with ours: {line}" for line in told.splitlines()]
    found = answer(program("check", batch.org(batch.workspaces))).splitlines()
    batch.notes += [f"`check` is not content with the organization: {line}" for line in found[:-1][:3]]
    generate(batch, batch.workspaces)


def generate(batch: Batch, workspaces: int) -> None:
    """Write an organization, also as what the neighbours read next; in a process of its own, which may grow."""
    files = ("--yaml", batch.org(workspaces), "--json", str(batch.folder / DATA))
    answer(python("-m", "benchmarks.organization", "--workspaces", str(workspaces), *files))


def rendering(batch: Batch, here: Path, turn: int) -> None:
    """What people do: render all, ask whether it is fresh, change one workspace, check."""
    org, output = batch.org(batch.workspaces), str(here / "rendered")
    full = record(batch.samples, FULL, program("render", org, "-o", output))
    batch.sizes[batch.workspaces].append(full)
    record(batch.samples, FRESH, program("render", "--check", org, "-o", output))
    record(batch.samples, FRESH_ANEW, program("render", "--check", org, "-o", output), cache=here / "cache-1")
    (here / "base").mkdir()
    shutil.copy(org, here / "base" / Path(org).name)
    change(batch, CHANGED, here, 2 * turn)
    record(batch.samples, PLAN, program("plan", org, "--base-dir", str(here / "base")))
    change(batch, CHANGED_ANEW, here, 2 * turn + 1, here / "cache-2")
    record(batch.samples, CHECK, program("check", org))


def change(batch: Batch, label: str, here: Path, version: int, cache: Path | None = None) -> None:
    """Change one workspace, each time another one, and render; what was changed must be there then."""
    org, index = batch.org(batch.workspaces), batch.workspaces * (version % 15 + 1) // 16
    text = organization.edit(org, index, version + 1)
    record(batch.samples, label, program("render", org, "-o", str(here / "rendered")), cache=cache)
    changed = here / "rendered" / CLUSTER / "namespaces" / organization.name(index) / "workspace.yaml"
    if text not in changed.read_text(encoding="utf-8"):
        raise Failed(f"{changed} does not say what was changed")


def files(batch: Batch, here: Path, turn: int) -> None:
    """The bare work on the files that were rendered."""
    folders = (str(here / "rendered" / CLUSTER), str(here / "plain"))
    found = json.loads(answer(python("-m", "benchmarks.plain", *folders)))
    for what, label in (("write", WRITE), ("compare", COMPARE)):
        sample = Sample(found.pop(what))
        batch.samples.setdefault(label, []).append(sample)
        say(f"{label}: {sample.seconds:.2f} s")
    if turn == 0:
        batch.facts.update(found)


def others(batch: Batch, turn: int) -> None:
    """The neighbours; in the first round they must make as many objects as the program does."""
    for each in batch.others:
        output = batch.folder / each.output
        record(batch.samples, f"`{each.name}`", each.command, output)
        if turn == 0 and (made := count_objects(output)) != batch.facts["objects"]:
            batch.notes.append(f"{each.name} made {made:,} objects instead of {batch.facts['objects']:,}")


def linearity(batch: Batch, here: Path) -> None:
    """Full renderings of smaller organizations; that of the whole one is there already."""
    for size, samples in batch.sizes.items():
        if size != batch.workspaces:
            sample = run(program("render", batch.org(size), "-o", str(here / f"rendered-{size}")))
            samples.append(sample)
            say(f"{size:,} workspaces: {sample.seconds:.2f} s")


def start_up(batch: Batch) -> None:
    """What is waited for before anything happens."""
    example = ROOT / "org.yaml"
    commands = {
        PASS: python("-c", "pass"),
        CLICK: python("-c", "import click"),
        HELP: program("--help"),
        EXAMPLE: program("check", str(example) if example.exists() else batch.org(SMALL)),
    }
    for _ in range(STARTS):
        for label, command in commands.items():
            sample = run(command)
            batch.starts.setdefault(label, []).append(Sample(sample.seconds, sample.cpu))


def record(
    samples: dict[str, list[Sample]],
    label: str,
    command: list[str],
    output: Path | None = None,
    cache: Path | None = None,
) -> Sample:
    """Run a command and keep its sample under a label; with a cache of its own, where one is named."""
    sample = run(command, output, {"XDG_CACHE_HOME": str(cache)} if cache else {})
    samples.setdefault(label, []).append(sample)
    say(f"{label}: {sample.seconds:.2f} s, {sample.peak:.0f} MiB")
    return sample


def say(text: str) -> None:
    """Tell who waits how far it is."""
    print(text, file=sys.stderr, flush=True)
