"""Values as a party may read them: by right, as known at an instant, in a chosen unit and step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest

from gateway.hub.ports import PointSeries, Principal, Refused, SeriesQuery
from gateway.hub.series.reading import read_series
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution, Unit
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import HOUR

from .small_hub import (
    AGENCY,
    CHANGE,
    CHANGING,
    DAY,
    FLEX,
    GRID,
    MONTHLY,
    NOW,
    OPERATOR,
    POWER,
    PRODUCTION,
    REACTIVE,
    READER_A,
    READER_B,
    REUNITED,
    SENDER,
    STRANGER,
    UNKNOWN,
    ZONE,
    SmallHub,
)

QUARTERS = tuple(range(96))
Q = Quality


def read(hub: SmallHub, reader: Principal, query: SeriesQuery) -> tuple[PointSeries, ...] | Refused | None:
    with hub.database.read() as connection:
        return read_series(hub.office, connection, reader, query)


def seen(hub: SmallHub, reader: Principal, query: SeriesQuery) -> tuple[PointSeries, ...]:
    found = read(hub, reader, query)
    assert isinstance(found, tuple)
    return found


def refused(hub: SmallHub, reader: Principal, query: SeriesQuery) -> list[tuple[str, str]]:
    """Rules and targets of the findings."""
    found = read(hub, reader, query)
    assert isinstance(found, Refused)
    return [(finding.rule, finding.target) for finding in found.findings]


def of_day(
    *points: str, unit: Unit | None = None, step: Resolution | None = None, as_of: int | None = None
) -> SeriesQuery:
    return SeriesQuery(points, DAY.start, DAY.end, as_of, unit, step)


# --- what is stored ---------------------------------------------------------------------------------------------------


def test_values_come_as_stored_with_the_moment_they_were_learnt(hub: SmallHub) -> None:
    quality = [Q.MEASURED] * 94 + [Q.ESTIMATED, Q.MISSING]
    hub.append(FLEX, QUARTERS, quality=quality, at=NOW - 60)
    (series,) = seen(hub, READER_A, of_day(FLEX))
    assert (series.metering_point, series.unit, series.step) == (FLEX, Unit.KWH, Resolution.QUARTER)
    assert series.starts.tolist() == list(range(DAY.start, DAY.end, 900))
    assert series.quantities.tolist() == [*range(95), NO_QUANTITY]
    assert series.qualities.tolist() == quality
    assert set(series.registered_at.tolist()) == {NOW - 60}


def test_a_correction_shows_the_new_value_and_the_senders_status(hub: SmallHub) -> None:
    """DK-4.1.5.f: corrected, while the sender's own status stays readable; before T the old value stands."""
    hub.append(FLEX, QUARTERS, at=NOW - 60)
    hub.append(FLEX, [7000], start=DAY.start + 900, quality=CORRECTED_FLAG | Q.ESTIMATED, at=NOW)
    (series,) = seen(hub, READER_A, of_day(FLEX))
    assert series.quantities[:3].tolist() == [0, 7000, 2]
    assert series.qualities[:3].tolist() == [Q.MEASURED, CORRECTED_FLAG | Q.ESTIMATED, Q.MEASURED]
    assert series.registered_at[:3].tolist() == [NOW - 60, NOW, NOW - 60]
    (before,) = seen(hub, READER_A, of_day(FLEX, as_of=NOW - 1))
    assert before.quantities.tolist() == list(QUARTERS)
    assert not (before.qualities & CORRECTED_FLAG).any()
    (at_that_second,) = seen(hub, READER_A, of_day(FLEX, as_of=NOW))
    assert at_that_second.quantities.tolist() == series.quantities.tolist()


