"""Who may read whose metering data where agreements decide it: grounds as data, worked out by point and time.

A right is a span of the data's own time. It follows from who runs the point's grid area, from dated agreements and the
portfolios above them, from the kind of the point, from a customer's permission, or from the reader's word that a legal
person consents (Elering 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.markets.distribution import Receiver
from gateway.messages.agreements import Agreements, AgreementSpan
from gateway.messages.codes import AgreementKind, Commodity, CustomerType, MeteringPointType, Resolution, Role
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import KINDS, MasterData, MeteringPointVersion
from gateway.messages.times import Interval, MarketZone
from gateway.rules.batch import LAST_PARENT_KIND


class AccessGround(StrEnum):
    """Why a party may read a metering point's data."""

    OPERATOR = "operator"
    """It runs the hub."""
    OWN_POINT = "own-point"
    """It runs the grid area of the point."""
    AGREEMENT = "agreement"
    """It has an agreement at the point."""
    PORTFOLIO = "portfolio"
    """Who supplies the point is, at some level, in its portfolio."""
    POINT_KIND = "point-kind"
    """It may see every point of the kind."""
    CUSTOMER = "customer"
    """It is the customer of the point."""
    PERMISSION = "permission"
    """The customer permits it."""
    LEGAL_CONSENT = "legal-consent"
    """By its own word the customer, a legal person, consents."""


class Side(StrEnum):
    """Which of an agreement's parties a reader is."""

    PARTY = "party"
    COUNTERPARTY = "counterparty"


class Right(NamedTuple):
    """A reader may see the data of [start, end) on a ground."""

    start: int
    end: int
    ground: AccessGround


@dataclass(frozen=True, slots=True)
class GroundTerms:
    """On which terms some roles may read.

    Attributes:
        roles: who.
        ground: why.
        kinds: agreements that count.
        side: as which of their parties.
        months_before: how many months before an agreement in force its party sees too.
        months_after: for how many months after its end its party still sees the time of it; None for ever.
        point_kinds: points that count.
        reaches_behind: whether it holds for what aggregators deliver behind the point, too.
    """

    roles: frozenset[Role]
    ground: AccessGround
    kinds: frozenset[AgreementKind] = frozenset()
    side: Side = Side.PARTY
    months_before: int = 0
    months_after: int | None = None
    point_kinds: frozenset[MeteringPointType] = frozenset()
    reaches_behind: bool = False


class AccessFacts(NamedTuple):
    """What rights are worked out from: master data and agreements as known now, local time, the present instant."""

    master: MasterData
    agreements: Agreements
    zone: MarketZone
    now: int
    commodity: Commodity


