"""A path, a name or a rendered file → what holds there, where it was written, what it overrode, where it lands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from generator.model.effective import effective, tier_of
from generator.model.kinds import Struct, nearest
from generator.model.naming import home
from generator.model.org import Container, Namespace, Org
from generator.objects import Broken, manifests, parse_path
from generator.problems import At, Path, Span, Usage, show_path
from generator.reading.document import Document, Map, Node, Seq
from generator.reading.sources import Sources

_LANDS: dict[str, tuple[str, ...]] = {
    "tier": ("namespace.yaml",),
    "owners": ("namespace.yaml", "teamprojects.yaml"),
    "labels": ("namespace.yaml",),
    "annotations": ("namespace.yaml",),
    "podSecurity": ("namespace.yaml",),
    "quota": ("resourcequota.yaml",),
    "container": ("limitrange.yaml",),
    "network": ("networkpolicies.yaml",),
    "argocd": ("teamprojects.yaml",),
    "access": (
        "namespace.yaml",
        "rolebindings.yaml",
        "workspace.yaml",
    ),  # the Namespace holds a digest of the workspace
    "description": ("namespace.yaml", "workspace.yaml"),
}
"""Which files of a namespace a field of it, of its tier or of its workspace lands in; all of them where not said."""


_COMMON: dict[Path, tuple[str, ...]] = {
    ("organization", "name"): ("*",),
    ("cluster", "name"): (
        "namespace.yaml",
        "workspace.yaml",
        "appproject.yaml",
        "appset.yaml",
        "kustomizations.yaml",
    ),
    ("cluster", "kubernetesVersion"): ("namespace.yaml",),
    ("cluster", "apiServer"): ("networkpolicies.yaml",),
    ("verta", "primaryNamespace"): ("networkpolicies.yaml", "rolebindings.yaml", "workspace.yaml"),
    ("verta", "deployer"): ("rolebindings.yaml",),
    ("verta", "namespaceFormat"): ("namespace.yaml", "workspace.yaml"),
    ("verta", "permissionModel"): ("namespace.yaml", "workspace.yaml"),
    ("verta", "sync"): ("verta-sync.yaml", "appproject.yaml"),
    ("verta", "permissions"): ("verta-sync.yaml",),
}
"""The same for what concerns all namespaces; nothing else is written into a file as it stands."""


@dataclass(frozen=True)
class Fact:
    """One value that holds: where it was written, and what would hold if it were not."""

    path: Path
    value: str
    written: Span | None
    source: str
    """Who says so: `namespace`, `tier standard`, `state`, `default`, or the section of the file."""
    overrode: tuple[tuple[str, Span], ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
    """An object of a rendered file, and the place that it comes from; `facts` are the values in it."""

    object: str
    line: int
    path: Path | None
    written: Span | None
    facts: tuple[Fact, ...] = ()


class Explainer:
    """Answers for one organization; `files` are all rendered paths below the cluster's folder."""

    def __init__(self, org: Org, sources: Sources, files: Iterable[str]) -> None:
        self.org = org
        self.sources = sources
        self.files = tuple(files)
        self.by_namespace: dict[str, list[str]] = {}
        for file in self.files:
            scope, _, rest = file.partition("/")
            if scope == "namespaces":
                self.by_namespace.setdefault(rest.partition("/")[0], []).append(file)

    def facts(self, question: str) -> list[Fact]:
        """What holds at a path (`namespaces.fraud.quota.requests.cpu`), or of a namespace or workspace by its name.

        Raises Usage where there is no such place, with the one that is nearest.
        """
        if question in self.org.namespaces or question in self.org.workspaces:
            found = [*self._namespace(question)] if question in self.org.namespaces else []
            workspaces = [
                name
                for name, workspace in self.org.workspaces.items()
                if name == question or (workspace.namespace == question and question in self.org.namespaces)
            ]
            return [*found, *(fact for name in workspaces for fact in self._written(("workspaces", name)))]
        words = _words(question)
        if words[:1] == ["namespaces"] and len(words) > 1 and (named := _longest(words[1:], self.org.namespaces)):
            name, rest = named
            facts = list(self._namespace(name))
            wanted = ".".join(rest)
            exact = [fact for fact in facts if _dotted(fact.path[2:]) == wanted]
            return exact or [fact for fact in facts if _begins(fact.path[2:], wanted)] or self._unknown(question, facts)
        path = self._resolve(words)
        if path is None:
            return self._unknown(question, ())
        return list(self._written(path))

    def origins(self, text: str) -> list[Origin]:
        """Where the objects of a rendered text come from."""
        try:
            return [self._origin(manifest.identity, manifest) for manifest in manifests(text)]
        except Broken as error:
            raise Usage(f"the file holds {error} (line {error.line})") from error

    def _origin(self, identity: Any, manifest: Any) -> Origin:
        path: Path | None = manifest.origin
        field = _FIELD_OF_KIND.get(identity.kind)
        facts: tuple[Fact, ...] = ()
        if path and path[0] == "namespaces" and field and path[1] in self.org.namespaces:
            facts = tuple(fact for fact in self._namespace(str(path[1])) if fact.path[2] in field)
        written = self._at(path, key=True) if path else None
        return Origin(str(identity), manifest.line, path, written, facts)

    def _at(self, path: Path, key: bool = False) -> Span | None:
        """Where a path is written, if it is written at all."""
        return next(
            (
                place
                for doc in self.sources.documents
                for place, depth in [doc.find(At(path, key))]
                if depth == len(path)
            ),
            None,
        )

    def _unknown(self, question: str, facts: Iterable[Fact]) -> list[Fact]:
        if question.endswith((".yaml", ".yml")) and "/" in question:
            raise Usage(f'"{question}" is not rendered; `verta-gitops explain NAME` names the files of a namespace')
        known = [show_path(fact.path) for fact in facts] or [
            *(f"{section}.{name}" for section in _SECTIONS for name in getattr(self.org, section)),
            *(_dotted((field,)) for field in Struct(Org).fields),
            *self.org.namespaces,
            *self.org.workspaces,
        ]
        raise Usage(f'there is no "{question}" in this organization{nearest(question, known)}')

    def _resolve(self, words: Sequence[str]) -> Path | None:
        """The path that is meant: at each step the longest key that the words spell, as keys may contain dots."""
        for document in self.sources.documents:
            if (path := _walk(document.root, words)) is not None:
                return path
        defaults = list(_model_paths(Struct(Org), ()))
        wanted = ".".join(words)
        return next((path for path, _ in defaults if _dotted(path) == wanted), None)

    def _written(self, path: Path) -> Iterator[Fact]:
        """The values that are written at and below a path of the file."""
        files = self._lands(path)
        document = next((doc for doc in self.sources.documents if doc.find(At(path))[1] == len(path)), None)
        if document is None:
            value = next(value for known, value in _model_paths(Struct(Org), ()) if known == path)
            yield Fact(path, value, None, "default", (), files)
            return
        for leaf, value in _leaves(_node(document, path), path):
            yield Fact(leaf, value, document.locate(leaf), str(path[0]), (), self._lands(leaf))

    def _lands(self, path: Path) -> tuple[str, ...]:
        """The files that something of the organization lands in."""
        section, *rest = path
        if section == "namespaces" and rest:
            return self._files([str(rest[0])], str(rest[1]) if len(rest) > 1 else "")
        if section == "workspaces" and rest and rest[0] in self.org.workspaces:
            workspace = self.org.workspaces[str(rest[0])]
            return self._files([home(self.org, workspace)], str(rest[1]) if len(rest) > 1 else "access")
        if section == "tiers" and rest:
            field = str(rest[1]) if len(rest) > 1 else ""
            if field == "priorityClass":
                return tuple(file for file in self.files if file == "cluster/priorityclasses.yaml")
            names = [
                name
                for name, each in self.org.namespaces.items()
                if tier_of(self.org, each).name == rest[0] and not _overrides(each, tuple(rest[1:]))
            ]
            return () if field == "description" else self._files(names, field)
        if section == "defaults":
            return self._files([name for name, each in self.org.namespaces.items() if not each.tier], "tier")
        if section in ("groups", "roles") and rest:
            names = [
                home(self.org, workspace)
                for workspace in self.org.workspaces.values()
                if any(rest[0] in (access.group, access.role) for access in workspace.access)
            ]
            own = ("cluster/clusterroles.yaml",) if section == "roles" else ()
            return (*(file for file in own if file in self.files), *self._files(names, "access"))
        if section == "delivery":
            return tuple(file for file in self.files if file.startswith("delivery/"))
        return self._named(next((names for each, names in _COMMON.items() if path[: len(each)] == each), ()))

    def _named(self, names: Sequence[str]) -> tuple[str, ...]:
        return self.files if "*" in names else tuple(file for file in self.files if _plain_name(file) in names)

    def _files(self, namespaces: Iterable[str], field: str) -> tuple[str, ...]:
        names = _LANDS.get(field)
        found = [file for name in dict.fromkeys(namespaces) for file in self.by_namespace.get(name, ())]
        if field == "argocd" or field == "owners":
            found += [file for file in self.files if file.startswith("delivery/")]
        if names is None:
            return tuple(found)
        return tuple(file for file in found if _plain_name(file) in names)

    def _namespace(self, name: str) -> Iterator[Fact]:
        """Everything that holds in a namespace."""
        org = self.org
        namespace, tier = org.namespaces[name], tier_of(org, org.namespaces[name])
        holds = effective(org, namespace)
        base: Path = ("namespaces", name)
        explain = _Layers(self, base, ("tiers", tier.name) if tier.name else None)
        yield explain.fact(("tier",), holds.tier, fallback=("defaults", "tier"))
        yield explain.fact(("state",), namespace.state)
        yield from self._lists(base, namespace)
        yield explain.fact(("podSecurity",), holds.pod_security, layered=True)
        for resource, amount in holds.quota.items():
            frozen = namespace.state != "active" and resource == "pods"
            yield explain.fact(
                ("quota", resource), str(amount), layered=True, over=(*base, "state") if frozen else None
            )
        if holds.container is not None:
            for side in fields(Container):
                key = "defaultRequest" if side.name == "default_request" else side.name
                for resource, amount in getattr(holds.container, side.name).items():
                    yield explain.fact(("container", key, resource), str(amount), layered=True)
        yield explain.fact(("network", "isolation"), holds.isolation, layered=True)
        yield explain.fact(("network", "egress"), holds.egress, layered=True)
        for key, values in (("allowFrom", holds.allow_from), ("allowTo", holds.allow_to)):
            if values:
                yield explain.fact(("network", key), ", ".join(values), layered=True)

    def _lists(self, base: Path, namespace: Namespace) -> Iterator[Fact]:
        for key in ("owners", "labels", "annotations", "argocd"):
            path = (*base, key)
            document = next((doc for doc in self.sources.documents if doc.find(At(path))[1] == len(path)), None)
            if document is not None:
                for leaf, value in _leaves(_node(document, path), path):
                    yield Fact(leaf, value, document.locate(leaf), "namespace", (), self._lands(leaf))