def test_before_anything_was_known_a_point_is_empty(hub: SmallHub) -> None:
    hub.append(FLEX, QUARTERS)
    (series,) = seen(hub, READER_A, of_day(FLEX, as_of=NOW - 1))
    assert (series.unit, series.step, len(series.starts)) == (Unit.KWH, Resolution.QUARTER, 0)
    (asked,) = seen(hub, READER_A, of_day(FLEX, as_of=1, unit=Unit.MWH, step=Resolution.DAY))
    assert (asked.unit, asked.step, asked.registered_at.tolist()) == (Unit.MWH, Resolution.DAY, [])


def test_quarters_and_hours_are_series_of_their_own_in_order_of_time(hub: SmallHub) -> None:
    """DK-1.48: one point changes its resolution within the interval, and back."""
    hub.append(FLEX, range(8), start=DAY.start)
    hub.append(FLEX, [100, 101], start=DAY.start + 2 * HOUR, step=Resolution.HOUR)
    hub.append(FLEX, range(8, 12), start=DAY.start + 4 * HOUR)
    hub.append(FLEX, range(12, 16), start=DAY.start + 6 * HOUR)
    found = seen(hub, READER_A, of_day(FLEX))
    assert [(one.step, one.quantities.tolist()) for one in found] == [
        (Resolution.QUARTER, list(range(8))),
        (Resolution.HOUR, [100, 101]),
        (Resolution.QUARTER, list(range(8, 16))),
    ]
    assert found[2].starts[3:5].tolist() == [DAY.start + 4 * HOUR + 2700, DAY.start + 6 * HOUR]


def test_points_come_in_the_order_asked_for_and_once(hub: SmallHub) -> None:
    hub.append(FLEX, [1])
    hub.append(PRODUCTION, [2])
    found = seen(hub, READER_A, of_day(PRODUCTION, FLEX, PRODUCTION))
    assert [(one.metering_point, one.quantities.tolist()) for one in found] == [(PRODUCTION, [2]), (FLEX, [1])]


# --- who may see what -------------------------------------------------------------------------------------------------


def test_a_point_shows_to_those_entitled_to_it_only(hub: SmallHub) -> None:
    """DK-3.4.a: the supplier reads its own points, the agency production, the grid operator its area."""
    hub.append(FLEX, QUARTERS)
    hub.append(PRODUCTION, QUARTERS)
    for reader in (READER_A, GRID, SENDER, OPERATOR):
        (series,) = seen(hub, reader, of_day(FLEX))
        assert len(series.starts) == 96
    assert len(seen(hub, AGENCY, of_day(PRODUCTION))) == 1
    for reader in (READER_B, STRANGER, AGENCY):
        assert read(hub, reader, of_day(FLEX)) is None


@pytest.mark.parametrize("point", [UNKNOWN, "", "571313", FLEX + " ", "x" * 18])
def test_an_unknown_point_among_known_ones_answers_nothing(hub: SmallHub, point: str) -> None:
    hub.append(FLEX, QUARTERS)
    assert read(hub, OPERATOR, of_day(FLEX, point)) is None


def test_what_is_refused_never_tells_of_a_foreign_point(hub: SmallHub) -> None:
    assert read(hub, READER_B, of_day(FLEX, unit=Unit.KVARH)) is None


def test_both_suppliers_see_their_side_of_a_change(hub: SmallHub) -> None:
    """DK-3.4.a: a right ends where the supply ends."""
    first = ZONE.midnight(date(2025, 3, 14))
    hub.append(CHANGING, range(192), start=first)
    query = SeriesQuery((CHANGING,), first, first + 48 * HOUR)
    (before,), (after,) = seen(hub, READER_A, query), seen(hub, READER_B, query)
    assert before.quantities.tolist() == list(range(96))
    assert after.quantities.tolist() == list(range(96, 192))
    (whole,) = seen(hub, GRID, query)
    assert whole.quantities.tolist() == list(range(192))
    assert read(hub, READER_B, SeriesQuery((CHANGING,), first, CHANGE)) is None


