"""The calculation of a day of operation: the values and the master data of one version, through the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.series.store import Batch
from gateway.hub.settlement.agenda import Due
from gateway.messages.codes import CORRECTED_FLAG, MeteringPointType, Unit
from gateway.messages.masterdata import KINDS, MasterData
from gateway.messages.series import Qualities
from gateway.messages.times import STEP_SECONDS, Interval
from gateway.settlement.energy import energy_plan
from gateway.settlement.kernel import Partial
from gateway.settlement.results import KeyedSums, ResultKind, SettlementResults
from gateway.settlement.sums import sums

_CONSUMPTION, _PRODUCTION = MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION
_STATUS = np.uint8(0xFF ^ CORRECTED_FLAG)


@dataclass(frozen=True, slots=True)
class Calculated:
    """What the settlement of a day comes to in one grid area.

    Attributes:
        results: its tables.
        negative_steps: steps of the day whose residual consumption is negative.
    """

    results: SettlementResults
    negative_steps: int


def settled_areas(master: MasterData, day: Interval) -> tuple[str, ...]:
    """The grid areas settled on a day: with consumption or production of their own, and not only bordered on."""
    points = master.points
    is_own = np.isin(points.kind, [KINDS.index(kind) for kind in (_CONSUMPTION, _PRODUCTION)])
    is_own &= (points.valid_from < day.end) & (points.valid_to > day.start)
    return tuple(sorted(master.areas.names[code] for code in np.unique(points.grid_area[is_own]).tolist()))


def calculate(
    office: Office, connection: Connection, due: Due, as_of: int, bases: Mapping[str, int] | None = None
) -> dict[str, Calculated]:
    """Settle a day of operation in some grid areas as known at a version.

    `bases` is the version that the last fixed basis of an area was calculated from: values corrected after it make
    the sums they enter corrected (DK-4.1.5.f).
    """
    found: dict[str, Calculated] = {}
    by_basis: dict[int | None, list[str]] = {}
    for area in due.areas:
        by_basis.setdefault((bases or {}).get(area), []).append(area)
    for basis, areas in by_basis.items():
        found |= _calculated(office, connection, due._replace(areas=tuple(areas)), (as_of, basis))
    return found


def _calculated(
    office: Office, connection: Connection, due: Due, versions: tuple[int, int | None]
) -> dict[str, Calculated]:
    as_of, fixed_as_of = versions
    zone = office.profile.zone
    interval = zone.day_interval(due.day)
    master = office.master_as_of(connection, as_of)
    energy = energy_plan(master, interval, due.areas)
    partial = Partial(energy.plan)
    for batch in _batches(office, connection, interval, as_of):
        quality = _marked(batch, fixed_as_of)
        partial.add(batch.points, batch.quantity, quality, batch.resolution, batch.start)
    results = sums(energy, partial, office.profile.settlement_resolution(due.day))
    return {area: _of_area(results, area) for area in due.areas}


def _batches(office: Office, connection: Connection, day: Interval, as_of: int) -> Iterator[Batch]:
    """The active energy of a day; what is read by the day or month is not settled by the hour."""
    for batch in office.store.scan(connection, day, kind=series_kind(Unit.KWH), as_of=as_of):
        if batch.resolution in STEP_SECONDS:
            yield batch


def _marked(batch: Batch, fixed_as_of: int | None) -> Qualities:
    """Qualities of a batch, with the mark of correction only where it came after the last fixed basis."""
    if fixed_as_of is None:
        return batch.quality & _STATUS
    return np.where(batch.transaction > fixed_as_of, batch.quality, batch.quality & _STATUS)


def _of_area(results: SettlementResults, area: str) -> Calculated:
    tables = {kind: _rows(table, area) for kind, table in results.tables.items()}
    residual = tables[ResultKind.GRID_LOSS]
    negative = int((residual.quantity < 0).any(axis=0).sum()) if len(residual.keys) else 0
    own = SettlementResults(results.method, results.resolution, results.starts, tables)
    return Calculated(own, negative)


def _rows(table: KeyedSums, area: str) -> KeyedSums:
    rows: Sequence[int] = [row for row, key in enumerate(table.keys) if key.grid_area == area]
    keys = tuple(table.keys[row] for row in rows)
    return KeyedSums(keys, table.quantity[rows], table.qualities[rows], table.exists[rows])
