"""Reports over the neutral API: as the caller wants them by Accept, JSON or CSV with the same fields."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel
from starlette.responses import Response

from gateway.messages.codes import Role
from gateway.transport.answers import JSON, PREFIX
from gateway.transport.control_forms import csv_head, csv_lines
from gateway.transport.hub_models import Body
from gateway.transport.media_types import CSV, accepted_types
from gateway.transport.problems import refuse_with_problem
from gateway.transport.routes import Call, Handler, Parameter, Route


def wants_csv(call: Call) -> bool:
    """Whether the caller would rather have CSV than JSON."""
    wanted = [name for name in accepted_types(call.request.headers) if name in (CSV, JSON)]
    return wanted[:1] == [CSV]


def report_answer(call: Call, model: type[Body], bodies: Iterable[Body], whole: Body) -> Response:
    """A report that comes at once: its lines as CSV, or all of it as JSON."""
    if wants_csv(call):
        return Response(csv_head(model) + csv_lines(bodies), media_type=CSV)
    return Response(whole.model_dump_json(), media_type=JSON)


def report_route(
    path: str,
    roles: frozenset[Role],
    handler: Handler,
    text: str,
    described: tuple[type[BaseModel], tuple[Parameter, ...]],
) -> Route:
    """The route of a report, described by the model of its JSON and its parameters."""
    gives, parameters = described
    return Route(
        "GET",
        PREFIX + path,
        roles,
        handler,
        refuse_with_problem,
        text,
        gives=gives,
        parameters=parameters,
        media=(CSV,),
    )
