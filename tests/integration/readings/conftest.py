"""A hub over the sample market with words for readings, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .meters import Meters, start_meters


@pytest.fixture
def meters(tmp_path: Path, database_url: str) -> Iterator[Meters]:
    """The hub, its clock, and a profile-settled point of each supplier."""
    started = start_meters(tmp_path / "data", database_url)
    yield started
    started.bench.hub.stop()
