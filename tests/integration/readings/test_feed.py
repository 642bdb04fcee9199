"""The supplier's feed: in order, nothing skipped and nothing doubled, also while others write (DK-5.1.2.b)."""

from __future__ import annotations

import asyncio
import threading
from datetime import date, timedelta
from itertools import pairwise

import pytest

from gateway.hub.ports import Page, Refused
from tests.integration.exchange.hubs import SUPPLIER_A, SUPPLIER_B

from .meters import FIRST, MDR, Meters

DAYS = [FIRST + timedelta(days=30 * n) for n in range(16)]


def test_a_cursor_goes_on_where_it_stood(meters: Meters) -> None:
    point = meters.point()
    assert (meters.feed(SUPPLIER_A).readings, meters.feed(SUPPLIER_A).after) == ((), "")
    meters.take(*(meters.row(point, *period, 100) for period in pairwise(DAYS[:6])))
    seen, after = [], ""
    while (stretch := meters.feed(SUPPLIER_A, after, limit=2)).readings:
        seen += [one.version for one in stretch.readings]
        after = stretch.after
    assert stretch.after == after, "an empty answer keeps the cursor"
    assert seen == sorted(set(seen))
    assert len(seen) == 5
    meters.cancel(point, (DAYS[4], DAYS[5]))
    (new,) = meters.feed(SUPPLIER_A, after).readings
    assert new.event == "cancellation"
    assert [one.version for one in meters.feed(SUPPLIER_A).readings] == [*seen, new.version], "the past stays the same"


@pytest.mark.parametrize("cursor", ["x", "-1", "1.5", "²", "9" * 30])
def test_what_is_no_cursor_is_refused(meters: Meters, cursor: str) -> None:
    refused = asyncio.run(meters.hub.readings.feed(SUPPLIER_A, Page(10, cursor)))
    assert isinstance(refused, Refused)
    assert refused.findings[0].rule == "bad-cursor"


def test_readers_miss_nothing_while_several_write(meters: Meters) -> None:
    points = [meters.point(SUPPLIER_A, place) for place in range(3)]
    bodies = [[meters.body(meters.row(point, *period, 100)) for period in pairwise(DAYS)] for point in points]
    failures: list[BaseException] = []

    def write(own: list[bytes]) -> None:
        try:
            for body in own:
                asyncio.run(meters.hub.readings.take(MDR, "readings.csv", body))
        except BaseException as error:
            failures.append(error)

    writers = [threading.Thread(target=write, args=(own,)) for own in bodies]
    for writer in writers:
        writer.start()
    seen: list[tuple[str, date]] = []
    after = ""
    while True:
        still = any(writer.is_alive() for writer in writers)
        stretch = meters.feed(SUPPLIER_A, after, limit=3)
        seen += [(one.metering_point, one.nominal) for one in stretch.readings]
        after = stretch.after
        if not still and not stretch.readings:
            break
    assert failures == []
    assert len(seen) == len(set(seen)) == 3 * (len(DAYS) - 1)
    for point in points:
        assert [day for of, day in seen if of == point] == DAYS[1:], "each point in its order"
    assert meters.feed(SUPPLIER_B).readings == ()
