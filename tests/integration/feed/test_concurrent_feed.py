"""Nothing skipped and nothing doubled while several processes write: by windows of time and by ids, on both databases.

The property: whoever reads windows of time that meet, each up to the present instant, and whoever follows the ids, has
in the end seen every item once and in order, whenever they read.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.hub.clock import MovedClock, SystemClock
from gateway.hub.database import Database
from gateway.hub.ports_feed import FeedItem
from gateway.messages.codes import AgreementKind, Flow
from gateway.messages.metering_data import MeteringData
from tests.integration.feed.market import (
    DAY,
    FACTORY,
    FIRST,
    HOUSE,
    QUARTER,
    SECOND,
    Market,
    agreed,
    base,
    opened,
    supplier,
    values_of,
)

# EE-3.3

ROOT = Path(__file__).resolve().parents[3]
WRITERS, MESSAGES = 2, 25


def start_writer(url: str, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.feed.writer", url, str(number), str(MESSAGES)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)


def by_time(market: Market, since: int, until: int, size: int) -> list[FeedItem]:
    """All pages of one window of time."""
    found: list[FeedItem] = []
    for number in range(10_000):
        page = market.page(supplier(FIRST), created_from=since, created_to=until, page=number, size=size)
        found += page.items
        if len(found) >= page.total:
            return found
    raise AssertionError


def by_id(market: Market, after: int) -> list[FeedItem]:
    """What came after an id."""
    return list(market.items(supplier(FIRST), id_from=after + 1, id_to=after + 500))


@pytest.mark.parametrize("size", [1, 7])
def test_readers_miss_nothing_and_see_nothing_twice(database_url: str, size: int) -> None:
    database = Database.open(database_url)
    before = opened(database, clock=MovedClock(DAY))
    half = DAY + 60 * QUARTER
    before.take(
        agreed(AgreementKind.SUPPLY, FIRST), agreed(AgreementKind.SUPPLY, FIRST, metering_point=FACTORY, until=half),
        agreed(AgreementKind.SUPPLY, SECOND, half, metering_point=FACTORY), more=base(),
    )  # fmt: skip
    market = opened(database, clock=SystemClock())
    writers = [start_writer(database_url, number) for number in range(WRITERS)]
    timed: list[FeedItem] = []
    followed: list[FeedItem] = []
    since = market.clock.micros()
    running = True
    while running:
        running = any(writer.poll() is None for writer in writers)
        until = market.clock.micros()
        if since < until:
            timed += by_time(market, since, until, size)
            since = until
        followed += by_id(market, followed[-1].id if followed else 0)
    counts = [int((writer.communicate()[0] or "0").split()[-1]) for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    assert [item.uuid for item in timed] == [item.uuid for item in followed]
    assert [item.id for item in followed] == list(range(followed[0].id, followed[0].id + len(followed)))
    assert sorted(item.created_at for item in followed) == [item.created_at for item in followed]
    check_values(followed, counts)
    database.close()


def check_values(items: list[FeedItem], counts: list[int]) -> None:
    """Every value each writer stored, and only what concerns the reader, is there once."""
    seen: set[tuple[str, int, Flow]] = set()
    for item in items:
        assert isinstance(item.content, MeteringData)
        values = values_of(item.content).keys()
        assert seen.isdisjoint(values)
        seen |= values
    wanted = {
        (point, DAY + QUARTER * step, flow)
        for flow, count in zip(Flow, counts, strict=False)
        for step in range(count)
        for point in (HOUSE, FACTORY)
        if point == HOUSE or step < 60
    }
    assert seen == wanted
