"""Spot prices: kept by version, and asked for by the steps of energy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.ports_point_series import SpotPrice
from gateway.hub.tables_point_series import spot_price
from gateway.messages.findings import Finding
from gateway.messages.times import HOUR, Interval

QUARTER = 900


def price_findings(prices: Sequence[SpotPrice]) -> tuple[Finding, ...]:
    """What is wrong with prices: steps other than quarters and hours, or off them; steps that overlap."""
    found: list[Finding] = []
    reached = None
    for number, one in enumerate(prices):
        if one.length not in (QUARTER, HOUR) or one.start % one.length:
            text = "a price is of a whole quarter or hour"
            found.append(Finding("BadRequest", text, f"prices/{number}", "price-step", target="start"))
        elif reached is not None and one.start < reached:
            text = "prices come in order of time and do not overlap"
            found.append(Finding("BadRequest", text, f"prices/{number}", "price-order", target="start"))
        reached = one.start + one.length
    return tuple(found)


def keep_prices(connection: Connection, transaction: int, prices: Sequence[SpotPrice]) -> None:
    """Keep checked prices as versions of a transaction."""
    rows = [
        {"start": one.start, "transaction": transaction, "length": one.length, "price": one.price} for one in prices
    ]
    if rows:
        connection.execute(spot_price.insert(), rows)


def prices_of(connection: Connection, interval: Interval) -> tuple[SpotPrice, ...]:
    """The newest prices of the steps that begin in an interval, in order of time."""
    later = spot_price.alias("later")
    newer = sa.exists().where(later.c.start == spot_price.c.start, later.c.transaction > spot_price.c.transaction)
    wanted = (
        sa.select(spot_price)
        .where(spot_price.c.start >= interval.start, spot_price.c.start < interval.end, ~newer)
        .order_by(spot_price.c.start)
    )
    return tuple(SpotPrice(row.start, row.length, row.price) for row in connection.execute(wanted))


class PriceCurve:
    """Prices of an interval by quarter, for steps of energy of quarters and hours."""

    def __init__(self, prices: Sequence[SpotPrice], interval: Interval) -> None:
        self._first = interval.start - interval.start % HOUR
        quarters = -(-(interval.end - self._first) // QUARTER)
        self._price = np.zeros(quarters, dtype=np.int64)
        self._known = np.zeros(quarters, dtype=np.bool_)
        for one in prices:
            low, high = (one.start - self._first) // QUARTER, (one.start + one.length - self._first) // QUARTER
            self._price[max(low, 0) : high] = one.price
            self._known[max(low, 0) : high] = True

    def price(self, start: int, length: int) -> int | None:
        """The price of a step, the mean of its quarters rounded half up; None where one of them is not known."""
        low, high = (start - self._first) // QUARTER, -(-(start + length - self._first) // QUARTER)
        if low < 0 or high > len(self._price) or not self._known[low:high].all():
            return None
        total, count = int(self._price[low:high].sum()), high - low
        return (2 * total + count) // (2 * count)
