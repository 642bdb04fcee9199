"""Metering data asked for by metering point and period: known last, read by then, stored by then (EE-3.1, EE-3.2)."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import Response

from gateway.codecs.estfeed.codes import COMMODITIES, RESOLUTIONS, Generation, name_of
from gateway.codecs.estfeed.shapes import V1_CONTENT, V2_ANSWER
from gateway.codecs.estfeed.writing import instant_texts, periods_of
from gateway.codecs.points import column_texts
from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import NumberedPage
from gateway.hub.ports_metering_search import (
    MeteringDataAnswer,
    MeteringDataQuery,
    Observation,
    ObservationType,
    PointData,
    PointRefused,
)
from gateway.markets.estfeed import EstfeedPolicy
from gateway.messages.codes import Commodity, Flow, Role, Unit
from gateway.messages.metering_data import Measure
from gateway.messages.quantities import MOST_DECIMALS
from gateway.transport.estfeed.caller import CALLERS, JSON, Asked, by_body, by_headers
from gateway.transport.estfeed.errors import error_value, refuser
from gateway.transport.estfeed.fields import Fields
from gateway.transport.estfeed.json_texts import array_text, object_text
from gateway.transport.estfeed.paging import PAGE_PARAMETERS, asked_page, page_value
from gateway.transport.estfeed.submission import by_rule
from gateway.transport.routes import Credentials, Parameter, Route

OBSERVATION_TYPES = {"READING_TIME": ObservationType.READING_TIME, "SNAPSHOT_TIME": ObservationType.SNAPSHOT_TIME}


async def search(asked: Asked) -> Response:
    """One metering point's data by pages (first generation)."""
    members = await asked.members()
    query = query_of(asked, members)
    page = asked_page(asked, members, asked.market.estfeed.page_sizes.search)
    answer = await found_by(asked, query, page)
    if answer.refused:
        raise by_rule(asked, Refused(answer.refused[0].findings))
    (point,) = answer.found

    def write() -> str:
        found = {
            "meterEic": json.dumps(point.metering_point),
            "commodityType": json.dumps(name_of(COMMODITIES, query.commodity)),
            "periods": _periods(asked, point),
            "pagination": json.dumps(page_value(asked, page, point.total)),
        }
        return object_text(found)

    return await asked.answer_from(write)


async def query_points(asked: Asked) -> Response:
    """Several metering points' data, each found or refused (second generation)."""
    members = await asked.members()
    query = query_of(asked, members)
    largest = asked.market.estfeed.page_sizes.search
    page = asked_page(asked, members, largest) if members.has("size") else NumberedPage(0, largest)
    answer = await found_by(asked, query, page)
    for point in answer.found:
        if point.total > page.size and not members.has("size"):
            raise members.refused("period-too-long", "periodEnd", most=largest)
    return await asked.answer_from(lambda: _by_point(asked, answer))


def _by_point(asked: Asked, answer: MeteringDataAnswer) -> str:
    """What was found and what was refused, as the second generation tells it."""
    members = {
        "successful": array_text([_found_item(asked, point) for point in answer.found]),
        "unsuccessful": array_text([_refused_item(asked, refused) for refused in answer.refused]),
    }
    if asked.market.estfeed.also_data:
        members["data"] = array_text([_plain_item(point) for point in answer.found])
    return object_text(members)


async def found_by(asked: Asked, query: MeteringDataQuery, page: NumberedPage | None) -> MeteringDataAnswer:
    """What the hub finds, or the refusal of the whole query."""
    found = await asked.call.services.exchange.metering_search.search(asked.principal, query, page)
    if isinstance(found, Refused):
        raise by_rule(asked, found)
    return found


def query_of(asked: Asked, members: Fields) -> MeteringDataQuery:
    """Which metering data a request asks for."""
    points = _points(asked, members)
    start, end = members.required_instant("periodStart"), members.span("periodStart", "periodEnd")[1]
    purpose = members.text("purpose") or None
    omits = asked.generation is Generation.V1 or asked.principal.role is Role.ENERGY_SERVICE_PROVIDER
    if purpose is None and asked.market.estfeed.needs_purpose and not omits:
        raise members.refused("field-missing", "purpose")
    return MeteringDataQuery(
        points=points,
        commodity=asked.commodity,
        start=start,
        end=end,
        step=members.choice("resolution", RESOLUTIONS),
        observation=_observation(members),
        purpose=purpose,
        customer=members.text("customerEic") or None,
        legal_consent=members.flag("legalConsent"),
    )


