"""Error bodies of the Estonian datahub: nested in the first generation, flat in the second (Elering 12).

    {"id": …, "cause": {"message": …, "code": …, "traceId": …, "args": […]}}
    {"id": …, "message": …, "code": …, "traceId": …, "args": […]}

A body tells one error, the first; how many more there are stands in its message. `traceId` is the reference to ask the
hub's operator with, and the header `CorrelationId` of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from uuid import NAMESPACE_OID, UUID, uuid5

from starlette.requests import Request
from starlette.responses import Response

from gateway.codecs.estfeed.codes import Generation
from gateway.markets.estfeed import ErrorWrapper, EstfeedPolicy
from gateway.messages.findings import Finding
from gateway.transport.error_bodies import LONGEST_TEXT, clean_text
from gateway.transport.refusals import HttpRefusal
from gateway.transport.routes import Refuser

DOCUMENT_ID = "x-document-identification"
ORIGINAL_DOCUMENT_ID = "x-original-document-identification"
DOCUMENT_TIME = "x-document-date-time"
TRACE_ID = "x-b3-traceid"
STATE = "status"

_FAILED = "opp.error.technical.general"

CODES: dict[HTTPStatus, str] = {
    HTTPStatus.UNAUTHORIZED: "opp.error.technical.authentication",
    HTTPStatus.FORBIDDEN: "opp.error.validation.unauthorized-user",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "opp.error.validation.too-big",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "opp.error.validation.unsupported-file-format",
    HTTPStatus.SERVICE_UNAVAILABLE: "opp.error.technical.no-response",
}
"""What the server itself refuses, before the market's rules are asked, by HTTP status."""

_MARKET_PREFIXES = ("opp.", "dd.", "authz.")


def error_value(
    findings: tuple[Finding, ...], status: HTTPStatus, trace_id: str, error_id: str = ""
) -> dict[str, object]:
    """The flat form of an error; without an id of its own it goes by the trace id."""
    first = findings[0]
    text = f"{first.text} ({first.path})" if first.path and first.path not in first.text else first.text
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return {
        "id": _uuid(error_id or trace_id),
        "message": clean_text(text[: LONGEST_TEXT - len(more)] + more),
        "code": first.code if first.code.startswith(_MARKET_PREFIXES) else CODES.get(status, _FAILED),
        "traceId": trace_id,
        "args": [clean_text(text) for text in first.args],
    }


def refuser(generation: Generation, policy: EstfeedPolicy) -> Refuser:
    """Words refusals in the form of a generation."""
    wrapped = _wrapped(policy.error_wrapper) if generation is Generation.V1 else None

    def refuse(request: Request, refused: HttpRefusal, reference: str) -> Response:
        value = error_value(refused.findings, refused.status, reference)
        body = json.dumps(value if wrapped is None else wrapped(value), ensure_ascii=False).encode()
        headers = {**refused.headers, **answer_headers(request, reference, "ERROR")}
        return Response(body, refused.status, headers, "application/json")

    return refuse


def _wrapped(wrapper: ErrorWrapper) -> Callable[[dict[str, object]], dict[str, object]]:
    def wrap(flat: dict[str, object]) -> dict[str, object]:
        return {"id": flat["id"], wrapper.value: {name: value for name, value in flat.items() if name != "id"}}

    return wrap


def answer_headers(request: Request, reference: str, state: str) -> dict[str, str]:
    """The headers of every answer: its own id, that of the request, the trace id, and the state."""
    asked = request.headers.get(DOCUMENT_ID, "")
    echoed = {ORIGINAL_DOCUMENT_ID: asked} if asked.isascii() and asked.isprintable() and len(asked) <= 64 else {}
    return {DOCUMENT_ID: _uuid(reference), **echoed, TRACE_ID: reference, STATE: state}


def _uuid(reference: str) -> str:
    """A reference of 32 hexadecimal digits with the hyphens of a UUID; one made from any other."""
    try:
        return str(UUID(hex=reference))
    except ValueError:
        return str(uuid5(NAMESPACE_OID, reference))
