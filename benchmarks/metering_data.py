"""Metering data of the Estonian datahub from bytes to durable, against bare `json.loads` of the same bytes.

Usage: python -m benchmarks.metering_data [--quick]. Goal (issue of the markets): V2 of 35 040 periods durable at 3 x
the speed of `json.loads`. Cases: until the answer (the message and its UUID durable, and readable) and until the final
state (the values durable too); a year of one point and a day of 365, both flows, V2 and V1, SQLite and PostgreSQL.
Stops by itself.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.exchange import temporary_postgresql
from benchmarks.floor import interleave, machine_note, report
from gateway.hub.clock import MovedClock
from gateway.hub.database import Database
from gateway.hub.interpreter import settle_interpreter
from gateway.hub.metering_data.desk import Desk
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_metering_data import (
    MeteringDataSubmission,
    NumberedPage,
    StatusPage,
    StatusQuery,
    Submitted,
)
from gateway.hub.series.store import SeriesStore
from gateway.markets.registry import profile
from gateway.messages.codes import Commodity, FeedForm, MeteringPointType, Role
from gateway.messages.identifiers import eic_check_character
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState
from gateway.messages.times import HOUR, format_second
from gateway.schemas.registry import Registry

EE = profile("ee")
NOW = 1_789_560_000
"""A day of September 2026."""
START = NOW - NOW % 86_400 - 364 * 86_400
GRID = Principal("38X-EIN-GO-----0", Role.GRID_OPERATOR, "grid")
AREA = "38Y-GRID-AREA--1"
PERIODS = 35_040
FLOOR = "json.loads"


def eic(number: int) -> str:
    """An EIC of a metering point, with its check character."""
    body = next(body for filler in "ABC" if eic_check_character(body := f"38Z-{filler}{number:010d}") != "-")
    return body + eic_check_character(body)


POINTS = [eic(number) for number in range(1, 16_000)]


def numbers(first: int) -> Iterator[str]:
    """Quantities as a meter's system writes them, three decimals each."""
    return (f"{value // 1000}.{value % 1000:03d}" for value in itertools.count(first, 37) if value)


def v2_body(points: Sequence[str], count: int, first: int) -> bytes:
    """V2 of some points with so many quarters each, both flows."""
    values = numbers(first)
    return (
        json.dumps(
            [
                {
                    "meteringPointEic": point,
                    "periods": [
                        {
                            "pS": format_second(START + 900 * i),
                            "rTime": format_second(NOW - HOUR),
                            "inQty": {"rType": "M", "kwh": f"#{next(values)}#"},
                            "outQty": {"rType": "E", "kwh": f"#{next(values)}#"},
                        }
                        for i in range(count)
                    ],
                }
                for point in points
            ],
            separators=(",", ":"),
        )
        .replace('"#', "")
        .replace('#"', "")
        .encode()
    )


def v1_body(points: Sequence[str], count: int, first: int) -> bytes:
    """V1 of some points with so many quarters each, both flows."""
    values = numbers(first)
    read = format_second(NOW - HOUR)
    body = {
        "marketParticipantContext": {
            "marketParticipantIdentification": GRID.party,
            "marketParticipantRole": "GRID_OPERATOR",
            "commodityType": "ELECTRICITY",
        },
        "meterData": [
            {
                "meterEic": point,
                "periods": [
                    {
                        "r": "PT15M",
                        "aI": [
                            {
                                "pS": format_second(START + 900 * i),
                                "inQty": {"rTime": read, "rType": "M", "kwh": f"#{next(values)}#"},
                                "outQty": {"rTime": read, "rType": "M", "kwh": f"#{next(values)}#"},
                            }
                            for i in range(count)
                        ],
                    }
                ],
            }
            for point in points
        ],
    }
    return json.dumps(body, separators=(",", ":")).replace('"#', "").replace('#"', "").encode()


