"""What a run brings the parties: references into its snapshots, one document for each receiver (RSM-014)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Cause, Content, Settled, SettledSeries, enqueue
from gateway.hub.settlement.recipients import numbered, rows_by_receiver
from gateway.hub.settlement.snapshots import Run
from gateway.markets.distribution import Receiver
from gateway.messages.codes import Category, DocumentKind, Role
from gateway.messages.masterdata import MasterData
from gateway.settlement.results import SettlementResults

_DOCUMENT_ROLES = {Role.GRID_OPERATOR: Role.METERED_DATA_RESPONSIBLE}
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
    mine: dict[Receiver, list[SettledSeries]] = {}
    for area, (snapshot, results) in sorted(snapshots.items()):
        rows = numbered(results)
        operator = master.grid_operator(area, noon)
        for receiver, numbers in rows_by_receiver(policy, run.stage, rows, operator).items():
            reader = office.profile.distribution.results_receiver(master, receiver, area, run.evening)
            sent = [number for number in numbers if policy.terms[rows[number].kind].has_document]
            mine.setdefault(reader, []).extend(SettledSeries(snapshot, number) for number in sent)
    cause = Cause(None, run.version, run.finished_at)
    waiting: list[tuple[Cause, Address, Content]] = [
        (cause, _address(office, receiver, run), Settled(tuple(series)))
        for receiver, series in sorted(mine.items())
        if series
    ]
    enqueue(connection, waiting)
    return len(waiting)


def _address(office: Office, receiver: Receiver, run: Run) -> Address:
    return Address(
        party=receiver.party,
        role=office.profile.queue_role(receiver.role),
        category=Category.AGGREGATIONS,
        kind=DocumentKind.AGGREGATED_MEASURE_DATA,
        process_type=office.profile.results.processes[run.stage],
        document_role=_DOCUMENT_ROLES.get(receiver.role, receiver.role),
        alone=True,
    )
