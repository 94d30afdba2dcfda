"""What was read of a cluster: its objects by identity, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from generator.objects import Identity


class Kind(NamedTuple):
    """A kind of objects as the API names it; `selector` and `fields` ask only for some of them."""

    api_version: str
    kind: str
    selector: str = ""
    fields: str = ""

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.api_version.rpartition("/")[0]

    def __str__(self) -> str:
        return self.kind


class Unread(NamedTuple):
    """A list that was not answered, so that nothing can be said of these objects."""

    kind: Kind
    why: str
    """One sentence: what was refused, and the remedy."""
    absent: bool = False
    """Whether the server does not know the kind at all: then there are no such objects."""


@dataclass(frozen=True)
class Live:
    """The objects of a cluster at one time.

    `source` names where they come from, in words for a message: `context "prod"` or `dump cluster.json.gz`.
    """

    source: str
    objects: Mapping[Identity, dict[str, Any]]
    """Every object that was read, as the server (or the dump) states it, with its managedFields where it has them."""
    unread: tuple[Unread, ...] = ()
    server: str = ""
    """Address of the API server; empty for a dump."""
    complete: frozenset[tuple[str, str]] | None = field(default=None)
    """(group, kind) of the lists that were read whole; None for a dump, which does not say what it leaves out."""

    doubts: tuple[str, ...] = ()
    """What is odd about the source itself, a sentence each; it is to be shown, and does not stop the work."""

    @property
    def partial(self) -> bool:
        """Whether something could not be read."""
        return any(not each.absent for each in self.unread)
