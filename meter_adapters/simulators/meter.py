"""A simulated meter: load profile, registers, clock and events, all deterministic from a seed.

The meter knows the truth. A server (IEC 62056-21, DLMS) puts it on a wire, and a test asks the same meter what should
have arrived. Nothing here reads a clock: every question brings its instant.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntFlag, StrEnum
from hashlib import blake2b
from zoneinfo import ZoneInfo

YEAR_2000 = 946_684_800
"""Where a meter's clock begins again when its battery is dead: 2000-01-01T00:00Z."""


class RowStatus(IntFlag):
    """The status octet of a profile row, in the bits of IDIS and DSMR meters."""

    GOOD = 0
    CRITICAL_ERROR = 0x01
    CLOCK_INVALID = 0x02
    NOT_VALID = 0x04
    DAYLIGHT_SAVING = 0x08
    CLOCK_ADJUSTED = 0x20
    RECOVERED = 0x40
    POWER_DOWN = 0x80


class ClockStyle(StrEnum):
    """What the meter's clock shows: UTC, standard time all the year, or the time of the wall clock."""

    UTC = "utc"
    LOCAL_STANDARD = "local-standard"
    LOCAL_DST = "local-dst"


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured quantity of the meter: its register and its column of the load profile.

    Attributes:
        register: the cumulative register (`1-0:1.8.0*255`).
        interval: the code of the energy per interval (`1-0:1.29.0*255`).
        power: the code of the present power (`1-0:1.7.0*255`).
        unit: unit of the register's raw value (`Wh`, `varh`).
        initial: the register's raw value when the meter was started.
        low: least raw energy per interval.
        spread: how many values above `low` occur.
    """

    register: str
    interval: str
    power: str
    unit: str = "Wh"
    initial: int = 0
    low: int = 50
    spread: int = 1_000


IMPORT = Channel("1-0:1.8.0*255", "1-0:1.29.0*255", "1-0:1.7.0*255", "Wh", 61_561_289)
EXPORT = Channel("1-0:2.8.0*255", "1-0:2.29.0*255", "1-0:2.7.0*255", "Wh", 10_490, 0, 300)


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The meter's clock is set: from `at` (true instant) on it shows `seconds` more than the moment before.

    `invalid` marks what follows as unsynchronised, as after a dead battery.
    """

    at: int
    seconds: int
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Outage:
    """The meter is without voltage in [start, end): it closes no interval and counts nothing."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SimulatedRow:
    """One row of the load profile, as the meter keeps it.

    Attributes:
        end: the true instant of the interval's end.
        meter_end: the instant the meter's clock showed then.
        period: the profile's period in seconds (the row after a clock step may have covered less or more).
        status: the status octet, without the daylight saving bit (see `SimulatedMeter.status_at`).
        values: energy of the interval per channel, raw.
        totals: the registers per channel at `end`, raw.
    """

    end: int
    meter_end: int
    period: int
    status: RowStatus
    values: tuple[int, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SimulatedEvent:
    """One entry of the meter's log: true instant, the instant its clock showed, code, sentence."""

    at: int
    meter_at: int
    code: int
    text: str


POWER_DOWN, POWER_UP, CLOCK_SET, BATTERY_DEAD = 1, 2, 5, 7
"""Codes of the standard event log (as IDIS lists them: 1 power down, 2 power up, 5 clock adjusted, 7 battery)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the meter says it is: serial number, three-letter manufacturer, model and logical device name."""

    serial: str = "10067967"
    manufacturer: str = "GPS"
    model: str = "SIM1"

    @property
    def logical_name(self) -> str:
        """The COSEM logical device name: manufacturer and serial, 16 octets at most."""
        return f"{self.manufacturer}{self.serial:0>13}"[:16]


