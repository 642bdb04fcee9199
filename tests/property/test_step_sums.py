"""Sums into longer steps against a dictionary of local hours, days, months and years, over every clock change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.hub.series.step_sums import Values, step_bounds, step_start, summed
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
LOCAL = ZoneInfo("Europe/Copenhagen")
UTC = ZoneInfo("UTC")
QUALITIES = [Quality.MEASURED, Quality.MISSING, Quality.ESTIMATED, Quality.CALCULATED, Quality.INCOMPLETE]
SECONDS = {Resolution.QUARTER: 900, Resolution.HOUR: 3600}

Value = tuple[int, int, int, int, int]
"""Start, end, quantity, quality, version."""


@st.composite
def known(draw: st.DrawFn) -> list[Value]:
    """Quarters and hours without order in their changing, with gaps, around a clock change or the turn of a year."""
    day = draw(st.sampled_from([date(2025, 3, 30), date(2025, 10, 26), date(2024, 12, 31), date(2024, 2, 29)]))
    at = ZONE.midnight(day) + 3600 * draw(st.integers(-30, 20))
    values: list[Value] = []
    for _ in range(draw(st.integers(1, 6))):
        length = draw(st.sampled_from([900, 3600]))
        at += -at % length
        for _ in range(draw(st.integers(1, 30))):
            quality = draw(st.sampled_from(QUALITIES)) | draw(st.sampled_from([0, 0, 0, CORRECTED_FLAG]))
            quantity = 0 if quality & 0x7F == Quality.MISSING else draw(st.integers(-(10**13), 10**13))
            values.append((at, at + length, quantity, quality, draw(st.integers(1, 9))))
            at += length
        at += 900 * draw(st.integers(0, 9))
    return values


def columns(values: Sequence[Value]) -> Values:
    starts, ends, quantities, qualities, versions = zip(*values, strict=True)
    return Values(
        np.array(starts, dtype=np.int64),
        np.array(ends, dtype=np.int64),
        np.array(quantities, dtype=np.int64),
        np.array(qualities, dtype=np.uint8),
        np.array(versions, dtype=np.int64),
    )


def local_step(step: Resolution, instant: int) -> tuple[int, int]:
    """The step that holds an instant, by the calendar of the standard library."""
    if step in SECONDS:
        start = instant // SECONDS[step] * SECONDS[step]
        return start, start + SECONDS[step]
    day = datetime.fromtimestamp(instant, UTC).astimezone(LOCAL).date()
    if step is Resolution.DAY:
        first, following = day, day + timedelta(days=1)
    elif step is Resolution.MONTH:
        first = day.replace(day=1)
        following = (first + timedelta(days=31)).replace(day=1)
    else:
        first, following = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return midnight(first), midnight(following)


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=LOCAL).timestamp())


def naive(step: Resolution, values: Sequence[Value]) -> list[tuple[int, int, int, int]]:
    """Start of the step, quantity, quality and version, one value after the other."""
    steps: dict[tuple[int, int], list[Value]] = {}
    for value in values:
        steps.setdefault(local_step(step, value[0]), []).append(value)
    return [
        (start, sum(v[2] for v in parts), naive_quality((start, end), parts), max(v[4] for v in parts))
        for (start, end), parts in sorted(steps.items())
    ]


def naive_quality(span: tuple[int, int], parts: Sequence[Value]) -> int:
    stated = {Quality(value[3] & 0x7F) for value in parts}
    corrected = CORRECTED_FLAG if any(value[3] & CORRECTED_FLAG for value in parts) else 0
    seconds = sum(value[1] - value[0] for value in parts)
    if stated == {Quality.MISSING}:
        return Quality.MISSING | corrected
    if stated & {Quality.MISSING, Quality.INCOMPLETE} or seconds < span[1] - span[0]:
        return Quality.INCOMPLETE | corrected
    for quality in (Quality.ESTIMATED, Quality.MEASURED):
        if quality in stated:
            return quality | corrected
    return Quality.CALCULATED | corrected


def hours(day: date, count: int) -> list[Value]:
    start = ZONE.midnight(day)
    return [(start + 3600 * i, start + 3600 * i + 3600, 1, Quality.MEASURED, 1) for i in range(count)]


@settings(max_examples=200)
@given(known(), st.sampled_from([Resolution.HOUR, Resolution.DAY, Resolution.MONTH, Resolution.YEAR]))
@example(hours(date(2025, 3, 30), 23), Resolution.DAY)
@example(hours(date(2025, 10, 26), 25), Resolution.DAY)
def test_sums_are_those_of_a_dictionary(values: list[Value], step: Resolution) -> None:
    """DK-1.48: quarters and hours sum side by side, also on days of 23 and 25 hours."""
    table = columns(values)
    bounds = step_bounds(ZONE, step, Interval(values[0][0], values[-1][1]))
    found = summed(table, bounds)
    listed = zip(
        found.starts.tolist(),
        found.quantities.tolist(),
        found.qualities.tolist(),
        found.transactions.tolist(),
        strict=True,
    )
    assert list(listed) == naive(step, values)
    assert found.ends.tolist() == [local_step(step, start)[1] for start in found.starts.tolist()]


@settings(max_examples=200)
@given(st.integers(0, 4_000_000_000), st.sampled_from(list(Resolution)))
def test_steps_follow_the_calendar(instant: int, step: Resolution) -> None:
    assert step_start(ZONE, step, instant) == local_step(step, instant)[0]
    bounds = step_bounds(ZONE, step, Interval(instant, instant + 1))
    assert tuple(bounds.tolist()) == local_step(step, instant)


def test_whole_days_of_23_and_25_hours_are_complete() -> None:
    for day, count in ((date(2025, 3, 30), 23), (date(2025, 10, 26), 25)):
        values = columns(hours(day, count))
        found = summed(values, step_bounds(ZONE, Resolution.DAY, ZONE.day_interval(day)))
        assert found.quantities.tolist() == [count]
        assert found.qualities.tolist() == [Quality.MEASURED]
        short = summed(
            values.where(values.starts != values.starts[2]), step_bounds(ZONE, Resolution.DAY, ZONE.day_interval(day))
        )
        assert short.qualities.tolist() == [Quality.INCOMPLETE]


def test_no_values_have_no_sums() -> None:
    assert len(summed(Values.joined([]), np.array([0, 3600], dtype=np.int64))) == 0
