"""Rows of snapshots as the series of an RSM-014, the same whenever and in whatever dialect they are rendered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.outgoing import Settled, series_id
from gateway.hub.settlement.recipients import numbered
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.markets.profile import CorrectedOutward, MarketProfile
from gateway.messages.aggregates import AggregateSeries, PartyId
from gateway.messages.codes import Product, Quality, SettlementStage, SettlementVersion, Unit
from gateway.messages.identifiers import Scheme, is_eic
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Mask, Period, Qualities
from gateway.messages.times import STEP_SECONDS
from gateway.settlement.quality_sets import CALCULATED, CORRECTED, status_of
from gateway.settlement.results import ResultSeries

_CORRECTION = SettlementVersion.FIRST_CORRECTION
"""One settlement of corrections is run for each month [DEF]."""


def settled_series(
    profile: MarketProfile, connection: Connection, message_id: str, content: Settled
) -> Iterator[AggregateSeries]:
    """The series of a document, in the order they were put on their way."""
    known: dict[int, tuple[Snapshot, list[ResultSeries]]] = {}
    for number, item in enumerate(content.items):
        if item.snapshot not in known:
            snapshot = load(connection, item.snapshot)
            known[item.snapshot] = (snapshot, numbered(snapshot.results))
        snapshot, rows = known[item.snapshot]
        yield _series(profile, snapshot, rows[item.number], (series_id(message_id, number), item.original_transaction))


def _series(
    profile: MarketProfile, snapshot: Snapshot, row: ResultSeries, ids: tuple[str, str | None]
) -> AggregateSeries:
    terms = profile.results.terms[row.kind]
    transaction, original = ids
    return AggregateSeries(
        transaction=transaction,
        unit=Unit.KWH,
        period=_period(snapshot, row, marked=profile.corrected_outward is CorrectedOutward.MARKED),
        version=str(snapshot.run.id),
        settlement_version=_CORRECTION if snapshot.run.stage is SettlementStage.CORRECTION else None,
        original_transaction=original,
        point_type=terms.point_type,
        settlement_method=terms.settlement_method,
        registered_at=snapshot.run.finished_at // MICROSECONDS,
        grid_area=AreaId(row.key.grid_area),
        supplier=_party(row.key.supplier),
        balance_responsible=_party(row.key.brp),
        product=Product.ACTIVE_ENERGY,
    )


def _party(party: str | None) -> PartyId | None:
    return None if party is None else PartyId(party, Scheme.EIC if is_eic(party) else Scheme.GS1)


def _period(snapshot: Snapshot, row: ResultSeries, *, marked: bool) -> Period:
    results = snapshot.results
    return Period(
        resolution=results.resolution,
        start=results.start,
        end=results.start + results.steps * STEP_SECONDS[results.resolution],
        position=np.arange(1, results.steps + 1, dtype=np.int32),
        quantity=np.where(row.exists, row.quantity, NO_QUANTITY),
        quality=outward_quality(row.qualities, row.exists, marked=marked),
    )


def outward_quality(sets: Qualities, exists: Mask, *, marked: bool) -> Qualities:
    """The one status a receiver sees of a sum (DK-4.1.5.h, DK-4.1.5.f).

    Incomplete where a value is missing, else corrected where the market marks it, else estimated, else measured;
    calculated where nothing else went in; missing where there is no sum.
    """
    status = status_of(sets)
    status[status == Quality.MISSING] = Quality.INCOMPLETE
    status[sets & ~np.uint8(CORRECTED) == CALCULATED] = Quality.CALCULATED
    if marked:
        status[(sets & CORRECTED != 0) & (status != Quality.INCOMPLETE)] = Quality.CORRECTED
    status[~exists] = Quality.MISSING
    return status
