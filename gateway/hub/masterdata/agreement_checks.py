"""What agreements and permissions must agree on with metering points and with each other.

As everywhere in an import, what counts is what will hold after it (`gateway.hub.masterdata.checks`). Whether parties
are known is asked there.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from gateway.hub.masterdata.checks import ReadTables, places_of
from gateway.hub.masterdata.fact_spans import Facts, Spans, covered, spans_of
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.agreements import Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, Standing
from gateway.messages.masterdata import MasterData
from gateway.messages.times import format_second

CLAUSE = "Elering 12"

_AT_A_POINT = frozenset(
    {
        AgreementKind.GRID,
        AgreementKind.BORDER_GRID,
        AgreementKind.SUPPLY,
        AgreementKind.BORDER_SUPPLY,
        AgreementKind.GENERAL_SERVICE,
        AgreementKind.AGGREGATION,
    }
)
_WITH_COUNTERPARTY = frozenset({AgreementKind.BORDER_GRID, AgreementKind.PORTFOLIO, AgreementKind.NAMED_SUPPLIER})

_ONE_AT_A_TIME: dict[AgreementKind, AgreementKind] = {
    AgreementKind.GRID: AgreementKind.GRID,
    AgreementKind.BORDER_GRID: AgreementKind.BORDER_GRID,
    AgreementKind.SUPPLY: AgreementKind.SUPPLY,
    AgreementKind.GENERAL_SERVICE: AgreementKind.SUPPLY,
    AgreementKind.AGGREGATION: AgreementKind.AGGREGATION,
}
"""Of which kinds a metering point has one at a time, and which kinds stand for each other."""


def points_agreed_on(tables: ReadTables) -> frozenset[str]:
    """The points whose registered agreements an import is checked against: those it states, and those it agrees on."""
    agreed = (row.metering_point for row in tables.agreements.rows if row.metering_point is not None)
    return frozenset(row.metering_point for row in tables.points.rows).union(agreed)


def check_agreements(tables: ReadTables, known: MasterData, registered: AgreementFacts, findings: FindingList) -> None:
    """Note what is wrong with the agreements and permissions of an import.

    Findings: `agreement-without-point`, `agreement-without-counterparty`, `unknown-point` (a point does not exist as
    long as something is agreed on it), `overlapping-agreements` (a point has one grid agreement, one supplier and one
    aggregator at a time, a party one portfolio), `portfolio-cycle`, `data-from-after-to`, and `still-in-use` (something
    registered before needs what the import takes away).
    """
    if not (tables.points.rows or tables.agreements.rows or tables.access_permissions.rows):
        return
    check = _Check(tables, known, registered, findings)
    check.complete()
    check.points()
    check.overlaps()
    check.portfolios()
    check.periods()


class _Check:
    """The agreements and permissions as they will be after an import."""

    def __init__(
        self, tables: ReadTables, known: MasterData, registered: AgreementFacts, findings: FindingList
    ) -> None:
        self._points, self._known, self._findings = tables.points, known, findings
        self._agreements = Facts(tables.agreements, registered.agreements)
        self._permissions = Facts(tables.access_permissions, registered.permissions)

    def complete(self) -> None:
        """What is agreed on a point names it, what is agreed between parties names both."""
        table = self._agreements.table
        for number, row in enumerate(table.rows):
            if row.kind in _AT_A_POINT and row.metering_point is None:
                text = f"column metering_point: an agreement of {row.kind} is about a metering point"
                self._findings.add("agreement-without-point", text, table.place(number), clause=CLAUSE)
            if row.kind in _WITH_COUNTERPARTY and row.counterparty is None:
                text = f"column counterparty: an agreement of {row.kind} is between two parties of the market"
                self._findings.add("agreement-without-counterparty", text, table.place(number), clause=CLAUSE)

    def points(self) -> None:
        """What is agreed or permitted about a point holds while the point exists."""
        agreed = [(number, row) for number, row in enumerate(self._agreements.rows) if row.metering_point is not None]
        missing = ~covered(spans_of([row for _, row in agreed]), self._existing)
        for (number, row), is_missing in zip(agreed, missing.tolist(), strict=True):
            if is_missing and row.standing is Standing.IN_FORCE:
                self._note_missing(self._agreements.place(number), row.metering_point or "", "agreements")
        missing = ~covered(spans_of(self._permissions.rows), self._existing)
        for number, is_missing in enumerate(missing.tolist()):
            held = self._permissions.rows[number]
            if is_missing and held.standing is Standing.IN_FORCE:
                self._note_missing(self._permissions.place(number), held.metering_point, "permissions")

    def overlaps(self) -> None:
        """A point has one agreement of a kind at a time, and a party stands in one portfolio."""
        groups: dict[Hashable, list[int]] = {}
        for number, row in enumerate(self._agreements.rows):
            if row.standing is Standing.IN_FORCE and (key := _exclusive(row)):
                groups.setdefault(key, []).append(number)
        for numbers in groups.values():
            if len(numbers) > 1:
                self._check_group(sorted(numbers, key=lambda number: self._agreements.rows[number].valid_from))

    def portfolios(self) -> None:
        """Nobody is in the portfolio of somebody who is, at the same time, in his own."""
        rows = [row for row in self._agreements.rows if _is_portfolio(row)]
        if _ring(rows) is None:
            return
        for instant in sorted({row.valid_from for row in rows}):
            ring = _ring([row for row in rows if row.valid_from <= instant < row.valid_to])
            if ring is None:
                continue
            table = self._agreements.table
            own = (
                n for n, row in enumerate(table.rows) if _is_portfolio(row) and {row.party, row.counterparty} <= ring
            )
            number = next(own, None)
            if number is not None:
                text = f"column party: {', '.join(sorted(ring))} are in each other's portfolios from "
                self._findings.add("portfolio-cycle", text + format_second(instant), table.place(number), clause=CLAUSE)
            return

    def periods(self) -> None:
        """A permission is about some period of data."""
        table = self._permissions.table
        for number, row in enumerate(table.rows):
            if row.data_from >= row.data_to:
                self._findings.add(
                    "data-from-after-to", "column data_to: not after data_from", table.place(number), clause=CLAUSE
                )

    def _check_group(self, numbers: Sequence[int]) -> None:
        rows, longest = self._agreements.rows, numbers[0]
        for number in numbers[1:]:
            earlier, row = rows[longest], rows[number]
            if earlier.valid_to > row.valid_from:
                self._note_overlap(number, longest)
            if row.valid_to > earlier.valid_to:
                longest = number

    def _note_overlap(self, number: int, other: int) -> None:
        """At the row of the import, which is either of the two."""
        place = self._agreements.place(number)
        if place is None:
            number, other, place = other, number, self._agreements.place(other)
        if place is not None and self._agreements.rows[other].agreement != self._agreements.rows[number].agreement:
            text = f"column valid_from: overlaps the agreement {self._agreements.rows[other].agreement}"
            self._findings.add("overlapping-agreements", text, place, clause=CLAUSE)

    def _note_missing(self, place: Place | None, point: str, table: str) -> None:
        if self._points.may_hold(point):
            return
        text = f"metering point {point} does not exist all the time"
        if place is not None:
            self._findings.add("unknown-point", f"column metering_point: {text}", place)
        elif point in self._restated:
            self._findings.add("still-in-use", f"{text}, which {table} registered before need", self._restated[point])

    @cached_property
    def _restated(self) -> dict[str, Place]:
        return places_of(self._points, "metering_point")

    @cached_property
    def _existing(self) -> Spans:
        points = self._known.with_points(self._points.rows).points
        return Spans(points.point, points.valid_from, points.valid_to)


def _exclusive(row: Agreement) -> Hashable:
    """What there is one agreement of at a time; None where there may be many."""
    if _is_portfolio(row):
        return (row.kind, row.counterparty, row.commodity)
    alike = _ONE_AT_A_TIME.get(row.kind)
    return None if alike is None or row.metering_point is None else (alike, row.metering_point, row.commodity)


def _is_portfolio(row: Agreement) -> bool:
    return row.kind is AgreementKind.PORTFOLIO and row.counterparty is not None and row.standing is Standing.IN_FORCE


def _ring(rows: Iterable[Agreement]) -> frozenset[str] | None:
    """Parties each of which is in the next one's portfolio, the last in the first one's; None without such a ring."""
    above: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for row in rows:
        if row.counterparty is not None:
            above.setdefault((row.counterparty, row.commodity), set()).add((row.party, row.commodity))
    try:
        TopologicalSorter(above).prepare()
    except CycleError as error:
        return frozenset(party for party, _ in error.args[1])
    return None
