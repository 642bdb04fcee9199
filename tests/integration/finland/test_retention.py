"""Values beyond the six years they are kept: taken away by segments, on record, never under anybody's feet (FI-4.1)."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.hub.journal import read as read_entry
from gateway.hub.retention import first_kept, foretold, purge_values, recorded
from gateway.hub.series.purging import Taken
from gateway.hub.tables import chunk, point_index, purged_segment, segment
from gateway.hub.tables_exchange import journal
from gateway.markets.registry import changed_profile, profile
from gateway.markets.retention import RetentionTerms, read_retention
from gateway.messages.times import format_second
from tests.integration.finland.hubs import CORRECTED, GRID, NEXT_GRID, OK, OTHER_SUPPLIER, START, SUPPLIER, FinnishHub

NIGHT_BEFORE = START - 3600


def purged(fi: FinnishHub) -> Taken:
    """Purge as the operator does, what was foretold."""
    kept = first_kept(fi.hub.office)
    assert kept is not None
    with fi.hub.office.database.read() as connection:
        said = foretold(fi.hub.office, connection, kept)
    taken = purge_values(fi.hub.office, kept, "operator")
    assert taken == said
    return taken


def emptied(fi: FinnishHub) -> None:
    """Everybody fetches what waits."""
    for who in (SUPPLIER, OTHER_SUPPLIER, GRID, NEXT_GRID):
        fi.receive(who)


def count(fi: FinnishHub, table: sa.Table) -> int:
    with fi.hub.office.database.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def values(fi: FinnishHub, **asked: Any) -> list[int]:
    """What is known of the house; nothing where nothing is."""
    return [int(quantity) for one in fi.read("home", **asked) for quantity in one.quantities.tolist()]


@pytest.fixture
def kept(fi_both: FinnishHub) -> FinnishHub:
    """A hub with a day's values, some across the midnight before it, and one of six years later."""
    fi = fi_both
    fi.send(fi.series("home", [("1.000", OK)] * 4, start=format_second(START + 7200)))
    fi.send(fi.series("home", [("2.000", OK)] * 8, start=format_second(NIGHT_BEFORE)))
    fi.duties()
    emptied(fi)
    fi.at(date(2031, 3, 9))
    fi.send(fi.series("home", [("3.000", OK)], start=format_second(fi.clock.now() - 86_400)))
    fi.duties()
    emptied(fi)
    return fi


def test_what_is_six_years_old_goes_and_stays_on_record(kept: FinnishHub) -> None:
    # FI-4.1
    fi = kept
    with fi.hub.office.database.read() as connection:
        stored = connection.execute(sa.select(segment).order_by(segment.c.id)).all()
        blocks = {
            row.id // 65_536: bytes(row.quantity) + bytes(row.quality) for row in connection.execute(sa.select(chunk))
        }
        hashes = {one.id: hashlib.sha256(bytes(one.points) + blocks[one.id]).digest() for one in stored}
        messages = connection.execute(sa.select(journal.c.id, journal.c.sha256)).all()
    fi.at(date(2031, 3, 10))
    assert purged(fi) == Taken(), "9 March goes with the segment that reaches into the 10th"
    whole: dict[str, Any] = {"start": NIGHT_BEFORE, "end": START + 10_800}
    assert values(fi, **whole) == [2000] * 8 + [1000] * 4
    fi.at(date(2031, 3, 11))
    assert purged(fi) == Taken(2, 2, 12)
    assert values(fi, **whole) == []
    assert asyncio.run(fi.hub.value_versions(GRID, fi.market.named["home"], START)) == ()
    assert values(fi, start=START, end=fi.clock.now()) == [3000]
    with fi.hub.office.database.read() as connection:
        gone = connection.execute(sa.select(purged_segment).order_by(purged_segment.c.id)).all()
        assert [(one.start, one.finish, bytes(one.sha256)) for one in gone] == [
            (one.start, one.finish, hashes[one.id]) for one in stored[:2]
        ]
        for number, sha256 in messages:
            assert hashlib.sha256(read_entry(connection, number).body).digest() == bytes(sha256)
        past = recorded(connection)
    assert [(one.first_kept, one.client, one.taken) for one in past] == [
        (date(2025, 3, 11), "operator", Taken(2, 2, 12))
    ]
    assert (count(fi, segment), count(fi, chunk), count(fi, point_index)) == (1, 1, 1)


def test_the_store_goes_on_after_a_purge(kept: FinnishHub) -> None:
    fi = kept
    fi.at(date(2031, 3, 11))
    purged(fi)
    assert purged(fi) == Taken()
    at = fi.clock.now() - 2 * 86_400
    fi.send(fi.series("home", [("5.000", OK)], start=format_second(at)))
    fi.send(fi.series("home", [("4.000", CORRECTED)], start=format_second(at)))
    fi.duties()
    assert values(fi, start=at, end=at + 900) == [4000]
    with fi.hub.office.database.write() as connection:
        fi.hub.office.store.rebuild_index(connection)
    assert values(fi, start=at, end=at + 900) == [4000]


def test_what_waits_in_a_queue_is_delivered_first(fi: FinnishHub) -> None:
    # FI-4.1: a message nobody has fetched refers to the values
    fi.send(fi.series("home", [("1.000", OK)]))
    fi.duties()
    fi.at(date(2031, 3, 11))
    fi.send(fi.series("works", [("3.000", OK)], start=format_second(fi.clock.now() - 86_400)))
    fi.duties()
    assert purged(fi) == Taken()
    (one,) = fi.received(SUPPLIER)
    assert one.period.quantity.tolist() == [1000]
    emptied(fi)
    assert purged(fi) == Taken(1, 1, 1)


@pytest.mark.parametrize("nightly", [True, False])
def test_the_night_purges_where_it_is_set_to(fi: FinnishHub, nightly: bool) -> None:
    # FI-4.1: data may be purged; nobody's are unless an operator wants it
    office = fi.hub.office
    office.profile = replace(office.profile, retention=replace(office.profile.retention, nightly=nightly))
    fi.send(fi.series("home", [("1.000", OK)]))
    fi.duties()
    emptied(fi)
    fi.at(date(2031, 3, 11))
    fi.send(fi.series("home", [("3.000", OK)], start=format_second(fi.clock.now() - 86_400)))
    emptied(fi)
    fi.duties()
    assert count(fi, purged_segment) == int(nightly)
    with office.database.read() as connection:
        assert [one.client for one in recorded(connection)] == ["scheduler"] * nightly


def test_markets_keep_what_may_be_corrected() -> None:
    assert profile("fi").retention == RetentionTerms(6, nightly=False)
    assert [profile(market).retention.years for market in ("dk", "ee")] == [None, None]
    assert changed_profile("ee", {"retention": {"years": 2, "nightly": True}}, {}).retention.nightly
    assert profile("fi").retention.first_kept(date(2032, 2, 29)) == date(2026, 2, 28)
    with pytest.raises(ValueError, match="corrected for 6 years and cannot be kept for 5 only"):
        read_retention({"years": 5}, 6)
