"""`check` accepts exactly what a real API server accepts: generated values, family by family, sent as dry runs.

VERTA_GITOPS_RUNS says how many values of each family; 200 where not given.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from generator.objects import manifests
from generator.pipeline import examine
from generator.rendering.environment import Templates
from generator.rendering.tree import render
from tests.live.api import Api
from tests.live.control_plane import ControlPlane
from tests.live.families import FAMILIES, HOME, Body, Family, Trial
from tests.live.programs import CONTROL_PLANE
from tests.live.test_acceptance import unequal

HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
RUNS = int(os.environ.get("VERTA_GITOPS_RUNS", "200"))


@pytest.fixture(scope="module")
def api(control_plane: ControlPlane) -> Iterator[Api]:
    if _minor(control_plane.version) != _minor(CONTROL_PLANE.version):
        pytest.skip(f"what a server accepts depends on its version: {control_plane.version}, not the one compared with")
    found = Api.of(control_plane)
    home = f"{control_plane.prefix}{HOME}"
    (made,) = found.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}])
    assert made.accepted
    yield found
    control_plane.kubectl("delete", "namespace", home, "--wait=false")


def _minor(version: str) -> list[str]:
    return version.split(".")[:2]


def lent(body: Body, prefix: str) -> Body:
    """An object, in the only namespace that it may have in somebody's cluster."""
    return {**body, "metadata": {**body["metadata"], "namespace": f"{prefix}{HOME}"}} if prefix else body


class Verdict(NamedTuple):
    """What `check` says to one value: the errors, and what it renders to where there are none."""

    errors: list[tuple[str, str]]
    rendered: list[Body]


def written(org: Body) -> str:
    """An organization as JSON, which is YAML; characters that no text file should have are escaped."""
    return HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(org, ensure_ascii=False))


def verdict(trial: Trial, folder: Path) -> Verdict:
    file = folder / "org.yaml"
    file.write_text(written(trial.org))
    examined = examine(str(file))
    errors = [(problem.rule, problem.message) for problem in examined.problems if problem.severity == "error"]
    if errors or examined.org is None:
        return Verdict(errors or [("", "no organization")], [])
    texts = [text or "" for _, text in render(examined.org, Templates())]
    return Verdict([], [each.body for text in texts for each in manifests(text) if trial.pick(each.body)])


def on_purpose(trial: Trial, errors: list[tuple[str, str]], family: Family) -> str:
    """Why `check` refuses what the server would accept; empty where there is no reason for one of the errors."""
    reasons = [next((each for each in family.stricter if each.covers(*error, trial)), None) for error in errors]
    first = reasons[0]
    return f"{first.rule}: {first.why}" if first and all(reasons) else ""


@pytest.mark.parametrize("name", FAMILIES)
def test_check_accepts_exactly_what_the_server_accepts(
    name: str, api: Api, control_plane: ControlPlane, tmp_path: Path
) -> None:
    """In somebody's cluster only of what is in a namespace: other names would be none of ours."""
    family, prefix = FAMILIES[name], control_plane.prefix
    rng = random.Random(f"{name} {os.environ.get('VERTA_GITOPS_SEED', '')}")
    trials: dict[str, Trial] = {}
    for _ in range(RUNS * 20):
        trial = family.make(rng)
        if prefix and any("namespace" not in body["metadata"] for body in trial.raw):
            continue
        trials.setdefault(trial.shown, trial)
        if len(trials) == RUNS:
            break
    if not trials:
        pytest.skip("objects without a namespace need a cluster of their own; KUBECONFIG_TEST lends one")
    asked = [(trial, verdict(trial, tmp_path)) for trial in trials.values()]
    tried = [[lent(body, prefix) for body in said.rendered or trial.raw] for trial, said in asked]
    answers = iter(api.create_dry([body for bodies in tried for body in bodies]))
    lax, strict, changed = [], [], []
    known: Counter[str] = Counter()
    accepted = 0
    for (trial, said), bodies in zip(asked, tried, strict=True):
        mine = [(body, next(answers)) for body in bodies]
        refusals = [answer.body["message"] for _, answer in mine if not answer.accepted]
        if said.errors and not refusals:
            if reason := on_purpose(trial, said.errors, family):
                known[reason] += 1
            else:
                strict.append(f"{trial.shown} {said.errors}")
        elif not said.errors:
            accepted += 1
            assert said.rendered, trial.shown
            lax += [f"{trial.shown} → {message}" for message in refusals]
            if not refusals:
                changed += [f"{trial.shown}{where}" for body, answer in mine for where in unequal(body, answer.body)]
    print(f"{name}: {len(asked):,} values, {accepted:,} accepted by both, stricter on purpose: {dict(known)}")  # noqa: T201
    assert lax == [], "check accepts what the server refuses"
    assert changed == [], "the server writes it in another way"
    assert strict == [], "check refuses what the server accepts, and no reason is given"
    assert accepted
    assert accepted < len(asked)
