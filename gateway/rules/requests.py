"""Requests for measure data (RSM-015): who may ask for what, over which period.

The yearly request (E30) has rules of its own; access to the data of a period is decided by master data alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gateway.messages.codes import MeteringPointType, ProcessType, Role
from gateway.messages.documents import RequestedSeries
from gateway.messages.masterdata import KINDS, Located, MasterData
from gateway.messages.series import Mask
from gateway.messages.times import NO_INSTANT, Instants, Interval
from gateway.rules.batch import FIRST_DATE, LAST_DATE, Sender, minute_text, point_keys
from gateway.rules.hits import NOTHING, Hits, Words, hits_where
from gateway.rules.parties import OPERATING_ROLES

QUARTER = 900
YEARLY_TYPES = (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION)

Access = Callable[[int, Interval], tuple[Interval, ...]]
"""The parts of an interval in which the requester may see a point (by its number)."""


@dataclass(frozen=True)
class RequestBatch:
    """All transactions of one request beside the master data of their points.

    Attributes:
        requests: the transactions.
        process_type: periodic or yearly metering.
        requester: the party, in the role the document states.
        master: master data as known now.
        now: instant of receipt.
        access: what the requester may see.
        without_data: bool[n], transactions for which the store holds nothing; None before it is asked.
    """

    requests: tuple[RequestedSeries, ...]
    process_type: str | None
    requester: Sender
    master: MasterData
    now: int
    access: Access
    without_data: Mask | None = None

    @cached_property
    def start(self) -> Instants:
        """Start of each period; NO_INSTANT where it is absent or cannot be read."""
        return np.array([NO_INSTANT if r.start is None else r.start for r in self.requests], dtype=np.int64)

    @cached_property
    def end(self) -> Instants:
        """End of each period; now where it is absent, NO_INSTANT where it cannot be read."""
        return np.array([self.now if r.end is None else r.end for r in self.requests], dtype=np.int64)

    @cached_property
    def readable(self) -> Mask:
        """Where both bounds are dates of the calendar."""
        low = np.minimum(self.start, self.end) >= FIRST_DATE
        readable: Mask = low & (np.maximum(self.start, self.end) < LAST_DATE)
        return readable

    @cached_property
    def forward(self) -> Mask:
        """Where the period can be read and starts before it ends."""
        forward: Mask = self.readable & (self.start < self.end)
        return forward

    @cached_property
    def keys(self) -> Instants:
        """Numbers of the points, NO_POINT where the id has not the form of a GSRN."""
        return point_keys([request.point for request in self.requests])

    @cached_property
    def located(self) -> Located:
        """Versions of each point that overlap its period, or that hold now where there is no period."""
        start, end = np.where(self.forward, self.start, self.now), np.where(self.forward, self.end, self.now + 1)
        return self.master.locate(self.keys, start, end)

    @cached_property
    def known(self) -> Mask:
        """Where the point has master data in the period."""
        return self.located.number > 0

    @cached_property
    def entitled(self) -> tuple[tuple[Interval, ...], ...]:
        """The parts of each period that the requester may see; none where point or period are unknown."""
        return tuple(
            self.access(int(self.keys[i]), Interval(int(self.start[i]), int(self.end[i])))
            if self.known[i] and self.forward[i]
            else ()
            for i in range(len(self.requests))
        )

    def point(self, row: int) -> Words:
        """The wording of one transaction."""
        return {"point": self.requests[row].point, "party": self.requester.party}


def yearly_by_supplier(batch: RequestBatch) -> Hits:
    """Only an energy supplier asks for yearly values."""
    wrong = batch.process_type == ProcessType.YEARLY_METERING and batch.requester.role is not Role.ENERGY_SUPPLIER
    return hits_where(np.full(len(batch.requests), wrong), "", batch.point)


def yearly_type_allowed(batch: RequestBatch) -> Hits:
    """Yearly values exist for consumption and production only."""
    if batch.process_type != ProcessType.YEARLY_METERING:
        return NOTHING
    kinds, (first, number) = batch.master.points.kind, batch.located
    types = [{KINDS[kind] for kind in kinds[f : f + n]} for f, n in zip(first.tolist(), number.tolist(), strict=True)]
    wrong = np.array([not found.issubset(YEARLY_TYPES) for found in types], dtype=np.bool_)
    return hits_where(wrong, "point", lambda row: {"type": ", ".join(sorted(types[row]))})


def requested_point_known(batch: RequestBatch) -> Hits:
    """The metering point has master data in the period."""
    return hits_where(~batch.known, "point", batch.point)


def requested_period_readable(batch: RequestBatch) -> Hits:
    """The period has a start, and an end where one is written, that can be read."""
    return hits_where(~batch.readable, "start")


def requested_period_forward(batch: RequestBatch) -> Hits:
    """The period starts before it ends."""
    return hits_where(batch.readable & ~batch.forward, "start", lambda row: _bounds(batch, row))


def requested_bounds_on_quarter(batch: RequestBatch) -> Hits:
    """The bounds that are written lie on a quarter of an hour, the finest step there is."""
    open_end = np.array([request.end is None for request in batch.requests], dtype=np.bool_)
    off = (batch.start % QUARTER != 0) | ((batch.end % QUARTER != 0) & ~open_end)
    return hits_where(off & batch.readable, "start", lambda row: _bounds(batch, row))


def supplier_entitled(batch: RequestBatch) -> Hits:
    """A supplier asks for points it supplies in at least a part of the period (D1 §3.4)."""
    return _unentitled(batch, batch.requester.role is Role.ENERGY_SUPPLIER)


def operator_entitled(batch: RequestBatch) -> Hits:
    """A grid operator asks for points of its grid area, or on its border."""
    return _unentitled(batch, batch.requester.role in OPERATING_ROLES)


def other_role_entitled(batch: RequestBatch) -> Hits:
    """Any other role asks for what it also receives, or for what was delegated to it (D1 §3.4)."""
    return _unentitled(batch, batch.requester.role not in (Role.ENERGY_SUPPLIER, *OPERATING_ROLES))


def requested_data_available(batch: RequestBatch) -> Hits:
    """The store holds values of the point in the period; asked once it has answered."""
    return NOTHING if batch.without_data is None else hits_where(batch.without_data, "", batch.point)


def _unentitled(batch: RequestBatch, concerned: bool) -> Hits:
    if not concerned:
        return NOTHING
    nothing_to_see = np.array([not parts for parts in batch.entitled], dtype=np.bool_)
    return hits_where(nothing_to_see & batch.known & batch.forward, "point", batch.point)


def _bounds(batch: RequestBatch, row: int) -> Words:
    return {"start": minute_text(int(batch.start[row])), "end": minute_text(int(batch.end[row]))}
