"""A snapshot calculated once more from the versions it names: the same bytes, or a reason to look."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.settlement.agenda import Due
from gateway.hub.settlement.calculation import calculate
from gateway.hub.settlement.snapshots import RULES, Snapshot, digest, last_bases, packed
from gateway.settlement.results import SettlementResults


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What came of calculating a snapshot again.

    Attributes:
        sha256: of what was calculated now.
        is_identical: whether it is what was filed, to the last digit.
        same_rules: whether the rules are still those of the snapshot; with others a difference is to be expected.
    """

    results: SettlementResults
    sha256: bytes
    is_identical: bool
    same_rules: bool


def reproduce(office: Office, connection: Connection, filed: Snapshot) -> Reproduction:
    """Settle again what a snapshot holds, from its own versions of the series and of the master data."""
    run = filed.run
    due = Due(run.stage, run.day, (filed.grid_area,))
    bases = last_bases(connection, run.day, before=run.id)
    results = calculate(office, connection, due, run.as_of, bases)[filed.grid_area].results
    sha256 = digest(packed(results))
    return Reproduction(results, sha256, sha256 == filed.sha256, run.rules == RULES)
