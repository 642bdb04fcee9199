"""What a metering point must have by its type, and how parents and children fit together (D1 §6.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.hub.masterdata.table_rows import FindingList, TableRows
from gateway.messages.codes import MeteringPointType
from gateway.messages.findings import Severity
from gateway.messages.masterdata import MasterData, MeteringPointVersion

NEEDS_PARENT = frozenset(
    {
        MeteringPointType.SURPLUS_PRODUCTION_GROUP_6,
        MeteringPointType.NET_PRODUCTION,
        MeteringPointType.SUPPLY_TO_GRID,
        MeteringPointType.CONSUMPTION_FROM_GRID,
        MeteringPointType.WHOLESALE_SERVICES_INFORMATION,
        MeteringPointType.OWN_PRODUCTION,
        MeteringPointType.NET_FROM_GRID,
        MeteringPointType.NET_TO_GRID,
        MeteringPointType.TOTAL_CONSUMPTION,
        MeteringPointType.OTHER_CONSUMPTION,
        MeteringPointType.OTHER_PRODUCTION,
        MeteringPointType.COLLECTIVE_NET_PRODUCTION,
        MeteringPointType.COLLECTIVE_NET_CONSUMPTION,
    }
)
"""Types whose values go to their parent's supplier only: without a parent nobody receives them."""

CLAUSE = "D1 §6.1.1"

Versions = Sequence[MeteringPointVersion]


def check_families(table: TableRows[MeteringPointVersion], known: MasterData, findings: FindingList) -> None:
    """Note what is wrong with metering points among themselves.

    Findings: `exchange-areas` (an exchange point lies between two different grid areas), `unknown-parent` (no version
    of the parent while the child is valid), `parent-cycle`, `child-supplier` (a child that states a supplier states
    its parent's, D1 §6.1.1), and the warning `no-parent`.
    """
    parents = {row.parent for row in table.rows if row.parent is not None}
    families = _Families(table, known, parents) if parents else None
    for number, row in enumerate(table.rows):
        if row.kind is MeteringPointType.EXCHANGE and not _lies_between_areas(row):
            text = "column from_grid_area: an exchange point lies between two different grid areas"
            findings.add("exchange-areas", text, table.place(number))
        if row.parent is None:
            if row.kind in NEEDS_PARENT:
                text = f"column parent: a point of type {row.kind} without a parent reaches nobody"
                findings.add("no-parent", text, table.place(number), Severity.WARNING, CLAUSE)
        elif families is not None and (fault := families.fault(row, row.parent)):
            findings.add(fault[0], f"column parent: {fault[1]}", table.place(number), clause=CLAUSE)


def _lies_between_areas(row: MeteringPointVersion) -> bool:
    ends = (row.from_grid_area, row.to_grid_area)
    return None not in ends and ends[0] != ends[1]


class _Families:
    """The versions of every point that is somebody's parent, after the import."""

    def __init__(self, table: TableRows[MeteringPointVersion], known: MasterData, parents: set[str]) -> None:
        self.table = table
        self.known = known
        self._versions: dict[str, list[MeteringPointVersion]] = {}
        for row in table.rows:
            if row.metering_point in parents:
                self._versions.setdefault(row.metering_point, []).append(row)

    def fault(self, child: MeteringPointVersion, parent: str) -> tuple[str, str] | None:
        """The rule a child breaks with its parent, and the words for it."""
        if self.table.may_hold(parent):
            return None
        versions = self._during(parent, child.valid_from, child.valid_to)
        if not versions:
            return "unknown-parent", f"there is no metering point {parent} while the child is valid"
        if self._leads_back(child, parent):
            return "parent-cycle", f"{child.metering_point} is an ancestor of its own parent {parent}"
        supplier = child.energy_supplier
        if supplier is not None and any(version.energy_supplier != supplier for version in versions):
            return "child-supplier", f"a child follows its parent's supplier, which is not always {supplier}"
        return None

    def _during(self, point: str, start: int, end: int) -> Versions:
        if point not in self._versions:
            self._versions[point] = self.known.versions(point)
        return [v for v in self._versions[point] if v.valid_from < end and v.valid_to > start]

    def _leads_back(self, child: MeteringPointVersion, parent: str) -> bool:
        """Whether the line of ancestors reaches the child again at some moment of its validity."""
        ahead = [(parent, child.valid_from, child.valid_to)]
        seen = set(ahead)
        while ahead:
            point, start, end = ahead.pop()
            if point == child.metering_point:
                return True
            for version in self._during(point, start, end):
                if version.parent is not None:
                    step = (version.parent, max(start, version.valid_from), min(end, version.valid_to))
                    if step not in seen:
                        seen.add(step)
                        ahead.append(step)
        return False
