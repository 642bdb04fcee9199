"""What a party holds against each other before fixation: sums of its points and the hub's own (Regulation D1 §4.1.3).

The hub's come from the newest snapshot of each grid area. A supplier sees its own sums beside those of its points, a
grid operator its areas' beside those of all points in them, a balance responsible party its suppliers' sums, and its
own beside what these add up to. Quarters are added up to hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.control.point_sums import point_sums
from gateway.hub.control.values import ControlSums, HubSums, PointSums, SumClass
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.settlement.days import day_number
from gateway.hub.settlement.recipients import entitled_rows, numbered
from gateway.hub.settlement.rendering import outward_quality
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.hub.tables_settlement import settlement_run, snapshot
from gateway.markets.distribution import Receiver
from gateway.markets.policies import CorrectedOutward
from gateway.messages.codes import Role, SettlementStage
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import HOUR, STEP_SECONDS, Instants
from gateway.settlement.results import ResultKind, ResultSeries

_CLASSES = {
    ResultKind.PRODUCTION_PER_SUPPLIER: SumClass.PRODUCTION,
    ResultKind.PRODUCTION_PER_BRP: SumClass.PRODUCTION,
    ResultKind.PRODUCTION: SumClass.PRODUCTION,
    ResultKind.FLEX_PER_SUPPLIER: SumClass.FLEX_CONSUMPTION,
    ResultKind.FLEX_PER_BRP: SumClass.FLEX_CONSUMPTION,
    ResultKind.FLEX: SumClass.FLEX_CONSUMPTION,
    ResultKind.HOURLY_PER_SUPPLIER: SumClass.HOURLY_CONSUMPTION,
    ResultKind.HOURLY_PER_BRP: SumClass.HOURLY_CONSUMPTION,
    ResultKind.HOURLY: SumClass.HOURLY_CONSUMPTION,
    ResultKind.NET_EXCHANGE: SumClass.EXCHANGE,
}
"""The sums that points add up to without further calculation."""

_ORDER = tuple(SumClass)


class _Whose(NamedTuple):
    """What a sum is of; empty what does not apply."""

    area: str
    sum_class: SumClass
    supplier: str
    responsible: str


@dataclass(frozen=True, slots=True)
class _Hours:
    """A sum by the hour: columns of as many values as the day has hours."""

    filed: Snapshot
    quantity: Quantities
    qualities: Qualities
    exists: Mask

    def __add__(self, other: _Hours) -> _Hours:
        """Both, where there is either."""
        return _Hours(
            self.filed,
            self.quantity + other.quantity,
            self.qualities | other.qualities,
            self.exists | other.exists,
        )


def control_sums(
    office: Office, connection: Connection, reader: Principal, day: date, as_of: int | None = None
) -> ControlSums:
    """What the points add up to that a reader may see on a local day, and the hub's sums it is entitled to.

    As known, and filed, at an instant (None: now); the hub's by grid area, class, supplier, balance responsible party
    and hour, in this order.
    """
    points = point_sums(office, connection, reader, day, as_of)
    found: dict[_Whose, _Hours] = {}
    against = _points_by_owner(points)
    for number in _newest(connection, day, as_of):
        filed = load(connection, number)
        for row in _visible(office, connection, reader, filed):
            whose = _whose(row, reader)
            hours = _by_hour(filed, row)
            found[whose] = found[whose] + hours if whose in found else hours
            if row.key.supplier and row.key.brp:
                _add(against, whose._replace(supplier="", responsible=row.key.brp), hours.quantity)
    span = office.profile.zone.day_interval(day)
    starts = np.arange(span.start, span.end, HOUR, dtype=np.int64)
    unknown = np.full(len(starts), NO_QUANTITY)

    def beside(whose: _Whose) -> Quantities:
        """A party that sees points and has none there sees that they add up to nothing."""
        sees_points = reader.role is not Role.BALANCE_RESPONSIBLE and not whose.responsible
        return against.get(whose, np.zeros_like(starts) if sees_points else unknown)

    order = sorted(found, key=lambda whose: (whose.area, _ORDER.index(whose.sum_class), *whose[2:]))
    marked = office.profile.corrected_outward is CorrectedOutward.MARKED
    sums = [(whose, found[whose], beside(whose)) for whose in order]
    return ControlSums(points, _table(starts, sums, marked=marked))


def _table(starts: Instants, sums: Sequence[tuple[_Whose, _Hours, Quantities]], *, marked: bool) -> HubSums:
    """Sums of the hours that begin at given instants, each with whose it is and what it is held against."""
    none, no_status = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
    of_hours = [hours for _, hours, _ in sums]
    each = [whose for whose, _, _ in sums for _ in starts]
    return HubSums(
        tuple(whose.area for whose in each),
        tuple(whose.sum_class for whose in each),
        tuple(whose.supplier for whose in each),
        tuple(whose.responsible for whose in each),
        np.tile(starts, len(sums)),
        np.concatenate([none, *(np.where(one.exists, one.quantity, NO_QUANTITY) for one in of_hours)]),
        np.concatenate([no_status, *(outward_quality(one.qualities, one.exists, marked=marked) for one in of_hours)]),
        np.concatenate([none, *(against for _, _, against in sums)]),
        np.repeat(np.array([one.filed.run.id for one in of_hours], dtype=np.int64), len(starts)),
        np.repeat(np.array([one.filed.run.evening for one in of_hours], dtype=np.int64), len(starts)),
    )


def _newest(connection: Connection, day: date, as_of: int | None) -> list[int]:
    """The newest snapshot of each grid area; a correction settlement holds differences, and is none of these."""
    wanted = (
        sa.select(sa.func.max(snapshot.c.id))
        .join(settlement_run)
        .where(settlement_run.c.day == day_number(day))
        .where(settlement_run.c.stage != SettlementStage.CORRECTION.value)
        .group_by(snapshot.c.grid_area)
        .order_by(snapshot.c.grid_area)
    )
    if as_of is not None:
        wanted = wanted.where(settlement_run.c.finished_at < (as_of + 1) * MICROSECONDS)
    return list(connection.execute(wanted).scalars())


def _visible(office: Office, connection: Connection, reader: Principal, filed: Snapshot) -> Iterator[ResultSeries]:
    """The rows of a snapshot that can be checked and the reader is entitled to; all of these for the hub's operator."""
    rows = numbered(filed.results)
    profile = office.profile
    own = Receiver(reader.party, profile.queue_role(reader.role))
    numbers = entitled_rows(profile, office.refresh(connection), filed, rows, own)
    for number in range(len(rows)) if reader.role is Role.HUB else numbers:
        if rows[number].kind in _CLASSES:
            yield rows[number]


