"""Org → JSON Schema: the same model as the reader's, for editors and for checks outside this program."""

from __future__ import annotations

import json

from generator.model.kinds import Schema, Struct
from generator.model.org import Fragment, Org


def json_schema(fragment: bool = False) -> Schema:
    """The JSON Schema (draft 2020-12) of `org.yaml`, or of a fragment that it includes."""
    definitions: dict[str, Schema] = {}
    cls: type[Org] | type[Fragment] = Fragment if fragment else Org
    Struct(cls).schema(definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "verta-gitops fragment" if fragment else "verta-gitops organization",
        **definitions.pop(cls.__name__),
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text(fragment: bool = False) -> str:
    """The schema as the text of a file."""
    return json.dumps(json_schema(fragment), indent=2, ensure_ascii=False) + "\n"
