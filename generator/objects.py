"""Rendered text → the Kubernetes objects in it, each with its identity and its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from generator.problems import Path
from generator.rendering.views import ORIGIN

_STEP = re.compile(r'\.?([\w-]+)|\[([0-9]{1,9})\]|\["((?:[^"\\]|\\.)*)"\]')


class Identity(NamedTuple):
    """What makes an object this one and no other; two versions of one API are the same object."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f'{self.kind} "{self.name}"'


class Broken(Exception):
    """A text is no stream of Kubernetes objects; `line` is the line of the text where that shows."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Manifest:
    """One object of a rendered text, and the line where it begins."""

    body: dict[str, Any]
    line: int

    @property
    def identity(self) -> Identity:
        """The object's identity."""
        return identity(self.body)

    @property
    def origin(self) -> Path | None:
        """The place in org.yaml that the object says it comes from."""
        annotations = self.body["metadata"].get("annotations") or {}
        text = annotations.get(ORIGIN) if isinstance(annotations, dict) else None
        return parse_path(text) if isinstance(text, str) else None


def identity(body: dict[str, Any]) -> Identity:
    """What makes a Kubernetes object this one and no other."""
    metadata = body["metadata"]
    group = body["apiVersion"].rpartition("/")[0]
    return Identity(group, body["kind"], metadata.get("namespace") or "", metadata["name"])


def manifests(text: str) -> Iterator[Manifest]:
    """The objects of a text. Raises Broken at the first thing that is none."""
    for body, line in values(text):
        if body is not None:
            yield _manifest(body, line)


def values(text: str, aliases: bool = True) -> Iterator[tuple[Any, int]]:
    """Whatever the documents of a YAML text hold, each with the line where it begins. Raises Broken.

    Keys are text, as in every object of Kubernetes. Few lines of aliases can stand for more than any memory holds, so
    in the text of a stranger they are not allowed.
    """
    import yaml

    loader = _loader()(text)
    loader.aliases = aliases
    try:
        while loader.check_node():
            node: Any = loader.get_node()
            line = node.start_mark.line + 1
            yield loader.construct_document(node), line
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        last = text.rstrip().count("\n") + 1
        raise Broken(f"not YAML: {reason}", min(mark.line + 1, last) if mark else 1) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise Broken(f"not YAML: {error}", 1) from error
    finally:
        loader.dispose()


@cache
def _loader() -> Any:
    """The class of loaders; made here, because importing YAML takes longer than most commands that do not need it."""
    from yaml.constructor import ConstructorError
    from yaml.cyaml import CSafeLoader

    class Loader(CSafeLoader):
        aliases = True

        def construct_object(self, node: Any, deep: bool = False) -> Any:
            if not self.aliases and node in self.constructed_objects:
                raise ConstructorError(problem="aliases (`*name`) are not read", problem_mark=node.start_mark)
            return super().construct_object(node, deep)

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            found = super().construct_mapping(node, deep)
            for key in found:
                if type(key) is not str:
                    raise ConstructorError(
                        problem=f"the key `{key}` is no text; put it in quotes", problem_mark=node.start_mark
                    )
            return found

    return Loader


def _manifest(body: Any, line: int) -> Manifest:
    if not isinstance(body, dict):
        raise Broken("no Kubernetes object: expected a map with apiVersion, kind and metadata", line)
    for key in ("apiVersion", "kind"):
        if not isinstance(body.get(key), str) or not body[key]:
            raise Broken(f"no Kubernetes object: `{key}` is missing, or no text", line)
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str) or not metadata["name"]:
        raise Broken(f"no Kubernetes object: {body['kind']} without a `metadata.name`", line)
    if not isinstance(metadata.get("namespace", ""), str):
        raise Broken(f"no Kubernetes object: the namespace of {body['kind']} is no text", line)
    return Manifest(body, line)


def parse_path(text: str) -> Path | None:
    """The path that `problems.show_path` wrote as `text`."""
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        found = _STEP.match(text, position)
        if found is None:
            return None
        name, index, quoted = found.groups()
        steps.append(name if name is not None else int(index) if index else re.sub(r"\\(.)", r"\1", quoted))
        position = found.end()
    return tuple(steps)
