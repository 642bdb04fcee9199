"""The 12 octets of a COSEM date-time: what the meter's clock shows, its deviation from UTC and its status.

The deviation is in minutes to ADD to local time to get UTC (+01:00 is FFC4h); 8000h and FFh mean "not specified". What
instant a time is, the meter profile's offset rule decides, not this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from meter_adapters.dlms.fault import Fault
from meter_adapters.time_offset import MeterTime

NO_DEVIATION = -0x8000
NOT_SPECIFIED = 0xFF

CLOCK_INVALID, CLOCK_DOUBTFUL, OTHER_BASE, STATUS_INVALID, DAYLIGHT = 0x01, 0x02, 0x04, 0x08, 0x80


@dataclass(frozen=True, slots=True)
class CosemTime:
    """A date-time as the meter wrote it.

    Attributes:
        wall: date and time of its clock, whole seconds.
        deviation: minutes to add to get UTC; None where not specified.
        status: the status octet; None where not specified.
        raw: the octets.
    """

    wall: datetime
    deviation: int | None
    status: int | None
    raw: bytes

    @property
    def is_daylight(self) -> bool | None:
        """Whether daylight saving time is marked; None where the status says nothing.

        A time without deviation comes from meters that do not keep this bit either: only a set bit counts then.
        """
        if self.status is None or self.status & STATUS_INVALID:
            return None
        if self.status & DAYLIGHT:
            return True
        return None if self.deviation is None else False

    @property
    def is_invalid(self) -> bool:
        """Whether the meter itself does not believe in this time."""
        return bool(self.status is not None and self.status & (CLOCK_INVALID | STATUS_INVALID))

    @property
    def meter_time(self) -> MeterTime:
        """What the offset rule wants to know."""
        return MeterTime(self.wall, self.deviation, self.is_daylight, self.raw.hex().upper())

    def __str__(self) -> str:
        return f"{self.wall:%Y-%m-%d %H:%M:%S}"


def parse_time(octets: bytes) -> CosemTime | Fault:
    """The date-time of 12 octets. A date with parts that are not specified is no instant and is refused."""
    if len(octets) != 12:
        return Fault("time-length", f"a date-time of {len(octets)} octets")
    year, month, day = int.from_bytes(octets[:2], "big"), octets[2], octets[3]
    hour, minute = octets[5], octets[6]
    second = 0 if octets[7] == NOT_SPECIFIED else octets[7]
    deviation = int.from_bytes(octets[9:11], "big", signed=True)
    try:
        wall = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - a wall clock has no zone
    except ValueError:
        return Fault("time-value", f"{octets.hex()} is no date and time")
    status = None if octets[11] == NOT_SPECIFIED else octets[11]
    return CosemTime(wall, None if deviation == NO_DEVIATION else deviation, status, octets)


def time_octets(wall: datetime, deviation: int | None = None, status: int | None = None) -> bytes:
    """The 12 octets of a date-time."""
    date = wall.year.to_bytes(2, "big") + bytes([wall.month, wall.day, wall.isoweekday()])
    time = bytes([wall.hour, wall.minute, wall.second, 0])
    offset = (NO_DEVIATION if deviation is None else deviation).to_bytes(2, "big", signed=True)
    return date + time + offset + bytes([NOT_SPECIFIED if status is None else status])


def looks_like_time(octets: bytes) -> bool:
    """Whether 12 octets are a date-time rather than an id: each part within its bounds."""
    if len(octets) != 12:
        return False
    found = parse_time(octets)
    return (
        isinstance(found, CosemTime)
        and 1990 <= found.wall.year <= 2100
        and (octets[4] <= 7 or octets[4] == NOT_SPECIFIED)
        and (found.deviation is None or abs(found.deviation) <= 720)
    )
