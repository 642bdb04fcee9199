"""What the rules of measure data see: the series of one message beside the master data of their points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import MeteringPointType, Role
from gateway.messages.identifiers import EIC_ALPHABET, POINT_EIC, is_point_id, point_key
from gateway.messages.masterdata import (
    KINDS,
    NONE,
    RESOLUTIONS,
    UNITS,
    Codes,
    Located,
    MasterData,
    Rows,
)
from gateway.messages.point_details import NO_DETAILS, PointDetails
from gateway.messages.series import Mask, SeriesTable
from gateway.messages.times import NO_INSTANT, STEP_SECONDS, Instants, MarketZone, format_minute, to_instant
from gateway.messages.units import REACTIVE
from gateway.rules.hits import NOTHING, Hits, Words, no_words
from gateway.rules.series_terms import FuseDecimals, Previous, Transitions

KIND_CODES: dict[str, int] = {kind: code for code, kind in enumerate(KINDS)}
UNIT_CODES: dict[str, int] = {unit: code for code, unit in enumerate(UNITS)}
RESOLUTION_CODES: dict[str, int] = {resolution: code for code, resolution in enumerate(RESOLUTIONS)}
LAST_PARENT_KIND = KIND_CODES[MeteringPointType.EXCHANGE]
"""Types up to exchange stand for themselves; every later one is a child's."""

NO_POINT = -1
"""Key of a metering point id that is none."""

NO_LIMIT = 2**62

FIRST_DATE, LAST_DATE = to_instant(datetime(2, 1, 1, tzinfo=UTC)), to_instant(datetime(9999, 1, 1, tzinfo=UTC))
"""Instants outside of these have no local date in Python's calendar."""

_STEPS = np.array([STEP_SECONDS.get(resolution, 0) for resolution in RESOLUTIONS] + [0], dtype=np.int64)
_POWERS = 10 ** np.arange(17, -1, -1, dtype=np.int64)
_EIC_POWERS = 37 ** np.arange(11, -1, -1, dtype=np.int64)
_EIC_WEIGHTS = np.arange(16, 1, -1, dtype=np.int64)
_EIC_PLACES = np.array([EIC_ALPHABET.find(chr(code)) for code in range(128)], dtype=np.int64)
_DASH = EIC_ALPHABET.index("-")
_POINT_EIC = np.frombuffer(POINT_EIC.encode(), dtype=np.uint8)


class Caller(Protocol):
    """Who speaks: a party in one market role, as its token or certificate says."""

    @property
    def party(self) -> str:
        """GLN or EIC of the party."""

    @property
    def role(self) -> Role:
        """The role it acts in."""


class Sender(NamedTuple):
    """A caller as a value."""

    party: str
    role: Role


class DeadlineGroup(IntEnum):
    """Which column of the timetable a metering point's values follow (Regulation D1 §4.1)."""

    HOURLY = 0
    """Hourly settled consumption, production, exchange, and the children of these."""
    FLEX = 1
    """Flex settled consumption, the children of flex and of profile settled points."""
    MONTHLY = 2
    """Monthly series of renewable production (§5.2)."""


class ResendWindow(NamedTuple):
    """When unchanged series may come again: both ends belong to it."""

    opens: int
    closes: int


class Timetable(Protocol):
    """The instants of a market that rules depend on, by local day of operation."""

    def missing_limit(self, day: date, group: DeadlineGroup) -> int:
        """The last instant at which a value of the day may be stated as missing."""

    def resend_window(self, day: date) -> ResendWindow:
        """When everything may be sent again for a day."""


def mask_of(names: tuple[str, ...], taken: Iterable[str]) -> Mask:
    """Which places of a list are taken, and False behind them for NONE."""
    wanted = set(taken)
    return np.array([name in wanted for name in names] + [False], dtype=np.bool_)


_REACTIVE = mask_of(UNITS, REACTIVE)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a market takes in measure data: a mask for each list, by the place in it; its last entry is NONE's.

    Attributes:
        units, resolutions, states: what may be stated or registered.
        monthly_types: metering point types whose series may come by the month.
        qualities: which qualities a sender may state; plain integers, which numpy compares fastest.
    """

    units: Mask
    resolutions: Mask
    states: Mask
    monthly_types: Mask
    qualities: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers in force that rules compare with.

    Attributes:
        oldest_years: how many years back a period may start.
        furthest_years: how many years ahead a period may end.
        shortest_seconds: shortest period of quarters and hours.
        integer_digits, decimals: how much of a quantity may be written.
        greatest_per_hour: int64[types, settlement methods + 1], thousandths of kWh an hour may hold, NO_LIMIT where
            none is set; column 0 is a point without settlement method.
    """

    oldest_years: int
    furthest_years: int
    shortest_seconds: int
    integer_digits: int
    decimals: int
    greatest_per_hour: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What of a market's profile is in force on the day of the check, as the rules need it."""

    zone: MarketZone
    accepted: Accepted
    numbers: Numbers
    timetable: Timetable
    sending_processes: tuple[str, ...]
    """Names of delegations that let another party send measure data."""
    transitions: Transitions | None = None
    """Which status may follow which, in a market that minds."""
    fuse_decimals: FuseDecimals | None = None
    """How finely a quantity is written, in a market that minds."""


