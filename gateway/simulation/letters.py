"""What the simulated grid operators write: RSM-012 in CIM XML, a message for each grid area and day of operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np

from gateway.codecs.table import encode
from gateway.messages.codes import Dialect, DocumentKind, ProcessType, Quality, Role, Unit
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import MarketZone, to_datetime
from gateway.simulation.habits import Dispatch

DIALECT = Dialect.CIM_XML


class Envelope(NamedTuple):
    """What a message says of itself: its id, who sends it to which hub, and the instant it is written at."""

    message_id: str
    sender: str
    hub: str
    now: int


def letter(zone: MarketZone, envelope: Envelope, day: date, sent: Sequence[Dispatch]) -> bytes:
    """One message about a day of operation."""
    message_id, sender, hub, now = envelope
    header = Header(
        message_id=message_id,
        type_code="E66",
        process_type=ProcessType.PERIODIC_METERING,
        business_sector="23",
        sender=PartyRef(id=sender, role=Role.METERED_DATA_RESPONSIBLE),
        receiver=PartyRef(id=hub, role=Role.HUB),
        created_at=to_datetime(now),
    )
    span = zone.day_interval(day)
    series = SeriesTable.of(
        Series(
            transaction=f"{message_id}-{number}",
            point=one.point.name,
            point_type=one.point.version.kind,
            unit=Unit.KWH,
            period=_period(one, span.start, span.end),
            registered_at=now,
        )
        for number, one in enumerate(sent)
    )
    return encode(MeasureData(header=header, series=series), DIALECT)


KIND = DocumentKind.MEASURE_DATA


def _period(sent: Dispatch, start: int, end: int) -> Period:
    count = len(sent.quantity)
    is_missing = sent.quality is Quality.MISSING
    return Period(
        resolution=sent.point.version.resolution,
        start=start,
        end=end,
        position=np.arange(1, count + 1, dtype=np.int32),
        quantity=np.full(count, NO_QUANTITY) if is_missing else sent.quantity,
        quality=np.full(count, sent.quality, dtype=np.uint8),
    )
