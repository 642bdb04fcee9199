"""Measurements of meters in the neutral API: taken from collectors, given back to the party whose they are (AM-2.2)."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from starlette.responses import Response

from gateway.hub.ports import Refused
from gateway.hub.ports_measurements import MeasurementQuery
from gateway.transport import measurement_models as models
from gateway.transport.answers import PREFIX, answered, json_answer, taken
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, Query, refuse
from gateway.transport.refusals import HttpRefusal
from gateway.transport.routes import EVERY_ROLE, Call, Parameter, Route

_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
VALUE_PARAMETERS = (
    Parameter("meter", "Name of the meter", {"type": "string"}, required=True),
    Parameter("obis", "OBIS code, of the log for events; all when absent", {"type": "string"}),
    Parameter("from", "Moments from this instant", _INSTANT),
    Parameter("to", "and before this one", _INSTANT),
    *PAGE_PARAMETERS,
)


async def take_batch(call: Call) -> Response:
    """Take a batch of a collector; the answer is given when it is durable."""
    form = await taken(call, models.BatchForm)
    # The hash is of what the batch says: a retry over another connection may come packed or spaced otherwise.
    sha256 = hashlib.sha256(form.model_dump_json().encode()).digest()
    outcome = await call.services.exchange.measurements.take(call.principal, form.value(), sha256)
    if isinstance(outcome, Refused):
        used = outcome.findings[0].rule == "batch-id-used"
        raise HttpRefusal(HTTPStatus.CONFLICT if used else HTTPStatus.BAD_REQUEST, outcome.findings)
    return json_answer(models.BatchTakenBody.of(form.batch, outcome))


async def show_values(call: Call) -> Response:
    """Values of a meter of the caller's party."""
    query = Query(call, VALUE_PARAMETERS)
    found = answered(await call.services.exchange.measurements.values(call.principal, _asked(query), query.page()))
    return json_answer(models.MeasurementPageBody.of(found))


async def show_events(call: Call) -> Response:
    """Events of a meter of the caller's party."""
    query = Query(call, VALUE_PARAMETERS)
    found = answered(await call.services.exchange.measurements.events(call.principal, _asked(query), query.page()))
    return json_answer(models.EventPageBody.of(found))


async def list_meters(call: Call) -> Response:
    """The meters of the caller's party."""
    page = Query(call, PAGE_PARAMETERS).page()
    return json_answer(models.MeterPageBody.of(await call.services.exchange.measurements.meters(call.principal, page)))


def _asked(query: Query) -> MeasurementQuery:
    meter = query.text("meter")
    if not meter:
        raise refuse("meter", "is required")
    return MeasurementQuery(meter, query.text("obis"), query.instant("from"), query.instant("to"))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        f"{PREFIX}/measurements",
        EVERY_ROLE,
        take_batch,
        refuse_with_problem,
        "Take a batch of what a collector read; the same batch and the same reading count once.",
        takes=models.BatchForm,
        gives=models.BatchTakenBody,
    ),
    Route(
        "GET",
        f"{PREFIX}/measurements",
        EVERY_ROLE,
        show_values,
        refuse_with_problem,
        "Values of one of your meters, every revision of them.",
        gives=models.MeasurementPageBody,
        parameters=VALUE_PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/measurements/events",
        EVERY_ROLE,
        show_events,
        refuse_with_problem,
        "Entries of the event logs of one of your meters.",
        gives=models.EventPageBody,
        parameters=VALUE_PARAMETERS,
    ),
    Route(
        "GET",
        f"{PREFIX}/measurements/meters",
        EVERY_ROLE,
        list_meters,
        refuse_with_problem,
        "The meters your collectors read.",
        gives=models.MeterPageBody,
        parameters=PAGE_PARAMETERS,
    ),
)
