"""The series store on both databases: versions, corrections, mixed resolutions, the derived index."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa

from gateway.hub.database import Database, allocate
from gateway.hub.series.segments import SegmentInput, SegmentRef, SeriesPeriod
from gateway.hub.series.store import SeriesStore
from gateway.hub.tables import index_progress, point_index, segment, segment_day
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution
from gateway.messages.times import Interval, MarketZone

ZONE = MarketZone("Europe/Copenhagen")
DAY = ZONE.day_interval(date(2025, 1, 15))
POINTS = 571313100000000000 + np.arange(7, dtype=np.int64) * 10
NUMBER = 571313100000000000


@pytest.fixture
def store() -> SeriesStore:
    return SeriesStore(ZONE)


def series(
    points: np.ndarray[tuple[int], np.dtype[np.int64]] = POINTS,
    *,
    resolution: str = Resolution.QUARTER,
    start: int = DAY.start,
    count: int = 96,
    base: int = 0,
    quality: int = Quality.MEASURED,
) -> SegmentInput:
    """Values that say where they belong: base + 1000 * row + step."""
    quantity = base + 1000 * np.arange(len(points))[:, None] + np.arange(count)
    return SegmentInput(0, resolution, start, points, quantity, np.full(quantity.shape, quality, np.uint8))


def append(database: Database, store: SeriesStore, *inputs: SegmentInput, at: int = 0) -> list[SegmentRef]:
    with database.write() as connection:
        return store.append(connection, allocate(connection, at), inputs)


def index(database: Database, store: SeriesStore) -> None:
    with database.write() as connection:
        while store.build_index(connection, 2):
            pass


def test_what_is_appended_is_read(database: Database, store: SeriesStore) -> None:
    append(database, store, series())
    with database.read() as connection:
        columns = store.read(connection, POINTS[::-1], DAY)
    assert columns.points.tolist() == POINTS[::-1].tolist()
    for row, (run,) in zip(reversed(range(7)), columns.runs, strict=True):
        assert (run.resolution, run.start, run.finish) == ("PT15M", DAY.start, DAY.end)
        assert run.quantity.tolist() == [1000 * row + step for step in range(96)]
        assert set(run.quality.tolist()) == {Quality.MEASURED}
        assert set(run.transaction.tolist()) == {1}


def test_a_correction_keeps_the_value_it_replaces(database: Database, store: SeriesStore) -> None:
    """DK-4.1.5.f: the old value is kept, the new one stored as corrected with the sender's status readable."""
    append(database, store, series(), at=100)
    corrected = series(POINTS[2:3], base=7, start=DAY.start + 900 * 4, count=8, quality=CORRECTED_FLAG | 3)
    append(database, store, corrected, at=200)
    for indexed in (False, True):
        if indexed:
            index(database, store)
        with database.read() as connection:
            before = store.read(connection, POINTS[2:3], DAY, as_of=1).runs[0]
            after = store.read(connection, POINTS[2:3], DAY).runs[0]
            versions = store.versions(connection, int(POINTS[2]), DAY)
        assert before[0].quantity.tolist() == [2000 + step for step in range(96)]
        (now,) = after
        expected = [2000 + step for step in range(96)]
        expected[4:12] = [7 + step for step in range(8)]
        assert now.quantity.tolist() == expected
        assert now.transaction.tolist() == [1] * 4 + [2] * 8 + [1] * 84
        assert set(now.quality[4:12].tolist()) == {CORRECTED_FLAG | Quality.ESTIMATED}
        assert [(one.transaction, one.received_at, one.run.start) for one in versions] == [
            (1, 100, DAY.start),
            (2, 200, DAY.start + 3600),
        ]
        assert versions[0].run.quantity[4:12].tolist() == [2004 + step for step in range(8)]


def test_every_value_carries_its_status(database: Database, store: SeriesStore) -> None:
    """DK-4.1.3.c: read, estimated and missing come back as they were received."""
    received = series(POINTS[:1])
    received.quality[0, :4] = [Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING, Quality.CALCULATED]
    received.quantity[0, 2] = 0
    append(database, store, received)
    with database.read() as connection:
        ((run,),) = store.read(connection, POINTS[:1], DAY).runs
        current = store.current(connection, SeriesPeriod(0, "PT15M", DAY.start, 96), POINTS[:2])
    assert run.quality[:5].tolist() == [4, 3, 2, 6, 4]
    assert current.known.tolist() == [True, False]
    assert current.has_value[0, :5].tolist() == [True, True, False, True, True]
    assert not current.has_value[1].any()


