"""Where clients of the Estonian datahub ask for their tokens: the path of the operator's own identity service."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from gateway.transport.refusals import refusal
from gateway.transport.routes import Call, Credentials, Parameter, Route
from gateway.transport.token_api import FORM, TokenAnswer, issue_token, refuse_token

PATH = "/realms/{realm}/protocol/openid-connect/token"


async def issue_in_realm(call: Call) -> Response:
    """Give a technical user its token, when the realm is one the operator knows."""
    realms = call.services.exchange.profile.estfeed.realms
    if realms and call.request.path_params["realm"] not in realms:
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such realm", "realm")
    return await issue_token(call)


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        PATH,
        frozenset(),
        issue_in_realm,
        refuse_token,
        "Get a bearer token for a technical user (client_credentials).",
        credentials=Credentials.NONE,
        parameters=(Parameter("realm", "The operator's realm", {"type": "string"}, required=True, place="path"),),
        reads=(FORM,),
        gives=TokenAnswer,
    ),
)
