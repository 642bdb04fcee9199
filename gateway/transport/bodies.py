"""Reading a request's body: never more than the limit, never slower than allowed, unpacked where it is gzip."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import anyio
from starlette.requests import ClientDisconnect, Request

from gateway.schemas.faults import TOO_LARGE
from gateway.schemas.parsers import gunzip
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.settings import BodyLimits


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The whole body as the sender wrote it, gzip taken off.

    Refuses with 413 what is larger than `limits.bytes` (before or after unpacking) without reading on, with 408 what
    comes too slowly, with 415 an encoding other than gzip, with 400 gzip that is none.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding must be gzip or absent", "Content-Encoding")
    if _declared_length(request) > limits.bytes:
        raise _too_large(limits)
    body = await _read(request, limits)
    return body if encoding == "identity" else await _unpack(body, limits)


def _declared_length(request: Request) -> int:
    stated = request.headers.get("content-length", "0")
    return int(stated) if stated.isascii() and stated.isdigit() else 0


async def _read(request: Request, limits: BodyLimits) -> bytes:
    now = asyncio.get_running_loop().time
    last = now() + limits.total_seconds
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout_at(min(now() + limits.idle_seconds, last)) as patience:
            async for piece in request.stream():
                size += len(piece)
                if size > limits.bytes:
                    raise _too_large(limits)
                pieces.append(piece)
                patience.reschedule(min(now() + limits.idle_seconds, last))
    except TimeoutError:
        raise refusal(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise refusal(HTTPStatus.BAD_REQUEST, "The body ended early", headers={"Connection": "close"}) from None
    return b"".join(pieces)


async def _unpack(body: bytes, limits: BodyLimits) -> bytes:
    outcome = await anyio.to_thread.run_sync(gunzip, body, limits.bytes)
    if outcome.finding is None:
        return outcome.data
    too_large = outcome.finding.rule == TOO_LARGE
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
    raise refusal(status, outcome.finding.text, "Content-Encoding")


def _too_large(limits: BodyLimits) -> HttpRefusal:
    return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limits.bytes} bytes")
