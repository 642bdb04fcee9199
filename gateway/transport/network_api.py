"""Reports of networks over the neutral API: lateness, losses, load-duration curves, balance areas (EE-4.1 to 4.3)."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.responses import Response

from gateway.hub.ports_network import BalanceQuery, CurveQuery, LatenessQuery, LossQuery
from gateway.markets.deliveries import DeliveryStage
from gateway.messages.codes import AREA_RUNNERS, Flow, Role
from gateway.messages.times import Interval
from gateway.transport import network_models as models
from gateway.transport.answers import answered
from gateway.transport.queries import Query, refuse
from gateway.transport.report_answer import report_answer, report_route
from gateway.transport.routes import OPERATOR, Call, Parameter, Route

NETWORK_ROLES: frozenset[Role] = OPERATOR | frozenset(AREA_RUNNERS)
"""Who runs metering points, and the operator of the hub."""

BALANCE_ROLES: frozenset[Role] = OPERATOR | {Role.BALANCE_RESPONSIBLE, Role.ENERGY_SUPPLIER}
"""Who may answer for a balance: the open supplier is named its balance responsible party too (ee-datahub §1.2)."""

MOST_LATENESS_DAYS = 31
"""Each day of an answer is a scan of everything stored of it, twice."""

MOST_LOSS_DAYS = 366
MOST_BALANCE_DAYS = 31

_DAY: dict[str, object] = {"type": "string", "format": "date"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_TEXT: dict[str, object] = {"type": "string"}
_DAYS = (
    Parameter("from", "First local day", _DAY, required=True),
    Parameter("to", "Local day to end before; the next when absent", _DAY),
)
LATENESS_PARAMETERS = (
    *_DAYS,
    Parameter("stage", "By which deadline: initial when absent", {"enum": list(DeliveryStage)}),
    Parameter("grid_area", "One grid area; all of yours when absent", _TEXT),
)
LOSS_PARAMETERS = (
    Parameter("grid_area", "The grid area or line", _TEXT, required=True),
    *_DAYS,
    Parameter("as_of", "As known at this instant; now when absent", _INSTANT),
)
CURVE_PARAMETERS = (
    Parameter("metering_point", "One metering point of yours", _TEXT),
    Parameter("grid_area", "All metering points of a grid area of yours", _TEXT),
    Parameter("flow", "Out of the grid when absent", {"enum": [Flow.IN, Flow.OUT]}),
    *_DAYS,
)
BALANCE_PARAMETERS = (
    *_DAYS,
    Parameter("party", "The balance responsible party; yourself when absent", _TEXT),
)


async def show_lateness(call: Call) -> Response:
    """Who is late with the values of days."""
    query = Query(call, LATENESS_PARAMETERS)
    start, end = _days(query, MOST_LATENESS_DAYS)
    stage = query.listed("stage", DeliveryStage) or DeliveryStage.INITIAL
    wanted = LatenessQuery(start, end, stage, query.text("grid_area"))
    found = answered(await call.services.exchange.network.lateness(call.principal, wanted))
    bodies = [models.LatenessBody.of(row) for row in found]
    return report_answer(call, models.LatenessBody, bodies, models.LatenessReportBody(lateness=bodies))


async def show_losses(call: Call) -> Response:
    """The losses of a network of the caller's."""
    query = Query(call, LOSS_PARAMETERS)
    area = query.text("grid_area")
    if not area:
        raise refuse("grid_area", "is required")
    wanted = LossQuery(area, _interval(call, query), query.instant("as_of"))
    found = answered(await call.services.exchange.network.losses(call.principal, wanted))
    bodies = list(models.LossBody.of(found))
    whole = models.LossesBody(grid_area=area, step_seconds=found.step, points=found.points, losses=bodies)
    return report_answer(call, models.LossBody, bodies, whole)


async def show_curve(call: Call) -> Response:
    """The load-duration curve of metering points of the caller's."""
    query = Query(call, CURVE_PARAMETERS)
    point, area = query.text("metering_point"), query.text("grid_area")
    if bool(point) == bool(area):
        raise refuse("metering_point", "or grid_area is required, and not both")
    flow = query.listed("flow", Flow) or Flow.OUT
    if flow not in (Flow.IN, Flow.OUT):
        raise refuse("flow", "must be one of in, out")
    wanted = CurveQuery(_interval(call, query), point, area, flow)
    found = answered(await call.services.exchange.network.load_curve(call.principal, wanted))
    body = models.LoadCurveBody.of(found)
    return report_answer(call, models.LoadBody, body.curve, body)


async def show_balance(call: Call) -> Response:
    """The balance area of the caller."""
    query = Query(call, BALANCE_PARAMETERS)
    wanted = BalanceQuery(_interval(call, query, MOST_BALANCE_DAYS), query.text("party"))
    found = answered(await call.services.exchange.network.balance(call.principal, wanted))
    bodies = list(models.BalanceStepBody.of(found))
    whole = models.BalanceBody(party=found.party, step_seconds=found.step, points=found.points, balance=bodies)
    return report_answer(call, models.BalanceStepBody, bodies, whole)


def _days(query: Query, most: int) -> tuple[date, date]:
    start, end = query.day("from"), query.day("to")
    if start is None:
        raise refuse("from", "is required")
    end = end or start + timedelta(days=1)
    if start >= end:
        raise refuse("to", "must be after from")
    if (end - start).days > most:
        raise refuse("to", f"is too far: an answer holds at most {most} days")
    return start, end


def _interval(call: Call, query: Query, most: int = MOST_LOSS_DAYS) -> Interval:
    start, end = _days(query, most)
    zone = call.services.exchange.zone
    return Interval(zone.midnight(start), zone.midnight(end))


LATENESS_ROUTES: tuple[Route, ...] = (
    report_route(
        "/lateness",
        NETWORK_ROLES,
        show_lateness,
        "How the values of days met their deadline in your grid areas: in time, late, missing.",
        (models.LatenessReportBody, LATENESS_PARAMETERS),
    ),
)

ROUTES: tuple[Route, ...] = (
    report_route(
        "/losses",
        NETWORK_ROLES,
        show_losses,
        "The losses of a grid or line you run, step by step, with what they are computed from.",
        (models.LossesBody, LOSS_PARAMETERS),
    ),
    report_route(
        "/load-duration",
        NETWORK_ROLES,
        show_curve,
        "The load-duration curve of a metering point or of a grid you run.",
        (models.LoadCurveBody, CURVE_PARAMETERS),
    ),
    report_route(
        "/balance-area",
        BALANCE_ROLES,
        show_balance,
        "Production and consumption of your balance area, step by step.",
        (models.BalanceBody, BALANCE_PARAMETERS),
    ),
)
