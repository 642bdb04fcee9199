"""Who is told of which stored values: the parties of agreements at the point, and the portfolios above them.

An interval is told to whom it overlaps an agreement of; the sender hears no echo of its own (Elering 12, 30).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.hub.feed.parts import Parts
from gateway.hub.series.segments import SegmentInput, SegmentRef
from gateway.markets.distribution import Receiver
from gateway.markets.feed import FeedPolicy
from gateway.messages.agreements import AGREEMENT_KINDS, COMMODITIES, Agreements
from gateway.messages.codes import CORRECTED_FLAG, Commodity, Role
from gateway.messages.masterdata import MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Interval, MarketZone

Stored = tuple[SegmentInput, SegmentRef]
"""What was given to the store, and where it was put."""


@dataclass(frozen=True, slots=True)
class StoredRows:
    """All rows of what one message stored, as columns: number of the input, place, point, [start, end), correction."""

    inputs: Sequence[Stored]
    input: Rows
    segment: Rows
    row: Rows
    point: Rows
    start: Rows
    end: Rows
    corrects: Mask

    @classmethod
    def of(cls, inputs: Sequence[Stored], zone: MarketZone) -> StoredRows:
        """The rows of some inputs."""
        sizes = [ref.rows for _, ref in inputs]
        ends = [zone.end(one.resolution, one.start, one.quantity.shape[1]) for one, _ in inputs]
        within = [np.arange(ref.first_row, ref.first_row + ref.rows) for _, ref in inputs]
        corrects = [(one.quality & CORRECTED_FLAG).any(axis=1) for one, _ in inputs]
        return cls(
            inputs,
            np.repeat(np.arange(len(inputs)), sizes),
            np.repeat(np.array([ref.segment for _, ref in inputs], dtype=np.int64), sizes),
            np.concatenate(within),
            np.concatenate([one.points for one, _ in inputs]),
            np.repeat(np.array([one.start for one, _ in inputs], dtype=np.int64), sizes),
            np.repeat(np.array(ends, dtype=np.int64), sizes),
            np.concatenate(corrects),
        )


class Told(NamedTuple):
    """What one recipient is told of: rows of `StoredRows` and steps of them; the same step never twice."""

    recipient: Receiver
    rows: Rows
    parts: Parts


class _Case(NamedTuple):
    """An agreement's kind and party, as codes, over the part [start, end) of a row."""

    kind: int
    party: int
    start: int
    end: int


