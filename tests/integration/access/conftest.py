"""A town for each test, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .town import Town


@pytest.fixture
def town(tmp_path: Path, database_url: str) -> Iterator[Town]:
    """The served hub with its market; nobody is anybody's customer yet."""
    running = Town(tmp_path / "data", database_url)
    yield running
    running.stop()
