"""Agreements and permissions: who serves which metering point, who is in whose portfolio, what customers permit.

As with all master data, when a fact holds is `[valid_from, valid_to)`, and when it was known is chosen by whoever
builds the view (`gateway.hub.masterdata.agreement_registry`). The view is columns, so that a nation's agreements fit in
memory and a message of a thousand points is looked up at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import AgreementKind, Commodity, CustomerType, Role, Standing
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import FOREVER, NONE, Codes, Names, Rows
from gateway.messages.times import Instants, Interval


class Agreement(NamedTuple):
    """What a party agreed on, over [valid_from, valid_to) (Elering 12, DH-200).

    Attributes:
        agreement: the id it is known by; one id may have several versions behind each other.
        kind: what it is about.
        party: who provides the service: grid operator, supplier, aggregator, or who holds the portfolio.
        counterparty: the party of the market on the other side: whose portfolio it is, the grid operator downstream.
        metering_point: where; None where it is about no single point.
        customers: ids of the customers, sorted.
        customer_type: what they are; None where that is not stated.
        commodity: of what.
        standing: whether it counts.
    """

    agreement: str
    kind: AgreementKind
    party: str
    valid_from: int
    valid_to: int = FOREVER
    counterparty: str | None = None
    metering_point: str | None = None
    customers: tuple[str, ...] = ()
    customer_type: CustomerType | None = None
    commodity: Commodity = Commodity.ELECTRICITY
    standing: Standing = Standing.IN_FORCE


class AccessPermission(NamedTuple):
    """A customer lets a party see a period of a metering point's data (Elering 12).

    Attributes:
        permission: the id it is known by.
        metering_point: whose data.
        holder: the party that may see them, in the role it may see them in.
        valid_from, valid_to: when the permission may be used.
        data_from, data_to: the period of the data, [data_from, data_to).
        owner: the customer who permits; None where that is not stated.
        owner_type, holder_type: what they are.
        purpose: what for, in the market's own word.
        standing: whether it counts.
    """

    permission: str
    metering_point: str
    holder: str
    role: Role
    valid_from: int
    data_from: int
    data_to: int
    valid_to: int = FOREVER
    owner: str | None = None
    owner_type: CustomerType | None = None
    holder_type: CustomerType | None = None
    purpose: str = ""
    standing: Standing = Standing.IN_FORCE


@dataclass(frozen=True)
class AgreementFacts:
    """Agreements and permissions, as an import states them or the register holds them."""

    agreements: list[Agreement] = field(default_factory=list)
    permissions: list[AccessPermission] = field(default_factory=list)


AGREEMENT_KINDS: tuple[AgreementKind, ...] = tuple(AgreementKind)
CUSTOMER_TYPES: tuple[CustomerType, ...] = tuple(CustomerType)
COMMODITIES: tuple[Commodity, ...] = tuple(Commodity)
ROLES: tuple[Role, ...] = tuple(Role)

SUPPLY_KINDS = (AgreementKind.SUPPLY, AgreementKind.GENERAL_SERVICE)
"""Agreements of which a metering point has one at a time: who supplies it."""


class AgreementSpan(NamedTuple):
    """What an agreement in force says, over [start, end), without the id it is known by."""

    kind: AgreementKind
    party: str
    counterparty: str | None
    customers: frozenset[str]
    customer_type: CustomerType | None
    commodity: Commodity
    start: int
    end: int


class SupplyChain(NamedTuple):
    """A supplier's unbroken time at a metering point: agreements that meet and share a customer (DH-200)."""

    party: str
    start: int
    end: int


class PortfolioPart(NamedTuple):
    """The parties above another over [start, end): whose portfolio it is in, whose that one is in, and so on."""

    start: int
    end: int
    parties: tuple[str, ...]


@dataclass(frozen=True)
class AgreementColumns:
    """Agreements in force as columns, sorted by (point, valid_from); NONE is the point of one without."""

    point: Rows
    valid_from: Instants
    valid_to: Instants
    kind: Codes
    party: Codes
    counterparty: Codes
    customers: Codes
    customer_type: Codes
    commodity: Codes


@dataclass(frozen=True)
class PermissionColumns:
    """Permissions in force as columns, sorted by (point, valid_from)."""

    point: Rows
    valid_from: Instants
    valid_to: Instants
    data_from: Instants
    data_to: Instants
    holder: Codes
    role: Codes


