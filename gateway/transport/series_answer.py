"""Series as the caller wants them by Accept: JSON, CSV, or a workbook for a spreadsheet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import IO

import anyio
from starlette.responses import Response, StreamingResponse

from gateway.hub.ports import PointSeries, Principal, Refused, SeriesQuery
from gateway.messages.times import MarketZone
from gateway.transport.answers import JSON, answered
from gateway.transport.media_types import CSV, WORKBOOK, accepted_types
from gateway.transport.queries import series_query
from gateway.transport.refusals import refusal
from gateway.transport.routes import Call
from gateway.transport.series_forms import csv_series, json_series

FORMS = (JSON, CSV, WORKBOOK)
MOST_ROWS = 200_000
"""Most values of one workbook: some tens of seconds of writing."""

_PIECE = 1 << 16

_writing = anyio.CapacityLimiter(2)
"""Workbooks are written on at most two threads: they take a hundred times what JSON takes."""


Reader = Callable[[Principal, SeriesQuery], Awaitable[tuple[PointSeries, ...] | Refused | None]]
"""One of the hub's ways to read series."""


async def series_answer(call: Call, read: Reader) -> Response:
    """The series the caller's query asks for, in the best of the forms it accepts.

    Refused answers 400, what the caller may not see 404.
    """
    query = series_query(call)
    known = call.services.clock() if query.as_of is None else query.as_of
    found = answered(await read(call.principal, query))
    form = next((name for name in accepted_types(call.request.headers) if name in FORMS), JSON)
    if form == WORKBOOK:
        return await _workbook(call, found, known)
    if form == CSV:
        return Response(await anyio.to_thread.run_sync(csv_series, found), media_type=CSV)
    return Response(await anyio.to_thread.run_sync(json_series, found, known), media_type=JSON)


async def _workbook(call: Call, found: tuple[PointSeries, ...], as_of: int) -> Response:
    """The workbook from the disk in pieces, so that neither rows nor file are ever whole in memory."""
    if sum(len(one.starts) for one in found) > MOST_ROWS:
        text = f"A workbook holds {MOST_ROWS} values at most; take less, or CSV"
        raise refusal(HTTPStatus.BAD_REQUEST, text, "Accept")
    zone = call.services.exchange.zone
    file = await anyio.to_thread.run_sync(_written, found, zone, as_of, limiter=_writing)
    headers = {"Content-Disposition": 'attachment; filename="series.xlsx"', "Cache-Control": "no-store"}
    return pieces_of(file, headers, WORKBOOK)


def _written(found: tuple[PointSeries, ...], zone: MarketZone, as_of: int) -> IO[bytes]:
    from gateway.transport.series_workbook import write_workbook  # noqa: PLC0415 - the first that asks waits for it

    return write_workbook(found, zone, as_of)


def pieces_of(file: IO[bytes], headers: dict[str, str], media: str) -> Response:
    """A file from the disk in pieces; it is closed when it is sent."""
    return StreamingResponse(_pieces(file), headers=headers, media_type=media)


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while piece := await anyio.to_thread.run_sync(file.read, _PIECE):
            yield piece
