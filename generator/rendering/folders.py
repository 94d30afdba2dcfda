"""Own folders of templates → all that are looked into."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def builtin_templates() -> Path:
    """The folder of the templates that come with the program: inside the package, or beside it in a checkout."""
    inside = Path(__file__).parent.parent / "templates"
    return inside if inside.is_dir() else inside.parent.parent / "templates"


def template_folders(own: Sequence[Path] = ()) -> list[Path]:
    """The folders of templates, the first that has one winning over the later ones."""
    return [*own, builtin_templates()]
