"""What is missing when reminders go out, group by group: values of a day, readings, monthly production.

Points come in columns. A day is looked through whole once, when its limit has passed; after that only what was
missing of it is looked for again, and what has been registered anew since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.control.delivery import delivered
from gateway.hub.control.expected import expected_values
from gateway.hub.masterdata.settlement_registry import loss_points, permissions_view
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_readings import MonthlyProduction
from gateway.hub.readings.deadlines import ReadingReminder, awaited, reminders_due
from gateway.hub.readings.production import monthly_production
from gateway.hub.reminders.steps import Round
from gateway.hub.tables_masterdata import metering_point
from gateway.hub.tables_settlement_masterdata import point_permission
from gateway.markets.calendar import last_of_month, month_after
from gateway.messages.codes import Permission, ReminderGroup, Resolution, Role, SettlementStage
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import RESOLUTIONS, Codes, MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.settlement_masterdata import PERMISSIONS
from gateway.messages.times import Interval
from gateway.rules.batch import DeadlineGroup

DAILY = {ReminderGroup.HOURLY: DeadlineGroup.HOURLY, ReminderGroup.FLEX: DeadlineGroup.FLEX}
"""The groups of 15 and 60 minute values, by the limit they have."""

NOBODY = np.empty(0, dtype=np.int64)

PointsByArea = Mapping[str, Rows]
"""Ascending keys of metering points by grid area."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a day brought, by grid area.

    Attributes:
        missing: points of which something is missing and that are to be reminded of.
        owing: points that owe something and do not want to be spared, whether it is there or not.
    """

    missing: PointsByArea
    owing: PointsByArea


@dataclass(frozen=True)
class Look:
    """The look of one round at what a group owes.

    Attributes:
        due: the instant just after which reminders go out; what limits have passed by then counts.
        last: the round before; None where this is the first.
        begun: when the hub got its first master data; earlier limits were not its own to watch.
        known: the points that stand reminded, by day and grid area.
    """

    office: Office
    connection: Connection
    group: ReminderGroup
    due: int
    last: Round | None
    begun: int
    known: Mapping[date, PointsByArea]

    def days(self) -> Iterator[tuple[date, Found]]:
        """What is missing of every day that anything can be missing of, and of those somebody was reminded of."""
        match self.group:
            case ReminderGroup.HOURLY | ReminderGroup.FLEX:
                yield from self._values()
            case ReminderGroup.PRODUCTION:
                yield from self._production()
            case ReminderGroup.READINGS:
                yield from self._readings()

    def is_closed(self, day: date) -> bool:
        """Whether nothing can be filled any more: values after their final refixation, the rest when too old."""
        profile = self.office.profile
        if self.group in DAILY:
            return profile.timetable.settled(SettlementStage.FINAL_REFIXATION, day) <= self.due
        years = profile.number("correction-years", day)
        return profile.zone.end(Resolution.MONTH, profile.zone.midnight(day), 12 * years) <= self.due

    @cached_property
    def master(self) -> MasterData:
        """The master data as known now."""
        return self.office.refresh(self.connection)

    @cached_property
    def operators(self) -> dict[str, str]:
        """Who is reminded, by grid area."""
        now = self.office.clock.now()
        named = ((area, self.master.grid_operator(area, now)) for area in self.master.areas.names)
        return {area: operator for area, operator in named if operator is not None}

    @property
    def _since(self) -> int:
        """Limits behind this instant are new to the round."""
        return self.begun - 1 if self.last is None else self.last.due

    # --- values of 15 and 60 minutes --------------------------------------------------------------------------------

    def _values(self) -> Iterator[tuple[date, Found]]:
        zone, limit_of = self.office.profile.zone, self.office.profile.timetable.collection_limit
        day = zone.day(self.due)
        while (limit := limit_of(day, DAILY[self.group])) >= self.begun and not self.is_closed(day):
            if limit <= self.due:
                wanted = None if limit > self._since else self._again(day)
                if wanted is None or len(wanted):
                    yield day, self._values_of(day, wanted)
            day -= timedelta(days=1)

    def _values_of(self, day: date, wanted: Rows | None) -> Found:
        """The day's points of the group, or the wanted ones of them."""
        span = self.office.profile.zone.day_interval(day)
        expected = expected_values(self.office.profile.control, self.master, span, loss_points(self.connection))
        expected = expected.in_areas(frozenset(self.operators))
        kept = (expected.group == DAILY[self.group]) & ~np.isin(expected.point, self._spared(span))
        if wanted is not None:
            kept &= np.isin(expected.point, wanted)
        expected = expected.where(kept)
        delivery = delivered(self.connection, self.office.store, expected, None, of_some=wanted is not None)
        lacking = np.flatnonzero(delivery.missing)
        return Found(
            self._by_area(expected.point[lacking], expected.area[lacking]),
            self._by_area(expected.point, expected.area),
        )

    # --- monthly production -----------------------------------------------------------------------------------------

    def _production(self) -> Iterator[tuple[date, Found]]:
        timetable, columns = self.office.profile.timetable, self.master.points
        monthly = columns.point[columns.resolution == RESOLUTIONS.index(Resolution.MONTH)]
        month = self.office.profile.zone.day(self.due).replace(day=1)
        while timetable.production_multi_fuel(month) >= self.begun and not self.is_closed(month):
            is_new = timetable.production_multi_fuel(month) > self._since
            if timetable.production_series(month) <= self.due and (is_new or len(self._again(month, monthly))):
                yield month, self._production_of(month)
            month = month_after(month, -1)

    def _production_of(self, month: date) -> Found:
        profile = self.office.profile
        owner = Principal(profile.hub, Role.HUB, "")
        rows = [
            row
            for row in monthly_production(self.office, self.connection, owner, month)
            if self.begun <= row.due <= self.due and row.grid_area in self.operators
        ]
        span = profile.zone.day_interval(last_of_month(month))
        kept = np.flatnonzero(self._wanted(_keys(rows), span)).tolist()
        owing = [rows[place] for place in kept]
        return Found(_grouped(row for row in owing if row.received_at is None), _grouped(owing))

    # --- readings of profile-settled points -------------------------------------------------------------------------

    def _readings(self) -> Iterator[tuple[date, Found]]:
        """By nominal date. A reading that came is no longer among those that reminders stand of."""
        profile, today = self.office.profile, self.office.profile.zone.day(self.office.clock.now())
        standing = reminders_due(self.connection, today)
        still = awaited(self.office, self.connection, today, {one.metering_point for one in standing})
        owed = set(zip(still.point.tolist(), still.start.tolist(), strict=True))
        by_day: dict[date, list[ReadingReminder]] = {}
        for one in standing:
            by_day.setdefault(one.nominal, []).append(one)
        for day in sorted({*by_day, *self.known}):
            rows = by_day.get(day, [])
            wanted = self._wanted(_keys(rows), profile.zone.day_interval(day)).tolist()
            first = profile.zone.day_interval(profile.readings.last_day_unreminded(day)).end
            missing = _grouped(
                row
                for row, is_wanted in zip(rows, wanted, strict=True)
                if is_wanted
                and first <= self.due
                and row.grid_area in self.operators
                and (point_key(row.metering_point), row.start) in owed
            )
            known = self.known.get(day, {})
            yield day, Found(missing, {area: np.setdiff1d(points, _keys(rows)) for area, points in known.items()})

    # --- who is looked at, who is spared ----------------------------------------------------------------------------

    def _again(self, day: date, among: Rows | None = None) -> Rows:
        """Points to look at of a day that was looked through before; newly registered ones only among some."""
        registered = self._registered if among is None else np.intersect1d(self._registered, among)
        return np.union1d(registered, np.concatenate([NOBODY, *self.known.get(day, {}).values()]))

    @cached_property
    def _registered(self) -> Rows:
        """Points registered anew since the round before, and their children."""
        if self.last is None or self.last.master_data == self.master.transaction:
            return NOBODY
        found = [
            sa.select(table.c.metering_point).where(table.c.transaction > self.last.master_data)
            for table in (metering_point, point_permission)
        ]
        points = np.fromiter(self.connection.execute(sa.union(*found)).scalars(), dtype=np.int64)
        columns = self.master.points
        return np.union1d(points, columns.point[np.isin(columns.parent, points)])

    @cached_property
    def _permitted(self) -> tuple[Rows, Rows, Rows]:
        """Points that are to be spared, from when and until when."""
        held = permissions_view(self.connection)
        quiet = held.permission == PERMISSIONS.index(Permission.NO_REMINDERS)
        return held.point[quiet], held.valid_from[quiet], held.valid_to[quiet]

    def _spared(self, span: Interval) -> Rows:
        """Points that are to be spared for what is missing of a span."""
        point, begin, end = self._permitted
        return point[(begin < span.end) & (end > span.start)]

    def _wanted(self, points: Rows, span: Interval) -> Mask:
        """Which points are neither spared nor left out, by what they are at the end of a span."""
        control, master = self.office.profile.control, self.master
        wanted = ~np.isin(points, self._spared(span)) & ~np.isin(points, control.left_out_points)
        last = np.full(len(points), span.end - 1)
        located = master.locate(points, last, last + 1)
        known = np.flatnonzero(located.number)
        wanted[known] &= ~control.left_out_types[master.points.kind[located.first[known]]]
        return wanted

    def _by_area(self, points: Rows, areas: Codes) -> PointsByArea:
        names = self.master.areas.names
        return {names[code]: np.unique(points[areas == code]) for code in np.unique(areas).tolist()}


def _keys(rows: Iterable[MonthlyProduction | ReadingReminder]) -> Rows:
    return np.array([point_key(row.metering_point) for row in rows], dtype=np.int64)


def _grouped(rows: Iterable[MonthlyProduction | ReadingReminder]) -> PointsByArea:
    found: dict[str, list[MonthlyProduction | ReadingReminder]] = {}
    for row in rows:
        found.setdefault(row.grid_area, []).append(row)
    return {area: np.unique(_keys(members)) for area, members in found.items()}
