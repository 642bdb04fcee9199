"""Metering data out of a workbook: every row of every sheet, every fault at once (EE-2.1, EE-2.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import compress, groupby

import numpy as np

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.points import read_quantities
from gateway.codecs.table import Undecodable
from gateway.codecs.workbook.cells import NO_OFFSET
from gateway.codecs.workbook.faults import (
    AMBIGUOUS_LOCAL_TIME,
    MISSING_COLUMN,
    NO_SUCH_LOCAL_TIME,
    SHEET_EMPTY,
    UNEXPECTED_COLUMN,
    FaultList,
)
from gateway.codecs.workbook.layouts import Column, Layout, layout_of
from gateway.codecs.workbook.places import SheetColumns, SheetPlaces
from gateway.codecs.workbook.sheets import SheetReader, SheetRows, WallTimes
from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Unit
from gateway.messages.metering_data import Measure, MeasureColumns, Member, MeteringData
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Mask
from gateway.messages.times import NO_INSTANT, Instants, MarketZone
from gateway.schemas.parsers import BODY_LIMIT
from gateway.schemas.workbooks import Sheet, parse_workbook

Progress = Callable[[int, int], None]
"""Told how many rows have been read, and of how many."""

PORTION = 4096
"""Rows that are read together."""


def read_workbook(
    data: bytes,
    commodity: Commodity,
    zone: MarketZone,
    progress: Progress = lambda done, total: None,
    limit: int = BODY_LIMIT,
) -> MeteringData | Undecodable:
    """The metering data of a workbook in the layout of either generation.

    Args:
        data: the file as received.
        commodity: what it measures, which decides about its columns.
        zone: whose clocks its times are by. In the hour that comes twice a row says its offset (`25.10.2026 03:15
            +02:00`), or the point has two rows of the time, of which the first is the earlier.
        progress: told of the rows as they are read.
        limit: greatest size in bytes.

    Returns:
        The data of the rows without fault, with the faults of the others as `unread`; a workbook that has any is not
        to be stored. Or findings alone where nothing can be read: those of `parse_workbook`, and of the sheets. Every
        finding has sheet and cell as path and the row as line; rules are named in `gateway.codecs.estfeed.faults` and
        `gateway.codecs.workbook.faults`.
    """
    outcome = parse_workbook(data, limit)
    if outcome.findings:
        return Undecodable(outcome.findings)
    faults = FaultList()
    total = sum(max(len(sheet.rows) - 1, 0) for sheet in outcome.sheets)
    read: list[SheetRows] = []
    done = 0
    for sheet in outcome.sheets:
        for rows in _read_sheet(sheet, commodity, faults):
            read.append(rows)
            progress(done + int(rows.line[-1]) - 1, total)
        done += max(len(sheet.rows) - 1, 0)
    progress(total, total)
    if not read:
        return Undecodable(faults.findings)
    return _Book(read, zone, faults).data(commodity)


def _read_sheet(sheet: Sheet, commodity: Commodity, faults: FaultList) -> Iterator[SheetRows]:
    """The rows of a sheet in portions; none where it has none or lacks a column they need."""
    titles = sheet.rows[0] if sheet.rows else []
    columns = _columns(sheet.name, titles, _layout_of(titles, commodity), faults)
    lines = [line for line, row in enumerate(sheet.rows[1:], start=2) if any(cell != "" for cell in row)]
    if not lines:
        faults.add(SHEET_EMPTY, "the sheet has no rows of data", SheetColumns(sheet.name, {}), 1)
    if columns is None:
        return
    for first in range(0, len(lines), PORTION):
        portion = lines[first : first + PORTION]
        yield SheetReader(columns, faults).read(portion, [sheet.rows[line - 1] for line in portion])


def _layout_of(titles: Sequence[object], commodity: Commodity) -> Layout:
    """The layout that knows most of a sheet's titles."""
    layouts = [layout_of(generation, commodity) for generation in (Generation.V2, Generation.V1)]
    return max(layouts, key=lambda layout: sum(layout.find(title) is not None for title in titles))


def _columns(name: str, titles: Sequence[object], layout: Layout, faults: FaultList) -> SheetColumns | None:
    """The columns of a sheet; None where one is missing."""
    columns: dict[int, Column] = {}
    sheet = SheetColumns(name, columns)
    for place, title in enumerate(titles):
        column = layout.find(title)
        if column is not None and column not in columns.values():
            columns[place] = column
        elif title != "":
            faults.add(UNEXPECTED_COLUMN, f"the column {str(title)[:40]!r} is none of the layout's", sheet, 1, place)
    found = columns.values()
    missing = [column.title for column in layout.columns if column.is_required and column not in found]
    if not any(column.member is Member.QUANTITY for column in found):
        missing.append(next(column.title for column in layout.columns if column.member is Member.QUANTITY))
    for title in missing:
        faults.add(MISSING_COLUMN, f"the column {title!r} is missing", sheet, 1)
    return None if missing else sheet


