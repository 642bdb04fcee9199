"""Every endpoint of the route table by every role, of the own and of another party (GW-3; security row 17)."""

from __future__ import annotations

import re

import pytest

from gateway.messages.codes import Role
from gateway.transport.access_api import REGISTRARS
from gateway.transport.application import route_table
from gateway.transport.cim_api import DOCUMENTS
from gateway.transport.estfeed.caller import CALLERS
from gateway.transport.estfeed.tokens import PATH as REALM_TOKEN
from gateway.transport.network_api import BALANCE_ROLES, NETWORK_ROLES
from gateway.transport.point_series_api import SENDERS
from gateway.transport.query_api import ADDRESSEES
from gateway.transport.role_names import ROLE_NAMES
from gateway.transport.routes import (
    AREA_ROLES,
    CUSTOMER,
    EVERY_ROLE,
    MARKET_ROLES,
    OPERATOR,
    THIRD_PARTY,
    Credentials,
    Route,
)

from .desk import Desk
from .running_server import SECRET
from .small_places import AREA, ESTONIA, POINT, SUPPLIER

TABLE = route_table("/ebix", estfeed=ESTONIA.estfeed)
GUARDED = [route for route in TABLE if route.credentials is not Credentials.NONE]
OPEN = {"/oauth2/v2.0/token", "/.well-known/jwks.json", REALM_TOKEN} | {
    f"/api/hub/v1/{n}" for n in ("health", "ready", "openapi.json")
}

TAKEN_FROM_PARTIES = {
    "PUT /api/hub/v1/customers": REGISTRARS,
    "POST /api/hub/v1/measurements": EVERY_ROLE,
    "POST /api/hub/v1/my/grants": CUSTOMER,
    "POST /api/hub/v1/queries": MARKET_ROLES,
    "POST /api/hub/v1/queries/{query_id}/answer": ADDRESSEES,
}
"""What others than the hub's operator may send, beside the market's messages."""

VALUES = {
    "document": "notifyvalidatedmeasuredata",
    "category": "timeseries",
    "message_id": "m-1",
    "key": POINT,
    "client_id": "someone",
    "grant_id": "grant-1",
    "number": "1",
    "query_id": "query-1",
    "id": "8e11eab4-e56c-431a-9e93-3dded6bd7368",
}
SERIES = {"point": POINT, "from": "2025-01-14T23:00Z", "to": "2025-01-15T03:00Z"}
QUERIES = {
    "/api/hub/v1/readings": {"point": POINT},
    "/api/hub/v1/reads": {"point": POINT},
    "/api/hub/v1/measurements": {"meter": "feeder-1"},
    "/api/hub/v1/measurements/events": {"meter": "feeder-1"},
    "/api/hub/v1/my/reads": {"point": POINT},
    "/api/hub/v1/readings/production": {"month": "2025-03"},
    "/api/hub/v1/corrections": {"point": POINT, "from": "2025-01-14T23:00Z"},
    "/api/hub/v1/control": {"day": "2025-01-15"},
    "/api/hub/v1/series": SERIES,
    "/api/hub/v1/settlement/days": {"from": "2025-01-15"},
    "/api/hub/v1/settlement/snapshots": {"from": "2025-01-15"},
    "/api/hub/v1/settlement/postponements": {"from": "2025-01-15"},
    "/api/hub/v1/settlement/periodised": {"point": POINT, "from": "2025-01-15"},
    "/api/hub/v1/settlement/periodised/sums": {"month": "2025-01", "grid_area": AREA},
    "/api/hub/v1/my/series": SERIES,
    "/api/hub/v1/granted/series": SERIES,
    "/api/hub/v1/series/versions": {"point": POINT, "at": "2025-01-14T23:00Z"},
    "/api/hub/v1/balance-windows": {"from": "2025-01-15"},
    "/api/hub/v1/reactive-energy": {"point": POINT},
    **{
        f"/api/hub/v1/{name}": {"from": "2025-01-14T23:00Z", "to": "2025-01-15T03:00Z"}
        for name in ("measure-data", "spot-prices", "balance-deviations", "balance-deviation-summaries")
    },
}


def _path(route: Route) -> str:
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda match: VALUES[match[1]], route.path)


