"""A CSV file as columns of numbers, and what is wrong with it: UTF-8 with a header, comma or semicolon between cells.

A column holds few different texts for its length, so that each text is read once.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from gateway.messages.findings import Finding, quoted
from gateway.messages.masterdata import Rows

FINDING_LIMIT = 100
"""Most findings told of one file; a last one says how many more there are."""

_BATCH = 50_000
_MOST_REMEMBERED = 200_000

Note = Callable[[int], None]
"""Hears how many bytes of a file have been read since it was last told."""


class InputFile(NamedTuple):
    """A file as it lies there."""

    name: str
    content: bytes


class FileFindings:
    """What is wrong with some files, each up to the limit, and how much there is beyond it."""

    def __init__(self) -> None:
        self._found: dict[str, list[Finding]] = {}
        self._left_out: Counter[str] = Counter()

    def add(self, file: InputFile, rule: str, text: str, line: int = 0) -> None:
        """Note a finding on a line of a file."""
        found = self._found.setdefault(file.name, [])
        if len(found) < FINDING_LIMIT:
            found.append(Finding(code=rule, text=text, path=file.name, rule=rule, line=line))
        else:
            self._left_out[file.name] += 1

    def all(self) -> tuple[Finding, ...]:
        """The findings, file by file, with a closing one where some are not listed."""
        told: list[Finding] = []
        for name, found in self._found.items():
            told += found
            if more := self._left_out[name]:
                text = f"{more} further findings are not listed"
                told.append(Finding(code="more-findings", text=text, path=name, rule="more-findings"))
        return tuple(told)


class Column(NamedTuple):
    """A column of a file: its name, how a cell is read, whether the file may do without it, what its values are.

    A reader raises ValueError with the rest of the sentence `VALUE …` for a text that is none.
    """

    name: str
    read: Callable[[str], Any]
    is_optional: bool = False
    dtype: type = np.int64


class ColumnTable(NamedTuple):
    """The good rows of a file: values by column in batches, and the line each row begins on."""

    cells: dict[str, list[npt.NDArray[Any]]]
    lines: list[Rows]

    @property
    def line(self) -> Rows:
        """The lines, int64[k]."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self.lines])

    def numbers(self, name: str) -> Rows:
        """A column of whole numbers, int64[k]."""
        return np.concatenate([np.empty(0, dtype=np.int64), *self.cells[name]])

    def values(self, name: str) -> list[Any]:
        """A column of anything else."""
        return [value for part in self.cells[name] for value in part]


