"""Measure data of the Finnish market through the hub: points, directions, units, decimals, statuses, periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from gateway.demo.finland import market as finland
from gateway.messages.codes import Dialect, Flow, Product, Quality, Resolution, Unit
from gateway.messages.series import AreaId, Period, Series
from gateway.messages.times import format_second
from tests.integration.finland.hubs import (
    CORRECTED,
    DAY,
    ESTIMATED,
    GRID,
    MISSING,
    NEXT_GRID,
    OK,
    OTHER_SUPPLIER,
    START,
    SUPPLIER,
    UNCERTAIN,
    ZONE,
    FinnishHub,
)

STATUSES = (MISSING, UNCERTAIN, ESTIMATED, OK, CORRECTED)


def test_a_good_series_is_stored_and_reaches_its_supplier(fi_both: FinnishHub) -> None:
    # FI-1.1, FI-1.2, FI-2.6
    sent = fi_both.series("home", [("1.20", OK), ("0.451", OK), ("0.00", ESTIMATED), (None, MISSING)])
    assert [one.state for one in fi_both.send(sent)] == ["distributed"]
    (series,) = fi_both.received(SUPPLIER)
    assert (series.unit, series.period.start) == (Unit.KWH, START)
    assert series.period.quantity.tolist()[:3] == [1200, 451, 0]
    assert series.period.quality.tolist() == [Quality.MEASURED, Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING]
    assert fi_both.received(OTHER_SUPPLIER) == []
    assert fi_both.quantities("home")[:3] == [1200, 451, 0]


def test_any_unit_is_stored_to_the_wh(fi: FinnishHub) -> None:
    # FI-2.1
    written = [("wh", "1200"), ("kwh", "1.20"), ("mwh", "0.00120"), ("mwh", "0.001234"), ("gwh", "0.000001234")]
    written.append(("gwh", "0.00000120"))
    for place, (unit, text) in enumerate(written):
        assert fi.rules(fi.series("home", [(text, OK)], unit=unit, start=format_second(START + 900 * place))) == [[]]
    expected = [1200, 1200, 1200, 1234, 1234, 1200]
    assert fi.quantities("home") == expected
    assert fi.quantities("home", unit=Unit.WH) == [value * 1000 for value in expected]
    assert fi.quantities("home", unit=Unit.GWH) == [0] * 6


WRITTEN = [
    ("home", "kwh", "1.2", False),
    ("home", "kwh", "1.20", True),
    ("home", "kwh", "1.200", True),
    ("home", "kwh", "1.2000", False),
    ("home", "kwh", "1", False),
    ("home", "wh", "1200", True),
    ("home", "wh", "1200.0", False),
    ("home", "mwh", "0.0012", False),
    ("home", "mwh", "0.00120", True),
    ("home", "gwh", "0.0000012", False),
    ("home", "gwh", "0.0000012000", False),
    ("works", "kwh", "12", True),
    ("works", "kwh", "12.125", True),
    ("works", "kwh", "12.1250", False),
    ("works", "mwh", "0.012", True),
    ("works", "mwh", "0.01", False),
    ("plant", "kwh", "12", True),
    ("plant", "gwh", "0.000012", True),
    ("plant", "gwh", "0.00001", False),
]


def test_decimals_follow_unit_and_fuse(fi: FinnishHub) -> None:
    # FI-2.2
    for place, (name, unit, text, is_good) in enumerate(WRITTEN):
        start = format_second(START + 3600 * place)
        found = fi.rules(fi.series(name, [(text, OK)], unit=unit, start=start))
        assert found == [[] if is_good else ["decimals-fit-fuse"]], (name, unit, text)


def test_each_value_has_its_own_decimals(fi: FinnishHub) -> None:
    # FI-2.2: 1.2 among 1.20 is still too coarse, and the finding names its place
    (status,) = fi.send(fi.series("home", [("1.20", OK), ("1.2", OK), ("1.20", OK)]))
    assert [(f.rule, f.position, f.path) for f in status.findings] == [
        ("decimals-fit-fuse", 2, "Series/0/Period/Point/1/quantity")
    ]
    assert fi.rejections() == [(status.transaction_id, ["E86"])]


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
def test_cim_counts_decimals_as_written_too(fi: FinnishHub, dialect: Dialect) -> None:
    # FI-2.2, over the fast paths of both dialects
    point = fi.market.point("home")

    def series(decimals: int) -> Series:
        period = Period(
            Resolution.QUARTER, START, START + 1800, np.arange(1, 3, dtype=np.int32),
            np.array([1200, 1200]), np.full(2, Quality.MEASURED, dtype=np.uint8), decimals,
        )  # fmt: skip
        return Series(f"cim-{decimals}", point.metering_point, point.kind, Unit.KWH, period)

    assert [[f.rule for f in one.findings] for one in fi.submit(series(1), dialect=dialect)] == [
        ["decimals-fit-fuse"] * 2
    ]
    assert fi.submit(series(2), dialect=dialect)[0].findings == ()


def test_a_rejected_series_leaves_the_others_alone(fi: FinnishHub) -> None:
    # FI-3.4, DH-210: reject per series
    good = fi.series("home", [("1.20", OK)])
    bad = fi.series("member-a", [("-1.20", OK)])
    assert fi.rules(good, bad) == [[], ["quantity-not-negative"]]
    assert fi.rejections() == [(bad["transaction_id"], ["E86"])]
    assert len(fi.received(SUPPLIER)) == 1


def test_an_exchange_point_has_a_series_for_each_direction(fi_both: FinnishHub) -> None:
    # FI-1.3, FI-1.5
    into = fi_both.series("exchange", [("100", OK)], flow="in")
    out = fi_both.series("exchange", [("30", OK)], flow="out")
    reactive = fi_both.series("exchange", [("5", OK)], flow="in", unit="kvarh")
    assert fi_both.rules(into, out, reactive) == [[], [], []]
    assert {one.flow: one.quantities.tolist() for one in fi_both.read("exchange")} == {
        Flow.IN: [100_000],
        Flow.OUT: [30_000],
    }
    assert fi_both.quantities("exchange", Flow.IN, unit=Unit.KVARH) == [5000]
    assert fi_both.rules(fi_both.series("exchange", [("1", OK)])) == [["flow-stated"]]
    assert fi_both.rules(fi_both.series("one-way-exchange", [("1", OK)], flow="out")) == [["flow-allowed"]]
    assert fi_both.rules(fi_both.series("home", [("1.00", OK)], flow="in")) == [["flow-stated"]]
    areas = {
        (one.in_area, one.out_area): one.period.quantity.tolist()
        for one in fi_both.received(NEXT_GRID)
        if one.unit == Unit.KWH
    }
    assert areas == {
        (AreaId(finland.AREA), AreaId(finland.NEXT_AREA)): [100_000],
        (AreaId(finland.NEXT_AREA), AreaId(finland.AREA)): [30_000],
    }


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
def test_cim_says_a_direction_by_its_areas_and_its_product(fi: FinnishHub, dialect: Dialect) -> None:
    # FI-1.3, FI-1.5, FI-5.1
    exchange, works = fi.market.point("exchange"), fi.market.point("works")
    quarter = Period(
        Resolution.QUARTER, START, START + 900, np.ones(1, dtype=np.int32), np.array([7000]),
        np.array([Quality.MEASURED], dtype=np.uint8), 0,
    )  # fmt: skip
    own, other = AreaId(finland.AREA), AreaId(finland.NEXT_AREA)
    into = Series("in", exchange.metering_point, exchange.kind, Unit.KWH, quarter, in_area=own, out_area=other)
    out = replace(into, transaction="out", in_area=other, out_area=own)
    lost = replace(into, transaction="lost", out_area=AreaId("FI0009"))
    hour = replace(quarter, resolution=Resolution.HOUR, end=START + 3600)
    reactive = Series("reactive", works.metering_point, works.kind, Unit.KVARH, hour, product=Product.CAPACITIVE_ENERGY)
    states = fi.submit(into, out, lost, reactive, dialect=dialect)
    assert [[f.rule for f in one.findings] for one in states] == [[], [], ["flow-stated"], []]
    assert {one.flow for one in fi.read("exchange")} == {Flow.IN, Flow.OUT}
    assert fi.quantities("works", Flow.OUT, unit=Unit.KVARH) == [7000]
    (ordered,) = fi.received(OTHER_SUPPLIER, dialect)
    assert (ordered.product, ordered.unit) == (Product.CAPACITIVE_ENERGY, Unit.KVARH)


def test_a_production_units_own_use_is_an_accounting_point(fi: FinnishHub) -> None:
    # FI-1.4
    assert fi.rules(fi.series("plant", [("900", OK)]), fi.series("plant-own-use", [("12", OK)])) == [[], []]
    assert fi.quantities("plant-own-use") == [12_000]


def test_readings_are_refused(fi: FinnishHub) -> None:
    # FI-3.1
    reading = fi.series("home", [("10234.51", OK)])
    reading["values"][0]["read_at"] = format_second(START)
    assert fi.rules(reading) == [["energies-only"]]


def test_the_step_is_the_registered_one(fi: FinnishHub) -> None:
    # FI-2.3
    assert fi.rules(fi.series("home", [("1.20", OK)], step="PT1H")) == [["resolution-as-registered"]]


def test_only_the_responsible_operator_sends(fi: FinnishHub) -> None:
    # FI-2.5
    assert fi.rules(fi.series("home", [("1.20", OK)]), who=NEXT_GRID) == [["sender-is-responsible"]]
    refused = fi.refused(fi.series("home", [("1.20", OK)]), who=SUPPLIER)
    assert "sender-role-allowed" in {finding.rule for finding in refused.findings}


@pytest.mark.parametrize("day", [date(2025, 3, 30), date(2025, 10, 26)])
def test_a_day_of_23_or_25_hours(fi: FinnishHub, day: date) -> None:
    # FI-2.7
    fi.at(day + timedelta(days=1))
    span = ZONE.day_interval(day)
    count = (span.end - span.start) // 900
    assert count in (92, 100)
    values = [(f"0.{place:03d}", OK) for place in range(count)]
    assert fi.rules(fi.series("home", values, start=format_second(span.start))) == [[]]
    (sums,) = fi.read("home", start=span.start, end=span.end, step=Resolution.DAY)
    assert sums.quantities.tolist() == [sum(range(count))]


def test_nothing_of_the_future_and_nothing_older_than_six_years(fi: FinnishHub) -> None:
    # FI-4.1, DH-200 §5
    now = fi.clock.now()
    ahead = fi.series("home", [("1.20", OK)], start=format_second(now - now % 900))
    assert fi.rules(ahead) == [["period-over"]]
    assert fi.rules(fi.series("home", [("1.20", OK)], start=format_second(now - now % 900 - 900))) == [[]]
    old = ZONE.midnight(date(2019, 3, 11))
    assert "period-not-too-old" in fi.rules(fi.series("home", [("1.20", OK)], start=format_second(old - 900)))[0]
    assert "period-not-too-old" not in fi.rules(fi.series("home", [("1.20", OK)], start=format_second(old)))[0]


def test_a_period_before_the_point_is_refused(fi: FinnishHub) -> None:
    before = ZONE.midnight(date(2023, 1, 1)) - 900
    found = fi.rules(fi.series("home", [("1.20", OK), ("1.20", OK)], start=format_second(before)))
    assert found == [["point-known-throughout"]]


def test_a_point_under_construction_owes_and_takes_nothing(fi: FinnishHub) -> None:
    # FI-6.2
    assert "point-in-grid" in fi.rules(fi.series("under-construction", [("1", OK)], flow="in"))[0]


MOVES = {
    None: {MISSING, UNCERTAIN, ESTIMATED, OK},
    MISSING: {UNCERTAIN, ESTIMATED, OK},
    UNCERTAIN: {UNCERTAIN, ESTIMATED, OK},
    ESTIMATED: {CORRECTED},
    OK: {CORRECTED},
    CORRECTED: {CORRECTED},
}
"""What may follow what with another quantity (fi-rules §3)."""


def test_every_transition_of_the_table(fi: FinnishHub) -> None:
    # FI-3.3, FI-3.4
    for number, (before, after) in enumerate((before, after) for before in MOVES for after in STATUSES):
        stated = {"start": format_second(START + 900 * number)}
        steps = [] if before is None else [OK, CORRECTED] if before == CORRECTED else [before]
        for way, status in enumerate(steps):
            assert fi.rules(fi.series("home", [(None if status == MISSING else f"1.{way}0", status)], **stated)) == [[]]
        found = fi.rules(fi.series("home", [(None if after == MISSING else "7.00", after)], **stated))
        if before == after == MISSING:
            assert found == [["something-new"]]
        else:
            assert found == [[] if after in MOVES[before] else ["status-may-follow"]], (before, after)


def test_the_same_again_is_refused_and_mixed_content_passes(fi: FinnishHub) -> None:
    # DH-210: nothing new in value and status; a change of status alone is a change
    first = [("1.20", UNCERTAIN), ("1.30", OK)]
    assert fi.rules(fi.series("home", first)) == [[]]
    assert fi.rules(fi.series("home", first)) == [["something-new"]]
    assert fi.rules(fi.series("home", [("1.20", UNCERTAIN), ("1.30", UNCERTAIN)])) == [["status-may-follow"]]
    assert fi.rules(fi.series("home", [("1.20", OK), ("1.30", OK)])) == [[]]
    assert fi.rules(fi.series("home", [("1.20", OK), ("1.35", CORRECTED)])) == [[]]
    assert fi.quantities("home") == [1200, 1350]


def test_plain_ok_never_follows_ok(fi: FinnishHub) -> None:
    # FI-3.4: after OK only corrected OK
    assert fi.rules(fi.series("home", [("1.20", OK)])) == [[]]
    (status,) = fi.send(fi.series("home", [("1.25", OK)]))
    assert [(f.code, f.text) for f in status.findings] == [("D12", "Status OK may not follow OK here")]
    assert fi.rules(fi.series("home", [("1.25", CORRECTED)])) == [[]]


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
def test_statuses_pass_cim_by_the_markets_codes(fi: FinnishHub, dialect: Dialect) -> None:
    # FI-3.3: uncertain has no code of its own in CIM; the market's table gives it one
    assert fi.rules(fi.series("home", [("1.20", UNCERTAIN), ("1.20", ESTIMATED)])) == [[]]
    (series,) = fi.received(SUPPLIER, dialect)
    assert series.period.quality.tolist() == [Quality.CALCULATED, Quality.ESTIMATED]
    point = fi.market.point("home")
    period = Period(
        Resolution.QUARTER, START + 1800, START + 2700, np.ones(1, dtype=np.int32), np.array([1000]),
        np.array([Quality.CALCULATED], dtype=np.uint8), 2,
    )  # fmt: skip
    (status,) = fi.submit(Series("u", point.metering_point, point.kind, Unit.KWH, period), dialect=dialect)
    assert status.findings == ()
    (stored,) = fi.read("home")
    assert stored.qualities.tolist() == [Quality.UNCERTAIN, Quality.ESTIMATED, Quality.UNCERTAIN]


def test_reactive_energy_is_only_looked_at_for_sign_and_status(fi: FinnishHub) -> None:
    # FI-5.1
    assert fi.rules(fi.series("home", [("1.2", OK)], unit="kvarh", flow="in")) == [[]]
    assert fi.rules(fi.series("home", [("1.2", OK)], unit="kvarh", flow="in")) == [[]]
    assert fi.rules(fi.series("home", [("-1.2", OK)], unit="kvarh", flow="in")) == [["quantity-not-negative"]]
    assert fi.rules(fi.series("home", [("1.3", OK)], unit="kvarh", flow="in")) == [["status-may-follow"]]
    assert fi.received(SUPPLIER) == []
    assert fi.rules(fi.series("works", [("1.2", OK)], unit="kvarh", flow="in")) == [[]]
    assert len(fi.received(OTHER_SUPPLIER)) == 1


def test_a_sum_has_the_weakest_status(fi: FinnishHub) -> None:
    # FI-2.3
    four = [("1.00", OK), ("2.00", ESTIMATED), ("3.00", OK), ("4.00", UNCERTAIN)]
    rest = [("1.00", OK), ("1.00", OK), (None, MISSING), ("1.00", OK), *[(None, MISSING)] * 4]
    assert fi.rules(fi.series("home", four + rest)) == [[]]
    (hours,) = fi.read("home", step=Resolution.HOUR, unit=Unit.MWH)
    assert hours.quantities.tolist()[:2] == [10, 3]
    assert hours.qualities.tolist() == [Quality.UNCERTAIN, Quality.INCOMPLETE, Quality.MISSING]
    (wh,) = fi.read("home", step=Resolution.HOUR, unit=Unit.WH, who=GRID)
    assert wh.quantities.tolist()[:2] == [10_000_000, 3_000_000]


def test_a_point_goes_over_to_quarters_on_a_day(fi: FinnishHub) -> None:
    # FI-2.3: 15 and 60 minutes with a dated switch; an hour holds both
    home, switch = fi.market.point("home"), START + 6 * 3600
    others = [point for point in fi.market.dataset.points if point.metering_point != home.metering_point]
    hourly = home._replace(resolution=Resolution.HOUR, valid_to=switch)
    fi.take(points=[*others, hourly, home._replace(valid_from=switch)])
    hours = fi.series("home", [("4.00", OK)] * 6, step="PT1H")
    quarters = fi.series("home", [("1.00", OK)] * 8, start=format_second(switch))
    assert fi.rules(hours, quarters) == [[], []]
    beyond = fi.series("home", [("4.00", OK)] * 7, step="PT1H")
    assert fi.rules(beyond) == [["resolution-as-registered"]]
    assert [(one.step, len(one.quantities)) for one in fi.read("home")] == [("PT1H", 6), ("PT15M", 8)]
    (sums,) = fi.read("home", step=Resolution.HOUR)
    assert sums.quantities.tolist() == [4000] * 8


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
def test_a_request_is_answered_by_direction(fi: FinnishHub, dialect: Dialect) -> None:
    # FI-1.3, DH-220: asked by document, answered in the queue
    fi.send(fi.series("exchange", [("7", OK)], flow="in"), fi.series("exchange", [("5", UNCERTAIN)], flow="out"))
    fi.received(NEXT_GRID)
    fi.request("exchange", NEXT_GRID, dialect)
    answered = fi.received(NEXT_GRID, dialect)
    own, other = AreaId(finland.AREA), AreaId(finland.NEXT_AREA)
    assert {(one.in_area, one.out_area): one.period.quantity.tolist() for one in answered} == {
        (own, other): [7000],
        (other, own): [5000],
    }
    assert {one.period.quality.tolist()[0] for one in answered} == {Quality.MEASURED, Quality.CALCULATED}


def test_the_day_is_that_of_the_example() -> None:
    assert date(2025, 3, 10) == DAY
