"""RSM-016 and RSM-017 through the hub: a party asks for results of settlement (D1 §4.3.2; BRS-026, BRS-028)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from gateway.codecs.table import encode
from gateway.demo import market as sample
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.outgoing import Answer, Answers, Reply
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.hub.settlement_results import ResultsQuery
from gateway.messages.codes import Category, Dialect, DocumentKind, MeteringPointType, ProcessType, Role, Unit
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    Document,
    MeasureData,
    PartyRef,
    RequestedAggregation,
    RequestedCharge,
    RequestedSettlement,
    RequestReject,
    WholesaleSettlementRequest,
)
from gateway.messages.masterdata import Delegation
from gateway.messages.series import AreaId
from gateway.messages.times import Interval, WrittenInstant
from gateway.processes.data_request import DataRequestState
from gateway.rules.batch import Sender
from gateway.rules.results_requests import Lack
from tests.integration.exchange.hubs import DAY, GRID, OPERATOR, SUPPLIER_A, SUPPLIER_B, ZONE, Bench

Asked = AggregatedMeasureDataRequest | WholesaleSettlementRequest
BALANCE = Principal(sample.BALANCE_RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE, "balance")
SYSTEM = Principal(sample.SYSTEM_OPERATOR, Role.SYSTEM_OPERATOR, "system")
AGENCY = Principal(sample.ENERGY_AGENCY, Role.ENERGY_AGENCY, "agency")
AGENT = Principal(sample.SERVICE_COMPANY, Role.DELEGATE, "agent")
GRID_HAT = Principal(sample.GRID_OPERATOR, Role.GRID_OPERATOR, "grid-hat")
CIM = [Dialect.CIM_XML, Dialect.CIM_JSON]

MONTH = Interval(ZONE.midnight(date(2026, 2, 1)), ZONE.midnight(date(2026, 3, 1)))
FEBRUARY: dict[str, Any] = {"start": WrittenInstant(MONTH.start), "end": WrittenInstant(MONTH.end)}
NAMES: dict[Role, dict[str, Any]] = {
    Role.ENERGY_SUPPLIER: {"energy_supplier": PartyRef(id=sample.SUPPLIER_A)},
    Role.BALANCE_RESPONSIBLE: {"balance_responsible": PartyRef(id=sample.BALANCE_RESPONSIBLE_A)},
    Role.METERED_DATA_RESPONSIBLE: {"grid_area": AreaId(sample.GRID_AREA)},
    Role.GRID_OPERATOR: {"grid_area": AreaId(sample.GRID_AREA)},
}


def sums(bench: Bench, *wanted: dict[str, Any], sender: Principal = SUPPLIER_A, **rest: Any) -> Asked:
    """A good RSM-016 for February, its transactions changed as given."""
    named = FEBRUARY | NAMES.get(sender.role, {})
    series = (
        RequestedAggregation(**{"transaction": f"transaction-{next(bench.numbers)}", **named, **changes})
        for changes in wanted
    )
    return bench.request_sums(*series, sender=sender, **rest)


def charges(bench: Bench, *wanted: dict[str, Any], sender: Principal = SUPPLIER_A, **rest: Any) -> Asked:
    """A good RSM-017 for February, likewise."""
    named = FEBRUARY | ({} if sender == BALANCE else NAMES.get(sender.role, {}))
    series = (
        RequestedSettlement(**{"transaction": f"transaction-{next(bench.numbers)}", **named, **changes})
        for changes in wanted
    )
    return bench.request_charges(*series, sender=sender, **rest)


Ask = Callable[..., Asked]
BOTH = pytest.mark.parametrize("ask", [sums, charges])


def results(bench: Bench, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> list[Document]:
    """Everything in the section of results of a party's queue."""
    return bench.receive(who, dialect, Category.AGGREGATIONS)


def reasons(documents: Sequence[Document]) -> list[list[str]]:
    """The codes of every rejected transaction."""
    codes = []
    for document in documents:
        assert isinstance(document, RequestReject)
        codes += [[reason.code for reason in series.reasons] for series in document.series]
    return codes


def codes_of(answer: Accepted | Refused) -> set[str]:
    return set() if isinstance(answer, Accepted) else {found.code for found in answer.findings}


