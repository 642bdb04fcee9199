"""When something breaks: our own code, the database, the order of processes. Every message reaches its final state."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.config import Settings
from gateway.hub import journal
from gateway.hub.clock import MICROSECONDS, MovedClock
from gateway.hub.database import Database, allocate, run
from gateway.hub.duties import LEASE_SECONDS, SWEEP_SECONDS, duties_of
from gateway.hub.journal import Entry, OutcomeState
from gateway.hub.metering_data import documents
from gateway.hub.metering_data.changes import Change
from gateway.hub.metering_data.desk import Desk
from gateway.hub.metering_data.documents import Letter
from gateway.hub.metering_data.processing import Processor, Waiting
from gateway.hub.office import Office
from gateway.hub.ports import Refused, StoreUnavailable
from gateway.hub.ports_metering_data import Submitted
from gateway.hub.runner import Runner
from gateway.hub.scheduler import Scheduler
from gateway.hub.tables_exchange import step
from gateway.messages.codes import Flow
from gateway.messages.metering_status import ProcessingState
from gateway.wiring import open_hub
from tests.integration.metering_data.estonia import FACTORY, GRID, HOUSE, Estonia, day_of, opened, started


def laid_down(estonia: Estonia, *bodies: object, at: int | None = None) -> list[int]:
    """Messages as another process leaves them that dies after its answer: durable, claimed, not processed."""
    moment = estonia.clock.micros() - 1 if at is None else at
    numbers = []
    with estonia.office.database.write() as connection:
        for body in bodies:
            submission = estonia.submission(body)
            number = journal.enter(connection, Entry.metering_data(GRID, submission, moment))
            documents.claim(connection, [Letter(GRID, submission, moment, number)])
            numbers.append(number)
    return numbers


def test_what_stands_before_a_message_is_processed_before_it(estonia: Estonia) -> None:
    # EE-1.3: another process died with an earlier message of the same sender
    (number,) = laid_down(estonia, [day_of(HOUSE, estonia.midnight, kwh=1, count=2)])
    estonia.settle([day_of(HOUSE, estonia.midnight, kwh=2, count=1)])
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [2000, 1000], "the later one stands"
    with estonia.office.database.read() as connection:
        assert documents.state_of(connection, number) is ProcessingState.SUCCESSFUL
        events = connection.execute(sa.select(step.c.event).where(step.c.message == number).order_by(step.c.ordinal))
        assert list(events.scalars()) == ["Recovered", "IntervalsChecked", "Appended"]


class _LatecomersClock(MovedClock):
    """A clock at whose next look another process's earlier message comes to light."""

    late: Callable[[], None] | None = None

    def micros(self) -> int:
        """As ever; and the latecomer arrives."""
        if self.late is not None:
            arrive, self.late = self.late, None
            arrive()
        return super().micros()


def test_several_processors_over_one_database_do_each_message_once(estonia: Estonia) -> None:
    # EE-1.3
    bodies = [[day_of(HOUSE, estonia.midnight, kwh=number, count=1)] for number in range(20)]
    laid_down(estonia, *bodies)
    changes: list[Change] = []
    processors = [Processor(estonia.office, lambda _o, _c, change: changes.append(change)) for _ in range(3)]

    async def race() -> list[int]:
        before = estonia.clock.micros() + 1
        return await asyncio.gather(*(asyncio.to_thread(one.recover, before) for one in processors))

    asyncio.run(race())
    assert len(changes) == 20
    assert estonia.await_finals().total == 20
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [19_000]


def test_a_long_backlog_is_taken_up_in_order_and_in_groups(estonia: Estonia) -> None:
    # EE-1.3: more than is held in memory at a time stands before the message that is under way
    laid_down(estonia, *([day_of(HOUSE, estonia.midnight, kwh=number, count=1)] for number in range(70)))
    estonia.settle([day_of(HOUSE, estonia.midnight, kwh=70, count=1)])
    assert estonia.statuses(size=200, state=ProcessingState.SUCCESSFUL).total == 71
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [70_000]
    assert [int(change.stored[0][0].quantity[0, 0]) for change in estonia.changes] == [1000 * i for i in range(71)]


def test_a_sender_that_goes_away_changes_nothing(estonia: Estonia) -> None:
    # EE-1.3: whatever was admitted is processed, whoever still listens
    async def send() -> None:
        bodies = [[day_of(HOUSE, estonia.midnight, kwh=number, count=1)] for number in range(30)]
        sending = [asyncio.ensure_future(estonia.desk.submit(GRID, estonia.submission(body))) for body in bodies]
        for number, task in enumerate(sending):
            await asyncio.sleep(0.001 * (number % 4))
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    asyncio.run(send())
    page = estonia.await_finals()
    assert {status.state for status in page.statuses} <= {ProcessingState.SUCCESSFUL}
    assert len(estonia.changes) == page.total
    assert isinstance(estonia.send([day_of(HOUSE, estonia.midnight, count=1)]), Submitted)


