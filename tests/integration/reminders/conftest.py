"""Villages over each of the two databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.reminders.village import Village, start_village


@pytest.fixture
def village(tmp_path: Path, database_url: str) -> Iterator[Callable[..., Village]]:
    """A function that starts the village with some points; the same database again is another process of its hub."""
    started: list[Village] = []

    def start(*versions: object, **more: object) -> Village:
        started.append(start_village(tmp_path / "data", database_url, *versions, **more))  # type: ignore[arg-type]
        return started[-1]

    yield start
    for one in started:
        one.hub.stop()
