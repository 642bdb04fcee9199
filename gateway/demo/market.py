"""A sample market of our own making: two grid areas, the parties around them, and a metering point of every kind.

Everything in it is invented. The identifiers carry right check digits and begin with 2, a range GS1 gives to nobody,
so that none of them is anyone's. The same zone and day always give the same market.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from gateway.demo.facts import settlement_facts
from gateway.hub.masterdata.files import MasterDataSet
from gateway.messages.codes import (
    ConnectionState,
    DelegatedProcess,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.identifiers import gs1_check_digit
from gateway.messages.masterdata import Delegation, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.times import MarketZone


def sample_gln(number: int) -> str:
    """The GLN of an invented party."""
    body = f"2{number:011d}"
    return body + gs1_check_digit(body)


def sample_gsrn(number: int) -> str:
    """The GSRN of an invented metering point."""
    body = f"2{number:016d}"
    return body + gs1_check_digit(body)


GRID_AREA = "990"
NEIGHBOUR_AREA = "991"

GRID_OPERATOR = sample_gln(1)
NEIGHBOUR = sample_gln(2)
SUPPLIER_A = sample_gln(11)
SUPPLIER_B = sample_gln(12)
BALANCE_RESPONSIBLE_A = sample_gln(21)
BALANCE_RESPONSIBLE_B = sample_gln(22)
SYSTEM_OPERATOR = sample_gln(31)
ENERGY_AGENCY = sample_gln(32)
SERVICE_COMPANY = sample_gln(41)

PARTIES: tuple[tuple[str, str, tuple[Role, ...]], ...] = (
    (GRID_OPERATOR, "Alderwick Grid", (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)),
    (NEIGHBOUR, "Brinholt Grid", (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)),
    (SUPPLIER_A, "Clearwater Supply", (Role.ENERGY_SUPPLIER,)),
    (SUPPLIER_B, "Dunmore Power", (Role.ENERGY_SUPPLIER,)),
    (BALANCE_RESPONSIBLE_A, "Evenside Trading", (Role.BALANCE_RESPONSIBLE,)),
    (BALANCE_RESPONSIBLE_B, "Fairmark Balance", (Role.BALANCE_RESPONSIBLE,)),
    (SYSTEM_OPERATOR, "Sample System Operator", (Role.SYSTEM_OPERATOR,)),
    (ENERGY_AGENCY, "Sample Energy Agency", (Role.ENERGY_AGENCY,)),
    (SERVICE_COMPANY, "Gridline Services", (Role.DELEGATE,)),
)

TARIFFS = {"NET-C": GRID_OPERATOR, "SYSTEM": SYSTEM_OPERATOR}
"""The owner of each tariff that all consumption pays."""

_RESPONSIBLE_FOR = {SUPPLIER_A: BALANCE_RESPONSIBLE_A, SUPPLIER_B: BALANCE_RESPONSIBLE_B}

CHILD_TYPES: tuple[MeteringPointType, ...] = tuple(
    kind for kind in tuple(MeteringPointType)[3:] if kind is not MeteringPointType.AGGREGATION
)
"""The child types of the Danish market."""


@dataclass(frozen=True)
class SampleMarket:
    """The market around a day of operation: in force since the New Year before last, with changes near that day.

    Attributes:
        zone: the market's local time.
        day: the local day the demonstration sends.
        dataset: all master data.
        named: metering points with something to them, by what it is: `supplier-change` (A until the middle of the
            day's month, then B), `closed-down` and `connected-late` (both on that middle day), `disconnected`, `new`,
            `virtual`, `calculated`, `hourly-values`, `monthly` (VE production, P1M), `settlement-change` (profiled,
            then flex), `exchange`, `production`, `neighbours` (in the other grid area), `child` and its `parent`,
            `positive-loss` and `negative-loss` (which take the home area's grid loss).
    """

    zone: MarketZone
    day: date
    dataset: MasterDataSet
    named: dict[str, str]

    @cached_property
    def view(self) -> MasterData:
        """The market as the rules see it."""
        return self.dataset.view()

    @property
    def change_day(self) -> date:
        """The middle of the day's month, when suppliers change."""
        return change_day(self.day)


def change_day(day: date) -> date:
    """The middle of a day's month."""
    return day.replace(day=15)


def sample_market(zone: MarketZone, day: date) -> SampleMarket:
    """The sample market around a day of operation."""
    builder = _Builder(zone, day)
    builder.add_consumption()
    builder.add_production()
    builder.add_exchange()
    builder.add_children()
    builder.add_other_kinds()
    builder.add_changes()
    builder.add_grid_loss()
    facts = settlement_facts(builder.points, builder.named, TARIFFS)
    dataset = MasterDataSet(builder.points, builder.grid_areas(), builder.roles(), builder.delegations(), facts)
    return SampleMarket(zone, day, dataset, builder.named)


class _Builder:
    """Collects the points of the market; every point gets the next number."""

    def __init__(self, zone: MarketZone, day: date) -> None:
        self.start = zone.midnight(date(day.year - 2, 1, 1))
        self.half_year = zone.midnight(date(day.year - 2, 7, 1))
        self.change = zone.midnight(change_day(day))
        self.points: list[MeteringPointVersion] = []
        self.named: dict[str, str] = {}
        self._number = 0

    def add(self, kind: MeteringPointType, **facts: Any) -> MeteringPointVersion:
        """A point of a kind in the home area, valid from the market's start unless said otherwise."""
        self._number += 1
        supplier = facts.get("energy_supplier")
        version = MeteringPointVersion(
            **{
                "metering_point": sample_gsrn(self._number),
                "kind": kind,
                "grid_area": GRID_AREA,
                "valid_from": self.start,
                "balance_responsible": _RESPONSIBLE_FOR.get(supplier) if supplier else None,
                **facts,
            }
        )
        self.points.append(version)
        return version

    def name(self, name: str, version: MeteringPointVersion) -> None:
        """Remember a point by what is special about it."""
        self.named[name] = version.metering_point

    def then(self, **facts: Any) -> None:
        """End the last version at the day of change and go on with other facts."""
        before = self.points[-1]
        self.points[-1] = before._replace(valid_to=self.change)
        self.points.append(before._replace(valid_from=self.change, **facts))

    def add_consumption(self) -> None:
        """Consumption of both suppliers: flex, hourly settled, profiled, most of it in quarters."""
        kind = MeteringPointType.CONSUMPTION
        for method, resolution, count in (
            (SettlementMethod.FLEX, Resolution.QUARTER, 100),
            (SettlementMethod.HOURLY, Resolution.QUARTER, 16),
            (SettlementMethod.FLEX, Resolution.HOUR, 12),
            (SettlementMethod.PROFILED, Resolution.HOUR, 6),
        ):
            for number in range(count):
                supplier = SUPPLIER_B if number % 2 else SUPPLIER_A
                facts = {"settlement_method": method, "resolution": resolution, "energy_supplier": supplier}
                version = self.add(kind, **facts)
            if method is SettlementMethod.FLEX and resolution is Resolution.HOUR:
                self.name("hourly-values", version)

    def add_production(self) -> None:
        """Production of both suppliers, in quarters and hours side by side (D1 §1.48)."""
        for number in range(16):
            self.add(
                MeteringPointType.PRODUCTION,
                resolution=Resolution.HOUR if number % 4 == 3 else Resolution.QUARTER,
                energy_supplier=SUPPLIER_B if number % 2 else SUPPLIER_A,
            )
        self.name("production", self.points[-2])

    def add_exchange(self) -> None:
        """Points on the border to the neighbouring area, both ways round."""
        for number in range(5):
            ends = (GRID_AREA, NEIGHBOUR_AREA) if number % 2 == 0 else (NEIGHBOUR_AREA, GRID_AREA)
            version = self.add(MeteringPointType.EXCHANGE, from_grid_area=ends[0], to_grid_area=ends[1])
        self.name("exchange", version)

    def add_children(self) -> None:
        """Two children of every child type; a child follows its parent's supplier and states none (D1 §6.1.1)."""
        parents = [p for p in self.points if p.energy_supplier and p.resolution is Resolution.QUARTER]
        for number, kind in enumerate(2 * CHILD_TYPES):
            reactive = kind is MeteringPointType.EXCHANGE_REACTIVE_ENERGY
            parent = parents[number]
            child = self.add(kind, parent=parent.metering_point, unit=Unit.KVARH if reactive else Unit.KWH)
            if kind is MeteringPointType.ELECTRICAL_HEATING:
                self.name("child", child)
                self.name("parent", parent)

    def add_other_kinds(self) -> None:
        """Virtual and calculated points, points out of service, a monthly one, one of the neighbour's."""
        consumption = MeteringPointType.CONSUMPTION
        flex = {"settlement_method": SettlementMethod.FLEX, "energy_supplier": SUPPLIER_A}
        self.name("virtual", self.add(consumption, subtype=Subtype.VIRTUAL, **flex))
        self.name("calculated", self.add(MeteringPointType.TOTAL_CONSUMPTION, **self._calculated()))
        self.name("disconnected", self.add(consumption, connection_state=ConnectionState.DISCONNECTED, **flex))
        self.name("new", self.add(consumption, connection_state=ConnectionState.NEW, **flex))
        monthly = {"resolution": Resolution.MONTH, "energy_supplier": SUPPLIER_B}
        self.name("monthly", self.add(MeteringPointType.VE_PRODUCTION, **monthly))
        self.name("neighbours", self.add(consumption, **(flex | {"grid_area": NEIGHBOUR_AREA})))

    def _calculated(self) -> dict[str, Any]:
        return {"subtype": Subtype.CALCULATED, "parent": self.points[0].metering_point}

    def add_changes(self) -> None:
        """Points with a change in the middle of the day's month."""
        consumption = MeteringPointType.CONSUMPTION
        flex = {"settlement_method": SettlementMethod.FLEX, "energy_supplier": SUPPLIER_A}
        for _ in range(10):
            self.name("supplier-change", self.add(consumption, **flex))
            self.then(energy_supplier=SUPPLIER_B, balance_responsible=BALANCE_RESPONSIBLE_B)
        self.name("closed-down", self.add(consumption, **flex))
        self.then(connection_state=ConnectionState.CLOSED_DOWN, energy_supplier=None, balance_responsible=None)
        self.name("connected-late", self.add(consumption, connection_state=ConnectionState.NEW, **flex))
        self.then(connection_state=ConnectionState.CONNECTED)
        profiled = flex | {"settlement_method": SettlementMethod.PROFILED, "resolution": Resolution.HOUR}
        self.name("settlement-change", self.add(consumption, **profiled))
        self.then(settlement_method=SettlementMethod.FLEX, resolution=Resolution.QUARTER)

    def add_grid_loss(self) -> None:
        """Two virtual points on which the home area's loss is booked (D1 §6.1.2)."""
        facts = {"subtype": Subtype.VIRTUAL, "energy_supplier": SUPPLIER_B}
        flex = facts | {"settlement_method": SettlementMethod.FLEX}
        self.name("positive-loss", self.add(MeteringPointType.CONSUMPTION, **flex))
        self.name("negative-loss", self.add(MeteringPointType.PRODUCTION, **facts))

    def grid_areas(self) -> list[GridArea]:
        """The home area and its neighbour."""
        return [
            GridArea(GRID_AREA, GRID_OPERATOR, "Alderwick", self.start),
            GridArea(NEIGHBOUR_AREA, NEIGHBOUR, "Brinholt", self.start),
        ]

    def roles(self) -> list[PartyRole]:
        """Every party in each of its roles."""
        return [PartyRole(party, role, name, self.start) for party, name, roles in PARTIES for role in roles]

    def delegations(self) -> list[Delegation]:
        """The neighbour once let a service company receive for it; that is over by the day."""
        return [
            Delegation(
                process=DelegatedProcess.MEASURE_DATA,
                grid_area=NEIGHBOUR_AREA,
                from_party=NEIGHBOUR,
                from_role=Role.GRID_OPERATOR,
                to_party=SERVICE_COMPANY,
                to_role=Role.DELEGATE,
                valid_from=self.start,
                valid_to=self.half_year,
            )
        ]
