"""Versions laid over each other: the merge of one point's rows against a dictionary of steps."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.series.merge import merged
from gateway.hub.series.segments import Segment, SegmentRow
from gateway.messages.codes import Resolution
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
CHANGES = [date(2025, 3, 30), date(2025, 10, 26), date(2025, 6, 1)]


@st.composite
def rows(draw: st.DrawFn) -> list[SegmentRow]:
    """Deliveries around one clock change, oldest first; each value is the number of its delivery."""
    day = ZONE.day_interval(draw(st.sampled_from(CHANGES)))
    delivered = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        resolution = draw(st.sampled_from([Resolution.QUARTER, Resolution.HOUR, Resolution.DAY]))
        start = day.start if resolution == Resolution.DAY else day.start + 900 * draw(st.integers(-8, 100))
        count = draw(st.integers(1, 2 if resolution == Resolution.DAY else 100))
        segment = Segment(number, number, 0, resolution, start, ZONE.end(resolution, start, count), count, 1, 64)
        quantity = 1000 * number + np.arange(count, dtype=np.int64)
        delivered.append(SegmentRow(segment, 0, quantity, np.full(count, number, np.uint8)))
    return delivered


def laid_over(delivered: list[SegmentRow]) -> dict[int, tuple[int, int, int]]:
    """Start of the step -> its end, value and delivery."""
    known: dict[int, tuple[int, int, int]] = {}
    for row in delivered:
        segment = row.segment
        for start, (end, *_) in list(known.items()):
            if start < segment.finish and segment.start < end:
                del known[start]
        starts = ZONE.step_starts(segment.resolution, segment.start, segment.count).tolist()
        for start, end, quantity in zip(starts, [*starts[1:], segment.finish], row.quantity.tolist(), strict=True):
            known[start] = (end, quantity, segment.transaction)
    return known


@settings(max_examples=300)
@given(rows(), st.integers(-10, 110), st.integers(1, 120))
def test_the_latest_delivery_of_every_step_stands(delivered: list[SegmentRow], first: int, length: int) -> None:
    """DK-4.1.5.f, DK-1.48: over days of 23, 24 and 25 hours, in quarters, hours and days at once."""
    known = laid_over(delivered)
    start = min(row.segment.start for row in delivered) + 900 * first
    interval = Interval(start, start + 900 * length)
    found: dict[int, tuple[int, int, int]] = {}
    previous = None
    for run in merged(delivered, interval, ZONE):
        starts = run.starts(ZONE).tolist()
        assert starts[0] == run.start
        columns = zip(starts, [*starts[1:], run.finish], run.quantity.tolist(), run.transaction.tolist(), strict=True)
        for begins, ends, quantity, transaction in columns:
            assert begins not in found
            found[begins] = (ends, quantity, transaction)
        assert previous is None or previous.finish < run.start or previous.resolution != run.resolution
        previous = run
    assert found == {begins: value for begins, value in known.items() if interval.contains(begins)}
    assert list(found) == sorted(found)


@settings(max_examples=100)
@given(rows(), st.integers(1, 99))
def test_neighbouring_intervals_share_the_values_out(delivered: list[SegmentRow], cut: int) -> None:
    """A value belongs to the interval its step begins in: none is lost at a border, none counted twice."""
    whole = Interval(min(row.segment.start for row in delivered), max(row.segment.finish for row in delivered))
    border = min(whole.start + 900 * cut, whole.end)

    def values(interval: Interval) -> list[int]:
        return [value for run in merged(delivered, interval, ZONE) for value in run.quantity.tolist()]

    halves = values(Interval(whole.start, border)) + values(Interval(border, whole.end))
    assert halves == values(whole)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 9)), min_size=65, max_size=120))
def test_a_year_sent_quarter_by_quarter_is_merged_alike(spans: list[tuple[int, int]]) -> None:
    """EE-1.8: as many deliveries of one point as a message full of gaps brings."""
    delivered = []
    for number, (first, count) in enumerate(spans, start=1):
        start = 900 * first
        segment = Segment(number, number, 0, Resolution.QUARTER, start, start + 900 * count, count, 1, 64)
        quantity = 1000 * number + np.arange(count, dtype=np.int64)
        delivered.append(SegmentRow(segment, 0, quantity, np.full(count, 4, np.uint8)))
    expected = {start: quantity for start, (_, quantity, _) in laid_over(delivered).items()}
    found: dict[int, int] = {}
    for run in merged(delivered, Interval(0, 900 * 220), ZONE):
        found |= dict(zip(run.starts(ZONE).tolist(), run.quantity.tolist(), strict=True))
    assert found == expected
