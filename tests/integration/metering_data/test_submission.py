"""Metering data sent, taken and stored (EE-1.1 to EE-1.9)."""

from __future__ import annotations

import asyncio

import pytest
import sqlalchemy as sa

from gateway.hub import journal
from gateway.hub.database import Database
from gateway.hub.journal import WHOLE_MESSAGE
from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_metering_data import Busy, Submitted
from gateway.hub.series.segments import SegmentInput
from gateway.hub.tables_exchange import finding, outcome, step
from gateway.hub.tables_exchange import journal as entries
from gateway.messages.codes import CORRECTED_FLAG, Commodity, FeedForm, Flow, Quality, Role, Unit
from gateway.messages.metering_status import ProcessingState
from gateway.messages.times import format_second
from gateway.processes.metering_data import METERING_DATA
from tests.integration.metering_data.estonia import (
    BOILER,
    CABIN,
    FACTORY,
    GRID,
    HOUSE,
    NEIGHBOUR,
    SUPPLIER,
    UNKNOWN,
    Estonia,
    day_of,
    of_point,
    quantity,
    quarter,
    started,
    v1_body,
)

SOME_ID = "11111111-1111-4111-8111-111111111111"
BY_POINT = {
    "parameters": {
        "atomicity": {
            "values": [{"since": "2024-11-01", "value": "point", "clause": "EE-1.2", "source": "a setting of the test"}]
        }
    }
}


def test_a_day_is_stored_and_its_status_says_so(estonia: Estonia) -> None:
    # EE-1.1, EE-1.2
    answer = estonia.send([day_of(HOUSE, estonia.midnight)], document_id=SOME_ID)
    assert isinstance(answer, Submitted)
    (status,) = estonia.await_finals().statuses
    assert (status.document_id, status.state) == (answer.document_id, ProcessingState.SUCCESSFUL)
    assert (status.created_at, status.errors) == (answer.created_at, ())
    assert status.finished_at is not None
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [1500] * 96


def test_in_and_out_come_apart_and_leave_each_other_alone(estonia: Estonia) -> None:
    # EE-1.8
    start = estonia.midnight
    estonia.settle([of_point(HOUSE, [quarter(start, inQty=quantity(1.001)), quarter(start + 900, inQty=quantity(2))])])
    estonia.settle([of_point(HOUSE, [quarter(start, outQty=quantity(3, "E"))])])
    estonia.settle([of_point(HOUSE, [quarter(start, inQty=quantity(4), outQty=quantity(5))])])
    assert estonia.values(HOUSE, Flow.IN) == {start: 4000, start + 900: 2000}
    assert estonia.values(HOUSE, Flow.OUT) == {start: 5000}
    assert estonia.values(FACTORY, Flow.OUT) == {}


def test_what_comes_again_is_a_later_version_and_marked(estonia: Estonia) -> None:
    # EE-1.9
    start = estonia.midnight
    for kwh in (1, 2):
        periods = [quarter(start + 900 * (kwh - 1) + 900 * i, outQty=quantity(kwh)) for i in range(2)]
        estonia.settle([of_point(HOUSE, periods)])
    assert estonia.values(HOUSE, Flow.OUT) == {start: 1000, start + 900: 2000, start + 1800: 2000}

    def qualities(number: int) -> list[int]:
        values: list[SegmentInput] = [one for one, _ in estonia.changes[number].stored if one.kind < 512]
        return [quality for one in values for quality in one.quality[0].tolist()]

    assert qualities(0) == [Quality.MEASURED, Quality.MEASURED]
    assert qualities(1) == [Quality.MEASURED | CORRECTED_FLAG, Quality.MEASURED]