@pytest.fixture
def faulty(database: Database) -> Iterator[Estonia]:
    """A desk whose change feed fails on everything of more than 3 kWh."""

    def fail(_office: Office, _connection: Connection, change: Change) -> None:
        if any(int(one.quantity.max()) > 3000 for one, _ in change.stored if one.kind < 512):
            raise RuntimeError("our bug")

    estonia = opened(database)
    estonia.desk = Desk(estonia.office, fail)
    estonia.desk.start()
    yield estonia
    estonia.desk.stop()


def test_our_own_fault_ends_one_message_in_error_and_spares_the_others(faulty: Estonia) -> None:
    # EE-1.3
    async def send() -> None:
        kwh = (1, 9, 2, 9, 3)
        bodies = [[day_of(HOUSE, faulty.midnight + 900 * i, kwh=value, count=1)] for i, value in enumerate(kwh)]
        await asyncio.gather(*(faulty.desk.submit(GRID, faulty.submission(body)) for body in bodies))

    asyncio.run(send())
    statuses = faulty.await_finals().statuses
    good, bad = ProcessingState.SUCCESSFUL, ProcessingState.ERROR
    assert [status.state for status in statuses] == [good, bad, good, bad, good]
    assert [error.finding.code for error in statuses[1].errors] == ["opp.error.technical.general"]
    assert [(start - faulty.midnight) // 900 for start in faulty.values(HOUSE, Flow.OUT)] == [0, 2, 4]
    with faulty.office.database.read() as connection:
        kept = journal.outcome_of(connection, 2)
    assert kept is not None
    assert (kept.state, kept.message_id, kept.series) == (OutcomeState.FAILED, statuses[1].document_id, 0)


def test_a_locked_database_keeps_nothing_or_everything(tmp_path: Path) -> None:
    # EE-1.3: the sender hears 503, or its message is finished later
    database = Database.open(f"sqlite:///{tmp_path}/hub.db", busy_seconds=0.3)
    database.create_tables()
    other = Database.open(f"sqlite:///{tmp_path}/hub.db", busy_seconds=5)
    for estonia in started(database):
        body = [day_of(HOUSE, estonia.midnight, count=1)]
        with other.write() as connection:
            allocate(connection, 0)
            with pytest.raises(StoreUnavailable):
                estonia.send(body, document_id="again")
        assert estonia.statuses().total == 0
        assert isinstance(estonia.send(body, document_id="again"), Submitted), "nothing was kept, the UUID is free"
        estonia.await_finals()
        laid_down(estonia, body)
        with other.write() as connection:
            run(connection, "select 1")
            with pytest.raises(StoreUnavailable):
                estonia.desk.recover(estonia.clock.micros() + 1)
        assert estonia.desk.recover(estonia.clock.micros() + 1) == 1
        assert estonia.statuses(state=ProcessingState.SUCCESSFUL).total == 2
    other.close()


def test_the_sweep_takes_up_what_was_left(tmp_path: Path, database_url: str) -> None:
    # EE-1.3
    hub = open_hub(Settings(data_dir=tmp_path, database=database_url, market="ee"))
    try:
        office = hub.office
        now = office.clock.now()
        estonia = Estonia(office, None, hub.metering_data)  # type: ignore[arg-type]
        old = (now - LEASE_SECONDS - 2 * SWEEP_SECONDS) * MICROSECONDS
        numbers = laid_down(estonia, [day_of(FACTORY, now - now % 900, count=1)], at=old)
        numbers += laid_down(estonia, [day_of(FACTORY, now - now % 900, count=1)], at=now * MICROSECONDS)
        scheduler = Scheduler(duties_of(office, Runner(office)), now - SWEEP_SECONDS)
        scheduler.run_due(now)
        with office.database.read() as connection:
            assert [documents.state_of(connection, one) for one in numbers] == [
                ProcessingState.ERROR,  # of a point that nobody registered here
                ProcessingState.PROCESSING,
            ]
        assert hub.recover(now * MICROSECONDS + 1) == 1
    finally:
        office.database.close()


def test_a_message_that_came_to_light_late_is_processed_first(database: Database) -> None:
    # EE-1.3: an earlier message of the sender appears while its later one is about to be carried out
    estonia = opened(database)
    clock = _LatecomersClock(estonia.clock.now())
    estonia.office.clock = clock
    early = estonia.submission([day_of(HOUSE, estonia.midnight, kwh=1, count=1)])
    with database.write() as connection:
        number = journal.enter(connection, Entry.metering_data(GRID, early, clock.micros()))
    (later,) = laid_down(estonia, [day_of(HOUSE, estonia.midnight, kwh=2, count=1)])

    def arrive() -> None:
        with database.write() as connection:
            documents.claim(connection, [Letter(GRID, early, clock.micros(), number)])

    clock.late = arrive
    assert estonia.desk.processor.process([Waiting(later, GRID.party)]) == [ProcessingState.SUCCESSFUL]
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [2000]
    assert estonia.statuses(state=ProcessingState.SUCCESSFUL).total == 2


def test_a_refusal_of_the_answer_is_the_refusal_of_the_status(estonia: Estonia) -> None:
    answer = estonia.send(b'[{"meteringPointEic":"x","periods":[]}]', document_id="x")
    assert isinstance(answer, Refused)
    assert estonia.statuses(document_id="x").statuses[0].errors[0].finding == answer.findings[0]
