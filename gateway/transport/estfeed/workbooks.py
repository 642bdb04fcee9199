"""Workbooks out of the hub: the template to fill in, and the export, which can be filled in and sent again (EE-2.2)."""

from __future__ import annotations

from typing import IO

import anyio
from starlette.responses import Response

from gateway.codecs.estfeed.codes import RESOLUTIONS, Generation
from gateway.codecs.workbook.layouts import RESOLUTIONS as WORDS
from gateway.codecs.workbook.layouts import Layout, layout_of
from gateway.codecs.workbook.templates import blank, steps_within
from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.markets.estfeed import EstfeedPolicy
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Commodity, Resolution
from gateway.messages.metering_data import MeteringData, joined
from gateway.messages.times import DAY, STEP_SECONDS, Instants, Interval
from gateway.transport.estfeed.caller import CALLERS, JSON, Asked, Service, by_body, by_headers
from gateway.transport.estfeed.errors import answer_headers, refuser
from gateway.transport.estfeed.fields import Fields
from gateway.transport.estfeed.search import QUERY_PARAMETERS, found_by, query_of
from gateway.transport.estfeed.submission import by_rule
from gateway.transport.media_types import WORKBOOK
from gateway.transport.routes import Credentials, Parameter, Route
from gateway.transport.series_answer import pieces_of

_STEPS = {name: step for name, step in {**RESOLUTIONS, **WORDS}.items() if step in WORDS.values()}
"""Steps of a template, as the interface and as its sheets spell them."""

_writing = anyio.CapacityLimiter(2)
"""Workbooks are written on at most two threads: they take a hundred times what JSON takes."""


async def export(asked: Asked) -> Response:
    """Metering data that the caller may read, in the layout of a template."""
    members = await asked.members()
    query = query_of(asked, members)
    most = asked.market.estfeed.page_sizes.search
    answer = await found_by(asked, query, NumberedPage(0, most))
    if answer.refused:
        raise by_rule(asked, Refused(answer.refused[0].findings))
    if any(point.total > most for point in answer.found):
        raise members.refused("period-too-long", "periodEnd", most=most)
    data = await anyio.to_thread.run_sync(joined, [point.data for point in answer.found])
    return await _workbook(asked, data, "metering-data")


async def template(asked: Asked) -> Response:
    """Every interval of a period, to be filled in; for the metering points named, or for one to be named."""
    members = await asked.members()
    start, end = members.required_instant("periodStart"), members.required_instant("periodEnd")
    members.span("periodStart", "periodEnd")
    resolution = _resolution(asked, members, start)
    most = asked.market.estfeed.page_sizes.search
    points = members.texts("meterEics" if asked.generation is Generation.V1 else "meteringPointEics") or ("",)
    if (end - start) // STEP_SECONDS.get(resolution, DAY) * len(points) > most:
        raise members.refused("period-too-long", "periodEnd", most=most)
    starts = template_starts(asked.market, asked.commodity, resolution, Interval(start, end))
    return await _workbook(asked, blank(points, resolution, starts, asked.commodity), "template")


def _resolution(asked: Asked, members: Fields, start: int) -> Resolution:
    """The step of a template: stated in the first generation and for gas, else that of the market."""
    stated = members.choice("resolution", _STEPS)
    if stated is not None:
        return stated
    if asked.generation is Generation.V1 or asked.commodity is Commodity.NATURAL_GAS:
        raise members.refused("field-missing", "resolution")
    return asked.market.settlement_resolution(asked.market.zone.day(start))


def template_starts(
    market: MarketProfile, commodity: Commodity, resolution: Resolution, interval: Interval
) -> Instants:
    """The starts of the steps within an interval; days begin at the commodity's own hour."""
    hours = market.metering_data.terms(interval.start).day_hours
    return steps_within(resolution, interval, market.zone, hours[commodity])


async def _workbook(asked: Asked, data: MeteringData, name: str) -> Response:
    """The workbook from the disk in pieces, so that the file is never whole in memory."""
    layout = layout_of(asked.generation, asked.commodity)
    file = await anyio.to_thread.run_sync(_written, data, layout, asked, limiter=_writing)
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.xlsx"',
        "Cache-Control": "no-store",
        **answer_headers(asked.call.request, asked.call.correlation_id, "SUCCESSFUL"),
    }
    return pieces_of(file, headers, WORKBOOK)


def _written(data: MeteringData, layout: Layout, asked: Asked) -> IO[bytes]:
    from gateway.codecs.workbook.writing import write_workbook  # noqa: PLC0415 - the first that asks waits for it

    return write_workbook(data, layout, asked.market.zone)


_TEXT: dict[str, object] = {"type": "string"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}
_TEMPLATE_PARAMETERS = (
    Parameter("periodStart", "Start of the period", _INSTANT, required=True),
    Parameter("periodEnd", "Its end, not in it", _INSTANT, required=True),
    Parameter("resolution", "Step of the rows; required for gas", {"enum": list(_STEPS)}),
    Parameter("meteringPointEics", "Metering points, with commas between them; one to be named when absent", _TEXT),
)


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where workbooks are fetched."""

    def first(path: str, service: Service, text: str) -> Route:
        return Route(
            "POST",
            path,
            CALLERS,
            by_body(service),
            refuser(Generation.V1, policy),
            text,
            credentials=Credentials.STATED_ROLE,
            reads=(JSON,),
            media=(WORKBOOK,),
        )

    def second(path: str, service: Service, text: str, described: tuple[Commodity, tuple[Parameter, ...]]) -> Route:
        commodity, parameters = described
        return Route(
            "GET",
            f"/api/v2/metering-data/{commodity}/{path}",
            CALLERS,
            by_headers(service, commodity),
            refuser(Generation.V2, policy),
            text,
            credentials=Credentials.STATED_ROLE,
            parameters=parameters,
            media=(WORKBOOK,),
        )

    exported, blank_form = "Metering data that you may read, as a workbook.", "A workbook to fill in and send."
    return (
        first("/api/v1/meter-data/export", export, exported),
        first("/api/v1/template/meter-data", template, blank_form),
        *(second("export", export, exported, (commodity, QUERY_PARAMETERS)) for commodity in Commodity),
        *(second("template", template, blank_form, (commodity, _TEMPLATE_PARAMETERS)) for commodity in Commodity),
    )