@pytest.mark.parametrize("asked_in", CIM)
@pytest.mark.parametrize("received_in", list(Dialect))
@BOTH
def test_a_good_request_finds_no_data_while_nothing_is_filed(
    bench: Bench, ask: Ask, asked_in: Dialect, received_in: Dialect
) -> None:
    """DK-4.3.a, GW-1: the reject comes in every dialect, in the section of results, and names the request."""
    request = ask(bench, {"transaction": "request-1"})
    assert isinstance(bench.submit(request, asked_in, SUPPLIER_A), Accepted)
    assert bench.peek(SUPPLIER_A, received_in) is None
    (reject,) = results(bench, SUPPLIER_A, received_in)
    assert isinstance(reject, RequestReject)
    kinds = {
        "aggregated-measure-data-request": DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT,
        "wholesale-settlement-request": DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT,
    }
    assert reject.kind is kinds[request.kind]
    assert reject.header.process_type == request.header.process_type
    assert reject.header.receiver.role == Role.ENERGY_SUPPLIER
    assert reject.reason_code == "A02"
    assert [series.original_transaction for series in reject.series] == ["request-1"]
    assert reasons([reject]) == [["E0H"]]
    assert [series.point for series in reject.series] == [None]


def test_every_reason_is_told_in_cim_and_the_first_in_ebix(bench: Bench) -> None:
    """DK-4.3.a: one reject says all that is wrong with a transaction."""
    wrong = {"energy_supplier": None, "point_type": MeteringPointType.EXCHANGE, "end": None}
    bench.submit(sums(bench, wrong), Dialect.CIM_JSON, SUPPLIER_A)
    found = bench.peek(SUPPLIER_A, Dialect.EBIX_XML, Category.AGGREGATIONS)
    assert found is not None
    assert found.content.count(b"ResponseReasonType>") == 1
    assert reasons(results(bench, SUPPLIER_A)) == [["E16", "D11", "E50"]]
    bench.submit(charges(bench, {"resolution": "PT1H", "charges": (RequestedCharge(id="x" * 11),)}), who=SUPPLIER_A)
    assert reasons(results(bench, SUPPLIER_A, Dialect.CIM_JSON)) == [["D23", "D14"]]


@BOTH
def test_each_transaction_has_a_reject_of_its_own(bench: Bench, ask: Ask) -> None:
    bench.submit(ask(bench, {"transaction": "r-1"}, {"transaction": "r-2", "energy_supplier": None}), who=SUPPLIER_A)
    documents = results(bench, SUPPLIER_A)
    assert len(documents) == 2
    assert sorted(reasons(documents)) == [["E0H"], ["E16"]]


@BOTH
def test_an_id_is_used_once(bench: Bench, ask: Ask) -> None:
    """GW-3: the same message id (00101) or transaction id (00102) again is refused whole and leaves nothing."""
    first = ask(bench, {})
    assert isinstance(bench.submit(first, who=SUPPLIER_A), Accepted)
    assert codes_of(bench.submit(first, Dialect.CIM_JSON, SUPPLIER_A)) == {"00101", "00102"}
    used = first.series[0].transaction
    assert codes_of(bench.submit(ask(bench, {}, {"transaction": used}), who=SUPPLIER_A)) == {"00102"}
    assert codes_of(bench.submit(ask(bench, {"transaction": "x"}, {"transaction": "x"}), who=SUPPLIER_A)) == {"00102"}
    assert len(results(bench, SUPPLIER_A)) == 1
    other = ask(bench, {"transaction": used, "energy_supplier": PartyRef(id=SUPPLIER_B.party)}, sender=SUPPLIER_B)
    assert isinstance(bench.submit(other, who=SUPPLIER_B), Accepted)


@pytest.mark.sec_17
@pytest.mark.parametrize(
    ("ask", "allowed"),
    [(sums, {SUPPLIER_A, BALANCE, GRID}), (charges, {SUPPLIER_A, GRID_HAT, SYSTEM})],
)
def test_who_may_send_which_request(bench: Bench, ask: Ask, allowed: set[Principal]) -> None:
    """DK-4.3.a: sender roles by the reference (00003), the party and role of the token (00001, 00002)."""
    for who in (SUPPLIER_A, BALANCE, GRID, GRID_HAT, SYSTEM, AGENCY):
        answer = bench.submit(ask(bench, {}, sender=who), who=who)
        assert codes_of(answer) == (set() if who in allowed else {"00003"}), who
        assert bool(results(bench, who)) == (who in allowed), who
    assert codes_of(bench.submit(ask(bench, {}), who=SUPPLIER_B)) == {"00002"}
    assert codes_of(bench.submit(ask(bench, {}), who=BALANCE)) == {"00001", "00002"}


