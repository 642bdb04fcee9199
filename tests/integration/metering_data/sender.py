"""A desk in a process of its own, which tells of every message it accepts and is killed while it works.

`python -m tests.integration.metering_data.sender DATABASE stuck|free`: with `stuck` its processor never gets to
work, so that all it accepts is killed between the answer and processing.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import uuid

from sqlalchemy.engine import Connection

from gateway.hub.database import Database
from gateway.hub.office import Office
from gateway.hub.ports_metering_data import Submitted
from gateway.messages.masterdata import MasterData
from tests.integration.metering_data.estonia import FACTORY, GRID, HOUSE, Estonia, of_point, opened, quantity, quarter

AT_ONCE = 8


class StuckOffice(Office):
    """An office in which the processor waits for master data for ever."""

    def refresh(self, connection: Connection) -> MasterData:
        """Never comes back."""
        threading.Event().wait()
        raise AssertionError


async def send(estonia: Estonia, first: int) -> None:
    """Send messages for ever, each of its own quarter; one line of output for each that was accepted."""
    for number in range(first, 30_000, AT_ONCE):
        start = estonia.midnight - 900 * number
        bad = number % 5 == 4
        periods = [quarter(start + (60 if bad else 0), outQty=quantity(number / 1000))]
        body = [of_point(HOUSE if number % 2 else FACTORY, periods)]
        answer = await estonia.desk.submit(GRID, estonia.submission(body, document_id=str(uuid.uuid4())))
        assert isinstance(answer, Submitted), answer
        sys.stdout.write(f"{answer.document_id} {number}\n")
        sys.stdout.flush()


async def main(url: str, manner: str) -> None:
    """Accept messages until killed."""
    estonia = opened(Database.open(url), office_of=StuckOffice if manner == "stuck" else Office)
    estonia.desk.start()
    first = int(sys.argv[3])
    await asyncio.gather(*(send(estonia, first + lane) for lane in range(AT_ONCE)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
