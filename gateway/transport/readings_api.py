"""Meter readings in the neutral API: sent, cancelled, looked at, handed to suppliers as a feed (Regulation D1 §5)."""

from __future__ import annotations

from http import HTTPStatus

from pydantic import BaseModel
from starlette.responses import Response

from gateway.hub.readings.files import ReadingTable
from gateway.transport import reading_models as models
from gateway.transport.answers import JSON, PREFIX, answered
from gateway.transport.bodies import read_body
from gateway.transport.hub_api import MASTER_DATA_FORMS
from gateway.transport.media_types import CSV, media_type
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, Query
from gateway.transport.refusals import refusal
from gateway.transport.routes import EVERY_ROLE, Call, Handler, Parameter, Route

POINT_PARAMETERS = (
    Parameter("point", "Metering point", {"type": "string"}, required=True),
    Parameter("as_of", "As known at this instant; now when absent", {"type": "string", "format": "date-time"}),
)
MONTH_PARAMETERS = (Parameter("month", "A month such as 2026-03", {"type": "string"}, required=True),)


def _take(table: ReadingTable) -> Handler:
    async def take(call: Call) -> Response:
        form = MASTER_DATA_FORMS.get(media_type(call.request.headers.get("content-type", "")))
        if form is None:
            text = f"Content-Type must be {CSV} or {JSON}"
            raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, text, "Content-Type")
        taken = answered(
            await call.services.exchange.readings.take(call.principal, f"{table}.{form}", await read_body(call))
        )
        return _json(models.ReadingsTakenBody.of(taken))

    return take


async def show_readings(call: Call) -> Response:
    """The readings of a point as known at an instant."""
    query = Query(call, POINT_PARAMETERS)
    point, as_of = query.text("point"), query.instant("as_of")
    found = answered(await call.services.exchange.readings.of_point(call.principal, point, as_of))
    return _json(models.PointReadingsBody.of(point, call.services.clock() if as_of is None else as_of, found))


async def list_awaited(call: Call) -> Response:
    """Readings whose nominal date has come."""
    page = Query(call, PAGE_PARAMETERS).page()
    return _json(models.AwaitedPageBody.of(await call.services.exchange.readings.awaited(call.principal, page)))


async def read_feed(call: Call) -> Response:
    """What was handed to the caller behind a cursor."""
    page = Query(call, PAGE_PARAMETERS).page()
    found = answered(await call.services.exchange.readings.feed(call.principal, page))
    return _json(models.ReadingFeedBody.of(found))


async def show_production(call: Call) -> Response:
    """Monthly production series of a month and whether they came in time."""
    month = Query(call, MONTH_PARAMETERS).month("month")
    found = await call.services.exchange.readings.production(call.principal, month)
    series = [models.ProductionBody.of(one) for one in found]
    return _json(models.ProductionsBody(month=f"{month:%Y-%m}", series=series))


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), media_type=JSON)


def _shown(path: str, handler: Handler, text: str, gives: type[BaseModel], parameters: tuple[Parameter, ...]) -> Route:
    where = f"{PREFIX}/readings{path}"
    return Route("GET", where, EVERY_ROLE, handler, refuse_with_problem, text, gives=gives, parameters=parameters)


def _taken(path: str, table: ReadingTable, text: str) -> Route:
    return Route(
        "POST",
        f"{PREFIX}/readings{path}",
        EVERY_ROLE,
        _take(table),
        refuse_with_problem,
        text,
        reads=tuple(MASTER_DATA_FORMS),
        gives=models.ReadingsTakenBody,
    )


ROUTES: tuple[Route, ...] = (
    _taken("", ReadingTable.READINGS, "Take meter readings and corrections; each row stands for itself."),
    _taken("/cancellations", ReadingTable.CANCELLATIONS, "Cancel readings of points, each from the newest backwards."),
    _shown("", show_readings, "The readings of a point.", models.PointReadingsBody, POINT_PARAMETERS),
    _shown("/due", list_awaited, "Readings that are due.", models.AwaitedPageBody, PAGE_PARAMETERS),
    _shown("/feed", read_feed, "Readings handed to you, in order.", models.ReadingFeedBody, PAGE_PARAMETERS),
    _shown("/production", show_production, "Who sent a month's production.", models.ProductionsBody, MONTH_PARAMETERS),
)
