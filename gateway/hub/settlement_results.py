"""Where a request for results of settlement looks: the port. `gateway.hub.settlement.answers` stands behind it.

What is found goes to the requester, what is lacking is rejected with the market's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.engine import Connection

from gateway.hub.outgoing import Reply
from gateway.messages.codes import DocumentKind
from gateway.messages.documents import RequestedAggregation, RequestedSettlement
from gateway.messages.times import Interval
from gateway.rules.batch import Sender
from gateway.rules.results_requests import Lack


@dataclass(frozen=True, slots=True)
class ResultsQuery:
    """One transaction of a request that broke no rule.

    Attributes:
        kind: the request: for sums (RSM-016) or for settled charges (RSM-017).
        process_type: which settlement's results; of a correction the `settlement_version` of `requested`, without one
            the latest.
        requested: what the transaction names; what it does not name restricts nothing.
        period: [start, end) of local days.
        holder: the party whose results these are and its role. It alone decides what may be found: a supplier's and a
            balance responsible party's own sums, a grid operator's sums of the grid area named, charges of the supplier
            or of their owner (D1 §3.4); nothing for a role that has no such results.
        transaction: of the request; results filed later are not found, however late the answer is peeked.
    """

    kind: DocumentKind
    process_type: str
    requested: RequestedAggregation | RequestedSettlement
    period: Interval
    holder: Sender
    transaction: int


class SettlementResults(Protocol):
    """The filed results of settlements."""

    def find(self, connection: Connection, query: ResultsQuery) -> tuple[Reply, ...] | Lack:
        """The documents that answer a transaction, one at least, or why there are none.

        Each reply becomes a document of its own in the requester's queue. Its content names the request's transaction
        (`query.requested.transaction`) as the original of every series.
        """


class NothingFiled:
    """The results of an office that settles nothing: none is found, whoever asks."""

    def find(self, connection: Connection, query: ResultsQuery) -> tuple[Reply, ...] | Lack:
        """No data."""
        return Lack.NO_DATA