@dataclass(frozen=True)
class Batch:
    """All series of one message beside their master data; every rule of measure data reads from here.

    Attributes:
        series: the series, one row each.
        master: master data as known now.
        sender: who sent it.
        now: instant of receipt.
        facts: what the market says today.
        keys: int64[n], the points' numbers, NO_POINT where the id has not the form of a GSRN.
        located: versions of each point that overlap its period (that hold now, where the period cannot be read).
        details: what else is known of the points.
        unchanged: bool[n], series that repeat what is already accepted, value by value; None before the store is asked.
        looked_up: bool[n], series whose values were looked up in the store; None before it is asked.
        previous: what was found there, by value.
    """

    series: SeriesTable
    master: MasterData
    sender: Sender
    now: int
    facts: MarketFacts
    keys: Rows
    located: Located
    details: PointDetails = NO_DETAILS
    unchanged: Mask | None = None
    looked_up: Mask | None = None
    previous: Previous | None = None

    @classmethod
    def of(  # noqa: PLR0913 - everything a rule may look at
        cls,
        series: SeriesTable,
        master: MasterData,
        sender: Sender,
        now: int,
        facts: MarketFacts,
        *,
        details: PointDetails = NO_DETAILS,
    ) -> Batch:
        """A batch with its points located in the master data."""
        keys = point_keys(series.point)
        start, end = series.start, series.end
        readable = (start != NO_INSTANT) & (end != NO_INSTANT)
        if not readable.all():
            start, end = np.where(readable, start, now), np.where(readable, end, now + 1)
        return cls(series, master, sender, now, facts, keys, master.locate(keys, start, end), details)

    @cached_property
    def today(self) -> date:
        """The local day of receipt."""
        return self.facts.zone.day(self.now)

    @cached_property
    def known(self) -> Mask:
        """Where the point has master data in the period."""
        return self.located.number > 0

    @cached_property
    def is_plain(self) -> bool:
        """Whether every point has exactly one version in its period, as nearly always."""
        return bool((self.located.number == 1).all())

    @cached_property
    def owner(self) -> Rows:
        """Series row of every located version."""
        rows = np.arange(len(self.keys))
        return rows if self.is_plain else np.repeat(rows, self.located.number)

    @cached_property
    def version(self) -> Rows:
        """Master data row of every located version, beside `owner`."""
        first, number = self.located
        if self.is_plain:
            return first
        before = np.cumsum(number) - number
        versions: Rows = np.arange(int(number.sum())) + np.repeat(first - before, number)
        return versions

    @cached_property
    def type_codes(self) -> Codes:
        """Place of each series' metering point type in KINDS, NONE for a text that is none."""
        return _codes(KIND_CODES, self.series.point_type)

    @cached_property
    def unit_codes(self) -> Codes:
        """Place of each series' unit in UNITS, NONE for a text that is none."""
        return _codes(UNIT_CODES, self.series.unit)

    @cached_property
    def is_reactive(self) -> Mask:
        """Where the unit is one of reactive energy."""
        return _REACTIVE[self.unit_codes]

    @cached_property
    def detail_rows(self) -> Rows:
        """Row of `details` that holds when each series starts; NONE where there is none."""
        return self.details.rows_at(self.keys, self.series.start)

    @cached_property
    def resolution_codes(self) -> Codes:
        """Place of each series' resolution in RESOLUTIONS, NONE for a text that is none."""
        return _codes(RESOLUTION_CODES, self.series.resolution)

    @cached_property
    def step_seconds(self) -> Rows:
        """Seconds of a step, 0 where steps are not equally long."""
        return _STEPS[self.resolution_codes]

    @cached_property
    def readable(self) -> Mask:
        """Where both bounds of the period can be read."""
        readable: Mask = (self.series.start != NO_INSTANT) & (self.series.end != NO_INSTANT)
        return readable

    @cached_property
    def datable(self) -> Mask:
        """Where both bounds lie in years that a calendar has."""
        low = np.minimum(self.series.start, self.series.end) >= FIRST_DATE
        datable: Mask = low & (np.maximum(self.series.start, self.series.end) < LAST_DATE)
        return datable

    @cached_property
    def forward(self) -> Mask:
        """Where the period can be read and starts before it ends."""
        forward: Mask = self.readable & (self.series.start < self.series.end)
        return forward

    @cached_property
    def counts(self) -> Rows:
        """How many points each series has."""
        return self.series.counts

    @cached_property
    def missing_points(self) -> Rows:
        """Places in the point columns whose value is missing."""
        return np.flatnonzero(self.series.is_missing)

    def version_at(self, rows: Rows, instants: Instants) -> Rows:
        """The located version of each series row that holds at an instant, or the nearest of its period.

        The rows must be known ones.
        """
        first, number = self.located.first[rows], self.located.number[rows]
        version = first.copy()
        for further in range(1, int(number.max(initial=0))):
            candidate = first + np.minimum(further, number - 1)
            version = np.where(self.master.points.valid_from[candidate] <= instants, candidate, version)
        return version

    def step_starts(self, rows: Rows, points: Rows) -> Instants:
        """Start of the step each point stands for; of the whole period where steps are not equally long."""
        starts: Instants = self.series.start[rows] + (points - self.series.offsets[rows]) * self.step_seconds[rows]
        return starts

    def named(self, row: int) -> Words:
        """The words that name a series."""
        return {"transaction": self.series.transaction[row], "point": self.series.point[row]}

    def point_hits(self, points: Rows, field: str, words: Callable[[int], Words] = no_words) -> Hits:
        """Hits of the given places in the point columns; `words` is asked by place."""
        if not len(points):
            return NOTHING
        rows = self.series.rows_of(points)
        index = points - self.series.offsets[rows]
        return Hits(rows, field, lambda i: words(int(points[i])), index, self.series.position[points].astype(np.int64))

    @cached_property
    def misplaced_points(self) -> Rows:
        """Every point of the series whose positions do not run 1, 2, 3 …; in a good message there is none."""
        position, offsets = self.series.position, self.series.offsets
        filled = offsets[:-1][self.counts > 0]
        jumps = np.flatnonzero(position[1:] - position[:-1] != 1) + 1
        if (position[filled] == 1).all() and np.array_equal(jumps, filled[1:]):
            return np.empty(0, dtype=np.int64)
        right = np.zeros(len(position), dtype=np.bool_)
        right[1:] = position[1:] - position[:-1] == 1
        right[filled] = position[filled] == 1
        is_bad = np.zeros(len(self.series), dtype=np.bool_)
        is_bad[self.series.rows_of(np.flatnonzero(~right))] = True
        return np.flatnonzero(np.repeat(is_bad, self.counts))


