"""Fresh ids of messages and transactions: the one place that draws them by chance."""

from __future__ import annotations

import uuid


def new_id() -> str:
    """A fresh id of 32 hexadecimal digits: short enough for every dialect."""
    return uuid.uuid4().hex
