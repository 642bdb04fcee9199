"""Requests for settled charges (RSM-017, BRS-028): which month, in which form, of which charges."""

from __future__ import annotations

from typing import TypeAlias

from gateway.messages.codes import Resolution
from gateway.messages.documents import RequestedSettlement
from gateway.rules.hits import Hits, hits_where
from gateway.rules.results_requests import ResultsBatch

SettlementBatch: TypeAlias = ResultsBatch[RequestedSettlement]


def settled_month_whole(batch: SettlementBatch) -> Hits:
    """The period is one month of the local calendar; a bound that is no midnight is left to its own rule."""

    def is_other(request: RequestedSettlement) -> bool:
        if request.end is None:
            return True
        if not (batch.at_midnight(request.start) and batch.at_midnight(request.end)):
            return False
        period = batch.period(request)
        return period is not None and not (
            batch.zone.is_month_start(period.start) and batch.zone.end(Resolution.MONTH, period.start, 1) == period.end
        )

    return hits_where(batch.where(is_other), "start", batch.words)


def settled_resolution_allowed(batch: SettlementBatch) -> Hits:
    """The resolution is P1M, for the amount of the month, or absent, for those of each step."""
    return hits_where(
        batch.where(lambda r: r.resolution is not None and r.resolution != Resolution.MONTH), "resolution", batch.words
    )


def charge_id_short_enough(batch: SettlementBatch) -> Hits:
    """No charge's id is longer than the market lets it be."""
    longest = batch.numbers.charge_id_length

    def has_long_id(request: RequestedSettlement) -> bool:
        return any(len(charge.id or "") > longest for charge in request.charges)

    return hits_where(batch.where(has_long_id), "charges", lambda row: {**batch.words(row), "longest": longest})
