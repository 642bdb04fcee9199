"""Periodised readings over the neutral API: of a point, and their sums of a month (D1 §1.32, §3.2.2, §3.4)."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from pydantic import BaseModel
from starlette.responses import Response

from gateway.transport import periodised_models as models
from gateway.transport.answers import JSON, answered, json_answer
from gateway.transport.media_types import CSV, accepted_types
from gateway.transport.queries import Query, refuse
from gateway.transport.report_answer import report_route
from gateway.transport.routes import EVERY_ROLE, Call, Parameter, Route
from gateway.transport.settlement_api import day_filter

MOST_DAYS = 366
"""Most days in one answer; readings that overlap them come whole, a year and three years at the most."""

_TEXT: dict[str, object] = {"type": "string"}
_DAY: dict[str, object] = {"type": "string", "format": "date"}
POINT_PARAMETERS = (
    Parameter("point", "Metering point", _TEXT, required=True),
    Parameter("from", "First local day", _DAY, required=True),
    Parameter("to", "Last local day, in the answer; the first alone when absent", _DAY),
)
SUM_PARAMETERS = (
    Parameter("month", "A month such as 2026-03", _TEXT, required=True),
    Parameter("grid_area", "Grid area", _TEXT, required=True),
)


async def show_periodised(call: Call) -> Response:
    """The readings of a point spread over their periods, as JSON or CSV by Accept."""
    query = Query(call, POINT_PARAMETERS)
    point, days = query.text("point"), day_filter(query, MOST_DAYS)
    found = answered(await call.services.exchange.settlement.periodised(call.principal, point, days))
    readings = found
    return await _worded(
        call,
        lambda: models.PeriodisedBody.of(point, readings),
        lambda: models.csv_readings(point, readings),
    )


async def show_sums(call: Call) -> Response:
    """Sums of periodised readings of a month, as JSON or CSV by Accept."""
    query = Query(call, SUM_PARAMETERS)
    month, grid_area = query.month("month"), query.text("grid_area")
    if not grid_area:
        raise refuse("grid_area", "is required")
    found = answered(await call.services.exchange.settlement.periodised_sums(call.principal, month, grid_area))
    sums = found
    return await _worded(call, lambda: models.PeriodisedSumsBody.of(sums), lambda: models.csv_sums(sums))


async def _worded(call: Call, as_json: Callable[[], BaseModel], as_csv: Callable[[], bytes]) -> Response:
    wanted = [name for name in accepted_types(call.request.headers) if name in (CSV, JSON)]
    if wanted[:1] == [CSV]:
        return Response(await anyio.to_thread.run_sync(as_csv), media_type=CSV)
    return json_answer(await anyio.to_thread.run_sync(as_json))


ROUTES: tuple[Route, ...] = (
    report_route(
        "/settlement/periodised",
        EVERY_ROLE,
        show_periodised,
        "The readings of a profile-settled point, spread over their periods by the distribution curve as fixed.",
        (models.PeriodisedBody, POINT_PARAMETERS),
    ),
    report_route(
        "/settlement/periodised/sums",
        EVERY_ROLE,
        show_sums,
        "What the readings of a month come to by supplier and tariff, beside what was distributed.",
        (models.PeriodisedSumsBody, SUM_PARAMETERS),
    ),
)
