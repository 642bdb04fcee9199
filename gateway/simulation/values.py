"""What the meters of the simulated market show: the same for the same point and day whenever it is asked.

Consumption follows the hour and the weekday, production the sun and the wind, and what is missing or left over comes
over the border, so that the residual consumption is what profile-settled customers use and the grid loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

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

    @property
    def kind(self) -> MeteringPointType:
        """Consumption, production or exchange."""
        return self.version.kind


class _Alike(NamedTuple):
    """Points of an area that are metered alike."""

    area: str
    kind: MeteringPointType
    method: SettlementMethod | None
    resolution: Resolution
    members: list[MeteredPoint]


class _Weather(NamedTuple):
    """What a day is like: the local clock hour of each of its hours, its date, how strong the wind is."""

    hours: Floats
    day: date
    wind: float


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
        random = np.random.default_rng([self.seed, day.toordinal()])
        weather = _Weather(_hours(self.market.zone, day), day, random.uniform(0.1, 1.0))
        values: dict[str, Quantities] = {}
        net: dict[str, Floats] = {area: np.zeros(len(weather.hours)) for area in AREAS}
        for alike in self._alike:
            made = _energy(alike, weather, random)
            values |= {point.name: row for point, row in zip(alike.members, made, strict=True)}
            hourly = made.reshape(len(made), len(weather.hours), -1).sum(axis=(0, 2))
            net[alike.area] += -hourly if alike.kind is MeteringPointType.PRODUCTION else hourly
        lacking = {area: (used + self._profiled(area, weather, random)) * (1 + _LOSS) for area, used in net.items()}
        return values | self._exchange(lacking, random)

    @cached_property
    def _alike(self) -> list[_Alike]:
        groups: dict[tuple[str, MeteringPointType, SettlementMethod | None, Resolution], list[MeteredPoint]] = {}
        for area, points in self.points.items():
            for point in points:
                if point.kind is not MeteringPointType.EXCHANGE:
                    version = point.version
                    key = (area, version.kind, version.settlement_method, version.resolution)
                    groups.setdefault(key, []).append(point)
        return [_Alike(*key, members) for key, members in groups.items()]

    @cached_property
    def _annual(self) -> dict[str, int]:
        return {area: self.market.annual(area) for area in AREAS}

    def _profiled(self, area: str, weather: _Weather, random: np.random.Generator) -> Floats:
        """What the profile-settled customers of an area really use: nobody meters it by the hour."""
        noise = random.uniform(0.9, 1.1, len(weather.hours))
        used: Floats = self._annual[area] / 8760 * _load(weather.hours, weather.day) * noise
        return used

    def _exchange(self, lacking: dict[str, Floats], random: np.random.Generator) -> dict[str, Quantities]:
        """What crosses the borders: transit between the areas, and over the outer border whatever an area lacks."""
        values: dict[str, Quantities] = {}
        hours = len(next(iter(lacking.values())))
        between = random.uniform(-1, 1, hours) * _TRANSIT_WH
        transit = dict(zip(AREAS, (between, -between), strict=True))
        for area, points in self.points.items():
            flows: dict[tuple[str | None, str | None], list[MeteredPoint]] = {}
            for point in points:
                if point.kind is MeteringPointType.EXCHANGE:
                    flows.setdefault((point.version.from_grid_area, point.version.to_grid_area), []).append(point)
            for (source, target), members in flows.items():
                if source in AREAS and target in AREAS:
                    flow = np.clip(transit[str(target)], 0, None)
                else:
                    wanted = lacking[area] - transit[area]
                    flow = np.clip(wanted if target == area else -wanted, 0, None) + _TRANSIT_WH / 4
                values |= _dealt(flow, members)
        return values


def _energy(alike: _Alike, weather: _Weather, random: np.random.Generator) -> Quantities:
    """Wh of points that are metered alike: int64[points, steps]."""
    hours = len(weather.hours)
    each = HOUR // STEP_SECONDS[alike.resolution]
    local = np.repeat(weather.hours, each)
    if alike.kind is MeteringPointType.PRODUCTION:
        sun = np.clip(np.sin((local - 6) / 12 * np.pi), 0, None)
        shape = _PRODUCTION_WH * (0.5 * weather.wind + 0.5 * sun)
    else:
        shape = _MEAN_WH[alike.method or SettlementMethod.FLEX] * _load(local, weather.day)
    scale = np.array([point.scale for point in alike.members])[:, None]
    noisy = scale * shape * random.uniform(0.7, 1.3, (len(scale), hours * each)) / each
    return noisy.astype(np.int64)


def _dealt(flow: Floats, members: list[MeteredPoint]) -> dict[str, Quantities]:
    """A flow over some points, a quarter of an hour a quarter of it; the last point takes what is left."""
    dealt: dict[str, Quantities] = {}
    total = flow.astype(np.int64)
    left = total.copy()
    for number, point in enumerate(members):
        part = left if number == len(members) - 1 else total // len(members)
        left = left - part
        each = HOUR // STEP_SECONDS[point.version.resolution]
        steps = np.repeat(part // each, each).reshape(len(flow), each)
        steps[:, 0] += part % each
        dealt[point.name] = steps.reshape(-1)
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
