"""A bundle as a document: values from the series store, ids that every dialect shares.

The same bundle gives the same document whenever and in whatever dialect it is rendered: the series stand in the store
for good, and the id of each series follows from the bundle's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Deliveries, Rejection
from gateway.hub.period_groups import STATUS_BITS
from gateway.hub.queues import Bundle
from gateway.hub.segments import SegmentRow
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import CORRECTED_FLAG, DocumentKind, Quality, Role
from gateway.messages.documents import (
    Acknowledgement,
    Document,
    Header,
    MeasureData,
    PartyRef,
    RejectedRequest,
    RejectedTransaction,
    RequestReject,
)
from gateway.messages.identifiers import Scheme, gsrn_of, is_eic
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Qualities, Series, SeriesTable
from gateway.messages.times import to_datetime

FULLY_REJECTED = "A02"
_MICROSECONDS = 1_000_000


def document_of(
    office: Office, connection: Connection, bundle: Bundle, content: Deliveries | list[Rejection]
) -> Document:
    """The document a bundle is, in the neutral model."""
    header = _header(office.profile, bundle)
    if isinstance(content, Deliveries):
        rows = office.store.rows(connection, list(zip(content.segment.tolist(), content.row.tolist(), strict=True)))
        return MeasureData(header=header, series=SeriesTable.of(_series(office.profile, bundle, content, rows)))
    if bundle.kind is DocumentKind.ACKNOWLEDGEMENT:
        return Acknowledgement(
            header=header,
            received_message_id=bundle.related_message,
            received_process_type=bundle.process_type or None,
            series=tuple(
                RejectedTransaction(transaction=rejected.transaction, reasons=rejected.as_reasons())
                for rejected in content
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
            for number, rejected in enumerate(content)
        ),
    )


def series_id(message_id: str, number: int) -> str:
    """The id of a document's series: 32 characters that follow from the document's own id."""
    return f"{message_id[:24]}{number:08x}"


def _header(profile: MarketProfile, bundle: Bundle) -> Header:
    party = bundle.queue.party
    is_rejection = bundle.kind is DocumentKind.ACKNOWLEDGEMENT
    return Header(
        message_id=bundle.message_id,
        sender=PartyRef(id=profile.hub, role=Role.HUB),
        receiver=PartyRef(id=party, scheme=Scheme.EIC if is_eic(party) else Scheme.GS1, role=bundle.document_role),
        created_at=to_datetime(bundle.closed_at // _MICROSECONDS),
        type_code=profile.type_code(bundle.kind),
        process_type=None if is_rejection else bundle.process_type,
        business_sector=profile.business_sector,
    )


def _series(
    profile: MarketProfile, bundle: Bundle, content: Deliveries, rows: Sequence[SegmentRow]
) -> Iterator[Series]:
    for number, stored in enumerate(rows):
        first, count = int(content.first[number]), int(content.count[number])
        quality = _outward(stored.quality[first : first + count], marked=profile.marks_corrections)
        quantity = np.where(quality == Quality.MISSING, NO_QUANTITY, stored.quantity[first : first + count])
        start = int(content.start[number])
        period = Period(
            resolution=content.resolution[number],
            start=start,
            end=profile.zone.end(content.resolution[number], start, count),
            position=np.arange(1, count + 1, dtype=np.int32),
            quantity=quantity,
            quality=quality,
        )
        yield Series(
            transaction=series_id(bundle.message_id, number),
            point=gsrn_of(int(content.point[number])),
            point_type=content.point_type[number],
            unit=content.unit[number],
            period=period,
            registered_at=int(content.registered_at[number]),
            product=content.product[number],
            original_transaction=content.original_transaction[number],
        )


def _outward(quality: Qualities, *, marked: bool) -> Qualities:
    """The status a receiver sees: corrected in place of the sender's where the market marks it (D1 §4.1.5).

    A value that a correction took away stays missing: there is nothing that could be corrected to.
    """
    status: Qualities = quality & STATUS_BITS
    if marked:
        corrected = (quality & CORRECTED_FLAG != 0) & (status != Quality.MISSING)
        status = np.where(corrected, np.uint8(Quality.CORRECTED), status).astype(np.uint8)
    return status
