"""A small hub over each of the two databases."""

from __future__ import annotations

import pytest

from gateway.hub.database import Database

from .small_hub import SmallHub


@pytest.fixture
def hub(database: Database) -> SmallHub:
    """A small hub with its market's master data and nothing else."""
    return SmallHub(database)
