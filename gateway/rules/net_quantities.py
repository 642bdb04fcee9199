"""Rules of net quantities: what is left of both flows of a quarter, as the grid operator computes it (Elering 12).

They are looked at and never computed anew: a published sample states a net quantity out beside a flow in alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from gateway.messages.codes import Commodity, Flow, Unit
from gateway.messages.metering_data import Measure, Member
from gateway.messages.series import Mask
from gateway.rules.batch import minute_text
from gateway.rules.interval_hits import IntervalHits
from gateway.rules.metering_batch import NET_FLOWS, OWN_FLOWS, MeteringBatch


def net_in_pair(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Net quantities come both or not at all."""
    net_in, net_out = (batch.data.stated(flow) for flow in NET_FLOWS)
    yield from _hits(batch, net_out & ~net_in, Flow.NET_IN)
    yield from _hits(batch, net_in & ~net_out, Flow.NET_OUT)


def net_beside_flow(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Net quantities come with a flow in or out of the same interval."""
    yield from _hits(batch, batch.stated(NET_FLOWS) & ~batch.stated(OWN_FLOWS), _first_net(batch))


def net_one_way(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Not both net quantities of an interval are above zero."""
    net_in, net_out = (batch.data.quantity(flow) for flow in NET_FLOWS)
    yield from _hits(batch, (net_in > 0) & (net_out > 0), Flow.NET_OUT)


def net_zero_beside_zero(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Where nothing flowed in and nothing out, both net quantities are zero."""
    flow_in, flow_out = (batch.data.quantity(flow) for flow in OWN_FLOWS)
    nothing = (flow_in == 0) & (flow_out == 0)
    for flow in NET_FLOWS:
        yield from _hits(batch, nothing & (batch.data.quantity(flow) > 0), flow)


def net_by_network(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Net quantities are sent by grid operators and closed distribution networks alone."""
    if batch.sender.role not in batch.terms.net_senders:
        yield from _hits(batch, batch.stated(NET_FLOWS), _first_net(batch))


def net_of_electricity(batch: MeteringBatch) -> Iterator[IntervalHits]:
    """Net quantities are of electricity."""
    if batch.data.commodity is not Commodity.ELECTRICITY:
        yield from _hits(batch, batch.stated(NET_FLOWS), _first_net(batch))


def _first_net(batch: MeteringBatch) -> Flow:
    return next((flow for flow in NET_FLOWS if batch.data.stated(flow).any()), Flow.NET_IN)


def _hits(batch: MeteringBatch, mask: Mask, flow: Flow) -> Iterator[IntervalHits]:
    if mask.any():
        yield IntervalHits(
            np.flatnonzero(mask),
            Member.QUANTITY,
            Measure(flow, Unit.KWH),
            lambda i: {"start": minute_text(int(batch.data.start[i])), "flow": flow},
        )