def test_a_value_that_reaches_past_the_right_is_not_shown(hub: SmallHub) -> None:
    """Also when the question ends where the right does: a month would tell of days that are another's."""
    month = ZONE.midnight(date(2025, 3, 1))
    hub.append(CHANGING, [31000], start=month, step=Resolution.MONTH)
    for end in (CHANGE, ZONE.midnight(date(2025, 4, 1))):
        (series,) = seen(hub, READER_A, SeriesQuery((CHANGING,), month, end))
        assert len(series.starts) == 0
    (series,) = seen(hub, READER_B, SeriesQuery((CHANGING,), month, ZONE.midnight(date(2025, 4, 1))))
    assert len(series.starts) == 0
    (whole,) = seen(hub, GRID, SeriesQuery((CHANGING,), month, ZONE.midnight(date(2025, 4, 1))))
    assert whole.quantities.tolist() == [31000]


# --- steps ------------------------------------------------------------------------------------------------------------


def test_quarters_and_hours_sum_side_by_side(hub: SmallHub) -> None:
    """DK-1.48: hourly and quarterly points give the same hours."""
    hub.append(FLEX, [10] * 48)
    hub.append(FLEX, [40] * 12, start=DAY.start + 12 * HOUR, step=Resolution.HOUR)
    hub.append(PRODUCTION, [40] * 24, step=Resolution.HOUR)
    first, second = seen(hub, READER_A, of_day(FLEX, PRODUCTION, step=Resolution.HOUR))
    assert first.step is second.step is Resolution.HOUR
    assert first.starts.tolist() == second.starts.tolist() == list(range(DAY.start, DAY.end, HOUR))
    assert first.quantities.tolist() == second.quantities.tolist() == [40] * 24
    assert set(first.qualities.tolist()) == set(second.qualities.tolist()) == {Q.MEASURED}


@pytest.mark.parametrize(("day", "hours"), [(date(2025, 3, 30), 23), (date(2025, 3, 31), 24), (date(2025, 10, 26), 25)])
def test_a_local_day_has_the_hours_it_has(hub: SmallHub, day: date, hours: int) -> None:
    span = ZONE.day_interval(day)
    hub.append(FLEX, [1] * (4 * hours), start=span.start)
    (series,) = seen(hub, READER_A, SeriesQuery((FLEX,), span.start, span.end, step=Resolution.DAY))
    assert (series.starts.tolist(), series.quantities.tolist()) == ([span.start], [4 * hours])
    assert series.qualities.tolist() == [Q.MEASURED]


def test_days_months_and_years_begin_at_local_midnight(hub: SmallHub) -> None:
    start, end = ZONE.midnight(date(2023, 1, 1)), ZONE.midnight(date(2025, 1, 1))
    days = 365 + 366
    hub.append(FLEX, [1] * days, start=start, step=Resolution.DAY)
    query = SeriesQuery((FLEX,), start, end, step=Resolution.MONTH)
    (months,) = seen(hub, READER_A, query)
    lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    assert months.quantities.tolist() == [*lengths, 31, 29, *lengths[2:]]
    assert [ZONE.local(start).day for start in months.starts.tolist()] == [1] * 24
    (years,) = seen(hub, READER_A, SeriesQuery((FLEX,), start, end, step=Resolution.YEAR))
    assert years.quantities.tolist() == [365, 366]
    assert set(years.qualities.tolist()) == {Q.MEASURED}


