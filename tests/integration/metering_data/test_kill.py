"""`kill -9` at any instant: every message that was accepted reaches a final state, once (EE-1.3, GW-2)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from gateway.hub.database import Database
from gateway.hub.tables_exchange import outcome, step
from gateway.hub.tables_metering_data import metering_document
from gateway.messages.codes import Flow
from gateway.messages.metering_status import ProcessingState
from tests.integration.metering_data.estonia import FACTORY, HOUSE, Estonia, opened

ROOT = Path(__file__).parents[3]


def killed(url: str, manner: str, first: int, accepted: int) -> dict[str, int]:
    """The messages that a sender's process accepted, with their numbers, until it was killed after so many."""
    command = [sys.executable, "-m", "tests.integration.metering_data.sender", url, manner, str(first)]
    told: dict[str, int] = {}
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            document_id, number = line.split()
            told[document_id] = int(number)
            if len(told) == accepted:
                process.kill()
        assert process.wait(60) == -9
    assert len(told) >= accepted, "the process ended by itself"
    return told


def states(database: Database) -> dict[str, ProcessingState]:
    """The state of every message by its UUID."""
    with database.read() as connection:
        rows = connection.execute(sa.select(metering_document.c.document_id, metering_document.c.state)).all()
    return {row.document_id: ProcessingState(row.state) for row in rows}


def assert_all_final(estonia: Estonia, told: dict[str, int]) -> None:
    """Every message has the one final state its content deserves, and what it said is stored."""
    found = states(estonia.office.database)
    assert set(told) <= set(found)
    stored = {**estonia.values(HOUSE, Flow.OUT), **estonia.values(FACTORY, Flow.OUT)}
    for document_id, number in told.items():
        faulty = number % 5 == 4
        assert found[document_id] is (ProcessingState.ERROR if faulty else ProcessingState.SUCCESSFUL)
        if not faulty:
            assert stored[estonia.midnight - 900 * number] == number
    assert ProcessingState.PROCESSING not in found.values()
    with estonia.office.database.read() as connection:
        outcomes = connection.execute(sa.select(sa.func.count()).select_from(outcome)).scalar_one()
        recovered = connection.execute(sa.select(sa.func.count()).where(step.c.event == "Recovered")).scalar_one()
    assert outcomes == len(found)
    assert recovered <= len(found)


def test_what_was_killed_between_answer_and_processing_is_finished(database_url: str) -> None:
    # EE-1.3
    told = killed(database_url, "stuck", 0, 60)
    database = Database.open(database_url)
    estonia = opened(database)
    try:
        assert {states(database)[one] for one in told} == {ProcessingState.PROCESSING}
        assert estonia.desk.recover(estonia.clock.micros() + 1) >= len(told)
        assert_all_final(estonia, told)
        assert estonia.desk.recover(estonia.clock.micros() + 1) == 0
    finally:
        database.close()


def test_kills_while_it_works_lose_nothing_and_double_nothing(database_url: str) -> None:
    # EE-1.3
    told: dict[str, int] = {}
    for round_number in range(3):
        told |= killed(database_url, "free", 8000 * round_number, 40 + 37 * round_number)
    database = Database.open(database_url)
    estonia = opened(database)
    try:
        estonia.desk.recover(estonia.clock.micros() + 1)
        assert_all_final(estonia, told)
        with database.read() as connection:
            segments = connection.execute(sa.text("select count(*) from segment where kind < 512")).scalar_one()
        good = [state for state in states(database).values() if state is ProcessingState.SUCCESSFUL]
        assert segments == len(good)
    finally:
        database.close()
