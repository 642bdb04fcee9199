"""A report as the caller wants it by Accept: JSON, or CSV with the same fields."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response

from gateway.transport.answers import JSON
from gateway.transport.control_forms import csv_head, csv_lines
from gateway.transport.hub_models import Body
from gateway.transport.media_types import accepted_types
from gateway.transport.routes import Call
from gateway.transport.series_answer import CSV


def wants_csv(call: Call) -> bool:
    """Whether the caller would rather have CSV than JSON."""
    wanted = [name for name in accepted_types(call.request.headers) if name in (CSV, JSON)]
    return wanted[:1] == [CSV]


def report_answer(call: Call, model: type[Body], bodies: Iterable[Body], whole: Body) -> Response:
    """A report that comes at once: its lines as CSV, or all of it as JSON."""
    if wants_csv(call):
        return Response(csv_head(model) + csv_lines(bodies), media_type=CSV)
    return Response(whole.model_dump_json(), media_type=JSON)
