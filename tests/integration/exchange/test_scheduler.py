"""The scheduler: what is due by the market clock is done, once, in order, whatever else fails."""

from __future__ import annotations

from datetime import timedelta

from gateway.codecs.table import encode
from gateway.hub import journal
from gateway.hub.duties import LEASE_SECONDS, duties_of
from gateway.hub.journal import Entry
from gateway.hub.ports import StoreUnavailable, Submission
from gateway.hub.scheduler import Duty, Scheduler
from gateway.hub.series.point_index import BUILD_SEGMENTS
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.documents import MeasureData
from tests.integration.exchange.hubs import DAY, GRID, SUPPLIER_A, ZONE, Bench


def every(seconds: int) -> Duty:
    """A duty due at whole multiples of some seconds, that does nothing."""
    return Duty(f"every {seconds}", lambda now: now - now % seconds + seconds, lambda due: None)


def test_duties_are_done_in_order_of_when_they_are_due() -> None:
    done: list[tuple[str, int]] = []
    duties = [every(7), every(10)]
    duties[0].do = lambda due: done.append(("every 7", due))
    duties[1].do = lambda due: done.append(("every 10", due))
    scheduler = Scheduler(duties, now=0)
    assert scheduler.next_due == 7
    assert scheduler.run_due(6) == 0
    assert scheduler.run_due(10) == 2
    assert done == [("every 7", 7), ("every 10", 10)]
    assert scheduler.next_due == 14


def test_what_was_slept_through_is_done_once() -> None:
    done: list[int] = []
    duty = every(10)
    duty.do = done.append
    scheduler = Scheduler([duty], now=0)
    assert scheduler.run_due(1000) == 1
    assert done == [10]
    assert scheduler.next_due == 1010


def test_a_duty_that_fails_is_tried_again_and_stops_no_other() -> None:
    def unavailable(due: int) -> None:
        raise StoreUnavailable("disk full")

    def broken(due: int) -> None:
        raise ValueError("our bug")

    done: list[int] = []
    duties = [every(10), every(10), every(10)]
    duties[0].do, duties[1].do, duties[2].do = unavailable, broken, done.append
    scheduler = Scheduler(duties, now=0)
    assert scheduler.run_due(10) == 3
    assert done == [10]
    assert scheduler.next_due == 20


def test_a_message_nobody_finished_is_taken_up(bench: Bench) -> None:
    """GW-2: an entry without an outcome is carried out once its lease is over, and only once."""
    document = bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A)))
    submission = Submission(DocumentKind.MEASURE_DATA, Dialect.CIM_JSON, encode(document, Dialect.CIM_JSON))
    with bench.hub.office.database.write() as connection:
        number = journal.enter(connection, Entry.incoming(GRID, submission, bench.clock.micros()))
    scheduler = Scheduler(duties_of(bench.hub.office, bench.hub.runner), bench.clock.now())
    bench.clock.move_to(bench.clock.now() + LEASE_SECONDS // 2)
    scheduler.run_due(bench.clock.now())
    assert bench.receive(SUPPLIER_A) == [], "another process may still be at it"
    bench.clock.move_to(bench.clock.now() + LEASE_SECONDS + 60)
    scheduler.run_due(bench.clock.now())
    (received,) = bench.receive(SUPPLIER_A)
    assert isinstance(received, MeasureData)
    bench.clock.move_to(bench.clock.now() + 3600)
    scheduler.run_due(bench.clock.now())
    assert bench.receive(SUPPLIER_A) == []
    with bench.hub.office.database.read() as connection:
        assert journal.unfinished(connection, bench.clock.micros()) == []
        assert journal.are_pending(connection, [number]) is False


def test_the_index_is_built_when_it_is_worth_it_and_at_day_close(bench: Bench) -> None:
    """House rule 3.2: the index of the series is made in bulk, not with every message."""
    office = bench.hub.office
    scheduler = Scheduler(duties_of(office, bench.hub.runner), bench.clock.now())
    bench.submit(bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A))))
    bench.clock.move_to(bench.clock.now() + 60)
    scheduler.run_due(bench.clock.now())
    with office.database.read() as connection:
        assert 0 < office.store.index_pending(connection) < BUILD_SEGMENTS
    bench.clock.move_to(ZONE.at(DAY + timedelta(days=2), 4))
    scheduler.run_due(bench.clock.now())
    with office.database.read() as connection:
        assert office.store.index_pending(connection) == 0
