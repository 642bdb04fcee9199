"""Settlement over the neutral API: where days stand, what was filed, and what the hub's operator decides."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

import anyio
from starlette.responses import Response

from gateway.hub.ports import Refused
from gateway.hub.ports_settlement import DayFilter, Postponement
from gateway.transport import settlement_models as models
from gateway.transport.answers import JSON, PREFIX, answered, in_path, json_answer, not_found, taken
from gateway.transport.media_types import CSV, accepted_types
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import Query, refuse
from gateway.transport.refusals import HttpRefusal
from gateway.transport.routes import EVERY_ROLE, OPERATOR, Call, Parameter, Route

MOST_DAYS = 93
"""Most days of operation in one answer."""

_DAY: dict[str, object] = {"type": "string", "format": "date"}
DAY_PARAMETERS = (
    Parameter("from", "First day of operation", _DAY, required=True),
    Parameter("to", "Last day of operation, in the answer; the first alone when absent", _DAY),
    Parameter("grid_area", "One grid area; all when absent", {"type": "string"}),
)


def _days(call: Call) -> DayFilter:
    query = Query(call, DAY_PARAMETERS)
    return replace(day_filter(query, MOST_DAYS), grid_area=query.text("grid_area"))


def day_filter(query: Query, most: int) -> DayFilter:
    """The days from the first to the last of a call, at most so many; the first alone where no last is named."""
    first = query.day("from")
    if first is None:
        raise refuse("from", "is required")
    last = query.day("to") or first
    if last < first:
        raise refuse("to", "must not be before from")
    if (last - first).days >= most:
        raise refuse("to", f"is too far: an answer holds at most {most} days")
    return DayFilter(first, last)


async def show_days(call: Call) -> Response:
    """Where days of operation stand."""
    found = await call.services.exchange.settlement.days(call.principal, _days(call))
    return json_answer(models.DaysBody(days=[models.DayBody.of(one) for one in found]))


async def list_snapshots(call: Call) -> Response:
    """What was filed of some days, as far as the caller may see any of it."""
    found = await call.services.exchange.settlement.snapshots(call.principal, _days(call))
    return json_answer(models.SnapshotsBody(snapshots=[models.SnapshotBody.of(one) for one in found]))


async def show_snapshot(call: Call) -> Response:
    """A snapshot's rows, as JSON or CSV by Accept."""
    text = str(call.request.path_params["number"])
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise not_found()
    found = answered(await call.services.exchange.settlement.snapshot(call.principal, int(text)))
    wanted = [name for name in accepted_types(call.request.headers) if name in (CSV, JSON)]
    if wanted[:1] == [CSV]:
        return Response(await anyio.to_thread.run_sync(models.csv_results, found), media_type=CSV)
    return json_answer(await anyio.to_thread.run_sync(models.SnapshotResultsBody.of, found))


async def list_postponements(call: Call) -> Response:
    """The fixations that were postponed."""
    found = await call.services.exchange.settlement.postponements(_days(call))
    return _postponed(tuple(found))


async def postpone(call: Call) -> Response:
    """Move a fixation to a later evening."""
    given = await taken(call, models.PostponeBody)
    desk = call.services.exchange.settlement
    return _postponed(await desk.postpone(call.principal, given.day, given.grid_areas, given.until, given.reason))


def _postponed(found: tuple[Postponement, ...] | Refused) -> Response:
    if isinstance(found, Refused):
        raise HttpRefusal(HTTPStatus.CONFLICT, found.findings)
    return json_answer(models.PostponementsBody(postponements=[models.PostponementBody.of(one) for one in found]))


async def accept(call: Call) -> Response:
    """Let a negative residual stand."""
    given = await taken(call, models.AcceptBody)
    desk = call.services.exchange.settlement
    found = await desk.accept_residual(call.principal, given.day, given.grid_areas, given.reason)
    if isinstance(found, Refused):
        raise HttpRefusal(HTTPStatus.CONFLICT, found.findings)
    return json_answer(models.SnapshotsBody(snapshots=[models.SnapshotBody.of(one) for one in found]))


_PATH = f"{PREFIX}/settlement"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_PATH}/days",
        EVERY_ROLE,
        show_days,
        refuse_with_problem,
        "Where days of operation stand: open, postponed, held, fixed, refixed, final, closed.",
        gives=models.DaysBody,
        parameters=DAY_PARAMETERS,
    ),
    Route(
        "GET",
        f"{_PATH}/snapshots",
        EVERY_ROLE,
        list_snapshots,
        refuse_with_problem,
        "What was filed of some days of operation that you may see any of.",
        gives=models.SnapshotsBody,
        parameters=DAY_PARAMETERS,
    ),
    Route(
        "GET",
        f"{_PATH}/snapshots/{{number}}",
        EVERY_ROLE,
        show_snapshot,
        refuse_with_problem,
        "The rows of a snapshot that you are entitled to.",
        gives=models.SnapshotResultsBody,
        parameters=(in_path("number", "Number of the snapshot"),),
        media=(CSV,),
    ),
    Route(
        "GET",
        f"{_PATH}/postponements",
        EVERY_ROLE,
        list_postponements,
        refuse_with_problem,
        "Fixations that were postponed, with reason, old and new time and when they will be sent.",
        gives=models.PostponementsBody,
        parameters=DAY_PARAMETERS,
    ),
    Route(
        "POST",
        f"{_PATH}/postponements",
        OPERATOR,
        postpone,
        refuse_with_problem,
        "Move the fixation of a day to the evening of a later working day.",
        takes=models.PostponeBody,
        gives=models.PostponementsBody,
    ),
    Route(
        "POST",
        f"{_PATH}/acceptances",
        OPERATOR,
        accept,
        refuse_with_problem,
        "Let the negative residual of a held day stand: its basis is fixed, filed and sent.",
        takes=models.AcceptBody,
        gives=models.SnapshotsBody,
    ),
)
