"""Series as columns: a table is its rows, however it was put together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.messages.codes import Flow, Quality
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.series import AreaId, Period, Series, SeriesTable
from gateway.messages.times import NO_INSTANT


@st.composite
def some_series(draw: st.DrawFn) -> Series:
    """A series with whatever a document may say."""
    count = draw(st.integers(0, 5))
    quantities = draw(st.lists(st.integers(-9, 9) | st.just(NO_QUANTITY), min_size=count, max_size=count))
    qualities = draw(st.lists(st.sampled_from(list(Quality)), min_size=count, max_size=count))
    period = Period(
        "PT15M",
        draw(st.integers(0, 10**9)),
        draw(st.integers(0, 10**9)),
        np.arange(1, count + 1, dtype=np.int32),
        np.array(quantities, dtype=np.int64),
        np.array(qualities, dtype=np.uint8),
        draw(st.integers(0, 9)),
        dict.fromkeys(draw(st.sets(st.integers(0, count - 1))), "1.2345") if count else {},
    )
    return Series(
        draw(st.text(max_size=3)),
        "571313000000002000",
        "consumption",
        "kwh",
        period,
        draw(st.integers(0, 10**9)),
        Scheme.GS1,
        draw(st.none() | st.just("active-energy")),
        draw(st.none() | st.text(max_size=3)),
        draw(st.none() | st.just(AreaId("804"))),
        None,
        draw(st.none() | st.just("flex")),
        draw(st.booleans()),
        draw(st.none() | st.sampled_from(list(Flow))),
        draw(st.none() | st.just(np.arange(count, dtype=np.int64))),
    )


def told(series: Series) -> tuple[object, ...]:
    """All that a series says, comparable."""
    period = series.period
    read_at = [NO_INSTANT] * len(period.position) if series.read_at is None else series.read_at.tolist()
    columns = (period.position.tolist(), period.quantity.tolist(), period.quality.tolist())
    bounds = (period.resolution, period.start, period.end, period.decimals, period.as_written)
    return (*columns, *bounds, series.transaction, series.registered_at, series.product, series.original_transaction,
            series.in_area, series.settlement_method, series.replaces, series.flow, read_at)  # fmt: skip


@given(st.lists(some_series(), max_size=6))
def test_a_table_gives_back_its_rows(rows: list[Series]) -> None:
    table = SeriesTable.of(rows)
    assert [told(row) for row in table] == [told(row) for row in rows]
    assert len(table) == len(rows)
    assert table.counts.tolist() == [len(row.period.position) for row in rows]


@given(st.lists(st.lists(some_series(), max_size=3), max_size=4))
def test_tables_behind_each_other_are_one_table(parts: list[list[Series]]) -> None:
    joined = SeriesTable.concat([SeriesTable.of(part) for part in parts])
    assert [told(row) for row in joined] == [told(row) for part in parts for row in part]


@given(st.lists(some_series(), min_size=1, max_size=5), st.data())
def test_rows_can_be_taken_in_any_order(rows: list[Series], data: st.DataObject) -> None:
    wanted = data.draw(st.lists(st.integers(0, len(rows) - 1)))
    assert [told(row) for row in SeriesTable.of(rows).take(wanted)] == [told(rows[place]) for place in wanted]


@given(st.lists(some_series(), max_size=5))
def test_a_value_without_quantity_or_stated_as_missing_is_missing(rows: list[Series]) -> None:
    # DK-4.1.3.c
    table = SeriesTable.of(rows)
    expected = [
        quantity == NO_QUANTITY or quality == Quality.MISSING
        for row in rows
        for quantity, quality in zip(row.period.quantity.tolist(), row.period.quality.tolist(), strict=True)
    ]
    assert table.is_missing.tolist() == expected
    places = np.arange(len(table.position))
    owners = [number for number, row in enumerate(rows) for _ in row.period.position]
    assert table.rows_of(places).tolist() == owners