@dataclass(frozen=True)
class _Layers:
    """A namespace over its tier over the program's defaults."""

    explainer: Explainer
    base: Path
    tier: Path | None

    def fact(
        self, rest: Path, value: str, layered: bool = False, fallback: Path | None = None, over: Path | None = None
    ) -> Fact:
        """What holds at `rest` below the namespace: the first layer that says something wins over the next."""
        layers: list[tuple[str, Path | None]] = [
            ("state", over),
            ("namespace", (*self.base, *rest)),
            (f"tier {self.tier[1]}" if self.tier else "", (*self.tier, *rest) if self.tier and layered else None),
            ("defaults", fallback),
        ]
        said = [
            (who, path, place)
            for who, path in layers
            if path is not None and (place := self.explainer._at(path)) is not None
        ]
        files = self.explainer._lands((*self.base, *rest))
        path = (*self.base, *rest)
        if not said:
            return Fact(path, value, None, "default", (), files)
        (who, _, written), *under = said
        overrode = tuple((f"{name}: {self._text(below)}", place) for name, below, place in under)
        return Fact(path, value, written, who, overrode, files)

    def _text(self, path: Path) -> str:
        for document in self.explainer.sources.documents:
            if document.find(At(path))[1] == len(path):
                return ", ".join(value for _, value in _leaves(_node(document, path), path))
        return ""


