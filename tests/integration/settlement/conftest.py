"""A started hub over the town, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.settlement.towns import Town, start_town


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """The hub, its clock and the town's points."""
    started = start_town(tmp_path / "data", database_url)
    yield started
    started.hub.stop()
