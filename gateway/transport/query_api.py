"""Anonymous queries (D1 §4.1.4): asked by whoever is entitled to a point, answered by its grid operator."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

from starlette.responses import Response

from gateway.hub.ports import Refused
from gateway.hub.query_desk import ALREADY_ANSWERED, CLOSED_TO_ANSWERS, REFERENCE_USED
from gateway.messages.codes import Role
from gateway.transport import access_models as models
from gateway.transport.answers import PREFIX, answered, in_path, json_answer, taken
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, Query
from gateway.transport.refusals import HttpRefusal
from gateway.transport.routes import MARKET_ROLES, Call, Parameter, Route

ADDRESSEES = frozenset({Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE})
"""Who answers."""

_CONFLICTS = {REFERENCE_USED, ALREADY_ANSWERED, CLOSED_TO_ANSWERS}


class Side(StrEnum):
    """Which of a party's queries."""

    ASKED = "asked"
    RECEIVED = "received"


QUERY_PARAMETERS = (
    Parameter("side", "Those you asked or those you received; by your role when absent", {"enum": list(Side)}),
    *PAGE_PARAMETERS,
)


async def ask(call: Call) -> Response:
    """Ask the grid operator of a metering point."""
    stated = await taken(call, models.NewQueryBody)
    outcome = await call.services.exchange.queries.ask(call.principal, stated.query())
    if isinstance(outcome, Refused):
        raise _refused(outcome)
    return json_answer(models.AskedQueryBody.of(outcome), HTTPStatus.CREATED)


async def list_queries(call: Call) -> Response:
    """The caller's queries from its side."""
    query = Query(call, QUERY_PARAMETERS)
    page, desk = query.page(), call.services.exchange.queries
    by_role = Side.RECEIVED if call.principal.role in ADDRESSEES else Side.ASKED
    if (query.listed("side", Side) or by_role) is Side.RECEIVED:
        received = await desk.received(call.principal, page)
        bodies = tuple(models.ReceivedQueryBody.of(one) for one in received.queries)
        return json_answer(models.QueriesBody(received=bodies, after=received.after))
    asked = await desk.asked(call.principal, page)
    return json_answer(
        models.QueriesBody(asked=tuple(models.AskedQueryBody.of(one) for one in asked.queries), after=asked.after)
    )


async def answer(call: Call) -> Response:
    """Answer a query."""
    stated = await taken(call, models.AnswerBody)
    query_id = str(call.request.path_params["query_id"])
    outcome = await call.services.exchange.queries.answer(call.principal, query_id, stated.text)
    if isinstance(outcome, Refused):
        raise _refused(outcome)
    return json_answer(models.ReceivedQueryBody.of(answered(outcome)))


async def withdraw(call: Call) -> Response:
    """Take a query back, or lay an answered one aside."""
    outcome = answered(
        await call.services.exchange.queries.withdraw(call.principal, str(call.request.path_params["query_id"]))
    )
    return json_answer(models.AskedQueryBody.of(outcome))


def _refused(refused: Refused) -> HttpRefusal:
    is_conflict = refused.findings[0].rule in _CONFLICTS
    return HttpRefusal(HTTPStatus.CONFLICT if is_conflict else HTTPStatus.BAD_REQUEST, refused.findings)


_ID = in_path("query_id", "Id of the query")

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{PREFIX}/queries",
        MARKET_ROLES,
        ask,
        refuse_with_problem,
        "Ask or remind the grid operator of a metering point without saying who asks.",
        takes=models.NewQueryBody,
        gives=models.AskedQueryBody,
        status=HTTPStatus.CREATED,
    ),
    Route(
        "GET",
        f"{PREFIX}/queries",
        MARKET_ROLES,
        list_queries,
        refuse_with_problem,
        "The queries you asked, or those you received as grid operator.",
        gives=models.QueriesBody,
        parameters=QUERY_PARAMETERS,
    ),
    Route(
        "POST",
        f"{PREFIX}/queries/{{query_id}}/answer",
        ADDRESSEES,
        answer,
        refuse_with_problem,
        "Answer a query you received as grid operator.",
        takes=models.AnswerBody,
        gives=models.ReceivedQueryBody,
        parameters=(_ID,),
    ),
    Route(
        "DELETE",
        f"{PREFIX}/queries/{{query_id}}",
        MARKET_ROLES,
        withdraw,
        refuse_with_problem,
        "Take a query back, or lay an answered one aside.",
        gives=models.AskedQueryBody,
        parameters=(_ID,),
    ),
)
