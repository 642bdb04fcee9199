"""Requests for results, answered from what settlements have filed (RSM-016, RSM-017; Regulation D1 §3.4, §4.3.2).

Implements `gateway.hub.settlement_results.SettlementResults`. Nothing is calculated here: an answer is references into
snapshots, like what was sent unasked. Preliminary sums are the newest of each day, a balance fixing is each day's
newest basis, fixed or refixed; the wholesale basis was filed with that one, so that it answers for wholesale fixing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Reply, Settled, SettledSeries
from gateway.hub.settlement import charges, recipients
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.hub.settlement_results import ResultsQuery
from gateway.hub.tables_settlement import settlement_run, snapshot
from gateway.markets.distribution import Receiver
from gateway.messages.codes import DocumentKind, ProcessType, SettlementVersion
from gateway.messages.documents import RequestedAggregation, RequestedSettlement
from gateway.messages.times import day_number
from gateway.rules.results_requests import Lack
from gateway.settlement.results import ResultKey, ResultKind, ResultSeries, SettlementResults

_VERSIONS = tuple(SettlementVersion)


@dataclass(frozen=True, slots=True)
class FiledResults:
    """What the settlements of one hub have filed."""

    office: Office

    def find(self, connection: Connection, query: ResultsQuery) -> tuple[Reply, ...] | Lack:
        """One document with everything the holder is entitled to of what was asked for, or why there is none."""
        area = query.requested.grid_area.code if query.requested.grid_area else ""
        series = tuple(self._series(connection, query, area))
        if series:
            is_of_sums = isinstance(query.requested, RequestedAggregation)
            kind = DocumentKind.AGGREGATED_MEASURE_DATA if is_of_sums else DocumentKind.WHOLESALE_SERVICES
            return (Reply(kind, Settled(series)),)
        is_elsewhere = area and any(self._series(connection, query, ""))
        return Lack.NOT_IN_AREA if is_elsewhere else Lack.NO_DATA

    def _series(self, connection: Connection, query: ResultsQuery, area: str) -> Iterator[SettledSeries]:
        """The series of an answer by grid area, kind and key; each goes on over the days until one lacks the row."""
        runs: dict[tuple[ResultKind, ResultKey], list[_Run]] = {}
        for number in self._filed(connection, query, area):
            filed = load(connection, number)
            rows = recipients.numbered(filed.results)
            for place in self._wanted(connection, query, filed, rows):
                of_key = runs.setdefault((rows[place].kind, rows[place].key), [])
                if not (of_key and of_key[-1].goes_on_in(filed.results)):
                    of_key.append(_Run())
                of_key[-1].add(filed, place)
        transaction = query.requested.transaction
        for of_key in runs.values():
            for run in of_key:
                (first, place), *following = run.places
                yield SettledSeries(first, place, transaction, tuple(following))

    def _filed(self, connection: Connection, query: ResultsQuery, area: str) -> list[int]:
        """The snapshot that counts of each day, by grid area and day."""
        zone, settled = self.office.profile.zone, _FILED_WITH.get(query.process_type, query.process_type)
        stages = [stage.value for stage in self.office.profile.results.stages(settled)]
        first, last = zone.day(query.period.start), zone.day(query.period.end - 1)
        wanted = (
            sa.select(snapshot.c.id, snapshot.c.grid_area, settlement_run.c.day)
            .join(settlement_run)
            .where(settlement_run.c.day.between(day_number(first), day_number(last)))
            .where(settlement_run.c.stage.in_(stages), settlement_run.c.transaction <= query.transaction)
            .order_by(snapshot.c.grid_area, settlement_run.c.day, snapshot.c.id)
        )
        versions: dict[tuple[str, int], list[int]] = {}
        for row in connection.execute(wanted.where(snapshot.c.grid_area == area) if area else wanted):
            versions.setdefault((row.grid_area, row.day), []).append(row.id)
        if query.requested.settlement_version is None:
            return [numbers[-1] for numbers in versions.values()]
        place = _VERSIONS.index(SettlementVersion(query.requested.settlement_version))
        return [numbers[place] for numbers in versions.values() if place < len(numbers)]

    def _wanted(
        self, connection: Connection, query: ResultsQuery, filed: Snapshot, rows: list[ResultSeries]
    ) -> list[int]:
        """The rows of a snapshot that the holder is entitled to and asked for."""
        profile, requested = self.office.profile, query.requested
        if query.process_type == ProcessType.WHOLESALE_FIXING and not charges.has_any(filed.results):
            return []
        master = self.office.refresh(connection)
        own = Receiver(query.holder.party, profile.queue_role(query.holder.role))
        entitled = recipients.entitled_rows(profile, master, filed, rows, own)
        if isinstance(requested, RequestedSettlement):
            owners = charges.Owners(self.office, connection, filed)
            return charges.rows_asked_for(own, requested, rows, entitled, owners)
        return [place for place in entitled if self._is_asked_for(own.party, requested, rows[place])]

    def _is_asked_for(self, holder: str, requested: RequestedAggregation, row: ResultSeries) -> bool:
        """Whether a sum is one of those named.

        Consumption without a method is the total. What is of the whole area is a party's as well, where it names
        itself.
        """
        terms = self.office.profile.results.terms[row.kind]
        if terms.document is not DocumentKind.AGGREGATED_MEASURE_DATA:
            return False
        of_kind = (requested.point_type, requested.settlement_method) == (terms.point_type, terms.settlement_method)
        if requested.point_type is not None and not of_kind:
            return False
        named = ((requested.energy_supplier, row.key.supplier), (requested.balance_responsible, row.key.brp))
        return all(
            wanted is None or party == wanted.id or (party is None and wanted.id == holder) for wanted, party in named
        )


_FILED_WITH = {ProcessType.WHOLESALE_FIXING.value: ProcessType.BALANCE_FIXING.value}
"""The process under whose name the results of another were filed (Regulation D1 §4.2)."""


@dataclass(slots=True)
class _Run:
    """A row on consecutive days of one resolution: where it stands, snapshot by snapshot."""

    places: list[tuple[int, int]] = field(default_factory=list)
    resolution: str = ""
    end: int = 0

    def goes_on_in(self, results: SettlementResults) -> bool:
        """Whether results begin where this ends."""
        return (self.resolution, self.end) == (results.resolution, results.start)

    def add(self, filed: Snapshot, place: int) -> None:
        """Take in the row of another day."""
        self.places.append((filed.id, place))
        self.resolution, self.end = filed.results.resolution, filed.results.end