class _Book:
    """The rows of all sheets behind each other."""

    def __init__(self, sheets: Sequence[SheetRows], zone: MarketZone, faults: FaultList) -> None:
        self._sheets = sheets
        self._zone = zone
        self._faults = faults
        self._sheet = np.repeat(np.arange(len(sheets)), [len(one.line) for one in sheets])
        self._line = np.concatenate([one.line for one in sheets])
        self._wrong: Mask = np.concatenate([one.is_wrong for one in sheets])
        self._point = [point for one in sheets for point in one.point]
        self._resolution = [text for one in sheets for text in one.resolution]

    def data(self, commodity: Commodity) -> MeteringData | Undecodable:
        """The rows without fault."""
        start = self._starts()
        read_at = {flow: self._read_at(flow) for flow in (Flow.IN, Flow.OUT)}
        measures = {measure: self._measure(measure, read_at.get(measure.flow)) for measure in self._measures()}
        kept = np.flatnonzero(~self._wrong)
        if not len(kept):
            return Undecodable(self._faults.findings)
        stated = compress(zip(self._point, self._resolution, strict=True), (~self._wrong).tolist())
        blocks = [(*block, len(list(rows))) for block, rows in groupby(stated)]
        places = SheetPlaces([one.columns for one in self._sheets], self._sheet[kept], self._line[kept])
        return MeteringData(
            commodity,
            FeedForm.WORKBOOK,
            None,
            [point for point, _, _ in blocks],
            [resolution for _, resolution, _ in blocks],
            np.cumsum([0, *(count for _, _, count in blocks)]),
            start[kept],
            {measure: columns.take(kept) for measure, columns in measures.items() if columns.is_stated[kept].any()},
            places=places,
            unread=self._faults.findings,
        )

    def _measures(self) -> Iterator[Measure]:
        """Every measure that a sheet has a column of, in the order of the layout."""
        return iter(dict.fromkeys(measure for one in self._sheets for measure in one.amount))

    def _measure(self, measure: Measure, read_at: Instants | None) -> MeasureColumns:
        texts = [text for one in self._sheets for text in one.amount.get(measure, [""] * len(one.line))]
        quantity, decimals, written = read_quantities([text or None for text in texts])
        nothing = [np.full(len(one.line), Quality.ABSENT, dtype=np.uint8) for one in self._sheets]
        quality = [one.quality.get(measure.flow, none) for one, none in zip(self._sheets, nothing, strict=True)]
        return MeasureColumns(
            measure,
            quantity,
            np.concatenate(quality) * (quantity != NO_QUANTITY).view(np.uint8),
            np.full(len(texts), NO_INSTANT, dtype=np.int64) if read_at is None else read_at,
            decimals,
            written,
        )

    def _read_at(self, flow: Flow) -> Instants:
        """When values were read; of the two times in the hour that comes twice, the later."""
        nothing = [
            WallTimes(*(np.full(len(one.line), NO_OFFSET, dtype=np.int64) for _ in range(2))) for one in self._sheets
        ]
        times = [one.read_at.get(flow, none) for one, none in zip(self._sheets, nothing, strict=True)]
        shown = np.concatenate([one.shown for one in times])
        stated = shown != NO_OFFSET
        found = np.full(len(shown), NO_INSTANT, dtype=np.int64)
        offset = np.concatenate([one.offset for one in times])[stated]
        _, last = self._zone.first_and_last(shown[stated])
        found[stated] = np.where(offset == NO_OFFSET, last, shown[stated] - offset)
        for row in np.flatnonzero(stated & (found == NO_INSTANT)).tolist():
            self._fault(NO_SUCH_LOCAL_TIME, _LEFT_OUT, row, Member.READ_AT, Measure(flow, Unit.KWH))
        return found

    def _starts(self) -> Instants:
        """When the intervals begin."""
        starts = [one.start for one in self._sheets if one.start is not None]
        shown = np.concatenate([one.shown for one in starts])
        offset = np.concatenate([one.offset for one in starts])
        first, last = self._zone.first_and_last(shown)
        says = offset != NO_OFFSET
        found = np.where(says, shown - offset, first)
        right = np.where(says, self._zone.wall_seconds(found) == shown, first != NO_INSTANT)
        for row in np.flatnonzero(~right & ~self._wrong).tolist():
            words = "the clocks do not show this time at this offset" if says[row] else _LEFT_OUT
            self._fault(NO_SUCH_LOCAL_TIME, words, row, Member.START)
        twice = np.flatnonzero((first != last) & ~says & ~self._wrong)
        self._place_twice(twice, shown, last, found)
        return found

    def _place_twice(self, rows: Instants, shown: Instants, last: Instants, found: Instants) -> None:
        """Tell which of its two times each row means that does not say it: of one point, rows come in order."""
        seen: dict[tuple[str, int], list[int]] = {}
        for row in rows.tolist():
            seen.setdefault((self._point[row], int(shown[row])), []).append(row)
        for earlier, *later in seen.values():
            found[later] = last[later]
            if not later:
                words = "the clocks show this time twice; write the offset behind it, as +02:00, or both rows in order"
                self._fault(AMBIGUOUS_LOCAL_TIME, words, earlier, Member.START)

    def _fault(self, rule: str, words: str, row: int, member: Member, measure: Measure | None = None) -> None:
        self._wrong[row] = True
        sheet, line = self._sheets[int(self._sheet[row])].columns, int(self._line[row])
        self._faults.add(rule, words, sheet, line, sheet.place(member, measure))


_LEFT_OUT = "the clocks leave this hour out"