@dataclass(slots=True)
class SimulatedMeter:
    """A meter that was started at an instant and measures for ever after.

    Values are whole raw units (Wh). The same seed gives the same rows on every machine. Intervals are half-open
    [end - period, end); a row is asked for by its end, `since < end <= until`.

    Attributes:
        started: the true instant of the first interval's start, on a whole period.
        seed: what the values are drawn from.
        identity: who the meter says it is.
        period: seconds per interval.
        channels: the measured quantities, in the order of the profile's columns.
        style: what the clock shows; `zone` is the zone it stands in.
        steps: when the clock was set, in order of time.
        outages: when the voltage was gone, in order of time.
        drift: seconds a day the clock gains.
        digits: raw registers begin again at 10 ** digits.
        depth: how many rows the meter keeps; older ones are lost.
    """

    started: int
    seed: int = 0
    identity: Identity = field(default_factory=Identity)
    period: int = 900
    channels: tuple[Channel, ...] = (IMPORT, EXPORT)
    style: ClockStyle = ClockStyle.LOCAL_DST
    zone: str = "Europe/Copenhagen"
    steps: tuple[ClockStep, ...] = ()
    outages: tuple[Outage, ...] = ()
    drift: float = 0.0
    digits: int = 11
    depth: int = 200 * 96
    _rows: list[SimulatedRow] = field(default_factory=list, init=False, repr=False)
    _walk: Iterator[SimulatedRow] | None = field(default=None, init=False, repr=False)
    _ahead: SimulatedRow | None = field(default=None, init=False, repr=False)

    # The clock

    def offset(self, instant: float) -> int:
        """How many seconds the meter's clock is ahead of the truth at an instant."""
        gained = sum(step.seconds for step in self.steps if step.at <= instant)
        return gained + round((instant - self.started) / 86_400 * self.drift)

    def meter_time(self, instant: float) -> int:
        """The instant the meter's clock shows."""
        return int(instant) + self.offset(instant)

    def clock_valid(self, instant: float) -> bool:
        """Whether the meter trusts its clock: not since a step that marked it invalid."""
        past = [step for step in self.steps if step.at <= instant]
        return not past or not past[-1].invalid

    def local(self, meter_instant: int) -> tuple[datetime, int, bool]:
        """What the display shows for an instant of the meter's clock: naive time, offset in minutes, summer time."""
        moment = datetime.fromtimestamp(meter_instant, UTC)
        if self.style is ClockStyle.UTC:
            return moment.replace(tzinfo=None), 0, False
        zoned = moment.astimezone(ZoneInfo(self.zone))
        summer = zoned.dst() or timedelta()
        whole = zoned.utcoffset() or timedelta()
        if self.style is ClockStyle.LOCAL_STANDARD:
            whole, summer = whole - summer, timedelta()
        shown = (moment + whole).replace(tzinfo=None)
        return shown, int(whole.total_seconds()) // 60, bool(summer)

    def status_at(self, row: SimulatedRow) -> RowStatus:
        """The row's status octet with the daylight saving bit as the clock's style has it."""
        summer = self.local(row.meter_end)[2]
        return row.status | (RowStatus.DAYLIGHT_SAVING if summer else RowStatus.GOOD)

    def set_clock(self, at: int, shown: int) -> None:
        """Set the meter's clock at an instant, so that it shows another one from then on."""
        self._known(at)
        self.steps = (*self.steps, ClockStep(at, shown - self.meter_time(at)))
        self._walk = self._ahead = None

    # The load profile

    def rows(self, since: int, until: int, now: float) -> list[SimulatedRow]:
        """The rows the meter still keeps at `now` whose true end lies in (since, until]."""
        known = self._known(now)
        kept = known[max(0, len(known) - self.depth) :]
        return [row for row in kept if since < row.end <= until]

    def rows_by_meter_time(self, since: int, until: int, now: float) -> list[SimulatedRow]:
        """The rows a reader gets who asks by the meter's own clock: meter_end in [since, until], oldest first."""
        known = self._known(now)
        return [row for row in known[max(0, len(known) - self.depth) :] if since <= row.meter_end <= until]

    def _known(self, now: float) -> list[SimulatedRow]:
        """All rows closed until `now`, measured at most once."""
        if self._walk is None:
            last = self._rows[-1] if self._rows else None
            self._walk = self._measure(last.end, last.totals) if last else self._measure(self.started, self._initial())
        self._ahead = self._ahead or next(self._walk)
        while self._ahead.end <= now:
            self._rows.append(self._ahead)
            self._ahead = next(self._walk)
        if self._rows and self._rows[-1].end > now:
            return self._rows[: bisect_right(self._rows, now, key=lambda row: row.end)]
        return self._rows

    def _initial(self) -> tuple[int, ...]:
        return tuple(channel.initial for channel in self.channels)

    def _measure(self, start: int, totals: tuple[int, ...]) -> Iterator[SimulatedRow]:
        """Walk from one boundary of the meter's clock to the next, without end."""
        while True:
            end, status = self._next_end(start)
            values = self._energy(start, end)
            totals = tuple((old + new) % 10**self.digits for old, new in zip(totals, values, strict=True))
            yield SimulatedRow(end, self._boundary(end), self.period, status, values, totals)
            start = end

    def _next_end(self, start: int) -> tuple[int, RowStatus]:
        """The true instant of the next boundary after `start`, and what happened until then."""
        status = RowStatus.GOOD
        end = self._boundary_after(start)
        for step in self.steps:
            if start <= step.at < end:
                status |= RowStatus.CLOCK_ADJUSTED
                end = self._boundary_after(step.at)
        for outage in self.outages:
            if outage.start < end and outage.end > start:
                status |= RowStatus.POWER_DOWN
                end = max(end, self._boundary_after(outage.end))
        return end, status if self.clock_valid(end) else status | RowStatus.CLOCK_INVALID

    def _boundary_after(self, instant: int) -> int:
        """The first true instant after `instant` at which the meter's clock shows a whole period."""
        return instant + self.period - self.meter_time(instant) % self.period

    def _boundary(self, end: int) -> int:
        """The whole period the clock shows at a boundary, before it is set then; drift is less than half a period."""
        return (end + self.offset(end - 1) + self.period // 2) // self.period * self.period

    def _energy(self, start: int, end: int) -> tuple[int, ...]:
        """The energy of a stretch per channel: drawn for a whole period, in proportion for another length."""
        powered = end - start - sum(max(0, min(end, o.end) - max(start, o.start)) for o in self.outages)
        return tuple(self._draw(start, place) * powered // self.period for place in range(len(self.channels)))

    def _draw(self, start: int, place: int) -> int:
        channel = self.channels[place]
        text = f"{self.seed}/{self.identity.serial}/{channel.register}/{start}".encode()
        return channel.low + int.from_bytes(blake2b(text, digest_size=4).digest(), "big") % max(1, channel.spread)

    # Registers

    def totals(self, now: float) -> tuple[int, ...]:
        """The cumulative registers at an instant, raw, one per channel."""
        known = self._known(now)
        start = known[-1].end if known else self.started
        base = known[-1].totals if known else self._initial()
        begun = self._energy(start, max(start, int(now)))
        return tuple((old + new) % 10**self.digits for old, new in zip(base, begun, strict=True))

    def powers(self, now: float) -> tuple[int, ...]:
        """The present power per channel in W or var: the running interval's energy over its period."""
        known = self._known(now)
        start = known[-1].end if known else self.started
        return tuple(self._draw(start, place) * 3_600 // self.period for place in range(len(self.channels)))

    # Events

    def events(self, since: int, until: int) -> list[SimulatedEvent]:
        """The log's entries with true instant in (since, until], in the order they happened."""
        happened = [(outage.start, POWER_DOWN, "power down") for outage in self.outages]
        happened += [(outage.end, POWER_UP, "power up") for outage in self.outages]
        happened += [
            (step.at, BATTERY_DEAD if step.invalid else CLOCK_SET, "battery dead" if step.invalid else "clock set")
            for step in self.steps
        ]
        return [
            SimulatedEvent(at, self.meter_time(at), code, text)
            for at, code, text in sorted(happened)
            if since < at <= until
        ]


def battery_dead(at: int) -> ClockStep:
    """The step of a meter whose battery fails at an instant: its clock begins at the year 2000 again."""
    return ClockStep(at, YEAR_2000 - at, invalid=True)
