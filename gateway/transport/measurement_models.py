"""Bodies of the neutral API about measurements of meters. A value is exact: `raw` times ten to the `scaler`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.hub.ports_measurements import (
    BatchTaken,
    EventPage,
    KeptEvent,
    KeptMeasurement,
    Measurement,
    MeasurementBatch,
    MeasurementEvent,
    MeasurementPage,
    MeterPage,
)
from gateway.messages.times import to_datetime, to_instant
from gateway.transport.hub_models import Body
from gateway.transport.problems import FindingBody


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable text")
    return text


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None or not 1970 <= moment.year <= 9000:
        raise ValueError("must be an instant with its offset, such as 2026-01-01T00:15:00Z")
    return moment


Moment = Annotated[datetime, AfterValidator(_aware)]
Word = Annotated[str, Field(max_length=24), AfterValidator(_printable)]
Name = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_printable)]
ObisCode = Annotated[str, Field(pattern=r"^\d{1,3}-\d{1,3}:\d{1,3}\.\d{1,3}\.\d{1,3}\*\d{1,3}$")]
Phrase = Annotated[str, Field(max_length=256), AfterValidator(_printable)]
RawInteger = Annotated[str, Field(pattern=r"^-?(0|[1-9]\d{0,35})$")]
Count = Annotated[int, Field(ge=0, le=999_999_999)]
Word64 = Annotated[int, Field(ge=0, lt=2**63)]


class MeasurementForm(Body):
    """One value as a collector states it; `end` is null where the meter's time has no known offset."""

    meter: Name
    source: ObisCode | Annotated[str, Field(max_length=0)] = ""
    obis: ObisCode
    period: Annotated[int, Field(ge=1, le=366 * 86_400)] | None = None
    end: Moment | None = None
    epoch: Count = 0
    revision: Count = 0
    raw: RawInteger
    scaler: Annotated[int, Field(ge=-36, le=36)] = 0
    unit: Annotated[str, Field(max_length=16), AfterValidator(_printable)] = ""
    text: Phrase = ""
    status: Word64 | None = None
    flags: Annotated[list[Annotated[str, Field(pattern=r"^[a-z-]{1,28}$")]], Field(max_length=16)] = Field([])
    meter_time: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = ""
    offset_source: Word = "unknown"
    protection: Annotated[str, Field(pattern=r"^(bcc|crc|gcm|none)$")] = "none"
    read_at: Moment

    def value(self) -> Measurement:
        """The value as the hub has it."""
        return Measurement(
            *(self.meter, self.source, self.obis, self.period, _instant(self.end), self.epoch, self.revision),
            *(int(self.raw), self.scaler, self.unit, self.text, self.status, tuple(self.flags)),
            *(self.meter_time, self.offset_source, self.protection, to_instant(self.read_at)),
        )


class EventForm(Body):
    """One entry of an event log as a collector states it."""

    meter: Name
    log: ObisCode
    code: Word64
    text: Phrase = ""
    at: Moment | None = None
    meter_time: Annotated[str, Field(max_length=40), AfterValidator(_printable)] = ""
    offset_source: Word = "unknown"
    protection: Annotated[str, Field(pattern=r"^(bcc|crc|gcm|none)$")] = "none"
    read_at: Moment

    def value(self) -> MeasurementEvent:
        """The event as the hub has it."""
        return MeasurementEvent(
            *(self.meter, self.log, self.code, self.text, _instant(self.at)),
            *(self.meter_time, self.offset_source, self.protection, to_instant(self.read_at)),
        )


class BatchForm(Body):
    """A batch of a collector; its id stands for its content for ever."""

    collector: Name
    batch: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    readings: list[MeasurementForm] = Field([])
    events: list[EventForm] = Field([])

    def value(self) -> MeasurementBatch:
        """The batch as the hub has it."""
        readings = tuple(reading.value() for reading in self.readings)
        return MeasurementBatch(self.collector, self.batch, readings, tuple(event.value() for event in self.events))


class BatchTakenBody(Body):
    """The acknowledgement of a batch: it is durable. `findings` names the rows that were not stored."""

    batch: str
    number: int
    stored: int
    known: int
    repeated: bool
    findings: list[FindingBody]

    @classmethod
    def of(cls, batch: str, taken: BatchTaken) -> BatchTakenBody:
        """The body of an acknowledgement."""
        return cls(
            batch=batch,
            number=taken.transaction,
            stored=taken.stored,
            known=taken.known,
            repeated=taken.repeated,
            findings=[FindingBody.of(finding) for finding in taken.findings],
        )


class KeptMeasurementBody(MeasurementForm):
    """A value as the hub keeps it, with the collector that sent it and when the hub learnt it."""

    value_text: str
    collector: str
    registered_at: datetime

    @classmethod
    def of(cls, kept: KeptMeasurement) -> KeptMeasurementBody:
        """The body of a kept value."""
        fields = kept.measurement._asdict()
        moment = fields.pop("moment")
        fields |= {"raw": str(fields["raw"]), "flags": list(fields["flags"])}
        return cls(
            **fields | {"read_at": to_datetime(fields["read_at"])},
            end=None if moment is None else to_datetime(moment),
            value_text=f"{Decimal(f'{kept.measurement.raw}E{kept.measurement.scaler}'):f}",
            collector=kept.collector,
            registered_at=to_datetime(kept.registered_at),
        )


class KeptEventBody(EventForm):
    """An event as the hub keeps it."""

    collector: str
    registered_at: datetime

    @classmethod
    def of(cls, kept: KeptEvent) -> KeptEventBody:
        """The body of a kept event."""
        fields = kept.event._asdict()
        moment = fields.pop("moment")
        return cls(
            **fields | {"read_at": to_datetime(fields["read_at"])},
            at=None if moment is None else to_datetime(moment),
            collector=kept.collector,
            registered_at=to_datetime(kept.registered_at),
        )


class MeasurementPageBody(Body):
    """One window of values; pass `after` to continue, it is empty at the end."""

    readings: list[KeptMeasurementBody]
    after: str = ""

    @classmethod
    def of(cls, page: MeasurementPage) -> MeasurementPageBody:
        """The body of a window."""
        return cls(readings=[KeptMeasurementBody.of(one) for one in page.measurements], after=page.after)


class EventPageBody(Body):
    """One window of events."""

    events: list[KeptEventBody]
    after: str = ""

    @classmethod
    def of(cls, page: EventPage) -> EventPageBody:
        """The body of a window."""
        return cls(events=[KeptEventBody.of(one) for one in page.events], after=page.after)


class MeterPageBody(Body):
    """One window of meters."""

    meters: list[str]
    after: str = ""

    @classmethod
    def of(cls, page: MeterPage) -> MeterPageBody:
        """The body of a window."""
        return cls(meters=list(page.meters), after=page.after)


def _instant(moment: datetime | None) -> int | None:
    return None if moment is None else to_instant(moment)
