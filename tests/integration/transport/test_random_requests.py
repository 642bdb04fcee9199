"""Whatever is sent, the server answers below 500 and goes on (issue 2: what bad input gets)."""

from __future__ import annotations

import socket

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.transport.application import route_table

from .desk import Desk
from .running_server import SECRET
from .test_access_matrix import VALUES

CLIENTS = ["own-energy-supplier", "own-metered-data-responsible", "own-hub", "own-delegate"]
CLIENTS += ["own-customer", "own-third-party", "own-grid-operator"]
PATHS = sorted({route.path.replace(":path", "") for route in route_table("/ebix")})
METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]
TYPES = ["application/xml", "application/json", "application/ebix", "text/xml", "text/csv", "text/plain", ""]
TYPES += ["application/x-www-form-urlencoded", "application/json; charset=utf-16", "multipart/form-data"]

BOUNDED = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)

segments = st.one_of(st.sampled_from(sorted(VALUES.values())), st.text(min_size=1, max_size=40))
header_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)
headers = st.dictionaries(
    st.sampled_from(["Accept", "Content-Type", "Content-Encoding", "ClientCert", "X-Forwarded-For", "Range", "Expect"]),
    header_text,
    max_size=4,
)
bodies = st.one_of(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"{}",
            b'{"files": {"a.csv": "\\ud800"}}',
            b"<a/>",
            b"grant_type=client_credentials&client_id=%00&client_secret=" + SECRET.encode(),
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><a:b xmlns:a="urn:www:datahub:dk:'
            b'b2b:v01"/></s:Body></s:Envelope>',
        ]
    ),
)
queries = st.dictionaries(
    st.sampled_from(["point", "from", "to", "as_of", "unit", "step", "limit", "after", "at", "kind"]),
    st.one_of(st.text(max_size=30), st.sampled_from(["2025-01-14T23:00Z", "9999-12-31T23:59:59Z", "kwh", "1"])),
    max_size=6,
)


@BOUNDED
@given(data=st.data())
def test_random_requests_to_every_route(desk: Desk, data: st.DataObject) -> None:
    pattern = data.draw(st.sampled_from(PATHS))
    path = pattern
    for name in VALUES:
        path = path.replace("{" + name + "}", _quoted(data.draw(segments)) if "{" + name + "}" in path else "")
    sent = {"Content-Type": data.draw(st.sampled_from(TYPES)), **data.draw(headers)}
    client_id = data.draw(st.sampled_from([*CLIENTS, ""]))
    signed = desk.bearer(client_id) if client_id else {}
    answer = desk.http.request(
        data.draw(st.sampled_from(METHODS)),
        path,
        headers={**sent, **signed},
        params=data.draw(queries),
        content=data.draw(bodies),
    )
    assert answer.status_code < 500


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))


@BOUNDED
@given(
    raw=st.one_of(
        st.binary(min_size=1, max_size=200), st.binary(max_size=100).map(lambda b: b"GET /" + b + b"\r\n\r\n")
    )
)
def test_random_bytes_on_the_socket(desk: Desk, raw: bytes) -> None:
    answer = _exchange(desk, raw)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert desk.http.get("/api/hub/v1/health").status_code == 200


def _exchange(desk: Desk, raw: bytes) -> bytes:
    with socket.create_connection(desk.address, timeout=60) as connection:
        try:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(65_536)
        except ConnectionError:
            return b""
