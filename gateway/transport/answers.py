"""What the calls of the neutral API share: reading a body into its model, and answering with one or a refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import TypeVar

import anyio
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from gateway.hub.ports import Refused
from gateway.messages.findings import Finding
from gateway.schemas.parsers import parse_json
from gateway.transport.bodies import read_body
from gateway.transport.media_types import media_type
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Call, Parameter

PREFIX = "/api/hub/v1"
JSON = "application/json"

Answer = TypeVar("Answer")
Model = TypeVar("Model", bound=BaseModel)


def not_found() -> HttpRefusal:
    """404: what does not exist and what the caller may not see are one."""
    return refusal(HTTPStatus.NOT_FOUND, "There is none such, or it is not yours to see")


def answered(answer: Answer | Refused | None) -> Answer:
    """What the hub answered; 400 with its findings where it refused, 404 where there is nothing the caller may see."""
    if isinstance(answer, Refused):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, answer.findings)
    if answer is None:
        raise not_found()
    return answer


def json_answer(body: BaseModel, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A model as JSON."""
    return Response(body.model_dump_json(), status, media_type=JSON)


async def taken(call: Call, model: type[Model]) -> Model:
    """The JSON body of a call as its model, or 400 with every fault and its place."""
    if media_type(call.request.headers.get("content-type", "")) != JSON:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {JSON}", "Content-Type")
    body = await read_body(call)
    outcome = await anyio.to_thread.run_sync(parse_json, body)
    if outcome.finding is not None:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, (outcome.finding,))
    try:
        return model.model_validate(outcome.value)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        findings = tuple(Finding("BadRequest", f["msg"], "/".join(map(str, f["loc"]))) for f in faults)
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, findings) from None


def in_path(name: str, text: str) -> Parameter:
    """A parameter of the path."""
    return Parameter(name, text, {"type": "string"}, required=True, place="path")