@contextmanager
def open_desk(url: str) -> Iterator[Desk]:
    """A started desk over an empty database."""
    database = Database.open(url)
    database.create_tables()
    versions = [MeteringPointVersion(point, MeteringPointType.CONSUMPTION, AREA, valid_from=0) for point in POINTS]
    master = MasterData.build(versions, [GridArea(AREA, GRID.party)])
    office = Office(database, EE, SeriesStore(EE.zone), Registry(), MovedClock(NOW), lambda: uuid.uuid4().hex, master)
    desk = Desk(office)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()
        database.close()


class Sender:
    """Sends another body under a fresh UUID at every call, in an event loop that stays: values come for the first time.

    Every body is of points of its own, made from a template by exchanging their codes.
    """

    def __init__(self, desk: Desk, form: FeedForm, template: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self.desk, self.form, self.template, self.loop = desk, form, template, loop
        self._fresh = iter(POINTS[1000:])

    def made(self, rounds: int) -> Callable[[], MeteringDataSubmission]:
        """Messages made beforehand, handed out one by one."""
        waiting = [self._message() for _ in range(rounds)]
        return waiting.pop

    def _message(self) -> MeteringDataSubmission:
        body = self.template
        for point in [point for point in POINTS[:365] if point.encode() in self.template]:
            body = body.replace(point.encode(), next(self._fresh).encode())
        return MeteringDataSubmission(str(uuid.uuid4()), self.form, Commodity.ELECTRICITY, body)

    def answered(self, rounds: int) -> Callable[[], None]:
        """Until 202: the message and its UUID are durable, and it can be read."""
        messages = self.made(rounds)

        def call() -> None:
            answer = self.loop.run_until_complete(self.desk.submit(GRID, messages()))
            assert isinstance(answer, Submitted), answer

        return call

    def finished(self, rounds: int) -> Callable[[], None]:
        """Until its final state: the values are durable in the series store."""
        messages = self.made(rounds)

        def call() -> None:
            status = self.loop.run_until_complete(self.desk.carry_out(GRID, messages()))
            assert isinstance(status, MeteringDataStatus), status
            assert status.state is ProcessingState.SUCCESSFUL, status.errors[:3]

        return call

    def settle(self) -> None:
        """Wait until nothing is in processing any more, so that one case's work is not another's."""
        query = StatusQuery(state=ProcessingState.PROCESSING)
        while True:
            page = self.loop.run_until_complete(self.desk.statuses(GRID, query, NumberedPage(0, 1)))
            if isinstance(page, StatusPage) and not page.total:
                return


def main() -> None:
    """Print every ratio with its floor."""
    rounds = 3 if "--quick" in sys.argv else 9
    print(machine_note())
    bodies = {
        "V2, a point's year": (FeedForm.ESTFEED_V2, v2_body(POINTS[:1], PERIODS, 1)),
        "V2, 365 points' day": (FeedForm.ESTFEED_V2, v2_body(POINTS[:365], 96, 1)),
        "V1, a point's year": (FeedForm.ESTFEED_V1, v1_body(POINTS[:1], PERIODS, 1)),
    }
    loop = asyncio.new_event_loop()
    for name, (form, body) in bodies.items():
        with tempfile.TemporaryDirectory() as directory, temporary_postgresql() as postgresql_url:
            urls = {"SQLite": f"sqlite:///{Path(directory) / 'hub.db'}", "PostgreSQL": postgresql_url}
            with ExitStack() as stack:
                cases: dict[str, Callable[[], object]] = {FLOOR: partial(json.loads, body)}
                for database, url in urls.items():
                    sender = Sender(stack.enter_context(open_desk(url)), form, body, loop)
                    cases[f"{database}: answered, durable"] = sender.answered(rounds + 1)
                    cases[f"({database}: processed)"] = sender.settle
                    cases[f"{database}: stored in its final state"] = sender.finished(rounds + 1)
                for case in cases.values():
                    case()
                settle_interpreter()
                print(report(f"{name}, {len(body) / 1e6:.1f} MB", interleave(cases, rounds), FLOOR, 2 * PERIODS))
    loop.close()


if __name__ == "__main__":
    main()
