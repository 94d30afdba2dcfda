"""A price list → what one unit of each resource costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from generator.model.kinds import Amount, Here, MapOf, Reading, Struct, describe, key
from generator.model.org import AMOUNTS, ONE_LINE
from generator.model.quantity import NANO, Quantity
from generator.problems import Stop
from generator.reading.document import Node, Plain
from generator.reading.reader import read
from generator.reading.scalars import is_number
from generator.reading.store import DISK
from generator.rules.resources import requested

_LARGEST = 1 << 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of money that is not negative, such as 21.50."""

    blank: Decimal = Decimal(0)

    def read(self, node: Node, here: Here | None, reading: Reading) -> Decimal:
        if type(node) is Plain and len(node) < 20 and is_number(node) and Decimal(node) >= 0:
            return Decimal(node)
        reading.say("wrong-type", f"expected a price such as 21.50, found {describe(node)}", here)
        return self.blank

    def schema(self, definitions: dict[str, Any]) -> dict[str, Any]:
        return {"type": "number", "minimum": 0}


@dataclass(frozen=True, slots=True)
class Price:
    """What so much of a resource costs."""

    price: Decimal = key(Money(), "What it costs.")
    per: Quantity | None = key(Amount(), "For how much of the resource, such as 1Gi.")


@dataclass(frozen=True, slots=True)
class Prices:
    """A price list."""

    prices: Mapping[str, Price] = key(MapOf(AMOUNTS.key, Struct(Price)), "Prices, by quota resource.")
    currency: str = key(ONE_LINE, "Currency that the prices are in.", default="")
    period: str = key(ONE_LINE, "For how long a price holds, such as month.", default="")

    def cost(self, resource: str, amount: Quantity) -> Fraction:
        """What an amount costs; nothing where the list has no price."""
        price = next((each for name, each in self.prices.items() if requested(name) == resource), None)
        if price is None or price.per is None:
            return Fraction(0)
        return Fraction(price.price) * amount.nanos / price.per.nanos

    @property
    def unit(self) -> str:
        """`EUR per month`."""
        return " per ".join(part for part in (self.currency, self.period) if part)


def read_prices(file: str) -> Prices:
    """The price list in a file. Raises Stop with everything that is wrong with it, each at its place."""
    (data,) = DISK.read([file], _LARGEST + 1)
    if len(data) > _LARGEST:
        raise Stop(f"{file}: larger than {_LARGEST:,} bytes; expected a price list")
    document, problems = read(data, file)
    found: Prices | None = None
    if not problems and document.root is not None:
        found = Struct(Prices).read(document.root, None, Reading(document, problems))
    said = [f"{problem.place}: {problem.message}" for problem in problems]
    if found and not found.prices and not said:
        said.append(
            f"{file}: there is no price in it; expected such as `prices: {{requests.cpu: {{price: 21.50, per: 1}}}}`"
        )
    priced: dict[str, str] = {}
    for name, price in (found.prices if found else {}).items():
        if (other := priced.setdefault(requested(name), name)) != name:
            said.append(
                f"{document.locate(('prices', name))}: {name} is the same as {other} above; keep one of the two"
            )
        if price.per is not None and price.per.nanos < NANO // 1000:
            said.append(f"{document.locate(('prices', name))}: a price is for more than nothing; write `per: 1`")
    if said or found is None:
        more = [f"{len(said) - _SHOWN} more"] if len(said) > _SHOWN else []
        raise Stop(*(said[:_SHOWN] + more or [f"{file}: empty; expected `prices: {{requests.cpu: …}}`"]))
    return found
