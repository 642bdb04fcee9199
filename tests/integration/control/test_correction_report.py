"""Correction reports on demand (DK-4.3.b): old and new value and status, when received, the first run affected."""

from __future__ import annotations

import asyncio
from datetime import date

import numpy as np
import pytest

from gateway.hub.control import correction_report as report
from gateway.hub.control.correction_report import correction_report, run_by_timetable
from gateway.hub.control.values import CorrectionQuery, Corrections, SettlementRun
from gateway.hub.database import Database, allocate
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Page, Principal, Refused
from gateway.hub.series.segments import SegmentInput
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, Unit
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import DAY as ONE_DAY
from gateway.messages.times import HOUR
from tests.gs1_codes import gsrn

from .market import (
    BALANCING,
    NEXT_AREA,
    NEXT_DOOR,
    OPERATOR,
    OWNER,
    READER_A,
    READER_B,
    SUPPLIER_B,
    ZONE,
    ControlHub,
    flex,
)

# Tue 22 Mar 2016, before Easter: fixation Fri 1 Apr 21:00 (dk-settlement §3).
DAY = date(2016, 3, 22)
START = ZONE.midnight(DAY)
FIRST = START + ONE_DAY
FIXED = ZONE.at(date(2016, 4, 1), 21)
EVER = CorrectionQuery(0, 2**40)
WINDOW = Page()

Row = tuple[str, int, int, int, int, int]


def corrections(
    hub: ControlHub, reader: Principal = READER_A, query: CorrectionQuery = EVER, page: Page = WINDOW
) -> Corrections:
    found = asyncio.run(hub.corrections(reader, query, page))
    assert isinstance(found, Corrections)
    return found


def rows(found: Corrections) -> list[Row]:
    """Point, quarter of the day, old and new quantity, old and new status."""
    columns = (found.point, found.start, found.old_quantity, found.new_quantity, found.old_quality, found.new_quality)
    return [
        (point_id(point), (start - START) // 900, *rest)
        for point, start, *rest in zip(*(column.tolist() for column in columns), strict=True)
    ]


def test_every_changed_value_is_reported_with_both_sides(database: Database) -> None:
    # DK-4.3.b, DK-4.1.5.f: a value or a status that differs; what is only said again is none.
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [100] * 96, start=START, at=FIRST, estimated=[7])
    hub.send(gsrn(1), [101, 100, 100, 100] + [100] * 92, start=START, at=FIRST + 60, estimated=[2])
    assert rows(corrections(hub)) == [
        (gsrn(1), 0, 100, 101, Quality.MEASURED, Quality.MEASURED),
        (gsrn(1), 2, 100, 100, Quality.MEASURED, Quality.ESTIMATED),
        (gsrn(1), 7, 100, 100, Quality.ESTIMATED, Quality.MEASURED),
    ]
    found = corrections(hub)
    assert set(found.received_at.tolist()) == {FIRST + 60}
    assert (set(found.step), set(found.unit)) == ({Resolution.QUARTER}, {Unit.KWH})


def test_a_value_corrected_twice_stands_there_twice(database: Database) -> None:
    # DK-4.3.b
    hub = ControlHub(database, flex(1))
    for number, value in enumerate((100, 101, 102)):
        hub.send(gsrn(1), [value] + [100] * 95, start=START, at=FIRST + number)
    assert [row[2:4] for row in rows(corrections(hub))] == [(100, 101), (101, 102)]
    assert corrections(hub).received_at.tolist() == [FIRST + 1, FIRST + 2]


def test_a_late_first_delivery_is_no_correction_until_the_limit(database: Database) -> None:
    # DK-4.1.4.a: missing replaced before WD5 21:00 is late, after it is a correction of what was fixed as missing.
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [None, None] + [100] * 94, start=START, at=FIRST)
    hub.send(gsrn(1), [5, None] + [100] * 94, start=START, at=FIXED)
    assert len(corrections(hub)) == 0
    hub.send(gsrn(1), [5, 6] + [100] * 94, start=START, at=FIXED + 1)
    assert rows(corrections(hub)) == [(gsrn(1), 1, NO_QUANTITY, 6, Quality.MISSING, Quality.MEASURED)]


def test_the_first_run_affected_is_the_next_whose_cut_off_comes(database: Database) -> None:
    # DK-4.3.b, DK-4.4: fixation until its instant, the instant included, then the first refixation of the month.
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [100] * 96, start=START, at=FIRST)
    hub.send(gsrn(1), [101] * 96, start=START, at=FIXED)
    hub.send(gsrn(1), [102] * 96, start=START, at=FIXED + 1)
    found = corrections(hub, page=Page(1000))
    assert found.run[:96] == (SettlementRun("fixation", FIXED),) * 96
    assert found.run[96:] == (SettlementRun("first refixation", ZONE.at(date(2016, 4, 7), 21)),) * 96


