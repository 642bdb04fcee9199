"""The Danish B2B endpoints: send, peek and dequeue market documents (dk-messages §5).

The order of questions is the original's: who are you (401), is there such a document (404) and is it switched on (403),
which form (415), then the body (413, 400). A good document is answered 202 with nothing, in ebIX with its message id.
"""

from __future__ import annotations

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from gateway.hub.ports import Accepted, Refused, Submission
from gateway.messages.codes import Category, Dialect, DocumentKind
from gateway.transport.bodies import read_body
from gateway.transport.error_bodies import MEDIA_TYPES, error_body
from gateway.transport.media_types import required_dialect, stated_dialect
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import MARKET_ROLES, Call, Parameter, Route

DOCUMENTS: dict[str, DocumentKind] = {
    "notifyvalidatedmeasuredata": DocumentKind.MEASURE_DATA,
    "requestvalidatedmeasurements": DocumentKind.MEASURE_DATA_REQUEST,
    "requestaggregatedmeasuredata": DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST,
    "requestwholesalesettlement": DocumentKind.WHOLESALE_SETTLEMENT_REQUEST,
}
"""Names of the documents a party sends, in lower case."""

CATEGORIES: dict[str, Category] = {
    "aggregations": Category.AGGREGATIONS,
    "timeseries": Category.MEASURE_DATA,
    "measuredata": Category.MEASURE_DATA,
}

LONGEST_MESSAGE_ID = 36


async def send_document(call: Call) -> Response:
    """Take a document into the hub."""
    kind = _document_kind(call)
    dialect = required_dialect(call.request.headers)
    body = await read_body(call)
    submission = Submission(kind, dialect, body, correlation_id=call.correlation_id)
    answer = await call.services.exchange.submit(call.principal, submission)
    return answer_submission(answer, dialect)


def _document_kind(call: Call) -> DocumentKind:
    name = str(call.request.path_params["document"]).lower()
    if name not in DOCUMENTS:
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such document", "document")
    if name in call.services.settings.switched_off:
        raise refusal(HTTPStatus.FORBIDDEN, "This document is switched off", "document")
    return DOCUMENTS[name]


def answer_submission(answer: Accepted | Refused, dialect: Dialect) -> Response:
    """202 for what was taken, 400 with the findings for what was not."""
    if isinstance(answer, Refused):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, answer.findings)
    if dialect is Dialect.EBIX_XML:
        return Response(answer.message_id, HTTPStatus.ACCEPTED, media_type="text/plain")
    return Response(status_code=HTTPStatus.ACCEPTED)


async def peek(call: Call) -> Response:
    """Show the oldest waiting document of the caller's queue; the same until it is dequeued."""
    category = CATEGORIES.get(str(call.request.path_params["category"]).lower())
    if category is None:
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such category", "category")
    dialect = required_dialect(call.request.headers)
    found = await call.services.exchange.peek(call.principal, category, dialect)
    if found is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    return Response(found.content, headers={"MessageId": found.message_id}, media_type=MEDIA_TYPES[dialect])


async def dequeue(call: Call) -> Response:
    """Take the peeked document off the caller's queue."""
    message_id = str(call.request.path_params["message_id"])
    known = len(message_id) <= LONGEST_MESSAGE_ID and await call.services.exchange.dequeue(call.principal, message_id)
    if not known:
        raise refusal(HTTPStatus.BAD_REQUEST, "No peeked message of yours has this id", "MessageId")
    return Response()


def refuse_in_dialect(request: Request, refused: HttpRefusal, reference: str) -> Response:
    """The error body in the form the caller speaks, JSON where it names none."""
    dialect = stated_dialect(request.headers) or Dialect.CIM_JSON
    body = error_body(refused.findings, dialect)
    return Response(body, refused.status, refused.headers, MEDIA_TYPES[dialect])


def _in_path(name: str, text: str) -> tuple[Parameter, ...]:
    return (Parameter(name, text, {"type": "string"}, required=True, place="path"),)


_FORMS = tuple(value.partition(";")[0] for value in MEDIA_TYPES.values())

ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/v1.0/cim/{document}",
        MARKET_ROLES,
        send_document,
        refuse_in_dialect,
        "Send a market document; Content-Type says in which form.",
        parameters=_in_path("document", "Name of the document, in any case: " + ", ".join(DOCUMENTS)),
        reads=_FORMS,
        status=HTTPStatus.ACCEPTED,
    ),
    Route(
        "GET",
        "/v1.0/cim/{category}",
        MARKET_ROLES,
        peek,
        refuse_in_dialect,
        "Peek at the oldest waiting document; Content-Type says in which form it is wanted.",
        parameters=_in_path("category", "Section of the queue: " + ", ".join(CATEGORIES)),
        media=_FORMS,
    ),
    Route(
        "DELETE",
        "/v1.0/cim/dequeue/{message_id:path}",
        MARKET_ROLES,
        dequeue,
        refuse_in_dialect,
        "Take a peeked document off the queue.",
        parameters=_in_path("message_id", "The MessageId header of the peek"),
    ),
)
