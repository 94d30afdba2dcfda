"""Kubernetes quantities: parse, compare, add, and write in the form that the API server itself uses.

The rules are those of `k8s.io/apimachinery/pkg/api/resource`: suffixes n u m k M G T P E, Ki Mi Gi Ti Pi Ei and decimal
exponents; what is finer than a nano is rounded away from zero, and a resource list is rounded up to a milli.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache, total_ordering
from typing import Literal

Form = Literal["decimal", "binary", "exponent"]

NANO = 10**9
MAXIMUM = 2**63 - 1
"""The API server caps larger values without a word; here they are refused."""

_PATTERN = re.compile(
    r"(?P<sign>[-+]?)(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?"
)
PATTERN = r"^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?$"
"""The same grammar for a JSON Schema."""

_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"": 0, "Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY_SUFFIX = {power: suffix for suffix, power in _BINARY.items()}


@total_ordering
@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a resource: a whole number of nanos, and the form that it was written in."""

    nanos: int
    form: Form = "decimal"

    def __str__(self) -> str:
        return _canonical(self)

    def __add__(self, other: Quantity) -> Quantity:
        """The sum; binary where one of the two is, so that the order of a sum does not change how it is written."""
        forms = [each.form for each in (self, other) if each.nanos]
        return Quantity(self.nanos + other.nanos, min(forms, key=_SUM_FORMS.index, default="decimal"))

    def __mul__(self, factor: int) -> Quantity:
        return Quantity(self.nanos * factor, self.form)

    def __lt__(self, other: Quantity) -> bool:
        return self.nanos < other.nanos

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Quantity) and self.nanos == other.nanos

    def __hash__(self) -> int:
        return hash(self.nanos)

    def readable(self) -> str:
        """The amount for people: `614.4` in the place of `614400m`."""
        whole = self.nanos % NANO == 0 or abs(self.nanos) < NANO
        return str(self) if whole else f"{self.nanos / NANO:,.3f}".rstrip("0").rstrip(".")

    def rounded_to_milli(self) -> Quantity:
        """As it stands in a resource list: rounded up (away from zero) to a thousandth."""
        return Quantity(_divide_away(self.nanos, 10**6) * 10**6, self.form)


_SUM_FORMS: tuple[Form, ...] = ("binary", "exponent", "decimal")

ZERO = Quantity(0)


@lru_cache(maxsize=4096)
def parse_quantity(text: str) -> Quantity:
    """The quantity that `text` is.

    Raises ValueError, with a message that says what is wrong, for a text that the API server refuses, and for one
    beyond 2^63-1, which it would cap.
    """
    found = _PATTERN.fullmatch(text)
    if found is None or not (found["whole"] or found["fraction"]):
        raise ValueError(_why_not(text))
    suffix = found["suffix"] or ""
    digits = found["whole"] + (found["fraction"] or "")
    if len(digits) > 64:
        raise ValueError(f'quantity "{text[:20]}…" has {len(digits)} digits; no amount needs so many')
    scale = -len(found["fraction"] or "")
    number = int(digits)
    form: Form = "decimal"
    if suffix in _BINARY and suffix:
        form = "binary"
        number *= 1024 ** _BINARY[suffix]
    elif suffix in _DECIMAL:
        scale += _DECIMAL[suffix]
    else:
        form = "exponent"
        exponent = suffix[1:]
        scale += max(-100, min(100, int(exponent))) if len(exponent) < 20 else (-100 if "-" in exponent else 100)
    scale += 9
    nanos = number * 10**scale if scale >= 0 else _divide_away(number, 10**-scale)
    if nanos > MAXIMUM * NANO:
        raise ValueError(f'quantity "{_short(text)}" is too large; the most that Kubernetes can count is 2^63-1')
    return Quantity(-nanos if found["sign"] == "-" else nanos, form)


def _why_not(text: str) -> str:
    expected = "expected a number with an optional suffix, such as 500m, 2, 1.5Gi, 100k"
    if not text:
        return f"a quantity is missing; {expected}"
    shown = _short(text)
    better = _nearest(text)
    return f'"{shown}" is not a quantity; {f"did you mean {better}?" if better else expected}'


def _nearest(text: str) -> str:
    """The quantity that somebody meant who wrote another unit, a blank before it, or a comma in the number."""
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{1,2}(?![0-9]))", ".", text[:41].replace(" ", ""))
    other = re.fullmatch(r"([-+]?[0-9.]+)([kmgtp])(i?)b?", text, re.ASCII | re.IGNORECASE)
    if other and not re.fullmatch(PATTERN, text, re.ASCII):
        letter = other[2].upper() + "i" if other[3] else other[2].upper()
        text = other[1] + ("k" if letter == "K" else letter)
    return text if len(text) <= 40 and re.fullmatch(PATTERN, text, re.ASCII) else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"


def _divide_away(number: int, divisor: int) -> int:
    return -(-number // divisor) if number >= 0 else number // divisor


@lru_cache(maxsize=4096)
def _write(nanos: int, form: Form) -> str:
    if nanos == 0:
        return "0"
    whole, rest = divmod(nanos, NANO)
    if form == "binary" and not rest and abs(whole) >= 1024:
        power = 0
        while whole % 1024 == 0 and power < 6:
            whole //= 1024
            power += 1
        return f"{whole}{_BINARY_SUFFIX[power]}"
    number, exponent = nanos, -9
    while number % 1000 == 0 and (exponent < 18 or form == "exponent"):
        number //= 1000
        exponent += 3
    if form == "exponent":
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_DECIMAL_SUFFIX[exponent]}"


def _canonical(quantity: Quantity) -> str:
    return _write(quantity.nanos, quantity.form)
