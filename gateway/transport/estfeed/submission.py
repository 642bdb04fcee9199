"""Metering data sent: answered as soon as it is durable, processed afterwards (EE-1.1, EE-1.3)."""

from __future__ import annotations

from http import HTTPStatus

from starlette.responses import Response

from gateway.codecs.estfeed.codes import Generation
from gateway.hub.ports import Refused
from gateway.hub.ports_metering_data import Busy, MeteringDataSubmission
from gateway.markets.estfeed import EstfeedPolicy
from gateway.messages.codes import Commodity, FeedForm
from gateway.transport.estfeed.caller import CALLERS, JSON, Asked, by_body, by_headers, json_body
from gateway.transport.estfeed.errors import answer_headers, refuser
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Credentials, Route

FORMS = {Generation.V1: FeedForm.ESTFEED_V1, Generation.V2: FeedForm.ESTFEED_V2}


async def submit(asked: Asked) -> Response:
    """Take a message of metering data; its state is asked for by the UUID of the request."""
    call = asked.call
    message = MeteringDataSubmission(
        asked.document_id, FORMS[asked.generation], asked.commodity, asked.body, call.correlation_id
    )
    taken = await call.services.exchange.metering_data.submit(asked.principal, message)
    if isinstance(taken, Busy | Refused):
        raise not_taken(asked, taken)
    headers = answer_headers(call.request, call.correlation_id, "PROCESSING")
    return Response(status_code=asked.market.estfeed.submission_status, headers=headers, media_type="text/plain")


def not_taken(asked: Asked, answer: Busy | Refused) -> HttpRefusal:
    """The refusal of what the hub did not take: 503 while too much waits, else the status of the rule."""
    if isinstance(answer, Busy):
        wait = {"Retry-After": str(answer.retry_after)}
        return refusal(HTTPStatus.SERVICE_UNAVAILABLE, "Too much waits to be processed; try again later", headers=wait)
    return by_rule(asked, answer)


def by_rule(asked: Asked, answer: Refused) -> HttpRefusal:
    """The refusal of a request by the market's rules, under the HTTP status of the first."""
    status = asked.market.estfeed.statuses.get(answer.findings[0].rule, HTTPStatus.BAD_REQUEST)
    return HttpRefusal(HTTPStatus(status), answer.findings)


def routes(policy: EstfeedPolicy) -> tuple[Route, ...]:
    """Where metering data is sent."""
    status = HTTPStatus(policy.submission_status)

    def second(commodity: Commodity) -> Route:
        return Route(
            "POST",
            f"/api/v2/metering-data/{commodity}",
            CALLERS,
            by_headers(submit, commodity, json_body),
            refuser(Generation.V2, policy),
            f"Send metering data of {commodity.replace('-', ' ')}.",
            credentials=Credentials.STATED_ROLE,
            reads=(JSON,),
            status=status,
        )

    first = Route(
        "POST",
        "/api/v1/meter-data",
        CALLERS,
        by_body(submit),
        refuser(Generation.V1, policy),
        "Send metering data of either commodity.",
        credentials=Credentials.STATED_ROLE,
        reads=(JSON,),
        status=status,
    )
    return (first, *map(second, Commodity))
