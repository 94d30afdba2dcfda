from __future__ import annotations

import re
from decimal import ROUND_UP, Decimal, localcontext
from importlib import import_module
from random import Random
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from generator.model.quantity import MAXIMUM, NANO, PATTERN, Quantity, parse_quantity

SUFFIXES = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    "k": Decimal("1e3"),
    "M": Decimal("1e6"),
    "G": Decimal("1e9"),
    "T": Decimal("1e12"),
    "P": Decimal("1e15"),
    "E": Decimal("1e18"),
    **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)},
}
SIGNS = st.sampled_from(["", "", "", "+", "-"])
NUMBERS = st.one_of(
    st.integers(0, 10**12).map(str),
    st.tuples(st.integers(0, 10**6), st.text("0123456789", max_size=12)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
    st.text("0123456789", min_size=1, max_size=10).map(lambda digits: f".{digits}"),
    st.text("0123456789", min_size=1, max_size=12),
)
EXPONENTS = st.tuples(st.sampled_from("eE"), st.sampled_from(["", "+", "-"]), st.integers(0, 12)).map(
    lambda parts: "".join(map(str, parts))
)
QUANTITIES = st.tuples(SIGNS, NUMBERS, st.one_of(st.sampled_from(list(SUFFIXES)), EXPONENTS)).map("".join)


def value(text: str) -> Decimal:
    """What Kubernetes makes of a quantity: exact down to a nano, what is finer is rounded away from zero."""
    with localcontext() as context:
        context.prec = 200
        for suffix in sorted(SUFFIXES, key=len, reverse=True):
            if suffix and text.endswith(suffix):
                return (Decimal(text.removesuffix(suffix)) * SUFFIXES[suffix]).quantize(Decimal("1e-9"), ROUND_UP)
        return Decimal(text).quantize(Decimal("1e-9"), ROUND_UP)


def parsed(text: str) -> Quantity:
    """The quantity of a text that is one, or an example that does not count."""
    with localcontext() as context:
        context.prec = 200
        assume(abs(value(text)) <= MAXIMUM)
    return parse_quantity(text)


@given(QUANTITIES)
@example("1.5Gi")
@example("0.1n")
@example("-0.1n")
@example("1E")
@example("1E2")
@example("9223372036854775807")
def test_value_is_what_kubernetes_computes(text: str) -> None:
    assert Decimal(parsed(text).nanos).scaleb(-9, context=None) == value(text)


@given(QUANTITIES)
def test_canonical_form_is_idempotent_and_keeps_the_value(text: str) -> None:
    quantity = parsed(text)
    again = parse_quantity(str(quantity))
    assert again == quantity
    assert str(again) == str(quantity)


@given(QUANTITIES)
def test_canonical_form_has_no_fraction_and_no_lesser_suffix_than_need_be(text: str) -> None:
    written = str(parsed(text))
    assert "." not in written
    assert not written.startswith("+")
    assert written == "0" or not written.lstrip("-").startswith("0")
    digits = written.lstrip("-").rstrip("numkMGTPEi")
    if digits.isdigit() and written.lstrip("-")[len(digits) :] not in ("E", "Ei", "Ki", "Mi", "Gi", "Ti", "Pi"):
        assert written == "0" or len(digits) < 4 or not digits.endswith("000") or written.endswith("i")


@given(QUANTITIES, QUANTITIES)
def test_order_equality_and_sum_are_those_of_the_values(one: str, other: str) -> None:
    left, right = parsed(one), parsed(other)
    assert (left < right) == (value(one) < value(other))
    assert (left == right) == (value(one) == value(other))
    assert (left >= right) == (value(one) >= value(other))
    assert (left + right).nanos == left.nanos + right.nanos
    assert left + right == right + left
    if left == right:
        assert hash(left) == hash(right)


@given(QUANTITIES)
def test_rounding_to_milli_goes_away_from_zero_and_at_most_one_step(text: str) -> None:
    quantity = parsed(text)
    rounded = quantity.rounded_to_milli()
    assert rounded.nanos % 10**6 == 0
    assert abs(rounded.nanos) >= abs(quantity.nanos)
    assert abs(rounded.nanos - quantity.nanos) < 10**6
    assert rounded.rounded_to_milli() == rounded
    assert not str(rounded).endswith(("n", "u"))


@given(st.text(max_size=20))
def test_a_text_is_a_quantity_or_a_value_error(text: str) -> None:
    try:
        quantity = parse_quantity(text)
    except ValueError:
        return
    assert str(parse_quantity(str(quantity))) == str(quantity)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        *[("0", "0"), ("00", "0"), ("-0", "0"), ("0Ki", "0"), ("0e9", "0"), ("1", "1"), ("+1", "1"), ("0001", "1")],
        *[
            ("1.0", "1"),
            ("1.", "1"),
            (".5", "500m"),
            ("0.5", "500m"),
            ("1.5", "1500m"),
            ("1000m", "1"),
            ("100m", "100m"),
        ],
        *[("1500m", "1500m"), ("1000", "1k"), ("1500", "1500"), ("1000k", "1M"), ("1024", "1024"), ("1e3", "1e3")],
        *[("1E3", "1e3"), ("1e4", "10e3"), ("12e6", "12e6"), ("1e0", "1"), ("1e-3", "1e-3"), ("1500e-3", "1500e-3")],
        *[("1E", "1E"), ("1Ki", "1Ki"), ("1024Ki", "1Mi"), ("1.5Gi", "1536Mi"), ("1.5Ki", "1536"), ("0.5Ki", "512")],
        *[("0.1Ki", "102400m"), ("1000Mi", "1000Mi"), ("2048Mi", "2Gi"), ("1023Ki", "1023Ki"), ("1000Ki", "1000Ki")],
        *[
            ("1Ei", "1Ei"),
            ("1000000000", "1G"),
            ("1u", "1u"),
            ("1000n", "1u"),
            ("0.1n", "1n"),
            ("1.0000000001", "1000000001n"),
        ],
        *[("-1500m", "-1500m"), ("-1.5Gi", "-1536Mi"), ("0.125Ti", "128Gi"), ("0.0001", "100u"), ("1.1", "1100m")],
        *[("100", "100"), ("1000000m", "1k"), ("123456789", "123456789"), ("5000000", "5M"), ("1024Mi", "1Gi")],
        *[("1500Gi", "1500Gi"), ("0.25", "250m"), ("10E-3", "10e-3"), ("9223372036854775807", "9223372036854775807")],
    ],
)
def test_canonical_form(text: str, canonical: str) -> None:
    assert str(parse_quantity(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "-",
            "+",
            ".",
            "-.",
            "e3",
            "Ki",
            "m",
            "1.5.0",
            "0x10",
            "1e",
            "1e+",
            "1 Gi",
            " 1",
            "1 ",
            "1\n",
            "1_000",
        ),
        *("1K", "1gi", "1GB", "1GiB", "1Mb", "1kk", "--1", "1e3.5", "1e3Ki", "1,5", "٣", "¹", "inf", "nan", "1e400"),
        *("9223372036854775808", "9Ei", "1" * 70, "1e99999999999999999999999"),
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quantity"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("5GB", "5G"),
        ("16gi", "16Gi"),
        ("1K", "1k"),
        ("1kb", "1k"),
        ("2MiB", "2Mi"),
        ("3GI", "3Gi"),
        ("64 Gi", "64Gi"),
        ("64 GB", "64G"),
        ("1,5Gi", "1.5Gi"),
        ("1,25", "1.25"),
    ],
)
def test_a_near_miss_is_offered(text: str, meant: str) -> None:
    with pytest.raises(ValueError, match=f"did you mean {meant}\\?"):
        parse_quantity(text)