def _name(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_what_is_open_is_known() -> None:
    assert {route.path for route in TABLE if route.credentials is Credentials.NONE} == OPEN
    assert all(not route.roles for route in TABLE if route.credentials is Credentials.NONE)
    market = (MARKET_ROLES, OPERATOR, AREA_ROLES, EVERY_ROLE, REGISTRARS, ADDRESSEES, CUSTOMER, THIRD_PARTY)
    groups = (*market, NETWORK_ROLES, BALANCE_ROLES, CALLERS, SENDERS)
    assert all(route.roles in groups for route in GUARDED)
    assert all(route.roles == CALLERS for route in GUARDED if route.credentials is Credentials.STATED_ROLE)
    changing = {_name(route): route.roles for route in GUARDED if route.method == "PUT" or route.takes is not None}
    assert {name: roles for name, roles in changing.items() if roles != OPERATOR} == TAKEN_FROM_PARTIES


def test_customers_and_third_parties_have_calls_of_their_own() -> None:
    """DK-3.5."""
    for words, roles in (("/my/", CUSTOMER), ("/granted/", THIRD_PARTY)):
        assert {route.path for route in GUARDED if route.roles & roles} == {r.path for r in TABLE if words in r.path}
        assert all(route.roles == roles for route in TABLE if words in route.path)


@pytest.mark.sec_17
@pytest.mark.parametrize("route", GUARDED, ids=_name)
def test_nobody_gets_in_without_credentials(desk: Desk, route: Route) -> None:
    answer = desk.http.request(route.method, _path(route), headers={"Content-Type": "text/xml"})
    assert answer.status_code == 401
    assert not desk.exchange.taken


@pytest.mark.sec_17
@pytest.mark.parametrize("role", sorted(set(ROLE_NAMES.values())))
@pytest.mark.parametrize("route", GUARDED, ids=_name)
def test_a_role_gets_in_exactly_where_the_table_lets_it(desk: Desk, route: Route, role: Role) -> None:
    for owner in ("own", "other"):
        token = desk.bearer(f"{owner}-{role}")
        answer = desk.http.request(
            route.method, _path(route), headers={**token, "Content-Type": "text/plain"}, params=QUERIES.get(route.path)
        )
        assert (answer.status_code == 403) == (role not in route.roles)
        assert answer.status_code not in (401, 500)
    assert not desk.exchange.taken
    assert not desk.exchange.metering_data.taken
    assert not desk.exchange.imported
    assert not desk.exchange.readings.taken


@pytest.mark.sec_17
@pytest.mark.parametrize("role", sorted(set(ROLE_NAMES.values())))
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_market_role_may_come_with_every_document(desk: Desk, name: str, role: Role) -> None:
    """Which of them the hub takes it from is the hub's to say (00003); the door is the same for all documents."""
    answer = desk.call("POST", f"/v1.0/cim/{name}", f"own-{role}", headers={"Content-Type": "text/plain"})
    assert answer.status_code == (415 if role in MARKET_ROLES else 403)
    assert not desk.exchange.taken


@pytest.mark.sec_17
@pytest.mark.parametrize("role", sorted(MARKET_ROLES))
def test_another_party_sees_nothing_of_what_one_party_has(desk: Desk, role: Role) -> None:
    """What (SUPPLIER, energy supplier) owns, asked for by another party in every role, and by itself in other roles."""
    queue = desk.exchange.queues[SUPPLIER, Role.ENERGY_SUPPLIER] = ["m-1"]
    desk.exchange.peeked.add("m-1")
    before = list(queue)
    form = {"Content-Type": "application/json"}
    for route in GUARDED:
        if route.method == "POST" or role not in route.roles:
            continue
        answer = desk.call(route.method, _path(route), f"other-{role}", headers=form, params=QUERIES.get(route.path))
        told = POINT in answer.text or "m-1" in answer.text or "m-1" in answer.headers.get("MessageId", "")
        assert not told, _name(route)
    assert queue == before
    if role is not Role.ENERGY_SUPPLIER:
        assert desk.call("GET", "/v1.0/cim/timeseries", f"own-{role}", headers=form).status_code == 204


@pytest.mark.sec_17
@pytest.mark.parametrize("role", sorted(set(Role) - set(ROLE_NAMES.values())))
def test_a_role_that_no_token_names_gets_in_nowhere(desk: Desk, role: Role) -> None:
    form = {"grant_type": "client_credentials", "client_id": f"own-{role}", "client_secret": SECRET}
    assert desk.http.post("/oauth2/v2.0/token", data=form).status_code == 401
    body = {"party": SUPPLIER, "role": role}
    assert desk.call("PUT", "/api/hub/v1/clients/new", "own-hub", json=body).status_code == 400
