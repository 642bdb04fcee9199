"""Latest annual consumption from readings, over columns, as of a transaction: what load shares are made of."""

from __future__ import annotations

import random
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np

from gateway.hub.database import transaction_at
from gateway.hub.readings.store import AnnualConsumptions, annual_consumption
from gateway.messages.codes import Quality
from gateway.messages.identifiers import point_key
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.readings import ReadingPeriod
from gateway.rules.annual import latest_annual
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


def test_columns_and_the_rule_s_own_reckoning_agree(meters: Meters) -> None:
    """Many points read at random: the column function says what `latest_annual` says of each one's periods."""
    chance = random.Random(5)
    points = [meters.point(who, place) for who in (SUPPLIER_A, SUPPLIER_B) for place in range(3)]
    for point in points:
        end = FIRST
        for _ in range(chance.randint(1, 6)):
            start, end = end, end + timedelta(days=chance.randint(1, 160))
            if end <= date(2026, 3, 1):
                meters.take(
                    meters.row(point, start, end, f"{chance.randint(0, 9_999_999)}.{chance.randint(0, 999):03d}")
                )
    at = date(2025, 6, 1)
    found = annual(meters, *points, at=at).consumption.tolist()
    for point, thousandths in zip(points, found, strict=True):
        shown = meters.of_point(point)
        assert shown is not None
        read = [one for one in shown.periods if one.end <= ZONE.midnight(at)]
        periods = [ReadingPeriod(one.start, one.end, one.consumption, one.quality, one.nominal) for one in read]
        expected = latest_annual(reversed(periods), 300)
        assert expected is not None
        assert thousandths == int(expected * 1000 + Fraction(1, 2))
