"""The market of the feed's tests."""

from __future__ import annotations

from tests.integration.feed.conftest import database, kind, market

__all__ = ["database", "kind", "market"]
