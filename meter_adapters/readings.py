"""What a meter says, exactly: readings, rows of load profiles, events, clocks, and refusals of what cannot be trusted.

A value is a raw integer times a power of ten in a unit without prefix; no float carries it. Every value tells from
which meter, of which time and by which rule, under which status, and how it was protected on the way. Instants are
epoch seconds UTC; an interval is named by its END, as meters do, and covers [end - period, end).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from meter_adapters.obis import Obis
from meter_adapters.time_offset import OffsetSource


class Protection(StrEnum):
    """What proved that a value arrived as the meter sent it."""

    BCC = "bcc"
    """Block check character: one octet of XOR."""
    CRC = "crc"
    """A cyclic check: HDLC, SML, P1."""
    GCM = "gcm"
    """An authentication tag under a key."""
    NONE = "none"


class Flag(StrEnum):
    """What makes a value doubtful, or was remarkable about it."""

    CRITICAL_ERROR = "critical-error"
    DATA_INVALID = "data-invalid"
    CLOCK_INVALID = "clock-invalid"
    NO_OFFSET = "no-offset"
    """Nothing says what instant its time is."""
    CLOCK_FAR_OFF = "clock-far-off"
    """The meter's clock was more than a minute from the collector's."""
    IMPLAUSIBLE = "implausible"
    """More than the meter can measure, all ones, or a counter that ran backwards."""
    CLOCK_DOUBTFUL = "clock-doubtful"
    CLOCK_ADJUSTED = "clock-adjusted"
    CLOCK_RESERVE = "clock-reserve"
    POWER_DOWN = "power-down"
    POWER_UP = "power-up"
    RECOVERED = "recovered"
    BILLING_RESET = "billing-reset"
    DISTURBED = "disturbed"
    DAYLIGHT = "daylight"
    UNPROTECTED = "unprotected"
    """The block came without any check."""
    HOST_CLOCK_UNSYNCHRONISED = "host-clock-unsynchronised"
    """The collector's clock was not held by a time server."""


NOT_BILLABLE = frozenset(
    {
        Flag.CRITICAL_ERROR,
        Flag.DATA_INVALID,
        Flag.CLOCK_INVALID,
        Flag.NO_OFFSET,
        Flag.CLOCK_FAR_OFF,
        Flag.IMPLAUSIBLE,
    }
)
"""Flags that keep a value out of the series that are billed; it is kept and forwarded with its flags all the same."""


class RefusalReason(StrEnum):
    """Why something a meter said, or did not say, was refused."""

    NO_ANSWER = "no-answer"
    LINK_LOST = "link-lost"
    BUSY = "busy"
    CHECK_FAILED = "check-failed"
    """BCC, FCS, CRC or length."""
    TAG_WRONG = "tag-wrong"
    COUNTER_REPLAYED = "counter-replayed"
    NO_KEY = "no-key"
    PASSWORD_WRONG = "password-wrong"  # noqa: S105 - a reason's name
    LOCKED_OUT = "locked-out"
    """We stopped by ourselves, before the meter locks."""
    NOT_UNDERSTOOD = "not-understood"
    """Well framed, and not in the form the protocol has."""
    COLUMNS_CHANGED = "columns-changed"
    METER_CHANGED = "meter-changed"
    """Another meter answers than the one that is expected."""
    IMPLAUSIBLE = "implausible"
    NOT_SUPPORTED = "not-supported"
    METER_ERROR = "meter-error"
    """The meter answered with an error of its own."""
    HUB_REFUSED = "hub-refused"
    """The exchange did not take it."""


LINK_FAULTS = frozenset({RefusalReason.NO_ANSWER, RefusalReason.LINK_LOST, RefusalReason.BUSY})
"""Reasons that say nothing about the data: asked again after a while."""


@dataclass(frozen=True, slots=True)
class MeterId:
    """Which meter it is.

    Attributes:
        logical_name: the logical device name (DLMS) or the identification without speed (IEC 62056-21).
        serial: serial number as the meter states it; empty where it states none.
        manufacturer: three letters (`LGZ`, `KAM`).
        model: type or firmware as far as stated.
        address: how it is reached on its bus (device address, HDLC server address).
    """

    logical_name: str
    serial: str = ""
    manufacturer: str = ""
    model: str = ""
    address: str = ""

    @property
    def name(self) -> str:
        """The name under which its readings are kept: manufacturer and serial where known, else the logical name."""
        return f"{self.manufacturer}-{self.serial}" if self.manufacturer and self.serial else self.logical_name


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something a meter said that was not taken, or that it did not answer; a value, not an exception.

    Attributes:
        meter: the meter's name or address as far as known.
        at: instant of the refusal; None in a core that has no clock.
        reason: why, for programs.
        text: why, for people: which block, what was expected, what came. Never key material.
    """

    meter: str
    at: int | None
    reason: RefusalReason
    text: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one meter: a register, a cell of a load profile, or a parameter that is text.

    Attributes:
        meter: whose.
        obis: of what.
        raw: the integer of the wire, sign included; 0 where the value is `text`.
        scaler: power of ten `raw` is multiplied with to get `unit`.
        unit: unit without prefix (`Wh`, `W`, `V`), empty where it has none.
        ts_end: the instant it holds for, or the end of its interval; None where no offset is known.
        period: seconds of the interval; None for a value of an instant.
        meter_time_raw: the time as the meter wrote it, empty where it stated none.
        offset_source: what made the instant of it.
        status_raw: the status word as sent; None where there is none.
        flags: what the status and our checks say of it.
        protection: what proved the transfer.
        text: the value of a parameter that is no number.
        source_id: the id as the meter wrote it, where it differs from the OBIS code.
    """

    meter: MeterId
    obis: Obis
    raw: int
    scaler: int = 0
    unit: str = ""
    ts_end: int | None = None
    period: int | None = None
    meter_time_raw: str = ""
    offset_source: OffsetSource = OffsetSource.UNKNOWN
    status_raw: int | None = None
    flags: frozenset[Flag] = frozenset()
    protection: Protection = Protection.NONE
    text: str = ""
    source_id: str = ""

    @property
    def value(self) -> Decimal:
        """The value in `unit`, exact."""
        return Decimal(f"{self.raw}E{self.scaler}")  # `scaleb` would round to the context's digits

    @property
    def is_billable(self) -> bool:
        """Whether it may enter a series that is billed."""
        return self.ts_end is not None and not self.flags & NOT_BILLABLE