def test_quarters_and_hours_stand_side_by_side(database: Database, store: SeriesStore) -> None:
    """DK-1.48: 15- and 60-minute series coexist, and a point changes from one to the other on a date."""
    tomorrow = ZONE.day_interval(date(2025, 1, 16))
    append(
        database,
        store,
        series(POINTS[:2]),
        series(POINTS[2:4], resolution=Resolution.HOUR, count=24),
        series(POINTS[4:5], resolution=Resolution.HOUR, count=24, base=50),
    )
    append(database, store, series(POINTS[4:5], start=tomorrow.start))
    with database.read() as connection:
        columns = store.read(connection, POINTS[:5], Interval(DAY.start, tomorrow.end))
        batches = list(store.scan(connection, DAY))
    runs = [[(run.resolution, run.start, len(run.quantity)) for run in runs] for runs in columns.runs]
    assert runs[:2] == [[("PT15M", DAY.start, 96)]] * 2
    assert runs[2:4] == [[("PT1H", DAY.start, 24)]] * 2
    assert runs[4] == [("PT1H", DAY.start, 24), ("PT15M", tomorrow.start, 96)]
    assert sorted((batch.resolution, batch.quantity.shape) for batch in batches) == [
        ("PT15M", (2, 96)),
        ("PT1H", (3, 24)),
    ]


@pytest.mark.parametrize(("day", "quarters"), [(date(2025, 3, 30), 92), (date(2025, 10, 26), 100)])
def test_days_of_23_and_25_hours(database: Database, store: SeriesStore, day: date, quarters: int) -> None:
    changed = ZONE.day_interval(day)
    append(database, store, series(start=changed.start, count=quarters))
    index(database, store)
    with database.read() as connection:
        ((run,), *_) = store.read(connection, POINTS, changed).runs
        (batch,) = store.scan(connection, changed)
        nothing = store.read(connection, POINTS, Interval(changed.end, changed.end + 86_400)).runs
    assert (run.finish, len(run.quantity)) == (changed.end, quarters)
    assert batch.quantity.shape == (7, quarters)
    assert set(nothing) == {()}


def test_a_quarter_received_for_an_hour_supersedes_the_whole_hour(database: Database, store: SeriesStore) -> None:
    append(database, store, series(POINTS[:1], resolution=Resolution.HOUR, count=24))
    append(database, store, series(POINTS[:1], start=DAY.start + 3600, count=1, base=5))
    with database.read() as connection:
        (runs,) = store.read(connection, POINTS[:1], DAY).runs
        current = store.current(connection, SeriesPeriod(0, "PT1H", DAY.start, 24), POINTS[:1])
        batches = list(store.scan(connection, DAY))
    assert [(run.resolution, run.start - DAY.start, len(run.quantity)) for run in runs] == [
        ("PT1H", 0, 1),
        ("PT15M", 3600, 1),
        ("PT1H", 7200, 22),
    ]
    assert current.has_value.all()
    assert current.quantity[0].tolist() == [0, 0, *range(2, 24)]
    assert sum(batch.quantity.size for batch in batches) == 24


def test_months_and_days_follow_the_wall_clock(database: Database, store: SeriesStore) -> None:
    months = [ZONE.midnight(date(2025, month, 1)) for month in range(1, 5)]
    append(database, store, series(POINTS[:1], resolution=Resolution.MONTH, start=months[0], count=3))
    append(database, store, series(POINTS[1:2], resolution=Resolution.DAY, start=months[0], count=90))
    append(database, store, series(POINTS[:1], resolution=Resolution.MONTH, start=months[1], count=1, base=70))
    index(database, store)
    with database.read() as connection:
        (of_months,) = store.read(connection, POINTS[:1], Interval(months[0], months[3])).runs
        (in_march,) = store.read(connection, POINTS[:1], Interval(months[2], months[2] + 86_400)).runs
        (within_march,) = store.read(connection, POINTS[:1], Interval(months[2] + 86_400, months[3])).runs
        ((of_days,),) = store.read(connection, POINTS[1:2], Interval(months[2], months[3])).runs
        first = list(store.scan(connection, Interval(months[2], ZONE.midnight(date(2025, 3, 2)))))
    assert [run.quantity.tolist() for run in of_months] == [[0, 70, 2]]
    assert [(run.start, run.finish, run.quantity.tolist()) for run in in_march] == [(months[2], months[3], [2])]
    assert within_march == ()
    assert (of_days.start, of_days.finish, len(of_days.quantity)) == (months[2], months[3], 31)
    assert sorted(batch.resolution for batch in first) == ["P1D", "P1M"]


