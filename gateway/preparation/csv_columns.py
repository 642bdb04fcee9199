"""A CSV file as columns of numbers, and what is wrong with it: UTF-8 with a header, comma or semicolon between cells.

A column holds few different texts for its length, so that each text is read once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from gateway.messages.findings import Finding
from gateway.messages.masterdata import Rows
from gateway.schemas.parsers import UTF8_BOM

_BATCH = 50_000

_Lines = list[tuple[int, list[str]]]

Note = Callable[[int], None]
"""Hears how many characters of a file have been read since it was last told."""


class InputFile(NamedTuple):
    """A file as it lies there."""

    name: str
    content: bytes


class Column(NamedTuple):
    """A column of a file: its name, how a cell is read, and whether the file may do without it.

    A reader raises ValueError with the rest of the sentence `VALUE …` for a text that is none.
    """

    name: str
    read: Callable[[str], Any]
    is_optional: bool = False


class ColumnTable(NamedTuple):
    """The good rows of a file: values by column, and the line each row stands on."""

    cells: dict[str, list[Any]]
    lines: list[int]

    @property
    def line(self) -> Rows:
        """The lines, int64[k]."""
        return np.array(self.lines, dtype=np.int64)

    def numbers(self, name: str) -> Rows:
        """A column of whole numbers, int64[k]."""
        return np.array(self.cells[name], dtype=np.int64)


class _Cells(dict[str, Any]):
    """What the texts of one column stand for, each read at first sight; None for a text that is none."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        super().__init__()
        self._read = read
        self.faults: dict[str, str] = {}

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
    findings: list[Finding]
    note: Note

    def add(self, rule: str, text: str, line: int = 0) -> None:
        """Note a finding on a line."""
        self.findings.append(Finding(code=rule, text=text, path=self.file.name, rule=rule, line=line))

    def read(self) -> ColumnTable:
        """The rows in which every cell is good."""
        table = ColumnTable({column.name: [] for column in self.columns}, [])
        cells = {column.name: _Cells(column.read) for column in self.columns}
        content = self.file.content
        try:
            text = str(content.removeprefix(UTF8_BOM), "utf-8")
            for header, rows in self._batches(text):
                self._take(table, cells, header, rows)
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            self.add("malformed", f"not UTF-8 at byte {error.start}", line)
        except csv.Error as error:
            self.add("malformed", f"not well-formed CSV: {error}")
        return table

    def _batches(self, text: str) -> Iterator[tuple[list[str], _Lines]]:
        """The header and rows as wide as it, with their lines, some thousand at a time."""
        first_line = text.partition("\n")[0]
        delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
        source = io.StringIO(text, newline="")
        reader = csv.reader(source, delimiter=delimiter, strict=True)
        header = [name.strip() for name in next(reader, [])]
        if not self._has_columns(header):
            return
        done = 0
        while rows := [(reader.line_num, row) for row in islice(reader, _BATCH)]:
            good = [numbered for numbered in rows if len(numbered[1]) == len(header)]
            for line, row in rows if len(good) < len(rows) else ():
                if any(row) and len(row) != len(header):
                    self.add("wrong-cell-count", f"the row has {len(row)} cells, the header {len(header)}", line)
            if good:
                yield header, good
            self.note(source.tell() - done)
            done = source.tell()

    def _has_columns(self, header: list[str]) -> bool:
        before = len(self.findings)
        known = [column.name for column in self.columns]
        for number, name in enumerate(header):
            if name in header[:number]:
                self.add("duplicate-column", f"column {_shown(name)} occurs twice", 1)
            elif name not in known:
                self.add("unknown-column", f"column {_shown(name)} is unknown; known are {', '.join(known)}", 1)
        for column in self.columns:
            if column.name not in header and not column.is_optional:
                self.add("missing-column", f"column {column.name} is missing", 1)
        return len(self.findings) == before

    def _take(self, table: ColumnTable, cells: dict[str, _Cells], header: list[str], rows: _Lines) -> None:
        texts = dict(zip(header, zip(*(row for _, row in rows), strict=True), strict=True))
        absent = ("",) * len(rows)
        read = {name: list(map(column.__getitem__, texts.get(name, absent))) for name, column in cells.items()}
        bad: set[int] = set()
        for name, column in cells.items():
            for number, text in enumerate(texts.get(name, ())) if column.faults else ():
                if fault := column.faults.get(text):
                    bad.add(number)
                    self.add("bad-value", f"column {name}: {_shown(text)} {fault}", rows[number][0])
        for name, values in read.items():
            table.cells[name].extend([value for n, value in enumerate(values) if n not in bad] if bad else values)
        table.lines.extend(line for number, (line, _) in enumerate(rows) if number not in bad)


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:57]}...")
