"""Series of a message as the store takes them: by period, in the order of their positions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.hub.period_groups import period_groups, series_kind
from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import Period, Series, SeriesTable

QUARTER = 900
SENT = (Quality.ABSENT, Quality.MISSING, Quality.ESTIMATED, Quality.MEASURED)


@st.composite
def some_series(draw: st.DrawFn) -> Series:
    """A series of one of two days, with its points in any order."""
    count = draw(st.sampled_from([1, 3]))
    start = draw(st.sampled_from([0, 86_400]))
    quantities = draw(st.lists(st.integers(0, 9) | st.just(NO_QUANTITY), min_size=count, max_size=count))
    qualities = draw(st.lists(st.sampled_from(SENT), min_size=count, max_size=count))
    position = draw(st.permutations(range(1, count + 1)))
    period = Period(
        "PT15M",
        start,
        start + count * QUARTER,
        np.array(position, dtype=np.int32),
        np.array(quantities, dtype=np.int64),
        np.array(qualities, dtype=np.uint8),
    )
    return Series("t", "571313000000002000", "consumption", "kwh", period)


def stored(series: Series) -> list[tuple[int, int]]:
    """What the store should keep of a series: quantity and quality in the order of the positions."""
    period = series.period
    points = sorted(zip(period.position.tolist(), period.quantity.tolist(), period.quality.tolist(), strict=True))
    kept: list[tuple[int, int]] = []
    for _, quantity, quality in points:
        is_missing = quantity == NO_QUANTITY or quality == Quality.MISSING
        status = Quality.MISSING if is_missing else Quality.MEASURED if quality == Quality.ABSENT else quality
        kept.append((0 if is_missing else quantity, int(status)))
    return kept


@settings(max_examples=150)
@given(st.lists(some_series(), min_size=1, max_size=6), st.data())
def test_every_row_asked_for_is_in_the_group_of_its_period_and_the_table_stays_as_it_is(
    sent: list[Series], data: st.DataObject
) -> None:
    table, again = SeriesTable.of(sent), SeriesTable.of(sent)
    rows = sorted(data.draw(st.sets(st.integers(0, len(sent) - 1), min_size=1)))
    groups = period_groups(table, np.arange(100, 100 + len(sent)), rows)
    assert sorted(row for group in groups for row in group.rows) == rows
    for group in groups:
        for place, row in enumerate(group.rows):
            period = sent[row].period
            assert (group.period.kind, group.period.start) == (series_kind("kwh"), period.start)
            assert group.points[place] == 100 + row
            found = zip(group.quantity[place].tolist(), group.quality[place].tolist(), strict=True)
            assert list(found) == stored(sent[row])
    for column in ("position", "quantity", "quality"):
        assert np.array_equal(getattr(table, column), getattr(again, column))
