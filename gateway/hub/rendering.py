"""A bundle as a document: values from the series store, ids that every dialect shares.

The same bundle gives the same document whenever and in whatever dialect it is rendered: the series stand in the store
for good, and the id of each series follows from the bundle's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.outgoing import Answer, Answers, Content, Deliveries, Missing, Rejections, Settled, series_id
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.hub.queues import Bundle
from gateway.hub.series.annual_sum import annual_sum
from gateway.hub.series.segments import SegmentRow
from gateway.hub.settlement.rendering import charged_series, settled_series
from gateway.hub.tables import transaction
from gateway.markets.policies import CorrectedOutward
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import CORRECTED_FLAG, REJECT_KINDS, Dialect, DocumentKind, Quality, Resolution, Role
from gateway.messages.documents import (
    Acknowledgement,
    AggregatedMeasureData,
    Document,
    Header,
    MeasureData,
    MissingData,
    MissingDataReminder,
    PartyRef,
    PointId,
    RejectedRequest,
    RejectedTransaction,
    RequestReject,
    WholesaleServices,
)
from gateway.messages.identifiers import Scheme, is_eic, point_id, point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Period, Qualities, Quantities, Series, SeriesTable
from gateway.messages.times import Interval, to_datetime

FULLY_REJECTED = "A02"
_ELECTRICITY = "23"
_TYPE_CODES = {
    DocumentKind.MEASURE_DATA: "E66",
    DocumentKind.AGGREGATED_MEASURE_DATA: "E31",
    DocumentKind.WHOLESALE_SERVICES: "E31",
    **dict.fromkeys(REJECT_KINDS.values(), "ERR"),
    DocumentKind.MISSING_DATA_REMINDER: "D24",
}


def document_of(office: Office, connection: Connection, bundle: Bundle, content: Content) -> Document:
    """The document a bundle is, in the neutral model."""
    header = _header(office.profile, bundle)
    if isinstance(content, Deliveries):
        rows = office.store.rows(connection, list(zip(content.segment.tolist(), content.row.tolist(), strict=True)))
        return MeasureData(header=header, series=SeriesTable.of(_series(office.profile, bundle, content, rows)))
    if isinstance(content, Answers):
        return MeasureData(header=header, series=SeriesTable.of(_answered(office, connection, bundle, content)))
    if isinstance(content, Settled):
        return _results(office, connection, bundle, content)
    if isinstance(content, Missing):
        return MissingDataReminder(header=header, series=tuple(_missing(bundle, content)))
    return _rejected(header, bundle, content)


def spoken(profile: MarketProfile, document: Document, dialect: Dialect) -> Document:
    """A document with the statuses of its series in the codes the market uses in a dialect."""
    if not isinstance(document, MeasureData) or dialect not in profile.series.codes:
        return document
    return MeasureData(header=document.header, series=profile.series.spoken(document.series, dialect))


def _results(office: Office, connection: Connection, bundle: Bundle, content: Settled) -> Document:
    header = _header(office.profile, bundle)
    if bundle.kind is DocumentKind.WHOLESALE_SERVICES:
        charged = charged_series(office, connection, bundle.message_id, content)
        return WholesaleServices(header=header, series=tuple(charged))
    series = settled_series(office.profile, connection, bundle.message_id, content)
    return AggregatedMeasureData(header=header, series=tuple(series))


def _rejected(header: Header, bundle: Bundle, content: Rejections) -> Document:
    if bundle.kind is DocumentKind.ACKNOWLEDGEMENT:
        return Acknowledgement(
            header=header,
            received_message_id=bundle.related_message,
            received_process_type=bundle.process_type or None,
            series=tuple(
                RejectedTransaction(transaction=rejected.transaction, reasons=rejected.as_reasons())
                for rejected in content.items
            ),
        )
    return RequestReject(
        header=header,
        reason_code=FULLY_REJECTED,
        series=tuple(
            RejectedRequest(
                transaction=series_id(bundle.message_id, number),
                original_transaction=rejected.transaction,
                reasons=rejected.as_reasons(),
                point=rejected.point,
            )
            for number, rejected in enumerate(content.items)
        ),
        kind=bundle.kind,
    )


def _missing(bundle: Bundle, content: Missing) -> Iterator[MissingData]:
    for number, (point, day) in enumerate(zip(content.point.tolist(), content.day.tolist(), strict=True)):
        yield MissingData(transaction=series_id(bundle.message_id, number), day=day, points=(PointId(point_id(point)),))


def _header(profile: MarketProfile, bundle: Bundle) -> Header:
    party = bundle.queue.party
    is_rejection = bundle.kind is DocumentKind.ACKNOWLEDGEMENT
    return Header(
        message_id=bundle.message_id,
        sender=PartyRef(id=profile.hub, role=Role.HUB),
        receiver=PartyRef(id=party, scheme=Scheme.EIC if is_eic(party) else Scheme.GS1, role=bundle.document_role),
        created_at=to_datetime(bundle.closed_at // MICROSECONDS),
        type_code=_TYPE_CODES.get(bundle.kind),
        process_type=None if is_rejection else bundle.process_type,
        business_sector=_ELECTRICITY,
    )


def _series(
    profile: MarketProfile, bundle: Bundle, content: Deliveries, rows: Sequence[SegmentRow]
) -> Iterator[Series]:
    for number, stored in enumerate(rows):
        first, count = int(content.first[number]), int(content.count[number])
        part = slice(first, first + count)
        period = _period(
            profile,
            content.resolution[number],
            int(content.start[number]),
            stored.quantity[part],
            stored.quality[part],
        )
        yield Series(
            transaction=series_id(bundle.message_id, number),
            point=point_id(int(content.point[number])),
            point_type=content.point_type[number],
            unit=content.unit[number],
            period=period,
            registered_at=int(content.registered_at[number]),
            product=content.product[number],
            original_transaction=content.original_transaction[number],
            in_area=_area(content.in_area[number]),
            out_area=_area(content.out_area[number]),
        )


def _area(code: str | None) -> AreaId | None:
    return None if code is None else AreaId(code, Scheme.EIC if is_eic(code) else Scheme.GRID_AREA)


def _answered(office: Office, connection: Connection, bundle: Bundle, content: Answers) -> Iterator[Series]:
    """Every run of values an answer found, as known when the request was answered; gaps end a series."""
    number = 0
    for answer in content.items:
        for period, registered_at in _periods(office, connection, answer):
            yield Series(
                transaction=series_id(bundle.message_id, number),
                point=answer.point,
                point_type=answer.point_type,
                unit=answer.unit,
                period=period,
                registered_at=registered_at,
                original_transaction=answer.transaction,
                in_area=_area(answer.in_area),
                out_area=_area(answer.out_area),
            )
            number += 1


def _periods(office: Office, connection: Connection, answer: Answer) -> Iterator[tuple[Period, int]]:
    point, kind = point_key(answer.point), series_kind(answer.unit, answer.flow)
    if answer.is_annual:
        total = annual_sum(office, connection, (point, kind), answer.end, answer.as_of)
        quality = np.array([total.quality], dtype=np.uint8)
        quantity = np.array([total.quantity], dtype=np.int64)
        yield _period(office.profile, Resolution.YEAR, total.start, quantity, quality), answer.end
        return
    points = np.array([point], dtype=np.int64)
    span = Interval(answer.start, answer.end)
    found = office.store.read(connection, points, span, kind=kind, as_of=answer.as_of)
    for run in found.runs[0]:
        moment = _stored_at(connection, int(run.transaction.max()))
        yield _period(office.profile, run.resolution, run.start, run.quantity, run.quality), moment


def _stored_at(connection: Connection, number: int) -> int:
    """The instant a transaction was committed."""
    moment = sa.select(transaction.c.committed_at).where(transaction.c.id == number)
    return int(connection.execute(moment).scalar_one()) // MICROSECONDS


def _period(profile: MarketProfile, resolution: str, start: int, quantity: Quantities, stored: Qualities) -> Period:
    """Stored values as a receiver gets them."""
    count = len(quantity)
    quality = _outward(stored, marked=profile.corrected_outward is CorrectedOutward.MARKED)
    return Period(
        resolution=resolution,
        start=start,
        end=profile.zone.end(resolution, start, count),
        position=np.arange(1, count + 1, dtype=np.int32),
        quantity=np.where(quality == Quality.MISSING, NO_QUANTITY, quantity),
        quality=quality,
    )


def _outward(quality: Qualities, *, marked: bool) -> Qualities:
    """The status a receiver sees: corrected in place of the sender's where the market marks it (D1 §4.1.5).

    A value that a correction took away stays missing: there is nothing that could be corrected to.
    """
    status: Qualities = np.bitwise_and(quality, np.uint8(STATUS_BITS))
    if marked:
        corrected = (quality & CORRECTED_FLAG != 0) & (status != Quality.MISSING)
        status[corrected] = Quality.CORRECTED
    return status
