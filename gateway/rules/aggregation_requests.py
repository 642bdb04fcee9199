"""Requests for sums of measure data (RSM-016, BRS-026): who may ask for which sums, over which period."""

from __future__ import annotations

from typing import TypeAlias

from gateway.messages.codes import MeteringPointType, ProcessType, Resolution, Role, SettlementMethod
from gateway.messages.documents import RequestedAggregation
from gateway.rules.hits import NOTHING, Hits, hits_where
from gateway.rules.results_requests import ResultsBatch, names_party

AggregationBatch: TypeAlias = ResultsBatch[RequestedAggregation]

_TYPES = frozenset({MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION, MeteringPointType.EXCHANGE})
_METHODS = frozenset({SettlementMethod.FLEX, SettlementMethod.HOURLY})
_FOR_BALANCE = frozenset({ProcessType.PRELIMINARY_AGGREGATION, ProcessType.BALANCE_FIXING})


def sums_asked_as_metered_data_responsible(batch: AggregationBatch) -> Hits:
    """A grid operator asks for sums under its hat of metered data responsible, never under the other one."""
    return hits_where(batch.where(lambda _: batch.requester.role is Role.GRID_OPERATOR), "", batch.words)


def balance_responsible_named(batch: AggregationBatch) -> Hits:
    """A balance responsible party names one, by an id that has the form of one."""
    if batch.requester.role is not Role.BALANCE_RESPONSIBLE:
        return NOTHING
    unnamed = batch.where(lambda r: not names_party(r.balance_responsible))
    return hits_where(unnamed, "balance_responsible", batch.words)


def balance_responsible_is_own(batch: AggregationBatch) -> Hits:
    """The party that a balance responsible party names is itself, or who delegated to it in the grid area (D1 §3.4)."""
    if batch.requester.role is not Role.BALANCE_RESPONSIBLE:
        return NOTHING

    def is_strange(request: RequestedAggregation) -> bool:
        named = request.balance_responsible
        return named is not None and names_party(named) and not batch.is_own(named.id, request)

    return hits_where(batch.where(is_strange), "balance_responsible", batch.words)


def balance_responsible_before_wholesale(batch: AggregationBatch) -> Hits:
    """A balance responsible party gets the sums of balance settlement only, preliminary and fixed (D1 §3.4)."""
    concerned = batch.requester.role is Role.BALANCE_RESPONSIBLE and batch.process_type not in _FOR_BALANCE
    return hits_where(batch.where(lambda _: concerned), "", batch.words)


def exchange_for_operator(batch: AggregationBatch) -> Hits:
    """Only the metered data responsible asks for exchange (D1 §4.1.5)."""
    if batch.requester.role is Role.METERED_DATA_RESPONSIBLE:
        return NOTHING
    exchange = batch.where(lambda r: r.point_type == MeteringPointType.EXCHANGE)
    return hits_where(exchange, "point_type", batch.words)


def total_consumption_for_operator(batch: AggregationBatch) -> Hits:
    """Only the metered data responsible asks for consumption of all settlement methods together (D1 §4.1.5)."""
    if batch.requester.role is Role.METERED_DATA_RESPONSIBLE:
        return NOTHING
    total = batch.where(lambda r: r.point_type == MeteringPointType.CONSUMPTION and r.settlement_method is None)
    return hits_where(total, "settlement_method", batch.words)


def summed_type_allowed(batch: AggregationBatch) -> Hits:
    """Sums are of consumption, production or exchange; without a type, of each of them."""
    unknown = batch.where(lambda r: r.point_type is not None and r.point_type not in _TYPES)
    return hits_where(unknown, "point_type", batch.words)


def summed_method_allowed(batch: AggregationBatch) -> Hits:
    """A settlement method is flex or hourly, and of consumption."""

    def is_wrong(request: RequestedAggregation) -> bool:
        method, of = request.settlement_method, request.point_type
        return method is not None and (method not in _METHODS or of != MeteringPointType.CONSUMPTION)

    return hits_where(batch.where(is_wrong), "settlement_method", batch.words)


def summed_period_stated(batch: AggregationBatch) -> Hits:
    """The period has a start and an end."""
    return hits_where(batch.where(lambda r: r.start is None or r.end is None), "start", batch.words)


def summed_period_forward(batch: AggregationBatch) -> Hits:
    """The period starts before it ends."""

    def is_backward(request: RequestedAggregation) -> bool:
        period = batch.period(request)
        return period is not None and period.start >= period.end

    return hits_where(batch.where(is_backward), "start", batch.words)


def summed_period_short_enough(batch: AggregationBatch) -> Hits:
    """The period is no longer than a month of the local calendar, from whatever day it starts."""
    months = batch.numbers.longest_months

    def is_long(request: RequestedAggregation) -> bool:
        period = batch.period(request)
        return period is not None and period.end > batch.zone.end(Resolution.MONTH, period.start, months)

    return hits_where(batch.where(is_long), "start", lambda row: {**batch.words(row), "longest": months})
