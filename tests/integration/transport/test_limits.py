"""Size, pace and shape of requests: bodies, heads, slow clients, smuggling (security rows 10, 21, 22)."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable, Iterator

import httpx
import pytest

from gateway.transport import server
from gateway.transport.settings import BodyLimits, TransportSettings

from .desk import Desk
from .running_server import read_all

SEND = "/v1.0/cim/notifyvalidatedmeasuredata"
SENDER = "own-metered-data-responsible"
LIMIT = 4 * 1024 * 1024
XML = {"Content-Type": "application/xml"}


def _pieces(size: int) -> Iterator[bytes]:
    piece = b"x" * 65_536
    while size > 0:
        yield piece[:size]
        size -= len(piece)


def test_a_body_at_the_limit_is_taken_and_one_byte_more_is_413(desk: Desk) -> None:
    # GW-3
    assert desk.call("POST", SEND, SENDER, content=b"x" * LIMIT, headers=XML).status_code == 202
    assert len(desk.exchange.taken[0][1].body) == LIMIT
    for form in ("application/xml", "application/json", "application/ebix"):
        answer = desk.call("POST", SEND, SENDER, content=b"x" * (LIMIT + 1), headers={"Content-Type": form})
        assert answer.status_code == 413
        assert b"ContentTooLarge" in answer.content
    assert len(desk.exchange.taken) == 1


def test_a_chunked_body_is_counted_as_it_comes(desk: Desk) -> None:
    assert desk.call("POST", SEND, SENDER, content=_pieces(LIMIT), headers=XML).status_code == 202
    assert desk.call("POST", SEND, SENDER, content=_pieces(3 * LIMIT), headers=XML).status_code == 413


@pytest.mark.sec_10
def test_a_gzip_bomb_is_413_and_never_unpacked_whole(desk: Desk) -> None:
    packed = {**XML, "Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), 9)
    assert len(bomb) < LIMIT
    assert desk.call("POST", SEND, SENDER, content=bomb, headers=packed).status_code == 413
    assert desk.call("POST", SEND, SENDER, content=gzip.compress(bomb), headers=packed).status_code == 400
    assert (
        desk.call("POST", "/ebix", SENDER, content=bomb, headers={**packed, "Content-Type": "text/xml"}).status_code
        == 413
    )
    for damaged in (b"", bomb[:100], gzip.compress(b"<a/>") + b"more", b"\x1f\x8b"):
        assert desk.call("POST", SEND, SENDER, content=damaged, headers=packed).status_code == 400
    assert not desk.exchange.taken


def _head(desk: Desk, *more: str) -> bytes:
    lines = [
        f"POST {SEND} HTTP/1.1",
        "Host: hub",
        f"Authorization: {desk.bearer(SENDER)['Authorization']}",
        "Content-Type: application/xml",
        *more,
        "",
        "",
    ]
    return "\r\n".join(lines).encode()


def _statuses(answer: bytes) -> list[bytes]:
    return [part.split(b" ")[1] for part in answer.split(b"\r\n") if part.startswith(b"HTTP/1.1 ")]


def test_an_answer_given_early_reaches_the_sender(desk: Desk) -> None:
    """413 by the stated length alone, while the sender is still sending."""
    answer = desk.raw(_head(desk, f"Content-Length: {10 * LIMIT}") + b"x" * 100_000)
    assert _statuses(answer) == [b"413"]


@pytest.mark.sec_21
def test_a_body_that_stops_coming_is_408(desk: Desk) -> None:
    with socket.create_connection(desk.address, timeout=60) as connection:
        connection.sendall(_head(desk, "Content-Length: 1000") + b"x" * 10)
        connection.settimeout(60)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 408 ")
    assert not desk.exchange.taken


@pytest.mark.sec_21
def test_a_body_that_trickles_is_408_after_its_time(desk: Desk) -> None:
    with socket.create_connection(desk.address, timeout=60) as connection:
        connection.sendall(_head(desk, "Transfer-Encoding: chunked"))
        connection.settimeout(0.5)
        answer = b""
        for _ in range(30):
            try:
                connection.sendall(b"1\r\nx\r\n")
                answer += connection.recv(65_536)
                break
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.sec_21
def test_a_head_that_never_ends_loses_its_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEADER_SECONDS", 1.0)
    for begun in (b"", b"GET / HT", b"\r\n\r\n", b"GET / HTTP/1.1\r\nHost: hub\r\nX: "):
        with socket.create_connection(desk.address, timeout=60) as connection:
            connection.sendall(begun)
            assert connection.recv(100) == b"", begun


@pytest.mark.parametrize("head", [b"GET /" + b"a" * 200_000, b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000])
def test_a_head_too_large_is_400(desk: Desk, head: bytes) -> None:
    answer = desk.raw(head)
    assert _statuses(answer) == [b"400"]


@pytest.mark.sec_21
def test_bodies_that_find_no_room_beside_others_are_put_off(
    open_desk: Callable[[TransportSettings], Desk],
) -> None:
    desk = open_desk(TransportSettings(limits=BodyLimits(together=300_000)))
    with socket.create_connection(desk.address, timeout=60) as slow:
        slow.sendall(_head(desk, "Content-Length: 200001") + b"x" * 200_000)
        while desk.services.room.taken < 200_000:
            pass
        busy = desk.call("POST", SEND, SENDER, content=b"y" * 200_000, headers=XML)
        assert (busy.status_code, busy.headers["Retry-After"]) == (503, "5")
        slow.sendall(b"x")
        assert _statuses(read_all(slow)) == [b"202"]
    assert desk.call("POST", SEND, SENDER, content=b"y" * 200_000, headers=XML).status_code == 202
    assert desk.services.room.taken == 0


def test_many_headers_are_400(desk: Desk) -> None:
    lines = b"".join(b"X-%d: y\r\n" % number for number in range(5000))
    assert _statuses(desk.raw(b"GET / HTTP/1.1\r\nHost: hub\r\n" + lines)) == [b"400"]


@pytest.mark.sec_22
@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 4", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: chunked", "Content-Length: 4"],
        ["Content-Length: 4", "Content-Length: 5"],
        ["Content-Length: 4, 5"],
        ["Content-Length: +4"],
        ["Content-Length: -1"],
        ["Content-Length: 0x4"],
        ["Content-Length: 4 4"],
        ["Transfer-Encoding: chunked, identity"],
        ["Transfer-Encoding: xchunked"],
        ["Transfer-Encoding : chunked"],
        ["Transfer-Encoding:\x0bchunked"],
        ["X: a\nTransfer-Encoding: chunked"],
        [" folded: header"],
        ["no colon"],
    ],
)
def test_a_request_of_doubtful_length_is_400_and_nothing_behind_it_is_heard(desk: Desk, headers: list[str]) -> None:
    smuggled = f"0\r\n\r\nDELETE /v1.0/cim/dequeue/m-1 HTTP/1.1\r\nHost: hub\r\n{''}\r\n".encode()
    answer = desk.raw(_head(desk, *headers) + smuggled)
    assert _statuses(answer) == [b"400"], answer
    assert not desk.exchange.taken


@pytest.mark.sec_22
@pytest.mark.parametrize(
    "body", [b"4\r\nabcdX0\r\n\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"4;a\nb\r\nabcd\r\n", b"zz\r\n"]
)
def test_malformed_chunks_are_400(desk: Desk, body: bytes) -> None:
    answer = desk.raw(_head(desk, "Transfer-Encoding: chunked") + body)
    assert _statuses(answer) == [b"400"], answer
    assert not desk.exchange.taken


def test_two_good_requests_on_one_connection_are_both_answered(desk: Desk) -> None:
    one = _head(desk, "Content-Length: 4") + b"<a/>"
    last = _head(desk, "Content-Length: 4", "Connection: close") + b"<b/>"
    with socket.create_connection(desk.address, timeout=60) as connection:
        connection.sendall(one + last)
        assert _statuses(read_all(connection)) == [b"202", b"202"]
    assert [submission.body for _, submission in desk.exchange.taken] == [b"<a/>", b"<b/>"]


def test_a_sender_that_hangs_up_leaves_nothing(desk: Desk) -> None:
    with socket.create_connection(desk.address, timeout=60) as connection:
        connection.sendall(_head(desk, "Content-Length: 1000") + b"x")
    assert httpx.get(f"{desk.url}/api/hub/v1/health", timeout=60).status_code == 200
    assert not desk.exchange.taken