@pytest.mark.parametrize("text", ["1,024Mi", "1,000", "..K", "1.2.3GB", "16 cores", "1" * 60 + " Gi"])
def test_no_near_miss_is_made_up(text: str) -> None:
    with pytest.raises(ValueError, match="is not a quantity; expected a number"):
        parse_quantity(text)


@given(st.one_of(QUANTITIES, st.text("0123456789.+-eEKMGTPinumk", max_size=8)))
def test_the_pattern_of_the_schema_is_the_grammar(text: str) -> None:
    try:
        parse_quantity(text)
    except ValueError as error:
        assume("too large" not in str(error))
        assume("digits" not in str(error))
        assert not re.search(PATTERN, text)
    else:
        assert re.search(PATTERN, text)


def test_many_times() -> None:
    assert str(parse_quantity("250m") * 6) == "1500m"
    assert str(parse_quantity("512Mi") * 4) == "2Gi"
    assert str(parse_quantity("0") + parse_quantity("1Gi")) == "1Gi"
    assert parse_quantity("1Gi") != parse_quantity("1G")
    assert parse_quantity("1Gi") == parse_quantity("1073741824")
    assert parse_quantity("1") != 1


def test_ten_thousand_values_are_those_of_the_kubernetes_client() -> None:
    """Against an implementation of others: `parse_quantity` of Kubernetes' own Python client."""
    theirs: Any = import_module("kubernetes.utils.quantity").parse_quantity

    random = Random(20)
    suffixes = ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "E-2", "e+1"]
    seen: set[str] = set()
    while len(seen) < 10_000:
        whole = str(random.randrange(10 ** random.randint(1, 6)))
        fraction = "." + str(random.randrange(10**6)) if random.random() < 0.4 else ""
        text = random.choice(["", "", "+", "-"]) + whole + fraction + random.choice(suffixes)
        if abs(theirs(text)) > MAXIMUM:
            with pytest.raises(ValueError, match="too large"):
                parse_quantity(text)
            continue
        ours = parse_quantity(text)
        seen.add(text)
        exact = Decimal(theirs(text)) * NANO
        assert ours.nanos == exact.to_integral_value(ROUND_UP), text
        assert parse_quantity(str(ours)) == ours


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("614400m", "614.4"),
        ("60.5", "60.5"),
        ("250m", "250m"),
        ("2", "2"),
        ("1.5Gi", "1536Mi"),
        ("12345500m", "12,345.5"),
    ],
)
def test_an_amount_for_people(text: str, shown: str) -> None:
    assert parse_quantity(text).readable() == shown
