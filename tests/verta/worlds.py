"""Random organizations, and random states of Verta for them: everything that can stand between the two, often."""

from __future__ import annotations

import random
from typing import NamedTuple

from generator.verta.desired import Desired, Wanted
from generator.verta.planning import Rules
from tests.verta.server import Verta

NAMES = ("fraud", "churn", "risk/eu", "credit risk", "🚀 lab", "Fraud", "a", "x" * 200, 'quo"te', "<b>", "líne")
GROUPS = {"g-all": "All Users", "g-adm": "Admins", "g-ds": "Data Scientists", "g-ü": "Team Ü/2"}
ROLES = {"r-su": "Super User", "r-c": "Contributor", "r-x": "read only"}
_NOBODY = "nobody"


class World(NamedTuple):
    """What is declared, what there is, and what may be done."""

    desired: Desired
    verta: Verta
    rules: Rules


def world(seed: int) -> World:
    """The world of a number."""
    dice = random.Random(seed)
    verta = Verta(groups={key: name for key, name in GROUPS.items() if key.isascii()}, roles=dict(ROLES))
    if dice.random() < 0.3:
        verta.groups["g-2"] = GROUPS["g-ü"]
    verta.sparse = dice.random() < 0.3
    verta.largest_page = dice.choice((2, 100))
    if dice.random() < 0.2:
        verta.creates_with = (("g-adm", "r-su"),)
    wanted = tuple(_wanted(dice, name) for name in dice.sample(NAMES, dice.randint(0, 5)))
    taken: set[str] = set()
    for each in sorted(wanted, key=lambda each: each.name):
        _there(dice, verta, each, taken)
    for position in range(dice.randint(0, 2)):
        verta.add(f"extra {position}", f"prod--extra{position}" if dice.random() < 0.5 else "", _grants(dice))
    desired = Desired("acme", tuple(sorted(wanted, key=lambda each: each.name)), exact=dice.random() < 0.4)
    return World(desired, verta, Rules(allow_mapping=dice.random() < 0.6))


def _wanted(dice: random.Random, name: str) -> Wanted:
    home = "" if dice.random() < 0.15 else f"ns{NAMES.index(name)}"
    groups = [*GROUPS.values(), *([_NOBODY] if dice.random() < 0.1 else [])]
    return Wanted(
        name=name,
        description=dice.choice(("", "", "Card fraud", "two\nlines")),
        namespace=f"prod--{home}" if home else "",
        home=home,
        permissions=frozenset(
            (dice.choice(groups), dice.choice(tuple(ROLES.values()))) for _ in range(dice.randint(0, 3))
        ),
    )


def _there(dice: random.Random, verta: Verta, wanted: Wanted, taken: set[str]) -> None:
    """What Verta has of a workspace: nothing, itself in some state, or something in its way."""
    what = dice.random()
    description = dice.choice(("", "Card fraud", "by hand"))
    if what < 0.35:
        return
    if what < 0.42 and wanted.namespace:
        verta.add(f"{wanted.name} renamed", wanted.namespace)
        return
    mapped = wanted.namespace if what < 0.75 else "" if what < 0.92 else f"prod--other{len(taken)}"
    if mapped and mapped in taken:
        mapped = ""
    taken.add(mapped)
    verta.add(wanted.name, mapped, _grants(dice), description=description)
    if dice.random() < 0.05:
        verta.add(wanted.name, "")


def _grants(dice: random.Random) -> tuple[tuple[str, str], ...]:
    keys = [key for key in GROUPS if key.isascii()]
    return tuple(sorted({(dice.choice(keys), dice.choice(tuple(ROLES))) for _ in range(dice.randint(0, 3))}))
