"""Quantity rules of RSM-012 and Regulation D1: E86, E89, E90, D12."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.markets.registry import changed_profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, SettlementMethod, Unit
from gateway.messages.quantities import NO_QUANTITY, parse_quantity
from gateway.messages.series import Series
from tests.gs1_codes import gsrn

from .village import START, findings, found, master_of, period, series, version


def written(text: str) -> Series:
    """A good day whose second value is written as given, as a decoder hands it on."""
    quantity = parse_quantity(text)
    values: list[int | None] = [250] * 24
    values[1] = quantity.thousandths if quantity else NO_QUANTITY
    as_written = {} if quantity and quantity.is_plain else {1: text}
    return series(period(values, as_written=as_written, quality=[Quality.MEASURED] * 24))


@pytest.mark.parametrize("text", ["0", "0.000", "-0", "-0.000", "1.25", "1.250", "9999999999.999", "+3", "0012", "1e2"])
def test_values_that_pass(text: str) -> None:
    # DK-6.2.1.a
    large = master_of(version(settlement_method=None))
    assert found(written(text), master=large) == []


@pytest.mark.parametrize("text", ["-0.001", "-1", "-0.0001", "-12345678901.5", "-1e-9"])
def test_no_value_is_negative(text: str) -> None:
    # DK-4.1.5.b, DK-6.2.2
    given = [f for f in findings(written(text)) if f.rule == "quantity-not-negative"]
    assert [(f.code, f.path, f.position) for f in given] == [("E86", "Series/0/Period/Point/1/quantity", 2)]
    assert text in given[0].text


@pytest.mark.parametrize("kind", [MeteringPointType.EXCHANGE, MeteringPointType.PRODUCTION])
def test_direction_is_master_data_and_no_sign(kind: MeteringPointType) -> None:
    # DK-6.2.2
    values = [250] * 23 + [-1]
    row = series(period(values), point_type=kind)
    assert found(row, master=master_of(version(kind=kind))) == [("quantity-not-negative", "E86")]


@pytest.mark.parametrize("text", ["1.2500", "0.0000", "1.2345", "1e-4"])
def test_decimals_count_as_written(text: str) -> None:
    # DK-6.2.1.a
    assert found(written(text)) == [("quantity-decimals", "E89")]


@pytest.mark.parametrize("text", ["12345678901", "12345678901.5", "1e10", "123e8", "0.1e11"])
def test_ten_integer_digits_are_the_most(text: str) -> None:
    unlimited = master_of(version(settlement_method=None))
    assert found(written(text), master=unlimited) == [("quantity-digits", "E89")]


def test_leading_zeros_are_no_digits() -> None:
    row = series(period([1] * 24, as_written={3: "00000000000001.2500", 4: "0.0000e30", 5: "0.00012e3"}))
    assert [(f.rule, f.position) for f in findings(row)] == [("quantity-decimals", 4)]


@pytest.mark.parametrize("text", ["abc", "1,5", "NaN", "INF", "--1", ""])
def test_what_is_written_is_a_number(text: str) -> None:
    row = series(period([250] * 24, as_written={1: text}))
    (finding,) = findings(row)
    assert (finding.rule, finding.code, finding.position) == ("quantity-is-number", "E86", 2)


def test_a_very_long_text_is_shown_in_part() -> None:
    row = series(period([250] * 24, as_written={0: "9" * 5000}))
    assert all(len(f.text) < 300 for f in findings(row))
    assert "…" in findings(row)[0].text


def test_both_faults_of_one_value_are_said() -> None:
    row = series(period([250] * 24, as_written={0: "-12345678901.0001"}))
    assert [f.rule for f in findings(row)] == ["quantity-not-negative", "quantity-digits", "quantity-decimals"]


@pytest.mark.parametrize(
    ("changes", "limit"),
    [
        ({"settlement_method": SettlementMethod.FLEX}, 1_000),
        ({"settlement_method": SettlementMethod.HOURLY}, 100_000),
        ({"kind": MeteringPointType.PRODUCTION, "settlement_method": None}, 1_000_000),
        ({"kind": MeteringPointType.EXCHANGE, "settlement_method": None}, 1_000_000),
    ],
)
def test_limits_of_table_4_belong_to_what_is_allowed(changes: dict[str, Any], limit: int) -> None:
    # DK-4.1.5.c
    kind = changes.get("kind", MeteringPointType.CONSUMPTION)
    hourly, quarterly = gsrn(1), gsrn(2)
    master = master_of(version(**changes), version(quarterly, resolution=Resolution.QUARTER, **changes))

    def codes(excess: int) -> list[tuple[str, int]]:
        hours = period([250] * 23 + [limit * 1000 + excess])
        quarters = period([250] * 95 + [limit * 250 + excess], resolution=Resolution.QUARTER)
        given = findings(
            series(hours, point=hourly, point_type=kind),
            series(quarters, point=quarterly, point_type=kind, transaction="t-2"),
            master=master,
        )
        return [(f.code, f.position) for f in given]

    assert codes(0) == []
    assert codes(1) == [("E90", 24), ("E90", 96)]


def test_the_limit_is_said_in_the_unit_of_the_point() -> None:
    (finding,) = findings(series(period([1_000_001] + [0] * 23)))
    assert finding.clause == "D1 §4.1.5 table 4"
    assert "1000.001" in finding.text
    assert "1000 kWh" in finding.text


def test_types_without_a_limit_are_not_compared() -> None:
    # DK-4.1.5.c names consumption, production and exchange only.
    kind = MeteringPointType.NET_FROM_GRID
    row = series(period([10**12] * 24), point_type=kind)
    assert found(row, master=master_of(version(kind=kind))) == []


def test_reactive_energy_is_not_compared() -> None:
    row = series(period([10**12] * 24), unit=Unit.KVARH)
    assert found(row, master=master_of(version(unit=Unit.KVARH))) == []


def test_each_hour_has_the_limit_of_its_own_version() -> None:
    # DK-4.1.5.c
    noon = START + 12 * 3600
    hourly = version(valid_from=noon, settlement_method=SettlementMethod.HOURLY)
    master = master_of(version(valid_to=noon), hourly)
    assert found(series(period([250] * 12 + [2_000_000] * 12)), master=master) == []
    given = findings(series(period([250] * 11 + [2_000_000] * 13)), master=master)
    assert [f.position for f in given] == [12]


def test_a_changed_limit_counts_from_its_day() -> None:
    later = {"value": 2000, "clause": "D1 §4.1.5 table 4", "source": "test"}
    values = [
        {**later, "since": date(2016, 4, 1), "value": 1000},
        {**later, "since": date(2025, 6, 1)},
    ]
    changed = changed_profile("dk", {"parameters": {"greatest-consumption-flex": {"values": values}}}, {})
    assert found(series(period([1_500_000] * 24)), market=changed) == []
    assert len(found(series(period([2_000_001] + [0] * 23)), market=changed)) == 1


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        (Quality.ABSENT, []),
        (Quality.ESTIMATED, []),
        (Quality.MEASURED, []),
        (Quality.CORRECTED, [("quality-allowed", "D12")]),
        (Quality.INCOMPLETE, [("quality-allowed", "D12")]),
        (Quality.CALCULATED, [("quality-allowed", "D12")]),
        (Quality.UNCERTAIN, [("quality-allowed", "D12")]),
    ],
)
def test_a_sender_states_measured_estimated_or_missing(quality: Quality, expected: list[tuple[str, str]]) -> None:
    # DK-4.1.3.c
    row = series(period([250] * 24, quality=[Quality.MEASURED] * 5 + [quality] + [Quality.MEASURED] * 18))
    assert found(row) == expected
    assert [f.position for f in findings(row)] == [6] * len(expected)


def test_an_unknown_quality_is_named_by_its_number() -> None:
    row = series(period([250] * 24, quality=[99] + [Quality.MEASURED] * 23))
    assert "99" in findings(row)[0].text


def test_a_value_stated_as_missing_has_no_quantity() -> None:
    # DK-4.1.3.c; DataHub 3 does not look, so it is a switch.
    row = series(period([250] * 24, quality=[Quality.MISSING] + [Quality.MEASURED] * 23))
    assert found(row) == [("missing-without-value", "E86")]
    lenient = changed_profile("dk", {}, {"measure-data": {"missing-without-value": {"enabled": False}}})
    assert found(row, market=lenient) == []


def test_a_quantity_that_is_not_there_is_missing_whatever_the_quality_says() -> None:
    # The original stores it as measured and null.
    row = series(period([None] * 24, quality=[Quality.MEASURED] * 24))
    assert found(row) == []