def test_the_quality_of_a_sum_is_that_of_its_weakest_part(hub: SmallHub) -> None:
    """dk-messages §1: missing makes incomplete, estimated makes estimated; a correction stays visible."""
    hours: list[tuple[Sequence[int], int]] = [
        ([Q.MEASURED] * 4, Q.MEASURED),
        ([Q.MEASURED, Q.ESTIMATED, Q.MEASURED, Q.MEASURED], Q.ESTIMATED),
        ([Q.ESTIMATED, Q.MISSING, Q.MEASURED, Q.MEASURED], Q.INCOMPLETE),
        ([Q.MISSING] * 4, Q.MISSING),
        ([Q.CALCULATED] * 4, Q.CALCULATED),
        ([Q.CALCULATED] * 3 + [Q.MEASURED], Q.MEASURED),
        ([Q.MEASURED] * 3 + [CORRECTED_FLAG | Q.ESTIMATED], CORRECTED_FLAG | Q.ESTIMATED),
        ([Q.MEASURED] * 3 + [CORRECTED_FLAG | Q.MISSING], CORRECTED_FLAG | Q.INCOMPLETE),
    ]
    parts = [quality for stored, _ in hours for quality in stored]
    values = [0 if quality & 0x7F == Q.MISSING else 5 for quality in parts]
    hub.append(FLEX, values, quality=parts)
    (series,) = seen(hub, READER_A, of_day(FLEX, step=Resolution.HOUR))
    assert series.qualities.tolist() == [joint for _, joint in hours]
    assert series.quantities.tolist() == [20, 20, 15, NO_QUANTITY, 20, 20, 20, 15]


def test_a_step_that_is_not_covered_is_incomplete(hub: SmallHub) -> None:
    """Where values are unknown, and where the question or the right begins within the step."""
    hub.append(FLEX, [5] * 6)
    (hours,) = seen(hub, READER_A, of_day(FLEX, step=Resolution.HOUR))
    assert (hours.quantities.tolist(), hours.qualities.tolist()) == ([20, 10], [Q.MEASURED, Q.INCOMPLETE])
    asked = SeriesQuery((FLEX,), DAY.start + 1800, DAY.start + HOUR, step=Resolution.HOUR)
    (cut,) = seen(hub, READER_A, asked)
    assert (cut.starts.tolist(), cut.quantities.tolist()) == ([DAY.start], [10])
    assert cut.qualities.tolist() == [Q.INCOMPLETE]
    month = ZONE.midnight(date(2025, 3, 1))
    hub.append(CHANGING, [1] * 31, start=month, step=Resolution.DAY)
    query = SeriesQuery((CHANGING,), month, DAY.end, step=Resolution.MONTH)
    for reader, days in ((READER_A, 14), (READER_B, 17)):
        (part,) = seen(hub, reader, query)
        assert (part.starts.tolist(), part.quantities.tolist()) == ([month], [days])
        assert part.qualities.tolist() == [Q.INCOMPLETE]
    (whole,) = seen(hub, GRID, query)
    assert (whole.quantities.tolist(), whole.qualities.tolist()) == ([31], [Q.MEASURED])


def test_a_sum_is_as_new_as_its_newest_value(hub: SmallHub) -> None:
    hub.append(FLEX, [5] * 8, at=NOW - 60)
    hub.append(FLEX, [6], start=DAY.start + 900, at=NOW)
    (hours,) = seen(hub, READER_A, of_day(FLEX, step=Resolution.HOUR))
    assert (hours.quantities.tolist(), hours.registered_at.tolist()) == ([21, 20], [NOW, NOW - 60])


def test_a_step_finer_than_stored_is_refused(hub: SmallHub) -> None:
    hub.append(FLEX, [40] * 24, step=Resolution.HOUR)
    hub.append(PRODUCTION, QUARTERS)
    assert refused(hub, READER_A, of_day(FLEX, PRODUCTION, step=Resolution.QUARTER)) == [
        ("step-finer-than-stored", "step")
    ]
    month = ZONE.midnight(date(2025, 3, 1))
    hub.append(MONTHLY, [31000], start=month, step=Resolution.MONTH)
    query = SeriesQuery((MONTHLY,), month, DAY.end, step=Resolution.DAY)
    assert refused(hub, READER_A, query) == [("step-finer-than-stored", "step")]
    (same,) = seen(hub, READER_A, of_day(FLEX, step=Resolution.HOUR))
    assert same.quantities.tolist() == [40] * 24


# --- units ------------------------------------------------------------------------------------------------------------