def _whose(row: ResultSeries, reader: Principal) -> _Whose:
    """What a row is of; who is responsible for a supplier is told to balance responsible parties alone."""
    key = row.key
    tells = key.supplier is None or reader.role is Role.BALANCE_RESPONSIBLE
    return _Whose(key.grid_area, _CLASSES[row.kind], key.supplier or "", (key.brp or "") if tells else "")


def _by_hour(filed: Snapshot, row: ResultSeries) -> _Hours:
    shape = (-1, HOUR // STEP_SECONDS[filed.results.resolution])
    return _Hours(
        filed,
        np.where(row.exists, row.quantity, 0).reshape(shape).sum(axis=1),
        np.bitwise_or.reduce(row.qualities.reshape(shape), axis=1),
        np.any(row.exists.reshape(shape), axis=1),
    )


def _points_by_owner(points: PointSums) -> dict[_Whose, Quantities]:
    """What points add up to for each supplier and for each grid area."""
    sums: dict[_Whose, Quantities] = {}
    hours = len(np.unique(points.start))
    for first in range(0, len(points.start), hours or 1):
        quantity, supplier = points.quantity[first : first + hours], points.energy_supplier[first]
        total = _Whose(points.grid_area[first], points.sum_class[first], "", "")
        _add(sums, total, quantity)
        if supplier:
            _add(sums, total._replace(supplier=supplier), quantity)
    return sums


def _add(sums: dict[_Whose, Quantities], whose: _Whose, quantity: Quantities) -> None:
    sums[whose] = sums[whose] + quantity if whose in sums else quantity
