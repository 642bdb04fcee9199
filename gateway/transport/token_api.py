"""Where clients get their tokens: OAuth 2.0 client credentials (RFC 6749 §4.4), and the keys to verify them with."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, unquote_plus

import anyio
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.transport.authentication import bound_form
from gateway.transport.bodies import read_body
from gateway.transport.client_secrets import secret_matches
from gateway.transport.keys import public_keys
from gateway.transport.media_types import media_type
from gateway.transport.problems import refuse_with_problem
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.role_names import ROLE_NAMES
from gateway.transport.routes import Call, Credentials, Route
from gateway.transport.settings import BodyLimits

FORM = "application/x-www-form-urlencoded"
FORM_LIMITS = BodyLimits(bytes=16_384, idle_seconds=10.0, total_seconds=20.0)
MOST_FIELDS = 20
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}

_hashing = anyio.CapacityLimiter(2)
"""Secrets are hashed on at most two threads: a flood of guesses costs no more than two cores."""


class TokenAnswer(BaseModel):
    """RFC 6749 §5.1."""

    model_config = ConfigDict(frozen=True)

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the type's name
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who a client says it is, with its proof."""

    client_id: str
    secret: str


async def issue_token(call: Call) -> Response:
    """Give a registered client a token for its one party and its roles."""
    form = await _form(call)
    if _one(form, "grant_type") != "client_credentials":
        raise _oauth_error("unsupported_grant_type", "grant_type must be client_credentials")
    claim = _claim(call.request, form)
    services = call.services
    now = services.clock()
    client = await services.exchange.find_client(claim.client_id)
    known_hash = client.secret_hash if client is not None else ""
    matches = await anyio.to_thread.run_sync(secret_matches, claim.secret, known_hash, limiter=_hashing)
    if client is None or not matches or not client.roles <= set(ROLE_NAMES.values()):
        raise _oauth_error("invalid_client", "The client is unknown or its secret is wrong")
    shown = services.authenticator.certificates.thumbprint(call.request, now)
    token = services.issuer.issue(client, now, services.new_id(), bound_form(shown) if shown else "")
    answer = TokenAnswer(access_token=token, expires_in=services.issuer.settings.lifetime)
    return JSONResponse(answer.model_dump(), headers=NOT_STORED)


async def _form(call: Call) -> dict[str, list[str]]:
    if media_type(call.request.headers.get("content-type", "")) != FORM:
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be {FORM}", "Content-Type")
    body = await read_body(call, FORM_LIMITS)
    try:
        return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise _oauth_error("invalid_request", "The form cannot be read") from None


def _one(form: dict[str, list[str]], name: str) -> str:
    """The value of a field; a parameter must not come twice (RFC 6749 §3.2)."""
    values = form.get(name, [])
    if len(values) > 1:
        raise _oauth_error("invalid_request", f"{name} is given twice")
    return values[0] if values else ""


def _claim(request: Request, form: dict[str, list[str]]) -> _Claim:
    """The client's id and secret, from the form or from HTTP Basic, not from both (RFC 6749 §2.3)."""
    in_form = _Claim(_one(form, "client_id"), _one(form, "client_secret"))
    header = request.headers.get("authorization")
    if header is None:
        return in_form
    if in_form.secret:
        raise _oauth_error("invalid_request", "The client proves itself twice")
    basic = _basic(header)
    if in_form.client_id and in_form.client_id != basic.client_id:
        raise _oauth_error("invalid_request", "The client gives two ids")
    return basic


def _basic(header: str) -> _Claim:
    scheme, _, value = header.partition(" ")
    try:
        plain = base64.b64decode(value.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        plain = ""
    client_id, colon, secret = plain.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise _oauth_error("invalid_client", "The client's credentials cannot be read")
    return _Claim(unquote_plus(client_id), unquote_plus(secret))


class _OAuthError(HttpRefusal):
    """An error in RFC 6749's own form."""


def _oauth_error(code: str, text: str) -> HttpRefusal:
    status = HTTPStatus.UNAUTHORIZED if code == "invalid_client" else HTTPStatus.BAD_REQUEST
    headers = {"WWW-Authenticate": 'Basic realm="gridpost"'} if status is HTTPStatus.UNAUTHORIZED else {}
    plain = refusal(status, text, code, headers)
    return _OAuthError(status, plain.findings, {**headers, **NOT_STORED})


def refuse_token(request: Request, refused: HttpRefusal, reference: str) -> Response:
    """RFC 6749 §5.2, or a problem body where it has no name for it."""
    if not isinstance(refused, _OAuthError):
        return refuse_with_problem(request, refused, reference)
    finding = refused.findings[0]
    body = {"error": finding.target, "error_description": finding.text}
    return Response(json.dumps(body), refused.status, refused.headers, "application/json")


async def show_keys(call: Call) -> Response:
    """The public keys the built-in issuer signs with."""
    return JSONResponse(public_keys(call.services.issuer.key))


ROUTES: tuple[Route, ...] = (
    Route(
        "POST",
        "/oauth2/v2.0/token",
        frozenset(),
        issue_token,
        refuse_token,
        "Get a bearer token for a registered client (client_credentials).",
        credentials=Credentials.NONE,
        reads=(FORM,),
        gives=TokenAnswer,
    ),
    Route(
        "GET",
        "/.well-known/jwks.json",
        frozenset(),
        show_keys,
        refuse_with_problem,
        "The public keys of the built-in issuer (RFC 7517).",
        credentials=Credentials.NONE,
    ),
)
