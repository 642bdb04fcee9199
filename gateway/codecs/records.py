"""Neutral records into documents and back, alike for every dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from gateway.codecs.fields import Record
from gateway.codecs.points import PointColumns
from gateway.codecs.result_records import (
    aggregate_record,
    aggregate_series,
    missing_data,
    missing_data_record,
    wholesale_record,
    wholesale_series,
)
from gateway.messages.codes import REJECT_KINDS, DocumentKind
from gateway.messages.documents import (
    Acknowledgement,
    AggregatedMeasureData,
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    MissingDataReminder,
    PartyRef,
    Reason,
    RejectedRequest,
    RejectedTransaction,
    RequestedAggregation,
    RequestedCharge,
    RequestedSeries,
    RequestedSettlement,
    RequestReject,
    WholesaleServices,
    WholesaleSettlementRequest,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.series import AreaId, SeriesTable
from gateway.messages.times import NO_INSTANT, Instants

Column = Sequence[Any]

# --- out of records ---------------------------------------------------------------------------------------------------


def header_of(record: Record) -> Header:
    """A document's header; `created_at` must be readable."""
    created_at: datetime = record["created_at"]
    return Header(
        message_id=record["message_id"],
        sender=_party(record, "sender"),
        receiver=_party(record, "receiver"),
        created_at=created_at,
        type_code=record.get("type_code"),
        process_type=record.get("process_type"),
        business_sector=record.get("business_sector"),
    )


