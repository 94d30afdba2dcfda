"""File name → organization and problems: reading, decoding and judging in one call."""

from __future__ import annotations

from dataclasses import dataclass

from generator.model.decode import decode
from generator.model.org import Org
from generator.problems import Path, Problem
from generator.reading.sources import Sources, load
from generator.rules import judge


@dataclass(frozen=True)
class Examined:
    """What is known of one file: the organization as far as it could be read, and all problems by place."""

    file: str
    sources: Sources
    org: Org | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> bool:
        """Whether something must be mended before rendering."""
        return any(problem.severity == "error" for problem in self.problems)


def examine(file: str) -> Examined:
    """Read, decode and judge a file. Raises Stop where it cannot be read at all."""
    sources = load(file)
    problems = list(sources.problems)
    org: Org | None = None
    if sources.complete:
        org, structural = decode(sources.documents)
        claimed = {_start(problem) for problem in problems}
        problems += [problem for problem in structural if _start(problem) not in claimed]
        broken = [problem.path for problem in structural]
        for problem in judge(org):
            found = sources.located(problem)
            if not any(_overlap(found.path, path) for path in broken):
                problems.append(found)
    problems.sort(key=lambda problem: sources.locate(problem.place))
    return Examined(file, sources, org, tuple(problems))


def _start(problem: Problem) -> object:
    return problem.place[:3]


def _overlap(one: Path, other: Path) -> bool:
    """Whether one path leads through the other: what could not be read there is no matter for a rule."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
