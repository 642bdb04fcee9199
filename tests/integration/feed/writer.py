"""A process of its own that stores metering data as fast as it can: `python -m tests.integration.feed.writer URL …`.

Each message has another count of quarters, all of its quantities are the message's number. It writes nothing but what
it stored, one line a message.
"""

from __future__ import annotations

import random
import sys

from gateway.hub.clock import SystemClock
from gateway.hub.database import Database
from gateway.messages.codes import Flow
from tests.integration.feed.market import DAY, FACTORY, HOUSE, QUARTER, Values, opened


def main(url: str, number: int, messages: int) -> None:
    """Store some messages for two points; the writer's number says which flow is its own."""
    flow, chance = list(Flow)[number], random.Random(number)
    market = opened(Database.open(url), clock=SystemClock())
    at = 0
    for message in range(messages):
        count = chance.randint(1, 6)
        values = [message] * count
        market.store(*(Values(point, DAY + QUARTER * at, values, flow) for point in (HOUSE, FACTORY)))
        at += count
        sys.stdout.write(f"{at}\n")
    market.office.database.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
