"""The calculation of a day of operation: the values and the master data of one version, through the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.series.store import Batch
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.basis import profiled_tables
from gateway.hub.settlement.calculated_points import calculated_values, formulas_of
from gateway.hub.settlement.correction_settlement import corrected
from gateway.hub.settlement.load_shares import MonthShares
from gateway.messages.codes import CORRECTED_FLAG, REFIXATIONS, MeteringPointType, SettlementStage, Unit
from gateway.messages.findings import Finding
from gateway.messages.masterdata import KINDS, MasterData, Rows
from gateway.messages.series import Qualities
from gateway.messages.times import STEP_SECONDS, Interval
from gateway.settlement.energy import energy_plan
from gateway.settlement.kernel import Partial
from gateway.settlement.results import KeyedSums, ResultKind, SettlementResults
from gateway.settlement.sums import sums
from gateway.settlement.wholesale import TariffLinks, WholesalePlan, wholesale_plan

_CONSUMPTION, _PRODUCTION = MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION
BASES = (SettlementStage.FIXATION, *REFIXATIONS)
"""Stages that file a whole basis, and not the daily sums alone."""

_STATUS = np.uint8(0xFF ^ CORRECTED_FLAG)


@dataclass(frozen=True, slots=True)
class Calculated:
    """What the settlement of a day comes to in one grid area.

    Attributes:
        results: its tables.
        negative_steps: steps of the day whose residual consumption is negative.
        finding: what the operator should know of it.
    """

    results: SettlementResults
    negative_steps: int
    finding: Finding | None = None


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
    if due.stage is SettlementStage.CORRECTION:
        return {
            area: Calculated(corrected(office, connection, (due.day, area, as_of), one.results), 0)
            for area, one in found.items()
        }
    return found


def _calculated(
    office: Office, connection: Connection, due: Due, versions: tuple[int, int | None]
) -> dict[str, Calculated]:
    as_of, fixed_as_of = versions
    interval = office.profile.zone.day_interval(due.day)
    master = office.master_as_of(connection, as_of)
    energy = energy_plan(master, interval, due.areas)
    wholesale = _wholesale(office, connection, (master, interval, as_of)) if due.stage in BASES else None
    partials = [Partial(energy.plan), *([Partial(wholesale.plan)] if wholesale else [])]
    for batch in _batches(office, connection, (master, interval, as_of)):
        quality = _marked(batch, fixed_as_of)
        for partial in partials:
            partial.add(batch.points, batch.quantity, quality, batch.resolution, batch.start)
    resolution = office.profile.settlement_resolution(due.day)
    results = sums(energy, partials[0], resolution)
    tables, findings = dict(results.tables), dict[str, Finding]()
    if wholesale is not None:
        tables[ResultKind.WHOLESALE_BASIS] = wholesale.sums(partials[1].totals(resolution))
        profiled = profiled_tables(results, MonthShares(office, connection, due.day, as_of))
        tables |= profiled.tables
        findings = profiled.findings
    return {area: _of_area(replace(results, tables=tables), area, findings.get(area)) for area in due.areas}


View = tuple[MasterData, Interval, int]
"""Master data, a day and the version of everything both are looked at."""


def _wholesale(office: Office, connection: Connection, view: View) -> WholesalePlan:
    master, interval, as_of = view
    facts = office.settlement_facts(connection, as_of)
    tariffs = facts.tariffs
    links = TariffLinks(tariffs.point, tariffs.tariff, tariffs.valid_from, tariffs.valid_to)
    return wholesale_plan(master, interval, links, tuple(facts.tariff_ids.names))


def _batches(office: Office, connection: Connection, view: View) -> Iterator[Batch]:
    """The active energy of a day; what is read by the day or month is not settled by the hour.

    A calculated point has the values of its formula, whatever was once delivered for it.
    """
    _, day, as_of = view
    formulas = formulas_of(office, connection, day, as_of)
    calculated = np.array([formula.point for formula in formulas], dtype=np.int64)
    for batch in office.store.scan(connection, day, kind=series_kind(Unit.KWH), as_of=as_of):
        if batch.resolution in STEP_SECONDS:
            yield _without(batch, calculated) if len(calculated) else batch
    yield from calculated_values(office, connection, formulas, view)


def _without(batch: Batch, points: Rows) -> Batch:
    kept = ~np.isin(batch.points, points)
    if kept.all():
        return batch
    values = (batch.quantity[kept], batch.quality[kept], batch.transaction[kept])
    return Batch(batch.resolution, batch.start, batch.points[kept], *values)


def _marked(batch: Batch, fixed_as_of: int | None) -> Qualities:
    """Qualities of a batch, with the mark of correction only where it came after the last fixed basis."""
    if fixed_as_of is None:
        return batch.quality & _STATUS
    return np.where(batch.transaction > fixed_as_of, batch.quality, batch.quality & _STATUS)


def _of_area(results: SettlementResults, area: str, finding: Finding | None) -> Calculated:
    tables = {kind: _rows(table, area) for kind, table in results.tables.items()}
    residual = tables[ResultKind.GRID_LOSS]
    negative = int((residual.quantity < 0).any(axis=0).sum()) if len(residual.keys) else 0
    return Calculated(replace(results, tables=tables), negative, finding)


def _rows(table: KeyedSums, area: str) -> KeyedSums:
    rows: Sequence[int] = [row for row, key in enumerate(table.keys) if key.grid_area == area]
    keys = tuple(table.keys[row] for row in rows)
    return KeyedSums(keys, table.quantity[rows], table.qualities[rows], table.exists[rows])
