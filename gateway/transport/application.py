"""The application: the route table as Starlette routes, each guarded by who may call it and how it refuses."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from http import HTTPStatus
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Lifespan, Message, Receive, Scope, Send

from gateway.hub.ports import StoreUnavailable
from gateway.markets.estfeed import NO_ESTFEED, EstfeedPolicy
from gateway.messages.codes import Role, Service
from gateway.transport import (
    access_api,
    cim_api,
    control_api,
    ebix_api,
    hub_api,
    measurement_api,
    network_api,
    periodised_api,
    point_series_api,
    query_api,
    readings_api,
    reads_api,
    settlement_api,
    token_api,
    workbook_api,
)
from gateway.transport.authentication import Identity
from gateway.transport.estfeed import api as estfeed_api
from gateway.transport.openapi import openapi_route
from gateway.transport.problems import refuse_with_problem
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import NOBODY, STRANGER, Call, Credentials, Route, Services

log = logging.getLogger(__name__)
audit = logging.getLogger("gateway.audit")

ROLE_HEADER = "Acting-Role"
"""In which of its roles a client with several makes a call, by the role's neutral name."""


def route_table(
    ebix_path: str, services: AbstractSet[Service] = frozenset(Service), estfeed: EstfeedPolicy = NO_ESTFEED
) -> tuple[Route, ...]:
    """Every endpoint of a hub that offers these services."""
    families: tuple[tuple[Service | None, Sequence[Route]], ...] = (
        (None, token_api.ROUTES),
        (Service.MARKET_DOCUMENTS, cim_api.ROUTES),
        (Service.SOAP_CONTAINER, ebix_api.routes(ebix_path)),
        (None, hub_api.ROUTES),
        (Service.LATENESS, network_api.LATENESS_ROUTES),
        (Service.NETWORKS, network_api.ROUTES),
        (Service.POINT_SERIES, point_series_api.ROUTES),
        (Service.CONTROL, control_api.ROUTES),
        (Service.MEASUREMENTS, measurement_api.ROUTES),
        (Service.READINGS, readings_api.ROUTES),
        (Service.CUSTOMERS, access_api.ROUTES),
        (Service.QUERIES, query_api.ROUTES),
        (Service.SETTLEMENT, settlement_api.ROUTES),
        (Service.PERIODISATION, periodised_api.ROUTES),
        (Service.METERING_DATA, estfeed_api.routes(estfeed)),
        (Service.METERING_DATA, reads_api.ROUTES),
        (Service.METERING_DATA, workbook_api.ROUTES),
    )
    offered = [routes for service, routes in families if service is None or service in services]
    table = tuple(route for routes in offered for route in routes)
    return (*table, openapi_route(table))


def make_application(services: Services, lifespan: Lifespan[Starlette] | None = None) -> ASGIApp:
    """The ASGI application over a hub; `lifespan` surrounds its service, for what runs beside it."""
    exchange = services.exchange
    table = route_table(services.settings.ebix_path, exchange.services, exchange.profile.estfeed)
    application = Starlette(
        routes=[StarletteRoute(r.path, _endpoint(r, services), methods=[r.method]) for r in _one_per_call(table)],
        exception_handlers={HTTPException: _unrouted},
        lifespan=lifespan,
    )
    application.router.redirect_slashes = False
    return CorrelationId(application, services.new_id)


def _one_per_call(table: Sequence[Route]) -> Sequence[Route]:
    """The table itself, once it is sure that no row hides another."""
    calls = [(route.method, route.path) for route in table]
    if len(set(calls)) != len(calls):
        raise ValueError("two routes answer the same call")
    return table


def _endpoint(route: Route, services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        correlation_id = correlation_of(request)
        try:
            identity = await _admit(route, request, services)
            _note(route, request, identity, correlation_id)
            principal = NOBODY if route.credentials in _READ_BY_HANDLER else identity.acting(*identity.roles)
            return await route.handler(Call(request, identity, principal, services, correlation_id))
        except HttpRefusal as refused:
            return route.refuse(request, refused, correlation_id)
        except StoreUnavailable:
            log.warning("store unavailable, reference %s", correlation_id)
            return route.refuse(request, _unavailable(services), correlation_id)
        except Exception:
            log.exception("the hub failed, reference %s", correlation_id)
            failed = refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"The hub failed; reference {correlation_id}")
            return route.refuse(request, failed, correlation_id)
        finally:
            services.room.give_back(correlation_id)

    return answer


def _note(route: Route, request: Request, identity: Identity, correlation_id: str) -> None:
    """The audit line of a call, before its work starts: who did what, never with which proof or content."""
    if route.credentials is not Credentials.NONE:
        who = (identity.party, ", ".join(sorted(identity.roles)), identity.client_id)
        audit.info(
            "%s %s by %s as %s (%s), reference %s",
            route.method,
            quote(str(request.scope["path"])),
            *who,
            correlation_id,
        )


_READ_BY_HANDLER = (Credentials.NONE, Credentials.STATED_ROLE)
"""Where a call reaches its handler without the role it is made in."""


async def _admit(route: Route, request: Request, services: Services) -> Identity:
    """The caller, once it has proved itself, in those of its roles that the endpoint is for.

    They are one, but where the handler reads from the request which of them it is.
    """
    if route.credentials is Credentials.NONE:
        return STRANGER
    authenticator, now = services.authenticator, services.clock()
    if route.credentials is Credentials.CERTIFICATE:
        identity = await authenticator.by_certificate(request, now)
    else:
        identity = await authenticator.by_token(request, now)
    roles = identity.roles & route.roles
    if not roles:
        raise refusal(HTTPStatus.FORBIDDEN, "This is not open to your role")
    if route.credentials is not Credentials.STATED_ROLE and len(roles) > 1:
        roles = frozenset({_stated_role(request, roles)})
    return Identity(identity.party, roles, identity.client_id)


def _stated_role(request: Request, roles: AbstractSet[Role]) -> Role:
    """Which of several roles a call is made in."""
    stated = request.headers.get(ROLE_HEADER, "")
    for role in roles:
        if role == stated:
            return role
    known = ", ".join(sorted(roles))
    raise refusal(HTTPStatus.BAD_REQUEST, f"Say in which role you act: {known}", ROLE_HEADER)


def _unavailable(services: Services) -> HttpRefusal:
    wait = str(services.settings.retry_after)
    text = "The hub cannot take or give anything now; try again later"
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, text, headers={"Retry-After": wait})


async def _unrouted(request: Request, error: Exception) -> Response:
    """What no route answers: 404, 405."""
    status = HTTPStatus(error.status_code) if isinstance(error, HTTPException) else HTTPStatus.NOT_FOUND
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    refused = refusal(status, status.description or status.phrase, headers=headers)
    return refuse_with_problem(request, refused, correlation_of(request))


def correlation_of(request: Request) -> str:
    """The reference of this request."""
    return str(request.scope.get("correlation_id", ""))


class CorrelationId:
    """Gives every request a reference of the hub's own and sends it back in the answer's header."""

    def __init__(self, application: ASGIApp, new_id: Callable[[], str]) -> None:
        self._application = application
        self._new_id = new_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        reference = self._new_id()
        scope["correlation_id"] = reference

        async def send_with_reference(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"correlationid", reference.encode())]
            await send(message)

        await self._application(scope, receive, send_with_reference)
