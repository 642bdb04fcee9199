"""One sheet of a workbook as columns of intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gateway.codecs.estfeed.faults import INVALID_ENUM, MISSING_FIELD, UNEXPECTED_FIELD, UNPARSEABLE, WRONG_SIZE
from gateway.codecs.workbook.cells import NO_OFFSET, amount_text, amount_texts, plain_times, wall_time
from gateway.codecs.workbook.faults import FaultList
from gateway.codecs.workbook.layouts import QUALITIES, RESOLUTIONS, Column
from gateway.codecs.workbook.places import SheetColumns
from gateway.messages.codes import Flow, Quality
from gateway.messages.metering_data import Measure, Member
from gateway.messages.series import Mask, Qualities
from gateway.messages.times import Instants
from gateway.schemas.workbooks import Cell

LONGEST_POINT = 64
_QUALITY_CODES = {word: int(quality) for word, quality in QUALITIES.items()}


@dataclass(slots=True)
class WallTimes:
    """Times of a column: what the clock shows, and the offset where one is written."""

    shown: Instants
    offset: Instants


@dataclass(slots=True)
class SheetRows:
    """The rows of a sheet that say something, column by column; n is how many they are.

    Attributes:
        columns: of the sheet.
        line: int64[n], row of each, counted from 1.
        is_wrong: bool[n], rows with a fault, which are left out of the data.
        point, resolution: texts of each.
        start: when each begins.
        amount: texts of quantities, empty where there is none.
        quality, read_at: of each flow that has the column.
    """

    columns: SheetColumns
    line: Instants
    is_wrong: Mask
    point: list[str] = field(default_factory=list)
    resolution: list[str] = field(default_factory=list)
    start: WallTimes | None = None
    amount: dict[Measure, list[str]] = field(default_factory=dict)
    quality: dict[Flow, Qualities] = field(default_factory=dict)
    read_at: dict[Flow, WallTimes] = field(default_factory=dict)


class SheetReader:
    """Reads the rows of one sheet and notes every fault in them."""

    def __init__(self, columns: SheetColumns, faults: FaultList) -> None:
        self._columns = columns
        self._faults = faults

    def read(self, lines: Sequence[int], rows: Sequence[Sequence[Cell]]) -> SheetRows:
        """The rows, which stand at the given lines."""
        count = len(rows)
        self._rows = SheetRows(self._columns, np.array(lines, dtype=np.int64), np.zeros(count, dtype=np.bool_))
        self._rows.resolution = [""] * count
        cells = list(zip(*rows, strict=True))
        for place, column in self._columns.columns.items():
            self._read_column(place, column, cells[place])
        unread = self._rows.is_wrong.copy()
        for flow in (Flow.IN, Flow.OUT):
            self._check_quality(flow, unread)
        return self._rows

    def _read_column(self, place: int, column: Column, cells: Sequence[Cell]) -> None:
        rows = self._rows
        if column.member is Member.POINT:
            rows.point = self._points(cells, place)
        elif column.member is Member.START:
            rows.start = self._times(cells, place, is_required=True)
        elif column.member is Member.RESOLUTION:
            words = self._words(cells, place, RESOLUTIONS, is_required=True)
            rows.resolution = [RESOLUTIONS[word] if word else "" for word in words]
        elif column.measure is not None:
            rows.amount[column.measure] = self._amounts(cells, place)
        elif column.flow is not None and column.member is Member.QUALITY:
            codes = [_QUALITY_CODES.get(word, int(Quality.ABSENT)) for word in self._words(cells, place, QUALITIES)]
            rows.quality[column.flow] = np.array(codes, dtype=np.uint8)
        elif column.flow is not None:
            rows.read_at[column.flow] = self._times(cells, place, is_required=False)

    def _fault(self, rule: str, words: str, row: int, place: int) -> None:
        self._rows.is_wrong[row] = True
        self._faults.add(rule, words, self._columns, int(self._rows.line[row]), place)

    def _points(self, cells: Sequence[Cell], place: int) -> list[str]:
        known = {cell: cell.strip() if isinstance(cell, str) else str(cell) for cell in set(cells)}
        points = [known[cell] for cell in cells]
        if all(0 < len(point) <= LONGEST_POINT for point in known.values()):
            return points
        for row, point in enumerate(points):
            if not point:
                self._fault(MISSING_FIELD, "the metering point is missing", row, place)
            elif len(point) > LONGEST_POINT:
                self._fault(WRONG_SIZE, "too long for the EIC of a metering point", row, place)
        return points

    def _times(self, cells: Sequence[Cell], place: int, is_required: bool) -> WallTimes:
        shown, offset = np.zeros(len(cells), dtype=np.int64), np.full(len(cells), NO_OFFSET, dtype=np.int64)
        plain, times = plain_times(cells)
        shown[plain] = times
        others = np.ones(len(cells), dtype=np.bool_)
        others[plain] = False
        for row in np.flatnonzero(others).tolist():
            cell = cells[row]
            time = wall_time(cell)
            if time is not None:
                shown[row], offset[row] = time
            elif cell != "":
                self._fault(UNPARSEABLE, f"{_quoted(cell)} is no time as dd.mm.yyyy hh:mm", row, place)
            elif is_required:
                self._fault(MISSING_FIELD, "the start of the period is missing", row, place)
            else:
                shown[row] = NO_OFFSET
        return WallTimes(shown, offset)

    def _words(
        self, cells: Sequence[Cell], place: int, known: Mapping[str, object], is_required: bool = False
    ) -> list[str]:
        """The words of a column that has a list of them; empty where there is none."""
        words = {cell: " ".join(cell.upper().split()) if isinstance(cell, str) else str(cell) for cell in set(cells)}
        good = {cell: word if word in known else "" for cell, word in words.items()}
        if any(word not in known and (word or is_required) for word in words.values()):
            for row, cell in enumerate(cells):
                if words[cell] and not good[cell]:
                    self._fault(INVALID_ENUM, f"{_quoted(cell)} is none of {', '.join(known)}", row, place)
                elif not words[cell] and is_required:
                    self._fault(MISSING_FIELD, f"one of {', '.join(known)} is missing", row, place)
        return [good[cell] for cell in cells]

    def _amounts(self, cells: Sequence[Cell], place: int) -> list[str]:
        if (plain := amount_texts(cells)) is not None:
            return plain
        texts = []
        for row, cell in enumerate(cells):
            text = amount_text(cell)
            if text is None:
                self._fault(UNPARSEABLE, f"{_quoted(cell)} is no number", row, place)
            texts.append(text or "")
        return texts

    def _check_quality(self, flow: Flow, unread: Mask) -> None:
        """A quantity has a reading type, and a reading type a quantity; rows with unreadable cells are left alone."""
        rows = self._rows
        stated = np.zeros(len(rows.line), dtype=np.bool_)
        for measure, texts in rows.amount.items():
            if measure.flow is flow:
                stated |= np.array([bool(text) for text in texts], dtype=np.bool_)
        quality = rows.quality.get(flow, np.zeros(len(rows.line), dtype=np.uint8))
        place = self._place_of(flow)
        for row in np.flatnonzero((stated != (quality != Quality.ABSENT)) & ~unread).tolist():
            if stated[row]:
                self._fault(MISSING_FIELD, f"the reading type of the quantity {flow.upper()} is missing", row, place)
            else:
                self._fault(UNEXPECTED_FIELD, f"there is a reading type and no quantity {flow.upper()}", row, place)

    def _place_of(self, flow: Flow) -> int:
        columns = self._columns.columns
        return next((k for k, one in columns.items() if one.member is Member.QUALITY and one.flow is flow), 0)


def _quoted(cell: Cell) -> str:
    text = str(cell)
    return f"{text[:40]!r}"