class _Cells(dict[str, Any]):
    """What the texts of one column stand for, each read at first sight; None for a text that is none."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read
        self.faults: dict[str, str] = {}

    def forget(self) -> None:
        """Begin anew where the texts are so many that remembering them pays no more."""
        if len(self) > _MOST_REMEMBERED:
            self.clear()
            self.faults.clear()

    def __missing__(self, text: str) -> Any:
        try:
            value = self._read(text.strip())
        except ValueError as error:
            self.faults[text] = str(error)
            value = None
        self[text] = value
        return value


@dataclass
class CsvFile:
    """Reads one file and collects what is wrong with it.

    Findings: `malformed`, `missing-column`, `duplicate-column`, `unknown-column`, `wrong-cell-count`, `bad-value`.
    """

    file: InputFile
    columns: Sequence[Column]
    findings: FileFindings
    note: Note

    def add(self, rule: str, text: str, line: int = 0) -> None:
        """Note a finding on a line."""
        self.findings.add(self.file, rule, text, line)

    def read(self) -> ColumnTable:
        """The rows in which every cell is good."""
        table = ColumnTable({column.name: [] for column in self.columns}, [])
        cells = {column.name: _Cells(column.read) for column in self.columns}
        for header, rows, lines in self._batches():
            texts = dict(zip(header, zip(*rows, strict=True), strict=True)) if rows else {}
            self._take(table, cells, texts, lines)
        return table

    def _batches(self) -> Iterator[tuple[list[str], list[list[str]], Rows]]:
        """The header, rows as wide as it, and the lines they begin on, some thousand at a time."""
        content = self.file.content
        first_line = content[: content.find(b"\n")]
        delimiter = ";" if first_line.count(b";") > first_line.count(b",") else ","
        source = io.BytesIO(content)
        reader = csv.reader(io.TextIOWrapper(source, "utf-8-sig", newline=""), delimiter=delimiter, strict=True)
        before = done = 0
        try:
            header = [name.strip() for name in next(reader, [])]
            if not self._has_columns(header):
                return
            before = reader.line_num
            while rows := list(islice(reader, _BATCH)):
                lines = _first_lines(rows, before, reader.line_num)
                before = reader.line_num
                yield header, *self._as_wide(header, rows, lines)
                self.note(source.tell() - done)
                done = source.tell()
        except UnicodeDecodeError:
            self.add("malformed", "not UTF-8", _undecodable_line(content))
        except csv.Error as error:
            self.add("malformed", f"not well-formed CSV: {error}", reader.line_num)

    def _as_wide(self, header: list[str], rows: list[list[str]], lines: Rows) -> tuple[list[list[str]], Rows]:
        """The rows with as many cells as the header; others are noted, blank lines left out."""
        width = len(header)
        is_wide = [len(row) == width for row in rows]
        if all(is_wide):
            return rows, lines
        for line, row in zip(lines.tolist(), rows, strict=True):
            if any(row) and len(row) != width:
                self.add("wrong-cell-count", f"the row has {len(row)} cells, the header {width}", line)
        return [row for row, good in zip(rows, is_wide, strict=True) if good], lines[is_wide]

    def _has_columns(self, header: list[str]) -> bool:
        known = [column.name for column in self.columns]
        is_good = True
        for number, name in enumerate(header):
            if name in header[:number]:
                is_good = False
                self.add("duplicate-column", f"column {quoted(name)} occurs twice", 1)
            elif name not in known:
                is_good = False
                self.add("unknown-column", f"column {quoted(name)} is unknown; known are {', '.join(known)}", 1)
        for column in self.columns:
            if column.name not in header and not column.is_optional:
                is_good = False
                self.add("missing-column", f"column {column.name} is missing", 1)
        return is_good

    def _take(
        self, table: ColumnTable, cells: dict[str, _Cells], texts: dict[str, tuple[str, ...]], lines: Rows
    ) -> None:
        """Append the batch's good rows to the table and note what is wrong with the others."""
        for column in cells.values():
            column.forget()
        absent = ("",) * len(lines)
        read = {name: list(map(column.__getitem__, texts.get(name, absent))) for name, column in cells.items()}
        is_good = np.ones(len(lines), dtype=np.bool_)
        for name, column in cells.items():
            for number, text in enumerate(texts.get(name, ())) if column.faults else ():
                if fault := column.faults.get(text):
                    is_good[number] = False
                    self.add("bad-value", f"column {name}: {quoted(text)} {fault}", int(lines[number]))
        table.lines.append(lines[is_good])
        for column_of_file in self.columns:
            values = read[column_of_file.name]
            if not is_good.all():
                values = [value for value, good in zip(values, is_good.tolist(), strict=True) if good]
            table.cells[column_of_file.name].append(np.array(values, dtype=column_of_file.dtype))


def _first_lines(rows: list[list[str]], before: int, last: int) -> Rows:
    """The line each row begins on, the rows being those between two lines; a quoted cell may hold several."""
    if last - before == len(rows):
        return np.arange(before + 1, last + 1)
    heights = [1 + sum(cell.count("\n") for cell in row) for row in rows]
    return before + 1 + np.append(0, np.cumsum(heights)[:-1])


def _undecodable_line(content: bytes) -> int:
    """The line of the first byte that is no UTF-8."""
    try:
        str(content, "utf-8")
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return 0
