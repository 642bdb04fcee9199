"""What a run brings the parties: references into its snapshots, a document of each kind for each receiver.

Sums travel as RSM-014, the wholesale basis by tariff as RSM-019.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Cause, Content, Settled, SettledSeries, enqueue
from gateway.hub.settlement.recipients import numbered, rows_by_receiver
from gateway.hub.settlement.snapshots import Run
from gateway.markets.distribution import Receiver
from gateway.markets.results import ResultPolicy
from gateway.messages.codes import Category, DocumentKind, Role
from gateway.messages.masterdata import MasterData
from gateway.settlement.results import ResultSeries, SettlementResults

_HATS = {(DocumentKind.AGGREGATED_MEASURE_DATA, Role.GRID_OPERATOR): Role.METERED_DATA_RESPONSIBLE}
"""The role a document names its receiver in, where it is not the role whose queue it reads."""


def send(
    office: Office,
    connection: Connection,
    run: Run,
    snapshots: Mapping[str, tuple[int, SettlementResults]],
    master: MasterData,
) -> int:
    """Put what a run filed, by grid area the number and the content of the snapshot, into the parties' queues.

    Returns how many documents that is. A party gets one document of all its grid areas, so a supplier in many of them
    has one to fetch (DK-4.1.5.i, DK-4.2.b).
    """
    policy, noon = office.profile.results, office.profile.zone.at(run.day, 12)
    mine: dict[tuple[DocumentKind, Receiver], list[SettledSeries]] = {}
    for area, (snapshot, results) in sorted(snapshots.items()):
        rows = numbered(results)
        operator = master.grid_operator(area, noon)
        for receiver, numbers in rows_by_receiver(policy, run.stage, rows, operator).items():
            reader = office.profile.distribution.results_receiver(master, receiver, area, run.evening)
            for number in numbers:
                if (document := _document(policy, rows[number])) is not None:
                    mine.setdefault((document, reader), []).append(SettledSeries(snapshot, number))
    cause = Cause(None, run.version, run.finished_at)
    waiting: list[tuple[Cause, Address, Content]] = [
        (cause, _address(office, document, receiver, run), Settled(tuple(series)))
        for (document, receiver), series in sorted(mine.items())
    ]
    enqueue(connection, waiting)
    return len(waiting)


def _document(policy: ResultPolicy, row: ResultSeries) -> DocumentKind | None:
    """What a row travels in; a document of charges has to name a supplier."""
    document = policy.terms[row.kind].document
    return None if document is DocumentKind.WHOLESALE_SERVICES and row.key.supplier is None else document


def _address(office: Office, document: DocumentKind, receiver: Receiver, run: Run) -> Address:
    return Address(
        party=receiver.party,
        role=office.profile.queue_role(receiver.role),
        category=Category.AGGREGATIONS,
        kind=document,
        process_type=office.profile.results.process_of(document, run.stage),
        document_role=_HATS.get((document, receiver.role), receiver.role),
        alone=True,
    )
