"""OBIS codes in every spelling of meters become one; units lose their prefixes; numbers stay exact."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_adapters.obis import Obis
from meter_adapters.readings import Flag, MeterId, Reading
from meter_adapters.units import number_of, split_unit, unit_of_code


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("1-0:1.8.0*255", "1-0:1.8.0*255"),
        ("1.8.0", "1-0:1.8.0*255"),
        ("1.8", "1-0:1.8.0*255"),
        ("1.8.1*12", "1-0:1.8.1*12"),
        ("1.8.1&03", "1-0:1.8.1*3"),
        ("1.0.99.1.0.255", "1-0:99.1.0*255"),
        ("0-0:42.0.0", "0-0:42.0.0*255"),
        ("C.1.0", "0-0:96.1.0*255"),
        ("F.F", "0-0:97.97.0*255"),
        ("P.01", "1-0:99.1.0*255"),
    ],
)
def test_spellings_of_one_code(text: str, canonical: str) -> None:
    parsed = Obis.parse(text)
    assert parsed is not None
    assert str(parsed) == canonical
    assert Obis.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["", "x", "1", "1.8.0*", "1-0:256.8.0*255", "1.8.0.0.0", "²1.8.0", "1-0:1.8.0*255 "])
def test_what_is_no_code(text: str) -> None:
    assert Obis.parse(text) is None


@given(st.binary(min_size=6, max_size=6))
def test_six_octets_there_and_back(octets: bytes) -> None:
    code = Obis.from_octets(octets)
    assert code is not None
    assert code.octets == octets
    assert Obis.parse(str(code)) == code
    assert Obis.from_octets(octets[1:]) is None


@pytest.mark.parametrize(
    ("text", "unit", "scaler"),
    [
        ("kWh", "Wh", 3),
        ("KWH", "Wh", 3),
        ("Wh", "Wh", 0),
        ("kvarh", "varh", 3),
        ("MW", "W", 6),
        ("mA", "A", -3),
        ("V", "V", 0),
        ("var", "var", 0),
        ("deg", "deg", 0),
        ("", "", 0),
        ("m3", "m3", 0),
    ],
)
def test_units_without_prefix(text: str, unit: str, scaler: int) -> None:
    assert split_unit(text) == (unit, scaler)


def test_unit_codes() -> None:
    assert (unit_of_code(30), unit_of_code(255), unit_of_code(200)) == ("Wh", "", "unit-200")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=5, min_value=-(10**20), max_value=10**20))
def test_numbers_are_exact(value: Decimal) -> None:
    number = number_of(f"{value:f}")
    assert number is not None
    assert Decimal(f"{number.raw}E{number.scaler}") == value


@pytest.mark.parametrize("text", ["", ".", "-", "1.2.3", "1e3", "0x1", "1" * 37, "1 2"])
def test_what_is_no_number(text: str) -> None:
    assert number_of(text) is None


def test_comma_and_leading_zeros() -> None:
    assert number_of("000158,6890") == (1586890, -4)


@given(st.integers(-(10**36) + 1, 10**36 - 1), st.integers(-36, 36))
def test_a_reading_is_exact_beyond_any_context(raw: int, scaler: int) -> None:
    reading = Reading(MeterId("x"), Obis(1, 0, 1, 8, 0), raw, scaler)
    sign, digits, exponent = reading.value.as_tuple()
    assert (-1 if sign else 1) * int("".join(map(str, digits))) == raw
    assert exponent == scaler


def test_what_is_billable() -> None:
    reading = Reading(MeterId("x"), Obis(1, 0, 1, 8, 0), 1, ts_end=5)
    assert reading.is_billable
    for flag in (Flag.CLOCK_INVALID, Flag.DATA_INVALID, Flag.CRITICAL_ERROR, Flag.CLOCK_FAR_OFF, Flag.IMPLAUSIBLE):
        assert not Reading(MeterId("x"), Obis(1, 0, 1, 8, 0), 1, ts_end=5, flags=frozenset({flag})).is_billable
    assert not Reading(MeterId("x"), Obis(1, 0, 1, 8, 0), 1).is_billable
    assert Reading(MeterId("x"), Obis(1, 0, 1, 8, 0), 1, ts_end=5, flags=frozenset({Flag.POWER_DOWN})).is_billable
