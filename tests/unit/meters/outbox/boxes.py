"""Outboxes of tests, and rows for them."""

from __future__ import annotations

from pathlib import Path

from meter_adapters.outbox.rows import Row
from meter_adapters.outbox.store import Outbox, OutboxLimits
from meter_adapters.readings import MeterId

METER = MeterId("GPS0001", "0001", "GPS")
PROFILE = "1-0:99.1.0*255"
COLUMN = (PROFILE, "1-0:1.29.0*255", 900)
START = 1_767_225_600


def box(directory: Path, most_bytes: int = 64 * 2**20) -> Outbox:
    return Outbox(directory / "outbox.db", OutboxLimits(most_bytes=most_bytes))


def row(place: int, raw: int = 1, epoch: int = 0, billable: bool = True) -> Row:
    return Row(COLUMN, START + 900 * place, epoch, raw, 0, "Wh", "", None, "", billable, "", "deviation", "crc", "")


def contents(outbox: Outbox) -> list[tuple[int, int, int, int]]:
    """(moment, epoch, revision, raw) of everything that is kept."""
    with outbox.read() as connection:
        return list(connection.execute("select moment, epoch, revision, raw from reading order by 1, 2, 3"))


def queued(outbox: Outbox) -> int:
    with outbox.read() as connection:
        (count,) = connection.execute("select count(*) from outbox").fetchone()
        return int(count)
