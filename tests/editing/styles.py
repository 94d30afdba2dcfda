"""Data → YAML as different people write it: flow or block, quotes, comments, blank lines, line ends, indentation."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from generator.reading.scalars import is_number, is_text
from generator.rendering.literal import text_literal

QUANTITIES = ("16", "500m", "64Gi", "0", "1.5Gi", "100k")
NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")


def organization(chance: Random) -> dict[str, Any]:
    """A valid organization with everything that an edit may meet."""
    groups, roles = NAMES[: chance.randint(2, 5)], ("reader", "writer")
    tiers = ("small", "large")
    namespaces: dict[str, Any] = {}
    workspaces: dict[str, Any] = {}
    for name in chance.sample(NAMES, chance.randint(1, 6)):
        space: dict[str, Any] = {}
        if chance.random() < 0.5:
            space["tier"] = chance.choice(tiers)
        if chance.random() < 0.5:
            space["owners"] = chance.sample(groups, chance.randint(1, 2))
        if chance.random() < 0.5:
            space["labels"] = {"cost-center": chance.choice(["4711", "a", "010", "no"]), "team": "blue"}
        if chance.random() < 0.4:
            space["quota"] = {key: Amount(chance.choice(QUANTITIES)) for key in ("pods", "requests.cpu")}
        if chance.random() < 0.2:
            space["network"] = {"allowFrom": [], "egress": "open"}
        namespaces[name] = space
        work: dict[str, Any] = {"namespace": name}
        if chance.random() < 0.4:
            work["description"] = chance.choice(
                ["Card fraud", "yes: no", "two\nlines\n", "# not a comment", "it's", ""]
            )
        if chance.random() < 0.7:
            work["access"] = [
                {"group": group, "role": chance.choice(roles)} for group in chance.sample(groups, chance.randint(1, 2))
            ]
        workspaces[f"ws {name}" if chance.random() < 0.2 else name] = work
    return {
        "version": Bare("1"),
        "organization": {"name": "acme"},
        "cluster": {"name": "prod-us", "kubernetesVersion": "1.33"},
        "defaults": {"tier": "small"},
        "tiers": {name: {"quota": {"pods": Amount("10"), "requests.cpu": Amount("4")}} for name in tiers},
        "groups": {name: ({"subject": f"oidc:{name}"} if chance.random() < 0.7 else {}) for name in groups},
        "roles": {name: {"clusterRole": "view"} for name in roles},
        "namespaces": namespaces,
        "workspaces": workspaces,
    }


class Bare(str):
    """What must stand without quotes."""


class Amount(str):
    """What may stand with quotes or without."""


def written(data: dict[str, Any], chance: Random) -> str:
    """The data in some style, with comments."""
    writer = _Writer(chance)
    lines = writer.block(data, 0)
    if chance.random() < 0.5:
        lines.insert(0, "# yaml-language-server: $schema=x")
    newline = chance.choice(["\n", "\n", "\r\n"])
    open_block = any(": |" in line for line in lines)  # its last line needs a line end
    end = "" if chance.random() < 0.2 and not open_block else newline
    return newline.join(lines) + end


class _Writer:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.step = chance.choice([2, 2, 4, 3])
        self.dash = chance.choice([0, 2])
        self.pad = chance.choice(["", " "])
        self.comments = chance.choice([0.0, 0.15])
        self.blanks = chance.choice([0.0, 0.1, 1.0])
        self.flows = chance.choice([0.0, 0.3, 0.9])

    def block(self, data: Any, depth: int) -> list[str]:
        lines: list[str] = []
        entries = list(data.items() if isinstance(data, dict) else enumerate(data))
        for position, (key, value) in enumerate(entries):
            if position and depth < 2 and self.chance.random() < self.blanks:
                lines.append("")
            if position and self.chance.random() < self.comments:
                lines.append("# about the next\tone")
            head = "-" if isinstance(data, list) else f"{self.key(key)}:"
            lines += self.entry(head, value, depth)
        return lines

    def entry(self, head: str, value: Any, depth: int) -> list[str]:
        note = "  # note: {it}, 'said" if self.chance.random() < self.comments else ""
        if isinstance(value, str) and value.endswith("\n") and self.chance.random() < 0.7:
            return [f"{head} |{note}", *(f"{' ' * self.step}{line}" for line in value.splitlines())]
        if isinstance(value, str) or not value or (depth and self.chance.random() < self.flows):
            if isinstance(value, dict | list) and value and not note and head != "-" and self.chance.random() < 0.3:
                return self.spread(head, value)
            return [f"{head} {self.flow(value)}{note}"]
        inner = self.block(value, depth + 1)
        if head == "-":
            return [f"- {inner[0]}", *(f"  {line}" if line else line for line in inner[1:])]
        margin = " " * (self.dash if isinstance(value, list) else self.step)
        holds_block = any(": |" in line for line in inner)  # where a comment would be text
        below = ["  # below"] if self.chance.random() < self.comments / 2 and not holds_block else []
        return [f"{head}{note}", *(margin + line if line else line for line in inner), *(margin + b for b in below)]

    def spread(self, head: str, value: Any) -> list[str]:
        """A flow form over several lines."""
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        items = [self.flow_entry(key, each) for key, each in self.entries(value)]
        comma = self.chance.choice(["", ","])
        notes = [" # why" if self.chance.random() < self.comments else "" for _ in items]
        lines = [
            f"    {item}{',' if position < len(items) - 1 else comma}{notes[position]}"
            for position, item in enumerate(items)
        ]
        return [f"{head} {opening}", *lines, f"  {closing}"]

    def flow(self, value: Any) -> str:
        if isinstance(value, str):
            return self.scalar(value)
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        if not value:
            return opening + closing
        pad = self.pad if isinstance(value, dict) else ""
        inner = ", ".join(self.flow_entry(key, each) for key, each in self.entries(value))
        return f"{opening}{pad}{inner}{pad}{closing}"

    def flow_entry(self, key: Any, value: Any) -> str:
        return self.flow(value) if isinstance(key, int) else f"{self.key(key)}: {self.flow(value)}"

    def entries(self, value: Any) -> list[tuple[Any, Any]]:
        return list(value.items() if isinstance(value, dict) else enumerate(value))

    def key(self, key: str) -> str:
        return text_literal(key)

    def scalar(self, value: str) -> str:
        if isinstance(value, Bare):
            return value
        plain = text_literal(value) == value or (isinstance(value, Amount) and (is_text(value) or is_number(value)))
        choice = self.chance.random()
        if plain and choice < 0.5:
            return value
        if choice < 0.7 and "\n" not in value:
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value)
