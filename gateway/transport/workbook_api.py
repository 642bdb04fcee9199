"""Workbooks of metering data as jobs: taken at once, read and stored behind it, followed by their id (EE-2.1)."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from starlette.responses import Response

from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import Busy, MeteringDataSubmission, NumberedPage, StatusQuery
from gateway.messages.codes import Commodity, FeedForm
from gateway.transport.answers import PREFIX, in_path, json_answer, not_found
from gateway.transport.bodies import read_body
from gateway.transport.estfeed.caller import CALLERS
from gateway.transport.media_types import WORKBOOK, media_type
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import Query, refuse
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Call, Parameter, Route
from gateway.transport.workbook_models import WorkbookJobBody

PARAMETERS = (
    Parameter("commodity", "What it measures; electricity when absent", {"enum": list(Commodity)}),
    Parameter("id", "A UUID of your own for the job, good for sending it again", {"type": "string", "format": "uuid"}),
)


async def take_workbook(call: Call) -> Response:
    """Take a workbook; the job is followed under its id."""
    if media_type(call.request.headers.get("content-type", "")) != WORKBOOK:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {WORKBOOK}", "Content-Type")
    query = Query(call, PARAMETERS)
    commodity = query.listed("commodity", Commodity) or Commodity.ELECTRICITY
    job = _job_id(query.text("id") or call.services.new_id(), "id")
    submission = MeteringDataSubmission(job, FeedForm.WORKBOOK, commodity, await read_body(call), call.correlation_id)
    desk = call.services.exchange.metering_data
    taken = await desk.take(call.principal, submission)
    if isinstance(taken, Refused):
        raise HttpRefusal(HTTPStatus.CONFLICT, taken.findings)
    if isinstance(taken, Busy):
        wait = {"Retry-After": str(taken.retry_after)}
        raise refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too much waits to be processed; try again later", headers=wait)
    return json_answer(await _job(call, job), HTTPStatus.ACCEPTED)


async def show_workbook(call: Call) -> Response:
    """How far a job is, and what came of it."""
    return json_answer(await _job(call, _job_id(str(call.request.path_params["id"]), "id")))


async def _job(call: Call, job: str) -> WorkbookJobBody:
    desk = call.services.exchange.metering_data
    found = await desk.statuses(call.principal, StatusQuery(document_id=job), NumberedPage(0, 1))
    if isinstance(found, Refused) or not found.statuses:
        raise not_found()
    return WorkbookJobBody.of(found.statuses[0], desk.progress(call.principal, job))


def _job_id(text: str, name: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise refuse(name, "must be a UUID") from None


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{PREFIX}/workbooks",
        CALLERS,
        take_workbook,
        refuse_with_problem,
        "Take a workbook of metering data; it is read and stored behind the answer, all of it or nothing.",
        reads=(WORKBOOK,),
        gives=WorkbookJobBody,
        parameters=PARAMETERS,
        status=HTTPStatus.ACCEPTED,
    ),
    Route(
        "GET",
        f"{PREFIX}/workbooks/{{id}}",
        CALLERS,
        show_workbook,
        refuse_with_problem,
        "How far a workbook of yours is, and every error in it by sheet and row.",
        gives=WorkbookJobBody,
        parameters=(in_path("id", "Id of the job"),),
    ),
)
