"""What facts that settlement needs must agree on with metering points, and formulas among themselves.

As everywhere in an import, what counts is what will hold after it: a fact of a file is checked against the points as
they will be, and a fact registered before against the points the files state anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from operator import attrgetter

import numpy as np

from gateway.hub.masterdata.checks import Fault, ReadTables, Timeline, places_of
from gateway.hub.masterdata.fact_spans import Facts, Mask, Spans, covered, spans_of
from gateway.hub.masterdata.layouts import Row
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.codes import ConnectionState, GridLossRole, MeteringPointType, SettlementMethod, Subtype
from gateway.messages.findings import Severity
from gateway.messages.masterdata import METHODS, SUBTYPES, UNITS, MasterData, MeteringPointVersion
from gateway.messages.settlement_masterdata import FormulaTerm, GridLossPoint, SettlementFacts
from gateway.messages.times import Interval, format_second

_LOSS_TYPES = {
    GridLossRole.POSITIVE: (MeteringPointType.CONSUMPTION, SettlementMethod.FLEX),
    GridLossRole.NEGATIVE: (MeteringPointType.PRODUCTION, None),
}
_IN_GRID = (ConnectionState.CONNECTED, ConnectionState.DISCONNECTED)


def named_points(tables: ReadTables) -> frozenset[str]:
    """The points whose registered facts an import is checked against: those it states, and those it gives formulas."""
    point = attrgetter("metering_point")
    return frozenset(map(point, tables.points.rows)).union(map(point, tables.formulas.rows))


def check_facts(tables: ReadTables, known: MasterData, registered: SettlementFacts, findings: FindingList) -> None:
    """Note what is wrong with the facts of an import, and with registered facts about the points it states anew.

    Findings: `unknown-point` (a point does not exist as long as something is said of it), `not-profile-settled` (a load
    share, D1 §1.3), `not-calculated`, `formula-unit`, `formula-cycle` (of formulas, D1 §6.1.3), `grid-loss-area`,
    `grid-loss-type`, `grid-loss-not-virtual`, `grid-loss-supplier` (of grid loss, D1 §6.1.2), `still-in-use`
    (something registered before needs what the import takes away), and the warnings `no-load-share`, `no-formula`.
    """
    check = _Check(tables, known, registered, findings)
    check.load_shares()
    check.tariffs_and_permissions()
    check.formulas()
    check.grid_loss()
    check.points_without_load_share()
    check.points_without_formula()


class _Check:
    """The points and the facts as they will be after an import."""

    def __init__(
        self, tables: ReadTables, known: MasterData, registered: SettlementFacts, findings: FindingList
    ) -> None:
        self._points, self._known, self._findings = tables.points, known, findings
        self._shares = Facts(tables.load_shares, registered.load_shares)
        self._tariffs = Facts(tables.tariffs, registered.tariffs)
        self._formulas = Facts(tables.formulas, registered.formulas)
        self._losses = Facts(tables.grid_loss, registered.grid_loss)
        self._permissions = Facts(tables.permissions, registered.permissions)

    @cached_property
    def _restated(self) -> dict[str, Place]:
        return places_of(self._points, "metering_point")

    @cached_property
    def _after(self) -> MasterData:
        return self._known.with_points(self._points.rows)

    @cached_property
    def _existing(self) -> Spans:
        points = self._after.points
        return Spans(points.point, points.valid_from, points.valid_to)

    def load_shares(self) -> None:
        """Only a profile-settled point has a load share."""
        fault = Fault("not-profile-settled", "is not profile-settled all the time")
        exists = self._check_points(self._shares)
        if exists.any():
            profiled = self._after.points.settlement_method == METHODS.index(SettlementMethod.PROFILED)
            self._note_each(self._shares, exists & ~self._covered(self._shares, profiled), fault)

    def tariffs_and_permissions(self) -> None:
        """What is said of a point is said while it exists."""
        self._check_points(self._tariffs)
        self._check_points(self._permissions)

    def formulas(self) -> None:
        """A formula is that of a calculated point, over points of the same unit, and never leads back to itself."""
        facts = self._formulas
        exists, terms_exist = self._check_points(facts), self._check_points(facts, "term_point")
        if not facts.rows:
            return
        calculated = self._after.points.subtype == SUBTYPES.index(Subtype.CALCULATED)
        fault = Fault("not-calculated", "is not calculated all the time")
        self._note_each(facts, exists & ~self._covered(facts, calculated), fault)
        same = np.zeros(len(facts.rows), dtype=np.bool_)
        for unit in range(len(UNITS)):
            of_unit = self._after.points.unit == unit
            same |= self._covered(facts, of_unit) & self._covered(facts, of_unit, "term_point")
        for number in np.flatnonzero(exists & terms_exist & ~same).tolist():
            row = facts.rows[number]
            ends = [("term_point", row.metering_point), ("metering_point", row.term_point)]
            column, other = ends[facts.place(number) is None and row.term_point not in self._restated]
            self._note(facts, number, column, Fault("formula-unit", f"has another unit than {other}"))
        self._check_rings()

    def grid_loss(self) -> None:
        """Loss is booked on a virtual point of the area: flex consumption or production, with a supplier."""
        for number in np.flatnonzero(self._check_points(self._losses)).tolist():
            row = self._losses.rows[number]
            for version in self._after.versions(row.metering_point, Interval(row.valid_from, row.valid_to)):
                if fault := _loss_fault(row, version):
                    self._note(self._losses, number, "metering_point", fault)
                    break

    def points_without_load_share(self) -> None:
        """Remark on profile-settled points that no residual consumption is distributed to."""
        profiled = [
            number
            for number, row in enumerate(self._points.rows)
            if row.settlement_method is SettlementMethod.PROFILED and row.connection_state in _IN_GRID
        ]
        has_share = covered(spans_of([self._points.rows[number] for number in profiled]), self._shares.spans())
        for number, is_covered in zip(profiled, has_share.tolist(), strict=True):
            if not is_covered and not self._shares.table.may_hold(self._points.rows[number].metering_point):
                text = "column settlement_method: a profile-settled point without a load share all the time"
                self._remark("no-load-share", text, number, "D1 §1.3")

    def points_without_formula(self) -> None:
        """Remark on calculated points that nothing calculates."""
        terms = Timeline((row.metering_point, row.valid_from, row.valid_to) for row in self._formulas.rows)
        for number, row in enumerate(self._points.rows):
            if row.subtype is not Subtype.CALCULATED or row.connection_state not in _IN_GRID:
                continue
            is_covered = terms.covers(row.metering_point, row.valid_from, row.valid_to)
            if not is_covered and not self._formulas.table.may_hold(row.metering_point):
                text = "column subtype: a calculated point without a formula all the time"
                self._remark("no-formula", text, number, "D1 §6.1.3")

    def _check_points(self, facts: Facts[Row], column: str = "metering_point") -> Mask:
        """Which rows name a point that exists all the time; the others are noted."""
        if not facts.rows:
            return np.zeros(0, dtype=np.bool_)
        exists = covered(facts.spans(column), self._existing)
        self._note_each(facts, ~exists, Fault("unknown-point", "does not exist all the time"), column)
        return exists

    def _covered(self, facts: Facts[Row], good: Mask, column: str = "metering_point") -> Mask:
        """Which rows name a point whose versions are good all the time."""
        return covered(facts.spans(column), Spans(*(part[good] for part in self._existing)))

    def _note_each(self, facts: Facts[Row], faulty: Mask, fault: Fault, column: str = "metering_point") -> None:
        for number in np.flatnonzero(faulty).tolist():
            self._note(facts, number, column, fault)

    def _note(self, facts: Facts[Row], number: int, column: str, fault: Fault) -> None:
        point = getattr(facts.rows[number], column)
        if self._points.may_hold(point):
            return
        place, text = facts.place(number), f"metering point {point} {fault.text}"
        if place is not None:
            self._findings.add(fault.rule, f"column {column}: {text}", place)
        elif point in self._restated:
            text = f"{text}, which {facts.table.layout.table} registered before need"
            self._findings.add("still-in-use", text, self._restated[point])

    def _remark(self, rule: str, text: str, number: int, clause: str) -> None:
        self._findings.add(rule, text, self._points.place(number), Severity.WARNING, clause)

    def _check_rings(self) -> None:
        """A ring of formulas exists at the latest when the last of its terms begins."""
        rows = self._formulas.rows
        if _ring(rows) is None:
            return
        seen: set[frozenset[str]] = set()
        for instant in sorted({row.valid_from for row in rows}):
            ring = _ring([row for row in rows if row.valid_from <= instant < row.valid_to])
            if ring is None or frozenset(ring) in seen:
                continue
            seen.add(frozenset(ring))
            own = [
                n for n, row in enumerate(self._formulas.table.rows) if {row.metering_point, row.term_point} <= {*ring}
            ]
            for number in own[:1]:
                text = f"column term_point: {' needs '.join(ring)} from {format_second(instant)} on"
                self._findings.add("formula-cycle", text, self._formulas.table.place(number), clause="D1 §6.1.3")


def _ring(rows: Iterable[FormulaTerm]) -> list[str] | None:
    """Points each of which needs the next one's value, the first again at the end; None where there is no ring."""
    needs: dict[str, set[str]] = {}
    for row in rows:
        needs.setdefault(row.metering_point, set()).add(row.term_point)
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        ring: list[str] = error.args[1]
        return ring[::-1]
    return None


def _loss_fault(row: GridLossPoint, version: MeteringPointVersion) -> Fault | None:
    kind, method = _LOSS_TYPES[row.role]
    if version.grid_area != row.grid_area:
        return Fault("grid-loss-area", f"lies in grid area {version.grid_area}")
    if version.kind is not kind or method not in (None, version.settlement_method):
        return Fault("grid-loss-type", f"is no point of {' '.join(filter(None, (method, kind)))}")
    if version.subtype is not Subtype.VIRTUAL:
        return Fault("grid-loss-not-virtual", "is not virtual")
    if version.energy_supplier is None:
        return Fault("grid-loss-supplier", "has no supplier to take the loss all the time")
    return None