@dataclass(frozen=True)
class Agreements:
    """All agreements and permissions that count, as known at one moment.

    Attributes:
        columns, permissions: sorted by metering point.
        parties: names of the codes of parties.
        customers: of the codes of customers: their ids, separated by spaces.
        transaction: of the import the view was built at; 0 for one read from files.
    """

    columns: AgreementColumns
    permissions: PermissionColumns
    parties: Names
    customers: Names
    transaction: int = 0

    def rows_of(self, point: int) -> range:
        """The rows of a metering point's agreements, in order of their beginning."""
        column = self.columns.point
        first, last = np.searchsorted(column, point, side="left"), np.searchsorted(column, point, side="right")
        return range(int(first), int(last))

    def of_point(
        self, point: int, kinds: Collection[AgreementKind] = AGREEMENT_KINDS, commodity: Commodity | None = None
    ) -> tuple[AgreementSpan, ...]:
        """The agreements at a metering point, in order of their beginning."""
        spans = map(self.span, self.rows_of(point))
        return tuple(one for one in spans if one.kind in kinds and commodity in (None, one.commodity))

    def span(self, row: int) -> AgreementSpan:
        """One row as a value."""
        c = self.columns
        kind_of_customer = int(c.customer_type[row])
        return AgreementSpan(
            AGREEMENT_KINDS[c.kind[row]],
            self.parties.names[c.party[row]],
            self.parties.name(int(c.counterparty[row])),
            frozenset((self.customers.name(int(c.customers[row])) or "").split()),
            None if kind_of_customer == NONE else CUSTOMER_TYPES[kind_of_customer],
            COMMODITIES[c.commodity[row]],
            int(c.valid_from[row]),
            int(c.valid_to[row]),
        )

    def supply_chains(
        self, point: int, kinds: Collection[AgreementKind] = SUPPLY_KINDS, commodity: Commodity = Commodity.ELECTRICITY
    ) -> tuple[SupplyChain, ...]:
        """Who supplied a metering point without a break, in order of time.

        A new agreement of the same supplier continues the one before it when it begins where that ends and at least
        one customer stays; one without any customer known continues nothing (DH-200 §8).
        """
        chains: list[SupplyChain] = []
        last: AgreementSpan | None = None
        for span in self.of_point(point, kinds, commodity):
            if last is not None and _continues(last, span):
                chains[-1] = chains[-1]._replace(end=span.end)
            else:
                chains.append(SupplyChain(span.party, span.start, span.end))
            last = span
        return tuple(chains)

    def portfolio(self, party: str, commodity: Commodity, interval: Interval) -> tuple[PortfolioPart, ...]:
        """The parties above a party over an interval, all levels, nearest first; parts in order fill the interval."""
        return tuple(_merged(self._portfolio(party, commodity, interval, (party,))))

    def _portfolio(
        self, party: str, commodity: Commodity, interval: Interval, below: tuple[str, ...]
    ) -> Iterator[PortfolioPart]:
        reached = interval.start
        for span in self._above.get((party, commodity), ()):
            common = Interval(span.start, span.end).common(Interval(reached, interval.end))
            if common is None or span.party in below:
                continue
            if common.start > reached:
                yield PortfolioPart(reached, common.start, ())
            for part in self._portfolio(span.party, commodity, common, (*below, span.party)):
                yield part._replace(parties=(span.party, *part.parties))
            reached = common.end
        if reached < interval.end:
            yield PortfolioPart(reached, interval.end, ())

    @cached_property
    def _above(self) -> dict[tuple[str, Commodity], list[AgreementSpan]]:
        return self._between(AgreementKind.PORTFOLIO)

    def _between(self, kind: AgreementKind) -> dict[tuple[str, Commodity], list[AgreementSpan]]:
        """Agreements of a kind by their counterparty, in order of time."""
        found: dict[tuple[str, Commodity], list[AgreementSpan]] = {}
        for row in np.flatnonzero(self.columns.kind == AGREEMENT_KINDS.index(kind)).tolist():
            span = self.span(row)
            if span.counterparty is not None:
                found.setdefault((span.counterparty, span.commodity), []).append(span)
        return {key: sorted(spans, key=lambda span: span.start) for key, spans in found.items()}

    def named_by(self, operator: str, commodity: Commodity) -> tuple[AgreementSpan, ...]:
        """Whom a grid operator has named to supply those who have chosen nobody, in order of time."""
        return self._named.get((operator, commodity), ())

    @cached_property
    def _named(self) -> dict[tuple[str, Commodity], tuple[AgreementSpan, ...]]:
        return {key: tuple(spans) for key, spans in self._between(AgreementKind.NAMED_SUPPLIER).items()}

    def permitted(self, point: int, holder: str, role: Role, now: int) -> tuple[Interval, ...]:
        """The periods of a metering point's data that permissions usable at an instant let a party see."""
        c, code = self.permissions, self.parties.find(holder)
        first, last = np.searchsorted(c.point, point, side="left"), np.searchsorted(c.point, point, side="right")
        at = slice(int(first), int(last))
        usable = (c.holder[at] == code) & (c.role[at] == ROLES.index(role))
        usable &= (c.valid_from[at] <= now) & (now < c.valid_to[at])
        rows = np.flatnonzero(usable) + int(first)
        return tuple(Interval(int(c.data_from[row]), int(c.data_to[row])) for row in rows.tolist())

    @classmethod
    def build(cls, facts: AgreementFacts, transaction: int = 0) -> Agreements:
        """A view of single rows; those withdrawn are left out."""
        parties, customers = Names(), Names()
        agreements = [row for row in facts.agreements if row.standing is Standing.IN_FORCE]
        permissions = [row for row in facts.permissions if row.standing is Standing.IN_FORCE]
        return cls(
            _agreement_columns(agreements, parties, customers),
            _permission_columns(permissions, parties),
            parties,
            customers,
            transaction,
        )


