"""The view of agreements: who supplies, in whose portfolio, since when without a break."""

from __future__ import annotations

from gateway.messages.agreements import Agreement, AgreementFacts, Agreements, PortfolioPart, SupplyChain
from gateway.messages.codes import AgreementKind, Commodity
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import Interval

POINT, OTHER = point_id(-1000), point_id(-1037)
ELECTRICITY = Commodity.ELECTRICITY


def supply(party: str, start: int, end: int = FOREVER, *customers: str, point: str = POINT) -> Agreement:
    name = f"{party}{start}"
    return Agreement(name, AgreementKind.SUPPLY, party, start, end, metering_point=point, customers=customers)


def chains(*rows: Agreement) -> tuple[SupplyChain, ...]:
    return Agreements.build(AgreementFacts(list(rows))).supply_chains(point_key(POINT))


# FI-4.2
def test_agreements_that_meet_and_share_a_customer_are_one_chain() -> None:
    both = chains(supply("S", 0, 10, "ann", "bo"), supply("S", 10, FOREVER, "bo"))
    assert both == (SupplyChain("S", 0, FOREVER),)


def test_another_customer_another_supplier_or_a_gap_begin_a_new_chain() -> None:
    assert len(chains(supply("S", 0, 10, "ann"), supply("S", 10, 20, "cai"))) == 2
    assert len(chains(supply("S", 0, 10, "ann"), supply("T", 10, 20, "ann"))) == 2
    assert len(chains(supply("S", 0, 10, "ann"), supply("S", 11, 20, "ann"))) == 2
    assert len(chains(supply("S", 0, 10), supply("S", 10, 20))) == 2


def test_chains_are_of_one_point_and_in_order_of_time() -> None:
    found = chains(supply("T", 10), supply("S", 0, 10), supply("S", 0, point=OTHER))
    assert [chain.party for chain in found] == ["S", "T"]


def in_portfolio(party: str, of: str, start: int = 0, end: int = FOREVER) -> Agreement:
    return Agreement(f"{party}{of}{start}", AgreementKind.PORTFOLIO, party, start, end, counterparty=of)


def above(party: str, start: int, end: int, *rows: Agreement) -> tuple[PortfolioPart, ...]:
    return Agreements.build(AgreementFacts(list(rows))).portfolio(party, ELECTRICITY, Interval(start, end))


def test_a_portfolio_is_all_levels_over_the_whole_interval() -> None:
    rows = (in_portfolio("B", "S", 10, 20), in_portfolio("C", "S", 20, 30), in_portfolio("T", "B", 15))
    assert above("S", 0, 40, *rows) == (
        PortfolioPart(0, 10, ()),
        PortfolioPart(10, 15, ("B",)),
        PortfolioPart(15, 20, ("B", "T")),
        PortfolioPart(20, 30, ("C",)),
        PortfolioPart(30, 40, ()),
    )
    assert above("T", 0, 40, *rows) == (PortfolioPart(0, 40, ()),)


def test_parts_with_the_same_parties_are_one() -> None:
    rows = (in_portfolio("B", "S", 0, 20), in_portfolio("B", "S", 20))
    assert above("S", 0, 40, *rows) == (PortfolioPart(0, 40, ("B",)),)


def test_a_ring_ends() -> None:
    rows = (in_portfolio("B", "S"), in_portfolio("S", "B"))
    assert above("S", 0, 10, *rows) == (PortfolioPart(0, 10, ("B",)),)
