"""What the hub offers collectors: taking batches of what they read from meters, and giving it back to their party.

Values are exact: a raw integer times a power of ten in a unit. A party sees what its own collectors sent, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from gateway.hub.ports import Page, Principal, Refused
from gateway.messages.findings import Finding


class Measurement(NamedTuple):
    """One value of a meter: a register, an operating value, or a cell of a load profile.

    Attributes:
        meter: name of the meter.
        source: OBIS code of the profile it is out of; empty for a register.
        obis: of what.
        period: seconds of its interval [moment - period, moment); None for a value of an instant.
        moment: its instant or its interval's end; None where the meter's time has no known offset.
        epoch: which of the meter's clocks it is of: one more since each time the clock was set.
        revision: 0, and one more for each later value of the same key.
        raw, scaler, unit: the value is raw * 10^scaler in unit.
        text: the value of a parameter that is no number.
        status: the meter's status word.
        flags: what it and the collector's checks say, in words.
        meter_time, offset_source, protection, read_at: evidence: time as written, what made an instant of it, how the
            transfer was protected, when it was read.
    """

    meter: str
    source: str
    obis: str
    period: int | None
    moment: int | None
    epoch: int
    revision: int
    raw: int
    scaler: int
    unit: str
    text: str
    status: int | None
    flags: tuple[str, ...]
    meter_time: str
    offset_source: str
    protection: str
    read_at: int


class MeasurementEvent(NamedTuple):
    """An entry of a meter's event log; `moment` None where its time has no known offset."""

    meter: str
    log: str
    code: int
    text: str
    moment: int | None
    meter_time: str
    offset_source: str
    protection: str
    read_at: int


@dataclass(frozen=True, slots=True)
class MeasurementBatch:
    """What a collector sends at once; the same batch id means the same content, for ever."""

    collector: str
    batch: str
    measurements: tuple[Measurement, ...] = ()
    events: tuple[MeasurementEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchTaken:
    """What became of a batch, once it is durable; the findings name the rows that were not stored.

    Attributes:
        transaction: the hub's number of it.
        stored: rows that were new.
        known: rows that were there before, word for word.
        repeated: whether the batch itself had come before; the rest is then the answer of that time.
    """

    transaction: int
    stored: int
    known: int
    findings: tuple[Finding, ...] = ()
    repeated: bool = False


class KeptMeasurement(NamedTuple):
    """A value as the hub keeps it: with the collector that sent it, and when the hub learnt it."""

    measurement: Measurement
    collector: str
    registered_at: int


class KeptEvent(NamedTuple):
    """An event as the hub keeps it."""

    event: MeasurementEvent
    collector: str
    registered_at: int


@dataclass(frozen=True, slots=True)
class MeasurementQuery:
    """Which values: of one meter, in [start, end) of their moments; `obis` empty is every quantity.

    Values without an instant are found where neither bound is given.
    """

    meter: str
    obis: str = ""
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class MeasurementPage:
    """One window of values by channel and time; `after` continues behind it and is empty at the end."""

    measurements: tuple[KeptMeasurement, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class EventPage:
    """One window of events by time."""

    events: tuple[KeptEvent, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class MeterPage:
    """One window of meter names in order."""

    meters: tuple[str, ...]
    after: str = ""


class MeasurementExchange(Protocol):
    """The measurements of a hub."""

    async def take(self, sender: Principal, batch: MeasurementBatch, sha256: bytes) -> BatchTaken | Refused:
        """Take a batch; when this returns, it is durable. `sha256` is that of its bytes as they came.

        Refused: `batch-id-used` for the id of a batch of other content, `no-measurements`, `too-many-rows`.
        """
        ...

    async def values(self, reader: Principal, query: MeasurementQuery, page: Page) -> MeasurementPage | Refused | None:
        """Values of a meter of the reader's party; None where it has no such meter. Refused: `bad-cursor`."""
        ...

    async def events(self, reader: Principal, query: MeasurementQuery, page: Page) -> EventPage | Refused | None:
        """Events of a meter of the reader's party; the OBIS code is that of the log."""
        ...

    async def meters(self, reader: Principal, page: Page) -> MeterPage:
        """The meters of the reader's party."""
        ...
