"""The files a grid operator prepares from: raw values, their factors, and what estimates are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from gateway.messages.codes import Quality
from gateway.messages.masterdata import Rows
from gateway.messages.quantities import MOST_DECIMALS, NO_QUANTITY
from gateway.messages.times import MarketZone
from gateway.preparation import value_cells as cells
from gateway.preparation.apportionment import half_up
from gateway.preparation.csv_columns import Column, ColumnTable, CsvFile, FileFindings, InputFile, Note
from gateway.preparation.estimation import Readings, SimilarPoints
from gateway.preparation.point_values import PointValues
from gateway.preparation.scaling import RAW_DECIMALS

_POINT, _TIME = Column("metering_point", cells.gsrn), Column("time", cells.instant)
_QUALITY = Column("quality", cells.quality, is_optional=True)
_QUANTITY = Column("quantity", cells.quantity(MOST_DECIMALS))


@dataclass
class ValueFiles:
    """Reads the files of one run and collects what is wrong with them.

    Findings: those of `gateway.preparation.csv_columns`, `duplicate-value`, `overlapping-readings`; each with file and
    line. With any of them nothing may be prepared.

    Attributes:
        zone: the market's local time.
        note: hears how far reading has come.
        findings: what is wrong so far.
    """

    zone: MarketZone
    note: Note = lambda _bytes: None
    findings: FileFindings = field(default_factory=FileFindings)

    def raw_values(self, file: InputFile) -> PointValues:
        """Raw values in millionths of the unit, also below zero: `metering_point, time, quantity, quality`."""
        return self._values(file, cells.quantity(RAW_DECIMALS, may_be_negative=True))

    def values(self, file: InputFile, may_repeat: bool = False) -> PointValues:
        """Values in thousandths: `metering_point, time, quantity, quality`; of a repeated step the last counts."""
        return self._values(file, _QUANTITY.read, may_repeat)

    def knowledge(self, file: InputFile) -> tuple[PointValues, dict[int, str]]:
        """What the operator states of single steps, and why, by line: `metering_point, time, quantity, reason`."""
        source = self._open(file, _POINT, _TIME, _QUANTITY, Column("reason", cells.reason, dtype=object))
        table = source.read()
        quantity, line = table.numbers("quantity"), table.line
        for number in np.flatnonzero(quantity == NO_QUANTITY).tolist():
            source.add("bad-value", "column quantity: the value is missing", int(line[number]))
        _check_repeats(source, table, ("metering_point", "time"))
        quality = np.full(len(quantity), Quality.ESTIMATED, dtype=np.uint8)
        values = PointValues.of(table.numbers("metering_point"), table.numbers("time"), quantity, quality, line)
        return values, dict(zip(line.tolist(), table.values("reason"), strict=True))

    def factors(self, file: InputFile) -> dict[int, Fraction]:
        """The fixed factor of points: `metering_point, factor`."""
        source = self._open(file, _POINT, Column("factor", cells.factor, dtype=object))
        table = source.read()
        _check_repeats(source, table, ("metering_point",))
        return dict(zip(table.numbers("metering_point").tolist(), table.values("factor"), strict=True))

    def similar_points(self, file: InputFile) -> SimilarPoints:
        """Whose curve resembles whose: `metering_point, similar_point`."""
        source = self._open(file, _POINT, Column("similar_point", cells.gsrn))
        table = source.read()
        _check_repeats(source, table, ("metering_point",))
        point = table.numbers("metering_point")
        order = np.argsort(point, kind="stable")
        return SimilarPoints(point[order], table.numbers("similar_point")[order])

    def readings(self, file: InputFile, factors: Mapping[int, Fraction]) -> Readings:
        """Energy over periods, days or instants, times the point's factor: `metering_point, from, to, quantity`."""
        bound = cells.day_or_instant(self.zone)
        source = self._open(file, _POINT, Column("from", bound), Column("to", bound), _QUANTITY)
        table = source.read()
        point, start, end = (table.numbers(name) for name in ("metering_point", "from", "to"))
        quantity, line = table.numbers("quantity"), table.line
        for number in np.flatnonzero((start >= end) | (quantity == NO_QUANTITY)).tolist():
            source.add("bad-value", "a reading has a quantity, and begins before it ends", int(line[number]))
        for number in np.flatnonzero(np.isin(point, list(factors)) & (quantity != NO_QUANTITY)).tolist():
            factor = factors[int(point[number])]
            quantity[number] = half_up(int(quantity[number]) * factor.numerator, factor.denominator)
        order = np.lexsort((start, point))
        point, start, end, line = point[order], start[order], end[order], line[order]
        for number in np.flatnonzero((point[1:] == point[:-1]) & (start[1:] < end[:-1])).tolist():
            text = f"the period overlaps that of line {line[number]}"
            source.add("overlapping-readings", text, int(line[number + 1]))
        return Readings(point, start, end, quantity[order])

    def _open(self, file: InputFile, *columns: Column) -> CsvFile:
        return CsvFile(file, columns, self.findings, self.note)

    def _values(self, file: InputFile, quantity: Callable[[str], int], may_repeat: bool = False) -> PointValues:
        source = self._open(file, _POINT, _TIME, Column("quantity", quantity), _QUALITY)
        table = source.read()
        amounts, line = table.numbers("quantity"), table.line
        quality = table.numbers("quality").astype(np.uint8)
        is_there = amounts != NO_QUANTITY
        torn = (is_there & (quality == Quality.MISSING)) | (~is_there & (quality >= Quality.ESTIMATED))
        for number in np.flatnonzero(torn).tolist():
            text = "column quality: a missing value has no quantity, every other one has"
            source.add("bad-value", text, int(line[number]))
        if not may_repeat:
            _check_repeats(source, table, ("metering_point", "time"))
        return PointValues.of(table.numbers("metering_point"), table.numbers("time"), amounts, quality, line)


def _check_repeats(source: CsvFile, table: ColumnTable, names: tuple[str, ...]) -> None:
    """Note every row whose key stood there before."""
    keys: list[Rows] = [table.numbers(name) for name in names]
    line, order = table.line, np.lexsort(keys[::-1])
    again = np.logical_and.reduce([np.diff(key[order]) == 0 for key in keys])
    for place in np.flatnonzero(again).tolist():
        text = f"the same {' and '.join(names)} as line {line[order[place]]}"
        source.add("duplicate-value", text, int(line[order[place + 1]]))