def test_a_grid_operator_asks_for_sums_under_its_other_hat(bench: Bench) -> None:
    """DK-3.1: a token of either hat asks as metered data responsible, and both read one queue."""
    assert isinstance(bench.submit(sums(bench, {}, sender=GRID), who=GRID_HAT), Accepted)
    assert reasons(results(bench, GRID)) == [["E0H"]]
    neighbours = {"grid_area": AreaId(sample.NEIGHBOUR_AREA)}
    bench.submit(sums(bench, {"grid_area": None}, neighbours, sender=GRID), who=GRID)
    assert reasons(results(bench, GRID_HAT)) == [["D64"], ["E86"]]


def test_a_balance_responsible_party_asks_for_balance_settlement_of_its_own(bench: Bench) -> None:
    """DK-3.4.b: preliminary aggregation and balance fixing only, and in its own name."""
    expected = {
        ProcessType.PRELIMINARY_AGGREGATION: ["E0H"],
        ProcessType.BALANCE_FIXING: ["E0H"],
        ProcessType.WHOLESALE_FIXING: ["D11"],
        ProcessType.CORRECTION_SETTLEMENT: ["D11"],
    }
    for process, codes in expected.items():
        assert isinstance(bench.submit(sums(bench, {}, sender=BALANCE, process=process), who=BALANCE), Accepted)
        assert reasons(results(bench, BALANCE)) == [codes]
    another = {"balance_responsible": PartyRef(id=sample.BALANCE_RESPONSIBLE_B)}
    bench.submit(sums(bench, another, {"balance_responsible": None}, sender=BALANCE), who=BALANCE)
    assert reasons(results(bench, BALANCE)) == [["E18"], ["E18"]]


@pytest.mark.parametrize("process", list(ProcessType))
def test_processes_of_each_request(bench: Bench, process: ProcessType) -> None:
    """00402 for a process that the request does not serve."""
    settled = {ProcessType.WHOLESALE_FIXING, ProcessType.CORRECTION_SETTLEMENT}
    summed = settled | {ProcessType.PRELIMINARY_AGGREGATION, ProcessType.BALANCE_FIXING}
    for ask, taken in ((sums, summed), (charges, settled)):
        answer = bench.submit(ask(bench, {}, process=process), who=SUPPLIER_A)
        assert codes_of(answer) == (set() if process in taken else {"00402"})


@pytest.mark.parametrize(
    ("kind", "root"),
    [
        (DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST, "DK_RequestMeteredDataAggregated"),
        (DocumentKind.WHOLESALE_SETTLEMENT_REQUEST, "DK_RequestAggregatedBillingInformation"),
    ],
)
def test_the_third_version_of_ebix_knows_no_requests_of_results(bench: Bench, kind: DocumentKind, root: str) -> None:
    body = f'<e:{root} xmlns:e="un:unece:260:data:EEM-{root}:v3"/>'.encode()
    assert codes_of(bench.send(kind, Dialect.EBIX_XML, body, SUPPLIER_A)) == {"00301"}


@BOTH
def test_a_request_under_the_name_of_the_other_is_refused(bench: Bench, ask: Ask) -> None:
    """GW-1: what comes must be what the address names."""
    request = ask(bench, {})
    other = {
        DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: DocumentKind.WHOLESALE_SETTLEMENT_REQUEST,
        DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST,
    }[request.kind]
    assert codes_of(bench.send(other, Dialect.CIM_XML, encode(request, Dialect.CIM_XML), SUPPLIER_A)) == {"00302"}


