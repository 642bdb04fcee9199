"""One master data file as rows: CSV or JSON in, rows of the vocabulary out, everything wrong with it as findings.

Rows that cannot be read in full are left out; that they were there stays known (`may_hold`), so that one bad cell is
one finding and not also an unknown party in a thousand others.
"""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Generic, NamedTuple, Protocol

import numpy as np

from gateway.hub.masterdata.cells import Cells, Manner
from gateway.hub.masterdata.layouts import REQUIRED, ColumnLayout, Dated, Layout, Row
from gateway.messages.findings import Finding, Severity, has_errors, quoted
from gateway.schemas.parsers import UTF8_BOM, parse_json

FINDING_LIMIT = 1000
"""Most findings reported of one import; a last one says how many were left out."""

JSON_LIMIT = 1 << 31
_BATCH = 20_000


class FindingList:
    """The findings of one import, up to the limit, and how many there were beyond it."""

    def __init__(self) -> None:
        self._found: dict[Severity, list[Finding]] = {Severity.ERROR: [], Severity.WARNING: []}
        self._left_out = 0

    def add(self, rule: str, text: str, place: Place, severity: Severity = Severity.ERROR, clause: str = "") -> None:
        """Note a finding at a place; beyond the limit of its severity it is only counted."""
        found = self._found[severity]
        if len(found) >= FINDING_LIMIT:
            self._left_out += 1
            return
        found.append(
            Finding(code=rule, text=text, path=place.path, rule=rule, clause=clause, line=place.line, severity=severity)
        )

    @property
    def count(self) -> int:
        """How many there are, listed or not."""
        return sum(map(len, self._found.values())) + self._left_out

    def all(self) -> tuple[Finding, ...]:
        """The findings, errors before warnings, with a closing remark when some are missing."""
        found = [finding for listed in self._found.values() for finding in listed]
        if self.count > FINDING_LIMIT:
            text = f"{self.count - FINDING_LIMIT} further findings are not listed"
            severity = Severity.ERROR if has_errors(found) else Severity.WARNING
            found[FINDING_LIMIT:] = [Finding("more-findings", text, rule="more-findings", severity=severity)]
        return tuple(found)


class Place(NamedTuple):
    """Where a finding stands: a line of a CSV file, or an item of a JSON file as `parties.json/3`."""

    path: str
    line: int = 0


@dataclass
class TableRows(Generic[Row]):
    """The rows of one table that could be read, each with its line (CSV) or item number (JSON)."""

    file: str
    layout: Layout[Row]
    rows: list[Row] = field(default_factory=list)
    marks: array[int] = field(default_factory=lambda: array("q"))
    unread: set[str] = field(default_factory=set)
    """Texts of the cells of rows that could not be read."""
    is_broken: bool = False
    """Whether the file as a whole, or its rest, could not be read."""

    def may_hold(self, key: str) -> bool:
        """Whether what could not be read may have stated the key, so that nobody can say it is missing."""
        return self.is_broken or key in self.unread

    def place(self, number: int) -> Place:
        """Where the row of this number stands in its file."""
        return place_of(self.file, self.marks[number])


def place_of(file: str, mark: int) -> Place:
    """A line of a CSV file or an item of a JSON file."""
    return Place(f"{file}/{mark}") if file.endswith(".json") else Place(file, mark)


class _Batch(NamedTuple):
    """Some rows of texts, all as wide as the header, and where they stand."""

    marks: array[int]
    rows: list[Sequence[str]]


def read_table(
    file: str, content: bytes, layout: Layout[Dated], manner: Manner, findings: FindingList
) -> TableRows[Dated]:
    """The rows of one file of versions, in file order.

    Findings: those of `read_rows`, `valid-from-after-to`, `duplicate-row`, `overlapping-versions`.
    """
    table = read_rows(file, content, layout, manner, findings)
    _check_versions(table, findings)
    return table


def read_rows(file: str, content: bytes, layout: Layout[Row], manner: Manner, findings: FindingList) -> TableRows[Row]:
    """The rows of one file, in file order.

    Findings: `malformed`, `unknown-column`, `missing-column`, `duplicate-column`, `wrong-cell-count`, `missing-value`,
    `bad-value`.
    """
    table: TableRows[Row] = TableRows(file, layout)
    read = _json_batches if file.endswith(".json") else _csv_batches
    converter = _Converter(table, manner, findings)
    for header, batch in read(table, content, findings):
        converter.take(header, batch)
    return table