def test_kwh_become_mwh_rounded_half_up(hub: SmallHub) -> None:
    hub.append(FLEX, [0, 499, 500, 1499, 1500, -500, -501], quality=Q.MEASURED)
    (series,) = seen(hub, READER_A, of_day(FLEX, unit=Unit.MWH))
    assert series.unit is Unit.MWH
    assert series.quantities.tolist() == [0, 0, 1, 1, 2, 0, -1]


def test_a_sum_is_rounded_once(hub: SmallHub) -> None:
    """Four times 0.4 Wh-thousandths of MWh are 1.6, not four times nothing."""
    hub.append(FLEX, [400] * 4 + [0] * 4, quality=[Q.MEASURED] * 4 + [Q.MISSING] * 4)
    (series,) = seen(hub, READER_A, of_day(FLEX, unit=Unit.MWH, step=Resolution.HOUR))
    assert series.quantities.tolist() == [2, NO_QUANTITY]


def test_a_point_whose_unit_changes_is_read_in_each_or_in_one(hub: SmallHub) -> None:
    before, after = ZONE.midnight(date(2025, 3, 14)), CHANGE
    hub.append(REUNITED, [1500] * 24, start=before, step=Resolution.HOUR)
    hub.append(REUNITED, [2] * 24, start=after, step=Resolution.HOUR, unit=Unit.MWH)
    query = SeriesQuery((REUNITED,), before, after + 24 * HOUR)
    first, second = seen(hub, READER_A, query)
    assert (first.unit, set(first.quantities.tolist())) == (Unit.KWH, {1500})
    assert (second.unit, set(second.quantities.tolist())) == (Unit.MWH, {2})
    (one,) = seen(hub, READER_A, SeriesQuery(query.points, query.start, query.end, unit=Unit.KWH))
    assert one.quantities.tolist() == [1500] * 24 + [2000] * 24
    in_days = SeriesQuery(query.points, query.start, query.end, unit=Unit.MWH, step=Resolution.MONTH)
    (month,) = seen(hub, READER_A, in_days)
    assert (month.unit, month.quantities.tolist()) == (Unit.MWH, [36 + 48])
    in_own = SeriesQuery(query.points, query.start, query.end, step=Resolution.DAY)
    assert [(one.unit, one.quantities.tolist()) for one in seen(hub, READER_A, in_own)] == [
        (Unit.KWH, [36000]),
        (Unit.MWH, [48]),
    ]


def test_reactive_energy_is_no_active_energy(hub: SmallHub) -> None:
    hub.append(REACTIVE, QUARTERS, unit=Unit.KVARH)
    hub.append(REACTIVE, [9] * 96, unit=Unit.KWH)
    (series,) = seen(hub, READER_A, of_day(REACTIVE))
    assert (series.unit, series.quantities.tolist()) == (Unit.KVARH, list(QUARTERS))
    assert seen(hub, READER_A, of_day(REACTIVE, unit=Unit.KVARH))[0].quantities.tolist() == list(QUARTERS)
    assert refused(hub, READER_A, of_day(REACTIVE, unit=Unit.KWH)) == [("unit-not-convertible", "unit")]
    assert refused(hub, READER_A, of_day(REACTIVE, FLEX, unit=Unit.KVARH)) == [("unit-not-convertible", "unit")]


def test_powers_are_read_and_not_added_up(hub: SmallHub) -> None:
    hub.append(POWER, QUARTERS, unit=Unit.KW)
    (series,) = seen(hub, READER_A, of_day(POWER))
    assert np.array_equal(series.quantities, QUARTERS)
    assert refused(hub, READER_A, of_day(POWER, step=Resolution.HOUR)) == [("unit-not-summable", "step")]


@pytest.mark.parametrize("step", [None, *Resolution])
def test_the_ends_of_time_are_no_trouble(hub: SmallHub, step: Resolution | None) -> None:
    hub.append(FLEX, QUARTERS)
    everything = SeriesQuery((FLEX,), 0, 253_402_300_799, 253_402_300_799, Unit.KWH, step)
    assert sum(seen(hub, OPERATOR, everything)[0].quantities.tolist()) == sum(QUARTERS)
