"""The two pages of rules worked out value by value with fractions: slow, and nothing in common with the kernel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

from gateway.messages.codes import MeteringPointType, Quality, Resolution, SettlementMethod
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.times import STEP_SECONDS
from gateway.settlement.dh3 import LossSign
from gateway.settlement.results import ResultKey, ResultKind, SettlementResults
from tests.property.settlement.markets import SETTLED, Market

Sum = tuple[Fraction, frozenset[str]]
Sums = dict[tuple[ResultKey, int], Sum]
Table = dict[tuple[ResultKey, int], tuple[int, frozenset[str]]]
CALCULATED = frozenset({"calculated"})


class Contribution(NamedTuple):
    """What one point gives to one step of the result."""

    version: MeteringPointVersion
    time: int
    wh: Fraction
    qualities: frozenset[str]


def name_of(quality: Quality) -> str:
    return quality.name.lower()


def half_away(value: Fraction) -> int:
    whole = int(abs(value) + Fraction(1, 2))
    return whole if value >= 0 else -whole


def carry(sums: Sums) -> Table:
    """Rule 5, from its formula."""
    found: Table = {}
    for (key, time), (wh, qualities) in sums.items():
        value = wh
        for _ in range(time % 3600 // 900):
            value = wh + (value - half_away(value))
        found[key, time] = half_away(value), qualities
    return found


def plain(sums: Sums) -> Table:
    return {cell: (half_away(wh), qualities) for cell, (wh, qualities) in sums.items()}


def joint(names: Iterable[str]) -> str:
    """Rule 3, from its sentence."""
    of_hour = set(names)
    if "calculated" in of_hour:
        return "calculated"
    if "estimated" in of_hour or {"measured", "missing"} <= of_hour:
        return "estimated"
    return "measured" if "measured" in of_hour else "missing"


def contributions(market: Market, results: Resolution, joins: bool) -> Iterable[Contribution]:
    for version in market.versions:
        start, end = max(version.valid_from, market.interval.start), min(version.valid_to, market.interval.end)
        step = STEP_SECONDS[version.resolution]
        hours: dict[int, list[tuple[Fraction, str]]] = defaultdict(list)
        for time in range(start, end, step):
            wh, quality = market.values.get((int(version.metering_point), time), (0, Quality.MISSING))
            wh = 0 if quality is Quality.MISSING else wh
            if results == Resolution.HOUR:
                hours[time - time % 3600].append((Fraction(wh), name_of(quality)))
                continue
            for quarter in range(time, time + step, 900):
                yield Contribution(version, quarter, Fraction(wh * 900, step), frozenset({name_of(quality)}))
        for hour, values in hours.items():
            names = frozenset(name for _, name in values)
            total = sum((wh for wh, _ in values), Fraction(0))
            yield Contribution(version, hour, total, frozenset({joint(names)}) if joins else names)


def add(sums: Sums, key: ResultKey, time: int, wh: Fraction, qualities: frozenset[str]) -> None:
    before, known = sums.get((key, time), (Fraction(0), frozenset()))
    sums[key, time] = before + wh, known | qualities


def level_1(market: Market, results: Resolution, joins: bool) -> dict[str, Sums]:
    found: dict[str, Sums] = {"production": {}, "flex": {}, "hourly": {}, "exchange": {}}
    for version, time, wh, qualities in contributions(market, results, joins):
        if version.kind is MeteringPointType.EXCHANGE:
            origin, to = version.from_grid_area or "", version.to_grid_area or ""
            if to in SETTLED:
                add(found["exchange"], ResultKey(to, neighbour=origin), time, wh, qualities)
            if origin in SETTLED:
                add(found["exchange"], ResultKey(origin, neighbour=to), time, -wh, qualities)
        elif version.grid_area in SETTLED and version.kind is not MeteringPointType.NET_CONSUMPTION:
            name = "flex" if version.settlement_method is SettlementMethod.FLEX else "hourly"
            name = "production" if version.kind is MeteringPointType.PRODUCTION else name
            key = ResultKey(version.grid_area, version.energy_supplier, version.balance_responsible)
            add(found[name], key, time, wh, qualities)
    return found


def regrouped(parts: Iterable[tuple[int, Sums | Table]], coarser: Callable[[ResultKey], ResultKey]) -> Sums:
    found: Sums = {}
    for sign, sums in parts:
        for (key, time), (wh, qualities) in sums.items():
            add(found, coarser(key), time, sign * Fraction(wh), qualities)
    return found


def area(key: ResultKey) -> ResultKey:
    return ResultKey(key.grid_area)


def brp(key: ResultKey) -> ResultKey:
    return ResultKey(key.grid_area, brp=key.brp)


def supplier(key: ResultKey) -> ResultKey:
    return ResultKey(key.grid_area, key.supplier, key.brp)


def d1(market: Market, results: Resolution) -> dict[ResultKind, Table]:
    sums = level_1(market, results, joins=False)
    production, flex, hourly, exchange = (sums[name] for name in ("production", "flex", "hourly", "exchange"))
    exact = {
        ResultKind.NET_EXCHANGE_PER_NEIGHBOUR: exchange,
        ResultKind.NET_EXCHANGE: regrouped([(1, exchange)], area),
        ResultKind.PRODUCTION_BEFORE_LOSS: regrouped([(1, production)], area),
        ResultKind.FLEX_BEFORE_LOSS: regrouped([(1, flex)], area),
        ResultKind.GRID_LOSS: regrouped([(1, production), (1, exchange), (-1, flex), (-1, hourly)], area),
        ResultKind.TOTAL_CONSUMPTION: regrouped([(1, production), (1, exchange)], area),
    }
    for name, of_name in (("production", production), ("flex", flex), ("hourly", hourly)):
        exact[ResultKind(f"{name}-per-supplier")] = of_name
        exact[ResultKind(f"{name}-per-brp")] = regrouped([(1, of_name)], brp)
        exact[ResultKind(name)] = regrouped([(1, of_name)], area)
    return {kind: plain(table) for kind, table in exact.items()}


def dh3(market: Market, results: Resolution) -> dict[ResultKind, Table]:
    settle = carry if results == Resolution.QUARTER else plain
    joins = results == Resolution.HOUR
    sums = {name: settle(table) for name, table in level_1(market, results, joins).items()}
    production, flex, hourly, exchange = (sums[name] for name in ("production", "flex", "hourly", "exchange"))
    net = plain(regrouped([(1, exchange)], area))
    loss = {
        cell: (wh, CALCULATED)
        for cell, (wh, _) in plain(regrouped([(1, exchange), (1, production), (-1, hourly), (-1, flex)], area)).items()
    }
    booked: dict[LossSign, Table] = {LossSign.POSITIVE: {}, LossSign.NEGATIVE: {}}
    for point in market.losses:
        for (key, time), (wh, _) in loss.items():
            if key.grid_area == point.grid_area and point.valid_from <= time < point.valid_to:
                part = max(wh if point.sign is LossSign.POSITIVE else -wh, 0)
                of_point = ResultKey(point.grid_area, point.supplier, point.brp, point=point.point)
                booked[point.sign][of_point, time] = part, CALCULATED
    produced = plain(regrouped([(1, production), (1, booked[LossSign.NEGATIVE])], supplier))
    consumed = plain(regrouped([(1, flex), (1, booked[LossSign.POSITIVE])], supplier))
    produced_in_area = plain(regrouped([(1, produced)], area))
    both = produced_in_area.keys() & net.keys()
    tables = {
        ResultKind.NET_EXCHANGE_PER_NEIGHBOUR: exchange,
        ResultKind.NET_EXCHANGE: net,
        ResultKind.PRODUCTION_BEFORE_LOSS: plain(regrouped([(1, production)], area)),
        ResultKind.FLEX_BEFORE_LOSS: plain(regrouped([(1, flex)], area)),
        ResultKind.GRID_LOSS: loss,
        ResultKind.POSITIVE_GRID_LOSS: booked[LossSign.POSITIVE],
        ResultKind.NEGATIVE_GRID_LOSS: booked[LossSign.NEGATIVE],
        ResultKind.TOTAL_CONSUMPTION: {
            cell: (
                produced_in_area[cell][0] + net[cell][0],
                produced_in_area[cell][1] | net[cell][1],
            )
            for cell in both
        },
    }
    for name, table in (("production", produced), ("flex", consumed), ("hourly", hourly)):
        tables[ResultKind(f"{name}-per-supplier")] = table
        tables[ResultKind(f"{name}-per-brp")] = plain(regrouped([(1, table)], brp))
        tables[ResultKind(name)] = plain(regrouped([(1, table)], area))
    return tables


def as_tables(results: SettlementResults) -> dict[ResultKind, Table]:
    """The kernel's results in the form of the reference: only the rows that exist."""
    names = ("measured", "estimated", "missing", "calculated")
    found: dict[ResultKind, Table] = {kind: {} for kind in results.tables}
    starts = results.starts.tolist()
    for series in results.series():
        columns = (starts, series.quantity.tolist(), series.qualities.tolist(), series.exists.tolist())
        for time, quantity, united, exists in zip(*columns, strict=True):
            if exists:
                qualities = frozenset(name for bit, name in enumerate(names) if united >> bit & 1)
                found[series.kind][series.key, time] = quantity, qualities
            else:
                assert (quantity, united) == (0, 0)
    return found
