"""The kinds of value that a field can hold: each reads a node into Python data, and describes itself as JSON Schema.

A kind never raises for bad input: it says what is wrong and returns its `blank`, so that one reading finds everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from decimal import Decimal
from functools import cached_property
from typing import Any, Protocol

from generator.model.quantity import PATTERN, Quantity, parse_quantity
from generator.problems import Path, Problem, Related
from generator.reading.document import Document, Map, Node, Plain, Seq
from generator.reading.scalars import is_number, is_text

Here = tuple["Here | None", str | int]
"""A path under construction, innermost step last; cheap to extend, and flattened only where there is a problem."""

Schema = dict[str, Any]


@dataclass
class Reading:
    """One document being decoded, and the problems found so far."""

    document: Document
    problems: list[Problem]

    def say(
        self, rule: str, message: str, here: Here | None, key: bool = False, related: tuple[Related, ...] = ()
    ) -> None:
        """Note a problem with the value at `here`, or with its key."""
        path = flatten(here)
        self.problems.append(Problem(message, self.document.locate(path, key), related, rule, path=path))


class Kind(Protocol):
    """What a field, an item or a key can be."""

    @property
    def blank(self) -> Any:
        """What stands for a value that could not be read."""

    def read(self, node: Node, here: Here | None, reading: Reading) -> Any:
        """The value of a node; problems go to `reading`."""

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        """The JSON Schema of the same values; named parts are added to `definitions`."""


def flatten(here: Here | None) -> Path:
    """The path of a place under construction."""
    steps: list[str | int] = []
    while here is not None:
        here, step = here
        steps.append(step)
    return tuple(reversed(steps))


_MANY, _LONG = 2_000, 63
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789-._ "


def nearest(word: str, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    """`; did you mean "…"?` for the known word that is nearest, or nothing.

    Among very many, only one that differs by a single slip is looked for: where all of them are misspelt, comparing
    each with each would take hours.
    """
    if len(known) > _MANY:
        near = _a_slip_away(word, known if isinstance(known, Mapping) else frozenset(known))
        return f'; did you mean "{near}"?' if near else ""
    from difflib import get_close_matches  # costs a start-up millisecond, and most files have no misspelt word

    folded = {candidate.casefold(): candidate for candidate in known}
    found = get_close_matches(word.casefold(), folded, 1, 0.6)
    return f'; did you mean "{folded[found[0]]}"?' if found else ""


def _a_slip_away(word: str, known: Container[str]) -> str:
    """The first known word that is made of this one by a letter more, less, other, or exchanged with the next."""
    if len(word) > _LONG:
        return ""
    for position in range(len(word) + 1):
        before, after = word[:position], word[position:]
        slips = [before + after[1:], before + after[1:2] + after[:1] + after[2:]]
        slips += [before + letter + rest for letter in _LETTERS for rest in (after, after[1:])]
        for slip in slips:
            if slip != word and slip in known:
                return slip
    return ""


def choices(word: str, known: Mapping[str, Any] | list[str] | tuple[str, ...]) -> str:
    """The known word that is nearest, or else the first of those that are known."""
    names = list(known)
    listed = f"; known: {', '.join(names[:8])}" + (" …" if len(names) > 8 else "") if names else "; there is none"
    return nearest(word, known) or listed


def describe(node: Node) -> str:
    """What a node is, for a message."""
    if isinstance(node, Map):
        return "a map"
    if isinstance(node, Seq):
        return "a list"
    if node == "":
        return "nothing" if type(node) is Plain else "an empty text"
    shown = str(node) if len(node) <= 40 else node[:40] + "…"
    return f"`{shown}`" if type(node) is Plain else f'"{shown}"'


@dataclass(frozen=True)
class Text:
    """Text. `pattern` must match all of it, and `what` says in words what it asks for."""

    pattern: str = ""
    what: str = ""
    longest: int = 0
    example: str = ""
    rule: str = "invalid-text"
    blank: str = ""

    @cached_property
    def _match(self) -> Callable[[str], object]:
        return re.compile(self.pattern, re.ASCII).fullmatch if self.pattern else bool

    def read(self, node: Node, here: Here | None, reading: Reading) -> str:
        if not isinstance(node, str):
            reading.say("wrong-type", f"expected text, found {describe(node)}", here)
            return self.blank
        if type(node) is Plain and not is_text(node):
            if node == "":
                reading.say("wrong-type", 'expected text, found nothing; write "" where empty text is meant', here)
            else:
                message = f'`{node}` is not text to every YAML reader; write it in quotes: "{node}"'
                reading.say("ambiguous-scalar", message, here)
            return self.blank
        text = str(node)
        self.check(text, here, reading, key=False)
        return text

    def check(self, text: str, here: Here | None, reading: Reading, key: bool) -> None:
        """Say what is wrong with a text that was read already, such as a key."""
        if self.pattern and not self._match(text):
            reading.say(self.rule, f"{describe(text)} is not {self.what}{self._suggestion(text)}", here, key)
        elif self.longest and len(text) > self.longest:
            message = f"{describe(text)} has {len(text)} characters; at most {self.longest} are allowed"
            reading.say(self.rule, message, here, key)

    def _suggestion(self, text: str) -> str:
        better = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        return f'; did you mean "{better}"?' if better and better != text and self._match(better) else ""

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        found: Schema = {"type": "string"}
        if self.pattern:
            found["pattern"] = f"^({self.pattern})$"
        if self.longest:
            found["maxLength"] = self.longest
        if self.example:
            found["examples"] = [self.example]
        return found


@dataclass(frozen=True)
class Choice:
    """One word of a few."""

    words: tuple[str, ...]

    @property
    def blank(self) -> str:
        return self.words[0]

    def read(self, node: Node, here: Here | None, reading: Reading) -> str:
        if isinstance(node, str) and node in self.words:
            return str(node)
        expected = ", ".join(f'"{word}"' for word in self.words[:-1]) + f' or "{self.words[-1]}"'
        near = nearest(node, self.words) if isinstance(node, str) else ""
        reading.say("unknown-value", f"expected {expected}, found {describe(node)}{near}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Boolean:
    """`true` or `false`, in this spelling, which every YAML reader understands alike."""

    blank: bool = False

    def read(self, node: Node, here: Here | None, reading: Reading) -> bool:
        if type(node) is Plain and node in ("true", "false"):
            return node == "true"
        reading.say("wrong-type", f"expected true or false, found {describe(node)}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Integer:
    """A whole number in decimal digits, between two bounds."""

    least: int
    most: int
    blank: int = 0

    def read(self, node: Node, here: Here | None, reading: Reading) -> int:
        if type(node) is Plain and re.fullmatch(r"0|-?[1-9][0-9]{0,18}", node, re.ASCII):
            if self.least <= int(node) <= self.most:
                return int(node)
            reading.say("out-of-range", f"{node} is not between {self.least:,} and {self.most:,}", here)
        else:
            reading.say("wrong-type", f"expected a whole number, found {describe(node)}{_unquoted(node)}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True)
class Version:
    """The number of the format; there is one."""

    blank: int = 1

    def read(self, node: Node, here: Here | None, reading: Reading) -> int:
        if not (type(node) is Plain and node == "1"):
            reading.say("unknown-version", f"expected version 1, found {describe(node)}{_unquoted(node)}", here)
        return 1

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"const": 1}


@dataclass(frozen=True)
class Factor:
    """A decimal number from 0 to 1,000, such as 1.5."""

    blank: Decimal = Decimal(1)

    def read(self, node: Node, here: Here | None, reading: Reading) -> Decimal:
        if type(node) is Plain and len(node) < 20 and is_number(node) and 0 <= Decimal(node) <= 1000:
            return Decimal(node)
        found = f"{describe(node)}{_unquoted(node)}"
        reading.say("wrong-type", f"expected a number from 0 to 1000 such as 1.5, found {found}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "number", "minimum": 0, "maximum": 1000}


@dataclass(frozen=True)
class Date:
    """A day, written 2026-09-30."""

    blank: str = ""

    def read(self, node: Node, here: Here | None, reading: Reading) -> str:
        from datetime import date

        hint = ""
        try:
            if isinstance(node, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", node, re.ASCII):
                return date.fromisoformat(node).isoformat()
        except ValueError:
            hint = ", which no calendar has"
        reading.say("wrong-type", f"expected a day such as 2026-09-30, found {describe(node)}{hint}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}


@dataclass(frozen=True)
class Removals:
    """How many removals are allowed: a count (`3`) or a share (`10%`). Read as the text that was written."""

    blank: str = "10%"

    def read(self, node: Node, here: Here | None, reading: Reading) -> str:
        if isinstance(node, str) and re.fullmatch(r"(0|[1-9][0-9]{0,5})|(100|[1-9]?[0-9])%", node, re.ASCII):
            return str(node)
        reading.say("wrong-type", f"expected a count such as 3 or a share such as 10%, found {describe(node)}", here)
        return self.blank

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        share = {"type": "string", "pattern": "^((0|[1-9][0-9]{0,5})|(100|[1-9]?[0-9])%)$"}
        return {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 999999}, share]}


@dataclass(frozen=True)
class Amount:
    """A quantity that is not negative, rounded up to a milli as in every resource list."""

    blank: None = None

    def read(self, node: Node, here: Here | None, reading: Reading) -> Quantity | None:
        if not isinstance(node, str) or node == "":
            reading.say("invalid-quantity", f"expected a quantity such as 500m or 16Gi, found {describe(node)}", here)
            return None
        try:
            amount = parse_quantity(node).rounded_to_milli()
        except ValueError as error:
            reading.say("invalid-quantity", str(error), here)
            return None
        if type(node) is Plain and not is_text(node) and not is_number(node):
            message = f'`{node}` is not the same quantity to every YAML reader; write it in quotes: "{node}"'
            reading.say("ambiguous-scalar", message, here)
            return None
        if amount.nanos < 0:
            reading.say("invalid-quantity", f"{node} is negative; a quantity here is 0 or more", here)
            return None
        return amount

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        text = {"type": "string", "pattern": PATTERN, "not": {"pattern": "^-0*[.]?0*[1-9]"}}
        definitions["Quantity"] = {
            "description": "A Kubernetes quantity: 500m, 2, 1.5Gi, 100k.",
            "anyOf": [text, {"type": "number", "minimum": 0}],
        }
        return {"$ref": "#/$defs/Quantity"}


@dataclass(frozen=True)
class ListOf:
    """A list of one kind, as a tuple in the order of the file."""

    item: Kind
    blank: tuple[Any, ...] = ()

    def read(self, node: Node, here: Here | None, reading: Reading) -> tuple[Any, ...]:
        if not isinstance(node, Seq):
            hint = "; put [ ] around it" if node else "; write [] where an empty list is meant"
            reading.say("wrong-type", f"expected a list, found {describe(node)}{hint}", here)
            return ()
        read = self.item.read
        return tuple([read(child, (here, position), reading) for position, child in enumerate(node)])

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {"type": "array", "items": self.item.schema(definitions)}


@dataclass(frozen=True)
class MapOf:
    """A map from names to one kind, as a dict in the order of the file; an entry that cannot be read is left out."""

    key: Text
    value: Kind

    @property
    def blank(self) -> dict[str, Any]:
        return {}

    def read(self, node: Node, here: Here | None, reading: Reading) -> dict[str, Any]:
        if not isinstance(node, Map):
            hint = "; write {} where an empty map is meant" if node == "" else ""
            reading.say("wrong-type", f"expected a map, found {describe(node)}{hint}", here)
            return {}
        found = {}
        read, accepts, key = self.value.read, self.key._match, self.key
        for name, child in node.items():
            place = (here, name)
            if type(name) is Plain:
                message = f'the key `{name}` is not text to every YAML reader; write it in quotes: "{name}"'
                reading.say("ambiguous-scalar", message, place, key=True)
            elif not accepts(name) or (key.longest and len(name) > key.longest):
                key.check(name, place, reading, key=True)
            value = read(child, place, reading)
            if value is not None:
                found[name] = value
        return found

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        return {
            "type": "object",
            "propertyNames": self.key.schema(definitions),
            "additionalProperties": self.value.schema(definitions),
        }


@dataclass(frozen=True)
class Struct:
    """A map with known keys, as an instance of `cls`; where `keyed`, its `name` is the key that it stands under."""

    cls: type[Any]
    keyed: bool = False

    @cached_property
    def fields(self) -> dict[str, Field[Any]]:
        """The dataclass fields by the key that stands for them in the file."""
        return {yaml_key(each): each for each in fields(self.cls) if "kind" in each.metadata}

    @cached_property
    def _kinds(self) -> dict[str, tuple[str, Callable[[Node, Here | None, Reading], Any]]]:
        return {key: (each.name, each.metadata["kind"].read) for key, each in self.fields.items()}

    @cached_property
    def _required(self) -> dict[str, Field[Any]]:
        return {key: each for key, each in self.fields.items() if is_required(each)}

    @property
    def blank(self) -> Any:
        names = {"name": ""} if self.keyed else {}
        return self.cls(**names, **self._blanks())

    def _blanks(self) -> dict[str, Any]:
        return {each.name: each.metadata["kind"].blank for each in self._required.values()}

    def read(self, node: Node, here: Here | None, reading: Reading) -> Any:
        values: dict[str, Any] = {}
        if self.keyed and here is not None:
            values["name"] = here[1]
        if not isinstance(node, Map):
            hint = "; write {} where nothing is to be said" if node == "" and not self._required else ""
            such = f" such as {{{', '.join(f'{key}: …' for key in self._required)}}}" if self._required else ""
            reading.say("wrong-type", f"expected a map{such}, found {describe(node)}{hint}", here)
            return self.cls(**values, **self._blanks())
        kinds = self._kinds
        for key, child in node.items():
            known = kinds.get(key)
            if known is None:
                reading.say("unknown-key", self._unknown(key), (here, key), key=True)
            else:
                values[known[0]] = known[1](child, (here, key), reading)
        for key, required in self._required.items():
            if key not in node:
                reading.say("missing-key", f'"{key}" is missing: {required.metadata["doc"]}', here, key=True)
                values[required.name] = required.metadata["kind"].blank
        return self.cls(**values)

    def _unknown(self, key: str) -> str:
        begun = re.match(r"(\w+)(:| *[{\[])", key, re.ASCII)
        if begun and begun[1] in self.fields:
            what = (
                f"a blank is missing after `{begun[1]}:`" if begun[2] == ":" else f"a `:` is missing after `{begun[1]}`"
            )
            return f'unknown key "{key}"; {what}'
        near = nearest(key, self.fields)
        return f'unknown key "{key}"{near or "; known here: " + ", ".join(sorted(self.fields))}'

    def schema(self, definitions: dict[str, Schema]) -> Schema:
        name = self.cls.__name__
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = {
                "type": "object",
                "description": (self.cls.__doc__ or "").strip(),
                "properties": {key: _property(each, definitions) for key, each in self.fields.items()},
                "required": list(self._required),
                "additionalProperties": False,
            }
        return {"$ref": f"#/$defs/{name}"}


def key(kind: Kind, doc: str, *, default: Any = MISSING, name: str = "") -> Any:
    """A dataclass field that is read from the file.

    `doc` explains it to whoever edits the file; without `default` the key is required; `name` is its key in the file
    where that is not the attribute's name in camelCase.
    """
    metadata = {"kind": kind, "doc": doc, "name": name}
    if default is MISSING:
        return field(kw_only=True, metadata=metadata)
    if isinstance(default, dict):
        return field(kw_only=True, metadata=metadata, default_factory=dict)
    return field(kw_only=True, metadata=metadata, default=default)


def yaml_key(of: Field[Any]) -> str:
    """The key that stands for a dataclass field in the file."""
    head, *tail = of.name.split("_")
    return of.metadata["name"] or head + "".join(word.capitalize() for word in tail)


def is_required(of: Field[Any]) -> bool:
    """Whether the file must have the field's key."""
    return of.default is MISSING and of.default_factory is MISSING


def _property(of: Field[Any], definitions: dict[str, Schema]) -> Schema:
    found = {"description": of.metadata["doc"], **of.metadata["kind"].schema(definitions)}
    if isinstance(of.default, str | bool | int) and of.default != "":
        found["default"] = of.default
    return found


def _unquoted(node: Node) -> str:
    return "; remove the quotes" if type(node) is str and is_number(node) else ""
