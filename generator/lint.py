"""Rendered text → problems, by the schemas that Kubernetes publishes: the second line behind the rules.

The schemas are files of the package kubernetes-validate, found without importing it (that takes longer than all the
rest) and compiled with jsonschema-rs, once for each kind.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path as File
from typing import Any

from generator.model.org import KUBERNETES_VERSION, Org
from generator.objects import Broken, Manifest, manifests
from generator.problems import At, Path, Problem, Span, Stop

_FOLDER = re.compile(r"v1\.(\d+)\.0-local-strict")
_VALUE = re.compile(r': ["A-Za-z/](?!rue\n|alse\n|ull\n|es\n|o\n|n\n|ff\n).*')
"""A text behind a key, in quotes or plain; what could be a boolean or nothing to some reader is left as it is."""


def schema_folder() -> File:
    """The folder of all schemas. Raises Stop where the package is not installed."""
    spec = find_spec("kubernetes_validate")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        folder = File(place) / "kubernetes-json-schema"
        if folder.is_dir():
            return folder
    raise Stop("the schemas of Kubernetes are missing; install kubernetes-validate")


def known_versions() -> tuple[str, ...]:
    """The versions whose schemas are here, oldest first."""
    found = (_FOLDER.fullmatch(name) for name in os.listdir(schema_folder()))
    return tuple(f"1.{minor}" for minor in sorted(int(match[1]) for match in found if match))


def nearest_version(version: str, known: Iterable[str]) -> str:
    """The known version that is nearest to another one; of two, the older."""
    wanted = _minor(version)
    return min(known, key=lambda each: (abs(_minor(each) - wanted), _minor(each)))


def _minor(version: str) -> int:
    return int(version.partition(".")[2])


def unknown_kubernetes_version(org: Org) -> Iterator[Problem]:
    """The schemas of the cluster's Kubernetes version are known.

    What is rendered is held against the schemas that Kubernetes publishes for `cluster.kubernetesVersion`. For a
    version that is older or newer than those installed, the nearest is used, and what it does not know is not found.

    Fails:

        cluster: {name: prod-us, kubernetesVersion: "1.7"}

    Fix: correct the version; for a newer one, install a newer release of kubernetes-validate.
    """
    version = org.cluster.kubernetes_version
    known = known_versions()
    if re.fullmatch(KUBERNETES_VERSION.pattern, version) and version not in known:
        message = (
            f'there are no schemas of Kubernetes "{version}", only of {known[0]} to {known[-1]}; '
            f"what is rendered is held against those of {nearest_version(version, known)}"
        )
        yield Problem(message, At(("cluster", "kubernetesVersion")))


@dataclass
class Schemas:
    """The schemas of one version; each kind is compiled when it is first asked for."""

    folder: File
    _compiled: dict[tuple[str, str], Any] = field(default_factory=dict)

    @classmethod
    def of(cls, version: str) -> Schemas:
        """The schemas of a version, or of the one nearest to it."""
        return cls(schema_folder() / f"v{nearest_version(version, known_versions())}.0-local-strict")

    @cached_property
    def _registry(self) -> Any:
        import jsonschema_rs

        definitions = self._read("_definitions.json")
        return jsonschema_rs.Registry([(definitions["$id"], definitions)])

    def _read(self, name: str) -> Any:
        try:
            return json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError) as error:
            raise Stop(f"{self.folder / name}: the schema cannot be read: {error}") from error

    def _validator(self, api_version: str, kind: str) -> Any:
        key = (api_version, kind)
        if key not in self._compiled:
            group, _, version = api_version.rpartition("/")
            name = "-".join(part for part in (kind.lower(), group.partition(".")[0], version) if part) + ".json"
            ours = re.fullmatch(r"[\w.-]{1,200}", name, re.ASCII) and ("." not in group or group.endswith(".k8s.io"))
            if ours and (self.folder / name).is_file():
                import jsonschema_rs

                self._compiled[key] = jsonschema_rs.Draft202012Validator(self._read(name), registry=self._registry)
            else:
                self._compiled[key] = None
        return self._compiled[key]

    def complaints(self, body: Mapping[str, Any]) -> list[tuple[Path, str]]:
        """Where an object does not fit the schema of its kind, and why; nothing for kinds without a schema."""
        validator = self._validator(body["apiVersion"], body["kind"])
        if validator is None or validator.is_valid(body):
            return []
        return [(tuple(error.instance_path), error.message) for error in validator.iter_errors(body)]


def lint(
    schemas: Schemas,
    texts: Iterable[tuple[str, str]],
    locate: Callable[[Path], Span],
    exact: Collection[str] = (),
) -> Iterator[Problem]:
    """Hold texts (file name, text) against the schemas; a problem points to where the object comes from.

    To a schema every text is alike, so a file that differs from one of the same name only in texts behind keys is not
    parsed again; `exact` names files for which that does not hold, because a template of somebody else wrote them.
    """
    seen: set[str] = set()
    for file, text in texts:
        if file not in exact:
            shape = file.rpartition("/")[2] + _VALUE.sub(":", text)
            if shape in seen:
                continue
        else:
            shape = ""
        found = list(_lint_text(schemas, file, text, locate))
        yield from found
        if shape and not found:
            seen.add(shape)


def _lint_text(schemas: Schemas, file: str, text: str, locate: Callable[[Path], Span]) -> Iterator[Problem]:
    try:
        for manifest in manifests(text):
            for path, reason in schemas.complaints(manifest.body):
                yield _problem(file, manifest, path, reason, locate)
    except Broken as error:
        place = Span(file, error.line, 1, error.line, 1)
        yield Problem(str(error), place, rule="schema-violation")


def _problem(file: str, manifest: Manifest, path: Path, reason: str, locate: Callable[[Path], Span]) -> Problem:
    from generator.problems import Related, show_path

    where = show_path(path) if path else "the object"
    message = f"Kubernetes would refuse {manifest.identity}: {where}: {reason}"
    rendered = Span(file, manifest.line, 1, manifest.line, 1)
    origin = manifest.origin
    if origin is None:
        return Problem(message, rendered, rule="schema-violation")
    related = (Related(rendered, "rendered here"),)
    return Problem(message, locate(origin), related, "schema-violation", path=origin)
