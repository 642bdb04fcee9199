"""What a market says of a series beside its rules: statuses and their codes, directions, units, decimals, as data.

A series is understood when it comes (codes of statuses, directions named by areas and products) and spoken when it
leaves, so that codecs stay those of the dialect and the rules see neutral words only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from gateway.messages.codes import Dialect, Flow, MeteringPointType, Product, Quality, Unit
from gateway.messages.identifiers import is_point_id, point_key
from gateway.messages.masterdata import KINDS, NONE, UNITS, MasterData
from gateway.messages.series import AreaId, Qualities, SeriesTable
from gateway.messages.units import REACTIVE, in_base_units
from gateway.rules.series_terms import FuseDecimals, Move, Transitions

_STATUSES = {quality.name.lower(): quality for quality in Quality}
_MOVES = {"no": Move.NO, "yes": Move.YES, "if-different": Move.IF_DIFFERENT}
_EXCHANGE = KINDS.index(MeteringPointType.EXCHANGE)


class SeriesSort(NamedTuple):
    """One of the series a metering point may have: its unit in the store and its direction."""

    unit: Unit
    flow: Flow | None


@dataclass(frozen=True, slots=True)
class StatusCodes:
    """What a dialect's codes of quality mean in the market, where that is not what the dialect says.

    Attributes:
        read: uint8[256], the market's `Quality` by the dialect's.
        write: the other way round.
    """

    read: Qualities
    write: Qualities


@dataclass(frozen=True)
class SeriesTerms:
    """A market's own terms of series.

    Attributes:
        in_base_units: whether everything is stored in kWh and kvarh, whatever unit it came in.
        has_details: whether more is registered of points than their versions.
        transitions, fuse_decimals: for the rules.
        codes: by dialect.
        flows: the direction a product names.
        areas_name_flow: whether the two areas of an exchange point's series say its direction.
        sorts: which series a point of a type may have; empty where it has the one of its registered unit.
    """

    in_base_units: bool = False
    has_details: bool = False
    transitions: Transitions | None = None
    fuse_decimals: FuseDecimals | None = None
    codes: Mapping[str, StatusCodes] = field(default_factory=dict)
    flows: Mapping[str, Flow] = field(default_factory=dict)
    areas_name_flow: bool = False
    sorts: Mapping[MeteringPointType, tuple[SeriesSort, ...]] = field(default_factory=dict)

    def understood(self, series: SeriesTable, dialect: str) -> SeriesTable:
        """A series as received in the market's own statuses and the directions its products name."""
        codes = self.codes.get(dialect)
        if codes is not None:
            series = replace(series, quality=codes.read[series.quality])
        if self.flows and any(product in self.flows for product in series.product):
            known = series.flow or [None] * len(series)
            named = [self.flows.get(product or "") for product in series.product]
            flow: list[str | None] = [one or other for one, other in zip(named, known, strict=True)]
            series = replace(series, flow=flow)
        return series

    def directed(self, series: SeriesTable, master: MasterData) -> SeriesTable:
        """A series with the directions that the areas of exchange points name: into the responsible area is in."""
        if not self.areas_name_flow or not any(series.in_area) or MeteringPointType.EXCHANGE not in series.point_type:
            return series
        flow = list(series.flow or [None] * len(series))
        for row, (point_type, area) in enumerate(zip(series.point_type, series.in_area, strict=True)):
            if point_type == MeteringPointType.EXCHANGE and area is not None and flow[row] is None:
                flow[row] = _flow_between(master, series, row)
        return replace(series, flow=flow)

    def stored(self, series: SeriesTable, refused: frozenset[int]) -> SeriesTable:
        """Accepted series in the units of the store."""
        if not self.in_base_units:
            return series
        return in_base_units(series, [row for row in range(len(series)) if row not in refused])

    def spoken(self, series: SeriesTable, dialect: Dialect) -> SeriesTable:
        """A series as the dialect has words for it."""
        codes = self.codes.get(dialect)
        if codes is not None:
            series = replace(series, quality=codes.write[series.quality])
        return series

    def product_of(self, unit: str, flow: str | None) -> str | None:
        """The product a delivered series names; None where the sender's own is kept."""
        if not self.flows or unit not in REACTIVE:
            return None
        return next((product for product, named in self.flows.items() if named == flow), None)

    def areas_of(self, master: MasterData, version: int, flow: str | None) -> tuple[AreaId, AreaId] | None:
        """The areas energy of an exchange point goes into and out of, by its version and direction."""
        if not self.areas_name_flow or flow is None or master.points.kind[version] != _EXCHANGE:
            return None
        own, other = _own_and_other(master, version)
        if own is None or other is None:
            return None
        return (AreaId(own), AreaId(other)) if flow == Flow.IN else (AreaId(other), AreaId(own))

    def sorts_of(self, kind: MeteringPointType, unit: Unit) -> tuple[SeriesSort, ...]:
        """Which series a point may have."""
        return self.sorts.get(kind) or (SeriesSort(unit, None),)


