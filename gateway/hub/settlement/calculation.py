"""The calculation of a day of operation: the values and the master data of one version, through the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import series_kind
from gateway.hub.series.day_scan import DayView, StoredBatch
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.basis import profiled_tables
from gateway.hub.settlement.calculated_points import calculated_values, formulas_of
from gateway.hub.settlement.correction_settlement import corrected
from gateway.hub.settlement.engine import DayWork
from gateway.hub.settlement.load_shares import MonthShares
from gateway.messages.codes import REFIXATIONS, ConnectionState, MeteringPointType, SettlementStage, Unit
from gateway.messages.findings import Finding
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import KINDS, STATES, MasterData, Rows
from gateway.messages.times import Interval
from gateway.settlement.energy import energy_plan
from gateway.settlement.plan import Plan
from gateway.settlement.results import KeyedSums, ResultKind, SettlementResults, key_order
from gateway.settlement.sums import sums
from gateway.settlement.wholesale import TariffLinks, WholesalePlan, wholesale_plan

_CONSUMPTION, _PRODUCTION = MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION
BASES = (SettlementStage.FIXATION, *REFIXATIONS)
"""Stages that file a whole basis, and not the daily sums alone."""


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
    energy = energy_plan(master, interval, due.areas, without=_silent(office, connection, (master, interval, as_of)))
    wholesale = _wholesale(office, connection, (master, interval, as_of)) if due.stage in BASES else None
    plans = (energy.plan, *([wholesale.plan] if wholesale else []))
    work, calculated = day_work(office, connection, plans, (master, interval, as_of), fixed_as_of)
    partials = office.engine.sum_day(office.database, office.store, connection, work)
    work.add(partials, calculated)
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


def _silent(office: Office, connection: Connection, view: View) -> Rows:
    """Points of which no values are awaited, and none came: disconnected ones, and those a grid loss is booked on.

    Where somebody did deliver values of them, these count like any other.
    """
    master, day, as_of = view
    points, facts = master.points, office.settlement_facts(connection, as_of)
    rests = points.connection_state == STATES.index(ConnectionState.DISCONNECTED)
    rests &= (points.valid_from < day.end) & (points.valid_to > day.start)
    booked = [point_key(one.metering_point) for one in facts.grid_loss if one.valid_from < day.end]
    candidates = np.union1d(points.point[rests], np.array(booked, dtype=np.int64))
    kind = series_kind(Unit.KWH)
    return candidates[~office.store.delivered(connection, candidates, day, kind=kind, as_of=as_of)]


def _wholesale(office: Office, connection: Connection, view: View) -> WholesalePlan:
    master, interval, as_of = view
    facts = office.settlement_facts(connection, as_of)
    tariffs = facts.tariffs
    links = TariffLinks(tariffs.point, tariffs.tariff, tariffs.valid_from, tariffs.valid_to)
    return wholesale_plan(master, interval, links, tuple(facts.tariff_ids.names))


def day_work(
    office: Office, connection: Connection, plans: tuple[Plan, ...], view: View, fixed_as_of: int | None
) -> tuple[DayWork, Iterator[StoredBatch]]:
    """What of the active energy of a day is summed by plan, and the values of calculated points that go with it.

    A calculated point has the values of its formula, whatever was once delivered for it.
    """
    _, day, as_of = view
    formulas = formulas_of(office, connection, day, as_of)
    calculated = np.array([formula.point for formula in formulas], dtype=np.int64)
    work = DayWork(plans, DayView(day, series_kind(Unit.KWH), as_of), fixed_as_of, calculated)
    return work, calculated_values(office, connection, formulas, view)


def _of_area(results: SettlementResults, area: str, finding: Finding | None) -> Calculated:
    tables = {kind: _rows(table, area) for kind, table in results.tables.items()}
    residual = tables[ResultKind.GRID_LOSS]
    negative = int((residual.quantity < 0).any(axis=0).sum()) if len(residual.keys) else 0
    return Calculated(replace(results, tables=tables), negative, finding)


def _rows(table: KeyedSums, area: str) -> KeyedSums:
    """The rows of a grid area, in an order that no code of a name has a say in: a snapshot is the same everywhere."""
    rows = [row for row, key in enumerate(table.keys) if key.grid_area == area]
    return table.take(np.array(sorted(rows, key=lambda row: key_order(table.keys[row])), dtype=np.int64))