_SECTIONS = ("namespaces", "workspaces", "tiers", "groups", "roles")
_FIELD_OF_KIND: Mapping[str, tuple[str, ...]] = {
    "Namespace": ("tier", "state", "owners", "labels", "annotations", "podSecurity"),
    "ResourceQuota": ("quota",),
    "LimitRange": ("container",),
    "NetworkPolicy": ("network",),
}


def _overrides(namespace: Namespace, path: Path) -> bool:
    """Whether a namespace says something else than its tier at a path below it."""
    match path:
        case ("quota", str(resource)):
            return resource in namespace.quota or (resource == "pods" and namespace.state != "active")
        case ("container", str(side), str(resource)) if namespace.container:
            field = "default_request" if side == "defaultRequest" else side
            return resource in getattr(namespace.container, field)
        case ("network", str(key)) if namespace.network:
            field = {"allowFrom": "allow_from", "allowTo": "allow_to"}.get(key, key)
            return getattr(namespace.network, field) is not None
        case ("podSecurity",):
            return namespace.pod_security is not None
    return False


def _words(question: str) -> list[str]:
    """A path as its words between dots; `["…"]` and `[0]` are words of their own."""
    parsed = parse_path(question)
    if parsed is not None and ("[" in question):
        return [str(step) for step in parsed]
    return question.split(".")


