"""Results of a settlement as files: one CSV for each table, a row for each key and step that exists."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from gateway.messages.masterdata import Names
from gateway.messages.quantities import format_quantity
from gateway.messages.times import format_second
from gateway.settlement.quality_sets import names_of
from gateway.settlement.results import ResultKey, ResultKind, SettlementResults

_BOOKED = (ResultKind.POSITIVE_GRID_LOSS, ResultKind.NEGATIVE_GRID_LOSS)
_SETS = ["|".join(names_of(united)) for united in range(16)]

FILE_NAMES = {kind: f"{kind.replace('-', '_')}.csv" for kind in ResultKind}


def write_results(results: SettlementResults, names: Names, directory: Path) -> dict[str, int]:
    """Write every table, whole files only; number of rows by file name.

    Files of these names that an earlier settlement left and this one has no table for are removed: what lies in the
    directory afterwards is of one settlement.
    """
    texts = {FILE_NAMES[kind]: _text(results, kind, names) for kind in results.tables}
    directory.mkdir(parents=True, exist_ok=True)
    for name in set(FILE_NAMES.values()) - texts.keys():
        (directory / name).unlink(missing_ok=True)
    for name, (text, _) in texts.items():
        unfinished = directory / f".{name}.unfinished"
        unfinished.write_text(text, encoding="utf-8", newline="")
        unfinished.replace(directory / name)
    return {name: count for name, (_, count) in texts.items()}


def _text(results: SettlementResults, kind: ResultKind, names: Names) -> tuple[str, int]:
    heads = ["grid_area", "supplier", "brp", "time", "quantity", "qualities"]
    if kind in _BOOKED:
        heads.insert(1, "mp")
    if kind is ResultKind.NET_EXCHANGE_PER_NEIGHBOUR:
        heads.insert(1, "neighbour")
    times = [format_second(start) for start in results.starts.tolist()]
    lines = [",".join(heads)]
    table = results.tables[kind]
    for row, key in enumerate(table.keys):
        begin = _key_cells(key, kind, names)
        columns = (table.exists[row].tolist(), times, table.quantity[row].tolist(), table.qualities[row].tolist())
        lines += [
            f"{begin},{time},{format_quantity(quantity)},{_SETS[united]}"
            for exists, time, quantity, united in zip(*columns, strict=True)
            if exists
        ]
    return "\n".join(lines) + "\n", len(lines) - 1


def _key_cells(key: ResultKey, kind: ResultKind, names: Names) -> str:
    cells = [key.grid_area, key.supplier or "", key.brp or ""]
    if kind in _BOOKED:
        cells.insert(1, "" if key.point is None else names.names[key.point])
    if kind is ResultKind.NET_EXCHANGE_PER_NEIGHBOUR:
        cells.insert(1, key.neighbour or "")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()