def test_a_year_is_found_on_each_of_its_days_and_on_no_other(database: Database, store: SeriesStore) -> None:
    year = Interval(ZONE.midnight(date(2025, 1, 1)), ZONE.midnight(date(2026, 1, 1)))
    append(database, store, series(POINTS[:2], start=year.start, count=35_040))
    append(database, store, series(POINTS[1:3], start=DAY.start, base=500))
    for _ in range(2):  # first from memory, then from the index
        with database.read() as connection:
            before = Interval(year.start - 86_400, year.start)
            assert store.read(connection, POINTS[:2], before).runs == ((), ())
            for day in (DAY, Interval(year.end - 86_400, year.end)):
                (first,), *_ = store.read(connection, POINTS[:2], day).runs
                steps = np.arange(96) + (day.start - year.start) // 900
                assert first.quantity.tolist() == steps.tolist()
            corrected = store.read(connection, POINTS[1:2], DAY).runs[0]
            assert [value for run in corrected for value in run.quantity.tolist()] == list(range(500, 596))
            delivered = store.delivered(connection, POINTS, Interval(year.end - 900, year.end))
            assert delivered.tolist() == [True, True, *[False] * 5]
        index(database, store)


def test_a_month_is_superseded_by_a_value_on_another_of_its_days(database: Database, store: SeriesStore) -> None:
    """Reading the first day must see what came for the twentieth, because the month's value begins on the first."""
    first = ZONE.day_interval(date(2025, 3, 1))
    twentieth = ZONE.midnight(date(2025, 3, 20))
    append(database, store, series(POINTS[:1], resolution=Resolution.MONTH, start=first.start, count=1))
    append(database, store, series(POINTS[:1], start=twentieth, count=4))
    index(database, store)
    with database.read() as connection:
        (before,) = store.read(connection, POINTS[:1], first, as_of=1).runs
        (after,) = store.read(connection, POINTS[:1], first).runs
        batches = list(store.scan(connection, first))
        current = store.current(connection, SeriesPeriod(0, "P1D", first.start, 1), POINTS[:1])
    assert [run.resolution for run in before] == ["P1M"]
    assert after == ()
    assert batches == []
    assert (current.known.tolist(), current.has_value.tolist()) == ([True], [[False]])


def test_series_of_one_period_share_a_segment_and_keep_their_rows(database: Database, store: SeriesStore) -> None:
    refs = append(
        database,
        store,
        series(POINTS[:2]),
        series(POINTS[2:3], resolution=Resolution.HOUR, count=24),
        series(POINTS[3:6], base=50),
    )
    assert refs == [SegmentRef(1, 0, 2), SegmentRef(2, 0, 1), SegmentRef(1, 2, 3)]
    with database.read() as connection:
        rows = store.rows(connection, [(1, 4), (2, 0), (1, 0), (1, 4)])
    assert [int(row.quantity[0]) for row in rows] == [2050, 0, 0, 2050]
    assert [row.segment.resolution for row in rows] == ["PT15M", "PT1H", "PT15M", "PT15M"]


def test_the_last_of_two_deliveries_in_one_transaction_stands(database: Database, store: SeriesStore) -> None:
    append(database, store, series(POINTS[:1]), series(POINTS[:1], base=5), series(POINTS[:1], count=4, base=9))
    for indexed in (False, True):
        if indexed:
            index(database, store)
        with database.read() as connection:
            ((run,),) = store.read(connection, POINTS[:1], DAY).runs
            (batch,) = store.scan(connection, DAY)
        assert run.quantity[:6].tolist() == [9, 10, 11, 12, 9, 10]
        assert batch.quantity.tolist() == [run.quantity.tolist()]


def test_a_scan_takes_the_newest_of_each_point(database: Database, store: SeriesStore) -> None:
    append(database, store, series())
    append(database, store, series(POINTS[1:3], base=100_000))
    append(database, store, series(POINTS[2:4], base=200_000, count=4))
    for indexed in (False, True):
        if indexed:
            index(database, store)
        with database.read() as connection:
            scans = [list(store.scan(connection, DAY, as_of=as_of)) for as_of in (1, 2, None)]
            reads = [store.read(connection, POINTS, DAY, as_of=as_of).runs for as_of in (1, 2, None)]
        for batches, runs in zip(scans, reads, strict=True):
            scanned = {
                point: quantity.tolist()
                for batch in batches
                for point, quantity in zip(batch.points.tolist(), batch.quantity, strict=True)
            }
            assert scanned == {
                point: run.quantity.tolist() for point, (run,) in zip(POINTS.tolist(), runs, strict=True)
            }
            assert sum(len(batch.points) for batch in batches) == len(POINTS)


