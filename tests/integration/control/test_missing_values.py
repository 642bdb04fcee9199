"""Which values are missing after their limit, for each grid operator and area (DK-4.1.5.e)."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import numpy as np
import pytest

from gateway.hub.control.missing_values import completeness_window, missing_values
from gateway.hub.control.values import DayQuery, MissingPage, MissingPoint
from gateway.hub.database import Database
from gateway.hub.ports import Page, Principal, Refused
from gateway.markets.registry import changed_profile
from gateway.messages.codes import ConnectionState, MeteringPointType, Resolution, SettlementMethod, Subtype, Unit
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import DAY as ONE_DAY
from gateway.messages.times import HOUR
from gateway.rules.batch import DeadlineGroup
from tests.gs1_codes import gsrn

from .market import (
    AREA,
    DK,
    GRID,
    NEIGHBOUR,
    NEXT_AREA,
    NEXT_DOOR,
    OPERATOR,
    OWNER,
    READER_A,
    ZONE,
    ControlHub,
    day_query,
    exchange,
    flex,
    hourly,
    production,
)

# Tue 22 Mar 2016, before Easter: WD3 Wed 30 Mar 10:00, WD5 Fri 1 Apr 21:00 (dk-settlement §3).
DAY = date(2016, 3, 22)
START = ZONE.midnight(DAY)
WINDOW = Page()
WD3, WD5 = ZONE.at(date(2016, 3, 30), 10), ZONE.at(date(2016, 4, 1), 21)


def page_of(hub: ControlHub, query: DayQuery, reader: Principal = OWNER, page: Page = WINDOW) -> MissingPage:
    found = asyncio.run(hub.missing_values(reader, query, page))
    assert isinstance(found, MissingPage)
    return found


def missing(hub: ControlHub, at: int, reader: Principal = OWNER) -> dict[str, MissingPoint]:
    """What is missing of the day at an instant, by point."""
    hub.move_to(at)
    return {point.metering_point: point for point in page_of(hub, day_query(DAY), reader).points}


def test_each_group_is_listed_once_its_limit_has_passed(database: Database) -> None:
    # DK-4.1.5.e: hourly, production and exchange after WD3 10:00, flex after WD5 21:00; the limit itself is in time.
    hub = ControlHub(database, flex(1), hourly(2), production(3), exchange(4, AREA, NEXT_AREA))
    assert missing(hub, WD3) == {}
    assert set(missing(hub, WD3 + 1)) == {gsrn(2), gsrn(3), gsrn(4)}
    assert {point.group for point in missing(hub, WD3 + 1).values()} == {"hourly"}
    assert gsrn(1) not in missing(hub, WD5)
    found = missing(hub, WD5 + 1)
    assert set(found) == {gsrn(number) for number in range(1, 5)}
    assert found[gsrn(1)].group == "flex"


def test_a_point_comes_with_its_first_and_last_missing_step(database: Database) -> None:
    # DK-4.1.5.e: absent and stated as missing are alike; between the two values may be there.
    hub = ControlHub(database, flex(1), hourly(2))
    hub.send(gsrn(1), [1, None, 1, None] + [1] * 12, start=START + HOUR, at=START + ONE_DAY)
    hub.send(gsrn(2), [1] * 20 + [None] + [1] * 3, start=START, at=START + ONE_DAY, step=Resolution.HOUR)
    found = missing(hub, WD5 + 1)
    assert found[gsrn(1)] == MissingPoint(
        DAY, gsrn(1), AREA, GRID, "flex", Resolution.QUARTER, START, START + ONE_DAY, 96 - 14, 96
    )
    hour = START + 20 * HOUR
    assert found[gsrn(2)] == MissingPoint(DAY, gsrn(2), AREA, GRID, "hourly", Resolution.HOUR, hour, hour + HOUR, 1, 24)
    hub.send(gsrn(2), [5] * 24, start=START, at=WD5 + 2, step=Resolution.HOUR)
    assert set(missing(hub, WD5 + 2)) == {gsrn(1)}, "a late value fills the gap"


CHILD = {"kind": MeteringPointType.ELECTRICAL_HEATING, "settlement_method": None, "energy_supplier": None}


@pytest.mark.parametrize(
    ("parent", "group"),
    [
        (hourly(1), "hourly"),
        (production(1), "hourly"),
        (flex(1), "flex"),
        (flex(1, settlement_method=SettlementMethod.PROFILED), "flex"),
    ],
)
def test_a_child_has_the_deadline_of_its_parent(database: Database, parent: MeteringPointVersion, group: str) -> None:
    # DK-4.1.5.e, DK-4.1.1: a child follows its parent, that of a profile settled point follows flex.
    hub = ControlHub(database, parent, flex(2, parent=gsrn(1), **CHILD))
    assert (gsrn(2) in missing(hub, WD3 + 1)) == (group == "hourly")
    assert missing(hub, WD5 + 1)[gsrn(2)].group == group


@pytest.mark.parametrize(
    "changes",
    [
        {"connection_state": ConnectionState.NEW},
        {"connection_state": ConnectionState.DISCONNECTED},
        {"connection_state": ConnectionState.CLOSED_DOWN},
        {"subtype": Subtype.CALCULATED},
        {"settlement_method": SettlementMethod.PROFILED},
        {"resolution": Resolution.MONTH},
        {"valid_to": START},
        {"valid_from": START + ONE_DAY},
        {"kind": MeteringPointType.NOT_USED},
    ],
)
def test_what_owes_no_values_is_not_listed(database: Database, changes: dict[str, Any]) -> None:
    # DK-4.1.5.e
    hub = ControlHub(database, flex(1), flex(2)._replace(**changes))
    assert set(missing(hub, WD5 + 1)) == {gsrn(1)}


def test_points_and_types_can_be_left_out_by_setting(database: Database) -> None:
    # DK-4.1.5.e: excluded points are respected.
    control = {"left_out_points": [gsrn(2)], "left_out_types": ["production"]}
    market = changed_profile("dk", {"control": control}, {})
    hub = ControlHub(database, flex(1), flex(2), production(3), market=market)
    assert set(missing(hub, WD5 + 1)) == {gsrn(1)}


def test_a_setting_that_names_no_point_is_a_mistake() -> None:
    for control in ({"left_out_points": ["12"]}, {"left_out_types": ["hero"]}):
        with pytest.raises(ValueError, match=r"12|hero"):
            changed_profile("dk", {"control": control}, {})


def test_reactive_energy_is_looked_for_as_such(database: Database) -> None:
    reactive = {"kind": MeteringPointType.EXCHANGE_REACTIVE_ENERGY, "unit": Unit.KVARH, "settlement_method": None}
    hub = ControlHub(database, flex(1, parent=gsrn(9), **reactive))
    hub.append([gsrn(1)], [[1] * 96], start=START, at=WD3)
    assert set(missing(hub, WD5 + 1)) == {gsrn(1)}
    hub.append([gsrn(1)], [[1] * 96], start=START, at=WD5, unit=Unit.KVARH)
    assert missing(hub, WD5 + 1) == {}


def test_a_change_within_the_day_cuts_what_is_expected(database: Database) -> None:
    noon = START + 12 * HOUR
    before, after = flex(1, valid_to=noon), flex(1, valid_from=noon, grid_area=NEXT_AREA, resolution=Resolution.HOUR)
    hub = ControlHub(database, before, after)
    hub.append([gsrn(1)], [[1] * 16], start=START, at=WD3)
    hub.move_to(WD5 + 1)
    found = page_of(hub, day_query(DAY), OPERATOR).points
    assert [(one.grid_area, one.grid_operator, one.missing, one.expected) for one in found] == [
        (AREA, GRID, 32, 48),
        (NEXT_AREA, NEIGHBOUR, 12, 12),
    ]
    assert (found[0].first, found[0].last) == (START + 4 * HOUR, noon)
    assert page_of(hub, day_query(DAY), NEXT_DOOR).points == found[1:]


def test_a_grid_operator_is_told_of_its_own_areas(database: Database) -> None:
    hub = ControlHub(database, flex(1), flex(2, grid_area=NEXT_AREA))
    assert set(missing(hub, WD5 + 1)) == {gsrn(1)}
    assert set(missing(hub, WD5 + 1, NEXT_DOOR)) == {gsrn(2)}
    assert set(missing(hub, WD5 + 1, OPERATOR)) == {gsrn(1), gsrn(2)}
    assert missing(hub, WD5 + 1, READER_A) == {}
    for reader, area in ((OWNER, NEXT_AREA), (OPERATOR, "999"), (READER_A, AREA)):
        assert asyncio.run(hub.missing_values(reader, day_query(DAY, grid_area=area), Page())) is None


def test_what_was_missing_at_an_instant_before(database: Database) -> None:
    hub = ControlHub(database, flex(1), hourly(2))
    hub.append([gsrn(2)], [[1] * 24], start=START, at=WD3 + 1, step=Resolution.HOUR)
    hub.move_to(WD5 + 1)
    known = page_of(hub, day_query(DAY, as_of=WD3)).points
    assert known == ()
    with database.read() as connection:
        found = missing_values(hub.office, connection, DAY, groups=tuple(DeadlineGroup), as_of=WD3)
        assert found.point.tolist() == [int(gsrn(1)), int(gsrn(2))]
        found = missing_values(hub.office, connection, DAY, areas=frozenset({NEXT_AREA}))
        assert len(found) == 0


def test_the_window_is_that_of_the_log_of_missing_measurements() -> None:
    # dk-settlement §13: 93 calendar days back up to 3 working days back.
    now = ZONE.at(date(2016, 4, 1), 12)
    window = completeness_window(DK, now)
    assert (window.start, window.end) == (date(2015, 12, 30), date(2016, 3, 30))
    assert DK.working_days.before(date(2016, 3, 30), 3) == date(2016, 3, 22), "Easter lies between"
    shorter = changed_profile(
        "dk",
        {
            "parameters": {
                "completeness-days": {"values": [{"since": date(2016, 1, 1), "value": 5, "clause": "", "source": ""}]}
            }
        },
        {},
    )
    assert completeness_window(shorter, now).start == date(2016, 3, 27)


def test_windows_follow_each_other_over_days_and_points(database: Database) -> None:
    hub = ControlHub(database, flex(3), flex(1), flex(2, valid_to=START + HOUR), flex(2, valid_from=START + HOUR))
    hub.move_to(WD5 + 4 * ONE_DAY)
    query = DayQuery(date(2016, 3, 21), date(2016, 3, 24))
    whole = page_of(hub, query).points
    assert len(whole) == 10, "the two versions of a point on one day are two"
    keys = [(point.day, point.metering_point, point.first) for point in whole]
    assert keys == sorted(keys)
    for limit in (1, 2, 3, 9, 10, 11):
        gathered: list[MissingPoint] = []
        after, windows = "", 0
        while True:
            found = page_of(hub, query, page=Page(limit, after))
            gathered += found.points
            after, windows = found.after, windows + 1
            assert windows < 20
            if not after:
                break
        assert gathered == list(whole)


def test_a_long_question_is_answered_in_windows_of_days(database: Database) -> None:
    hub = ControlHub(database, flex(1, valid_to=ZONE.midnight(date(2016, 1, 1))))
    hub.move_to(WD5)
    query = DayQuery(date(2015, 12, 31), date(2016, 1, 20))
    first = page_of(hub, query)
    assert (len(first.points), first.after != "") == (1, True)
    second = page_of(hub, query, page=Page(after=first.after))
    assert (second.points, second.after != "") == ((), True)
    third = page_of(hub, query, page=Page(after=second.after))
    assert (third.points, third.after) == ((), "")
    assert page_of(hub, DayQuery()).after, "without days it is the market's window"
    assert page_of(hub, DayQuery(date(2016, 4, 1), date(9000, 1, 1))).after == "", "days to come miss nothing"


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "2016-03-22",
        "2016-03-22.x",
        "2016-13-22.1",
        "0001-01-01.-1",
        "9999-12-31.1",
        "2016-W01-1.1",
        "2016-03-22.1" + "0" * 80,
    ],
)
def test_a_place_nobody_named_is_refused(database: Database, after: str) -> None:
    hub = ControlHub(database, flex(1))
    found = asyncio.run(hub.missing_values(OWNER, day_query(DAY), Page(after=after)))
    assert isinstance(found, Refused)
    assert found.findings[0].target == "after"


def test_columns_agree_in_length(database: Database) -> None:
    hub = ControlHub(database, flex(1), hourly(2))
    hub.move_to(WD5 + 1)
    with database.read() as connection:
        found = missing_values(hub.office, connection, DAY)
    columns = (found.area, found.group, found.step, found.first, found.last, found.missing, found.expected)
    assert {len(column) for column in columns} == {2}
    assert np.array_equal(found.expected, [96, 24])
