"""A market with its base set of master data, once on SQLite and once on PostgreSQL."""

from __future__ import annotations

import pytest

from gateway.hub.database import Database
from tests.integration.feed.market import Market, base, opened


@pytest.fixture
def market(database: Database) -> Market:
    """A market with parties, areas and points, and no agreement yet."""
    made = opened(database)
    made.take(more=base())
    return made
