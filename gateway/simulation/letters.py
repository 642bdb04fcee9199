"""What the simulated grid operators write: RSM-012 in CIM XML, the series of any days of operation together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gateway.codecs.table import encode
from gateway.messages.codes import Dialect, DocumentKind, ProcessType, Quality, Role, Unit
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import Interval, MarketZone, to_datetime
from gateway.simulation.habits import Dispatch

KIND, DIALECT = DocumentKind.MEASURE_DATA, Dialect.CIM_XML


class Envelope(NamedTuple):
    """What a message says of itself: its id, who sends it to which hub, and the instant it is written at."""

    message_id: str
    sender: str
    hub: str
    now: int


def letter(zone: MarketZone, envelope: Envelope, sent: Sequence[Dispatch]) -> bytes:
    """One message."""
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
    spans = {day: zone.day_interval(day) for day in {one.day for one in sent}}
    series = SeriesTable.of(
        Series(
            transaction=f"{message_id}-{number}",
            point=one.point.name,
            point_type=one.point.version.kind,
            unit=Unit.KWH,
            period=_period(one, spans[one.day]),
            registered_at=now,
        )
        for number, one in enumerate(sent)
    )
    return encode(MeasureData(header=header, series=series), DIALECT)


def _period(sent: Dispatch, span: Interval) -> Period:
    count = len(sent.quantity)
    is_missing = sent.quality is Quality.MISSING
    return Period(
        resolution=sent.point.version.resolution,
        start=span.start,
        end=span.end,
        position=np.arange(1, count + 1, dtype=np.int32),
        quantity=np.full(count, NO_QUANTITY) if is_missing else sent.quantity,
        quality=np.full(count, sent.quality, dtype=np.uint8),
    )
