"""Series as a workbook for a spreadsheet: one sheet for each metering point, written row by row to the disk.

Times are local, with the offset from UTC beside them, so that the hour that comes twice in autumn is two rows nobody
can take for one. Text is written as text, never as a formula; quantities are exact numbers. What a person wants first
stands on top: what is missing, what is estimated, and the total.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import IO, TypeAlias

import numpy as np

from gateway.codecs.workbook.books import append_row, new_book, new_sheet, saved
from gateway.hub.ports import PointSeries
from gateway.messages.codes import CORRECTED_FLAG, Quality, Unit
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import MarketZone
from gateway.transport.hub_models import quality_name

COLUMNS = ("Start", "UTC offset", "Step", "Quantity", "Unit", "Quality", "Corrected", "Registered", "UTC offset")
WIDTHS = (20, 11, 8, 16, 8, 12, 10, 20, 11)
_PORTION = 1024
_ADDING_UP = (Unit.KWH, Unit.MWH, Unit.KVARH, Unit.PIECES)
"""Units whose values over time make a total."""

Cells: TypeAlias = "Sequence[object]"


def write_workbook(series: tuple[PointSeries, ...], zone: MarketZone, as_of: int) -> IO[bytes]:
    """The workbook in a temporary file, to be read from its beginning and closed by the caller."""
    book = new_book(_local(zone, as_of)[0])
    for point, runs in groupby(series, lambda one: one.metering_point):
        sheet = new_sheet(book, point, WIDTHS)
        for row in _rows(point, tuple(runs), zone, as_of):
            append_row(sheet, row)
    return saved(book)


def _rows(point: str, runs: tuple[PointSeries, ...], zone: MarketZone, as_of: int) -> Iterator[Cells]:
    moment, offset = _local(zone, as_of)
    yield ("Metering point", point)
    yield ("As known at", moment, offset)
    yield ("Local time", zone.name)
    yield from _summary(runs)
    yield ()
    yield COLUMNS
    for run in runs:
        yield from _values(run, zone)


def _summary(runs: tuple[PointSeries, ...]) -> Iterator[Cells]:
    """Counts of values, of the missing and the estimated among them, and a total for each unit that adds up."""
    quantities = [run.quantities for run in runs]
    plain = np.concatenate([run.qualities & ~np.uint8(CORRECTED_FLAG) for run in runs])
    missing = np.concatenate(quantities) == NO_QUANTITY
    yield ("Values", len(missing))
    yield ("of these missing", int(np.count_nonzero(missing)))
    yield ("of these estimated", int(np.count_nonzero(plain == Quality.ESTIMATED)))
    for unit in dict.fromkeys(run.unit for run in runs if run.unit in _ADDING_UP):
        known = (run.quantities[run.quantities != NO_QUANTITY] for run in runs if run.unit is unit)
        yield ("Total", _exact(sum(int(values.sum()) for values in known)), unit.value)


def _values(run: PointSeries, zone: MarketZone) -> Iterator[Cells]:
    for start, quantity, quality, registered_at in _by_portions(run):
        is_there = quantity != NO_QUANTITY
        yield (
            *_local(zone, start),
            run.step.value,
            _exact(quantity) if is_there else None,
            run.unit.value,
            quality_name(quality, is_there),
            "corrected" if quality & CORRECTED_FLAG else None,
            *_local(zone, registered_at),
        )


def _by_portions(run: PointSeries) -> Iterator[tuple[int, int, int, int]]:
    """The values one by one, taken out of the columns a portion at a time."""
    columns = (run.starts, run.quantities, run.qualities, run.registered_at)
    for first in range(0, len(run.starts), _PORTION):
        yield from zip(*(column[first : first + _PORTION].tolist() for column in columns), strict=True)


def _exact(thousandths: int) -> Decimal:
    return Decimal(thousandths).scaleb(-3)


def _local(zone: MarketZone, instant: int) -> tuple[datetime, str]:
    """An instant on the wall clock, which a spreadsheet takes without a zone, and its offset (`+02:00`)."""
    moment = zone.local(instant)
    offset = f"{moment:%z}"
    return moment.replace(tzinfo=None), f"{offset[:3]}:{offset[3:]}"
