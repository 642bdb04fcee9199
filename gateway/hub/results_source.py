"""Where a request for results is answered from: what settlements have filed (RSM-016, RSM-017; D1 §4.3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Reply
from gateway.hub.request_case import Reading
from gateway.hub.settlement_results import ResultsQuery
from gateway.rules.results_requests import Lack, ResultsBatch


@dataclass(frozen=True, slots=True)
class ResultsSource:
    """What the filed results can say to the transactions of one request."""

    office: Office
    batch: ResultsBatch[Any]

    def read(self, connection: Connection, rows: Sequence[int], transaction: int) -> Mapping[int, Reading]:
        """The results found for each transaction, or the market's code for there being none."""
        found = {row: self._find(connection, row, transaction) for row in rows}
        lacks = {row: one for row, one in found.items() if isinstance(one, Lack)}
        lacking = [lacks.get(row) for row in range(len(self.batch.requests))]
        findings = self.office.profile.check_results_request(self.batch, lacking).rows if lacks else {}
        return {
            row: Reading(findings=findings[row]) if isinstance(one, Lack) else Reading(one)
            for row, one in found.items()
        }

    def _find(self, connection: Connection, row: int, transaction: int) -> tuple[Reply, ...] | Lack:
        batch, requested = self.batch, self.batch.requests[row]
        period = batch.period(requested)
        if period is None:
            return Lack.NO_DATA
        query = ResultsQuery(
            kind=batch.kind,
            process_type=batch.process_type or "",
            requested=requested,
            period=period,
            holder=batch.holder(row),
            transaction=transaction,
        )
        return self.office.results.find(connection, query) or Lack.NO_DATA
