"""Latest annual consumption from readings, over columns, as of a transaction: what load shares are made of."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import numpy as np

from gateway.hub.database import transaction_at
from gateway.hub.readings.store import AnnualConsumptions, annual_consumption
from gateway.messages.codes import Quality
from gateway.messages.identifiers import point_key
from gateway.messages.quantities import NO_QUANTITY
from tests.integration.exchange.hubs import SUPPLIER_A, SUPPLIER_B, ZONE

from .meters import FIRST, Meters

YEAR = timedelta(days=365)


def annual(meters: Meters, *points: str, at: date, as_of: int | None = None) -> AnnualConsumptions:
    keys = np.array([point_key(point) for point in points], dtype=np.int64)
    with meters.hub.office.database.read() as connection:
        known = None if as_of is None else transaction_at(connection, as_of * 1_000_000)
        days = meters.hub.office.profile.readings.annual_days(at)
        return annual_consumption(connection, keys, ZONE.midnight(at), known, days)


def test_a_year_is_itself_and_other_lengths_are_scaled_to_365_days(meters: Meters) -> None:
    a, b, c = meters.point(), meters.point(SUPPLIER_B), meters.point(SUPPLIER_A, 1)
    meters.take(
        meters.row(a, FIRST, FIRST + YEAR, "4000.001"),
        meters.row(b, FIRST, FIRST + timedelta(days=366), 3660, status="estimated"),
    )
    # in an order of its own, one of them never read
    found = annual(meters, c, b, a, at=date(2026, 1, 1))
    assert found.consumption.tolist() == [NO_QUANTITY, 3_650_000, 4_000_001]
    assert found.quality.tolist() == [Quality.MISSING, Quality.ESTIMATED, Quality.MEASURED]
    assert found.end.tolist() == [0, ZONE.midnight(date(2025, 1, 1)), ZONE.midnight(FIRST + YEAR)]


def test_short_periods_count_together_until_they_cover_most_of_a_year(meters: Meters) -> None:
    point = meters.point()
    bounds = [FIRST + timedelta(days=n) for n in (0, 365, 465, 565, 665, 765)]
    for n, (start, end) in enumerate(pairwise(bounds)):
        status = "estimated" if n == 2 else "measured"
        meters.take(meters.row(point, start, end, 9999 if n == 0 else 100 * n, status=status))
    found = annual(meters, point, at=bounds[-1])
    assert found.consumption.tolist() == [(200 + 300 + 400) * 1000 * 365 // 300]
    assert found.quality.tolist() == [Quality.ESTIMATED]
    early = annual(meters, point, at=bounds[1])
    assert (early.consumption.tolist(), early.quality.tolist()) == ([9_999_000], [Quality.MEASURED])


def test_what_was_known_stays_what_was_known(meters: Meters) -> None:
    point, clock = meters.point(), meters.bench.clock
    moments = [clock.now() + 60 * n for n in range(1, 4)]
    clock.move_to(moments[0])
    meters.take(meters.row(point, FIRST, FIRST + YEAR, 4000))
    clock.move_to(moments[1])
    meters.take(meters.row(point, FIRST, FIRST + YEAR, 4100))
    clock.move_to(moments[2])
    meters.cancel(point, (FIRST, FIRST + YEAR))
    at = FIRST + YEAR
    known = [
        annual(meters, point, at=at, as_of=moment).consumption.tolist()[0] for moment in (moments[0] - 1, *moments)
    ]
    assert known == [NO_QUANTITY, 4_000_000, 4_100_000, NO_QUANTITY]
    assert annual(meters, at=at).consumption.tolist() == []