class _Converter(Generic[Row]):
    """Turns batches of texts into rows, column by column."""

    def __init__(self, table: TableRows[Row], manner: Manner, findings: FindingList) -> None:
        self.table: TableRows[Row] = table
        self.findings = findings
        self.cells = {column.name: column.cells(manner) for column in table.layout.columns}

    def take(self, header: Sequence[str], batch: _Batch) -> None:
        """Append the batch's good rows to the table and note what is wrong with the others."""
        texts = dict(zip(header, zip(*batch.rows, strict=True), strict=True))
        faulty: set[int] = set()
        fields: dict[str, Sequence[object]] = {}
        for column in self.table.layout.columns:
            if column.name not in texts:
                fields[column.field] = [column.default] * len(batch.rows)
                continue
            cells = self.cells[column.name]
            fields[column.field] = list(map(cells.__getitem__, texts[column.name]))
            if cells.faults:
                faulty.update(self._note(column, cells, texts[column.name], batch.marks))
        make = self.table.layout.row._make
        in_order = [fields[name] for name in self.table.layout.row._fields]
        rows = list(map(make, zip(*in_order, strict=True)))
        if faulty:
            self.table.unread.update(text for number in faulty for text in batch.rows[number])
            rows = [row for number, row in enumerate(rows) if number not in faulty]
            self.table.marks.extend(mark for number, mark in enumerate(batch.marks) if number not in faulty)
        else:
            self.table.marks.extend(batch.marks)
        self.table.rows.extend(rows)

    def _note(self, column: ColumnLayout, cells: Cells, texts: Sequence[str], marks: array[int]) -> Iterator[int]:
        for number, text in enumerate(texts):
            fault = cells.faults.get(text)
            if fault is None:
                continue
            yield number
            place = place_of(self.table.file, marks[number])
            if not text.strip():
                self.findings.add("missing-value", f"column {column.name}: the value is missing", place)
            else:
                self.findings.add("bad-value", f"column {column.name}: {quoted(text)} {fault}", place)


Batches = Iterator[tuple[Sequence[str], _Batch]]


def _break(table: TableRows[Row], findings: FindingList, text: str, line: int) -> None:
    table.is_broken = True
    findings.add("malformed", text, Place(table.file, line))


def _check_header(table: TableRows[Row], header: Sequence[str], findings: FindingList, place: Place) -> bool:
    known = {column.name for column in table.layout.columns}
    required = [column.name for column in table.layout.columns if column.default is REQUIRED]
    before = findings.count
    for number, name in enumerate(header):
        if name in header[:number]:
            findings.add("duplicate-column", f"column {quoted(name)} occurs twice", place)
        elif name not in known:
            findings.add(
                "unknown-column", f"column {quoted(name)} is unknown; known are {', '.join(sorted(known))}", place
            )
    for name in required:
        if name not in header:
            findings.add("missing-column", f"column {name} is missing", place)
    return findings.count == before


# ---------------------------------------------------------------------------------------------------------------- CSV


