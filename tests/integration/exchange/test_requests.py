"""RSM-015 through the hub: a party asks for series it may see and is answered or told why not (BRS-024, BRS-025)."""

from __future__ import annotations

import pytest

from gateway.demo import market as sample
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.messages.codes import Dialect, ProcessType, Quality, Resolution, Role
from gateway.messages.documents import MeasureData, RequestedSeries, RequestReject
from gateway.messages.times import Interval
from tests.integration.exchange.hubs import DAY, GRID, SUPPLIER_A, SUPPLIER_B, ZONE, Bench

SPAN = ZONE.day_interval(DAY)


def ask(point: str, span: Interval = SPAN, transaction: str = "request-1") -> RequestedSeries:
    """One transaction of a request."""
    return RequestedSeries(transaction=transaction, point=point, start=span.start, end=span.end)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_supplier_gets_what_it_asks_for(bench: Bench, dialect: Dialect) -> None:
    """DK-3.4.a: the answer names the request's transaction and carries the values as known."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=list(range(96)))))
    bench.receive(SUPPLIER_A)
    request = bench.request(ask(point.metering_point), sender=SUPPLIER_A)
    assert isinstance(bench.submit(request, dialect, SUPPLIER_A), Accepted)
    (answer,) = bench.receive(SUPPLIER_A, dialect)
    assert isinstance(answer, MeasureData)
    (series,) = answer.series
    assert series.original_transaction == "request-1"
    assert series.period.quantity.tolist() == list(range(96))
    assert (series.period.start, series.period.end) == (SPAN.start, SPAN.end)


def test_the_answer_is_as_of_the_request(bench: Bench) -> None:
    """A correction after the request does not change the answer, however late it is peeked (DK-4.1.5.f)."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=1)))
    bench.receive(SUPPLIER_A)
    bench.submit(bench.request(ask(point.metering_point), sender=SUPPLIER_A), who=SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=2)))
    documents = [d for d in bench.receive(SUPPLIER_A) if isinstance(d, MeasureData)]
    answers = [one for d in documents for one in d.series if one.original_transaction == "request-1"]
    assert [set(one.period.quantity.tolist()) for one in answers] == [{1}]


def test_a_stranger_is_told_nothing_but_no(bench: Bench) -> None:
    """DK-3.4.a: a supplier without right to the interval is rejected; the reject names the request."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point)))
    assert isinstance(
        bench.submit(bench.request(ask(point.metering_point), sender=SUPPLIER_B), who=SUPPLIER_B), Accepted
    )
    (reject,) = bench.receive(SUPPLIER_B)
    assert isinstance(reject, RequestReject)
    (refused,) = reject.series
    assert refused.original_transaction == "request-1"
    assert refused.point == point.metering_point
    assert [reason.code for reason in refused.reasons] == ["E16"]


def test_each_supplier_gets_its_part_of_the_interval(bench: Bench) -> None:
    """DK-3.4.a: rights follow the dated master data, also when asked afterwards."""
    change = ZONE.midnight(bench.market.change_day)
    span = Interval(change - 86_400, change + 86_400)
    bench.clock.move_to(span.end + 3600)
    point = next(v for v in bench.market.dataset.points if v.metering_point == bench.market.named["supplier-change"])
    bench.submit(bench.measure_data(bench.series(point, quantity=list(range(192)), interval=span)))
    parts = {}
    for supplier in (SUPPLIER_A, SUPPLIER_B):
        bench.receive(supplier)
        request = bench.request(ask(point.metering_point, span), sender=supplier)
        bench.submit(request, who=supplier)
        (answer,) = bench.receive(supplier)
        assert isinstance(answer, MeasureData)
        parts[supplier.party] = [(one.period.start, one.period.end) for one in answer.series]
    assert parts[SUPPLIER_A.party] == [(span.start, change)]
    assert parts[SUPPLIER_B.party] == [(change, span.end)]


def test_no_data_is_a_reason(bench: Bench) -> None:
    """Nothing stored: E0H, the market's code for no data."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.request(ask(point.metering_point), sender=SUPPLIER_A), who=SUPPLIER_A)
    (reject,) = bench.receive(SUPPLIER_A)
    assert isinstance(reject, RequestReject)
    assert [reason.code for reason in reject.series[0].reasons] == ["E0H"]


def test_answers_and_rejects_are_documents_of_their_own(bench: Bench) -> None:
    """Two transactions of one request: one answered, one rejected, two documents."""
    mine, others = bench.flex_point(SUPPLIER_A), bench.flex_point(SUPPLIER_B)
    bench.submit(bench.measure_data(bench.series(mine)))
    bench.receive(SUPPLIER_A)
    request = bench.request(
        ask(mine.metering_point, transaction="r-1"), ask(others.metering_point, transaction="r-2"), sender=SUPPLIER_A
    )
    bench.submit(request, who=SUPPLIER_A)
    kinds = {type(document) for document in bench.receive(SUPPLIER_A)}
    assert kinds == {MeasureData, RequestReject}


def test_the_annual_sum(bench: Bench) -> None:
    """BRS-024: one sum of the twelve months up to the end asked for, for the supplier only."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=10)))
    bench.receive(SUPPLIER_A)
    request = bench.request(ask(point.metering_point), sender=SUPPLIER_A, process=ProcessType.YEARLY_METERING)
    bench.submit(request, who=SUPPLIER_A)
    (answer,) = bench.receive(SUPPLIER_A)
    assert isinstance(answer, MeasureData)
    (series,) = answer.series
    assert series.period.resolution == Resolution.YEAR
    assert series.period.quantity.tolist() == [960]
    assert series.period.quality.tolist() == [Quality.INCOMPLETE]
    assert answer.header.process_type == ProcessType.YEARLY_METERING


def test_the_grid_operator_asks_for_its_own_points(bench: Bench) -> None:
    """DK-3.1: the grid operator sees what stands for its area; its token may act as MDR."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=7)))
    bench.submit(bench.request(ask(point.metering_point), sender=GRID), who=GRID)
    (answer,) = bench.receive(GRID)
    assert isinstance(answer, MeasureData)
    neighbour = Principal(sample.NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE, "neighbour")
    bench.submit(bench.request(ask(point.metering_point), sender=neighbour), who=neighbour)
    (reject,) = bench.receive(neighbour)
    assert isinstance(reject, RequestReject)


@pytest.mark.sec_17
def test_nobody_asks_in_anothers_name(bench: Bench) -> None:
    """The sender in the body must be the party of the token (00002); the whole message is refused."""
    point = bench.flex_point(SUPPLIER_A)
    request = bench.request(ask(point.metering_point), sender=SUPPLIER_A)
    answer = bench.submit(request, who=SUPPLIER_B)
    assert isinstance(answer, Refused)
    assert "00002" in {found.code for found in answer.findings}
    balance = Principal(sample.BALANCE_RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE, "balance")
    header = request.header.model_copy(
        update={"sender": request.header.sender.model_copy(update={"id": balance.party, "role": balance.role})}
    )
    refused = bench.submit(request.model_copy(update={"header": header}), who=balance)
    assert isinstance(refused, Refused)
    assert "00003" in {found.code for found in refused.findings}
