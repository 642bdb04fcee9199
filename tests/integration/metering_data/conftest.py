"""A desk for metering data, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.hub.database import Database
from tests.integration.metering_data.estonia import Estonia, started


@pytest.fixture
def estonia(database: Database) -> Iterator[Estonia]:
    """The started desk with the market's own settings."""
    yield from started(database)
