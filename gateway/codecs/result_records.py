"""The series of a settlement's results into records and back, alike for every dialect."""

from __future__ import annotations

from typing import Any

from gateway.codecs.fields import Record
from gateway.codecs.values import PERIOD, VALUES, ValueTexts
from gateway.messages.aggregates import AggregateSeries, Charge, PartyId, ResultSeries, WholesaleSeries
from gateway.messages.documents import MissingData, PointId
from gateway.messages.identifiers import Scheme
from gateway.messages.series import AreaId, Period
from gateway.messages.times import NO_INSTANT

_PLAIN = (
    *("version", "settlement_version", "original_transaction"),
    *("point_type", "settlement_method", "asset_type", "product"),
)
"""Fields that stand in a record as they stand in a series."""

# --- out of records ---------------------------------------------------------------------------------------------------


def aggregate_series(record: Record) -> AggregateSeries:
    """A sum of energy."""
    values = record.get(VALUES, ValueTexts())
    return AggregateSeries(
        **_result(record, values),
        in_area=_area(record, "in_area"),
        out_area=_area(record, "out_area"),
        balance_responsible=_party(record, "balance_responsible"),
    )


def wholesale_series(record: Record) -> WholesaleSeries:
    """Energy and money of a charge."""
    values = record.get(VALUES, ValueTexts())
    charge = Charge(record.get("charge"), record.get("charge_type"), _party(record, "charge_owner"))
    return WholesaleSeries(
        **_result(record, values),
        price=values.money("price"),
        amount=values.money("amount"),
        charge=charge if any(charge) else None,
        price_unit=record.get("price_unit"),
        currency=record.get("currency"),
    )


def missing_data(record: Record) -> MissingData:
    """One transaction of a reminder."""
    points = tuple(
        PointId(item.get("point") or "", item.get("point_scheme", Scheme.GS1)) for item in record.get("points", ())
    )
    return MissingData(transaction=record["transaction"], day=record.get("day"), points=points)


def _result(record: Record, values: ValueTexts) -> dict[str, Any]:
    return {
        **{key: record.get(key) for key in _PLAIN},
        "transaction": record["transaction"],
        "unit": record.get("unit", ""),
        "period": _period(record, values),
        "registered_at": record.get("registered_at", NO_INSTANT),
        "bidding_zone": _area(record, "bidding_zone"),
        "grid_area": _area(record, "grid_area"),
        "supplier": _party(record, "supplier"),
    }


def _period(record: Record, values: ValueTexts) -> Period:
    columns = values.columns()
    return Period(
        record.get("resolution", ""),
        record.get("start", NO_INSTANT),
        record.get("end", NO_INSTANT),
        columns.position,
        columns.quantity,
        columns.quality,
        int(columns.decimals.max(initial=0)),
        columns.as_written,
    )


def _area(record: Record, key: str) -> AreaId | None:
    code = record.get(key)
    return AreaId(code, record.get(f"{key}_scheme") or Scheme.GRID_AREA) if code else None


def _party(record: Record, key: str) -> PartyId | None:
    party = record.get(key)
    return PartyId(party, record.get(f"{key}_scheme") or Scheme.GS1) if party else None


# --- into records -----------------------------------------------------------------------------------------------------


def aggregate_record(series: AggregateSeries) -> Record:
    """The record of a sum of energy."""
    return _record(series) | _named(
        in_area=series.in_area, out_area=series.out_area, balance_responsible=series.balance_responsible
    )


def wholesale_record(series: WholesaleSeries) -> Record:
    """The record of a charge's energy and money."""
    charge = series.charge or Charge(None, None, None)
    return {
        **_record(series),
        **_named(charge_owner=charge.owner),
        "charge": charge.id,
        "charge_type": charge.type,
        "price_unit": series.price_unit,
        "currency": series.currency,
        "price": series.price,
        "amount": series.amount,
    }


def missing_data_record(series: MissingData) -> Record:
    """The record of one transaction of a reminder."""
    points = [{"point": point.id, "point_scheme": point.scheme} for point in series.points]
    return {"transaction": series.transaction, "day": series.day, "points": points}


def _record(series: ResultSeries) -> Record:
    return {
        **{key: getattr(series, key) for key in _PLAIN},
        **_named(bidding_zone=series.bidding_zone, grid_area=series.grid_area, supplier=series.supplier),
        "transaction": series.transaction,
        "unit": series.unit,
        "registered_at": series.registered_at,
        "resolution": series.period.resolution,
        "start": series.period.start,
        "end": series.period.end,
        PERIOD: series.period,
    }


def _named(**names: AreaId | PartyId | None) -> Record:
    """Ids of areas and parties with their schemes."""
    stated = {key: name for key, name in names.items() if name is not None}
    return {key: name[0] for key, name in stated.items()} | {f"{key}_scheme": name[1] for key, name in stated.items()}
