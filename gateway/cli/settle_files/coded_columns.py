"""A CSV file as columns of whole numbers: instants, thousandths, codes of names; a million rows in a second or two.

Each text of a column is read once and looked up after that. Rows that cannot be read in full are left out and told.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from gateway.hub.masterdata.cells import Cells, Reader
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.findings import Severity, quoted
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask

REQUIRED = None
"""What an empty cell stands for where none may be empty."""

_BATCH = 500
"""Rows read at once: few enough that they are gone before the garbage collector looks at all that is older."""


class Column(NamedTuple):
    """A column: how its cells are read, what an empty one stands for, which rule a bad one breaks.

    A column that is not `expected` may lack in the file; its cells are then all empty. A row with a bad cell is left
    out; where the rule is a warning's, that is all.
    """

    name: str
    read: Reader
    empty: int | None = REQUIRED
    rule: str = "bad-value"
    is_expected: bool = True
    severity: Severity = Severity.ERROR

    def cells(self) -> Cells:
        """A fresh reader of the column's cells."""
        cells = Cells(self.read)
        if self.empty is not REQUIRED:
            cells[""] = self.empty
        return cells


@dataclass(frozen=True)
class CodedColumns:
    """The rows of a file that could be read.

    Attributes:
        file: its name, for findings.
        line: int64[n], the line of each row.
        columns: int64[n] by name of column.
    """

    file: str
    line: Rows
    columns: dict[str, Rows]

    def __getitem__(self, name: str) -> Rows:
        return self.columns[name]

    def __len__(self) -> int:
        return len(self.line)

    def where(self, mask: Mask) -> CodedColumns:
        """Only the rows the mask keeps."""
        return CodedColumns(self.file, self.line[mask], {name: rows[mask] for name, rows in self.columns.items()})

    def note(
        self, findings: FindingList, rule: str, rows: Mask, text: str, severity: Severity = Severity.ERROR
    ) -> None:
        """A finding of one sentence for every row the mask holds."""
        for line in self.line[rows].tolist():
            findings.add(rule, text, Place(self.file, line), severity)


def read_coded(path: Path, layout: Sequence[Column], findings: FindingList) -> CodedColumns:
    """The rows of a comma-separated UTF-8 file with a header, in file order.

    Findings: `malformed`, `duplicate-column`, `missing-column`, `wrong-cell-count`, `missing-value`, and each column's
    own rule (`bad-value`); as a warning `unknown-column`.

    Raises:
        OSError: the file cannot be opened.
    """
    table = _Table(path.name, layout, findings)
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if table.takes(header):
                for lines, rows in _batches(reader, len(header), table):
                    table.add(header, lines, rows)
        except csv.Error as error:
            findings.add("malformed", f"not well-formed CSV: {error}", Place(path.name, reader.line_num))
        except UnicodeDecodeError as error:
            findings.add("malformed", f"not UTF-8: {error.reason}", Place(path.name, reader.line_num + 1))
    return table.read()


class _Lines(Protocol):
    """A reader of the standard library, which knows the line it has come to."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


class _Table:
    """The columns as far as they are read."""

    def __init__(self, file: str, layout: Sequence[Column], findings: FindingList) -> None:
        self.file = file
        self.findings = findings
        self.layout = layout
        self.cells = {column.name: column.cells() for column in layout}
        self.parts: dict[str, list[Rows]] = {column.name: [] for column in layout}
        self.lines: list[Rows] = []

    def takes(self, header: Sequence[str]) -> bool:
        """Whether the header has every column that is expected, once."""
        before, place = self.findings.count, Place(self.file, 1)
        for number, name in enumerate(header):
            if name in header[:number]:
                self.findings.add("duplicate-column", f"column {name!r} occurs twice", place)
        for column in self.layout:
            if column.is_expected and column.name not in header:
                self.findings.add("missing-column", f"column {column.name} is missing", place)
        good = self.findings.count == before
        for name in header:
            if name not in self.parts:
                self.findings.add("unknown-column", f"column {name!r} is not looked at", place, Severity.WARNING)
        return good

    def add(self, header: Sequence[str], lines: Rows, rows: Sequence[Sequence[str]]) -> None:
        """Read the cells of some rows; a row with a bad cell is left out."""
        texts = dict(zip(header, zip(*rows, strict=True), strict=True))
        good = np.ones(len(rows), dtype=bool)
        values: dict[str, Rows] = {}
        for column in self.layout:
            if column.name not in texts:
                values[column.name] = np.full(len(rows), column.empty, dtype=np.int64)
                continue
            cells = self.cells[column.name]
            found = list(map(cells.__getitem__, texts[column.name]))
            if cells.faults:
                for number in [number for number, value in enumerate(found) if value is None]:
                    found[number], good[number] = 0, False
                    self._note(column, texts[column.name][number], int(lines[number]))
            values[column.name] = np.array(found, dtype=np.int64)
        self.lines.append(lines[good])
        for name, column_values in values.items():
            self.parts[name].append(column_values[good])

    def read(self) -> CodedColumns:
        """All of them."""
        return CodedColumns(
            self.file, _joined(self.lines), {name: _joined(parts) for name, parts in self.parts.items()}
        )

    def _note(self, column: Column, text: str, line: int) -> None:
        if not text.strip():
            self.findings.add("missing-value", f"column {column.name}: the value is missing", Place(self.file, line))
            return
        fault = self.cells[column.name].faults[text]
        text = f"column {column.name}: {quoted(text)} {fault}"
        self.findings.add(column.rule, text, Place(self.file, line), column.severity)


def _batches(reader: _Lines, width: int, table: _Table) -> Iterator[tuple[Rows, list[list[str]]]]:
    """Rows of the header's width with their lines; blank lines are left out."""
    rows: list[list[str]] = []
    lines: list[int] = []
    last = reader.line_num
    for row in reader:
        line, last = last + 1, reader.line_num
        if len(row) == width:
            rows.append(row)
            lines.append(line)
            if len(rows) == _BATCH:
                yield np.array(lines, dtype=np.int64), rows
                rows, lines = [], []
        elif any(row):
            text = f"the row has {len(row)} cells, the header {width}"
            table.findings.add("wrong-cell-count", text, Place(table.file, line))
    if rows:
        yield np.array(lines, dtype=np.int64), rows


def _joined(parts: list[Rows]) -> Rows:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
