"""The settlement as parties and the operator see it: implements `gateway.hub.ports_settlement.SettlementDesk`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.ports import HistoryEntry, Principal, Refused
from gateway.hub.ports_settlement import (
    DayFilter,
    DayStanding,
    PeriodisedReading,
    PeriodisedSums,
    Postponement,
    SettledRow,
    SnapshotSummary,
    SnapshotView,
)
from gateway.hub.settlement import decisions
from gateway.hub.settlement.basis import load_share_total
from gateway.hub.settlement.calculation import BASES, settled_areas
from gateway.hub.settlement.days import UNTOUCHED, day_number, day_of, history, standings
from gateway.hub.settlement.periodisation import periodised_readings
from gateway.hub.settlement.periodised_sums import periodised_sums
from gateway.hub.settlement.recipients import entitled_rows, numbered
from gateway.hub.settlement.rendering import outward_quality
from gateway.hub.settlement.snapshots import Run, Snapshot, find, newest_of, run_of
from gateway.hub.tables_settlement import settlement_run, settlement_step, snapshot
from gateway.markets.distribution import Receiver
from gateway.markets.policies import CorrectedOutward
from gateway.messages.codes import Role, SettlementStage
from gateway.messages.times import Interval
from gateway.processes.events import FixationPostponed
from gateway.processes.registry import PROCESSES
from gateway.settlement.profiles import Curve
from gateway.settlement.quality_sets import CORRECTED, names_of
from gateway.settlement.results import ResultKind, ResultSeries


class Desk:
    """The desk of one hub."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def days(self, reader: Principal, wanted: DayFilter) -> tuple[DayStanding, ...]:
        """Where days of operation stand, with their history for those who run the hub or the grid area."""
        return await self._office.database.reading(self._days, reader, wanted)

    async def snapshots(self, reader: Principal, wanted: DayFilter) -> tuple[SnapshotSummary, ...]:
        """Everything filed of some days of which the reader may see any row, oldest first."""
        return await self._office.database.reading(self._snapshots, reader, wanted)

    async def snapshot(self, reader: Principal, number: int) -> SnapshotView | None:
        """A snapshot with the rows the reader is entitled to; None where there is none, or no such row."""
        return await self._office.database.reading(self._snapshot, reader, number)

    async def postponements(self, wanted: DayFilter) -> tuple[Postponement, ...]:
        """The fixations that were postponed, newest last."""
        return await self._office.database.reading(self._postponements, wanted)

    async def postpone(
        self, operator: Principal, day: date, areas: Sequence[str], until: date, reason: str
    ) -> tuple[Postponement, ...] | Refused:
        """Move a fixation to the evening of another day; no area named is every one."""

        def work() -> tuple[Postponement, ...] | Refused:
            with self._office.database.write() as connection:
                return decisions.postpone(self._office, connection, operator, (day, areas, until), reason)

        return await asyncio.to_thread(work)

    async def accept_residual(
        self, operator: Principal, day: date, areas: Sequence[str], reason: str
    ) -> tuple[SnapshotSummary, ...] | Refused:
        """Let a negative residual stand: the held basis is fixed, filed and sent."""
        run = await asyncio.to_thread(decisions.accept_residual, self._office, operator, day, areas, reason)
        if isinstance(run, Refused):
            return run
        found = await self.snapshots(operator, DayFilter(day, day))
        return tuple(one for one in found if one.version == run.id)

    async def periodised(
        self, reader: Principal, point: str, wanted: DayFilter
    ) -> tuple[PeriodisedReading, ...] | None:
        """The readings of a point that overlap some days, spread over their periods; None as for the readings."""
        zone = self._office.profile.zone
        span = Interval(zone.midnight(wanted.first), zone.day_interval(wanted.last).end)
        return await self._office.reading(periodised_readings, reader, point, span)

    async def periodised_sums(self, reader: Principal, month: date, grid_area: str) -> PeriodisedSums | Refused | None:
        """Sums of periodised readings of a month: a supplier's own, all of the area for its grid operator."""
        return await self._office.reading(periodised_sums, reader, month, grid_area)

    # --- what there is ----------------------------------------------------------------------------------------------

    def _days(self, connection: Connection, reader: Principal, wanted: DayFilter) -> tuple[DayStanding, ...]:
        profile = self._office.profile
        master = self._office.refresh(connection)
        known = standings(connection, wanted.first, wanted.last)
        found: list[DayStanding] = []
        for number in range(day_number(wanted.first), day_number(wanted.last) + 1):
            day = day_of(number)
            for area in settled_areas(master, profile.zone.day_interval(day)):
                if wanted.grid_area not in ("", area):
                    continue
                one = known.get((day, area), UNTOUCHED)
                fixation = one.until or profile.timetable.fixation(day)
                steps = self._history(connection, day, area) if self._may_see_history(reader, area, day) else ()
                found.append(DayStanding(day, area, one.state.value, one.state.meaning, fixation, steps))
        return tuple(found)

    def _may_see_history(self, reader: Principal, area: str, day: date) -> bool:
        if reader.role is Role.HUB:
            return True
        noon = self._office.profile.zone.at(day, 12)
        runs_it = self._office.master.grid_operator(area, noon) == reader.party
        return runs_it and self._office.profile.queue_role(reader.role) is Role.GRID_OPERATOR

    @staticmethod
    def _history(connection: Connection, day: date, area: str) -> tuple[HistoryEntry, ...]:
        return tuple(
            HistoryEntry(
                row.at // MICROSECONDS,
                row.event,
                row.state,
                row.text or PROCESSES[row.process, row.version].states(row.state).meaning,
            )
            for row in history(connection, day, area)
        )

    def _snapshots(self, connection: Connection, reader: Principal, wanted: DayFilter) -> tuple[SnapshotSummary, ...]:
        chosen = (
            sa.select(snapshot.c.id)
            .join(settlement_run)
            .where(settlement_run.c.day.between(day_number(wanted.first), day_number(wanted.last)))
            .order_by(snapshot.c.id)
        )
        if wanted.grid_area:
            chosen = chosen.where(snapshot.c.grid_area == wanted.grid_area)
        if reader.role is Role.HUB:
            head = sa.select(snapshot.c.id, snapshot.c.grid_area, snapshot.c.sha256, *settlement_run.c)
            head = head.join(settlement_run).where(snapshot.c.id.in_(chosen)).order_by(snapshot.c.id)
            rows = connection.execute(head).mappings()
            return tuple(
                _summary(row[snapshot.c.id], row[snapshot.c.grid_area], row[snapshot.c.sha256], run_of(row))
                for row in rows
            )
        views = (self._snapshot(connection, reader, number) for number in connection.execute(chosen).scalars().all())
        return tuple(view.summary for view in views if view is not None)

    def _snapshot(self, connection: Connection, reader: Principal, number: int) -> SnapshotView | None:
        filed = find(connection, number)
        if filed is None:
            return None
        rows = self._visible(connection, reader, filed)
        if not rows:
            return None
        marked = self._office.profile.corrected_outward is CorrectedOutward.MARKED
        results = filed.results
        summary = _summary(filed.id, filed.grid_area, filed.sha256, filed.run)
        shown = tuple(_shown(row, marked=marked) for row in rows)
        return SnapshotView(summary, results.start, results.resolution, shown, self._curve(connection, reader, filed))

    def _curve(self, connection: Connection, reader: Principal, filed: Snapshot) -> tuple[str, ...]:
        """The curve of the fixation, which every refixation keeps (D1 §1.15)."""
        role = self._office.profile.queue_role(reader.role)
        if filed.run.stage not in BASES or role not in (Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.HUB):
            return ()
        fixed = newest_of(connection, filed.run.day, filed.grid_area, SettlementStage.FIXATION).results
        total = load_share_total(fixed.tables)
        residual = fixed.tables[ResultKind.GRID_LOSS]
        return tuple(Curve(residual.quantity[0], total).shown()) if total and len(residual.keys) else ()

    def _visible(self, connection: Connection, reader: Principal, filed: Snapshot) -> list[ResultSeries]:
        """The rows of a snapshot that a party is entitled to; all of them for the hub's operator."""
        rows = numbered(filed.results)
        if reader.role is Role.HUB:
            return rows
        profile = self._office.profile
        own = Receiver(reader.party, profile.queue_role(reader.role))
        return [rows[number] for number in entitled_rows(profile, self._office.refresh(connection), filed, rows, own)]

    def _postponements(self, connection: Connection, wanted: DayFilter) -> tuple[Postponement, ...]:
        steps = settlement_step
        chosen = (
            sa.select(steps)
            .where(steps.c.day.between(day_number(wanted.first), day_number(wanted.last)))
            .order_by(steps.c.at, steps.c.day, steps.c.grid_area, steps.c.ordinal)
        )
        timetable = self._office.profile.timetable
        last: dict[tuple[date, str], int] = {}
        found: list[Postponement] = []
        for row in connection.execute(chosen):
            if row.event != FixationPostponed.__name__ or wanted.grid_area not in ("", row.grid_area):
                continue
            day = day_of(row.day)
            old = last.get((day, row.grid_area), timetable.fixation(day))
            last[day, row.grid_area] = row.until
            sent_by, decided_at = timetable.sent_by(row.until), row.at // MICROSECONDS
            found.append(Postponement(day, row.grid_area, old, row.until, sent_by, row.text, decided_at))
        return tuple(found)


def _summary(number: int, area: str, sha256: bytes, run: Run) -> SnapshotSummary:
    return SnapshotSummary(
        number=number,
        version=run.id,
        stage=run.stage,
        day=run.day,
        grid_area=area,
        evening=run.evening,
        as_of=run.as_of,
        rules=run.rules,
        filed_at=run.finished_at // MICROSECONDS,
        sha256=sha256.hex(),
    )


def _shown(row: ResultSeries, *, marked: bool) -> SettledRow:
    return SettledRow(
        kind=row.kind.value,
        supplier=row.key.supplier or "",
        balance_responsible=row.key.brp or "",
        neighbour=row.key.neighbour or "",
        tariff=row.key.tariff or "",
        quantity=row.quantity,
        exists=row.exists,
        status=outward_quality(row.qualities, row.exists, marked=marked),
        qualities=tuple("|".join(names_of(one)) for one in row.qualities.tolist()),
        corrected=row.qualities & CORRECTED != 0,
    )
