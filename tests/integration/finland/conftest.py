"""A started hub of the Finnish market: on SQLite, and on PostgreSQL where a test asks for both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.finland.hubs import FinnishHub, start_hub


@pytest.fixture
def fi(tmp_path: Path, new_database_url: Callable[[str], str]) -> Iterator[FinnishHub]:
    """The hub on SQLite."""
    started = start_hub(tmp_path / "data", new_database_url("sqlite"))
    yield started
    started.hub.stop()


@pytest.fixture
def fi_both(tmp_path: Path, database_url: str) -> Iterator[FinnishHub]:
    """The hub, once on SQLite and once on PostgreSQL."""
    started = start_hub(tmp_path / "data", database_url)
    yield started
    started.hub.stop()
