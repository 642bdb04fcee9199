"""What parties of the town ask for, and what they get: requests of results and their answers."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

from gateway.codecs.table import Decoded, decode, encode
from gateway.hub.ports import Accepted, Principal, Submission
from gateway.messages.codes import Category, Dialect, DocumentKind, ProcessType, Role
from gateway.messages.documents import (
    AggregatedMeasureData,
    AggregatedMeasureDataRequest,
    Document,
    Header,
    PartyRef,
    RequestedAggregation,
    RequestedSettlement,
    RequestReject,
    WholesaleServices,
    WholesaleSettlementRequest,
)
from gateway.messages.series import AreaId
from gateway.messages.times import WrittenInstant, to_datetime
from tests.integration.settlement.towns import (
    AREA,
    DAY,
    GRID,
    HUB,
    RESPONSIBLE_A,
    RESPONSIBLE_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
)

A = Principal(SUPPLIER_A, Role.ENERGY_SUPPLIER, "a")
B = Principal(SUPPLIER_B, Role.ENERGY_SUPPLIER, "b")
BRP_A = Principal(RESPONSIBLE_A, Role.BALANCE_RESPONSIBLE, "brp-a")
BRP_B = Principal(RESPONSIBLE_B, Role.BALANCE_RESPONSIBLE, "brp-b")
METERED = Principal(GRID, Role.METERED_DATA_RESPONSIBLE, "metered")
OPERATOR = Principal(GRID, Role.GRID_OPERATOR, "grid")


def _named(who: Principal, first: date, last: date) -> dict[str, Any]:
    """What a role must name, and the days first to last."""
    own = PartyRef(id=who.party)
    names: dict[Role, dict[str, Any]] = {
        Role.ENERGY_SUPPLIER: {"energy_supplier": own},
        Role.BALANCE_RESPONSIBLE: {"balance_responsible": own},
        Role.METERED_DATA_RESPONSIBLE: {"grid_area": AreaId(AREA)},
        Role.GRID_OPERATOR: {"grid_area": AreaId(AREA)},
    }
    start, end = ZONE.midnight(first), ZONE.midnight(last + timedelta(days=1))
    return {"start": WrittenInstant(start), "end": WrittenInstant(end), **names.get(who.role, {})}


def _header(town: Town, who: Principal, process: ProcessType, type_code: str) -> Header:
    return Header(
        message_id=f"request-{next(town.numbers)}",
        sender=PartyRef(id=who.party, role=who.role),
        receiver=PartyRef(id=HUB, role=Role.HUB),
        created_at=to_datetime(town.clock.now()),
        type_code=type_code,
        process_type=process,
        business_sector="23",
    )


def _submit(town: Town, who: Principal, document: AggregatedMeasureDataRequest | WholesaleSettlementRequest) -> str:
    body = encode(document, Dialect.CIM_JSON)
    answer = asyncio.run(town.hub.submit(who, Submission(document.kind, Dialect.CIM_JSON, body)))
    assert isinstance(answer, Accepted), answer
    return document.series[0].transaction


def ask_sums(
    town: Town,
    who: Principal,
    days: tuple[date, date] = (DAY, DAY),
    process: ProcessType = ProcessType.BALANCE_FIXING,
    **named: Any,
) -> str:
    """RSM-016 for some days, both included; the id of its transaction."""
    transaction = f"wanted-{next(town.numbers)}"
    series = RequestedAggregation(**{"transaction": transaction, **_named(who, *days), **named})
    header = _header(town, who, process, "E74")
    return _submit(town, who, AggregatedMeasureDataRequest(header=header, series=(series,)))


def ask_charges(
    town: Town,
    who: Principal,
    days: tuple[date, date],
    process: ProcessType = ProcessType.WHOLESALE_FIXING,
    **named: Any,
) -> str:
    """RSM-017 for a month, given by its first and its last day; the id of its transaction."""
    transaction = f"wanted-{next(town.numbers)}"
    series = RequestedSettlement(**{"transaction": transaction, **_named(who, *days), **named})
    header = _header(town, who, process, "D21")
    return _submit(town, who, WholesaleSettlementRequest(header=header, series=(series,)))


def received(town: Town, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> list[Document]:
    """Everything in a party's queue of aggregations, read as its client would."""
    documents: list[Document] = []
    while (found := asyncio.run(town.hub.peek(who, Category.AGGREGATIONS, dialect))) is not None:
        read = decode(found.content, dialect, found.kind)
        assert isinstance(read, Decoded), read
        documents.append(read.document)
        assert asyncio.run(town.hub.dequeue(who, found.message_id))
    return documents


def sums(town: Town, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> AggregatedMeasureData:
    """The one document in a party's queue, an RSM-014."""
    (document,) = received(town, who, dialect)
    assert isinstance(document, AggregatedMeasureData), document
    return document


def charges(town: Town, who: Principal, dialect: Dialect = Dialect.CIM_XML) -> WholesaleServices:
    """The one document in a party's queue, an RSM-019."""
    (document,) = received(town, who, dialect)
    assert isinstance(document, WholesaleServices), document
    return document


def refusal(town: Town, who: Principal, kind: DocumentKind) -> list[str]:
    """The codes of the one document in a party's queue, a reject."""
    (document,) = received(town, who)
    assert isinstance(document, RequestReject), document
    assert document.kind is kind
    return [reason.code for series in document.series for reason in series.reasons]
