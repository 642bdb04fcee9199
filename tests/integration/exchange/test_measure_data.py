"""RSM-012 through the hub: taken, checked, stored, distributed, corrected (Regulation D1 §3.1, §4.1.5; BRS-021)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gateway.codecs.table import encode
from gateway.demo import market as sample
from gateway.hub.ports import Accepted, PointSeries, Principal, Refused, SeriesQuery, Submission
from gateway.messages.codes import CORRECTED_FLAG, Dialect, DocumentKind, Quality, Role
from gateway.messages.documents import Acknowledgement, MeasureData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Series
from gateway.messages.times import Interval
from tests.integration.exchange.hubs import (
    DAY,
    GRID,
    OPERATOR,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Bench,
    opened,
    start_bench,
)
from tests.unit.codecs.result_documents import RESULTS


def test_a_good_series_reaches_its_supplier_and_nobody_else(bench: Bench) -> None:
    """DK-3.1, DK-3.4.a: the hub checks and distributes to the legitimate recipient (GW-1, GW-2, GW-3)."""
    point = bench.flex_point(SUPPLIER_A)
    sent = bench.series(point, quantity=list(range(96)))
    assert isinstance(bench.submit(bench.measure_data(sent)), Accepted)
    assert bench.receive(SUPPLIER_B) == []
    assert bench.receive(GRID) == []
    (document,) = bench.receive(SUPPLIER_A)
    assert isinstance(document, MeasureData)
    (received,) = document.series
    assert received.point == point.metering_point
    assert received.period.quantity.tolist() == list(range(96))
    assert set(received.period.quality.tolist()) == {Quality.MEASURED}
    assert received.registered_at == sent.registered_at
    assert received.transaction != sent.transaction
    assert document.header.receiver.role == Role.ENERGY_SUPPLIER


@pytest.mark.parametrize("came", list(Dialect))
@pytest.mark.parametrize("leaves", list(Dialect))
def test_every_dialect_in_and_out(bench: Bench, came: Dialect, leaves: Dialect) -> None:
    """GW-1: what one client says in one dialect another reads in any other."""
    point = bench.flex_point(SUPPLIER_A)
    quality = np.full(96, Quality.MEASURED, dtype=np.uint8)
    quality[3], quality[5] = Quality.ESTIMATED, Quality.MISSING
    quantity = np.arange(96, dtype=np.int64)
    quantity[5] = NO_QUANTITY
    series = bench.series(point)
    series = replace(series, period=replace(series.period, quantity=quantity, quality=quality))
    assert isinstance(bench.submit(bench.measure_data(series), came), Accepted)
    (document,) = bench.receive(SUPPLIER_A, leaves)
    assert isinstance(document, MeasureData)
    (received,) = document.series
    assert received.period.quantity.tolist() == quantity.tolist()
    assert received.period.quality.tolist() == quality.tolist()


def test_a_rejected_series_leaves_the_others_alone(bench: Bench) -> None:
    """DK-4.1.5.d: a failed check gives a negative acknowledgement that names the error; the rest goes on."""
    good, bad = bench.flex_point(SUPPLIER_A), bench.flex_point(SUPPLIER_B)
    negative = bench.series(bad, quantity=-1, transaction="negative")
    assert isinstance(bench.submit(bench.measure_data(bench.series(good), negative, message="mixed")), Accepted)
    (acknowledgement,) = bench.receive(GRID)
    assert isinstance(acknowledgement, Acknowledgement)
    assert acknowledgement.received_message_id == "mixed"
    (rejected,) = acknowledgement.series
    assert rejected.transaction == "negative"
    assert {reason.code for reason in rejected.reasons} == {"E86"}
    assert len(bench.receive(SUPPLIER_A)) == 1
    assert bench.receive(SUPPLIER_B) == []


def test_a_correction_keeps_the_old_and_reaches_the_supplier_marked(bench: Bench) -> None:
    """DK-4.1.5.f: old value kept, new stored as corrected, the sender's status visible beside it."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=[100] * 96)))
    before = bench.clock.now()
    bench.receive(SUPPLIER_A)
    bench.clock.move_to(before + 3600)
    changed = [100] * 96
    changed[10] = 250
    bench.submit(bench.measure_data(bench.series(point, quantity=changed, quality=Quality.MEASURED)))
    (document,) = bench.receive(SUPPLIER_A)
    assert isinstance(document, MeasureData)
    (received,) = document.series
    assert received.period.quality.tolist() == [Quality.CORRECTED if i == 10 else Quality.MEASURED for i in range(96)]
    assert received.period.quantity[10] == 250
    now, then = _values(bench, point.metering_point, None), _values(bench, point.metering_point, before)
    assert (now.quantities[10], then.quantities[10]) == (250, 100)
    assert now.qualities[10] == Quality.MEASURED | CORRECTED_FLAG
    assert then.qualities[10] == Quality.MEASURED


