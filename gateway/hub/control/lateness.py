"""Who is late: which values of a day were there by their deadline, which came after it, and which are still missing.

A step counts as delivered once a value of either flow is known, estimates included: how good it is others look at.
Master data count as known now, values as known at the deadline and now (EE-4.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.day_values import QUARTER, is_gone, laid_out
from gateway.hub.control.expected import Expected, expected_values, in_force
from gateway.hub.database import transaction_at
from gateway.hub.masterdata.settlement_registry import loss_points
from gateway.hub.office import Office
from gateway.hub.own_areas import own_areas
from gateway.hub.period_groups import series_kind
from gateway.hub.ports import Principal
from gateway.hub.ports_network import Lateness, LatenessQuery
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import Commodity, ConnectionState, Flow, Resolution, Unit, commodity_of
from gateway.messages.masterdata import RESOLUTIONS, STATES, UNITS, Codes, MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Interval

FLOWS = (None, Flow.IN, Flow.OUT)
_CONNECTED = STATES.index(ConnectionState.CONNECTED)
_DAILY = RESOLUTIONS.index(Resolution.DAY)


class _Owed(NamedTuple):
    """Steps owed beside which of them are there: columns by entry, in the order of points.

    Attributes:
        area: codes of grid areas.
        values: int64, steps owed.
        in_time, now: int64, steps known at the deadline and now.
    """

    area: Codes
    values: Rows
    in_time: Rows
    now: Rows


def lateness(
    office: Office, connection: Connection, reader: Principal, query: LatenessQuery
) -> tuple[Lateness, ...] | None:
    """The report by day, grid area and commodity; None for an area that is not the reader's."""
    master = office.refresh(connection)
    areas = own_areas(master, reader, office.clock.now())
    if query.grid_area:
        areas = areas & {query.grid_area}
        if not areas:
            return None
    found: list[Lateness] = []
    day = query.start
    while day < query.end:
        found += _Day(office, connection, in_force(master, _around(office, day)), day).rows(query.stage, areas)
        day += timedelta(days=1)
    return tuple(found)


def _around(office: Office, day: date) -> Interval:
    """The local day, and the commodity days that begin on it."""
    zone = office.profile.zone
    return Interval(zone.midnight(day), zone.midnight(day + timedelta(days=2)))


class _Day:
    """One day's values."""

    def __init__(self, office: Office, connection: Connection, master: MasterData, day: date) -> None:
        self._office, self._connection, self._master, self._day = office, connection, master, day
        self._now = office.clock.now()

    def rows(self, stage: DeliveryStage, areas: frozenset[str]) -> Iterator[Lateness]:
        """The report of the day, by commodity and grid area."""
        for commodity in Commodity:
            try:
                deadline = self._office.profile.deliveries.deadline(stage, commodity, self._day)
            except KeyError:  # the market has no such deadline
                continue
            known = transaction_at(self._connection, deadline * MICROSECONDS - 1)
            owed = [*self._in_steps(commodity, areas, known), *self._by_day(commodity, areas, known)]
            for code in sorted({int(code) for one in owed for code in one.area}):
                yield self._row(code, [_of_area(one, code) for one in owed], (stage, commodity, deadline))

    def _row(self, code: int, owed: list[_Owed], about: tuple[DeliveryStage, Commodity, int]) -> Lateness:
        stage, commodity, deadline = about
        area, is_over = self._master.areas.names[code], deadline <= self._now
        values, in_time, now = (sum(int(one[column].sum()) for one in owed) for column in (1, 2, 3))
        return Lateness(
            day=self._day,
            stage=stage,
            grid_area=area,
            grid_operator=self._master.grid_operator(area, self._now) or "",
            commodity=commodity,
            deadline=deadline,
            is_over=is_over,
            points=sum(len(one.values) for one in owed),
            values=values,
            in_time=in_time,
            late=max(now - in_time, 0),
            missing=values - now,
            late_points=sum(int((one.in_time < one.values).sum()) for one in owed) if is_over else 0,
        )

    def _in_steps(self, commodity: Commodity, areas: frozenset[str], known: int) -> Iterator[_Owed]:
        """What points of quarters and hours owe for the local day."""
        profile = self._office.profile
        day, losses = profile.zone.day_interval(self._day), loss_points(self._connection)
        expected = expected_values(profile.control, self._master, day, losses).in_areas(areas)
        expected = expected.where(np.isin(expected.sort, _units_of(commodity)))
        if len(expected):
            in_time, now = (self._known_steps(expected, as_of) for as_of in (known, None))
            yield _Owed(expected.area, expected.count, in_time, now)

    def _known_steps(self, expected: Expected, as_of: int | None) -> Rows:
        """How many of each entry's steps are known at a transaction, by any flow."""
        known: npt.NDArray[np.bool_] = np.zeros(
            (len(expected), (expected.day.end - expected.day.start) // QUARTER), dtype=np.bool_
        )
        for unit in np.unique(expected.sort).tolist():
            for kind in _kinds_of(unit):
                batches = self._office.store.scan(self._connection, expected.day, kind=kind, as_of=as_of)
                for block in laid_out(expected, unit, batches):
                    known[block.entries, : block.quality.shape[1]] |= ~is_gone(block.quality)
        place = np.arange(known.shape[1])
        inside = (place >= expected.first[:, None]) & (place < expected.last[:, None])
        counted: Rows = (known & inside).sum(axis=1)
        return counted

    def _by_day(self, commodity: Commodity, areas: frozenset[str], known: int) -> Iterator[_Owed]:
        """What points of whole days owe: one value for the commodity's day that begins on the local day."""
        columns, span = self._master.points, self._office.profile.deliveries.day_of(commodity, self._day)
        owes = (columns.resolution == _DAILY) & (columns.connection_state == _CONNECTED)
        owes &= (columns.valid_from <= span.start) & (columns.valid_to > span.start)
        owes &= np.isin(columns.unit, _units_of(commodity))
        owes &= np.isin(columns.grid_area, [self._master.areas.find(area) for area in sorted(areas)])
        rows = np.flatnonzero(owes)
        if len(rows):
            points = columns.point[rows]
            in_time, now = (self._known_days(points, span, commodity, as_of) for as_of in (known, None))
            yield _Owed(columns.grid_area[rows], np.ones(len(rows), dtype=np.int64), in_time, now)

    def _known_days(self, points: Rows, span: Interval, commodity: Commodity, as_of: int | None) -> Rows:
        known: Mask = np.zeros(len(points), dtype=np.bool_)
        for kind in {kind for unit in _units_of(commodity) for kind in _kinds_of(unit)}:
            known |= self._office.store.delivered(self._connection, points, span, kind=kind, as_of=as_of)
        return known.astype(np.int64)


def _units_of(commodity: Commodity) -> list[int]:
    return [code for code, unit in enumerate(UNITS) if commodity_of(unit) is commodity]


def _kinds_of(unit: int) -> list[int]:
    """The kinds of series by which a point registered in a unit may deliver: gas also states its energy."""
    units = {UNITS[unit], Unit.KWH} if commodity_of(UNITS[unit]) is Commodity.NATURAL_GAS else {UNITS[unit]}
    return [series_kind(stated, flow) for stated in units for flow in FLOWS]


def _of_area(owed: _Owed, code: int) -> _Owed:
    """What the points of one grid area owe."""
    own = owed.area == code
    return _Owed(*(column[own] for column in owed))
