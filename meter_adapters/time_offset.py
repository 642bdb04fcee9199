"""What instant a meter's time is: the rule by which its offset to UTC is found.

A meter states wall-clock time. Its offset comes, in this order, from

1. the deviation written with the time, or its own mark of UTC;
2. the daylight saving mark of the time or of the profile's status;
3. the meter profile's setting: `utc`, `local-standard` or `local-dst`;

and where none says it, the time has no instant: what it belongs to is kept and not billed. Under `local-dst` without
any mark the two passes of the autumn hour look alike; such a time is told apart only by being the next step of a
series. Deviations are in minutes to ADD to local time to get UTC, as COSEM has them (+01:00 is -60).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from gateway.messages.times import to_instant

FIRST_YEAR = 2001
"""A meter that believes in an earlier year has lost its clock (battery dead: 2000, 1970)."""
LAST_YEAR = 2099
MOST_DEVIATION = 720


class OffsetStyle(StrEnum):
    """How a meter that marks nothing keeps its time: a setting of its profile."""

    UTC = "utc"
    LOCAL_STANDARD = "local-standard"
    """Standard time all year."""
    LOCAL_DST = "local-dst"
    """Civil time, over the clock changes."""


class OffsetSource(StrEnum):
    """What said the offset of a time."""

    DEVIATION = "deviation"
    """Written with the time, UTC included."""
    DAYLIGHT_MARK = "daylight-mark"
    """A mark of the time or a bit of the status."""
    PROFILE_SETTING = "profile-setting"
    SEQUENCE = "sequence"
    """Of two possible instants the one that follows the row before."""
    HOST = "host"
    """The meter states no time; it is the collector's."""
    UNKNOWN = "unknown"
    """Nothing said it: the time is not billable."""


@dataclass(frozen=True, slots=True)
class MeterTime:
    """A time as a meter states it.

    Attributes:
        wall: what the meter's clock shows, without a zone.
        deviation: minutes to add to get UTC; None where not specified. UTC itself is 0.
        daylight: whether daylight saving time is marked; None where nothing is marked.
        raw: the time as written on the wire (digits, or octets as hex).
    """

    wall: datetime
    deviation: int | None = None
    daylight: bool | None = None
    raw: str = ""


@dataclass(frozen=True, slots=True)
class PlacedTime:
    """The instant of a meter's time, None where it has none, and what said its offset."""

    instant: int | None
    source: OffsetSource


NOT_PLACED = PlacedTime(None, OffsetSource.UNKNOWN)


@dataclass(frozen=True, slots=True)
class OffsetRule:
    """How the times of one meter become instants.

    Attributes:
        zone: where the meter stands (`Europe/Copenhagen`).
        style: how it keeps time where it marks nothing; None means unknown, and such times are not billable.
        trusts_deviation: False for meters that write a deviation they do not keep to.
    """

    zone: ZoneInfo
    style: OffsetStyle | None = None
    trusts_deviation: bool = True

    def place(self, time: MeterTime, expected: int | None = None) -> PlacedTime:
        """The instant of a meter's time.

        `expected` is the instant that follows the row before; it decides between the two passes of the autumn hour
        under `local-dst` and nothing else.
        """
        if not FIRST_YEAR <= time.wall.year <= LAST_YEAR:
            return NOT_PLACED
        if time.deviation is not None and self.trusts_deviation:
            return _with_deviation(time.wall, time.deviation)
        if time.daylight is not None:
            saved = timedelta(hours=1) if time.daylight else timedelta(0)
            return _moved(time.wall, -(self._standard(time.wall) + saved), OffsetSource.DAYLIGHT_MARK)
        return self._by_style(time.wall, expected)

    def wall(self, instant: int) -> datetime:
        """What the meter's clock shows at an instant, by its profile's style: for asking it about a span of time."""
        moment = datetime.fromtimestamp(instant, UTC)
        if self.style is OffsetStyle.UTC:
            return moment.replace(tzinfo=None)
        if self.style is OffsetStyle.LOCAL_STANDARD:
            return moment.replace(tzinfo=None) + self._standard(moment.replace(tzinfo=None))
        return moment.astimezone(self.zone).replace(tzinfo=None)

    def is_daylight(self, instant: int) -> bool:
        """Whether civil time at the instant is daylight saving time."""
        return bool(datetime.fromtimestamp(instant, UTC).astimezone(self.zone).dst())

    def _by_style(self, wall: datetime, expected: int | None) -> PlacedTime:
        if self.style is OffsetStyle.UTC:
            return _moved(wall, timedelta(0), OffsetSource.PROFILE_SETTING)
        if self.style is OffsetStyle.LOCAL_STANDARD:
            return _moved(wall, -self._standard(wall), OffsetSource.PROFILE_SETTING)
        return self._civil(wall, expected) if self.style is OffsetStyle.LOCAL_DST else NOT_PLACED

    def _standard(self, wall: datetime) -> timedelta:
        """The zone's offset without daylight saving."""
        aware = wall.replace(tzinfo=self.zone)
        return (aware.utcoffset() or timedelta(0)) - (aware.dst() or timedelta(0))

    def _civil(self, wall: datetime, expected: int | None) -> PlacedTime:
        passes = sorted({to_instant(wall.replace(tzinfo=self.zone, fold=fold)) for fold in (0, 1)})
        real = [one for one in passes if self._shows(one) == wall.replace(microsecond=0)]
        if len(real) == 1:
            return PlacedTime(real[0], OffsetSource.PROFILE_SETTING)
        if expected in real:
            return PlacedTime(expected, OffsetSource.SEQUENCE)
        return NOT_PLACED

    def _shows(self, instant: int) -> datetime:
        return datetime.fromtimestamp(instant, UTC).astimezone(self.zone).replace(tzinfo=None)


def _with_deviation(wall: datetime, minutes: int) -> PlacedTime:
    if abs(minutes) > MOST_DEVIATION:
        return NOT_PLACED
    return _moved(wall, timedelta(minutes=minutes), OffsetSource.DEVIATION)


def _moved(wall: datetime, to_utc: timedelta, source: OffsetSource) -> PlacedTime:
    return PlacedTime(to_instant((wall + to_utc).replace(tzinfo=UTC)), source)