NO_TERMS = SeriesTerms()
"""Of a market whose series are what they say."""


def _own_and_other(master: MasterData, version: int) -> tuple[str | None, str | None]:
    """The responsible grid area of an exchange point and the adjacent one (FI-1.5)."""
    columns = master.points
    own = int(columns.grid_area[version])
    codes = (int(columns.from_grid_area[version]), int(columns.to_grid_area[version]))
    other = next((code for code in codes if code not in (NONE, own)), NONE)
    return master.areas.name(own), master.areas.name(other)


def _flow_between(master: MasterData, series: SeriesTable, row: int) -> Flow | None:
    """The direction that the areas of a series name; None where they are not those of its point."""
    into, out_of = series.in_area[row], series.out_area[row]
    if not is_point_id(series.point[row]) or into is None or out_of is None:
        return None
    point, start = np.array([point_key(series.point[row])]), series.start[row : row + 1]
    located = master.locate(point, start, start + 1)
    if not located.number[0]:
        return None
    own, other = _own_and_other(master, int(located.first[0]))
    return {(own, other): Flow.IN, (other, own): Flow.OUT}.get((into.code, out_of.code))


# --- out of a market's TOML -------------------------------------------------------------------------------------------


def read_series_terms(table: Mapping[str, Any]) -> SeriesTerms:
    """The terms from the section `series` of a market's TOML."""
    statuses = table.get("statuses", {})
    return SeriesTerms(
        in_base_units=table["in_base_units"],
        has_details=table["has_details"],
        transitions=_transitions(statuses) if statuses else None,
        fuse_decimals=_decimals(table["decimals"]) if "decimals" in table else None,
        codes={dialect: _codes(meant) for dialect, meant in statuses.get("codes", {}).items()},
        flows={Product(product): Flow(flow) for product, flow in table.get("flows", {}).items()},
        areas_name_flow=table.get("areas_name_flow", False),
        sorts={MeteringPointType(kind): tuple(_sorts(listed)) for kind, listed in table.get("sorts", {}).items()},
    )


def _sorts(listed: Sequence[str]) -> Iterator[SeriesSort]:
    """`kwh`, or `kvarh in`."""
    for text in listed:
        unit, _, flow = text.partition(" ")
        yield SeriesSort(Unit(unit), Flow(flow) if flow else None)


def _transitions(table: Mapping[str, Any]) -> Transitions:
    moves = np.full((len(Quality), len(Quality)), Move.NO, dtype=np.int8)
    for before, row in table["transitions"].items():
        for after, move in row.items():
            moves[_status(before), _STATUSES[after]] = _MOVES[move]
    names = tuple(table["names"].get(name, name) for name in _STATUSES)
    return Transitions(moves, names)


def _status(name: str) -> int:
    return 0 if name == "none" else int(_STATUSES[name])


def _codes(meant: Mapping[str, str]) -> StatusCodes:
    """`A06 = "uncertain"`: the dialect's code by its number, and the status the market means by it."""
    read, write = np.arange(256, dtype=np.uint8), np.arange(256, dtype=np.uint8)
    for code, status in meant.items():
        read[int(code[1:])] = _STATUSES[status]
    for code, status in meant.items():
        write[_STATUSES[status]] = int(code[1:])
    return StatusCodes(read, write)


def _decimals(table: Mapping[str, Any]) -> FuseDecimals:
    bounds = np.zeros((2, len(UNITS) + 1, 2), dtype=np.int64)
    bounds[:, :, 1] = 255
    for unit, entry in table["units"].items():
        for place, name in enumerate(("small", "large")):
            bounds[place, UNITS.index(Unit(unit))] = entry[name]
    phases, _, amperes = table["small_fuse"].partition("x")
    return FuseDecimals(int(phases) * int(amperes), bounds)
