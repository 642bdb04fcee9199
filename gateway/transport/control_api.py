"""Control over the neutral API: key figures, missing values, reminders, corrections, rejections, sums of points.

JSON comes in windows, CSV (by Accept) as a whole, sent while it is being read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from starlette.responses import Response, StreamingResponse

from gateway.hub.control.values import CorrectionQuery, DayQuery
from gateway.hub.ports import Page
from gateway.hub.ports_reminders import ReminderQuery
from gateway.processes.reminder import ReminderState
from gateway.transport import control_models as models
from gateway.transport.answers import JSON, answered
from gateway.transport.control_forms import csv_head, csv_lines
from gateway.transport.hub_models import Body
from gateway.transport.media_types import CSV
from gateway.transport.queries import LARGEST_PAGE, PAGE_PARAMETERS, Query, refuse
from gateway.transport.report_answer import report_answer, report_route, wants_csv
from gateway.transport.routes import AREA_ROLES, EVERY_ROLE, Call, Parameter, Route


class SumsOf(StrEnum):
    """Whose sums a CSV holds."""

    POINTS = "points"
    HUB = "hub"


MOST_DAYS = 7
"""Most days of key figures in one answer: each is several scans of everything stored of it."""
MOST_REJECTION_DAYS = 366

_DAY: dict[str, object] = {"type": "string", "format": "date"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_TEXT: dict[str, object] = {"type": "string"}
_AREA = Parameter("grid_area", "One grid area; all of yours when absent", _TEXT)
_AS_OF = Parameter("as_of", "As known at this instant; now when absent", _INSTANT)


def _days(first: str, last: str) -> tuple[Parameter, Parameter]:
    return Parameter("from", first, _DAY), Parameter("to", last, _DAY)


_SOME_DAYS = _days("First local day; yesterday alone when absent", "Local day to end before; the next when absent")
KPI_PARAMETERS = (*_SOME_DAYS, _AREA)
MISSING_PARAMETERS = (
    *_days("First local day", "Local day to end before; without both the market's window"),
    _AREA,
    _AS_OF,
    *PAGE_PARAMETERS,
)
REMINDER_PARAMETERS = (
    *_days("First local day", "Local day to end before; every day of which somebody was reminded without both"),
    _AREA,
    Parameter("state", "Where it stands", {"enum": list(ReminderState)}),
    *PAGE_PARAMETERS,
)
CORRECTION_PARAMETERS = (
    Parameter("from", "Received from this instant", _INSTANT, required=True),
    Parameter("to", "and before this one; now when absent", _INSTANT),
    Parameter("point", "Metering point; may be repeated; all of yours when absent", {"type": "array", "items": _TEXT}),
    *PAGE_PARAMETERS,
)
REJECTION_PARAMETERS = _SOME_DAYS
CONTROL_PARAMETERS = (
    Parameter("day", "Local day of operation", _DAY, required=True),
    _AS_OF,
    Parameter("of", "Whose sums a CSV holds; those of points when absent", {"enum": list(SumsOf)}),
)


class _Window(NamedTuple):
    """Bodies of one window, and where the next begins; empty at the end."""

    bodies: list[Body]
    after: str


ReadWindow = Callable[[Page], Awaitable[_Window]]


async def show_kpis(call: Call) -> Response:
    """Key figures of the caller's grid areas."""
    query = Query(call, KPI_PARAMETERS)
    found = answered(
        await call.services.exchange.kpis(call.principal, _day_query(query, MOST_DAYS, query.text("grid_area")))
    )
    bodies = [models.KpiBody.of(value) for value in found]
    return report_answer(call, models.KpiBody, bodies, models.KpisBody(kpis=bodies))


async def show_missing(call: Call) -> Response:
    """What is missing in the caller's grid areas after its limit."""
    query = Query(call, MISSING_PARAMETERS)
    wanted = DayQuery(*_any_days(query), query.text("grid_area"), query.instant("as_of"))

    async def window(page: Page) -> _Window:
        found = answered(await call.services.exchange.missing_values(call.principal, wanted, page))
        return _Window([models.MissingBody.of(point) for point in found.points], found.after)

    return await _in_windows(call, query, models.MissingBody, (window, models.MissingValuesBody, "points"))


async def show_reminders(call: Call) -> Response:
    """Who was reminded of what in the caller's grid areas."""
    query = Query(call, REMINDER_PARAMETERS)
    wanted = ReminderQuery(*_any_days(query), query.text("grid_area"), query.listed("state", ReminderState))

    async def window(page: Page) -> _Window:
        found = answered(await call.services.exchange.reminders(call.principal, wanted, page))
        return _Window([models.ReminderBody.of(one) for one in found.reminders], found.after)

    return await _in_windows(call, query, models.ReminderBody, (window, models.RemindersBody, "reminders"))


