"""A market with its base set of master data: on SQLite, and where a test says `@both` on PostgreSQL too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from gateway.hub.database import Database
from tests.integration.feed.market import Market, base, opened


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> str:
    """Which database."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def database(kind: str, new_database_url: Callable[[str], str]) -> Iterator[Database]:
    """An open database with every table."""
    opened_database = Database.open(new_database_url(kind))
    yield opened_database
    opened_database.close()


@pytest.fixture
def market(database: Database) -> Market:
    """A market with parties, areas and points, and no agreement yet."""
    made = opened(database)
    made.take(more=base())
    return made
