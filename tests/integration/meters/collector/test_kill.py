"""`kill -9` of the collector at random instants: no half transaction, nothing lost, nothing doubled at the hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from .killing import kill_rounds


@pytest.mark.slow
def test_a_killed_collector_loses_and_doubles_nothing(tmp_path: Path) -> None:
    # AM-2.1
    result = kill_rounds(tmp_path, rounds=5, seed=3)
    assert (result.rounds, result.torn, result.faults) == (5, 0, [])
    assert result.acknowledged > 0
