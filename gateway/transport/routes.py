"""The route table: one row per endpoint says who may call it, what it takes and gives, and in which form it refuses.

The Starlette routes, the OpenAPI document and the access matrix of the tests are all made from these rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.hub.access_ports import ServedExchange
from gateway.hub.ports import Principal
from gateway.messages.codes import Role
from gateway.transport.authentication import Authenticator, Identity
from gateway.transport.refusals import HttpRefusal
from gateway.transport.room import BodyRoom
from gateway.transport.settings import TransportSettings
from gateway.transport.tokens import TokenIssuer

MARKET_ROLES: frozenset[Role] = frozenset(
    {
        Role.ENERGY_SUPPLIER,
        Role.GRID_OPERATOR,
        Role.METERED_DATA_RESPONSIBLE,
        Role.BALANCE_RESPONSIBLE,
        Role.SYSTEM_OPERATOR,
        Role.ENERGY_AGENCY,
        Role.DELEGATE,
    }
)
"""Roles of the market's parties."""

CUSTOMER: frozenset[Role] = frozenset({Role.CUSTOMER})
"""Customers, who see what is their own."""

THIRD_PARTY: frozenset[Role] = frozenset({Role.THIRD_PARTY})
"""Third parties, who see what customers have granted them."""

OPERATOR: frozenset[Role] = frozenset({Role.HUB})
"""The operator of the hub."""

AREA_ROLES: frozenset[Role] = frozenset({Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE}) | OPERATOR
"""Who answers for grid areas: their operators, and the operator of the hub."""

EVERY_ROLE = MARKET_ROLES | OPERATOR
"""The market's parties and the hub's operator."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the handlers work with: the hub, the settings, who speaks, room for bodies, the time and fresh ids."""

    exchange: ServedExchange
    settings: TransportSettings
    authenticator: Authenticator
    issuer: TokenIssuer
    room: BodyRoom
    clock: Callable[[], int]
    new_id: Callable[[], str]


STRANGER = Identity("", frozenset(), "")
"""Stands for the caller of an open endpoint."""

NOBODY = Principal("", Role.DELEGATE, "")
"""Who acts in a call before it is known in which role."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request on its way.

    Attributes:
        request: what came.
        identity: who proved itself.
        principal: the same in the role it acts in; NOBODY on an open endpoint, and where the handler itself reads the
            role from the request (`Credentials.STATED_ROLE`).
        services: what the handler works with.
        correlation_id: the reference given to the caller for questions.
    """

    request: Request
    identity: Identity
    principal: Principal
    services: Services
    correlation_id: str


Handler = Callable[[Call], Awaitable[Response]]
Refuser = Callable[[Request, HttpRefusal, str], Response]
"""Words a refusal in the form of the endpoint: request, refusal, correlation id."""


class Credentials(StrEnum):
    """What a caller proves itself with."""

    NONE = "none"
    TOKEN = "token"  # noqa: S105 - the name of a kind of credential, not a secret
    CERTIFICATE = "certificate"
    """Certificate handed on by a trusted proxy, else a token."""
    STATED_ROLE = "stated-role"
    """A token; the request says in which of the client's roles it is made, and the handler reads it."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query or the path, for the OpenAPI document."""

    name: str
    text: str
    schema: dict[str, object]
    required: bool = False
    place: str = "query"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint.

    Attributes:
        method: HTTP method.
        path: path with `{parameters}`.
        roles: roles that may call it; empty for an open endpoint.
        handler: answers the call.
        refuse: words refusals.
        text: one sentence on what it does.
        credentials: what the caller proves itself with.
        takes: model of its JSON body.
        reads: media types of a body that is no JSON of a model.
        gives: model of its JSON answer.
        parameters: its parameters.
        status: status of a good answer.
        media: other media types it gives.
    """

    method: str
    path: str
    roles: frozenset[Role]
    handler: Handler
    refuse: Refuser
    text: str
    credentials: Credentials = Credentials.TOKEN
    takes: type[BaseModel] | None = None
    reads: tuple[str, ...] = ()
    gives: type[BaseModel] | None = None
    parameters: tuple[Parameter, ...] = ()
    status: HTTPStatus = HTTPStatus.OK
    media: tuple[str, ...] = ()
