"""View → one HTML file: its style, its script and its data stand in it, and a policy forbids everything else."""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from generator.page.links import Link, no_link
from generator.page.tables import page_data, short
from generator.views.data import readable
from generator.views.overview import View

FILES = Path(__file__).parent / "files"

_ESCAPES = str.maketrans(
    {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029", "\x7f": "\\u007f"}
)


def page(view: View, link: Link = no_link, places: dict[str, tuple[str, int]] | None = None) -> str:
    """The page; `link` gives the address of a line, and `places` where each workspace is written."""
    style, charts, script = (_file(name) for name in ("page.css", "charts.js", "page.js"))
    environment = Environment(
        loader=FileSystemLoader(FILES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = lambda value: f"{value:,}"
    environment.filters["short"] = short
    environment.filters["readable"] = readable
    return environment.get_template("page.html.j2").render(
        view=view,
        overview=view.overview,
        policy=_policy(style, charts, script),
        style=Markup(style),  # noqa: S704  # files of ours, in which no end tag stands
        charts=Markup(charts),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(script_data(page_data(view, link, places or {}))),  # noqa: S704  # escaped for this very place
    )


def script_data(content: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element, or be taken for markup."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).translate(_ESCAPES)


def _policy(style: str, *scripts: str) -> str:
    """Nothing may be loaded or sent, and nothing may run but what is named here by its digest."""
    hashes = " ".join(_digest(script) for script in scripts)
    # the charts set styles on their elements; no element of style but ours is taken
    return (
        f"default-src 'none'; script-src {hashes}; style-src-elem {_digest(style)}; style-src-attr 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


@cache
def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")
