"""The series store against a plain dictionary: whatever is appended, read as of every transaction, indexed or not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.hub.database import Database, allocate
from gateway.hub.schema import metadata
from gateway.hub.series.merge import Run
from gateway.hub.series.segments import SegmentInput, SeriesPeriod
from gateway.hub.series.store import SeriesStore
from gateway.messages.codes import Quality, Resolution
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
SPRING, AUTUMN, WINTER = date(2025, 3, 30), date(2025, 10, 26), date(2025, 1, 15)
DAYS = [day + timedelta(days=offset) for day in (SPRING, AUTUMN, WINTER) for offset in (0, 1)]
FIRST = 571313100000000000
POINTS = np.arange(FIRST, FIRST + 5, dtype=np.int64)

points = st.lists(st.sampled_from(POINTS.tolist()), min_size=1, max_size=5, unique=True)


@dataclass(frozen=True)
class Value:
    """One value in the model."""

    start: int
    end: int
    resolution: str
    quantity: int
    quality: int
    transaction: int


@st.composite
def periods(draw: st.DrawFn) -> SeriesPeriod:
    """Whole days, parts of days, several days; in quarters, hours (on any quarter), days and months."""
    day = ZONE.day_interval(draw(st.sampled_from(DAYS)))
    match draw(st.sampled_from(["whole", "whole", "part", "part", "long", "day", "month"])):
        case "whole":
            step = draw(st.sampled_from([Resolution.QUARTER, Resolution.HOUR]))
            count = ZONE.steps(step, day)
            assert count
            return SeriesPeriod(0, step, day.start, count)
        case "part":
            start = day.start + 900 * draw(st.integers(-4, 99))
            return SeriesPeriod(0, draw(st.sampled_from(["PT15M", "PT1H"])), start, draw(st.integers(1, 12)))
        case "long":
            return SeriesPeriod(0, Resolution.HOUR, day.start, draw(st.integers(26, 60)))
        case "day":
            return SeriesPeriod(0, Resolution.DAY, day.start, draw(st.integers(1, 2)))
        case _:
            first = ZONE.day(day.start).replace(day=1)
            return SeriesPeriod(0, Resolution.MONTH, ZONE.midnight(first), draw(st.integers(1, 2)))


@st.composite
def inputs(draw: st.DrawFn) -> SegmentInput:
    period = draw(periods())
    named = draw(points)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    shape = (len(named), period.count)
    quality = random.choice([Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING], shape).astype(np.uint8)
    quantity = np.where(quality == Quality.MISSING, 0, random.integers(-5, 70_000, shape))
    return SegmentInput(0, period.resolution, period.start, np.array(named, dtype=np.int64), quantity, quality)


class SeriesStoreMachine(RuleBasedStateMachine):
    """Random deliveries and index builds; every view must equal the dictionary's."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.store = SeriesStore(ZONE)
        self.model: dict[int, dict[int, Value]] = {point: {} for point in POINTS.tolist()}
        self.touched: dict[int, list[Interval]] = {point: [] for point in POINTS.tolist()}
        self.history: list[dict[int, dict[int, Value]]] = [{point: {} for point in POINTS.tolist()}]

    @initialize()
    def empty(self) -> None:
        with self.database.write() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(sa.delete(table))

    @rule(deliveries=st.lists(inputs(), min_size=1, max_size=3))
    def append(self, deliveries: list[SegmentInput]) -> None:
        with self.database.write() as connection:
            transaction = allocate(connection, len(self.history))
            self.store.append(connection, transaction, deliveries)
        for delivery in deliveries:
            self.apply(delivery, transaction)
        self.history.append({point: dict(values) for point, values in self.model.items()})

    def apply(self, delivery: SegmentInput, transaction: int) -> None:
        period = delivery.period
        end = ZONE.end(period.resolution, period.start, period.count)
        starts = ZONE.step_starts(period.resolution, period.start, period.count).tolist()
        for row, point in enumerate(delivery.points.tolist()):
            values = self.model[point]
            for value in list(values.values()):
                if value.start < end and period.start < value.end:
                    del values[value.start]
            for step, (first, last) in enumerate(zip(starts, [*starts[1:], end], strict=True)):
                measured = (int(delivery.quantity[row, step]), int(delivery.quality[row, step]))
                values[first] = Value(first, last, str(period.resolution), *measured, transaction)
            self.touched[point].append(Interval(period.start, end))

    @rule(delivery=inputs())
    def roll_back(self, delivery: SegmentInput) -> None:
        try:
            with self.database.write() as connection:
                self.store.append(connection, allocate(connection, 0), [delivery])
                self.store.current(connection, delivery.period, POINTS)
                raise InterruptedError
        except InterruptedError:
            pass

    @rule(limit=st.integers(1, 4))
    def build_index(self, limit: int) -> None:
        with self.database.write() as connection:
            self.store.build_index(connection, limit)

    @rule()
    def start_anew(self) -> None:
        self.store = SeriesStore(ZONE)

    @rule()
    def rebuild_index(self) -> None:
        with self.database.write() as connection:
            self.store.rebuild_index(connection)

    @rule(period=periods(), back=st.integers(0, 5))
    def read(self, period: SeriesPeriod, back: int) -> None:
        interval = Interval(period.start, ZONE.end(period.resolution, period.start, period.count))
        transaction = max(0, len(self.history) - 1 - back)
        with self.database.read() as connection:
            as_of = None if back == 0 else transaction
            columns = self.store.read(connection, POINTS, interval, as_of=as_of)
        for point, runs in zip(POINTS.tolist(), columns.runs, strict=True):
            assert [value for run in runs for value in flattened(run)] == self.expected(transaction, point, interval)

    @rule(day=st.sampled_from(DAYS), back=st.integers(0, 5))
    def scan(self, day: date, back: int) -> None:
        interval = ZONE.day_interval(day)
        transaction = max(0, len(self.history) - 1 - back)
        with self.database.read() as connection:
            batches = list(self.store.scan(connection, interval, as_of=transaction))
        for point in POINTS.tolist():
            scanned = []
            for batch in batches:
                ends = [*ZONE.step_starts(batch.resolution, batch.start, batch.quantity.shape[1] + 1).tolist()]
                for row in np.flatnonzero(batch.points == point).tolist():
                    columns = (batch.quantity[row], batch.quality[row], batch.transaction[row])
                    for step, (quantity, quality, version) in enumerate(
                        zip(*map(np.ndarray.tolist, columns), strict=True)
                    ):
                        span = (ends[step], ends[step + 1])
                        scanned.append(Value(*span, batch.resolution, quantity, quality, version))
            assert sorted(scanned, key=lambda value: value.start) == self.expected(transaction, point, interval)

    @rule(period=periods())
    def current(self, period: SeriesPeriod) -> None:
        end = ZONE.end(period.resolution, period.start, period.count)
        interval = Interval(period.start, end)
        starts = ZONE.step_starts(period.resolution, period.start, period.count).tolist()
        steps = [Interval(*span) for span in zip(starts, [*starts[1:], end], strict=True)]
        with self.database.read() as connection:
            current = self.store.current(connection, period, POINTS)
        for row, point in enumerate(POINTS.tolist()):
            values = self.model[point]
            accepted = [Interval(one.start, one.end) for one in values.values() if one.quality != Quality.MISSING]
            assert current.known[row] == any(span.overlaps(interval) for span in self.touched[point])
            assert current.has_value[row].tolist() == [any(one.overlaps(step) for one in accepted) for step in steps]
            for step, first in enumerate(starts):
                same = values.get(first)
                if same is not None and same.resolution == period.resolution:
                    assert (current.quantity[row, step], current.quality[row, step]) == (same.quantity, same.quality)
                else:
                    assert (current.quantity[row, step], current.quality[row, step]) == (0, 0)

    @precondition(lambda self: len(self.history) > 1)
    @rule(point=st.sampled_from(POINTS.tolist()))
    def versions(self, point: int) -> None:
        everything = Interval(ZONE.midnight(date(2024, 1, 1)), ZONE.midnight(date(2027, 1, 1)))
        with self.database.read() as connection:
            versions = self.store.versions(connection, point, everything)
        assert [(one.run.start, one.run.finish) for one in versions] == [
            (span.start, span.end) for span in self.touched[point]
        ]
        assert [one.transaction for one in versions] == [one.received_at for one in versions]

    @invariant()
    def pending_is_what_is_not_indexed(self) -> None:
        with self.database.read() as connection:
            assert self.store.index_pending(connection) >= 0

    def expected(self, transaction: int, point: int, interval: Interval) -> list[Value]:
        values = self.history[transaction][point]
        return [values[start] for start in sorted(values) if interval.contains(start)]

    def teardown(self) -> None:
        everything = Interval(ZONE.midnight(date(2024, 12, 1)), ZONE.midnight(date(2026, 1, 1)))
        for transaction in range(len(self.history)):
            with self.database.read() as connection:
                columns = self.store.read(connection, POINTS, everything, as_of=transaction)
            for point, runs in zip(POINTS.tolist(), columns.runs, strict=True):
                found = [value for run in runs for value in flattened(run)]
                assert found == self.expected(transaction, point, everything)


def flattened(run: Run) -> list[Value]:
    starts = run.starts(ZONE).tolist()
    spans = zip(starts, [*starts[1:], run.finish], strict=True)
    columns = (run.quantity.tolist(), run.quality.tolist(), run.transaction.tolist())
    return [Value(*span, run.resolution, *values) for span, *values in zip(spans, *columns, strict=True)]


def test_the_store_agrees_with_a_dictionary(database: Database) -> None:
    """DK-4.1.5.f, DK-4.1.3.c, DK-1.48: every version of every value, with its status, in whatever resolution."""
    machine = type("OfThisDatabase", (SeriesStoreMachine,), {"database": database})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=30, stateful_step_count=16, suppress_health_check=list(HealthCheck)),
    )
