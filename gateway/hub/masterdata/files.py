"""Master data from files: CSV or JSON of parties, grid areas, metering points and facts about them, checked together.

Either everything in the files is good and becomes one `MasterDataSet`, or nothing is taken and every reason is told.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from gateway.hub.masterdata.agreement_checks import check_agreements, points_agreed_on
from gateway.hub.masterdata.agreement_layouts import AGREEMENTS, PERMISSIONS
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.checks import ReadTables, check_references
from gateway.hub.masterdata.layouts import (
    DELEGATIONS,
    FORMULAS,
    GRID_AREAS,
    GRID_LOSS,
    LOAD_SHARES,
    METERING_POINTS,
    PARTIES,
    POINT_PERMISSIONS,
    TARIFFS,
    Dated,
    Layout,
    cells_of,
)
from gateway.hub.masterdata.point_checks import check_point_facts
from gateway.hub.masterdata.point_layouts import COMMUNITIES, POINT_DETAILS, REACTIVE_ORDERS
from gateway.hub.masterdata.settlement_checks import check_facts, named_points
from gateway.hub.masterdata.table_rows import FindingList, Place, TableRows, read_table
from gateway.hub.ports import MasterDataTable
from gateway.messages.agreements import AgreementFacts
from gateway.messages.findings import Finding, has_errors
from gateway.messages.masterdata import Delegation, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.point_details import PointFacts
from gateway.messages.settlement_masterdata import SettlementFacts, SettlementMasterData

ENDINGS = (".csv", ".json")
FILE_NAMES = frozenset(f"{table}{ending}" for table in MasterDataTable for ending in ENDINGS)
"""The files an import may consist of."""

NOTHING_KNOWN = MasterData.build(())
"""The view of a hub without master data."""


@dataclass(frozen=True)
class MasterDataSet:
    """What one import registers. Each key that occurs (a point, a party, an area) is stated with all its versions."""

    points: list[MeteringPointVersion] = field(default_factory=list)
    grid_areas: list[GridArea] = field(default_factory=list)
    roles: list[PartyRole] = field(default_factory=list)
    delegations: list[Delegation] = field(default_factory=list)
    settlement: SettlementFacts = field(default_factory=SettlementFacts)
    agreements: AgreementFacts = field(default_factory=AgreementFacts)
    point_facts: PointFacts = field(default_factory=PointFacts)

    def counts(self) -> dict[str, int]:
        """Rows by table."""
        return {
            MasterDataTable.PARTIES: len(self.roles),
            MasterDataTable.GRID_AREAS: len(self.grid_areas),
            MasterDataTable.METERING_POINTS: len(self.points),
            MasterDataTable.DELEGATIONS: len(self.delegations),
            MasterDataTable.LOAD_SHARES: len(self.settlement.load_shares),
            MasterDataTable.TARIFFS: len(self.settlement.tariffs),
            MasterDataTable.FORMULAS: len(self.settlement.formulas),
            MasterDataTable.GRID_LOSS: len(self.settlement.grid_loss),
            MasterDataTable.POINT_PERMISSIONS: len(self.settlement.permissions),
            MasterDataTable.AGREEMENTS: len(self.agreements.agreements),
            MasterDataTable.PERMISSIONS: len(self.agreements.permissions),
            MasterDataTable.POINT_DETAILS: len(self.point_facts.details),
            MasterDataTable.REACTIVE_ORDERS: len(self.point_facts.orders),
            MasterDataTable.COMMUNITIES: len(self.point_facts.members),
        }

    def view(self) -> MasterData:
        """The set alone as the rules see it: `gridpost validate --masterdata`, where no hub is."""
        return MasterData.build(self.points, self.grid_areas, self.roles, self.delegations)

    def settlement_view(self) -> SettlementMasterData:
        """What the set alone holds for settlement."""
        return SettlementMasterData.build(self.settlement)


@dataclass(frozen=True)
class MasterDataReading:
    """What files of master data hold: the set, empty when any finding is an error, and the findings."""

    dataset: MasterDataSet
    findings: tuple[Finding, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the set may be taken."""
        return not has_errors(self.findings)


FactsAbout = Callable[[Set[str]], SettlementFacts]
"""What is registered for settlement about some metering points."""


def nothing_about(_points: Set[str]) -> SettlementFacts:
    """What a hub without master data holds for settlement."""
    return SettlementFacts()


AgreementsAbout = Callable[[Set[str]], AgreementFacts]
"""What is agreed and permitted about some metering points, and every portfolio."""


def nothing_agreed(_points: Set[str]) -> AgreementFacts:
    """What a hub without master data holds of agreements."""
    return AgreementFacts()


def read_files(
    files: Mapping[str, bytes],
    manner: Manner,
    known: MasterData = NOTHING_KNOWN,
    facts_about: FactsAbout = nothing_about,
    agreements_about: AgreementsAbout = nothing_agreed,
) -> MasterDataReading:
    """The master data of some files, checked against each other and against what is known already.

    Args:
        files: contents by file name, as `parties.csv`, `metering-points.json`.
        manner: the market's zone, and whether check digits count (DK-1.17).
        known: what is registered; a key in the files replaces its whole timeline there.
        facts_about: what is registered for settlement, asked of the points that the files name.
        agreements_about: what is agreed and permitted, asked likewise.

    Returns:
        The set and the findings: `unknown-file`, `table-twice`, `no-master-data`, those of
        `gateway.hub.masterdata.table_rows.read_table` with their line, and those of
        `gateway.hub.masterdata.checks.check_references`, `gateway.hub.masterdata.settlement_checks.check_facts`,
        `gateway.hub.masterdata.agreement_checks.check_agreements` and
        `gateway.hub.masterdata.point_checks.check_point_facts`.
        With any error the set is empty.
    """
    findings = FindingList()
    _check_names(files, findings)
    tables = _tables(files, manner, findings)
    check_references(tables, known, findings)
    check_facts(tables, known, facts_about(named_points(tables)), findings)
    check_agreements(tables, known, agreements_about(points_agreed_on(tables)), findings)
    check_point_facts(tables, known, findings)
    found = findings.all()
    return MasterDataReading(MasterDataSet() if has_errors(found) else _dataset(tables), found)


