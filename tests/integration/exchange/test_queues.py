"""Queues and bundles: by count, points and age; one queue per (party, role); nothing twice, nothing lost."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub import queues
from gateway.hub.database import Database
from gateway.hub.outgoing import Address, Cause, Deliveries, Rejection, Rejections, enqueue, pack, unpack
from gateway.hub.queues import Queue
from gateway.hub.tables_exchange import bundle, journal, outgoing
from gateway.messages.codes import Category, DocumentKind, ProcessType, Role
from gateway.messages.documents import MeasureData
from gateway.processes.events import Actor, BundleLimits
from tests.integration.exchange.hubs import DAY, GRID, OPERATOR, SUPPLIER_A, SUPPLIER_B, ZONE, Bench

SECOND = 1_000_000
_IDS = itertools.count(1)
QUEUE = Queue("5790000000111", Role.ENERGY_SUPPLIER)
LIMITS = BundleLimits(transactions=5, points=400, age=300)


def address(kind: DocumentKind = DocumentKind.MEASURE_DATA, related: str = "", *, alone: bool = False) -> Address:
    """To the queue of these tests."""
    return Address(
        QUEUE.party,
        QUEUE.role,
        Category.MEASURE_DATA,
        kind,
        ProcessType.PERIODIC_METERING,
        "energy-supplier",
        related,
        alone,
    )


def deliveries(sizes: list[int], first: int = 0) -> Deliveries:
    """Series of so many points; their segment numbers tell them apart."""
    count = len(sizes)
    numbers = np.zeros((count, 7), dtype=np.int64)
    numbers[:, 0] = np.arange(first, first + count)
    numbers[:, 3] = sizes
    return Deliveries(
        numbers,
        ["consumption"] * count,
        ["kwh"] * count,
        ["PT15M"] * count,
        [None] * count,
        [None] * count,
        [None] * count,
        [None] * count,
    )


@pytest.fixture
def queued(database: Database) -> Database:
    """A database with a journal entry that everything outgoing refers to."""
    with database.write() as connection:
        connection.execute(
            journal.insert().values(
                id=1,
                received_at=0,
                direction="in",
                party="p",
                role="hub",
                client="",
                correlation="",
                kind="measure-data",
                dialect="cim-xml",
                size=0,
                sha256=b"",
                content=b"",
            )
        )
    return database


def put(database: Database, content: Deliveries | Rejections, to: Address, at: int = 0) -> None:
    """Enqueue at a second."""
    with database.write() as connection:
        enqueue(connection, [(Cause(1, 1, at * SECOND), to, content)])


def close(database: Database, at: int, limits: BundleLimits = LIMITS) -> queues.Bundle | None:
    """Close the next bundle at a second, if one may be."""
    with database.write() as connection:
        return queues.close_next(connection, QUEUE, None, (limits, at * SECOND, lambda: f"{next(_IDS):032x}"))


def segments(database: Database, bundle: queues.Bundle) -> list[int]:
    """Which series a bundle holds."""
    with database.read() as connection:
        content = queues.content(connection, bundle)
    assert isinstance(content, Deliveries)
    return [int(number) for number in content.segment]


def test_a_bundle_waits_until_it_is_old_enough(queued: Database) -> None:
    """BRS-021: the oldest series waits at most 300 seconds (DK-4.1.5.j: within one hour)."""
    put(queued, deliveries([96]), address(), at=10)
    assert close(queued, at=309) is None
    bundle = close(queued, at=310)
    assert bundle is not None
    assert bundle.series == 1


def test_a_full_bundle_leaves_at_once_and_splits_a_message(queued: Database) -> None:
    """Count: five series close a bundle; the other two of the message wait for the next."""
    put(queued, deliveries([10] * 7), address())
    bundle = close(queued, at=0)
    assert bundle is not None
    assert segments(queued, bundle) == [0, 1, 2, 3, 4]
    assert close(queued, at=0) is None
    rest = close(queued, at=300)
    assert rest is not None
    assert segments(queued, rest) == [5, 6]


def test_points_close_a_bundle_and_an_oversize_series_travels_alone(queued: Database) -> None:
    """Points: 400 are the most, unless one series alone has more."""
    put(queued, deliveries([300, 500, 90, 20]), address())
    found = [close(queued, at=0), close(queued, at=0)]
    assert [segments(queued, one) for one in found if one] == [[0], [1]]
    assert close(queued, at=0) is None
    last = close(queued, at=300)
    assert last is not None
    assert segments(queued, last) == [2, 3]


def test_what_differs_travels_apart(queued: Database) -> None:
    """Receiver, document, process and for RSM-009 the rejected message must be equal; answers are alone."""
    put(queued, deliveries([1]), address())
    put(queued, Rejections((Rejection("a", [("E10", "x")]),)), address(DocumentKind.ACKNOWLEDGEMENT, "m-1"))
    put(queued, Rejections((Rejection("b", [("E10", "x")]),)), address(DocumentKind.ACKNOWLEDGEMENT, "m-2"))
    put(queued, Rejections((Rejection("c", [("E10", "x")]),)), address(DocumentKind.ACKNOWLEDGEMENT, "m-1"))
    alone = close(queued, at=0)
    assert alone is None
    found = [close(queued, at=300) for _ in range(4)]
    shown = [(one.kind, one.related_message, one.series) for one in found if one]
    assert shown == [
        (DocumentKind.MEASURE_DATA, "", 1),
        (DocumentKind.ACKNOWLEDGEMENT, "m-1", 2),
        (DocumentKind.ACKNOWLEDGEMENT, "m-2", 1),
    ]
    put(queued, deliveries([1]), address(alone=True), at=300)
    answer = close(queued, at=300)
    assert answer is not None, "an answer waits for nothing"


@pytest.mark.sec_17
def test_only_the_owner_and_only_after_a_peek(queued: Database) -> None:
    """Dequeue: by the owner of the queue, party and role alike, and not before it has peeked."""
    put(queued, deliveries([1]), address())
    bundle = close(queued, at=300)
    assert bundle is not None
    owner = QUEUE.owner
    strangers = [Actor(QUEUE.party, "grid-operator"), Actor("5790000000222", "energy-supplier")]
    with queued.write() as connection:
        assert not queues.dequeued(connection, bundle.message_id, owner, 1), "not peeked yet"
        assert not queues.peeked(connection, bundle, strangers[0], 1, rendered=False)
        assert queues.peeked(connection, bundle, owner, 1, rendered=False)
        assert not any(queues.dequeued(connection, bundle.message_id, one, 2) for one in strangers)
        assert queues.dequeued(connection, bundle.message_id, owner, 3)
        assert not queues.dequeued(connection, bundle.message_id, owner, 4)
        assert not queues.dequeued(connection, "unknown", owner, 4)


@given(
    messages=st.lists(st.lists(st.integers(1, 450), min_size=1, max_size=12), min_size=1, max_size=6),
    limits=st.builds(BundleLimits, st.integers(1, 7), st.integers(50, 900), st.just(0)),
)
@settings(max_examples=60)
def test_every_series_travels_once_and_in_order(messages: list[list[int]], limits: BundleLimits) -> None:
    """Whatever the limits: nothing twice, nothing lost, nothing out of order, no bundle over its limits."""
    fill = queues._fill
    rows = []
    first = 0
    for number, sizes in enumerate(messages):
        payload = deliveries(sizes, first).pack()
        rows.append(_Waiting(number, len(sizes), 0, payload))
        first += len(sizes)
    sent: list[tuple[int, int]] = []
    while rows:
        parts, series, points = fill(rows[: limits.transactions + 1], limits)  # type: ignore[arg-type]  # row-like
        assert series >= 1
        assert series == 1 or (series <= limits.transactions and points <= limits.points)
        for number, start, end in parts:
            sent += [(number, place) for place in range(start, end)]
            row = next(one for one in rows if one.id == number)
            row.bundled = end
        rows = [row for row in rows if row.bundled < row.series]
    assert sent == [(number, place) for number, sizes in enumerate(messages) for place in range(len(sizes))]


class _Waiting:
    def __init__(self, number: int, series: int, bundled: int, payload: bytes) -> None:
        self.id, self.series, self.bundled, self.payload = number, series, bundled, payload


def test_a_role_has_a_queue_of_its_own(bench: Bench) -> None:
    """One queue per (party, role): the MDR's is the grid operator's, another party's is another's."""
    bench.submit(bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A), quantity=-1)))
    as_operator = type(GRID)(GRID.party, Role.GRID_OPERATOR, "grid-ddm")
    shown = bench.peek(as_operator)
    assert shown is not None
    assert bench.peek(GRID) == shown
    assert bench.peek(type(GRID)(GRID.party, Role.ENERGY_SUPPLIER, "x")) is None
    assert bench.dequeue(GRID, shown.message_id)


def test_what_waits_can_be_counted(bench: Bench) -> None:
    """The operator sees every queue, a party its own."""
    for supplier in (SUPPLIER_A, SUPPLIER_B):
        bench.submit(bench.measure_data(bench.series(bench.flex_point(supplier))))
    mine = asyncio.run(bench.hub.queue_lengths(SUPPLIER_A))
    assert sum(one.series for one in mine) == 1
    assert {one.party for one in mine} == {SUPPLIER_A.party}
    every = asyncio.run(bench.hub.queue_lengths(OPERATOR))
    assert sum(one.series for one in every) == 2


def test_a_delegate_receives_in_its_principals_place(bench: Bench) -> None:
    """DK-3.4.c: a participant appoints another to receive on its behalf, kept in the participant register."""
    point = bench.flex_point(SUPPLIER_A)
    rows = (
        "process,grid_area,from_party,from_role,to_party,to_role,valid_from,sequence\n"
        f"receive-measure-data,{point.grid_area},{SUPPLIER_A.party},energy-supplier,"
        f"{SUPPLIER_B.party},energy-supplier,2026-01-01,1\n"
    )
    report = asyncio.run(bench.hub.import_master_data(OPERATOR, {"delegations.csv": rows.encode()}))
    assert not report.findings
    bench.submit(bench.measure_data(bench.series(point)))
    assert bench.receive(SUPPLIER_A) == []
    (document,) = bench.receive(SUPPLIER_B)
    assert isinstance(document, MeasureData)
    assert [one.point for one in document.series] == [point.metering_point]


def test_a_document_its_own_schema_refuses_never_leaves(bench: Bench) -> None:
    """Every outgoing document is checked before it leaves; one that fails is shown as failed and blocks nobody."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point)))
    with bench.hub.office.database.write() as connection:
        content = unpack(connection.execute(outgoing.select()).one().payload)
        assert isinstance(content, Deliveries)
        broken = pack(replace(content, unit=["no such unit"] * len(content)))
        connection.execute(outgoing.update().values(payload=broken))
    assert bench.peek(SUPPLIER_A) is None
    with bench.hub.office.database.read() as connection:
        assert connection.execute(bundle.select()).one().failed_at is not None
    day_before = ZONE.day_interval(DAY - timedelta(days=1))
    bench.submit(bench.measure_data(bench.series(point, interval=day_before)))
    (document,) = bench.receive(SUPPLIER_A)
    assert isinstance(document, MeasureData)
    assert [one.period.start for one in document.series] == [day_before.start]
