"""Turns of writers: one at a time, in processes and threads alike, and never a reason to stop."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path

import pytest

from gateway.hub.writer_turn import turn_to_write


def test_two_writers_take_turns(tmp_path: Path) -> None:
    lock, inside, most = str(tmp_path / "turn"), [0], [0]

    def write() -> None:
        for _ in range(50):
            with turn_to_write(lock, 60):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.0005)  # long enough for another to come in, if it could
                inside[0] -= 1

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_whoever_waits_too_long_goes_on(tmp_path: Path) -> None:
    lock = str(tmp_path / "turn")
    with turn_to_write(lock, 60), turn_to_write(lock, 0.01):
        pass


def test_without_a_place_for_the_lock_it_goes_on(tmp_path: Path) -> None:
    with turn_to_write(str(tmp_path / "not there" / "turn"), 60):
        pass


def test_a_block_that_fails_gives_the_turn_back(tmp_path: Path) -> None:
    lock = tmp_path / "turn"
    with pytest.raises(InterruptedError), turn_to_write(str(lock), 60):
        raise InterruptedError
    with lock.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