def test_the_index_can_be_made_anew_from_the_segments(database: Database, store: SeriesStore) -> None:
    months = ZONE.midnight(date(2025, 1, 1))
    for number in range(5):
        append(database, store, series(POINTS[number : number + 2], base=number))
        index(database, store)
    append(database, store, series(POINTS[:1], resolution=Resolution.MONTH, start=months, count=1))
    index(database, store)
    tables = (point_index, segment_day, index_progress)
    with database.read() as connection:
        built = [connection.execute(sa.select(table)).all() for table in tables]
        assert store.index_pending(connection) == 0
    with database.write() as connection:
        connection.execute(sa.delete(point_index).where(point_index.c.point == int(POINTS[1])))
        store.rebuild_index(connection)
    with database.read() as connection:
        rebuilt = [connection.execute(sa.select(table)).all() for table in tables]
    assert [sorted(map(tuple, rows)) for rows in rebuilt] == [sorted(map(tuple, rows)) for rows in built]
    assert len(built[0]) == 5 * 2 + 31


def test_what_was_rolled_back_is_not_seen_and_not_remembered(database: Database, store: SeriesStore) -> None:
    append(database, store, series(POINTS[:1]))
    period = SeriesPeriod(0, "PT15M", DAY.start, 96)
    with pytest.raises(RuntimeError), database.write() as connection:
        store.append(connection, allocate(connection, 0), [series(POINTS[1:2], base=13)])
        assert store.current(connection, period, POINTS[:2]).known.tolist() == [True, True]
        store.build_index(connection)
        assert store.current(connection, period, POINTS[:2]).known.tolist() == [True, True]
        raise RuntimeError
    append(database, store, series(POINTS[2:3], base=17))
    with database.read() as connection:
        current = store.current(connection, period, POINTS[:3])
        columns = store.read(connection, POINTS[:3], DAY)
    assert current.known.tolist() == [True, False, True]
    assert current.quantity[2, 0] == 17
    assert [len(runs) for runs in columns.runs] == [1, 0, 1]


def test_an_older_view_reads_what_it_saw(database: Database, store: SeriesStore) -> None:
    """A reader that began before an index build and a newer append still sees exactly its moment."""
    append(database, store, series(POINTS[:2]))
    with database.read() as old:
        assert store.index_pending(old) == 1
        append(database, store, series(POINTS[:1], base=90_000))
        index(database, store)
        with database.read() as new:
            ((latest,), _) = store.read(new, POINTS[:2], DAY).runs
        ((earlier,), _) = store.read(old, POINTS[:2], DAY).runs
    assert (int(latest.quantity[0]), int(earlier.quantity[0])) == (90_000, 0)


def test_kinds_do_not_meet(database: Database, store: SeriesStore) -> None:
    other = series(POINTS[:1], base=1)
    append(database, store, SegmentInput(3, other.resolution, other.start, other.points, other.quantity, other.quality))
    with database.read() as connection:
        assert store.read(connection, POINTS[:1], DAY).runs == ((),)
        assert len(store.read(connection, POINTS[:1], DAY, kind=3).runs[0]) == 1


def test_nothing_is_ever_updated(database: Database, store: SeriesStore) -> None:
    append(database, store, series())
    with database.read() as connection:
        before = connection.execute(sa.select(segment).where(segment.c.id == 1)).all()
    append(database, store, series(base=1))
    index(database, store)
    with database.read() as connection:
        assert connection.execute(sa.select(segment).where(segment.c.id == 1)).all() == before


def test_an_endless_interval_reads_everything(database: Database, store: SeriesStore) -> None:
    append(database, store, series(POINTS[:1]))
    wide = Interval(0, 10**10)
    with database.read() as connection:
        assert len(store.read(connection, POINTS[:1], wide).runs[0]) == 1
    index(database, store)
    with database.read() as connection:
        assert len(store.read(connection, POINTS[:1], wide).runs[0]) == 1
        assert store.read(connection, POINTS[:1], Interval(10**10, 2 * 10**10)).runs == ((),)


def test_an_empty_store_knows_nothing(database: Database, store: SeriesStore) -> None:
    with database.read() as connection:
        assert store.read(connection, POINTS, Interval(0, 10**10)).runs == ((),) * 7
        assert store.versions(connection, NUMBER, DAY) == []
        assert list(store.scan(connection, DAY)) == []
        assert store.rows(connection, []) == []
        assert not store.current(connection, SeriesPeriod(0, "PT15M", DAY.start, 96), POINTS).known.any()
    with database.write() as connection:
        assert store.append(connection, allocate(connection, 0), []) == []
        assert store.build_index(connection) == 0


@pytest.mark.parametrize("shape", [(0, 96), (7, 0)])
def test_a_segment_without_values_is_our_bug(database: Database, store: SeriesStore, shape: tuple[int, int]) -> None:
    empty = SegmentInput(
        0, "PT15M", DAY.start, POINTS[: shape[0]], np.zeros(shape, np.int64), np.zeros(shape, np.uint8)
    )
    with pytest.raises(ValueError, match="rows x count"):
        append(database, store, empty)