def _continues(before: AgreementSpan, after: AgreementSpan) -> bool:
    meets = before.party == after.party and before.end == after.start
    return meets and not before.customers.isdisjoint(after.customers)


def _merged(parts: Iterable[PortfolioPart]) -> Iterator[PortfolioPart]:
    """Parts with the same parties that follow each other made one."""
    last: PortfolioPart | None = None
    for part in parts:
        if last is not None and last.parties == part.parties:
            last = last._replace(end=part.end)
            continue
        if last is not None:
            yield last
        last = part
    if last is not None:
        yield last


def key_of(metering_point: str | None) -> int:
    """The store's number of a metering point; NONE where there is none."""
    return NONE if metering_point is None else point_key(metering_point)


def _codes(values: Iterable[int], count: int) -> Codes:
    return np.fromiter(values, dtype=np.int32, count=count)


def _numbers(values: Iterable[int], count: int) -> Rows:
    return np.fromiter(values, dtype=np.int64, count=count)


def _agreement_columns(rows: Sequence[Agreement], parties: Names, customers: Names) -> AgreementColumns:
    rows = sorted(rows, key=lambda row: (key_of(row.metering_point), row.valid_from))
    count, kinds, types, commodities = len(rows), Names(AGREEMENT_KINDS), Names(CUSTOMER_TYPES), Names(COMMODITIES)
    return AgreementColumns(
        point=_numbers((key_of(row.metering_point) for row in rows), count),
        valid_from=_numbers((row.valid_from for row in rows), count),
        valid_to=_numbers((row.valid_to for row in rows), count),
        kind=_codes((kinds.code(row.kind) for row in rows), count),
        party=_codes((parties.code(row.party) for row in rows), count),
        counterparty=_codes((parties.code(row.counterparty) for row in rows), count),
        customers=_codes((customers.code(" ".join(row.customers) or None) for row in rows), count),
        customer_type=_codes((types.code(row.customer_type) for row in rows), count),
        commodity=_codes((commodities.code(row.commodity) for row in rows), count),
    )


def _permission_columns(rows: Sequence[AccessPermission], parties: Names) -> PermissionColumns:
    rows = sorted(rows, key=lambda row: (point_key(row.metering_point), row.valid_from))
    count, roles = len(rows), Names(ROLES)
    return PermissionColumns(
        point=_numbers((point_key(row.metering_point) for row in rows), count),
        valid_from=_numbers((row.valid_from for row in rows), count),
        valid_to=_numbers((row.valid_to for row in rows), count),
        data_from=_numbers((row.data_from for row in rows), count),
        data_to=_numbers((row.data_to for row in rows), count),
        holder=_codes((parties.code(row.holder) for row in rows), count),
        role=_codes((roles.code(row.role) for row in rows), count),
    )


NO_AGREEMENTS = Agreements.build(AgreementFacts())
"""The view of a hub without agreements."""
