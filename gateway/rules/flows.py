"""Which way the energy of a series goes, and that it is energy at all (DH-200).

An exchange point has a series for each direction, named by the two grid areas; reactive energy has one for inductive
and one for capacitive energy; the active energy of any other point goes one way only, which its type says.
"""

from __future__ import annotations

import numpy as np

from gateway.messages.codes import AllowedFlow, Flow, MeteringPointType
from gateway.messages.masterdata import NONE
from gateway.messages.point_details import ALLOWED_FLOWS
from gateway.messages.series import Mask
from gateway.messages.times import NO_INSTANT
from gateway.rules.batch import KIND_CODES, Batch
from gateway.rules.hits import NOTHING, Hits, hits_where

_EXCHANGE = KIND_CODES[MeteringPointType.EXCHANGE]
_BOTH = ALLOWED_FLOWS.index(AllowedFlow.BOTH)
_DIRECTED = (Flow.IN, Flow.OUT)


def energies_only(batch: Batch) -> Hits:
    """A series holds the energy of time steps, never what a counter shows at an instant (FI-3.1)."""
    series = batch.series
    instant = batch.readable & (series.start == series.end)
    if series.read_at is not None:
        read = np.flatnonzero(series.read_at != NO_INSTANT)
        instant = instant.copy()
        instant[series.rows_of(read)] = True
    return hits_where(instant, "Period", lambda row: {"point": series.point[row]})


def flow_stated(batch: Batch) -> Hits:
    """A series of an exchange point or of reactive energy says its direction, and only such a one does (FI-1.3)."""
    wanted = _is_directed(batch)
    directed = _flow_mask(batch, _DIRECTED)
    none = _flow_mask(batch, (None,))
    wrong = batch.known & np.where(wanted, ~directed, ~none)
    return hits_where(wrong, "", lambda row: {"point": batch.series.point[row]})


def flow_allowed(batch: Batch) -> Hits:
    """The direction of an exchange point's series is one that its master data allow (FI-1.3, FI-1.5)."""
    exchange = np.flatnonzero((batch.type_codes == _EXCHANGE) & batch.known & (batch.detail_rows != NONE))
    if not len(exchange) or not batch.series.flow:
        return NOTHING
    allowed = batch.details.directions[batch.detail_rows[exchange]]
    wrong = np.zeros(len(batch.keys), dtype=np.bool_)
    for row, code in zip(exchange.tolist(), allowed.tolist(), strict=True):
        flow = batch.series.flow[row]
        wrong[row] = code != _BOTH and flow in _DIRECTED and flow != ALLOWED_FLOWS[code].value
    return hits_where(wrong, "", lambda row: {"point": batch.series.point[row], "flow": batch.series.flow[row] or ""})


def _is_directed(batch: Batch) -> Mask:
    """Series whose direction has to be said: of exchange points, and of reactive energy."""
    directed: Mask = (batch.type_codes == _EXCHANGE) | batch.is_reactive
    return directed


def _flow_mask(batch: Batch, flows: tuple[Flow | None, ...]) -> Mask:
    """Series whose flow is one of these."""
    if not batch.series.flow:
        return np.full(len(batch.keys), None in flows, dtype=np.bool_)
    return np.array([flow in flows for flow in batch.series.flow], dtype=np.bool_)
