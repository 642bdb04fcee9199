"""A sample of the Finnish market: two grid areas, their exchange point, homes, a small producer, a community, a plant.

Everything in it is invented; see `gateway.demo.market` for the identifiers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.masterdata.files import MasterDataSet
from gateway.messages.agreements import Agreement, AgreementFacts
from gateway.messages.codes import (
    AgreementKind,
    AllowedFlow,
    ConnectionState,
    GridLossRole,
    MeteringMethod,
    MeteringPointType,
    PointClass,
    PointUse,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
)
from gateway.messages.masterdata import FOREVER, GridArea, MeteringPointVersion, PartyRole
from gateway.messages.point_details import CommunityMember, PointDetail, PointFacts, ReactiveOrder, fuse_of
from gateway.messages.settlement_masterdata import GridLossPoint, SettlementFacts
from gateway.messages.times import MarketZone

AREA, NEXT_AREA = "FI0001", "FI0002"
GRID, NEXT_GRID = sample_gln(1001), sample_gln(1002)
SUPPLIER, OTHER_SUPPLIER, LOSS_SUPPLIER = sample_gln(1011), sample_gln(1012), sample_gln(1013)
BALANCE_RESPONSIBLE = sample_gln(1021)

PARTIES: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    (GRID, "Alder Verkko", (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)),
    (NEXT_GRID, "Birch Verkko", (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)),
    (SUPPLIER, "Cedar Energia", (Role.ENERGY_SUPPLIER,)),
    (OTHER_SUPPLIER, "Dogwood Energia", (Role.ENERGY_SUPPLIER,)),
    (LOSS_SUPPLIER, "Elm Energia", (Role.ENERGY_SUPPLIER,)),
    (BALANCE_RESPONSIBLE, "Fir Tase", (Role.BALANCE_RESPONSIBLE,)),
)

NAMES = (
    "home",
    "works",
    "site-consumption",
    "site-production",
    "exchange",
    "one-way-exchange",
    "plant",
    "plant-own-use",
    "street-light",
    "read-by-hand",
    "under-construction",
    "community-production",
    "member-a",
    "member-b",
    "member-c",
    "loss",
)
"""Metering points by what they are."""


@dataclass(frozen=True)
class FinnishMarket:
    """The market, in force since the New Year before last, and its points by what they are (`NAMES`)."""

    zone: MarketZone
    dataset: MasterDataSet
    named: dict[str, str]

    def point(self, name: str) -> MeteringPointVersion:
        """The newest version of a point."""
        return next(v for v in reversed(self.dataset.points) if v.metering_point == self.named[name])


def finnish_market(zone: MarketZone, day: date) -> FinnishMarket:
    """The sample market around a day of delivery."""
    since = zone.midnight(date(day.year - 2, 1, 1))
    named = {name: sample_gsrn(7000 + place) for place, name in enumerate(NAMES)}
    return FinnishMarket(zone, _dataset(named, since), named)


def _dataset(named: dict[str, str], since: int) -> MasterDataSet:
    points = _points(named, since)
    consumers = [point for point in points if point.energy_supplier is not None]
    agreements = [
        Agreement(
            f"A-{place}", AgreementKind.SUPPLY, point.energy_supplier or "", since,
            metering_point=point.metering_point, customers=(f"customer-{place}",),
        )
        for place, point in enumerate(consumers)
    ]  # fmt: skip
    return MasterDataSet(
        points=points,
        grid_areas=[GridArea(AREA, GRID, "Alder", since), GridArea(NEXT_AREA, NEXT_GRID, "Birch", since)],
        roles=[PartyRole(party, role, name, since) for party, name, roles in PARTIES for role in roles],
        settlement=SettlementFacts(
            grid_loss=[GridLossPoint(AREA, named["loss"], GridLossRole.POSITIVE, since)],
        ),
        agreements=AgreementFacts(agreements),
        point_facts=_facts(named, since),
    )


def _points(named: dict[str, str], since: int) -> list[MeteringPointVersion]:
    def point(name: str, kind: MeteringPointType, **changes: Any) -> MeteringPointVersion:
        consumes = kind is MeteringPointType.CONSUMPTION
        supplied = kind is not MeteringPointType.EXCHANGE and name != "plant"
        stated: dict[str, Any] = {
            "settlement_method": SettlementMethod.FLEX if consumes else None,
            "resolution": Resolution.QUARTER,
            "energy_supplier": SUPPLIER if supplied else None,
            "balance_responsible": BALANCE_RESPONSIBLE if supplied else None,
        }
        return MeteringPointVersion(named[name], kind, AREA, since, FOREVER, **{**stated, **changes})

    consumption, production = MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION
    border = {"from_grid_area": NEXT_AREA, "to_grid_area": AREA}
    return [
        point("home", consumption),
        point("works", consumption, resolution=Resolution.HOUR, energy_supplier=OTHER_SUPPLIER),
        point("site-consumption", consumption),
        point("site-production", production),
        point("exchange", MeteringPointType.EXCHANGE, **border),
        point("one-way-exchange", MeteringPointType.EXCHANGE, **border),
        point("plant", production),
        point("plant-own-use", consumption),
        point("street-light", consumption),
        point("read-by-hand", consumption, resolution=Resolution.HOUR),
        point("under-construction", MeteringPointType.EXCHANGE, connection_state=ConnectionState.NEW, **border),
        point("community-production", production),
        *(point(f"member-{letter}", consumption) for letter in "abc"),
        point("loss", consumption, subtype=Subtype.VIRTUAL, energy_supplier=LOSS_SUPPLIER),
    ]


def _facts(named: dict[str, str], since: int) -> PointFacts:
    def detail(name: str, point_class: PointClass = PointClass.ACCOUNTING_POINT, **stated: Any) -> PointDetail:
        return PointDetail(named[name], point_class, since, **stated)

    small, large = fuse_of(3, 25), fuse_of(3, 250)
    production = named["community-production"]
    shares = {"member-a": 500_000, "member-b": 300_000, "member-c": 200_000}
    return PointFacts(
        details=[
            detail("home", fuse=small),
            detail("works", fuse=large),
            detail("site-consumption", fuse=small, related_point=named["site-production"]),
            detail("site-production", fuse=small),
            detail("exchange", PointClass.EXCHANGE_POINT),
            detail("one-way-exchange", PointClass.EXCHANGE_POINT, directions=AllowedFlow.IN),
            detail("plant", PointClass.PRODUCTION_UNIT),
            detail("plant-own-use", use=PointUse.OWN_USE, fuse=large),
            detail("street-light", method=MeteringMethod.UNMETERED, fuse=small, annual_estimate=1_752_000),
            detail("read-by-hand", method=MeteringMethod.READING, fuse=small, annual_estimate=5_000_000),
            detail("under-construction", PointClass.EXCHANGE_POINT),
            detail("community-production", fuse=small),
            *(detail(f"member-{letter}", fuse=small) for letter in "abc"),
        ],
        orders=[ReactiveOrder(named["works"], OTHER_SUPPLIER, since)],
        members=[CommunityMember("FI-C-1", production, named[name], share, since) for name, share in shares.items()],
    )
