from __future__ import annotations

from pathlib import Path

import pytest

from generator.model.naming import application, shortened, workspace_slug
from tests.support import MINIMAL, rendered


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("fraud", "fraud"),
        ("fraud-detection", "fraud-detection"),
        ("Fraud Detection", "fraud-detection-a3c3d5c4"),
        ("実験", "8d2062ae"),
        ("-", "3973e022"),
    ],
)
def test_workspace_slug(name: str, slug: str) -> None:
    assert workspace_slug(name) == slug


def test_slugs_are_short_and_stay_apart() -> None:
    names = ["x" * 200, "x" * 201, "X" * 200, "a b", "a  b", "a-b", "A-B", " a-b", "ä", "ö"]
    slugs = [workspace_slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(len(slug) <= 49 for slug in slugs)


def test_names_of_applications_are_at_most_63_characters(tmp_path: Path) -> None:
    long = "n" * 60
    tree = rendered(
        MINIMAL.replace("prod-us", "c" * 20)
        + "delivery: {engine: flux, repoURL: https://git.example.com/a.git}\n"
        + f"namespaces: {{{long}: {{}}, {long}x: {{}}}}\n"
        + f"workspaces: {{a: {{namespace: {long}}}, b: {{namespace: {long}x}}}}\n",
        tmp_path,
    )
    names = [
        line.split()[-1] for line in tree["delivery/kustomizations.yaml"].splitlines() if line.startswith("  name: ")
    ]
    names = [name for name in names if "--" in name]
    assert len(set(names)) == 2
    assert all(len(name) == 63 for name in names)


def test_shortened_keeps_what_fits() -> None:
    assert shortened("x" * 63) == "x" * 63
    assert len(shortened("x" * 64)) == 63
    assert application.__doc__
