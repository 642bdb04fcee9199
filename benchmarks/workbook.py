"""Workbooks of 35 040 rows, against the bare reading of their cells.

Usage: python -m benchmarks.workbook [--quick]. Goal (issue of the markets): imported within 3 x the time of reading
the cells bare, which is python-calamine opening the file and giving its rows. Cases: the guarded reading alone, the
metering data out of it, and from bytes to stored in its final state; a year of one point and a day of 365, V2 and V1.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import uuid
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path

from python_calamine import CalamineWorkbook

from benchmarks.floor import interleave, machine_note, report
from benchmarks.metering_data import EE, GRID, PERIODS, POINTS, open_desk, v2_body
from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.estfeed.table import decode
from gateway.codecs.workbook.layouts import layout_of
from gateway.codecs.workbook.reading import read_workbook
from gateway.codecs.workbook.writing import write_workbook
from gateway.hub.metering_data.desk import Desk
from gateway.hub.ports_metering_data import MeteringDataSubmission
from gateway.messages.codes import Commodity, FeedForm
from gateway.messages.metering_data import MeteringData
from gateway.messages.metering_status import MeteringDataStatus, ProcessingState
from gateway.schemas.workbooks import parse_workbook

FLOOR = "calamine, bare"


def workbook(body: bytes, generation: Generation) -> bytes:
    """The workbook of a V2 body."""
    data = decode(body, FeedForm.ESTFEED_V2, Commodity.ELECTRICITY)
    assert isinstance(data, MeteringData), data
    data.resolution[:] = ["PT15M"] * len(data.resolution)
    with write_workbook(data, layout_of(generation, Commodity.ELECTRICITY), EE.zone) as file:
        return file.read()


def bare(file: bytes) -> list[object]:
    """The cells, read and no more."""
    book = CalamineWorkbook.from_filelike(BytesIO(file))
    return [book.get_sheet_by_index(place).to_python() for place in range(len(book.sheet_names))]


def imported(desk: Desk, loop: asyncio.AbstractEventLoop, file: bytes) -> None:
    """Take the workbook and wait for its final state."""
    message = MeteringDataSubmission(str(uuid.uuid4()), FeedForm.WORKBOOK, Commodity.ELECTRICITY, file)
    status = loop.run_until_complete(desk.carry_out(GRID, message))
    assert isinstance(status, MeteringDataStatus), status
    assert status.state is ProcessingState.SUCCESSFUL, status.errors[:3]


def main() -> None:
    """Print every ratio with its floor."""
    rounds = 2 if "--quick" in sys.argv else 9
    print(machine_note())
    loop = asyncio.new_event_loop()
    bodies = {"a point's year": v2_body(POINTS[:1], PERIODS, 1), "365 points' day": v2_body(POINTS[:365], 96, 1)}
    for name, body in bodies.items():
        for generation in Generation:
            file = workbook(body, generation)
            with (
                tempfile.TemporaryDirectory() as directory,
                open_desk(f"sqlite:///{Path(directory) / 'hub.db'}") as desk,
            ):
                cases: dict[str, Callable[[], object]] = {
                    FLOOR: partial(bare, file),
                    "read, guarded": partial(parse_workbook, file),
                    "metering data": partial(read_workbook, file, Commodity.ELECTRICITY, EE.zone),
                    "stored in its final state": partial(imported, desk, loop, file),
                }
                timings = interleave(cases, rounds)
            print(report(f"{generation}, {name}, {len(file) / 1e6:.1f} MB", timings, FLOOR, PERIODS))
    loop.close()


if __name__ == "__main__":
    main()
