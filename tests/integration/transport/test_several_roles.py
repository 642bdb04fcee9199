"""A client that holds several roles: its token names them, and a call is made in one of them (Elering 12)."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from gateway.hub.ports import Client
from gateway.messages.codes import Role

from .desk import Desk
from .running_server import SECRET, SECRET_HASH
from .small_places import POINT, SUPPLIER

HELD = (Role.ENERGY_SUPPLIER, Role.BALANCE_RESPONSIBLE)
SERIES = {"point": POINT, "from": "2025-01-14T23:00Z", "to": "2025-01-15T03:00Z"}


@pytest.fixture
def technical(desk: Desk) -> Iterator[Desk]:
    further = frozenset(HELD[1:])
    desk.exchange.clients["own-technical"] = Client(
        "own-technical", SUPPLIER, HELD[0], SECRET_HASH, further_roles=further
    )
    yield desk
    del desk.exchange.clients["own-technical"]


def series(desk: Desk, **headers: str) -> httpx.Response:
    return desk.call("GET", "/api/hub/v1/series", "own-technical", params=SERIES, headers=headers)


@pytest.mark.sec_16
def test_the_role_of_a_call_is_stated_where_several_would_do(technical: Desk) -> None:
    unsaid = series(technical)
    assert unsaid.status_code == 400
    assert "balance-responsible, energy-supplier" in unsaid.json()["detail"]
    assert series(technical, **{"Acting-Role": "energy-supplier"}).status_code == 200
    assert series(technical, **{"Acting-Role": "grid-operator"}).status_code == 400, "a role it does not hold"
    area = {"grid_area": "543"}
    refused = technical.call("GET", "/api/hub/v1/missing", "own-technical", params=area)
    assert refused.status_code in (403, 404), "none of its roles is let in"


@pytest.mark.sec_16
def test_a_token_of_fewer_roles_acts_in_these_only(technical: Desk) -> None:
    one = Client("own-technical", SUPPLIER, HELD[1])
    token = technical.services.issuer.issue(one, technical.now, "token-1")
    signed = {"Authorization": f"Bearer {token}"}
    assert technical.http.get("/api/hub/v1/series", params=SERIES, headers=signed).status_code == 200


@pytest.mark.sec_16
def test_a_role_that_was_taken_away_ends_the_token(technical: Desk) -> None:
    form = {"grant_type": "client_credentials", "client_id": "own-technical", "client_secret": SECRET}
    token = technical.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
    said = {"Authorization": f"Bearer {token}", "Acting-Role": "energy-supplier"}
    assert technical.http.get("/api/hub/v1/series", params=SERIES, headers=said).status_code == 200
    technical.exchange.clients["own-technical"] = Client("own-technical", SUPPLIER, HELD[0], SECRET_HASH)
    assert technical.http.get("/api/hub/v1/series", params=SERIES, headers=said).status_code == 401
