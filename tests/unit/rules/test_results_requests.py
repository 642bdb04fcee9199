"""Requests for results, RSM-016 and RSM-017: whose, of which settlement, over which period (dk-messages §6.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.markets.profile import MarketProfile
from gateway.markets.registry import changed_profile
from gateway.messages.codes import (
    ChargeType,
    MeteringPointType,
    ProcessType,
    Resolution,
    Role,
    SettlementMethod,
    SettlementVersion,
)
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    Header,
    PartyRef,
    RequestedAggregation,
    RequestedCharge,
    RequestedSettlement,
    WholesaleSettlementRequest,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.masterdata import Delegation, MasterData
from gateway.messages.series import AreaId
from gateway.messages.times import NO_INSTANT, WrittenInstant, format_second, parse_instant, to_datetime
from gateway.rules.batch import Sender
from gateway.rules.results_requests import Lack, ResultsBatch
from tests.gs1_codes import gln

from .village import AGENT, AREA, DK, NEIGHBOUR, NEXT_AREA, NOW, OPERATOR, STRANGER, SUPPLIER, ZONE, master_of

BALANCE = gln(6)
SUPPLIES = Sender(SUPPLIER, Role.ENERGY_SUPPLIER)
BALANCES = Sender(BALANCE, Role.BALANCE_RESPONSIBLE)
OPERATES = Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE)
D03, D04 = ProcessType.PRELIMINARY_AGGREGATION, ProcessType.BALANCE_FIXING
D05, D32 = ProcessType.WHOLESALE_FIXING, ProcessType.CORRECTION_SETTLEMENT


def midnight(year: int, month: int, day: int = 1) -> WrittenInstant:
    return WrittenInstant(ZONE.midnight(date(year, month, day)))


MARCH, APRIL = midnight(2025, 3), midnight(2025, 4)

GOOD: dict[Role, dict[str, Any]] = {
    Role.ENERGY_SUPPLIER: {"energy_supplier": PartyRef(id=SUPPLIER)},
    Role.BALANCE_RESPONSIBLE: {"balance_responsible": PartyRef(id=BALANCE)},
    Role.METERED_DATA_RESPONSIBLE: {"grid_area": AreaId(AREA)},
    Role.GRID_OPERATOR: {"grid_area": AreaId(AREA)},
    Role.SYSTEM_OPERATOR: {},
}
"""What each role must name."""


def head(caller: Sender, process: str, role: Role | None) -> Header:
    return Header(
        message_id="m",
        sender=PartyRef(id=caller.party, role=role or caller.role),
        receiver=PartyRef(id=DK.hub, role=Role.HUB),
        created_at=to_datetime(NOW),
        process_type=process,
    )


def sums(
    *wanted: dict[str, Any],
    caller: Sender = SUPPLIES,
    process: str = D04,
    role: Role | None = None,
    master: MasterData | None = None,
    market: MarketProfile = DK,
    now: int = NOW,
) -> ResultsBatch[Any]:
    """A request for sums of March, with what the role must name, changed as given."""
    good = {"transaction": "t-1", "start": MARCH, "end": APRIL, **GOOD[role or caller.role]}
    series = tuple(RequestedAggregation(**{**good, **changes}) for changes in wanted)
    request = AggregatedMeasureDataRequest(header=head(caller, process, role), series=series)
    return market.results_batch(request, caller, master or master_of(), now)


def charges(
    *wanted: dict[str, Any],
    caller: Sender = SUPPLIES,
    process: str = D05,
    role: Role | None = None,
    master: MasterData | None = None,
    market: MarketProfile = DK,
    now: int = NOW,
) -> ResultsBatch[Any]:
    """A request for settled charges of March, likewise."""
    good = {"transaction": "t-1", "start": MARCH, "end": APRIL, **GOOD[role or caller.role]}
    series = tuple(RequestedSettlement(**{**good, **changes}) for changes in wanted)
    request = WholesaleSettlementRequest(header=head(caller, process, role), series=series)
    return market.results_batch(request, caller, master or master_of(), now)


def found(batch: ResultsBatch[Any], lacking: Sequence[Lack | None] = ()) -> list[tuple[str, str]]:
    return [(f.rule, f.code) for f in DK.check_results_request(batch, lacking).findings]


BOTH = pytest.mark.parametrize("ask", [sums, charges])


# --- whose results ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [SUPPLIES, BALANCES, OPERATES])
def test_each_role_asks_for_its_own_sums(caller: Sender) -> None:
    # DK-4.3.a, DK-3.4.a
    for process in (D03, D04):
        assert found(sums({}, caller=caller, process=process)) == []


@pytest.mark.parametrize("role", [Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.SYSTEM_OPERATOR])
def test_each_role_asks_for_its_own_charges(role: Role) -> None:
    # DK-4.3.a
    party = SUPPLIER if role is Role.ENERGY_SUPPLIER else OPERATOR
    for process in (D05, D32):
        assert found(charges({}, caller=Sender(party, role), process=process)) == []


@BOTH
@pytest.mark.parametrize(
    ("named", "rule"),
    [
        (None, "requesting-supplier-named"),
        (PartyRef(id="579000000001"), "requesting-supplier-named"),
        (PartyRef(id="57900000000101"), "requesting-supplier-named"),
        (PartyRef(id="x" * 13), "requesting-supplier-named"),
        (PartyRef(id=STRANGER), "requesting-supplier-is-own"),
        (PartyRef(id="44X-00000000004B", scheme=Scheme.EIC), "requesting-supplier-is-own"),
    ],
)
def test_a_supplier_names_itself(ask: Any, named: PartyRef | None, rule: str) -> None:
    assert found(ask({"energy_supplier": named})) == [(rule, "E16")]


def test_a_supplier_known_by_an_eic_names_it() -> None:
    eic = "44X-00000000004B"
    caller = Sender(eic, Role.ENERGY_SUPPLIER)
    assert found(sums({"energy_supplier": PartyRef(id=eic, scheme=Scheme.EIC)}, caller=caller)) == []


@pytest.mark.parametrize(
    ("named", "rule"),
    [
        (None, "balance-responsible-named"),
        (PartyRef(id="1"), "balance-responsible-named"),
        (PartyRef(id=STRANGER), "balance-responsible-is-own"),
    ],
)
def test_a_balance_responsible_party_names_itself(named: PartyRef | None, rule: str) -> None:
    # DK-3.4.b: its own sums, and no other party's
    assert found(sums({"balance_responsible": named}, caller=BALANCES)) == [(rule, "E18")]
    assert found(sums({"energy_supplier": PartyRef(id=STRANGER)}, caller=BALANCES)) == []


@pytest.mark.parametrize("process", [D05, D32])
def test_a_balance_responsible_party_gets_balance_settlement_only(process: str) -> None:
    # DK-3.4.b
    assert found(sums({}, caller=BALANCES, process=process)) == [("balance-responsible-before-wholesale", "D11")]
    assert found(sums({}, process=process)) == []


def test_a_grid_operator_asks_under_its_other_hat() -> None:
    caller = Sender(OPERATOR, Role.GRID_OPERATOR)
    assert found(sums({}, {}, caller=caller)) == [("sums-asked-as-metered-data-responsible", "D02")] * 2
    assert found(sums({}, caller=caller, role=Role.METERED_DATA_RESPONSIBLE)) == []


@pytest.mark.parametrize(("ask", "role"), [(sums, Role.METERED_DATA_RESPONSIBLE), (charges, Role.GRID_OPERATOR)])
def test_a_grid_operator_names_an_area_of_its_own(ask: Any, role: Role) -> None:
    caller = Sender(OPERATOR, role)
    assert found(ask({"grid_area": None}, caller=caller)) == [("operator-names-grid-area", "D64")]
    for area in (NEXT_AREA, "999"):
        assert found(ask({"grid_area": AreaId(area)}, caller=caller)) == [("operator-owns-grid-area", "E86")]
    assert found(ask({"grid_area": AreaId(NEXT_AREA)}, caller=Sender(NEIGHBOUR, role))) == []


def test_what_only_the_operator_may_ask_for() -> None:
    exchange, total = (
        {"point_type": MeteringPointType.EXCHANGE},
        {"point_type": MeteringPointType.CONSUMPTION},
    )
    assert found(sums(exchange, total, caller=OPERATES)) == []
    for caller in (SUPPLIES, BALANCES):
        assert found(sums(exchange, total, caller=caller)) == [
            ("exchange-for-operator", "D11"),
            ("total-consumption-for-operator", "D11"),
        ]
    flex = {**total, "settlement_method": SettlementMethod.FLEX}
    assert found(sums(flex, {"point_type": MeteringPointType.PRODUCTION})) == []


# --- what ------------------------------------------------------------------------------------------------------------


def test_sums_are_of_consumption_production_and_exchange() -> None:
    for kind in (*list(MeteringPointType)[3:], "E19"):
        assert found(sums({"point_type": kind}, caller=OPERATES)) == [("summed-type-allowed", "D18")]


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (MeteringPointType.CONSUMPTION, SettlementMethod.PROFILED),
        (MeteringPointType.CONSUMPTION, "E15"),
        (MeteringPointType.PRODUCTION, SettlementMethod.FLEX),
        (MeteringPointType.EXCHANGE, SettlementMethod.HOURLY),
        (None, SettlementMethod.FLEX),
    ],
)
def test_a_settlement_method_is_of_consumption(kind: str | None, method: str) -> None:
    wrong = sums({"point_type": kind, "settlement_method": method}, caller=OPERATES)
    assert found(wrong) == [("summed-method-allowed", "D15")]
    for good in (SettlementMethod.FLEX, SettlementMethod.HOURLY):
        assert found(sums({"point_type": MeteringPointType.CONSUMPTION, "settlement_method": good})) == []


@BOTH
def test_only_corrections_have_versions(ask: Any) -> None:
    for version in SettlementVersion:
        assert found(ask({"settlement_version": version}, process=D32)) == []
        assert found(ask({"settlement_version": version}, process=D05)) == [("settlement-version-of-correction", "E86")]
    assert found(ask({}, process=D32)) == []
    assert found(ask({"settlement_version": "D04"}, process=D32)) == [("settlement-version-known", "E86")]


@pytest.mark.parametrize("resolution", [Resolution.QUARTER, Resolution.DAY, Resolution.YEAR, "PT1M"])
def test_charges_come_by_the_month_or_in_their_own_steps(resolution: str) -> None:
    assert found(charges({"resolution": resolution})) == [("settled-resolution-allowed", "D23")]
    assert found(charges({"resolution": Resolution.MONTH})) == []


def test_the_id_of_a_charge_has_ten_characters_at_most() -> None:
    def named(*ids: str | None) -> dict[str, Any]:
        return {"charges": tuple(RequestedCharge(type=ChargeType.TARIFF, id=one) for one in ids)}

    assert found(charges(named("1234567890", None, ""))) == []
    assert found(charges(named("1", "12345678901"))) == [("charge-id-short-enough", "D14")]
    longer = {"values": [{"since": date(2016, 4, 1), "value": 11, "clause": "x", "source": "x"}]}
    market = changed_profile("dk", {"parameters": {"charge-id-length": longer}}, {})
    assert found(charges(named("12345678901"), market=market)) == []


# --- period ----------------------------------------------------------------------------------------------------------


def test_sums_need_both_bounds() -> None:
    for absent in ({"end": None}, {"start": None}, {"start": None, "end": None}):
        assert found(sums(absent)) == [("summed-period-stated", "E50")]


def test_sums_need_a_period_that_runs_forward() -> None:
    assert found(sums({"end": MARCH})) == [("summed-period-forward", "E50")]
    assert found(sums({"start": APRIL, "end": MARCH})) == [("summed-period-forward", "E50")]


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "2025-03-01T00:00:00+01:00",
        "2025-02-28T23:00:00.000Z",
        "2025-02-28T23:00:00",
        "2025-02-28T23:00:00+00:00",
    ],
)
def test_bounds_are_written_in_plain_utc(ask: Any, text: str) -> None:
    # 2025-02-28T23:00Z is the midnight at which March begins; only the spelling is wrong
    odd = WrittenInstant(parse_instant(text), text)
    assert odd.instant == MARCH.instant
    assert found(ask({"start": odd})) == [("bounds-in-plain-utc", "D66")]


@BOTH
def test_a_date_that_is_none_is_not_looked_at_further(ask: Any) -> None:
    unreadable = WrittenInstant(NO_INSTANT, "2025-02-31T23:00:00Z")
    beyond = WrittenInstant(parse_instant("9999-06-30T22:00:00Z"))
    for bound in (unreadable, beyond):
        assert found(ask({"start": bound})) == [("bounds-in-plain-utc", "D66")]
        assert found(ask({"end": bound})) == [("bounds-in-plain-utc", "D66")]
    (finding,) = DK.check_results_request(ask({"start": unreadable})).findings
    assert "2025-02-31T23:00:00Z" in finding.text


@BOTH
def test_bounds_are_danish_midnights(ask: Any) -> None:
    for start in (MARCH.instant + 3600, MARCH.instant - 3600, MARCH.instant + 1):
        codes = [code for _, code in found(ask({"start": WrittenInstant(start)}))]
        assert codes in (["D66"], ["D66", "E17"])
    assert ("bounds-at-midnight", "D66") in found(ask({"end": WrittenInstant(APRIL.instant + 3600)}))


@BOTH
@pytest.mark.parametrize(("first", "following"), [((2025, 3), (2025, 4)), ((2024, 10), (2024, 11))])
def test_months_of_the_clock_change_are_whole_months(ask: Any, first: Any, following: Any) -> None:
    # a month of 30 days and 23 hours, and one of 31 days and an hour
    assert found(ask({"start": midnight(*first), "end": midnight(*following)})) == []


def test_sums_span_a_month_at_most() -> None:
    def span(start: WrittenInstant, end: WrittenInstant) -> list[tuple[str, str]]:
        return found(sums({"start": start, "end": end}))

    long = [("summed-period-short-enough", "E17")]
    assert span(midnight(2025, 1, 15), midnight(2025, 2, 15)) == []
    assert span(midnight(2025, 1, 15), midnight(2025, 2, 16)) == long
    assert span(midnight(2025, 1, 31), midnight(2025, 2, 28)) == []
    assert span(midnight(2025, 1, 31), midnight(2025, 3, 1)) == long
    assert span(midnight(2025, 3, 29), midnight(2025, 3, 30)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"start": midnight(2025, 3, 2)},
        {"end": midnight(2025, 3, 31)},
        {"end": midnight(2025, 5)},
        {"start": midnight(2025, 3, 15), "end": midnight(2025, 4, 15)},
        {"start": APRIL, "end": MARCH},
        {"end": MARCH},
        {"end": None},
    ],
)
def test_charges_are_of_one_calendar_month(changes: dict[str, Any]) -> None:
    assert found(charges(changes)) == [("settled-month-whole", "E17")]


@BOTH
def test_results_reach_back_three_years_and_six_months(ask: Any) -> None:
    def month(start: WrittenInstant, end: WrittenInstant, now: int = NOW) -> list[tuple[str, str]]:
        return found(ask({"start": start, "end": end}, now=now))

    old = [("request-not-too-old", "E17")]
    assert month(midnight(2021, 12), midnight(2022, 1)) == []  # asked on 11 June 2025
    assert month(midnight(2021, 11), midnight(2021, 12)) == old
    last = ZONE.midnight(date(2025, 7, 1)) - 1
    assert month(midnight(2021, 12), midnight(2022, 1), now=last) == []
    assert month(midnight(2021, 12), midnight(2022, 1), now=last + 1) == old


def test_numbers_are_the_market_s_own() -> None:
    def months(count: int) -> dict[str, Any]:
        return {"values": [{"since": date(2016, 4, 1), "value": count, "clause": "x", "source": "x"}]}

    market = changed_profile("dk", {"parameters": {"request-longest": months(2), "request-oldest": months(1)}}, {})
    assert found(sums({"end": midnight(2025, 5)}, market=market)) == [("request-not-too-old", "E17")]


@given(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40), st.booleans())
def test_any_period_gets_a_verdict(start: int, end: int, settled: bool) -> None:
    ask = charges if settled else sums
    assert found(ask({"start": WrittenInstant(start), "end": WrittenInstant(end)})) or (
        ZONE.local(start).hour == ZONE.local(end).hour == 0
    )


@given(st.integers(2022, 2025), st.integers(1, 12))
def test_every_month_of_the_calendar_can_be_asked_for(year: int, month: int) -> None:
    following = midnight(year + month // 12, month % 12 + 1)
    now = following.instant + 86_400
    for ask in (sums, charges):
        assert found(ask({"start": midnight(year, month), "end": following}, now=now)) == []


# --- together --------------------------------------------------------------------------------------------------------


def test_everything_that_is_wrong_is_said_and_where() -> None:
    wrong = {
        "energy_supplier": None,
        "point_type": MeteringPointType.EXCHANGE,
        "settlement_method": SettlementMethod.FLEX,
        "settlement_version": "D09",
        "end": WrittenInstant(APRIL.instant + 86_400 + 60),
    }
    verdict = DK.check_results_request(sums({}, wrong))
    assert {f.path.split("/")[1] for f in verdict.findings} == {"1"}
    assert {(f.code, f.path.split("/")[-1]) for f in verdict.findings} == {
        ("E16", "energy_supplier"),
        ("E86", "settlement_version"),
        ("D66", "start"),
        ("D11", "point_type"),
        ("D15", "settlement_method"),
        ("E17", "start"),
    }
    assert [f.code for f in verdict.findings].count("E86") == 2
    assert all(f.clause and " / " in f.text for f in verdict.findings)


@BOTH
def test_what_was_found_wanting_is_said_beside_the_transaction(ask: Any) -> None:
    # DK-4.3.a; the published constants have the two codes the wrong way round
    verdict = DK.check_results_request(ask({}, {}, {}), [None, Lack.NO_DATA, Lack.NOT_IN_AREA])
    assert [(f.code, f.path) for f in verdict.findings] == [("E0H", "Series/1"), ("D46", "Series/2")]
    assert format_second(MARCH.instant)[:16] in verdict.findings[0].text


# --- delegation ------------------------------------------------------------------------------------------------------


def given_to_agent(kind: str, **changes: Any) -> MasterData:
    delegation = Delegation(kind, AREA, SUPPLIER, Role.ENERGY_SUPPLIER, AGENT, Role.DELEGATE)
    return master_of(delegations=[delegation._replace(**changes)])


@pytest.mark.parametrize(
    ("ask", "kind"), [(sums, "aggregated-measure-data-request"), (charges, "wholesale-settlement-request")]
)
def test_a_delegate_speaks_for_who_let_it_in_the_grid_area(ask: Any, kind: str) -> None:
    # DK-3.4.c
    agent = Sender(AGENT, Role.DELEGATE)
    here = {"energy_supplier": PartyRef(id=SUPPLIER), "grid_area": AreaId(AREA)}
    asked = {"caller": agent, "role": Role.ENERGY_SUPPLIER}
    batch = ask(here, **asked, master=given_to_agent(kind))
    assert found(batch) == []
    assert batch.holder(0) == Sender(SUPPLIER, Role.ENERGY_SUPPLIER)
    strange = [("requesting-supplier-is-own", "E16")]
    for elsewhere in ({"grid_area": AreaId(NEXT_AREA)}, {"grid_area": None}):
        assert found(ask({**here, **elsewhere}, **asked, master=given_to_agent(kind))) == strange
    assert found(ask(here, **asked, master=given_to_agent("measure-data-request"))) == strange
    assert found(ask(here, **asked, master=given_to_agent(kind, from_role=Role.BALANCE_RESPONSIBLE))) == strange
    assert found(ask(here, **asked, master=given_to_agent(kind, to_party=STRANGER))) == strange
    assert found(ask(here, **asked, master=given_to_agent(kind, valid_to=NOW))) == strange


def test_a_delegate_speaks_for_an_operator_in_its_area() -> None:
    # DK-3.4.c
    kind, agent = "aggregated-measure-data-request", Sender(AGENT, Role.DELEGATE)
    master = given_to_agent(kind, from_party=OPERATOR, from_role=Role.GRID_OPERATOR)
    asked = sums({}, caller=agent, role=Role.METERED_DATA_RESPONSIBLE, master=master)
    assert found(asked) == []
    assert asked.holder(0) == Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE)
    without = sums({}, caller=agent, role=Role.METERED_DATA_RESPONSIBLE)
    assert found(without) == [("operator-owns-grid-area", "E86")]


def test_in_whose_name_a_request_asks() -> None:
    assert sums({}).holder(0) == SUPPLIES
    assert sums({}, caller=BALANCES).holder(0) == BALANCES
    assert sums({}, caller=OPERATES).holder(0) == OPERATES
    system = Sender("5790000432752", Role.SYSTEM_OPERATOR)
    assert charges({"grid_area": AreaId(AREA)}, caller=system).holder(0) == system
    given = given_to_agent(
        "wholesale-settlement-request", from_party=system.party, from_role=Role.SYSTEM_OPERATOR, grid_area=AREA
    )
    agent = Sender(AGENT, Role.DELEGATE)
    asked = charges(
        {"grid_area": AreaId(AREA)}, {"grid_area": None}, caller=agent, role=Role.SYSTEM_OPERATOR, master=given
    )
    assert asked.holder(0) == system
    assert asked.holder(1) == Sender(AGENT, Role.SYSTEM_OPERATOR)