class Routing:
    """Who is told what, by agreements and master data as known at one moment."""

    def __init__(
        self, policy: FeedPolicy, agreements: Agreements, master: MasterData, commodity: Commodity, now: int
    ) -> None:
        self._policy, self._agreements, self._master = policy, agreements, master
        self._commodity, self._now = commodity, now
        self._roles: dict[tuple[str, tuple[Role, ...]], Role] = {}

    def told(self, stored: StoredRows, sender: str, zone: MarketZone) -> list[Told]:
        """What each recipient is told of, recipients in order of first appearance."""
        owner, cases = self._agreed(stored)
        if not len(owner):
            return []
        distinct, number = np.unique(np.stack(cases), axis=1, return_inverse=True)
        number = number.reshape(-1)
        by_case = np.argsort(number, kind="stable")
        bounds = np.searchsorted(number[by_case], np.arange(distinct.shape[1] + 1))
        spans: dict[Receiver, list[tuple[Rows, int, int]]] = {}
        for case, values in enumerate(distinct.T.tolist()):
            rows = owner[by_case[bounds[case] : bounds[case + 1]]]
            for recipient, start, end in self._recipients(_Case(*values)):
                if recipient.party != sender:
                    spans.setdefault(recipient, []).append((rows, start, end))
        return [_told(recipient, stored, parts, zone) for recipient, parts in spans.items()]

    def _agreed(self, stored: StoredRows) -> tuple[Rows, tuple[Rows, Rows, Rows, Rows]]:
        """Rows beside the agreements they overlap: the row, and kind, party, start and end of what they share."""
        columns = self._agreements.columns
        first = np.searchsorted(columns.point, stored.point, side="left")
        number = np.searchsorted(columns.point, stored.point, side="right") - first
        owner = np.repeat(np.arange(len(number)), number)
        at = np.repeat(first - np.cumsum(number) + number, number) + np.arange(len(owner))
        kinds = [AGREEMENT_KINDS.index(kind) for kind in self._policy.recipients]
        start = np.maximum(stored.start[owner], columns.valid_from[at])
        end = np.minimum(stored.end[owner], columns.valid_to[at])
        kept = (start < end) & np.isin(columns.kind[at], kinds)
        kept &= columns.commodity[at] == COMMODITIES.index(self._commodity)
        at = at[kept]
        found = columns.kind[at].astype(np.int64), columns.party[at].astype(np.int64), start[kept], end[kept]
        return owner[kept], found

    def _recipients(self, case: _Case) -> Iterator[tuple[Receiver, int, int]]:
        """The party of an agreement over all of a part, and those in whose portfolio it is over theirs."""
        party = self._agreements.parties.names[case.party]
        roles = self._policy.recipients[AGREEMENT_KINDS[case.kind]]
        yield Receiver(party, self._role(party, roles)), case.start, case.end
        if not self._policy.portfolio:
            return
        for part in self._agreements.portfolio(party, self._commodity, Interval(case.start, case.end)):
            for above in part.parties:
                yield Receiver(above, self._role(above, self._policy.portfolio)), part.start, part.end

    def _role(self, party: str, roles: tuple[Role, ...]) -> Role:
        """The first of the roles that a party holds now; the first of all where it holds none."""
        known = self._roles.get((party, roles))
        if known is None:
            held = (role for role in roles if self._master.holds(party, role, self._now))
            known = self._roles[party, roles] = next(held, roles[0])
        return known


def _told(recipient: Receiver, stored: StoredRows, spans: Sequence[tuple[Rows, int, int]], zone: MarketZone) -> Told:
    """The steps of rows that overlap spans."""
    row = np.concatenate([rows for rows, _, _ in spans])
    start = np.concatenate([np.full(len(rows), start) for rows, start, _ in spans])
    end = np.concatenate([np.full(len(rows), end) for rows, _, end in spans])
    first = np.zeros(len(row), dtype=np.int64)
    counts = np.array([one.quantity.shape[1] for one, _ in stored.inputs], dtype=np.int64)
    last = counts[stored.input[row]]
    known: dict[tuple[int, int, int], tuple[int, int]] = {}
    for at in np.flatnonzero((start > stored.start[row]) | (end < stored.end[row])).tolist():
        key = int(stored.input[row[at]]), int(start[at]), int(end[at])
        if key not in known:
            known[key] = _steps(stored.inputs[key[0]][0], key[1], key[2], zone)
        first[at], last[at] = known[key]
    row, first, last = _once(row, first, last)
    return Told(recipient, row, Parts(stored.point[row], stored.segment[row], stored.row[row], first, last))


def _steps(one: SegmentInput, start: int, end: int, zone: MarketZone) -> tuple[int, int]:
    """Which steps of an input share any moment with [start, end)."""
    count = one.quantity.shape[1]
    starts = zone.step_starts(one.resolution, one.start, count)
    ends = np.append(starts[1:], zone.end(one.resolution, one.start, count))
    return int(np.searchsorted(ends, start, side="right")), int(np.searchsorted(starts, end, side="left"))


def _once(row: Rows, first: Rows, last: Rows) -> tuple[Rows, Rows, Rows]:
    """The same steps, in order of rows, each once: a party may be entitled to them on two grounds."""
    order = np.lexsort((first, row))
    row, first, last = row[order], first[order], last[order]
    if len(row) > 1 and (row[1:] == row[:-1]).any():
        reached: dict[int, int] = {}
        for at, one in enumerate(row.tolist()):
            first[at] = max(first[at], reached.get(one, 0))
            reached[one] = max(int(last[at]), reached.get(one, 0))
    kept = first < last
    return row[kept], first[kept], last[kept]