@BOTH
def test_a_delegate_asks_for_who_let_it_and_reads_the_answer_itself(bench: Bench, ask: Ask) -> None:
    """DK-3.4.c: per transaction by grid area, in the principal's role; the answer is never redirected."""
    here = {"grid_area": AreaId(sample.GRID_AREA), **NAMES[Role.ENERGY_SUPPLIER]}
    elsewhere = here | {"grid_area": AreaId(sample.NEIGHBOUR_AREA)}

    def asked(*wanted: dict[str, Any]) -> Asked:
        request = ask(bench, *wanted, sender=AGENT)
        sender = request.header.sender.model_copy(update={"role": Role.ENERGY_SUPPLIER})
        return request.model_copy(update={"header": request.header.model_copy(update={"sender": sender})})

    assert codes_of(bench.submit(asked(here), who=AGENT)) == {"00001"}
    kind = asked(here).kind
    since = ZONE.midnight(date(2026, 1, 1))
    given = Delegation(
        kind, sample.GRID_AREA, SUPPLIER_A.party, Role.ENERGY_SUPPLIER, AGENT.party, Role.DELEGATE, since
    )
    report = asyncio.run(bench.hub.import_master_data(OPERATOR, csv_files(MasterDataSet(delegations=[given]))))
    assert not report.findings, report.findings
    assert isinstance(bench.submit(asked(here), who=AGENT), Accepted)
    assert reasons(results(bench, AGENT)) == [["E0H"]]
    assert results(bench, SUPPLIER_A) == []
    assert codes_of(bench.submit(asked(here, elsewhere), who=AGENT)) == {"00001"}
    bench.submit(asked(here | {"energy_supplier": PartyRef(id=SUPPLIER_B.party)}), who=AGENT)
    assert reasons(results(bench, AGENT)) == [["E16"]]


class OnePointFiled:
    """Results of one grid area, filed as the day of one metering point; keeps what was asked."""

    def __init__(self, point: str, area: str) -> None:
        self._point, self._area = point, area
        self.queries: list[ResultsQuery] = []

    def find(self, connection: Connection, query: ResultsQuery) -> tuple[Reply, ...] | Lack:
        self.queries.append(query)
        area = query.requested.grid_area
        if area is not None and area.code != self._area:
            return Lack.NOT_IN_AREA
        span = ZONE.day_interval(DAY)
        answer = Answer(
            transaction=query.requested.transaction,
            point=self._point,
            point_type=MeteringPointType.CONSUMPTION,
            unit=Unit.KWH,
            start=span.start,
            end=span.end,
            as_of=query.transaction,
        )
        return (Reply(DocumentKind.MEASURE_DATA, Answers((answer,))),)


@BOTH
def test_what_is_filed_goes_to_who_asked(bench: Bench, ask: Ask) -> None:
    """DK-4.3.a: one transaction is answered, one rejected for its area (D46), one for itself."""
    point = bench.flex_point(SUPPLIER_A)
    bench.submit(bench.measure_data(bench.series(point, quantity=7)))
    bench.receive(SUPPLIER_A)
    bench.hub.office.results = filed = OnePointFiled(point.metering_point, sample.GRID_AREA)
    here, elsewhere = ({"grid_area": AreaId(area)} for area in (sample.GRID_AREA, sample.NEIGHBOUR_AREA))
    wanted = ({"transaction": "r-1", **here}, {"transaction": "r-2", **elsewhere}, {"start": FEBRUARY["end"]})
    request = ask(bench, *wanted)
    assert isinstance(bench.submit(request, who=SUPPLIER_A), Accepted)
    assert [query.requested.transaction for query in filed.queries] == ["r-1", "r-2"]
    (query, _) = filed.queries
    assert (query.kind, query.process_type) == (request.kind, request.header.process_type)
    assert query.holder == Sender(SUPPLIER_A.party, Role.ENERGY_SUPPLIER)
    assert query.period == MONTH
    documents = results(bench, SUPPLIER_A)
    (answer,) = [document for document in documents if isinstance(document, MeasureData)]
    assert [series.original_transaction for series in answer.series] == ["r-1"]
    assert {int(quantity) for series in answer.series for quantity in series.period.quantity} == {7}
    rejects = [document for document in documents if not isinstance(document, MeasureData)]
    assert sorted(reasons(rejects))[0] == ["D46"]
    assert bench.receive(SUPPLIER_A) == []


def test_the_history_of_a_request_can_be_read(bench: Bench) -> None:
    """GW-2: each step of the process is in the log of the message."""
    request = sums(bench, {}, {"energy_supplier": None})
    bench.submit(request, who=SUPPLIER_A)
    status = asyncio.run(bench.hub.message_status(SUPPLIER_A, request.header.message_id))
    assert status is not None
    first, second = (tuple(entry.state for entry in series.history) for series in status.series)
    assert first == (DataRequestState.AUTHORISED, DataRequestState.REJECTED)
    assert second == (DataRequestState.REJECTED,)
    assert [[found.code for found in series.findings] for series in status.series] == [["E0H"], ["E16"]]
