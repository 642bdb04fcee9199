"""The values of a settlement from a file: one row for each (point, step), most steps absent, in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gateway.cli.settle_files.coded_columns import CodedColumns, Column, read_coded
from gateway.cli.settle_files.master_files import STEPS, SettledPoints, known_point, one_of
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.codes import Quality
from gateway.messages.findings import Severity
from gateway.messages.masterdata import RESOLUTIONS, Rows
from gateway.messages.quantities import NO_QUANTITY, parse_quantity
from gateway.messages.series import Mask, Qualities, Quantities
from gateway.messages.times import Interval

_QUALITIES = {
    name.name.lower(): int(name) for name in (Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING, Quality.CALCULATED)
}
_TIME_BITS = 39
_BATCH_CELLS = 1 << 22


class SeriesBatch(NamedTuple):
    """Values of several points over the same steps, as the kernel takes them."""

    points: Rows
    quantity: Quantities
    quality: Qualities
    resolution: str
    start: int


@dataclass(frozen=True)
class FileValues:
    """The values of a file that a settlement looks at, each with the version of its point it lies in.

    Attributes:
        points: the points.
        version: int64[n], row of the points' master data.
        time: int64[n], instant of the step's start.
        quantity: int64[n] thousandths of a kWh, 0 where missing.
        quality: uint8[n].
    """

    points: SettledPoints
    version: Rows
    time: Rows
    quantity: Quantities
    quality: Qualities

    def __len__(self) -> int:
        return len(self.time)

    def batches(self, interval: Interval, wanted: Rows) -> Iterator[SeriesBatch]:
        """Every step of the wanted points' versions within an interval; steps without a value are missing ones."""
        columns = self.points.master.points
        first, last = np.maximum(columns.valid_from, interval.start), np.minimum(columns.valid_to, interval.end)
        inside = np.flatnonzero((first < last) & np.isin(columns.point, wanted))
        bounds = np.stack((columns.resolution[inside], first[inside], last[inside]), axis=1)
        windows, window = np.unique(bounds, axis=0, return_inverse=True)
        order = np.argsort(window.reshape(-1), kind="stable")
        versions = inside[order]
        rank = np.full(len(columns.point), -1, dtype=np.int64)
        rank[versions] = np.arange(len(versions))
        kept = (rank[self.version] >= 0) & (self.time >= interval.start) & (self.time < interval.end)
        values = np.flatnonzero(kept)
        values = values[np.argsort(rank[self.version[values]], kind="stable")]
        ranks = rank[self.version[values]]
        ends = np.cumsum(np.bincount(window.reshape(-1), minlength=len(windows)))
        for (resolution, start, end), begun, ended in zip(
            windows.tolist(), [0, *ends.tolist()], ends.tolist(), strict=False
        ):
            seconds = int(STEPS[resolution])
            steps = (end - start) // seconds
            height = max(1, _BATCH_CELLS // steps)
            for low in range(begun, ended, height):
                high = min(ended, low + height)
                mine = values[slice(*np.searchsorted(ranks, (low, high)).tolist())]
                cells = rank[self.version[mine]] - low, (self.time[mine] - start) // seconds
                quantity = np.zeros((high - low, steps), dtype=np.int64)
                quality = np.full((high - low, steps), Quality.MISSING, dtype=np.uint8)
                quantity[cells], quality[cells] = self.quantity[mine], self.quality[mine]
                points = columns.point[versions[low:high]]
                yield SeriesBatch(points, quantity, quality, RESOLUTIONS[resolution], start)


def read_values(path: Path, points: SettledPoints, manner: Manner, findings: FindingList) -> FileValues:
    """The values of a file, checked against the points; those of children and grid-loss points are not looked at.

    A file may hold more than the points do: what is of others, or of a time a point is not valid, is left out with a
    warning.

    Findings: those of `read_coded`, `missing-value`, `missing-with-quantity`, `off-step`, `duplicate-value`; as
    warnings `unknown-point`, `outside-validity`, `negative-quantity`.

    Raises:
        OSError: the file cannot be opened.
    """
    layout = (
        Column("mp", partial(known_point, points.names), rule="unknown-point", severity=Severity.WARNING),
        Column("time", manner.instant),
        Column("quantity", quantity_of, NO_QUANTITY),
        Column("quality", partial(one_of, _QUALITIES), int(Quality.ABSENT)),
    )
    table = read_coded(path, layout, findings)
    table = table.where(~points.ignored[table["mp"]])
    table = table.where(_good_values(table, findings))
    key = _key(table["mp"], table["time"])
    _check_duplicates(table, key, points, findings)
    version, is_good = _versions(table, key, points, findings)
    table = table.where(is_good)
    missing = (table["quality"] == Quality.MISSING) | (table["quantity"] == NO_QUANTITY)
    return FileValues(
        points,
        version[is_good],
        table["time"],
        np.where(missing, 0, table["quantity"]),
        np.where(missing, Quality.MISSING, table["quality"]).astype(np.uint8),
    )


def quantity_of(text: str) -> int:
    """Thousandths of a kWh from decimal text; zeros behind the third decimal say nothing.

    Raises:
        ValueError: it is no number, or finer or greater than the market knows.
    """
    text = text.strip()
    parsed = parse_quantity(text.rstrip("0") if "." in text else text)
    if parsed is None:
        raise ValueError("is no number")
    if not parsed.is_plain:
        raise ValueError("has more than 3 decimals or 10 digits before the point")
    return parsed.thousandths


def _good_values(table: CodedColumns, findings: FindingList) -> Mask:
    """A value states its quality, and none where it is missing."""
    quantity, quality = table["quantity"], table["quality"]
    unstated = (quality == Quality.ABSENT) & (quantity != NO_QUANTITY)
    table.note(findings, "missing-value", unstated, "column quality: the value is missing")
    contradicting = (quality == Quality.MISSING) & (quantity != NO_QUANTITY) & (quantity != 0)
    table.note(findings, "missing-with-quantity", contradicting, "column quantity: a missing value has none")
    negative = np.flatnonzero((quantity < 0) & (quantity != NO_QUANTITY))
    if len(negative):
        text = f"{len(negative)} quantities are negative, this the first; values of points are never (D1 §6.2.2)"
        place = Place(table.file, int(table.line[negative[0]]))
        findings.add("negative-quantity", text, place, Severity.WARNING, "D1 §6.2.2")
    good: Mask = ~(unstated | contradicting)
    return good


def _key(point: Rows, instant: Rows) -> Rows:
    """Point and instant in one number that orders by both."""
    return (point << _TIME_BITS) + np.clip(instant, -(1 << _TIME_BITS - 1), (1 << _TIME_BITS - 1) - 1)


def _check_duplicates(table: CodedColumns, key: Rows, points: SettledPoints, findings: FindingList) -> None:
    order = np.argsort(key, kind="stable")
    for place in (np.flatnonzero(np.diff(key[order]) == 0) + 1).tolist():
        row, before = int(order[place]), int(order[place - 1])
        name = points.names.names[table["mp"][row]]
        text = f"{name} has a value for this time already in line {table.line[before]}"
        findings.add("duplicate-value", text, Place(table.file, int(table.line[row])))


def _versions(table: CodedColumns, key: Rows, points: SettledPoints, findings: FindingList) -> tuple[Rows, Mask]:
    """The version each value lies in, and where there is one with steps that begin at its time."""
    columns = points.master.points
    if not len(columns.point):
        table.note(findings, "outside-validity", np.ones(len(table), dtype=bool), _OUTSIDE, Severity.WARNING)
        return np.zeros(len(table), dtype=np.int64), np.zeros(len(table), dtype=bool)
    version = np.searchsorted(_key(columns.point, columns.valid_from), key, side="right") - 1
    np.maximum(version, 0, out=version)
    is_inside = (columns.point[version] == table["mp"]) & (columns.valid_from[version] <= table["time"])
    is_inside &= table["time"] < columns.valid_to[version]
    table.note(findings, "outside-validity", ~is_inside, _OUTSIDE, Severity.WARNING)
    off_step = is_inside & (table["time"] % STEPS[columns.resolution[version]] != 0)
    table.note(findings, "off-step", off_step, "column time: no step of the point's resolution begins then")
    return version, is_inside & ~off_step


_OUTSIDE = "column time: the point is not valid then"
