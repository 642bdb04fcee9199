"""Times as meters of IEC 62056-21 and P1 write them: digits with a mark of season, or date and time apart.

`1220401010000` is a season mark (0 standard, 1 summer, 2 UTC) and YYMMDDhhmmss; P1 writes the mark behind, as S or W.
Nothing here knows a zone: what instant a time is, `time_offset` says.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from meter_adapters.time_offset import MeterTime

_STAMP = re.compile(r"([012]?)(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?([SW]?)", re.ASCII)
_DATE = re.compile(r"([012]?)(\d{2})(\d{2})(\d{2})", re.ASCII)
_CLOCK = re.compile(r"([012]?)(\d{2})(\d{2})(\d{2})?", re.ASCII)
_SIGNS = str.maketrans("", "", "-:/. ")
_SEASONS: dict[str, tuple[int | None, bool | None]] = {
    "": (None, None),
    "0": (None, False),
    "1": (None, True),
    "2": (0, None),
    "W": (None, False),
    "S": (None, True),
}


def written_time(text: str) -> MeterTime | None:
    """The time of `[z]YYMMDDhhmm[ss][S|W]`, with or without dashes, colons and blanks; None where it is none."""
    match = _STAMP.fullmatch(text.translate(_SIGNS))
    if match is None:
        return None
    mark, year, month, day, hour, minute, second, season = match.groups()
    wall = _wall((year, month, day), (hour, minute, second or "00"))
    if wall is None or (mark and season):
        return None
    deviation, daylight = _SEASONS[mark or season]
    return MeterTime(wall, deviation, daylight, text)


def written_date_and_clock(date: str, clock: str) -> MeterTime | None:
    """The time of a readout that has date (`0.9.2`) and time of day (`0.9.1`) apart; either may carry the season."""
    of_date, of_clock = _DATE.fullmatch(date.translate(_SIGNS)), _CLOCK.fullmatch(clock.translate(_SIGNS))
    if of_date is None or of_clock is None:
        return None
    hour, minute, second = of_clock.groups()[1:]
    wall = _wall((of_date[2], of_date[3], of_date[4]), (hour, minute, second or "00"))
    if wall is None:
        return None
    deviation, daylight = _SEASONS[of_date[1] or of_clock[1]]
    return MeterTime(wall, deviation, daylight, f"{date} {clock}")


def _wall(date: tuple[str, str, str], clock: tuple[str, str, str]) -> datetime | None:
    """What the clock shows; 24:00 is the next day's 00:00. None for a day there is not."""
    year, month, day = (int(part) for part in date)
    hour, minute, second = (int(part) for part in clock)
    midnight = (hour, minute, second) == (24, 0, 0)
    try:
        shown = datetime(2000 + year, month, day, 0 if midnight else hour, minute, second)  # noqa: DTZ001 - a wall clock's time has no zone
        return shown + timedelta(days=1) if midnight else shown
    except (ValueError, OverflowError):
        return None


def asked_time(wall: datetime, season: str) -> str:
    """A time as a reader asks for it: `zYYMMDDhhmmss`."""
    return f"{season}{wall:%y%m%d%H%M%S}"
