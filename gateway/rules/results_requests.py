"""Requests for results of settlement (RSM-016, RSM-017): what every such request must keep to.

The requester is the party in the role the document states. It speaks for itself, and in a grid area for those who
delegated the request to it there; what the rules call its own is that of any of these. A transaction that names no
grid area is nobody's but the requester's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from gateway.messages.codes import DocumentKind, ProcessType, Role, SettlementVersion
from gateway.messages.documents import PartyRef, RequestedResults
from gateway.messages.identifiers import is_eic, is_gln
from gateway.messages.series import AreaId, Mask
from gateway.messages.times import Interval, MarketZone, WrittenInstant
from gateway.rules.batch import FIRST_DATE, LAST_DATE, Sender, minute_text
from gateway.rules.hits import NOTHING, Hits, Words, hits_where
from gateway.rules.parties import OPERATING_ROLES

Requested = TypeVar("Requested", bound=RequestedResults)


class Lack(StrEnum):
    """Why nothing was found for a transaction."""

    NO_DATA = "no-data"
    """There are no results of that kind and period."""
    NOT_IN_AREA = "not-in-area"
    """There are some, but none in the grid area named."""


class RequestNumbers(NamedTuple):
    """The numbers in force that requests for results are compared with.

    Attributes:
        longest_months: months a request for sums may span.
        oldest_months: how many months before the present one the month of the start may lie.
        charge_id_length: characters a charge's id may have.
    """

    longest_months: int
    oldest_months: int
    charge_id_length: int


@dataclass(frozen=True)
class ResultsBatch(Generic[Requested]):
    """All transactions of one request for results.

    Attributes:
        kind: which request.
        requests: the transactions.
        process_type: which settlement's results.
        requester: the party, in the role the document states.
        principals: by grid area, the parties that let the requester ask for them in that role.
        operator: the party that runs a grid area today, None where there is no such area.
        now: instant of receipt.
        zone: the market's local time.
        numbers: the numbers in force today.
        lacking: for each transaction why nothing was found, None where something was; empty before anybody looked.
    """

    kind: DocumentKind
    requests: tuple[Requested, ...]
    process_type: str | None
    requester: Sender
    principals: Mapping[str, frozenset[str]]
    operator: Callable[[str], str | None]
    now: int
    zone: MarketZone
    numbers: RequestNumbers
    lacking: Sequence[Lack | None] = ()

    def where(self, test: Callable[[Requested], bool]) -> Mask:
        """bool[n], the transactions for which a test holds."""
        return np.array([test(request) for request in self.requests], dtype=np.bool_)

    def is_own(self, party: str | None, request: RequestedResults) -> bool:
        """Whether the requester speaks for a party in the grid area of a transaction."""
        area = request.grid_area.code if request.grid_area else ""
        return party == self.requester.party or party in self.principals.get(area, ())

    def holder(self, row: int) -> Sender:
        """In whose name a transaction that breaks no rule asks, in the requester's role: whose results it may get.

        A role that a transaction cannot name asks for who delegated to it in the grid area, else for itself.
        """
        request, role = self.requests[row], self.requester.role
        area = request.grid_area.code if request.grid_area else ""
        party: str | None
        if role in OPERATING_ROLES:
            party = self.operator(area)
        elif role in _NAMED_BY:
            named: PartyRef | None = getattr(request, _NAMED_BY[role], None)
            party = named.id if named else None
        else:
            party = min(self.principals.get(area, ()), default=None)
        return Sender(party or self.requester.party, role)

    def period(self, request: RequestedResults) -> Interval | None:
        """The period of a transaction; None where a bound is absent or cannot be read."""
        start, end = request.start, request.end
        if start is None or end is None or not (is_datable(start) and is_datable(end)):
            return None
        return Interval(start.instant, end.instant)

    def at_midnight(self, bound: WrittenInstant | None) -> bool:
        """Whether a bound can be read and is the beginning of a local day."""
        if bound is None or not is_datable(bound):
            return False
        return bound.instant == self.zone.midnight(self.zone.day(bound.instant))

    def month(self, instant: int) -> int:
        """The local month of an instant, counted from the year 0."""
        day = self.zone.day(instant)
        return day.year * 12 + day.month - 1

    def words(self, row: int) -> Words:
        """What the wording of one transaction may name: each of its fields, and who asks in which process."""
        fields = {name: _text(value) for name, value in self.requests[row]}
        return {**fields, "party": self.requester.party, "process": self.process_type}


_NAMED_BY = {Role.ENERGY_SUPPLIER: "energy_supplier", Role.BALANCE_RESPONSIBLE: "balance_responsible"}
"""The field in which a role names itself."""


def is_datable(bound: WrittenInstant | None) -> bool:
    """Whether a bound is an instant that the calendar has."""
    return bound is not None and FIRST_DATE <= bound.instant < LAST_DATE


def _text(value: object) -> str:
    """A field for a sentence: a party by its id, an area by its code, a bound as it was written."""
    match value:
        case None:
            return "-"
        case WrittenInstant():
            return value.as_written or minute_text(value.instant)
        case PartyRef():
            return value.id
        case AreaId():
            return value.code
        case _:
            return str(value)


def names_party(party: PartyRef | None) -> bool:
    """Whether there is an id that has the form of a GLN or an EIC."""
    return party is not None and (is_gln(party.id) or is_eic(party.id))


# --- whose results ----------------------------------------------------------------------------------------------------


def requesting_supplier_named(batch: ResultsBatch[Any]) -> Hits:
    """An energy supplier names a supplier, by an id that has the form of one."""
    if batch.requester.role is not Role.ENERGY_SUPPLIER:
        return NOTHING
    return hits_where(batch.where(lambda r: not names_party(r.energy_supplier)), "energy_supplier", batch.words)


def requesting_supplier_is_own(batch: ResultsBatch[Any]) -> Hits:
    """The supplier that an energy supplier names is itself, or who delegated to it in the grid area (D1 §3.4)."""
    if batch.requester.role is not Role.ENERGY_SUPPLIER:
        return NOTHING
    strange = batch.where(lambda r: names_party(r.energy_supplier) and not batch.is_own(r.energy_supplier.id, r))
    return hits_where(strange, "energy_supplier", batch.words)


def operator_names_grid_area(batch: ResultsBatch[Any]) -> Hits:
    """A grid operator, under either of its hats, names a grid area."""
    if batch.requester.role not in OPERATING_ROLES:
        return NOTHING
    return hits_where(batch.where(lambda r: r.grid_area is None), "grid_area", batch.words)


def operator_owns_grid_area(batch: ResultsBatch[Any]) -> Hits:
    """The grid area that a grid operator names is run today by itself, or by who delegated to it there (D1 §3.1)."""
    if batch.requester.role not in OPERATING_ROLES:
        return NOTHING
    named = batch.where(lambda r: r.grid_area is not None)
    owned = batch.where(lambda r: r.grid_area is not None and batch.is_own(batch.operator(r.grid_area.code), r))
    return hits_where(named & ~owned, "grid_area", batch.words)


# --- which settlement -------------------------------------------------------------------------------------------------


def settlement_version_of_correction(batch: ResultsBatch[Any]) -> Hits:
    """Only results of the correction settlement have a version; without one the latest is meant."""
    if batch.process_type == ProcessType.CORRECTION_SETTLEMENT:
        return NOTHING
    return hits_where(batch.where(lambda r: r.settlement_version is not None), "settlement_version", batch.words)


def settlement_version_known(batch: ResultsBatch[Any]) -> Hits:
    """A version is that of the first, the second or the third correction."""
    unknown = batch.where(lambda r: r.settlement_version is not None and r.settlement_version not in _VERSIONS)
    return hits_where(unknown, "settlement_version", batch.words)


_VERSIONS = frozenset(SettlementVersion)


# --- which period -----------------------------------------------------------------------------------------------------


def bounds_in_plain_utc(batch: ResultsBatch[Any]) -> Hits:
    """Bounds are dates of the calendar, written as YYYY-MM-DDThh:mm:ssZ."""

    def is_odd(bound: WrittenInstant | None) -> bool:
        return bound is not None and (bool(bound.as_written) or not is_datable(bound))

    return hits_where(batch.where(lambda r: is_odd(r.start) or is_odd(r.end)), "start", batch.words)


def bounds_at_midnight(batch: ResultsBatch[Any]) -> Hits:
    """Bounds are local midnights, on days of 23 and 25 hours as well."""

    def is_off(bound: WrittenInstant | None) -> bool:
        return is_datable(bound) and not batch.at_midnight(bound)

    return hits_where(batch.where(lambda r: is_off(r.start) or is_off(r.end)), "start", batch.words)


def request_not_too_old(batch: ResultsBatch[Any]) -> Hits:
    """The month of the start lies at most so many months before the present one."""
    oldest = batch.month(batch.now) - batch.numbers.oldest_months
    year, month = divmod(oldest, 12)
    first = {"oldest": f"{year}-{month + 1:02}"}
    old = batch.where(lambda r: is_datable(r.start) and batch.month(r.start.instant) < oldest)
    return hits_where(old, "start", lambda row: {**batch.words(row), **first})


# --- once somebody has looked -----------------------------------------------------------------------------------------


def results_available(batch: ResultsBatch[Any]) -> Hits:
    """There are results of the kind and period."""
    return _lacking(batch, Lack.NO_DATA)


def results_in_grid_area(batch: ResultsBatch[Any]) -> Hits:
    """Where there are results, some are of the grid area named."""
    return _lacking(batch, Lack.NOT_IN_AREA)


def _lacking(batch: ResultsBatch[Any], lack: Lack) -> Hits:
    return hits_where(np.array([found is lack for found in batch.lacking], dtype=np.bool_), "", batch.words)
