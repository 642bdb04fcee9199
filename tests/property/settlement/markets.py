"""Small markets by chance: points that change supplier, exchange in all directions, quarters and hours, gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random

import numpy as np
from hypothesis import strategies as st

from gateway.messages.codes import CORRECTED_FLAG, MeteringPointType, Quality, Resolution, SettlementMethod
from gateway.messages.masterdata import MasterData, MeteringPointVersion
from gateway.messages.times import STEP_SECONDS, Interval, MarketZone
from gateway.settlement.dh3 import LossPoint, LossSign
from gateway.settlement.kernel import Partial
from gateway.settlement.plan import Plan

ZONE = MarketZone("Europe/Copenhagen")
DAYS = [date(2025, 3, 30), date(2025, 10, 26), date(2025, 6, 1)]
"""23, 25 and 24 hours long."""

AREAS = ("543", "244", "031", "990")
SETTLED = ("543", "244")
SUPPLIERS = ("5790000000103", "5790000000110")
BRPS = ("5790000000202", "5790000000219")
POINT = 571313000000000000
LOSS = {LossSign.POSITIVE: 571313000000009990, LossSign.NEGATIVE: 571313000000009980}
QUALITIES = (Quality.MEASURED, Quality.MEASURED, Quality.ESTIMATED, Quality.CALCULATED, Quality.MISSING)

Cell = tuple[int, int]


@dataclass(frozen=True)
class Run:
    """Values of one point behind each other."""

    point: int
    resolution: Resolution
    start: int
    quantity: tuple[int, ...]
    quality: tuple[int, ...]


@dataclass
class Market:
    """Master data, values and how they are delivered.

    `values` is (point, start of step) -> (Wh, quality); what is not in it was never delivered.
    """

    interval: Interval
    versions: list[MeteringPointVersion] = field(default_factory=list)
    values: dict[Cell, tuple[int, Quality]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    losses: list[LossPoint] = field(default_factory=list)

    @property
    def master(self) -> MasterData:
        return MasterData.build(self.versions)

    def partial(self, plan: Plan, chance: Random, parts: int = 1) -> Partial:
        """The runs added in an order and partition of chance, to so many partials that are then merged."""
        partials = [Partial(plan) for _ in range(parts)]
        runs = self.runs.copy()
        chance.shuffle(runs)
        alike: dict[tuple[Resolution, int, int], list[Run]] = {}
        for run in runs:
            alike.setdefault((run.resolution, run.start, len(run.quantity)), []).append(run)
        for (resolution, start, _), members in alike.items():
            size = chance.randint(1, len(members))
            for first in range(0, len(members), size):
                batch = members[first : first + size]
                chance.choice(partials).add(
                    np.array([run.point for run in batch], dtype=np.int64),
                    np.array([run.quantity for run in batch], dtype=np.int64),
                    np.array([run.quality for run in batch], dtype=np.uint8),
                    resolution,
                    start,
                )
        for other in partials[1:]:
            partials[0].merge(other)
        return partials[0]


@st.composite
def markets(draw: st.DrawFn, results: Resolution | None = None) -> Market:
    """A market over one local day; with hourly results also points that change within an hour."""
    chance = Random(draw(st.integers(0, 2**32)))
    market = Market(ZONE.day_interval(draw(st.sampled_from(DAYS))))
    for number in range(draw(st.integers(0, 9))):
        _add_point(market, POINT + 10 * number, chance)
    for area in SETTLED:
        for sign in LossSign:
            _add_loss(market, area, sign, chance)
    return market


def _spans(market: Market, resolution: Resolution, chance: Random) -> list[tuple[int, int]]:
    """The whole time, or two spans with or without a hole between them, bounded by whole steps."""
    before, behind = market.interval.start - 7200, market.interval.end + 7200
    step = STEP_SECONDS[resolution]
    cuts = sorted(before + step * chance.randrange((behind - before) // step) for _ in range(chance.choice((0, 1, 2))))
    bounds = [before, *cuts, behind]
    spans = [(low, high) for low, high in pairwise(bounds) if low < high]
    return spans if len(spans) < 3 or chance.random() < 0.5 else [spans[0], spans[2]]


def _add_point(market: Market, point: int, chance: Random) -> None:
    kind = chance.choice(
        [
            MeteringPointType.CONSUMPTION,
            MeteringPointType.CONSUMPTION,
            MeteringPointType.PRODUCTION,
            MeteringPointType.EXCHANGE,
            MeteringPointType.EXCHANGE,
            MeteringPointType.NET_CONSUMPTION,
        ]
    )
    resolution = chance.choice([Resolution.QUARTER, Resolution.HOUR])
    is_exchange = kind is MeteringPointType.EXCHANGE
    for start, end in _spans(market, resolution, chance):
        market.versions.append(
            MeteringPointVersion(
                f"{point}",
                kind,
                chance.choice(AREAS),
                start,
                end,
                settlement_method=chance.choice([SettlementMethod.FLEX, SettlementMethod.HOURLY]),
                resolution=resolution,
                energy_supplier=None if is_exchange else chance.choice(SUPPLIERS),
                balance_responsible=None if is_exchange else chance.choice(BRPS),
                from_grid_area=chance.choice(AREAS) if is_exchange else None,
                to_grid_area=chance.choice(AREAS) if is_exchange else None,
            )
        )
    _deliver(market, point, resolution, chance)


def _deliver(market: Market, point: int, resolution: Resolution, chance: Random) -> None:
    step = STEP_SECONDS[resolution]
    instant = market.interval.start - step * chance.choice((0, 3))
    end = market.interval.end + step * chance.choice((0, 2))
    largest = chance.choice((9, 30_000, 2_000_000))
    while instant < end:
        count = min(chance.choice((1, 2, 5, 30, 100)), (end - instant) // step)
        if chance.random() < 0.85:
            quality = [chance.choice(QUALITIES) for _ in range(count)]
            if chance.random() < 0.5:
                quality = [Quality.MEASURED] * count
            quantity = [chance.randint(0, largest) for _ in range(count)]
            stored = [value | CORRECTED_FLAG * (chance.random() < 0.1) for value in quality]
            market.runs.append(Run(point, resolution, instant, tuple(quantity), tuple(stored)))
            for place, value in enumerate(zip(quantity, quality, strict=True)):
                market.values[point, instant + place * step] = value
        instant += count * step


def _add_loss(market: Market, area: str, sign: LossSign, chance: Random) -> None:
    for start, end in _spans(market, Resolution.HOUR, chance):
        parties = chance.choice(SUPPLIERS), chance.choice(BRPS)
        point = LOSS[sign] + SETTLED.index(area)
        market.losses.append(LossPoint(point, area, sign, *parties, start, end))
