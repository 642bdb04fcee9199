"""Workbooks as gridpost writes them, whatever they hold: row by row to the disk, text as text, never as a formula."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet


def new_book(made_at: datetime) -> Workbook:
    """A workbook without sheets; one with the same data and local time is the same file."""
    book = Workbook(write_only=True)
    book.properties.creator = "gridpost"
    book.properties.created = book.properties.modified = made_at
    return book


def new_sheet(book: Workbook, name: str, widths: Sequence[int]) -> WriteOnlyWorksheet:
    """A further sheet; `widths` of its first columns, which are at most 26."""
    sheet = book.create_sheet(name)
    for place, width in enumerate(widths):
        sheet.column_dimensions[chr(ord("A") + place)].width = width
    return sheet  # type: ignore[no-any-return]


def append_row(sheet: WriteOnlyWorksheet, values: Iterable[object]) -> None:
    """A further row: text as cells that can be nothing but text, numbers and times as they are."""
    sheet.append([_cell(sheet, value) for value in values])


def saved(book: Workbook) -> IO[bytes]:
    """The workbook in a temporary file, to be read from its beginning and closed by the caller."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads and closes it
    try:
        book.save(file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _cell(sheet: WriteOnlyWorksheet, value: object) -> object:
    if not isinstance(value, str):
        return value
    cell = WriteOnlyCell(sheet, value)
    cell.data_type = "s"
    return cell
