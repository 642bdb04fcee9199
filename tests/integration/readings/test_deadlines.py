"""Readings awaited: when they are due, whom the hub reminds on day 22, what is overdue (DK-5.1.1.b, DK-5.1.2.a)."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import sqlalchemy as sa

from gateway.hub.duties import duties_of
from gateway.hub.readings.deadlines import ReadingReminder, reminders_due
from gateway.hub.readings.store import lacking_statements
from gateway.hub.scheduler import Scheduler
from gateway.hub.tables_readings import reading_deadline
from gateway.messages.codes import ConnectionState, SettlementMethod, Subtype
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import Interval
from tests.integration.exchange.hubs import SUPPLIER_A, SUPPLIER_B, ZONE

from .meters import FIRST, GRID_COMPANY, Meters

MARCH = date(2025, 3, 31)
NEXT = date(2026, 3, 31)


def read_all(meters: Meters, until: date) -> None:
    """Every point that stays profile-settled is read until a day; the one that changes is no longer of the market."""
    changing = meters.bench.market.named["settlement-change"]
    first = meters.bench.point(lambda version: version.metering_point == changing)
    meters.import_points(first._replace(valid_to=FOREVER, settlement_method=SettlementMethod.FLEX))
    points = [meters.point(who, place) for who in (SUPPLIER_A, SUPPLIER_B) for place in range(3)]
    results = meters.take(*(meters.row(point, FIRST, until) for point in points))
    assert all(not result.findings for result in results), results


def reminders(meters: Meters, day: date) -> dict[str, ReadingReminder]:
    with meters.hub.office.database.read() as connection:
        return {one.metering_point: one for one in reminders_due(connection, day)}


def test_a_year_on_the_reading_is_awaited_reminded_on_day_22_and_overdue_after_day_35(meters: Meters) -> None:
    # DK-5.1.1.b and DK-5.1.2.a: the dates of dk-settlement §11, a year later
    read_all(meters, MARCH)
    point = meters.point()
    meters.bench.clock.move_to(ZONE.at(NEXT - timedelta(days=1), 12))
    assert point not in meters.awaited()
    assert meters.run_until(NEXT) == 0
    owed = meters.awaited()[point]
    assert (owed.nominal, owed.reminded_after, owed.due) == (NEXT, date(2026, 4, 21), date(2026, 5, 5))
    assert (owed.state, owed.start, owed.grid_operator) == ("expected", ZONE.midnight(MARCH), GRID_COMPANY.party)
    assert meters.run_until(date(2026, 4, 21), 23) == 0
    assert meters.run_until(date(2026, 4, 22), 0) == 6
    assert meters.run_until(date(2026, 4, 22), 5) == 0, "one for each point"
    assert meters.awaited()[point].state == "reminded"
    found = reminders(meters, date(2026, 4, 22))[point]
    assert found == ReadingReminder(point, "990", ZONE.midnight(MARCH), NEXT, date(2026, 4, 22))
    assert reminders(meters, date(2026, 4, 21)) == {}
    assert meters.run_until(date(2026, 5, 5), 23) == 0
    assert meters.run_until(date(2026, 5, 6), 0) == 6
    assert meters.awaited()[point].state == "overdue"


def test_a_late_reading_is_taken_and_ends_the_reminder(meters: Meters) -> None:
    read_all(meters, MARCH)
    point = meters.point()
    assert meters.run_until(date(2026, 5, 10)) == 12, "reminded and overdue at once after a long sleep"
    assert reminders(meters, date(2026, 5, 11))[point].noted == date(2026, 5, 10)
    (late,) = meters.take(meters.row(point, MARCH, date(2026, 5, 1), nominal="2026-03-31"))
    assert late.outcome == "accepted"
    assert point not in meters.awaited()
    assert point not in reminders(meters, date(2026, 5, 11))
    assert meters.run_until(date(2027, 4, 21), 23) == 0
    meters.run_until(date(2027, 4, 22))
    assert meters.awaited()[point].nominal == date(2027, 3, 31), "the yearly date stays, whenever the meter was read"


def test_a_cancelled_reading_is_awaited_anew(meters: Meters) -> None:
    read_all(meters, MARCH)
    point = meters.point()
    meters.run_until(date(2026, 5, 10))
    meters.take(meters.row(point, MARCH, NEXT))
    meters.cancel(point, (MARCH, NEXT))
    assert meters.awaited()[point].state == "expected"
    assert meters.run_until(date(2026, 5, 11)) == 2
    assert meters.awaited()[point].state == "overdue"
    with meters.hub.office.database.read() as connection:
        rows = connection.execute(
            sa.select(reading_deadline.c.state).where(reading_deadline.c.metering_point == point_key(point))
        )
        assert sorted(rows.scalars()) == ["overdue", "overdue", "reminded", "reminded"], "each under its own attempt"


def test_a_supplier_change_and_the_end_of_profile_settlement_are_read_when_they_happen(meters: Meters) -> None:
    # DK-5.1.1.b: ordinary, move, supplier change
    version, changing = meters.version(), meters.bench.market.named["settlement-change"]
    meters.take(meters.row(version.metering_point, FIRST, MARCH), meters.row(changing, FIRST, MARCH))
    change = date(2025, 9, 1)
    meters.import_points(
        version._replace(valid_to=ZONE.midnight(change)),
        version._replace(valid_from=ZONE.midnight(change), energy_supplier=SUPPLIER_B.party, balance_responsible=None),
    )
    meters.bench.clock.move_to(ZONE.at(date(2026, 3, 15), 1))
    owed = meters.awaited()
    assert owed[version.metering_point].nominal == change
    assert owed[changing].nominal == date(2026, 3, 15)
    meters.take(meters.row(version.metering_point, MARCH, change, occasion="supplier-change"))
    meters.take(meters.row(changing, MARCH, date(2026, 3, 15)))
    meters.bench.clock.move_to(ZONE.at(NEXT, 1))
    owed = meters.awaited()
    assert (owed[version.metering_point].nominal, owed[version.metering_point].start) == (NEXT, ZONE.midnight(change))
    assert changing not in owed


def test_what_was_never_read_is_first_read_a_year_after_profile_settlement_began(meters: Meters) -> None:
    assert {one.nominal for one in meters.awaited().values()} == {date(2025, 1, 1)}
    assert meters.awaited()[meters.point()].start == ZONE.midnight(FIRST)


def test_only_who_has_to_do_with_a_point_is_told(meters: Meters) -> None:
    own, other = meters.point(), meters.point(SUPPLIER_B)
    assert {own, other} <= meters.awaited(GRID_COMPANY).keys()
    assert own in meters.awaited(SUPPLIER_A)
    assert other not in meters.awaited(SUPPLIER_A)


def test_points_without_meter_supplier_or_profile_owe_nothing(meters: Meters) -> None:
    version = meters.version()
    for changed in (
        {"subtype": Subtype.VIRTUAL},
        {"energy_supplier": None, "balance_responsible": None},
        {"settlement_method": SettlementMethod.FLEX},
        {"connection_state": ConnectionState.NEW},
    ):
        meters.import_points(version)
        assert version.metering_point in meters.awaited()
        meters.import_points(version._replace(**changed))
        assert version.metering_point not in meters.awaited(), changed


def test_profile_settlement_that_began_anew_is_a_new_beginning(meters: Meters) -> None:
    version = meters.version()
    flex, again = date(2025, 6, 1), date(2025, 10, 1)
    meters.import_points(
        version._replace(valid_to=ZONE.midnight(flex)),
        version._replace(
            valid_from=ZONE.midnight(flex), valid_to=ZONE.midnight(again), settlement_method=SettlementMethod.FLEX
        ),
        version._replace(valid_from=ZONE.midnight(again)),
    )
    point = version.metering_point
    (first,) = meters.take(meters.row(point, FIRST, flex))
    (gap,) = meters.take(meters.row(point, date(2025, 10, 5), date(2025, 12, 1)))
    (second,) = meters.take(meters.row(point, again, date(2025, 12, 1)))
    assert [first.outcome, gap.outcome, second.outcome] == ["accepted", "rejected", "accepted"]


def test_the_scheduler_reminds_just_after_midnight(meters: Meters) -> None:
    read_all(meters, MARCH)
    meters.bench.clock.move_to(ZONE.at(date(2026, 4, 21), 23))
    office = meters.hub.office
    scheduler = Scheduler(duties_of(office, meters.hub.runner), meters.bench.clock.now())
    scheduler.run_due(meters.bench.clock.now())
    assert reminders(meters, date(2026, 4, 22)) == {}
    meters.bench.clock.move_to(ZONE.midnight(date(2026, 4, 22)))
    scheduler.run_due(meters.bench.clock.now())
    assert len(reminders(meters, date(2026, 4, 22))) == 6


def test_remotely_read_points_with_fewer_than_four_statements_a_year_are_named(meters: Meters) -> None:
    # DK-5.1.1.b: at least four a year, event readings not counted
    four, three = meters.point(), meters.point(SUPPLIER_B)
    quarters = [date(2024, 1, 1), date(2024, 4, 1), date(2024, 7, 1), date(2024, 10, 1), date(2025, 1, 1)]
    for start, end in pairwise(quarters):
        moved = "move" if end == date(2024, 7, 1) else "ordinary"
        meters.take(meters.row(four, start, end, 1000), meters.row(three, start, end, 1000, occasion=moved))
    year = Interval(ZONE.midnight(date(2024, 1, 1)), ZONE.midnight(date(2025, 1, 1)))
    points = np.array([point_key(four), point_key(three)])
    with meters.hub.office.database.read() as connection:
        assert lacking_statements(connection, points, year, least=4) == {three: 3}
