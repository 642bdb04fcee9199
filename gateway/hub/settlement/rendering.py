"""Rows of snapshots as series of an RSM-014 or RSM-019, the same whenever and in whatever dialect they are rendered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.office import Office
from gateway.hub.outgoing import Settled, series_id
from gateway.hub.settlement.charges import Owners
from gateway.hub.settlement.recipients import numbered
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.markets.policies import CorrectedOutward
from gateway.markets.profile import MarketProfile
from gateway.messages.aggregates import AggregateSeries, Charge, PartyId, WholesaleSeries
from gateway.messages.amounts import Amounts
from gateway.messages.codes import (
    ChargeType,
    MeteringPointType,
    Product,
    Quality,
    SettlementMethod,
    SettlementStage,
    SettlementVersion,
    Unit,
)
from gateway.messages.identifiers import Scheme, is_eic
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Mask, Period, Qualities
from gateway.settlement.quality_sets import CALCULATED, CORRECTED, status_of
from gateway.settlement.results import ResultKind, ResultSeries

_CORRECTION = SettlementVersion.FIRST_CORRECTION
"""One settlement of corrections is run for each month [DEF]."""

_MOST_SNAPSHOTS = 64
"""Snapshots held while a document is rendered: more than a grid area has days in the longest period asked for."""


class _Day(NamedTuple):
    """A row of a snapshot."""

    snapshot: Snapshot
    row: ResultSeries


class _Stated(NamedTuple):
    """A series of a document: its id, the transaction it answers, and its row on each day, in order of time."""

    transaction: str
    original: str | None
    days: Sequence[_Day]

    @property
    def newest(self) -> Snapshot:
        """The last calculated of its snapshots."""
        return max((day.snapshot for day in self.days), key=lambda snapshot: snapshot.run.id)

    @property
    def columns(self) -> tuple[Qualities, Mask]:
        """Sets of qualities and where there is a sum, of all days behind each other."""
        rows = [day.row for day in self.days]
        return np.concatenate([row.qualities for row in rows]), np.concatenate([row.exists for row in rows])


def settled_series(
    profile: MarketProfile, connection: Connection, message_id: str, content: Settled
) -> Iterator[AggregateSeries]:
    """The series of a document of sums, in the order they were put on their way."""
    for stated in _stated(connection, message_id, content):
        yield _sum(profile, stated)


def charged_series(
    office: Office, connection: Connection, message_id: str, content: Settled
) -> Iterator[WholesaleSeries]:
    """The series of a document of charges, in the order they were put on their way."""
    owners: dict[int, Owners] = {}
    for stated in _stated(connection, message_id, content):
        newest = stated.newest
        if newest.id not in owners:
            owners[newest.id] = Owners(office, connection, newest)
        yield _charged(stated, owners[newest.id])


def _stated(connection: Connection, message_id: str, content: Settled) -> Iterator[_Stated]:
    known: dict[int, tuple[Snapshot, list[ResultSeries]]] = {}

    def day(number: int, place: int) -> _Day:
        if number not in known:
            if len(known) == _MOST_SNAPSHOTS:
                known.pop(next(iter(known)))
            snapshot = load(connection, number)
            known[number] = (snapshot, numbered(snapshot.results))
        snapshot, rows = known[number]
        return _Day(snapshot, rows[place])

    for number, item in enumerate(content.items):
        days = [day(*place) for place in ((item.snapshot, item.number), *item.following)]
        yield _Stated(series_id(message_id, number), item.original_transaction, days)


def _sum(profile: MarketProfile, stated: _Stated) -> AggregateSeries:
    row, run = stated.days[0].row, stated.newest.run
    terms = profile.results.terms[row.kind]
    quality = outward_quality(*stated.columns, marked=profile.corrected_outward is CorrectedOutward.MARKED)
    return AggregateSeries(
        transaction=stated.transaction,
        unit=Unit.KWH,
        period=_period(stated, quality),
        version=str(run.id),
        settlement_version=_CORRECTION if run.stage is SettlementStage.CORRECTION else None,
        original_transaction=stated.original,
        point_type=terms.point_type,
        settlement_method=terms.settlement_method,
        registered_at=run.finished_at // MICROSECONDS,
        grid_area=AreaId(row.key.grid_area),
        supplier=_party(row.key.supplier),
        balance_responsible=_party(row.key.brp),
        product=Product.ACTIVE_ENERGY,
    )


def _charged(stated: _Stated, owners: Owners) -> WholesaleSeries:
    """Energy alone: the hub knows no prices, so that no amount is known either and every value is incomplete."""
    row, run = stated.days[0].row, stated.newest.run
    _, exists = stated.columns
    tariff, is_profiled = row.key.tariff or "", row.kind is ResultKind.PROFILED_PER_TARIFF
    return WholesaleSeries(
        transaction=stated.transaction,
        unit=Unit.KWH,
        period=_period(stated, np.where(exists, np.uint8(Quality.INCOMPLETE), np.uint8(Quality.MISSING))),
        version=str(run.id),
        original_transaction=stated.original,
        point_type=MeteringPointType.CONSUMPTION if is_profiled else None,
        settlement_method=SettlementMethod.PROFILED if is_profiled else None,
        registered_at=run.finished_at // MICROSECONDS,
        grid_area=AreaId(row.key.grid_area),
        supplier=_party(row.key.supplier),
        product=Product.TARIFF,
        charge=Charge(tariff, ChargeType.TARIFF, _party(owners.of(tariff))),
        price=Amounts.none(len(exists)),
        amount=Amounts.none(len(exists)),
    )


def _party(party: str | None) -> PartyId | None:
    return None if party is None else PartyId(party, Scheme.EIC if is_eic(party) else Scheme.GS1)


def _period(stated: _Stated, quality: Qualities) -> Period:
    """The values of all days behind each other; positions run on."""
    results = [day.snapshot.results for day in stated.days]
    _, exists = stated.columns
    return Period(
        resolution=results[0].resolution,
        start=results[0].start,
        end=results[-1].end,
        position=np.arange(1, len(exists) + 1, dtype=np.int32),
        quantity=np.where(exists, np.concatenate([day.row.quantity for day in stated.days]), NO_QUANTITY),
        quality=quality,
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