async def show_corrections(call: Call) -> Response:
    """What was corrected of the points the caller may see."""
    query = Query(call, CORRECTION_PARAMETERS)
    start, end = query.required_instant("from"), query.instant("to")
    end = call.services.clock() + 1 if end is None else end
    if start >= end:
        raise refuse("to", "must be after from")
    wanted = CorrectionQuery(start, end, query.texts("point"))

    async def window(page: Page) -> _Window:
        found = answered(await call.services.exchange.corrections(call.principal, wanted, page))
        return _Window(list(models.CorrectionBody.of(found)), found.after)

    return await _in_windows(call, query, models.CorrectionBody, (window, models.CorrectionsBody, "corrections"))


async def show_rejections(call: Call) -> Response:
    """How much of what the caller sent was rejected; of everybody for the hub's operator."""
    query = Query(call, REJECTION_PARAMETERS)
    found = await call.services.exchange.rejections(call.principal, _day_query(query, MOST_REJECTION_DAYS))
    bodies = [models.RejectionBody.of(count) for count in found]
    return report_answer(call, models.RejectionBody, bodies, models.RejectionsBody(rejections=bodies))


async def show_sums(call: Call) -> Response:
    """What the points the caller may see add up to, and the hub's own sums to hold it against."""
    query = Query(call, CONTROL_PARAMETERS)
    day = query.day("day")
    if day is None:
        raise refuse("day", "is required")
    of = query.listed("of", SumsOf)
    found = await call.services.exchange.control_sums(call.principal, day, query.instant("as_of"))
    sums, hub = list(models.PointSumBody.of(found.points)), list(models.HubSumBody.of(found.hub))
    whole = models.ControlBody(sums=sums, hub=hub)
    if of is SumsOf.HUB:
        return report_answer(call, models.HubSumBody, hub, whole)
    return report_answer(call, models.PointSumBody, sums, whole)


def _any_days(query: Query) -> tuple[date | None, date | None]:
    """The days of a call that may leave either side open."""
    start, end = query.day("from"), query.day("to")
    if start is not None and end is not None and start >= end:
        raise refuse("to", "must be after from")
    return start, end


def _day_query(query: Query, most: int, grid_area: str = "") -> DayQuery:
    """The days of a call: both bounds, the first alone for one day, or neither for what the hub takes then."""
    start, end = query.day("from"), query.day("to")
    if start is None:
        if end is not None:
            raise refuse("from", "is required beside to")
        return DayQuery(grid_area=grid_area)
    end = end or start + timedelta(days=1)
    if start >= end:
        raise refuse("to", "must be after from")
    if (end - start).days > most:
        raise refuse("to", f"is too far: an answer holds at most {most} days")
    return DayQuery(start, end, grid_area)


async def _in_windows(
    call: Call, query: Query, model: type[Body], words: tuple[ReadWindow, type[Body], str]
) -> Response:
    """One window as JSON, or from there on everything as CSV; what is refused is refused before the first byte."""
    window, whole, name = words
    page = query.page()
    as_csv = wants_csv(call)
    first = await window(Page(LARGEST_PAGE, page.after) if as_csv else page)
    if not as_csv:
        content = whole.model_validate({name: first.bodies, "after": first.after}).model_dump_json()
        return Response(content, media_type=JSON)

    async def lines() -> AsyncIterator[str]:
        yield csv_head(model) + csv_lines(first.bodies)
        after = first.after
        while after:
            following = await window(Page(LARGEST_PAGE, after))
            yield csv_lines(following.bodies)
            after = following.after

    return StreamingResponse(lines(), media_type=CSV)


ROUTES: tuple[Route, ...] = (
    report_route(
        "/kpis",
        AREA_ROLES,
        show_kpis,
        "Key figures of your grid areas by local day: estimates, completeness, rejections, corrections.",
        (models.KpisBody, KPI_PARAMETERS),
    ),
    report_route(
        "/missing-values",
        AREA_ROLES,
        show_missing,
        "Metering points of your grid areas of which values are missing after their limit.",
        (models.MissingValuesBody, MISSING_PARAMETERS),
    ),
    report_route(
        "/reminders",
        AREA_ROLES,
        show_reminders,
        "Metering points of your grid areas that somebody was reminded of, and whether the data have come since.",
        (models.RemindersBody, REMINDER_PARAMETERS),
    ),
    report_route(
        "/corrections",
        EVERY_ROLE,
        show_corrections,
        "What was corrected of the metering points you may see, in the order it was received.",
        (models.CorrectionsBody, CORRECTION_PARAMETERS),
    ),
    report_route(
        "/rejections",
        EVERY_ROLE,
        show_rejections,
        "How much of what you sent was rejected, by local day and reason.",
        (models.RejectionsBody, REJECTION_PARAMETERS),
    ),
    report_route(
        "/control",
        EVERY_ROLE,
        show_sums,
        "Hourly sums of the metering points you may see, and the hub's own to hold them against.",
        (models.ControlBody, CONTROL_PARAMETERS),
    ),
)
