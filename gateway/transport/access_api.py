"""Access of customers and third parties (D1 §3.5): own points and values, grants, what was read under them."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from gateway.messages.codes import Role
from gateway.transport import access_models as models
from gateway.transport.answers import JSON, PREFIX, answered, in_path, json_answer, taken
from gateway.transport.bodies import read_body
from gateway.transport.hub_models import ImportBody, SeriesBody
from gateway.transport.media_types import CSV, WORKBOOK, media_type
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, SERIES_PARAMETERS, Query
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import CUSTOMER, OPERATOR, THIRD_PARTY, Call, Route
from gateway.transport.series_answer import series_answer

REGISTRARS = OPERATOR | {Role.ENERGY_SUPPLIER}
"""Who states whose a metering point is."""

FORMS = {CSV: "csv", JSON: "json"}


async def take_customers(call: Call) -> Response:
    """Take customers of metering points as CSV or JSON, all rows or none."""
    form = FORMS.get(media_type(call.request.headers.get("content-type", "")))
    if form is None:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {CSV} or {JSON}", "Content-Type")
    body = await read_body(call)
    report = await call.services.exchange.customers.import_links(call.principal, f"customers.{form}", body)
    if report.findings:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, report.findings)
    return json_answer(ImportBody(rows=dict(report.rows)))


async def show_points(call: Call) -> Response:
    """The customer's own metering points."""
    page = Query(call, PAGE_PARAMETERS).page()
    found = await call.services.exchange.customers.points(call.principal, page)
    points = [models.CustomerPointBody.of(point) for point in found.points]
    return json_answer(models.CustomerPointsBody(points=points, after=found.after))


async def show_series(call: Call) -> Response:
    """Values of the customer's own points."""
    return await series_answer(call, call.services.exchange.customers.series)


async def give_grant(call: Call) -> Response:
    """Let a third party see values."""
    stated = await taken(call, models.NewGrantBody)
    outcome = answered(await call.services.exchange.customers.grant(call.principal, stated.wish()))
    return json_answer(models.GrantBody.of(outcome), HTTPStatus.CREATED)


async def list_grants(call: Call) -> Response:
    """What the customer has granted."""
    page = Query(call, PAGE_PARAMETERS).page()
    found = await call.services.exchange.customers.grants(call.principal, page)
    return json_answer(models.GrantsBody(grants=[models.GrantBody.of(one) for one in found.grants], after=found.after))


async def revoke_grant(call: Call) -> Response:
    """Take a grant back."""
    grant = answered(
        await call.services.exchange.customers.revoke(call.principal, str(call.request.path_params["grant_id"]))
    )
    return json_answer(models.GrantBody.of(grant))


async def list_accesses(call: Call) -> Response:
    """What is on record about the customer's grants."""
    page = Query(call, PAGE_PARAMETERS).page()
    found = await call.services.exchange.customers.accesses(call.principal, page)
    accesses = [models.AccessBody.of(record) for record in found.records]
    return json_answer(models.AccessesBody(accesses=accesses, after=found.after))


async def show_granted_points(call: Call) -> Response:
    """What a third party may read now."""
    page = Query(call, PAGE_PARAMETERS).page()
    found = await call.services.exchange.customers.granted_points(call.principal, page)
    points = [models.GrantedPointBody.of(point) for point in found.points]
    return json_answer(models.GrantedPointsBody(points=points, after=found.after))


async def show_granted_series(call: Call) -> Response:
    """Values a third party may read now."""
    return await series_answer(call, call.services.exchange.customers.granted_series)


_SPREADSHEET = (CSV, WORKBOOK)

ROUTES: tuple[Route, ...] = (
    Route(
        "PUT",
        f"{PREFIX}/customers",
        REGISTRARS,
        take_customers,
        refuse_with_problem,
        "State the customers of metering points as CSV or JSON, all rows or none; a supplier for those it supplies.",
        reads=tuple(FORMS),
        gives=ImportBody,
    ),
    Route(
        "GET",
        f"{PREFIX}/my/points",
        CUSTOMER,
        show_points,
        refuse_with_problem,
        "Your metering points, each with the times it is yours.",
        gives=models.CustomerPointsBody,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/my/series",
        CUSTOMER,
        show_series,
        refuse_with_problem,
        "Values of your metering points in your own times, also as a workbook.",
        gives=SeriesBody,
        parameters=SERIES_PARAMETERS,
        media=_SPREADSHEET,
    ),
    Route(
        "POST",
        f"{PREFIX}/my/grants",
        CUSTOMER,
        give_grant,
        refuse_with_problem,
        "Let a third party see values of your metering points.",
        takes=models.NewGrantBody,
        gives=models.GrantBody,
        status=HTTPStatus.CREATED,
    ),
    Route(
        "GET",
        f"{PREFIX}/my/grants",
        CUSTOMER,
        list_grants,
        refuse_with_problem,
        "What you have granted, also what has ended or was taken back.",
        gives=models.GrantsBody,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "DELETE",
        f"{PREFIX}/my/grants/{{grant_id}}",
        CUSTOMER,
        revoke_grant,
        refuse_with_problem,
        "Take a grant back, at once and for good.",
        gives=models.GrantBody,
        parameters=(in_path("grant_id", "Id of the grant"),),
    ),
    Route(
        "GET",
        f"{PREFIX}/my/accesses",
        CUSTOMER,
        list_accesses,
        refuse_with_problem,
        "Every grant, every revocation and every read under a grant of yours.",
        gives=models.AccessesBody,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/granted/points",
        THIRD_PARTY,
        show_granted_points,
        refuse_with_problem,
        "The metering points whose values you may read now.",
        gives=models.GrantedPointsBody,
        parameters=PAGE_PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/granted/series",
        THIRD_PARTY,
        show_granted_series,
        refuse_with_problem,
        "Values under the grants in force now; the customer sees that you read them.",
        gives=SeriesBody,
        parameters=SERIES_PARAMETERS,
        media=_SPREADSHEET,
    ),
)
