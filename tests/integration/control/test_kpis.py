"""Key figures per grid operator, grid area and day of operation (DK-4.1.2, DK-4.1.5.d; appendix 7)."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from gateway.hub.control.values import Kpi, KpiValue
from gateway.hub.database import Database
from gateway.hub.ports import Principal
from gateway.messages.codes import Resolution
from gateway.messages.times import DAY as ONE_DAY
from gateway.messages.times import HOUR
from tests.gs1_codes import gsrn

from .market import (
    AREA,
    GRID,
    NEXT_AREA,
    NEXT_DOOR,
    OPERATOR,
    OWNER,
    READER_A,
    ZONE,
    ControlHub,
    day_query,
    figure,
    flex,
    hourly,
)

# Sun 26 Oct 2025 has 25 hours; WD5 Fri 31 Oct.
LONG = date(2025, 10, 26)
LONG_WD5 = ZONE.at(date(2025, 10, 31), 21)
# Tue 3 May 2016, before Ascension: WD1 Wed 4 May, WD3 Tue 10 May, WD5 Thu 12 May (dk-settlement §3).
PLAIN = date(2016, 5, 3)
PLAIN_WD1, PLAIN_WD3, PLAIN_WD5 = (
    ZONE.at(date(2016, 5, 4), 10),
    ZONE.at(date(2016, 5, 10), 10),
    ZONE.at(date(2016, 5, 12), 21),
)


def kpis(hub: ControlHub, day: date, reader: Principal = OWNER, grid_area: str = "") -> tuple[KpiValue, ...] | None:
    return asyncio.run(hub.kpis(reader, day_query(day, grid_area=grid_area)))


@pytest.mark.parametrize(("estimated", "breached", "shown"), [(5, False, "5.0"), (6, True, "6.0")])
def test_five_percent_of_a_25_hour_day_pass(database: Database, estimated: int, breached: bool, shown: str) -> None:
    # DK-4.1.2: 25 hours are 100 quarters; exactly 5 % passes.
    hub = ControlHub(database, flex(1))
    start = ZONE.midnight(LONG)
    hub.send(gsrn(1), [100] * 100, start=start, at=start + 2 * ONE_DAY, estimated=range(estimated))
    hub.move_to(LONG_WD5)
    assert not figure(kpis(hub, LONG), Kpi.ESTIMATED_FLEX).is_final, "at the limit itself a value may still come"
    hub.move_to(LONG_WD5 + 1)
    found = figure(kpis(hub, LONG), Kpi.ESTIMATED_FLEX)
    assert (found.count, found.total, found.percent, found.limit) == (estimated, 100, shown, 5)
    assert (found.is_breached, found.is_final, found.as_of) == (breached, True, LONG_WD5)


def test_hours_and_quarters_count_as_the_values_they_are(database: Database) -> None:
    # DK-4.1.2: a 25-hour day expects 25 hours and 100 quarters.
    hub = ControlHub(database, flex(1), flex(2, resolution=Resolution.HOUR), hourly(3))
    hub.move_to(LONG_WD5)
    assert figure(kpis(hub, LONG), Kpi.ESTIMATED_FLEX).total == 125
    assert figure(kpis(hub, date(2025, 3, 30)), Kpi.ESTIMATED_FLEX).total == 92 + 23


@pytest.mark.parametrize(("estimated", "breached", "shown"), [(24, False, "5.0"), (25, True, "5.2")])
def test_the_share_is_shown_with_one_decimal_and_compared_exactly(
    database: Database, estimated: int, breached: bool, shown: str
) -> None:
    # DK-4.1.2: 24 of 480 are 5.000 %, 25 are 5.208 %.
    hub = ControlHub(database, *(flex(number) for number in range(1, 6)))
    start = ZONE.midnight(PLAIN)
    for number in range(1, 6):
        hub.send(
            gsrn(number), [1] * 96, start=start, at=start + 2 * ONE_DAY, estimated=range(estimated * (number == 1))
        )
    hub.move_to(PLAIN_WD5 + 1)
    found = figure(kpis(hub, PLAIN), Kpi.ESTIMATED_FLEX)
    assert (found.count, found.total, found.percent, found.is_breached) == (estimated, 480, shown, breached)


def test_a_hair_above_the_limit_breaches_though_it_shows_as_five_percent() -> None:
    # DK-4.1.2
    values = [KpiValue(PLAIN, AREA, GRID, Kpi.ESTIMATED_FLEX, 0, True, count, 200_000, 5) for count in (10_000, 10_001)]
    assert [value.percent for value in values] == ["5.0", "5.0"]
    assert [value.is_breached for value in values] == [False, True]


def test_what_comes_after_the_limit_does_not_count_and_at_the_limit_does(database: Database) -> None:
    # DK-4.1.2: by the clock of receipt, the limit included.
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1), flex(2))
    hub.send(gsrn(1), [1] * 96, start=start, at=PLAIN_WD5, estimated=range(96))
    hub.send(gsrn(2), [1] * 96, start=start, at=PLAIN_WD5 + 1, estimated=range(96))
    found = kpis(hub, PLAIN)
    assert (figure(found, Kpi.ESTIMATED_FLEX).count, figure(found, Kpi.ESTIMATED_FLEX).total) == (96, 192)
    assert (figure(found, Kpi.MISSING_FLEX).count, figure(found, Kpi.COMPLETE_FLEX).count) == (96, 1)


def test_missing_is_a_figure_of_its_own(database: Database) -> None:
    # DK-4.1.2: stated as missing and never delivered are the same, and neither is an estimate.
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1), flex(2))
    hub.send(gsrn(1), [None] * 10 + [1] * 86, start=start, at=PLAIN_WD3)
    hub.move_to(PLAIN_WD5)
    found = kpis(hub, PLAIN)
    assert (figure(found, Kpi.MISSING_FLEX).count, figure(found, Kpi.ESTIMATED_FLEX).count) == (106, 0)


def test_how_many_points_are_complete_in_time(database: Database) -> None:
    """Appendix 7: by as-of reads at WD1 10:00, WD3 10:00 and WD5 21:00."""
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1), flex(2), hourly(3), flex(4))
    hub.send(gsrn(1), [1] * 96, start=start, at=PLAIN_WD1)
    hub.send(gsrn(2), [1] * 95, start=start, at=PLAIN_WD1)
    hub.send(gsrn(3), [1] * 24, start=start, at=PLAIN_WD1 + 1, step=Resolution.HOUR)
    hub.send(gsrn(2), [1] * 16, start=start + 20 * HOUR, at=PLAIN_WD3 + 1)
    hub.move_to(PLAIN_WD5)
    found = kpis(hub, PLAIN)
    looks = (Kpi.COMPLETE_EARLY, Kpi.COMPLETE_HOURLY, Kpi.COMPLETE_FLEX)
    assert [figure(found, kpi).count for kpi in looks] == [1, 2, 3]
    assert [figure(found, kpi).as_of for kpi in looks] == [PLAIN_WD1, PLAIN_WD3, PLAIN_WD5]
    assert {figure(found, kpi).total for kpi in looks} == {4}


def test_a_figure_is_provisional_until_its_instant(database: Database) -> None:
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [1] * 96, start=start, at=PLAIN_WD1 - HOUR, estimated=[0])
    found = kpis(hub, PLAIN)
    assert found is not None
    assert {value.as_of for value in found} == {PLAIN_WD1 - HOUR}
    assert not any(value.is_final for value in found)
    assert figure(found, Kpi.ESTIMATED_FLEX).count == 1
    hub.move_to(PLAIN_WD3 + 1)
    assert [value.kpi for value in kpis(hub, PLAIN) or () if value.is_final] == [
        Kpi.COMPLETE_EARLY,
        Kpi.COMPLETE_HOURLY,
    ]


def test_a_day_that_has_not_ended_has_no_figures(database: Database) -> None:
    hub = ControlHub(database, flex(1))
    hub.move_to(ZONE.midnight(PLAIN) + 23 * HOUR)
    assert kpis(hub, PLAIN) == ()
    hub.move_to(ZONE.midnight(PLAIN) + 24 * HOUR)
    assert kpis(hub, PLAIN) != ()


def test_corrections_after_fixation_are_counted_and_those_before_are_not(database: Database) -> None:
    # DK-4.3.b: a value sent again unchanged within a correcting series is none, nor is a first delivery come late.
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1), flex(2))
    hub.send(gsrn(1), [100] * 96, start=start, at=PLAIN_WD1)
    hub.send(gsrn(1), [101] * 4 + [100] * 92, start=start, at=PLAIN_WD5)
    hub.move_to(PLAIN_WD5)
    assert Kpi.CORRECTED_AFTER_FIXATION not in {value.kpi for value in kpis(hub, PLAIN) or ()}
    hub.send(gsrn(1), [101] * 5 + [100] * 91, start=start, at=PLAIN_WD5 + 60)
    hub.send(gsrn(2), [7] * 96, start=start, at=PLAIN_WD5 + 60)
    found = figure(kpis(hub, PLAIN), Kpi.CORRECTED_AFTER_FIXATION)
    assert (found.count, found.total, found.is_final) == (1, 192, False)
    hub.send(gsrn(1), [100] * 96, start=start, at=PLAIN_WD5 + 120)
    assert figure(kpis(hub, PLAIN), Kpi.CORRECTED_AFTER_FIXATION).count == 4, "one is what it was at fixation"
    hub.send(gsrn(2), [8] * 96, start=start, at=PLAIN_WD5 + 180)
    assert figure(kpis(hub, PLAIN), Kpi.CORRECTED_AFTER_FIXATION).count == 100


def test_a_correction_by_hours_is_found_beside_quarters(database: Database) -> None:
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [100] * 96, start=start, at=PLAIN_WD1)
    hub.append([gsrn(1)], [[500] * 4], start=start + 4 * HOUR, at=PLAIN_WD5 + 60, quality=0x84, step=Resolution.HOUR)
    hub.move_to(PLAIN_WD5 + 60)
    assert figure(kpis(hub, PLAIN), Kpi.CORRECTED_AFTER_FIXATION).count == 16


def test_an_estimate_that_stands_for_three_months_is_too_old(database: Database) -> None:
    # DK-4.1.3.c: estimates for at most three months.
    start = ZONE.midnight(PLAIN)
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [100] * 96, start=start, at=PLAIN_WD1, estimated=range(20))
    hub.send(gsrn(1), [99] * 16, start=start, at=PLAIN_WD5 + ONE_DAY)
    limit = ZONE.midnight(date(2016, 8, 3))
    hub.move_to(limit - 1)
    assert Kpi.ESTIMATED_TOO_LONG not in {value.kpi for value in kpis(hub, PLAIN) or ()}
    hub.move_to(limit)
    assert figure(kpis(hub, PLAIN), Kpi.ESTIMATED_TOO_LONG).count == 4


def test_rejected_series_are_counted_where_their_point_lies_on_the_day_of_the_decision(database: Database) -> None:
    # DK-4.1.5.d: a series with several reasons is one, a point nobody knows counts for its sender.
    hub = ControlHub(database, flex(1), flex(2, grid_area=NEXT_AREA))
    start = ZONE.midnight(PLAIN)
    hub.send(gsrn(1), [-1] * 95 + [2_000_000_000_000], start=start, at=PLAIN_WD1)
    hub.send(gsrn(1), [-1] * 96, start=start, at=PLAIN_WD1)
    hub.send(gsrn(2), [-1] * 96, start=start, at=PLAIN_WD1)
    hub.move_to(PLAIN_WD5)
    decided = date(2016, 5, 4)
    own = figure(kpis(hub, decided), Kpi.REJECTED_SERIES)
    assert (own.count, own.total, own.percent, own.is_breached) == (2, 0, "", None)
    assert figure(kpis(hub, decided, NEXT_DOOR), Kpi.REJECTED_SERIES, NEXT_AREA).count == 1
    assert Kpi.REJECTED_SERIES not in {value.kpi for value in kpis(hub, PLAIN) or ()}


def test_a_grid_operator_sees_its_own_areas_and_nobody_elses(database: Database) -> None:
    hub = ControlHub(database, flex(1), flex(2, grid_area=NEXT_AREA))
    hub.move_to(PLAIN_WD5)
    assert {value.grid_area for value in kpis(hub, PLAIN) or ()} == {AREA}
    assert {value.grid_operator for value in kpis(hub, PLAIN) or ()} == {GRID}
    assert {value.grid_area for value in kpis(hub, PLAIN, OPERATOR) or ()} == {AREA, NEXT_AREA}
    assert {value.grid_area for value in kpis(hub, PLAIN, OPERATOR, NEXT_AREA) or ()} == {NEXT_AREA}
    assert kpis(hub, PLAIN, OWNER, NEXT_AREA) is None
    assert kpis(hub, PLAIN, OPERATOR, "999") is None
    assert kpis(hub, PLAIN, READER_A) == ()


def test_a_point_counts_for_the_part_of_the_day_it_is_active(database: Database) -> None:
    noon = ZONE.midnight(PLAIN) + 12 * HOUR
    hub = ControlHub(database, flex(1, valid_to=noon), flex(2, valid_from=noon + 60))
    hub.send(gsrn(1), [1] * 48, start=ZONE.midnight(PLAIN), at=PLAIN_WD1, estimated=[0, 47])
    hub.move_to(PLAIN_WD5)
    found = kpis(hub, PLAIN)
    assert (figure(found, Kpi.ESTIMATED_FLEX).count, figure(found, Kpi.ESTIMATED_FLEX).total) == (2, 48 + 47)
    assert figure(found, Kpi.MISSING_FLEX).count == 47
    assert (figure(found, Kpi.COMPLETE_FLEX).count, figure(found, Kpi.COMPLETE_FLEX).total) == (1, 2)
