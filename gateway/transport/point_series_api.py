"""Series of single points over the neutral API: sent in the hub's own form, balance windows, prices, deviations."""

from __future__ import annotations

import json
from datetime import date, timedelta
from http import HTTPStatus

import anyio
from starlette.responses import Response

from gateway.codecs.hub_json import reason_of
from gateway.hub.ports import SeriesQuery, Submission
from gateway.messages.codes import DocumentKind, Flow, NeutralForm, Resolution, Role, Unit
from gateway.messages.times import Interval
from gateway.transport import point_series_models as models
from gateway.transport.answers import JSON, PREFIX, answered, json_answer, taken
from gateway.transport.bodies import read_body
from gateway.transport.media_types import media_type
from gateway.transport.problems import refuse_with_problem
from gateway.transport.queries import PAGE_PARAMETERS, SERIES_PARAMETERS, Query, refuse
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import AREA_ROLES, EVERY_ROLE, OPERATOR, Call, Parameter, Route
from gateway.transport.series_forms import json_series

MOST_WINDOWS = 366
MOST_PRICE_DAYS = 366
MOST_POINTS = 1000

SENDERS = AREA_ROLES | {Role.DELEGATE}
"""Who is responsible for measure data, and the hub's operator, who edits in special errors (FI-2.5)."""

ALL_SERIES_PARAMETERS = (*(one for one in SERIES_PARAMETERS if one.name != "point"), *PAGE_PARAMETERS)
_DAY: dict[str, object] = {"type": "string", "format": "date"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_DAYS = (
    Parameter("from", "First local day", _DAY, required=True),
    Parameter("to", "Local day to end before; the next when absent", _DAY),
)
_INTERVAL = (
    Parameter("from", "From this instant", _INSTANT, required=True),
    Parameter("to", "and before this one", _INSTANT, required=True),
)
_POINTS = (
    Parameter(
        "point", "Metering point; may be repeated", {"type": "array", "items": {"type": "string"}}, required=True
    ),
)


async def send_measure_data(call: Call) -> Response:
    """Take measure data in the hub's own form; what is rejected is told series by series."""
    if media_type(call.request.headers.get("content-type", "")) != JSON:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {JSON}", "Content-Type")
    body = await read_body(call)
    if call.principal.role is Role.HUB and not await anyio.to_thread.run_sync(reason_of, body):
        raise refuse("reason", "is required of the hub's operator")
    submission = Submission(DocumentKind.MEASURE_DATA, NeutralForm.HUB_JSON, body, correlation_id=call.correlation_id)
    answer = answered(await call.services.exchange.submit(call.principal, submission))
    status = await call.services.exchange.message_status(call.principal, answer.message_id)
    series = () if status is None else status.series
    return json_answer(models.TakenBody.of(answer.message_id, series), HTTPStatus.ACCEPTED)


async def show_all_series(call: Call) -> Response:
    """The series of every metering point the caller may see."""
    query = Query(call, ALL_SERIES_PARAMETERS)
    interval = _interval(query)
    wanted = SeriesQuery(
        (),
        interval.start,
        interval.end,
        query.instant("as_of"),
        query.listed("unit", Unit),
        query.listed("step", Resolution),
        query.listed("flow", Flow),
    )
    known = call.services.clock() if wanted.as_of is None else wanted.as_of
    found = answered(await call.services.exchange.point_series.all_series(call.principal, wanted, query.page()))
    body = await anyio.to_thread.run_sync(json_series, found.series, known)
    after = json.dumps({"after": found.after}).encode()
    return Response(body[:-1] + b", " + after[1:], media_type=JSON)


async def show_windows(call: Call) -> Response:
    """The balance windows of days, and where each stands."""
    days = _days(Query(call, _DAYS))
    found = await call.services.exchange.point_series.windows(days)
    return json_answer(models.WindowsBody(windows=[models.WindowBody.of(one) for one in found]))


async def reopen_window(call: Call) -> Response:
    """Reopen the balance of a day that is closing."""
    given = await taken(call, models.ReopeningWish)
    found = await call.services.exchange.point_series.reopen(call.principal, given.day, given.reason)
    return json_answer(models.WindowBody.of(answered(found)))


async def take_prices(call: Call) -> Response:
    """Keep spot prices."""
    given = await taken(call, models.PricesBody)
    prices = [one.as_price() for one in given.prices]
    good = [one for one in prices if one is not None]
    if len(good) < len(prices):
        raise refuse("prices", "have a start with its offset and a step of PT15M or PT1H")
    refused = await call.services.exchange.point_series.take_prices(good)
    if refused is not None:
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, refused.findings)
    return json_answer(models.KeptBody(kept=len(good)))


async def show_prices(call: Call) -> Response:
    """Spot prices of an interval."""
    interval = _interval(Query(call, _INTERVAL), MOST_PRICE_DAYS)
    found = await call.services.exchange.point_series.prices(interval)
    return json_answer(models.PricesBody(prices=[models.PriceBody.of(one) for one in found]))


