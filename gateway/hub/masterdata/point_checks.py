"""What further facts of metering points must agree on with the points, as they will be after an import."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.hub.masterdata.checks import ReadTables, Timeline
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.codes import MeteringPointType, PointClass
from gateway.messages.masterdata import MasterData, MeteringPointVersion
from gateway.messages.point_details import CommunityMember, PointDetail

WHOLE = 1_000_000
"""All shares of a community together, in millionths."""

_CLASSES = {
    PointClass.ACCOUNTING_POINT: (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION),
    PointClass.EXCHANGE_POINT: (MeteringPointType.EXCHANGE,),
    PointClass.PRODUCTION_UNIT: (MeteringPointType.PRODUCTION,),
}


def check_point_facts(tables: ReadTables, known: MasterData, findings: FindingList) -> None:
    """Note what is wrong with details, orders and communities of an import.

    Findings: `unknown-point` (a point does not exist as long as something is said of it), `point-class` (the class
    does not fit the point's type), `related-point` (netting is between a consumption and a production point),
    `community-shares` (the members of a community do not always share all of its production, DH-140).
    """
    check = _Check(tables, known, findings)
    for number, row in enumerate(tables.details.rows):
        check.detail(row, lambda number=number: tables.details.place(number))  # type: ignore[misc]
    for number, order in enumerate(tables.orders.rows):
        check.exists(order.metering_point, (order.valid_from, order.valid_to), tables.orders.place(number))
    for number, member in enumerate(tables.members.rows):
        for point in (member.metering_point, member.production_point, member.surplus_point):
            if point is not None:
                check.exists(point, (member.valid_from, member.valid_to), tables.members.place(number))
    check.shares()


class _Check:
    """The points as they will be after the import."""

    def __init__(self, tables: ReadTables, known: MasterData, findings: FindingList) -> None:
        self.tables, self.known, self.findings = tables, known, findings
        self._stated: dict[str, list[MeteringPointVersion]] = {}
        for row in tables.points.rows:
            self._stated.setdefault(row.metering_point, []).append(row)

    def versions(self, point: str) -> list[MeteringPointVersion]:
        """The versions of a point: those of the import, or else the registered ones."""
        return self._stated.get(point) or self.known.versions(point)

    def exists(self, point: str, span: tuple[int, int], place: Place) -> None:
        """A point exists as long as something is said of it."""
        if self.tables.points.may_hold(point):
            return
        spans = Timeline((point, version.valid_from, version.valid_to) for version in self.versions(point))
        if not spans.covers(point, *span):
            self.findings.add("unknown-point", f"{point} does not exist all that time", place)

    def detail(self, row: PointDetail, place: Callable[[], Place]) -> None:
        """The class of a point fits its type, and its related point is the other side of a site."""
        self.exists(row.metering_point, (row.valid_from, row.valid_to), place())
        kinds = self._kinds(row.metering_point, row)
        if not kinds <= set(_CLASSES[row.point_class]):
            text = f"column point_class: {row.point_class} does not fit a point of {', '.join(sorted(kinds))}"
            self.findings.add("point-class", text, place(), clause="FI-1.1")
        if row.related_point is not None:
            related = self._kinds(row.related_point, row)
            if kinds != {MeteringPointType.CONSUMPTION} or related != {MeteringPointType.PRODUCTION}:
                text = "column related_point: netting is between a consumption point and the production point beside it"
                self.findings.add("related-point", text, place(), clause="FI-7.1")

    def _kinds(self, point: str, row: PointDetail) -> set[MeteringPointType]:
        versions = self.versions(point)
        return {v.kind for v in versions if v.valid_from < row.valid_to and row.valid_from < v.valid_to}

    def shares(self) -> None:
        """At every moment at which a community has members, they share all of its production."""
        communities: dict[str, list[CommunityMember]] = {}
        for row in self.tables.members.rows:
            communities.setdefault(row.community, []).append(row)
        for number, row in enumerate(self.tables.members.rows):
            members = communities.pop(row.community, None)
            if members is not None and (at := _unshared(members)) is not None:
                text = f"the shares of {row.community} do not add up to 100 % at all times ({at / 10_000:g} %)"
                self.findings.add("community-shares", text, self.tables.members.place(number), clause="DH-140")


def _unshared(members: Iterable[CommunityMember]) -> int | None:
    """A sum of shares at some moment that is not the whole; None where there is none."""
    listed = list(members)
    for moment in sorted({row.valid_from for row in listed}):
        total = sum(row.share for row in listed if row.valid_from <= moment < row.valid_to)
        if total != WHOLE:
            return total
    for moment in sorted({row.valid_to for row in listed}):
        total = sum(row.share for row in listed if row.valid_from <= moment < row.valid_to)
        if total not in (0, WHOLE):
            return total
    return None
