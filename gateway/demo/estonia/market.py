"""A sample of the Estonian market, of our own making: two grids, their customers' points, and everybody around them.

Everything in it is invented. The codes carry right check characters and the word GRIDPOST, so that none of them is
anyone's. The same zone and day always give the same market.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from gateway.hub.masterdata.files import MasterDataSet
from gateway.messages.agreements import AccessPermission, Agreement, AgreementFacts
from gateway.messages.codes import AgreementKind, Commodity, CustomerType, MeteringPointType, Resolution, Role, Unit
from gateway.messages.identifiers import eic_check_character
from gateway.messages.masterdata import GridArea, MeteringPointVersion, PartyRole
from gateway.messages.times import MarketZone


def sample_eic(kind: str, number: int) -> str:
    """The EIC of something invented: `X` for a party, `Y` for an area, `Z` for a metering point."""
    for filler in "-ABC":
        body = f"38{kind}{filler}GRIDPOST{number:03d}"
        if eic_check_character(body) != "-":
            return body + eic_check_character(body)
    raise ValueError(f"no code has number {number}")


GRID_OPERATOR = sample_eic("X", 1)
GAS_GRID = sample_eic("X", 2)
SUPPLIER_A = sample_eic("X", 11)
SUPPLIER_B = sample_eic("X", 12)
BALANCE_PROVIDER = sample_eic("X", 21)
AGGREGATOR = sample_eic("X", 31)
ADVISER = sample_eic("X", 41)

PARTIES: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    (GRID_OPERATOR, "Kadaka Grid", (Role.GRID_OPERATOR,)),
    (GAS_GRID, "Tamme Gas Grid", (Role.GRID_OPERATOR,)),
    (SUPPLIER_A, "Haava Supply", (Role.ENERGY_SUPPLIER, Role.ENERGY_SERVICE_PROVIDER)),
    (SUPPLIER_B, "Lepa Power", (Role.ENERGY_SUPPLIER,)),
    (BALANCE_PROVIDER, "Pihlaka Balance", (Role.ENERGY_SUPPLIER,)),
    (AGGREGATOR, "Saare Flexibility", (Role.AGGREGATOR,)),
    (ADVISER, "Kuuse Advisers", (Role.ENERGY_SERVICE_PROVIDER,)),
)

ELECTRICITY_AREA, GAS_AREA, AGGREGATION_AREA = (sample_eic("Y", number) for number in (1, 2, 3))
_AREAS = (
    (ELECTRICITY_AREA, GRID_OPERATOR, "Kadaka"),
    (GAS_AREA, GAS_GRID, "Tamme"),
    (AGGREGATION_AREA, AGGREGATOR, "Saare"),
)

ELECTRICITY_POINTS = tuple(sample_eic("Z", number) for number in range(1, 41))
"""In quarters; every fourth has a roof that feeds in. Even ones are supplied by A, odd ones by B."""
GAS_POINTS = tuple(sample_eic("Z", number) for number in range(101, 107))
"""By the gas day, all supplied by A."""
AGGREGATION_POINT = sample_eic("Z", 201)
"""The flexibility behind the first point."""


@dataclass(frozen=True)
class SampleMarket:
    """The market around a day: in force since the New Year before last.

    Attributes:
        zone: the market's local time.
        day: the local day the demonstration sends.
        dataset: all master data.
    """

    zone: MarketZone
    day: date
    dataset: MasterDataSet


def sample_market(zone: MarketZone, day: date) -> SampleMarket:
    """The sample market around a day."""
    start = zone.midnight(date(day.year - 2, 1, 1))
    return SampleMarket(
        zone,
        day,
        MasterDataSet(
            points=_points(start),
            grid_areas=[GridArea(area, operator, name, start) for area, operator, name in _AREAS],
            roles=[PartyRole(party, role, name, start) for party, name, roles in PARTIES for role in roles],
            agreements=AgreementFacts(_agreements(start), _permissions(zone, day)),
        ),
    )


def supplier_of(point: str) -> str:
    """Who supplies one of the points."""
    is_b = point in ELECTRICITY_POINTS and ELECTRICITY_POINTS.index(point) % 2 == 1
    return SUPPLIER_B if is_b else SUPPLIER_A


def customer_of(point: str) -> str:
    """The customer of one of the points."""
    return sample_eic("X", 100 + (*ELECTRICITY_POINTS, *GAS_POINTS).index(point))


def _points(start: int) -> list[MeteringPointVersion]:
    consumption = MeteringPointType.CONSUMPTION
    electricity = [MeteringPointVersion(point, consumption, ELECTRICITY_AREA, start) for point in ELECTRICITY_POINTS]
    gas = [
        MeteringPointVersion(point, consumption, GAS_AREA, start, resolution=Resolution.DAY, unit=Unit.CUBIC_METRE)
        for point in GAS_POINTS
    ]
    behind = MeteringPointVersion(
        AGGREGATION_POINT, MeteringPointType.AGGREGATION, AGGREGATION_AREA, start, parent=ELECTRICITY_POINTS[0]
    )
    return [*electricity, *gas, behind]


def _agreements(start: int) -> list[Agreement]:
    """Grid and supply at every point, aggregation at the first, and supplier A in the balance provider's portfolio."""
    made = [
        Agreement("portfolio-1", AgreementKind.PORTFOLIO, BALANCE_PROVIDER, start, counterparty=SUPPLIER_A),
        Agreement("aggregation-1", AgreementKind.AGGREGATION, AGGREGATOR, start, metering_point=ELECTRICITY_POINTS[0]),
    ]
    for number, point in enumerate((*ELECTRICITY_POINTS, *GAS_POINTS), 1):
        is_gas = point in GAS_POINTS
        operator = GAS_GRID if is_gas else GRID_OPERATOR
        kinds = ((AgreementKind.GRID, operator), (AgreementKind.SUPPLY, supplier_of(point)))
        made += [
            Agreement(
                f"{kind}-{number}",
                kind,
                party,
                start,
                metering_point=point,
                customers=(customer_of(point),),
                customer_type=CustomerType.LEGAL if number % 3 == 0 else CustomerType.PRIVATE,
                commodity=Commodity.NATURAL_GAS if is_gas else Commodity.ELECTRICITY,
            )
            for kind, party in kinds
        ]
    return made


def _permissions(zone: MarketZone, day: date) -> list[AccessPermission]:
    """The customer of the first point lets the adviser see the year up to the day after."""
    point = ELECTRICITY_POINTS[0]
    end = zone.day_interval(day).end
    return [
        AccessPermission(
            "permission-1",
            point,
            ADVISER,
            Role.ENERGY_SERVICE_PROVIDER,
            valid_from=end - 86_400,
            data_from=zone.midnight(day.replace(year=day.year - 1, day=1)),
            data_to=end,
            valid_to=end + 30 * 86_400,
            owner=customer_of(point),
            owner_type=CustomerType.PRIVATE,
            holder_type=CustomerType.LEGAL,
            purpose="ENERGY_SUPPLY_OFFER",
        )
    ]
