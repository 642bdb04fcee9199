"""What the meters of the simulated market show: the same for the same point and day whenever it is asked.

Consumption follows the hour and the weekday, production the sun and the wind, and what is missing or left over comes
over the border, so that the residual consumption is what profile-settled customers use and the grid loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from gateway.messages.codes import MeteringPointType, Resolution, SettlementMethod
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.series import Quantities
from gateway.messages.times import HOUR, STEP_SECONDS, MarketZone
from gateway.simulation.market import AREAS, SimulatedMarket

_HOURLY_LOAD = np.array(
    [55, 50, 48, 47, 48, 55, 75, 95, 100, 98, 96, 98, 100, 97, 95, 98, 110, 135, 145, 140, 125, 105, 85, 65]
)
"""Load of a household by the local hour, in percent of its mean."""

_LOSS = 0.04
_WEEKEND = 0.92
_MEAN_WH = {SettlementMethod.FLEX: 450, SettlementMethod.HOURLY: 30_000}
_PRODUCTION_WH = 60_000
_TRANSIT_WH = 400_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MeteredPoint:
    """A point that sends series, with how much it is worth."""

    version: MeteringPointVersion
    scale: float

    @property
    def name(self) -> str:
        """Its GSRN."""
        return self.version.metering_point


@dataclass(frozen=True)
class Meters:
    """Every meter of a market."""

    market: SimulatedMarket
    seed: int = 1

    @cached_property
    def points(self) -> dict[str, list[MeteredPoint]]:
        """The points that send series, by the grid area whose operator sends them, each once."""
        random = np.random.default_rng([self.seed, 7])
        found: dict[str, list[MeteredPoint]] = {area: [] for area in AREAS}
        for one in self.market.before_changes:
            scale = float(random.lognormal(0, 0.6))
            if one.settlement_method is not SettlementMethod.PROFILED:
                found[one.grid_area].append(MeteredPoint(one, scale))
        return found

    def day(self, day: date) -> dict[str, Quantities]:
        """Wh of every point on a local day: int64[steps of the point]."""
        zone, values = self.market.zone, {}
        hours = _hours(zone, day)
        random = np.random.default_rng([self.seed, day.toordinal()])
        wind = random.uniform(0.1, 1.0)
        net: dict[str, Floats] = {area: np.zeros(len(hours)) for area in AREAS}
        for area, points in self.points.items():
            for point in points:
                if point.version.kind is MeteringPointType.EXCHANGE:
                    continue
                made = self._energy(point, hours, day, wind, random)
                values[point.name] = made
                hourly = made.reshape(len(hours), -1).sum(axis=1)
                is_production = point.version.kind is MeteringPointType.PRODUCTION
                net[area] += -hourly if is_production else hourly
        lacking = {area: (used + self._profiled(area, hours, day, random)) * (1 + _LOSS) for area, used in net.items()}
        values |= self._exchange(lacking, hours, random)
        return values

    def _energy(
        self, point: MeteredPoint, hours: Floats, day: date, wind: float, random: np.random.Generator
    ) -> Quantities:
        count = len(hours) * HOUR // STEP_SECONDS[point.version.resolution]
        local = np.repeat(hours, count // len(hours))
        if point.version.kind is MeteringPointType.PRODUCTION:
            sun = np.clip(np.sin((local - 6) / 12 * np.pi), 0, None)
            shape = _PRODUCTION_WH * point.scale * (0.5 * wind + 0.5 * sun)
        else:
            method = point.version.settlement_method or SettlementMethod.FLEX
            shape = _MEAN_WH[method] * point.scale * _load(local, day)
        noisy = shape * random.uniform(0.7, 1.3, count) * len(hours) / count
        return noisy.astype(np.int64)

    def _profiled(self, area: str, hours: Floats, day: date, random: np.random.Generator) -> Floats:
        """What the profile-settled customers of an area really use: nobody meters it by the hour."""
        shares = self.market.load_shares
        yearly = sum(shares.get(one.metering_point, 0) for one in self.market.before_changes if one.grid_area == area)
        used: Floats = yearly * 1000 / 8760 * _load(hours, day) * random.uniform(0.9, 1.1, len(hours))
        return used

    def _exchange(self, net: dict[str, Floats], hours: Floats, random: np.random.Generator) -> dict[str, Quantities]:
        """What crosses the borders: transit between the areas, and over the outer border whatever an area lacks."""
        values: dict[str, Quantities] = {}
        between = random.uniform(-1, 1, len(hours)) * _TRANSIT_WH
        lack = dict(zip(AREAS, (between, -between), strict=True))
        for area, points in self.points.items():
            flows: dict[tuple[str | None, str | None], list[MeteredPoint]] = {}
            for point in points:
                if point.version.kind is MeteringPointType.EXCHANGE:
                    flows.setdefault((point.version.from_grid_area, point.version.to_grid_area), []).append(point)
            for (source, target), members in flows.items():
                if source in AREAS and target in AREAS:
                    flow = np.clip(lack[str(target)], 0, None)
                else:
                    wanted = net[area] - lack[area]
                    flow = np.clip(wanted if target == area else -wanted, 0, None) + _TRANSIT_WH / 4
                values |= _dealt(flow, members, len(hours))
        return values


def _dealt(flow: Floats, members: list[MeteredPoint], hours: int) -> dict[str, Quantities]:
    """A flow over some points, a quarter of an hour a quarter of it, the last one takes what is left."""
    dealt: dict[str, Quantities] = {}
    total = flow.astype(np.int64)
    left = total.copy()
    for number, point in enumerate(members):
        part = left if number == len(members) - 1 else total // len(members)
        left = left - part
        steps = HOUR // STEP_SECONDS[point.version.resolution]
        quarters = np.repeat(part // steps, steps).reshape(hours, steps)
        quarters[:, 0] += part % steps
        dealt[point.name] = quarters.reshape(-1)
    return dealt


def _load(local_hours: Floats, day: date) -> Floats:
    weekday = _WEEKEND if day.weekday() >= 5 else 1.0
    season = 1.0 + 0.25 * np.cos((day.timetuple().tm_yday - 15) / 365 * 2 * np.pi)
    load: Floats = _HOURLY_LOAD[local_hours.astype(np.int64)] / _HOURLY_LOAD.mean() * weekday * season
    return load


def _hours(zone: MarketZone, day: date) -> Floats:
    """The local clock hour of each hour of the day: 23, 24 or 25 of them."""
    interval = zone.day_interval(day)
    starts = zone.step_starts(Resolution.HOUR, interval.start, (interval.end - interval.start) // HOUR)
    return np.array([zone.local(start).hour for start in starts.tolist()], dtype=np.float64)
