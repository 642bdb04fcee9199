"""The series of a settlement's results: sums of energy (RSM-014), and energy and money of charges (RSM-019).

One object for a series, never one for a value: the values are the columns of its `Period` and `Amounts`. A code that
the neutral vocabulary has no name for stays the wire's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from gateway.messages.amounts import Amounts
from gateway.messages.identifiers import Scheme
from gateway.messages.series import AreaId, Period
from gateway.messages.times import NO_INSTANT


class PartyId(NamedTuple):
    """A party that a series speaks of, with the scheme that issued the id."""

    id: str
    scheme: str = Scheme.GS1


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultSeries:
    """What every result of a settlement states.

    Attributes:
        transaction: id of the series.
        unit: `Unit`; quantities are thousandths of it.
        period: the values over [start, end). A sum with nothing to add up has no quantity and quality missing.
        version: number of the calculation; grows with every later one.
        settlement_version: `SettlementVersion`, of a correction settlement.
        original_transaction: the series of the request this answers; None where nobody asked.
        point_type: `MeteringPointType` of the points summed up; None for all of them.
        settlement_method: `SettlementMethod` of the consumption summed up; None where it does not matter.
        asset_type: kind of plant, the wire's code.
        registered_at: instant at which the result was made; NO_INSTANT where not stated.
        bidding_zone: price area.
        grid_area: grid area.
        supplier: energy supplier; None for all of them.
        product: `Product`; None means active energy.
    """

    transaction: str
    unit: str
    period: Period
    version: str | None = None
    settlement_version: str | None = None
    original_transaction: str | None = None
    point_type: str | None = None
    settlement_method: str | None = None
    asset_type: str | None = None
    registered_at: int = NO_INSTANT
    bidding_zone: AreaId | None = None
    grid_area: AreaId | None = None
    supplier: PartyId | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateSeries(ResultSeries):
    """A sum of energy in a grid area (RSM-014).

    Attributes:
        in_area: of exchange with one neighbour: the area the energy goes into.
        out_area: the area it comes from.
        balance_responsible: balance responsible party; None for all of them.
    """

    in_area: AreaId | None = None
    out_area: AreaId | None = None
    balance_responsible: PartyId | None = None


class Charge(NamedTuple):
    """What energy is charged with: the owner's id of it, a `ChargeType`, and the owner."""

    id: str | None
    type: str | None
    owner: PartyId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WholesaleSeries(ResultSeries):
    """Energy and money of a supplier's charges (RSM-019).

    Attributes:
        price: price of one `price_unit` at each point of the period.
        amount: money at each point; none where it is not known, never 0 in its place.
        charge: the charge; None for the total of all.
        price_unit: `Unit` the price is of.
        currency: currency code.
    """

    price: Amounts
    amount: Amounts
    charge: Charge | None = None
    price_unit: str | None = None
    currency: str | None = None