def _tables(files: Mapping[str, bytes], manner: Manner, findings: FindingList) -> ReadTables:
    return ReadTables(
        points=_read(files, METERING_POINTS, manner, findings),
        parties=_read(files, PARTIES, manner, findings),
        grid_areas=_read(files, GRID_AREAS, manner, findings),
        delegations=_read(files, DELEGATIONS, manner, findings),
        load_shares=_read(files, LOAD_SHARES, manner, findings),
        tariffs=_read(files, TARIFFS, manner, findings),
        formulas=_read(files, FORMULAS, manner, findings),
        grid_loss=_read(files, GRID_LOSS, manner, findings),
        permissions=_read(files, POINT_PERMISSIONS, manner, findings),
        agreements=_read(files, AGREEMENTS, manner, findings),
        access_permissions=_read(files, PERMISSIONS, manner, findings),
        details=_read(files, POINT_DETAILS, manner, findings),
        orders=_read(files, REACTIVE_ORDERS, manner, findings),
        members=_read(files, COMMUNITIES, manner, findings),
    )


def _dataset(tables: ReadTables) -> MasterDataSet:
    return MasterDataSet(
        tables.points.rows,
        tables.grid_areas.rows,
        tables.parties.rows,
        tables.delegations.rows,
        SettlementFacts(
            tables.load_shares.rows,
            tables.tariffs.rows,
            tables.formulas.rows,
            tables.grid_loss.rows,
            tables.permissions.rows,
        ),
        AgreementFacts(tables.agreements.rows, tables.access_permissions.rows),
        PointFacts(tables.details.rows, tables.orders.rows, tables.members.rows),
    )


def files_of(directory: Path) -> dict[str, bytes]:
    """The master data files of a directory by name; other files are not looked at."""
    return {name: (directory / name).read_bytes() for name in sorted(FILE_NAMES) if (directory / name).is_file()}


def csv_files(dataset: MasterDataSet) -> dict[str, bytes]:
    """The set as the CSV files an import takes, by name."""
    return {
        "parties.csv": _csv(PARTIES, dataset.roles),
        "grid-areas.csv": _csv(GRID_AREAS, dataset.grid_areas),
        "metering-points.csv": _csv(METERING_POINTS, dataset.points),
        "delegations.csv": _csv(DELEGATIONS, dataset.delegations),
        "load-shares.csv": _csv(LOAD_SHARES, dataset.settlement.load_shares),
        "tariffs.csv": _csv(TARIFFS, dataset.settlement.tariffs),
        "formulas.csv": _csv(FORMULAS, dataset.settlement.formulas),
        "grid-loss.csv": _csv(GRID_LOSS, dataset.settlement.grid_loss),
        "point-permissions.csv": _csv(POINT_PERMISSIONS, dataset.settlement.permissions),
        "agreements.csv": _csv(AGREEMENTS, dataset.agreements.agreements),
        "permissions.csv": _csv(PERMISSIONS, dataset.agreements.permissions),
        "point-details.csv": _csv(POINT_DETAILS, dataset.point_facts.details),
        "reactive-orders.csv": _csv(REACTIVE_ORDERS, dataset.point_facts.orders),
        "communities.csv": _csv(COMMUNITIES, dataset.point_facts.members),
    }


def filled_csv_files(dataset: MasterDataSet) -> dict[str, bytes]:
    """Those of the CSV files of a set that hold any row."""
    return {name: content for name, content in csv_files(dataset).items() if content.count(b"\n") > 1}


def write_files(dataset: MasterDataSet, directory: Path) -> None:
    """Write a set as the CSV files an import takes, into a directory that is made where it is not there."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in csv_files(dataset).items():
        (directory / name).write_bytes(content)


def _csv(layout: Layout[Dated], rows: Sequence[Dated]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, [column.name for column in layout.columns], restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(cells_of(layout, row) for row in rows)
    return text.getvalue().encode()


def _check_names(files: Mapping[str, bytes], findings: FindingList) -> None:
    for name in files:
        if name not in FILE_NAMES:
            findings.add(
                "unknown-file", f"no file of master data; known are {', '.join(sorted(FILE_NAMES))}", Place(name)
            )
    for table in MasterDataTable:
        if all(f"{table}{ending}" in files for ending in ENDINGS):
            findings.add("table-twice", f"{table} come both as CSV and as JSON", Place(f"{table}.json"))
    if not files:
        findings.add("no-master-data", f"none of {', '.join(sorted(FILE_NAMES))} is there", Place(""))


def _read(files: Mapping[str, bytes], layout: Layout[Dated], manner: Manner, findings: FindingList) -> TableRows[Dated]:
    for ending in ENDINGS:
        name = f"{layout.table}{ending}"
        if name in files:
            return read_table(name, files[name], layout, manner, findings)
    return TableRows(f"{layout.table}.csv", layout)
