"""Hypothesis strategies of the documents of settlement: everything the neutral model can hold and CIM can say."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from gateway.messages.aggregates import AggregateSeries, Charge, PartyId, WholesaleSeries
from gateway.messages.amounts import Amounts
from gateway.messages.codes import (
    ChargeType,
    ProcessType,
    Product,
    Role,
    SettlementMethod,
    SettlementVersion,
    Unit,
)
from gateway.messages.documents import (
    AggregatedMeasureData,
    MissingData,
    MissingDataReminder,
    PointId,
    WholesaleServices,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.series import AreaId, Period
from gateway.messages.times import NO_INSTANT

from .strategies import PARTY_SCHEMES, POINT_TYPES, SECONDS, headers, periods, texts

_AREAS = st.none() | st.builds(AreaId, texts(18), st.sampled_from([Scheme.GRID_AREA, Scheme.EIC]))
_PARTIES = st.builds(PartyId, texts(16), PARTY_SCHEMES)
_VERSIONS = st.none() | st.sampled_from([*SettlementVersion, "D10"])
_NO_POINTS = (np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8))
_MONEY = st.none() | st.one_of(
    st.integers(-(10**11), 10**11).map(lambda millionths: f"{millionths // 1000}.{millionths % 1000:03d}"),
    st.sampled_from(["0", "0.000001", "-0.25", "0.123456789", "25.375000", "99999999999999999"]),
)
_SETTLEMENTS = st.sampled_from([ProcessType.BALANCE_FIXING, ProcessType.WHOLESALE_FIXING])


@st.composite
def _result_periods(draw: st.DrawFn) -> Period:
    """A period, which may be without any value."""
    period = draw(periods())
    if draw(st.integers(0, 9)):
        return period
    return Period(period.resolution, period.start, period.end, *_NO_POINTS, decimals=0)


_RESULT: dict[str, st.SearchStrategy[Any]] = {
    "transaction": texts(36),
    "period": _result_periods(),
    "version": st.none() | texts(140),
    "settlement_version": _VERSIONS,
    "original_transaction": st.none() | texts(36),
    "settlement_method": st.none() | st.sampled_from(SettlementMethod),
    "asset_type": st.sampled_from([None, "B16", "D99"]),
    "registered_at": st.just(NO_INSTANT) | SECONDS,
    "bidding_zone": _AREAS,
    "grid_area": _AREAS,
}


def aggregates() -> st.SearchStrategy[AggregatedMeasureData]:
    one = st.builds(
        AggregateSeries,
        unit=st.sampled_from([Unit.KWH, Unit.KVARH, Unit.MWH, Unit.PIECES]),
        point_type=POINT_TYPES,
        supplier=st.none() | _PARTIES,
        product=st.sampled_from([None, Product.ACTIVE_ENERGY, Product.REACTIVE_ENERGY]),
        in_area=_AREAS,
        out_area=_AREAS,
        balance_responsible=st.none() | _PARTIES,
        **_RESULT,
    )
    roles = st.sampled_from([Role.ENERGY_SUPPLIER, Role.BALANCE_RESPONSIBLE, Role.METERED_DATA_RESPONSIBLE])
    return st.builds(
        AggregatedMeasureData,
        header=headers("E31", from_hub=True, processes=_SETTLEMENTS, roles=roles),
        series=st.lists(one, min_size=1, max_size=3).map(tuple),
    )


@st.composite
def _wholesale_series(draw: st.DrawFn) -> WholesaleSeries:
    common = {name: draw(strategy) for name, strategy in _RESULT.items()}
    count = len(common["period"].position)
    kinds = st.none() | st.sampled_from(ChargeType)
    charge = draw(st.builds(Charge, st.none() | texts(36), kinds, st.none() | _PARTIES))
    return WholesaleSeries(
        **common,
        unit=draw(st.sampled_from([Unit.KWH, Unit.PIECES])),
        point_type=draw(st.none() | POINT_TYPES),
        supplier=draw(_PARTIES),
        product=draw(st.sampled_from([None, Product.TARIFF])),
        price=Amounts.read([draw(_MONEY) for _ in range(count)]),
        amount=Amounts.read([draw(_MONEY) for _ in range(count)]),
        charge=charge if any(charge) else None,
        price_unit=draw(st.sampled_from([None, Unit.KWH, Unit.PIECES])),
        currency=draw(st.sampled_from([None, "DKK"])),
    )


def wholesale() -> st.SearchStrategy[WholesaleServices]:
    roles = st.sampled_from([Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.SYSTEM_OPERATOR])
    return st.builds(
        WholesaleServices,
        header=headers("E31", from_hub=True, processes=_SETTLEMENTS, roles=roles),
        series=st.lists(_wholesale_series(), min_size=1, max_size=3).map(tuple),
    )


def reminders() -> st.SearchStrategy[MissingDataReminder]:
    one = st.builds(
        MissingData,
        transaction=texts(36),
        day=st.none() | SECONDS,
        points=st.lists(st.builds(PointId, texts(35), PARTY_SCHEMES), max_size=3).map(tuple),
    )
    roles = st.sampled_from([Role.METERED_DATA_RESPONSIBLE, Role.GRID_OPERATOR])
    return st.builds(
        MissingDataReminder,
        header=headers("D24", from_hub=True, processes=st.just(ProcessType.MISSING_DATA), roles=roles),
        series=st.lists(one, min_size=1, max_size=3).map(tuple),
    )


def results() -> st.SearchStrategy[AggregatedMeasureData | MissingDataReminder | WholesaleServices]:
    """Any document of settlement."""
    return st.one_of(aggregates(), reminders(), wholesale())
