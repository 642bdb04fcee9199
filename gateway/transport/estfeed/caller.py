"""Who makes a request, in which role, for which commodity and under which id (Elering 12).

The second generation says it in headers, the first in a context within the body.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import anyio
from starlette.responses import Response

from gateway.codecs.estfeed.codes import COMMODITIES, ROLES, Generation
from gateway.hub.ports import Principal
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Commodity, Role
from gateway.schemas.parsers import parse_json
from gateway.transport.bodies import read_body
from gateway.transport.estfeed.errors import DOCUMENT_ID, DOCUMENT_TIME, answer_headers
from gateway.transport.estfeed.fields import Fields
from gateway.transport.media_types import media_type
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Call, Handler

CALLERS: frozenset[Role] = frozenset(ROLES.values())
"""Who may call the endpoints at all; what each of them may do there is the market's to say."""

CONTEXT = "marketParticipantContext"
JSON = "application/json"

_PARTY = "x-market-participant-eic"
_ROLE = "x-market-participant-role"
_COMMODITY = "x-commodity-type"

_FIRST_MEMBER = re.compile(rb'\s{0,99}+\{\s{0,99}+"marketParticipantContext"\s{0,9}+:\s{0,9}+(\{[^{}]{0,2000}+\})')
"""The context where it stands first, as it does in almost every message: a large body need not be parsed for it."""

_writing = anyio.CapacityLimiter(4)
"""Long answers are written on at most four threads."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request whose caller is known.

    Attributes:
        call: the request.
        principal: the caller in the role it states.
        commodity: what it states the request is about.
        document_id: the UUID of the request, in lower case.
        generation: which generation it was made to.
        body: its body; empty where it has none.
    """

    call: Call
    principal: Principal
    commodity: Commodity
    document_id: str
    generation: Generation
    body: bytes = b""

    @property
    def market(self) -> MarketProfile:
        """The market's rules and words."""
        return self.call.services.exchange.profile

    def answer(self, content: bytes) -> Response:
        """An answer in JSON, with the headers every one has."""
        headers = answer_headers(self.call.request, self.call.correlation_id, "SUCCESSFUL")
        return Response(content, HTTPStatus.OK, headers, JSON)

    async def answer_from(self, write: Callable[[], str]) -> Response:
        """An answer that may be long: it is written on a thread, and others are served meanwhile."""
        return self.answer(await anyio.to_thread.run_sync(lambda: write().encode(), limiter=_writing))

    async def members(self) -> Fields:
        """The members of the request: of its body in the first generation, of its query in the second."""
        if self.generation is Generation.V2:
            return Fields.of_query(self.market, self.call.request.query_params)
        return await _members(self.call, self.body)


Service = Callable[[Asked], Awaitable[Response]]
BodyReader = Callable[[Call], Awaitable[bytes]]


def by_body(serve: Service) -> Handler:
    """The handler of a service whose callers state their context in a JSON body."""

    async def handle(call: Call) -> Response:
        document_id = document_id_of(call)
        if call.services.exchange.profile.estfeed.needs_document_time:
            _headers(call).required_instant(DOCUMENT_TIME)
        body = await json_body(call)
        return await serve(stated_in(await _context(call, body), call, document_id, body))

    return handle


async def no_body(_call: Call) -> bytes:
    """What is read of a request that has no body."""
    return b""


def by_headers(serve: Service, commodity: Commodity | None = None, body_of: BodyReader = no_body) -> Handler:
    """The handler of a service whose callers state their context in headers.

    A service that is about one commodity by its address refuses callers who state another.
    """

    async def handle(call: Call) -> Response:
        document_id, headers = document_id_of(call), _headers(call)
        principal = _acting(call, headers, (_PARTY, _ROLE))
        stated = headers.required_choice(_COMMODITY, COMMODITIES)
        if commodity is not None and stated is not commodity:
            raise headers.refused("commodity-differs", _COMMODITY)
        return await serve(Asked(call, principal, stated, document_id, Generation.V2, await body_of(call)))

    return handle


def stated_in(context: Fields, call: Call, document_id: str, body: bytes) -> Asked:
    """The request of a caller by its context."""
    principal = _acting(call, context, ("marketParticipantIdentification", "marketParticipantRole"))
    commodity = context.required_choice("commodityType", COMMODITIES)
    return Asked(call, principal, commodity, document_id, Generation.V1, body)


async def json_body(call: Call) -> bytes:
    """The body of a request, stated to be JSON."""
    if media_type(call.request.headers.get("content-type", JSON)) != JSON:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {JSON}", "Content-Type")
    return await read_body(call)


def document_id_of(call: Call) -> str:
    """The UUID of a request, which must be there."""
    found = _headers(call).document_id(DOCUMENT_ID)
    if found is None:
        market = call.services.exchange.profile
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, (market.finding("header-missing", field=DOCUMENT_ID),))
    return found


def _headers(call: Call) -> Fields:
    return Fields(call.services.exchange.profile, dict(call.request.headers))


def _acting(call: Call, stated: Fields, names: tuple[str, str]) -> Principal:
    """The caller in the role it states, when it is itself and holds the role."""
    party_name, role_name = names
    stated.require(*names)
    role = stated.required_choice(role_name, ROLES)
    if stated.text(party_name) != call.identity.party:
        raise stated.refused("party-differs", party_name, HTTPStatus.FORBIDDEN)
    if role not in call.identity.roles:
        raise stated.refused("role-not-held", role_name, HTTPStatus.FORBIDDEN)
    return call.identity.acting(role)


async def _context(call: Call, body: bytes) -> Fields:
    """The context in a body. What a codec later finds stated there is held against it by the hub."""
    first = _FIRST_MEMBER.match(body)
    if first is not None:
        found = parse_json(first[1])
        if isinstance(found.value, dict):
            return Fields(call.services.exchange.profile, found.value, f"{CONTEXT}.")
    return (await _members(call, body)).object(CONTEXT)


async def _members(call: Call, body: bytes) -> Fields:
    market = call.services.exchange.profile
    outcome = await anyio.to_thread.run_sync(parse_json, body)
    if outcome.finding is not None:
        found = market.finding("body-unreadable", detail=outcome.finding.text)
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, (found,))
    if not isinstance(outcome.value, dict):
        raise HttpRefusal(HTTPStatus.BAD_REQUEST, (market.finding("body-unreadable", detail="not an object"),))
    return Fields(market, outcome.value)