class _Lines(Protocol):
    """A reader of the standard library, which knows the line it has come to."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


def _csv_batches(table: TableRows[Row], content: bytes, findings: FindingList) -> Batches:
    """Comma or semicolon, UTF-8 with or without byte-order mark; a line's number is that of its first line."""
    try:
        text = str(content.removeprefix(UTF8_BOM), "utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _break(table, findings, f"not UTF-8 at byte {error.start}", line)
        return
    first_line = text.partition("\n")[0]
    delimiter = ";" if first_line.count(";") > first_line.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        header = [name.strip() for name in next(reader, [])]
        table.is_broken = not _check_header(table, header, findings, Place(table.file, 1))
        if table.is_broken:
            return
        while batch := _csv_batch(table, reader, len(header), findings):
            if batch.rows:
                yield header, batch
    except csv.Error as error:
        _break(table, findings, f"not well-formed CSV: {error}", reader.line_num)


def _csv_batch(table: TableRows[Row], reader: _Lines, width: int, findings: FindingList) -> _Batch | None:
    """The next rows, blank lines left out; None at the end of the file."""
    batch = _Batch(array("q"), [])
    last = reader.line_num
    for row in reader:
        line, last = last + 1, reader.line_num
        if not any(row):
            continue
        if len(row) == width:
            batch.rows.append(row)
            batch.marks.append(line)
            if len(batch.rows) == _BATCH:
                return batch
        else:
            table.unread.update(row)
            findings.add(
                "wrong-cell-count", f"the row has {len(row)} cells, the header {width}", Place(table.file, line)
            )
    return batch if batch.rows else None


# --------------------------------------------------------------------------------------------------------------- JSON


def _json_batches(table: TableRows[Row], content: bytes, findings: FindingList) -> Batches:
    """A list of objects with the columns as keys; numbers are whole, absent and null mean an empty cell."""
    outcome = parse_json(content, JSON_LIMIT)
    if outcome.finding is not None:
        _break(table, findings, outcome.finding.text, outcome.finding.line)
        return
    if not isinstance(outcome.value, list):
        _break(table, findings, "not a list of objects", 0)
        return
    names = [column.name for column in table.layout.columns]
    known = {column.name: column for column in table.layout.columns}
    for start in range(0, len(outcome.value), _BATCH):
        batch = _Batch(array("q"), [])
        for number, item in enumerate(outcome.value[start : start + _BATCH], start):
            row = _json_row(table, (number, item), known, findings)
            if row is not None:
                batch.rows.append([row.get(name, "") for name in names])
                batch.marks.append(number)
        if batch.rows:
            yield names, batch


def _json_row(
    table: TableRows[Row], numbered: tuple[int, object], known: dict[str, ColumnLayout], findings: FindingList
) -> dict[str, str] | None:
    number, item = numbered
    place = place_of(table.file, number)
    if not isinstance(item, dict):
        findings.add("malformed", "not an object", place)
        return None
    row: dict[str, str] = {}
    good = True
    for name, value in item.items():
        if name not in known:
            findings.add("unknown-column", f"column {quoted(name)} is unknown", place)
            good = False
        elif isinstance(value, str) or (type(value) is int and known[name].is_number):
            row[name] = str(value)
        elif value is not None:
            findings.add("bad-value", f"column {name}: a text is expected", place)
            good = False
    if not good:
        table.unread.update(row.values())
    return row if good else None


# ----------------------------------------------------------------------------------------------------------- versions


def _check_versions(table: TableRows[Dated], findings: FindingList) -> None:
    """Each row is valid for some time, and no two rows of one key at the same time."""
    if not table.rows:
        return
    start = np.fromiter((row.valid_from for row in table.rows), dtype=np.int64, count=len(table.rows))
    end = np.fromiter((row.valid_to for row in table.rows), dtype=np.int64, count=len(table.rows))
    for number in np.flatnonzero(start >= end).tolist():
        findings.add("valid-from-after-to", "column valid_to: not after valid_from", table.place(number))
    codes: dict[object, int] = {}
    keys = map(attrgetter(*table.layout.key), table.rows)
    key = np.fromiter((codes.setdefault(k, len(codes)) for k in keys), dtype=np.int64, count=len(table.rows))
    order = np.lexsort((start, key))
    keys_in_order = key[order]
    meets = end[order[:-1]] > start[order[1:]]
    clashing = np.unique(keys_in_order[1:][(keys_in_order[:-1] == keys_in_order[1:]) & meets])
    first = np.searchsorted(keys_in_order, clashing, side="left").tolist()
    last = np.searchsorted(keys_in_order, clashing, side="right").tolist()
    for low, high in zip(first, last, strict=True):
        _check_key(table, order[low:high].tolist(), findings)


def _check_key(table: TableRows[Dated], numbers: list[int], findings: FindingList) -> None:
    """Rows of one key in order of valid_from, each against the one before it that lasts longest."""
    longest = numbers[0]
    for number in numbers[1:]:
        earlier, row = table.rows[longest], table.rows[number]
        if earlier.valid_to > row.valid_from:
            place = table.place(longest)
            other = f"line {place.line}" if place.line else place.path
            if earlier.valid_from == row.valid_from:
                text = f"column valid_from: the same key and valid_from as {other}"
                findings.add("duplicate-row", text, table.place(number))
            else:
                text = f"column valid_from: overlaps the version of {other}"
                findings.add("overlapping-versions", text, table.place(number))
        if row.valid_to > earlier.valid_to:
            longest = number
