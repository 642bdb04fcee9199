"""The simulated market: two grid areas with a border each to a third, six suppliers, three balance responsible parties.

Everything is invented, as in `gateway.demo.market`, and the same size and first day always give the same market. Of the
consumption points about half are settled as flex, a tenth hourly; the rest is profile-settled, sends no series and
takes part by its load shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.masterdata.files import MasterDataSet
from gateway.markets.calendar import month_after
from gateway.messages.codes import MeteringPointType, Resolution, Role, SettlementMethod
from gateway.messages.masterdata import FOREVER, GridArea, MeteringPointVersion, PartyRole
from gateway.messages.settlement_masterdata import LoadShare, PointTariff, SettlementFacts
from gateway.messages.times import MarketZone

AREAS = {"901": sample_gln(101), "902": sample_gln(102)}
"""The grid areas and their grid operators."""

OUTSIDE = "950"
OUTSIDE_OPERATOR = sample_gln(103)
SUPPLIERS = tuple(sample_gln(number) for number in range(111, 117))
RESPONSIBLES = tuple(sample_gln(number) for number in range(121, 124))
ENERGY_AGENCY = sample_gln(131)

RESPONSIBLE_FOR = {supplier: RESPONSIBLES[number % 3] for number, supplier in enumerate(SUPPLIERS)}

TARIFF = "NET-C"
"""The grid operator's tariff, which all consumption of its area pays."""

SMALLEST, LARGEST = 50, 200_000
"""Metering points of the smallest market there is, and of the largest: its values are held in memory as sent."""

_SHARES = (0.30, 0.24, 0.18, 0.13, 0.09, 0.06)
"""Market shares of the suppliers."""

_BORDER_POINTS = 3
"""Points each way over each border."""

CHANGERS = 0.01
"""Share of the consumption points that change supplier at the turn of a month."""


@dataclass(frozen=True)
class SimulatedMarket:
    """A market in force since its first day; consumption points change supplier at the turn of months.

    Attributes:
        zone: the market's local time.
        first, last: the days of operation played, both included.
        points: every version of every point.
        load_shares: thousandths of a kWh a year of each profile-settled point.
    """

    zone: MarketZone
    first: date
    last: date
    points: list[MeteringPointVersion]
    load_shares: dict[str, int]

    @classmethod
    def build(cls, zone: MarketZone, first: date, days: int, size: int, seed: int = 1) -> SimulatedMarket:
        """A market of `size` metering points."""
        return _Builder(zone, first, first + timedelta(days=days - 1), size, seed).market()

    @cached_property
    def dataset(self) -> MasterDataSet:
        """All master data as known on the eve of the first day: nobody has changed supplier yet."""
        start = self.start
        areas = [GridArea(code, operator, f"Area {code}", start) for code, operator in AREAS.items()]
        areas.append(GridArea(OUTSIDE, OUTSIDE_OPERATOR, "Beyond the border", start))
        both = (Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE)
        operators = (*AREAS.values(), OUTSIDE_OPERATOR)
        holders: list[tuple[str, Role]] = [(party, role) for party in operators for role in both]
        holders += [(party, Role.ENERGY_SUPPLIER) for party in SUPPLIERS]
        holders += [(party, Role.BALANCE_RESPONSIBLE) for party in RESPONSIBLES]
        holders.append((ENERGY_AGENCY, Role.ENERGY_AGENCY))
        roles = [PartyRole(party, role, f"Party {party}", start) for party, role in holders]
        return MasterDataSet(self.before_changes, areas, roles, [], self._facts())

    def _facts(self) -> SettlementFacts:
        shares = [LoadShare(point, quantity, self.start) for point, quantity in self.load_shares.items()]
        tariffs = [
            PointTariff(one.metering_point, TARIFF, AREAS[one.grid_area], self.start)
            for one in self.before_changes
            if one.kind is MeteringPointType.CONSUMPTION
        ]
        return SettlementFacts(load_shares=shares, tariffs=tariffs)

    @property
    def start(self) -> int:
        """Since when the market is in force."""
        return self.zone.midnight(self.first)

    @cached_property
    def before_changes(self) -> list[MeteringPointVersion]:
        """The points before anybody announced a change of supplier."""
        return [one._replace(valid_to=FOREVER) for one in self.points if one.valid_from == self.start]

    def changes(self, month: date) -> list[MeteringPointVersion]:
        """Whole timelines of the points that change supplier at the beginning of a month."""
        at = self.zone.midnight(month)
        changing = {one.metering_point for one in self.points if one.valid_from == at}
        return [one for one in self.points if one.metering_point in changing]

    def annual(self, area: str) -> int:
        """What the profile-settled points of an area use in a year, in Wh."""
        return sum(self.load_shares.get(one.metering_point, 0) for one in self.before_changes if one.grid_area == area)


