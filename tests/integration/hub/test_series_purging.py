"""Purging the store: whatever was appended, kept days read as before, and no superseded value comes to light again."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Connection

from gateway.hub.database import Database, allocate
from gateway.hub.schema import metadata
from gateway.hub.series.purging import old_days, take_out, takeable
from gateway.hub.series.segments import SegmentInput
from gateway.hub.series.store import SeriesStore
from gateway.hub.tables import purge, segment
from gateway.messages.times import Interval, day_number
from tests.integration.hub.test_series_store_model import DAYS, POINTS, SPRING, ZONE, inputs

# FI-4.1

EVERYTHING = Interval(ZONE.midnight(date(2024, 12, 1)), ZONE.midnight(date(2026, 2, 1)))
FAR_AHEAD = 2**62
Known = dict[tuple[int, int], tuple[int, int]]


@pytest.fixture(scope="module")
def store_database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('purging')}/store.db")
    database.create_tables()
    return database


def known(connection: Connection, store: SeriesStore) -> Known:
    """Every value by point and start."""
    runs = store.read(connection, POINTS, EVERYTHING).runs
    return {
        (point, start): (int(run.quantity[place]), int(run.quality[place]))
        for point, of_point in zip(POINTS.tolist(), runs, strict=True)
        for run in of_point
        for place, start in enumerate(run.starts(ZONE).tolist())
    }


def purged(connection: Connection, kept: date, stored_before: int = FAR_AHEAD) -> int:
    """Purge as the hub does, in one transaction; how many segments went."""
    number, before = allocate(connection, 10**9), -1
    row = {"first_kept": 0, "client": "test", "segments": 0, "series": 0, "values": 0}
    connection.execute(purge.insert().values(transaction=number, **row))
    count = 0
    while count > before:
        before = count
        for one in old_days(connection, day_number(kept)):
            segments = takeable(connection, one, stored_before, ZONE)
            if segments:
                take_out(connection, segments, ZONE, number)
            count += len(segments)
    return count


def stored(database: Database, store: SeriesStore, deliveries: list[SegmentInput]) -> None:
    """Empty the store, append each delivery in a transaction of its own, index all."""
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))
    for number, delivery in enumerate(deliveries, 1):
        with database.write() as connection:
            store.append(connection, allocate(connection, number), [delivery])
    with database.write() as connection:
        store.rebuild_index(connection)


def hours(start: int, *quantities: int) -> SegmentInput:
    """Hours of the first point."""
    quantity = np.array([quantities], dtype=np.int64)
    return SegmentInput(0, "PT1H", start, POINTS[:1], quantity, np.ones_like(quantity, dtype=np.uint8))


@st.composite
def around(draw: st.DrawFn) -> SegmentInput:
    """Hours of some points around the midnight of the spring day."""
    named = np.array(sorted(draw(st.sets(st.sampled_from(POINTS[:3].tolist()), min_size=1))), dtype=np.int64)
    start, count = ZONE.midnight(SPRING) + 3600 * draw(st.integers(-50, 4)), draw(st.integers(1, 30))
    quantity = np.full((len(named), count), draw(st.integers(1, 9_999)), dtype=np.int64)
    return SegmentInput(0, "PT1H", start, named, quantity, np.ones_like(quantity, dtype=np.uint8))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(around() | inputs(), min_size=1, max_size=8),
    st.just(SPRING) | st.sampled_from(DAYS),
    st.just(FAR_AHEAD) | st.integers(1, 9),
)
def test_kept_days_read_as_before(
    store_database: Database, deliveries: list[SegmentInput], kept: date, stored_before: int
) -> None:
    store = SeriesStore(ZONE)
    stored(store_database, store, [*deliveries, hours(ZONE.midnight(SPRING) + 300 * 86_400, 5)])
    with store_database.write() as connection:
        before = known(connection, store)
        purged(connection, kept, stored_before)
        after = known(connection, store)
        assert after.items() <= before.items(), "nothing comes to light that had been superseded"
        border = ZONE.midnight(kept)
        assert {key for key in before.keys() - after.keys() if key[1] >= border} == set()
        store.rebuild_index(connection)
        assert known(connection, store) == after


def test_what_supersedes_a_segment_that_stays_stays_too(store_database: Database) -> None:
    midnight, store = ZONE.midnight(SPRING), SeriesStore(ZONE)
    across, correction = hours(midnight - 7200, 1, 1, 1), hours(midnight - 3600, 9)
    stored(store_database, store, [across, correction, hours(midnight + 30 * 86_400, 5)])
    point = int(POINTS[0])
    with store_database.write() as connection:
        assert purged(connection, SPRING) == 0
        assert known(connection, store)[point, midnight - 3600][0] == 9
        assert purged(connection, date(2025, 3, 31)) == 2
        assert list(known(connection, store)) == [(point, midnight + 30 * 86_400)]
        assert connection.execute(sa.select(sa.func.count()).select_from(segment)).scalar_one() == 1