async def run_deviations(call: Call) -> Response:
    """Look for balance deviations now."""
    return json_answer(models.RunBody(run=await call.services.exchange.point_series.run_deviations()))


async def show_deviations(call: Call) -> Response:
    """The balance deviations that runs found of the caller's points."""
    query = Query(call, (*_INTERVAL, *PAGE_PARAMETERS))
    desk = call.services.exchange.point_series
    found = await desk.deviations(call.principal, _interval(query), query.page())
    bodies = [models.DeviationBody.of(one) for one in found.deviations]
    return json_answer(models.DeviationsBody(deviations=bodies, after=found.after))


async def show_summaries(call: Call) -> Response:
    """What the runs come to for the caller."""
    interval = _interval(Query(call, _INTERVAL))
    found = await call.services.exchange.point_series.summaries(call.principal, interval)
    return json_answer(models.SummariesBody(summaries=[models.SummaryBody.of(one) for one in found]))


async def show_reactive(call: Call) -> Response:
    """Whether reactive energy of accounting points is available."""
    points = Query(call, _POINTS).texts("point")
    if not points or len(points) > MOST_POINTS:
        raise refuse("point", f"is required, at most {MOST_POINTS} times")
    found = answered(await call.services.exchange.point_series.reactive(call.principal, points))
    return json_answer(models.ReactiveStatesBody(points=[models.ReactiveBody.of(one) for one in found]))


def _days(query: Query) -> list[date]:
    start = query.day("from")
    if start is None:
        raise refuse("from", "is required")
    end = query.day("to") or start + timedelta(days=1)
    if not 0 < (end - start).days <= MOST_WINDOWS:
        raise refuse("to", f"must be after from, by at most {MOST_WINDOWS} days")
    return [start + timedelta(days=number) for number in range((end - start).days)]


def _interval(query: Query, most_days: int | None = None) -> Interval:
    start, end = query.required_instant("from"), query.required_instant("to")
    if start >= end or (most_days is not None and end - start > most_days * 86_400):
        raise refuse("to", "must be after from" + ("" if most_days is None else f", by at most {most_days} days"))
    return Interval(start, end)


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{PREFIX}/measure-data",
        EVERY_ROLE,
        show_all_series,
        refuse_with_problem,
        "Values of all metering points you may see, over a week at most, a window of points at a time.",
        gives=models.AllSeriesBody,
        parameters=ALL_SERIES_PARAMETERS,
    ),
    Route(
        "POST",
        f"{PREFIX}/measure-data",
        SENDERS,
        send_measure_data,
        refuse_with_problem,
        "Send measure data in the hub's own form: any unit, direction and status.",
        reads=(JSON,),
        gives=models.TakenBody,
        status=HTTPStatus.ACCEPTED,
    ),
    Route(
        "GET",
        f"{PREFIX}/balance-windows",
        EVERY_ROLE,
        show_windows,
        refuse_with_problem,
        "Until when values of days enter the balance, and where each day stands.",
        gives=models.WindowsBody,
        parameters=_DAYS,
    ),
    Route(
        "POST",
        f"{PREFIX}/balance-window-reopenings",
        OPERATOR,
        reopen_window,
        refuse_with_problem,
        "Reopen the balance of a day that is closing: what is corrected until it is closed enters it.",
        takes=models.ReopeningWish,
        gives=models.WindowBody,
    ),
    Route(
        "PUT",
        f"{PREFIX}/spot-prices",
        OPERATOR,
        take_prices,
        refuse_with_problem,
        "Keep spot prices of quarters and hours; those of the same step are superseded.",
        takes=models.PricesBody,
        gives=models.KeptBody,
    ),
    Route(
        "GET",
        f"{PREFIX}/spot-prices",
        EVERY_ROLE,
        show_prices,
        refuse_with_problem,
        "Spot prices of an interval.",
        gives=models.PricesBody,
        parameters=_INTERVAL,
    ),
    Route(
        "POST",
        f"{PREFIX}/balance-deviation-runs",
        OPERATOR,
        run_deviations,
        refuse_with_problem,
        "Look for balance deviations now, as the nightly run does.",
        gives=models.RunBody,
    ),
    Route(
        "GET",
        f"{PREFIX}/balance-deviations",
        EVERY_ROLE,
        show_deviations,
        refuse_with_problem,
        "Steps of your accounting points that changed after their balance window.",
        gives=models.DeviationsBody,
        parameters=(*_INTERVAL, *PAGE_PARAMETERS),
    ),
    Route(
        "GET",
        f"{PREFIX}/balance-deviation-summaries",
        EVERY_ROLE,
        show_summaries,
        refuse_with_problem,
        "What balance deviations come to by run, supplier and grid area: energy and money.",
        gives=models.SummariesBody,
        parameters=_INTERVAL,
    ),
    Route(
        "GET",
        f"{PREFIX}/reactive-energy",
        EVERY_ROLE,
        show_reactive,
        refuse_with_problem,
        "Whether reactive energy of accounting points came within the last month.",
        gives=models.ReactiveStatesBody,
        parameters=_POINTS,
    ),
)