@dataclass(frozen=True, slots=True)
class ProfileColumn:
    """What a column of a load profile holds; the order of the columns is that of the rows' values."""

    obis: Obis
    scaler: int = 0
    unit: str = ""


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One row of a load profile: the interval [end - period, end).

    Attributes:
        end: instant of the interval's end; None where no offset is known.
        values: one raw integer for each column of the block, None where the meter gave none.
        meter_time_raw, offset_source, status_raw, flags: as in `Reading`.
    """

    end: int | None
    values: tuple[int | None, ...]
    meter_time_raw: str = ""
    offset_source: OffsetSource = OffsetSource.UNKNOWN
    status_raw: int | None = None
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class ProfileBlock:
    """Whole rows of one load profile that were checked together.

    Attributes:
        meter: whose.
        profile: OBIS code of the profile.
        period: seconds between its rows.
        columns: what the rows' values are.
        rows: in the order of the meter.
        protection: what proved the block.
    """

    meter: MeterId
    profile: Obis
    period: int
    columns: tuple[ProfileColumn, ...]
    rows: tuple[IntervalRow, ...]
    protection: Protection = Protection.NONE

    def readings(self) -> list[Reading]:
        """Every value of the block on its own."""
        return [
            Reading(
                self.meter,
                column.obis,
                raw,
                column.scaler,
                column.unit,
                row.end,
                self.period,
                row.meter_time_raw,
                row.offset_source,
                row.status_raw,
                row.flags,
                self.protection,
            )
            for row in self.rows
            for column, raw in zip(self.columns, row.values, strict=True)
            if raw is not None
        ]


@dataclass(frozen=True, slots=True)
class MeterEvent:
    """An entry of a meter's event log: outage, clock set, cover opened.

    Attributes:
        log: OBIS code of the log.
        code: the event's number, or the status word of the entry.
        text: what the entry says beside its number.
        ts: instant, None where no offset is known. Logs need not be in order of time.
    """

    meter: MeterId
    log: Obis
    code: int
    text: str = ""
    ts: int | None = None
    meter_time_raw: str = ""
    offset_source: OffsetSource = OffsetSource.UNKNOWN
    protection: Protection = Protection.NONE


@dataclass(frozen=True, slots=True)
class MeterClock:
    """A meter's clock, read once: its time, the collector's, and how long asking took.

    Attributes:
        meter_time: instant the meter stated; None where it has none that can be believed.
        host_time: the collector's instant when the answer was complete, with fraction.
        round_trip: seconds between question and answer.
    """

    meter: MeterId
    meter_time: int | None
    host_time: float
    round_trip: float
    meter_time_raw: str = ""
    offset_source: OffsetSource = OffsetSource.UNKNOWN
    status_raw: int | None = None

    @property
    def deviation(self) -> float | None:
        """Seconds the meter is ahead of the collector, half the round trip taken off."""
        return None if self.meter_time is None else self.meter_time - (self.host_time - self.round_trip / 2)


@dataclass(frozen=True, slots=True)
class CaptureCheck:
    """One check of a capture: `bcc`, `fcs frame 2`, `gcm tag`; what it says in words."""

    name: str
    holds: bool
    text: str = ""


@dataclass(frozen=True, slots=True)
class Capture:
    """What a captured stream of octets turned out to be.

    Attributes:
        kind: `iec62056-21 readout`, `iec62056-21 profile`, `p1`, `hdlc push`, `m-bus push`, `raw apdu`, `sml`.
        checks: every check made; a capture that carries none has none.
        readings: what was read of blocks whose checks hold.
        events: entries of a log, where it is one.
        refusals: blocks that were not taken.
        notes: what else a person wants to know (identification, list id, meter).
    """

    kind: str
    checks: tuple[CaptureCheck, ...] = ()
    readings: tuple[Reading, ...] = ()
    events: tuple[MeterEvent, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Whether every check holds and nothing was refused."""
        return all(check.holds for check in self.checks) and not self.refusals


@dataclass(frozen=True, slots=True)
class CaptureKeys:
    """Keys a ciphered capture may need: 16 or 32 octets each; never printed."""

    encryption: bytes | None = None
    authentication: bytes | None = None

    def __repr__(self) -> str:
        return "CaptureKeys(…)"