def test_every_run_of_a_month_is_known_by_name_and_instant() -> None:
    # DK-4.4, DK-4.5.b: M+1 WD5, M+2 WD4, M+3 WD3, M+36 WD3; behind the last correction settlement no run follows.
    first_run = run_by_timetable(profile("dk").timetable)
    evenings = {
        "first refixation": date(2016, 4, 7),
        "second refixation": date(2016, 5, 9),
        "final refixation": date(2016, 6, 3),
        "correction settlement": date(2019, 3, 5),
    }
    after = FIXED + 1
    for name, evening in evenings.items():
        at = ZONE.at(evening, 21)
        assert first_run(DAY, after) == first_run(DAY, at) == SettlementRun(name, at)
        after = at + 1
    assert first_run(DAY, after) == SettlementRun("none")


def test_a_calendar_of_further_runs_can_be_given(database: Database) -> None:
    hub = ControlHub(database, flex(1))
    hub.send(gsrn(1), [100] * 96, start=START, at=FIRST)
    hub.send(gsrn(1), [101] + [100] * 95, start=START, at=FIXED + 1)
    asked: list[tuple[date, int]] = []

    def first_run(day: date, received_at: int) -> SettlementRun:
        asked.append((day, received_at))
        return SettlementRun("first refixation", ZONE.at(date(2016, 4, 7), 21))

    with database.read() as connection:
        found = correction_report(hub.office, connection, OPERATOR, EVER, Page(), first_run=first_run)
    assert found is not None
    assert [run.name for run in found.run] == ["first refixation"]
    assert asked == [(DAY, FIXED + 1)]


def test_corrections_received_in_an_interval(database: Database) -> None:
    """Half-open: from is in it, to is not."""
    hub = ControlHub(database, flex(1))
    for number in range(4):
        hub.send(gsrn(1), [100 + number] + [7] * 95, start=START, at=FIRST + number)

    def values(start: int, end: int) -> list[int]:
        return [row[3] for row in rows(corrections(hub, query=CorrectionQuery(start, end)))]

    assert values(FIRST, FIRST + 9) == [101, 102, 103]
    assert values(FIRST + 2, FIRST + 3) == [102]
    assert values(FIRST + 3, FIRST + 4) == [103]
    assert values(FIRST + 4, FIRST + 9) == []
    assert values(0, FIRST) == []


def test_a_point_shows_to_those_who_may_see_it_only(database: Database) -> None:
    # DK-4.3.b, DK-3.4.a: only points the subscriber may see.
    hub = ControlHub(database, flex(1), flex(2, energy_supplier=SUPPLIER_B), flex(3, grid_area=NEXT_AREA))
    for number in (1, 2, 3):
        hub.append([gsrn(number)], [[100] * 96], start=START, at=FIRST)
        hub.append([gsrn(number)], [[101] + [100] * 95], start=START, at=FIRST, quality=0x84)
    seen = {
        reader.client_id: [row[0] for row in rows(corrections(hub, reader))]
        for reader in (READER_A, READER_B, OWNER, NEXT_DOOR, OPERATOR, BALANCING)
    }
    assert seen == {
        "a": [gsrn(1), gsrn(3)],
        "b": [gsrn(2)],
        "grid": [gsrn(1), gsrn(2)],
        "neighbour": [gsrn(3)],
        "operator": [gsrn(1), gsrn(2), gsrn(3)],
        "balance": [],
    }


def test_a_change_of_supplier_cuts_what_each_may_see(database: Database) -> None:
    # DK-4.3.b: only on the steps on which the subscriber supplies.
    noon = START + 12 * HOUR
    hub = ControlHub(database, flex(1, valid_to=noon), flex(1, valid_from=noon, energy_supplier=SUPPLIER_B))
    hub.append([gsrn(1)], [[100] * 96], start=START, at=FIRST)
    hub.append([gsrn(1)], [[101] * 96], start=START, at=FIRST, quality=0x84)
    assert [row[1] for row in rows(corrections(hub, READER_A))] == list(range(48))
    assert [row[1] for row in rows(corrections(hub, READER_B))] == list(range(48, 96))
    assert len(corrections(hub, OWNER)) == 96


def test_points_can_be_named(database: Database) -> None:
    hub = ControlHub(database, flex(1), flex(2), flex(3, energy_supplier=SUPPLIER_B))
    for number in (1, 2):
        hub.append([gsrn(number)], [[100] * 96], start=START, at=FIRST)
        hub.append([gsrn(number)], [[101] + [100] * 95], start=START, at=FIRST, quality=0x84)
    named = corrections(hub, query=EVER._replace(points=(gsrn(2),)))
    assert [row[0] for row in rows(named)] == [gsrn(2)]
    for points in ((gsrn(3),), (gsrn(9),), ("12",), (gsrn(1), gsrn(3))):
        assert asyncio.run(hub.corrections(READER_A, EVER._replace(points=points), Page())) is None