def test_the_plain_form_of_a_correction_is_a_setting(tmp_path: Path, database_url: str) -> None:
    """DK-4.1.5.f: DataHub 3 sends a correction with the sender's own status."""
    bench = start_bench(tmp_path / "plain", database_url, correction={"outward": "plain"})
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=100)))
    bench.submit(bench.measure_data(bench.series(point, quantity=200, quality=Quality.ESTIMATED)))
    documents = bench.receive(SUPPLIER_A)
    series = [one for document in documents if isinstance(document, MeasureData) for one in document.series]
    assert [set(one.period.quality.tolist()) for one in series] == [{Quality.MEASURED}, {Quality.ESTIMATED}]
    bench.hub.stop()


def test_the_same_again_changes_nothing(bench: Bench) -> None:
    """DK-4.1.5.f, DK-4.1.4.b: an identical value and status is no correction, nobody is told."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, transaction="first")))
    assert len(bench.receive(SUPPLIER_A)) == 1
    bench.submit(bench.measure_data(bench.series(point, transaction="again"), message="second"))
    assert bench.receive(SUPPLIER_A) == []
    status = asyncio.run(bench.hub.message_status(GRID, "second"))
    assert status is not None
    assert [one.state for one in status.series] == ["unchanged"]


def test_a_late_value_for_a_missing_one_is_no_correction(bench: Bench) -> None:
    """DK-4.1.3.c, DK-4.1.5.f: replacing missing by a value before its limit is a first delivery come late."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(_missing(bench.series(point))))
    bench.submit(bench.measure_data(bench.series(point, quantity=5), message="late"))
    documents = bench.receive(SUPPLIER_A)
    qualities = [set(one.period.quality.tolist()) for d in documents if isinstance(d, MeasureData) for one in d.series]
    assert qualities == [{Quality.MISSING}, {Quality.MEASURED}]
    status = asyncio.run(bench.hub.message_status(GRID, "late"))
    assert status is not None
    assert [one.state for one in status.series] == ["distributed"]


def test_missing_after_its_limit_is_refused(bench: Bench) -> None:
    """DK-4.1.5.a, DK-4.1.3.c: after the limit missing is no status any more."""
    point = bench.flex_point(SUPPLIER_A)
    bench.clock.move_to(bench.clock.now() + 20 * 86_400)
    bench.submit(bench.measure_data(_missing(bench.series(point))))
    (acknowledgement,) = bench.receive(GRID)
    assert isinstance(acknowledgement, Acknowledgement)
    assert bench.receive(SUPPLIER_A) == []


def test_one_point_twice_in_a_message_is_value_and_correction(bench: Bench) -> None:
    """DK-4.1.5.f: what a message says again of a point supersedes what it said before."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=1), bench.series(point, quantity=2), message="twice"))
    status = asyncio.run(bench.hub.message_status(GRID, "twice"))
    assert status is not None
    assert [one.state for one in status.series] == ["distributed", "corrected"]
    assert set(_values(bench, point.metering_point, None).quantities.tolist()) == {2}


def test_a_supplier_change_splits_a_series(bench: Bench) -> None:
    """DK-3.4.a: each supplier receives the part of the period in which it supplies; positions begin at 1."""
    change = ZONE.midnight(bench.market.change_day)
    span = Interval(change - 86_400, change + 86_400)
    bench.clock.move_to(span.end + 3600)
    point = next(v for v in bench.market.dataset.points if v.metering_point == bench.market.named["supplier-change"])
    sent = bench.series(point, quantity=list(range(192)), interval=span)
    assert isinstance(bench.submit(bench.measure_data(sent)), Accepted)
    halves = []
    for supplier in (SUPPLIER_A, SUPPLIER_B):
        (document,) = bench.receive(supplier)
        assert isinstance(document, MeasureData)
        (series,) = document.series
        halves.append(series.period)
        assert series.period.position.tolist() == list(range(1, 97))
    assert halves[0].quantity.tolist() == list(range(96))
    assert halves[1].quantity.tolist() == list(range(96, 192))
    assert (halves[0].end, halves[1].start) == (change, change)


def test_a_child_points_series_goes_to_its_parents_supplier(bench: Bench) -> None:
    """DK-4.1.5.j, DK-6.1.1: child metering points' series go along."""
    child, parent = bench.named("child"), bench.named("parent")
    supplier = SUPPLIER_A if parent.energy_supplier == SUPPLIER_A.party else SUPPLIER_B
    bench.submit(bench.measure_data(bench.series(child)))
    (document,) = bench.receive(supplier)
    assert isinstance(document, MeasureData)
    assert [one.point for one in document.series] == [child.metering_point]


