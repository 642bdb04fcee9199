"""A client that is bound to addresses calls from one of them, or is refused by the market's own code (Elering 12)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.estonia.market import GRID_OPERATOR
from gateway.hub import clients
from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.transport.addresses import is_allowed, network_of

from .estfeed_client import DatahubClient, Reply
from .estonia import EstonianMarket
from .running_server import SECRET, SECRET_HASH

NOT_ALLOWED = "opp.error.technical.ip-address-not-allowed"
OFFICE = ("192.0.2.0/24", "2001:db8::/32")


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EstonianMarket]:
    """A hub that believes the proxies on this machine and in 10.9.0.0/16."""
    running = EstonianMarket(tmp_path_factory.mktemp("proxied"), trusted_proxies=("127.0.0.0/8", "10.9.0.0/16"))
    yield running
    running.stop()


def bound_user(market: EstonianMarket, *addresses: str) -> DatahubClient:
    """A technical user of the grid operator that may call from some addresses."""
    name = f"bound-{uuid.uuid4().hex[:8]}"
    stated = Client(name, GRID_OPERATOR, Role.GRID_OPERATOR, SECRET_HASH, addresses=addresses)
    with market.hub.office.database.write() as connection:
        assert clients.register(connection, stated, market.hub.profile.clients) is None
    return DatahubClient(market.url, GRID_OPERATOR, (name, SECRET)).acting("GRID_OPERATOR")


def asked(user: DatahubClient, forwarded: str | None) -> Reply:
    """A question for statuses, as a proxy hands it on."""
    headers = user.headers_v2(str(uuid.uuid4()))
    if forwarded is not None:
        headers["X-Forwarded-For"] = forwarded
    window = "createdTimeFrom=2026-09-15T00:00Z&createdTimeTo=2026-09-16T00:00Z"
    return user.request("GET", f"/api/v2/metering-data/status?{window}", None, headers)


@pytest.mark.sec_17
@pytest.mark.parametrize(
    ("forwarded", "allowed"),
    [
        ("192.0.2.7", True),
        ("203.0.113.5, 192.0.2.7", True),
        ("192.0.2.7, 10.9.1.1", True),
        ("2001:db8::1", True),
        ("::ffff:192.0.2.7", True),
        ("192.0.2.7, 203.0.113.5", False),
        ("203.0.113.5", False),
        ("", False),
        ("192.0.2.7,", False),
        ("office", False),
        (None, False),
    ],
)
def test_the_nearest_address_that_is_no_proxy_counts(
    behind_proxy: EstonianMarket, bound: DatahubClient, forwarded: str | None, allowed: bool
) -> None:
    # EE-3.1
    reply = asked(bound, forwarded)
    if allowed:
        assert reply.status == 200, reply.body
    else:
        assert (reply.status, reply.error["code"]) == (403, NOT_ALLOWED)


@pytest.fixture(scope="module")
def bound(behind_proxy: EstonianMarket) -> DatahubClient:
    return bound_user(behind_proxy, *OFFICE)


def test_both_generations_and_the_neutral_api_refuse(behind_proxy: EstonianMarket, bound: DatahubClient) -> None:
    # EE-3.1: nothing of the request is looked at
    reply = bound.submit_v1([])[1]
    assert (reply.status, reply.error["code"], reply.error["args"]) == (403, NOT_ALLOWED, ["127.0.0.1"])
    answer = behind_proxy.http.get("/api/hub/v1/parties", headers={"Authorization": f"Bearer {bound.token()}"})
    assert (answer.status_code, answer.json()["findings"][0]["code"]) == (403, NOT_ALLOWED)


def test_a_user_without_addresses_calls_from_anywhere(behind_proxy: EstonianMarket) -> None:
    assert asked(behind_proxy.user(GRID_OPERATOR, "GRID_OPERATOR"), "203.0.113.5").status == 200


@pytest.mark.sec_17
def test_nobody_else_is_believed_to_hand_on(tmp_path: Path) -> None:
    market = EstonianMarket(tmp_path)
    try:
        reply = asked(bound_user(market, "192.0.2.0/24"), "192.0.2.7")
        assert (reply.status, reply.error["code"]) == (403, NOT_ALLOWED)
        assert asked(bound_user(market, "127.0.0.1"), "192.0.2.7").status == 200
    finally:
        market.stop()


def test_addresses_are_registered_by_the_operator(behind_proxy: EstonianMarket) -> None:
    form = {"grant_type": "client_credentials", "client_id": "operator", "client_secret": SECRET}
    token = behind_proxy.http.post("/oauth2/v2.0/token", data=form).json()["access_token"]
    signed = {"Authorization": f"Bearer {token}"}
    body = {"party": GRID_OPERATOR, "role": "grid-operator", "addresses": ["192.0.2.7", "2001:db8::/32"]}
    made = behind_proxy.http.put("/api/hub/v1/clients/by-api", json=body, headers=signed)
    assert (made.status_code, made.json()["addresses"]) == (201, ["192.0.2.7/32", "2001:db8::/32"])
    user = DatahubClient(behind_proxy.url, GRID_OPERATOR, ("by-api", made.json()["secret"])).acting("GRID_OPERATOR")
    assert [asked(user, address).status for address in ("192.0.2.7", "192.0.2.8")] == [200, 403]
    for wrong in (["office"], ["192.0.2.7/24"], [""], ["192.0.2.7"] * 41):
        refused = behind_proxy.http.put("/api/hub/v1/clients/by-api", json={**body, "addresses": wrong}, headers=signed)
        assert refused.status_code == 400, wrong


def test_addresses_and_networks() -> None:
    assert network_of(" 192.0.2.7 ") == "192.0.2.7/32"
    with pytest.raises(ValueError, match="host bits"):
        network_of("192.0.2.7/24")
    assert not is_allowed("", OFFICE)
    assert not is_allowed("192.0.2.7", ())
