"""What a simulated meter of IEC 62056-21 writes: readouts, load profiles, logs, telegrams, single registers.

Written from the standard's texts and from captures of real meters, and on nothing of the reading side, so that neither
proves the other by its own mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from meter_adapters.simulators.meter import Channel, ClockStyle, RowStatus, SimulatedMeter, SimulatedRow

LINE_END = "\r\n"
_STATUS = {
    RowStatus.POWER_DOWN: 0x80,
    RowStatus.CLOCK_ADJUSTED: 0x20,
    RowStatus.DAYLIGHT_SAVING: 0x08,
    RowStatus.NOT_VALID: 0x04,
    RowStatus.CLOCK_INVALID: 0x04,
    RowStatus.CRITICAL_ERROR: 0x01,
}
"""The status octet of P.01, from the neutral bits."""
_SPAN = re.compile(r"([012]?)(\d{10}|\d{12})?;([012]?)(\d{10}|\d{12})?(?:;(\d+))?")
_FAR = 4_102_444_800
"""2100-01-01: the end of a span that names none."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a reader asks a profile for: bounds by the meter's clock, inclusive, and rows per partial block."""

    since: int
    until: int
    rows_per_block: int = 0


@dataclass(slots=True)
class MeterTexts:
    """The texts of one simulated meter.

    Attributes:
        meter: the meter and its truth.
        marks_season: whether times carry the season mark (0 standard, 1 summer, 2 UTC).
        average_power: whether the profile shows average power in kW rather than energy in kWh.
        full_ids: whether readouts write `1-0:1.8.0*255` rather than `1.8.0`.
        wide_status: whether the status has 8 digits.
    """

    meter: SimulatedMeter
    marks_season: bool = True
    average_power: bool = False
    full_ids: bool = False
    wide_status: bool = False

    # Times

    def time(self, meter_instant: int) -> str:
        """A time as the meter writes it: `zYYMMDDhhmmss`."""
        shown, _, summer = self.meter.local(meter_instant)
        mark = ("2" if self.meter.style is ClockStyle.UTC else str(int(summer))) if self.marks_season else ""
        return f"{mark}{shown:%y%m%d%H%M%S}"

    def span(self, text: str) -> Span | None:
        """The span of a question's brackets; None where they are no span."""
        match = _SPAN.fullmatch(text)
        if match is None:
            return None
        since = self._instant(match[1], match[2]) if match[2] else 0
        until = self._instant(match[3], match[4]) if match[4] else _FAR
        return None if since is None or until is None else Span(since, until, int(match[5] or 0))

    def _instant(self, mark: str, digits: str) -> int | None:
        """The instant of a bound, by its mark or else as civil time of the meter's zone."""
        try:
            wall = datetime.strptime(digits.ljust(12, "0"), "%y%m%d%H%M%S")  # noqa: DTZ007 - the mark says the zone
        except ValueError:
            return None
        if mark == "2" or (not mark and self.meter.style is ClockStyle.UTC):
            return int(wall.replace(tzinfo=UTC).timestamp())
        zone = ZoneInfo(self.meter.zone)
        civil = wall.replace(tzinfo=zone)
        if not mark and self.meter.style is ClockStyle.LOCAL_DST:
            return int(civil.timestamp())
        standard = (civil.utcoffset() or timedelta()) - (civil.dst() or timedelta())
        summer = timedelta(hours=1) if mark == "1" else timedelta()
        return int((wall - standard - summer).replace(tzinfo=UTC).timestamp())

    # Registers

    def readout(self, now: float) -> str:
        """The data of a readout, `!` included."""
        lines = [f"{self._id(name)}({value})" for name, value in self.registers(now).items()]
        return LINE_END.join([*lines, "!", ""])

    def registers(self, now: float) -> dict[str, str]:
        """All registers by their reduced id."""
        meter = self.meter
        shown, _, summer = meter.local(meter.meter_time(now))
        mark = ("2" if meter.style is ClockStyle.UTC else str(int(summer))) if self.marks_season else ""
        values = {
            "F.F": "00",
            "C.1.0": meter.identity.serial,
            "0.9.1": f"{shown:%H%M%S}",
            "0.9.2": f"{mark}{shown:%y%m%d}",
        }
        for channel, total, power in zip(meter.channels, meter.totals(now), meter.powers(now), strict=True):
            values[reduced(channel.register)] = f"{thousandths(total, 6)}*k{channel.unit}"
            values[reduced(channel.power)] = f"{thousandths(power, 3)}*k{channel.unit.removesuffix('h')}"
        return values

    def _id(self, name: str) -> str:
        return f"1-0:{name}*255" if self.full_ids and name[0].isdigit() else name

    # Profiles and logs

    def profile(self, span: Span, now: float) -> list[str]:
        """The lines of a load profile: a header wherever the time base or the status begins anew, and rows."""
        lines: list[str] = []
        before: SimulatedRow | None = None
        for row in self.meter.rows_by_meter_time(span.since, span.until, now):
            if before is None or self._begins_anew(before, row):
                lines.append(self._header(row))
            lines.append("".join(f"({self._cell(value)})" for value in row.values))
            before = row
        return lines

    def _begins_anew(self, before: SimulatedRow, row: SimulatedRow) -> bool:
        meter = self.meter
        return row.meter_end != before.meter_end + row.period or meter.status_at(row) != meter.status_at(before)

    def _header(self, row: SimulatedRow) -> str:
        status = self.meter.status_at(row)
        written = sum({mask for bit, mask in _STATUS.items() if status & bit})
        columns = "".join(f"({self._column(channel)})" for channel in self.meter.channels)
        digits = 8 if self.wide_status else 2
        head = f"({self.time(row.meter_end)})({written:0{digits}X})({row.period // 60})({len(self.meter.channels)})"
        return f"P.01{head}{columns}"

    def _column(self, channel: Channel) -> str:
        if self.average_power:
            return f"{channel.interval.replace('.29.', '.5.').removesuffix('*255')})(k{channel.unit.removesuffix('h')}"
        return f"{channel.interval.removesuffix('*255')})(k{channel.unit}"

    def _cell(self, value: int) -> str:
        if not self.average_power:
            return thousandths(value, 1)
        return thousandths(value * 3_600 // self.meter.period, 1)

    def log(self, span: Span, now: float) -> list[str]:
        """The lines of the event log within a span by the meter's clock."""
        return [
            f"P.98({self.time(event.meter_at)})(00)()(2)(0-0:C.11.0)()(0-0:C.11.10)()({event.code})(0)"
            for event in self.meter.events(0, int(now))
            if span.since <= event.meter_at <= span.until
        ]

    # Telegrams

    def telegram(self, ident: str, now: float) -> bytes:
        """A P1 telegram with its CRC."""
        meter = self.meter
        shown, _, summer = meter.local(meter.meter_time(now))
        lines = [
            f"/{ident}",
            "",
            "1-3:0.2.8(50)",
            f"0-0:1.0.0({shown:%y%m%d%H%M%S}{'S' if summer else 'W'})",
            f"0-0:96.1.1({meter.identity.serial.encode().hex().upper()})",
        ]
        for channel, total, power in zip(meter.channels, meter.totals(now), meter.powers(now), strict=True):
            lines.append(f"1-0:{reduced(channel.register)}({thousandths(total, 6)}*k{channel.unit})")
            lines.append(f"1-0:{reduced(channel.power)}({thousandths(power, 2)}*k{channel.unit.removesuffix('h')})")
        octets = (LINE_END.join(lines) + LINE_END + "!").encode()
        return octets + f"{_crc(octets):04X}{LINE_END}".encode()


def reduced(code: str) -> str:
    """`1.8.0` of `1-0:1.8.0*255`."""
    return code.partition(":")[2].partition("*")[0]


def thousandths(raw: int, whole_digits: int) -> str:
    """A raw integer as thousandths with leading zeros: 61561289 is `061561.289`."""
    return f"{raw // 1000:0{whole_digits}d}.{raw % 1000:03d}"


def _crc(octets: bytes) -> int:
    """CRC-16 with x^16 + x^15 + x^2 + 1, least bit first."""
    value = 0
    for octet in octets:
        for bit in range(8):
            turned = (value ^ octet >> bit) & 1
            value = value >> 1 ^ (0xA001 if turned else 0)
    return value
