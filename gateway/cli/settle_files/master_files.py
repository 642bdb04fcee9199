"""`metering_points.csv` and `grid_loss.csv`: who is settled for what and when, and where the grid loss goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from pathlib import Path

import numpy as np

from gateway.cli.settle_files.coded_columns import CodedColumns, Column, read_coded
from gateway.hub.masterdata import cells
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.table_rows import FindingList, Place
from gateway.messages.codes import ConnectionState, MeteringPointType, Resolution, SettlementMethod, Subtype, Unit
from gateway.messages.masterdata import (
    FOREVER,
    KINDS,
    METHODS,
    NONE,
    RESOLUTIONS,
    STATES,
    SUBTYPES,
    UNITS,
    Codes,
    MasterData,
    Names,
    PointColumns,
    Rows,
)
from gateway.messages.series import Mask
from gateway.messages.times import STEP_SECONDS
from gateway.settlement.dh3 import LossPoint, LossSign

POINTS_FILE = "metering_points.csv"
LOSS_FILE = "grid_loss.csv"


class _Kind(IntEnum):
    CONSUMPTION = 0
    PRODUCTION = 1
    EXCHANGE = 2
    CHILD = 3


_TYPES = (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION, MeteringPointType.EXCHANGE)
_SIGNS = tuple(LossSign)
STEPS = np.array([STEP_SECONDS.get(resolution, 1) for resolution in RESOLUTIONS], dtype=np.int64)
"""Seconds of a step by code of resolution."""


@dataclass(frozen=True)
class SettledPoints:
    """The points of a settlement from files; a point's number is its place in `names`.

    Attributes:
        master: versions of all points but children, in order of point and time.
        names: the points' ids.
        losses: points that grid loss is booked on, one for each version.
        ignored: bool[points], children and grid-loss points, and those with a bad row: their values are not looked at.
    """

    master: MasterData
    names: Names
    losses: tuple[LossPoint, ...]
    ignored: Mask

    @property
    def loss_points(self) -> Rows:
        """The numbers of the points that grid loss is booked on."""
        return np.unique(np.array([loss.point for loss in self.losses], dtype=np.int64))


def read_points(directory: Path, manner: Manner, findings: FindingList, needs_losses: bool) -> SettledPoints:
    """Both files, checked against each other.

    Findings: those of `read_coded`; of metering points `missing-value`, `valid-from-after-to`, `off-step`,
    `overlapping-versions`; of grid loss `unknown-point`, `loss-point-kind`, `loss-point-area`, `loss-point-twice`.

    Raises:
        OSError: a file cannot be opened; `grid_loss.csv` may be absent unless it is needed.
    """
    names, areas, parties = Names(), Names(), Names()
    table = read_coded(directory / POINTS_FILE, _point_layout(names, areas, parties, manner), findings)
    good = _good_rows(table, findings)
    doubtful = table["mp"][~good]
    table = table.where(good)
    order = np.lexsort((table["valid_from"], table["mp"]))
    table = CodedColumns(table.file, table.line[order], {name: rows[order] for name, rows in table.columns.items()})
    _check_overlaps(table, names, findings)
    master = MasterData(_columns(table.where(table["kind"] != _Kind.CHILD)), areas, parties)
    ignored = np.ones(len(names.names), dtype=bool)
    ignored[master.points.point] = False
    ignored[doubtful] = True
    losses: tuple[LossPoint, ...] = ()
    path = directory / LOSS_FILE
    if needs_losses or path.exists():
        losses = _read_losses(path, master, names, findings)
        ignored[[loss.point for loss in losses]] = True
    return SettledPoints(master, names, losses, ignored)


def _point_layout(names: Names, areas: Names, parties: Names, manner: Manner) -> tuple[Column, ...]:
    def area(text: str) -> int:
        return areas.code(cells.grid_area(text))

    def party(text: str) -> int:
        return parties.code(identifier(text))

    return (
        Column("mp", lambda text: names.code(identifier(text))),
        Column("alias", lambda _: NONE, NONE, is_expected=False),
        Column("kind", partial(one_of, {kind.name.lower(): int(kind) for kind in _Kind})),
        Column("settlement", partial(one_of, {str(m): METHODS.index(m) for m in _METHODS}), NONE, is_expected=False),
        Column("grid_area", area),
        Column("resolution", partial(one_of, {str(r): RESOLUTIONS.index(r) for r in _RESOLUTIONS}), NONE),
        Column("from_area", area, NONE, is_expected=False),
        Column("to_area", area, NONE, is_expected=False),
        Column("parent_mp", lambda _: NONE, NONE, is_expected=False),
        Column("supplier", party, NONE, is_expected=False),
        Column("brp", party, NONE, is_expected=False),
        Column("valid_from", manner.instant, -FOREVER, is_expected=False),
        Column("valid_to", manner.instant, FOREVER, is_expected=False),
    )


_METHODS = (SettlementMethod.FLEX, SettlementMethod.HOURLY)
_RESOLUTIONS = (Resolution.QUARTER, Resolution.HOUR)


def identifier(text: str) -> str:
    """The id of a point or party: any printable text without blanks; the origin's own ids are as good as the market's.

    Raises:
        ValueError: it is none.
    """
    text = text.strip()
    if not text.isprintable() or " " in text or not 0 < len(text) <= _ID_LENGTH:
        raise ValueError(f"is no id of at most {_ID_LENGTH} printable characters")
    return text


_ID_LENGTH = 80


def one_of(codes: dict[str, int], text: str) -> int:
    """The code of a word of a list.

    Raises:
        ValueError: it is none of them.
    """
    code = codes.get(text.strip())
    if code is None:
        raise ValueError(f"is not one of {', '.join(codes)}")
    return code


def _good_rows(table: CodedColumns, findings: FindingList) -> Mask:
    """Which rows state what their kind needs, for some time of whole steps."""
    kind, start, end = table["kind"], table["valid_from"], table["valid_to"]
    has_parties = (kind == _Kind.CONSUMPTION) | (kind == _Kind.PRODUCTION)
    is_measured = kind != _Kind.CHILD
    faulty = np.zeros(len(table), dtype=bool)
    for column, needs in (
        ("settlement", kind == _Kind.CONSUMPTION),
        ("resolution", is_measured),
        ("supplier", has_parties),
        ("brp", has_parties),
        ("from_area", kind == _Kind.EXCHANGE),
        ("to_area", kind == _Kind.EXCHANGE),
    ):
        lacks = needs & (table[column] == NONE)
        table.note(findings, "missing-value", lacks, f"column {column}: the value is missing")
        faulty |= lacks
    empty = start >= end
    table.note(findings, "valid-from-after-to", empty, "column valid_to: not after valid_from")
    step = np.where(is_measured, STEPS[table["resolution"]], 1)
    for column, bound in (("valid_from", start), ("valid_to", end)):
        off_step = (np.abs(bound) != FOREVER) & (bound % step != 0) & ~faulty
        table.note(findings, "off-step", off_step, f"column {column}: within a step of the point's resolution")
        faulty |= off_step
    return ~(faulty | empty)


def _check_overlaps(table: CodedColumns, names: Names, findings: FindingList) -> None:
    """No two versions of a point hold at one time; rows are in order of point and valid_from."""
    point, start, end = table["mp"], table["valid_from"], table["valid_to"]
    clashing = np.flatnonzero((point[1:] == point[:-1]) & (end[:-1] > start[1:])) + 1
    for row in clashing.tolist():
        text = f"{names.names[point[row]]}: valid at the same time as line {table.line[row - 1]} says"
        findings.add("overlapping-versions", text, Place(table.file, int(table.line[row])))


def _columns(table: CodedColumns) -> PointColumns:
    def codes(rows: Rows) -> Codes:
        return rows.astype(np.int32)

    def constant(code: int) -> Codes:
        return np.full(len(table), code, dtype=np.int32)

    return PointColumns(
        point=table["mp"],
        valid_from=table["valid_from"],
        valid_to=table["valid_to"],
        kind=np.array([KINDS.index(kind) for kind in _TYPES], dtype=np.int32)[table["kind"]],
        subtype=constant(SUBTYPES.index(Subtype.PHYSICAL)),
        settlement_method=codes(table["settlement"]),
        connection_state=constant(STATES.index(ConnectionState.CONNECTED)),
        resolution=codes(table["resolution"]),
        unit=constant(UNITS.index(Unit.KWH)),
        grid_area=codes(table["grid_area"]),
        energy_supplier=codes(table["supplier"]),
        balance_responsible=codes(table["brp"]),
        from_grid_area=codes(table["from_area"]),
        to_grid_area=codes(table["to_area"]),
        parent=np.full(len(table), NONE, dtype=np.int64),
    )


# ---------------------------------------------------------------------------------------------------------- grid loss


def _read_losses(path: Path, master: MasterData, names: Names, findings: FindingList) -> tuple[LossPoint, ...]:
    layout = (
        Column("mp", partial(known_point, names), rule="unknown-point"),
        Column("grid_area", lambda text: master.areas.code(cells.grid_area(text))),
        Column("role", partial(one_of, {str(sign): number for number, sign in enumerate(_SIGNS)})),
    )
    table = read_coded(path, layout, findings)
    losses: list[LossPoint] = []
    holders: dict[tuple[str, LossSign], list[LossPoint]] = {}
    columns = (table["mp"], table["grid_area"], table["role"], table.line)
    for point, area, role, line in zip(*(column.tolist() for column in columns), strict=True):
        place = Place(table.file, line)
        found = _losses_of(point, master.areas.names[area], _SIGNS[role], master)
        if not found:
            findings.add("loss-point-kind", f"{names.names[point]} cannot take a grid loss", place)
        for loss in found:
            _check_loss(loss, master, names, place, findings)
            others = holders.setdefault((loss.grid_area, loss.sign), [])
            if any(loss.valid_from < other.valid_to and other.valid_from < loss.valid_to for other in others):
                text = f"area {loss.grid_area} has two {loss.sign} points at one time"
                findings.add("loss-point-twice", text, place)
            others.append(loss)
            losses.append(loss)
    return tuple(losses)


def known_point(names: Names, text: str) -> int:
    """The number of a point of the metering points file.

    Raises:
        ValueError: there is none.
    """
    code = names.find(text.strip())
    if code == NONE:
        raise ValueError(f"is no metering point of {POINTS_FILE}")
    return code


def _losses_of(point: int, area: str, sign: LossSign, master: MasterData) -> list[LossPoint]:
    columns, parties = master.points, master.parties
    first, last = np.searchsorted(columns.point, [point, point + 1]).tolist()
    return [
        LossPoint(
            point,
            area,
            sign,
            parties.name(int(columns.energy_supplier[row])),
            parties.name(int(columns.balance_responsible[row])),
            int(columns.valid_from[row]),
            int(columns.valid_to[row]),
        )
        for row in range(first, last)
    ]


def _check_loss(loss: LossPoint, master: MasterData, names: Names, place: Place, findings: FindingList) -> None:
    """A positive loss goes to flex consumption, a negative one to production, each of the loss's own area."""
    columns = master.points
    point = names.names[loss.point]
    row = int(np.flatnonzero((columns.point == loss.point) & (columns.valid_from == loss.valid_from))[0])
    wanted = MeteringPointType.CONSUMPTION if loss.sign is LossSign.POSITIVE else MeteringPointType.PRODUCTION
    is_flex = columns.settlement_method[row] == METHODS.index(SettlementMethod.FLEX)
    if columns.kind[row] != KINDS.index(wanted) or (loss.sign is LossSign.POSITIVE and not is_flex):
        what = "flex consumption" if loss.sign is LossSign.POSITIVE else "production"
        findings.add("loss-point-kind", f"{point} is not a point of {what}", place)
    if master.areas.names[columns.grid_area[row]] != loss.grid_area:
        findings.add("loss-point-area", f"{point} is not registered in area {loss.grid_area}", place)