def test_a_message_full_of_gaps_is_marked_where_it_meets_values(estonia: Estonia) -> None:
    # EE-1.9
    start = estonia.midnight
    estonia.settle([day_of(HOUSE, start + 900 * 10, count=40)])
    status = estonia.settle([of_point(HOUSE, [quarter(start + 1800 * i, outQty=quantity(i)) for i in range(80)])])
    assert status.state is ProcessingState.SUCCESSFUL
    stored = [one for one, _ in estonia.changes[1].stored if one.kind < 512]
    marked = {(one.start - start) // 900 for one in stored if one.quality[0, 0] & CORRECTED_FLAG}
    assert marked == set(range(10, 50, 2))
    assert len(stored) == 80
    values = estonia.values(HOUSE, Flow.OUT)
    assert [values[start + 1800 * i] for i in range(80)] == [1000 * i for i in range(80)]
    assert values[start + 900 * 11] == 1500


def test_both_generations_share_one_store(estonia: Estonia) -> None:
    # EE-1.5
    start, read_at = estonia.midnight, estonia.midnight + 86400
    flow = {"rTime": format_second(read_at), "rType": "M", "kwh": 1.25}
    blocks = [{"meterEic": HOUSE, "periods": [{"r": "PT15M", "aI": [quarter(start, inQty=flow, outQty=flow)]}]}]
    status = estonia.settle(v1_body(blocks), form=FeedForm.ESTFEED_V1)
    assert (status.state, status.form) == (ProcessingState.SUCCESSFUL, FeedForm.ESTFEED_V1)
    estonia.settle([of_point(HOUSE, [quarter(start, outQty=quantity(2)), quarter(start + 900, outQty=quantity(2))])])
    assert estonia.values(HOUSE, Flow.IN) == {start: 1250}
    assert estonia.values(HOUSE, Flow.OUT) == {start: 2000, start + 900: 2000}
    assert estonia.values(HOUSE, Flow.IN, read_at=True) == {start: read_at}
    assert estonia.values(HOUSE, Flow.OUT, read_at=True) == {}, "an instant of an earlier version is not of the later"


def test_net_quantities_and_instants_of_reading_come_back(estonia: Estonia) -> None:
    start, read_at = estonia.midnight, estonia.midnight + 7
    first = quarter(start, rTime=format_second(read_at), inQty=quantity(3), outQty=quantity(1), netQtyIn=2, netQtyOut=0)
    second = quarter(start + 900, inQty=quantity(1), netQtyIn=0, netQtyOut=3.4)
    estonia.settle([of_point(HOUSE, [first, second])])
    assert estonia.values(HOUSE, Flow.NET_IN) == {start: 2000, start + 900: 0}
    assert estonia.values(HOUSE, Flow.NET_OUT) == {start: 0, start + 900: 3400}
    assert estonia.values(HOUSE, Flow.IN, read_at=True) == {start: read_at}


def test_gas_is_stored_in_both_units_on_its_gas_day(estonia: Estonia) -> None:
    # EE-1.7: days on both sides of a change of the clock
    zone = estonia.office.profile.zone
    starts = [zone.at(day, 7) for day in (zone.day(estonia.midnight - 171 * 86400 + 86400 * i) for i in range(4))]
    aI = [quarter(start, outQty={"rType": "M", "kwh": 10 + i, "m3": i}) for i, start in enumerate(starts)]
    body = v1_body([{"meterEic": BOILER, "periods": [{"r": "P1D", "aI": aI}]}], commodity="NATURAL_GAS")
    status = estonia.settle(body, form=FeedForm.ESTFEED_V1, commodity=Commodity.NATURAL_GAS)
    assert status.state is ProcessingState.SUCCESSFUL, status.errors
    assert estonia.values(BOILER, Flow.OUT) == {start: 10_000 + 1000 * i for i, start in enumerate(starts)}
    assert list(estonia.values(BOILER, Flow.OUT, Unit.CUBIC_METRE)) == starts


def test_one_fault_fails_the_whole_message_with_point_and_period(estonia: Estonia) -> None:
    # EE-1.2, EE-1.4
    start = estonia.midnight
    periods = [quarter(start, outQty=quantity(1)), quarter(start + 900, outQty=quantity(-1))]
    status = estonia.settle([of_point(FACTORY, [quarter(start, outQty=quantity(1))]), of_point(HOUSE, periods)])
    assert status.state is ProcessingState.ERROR
    (error,) = status.errors
    assert (error.metering_point, error.period_start) == (HOUSE, start + 900)
    assert error.finding.code == "opp.error.validation.field-value-cannot-be-negative"
    assert (error.finding.path, error.finding.args) == ("[1].periods[1].outQty.kwh", ("-1",))
    assert estonia.values(FACTORY, Flow.OUT) == {}
    assert estonia.changes == []


def test_points_are_taken_one_by_one_where_the_market_does(database: Database) -> None:
    # EE-1.2: as until spring 2026
    for estonia in started(database, BY_POINT):
        start = estonia.midnight
        body = [day_of(HOUSE, start, count=2), day_of(UNKNOWN, start), day_of(CABIN, start), day_of(FACTORY, start, -1)]
        status = estonia.settle(body)
        assert status.state is ProcessingState.PARTIALLY_SUCCESSFUL
        assert {error.metering_point for error in status.errors} == {UNKNOWN, CABIN, FACTORY}
        assert len(estonia.values(HOUSE, Flow.OUT)) == 2
        assert estonia.values(FACTORY, Flow.OUT) == {}
        assert estonia.settle(body[1:]).state is ProcessingState.ERROR


@pytest.mark.parametrize(
    ("body", "who", "code"),
    [
        (b"[", GRID, "opp.error.technical.json-processing-exception"),
        (b"", GRID, "opp.error.technical.json-processing-exception"),
        (b"[]", GRID, "opp.error.validation.list-can-not-be-empty"),
        (b'[{"meteringPointEic":"x"}]', GRID, "opp.error.validation.missing-field"),
        (
            b"[",
            SUPPLIER,
            "opp.error.business.metering-data-with-this-commodity-type-cannot-be-created-with-this-market-participant"
            "-role",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_at_once_and_kept(
    estonia: Estonia, body: bytes, who: Principal, code: str
) -> None:
    # EE-1.4
    answer = estonia.send(body, who, document_id=SOME_ID)
    assert isinstance(answer, Refused)
    assert code in {found.code for found in answer.findings}
    (status,) = estonia.statuses(who).statuses
    assert status.state is ProcessingState.ERROR
    assert tuple(error.finding for error in status.errors) == answer.findings
    with estonia.office.database.read() as connection:
        assert journal.read(connection, 1).body == body


def test_a_uuid_is_used_once_and_by_its_sender_alone(estonia: Estonia) -> None:
    # EE-1.4
    body = [day_of(HOUSE, estonia.midnight, count=1)]
    assert isinstance(estonia.send(body, document_id=SOME_ID), Submitted)
    again = estonia.send([day_of(HOUSE, estonia.midnight, kwh=9, count=1)], document_id=SOME_ID)
    assert isinstance(again, Refused)
    assert again.findings[0].rule == "document-id-used"
    assert isinstance(estonia.send([day_of(CABIN, estonia.midnight)], NEIGHBOUR, document_id=SOME_ID), Submitted)
    assert isinstance(estonia.send(b"[", document_id="2"), Refused)
    assert isinstance(estonia.send(body, document_id="2"), Refused), "a refused message has used its UUID too"
    page = estonia.await_finals()
    assert [status.state for status in page.statuses] == [ProcessingState.SUCCESSFUL, ProcessingState.ERROR]
    assert estonia.values(HOUSE, Flow.OUT) == {estonia.midnight: 1500}
    with estonia.office.database.read() as connection:
        kept = connection.execute(sa.select(sa.func.count()).select_from(entries)).scalar_one()
        numbers = connection.execute(sa.select(finding.c.number)).scalars().all()
    assert kept == 5, "also what was refused is in the journal"
    assert set(numbers) == {WHOLE_MESSAGE}


def test_copies_of_one_message_at_once_are_one(estonia: Estonia) -> None:
    # EE-1.4
    async def race() -> list[object]:
        one = estonia.submission([day_of(HOUSE, estonia.midnight, count=1)], document_id=SOME_ID)
        return await asyncio.gather(*(estonia.desk.submit(GRID, one) for _ in range(8)))

    answers = asyncio.run(race())
    assert sum(isinstance(answer, Submitted) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 7
    assert estonia.await_finals().total == 1


def test_order_of_arrival_is_order_of_versions(estonia: Estonia) -> None:
    # EE-1.1
    async def send() -> None:
        waiting = []
        for number in range(60):
            body = [day_of(HOUSE, estonia.midnight, kwh=number, count=1 + number % 3)]
            waiting.append(asyncio.ensure_future(estonia.desk.submit(GRID, estonia.submission(body))))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)

    asyncio.run(send())
    assert estonia.await_finals().total == 60
    assert list(estonia.values(HOUSE, Flow.OUT).values()) == [59_000, 59_000, 59_000]
    with estonia.office.database.read() as connection:
        done = connection.execute(sa.select(outcome.c.message).order_by(outcome.c.transaction, outcome.c.message))
        assert list(done.scalars()) == list(range(1, 61))


def test_a_full_queue_turns_senders_away(database: Database) -> None:
    # EE-1.1: 503 with Retry-After
    def number(name: str, value: int) -> dict[str, object]:
        return {name: {"values": [{"since": "2024-11-01", "value": value, "clause": "EE-1.1", "source": "the test"}]}}

    settings = {"parameters": {**number("most-waiting", 3), **number("retry-after", 7)}}
    for estonia in started(database, settings):

        async def flood(estonia: Estonia = estonia) -> list[object]:
            body = [day_of(HOUSE, estonia.midnight, count=1)]
            return await asyncio.gather(*(estonia.desk.submit(GRID, estonia.submission(body)) for _ in range(10)))

        answers = asyncio.run(flood())
        assert answers.count(Busy(7)) == 7
        assert estonia.await_finals().total == 3, "nothing is kept of what was turned away"
        for _ in range(5):
            assert not isinstance(estonia.send(b"["), Busy)
            estonia.await_finals()
        assert isinstance(estonia.send([day_of(HOUSE, estonia.midnight, count=1)], document_id=SOME_ID), Submitted)
        assert isinstance(estonia.send([day_of(HOUSE, estonia.midnight, count=1)], document_id=SOME_ID), Refused)


def test_the_steps_of_a_message_are_those_of_its_table(estonia: Estonia) -> None:
    estonia.settle([day_of(HOUSE, estonia.midnight, count=1)])
    with estonia.office.database.read() as connection:
        rows = connection.execute(sa.select(step).order_by(step.c.ordinal)).all()
    assert {(row.process, row.version) for row in rows} == {(METERING_DATA.name, METERING_DATA.version)}
    assert [(row.event, row.state) for row in rows] == [("IntervalsChecked", "accepted"), ("Appended", "successful")]


def test_an_unknown_sender_owns_nothing(estonia: Estonia) -> None:
    # EE-1.8
    stranger = Principal("38X-STRANGER---X", Role.GRID_OPERATOR, "stranger")
    status = estonia.settle([day_of(HOUSE, estonia.midnight)], stranger)
    assert [error.finding.rule for error in status.errors] == ["point-owned"]


def test_a_message_may_be_answered_before_it_is_read(estonia: Estonia) -> None:
    # EE-1.1: as workbooks are, whose reading takes its time
    answer = asyncio.run(estonia.desk.take(GRID, estonia.submission(b"[", document_id=SOME_ID)))
    assert isinstance(answer, Submitted)
    (status,) = estonia.await_finals().statuses
    assert (status.document_id, status.state) == (SOME_ID, ProcessingState.ERROR)
    assert estonia.desk.progress(GRID, SOME_ID) is None
