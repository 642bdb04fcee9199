"""What rows of master data must agree on with each other and with what is registered already.

A registration replaces the whole timeline of its key: a party's roles, a grid area, a metering point. So the checks
look at what will hold after the import: the rows of the files, and of the known view what they do not replace.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.hub.masterdata.families import check_families
from gateway.hub.masterdata.layouts import Row
from gateway.hub.masterdata.table_rows import FindingList, Place, TableRows
from gateway.messages.agreements import AccessPermission, Agreement
from gateway.messages.codes import AREA_RUNNERS, Role
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import (
    NONE,
    Codes,
    Delegation,
    GridArea,
    MasterData,
    MeteringPointVersion,
    Names,
    PartyRole,
    Rows,
)
from gateway.messages.point_details import CommunityMember, PointDetail, ReactiveOrder
from gateway.messages.settlement_masterdata import FormulaTerm, GridLossPoint, LoadShare, PointPermission, PointTariff


class ReadTables(NamedTuple):
    """The tables of one import; an absent file is a table without rows."""

    points: TableRows[MeteringPointVersion]
    parties: TableRows[PartyRole]
    grid_areas: TableRows[GridArea]
    delegations: TableRows[Delegation]
    load_shares: TableRows[LoadShare]
    tariffs: TableRows[PointTariff]
    formulas: TableRows[FormulaTerm]
    grid_loss: TableRows[GridLossPoint]
    permissions: TableRows[PointPermission]
    agreements: TableRows[Agreement]
    access_permissions: TableRows[AccessPermission]
    details: TableRows[PointDetail]
    orders: TableRows[ReactiveOrder]
    members: TableRows[CommunityMember]


class Timeline:
    """When something holds, by key: the union of half-open spans."""

    def __init__(self, spans: Iterable[tuple[object, int, int]]) -> None:
        self._spans: dict[object, list[tuple[int, int]]] = {}
        for key, start, end in sorted(spans, key=lambda span: span[1]):
            self._spans.setdefault(key, []).append((start, end))

    def __contains__(self, key: object) -> bool:
        return key in self._spans

    def covers(self, key: object, start: int, end: int) -> bool:
        """Whether the key holds over all of [start, end)."""
        for low, high in self._spans.get(key, ()):
            if low <= start < high:
                start = high
            if start >= end:
                return True
        return False


def check_references(tables: ReadTables, known: MasterData, findings: FindingList) -> None:
    """Note what the rows of an import refer to in vain.

    Findings: `unknown-grid-area`, `unknown-party`, `party-role` (a party does not hold the role all the time it is
    named for), `still-in-use` (something registered before needs what the import takes away), and of metering points
    those of `gateway.hub.masterdata.families`.
    """
    references = References(tables, known, findings)
    for column in ("grid_area", "from_grid_area", "to_grid_area"):
        references.check_areas(tables.points, column)
    references.check_roles(tables.points, "energy_supplier", Role.ENERGY_SUPPLIER)
    references.check_roles(tables.points, "balance_responsible", Role.BALANCE_RESPONSIBLE)
    references.check_area_runners()
    references.check_delegations()
    references.check_owners()
    references.check_agreement_parties()
    references.check_registered_areas()
    references.check_registered_points()
    check_families(tables.points, known, findings)


class References:
    """Who holds which role and which grid areas exist, after the import."""

    def __init__(self, tables: ReadTables, known: MasterData, findings: FindingList) -> None:
        self.tables, self.known, self.findings = tables, known, findings
        self._party_places = places_of(tables.parties, "party")
        self._area_places = places_of(tables.grid_areas, "code")
        roles = [row for row in known.roles if row.party not in self._party_places] + tables.parties.rows
        areas = [area for area in known.grid_areas if area.code not in self._area_places] + tables.grid_areas.rows
        self._known_parties = {row.party for row in roles}
        self._roles = Timeline(((row.party, row.role), row.valid_from, row.valid_to) for row in roles)
        self._area_spans = Timeline((area.code, area.valid_from, area.valid_to) for area in areas)

    @cached_property
    def _stays(self) -> npt.NDArray[np.bool_]:
        """Which rows of the known points the import does not replace."""
        own = [point_key(row.metering_point) for row in self.tables.points.rows]
        return ~np.isin(self.known.points.point, np.array(own, dtype=np.int64))

    def check_areas(self, table: TableRows[Row], column: str) -> None:
        """Each grid area named in a column exists while the row is valid."""
        self._check_each(table, column, self._area_fault)

    def check_roles(self, table: TableRows[Row], column: str, role: Role) -> None:
        """Each party named in a column holds the role while the row is valid."""
        self._check_each(table, column, partial(self._role_fault, role))

    def check_area_runners(self) -> None:
        """Who runs a grid area holds one of the roles that may, all the time."""
        self._check_each(self.tables.grid_areas, "grid_operator", self._runner_fault)

    def check_delegations(self) -> None:
        """Both parties of a delegation hold the roles it names, in a grid area that exists."""
        table = self.tables.delegations
        self.check_areas(table, "grid_area")
        for number, row in enumerate(table.rows):
            span = (row.valid_from, row.valid_to)
            for column, party, role in (
                ("from_party", row.from_party, row.from_role),
                ("to_party", row.to_party, row.to_role),
            ):
                if fault := self._role_fault(role, party, *span):
                    self.findings.add(fault.rule, f"column {column}: {fault.text}", table.place(number))

    def check_owners(self) -> None:
        """The owner of a tariff is a party of the market; none ever ceases to be known."""
        self._check_each(self.tables.tariffs, "owner", self._party_fault)

    def check_agreement_parties(self) -> None:
        """Who agrees or holds a permission is a party of the market; none ever ceases to be known."""
        self._check_each(self.tables.agreements, "party", self._party_fault)
        self._check_each(self.tables.agreements, "counterparty", self._party_fault)
        self._check_each(self.tables.access_permissions, "holder", self._party_fault)

    def check_registered_areas(self) -> None:
        """A party whose roles are stated anew still runs the grid areas registered with it."""
        for area in self.known.grid_areas:
            place = self._party_places.get(area.grid_operator)
            if place is None or area.code in self._area_places:
                continue
            if self._runner_fault(area.grid_operator, area.valid_from, area.valid_to):
                text = f"grid area {area.code}, registered before, needs {area.grid_operator} as {Role.GRID_OPERATOR}"
                self.findings.add("still-in-use", text, place)

    def check_registered_points(self) -> None:
        """Parties and grid areas stated anew still are what the metering points registered before need of them."""
        points = self.known.points
        for codes, role in (
            (points.energy_supplier, Role.ENERGY_SUPPLIER),
            (points.balance_responsible, Role.BALANCE_RESPONSIBLE),
        ):
            uses = self._uses(codes, self.known.parties, self._party_places)
            self._check_registered(uses, partial(self._role_fault, role))
        for codes in (points.grid_area, points.from_grid_area, points.to_grid_area):
            uses = self._uses(codes, self.known.areas, self._area_places)
            self._check_registered(uses, self._area_fault)

    def _uses(self, codes: Codes, names: Names, places: dict[str, Place]) -> Iterator[_Use]:
        for name, place in places.items():
            code = names.find(name)
            if code != NONE:
                yield _Use(name, np.flatnonzero((codes == code) & self._stays), place)

    def _check_registered(self, uses: Iterable[_Use], fault_of: FaultOf) -> None:
        points = self.known.points
        for use in uses:
            for row in use.rows:
                fault = fault_of(use.name, int(points.valid_from[row]), int(points.valid_to[row]))
                if fault:
                    point = point_id(int(points.point[row]))
                    text = f"metering point {point}, registered before: {fault.text}"
                    self.findings.add("still-in-use", text, use.place)
                    break

    def _area_fault(self, area: str, start: int, end: int) -> Fault | None:
        if self.tables.grid_areas.may_hold(area) or self._area_spans.covers(area, start, end):
            return None
        why = "does not exist all the time" if area in self._area_spans else "is unknown"
        return Fault("unknown-grid-area", f"grid area {area} {why}")

    def _role_fault(self, role: Role, party: str, start: int, end: int) -> Fault | None:
        if self.tables.parties.may_hold(party) or self._roles.covers((party, role), start, end):
            return None
        if fault := self._party_fault(party, start, end):
            return fault
        return Fault("party-role", f"party {party} does not hold the role {role} all the time")

    def _runner_fault(self, party: str, start: int, end: int) -> Fault | None:
        if any(self._roles.covers((party, role), start, end) for role in AREA_RUNNERS):
            return None
        return self._role_fault(Role.GRID_OPERATOR, party, start, end)

    def _party_fault(self, party: str, _start: int, _end: int) -> Fault | None:
        if self.tables.parties.may_hold(party) or party in self._known_parties:
            return None
        return Fault("unknown-party", f"party {party} is unknown")

    def _check_each(self, table: TableRows[Row], column: str, fault_of: FaultOf) -> None:
        """Ask once for every different use: a million points name few parties over few spans of time."""
        use = attrgetter(column, "valid_from", "valid_to")
        faults = {named: fault_of(*named) for named in set(map(use, table.rows)) if named[0] is not None}
        if not any(faults.values()):
            return
        for number, row in enumerate(table.rows):
            if fault := faults.get(use(row)):
                self.findings.add(fault.rule, f"column {column}: {fault.text}", table.place(number))


def places_of(table: TableRows[Row], key: str) -> dict[str, Place]:
    """Where each key of a table is first stated."""
    places: dict[str, Place] = {}
    for number, row in enumerate(table.rows):
        places.setdefault(getattr(row, key), table.place(number))
    return places


class Fault(NamedTuple):
    """The rule broken and the sentence that says so."""

    rule: str
    text: str


FaultOf = Callable[[str, int, int], Fault | None]
"""What is wrong with naming a party or grid area over [start, end)."""


class _Use(NamedTuple):
    """A name the import states anew, the rows of the known points that bear it, and where the import states it."""

    name: str
    rows: Rows
    place: Place
