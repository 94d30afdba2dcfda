"""Samples → a table for people, and the same as data."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from benchmarks.batch import CLICK, FULL, Batch
from benchmarks.measure import Sample


def markdown(batch: Batch) -> str:
    """Tables of what was measured, with what they rest on."""
    facts = batch.facts
    rounds = len(batch.samples[FULL])
    measured = (
        f"{batch.workspaces:,} workspaces: {facts['objects']:,} objects of namespaces in {facts['files']:,} files, "
        f"{facts['bytes'] / 1e6:.0f} MB. {machine()}. Medians of {rounds} rounds in one batch of "
        f"{facts['minutes']} minutes; the ratio is the median of the ratios within each round. The neighbours write "
        "one file."
    )
    lines = [
        measured,
        "",
        *_table(batch.samples, FULL, "full rendering", 2),
        "",
        "Full rendering by number of workspaces:",
        "",
        *_sizes(batch.sizes),
        "",
        f"Start-up, medians of {len(batch.starts[CLICK])} runs:",
        "",
        *_table(batch.starts, CLICK, "`import click`", 3),
        "",
        *(f"- {note}" for note in batch.notes),
    ]
    return "\n".join(lines)


def data(batch: Batch) -> dict[str, Any]:
    """Every sample, as JSON holds it."""
    return {
        "workspaces": batch.workspaces,
        "machine": machine(),
        **batch.facts,
        "samples": {label: [asdict(sample) for sample in samples] for label, samples in batch.samples.items()},
        "sizes": {str(size): [asdict(sample) for sample in samples] for size, samples in batch.sizes.items()},
        "exponent": exponent(batch.sizes),
        "starts": {label: [asdict(sample) for sample in samples] for label, samples in batch.starts.items()},
        "notes": batch.notes,
    }


def machine() -> str:
    """What it was measured on."""
    return f"{os.cpu_count()} processors, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def exponent(sizes: Mapping[int, Sequence[Sample]]) -> float:
    """The power of the number of workspaces that the time grows with: 1 is linear."""
    points = [(math.log(size), math.log(_middle(samples))) for size, samples in sizes.items()]
    x_mean, y_mean = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else math.nan


def _table(samples: Mapping[str, Sequence[Sample]], base: str, name: str, digits: int) -> Iterator[str]:
    yield f"| | median | range | processor | peak memory | × {name} |"
    yield "|---|--:|--:|--:|--:|--:|"
    for label, found in samples.items():
        ratios = [each.seconds / whole.seconds for each, whole in zip(found, samples[base], strict=True)]
        cpu, peak = median(each.cpu for each in found), max(each.peak for each in found)
        known = (f"{cpu:.{digits}f} s" if cpu else "", f"{peak:,.0f} MiB" if peak else "")
        yield _row(label, f"{_middle(found):.{digits}f} s", _range(found, digits), *known, f"{median(ratios):.2f}")


def _sizes(sizes: Mapping[int, Sequence[Sample]]) -> Iterator[str]:
    yield "| workspaces | median | range | peak memory | per workspace |"
    yield "|--:|--:|--:|--:|--:|"
    for size, found in sizes.items():
        peak = max(each.peak for each in found)
        each = f"{_middle(found) / size * 1000:.2f} ms"
        yield _row(f"{size:,}", f"{_middle(found):.2f} s", _range(found, 2), f"{peak:,.0f} MiB", each)
    yield ""
    yield f"The time grows with the number of workspaces to the power of {exponent(sizes):.2f}."


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _middle(samples: Sequence[Sample]) -> float:
    return median(each.seconds for each in samples)


def _range(samples: Sequence[Sample], digits: int) -> str:
    seconds = [each.seconds for each in samples]
    return f"{min(seconds):.{digits}f} to {max(seconds):.{digits}f}"
