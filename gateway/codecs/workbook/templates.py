"""What a template lists: every interval of a period, for each metering point (EE-2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import takewhile

import numpy as np

from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_data import MeteringData
from gateway.messages.times import DAY, STEP_SECONDS, Instants, Interval, MarketZone


def blank(points: Sequence[str], resolution: str, starts: Instants, commodity: Commodity) -> MeteringData:
    """Metering data without a value, for a template: every point with every interval."""
    offsets = np.arange(len(points) + 1) * len(starts)
    resolutions = [resolution] * len(points)
    start = np.tile(starts, len(points))
    return MeteringData(commodity, FeedForm.WORKBOOK, None, list(points), resolutions, offsets, start, {})


def steps_within(resolution: str, interval: Interval, zone: MarketZone, day_hour: int) -> Instants:
    """The starts of the steps within an interval; days begin at an hour of the wall clock, 7 for gas."""
    if seconds := STEP_SECONDS.get(resolution):
        return np.arange(-(-interval.start // seconds) * seconds, interval.end, seconds, dtype=np.int64)
    first, most = zone.day(interval.start), (interval.end - interval.start) // DAY + 2
    days = (zone.at(first + timedelta(days=number), day_hour) for number in range(most))
    within = [start for start in takewhile(lambda start: start < interval.end, days) if start >= interval.start]
    return np.array(within, dtype=np.int64)
