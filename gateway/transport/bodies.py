"""Reading a call's body: never more than the limit, never slower than allowed, unpacked where it is gzip."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import anyio
from starlette.requests import ClientDisconnect

from gateway.schemas.faults import TOO_LARGE
from gateway.schemas.parsers import gunzip
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.routes import Call
from gateway.transport.settings import BodyLimits


async def read_body(call: Call, limits: BodyLimits | None = None) -> bytes:
    """The whole body as the sender wrote it, gzip taken off.

    Refuses with 413 what is larger than `limits.bytes` (before or after unpacking) without reading on, with 408 what
    comes too slowly, with 415 an encoding other than gzip, with 400 gzip that is none, and with 503 what finds no room
    beside the bodies of other calls. The limits are those of the settings unless a call has its own.
    """
    limits = limits or call.services.settings.limits
    encoding = call.request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content-Encoding must be gzip or absent", "Content-Encoding")
    if _declared_length(call) > limits.bytes:
        raise _too_large(limits)
    body = await _read(call, limits)
    return body if encoding == "identity" else await _unpack(call, body, limits)


def _declared_length(call: Call) -> int:
    stated = call.request.headers.get("content-length", "0")
    return int(stated) if stated.isascii() and stated.isdigit() else 0


async def _read(call: Call, limits: BodyLimits) -> bytes:
    now = asyncio.get_running_loop().time
    last = now() + limits.total_seconds
    pieces: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout_at(min(now() + limits.idle_seconds, last)) as patience:
            async for piece in call.request.stream():
                size += len(piece)
                if size > limits.bytes:
                    raise _too_large(limits)
                _reserve(call, len(piece))
                if piece:  # a body that came whole is not copied
                    pieces.append(piece)
                patience.reschedule(min(now() + limits.idle_seconds, last))
    except TimeoutError:
        raise refusal(HTTPStatus.REQUEST_TIMEOUT, "The body came too slowly", headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise refusal(HTTPStatus.BAD_REQUEST, "The body ended early", headers={"Connection": "close"}) from None
    return b"".join(pieces)


def _reserve(call: Call, size: int) -> None:
    if not call.services.room.take(call.correlation_id, size):
        wait = {"Retry-After": str(call.services.settings.retry_after)}
        raise refusal(
            HTTPStatus.SERVICE_UNAVAILABLE, "The hub is busy with other bodies; try again later", headers=wait
        )


async def _unpack(call: Call, body: bytes, limits: BodyLimits) -> bytes:
    outcome = await anyio.to_thread.run_sync(gunzip, body, limits.bytes)
    if outcome.finding is None:
        _reserve(call, len(outcome.data))
        return outcome.data
    too_large = outcome.finding.rule == TOO_LARGE
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
    raise refusal(status, outcome.finding.text, "Content-Encoding")


def _too_large(limits: BodyLimits) -> HttpRefusal:
    return refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body is larger than {limits.bytes} bytes")
