"""The real organization, damaged at random: whatever is lost without its lifecycle is an error, and keeps its folder.

VERTA_GITOPS_RUNS is how many times it is damaged in all; a few in the quick suite, 1,000 for the record.
"""

from __future__ import annotations

import os
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest

from generator.files import compare, synchronize
from generator.history import Base, compare_with, examine_base
from generator.memory import entry_texts
from generator.model.org import Org, Workspace
from generator.pipeline import Examined
from generator.problems import Problem
from generator.reading.store import DISK
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.support import corpus

CORPUS = corpus()
RUNS = int(os.environ.get("VERTA_GITOPS_RUNS", "12"))
EACH = max(RUNS // 4, 1)
FRAGMENTS = 24
DECOMMISSIONED = 40
pytestmark = [
    pytest.mark.skipif(CORPUS is None, reason="no corpus: $VERTA_GITOPS_CORPUS names no folder that has it"),
    pytest.mark.xdist_group("corpus-history"),
]


def read(path: Path) -> Examined:
    """Read and decode, without the rules about one organization."""
    return examine_base(Base(str(path), DISK, str(path)))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    """The organization with some namespaces in `decommission`, and all of its entries in fragments."""
    assert CORPUS is not None
    whole = read(CORPUS)
    folder = tmp_path_factory.mktemp("base")
    text = whole.sources.documents[0].text
    teams: list[dict[str, list[str]]] = [{"namespaces": [], "workspaces": []} for _ in range(FRAGMENTS)]
    assert whole.org is not None
    chosen = set(random.Random(0).sample(sorted(whole.org.namespaces), DECOMMISSIONED))
    for section in ("namespaces", "workspaces"):
        for position, (name, entry) in enumerate(entry_texts(whole.sources.documents[0], section).items()):
            if section == "namespaces" and name in chosen:
                teams[position * 7 % FRAGMENTS][section].append(f"  {entry.rstrip()}\n    state: decommission\n")
            else:
                teams[position * 7 % FRAGMENTS][section].append(f"  {entry.rstrip()}\n")
    (folder / "teams").mkdir()
    for number, team in enumerate(teams):
        content = "".join(f"{section}:\n{''.join(entries)}" for section, entries in team.items())
        (folder / "teams" / f"{number}.yaml").write_text(content)
    top = text[: text.index("\nnamespaces:\n") + 1]
    includes = "".join(f"- teams/{number}.yaml\n" for number in range(FRAGMENTS))
    (folder / "org.yaml").write_text(f"{top}include:\n{includes}")
    found = read(folder / "org.yaml")
    assert found.org is not None
    assert found.problems == ()
    assert (len(found.org.namespaces), len(found.org.workspaces)) == (1022, 1022)
    return found


@pytest.fixture(scope="module")
def rendered(base: Examined, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert base.org is not None
    folder = tmp_path_factory.mktemp("rendered")
    synchronize(str(folder), dict(render(base.org, Templates())))
    return folder


@pytest.fixture(scope="module")
def paths(rendered: Path) -> list[str]:
    return [path.relative_to(rendered).as_posix() for path in rendered.rglob("*.yaml")]


def hold(base: Examined, head: Examined, rendered: Path, paths: list[str]) -> int:
    """Nothing that was not in `decommission` is gone without an error that names it, and without its folder."""
    before, after = base.org, head.org
    assert before is not None
    if after is None:
        assert head.errors  # nothing is rendered of such a file
        return 0
    problems = compare_with(base, head)
    errors = {problem.path for problem in problems if problem.severity == "error"}
    renamed = [re.match(r'namespace "([^"]+)" disappears beside', problem.message) for problem in problems]
    errors |= {("namespaces", found[1]) for found in renamed if found}
    gone = [name for name in before.namespaces if name not in after.namespaces]
    unprotected = {name for name in gone if before.namespaces[name].state != "decommission"}
    assert {("namespaces", name) for name in unprotected} <= errors
    for name, workspace in before.workspaces.items():
        if name not in after.workspaces and before.namespaces[workspace.namespace].state != "decommission":
            assert ("workspaces", name) in errors
    assert_guarded(problems, gone, len(before.namespaces))
    kept = {
        path: None for path in paths if path.split("/")[1] in after.namespaces or not path.startswith("namespaces/")
    }
    difference = compare(str(rendered), kept)
    said = "\n".join(problem.message for problem in difference.problems)
    assert set(re.findall(r'namespace "([^"]+)" is not in org.yaml any more', said)) == unprotected
    return len(unprotected)


def assert_guarded(problems: list[Problem], gone: list[str], there: int) -> None:
    """More removals than a tenth are an error, whatever their state."""
    guarded = [problem for problem in problems if problem.rule == "too-many-removals"]
    assert len(guarded) == (len(gone) > there // 10)


def with_org(base: Examined, org: Org) -> Examined:
    """An organization of which there is no file; it stands where the base does, with another text."""
    first, *rest = base.sources.documents
    sources = replace(base.sources, documents=(replace(first, text=first.text + "# changed\n"), *rest))
    return replace(base, org=org, sources=sources)


@pytest.mark.parametrize("seed", range(EACH))
def test_600_workspaces_and_namespaces_deleted(seed: int, base: Examined, rendered: Path, paths: list[str]) -> None:
    assert base.org is not None
    chance = random.Random(seed)
    names = [("n", name) for name in base.org.namespaces] + [("w", name) for name in base.org.workspaces]
    lost = set(chance.sample(names, 600))
    namespaces = {name: each for name, each in base.org.namespaces.items() if ("n", name) not in lost}
    workspaces = {name: each for name, each in base.org.workspaces.items() if ("w", name) not in lost}
    head = with_org(base, replace(base.org, namespaces=namespaces, workspaces=workspaces))
    assert hold(base, head, rendered, paths) > 0


@pytest.mark.parametrize("seed", range(EACH))
def test_20_namespaces_renamed(seed: int, base: Examined, rendered: Path, paths: list[str]) -> None:
    assert base.org is not None
    chance = random.Random(seed)
    active = sorted(name for name, each in base.org.namespaces.items() if each.state == "active")
    new = {
        name: chance.choice((f"{name}-2", f"x{name}", name[::-1] + "x", f"team-{name}"))
        for name in chance.sample(active, 20)
    }
    namespaces = {
        new.get(name, name): replace(each, name=new.get(name, name)) for name, each in base.org.namespaces.items()
    }
    workspaces: dict[str, Workspace] = {}
    for name, each in base.org.workspaces.items():
        called = new.get(each.namespace, name) if chance.random() < 0.5 else name
        workspaces[called] = replace(each, name=called, namespace=new.get(each.namespace, each.namespace))
    head = with_org(base, replace(base.org, namespaces=namespaces, workspaces=workspaces))
    assert hold(base, head, rendered, paths) == 20
    renamed = [problem for problem in compare_with(base, head) if problem.rule == "namespace-renamed"]
    assert len(renamed) >= 10


@pytest.mark.parametrize("seed", range(EACH))
def test_a_fragment_lost(seed: int, base: Examined, rendered: Path, paths: list[str]) -> None:
    chance = random.Random(seed)
    lost = chance.sample(range(FRAGMENTS), chance.randint(1, 3))
    folder = Path(base.sources.documents[0].file).parent
    text = (folder / "org.yaml").read_text()
    for number in lost:
        text = text.replace(f"- teams/{number}.yaml\n", "")
    (folder / "damaged.yaml").write_text(text)
    assert hold(base, read(folder / "damaged.yaml"), rendered, paths) > 0


@pytest.fixture(scope="module")
def one_file(base: Examined) -> Path:
    """The same organization in one file."""
    folder = Path(base.sources.documents[0].file).parent
    parts = [(folder / "teams" / f"{number}.yaml").read_text().split("workspaces:\n") for number in range(FRAGMENTS)]
    top = (folder / "org.yaml").read_text().partition("include:")[0]
    namespaces = "".join(part[0].removeprefix("namespaces:\n") for part in parts)
    path = folder / "whole.yaml"
    path.write_text(f"{top}namespaces:\n{namespaces}workspaces:\n{''.join(part[1] for part in parts)}")
    found = read(path)
    assert found.problems == ()
    assert found.org is not None
    assert base.org is not None
    assert found.org.namespaces == base.org.namespaces
    assert found.org.workspaces == base.org.workspaces
    return path


@pytest.mark.parametrize("seed", range(EACH))
def test_truncated(seed: int, base: Examined, one_file: Path, rendered: Path, paths: list[str], tmp_path: Path) -> None:
    chance = random.Random(seed)
    lines = one_file.read_text().splitlines(keepends=True)
    text = "".join(lines[: chance.randrange(len(lines))])
    if chance.random() < 0.3:
        text = text[: -chance.randrange(1, 40)]
    (tmp_path / "org.yaml").write_text(text)
    hold(base, read(tmp_path / "org.yaml"), rendered, paths)
