"""Series on their way: days that are ready become RSM-012, frozen, and are sent until the hub has answered for them.

A day is ready when every value is there, or when its time to wait is over; it is sent again, as a correction, when its
values change. The hub's 202 means that it keeps the document; a rejection of single series comes to the party's queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from gateway.codecs.table import Undecodable, decode, encode
from gateway.messages.codes import Dialect, DocumentKind, ProcessType, Role
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.findings import Finding
from gateway.messages.identifiers import Scheme, is_gln
from gateway.messages.series import Series, SeriesTable
from gateway.messages.times import MarketZone, to_datetime
from meter_adapters.collector.config import HubSection
from meter_adapters.delivery.day_series import PointSource, digest_of, series_of, steps_over
from meter_adapters.delivery.hub_access import HubAccess, Silent
from meter_adapters.outbox.documents import Documents, FrozenDocument, SentSeries
from meter_adapters.outbox.store import Outbox

log = logging.getLogger(__name__)

PATH = "/v1.0/cim/notifyvalidatedmeasuredata"
MEDIA_TYPES = {Dialect.CIM_XML: "application/xml", Dialect.CIM_JSON: "application/json"}
MOST_SERIES = 500
"""Most series of one document."""
DAYS_BACK = 10
"""Local days that are looked at for what is ready or changed."""
_ACCEPTED = 202
_USED_BEFORE = ("00101", "B2B-003")


@dataclass(frozen=True, slots=True)
class SeriesDesk:
    """From where series are sent.

    Attributes:
        hub: the hub's section of the configuration.
        zone: whose local days are meant.
        sources: where each metering point's values come from.
        new_id: where message and transaction ids come from.
    """

    hub: HubSection
    zone: MarketZone
    sources: dict[str, list[PointSource]]
    new_id: Callable[[], str]


class SeriesCourier:
    """Makes and sends the documents of one collector."""

    def __init__(self, outbox: Outbox, desk: SeriesDesk, access: HubAccess, now: Callable[[], float]) -> None:
        self._outbox, self._desk, self._access, self._now = outbox, desk, access, now
        self._documents = Documents(outbox)
        self.silence = ""

    def prepare(self) -> tuple[int, tuple[Finding, ...]]:
        """Freeze documents of all days that are ready and not sent with these values.

        How many documents, and the findings of those that our own schema refuses: they are not sent.
        """
        now = int(self._now())
        today = self._desk.zone.day(now)
        ready: list[tuple[Series, SentSeries]] = []
        for back in range(DAYS_BACK, 0, -1):
            ready += self._ready(today - timedelta(days=back), now)
        findings: list[Finding] = []
        made = 0
        for first in range(0, len(ready), MOST_SERIES):
            found = self._freeze(ready[first : first + MOST_SERIES], now)
            findings += found
            made += not found
        return made, tuple(findings)

    def _ready(self, day: date, now: int) -> list[tuple[Series, SentSeries]]:
        """Series of a local day that are to be sent."""
        span = self._desk.zone.day_interval(day)
        found: list[tuple[Series, SentSeries]] = []
        for point, sources in sorted(self._desk.sources.items()):
            standing = [source for source in sources if source.covers(span)]
            if not standing:
                continue
            steps = steps_over(self._outbox, standing, span)
            if not steps.is_complete and now < span.end + self._desk.hub.series_wait:
                continue
            if not steps.has_values:
                continue
            sent = SentSeries(point, span.start, span.end, steps.is_complete, digest_of(steps))
            if self._is_known(sent):
                continue
            found.append((series_of(standing, span, steps, self._desk.new_id(), now), sent))
        return found

    def _is_known(self, sent: SentSeries) -> bool:
        """Whether these values were sent, or refused; an incomplete day never follows a complete one."""
        before = self._documents.latest(sent.point, sent.start)
        if before is not None and (before.digest == sent.digest or (before.is_complete and not sent.is_complete)):
            return True
        return self._documents.was_refused(sent.point, sent.start, sent.digest)

    def _freeze(self, ready: list[tuple[Series, SentSeries]], now: int) -> tuple[Finding, ...]:
        """One document, read again by its own schema before it is kept."""
        hub, message_id = self._desk.hub, self._desk.new_id()
        header = Header(
            message_id=message_id,
            sender=PartyRef(
                id=hub.party, scheme=Scheme.GS1 if is_gln(hub.party) else Scheme.EIC, role=Role.METERED_DATA_RESPONSIBLE
            ),
            receiver=PartyRef(id=hub.hub_party, role=Role.HUB),
            created_at=to_datetime(now),
            type_code="E66",
            process_type=ProcessType.PERIODIC_METERING,
            business_sector="23",
        )
        table = SeriesTable.of(series for series, _ in ready)
        body = encode(MeasureData(header=header, series=table), hub.dialect)
        again = decode(body, hub.dialect, DocumentKind.MEASURE_DATA)
        if isinstance(again, Undecodable):
            return again.findings
        self._documents.freeze(message_id, body, [sent for _, sent in ready], now)
        return ()

    async def send(self) -> bool:
        """Send the oldest document that is not settled; whether anything was settled."""
        document = await asyncio.to_thread(self._documents.next)
        if document is None:
            return False
        answer = await self._access.post(PATH, document.body, MEDIA_TYPES[self._desk.hub.dialect])
        if isinstance(answer, Silent):
            self.silence = answer.text
            if answer.may_have_arrived:
                await asyncio.to_thread(self._documents.note_attempt, document)
            return False
        self.silence = ""
        is_there = document.attempts > 0 and any(code in answer.text for code in _USED_BEFORE)
        await self._settle(document, answer.status == _ACCEPTED or is_there, f"{answer.status} {answer.text[:4000]}")
        return True

    async def _settle(self, document: FrozenDocument, is_accepted: bool, answer: str) -> None:
        if not is_accepted:
            log.error("the hub refused document %s: %s", document.message_id, answer[:500])
        now = int(self._now())
        await asyncio.to_thread(
            lambda: self._documents.settle(document, is_accepted=is_accepted, answer=answer, now=now)
        )