@dataclass(frozen=True, slots=True)
class AgreementAccess:
    """Access by agreement as a market has it.

    Attributes:
        grounds: the terms, each adding to the others.
        supply: agreements that make a party the supplier of a point.
        balanced: roles whose areas take part in balancing; the points of others are in no portfolio.
        consent_roles: who may read on a legal person's consent by its own word.
        purposes: by role, the words for what data are read for; a role that is not named says none.
        purposes_with_customer: purposes for which the customer must be named.
    """

    grounds: tuple[GroundTerms, ...] = ()
    supply: frozenset[AgreementKind] = frozenset()
    balanced: frozenset[Role] = frozenset()
    consent_roles: frozenset[Role] = frozenset()
    purposes: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    purposes_with_customer: frozenset[str] = frozenset()

    def rights(self, facts: AccessFacts, reader: Receiver, point: int) -> tuple[Right, ...]:
        """What a reader may see of a metering point, in order of grounds; spans may overlap."""
        if reader.role is Role.HUB:
            return tuple(_known(facts, point))
        terms = [one for one in self.grounds if reader.role in one.roles]
        found = [right for one in terms for right in self._of(one, facts, reader, point)]
        permitted = facts.agreements.permitted(point, reader.party, reader.role, facts.now)
        found += [Right(span.start, span.end, AccessGround.PERMISSION) for span in permitted]
        behind = [one for one in terms if one.reaches_behind]
        for version in facts.master.versions(point) if behind else ():
            found += self._behind(version, behind, facts, reader)
        return tuple(_within(facts, point, found))

    def consented(self, facts: AccessFacts, point: int) -> tuple[Right, ...]:
        """The times in which the customer of a point's grid agreement is a legal person."""
        legal = facts.agreements.of_point(point, (AgreementKind.GRID,))
        rights = [
            Right(span.start, span.end, AccessGround.LEGAL_CONSENT)
            for span in legal
            if span.customer_type is CustomerType.LEGAL
        ]
        return tuple(_within(facts, point, rights))

    def customer_times(self, facts: AccessFacts, point: int, customer: str) -> tuple[Interval, ...]:
        """The times in which somebody is a customer of any agreement at a point."""
        spans = facts.agreements.of_point(point)
        return tuple(Interval(span.start, span.end) for span in spans if customer in span.customers)

    def _behind(
        self, version: MeteringPointVersion, terms: Iterable[GroundTerms], facts: AccessFacts, reader: Receiver
    ) -> Iterator[Right]:
        """What a reader may see of a point because it may see the point this one lies behind."""
        if version.parent is None or KINDS.index(version.kind) <= LAST_PARENT_KIND:
            return
        parent = point_key(version.parent)
        for one in terms:
            rights = _within(facts, parent, self._of(one, facts, reader, parent))
            yield from _cut(rights, Interval(version.valid_from, version.valid_to))

    def _of(self, terms: GroundTerms, facts: AccessFacts, reader: Receiver, point: int) -> Iterable[Right]:
        match terms.ground:
            case AccessGround.OWN_POINT:
                return _own(facts, reader, point)
            case AccessGround.AGREEMENT:
                return _agreed(terms, facts, reader, point)
            case AccessGround.PORTFOLIO:
                return self._in_portfolio(facts, reader, point)
            case AccessGround.POINT_KIND:
                return _of_kind(terms, facts, point)
            case AccessGround.CUSTOMER:
                spans = facts.agreements.of_point(point, terms.kinds)
                return (Right(s.start, s.end, AccessGround.CUSTOMER) for s in spans if reader.party in s.customers)
            case _:
                return ()

    def _in_portfolio(self, facts: AccessFacts, reader: Receiver, point: int) -> Iterator[Right]:
        for party, span in self._suppliers(facts, point):
            for part in facts.agreements.portfolio(party, facts.commodity, span):
                if reader.party in part.parties:
                    yield Right(part.start, part.end, AccessGround.PORTFOLIO)

    def _suppliers(self, facts: AccessFacts, point: int) -> Iterator[tuple[str, Interval]]:
        """Who is answerable for a point's energy: its supplier, else who supplies for its grid operator, or he himself.

        Of a border point it is the operators of the grids that meet there, too.
        """
        supplied = facts.agreements.of_point(point, self.supply, facts.commodity)
        for version in facts.master.versions(point):
            operator = facts.master.grid_operator(version.grid_area, facts.now)
            if operator is None or not any(facts.master.holds(operator, role, facts.now) for role in self.balanced):
                continue
            span = Interval(version.valid_from, version.valid_to)
            for agreement in supplied:
                if common := Interval(agreement.start, agreement.end).common(span):
                    yield agreement.party, common
            for gap in _gaps(supplied, span):
                yield from _by_default(facts, operator, gap)
            if version.kind is MeteringPointType.EXCHANGE:
                for area in {version.from_grid_area, version.to_grid_area} - {None, version.grid_area}:
                    neighbour = facts.master.grid_operator(area, facts.now)
                    if neighbour is not None:
                        yield neighbour, span


NO_AGREEMENT_ACCESS = AgreementAccess()
"""Of a market where agreements decide nothing."""


def _known(facts: AccessFacts, point: int) -> Iterator[Right]:
    for version in facts.master.versions(point):
        yield Right(version.valid_from, version.valid_to, AccessGround.OPERATOR)


