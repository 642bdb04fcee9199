"""Metering data as a workbook: the template to fill in, and the export, which can be filled in and sent again (EE-2.2).

Times are local, as text; in the hour that comes twice, and only there, the offset stands behind them. What is not
stated is a blank cell and no zero. Text is written as text, never as a formula; quantities are exact numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import IO

import numpy as np
from openpyxl import Workbook
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from gateway.codecs.workbook.books import append_row, new_book, new_sheet, saved
from gateway.codecs.workbook.layouts import QUALITIES, RESOLUTIONS, SHEET, Column, Layout
from gateway.messages.codes import CORRECTED_FLAG, Flow, Quality, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, Member, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import NO_INSTANT, Instants, MarketZone

MOST_ROWS = 90_000
"""Rows of one sheet; further ones stand in another."""
_WIDTH = 20
_PORTION = 1000

Advance = Callable[[int], None]
"""Told how many further rows have been written."""

_QUALITY_WORDS = {quality: word for word, quality in QUALITIES.items()}
_RESOLUTION_WORDS = {resolution: word for word, resolution in RESOLUTIONS.items()}


def write_workbook(
    data: MeteringData, layout: Layout, zone: MarketZone, advance: Advance = lambda rows: None
) -> IO[bytes]:
    """The workbook in a temporary file, to be read from its beginning and closed by the caller.

    Args:
        data: what to write; blocks must state their resolution where the layout has a column for it.
        layout: the columns.
        zone: whose clocks the times are by.
        advance: told of rows as they are written.
    """
    latest = int(data.start.max(initial=0))  # a file with the same data is the same file
    book = new_book(zone.local(latest).replace(tzinfo=None))
    rows = _rows(data, layout, zone)
    number = 1
    while True:
        sheet = _sheet(book, SHEET if number == 1 else f"{SHEET}-{number}", layout)
        written = _fill(sheet, islice(rows, MOST_ROWS), advance)
        if written < MOST_ROWS or number * MOST_ROWS == len(data):
            break
        number += 1
    return saved(book)


def _sheet(book: Workbook, name: str, layout: Layout) -> WriteOnlyWorksheet:
    sheet = new_sheet(book, name, [_WIDTH] * len(layout.columns))
    sheet.freeze_panes = "A2"
    append_row(sheet, (column.title for column in layout.columns))
    return sheet


def _fill(sheet: WriteOnlyWorksheet, rows: Iterator[Sequence[object]], advance: Advance) -> int:
    """Write the rows; how many they were."""
    written = 0
    for row in rows:
        append_row(sheet, row)
        written += 1
        if written % _PORTION == 0:
            advance(_PORTION)
    advance(written % _PORTION)
    return written


def _rows(data: MeteringData, layout: Layout, zone: MarketZone) -> Iterator[Sequence[object]]:
    """The rows, a portion at a time."""
    for first in range(0, len(data), _PORTION):
        part = slice(first, min(first + _PORTION, len(data)))
        columns = (_values(data, column, part, zone) for column in layout.columns)
        yield from zip(*columns, strict=True)


def _values(data: MeteringData, column: Column, part: slice, zone: MarketZone) -> Sequence[object]:
    """The cells of a column for some of the intervals."""
    blocks = data.block[part].tolist()
    if column.member is Member.POINT:
        return [data.point[block] for block in blocks]
    if column.member is Member.RESOLUTION:
        return [_RESOLUTION_WORDS[data.resolution[block]] for block in blocks]
    if column.member is Member.START:
        return local_texts(data.start[part], zone)
    if column.measure is not None:
        stated = data.measures.get(column.measure)
        return [None] * len(blocks) if stated is None else _amounts(stated, part)
    assert column.flow is not None
    return _of_flow(data, column, column.flow, part, zone)


def _amounts(columns: MeasureColumns, part: slice) -> list[Decimal | None]:
    values = columns.quantity[part].tolist()
    return [None if value == NO_QUANTITY else Decimal(value).scaleb(-3) for value in values]


def _of_flow(data: MeteringData, column: Column, flow: Flow, part: slice, zone: MarketZone) -> Sequence[object]:
    """Reading types or times of a flow, blank where it has no quantity in any unit."""
    found = [
        one for unit in (Unit.KWH, Unit.CUBIC_METRE) if (one := data.measures.get(Measure(flow, unit))) is not None
    ]
    count = part.stop - part.start
    stated = np.logical_or.reduce([np.zeros(count, dtype=np.bool_), *(one.is_stated[part] for one in found)])
    if column.member is Member.QUALITY:
        codes = np.maximum.reduce([np.zeros(count, dtype=np.uint8), *(one.quality[part] for one in found)])
        words = [_QUALITY_WORDS.get(Quality(code & ~CORRECTED_FLAG), "METERED") for code in codes.tolist()]
        return [word if is_there else None for word, is_there in zip(words, stated.tolist(), strict=True)]
    nothing = np.full(count, NO_INSTANT, dtype=np.int64)
    read_at = np.maximum.reduce([nothing, *(one.read_at[part] for one in found)])
    return local_texts(read_at, zone)


def local_texts(instants: Instants, zone: MarketZone) -> list[str | None]:
    """Instants as `dd.mm.yyyy hh:mm` on the wall clock, seconds where there are any; None where there is none.

    In the hour that comes twice the offset stands behind.
    """
    stated = instants != NO_INSTANT
    shown = np.where(stated, zone.wall_seconds(instants), 0)
    first, last = zone.first_and_last(shown)
    offsets = [
        offset if twice else None for offset, twice in zip((shown - instants).tolist(), first != last, strict=True)
    ]
    texts = np.datetime_as_string(shown.astype("datetime64[s]")).tolist()
    return [
        _local_text(text, offset) if is_there else None
        for text, offset, is_there in zip(texts, offsets, stated.tolist(), strict=True)
    ]


def _local_text(iso: str, offset: int | None) -> str:
    """`2026-10-25T03:15:00` as it is written here, the offset behind it where it is needed."""
    second = "" if iso.endswith(":00") else iso[16:]
    behind = (
        "" if offset is None else f" {'-' if offset < 0 else '+'}{abs(offset) // 3600:02}:{abs(offset) // 60 % 60:02}"
    )
    return f"{iso[8:10]}.{iso[5:7]}.{iso[:4]} {iso[11:16]}{second}{behind}"
