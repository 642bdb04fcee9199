"""What points exchanged with the grid, laid side by side in equal steps: one row for each point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.period_groups import STATUS_BITS, series_kind
from gateway.messages.codes import Flow, Quality, Unit
from gateway.messages.masterdata import Rows
from gateway.messages.series import Mask, Quantities
from gateway.messages.times import STEP_SECONDS, Interval


@dataclass(frozen=True, slots=True)
class Flows:
    """What points exchanged with the grid in each step of an interval.

    Attributes:
        into: int64[points, steps] Wh into the grid; 0 where nothing is known.
        out: the same out of it.
        known: bool[points, steps], where either flow is known.
    """

    into: Quantities
    out: Quantities
    known: Mask


@dataclass(frozen=True, slots=True)
class FlowQuery:
    """Which points, whole steps of which length (seconds) in an interval, as known at a transaction (None: now)."""

    points: Rows
    interval: Interval
    step: int
    as_of: int | None = None


def read_flows(office: Office, connection: Connection, query: FlowQuery) -> Flows:
    """The flows of points; finer values are added up, a coarser one stands whole in the first of its steps."""
    into, known_in = _laid(office, connection, query, Flow.IN)
    out, known_out = _laid(office, connection, query, Flow.OUT)
    return Flows(into, out, known_in | known_out)


def _laid(office: Office, connection: Connection, query: FlowQuery, flow: Flow) -> tuple[Quantities, Mask]:
    """One flow of the points in steps, and where all of a step is known."""
    start, step = query.interval.start, query.step
    shape = (len(query.points), (query.interval.end - start) // step)
    quantity, seconds = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    kind = series_kind(Unit.KWH, flow)
    found = office.store.read(connection, query.points, query.interval, kind=kind, as_of=query.as_of)
    for row, runs in enumerate(found.runs):
        for run in runs:
            stored = STEP_SECONDS.get(run.resolution)
            if stored is None:
                continue
            there = (run.quality & STATUS_BITS) != Quality.MISSING
            starts = run.start + stored * np.flatnonzero(there)
            places = (starts - start) // step
            np.add.at(quantity[row], places, run.quantity[there])
            for further in range(max(stored // step, 1)):
                inside = places + further < shape[1]
                np.add.at(seconds[row], places[inside] + further, min(stored, step))
    known: Mask = seconds >= step
    return quantity, known
