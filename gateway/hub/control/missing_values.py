"""Which values are missing after their limit, by grid area and metering point (Regulation D1 §4.1.5).

Hourly settled consumption, production, exchange and their children count once the collection of hourly values has
ended, the rest once that of flex values has. A value that is absent and one stated as missing are the same here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.day_places import place_behind, place_of, that_fit
from gateway.hub.control.delivery import delivered
from gateway.hub.control.expected import expected_values
from gateway.hub.control.values import DayQuery, MissingPage, MissingPoint
from gateway.hub.database import transaction_at
from gateway.hub.masterdata.settlement_registry import loss_points
from gateway.hub.office import Office
from gateway.hub.own_areas import areas_of
from gateway.hub.ports import Page, Principal
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Resolution
from gateway.messages.identifiers import point_id
from gateway.messages.masterdata import Codes, MasterData, Rows
from gateway.messages.times import STEP_SECONDS, Instants
from gateway.rules.batch import DeadlineGroup

DAILY_GROUPS = (DeadlineGroup.HOURLY, DeadlineGroup.FLEX)
MOST_DAYS = 7
"""Days looked through for one page: each is a scan of everything stored of it."""

_RESOLUTIONS = {seconds: Resolution(name) for name, seconds in STEP_SECONDS.items()}


@dataclass(frozen=True, slots=True)
class MissingValues:
    """Metering points of which values of a day are missing, by point and time, as columns of one length.

    Attributes:
        day: the local day.
        point: int64 keys.
        area: codes of grid areas, `master.areas`.
        group: int64 of `DeadlineGroup`.
        step: int64, seconds of a step.
        first, last: int64, start of the first and end of the last missing step.
        missing, expected: int64, number of steps.
        master: the master data the codes are of.
    """

    day: date
    point: Rows
    area: Codes
    group: Rows
    step: Rows
    first: Instants
    last: Instants
    missing: Rows
    expected: Rows
    master: MasterData

    def __len__(self) -> int:
        return len(self.point)


class Window(NamedTuple):
    """Local days from `start` on; `end` is not among them."""

    start: date
    end: date


def completeness_window(profile: MarketProfile, now: int) -> Window:
    """The days whose missing values are worth a list: DataHub 3's log by default (dk-settlement §13)."""
    today = profile.zone.day(now)
    back = timedelta(days=profile.number("completeness-days", today))
    newest = profile.working_days.before(today, profile.number("completeness-working-days", today))
    return Window(today - back, newest + timedelta(days=1))


def due_groups(profile: MarketProfile, day: date, at: int) -> tuple[DeadlineGroup, ...]:
    """The groups whose limit for a day has passed at an instant; a value may still come at the limit itself."""
    return tuple(group for group in DAILY_GROUPS if profile.timetable.collection_limit(day, group) < at)


def missing_values(  # noqa: PLR0913 - which day, whose, as known when
    office: Office,
    connection: Connection,
    day: date,
    *,
    areas: frozenset[str] | None = None,
    groups: tuple[DeadlineGroup, ...] | None = None,
    as_of: int | None = None,
) -> MissingValues:
    """What is missing of a local day as known at an instant (None: now), of some grid areas or all.

    `groups` None are those whose limit has passed by then. Master data count as known now: a point that turned out to
    be closed down owes nothing.
    """
    master = office.refresh(connection)
    at = office.clock.now() if as_of is None else as_of
    wanted = due_groups(office.profile, day, at) if groups is None else groups
    interval = office.profile.zone.day_interval(day)
    expected = expected_values(office.profile.control, master, interval, loss_points(connection)).in_areas(areas)
    expected = expected.where(np.isin(expected.group, np.array(wanted, dtype=np.int64)))
    if len(expected):
        version = None if as_of is None else transaction_at(connection, as_of * MICROSECONDS)
        found = delivered(connection, office.store, expected, version)
        lacking = np.flatnonzero(found.missing)
        first, last, missing = found.first_missing[lacking], found.last_missing[lacking], found.missing[lacking]
    else:
        lacking = first = last = missing = np.empty(0, dtype=np.int64)
    step = expected.step[lacking]
    return MissingValues(
        day=day,
        point=expected.point[lacking],
        area=expected.area[lacking],
        group=expected.group[lacking],
        step=step,
        first=expected.day.start + first * step,
        last=expected.day.start + (last + 1) * step,
        missing=missing,
        expected=expected.count[lacking],
        master=expected.master,
    )


def missing_page(
    office: Office, connection: Connection, reader: Principal, query: DayQuery, page: Page
) -> MissingPage | None:
    """A window of what is missing in the reader's grid areas, by day and point; None for an area that is not its own.

    Without days it is the market's completeness window. At most MOST_DAYS are looked through at once, so that a window
    may be empty and yet go on.
    """
    at = office.clock.now() if query.as_of is None else query.as_of
    areas = areas_of(office.refresh(connection), reader, query.grid_area, office.clock.now())
    if areas is None:
        return None
    known = completeness_window(office.profile, at)
    day, behind = place_of(page.after) or (query.start or known.start, -1)
    end = min(query.end or known.end, office.profile.zone.day(at))
    found: list[MissingPoint] = []
    for _ in range(MOST_DAYS):
        if day >= end:
            return MissingPage(tuple(found))
        if due_groups(office.profile, day, at):
            of_day = missing_values(office, connection, day, areas=areas, as_of=query.as_of)
            places, behind = that_fit(of_day.point, behind, page.limit - len(found))
            found += _rows(office, of_day, places)
            if behind >= 0:
                return MissingPage(tuple(found), place_behind(day, behind))
        day, behind = day + timedelta(days=1), -1
    return MissingPage(tuple(found), place_behind(day) if day < end else "")


def _rows(office: Office, found: MissingValues, places: Rows) -> list[MissingPoint]:
    master, now = found.master, office.clock.now()
    columns = (found.point, found.area, found.group, found.step, found.first, found.last, found.missing, found.expected)
    names = {code: master.areas.names[code] for code in np.unique(found.area[places]).tolist()}
    operators = {code: master.grid_operator(name, now) or "" for code, name in names.items()}
    return [
        MissingPoint(
            found.day,
            point_id(point),
            names[area],
            operators[area],
            DeadlineGroup(group).name.lower(),
            _RESOLUTIONS[step],
            first,
            last,
            missing,
            expected,
        )
        for point, area, group, step, first, last, missing, expected in zip(
            *(column[places].tolist() for column in columns), strict=True
        )
    ]
