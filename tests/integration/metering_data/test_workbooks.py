"""Workbooks through the desk: taken whole or not at all, every error with its row (EE-2.1, EE-2.2)."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from io import BytesIO

import openpyxl

from gateway.codecs.estfeed.codes import Generation
from gateway.codecs.estfeed.table import decode
from gateway.codecs.workbook.layouts import layout_of
from gateway.codecs.workbook.writing import write_workbook
from gateway.hub.ports_metering_data import Submitted
from gateway.messages.codes import Commodity, FeedForm, Flow
from gateway.messages.metering_data import MeteringData
from gateway.messages.metering_status import ProcessingState
from tests.integration.metering_data.estonia import CABIN, GRID, HOUSE, Estonia, of_point, quantity, quarter


def workbook(estonia: Estonia, start: int, count: int, point: str = HOUSE) -> bytes:
    """A workbook of V2 with so many quarters from an instant, both flows."""
    periods = [quarter(start + 900 * i, inQty=quantity(i), outQty=quantity(2 * i, "E")) for i in range(count)]
    data = decode(json.dumps([of_point(point, periods)]).encode(), FeedForm.ESTFEED_V2, Commodity.ELECTRICITY)
    assert isinstance(data, MeteringData)
    with write_workbook(data, layout_of(Generation.V2, Commodity.ELECTRICITY), estonia.office.profile.zone) as file:
        return file.read()


def changed(book: bytes, **cells: str | int) -> bytes:
    """A workbook with other values in some cells."""
    opened = openpyxl.load_workbook(BytesIO(book))
    for name, value in cells.items():
        opened["meter-data"][name] = value
    written = BytesIO()
    opened.save(written)
    return written.getvalue()


def test_a_workbook_is_stored_as_read_now(estonia: Estonia) -> None:
    # EE-2.2: what is exported is imported, the hour that comes twice included
    zone = estonia.office.profile.zone
    start = zone.at(date(2025, 10, 26), 2)
    status = estonia.settle(workbook(estonia, start, 12), form=FeedForm.WORKBOOK)
    assert status.state is ProcessingState.SUCCESSFUL, status.errors
    assert estonia.values(HOUSE, Flow.IN) == {start + 900 * i: 1000 * i for i in range(12)}
    assert set(estonia.values(HOUSE, Flow.OUT, read_at=True).values()) == {estonia.clock.now()}


def test_a_faulty_workbook_stores_nothing_and_names_every_row(estonia: Estonia) -> None:
    # EE-2.1
    book = changed(workbook(estonia, estonia.midnight, 4), B3="yesterday", C4=-1, A5=CABIN)
    answer = asyncio.run(estonia.desk.take(GRID, estonia.submission(book, form=FeedForm.WORKBOOK)))
    assert isinstance(answer, Submitted)
    (status,) = estonia.await_finals().statuses
    assert status.state is ProcessingState.ERROR
    assert sorted(error.finding.line for error in status.errors) == [3, 4, 5]
    assert {error.finding.path for error in status.errors} == {"meter-data!B3", "meter-data!C4", "meter-data!A5"}
    assert all(error.finding.code.startswith("opp.error.") for error in status.errors)
    assert estonia.values(HOUSE, Flow.IN) == {}


def test_what_is_no_workbook_is_told_so(estonia: Estonia) -> None:
    # EE-2.1
    for body in (b"", b"PK\x03\x04", workbook(estonia, estonia.midnight, 1)[:500]):
        assert estonia.settle(body, form=FeedForm.WORKBOOK).state is ProcessingState.ERROR