@pytest.mark.sec_18
def test_ids_are_used_once(bench: Bench) -> None:
    """Message and transaction ids are unique per sender, for ever (00101, 00102)."""
    point, other = bench.flex_point(SUPPLIER_A), bench.flex_point(SUPPLIER_B)
    bench.submit(bench.measure_data(bench.series(point, transaction="t-1"), message="m-1"))
    again = bench.submit(bench.measure_data(bench.series(other, transaction="t-2"), message="m-1"))
    assert isinstance(again, Refused)
    assert [found.code for found in again.findings] == ["00101"]
    reused = bench.submit(bench.measure_data(bench.series(other, transaction="t-1"), message="m-2"))
    assert isinstance(reused, Refused)
    assert [found.code for found in reused.findings] == ["00102"]
    assert len(bench.receive(SUPPLIER_A)) == 1
    assert bench.receive(SUPPLIER_B) == []
    after = bench.submit(bench.measure_data(bench.series(other, transaction="t-2"), message="m-2"))
    assert isinstance(after, Accepted), "a refused message has used no ids"


@pytest.mark.sec_18
def test_fifty_parallel_copies_give_one_delivery(bench: Bench) -> None:
    """Replay: fifty copies of one message at once are accepted once and delivered once."""
    body = encode(bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A)), message="copy"), Dialect.CIM_XML)

    async def all_at_once() -> list[Accepted | Refused]:
        submission = Submission(DocumentKind.MEASURE_DATA, Dialect.CIM_XML, body)
        return list(await asyncio.gather(*(bench.hub.submit(GRID, submission) for _ in range(50))))

    answers = asyncio.run(all_at_once())
    assert sum(isinstance(answer, Accepted) for answer in answers) == 1
    documents = bench.receive(SUPPLIER_A)
    assert sum(len(d.series) for d in documents if isinstance(d, MeasureData)) == 1


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize("kind", RESULTS)
def test_what_only_the_hub_sends_is_refused_from_others(bench: Bench, kind: str, dialect: Dialect) -> None:
    """DK-3.1: results of a settlement under the name of measure data are refused like any document nobody may send."""
    for document in RESULTS[kind].values():
        answer = bench.send(DocumentKind.MEASURE_DATA, dialect, encode(document, dialect))
        assert isinstance(answer, Refused)
        assert [found.code for found in answer.findings] == ["00302"]


def test_malformed_bytes_leave_only_a_journal_entry(bench: Bench) -> None:
    """DK-3.1: what cannot be read is kept, refused with its place, and nothing of it is stored."""
    answer = bench.send(DocumentKind.MEASURE_DATA, Dialect.CIM_XML, b"<cim:Nothing>")
    assert isinstance(answer, Refused)
    assert [found.code for found in answer.findings] == ["00302"]
    with bench.hub.office.database.read() as connection:
        counts = {
            table: connection.exec_driver_sql(f"select count(*) from {table}").scalar_one()
            for table in ("journal", "outcome", "segment", "outgoing", "message_id", "transaction_id")
        }
    assert counts == {
        "journal": 1,
        "outcome": 1,
        "segment": 0,
        "outgoing": 0,
        "message_id": 0,
        "transaction_id": 0,
    }


def test_a_stranger_cannot_submit_for_a_point(bench: Bench) -> None:
    """DK-3.2.1: only the grid operator of the grid area may submit for a metering point."""
    neighbour = Principal(sample.NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE, "neighbour")
    bench.submit(bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A)), sender=neighbour), who=neighbour)
    (acknowledgement,) = bench.receive(neighbour)
    assert isinstance(acknowledgement, Acknowledgement)
    assert [reason.code for reason in acknowledgement.series[0].reasons] == ["D50"]
    assert bench.receive(SUPPLIER_A) == []


def test_peek_shows_the_same_document_until_its_owner_dequeues(bench: Bench) -> None:
    """Peek is idempotent in the format asked, and only the owner dequeues (DK-4.1.5.j)."""
    bench.submit(bench.measure_data(bench.series(bench.flex_point(SUPPLIER_A))))
    first = bench.peek(SUPPLIER_A)
    assert first is not None
    assert bench.peek(SUPPLIER_A) == first
    as_json = bench.peek(SUPPLIER_A, Dialect.CIM_JSON)
    assert as_json is not None
    assert as_json.message_id == first.message_id
    one, other = opened(first), opened(as_json)
    assert isinstance(one, MeasureData)
    assert isinstance(other, MeasureData)
    assert one.series.transaction == other.series.transaction
    assert not bench.dequeue(SUPPLIER_B, first.message_id)
    assert not bench.dequeue(GRID, first.message_id)
    assert bench.peek(SUPPLIER_A) == first
    assert bench.dequeue(SUPPLIER_A, first.message_id)
    assert not bench.dequeue(SUPPLIER_A, first.message_id)
    assert bench.peek(SUPPLIER_A) is None


def _missing(series: Series) -> Series:
    count = len(series.period.position)
    period = replace(
        series.period,
        quantity=np.full(count, NO_QUANTITY, dtype=np.int64),
        quality=np.full(count, Quality.MISSING, dtype=np.uint8),
    )
    return replace(series, period=period)


def _values(bench: Bench, point: str, as_of: int | None) -> PointSeries:
    span = ZONE.day_interval(DAY)
    found = asyncio.run(bench.hub.read_series(OPERATOR, SeriesQuery((point,), span.start, span.end, as_of)))
    assert isinstance(found, tuple)
    return found[0]
