"""Metering data as series: runs without a gap, by point and measure; nothing merged, nothing lost."""

from __future__ import annotations

from datetime import date

import numpy as np

from gateway.messages.codes import Commodity, FeedForm, Flow, Quality, Resolution, Unit
from gateway.messages.metering_data import (
    NOT_STATED,
    RESOLUTION_PLACES,
    Measure,
    MeasureColumns,
    MeteringData,
    ResolutionCodes,
    interval_ends,
    series_of,
)
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import DAY, HOUR, MarketZone

ZONE = MarketZone("Europe/Tallinn")
IN, OUT = Measure(Flow.IN, Unit.KWH), Measure(Flow.OUT, Unit.KWH)
NONE = NO_QUANTITY


def columns(measure: Measure, quantity: list[int], as_written: dict[int, str] | None = None) -> MeasureColumns:
    n = len(quantity)
    return MeasureColumns(
        measure,
        np.array(quantity, dtype=np.int64),
        np.full(n, Quality.MEASURED, dtype=np.uint8),
        np.arange(n, dtype=np.int64) + 1000,
        np.arange(n, dtype=np.uint8) % 4,
        as_written or {},
    )


def data(blocks: list[tuple[str, list[int]]], *measures: MeasureColumns) -> MeteringData:
    return MeteringData(
        Commodity.ELECTRICITY,
        FeedForm.ESTFEED_V2,
        None,
        [point for point, _ in blocks],
        [""] * len(blocks),
        np.cumsum([0, *(len(starts) for _, starts in blocks)]),
        np.array([start for _, starts in blocks for start in starts], dtype=np.int64),
        {column.measure: column for column in measures},
    )


def all_in(resolution: Resolution, count: int) -> ResolutionCodes:
    return np.full(count, RESOLUTION_PLACES[resolution], dtype=np.uint8)


def test_a_gap_another_point_and_a_repeated_start_begin_a_row() -> None:
    # EE-1.8
    message = data(
        [("A", [0, 900, 2700, 1800]), ("B", [3600]), ("A", [900])],
        columns(IN, [1, 2, 3, NONE, 5, 6]),
        columns(OUT, [NONE, NONE, NONE, NONE, 7, NONE]),
    )
    series = series_of(message, all_in(Resolution.QUARTER, 6), ZONE)
    rows = [
        (row.point, row.flow, row.period.start, row.period.end, row.period.quantity.tolist()) for row in series.table
    ]
    assert rows == [
        ("A", Flow.IN, 0, 1800, [1, 2]),
        ("A", Flow.IN, 900, 1800, [6]),
        ("A", Flow.IN, 2700, 3600, [3]),
        ("B", Flow.IN, 3600, 4500, [5]),
        ("B", Flow.OUT, 3600, 4500, [7]),
    ]
    assert series.interval.tolist() == [0, 1, 5, 2, 4, 4]
    assert series.table.position.tolist() == [1, 2, 1, 1, 1, 1]
    assert series.table.read_at is not None
    assert series.table.read_at.tolist() == [1000, 1001, 1005, 1002, 1004, 1004]
    assert series.table.decimals.tolist() == [1, 1, 2, 0, 0]


def test_only_kept_intervals_are_taken_and_texts_follow_their_values() -> None:
    message = data([("A", [0, 900, 1800])], columns(IN, [1, 2, 3], {2: "0.0031"}))
    series = series_of(message, all_in(Resolution.QUARTER, 3), ZONE, kept=np.array([False, True, True]))
    assert [row.period.quantity.tolist() for row in series.table] == [[2, 3]]
    assert series.table.as_written == {1: "0.0031"}


def test_a_change_of_resolution_begins_a_row() -> None:
    # EE-1.6
    message = data([("A", [0, HOUR, HOUR + 900])], columns(OUT, [1, 2, 3]))
    steps = np.concatenate([all_in(Resolution.HOUR, 1), all_in(Resolution.QUARTER, 2)])
    assert [row.period.resolution for row in series_of(message, steps, ZONE).table] == ["PT1H", "PT15M"]


def test_gas_days_follow_the_clock_over_its_changes() -> None:
    # EE-1.7
    starts = np.array([ZONE.at(date(2026, 3, day), 7) for day in (27, 28, 29, 30)], dtype=np.int64)
    ends = interval_ends(starts, all_in(Resolution.DAY, 4), ZONE)
    assert ends.tolist() == [*starts[1:].tolist(), ZONE.at(date(2026, 3, 31), 7)]
    assert (ends - starts).tolist() == [DAY, DAY - HOUR, DAY, DAY]
    message = data([("A", starts.tolist())], columns(OUT, [1, 2, 3, 4]))
    assert len(series_of(message, all_in(Resolution.DAY, 4), ZONE).table) == 1


def test_a_message_without_quantities_has_no_series() -> None:
    message = data([("A", [0])], columns(IN, [NONE]))
    assert len(series_of(message, all_in(Resolution.HOUR, 1), ZONE).table) == 0
    assert len(series_of(data([("A", [0])]), all_in(Resolution.HOUR, 1), ZONE).table) == 0


def test_what_a_message_does_not_state_is_said_to_be_so() -> None:
    message = data([("A", [0])], columns(IN, [5]))
    assert message.stated_resolution.tolist() == [NOT_STATED]
    assert message.stated(Flow.OUT).tolist() == [False]
    assert message.quantity(Flow.OUT).tolist() == [NONE]
    assert message.quantity(Flow.IN).tolist() == [5]
    assert message.place(0).path == ""
