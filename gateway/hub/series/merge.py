"""What is known of one metering point: its stored rows of all versions, laid over each other in commit order.

A later row stands for its whole period. An earlier value whose step it touches is superseded, also where only a part of
the step is touched (a quarter received for an hour): otherwise energy would count twice. Gaps stay gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gateway.hub.series.segment_codec import Qualities, Quantities
from gateway.hub.series.segments import Segment, SegmentRow
from gateway.messages.times import Instants, Interval, MarketZone

_MANY = 64
"""Rows of a point from which on they are compared as columns: a year sent quarter by quarter has many."""


@dataclass(frozen=True, slots=True)
class Run:
    """Values of one point behind each other in one resolution, without a gap.

    Attributes:
        resolution: `PT15M`, `PT1H`, `P1D`, `P1M`, `P1Y`.
        start: instant of the first step.
        finish: instant at which the last step ends.
        quantity: int64[count] thousandths of the unit; 0 where missing.
        quality: uint8[count] as stored.
        transaction: int64[count], the version each value came with.
    """

    resolution: str
    start: int
    finish: int
    quantity: Quantities
    quality: Qualities
    transaction: npt.NDArray[np.int64]

    def starts(self, zone: MarketZone) -> Instants:
        """Start instant of every step."""
        return zone.step_starts(self.resolution, self.start, len(self.quantity))


def step_bounds(row: SegmentRow, zone: MarketZone) -> Instants:
    """Where the steps of a row begin, and where the last ends: int64[count + 1]."""
    segment = row.segment
    starts = zone.step_starts(segment.resolution, segment.start, segment.count)
    return np.append(starts, segment.finish)


def merged(rows: Sequence[SegmentRow], interval: Interval, zone: MarketZone) -> tuple[Run, ...]:
    """Runs of the values whose step begins within the interval, in time order.

    `rows` are all of one point and kind, oldest version first.
    """
    pieces = [piece for row in _surviving(rows, zone) for piece in _pieces(*row, interval, zone)]
    pieces.sort(key=lambda piece: piece.start)
    return tuple(_joined(pieces))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Steps [first, last) of a row, which take the time [start, finish)."""

    row: SegmentRow
    first: int
    last: int
    start: int
    finish: int

    def follows(self, other: _Piece) -> bool:
        """Whether this one continues the other without a gap, in its resolution."""
        same = self.row.segment.resolution == other.row.segment.resolution
        return same and self.start == other.finish


def _surviving(
    rows: Sequence[SegmentRow], zone: MarketZone
) -> Iterable[tuple[SegmentRow, npt.NDArray[np.bool_] | None]]:
    """Each row with a mask of the steps no later row touches; None where all stand."""
    for row, later in _with_later(rows):
        if not later:
            yield row, None
        elif not any(one.start <= row.segment.start and row.segment.finish <= one.finish for one in later):
            bounds = step_bounds(row, zone)
            stands = np.ones(row.segment.count, dtype=bool)
            for one in later:
                stands &= (bounds[1:] <= one.start) | (bounds[:-1] >= one.finish)
            yield row, stands


def _with_later(rows: Sequence[SegmentRow]) -> Iterable[tuple[SegmentRow, list[Segment]]]:
    """Each row with the segments of later rows that share any moment with it."""
    segments = [row.segment for row in rows]
    if len(rows) <= _MANY:
        for number, row in enumerate(rows):
            own, later = row.segment, segments[number + 1 :]
            yield row, [one for one in later if one.start < own.finish and own.start < one.finish]
        return
    starts = np.array([one.start for one in segments], dtype=np.int64)
    finishes = np.array([one.finish for one in segments], dtype=np.int64)
    for behind, row in enumerate(rows, start=1):
        own = row.segment
        touching = np.flatnonzero((starts[behind:] < own.finish) & (finishes[behind:] > own.start))
        yield row, [segments[behind + place] for place in touching.tolist()]


def _pieces(
    row: SegmentRow, stands: npt.NDArray[np.bool_] | None, interval: Interval, zone: MarketZone
) -> Iterable[_Piece]:
    segment = row.segment
    if stands is None and interval.start <= segment.start and segment.finish <= interval.end:
        yield _Piece(row, 0, segment.count, segment.start, segment.finish)
        return
    bounds = step_bounds(row, zone)
    wanted = (bounds[:-1] >= interval.start) & (bounds[:-1] < interval.end)
    if stands is not None:
        wanted &= stands
    edges = np.flatnonzero(np.diff(wanted, prepend=False, append=False)).tolist()
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        yield _Piece(row, first, last, int(bounds[first]), int(bounds[last]))


def _joined(pieces: Sequence[_Piece]) -> Iterable[Run]:
    """Pieces in time order, those that continue each other made one run."""
    group: list[_Piece] = []
    for piece in pieces:
        if group and not piece.follows(group[-1]):
            yield _run(group)
            group = []
        group.append(piece)
    if group:
        yield _run(group)


def _run(group: list[_Piece]) -> Run:
    transactions = np.array([piece.row.segment.transaction for piece in group], dtype=np.int64)
    return Run(
        group[0].row.segment.resolution,
        group[0].start,
        group[-1].finish,
        np.concatenate([piece.row.quantity[piece.first : piece.last] for piece in group]),
        np.concatenate([piece.row.quality[piece.first : piece.last] for piece in group]),
        np.repeat(transactions, [piece.last - piece.first for piece in group]),
    )
