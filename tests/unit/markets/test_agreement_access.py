"""Who may read whose metering data in Estonia: every row of the operator's table, at the bounds of its periods."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.markets.agreements import AccessFacts, AccessGround, Right
from gateway.markets.distribution import Receiver
from gateway.markets.registry import profile
from gateway.messages.agreements import AccessPermission, Agreement, AgreementFacts, Agreements
from gateway.messages.codes import (
    AgreementKind,
    Commodity,
    CustomerType,
    MeteringPointType,
    Role,
    Standing,
)
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER, GridArea, MasterData, MeteringPointVersion, PartyRole

# EE-3.1

ESTONIA = profile("ee")
ACCESS, ZONE = ESTONIA.agreement_access, ESTONIA.zone
SUPPLY, GRID, PORTFOLIO = AgreementKind.SUPPLY, AgreementKind.GRID, AgreementKind.PORTFOLIO

POINT, BORDER, FLEX, RENEWABLE, LINE_POINT, OTHER = (point_id(-1000 - 37 * number) for number in range(6))
NETWORK, NEIGHBOUR, LINE, AGGREGATOR = "38X-NETWORK----1", "38X-NEIGHBOUR--2", "38X-LINE-------3", "38X-FLEX-------4"
SUPPLIER, FORMER, ABOVE, TOP, NAMED, STRANGER = (f"38X-SUPPLIER--{number}X" for number in range(6))
ANN, FIRM = "38X-ANN---------", "38X-FIRM--------"

MANAGERS = (
    Role.GRID_OPERATOR,
    Role.CLOSED_DISTRIBUTION_NETWORK,
    Role.LINE_OPERATOR,
    Role.PRODUCER_OPERATOR,
    Role.CHARGING_POINT_OPERATOR,
    Role.STORAGE_OPERATOR,
    Role.GAS_STATION_OPERATOR,
)


def day(year: int, month: int = 1, of_month: int = 1) -> int:
    return ZONE.midnight(date(year, month, of_month))


START = day(2020)
MASTER = MasterData.build(
    [
        MeteringPointVersion(POINT, MeteringPointType.CONSUMPTION, "GRID", START),
        MeteringPointVersion(OTHER, MeteringPointType.CONSUMPTION, "GRID", START),
        MeteringPointVersion(RENEWABLE, MeteringPointType.VE_PRODUCTION, "GRID", START),
        MeteringPointVersion(LINE_POINT, MeteringPointType.CONSUMPTION, "LINE", START),
        MeteringPointVersion(
            BORDER, MeteringPointType.EXCHANGE, "GRID", START, from_grid_area="GRID", to_grid_area="NEXT"
        ),
        MeteringPointVersion(FLEX, MeteringPointType.AGGREGATION, "FLEX", START, parent=POINT),
    ],
    [GridArea("GRID", NETWORK), GridArea("NEXT", NEIGHBOUR), GridArea("LINE", LINE), GridArea("FLEX", AGGREGATOR)],
    [
        PartyRole(NETWORK, Role.GRID_OPERATOR),
        PartyRole(NEIGHBOUR, Role.GRID_OPERATOR),
        PartyRole(LINE, Role.LINE_OPERATOR),
        PartyRole(AGGREGATOR, Role.AGGREGATOR),
    ],
)


def agreed(kind: AgreementKind, party: str, since: int, until: int = FOREVER, **more: object) -> Agreement:
    stated = {"metering_point": POINT, **more}
    return Agreement(f"{kind}-{party}-{since}-{stated}", kind, party, since, until, **stated)  # type: ignore[arg-type]


def seen(
    reader: str, role: Role, now: int, *facts: Agreement | AccessPermission, point: str = POINT
) -> set[tuple[int, int, AccessGround]]:
    """The spans a reader sees of a point."""
    agreements = [fact for fact in facts if isinstance(fact, Agreement)]
    permissions = [fact for fact in facts if isinstance(fact, AccessPermission)]
    view = Agreements.build(AgreementFacts(agreements, permissions))
    known = AccessFacts(MASTER, view, ZONE, now, Commodity.ELECTRICITY)
    rights = ACCESS.rights(known, Receiver(reader, role), point_key(point))
    return {(right.start, right.end, right.ground) for right in rights}


NOW = day(2026, 6, 15)

# --- managers of points ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", MANAGERS)
def test_a_manager_reads_its_own_points_and_what_aggregators_deliver_behind_them(role: Role) -> None:
    assert seen(NETWORK, role, NOW) == {(START, FOREVER, AccessGround.OWN_POINT)}
    assert seen(NETWORK, role, NOW, point=FLEX) == {(START, FOREVER, AccessGround.OWN_POINT)}
    assert not seen(NEIGHBOUR, role, NOW)
    assert not seen(NEIGHBOUR, role, NOW, point=FLEX)


@pytest.mark.parametrize("role", MANAGERS)
def test_a_manager_reads_a_border_point_while_it_is_its_customer(role: Role) -> None:
    border = agreed(
        AgreementKind.BORDER_GRID, NETWORK, day(2025), day(2026), counterparty=NEIGHBOUR, metering_point=BORDER
    )
    assert seen(NEIGHBOUR, role, NOW, border, point=BORDER) == {(day(2025), day(2026), AccessGround.AGREEMENT)}
    assert not seen(NEIGHBOUR, role, NOW, point=BORDER)


def test_whose_area_it_is_no_role_of_another_kind_helps() -> None:
    assert not seen(NETWORK, Role.ENERGY_SUPPLIER, NOW)
    assert not seen(NETWORK, Role.ENERGY_SERVICE_PROVIDER, NOW)


# --- aggregators ----------------------------------------------------------------------------------------------------


def test_an_aggregator_reads_its_own_aggregation_points() -> None:
    assert seen(AGGREGATOR, Role.AGGREGATOR, NOW, point=FLEX) == {(START, FOREVER, AccessGround.OWN_POINT)}
    assert not seen(STRANGER, Role.AGGREGATOR, NOW, point=FLEX)


@pytest.mark.parametrize(
    ("now", "is_seen"),
    [
        (day(2024, 12, 31), False),
        (day(2025), True),
        (day(2026, 6, 1), True),
        (day(2027, 6, 1) - 1, True),
        (day(2027, 6, 1), False),
    ],
)
def test_an_aggregator_reads_a_grid_point_in_its_agreement_and_a_year_on_that_period_alone(
    now: int, is_seen: bool
) -> None:
    flexible = agreed(AgreementKind.AGGREGATION, AGGREGATOR, day(2025), day(2026, 6, 1))
    wanted = {(day(2025), day(2026, 6, 1), AccessGround.AGREEMENT)} if is_seen else set()
    assert seen(AGGREGATOR, Role.AGGREGATOR, now, flexible) == wanted


# --- suppliers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SUPPLY, AgreementKind.BORDER_SUPPLY, AgreementKind.GENERAL_SERVICE])
@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (day(2025) - 1, None),  # future: by permission only
        (day(2025), day(2024)),  # valid: and the 12 months before
        (day(2026) - 1, day(2024)),
        (day(2026), day(2025)),  # ended: its own period
        (day(2027) - 1, day(2025)),
        (day(2027), None),  # ended more than 12 months ago
    ],
)
def test_a_supplier_and_a_named_supplier_by_the_state_of_the_agreement(
    kind: AgreementKind, now: int, wanted: int | None
) -> None:
    supply = agreed(kind, SUPPLIER, day(2025), day(2026))
    ground = AccessGround.AGREEMENT
    assert seen(SUPPLIER, Role.ENERGY_SUPPLIER, now, supply) == (
        set() if wanted is None else {(wanted, day(2026), ground)}
    )
    assert not seen(STRANGER, Role.ENERGY_SUPPLIER, now, supply)


def test_twelve_months_before_a_leap_day_are_by_the_calendar() -> None:
    supply = agreed(SUPPLY, SUPPLIER, day(2024, 2, 29))
    (right,) = seen(SUPPLIER, Role.ENERGY_SUPPLIER, day(2024, 3, 1), supply)
    assert right[0] == day(2023, 2, 28)


def test_a_supplier_reads_what_aggregators_deliver_behind_its_point() -> None:
    supply = agreed(SUPPLY, SUPPLIER, day(2025), day(2026))
    now = day(2025, 7, 1)
    assert seen(SUPPLIER, Role.ENERGY_SUPPLIER, now, supply, point=FLEX) == {
        (day(2024), day(2026), AccessGround.AGREEMENT)
    }
    assert not seen(SUPPLIER, Role.ENERGY_SUPPLIER, now, supply, point=OTHER)


def test_nothing_is_seen_of_a_time_before_the_point() -> None:
    supply = agreed(SUPPLY, SUPPLIER, day(2020, 3, 1))
    (right,) = seen(SUPPLIER, Role.ENERGY_SUPPLIER, NOW, supply)
    assert right[0] == START


def test_an_agreement_of_gas_opens_no_electricity() -> None:
    supply = agreed(SUPPLY, SUPPLIER, day(2025), commodity=Commodity.NATURAL_GAS)
    assert not seen(SUPPLIER, Role.ENERGY_SUPPLIER, NOW, supply)


def test_a_withdrawn_agreement_never_was() -> None:
    supply = agreed(SUPPLY, SUPPLIER, day(2025), standing=Standing.WITHDRAWN)
    assert not seen(SUPPLIER, Role.ENERGY_SUPPLIER, NOW, supply)


# --- balance ----------------------------------------------------------------------------------------------------


def portfolio(party: str, of: str, since: int = START, until: int = FOREVER) -> Agreement:
    return agreed(PORTFOLIO, party, since, until, counterparty=of, metering_point=None)


BALANCE = (Role.ENERGY_SUPPLIER, Role.BALANCE_RESPONSIBLE, Role.SYSTEM_OPERATOR)


@pytest.mark.parametrize("role", BALANCE)
def test_the_whole_chain_above_a_supplier_reads_while_the_chain_holds(role: Role) -> None:
    facts = (
        agreed(SUPPLY, SUPPLIER, day(2025), day(2026)),
        portfolio(ABOVE, SUPPLIER, day(2024), day(2025, 6, 1)),
        portfolio(FORMER, SUPPLIER, day(2025, 6, 1)),
        portfolio(TOP, ABOVE),
    )
    ground = AccessGround.PORTFOLIO
    assert seen(ABOVE, role, NOW, *facts) == {(day(2025), day(2025, 6, 1), ground)}
    assert seen(TOP, role, NOW, *facts) == {(day(2025), day(2025, 6, 1), ground)}
    assert seen(FORMER, role, NOW, *facts) == {(day(2025, 6, 1), day(2026), ground)}
    assert not seen(STRANGER, role, NOW, *facts)


def test_a_point_nobody_supplies_is_its_operators_or_the_named_suppliers() -> None:
    named = agreed(AgreementKind.NAMED_SUPPLIER, NAMED, day(2025), day(2026), counterparty=NETWORK, metering_point=None)
    facts = (named, portfolio(ABOVE, NETWORK), portfolio(TOP, NAMED))
    role, ground = Role.ENERGY_SUPPLIER, AccessGround.PORTFOLIO
    assert seen(TOP, role, NOW, *facts) == {(day(2025), day(2026), ground)}
    assert seen(ABOVE, role, NOW, *facts) == {(START, day(2025), ground), (day(2026), FOREVER, ground)}


def test_border_points_belong_to_the_balance_of_both_grids() -> None:
    facts = (portfolio(ABOVE, NEIGHBOUR), portfolio(TOP, NETWORK))
    whole = {(START, FOREVER, AccessGround.PORTFOLIO)}
    assert seen(ABOVE, Role.ENERGY_SUPPLIER, NOW, *facts, point=BORDER) == whole
    assert seen(TOP, Role.ENERGY_SUPPLIER, NOW, *facts, point=BORDER) == whole
    assert not seen(ABOVE, Role.ENERGY_SUPPLIER, NOW, *facts)


def test_points_excluded_from_balancing_are_in_no_portfolio() -> None:
    facts = (agreed(SUPPLY, SUPPLIER, day(2025), metering_point=LINE_POINT), portfolio(TOP, SUPPLIER))
    assert not seen(TOP, Role.ENERGY_SUPPLIER, NOW, *facts, point=LINE_POINT)


def test_the_system_operator_reads_renewable_production() -> None:
    assert seen(TOP, Role.SYSTEM_OPERATOR, NOW, point=RENEWABLE) == {(START, FOREVER, AccessGround.POINT_KIND)}
    assert not seen(TOP, Role.SYSTEM_OPERATOR, NOW)
    assert not seen(TOP, Role.ENERGY_SUPPLIER, NOW, point=RENEWABLE)


# --- permissions, customers, consent --------------------------------------------------------------------------------


def permission(holder: str, role: Role, **more: object) -> AccessPermission:
    """12 months of data, valid for 48 hours."""
    stated: dict[str, object] = {"valid_to": NOW + 2 * 86_400, **more}
    return AccessPermission("P", POINT, holder, role, NOW, day(2025, 6, 15), NOW, **stated)  # type: ignore[arg-type]


ANYBODY = (Role.ENERGY_SERVICE_PROVIDER, Role.ENERGY_SUPPLIER, Role.AGGREGATOR)


@pytest.mark.parametrize("role", ANYBODY)
def test_a_permission_lets_in_while_it_may_be_used(role: Role) -> None:
    given = permission(STRANGER, role)
    wanted = {(day(2025, 6, 15), NOW, AccessGround.PERMISSION)}
    assert seen(STRANGER, role, NOW, given) == wanted
    assert seen(STRANGER, role, NOW + 2 * 86_400 - 1, given) == wanted
    assert not seen(STRANGER, role, NOW + 2 * 86_400, given)
    assert not seen(STRANGER, role, NOW - 1, given)
    assert not seen(SUPPLIER, role, NOW, given)
    assert not seen(STRANGER, role, NOW, given, point=OTHER)
    assert not seen(STRANGER, role, NOW, permission(STRANGER, role, standing=Standing.WITHDRAWN))


def test_a_permission_counts_in_its_own_role() -> None:
    assert not seen(STRANGER, Role.ENERGY_SUPPLIER, NOW, permission(STRANGER, Role.ENERGY_SERVICE_PROVIDER))


def test_an_energy_service_provider_reads_by_permission_only() -> None:
    facts = [agreed(kind, STRANGER, day(2025), customers=(STRANGER,)) for kind in AgreementKind if kind != PORTFOLIO]
    assert not seen(STRANGER, Role.ENERGY_SERVICE_PROVIDER, NOW, *facts, portfolio(STRANGER, NETWORK))


def test_a_customer_reads_its_own_times() -> None:
    facts = (
        agreed(GRID, NETWORK, day(2024), day(2025), customers=(ANN,)),
        agreed(GRID, NETWORK, day(2025), customers=(FIRM,)),
    )
    assert seen(ANN, Role.CUSTOMER, NOW, *facts) == {(day(2024), day(2025), AccessGround.CUSTOMER)}


def test_the_operator_of_the_hub_reads_every_point() -> None:
    assert seen(ESTONIA.hub, Role.HUB, NOW) == {(START, FOREVER, AccessGround.OPERATOR)}


def test_consent_is_about_the_times_of_legal_customers() -> None:
    view = Agreements.build(
        AgreementFacts(
            [
                agreed(GRID, NETWORK, day(2022), day(2025), customers=(FIRM,), customer_type=CustomerType.LEGAL),
                agreed(GRID, NETWORK, day(2025), customers=(ANN,), customer_type=CustomerType.PRIVATE),
            ]
        )
    )
    known = AccessFacts(MASTER, view, ZONE, NOW, Commodity.ELECTRICITY)
    found = ACCESS.consented(known, point_key(POINT))
    assert found == (Right(day(2022), day(2025), AccessGround.LEGAL_CONSENT),)  # three years: never cut at 365 days
    assert not ACCESS.consented(known, point_key(OTHER))
    times = ACCESS.customer_times(known, point_key(POINT), ANN)
    assert [(time.start, time.end) for time in times] == [(day(2025), FOREVER)]


def test_consent_ends_with_the_law() -> None:
    assert ESTONIA.number("legal-consent", date(2026, 12, 31)) == 1
    assert ESTONIA.number("legal-consent", date(2027, 1, 1)) == 0
