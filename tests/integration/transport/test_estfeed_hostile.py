"""Requests of strangers to the Estonian endpoints: mutated samples, odd members, headers and queries; never a 500."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.demo.estonia.market import ELECTRICITY_POINTS, SUPPLIER_A
from gateway.markets.registry import profile
from gateway.transport.estfeed import api
from gateway.transport.routes import Credentials, Route

from .estfeed_client import DatahubClient, Reply
from .estonia import EstonianMarket

ROUTES = [route for route in api.routes(profile("ee").estfeed) if route.credentials is Credentials.STATED_ROLE]
POSTED = [route for route in ROUTES if route.method == "POST"]
ASKED = [route for route in ROUTES if route.method == "GET"]
QUIET = settings(max_examples=120, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
PIECES = [b"\x00", b"9" * 400, b"\\ud800", b"1e400", b"-0.0", b"[" * 99]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=40),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatahubClient]:
    market = EstonianMarket(tmp_path_factory.mktemp("hostile"))
    yield market.user(SUPPLIER_A, "OPEN_SUPPLIER")
    market.stop()


@pytest.fixture(scope="module")
def samples(shared: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((shared / "data" / "ee" / "samples").glob("*.json*"))]


def check(reply: Reply) -> None:
    """Refused in the form of the generation, or taken; never failed."""
    assert reply.status < 500, reply.body
    if reply.status >= 400:
        assert reply.error["code"].startswith(("opp.", "dd.")), reply.body


def send(user: DatahubClient, route: Route, body: bytes) -> Reply:
    headers = user.headers_v1(str(uuid.uuid4())) | user.headers_v2(str(uuid.uuid4()))
    if "natural-gas" in route.path:
        headers["x-commodity-type"] = "NATURAL_GAS"
    return user.request("POST", route.path, body, headers)


@QUIET
@given(data=st.data())
def test_mutated_samples_are_answered_below_500(user: DatahubClient, samples: list[bytes], data: st.DataObject) -> None:
    body = data.draw(st.sampled_from(samples))
    context = json.dumps(user.context).encode()
    if data.draw(st.booleans()) and body.lstrip().startswith(b"{"):
        body = b'{"marketParticipantContext":' + context + b"," + body.lstrip()[1:]
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(changed) - 1)) if changed else 0
        match data.draw(st.sampled_from(["flip", "cut", "repeat", "insert"])):
            case "flip":
                changed[at : at + 1] = bytes([data.draw(st.integers(0, 255))])
            case "cut":
                del changed[at : at + data.draw(st.integers(1, 200))]
            case "repeat":
                changed[at:at] = changed[at : at + data.draw(st.integers(1, 200))]
            case _:
                changed[at:at] = data.draw(
                    st.sampled_from([b"\x00", b"9" * 400, b"\\ud800", b"1e400", b"-0.0", b"[" * 99])
                )
    check(send(user, data.draw(st.sampled_from(POSTED)), bytes(changed)))


MEMBERS = (
    "meterEic", "periodStart", "periodEnd", "resolution", "observationTimeType", "observationTime", "legalConsent",
    "pagination", "page", "pageSize", "meterDataStatusAttributes", "dataDistributionAttributes", "resourceType",
    "createdTimeFrom", "createdTimeTo", "idFrom", "idTo", "originalDocumentIdentification", "status", "meterData",
)  # fmt: skip


@QUIET
@given(
    route=st.sampled_from(POSTED), odd=st.dictionaries(st.sampled_from(MEMBERS), ODD, max_size=5), where=st.booleans()
)
def test_odd_members_are_told_or_left_alone(
    user: DatahubClient, route: Route, odd: dict[str, object], where: bool
) -> None:
    times = {"createdTimeFrom": "2026-09-16T00:00Z", "createdTimeTo": "2026-09-16T01:00Z"}
    body: dict[str, object] = {
        "marketParticipantContext": user.context,
        "meterEic": ELECTRICITY_POINTS[0],
        "periodStart": "2026-09-15T00:00Z",
        "meterDataStatusAttributes": dict(times),
        "dataDistributionAttributes": {"resourceType": "METERING_DATA", **times},
        "pagination": {"page": 0, "pageSize": 5},
    }
    for name, value in odd.items():
        for inner in ("meterDataStatusAttributes", "dataDistributionAttributes", "pagination"):
            held = body[inner]
            if where and isinstance(held, dict):
                held[name] = value
        if not where:
            body[name] = value
    check(send(user, route, json.dumps(body).encode()))


@QUIET
@given(
    route=st.sampled_from(ASKED),
    query=st.dictionaries(
        st.sampled_from((*MEMBERS, "meteringPointEics", "purpose", "customerEic", "size")),
        st.text(max_size=30),
        max_size=6,
    ),
)
def test_odd_queries_are_told_or_left_alone(user: DatahubClient, route: Route, query: dict[str, str]) -> None:
    headers = user.headers_v2(str(uuid.uuid4()))
    if "natural-gas" in route.path:
        headers["x-commodity-type"] = "NATURAL_GAS"
    text = "&".join(f"{name}={quote(value, safe='', errors='replace')}" for name, value in query.items())
    check(user.request("GET", f"{route.path}?{text}", None, headers))


@QUIET
@given(
    route=st.sampled_from(ROUTES),
    name=st.sampled_from(
        (
            "x-document-identification",
            "x-document-date-time",
            "x-market-participant-eic",
            "x-market-participant-role",
            "x-commodity-type",
            "Content-Type",
            "Content-Encoding",
        )
    ),
    value=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60),
)
def test_odd_headers_are_told(user: DatahubClient, route: Route, name: str, value: str) -> None:
    headers = user.headers_v1(str(uuid.uuid4())) | user.headers_v2(str(uuid.uuid4())) | {name: value.strip()}
    body = json.dumps({"marketParticipantContext": user.context}).encode() if route.method == "POST" else None
    check(user.request(route.method, route.path, body, headers))