def _longest(words: Sequence[str], known: Mapping[str, Any]) -> tuple[str, Sequence[str]] | None:
    """The longest key that the first words spell, and the words that are left."""
    for length in range(len(words), 0, -1):
        if (key := ".".join(words[:length])) in known:
            return key, words[length:]
    return None


def _walk(node: Node | None, words: Sequence[str]) -> Path | None:
    if not words:
        return ()
    if isinstance(node, Map):
        for length in range(len(words), 0, -1):
            key = ".".join(words[:length])
            if key in node and (rest := _walk(node[key], words[length:])) is not None:
                return (key, *rest)
    if isinstance(node, Seq) and words[0].isdecimal() and int(words[0]) < len(node):
        position = int(words[0])
        if (rest := _walk(node[position], words[1:])) is not None:
            return (position, *rest)
    return None


def _node(document: Document, path: Path) -> Node | None:
    node: Any = document.root
    for step in path:
        node = node[step]
    found: Node | None = node
    return found


def _leaves(node: Node | None, path: Path) -> Iterator[tuple[Path, str]]:
    """Every value at and below a node; a list of plain values is one."""
    if isinstance(node, Map) and node:
        for key, child in node.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(node, Seq) and any(isinstance(child, Map | Seq) for child in node):
        for position, child in enumerate(node):
            yield from _leaves(child, (*path, position))
    elif isinstance(node, Seq):
        yield path, ", ".join(str(child) for child in node) or "[]"
    else:
        yield path, "{}" if isinstance(node, Map) else str(node)


def _model_paths(struct: Struct, path: Path) -> Iterator[tuple[Path, str]]:
    """Fields of the model that have a default, outside of the named sections."""
    blank = struct.cls if path else None
    for key, each in struct.fields.items():
        kind = each.metadata["kind"]
        if isinstance(kind, Struct) and not kind.keyed:
            yield from _model_paths(kind, (*path, key))
        elif isinstance(each.default, str | bool) and (blank is not None or path == ()):
            yield (*path, key), _shown(each.default)


def _shown(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value or '""'


def _dotted(path: Path) -> str:
    return ".".join(str(step) for step in path)


def _begins(path: Path, wanted: str) -> bool:
    return not wanted or f"{_dotted(path)}.".startswith(f"{wanted}.")


def _plain_name(file: str) -> str:
    name = file.rpartition("/")[2]
    return "workspace.yaml" if name.startswith("workspace-") else name