def minute_text(instant: int) -> str:
    """An instant for a sentence, to the minute; one outside the calendar is only called that."""
    return format_minute(instant) if FIRST_DATE <= instant < LAST_DATE else "?"


def point_keys(points: list[str]) -> Rows:
    """The numbers of metering points, NO_POINT where the id names none (`point_key`)."""
    joined = "".join(points)
    if joined.isascii() and joined.isdigit() and all(len(point) == 18 for point in points):
        digits = np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, 18) - 48
        keys: Rows = digits.astype(np.int64) @ _POWERS
        return keys
    if joined.isascii() and all(len(point) == 16 for point in points):
        keys = _eic_keys(np.frombuffer(joined.encode("ascii"), dtype=np.uint8).reshape(-1, 16))
        for place in np.flatnonzero(keys == NO_POINT).tolist():
            if is_point_id(points[place]):  # a listed one
                keys[place] = point_key(points[place])
        return keys
    return np.array([point_key(point) if is_point_id(point) else NO_POINT for point in points], dtype=np.int64)


def _eic_keys(written: npt.NDArray[np.uint8]) -> Rows:
    """`point_key` of many texts of 16 characters; NO_POINT where one is no EIC of a metering point, or a listed one."""
    places = _EIC_PLACES[written]
    check = (36 - (places[:, :15] @ _EIC_WEIGHTS - 1) % 37) % 37
    good = (written[:, :3] == _POINT_EIC).all(axis=1) & (places >= 0).all(axis=1)
    good &= (check == places[:, 15]) & (check != _DASH)
    return np.where(good, -2 - places[:, 3:15] @ _EIC_POWERS, NO_POINT)


def _codes(codes: dict[str, int], names: list[str]) -> Codes:
    return np.array([codes.get(name, NONE) for name in names], dtype=np.int32)
