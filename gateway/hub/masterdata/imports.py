"""An import of master data: files in, everything registered under one transaction, or nothing and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import partial

from sqlalchemy.engine import Connection

from gateway.hub.database import Database, allocate
from gateway.hub.masterdata import registry
from gateway.hub.masterdata.agreement_registry import agreements_about
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataSet, read_files
from gateway.hub.masterdata.settlement_registry import facts_about
from gateway.hub.ports import ImportReport
from gateway.messages.agreements import AgreementFacts
from gateway.messages.masterdata import MasterData
from gateway.messages.settlement_masterdata import SettlementFacts


class _OutdatedError(Exception):
    """Another import came first: what was checked against is not what is known now."""


NoteImport = Callable[[Connection, int, MasterDataSet], None]
"""Enters what a transaction registered where somebody is to be told of it."""


def note_nothing(_connection: Connection, _transaction: int, _dataset: MasterDataSet) -> None:
    """For a market whose parties are told nothing of master data."""


@dataclass(frozen=True, slots=True)
class MasterDataImport:
    """How a hub takes master data.

    Attributes:
        database: the hub's.
        manner: the market's zone, and whether check digits count.
        note: tells of an import whom it concerns, in the same transaction.
    """

    database: Database
    manner: Manner
    note: NoteImport = note_nothing

    def take(self, files: Mapping[str, bytes], at: int, known: MasterData | None = None) -> ImportReport:
        """Take files of master data all together or not at all.

        Reading and checking, which may take long, hold nobody back; only the writing does. If another import comes in
        between, the files are checked again against what it left.

        Args:
            files: contents by file name.
            at: the present instant, epoch microseconds.
            known: a view at hand, for instance the hub's own; an outdated one is replaced.

        Returns:
            The rows taken by table, with warnings if there are any; with an error among the findings no rows.
        """
        view = known
        while True:
            view = _current(self.database, view)
            facts = partial(_facts_about, self.database, view.transaction)
            agreed = partial(_agreements_about, self.database, view.transaction)
            reading = read_files(files, self.manner, view, facts, agreed)
            if not reading.is_good:
                return ImportReport(MasterDataSet().counts(), reading.findings)
            try:
                with self.database.write() as connection:
                    transaction = _register(connection, reading.dataset, at, view.transaction)
                    self.note(connection, transaction, reading.dataset)
            except _OutdatedError:
                continue
            return ImportReport(reading.dataset.counts(), reading.findings)


def _current(database: Database, view: MasterData | None) -> MasterData:
    with database.read() as connection:
        return registry.view(connection) if view is None else registry.view_now(connection, view)


def _facts_about(database: Database, transaction: int, points: Set[str]) -> SettlementFacts:
    with database.read() as connection:
        return facts_about(connection, points, transaction)


def _agreements_about(database: Database, transaction: int, points: Set[str]) -> AgreementFacts:
    with database.read() as connection:
        return agreements_about(connection, points, transaction)


def _register(connection: Connection, dataset: MasterDataSet, at: int, checked_against: int) -> int:
    transaction = allocate(connection, at)
    if registry.latest_transaction(connection) != checked_against:
        raise _OutdatedError
    registry.import_set(connection, transaction, dataset)
    return transaction