def _own(facts: AccessFacts, reader: Receiver, point: int) -> Iterator[Right]:
    """The versions of a point in the areas a party runs now."""
    for version in facts.master.versions(point):
        if facts.master.grid_operator(version.grid_area, facts.now) == reader.party:
            yield Right(version.valid_from, version.valid_to, AccessGround.OWN_POINT)


def _of_kind(terms: GroundTerms, facts: AccessFacts, point: int) -> Iterator[Right]:
    for version in facts.master.versions(point):
        if version.kind in terms.point_kinds:
            yield Right(version.valid_from, version.valid_to, AccessGround.POINT_KIND)


def _agreed(terms: GroundTerms, facts: AccessFacts, reader: Receiver, point: int) -> Iterator[Right]:
    """By each agreement in force its time and the months before; by one that ended only its time, for some months.

    One that has not begun gives nothing: a future supplier is let in by permission only.
    """
    month = Resolution.MONTH
    for span in facts.agreements.of_point(point, terms.kinds, facts.commodity):
        if reader.party != (span.party if terms.side is Side.PARTY else span.counterparty) or facts.now < span.start:
            continue
        if facts.now < span.end:
            yield Right(facts.zone.end(month, span.start, -terms.months_before), span.end, AccessGround.AGREEMENT)
        elif terms.months_after is None or facts.now < facts.zone.end(month, span.end, terms.months_after):
            yield Right(span.start, span.end, AccessGround.AGREEMENT)


def _by_default(facts: AccessFacts, operator: str, gap: Interval) -> Iterator[tuple[str, Interval]]:
    """Who is answerable where nobody supplies: whom the grid operator has named, else the operator."""
    reached = gap.start
    for span in facts.agreements.named_by(operator, facts.commodity):
        common = Interval(span.start, span.end).common(Interval(reached, gap.end))
        if common is None:
            continue
        if common.start > reached:
            yield operator, Interval(reached, common.start)
        yield span.party, common
        reached = common.end
    if reached < gap.end:
        yield operator, Interval(reached, gap.end)


def _gaps(agreements: Iterable[AgreementSpan], span: Interval) -> Iterator[Interval]:
    """The parts of a span that no agreement, in order of time, covers."""
    reached = span.start
    for agreement in agreements:
        if agreement.start > reached and agreement.start < span.end:
            yield Interval(reached, agreement.start)
        reached = max(reached, agreement.end)
    if reached < span.end:
        yield Interval(reached, span.end)


def _within(facts: AccessFacts, point: int, rights: Iterable[Right]) -> Iterator[Right]:
    """The parts of rights in which a point is known at all."""
    known = [Interval(version.valid_from, version.valid_to) for version in facts.master.versions(point)]
    for right in rights:
        for span in known:
            yield from _cut((right,), span)


def _cut(rights: Iterable[Right], span: Interval) -> Iterator[Right]:
    for right in rights:
        start, end = max(right.start, span.start), min(right.end, span.end)
        if start < end:
            yield right._replace(start=start, end=end)


def read_agreement_access(table: Mapping[str, Any]) -> AgreementAccess:
    """The policy from a market's TOML."""
    return AgreementAccess(
        grounds=tuple(map(_ground, table["grounds"])),
        supply=frozenset(map(AgreementKind, table["supply"])),
        balanced=frozenset(map(Role, table["balanced"])),
        consent_roles=frozenset(map(Role, table["consent_roles"])),
        purposes={Role(role): frozenset(words) for role, words in table["purposes"].items()},
        purposes_with_customer=frozenset(table["purposes_with_customer"]),
    )


def _ground(entry: Mapping[str, Any]) -> GroundTerms:
    return GroundTerms(
        roles=frozenset(map(Role, entry["roles"])),
        ground=AccessGround(entry["ground"]),
        kinds=frozenset(map(AgreementKind, entry.get("kinds", ()))),
        side=Side(entry.get("side", Side.PARTY)),
        months_before=entry.get("months_before", 0),
        months_after=entry.get("months_after"),
        point_kinds=frozenset(map(MeteringPointType, entry.get("point_kinds", ()))),
        reaches_behind=entry.get("reaches_behind", False),
    )