def _party(record: Record, key: str) -> PartyRef:
    scheme = record.get(f"{key}_scheme", Scheme.GS1)
    return PartyRef(id=record.get(key) or "", scheme=scheme, role=record.get(f"{key}_role"))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The fields of series as lists, whatever of them there is."""

    found: Mapping[str, Column]
    rows: int

    def column(self, key: str, otherwise: object = None) -> list[Any]:
        found = self.found.get(key)
        if found is None:
            return [otherwise] * self.rows
        return list(found) if otherwise is None else [otherwise if value is None else value for value in found]

    def instants(self, key: str) -> Instants:
        return np.array(self.column(key, NO_INSTANT), dtype=np.int64)

    def areas(self, key: str) -> list[AreaId | None]:
        if key not in self.found:
            return [None] * self.rows
        named = zip(self.column(key), self.column(f"{key}_scheme"), strict=True)
        return [AreaId(code, scheme or Scheme.GRID_AREA) if code else None for code, scheme in named]


def table_of(
    found: Mapping[str, Column], rows: int, points: PointColumns, offsets: npt.NDArray[np.int64]
) -> SeriesTable:
    """Series from the columns of their fields; a field that no series has may be absent."""
    columns = _Columns(found, rows)
    column = columns.column
    return SeriesTable(
        transaction=column("transaction", ""),
        point=column("point", ""),
        point_type=column("point_type", ""),
        unit=column("unit", ""),
        resolution=column("resolution", ""),
        start=columns.instants("start"),
        end=columns.instants("end"),
        registered_at=columns.instants("registered_at"),
        decimals=points.decimals_of_rows(offsets),
        offsets=offsets,
        position=points.position,
        quantity=points.quantity,
        quality=points.quality,
        point_scheme=column("point_scheme", Scheme.GS1),
        product=column("product"),
        original_transaction=column("original_transaction"),
        in_area=columns.areas("in_area"),
        out_area=columns.areas("out_area"),
        settlement_method=column("settlement_method"),
        replaces=[function == "5" for function in column("function")],
        as_written=points.as_written,
        point_decimals=points.decimals,
    )


def columns_of(records: Sequence[Record]) -> dict[str, Column]:
    """The fields of records as columns; None where a record lacks one."""
    keys = dict.fromkeys(key for record in records for key in record)
    return {key: [record.get(key) for record in records] for key in keys}


def document_of(kind: DocumentKind, record: Record) -> Document:
    """Any document but measure data, from its record."""
    series = record.get("series", ())
    if kind in _DOCUMENTS:
        document, one = _DOCUMENTS[kind]
        return document(header=header_of(record), series=tuple(map(one, series)))
    if kind in REJECT_KINDS.values():
        return RequestReject(
            header=header_of(record),
            reason_code=record.get("reason_code"),
            series=tuple(map(_refused, series)),
            kind=kind,
        )
    return Acknowledgement(
        header=header_of(record),
        received_message_id=record.get("received_message_id"),
        received_process_type=record.get("received_process_type"),
        series=tuple(RejectedTransaction(transaction=item["transaction"], reasons=_reasons(item)) for item in series),
        reasons=_reasons(record),
    )


def _requested(record: Record) -> RequestedSeries:
    return RequestedSeries(
        transaction=record["transaction"],
        point=record.get("point") or "",
        point_scheme=record.get("point_scheme", Scheme.GS1),
        start=record.get("start"),
        end=record.get("end"),
    )


def _aggregation(record: Record) -> RequestedAggregation:
    return RequestedAggregation(
        **_results(record),
        point_type=record.get("point_type"),
        settlement_method=record.get("settlement_method"),
        bidding_zone=_named_area(record, "bidding_zone"),
        balance_responsible=_named_party(record, "balance_responsible"),
    )


def _settlement(record: Record) -> RequestedSettlement:
    return RequestedSettlement(
        **_results(record),
        version=record.get("version"),
        charge_owner=_named_party(record, "charge_owner"),
        resolution=record.get("resolution"),
        charges=tuple(RequestedCharge(**charge) for charge in record.get("charges", ())),
    )


def _results(record: Record) -> Record:
    """What the transactions of both requests for results name."""
    return {
        "transaction": record["transaction"],
        "settlement_version": record.get("settlement_version"),
        "start": record.get("start"),
        "end": record.get("end"),
        "grid_area": _named_area(record, "grid_area"),
        "energy_supplier": _named_party(record, "energy_supplier"),
    }


def _named_party(record: Record, key: str) -> PartyRef | None:
    return _party(record, key) if record.get(key) else None


def _named_area(record: Record, key: str) -> AreaId | None:
    return AreaId(record[key], record.get(f"{key}_scheme", Scheme.GRID_AREA)) if record.get(key) else None


def _refused(record: Record) -> RejectedRequest:
    return RejectedRequest(
        transaction=record["transaction"],
        original_transaction=record.get("original_transaction"),
        reasons=_reasons(record),
        point=record.get("point"),
        point_scheme=record.get("point_scheme", Scheme.GS1),
    )


def _reasons(record: Record) -> tuple[Reason, ...]:
    return tuple(Reason(code=reason.get("code", ""), text=reason.get("text")) for reason in record.get("reasons", ()))


_DOCUMENTS: Mapping[DocumentKind, tuple[Callable[..., Document], Callable[[Record], object]]] = {
    DocumentKind.MEASURE_DATA_REQUEST: (MeasureDataRequest, _requested),
    DocumentKind.AGGREGATED_MEASURE_DATA: (AggregatedMeasureData, aggregate_series),
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: (AggregatedMeasureDataRequest, _aggregation),
    DocumentKind.MISSING_DATA_REMINDER: (MissingDataReminder, missing_data),
    DocumentKind.WHOLESALE_SERVICES: (WholesaleServices, wholesale_series),
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: (WholesaleSettlementRequest, _settlement),
}
"""What is a header and series: the document, and what makes one of its series."""


# --- into records -----------------------------------------------------------------------------------------------------


def record_of(document: Document) -> Record:
    """The record of a document; the values of measure data stay in their columns."""
    record = _header_record(document.header)
    if isinstance(document, MeasureData):
        record["series"] = [_row_record(document.series, row) for row in range(len(document.series))]
    elif isinstance(document, AggregatedMeasureData):
        record["series"] = list(map(aggregate_record, document.series))
    elif isinstance(document, MissingDataReminder):
        record["series"] = list(map(missing_data_record, document.series))
    elif isinstance(document, WholesaleServices):
        record["series"] = list(map(wholesale_record, document.series))
    elif isinstance(document, MeasureDataRequest):
        record["series"] = [item.model_dump() for item in document.series]
    elif isinstance(document, AggregatedMeasureDataRequest | WholesaleSettlementRequest):
        record["series"] = [_results_record(item) for item in document.series]
    elif isinstance(document, RequestReject):
        record["reason_code"] = document.reason_code
        record["series"] = [item.model_dump() for item in document.series]
    else:
        record["received_message_id"] = document.received_message_id
        record["received_process_type"] = document.received_process_type
        record["reasons"] = [reason.model_dump() for reason in document.reasons]
        record["series"] = [item.model_dump() for item in document.series]
    return record


def _header_record(header: Header) -> Record:
    return {
        "message_id": header.message_id,
        "created_at": header.created_at,
        "type_code": header.type_code,
        "process_type": header.process_type,
        "business_sector": header.business_sector,
        "sender": header.sender.id,
        "sender_scheme": header.sender.scheme,
        "sender_role": header.sender.role,
        "receiver": header.receiver.id,
        "receiver_scheme": header.receiver.scheme,
        "receiver_role": header.receiver.role,
    }


def _results_record(item: RequestedAggregation | RequestedSettlement) -> Record:
    """One transaction of a request for results, parties and areas beside their schemes."""
    record: Record = {}
    for key, value in item:
        if isinstance(value, PartyRef):
            record[key], record[f"{key}_scheme"] = value.id, value.scheme
        elif isinstance(value, AreaId):
            record[key], record[f"{key}_scheme"] = value
        else:
            record[key] = value
    if isinstance(item, RequestedSettlement):
        record["charges"] = [charge.model_dump() for charge in item.charges]
    return record


def _row_record(table: SeriesTable, row: int) -> Record:
    record: Record = {
        "transaction": table.transaction[row],
        "original_transaction": table.original_transaction[row],
        "point": table.point[row],
        "point_scheme": table.point_scheme[row],
        "point_type": table.point_type[row],
        "settlement_method": table.settlement_method[row],
        "product": table.product[row],
        "unit": table.unit[row],
        "resolution": table.resolution[row],
        "start": int(table.start[row]),
        "end": int(table.end[row]),
        "registered_at": int(table.registered_at[row]),
        "function": "5" if table.replaces[row] else "9",
    }
    for key, area in (("in_area", table.in_area[row]), ("out_area", table.out_area[row])):
        if area is not None:
            record[key], record[f"{key}_scheme"] = area
    return record
