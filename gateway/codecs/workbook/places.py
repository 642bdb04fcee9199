"""Places in a workbook, as its user finds them: sheet, column, row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.codecs.workbook.layouts import Column
from gateway.messages.codes import Flow
from gateway.messages.metering_data import Indices, Measure, Member, Place


@dataclass(frozen=True, slots=True)
class SheetColumns:
    """The columns of one sheet by the place they have there."""

    name: str
    columns: Mapping[int, Column]

    def cell(self, line: int, place: int) -> Place:
        """A cell by its row, counted from 1, and its column, counted from 0."""
        return Place(f"{self.name}!{chr(ord('A') + place)}{line}", line)

    def place(self, member: Member, measure: Measure | None) -> int:
        """The column in which rows say something; that of the metering point where there is none for it."""
        flow = measure.flow if measure is not None else None
        for place, column in self.columns.items():
            if column.member is member and self._is_of(column, flow, measure):
                return place
        return next((place for place, column in self.columns.items() if column.member is Member.POINT), 0)

    @staticmethod
    def _is_of(column: Column, flow: Flow | None, measure: Measure | None) -> bool:
        if column.member is Member.QUANTITY:
            return column.measure == measure
        return column.flow is None or column.flow is flow


@dataclass(frozen=True, slots=True, eq=False)
class SheetPlaces:
    """Finds intervals again in the workbook they were read from.

    Attributes:
        sheets: the sheets.
        sheet: int64[n], which of them each interval stands in.
        line: int64[n], its row there, counted from 1.
    """

    sheets: Sequence[SheetColumns]
    sheet: Indices
    line: Indices

    def place(self, interval: int, member: Member, measure: Measure | None) -> Place:
        """The cell of a member of the n-th interval."""
        sheet = self.sheets[int(self.sheet[interval])]
        return sheet.cell(int(self.line[interval]), sheet.place(member, measure))