def _points(asked: Asked, members: Fields) -> tuple[str, ...]:
    name = "meterEic" if asked.generation is Generation.V1 else "meteringPointEics"
    points = members.texts(name)
    most = 1 if asked.generation is Generation.V1 else asked.market.estfeed.most_points
    if not points:
        raise members.refused("field-missing", name)
    if len(points) > most:
        raise members.refused("too-many-entries", name, most=most)
    return points


def _observation(members: Fields) -> Observation | None:
    kind, at = members.choice("observationTimeType", OBSERVATION_TYPES), members.micros("observationTime")
    if kind is None and at is None:
        return None
    if kind is None or at is None:
        raise members.refused("field-missing", "observationTimeType" if kind is None else "observationTime")
    return Observation(kind, at)


def _found_item(asked: Asked, point: PointData) -> str:
    return object_text({"meteringPointEic": json.dumps(point.metering_point), "periods": _periods(asked, point)})


def _refused_item(asked: Asked, refused: PointRefused) -> str:
    call = asked.call
    error = error_value(refused.findings, HTTPStatus.BAD_REQUEST, call.correlation_id, call.services.new_id())
    return json.dumps({"meteringPointEic": refused.metering_point, "error": error}, ensure_ascii=False)


def _periods(asked: Asked, point: PointData) -> str:
    """The intervals of a point below periods of one resolution; the first generation knows no net quantities."""
    shape = V1_CONTENT if asked.generation is Generation.V1 else V2_ANSWER
    written = periods_of(point.data, shape, asked.market.estfeed.net_names.pair)
    return written[0][1] if written else "[]"


def _plain_item(point: PointData) -> str:
    """A point's consumption as instants and amounts, as some clients read it."""
    columns = point.data.measures.get(Measure(Flow.OUT, Unit.KWH))
    amounts = [] if columns is None else column_texts(columns.quantity, MOST_DECIMALS, columns.as_written)
    items = [
        object_text({"time": time, "quantity": amount})
        for time, amount in zip(instant_texts(point.data.start), amounts, strict=False)
        if amount
    ]
    return object_text({"meterEic": json.dumps(point.metering_point), "periods": array_text(items)})


_TEXT: dict[str, object] = {"type": "string"}
_INSTANT: dict[str, object] = {"type": "string", "format": "date-time"}

QUERY_PARAMETERS = (
    Parameter("meteringPointEics", "Metering points, with commas between them", _TEXT, required=True),
    Parameter("periodStart", "Intervals that begin from here", _INSTANT, required=True),
    Parameter("periodEnd", "and before here", _INSTANT),
    Parameter("purpose", "What for, in the word of the caller's role", _TEXT),
    Parameter("customerEic", "Only while this customer has the point", _TEXT),
    Parameter("resolution", "A longer step to sum into", {"enum": list(RESOLUTIONS)}),
    Parameter("observationTimeType", "Which time of the values counts", {"enum": list(OBSERVATION_TYPES)}),
    Parameter("observationTime", "As known at this instant", _INSTANT),
    Parameter("legalConsent", "The customer, a legal person, has consented in writing", {"type": "boolean"}),
)


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where metering data is asked for."""

    def second(commodity: Commodity) -> Route:
        return Route(
            "GET",
            f"/api/v2/metering-data/{commodity}",
            CALLERS,
            by_headers(query_points, commodity),
            refuser(Generation.V2, policy),
            f"Metering data of {commodity.replace('-', ' ')} that you may read.",
            credentials=Credentials.STATED_ROLE,
            parameters=(*QUERY_PARAMETERS, *PAGE_PARAMETERS),
            media=(JSON,),
        )

    first = Route(
        "POST",
        "/api/v1/meter-data/search",
        CALLERS,
        by_body(search),
        refuser(Generation.V1, policy),
        "Metering data of a point that you may read.",
        credentials=Credentials.STATED_ROLE,
        reads=(JSON,),
        media=(JSON,),
    )
    return (first, *map(second, Commodity))
