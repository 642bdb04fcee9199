"""`kill -9` of the server at random instants under load (GW-2, GW-3, DK-4.1.5.d)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.reliability.rounds import kill_rounds
from tests.integration.reliability.served import new_site


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "rounds"), [("sqlite", 10), ("postgresql", 5)])
def test_what_was_answered_survives_kill_9_and_is_delivered_once(
    kind: str, rounds: int, new_database_url: Callable[[str], str], tmp_path: Path
) -> None:
    """GW-2: every message answered 2xx is accounted for exactly once, every series distributed or rejected once.

    What was refused reaches nobody, what was never answered is wholly there or wholly absent, a dequeued document
    never comes back and one only peeked comes back the same.
    """
    site = new_site(tmp_path / "data", new_database_url(kind))
    result = kill_rounds(site, tmp_path / "server.log", rounds)
    print("\n".join(result.lines()))
    assert result.account.faults == []
    assert result.account.taken > rounds
    assert result.account.distributed > result.account.taken
    assert result.account.rejected > 0