class _Builder:
    """Deals out the points."""

    def __init__(self, zone: MarketZone, first: date, last: date, size: int, seed: int) -> None:
        self.zone, self.first, self.last, self.size = zone, first, last, size
        self.random = np.random.default_rng([seed, size])
        self.start = zone.midnight(first)
        self.points: list[MeteringPointVersion] = []
        self.number = 10_000

    def market(self) -> SimulatedMarket:
        for area in AREAS:
            for other in (*AREAS, OUTSIDE):
                if other != area:
                    self._border(area, other)
        left = max(self.size - len(self.points), 20)
        for place, area in enumerate(AREAS):
            count = left // 2 + (left % 2 if place == 0 else 0)
            production, hourly, flex = max(count // 25, 2), max(count // 10, 2), max(count // 2, 2)
            self._energy(area, MeteringPointType.PRODUCTION, None, production)
            self._energy(area, MeteringPointType.CONSUMPTION, SettlementMethod.HOURLY, hourly)
            self._energy(area, MeteringPointType.CONSUMPTION, SettlementMethod.FLEX, flex)
            rest = max(count - production - hourly - flex, 2)
            self._energy(area, MeteringPointType.CONSUMPTION, SettlementMethod.PROFILED, rest)
        self._change_suppliers()
        profiled = [one for one in self.points if one.settlement_method is SettlementMethod.PROFILED]
        shares = self.random.integers(800_000, 9_000_000, len(profiled)).tolist()
        load_shares = {one.metering_point: share for one, share in zip(profiled, shares, strict=True)}
        return SimulatedMarket(self.zone, self.first, self.last, self.points, load_shares)

    def _add(self, kind: MeteringPointType, area: str, resolution: Resolution) -> MeteringPointVersion:
        self.number += 1
        version = MeteringPointVersion(sample_gsrn(self.number), kind, area, self.start, resolution=resolution)
        self.points.append(version)
        return version

    def _border(self, area: str, other: str) -> None:
        """Points from the other area into this one; in the west they are read in quarters (D1 §1.48)."""
        resolution = Resolution.QUARTER if area == "901" else Resolution.HOUR
        for source, target in ((other, area), (area, other)):
            if other != OUTSIDE and source == area:
                continue  # the other area brings the way back
            for _ in range(_BORDER_POINTS):
                version = self._add(MeteringPointType.EXCHANGE, area, resolution)
                self.points[-1] = version._replace(from_grid_area=source, to_grid_area=target)

    def _energy(self, area: str, kind: MeteringPointType, method: SettlementMethod | None, count: int) -> None:
        in_quarters = kind is MeteringPointType.PRODUCTION and area == "901"
        suppliers = self.random.choice(len(SUPPLIERS), count, p=_SHARES).tolist()
        for number in suppliers:
            version = self._add(kind, area, Resolution.QUARTER if in_quarters else Resolution.HOUR)
            supplier = SUPPLIERS[number]
            self.points[-1] = version._replace(
                settlement_method=method, energy_supplier=supplier, balance_responsible=RESPONSIBLE_FOR[supplier]
            )

    def _change_suppliers(self) -> None:
        month = month_after(self.first, 1)
        while month <= self.last:
            consuming = [place for place, one in enumerate(self.points) if one.settlement_method]
            steady = [place for place in consuming if self._is_steady(self.points[place])]
            count = max(int(len(steady) * CHANGERS), 1)
            for place in self.random.choice(steady, min(count, len(steady)), replace=False).tolist():
                before = self.points[place]
                at = self.zone.midnight(month)
                others = [one for one in SUPPLIERS if one != before.energy_supplier]
                supplier = others[int(self.random.integers(len(others)))]
                self.points[place] = before._replace(valid_to=at)
                self.points.append(
                    before._replace(
                        valid_from=at, energy_supplier=supplier, balance_responsible=RESPONSIBLE_FOR[supplier]
                    )
                )
            month = month_after(month, 1)

    def _is_steady(self, version: MeteringPointVersion) -> bool:
        """Whether its point has not changed supplier yet."""
        return (version.valid_from, version.valid_to) == (self.start, FOREVER)