def test_a_value_accepted_in_another_resolution_has_no_old_quantity(database: Database) -> None:
    hub = ControlHub(database, flex(1))
    hub.append([gsrn(1)], [[400] * 24], start=START, at=FIRST, step=Resolution.HOUR)
    hub.append([gsrn(1)], [[100] * 16], start=START, at=FIRST, quality=0x84)
    found = rows(corrections(hub))
    assert len(found) == 16
    assert {row[2:] for row in found} == {(NO_QUANTITY, 100, Quality.ABSENT, Quality.MEASURED)}


def test_what_one_transaction_says_twice_of_a_point_is_told_apart(database: Database) -> None:
    """Two messages of one group: the second corrects the first, within one transaction."""
    hub = ControlHub(database, flex(1))
    keys, qualities = np.array([point_key(gsrn(1))]), np.full((1, 96), Quality.MEASURED, dtype=np.uint8)
    inputs = [
        SegmentInput(series_kind(Unit.KWH), "PT15M", START, keys, np.full((1, 96), value), qualities | np.uint8(mark))
        for value, mark in ((100, 0), (101, 0x80))
    ]
    with database.write() as connection:
        hub.office.store.append(connection, allocate(connection, FIRST * 1_000_000), inputs)
    assert [row[2:4] for row in rows(corrections(hub))] == [(100, 101)] * 96


def test_children_and_other_units_are_reported_too(database: Database) -> None:
    child = {"kind": MeteringPointType.EXCHANGE_REACTIVE_ENERGY, "settlement_method": None, "energy_supplier": None}
    hub = ControlHub(database, flex(1), flex(2, parent=gsrn(1), unit=Unit.KVARH, **child))
    hub.append([gsrn(2)], [[100] * 96], start=START, at=FIRST, unit=Unit.KVARH)
    hub.append([gsrn(2)], [[101] + [100] * 95], start=START, at=FIRST, quality=0x84, unit=Unit.KVARH)
    found = corrections(hub, READER_A)
    assert (rows(found)[0][0], set(found.unit)) == (gsrn(2), {Unit.KVARH})
    assert len(corrections(hub, READER_B)) == 0


@pytest.mark.parametrize("limit", [1, 2, 5, 96, 97, 1000])
def test_windows_follow_each_other(database: Database, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """Over steps, rows and segments, and where a window looks through segments in vain."""
    monkeypatch.setattr(report, "MOST_SEGMENTS", 2)
    monkeypatch.setattr(report, "_ROWS", 2)
    hub = ControlHub(database, *(flex(number) for number in range(1, 6)))
    points = [gsrn(number) for number in range(1, 6)]
    hub.append(points, [[100] * 96] * 5, start=START, at=FIRST)
    hub.append(points, [[101] * 3 + [100] * 93] * 5, start=START, at=FIRST + 1, quality=0x84)
    for number in range(4):
        hub.append(points, [[7] * 96] * 5, start=START + (2 + number) * ONE_DAY, at=FIRST + 2)
    hub.append(points[1:3], [[102] * 3 + [100] * 93] * 2, start=START, at=FIRST + 3, quality=0x84)
    expected = [(point, step, 100, 101, Quality.MEASURED, Quality.MEASURED) for point in points for step in range(3)]
    expected += [
        (point, step, 101, 102, Quality.MEASURED, Quality.MEASURED) for point in points[1:3] for step in range(3)
    ]
    gathered: list[Row] = []
    after = ""
    for _ in range(60):
        found = corrections(hub, page=Page(limit, after))
        assert len(found) <= limit
        gathered += rows(found)
        after = found.after
        if not after:
            break
    assert gathered == expected


@pytest.mark.parametrize("after", ["x", "1.2", "1.2.x", "-1.0.0", "1.2.3.4", "1.2.3" + "0" * 80])
def test_a_place_nobody_named_is_refused(database: Database, after: str) -> None:
    hub = ControlHub(database, flex(1))
    assert isinstance(asyncio.run(hub.corrections(READER_A, EVER, Page(after=after))), Refused)


def test_a_place_before_the_interval_begins_with_it(database: Database) -> None:
    hub = ControlHub(database, flex(1))
    for number in range(3):
        hub.send(gsrn(1), [100 + number] + [7] * 95, start=START, at=FIRST + number)
    found = corrections(hub, query=CorrectionQuery(FIRST + 2, FIRST + 3), page=Page(after="0.0.0"))
    assert [row[3] for row in rows(found)] == [102]


def test_nothing_stored_is_nothing_corrected(database: Database) -> None:
    hub = ControlHub(database, flex(1))
    assert (len(corrections(hub)), corrections(hub).after) == (0, "")
