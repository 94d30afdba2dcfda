"""Problems → SARIF 2.1.0, which code scanning and editors read: rules with their pages, results with their regions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from generator.catalogue import Entry, markdown
from generator.problems import At, Problem, Span, show_path

if TYPE_CHECKING:
    from generator.report import Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_ROOT = "%SRCROOT%"


def report(report: Report) -> str:
    """One log with one run; its rules are all that were asked, and all that found something."""
    names = dict.fromkeys((*report.asked, *(problem.rule for problem in report.problems)))
    positions = {name: position for position, name in enumerate(names)}
    run = {
        "tool": {
            "driver": {
                "name": "verta-gitops",
                "version": _version(),
                "rules": [_rule(name, report.entries) for name in names],
            }
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The folder that the command ran in."}}},
        "results": [_result(problem, positions[problem.rule]) for problem in report.problems],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _version() -> str:
    from importlib.metadata import version

    return version("verta-gitops")


def _rule(name: str, entries: Mapping[str, Entry]) -> dict[str, Any]:
    entry = entries.get(name)
    if entry is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": entry.title},
        "fullDescription": {"text": _why(entry)},
        "help": {"text": entry.page, "markdown": markdown(entry)},
        "defaultConfiguration": {"level": entry.severity},
    }


def _why(entry: Entry) -> str:
    """The paragraphs above the example."""
    return entry.page.partition("\n\nFails:")[0].replace("\n\n", "\0").replace("\n", " ").replace("\0", "\n\n")


def _result(problem: Problem, position: int) -> dict[str, Any]:
    location = _location(problem.place)
    if problem.path:
        location["logicalLocations"] = [{"fullyQualifiedName": show_path(problem.path)}]
    found: dict[str, Any] = {
        "ruleId": problem.rule,
        "ruleIndex": position,
        "level": problem.severity,
        "message": {"text": problem.message},
        "locations": [location],
    }
    related = [
        {"id": number, "message": {"text": each.message}, **_location(each.place)}
        for number, each in enumerate(problem.related)
    ]
    return {**found, "relatedLocations": related} if related else found


def _location(place: At | Span) -> dict[str, Any]:
    assert isinstance(place, Span)
    region = {"startLine": place.line, "startColumn": place.column}
    if (place.end_line, place.end_column) > (place.line, place.column):
        region |= {"endLine": place.end_line, "endColumn": place.end_column}
    return {"physicalLocation": {"artifactLocation": dict(_artifact(place.file)), "region": region}}


def _artifact(file: str) -> Iterator[tuple[str, str]]:
    """A file below the working directory is relative to it; any other is named in full."""
    path = os.path.relpath(file)
    if path == os.pardir or path.startswith(os.pardir + os.sep):
        yield "uri", Path(os.path.abspath(file)).as_uri()
    else:
        yield "uri", quote(path.replace(os.sep, "/"), errors="surrogateescape")
        yield "uriBaseId", _ROOT
