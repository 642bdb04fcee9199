"""A settlement killed at any commit: the day stays where it was, and the evening is settled again by itself (GW-2)."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from gateway.hub.database import Database
from gateway.hub.settlement.evening import CLAIM_SECONDS
from gateway.hub.tables_exchange import outgoing
from gateway.hub.tables_settlement import settlement_run, settlement_step, snapshot
from tests.integration.settlement.towns import DAY, FIXED_ON, ZONE, start_town

SETTLE = """
import os, signal, sys
from gateway.wiring import open_hub
from gateway.config import Settings
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.settlement.evening import Settlement

data_dir, now, deadly = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
hub = open_hub(Settings(data_dir=data_dir), MovedClock(now))
writes, real = 0, Database.write


def counted(self, **how):
    global writes
    writes += 1
    if writes == deadly:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(self, **how)


Database.write = counted
Settlement(hub.office).catch_up()
"""
"""Settles what is due, and kills itself at its n-th write."""


def settle(data_dir: Path, now: int, deadly: int) -> int:
    """How the process ended."""
    command = [sys.executable, "-c", SETTLE, str(data_dir), str(now), str(deadly)]
    return subprocess.run(command, check=False, timeout=120, cwd=Path(__file__).parents[3]).returncode


def told(data_dir: Path) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], list[tuple[object, ...]]]:
    """What was filed, where the days stand, what was sent: without the moments and numbers that runs differ in."""
    database = Database.open(f"sqlite:///{data_dir}/gridpost.db")
    with database.read() as connection:
        run, step = settlement_run.c, settlement_step.c
        filed = sa.select(run.stage, run.day, snapshot.c.grid_area, snapshot.c.sha256).join(settlement_run)
        stood = sa.select(step.day, step.grid_area, step.ordinal, step.event, step.state)
        sent = sa.select(outgoing.c.party, outgoing.c.role, outgoing.c.process_type, outgoing.c.series)
        found = tuple(
            sorted(map(tuple, connection.execute(one)))
            for one in (filed, stood, sent.where(outgoing.c.message.is_(None)))
        )
    database.close()
    return found[0], found[1], found[2]


def prepared(data_dir: Path) -> int:
    """A town with its day sent, ready to be settled to its fixation; the instant of that."""
    town = start_town(data_dir)
    town.send_all(DAY)
    town.pass_over(FIXED_ON - timedelta(days=2))
    town.hub.stop()
    return ZONE.at(FIXED_ON, 21) + 1


def test_a_settlement_killed_at_any_write_is_finished_by_the_next(tmp_path: Path) -> None:
    now = prepared(tmp_path / "calm")
    assert settle(tmp_path / "calm", now, 0) == 0
    expected = told(tmp_path / "calm")
    assert len({day for _, day, _, _ in expected[0]}) > 5
    assert prepared(tmp_path / "killed") == now
    kills = 0
    for attempt, deadly in enumerate((1, 2, 3, 4, 2, 5, 3, 7, 2, 6)):  # whoever comes next waits for the claim to end
        ended = settle(tmp_path / "killed", now + attempt * (CLAIM_SECONDS + 1), deadly)
        assert ended in (0, -signal.SIGKILL)
        kills += ended != 0
    assert settle(tmp_path / "killed", now + 3600, 0) == 0
    assert kills >= 5
    assert told(tmp_path / "killed") == expected
