"""A started hub over the sample market, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.exchange.hubs import Bench, start_bench


@pytest.fixture
def bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    """The hub, its clock and its market."""
    started = start_bench(tmp_path / "data", database_url)
    yield started
    started.hub.stop()
