"""ebIX over SOAP at one address: the operations of the older Danish B2B protocol (dk-messages §4, §5).

Faults carry the B2B code. Their HTTP status is the one every other face of the hub gives (400, 401, 413, 503), not
SOAP 1.1's blanket 500, so that monitors can tell a bad message from a broken hub.
"""

from __future__ import annotations

from http import HTTPStatus

import anyio
from starlette.requests import Request
from starlette.responses import Response

from gateway.hub.ports import Direction, MessageFilter, Page, PeekedDocument, Refused, Submission
from gateway.messages.codes import Dialect
from gateway.messages.findings import Finding
from gateway.messages.times import NO_INSTANT, parse_instant
from gateway.schemas.faults import TOO_LARGE
from gateway.schemas.parsers import parse_xml
from gateway.transport import ebix_soap
from gateway.transport.bodies import read_body
from gateway.transport.cim_api import LONGEST_MESSAGE_ID
from gateway.transport.media_types import media_type
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import MARKET_ROLES, Call, Credentials, Route

SOAP_TYPE = "text/xml; charset=utf-8"
TAKEN_TYPES = frozenset({"text/xml", "application/xml", "application/ebix"})
MOST_IDS = 1000


async def operate(call: Call) -> Response:
    """Do the operation of a SOAP envelope: send, peek, dequeue, get a message again, list message ids."""
    if media_type(call.request.headers.get("content-type", "")) not in TAKEN_TYPES:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Type must be text/xml", "Content-Type")
    limit = call.services.settings.limits.bytes
    body = await read_body(call)
    operation = await anyio.to_thread.run_sync(ebix_soap.read_operation, body, limit)
    if isinstance(operation, Finding):
        too_large = operation.rule == TOO_LARGE
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
        raise HttpRefusal(status, (operation,))
    match operation.name:
        case "sendMessage":
            content = await _send(call, operation, body)
        case "peekMessage":
            found = await call.services.exchange.peek(call.principal, None, Dialect.EBIX_XML)
            content = await _deliver(call, operation, found)
        case "dequeueMessage":
            content = await _dequeue(call, operation)
        case "getMessage":
            content = await _fetch(call, operation)
        case "getMessageIds":
            content = await _list(call, operation)
        case _:
            raise refusal(HTTPStatus.BAD_REQUEST, f"The operation {operation.name[:50]} is not supported", "operation")
    return Response(content, media_type=SOAP_TYPE)


async def _send(call: Call, operation: ebix_soap.Operation, body: bytes) -> bytes:
    container = operation.container
    if container is None:
        raise refusal(HTTPStatus.BAD_REQUEST, "sendMessage must carry a MessageContainer", "MessageContainer")
    kinds = {name: kind for kind, name in ebix_soap.DOCUMENT_TYPES.items()}
    kind = kinds.get(container.document_type.removeprefix("DK_"))
    if kind is None:
        finding = Finding("00401", "DocumentType names no document the hub takes", target="DocumentType")
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, (finding,))
    submission = Submission(kind, Dialect.EBIX_XML, container.payload, body, call.correlation_id)
    outcome = await call.services.exchange.submit(call.principal, submission)
    if isinstance(outcome, Refused):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, outcome.findings)
    return ebix_soap.answer(operation, message_ids=[outcome.message_id])


async def _dequeue(call: Call, operation: ebix_soap.Operation) -> bytes:
    message_id = operation.message_id
    known = len(message_id) <= LONGEST_MESSAGE_ID and await call.services.exchange.dequeue(call.principal, message_id)
    if not known:
        raise refusal(HTTPStatus.BAD_REQUEST, "No peeked message of yours has this id", "MessageId")
    return ebix_soap.answer(operation)


async def _fetch(call: Call, operation: ebix_soap.Operation) -> bytes:
    message_id = operation.message_id
    found = None
    if 0 < len(message_id) <= LONGEST_MESSAGE_ID:
        found = await call.services.exchange.fetch(call.principal, message_id, Dialect.EBIX_XML)
    if found is None:
        raise refusal(HTTPStatus.BAD_REQUEST, "No peeked message of yours has this id", "MessageId")
    return await _deliver(call, operation, found)


async def _deliver(call: Call, operation: ebix_soap.Operation, found: PeekedDocument | None) -> bytes:
    """The document in its container; an empty answer when nothing waits."""
    if found is None:
        return ebix_soap.answer(operation)
    limit = 2 * call.services.settings.limits.bytes
    outcome = await anyio.to_thread.run_sync(parse_xml, found.content, limit)
    if outcome.root is None:
        raise ValueError(f"the hub's own document {found.message_id} is not XML")
    return ebix_soap.answer(operation, content=[ebix_soap.container_of(found, outcome.root)])


async def _list(call: Call, operation: ebix_soap.Operation) -> bytes:
    start, end = parse_instant(operation.start), parse_instant(operation.end)
    if NO_INSTANT in (start, end):
        raise refusal(HTTPStatus.BAD_REQUEST, "UtcFrom and UtcTo must be instants", "UtcFrom")
    wanted = MessageFilter(direction=Direction.OUT, start=start, end=end)
    page = await call.services.exchange.messages(call.principal, wanted, Page(limit=MOST_IDS))
    return ebix_soap.answer(operation, message_ids=[message.message_id for message in page.messages])


def refuse_with_fault(request: Request, refused: HttpRefusal, reference: str) -> Response:
    """A SOAP fault with the first finding."""
    of_sender = refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
    content = ebix_soap.soap_fault(refused.findings[0], of_sender)
    return Response(content, refused.status, refused.headers, SOAP_TYPE)


def routes(path: str) -> tuple[Route, ...]:
    """The one endpoint of the SOAP container."""
    return (
        Route(
            "POST",
            path,
            MARKET_ROLES,
            operate,
            refuse_with_fault,
            "ebIX in its SOAP container: send, peek, dequeue, get, list.",
            credentials=Credentials.CERTIFICATE,
            reads=("text/xml",),
            media=("text/xml",),
        ),
    )
