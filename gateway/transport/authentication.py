"""Who speaks: from a bearer token, or from the client certificate a trusted proxy hands on (dk-messages §5)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from http import HTTPStatus

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from gateway.hub.access_ports import ServedExchange
from gateway.hub.ports import Client, Principal
from gateway.messages.codes import Role
from gateway.messages.times import to_datetime
from gateway.transport.addresses import Proxies, is_allowed
from gateway.transport.refusals import HttpRefusal, refusal
from gateway.transport.settings import CertificateHeader
from gateway.transport.tokens import TokenVerifier

STANDARD_HEADER = "Client-Cert"
"""RFC 9440's name of the header, read beside the configured one."""

LONGEST_CERTIFICATE = 16_384
_NOT_ALLOWED = "address-not-allowed"


class Certificates:
    """Client certificates as a proxy in front hands them on."""

    def __init__(self, header: CertificateHeader) -> None:
        self._names = tuple(dict.fromkeys((header.name.lower(), STANDARD_HEADER.lower())))
        self.proxies = Proxies(header.trusted_proxies)

    def thumbprint(self, request: Request, now: int) -> bytes | None:
        """SHA-256 of the certificate handed on; None without one, and from anywhere but a trusted proxy.

        A trusted proxy that hands on several certificates, none readable or one out of its dates is answered 401.
        """
        if not self.proxies.hands_on(request):
            return None
        stated = [value for name in self._names for value in request.headers.getlist(name)]
        if not stated:
            return None
        certificate = _read_certificate(stated[0]) if len(stated) == 1 else None
        if certificate is None:
            raise unauthorised("The client certificate cannot be read")
        moment = to_datetime(now)
        if not certificate.not_valid_before_utc <= moment < certificate.not_valid_after_utc:
            raise unauthorised("The client certificate is not valid now")
        return certificate.fingerprint(SHA256())


def _read_certificate(value: str) -> x509.Certificate | None:
    text = value.strip()
    if len(text) > LONGEST_CERTIFICATE:
        return None
    try:
        if text.startswith(":") and text.endswith(":"):
            return x509.load_der_x509_certificate(base64.b64decode(text[1:-1], validate=True))
        return x509.load_der_x509_certificate(bytes.fromhex(text))
    except (ValueError, binascii.Error):
        return None


def bound_form(thumbprint: bytes) -> str:
    """A thumbprint as tokens carry it (RFC 8705): base64url without padding."""
    return base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who has proved itself: a client of one party, and the roles it may act in."""

    party: str
    roles: frozenset[Role]
    client_id: str

    def acting(self, role: Role) -> Principal:
        """The party acting in one of the roles."""
        return Principal(self.party, role, self.client_id)


class Authenticator:
    """Turns a request's credentials into the client that speaks, or refuses with 401."""

    def __init__(self, exchange: ServedExchange, verifier: TokenVerifier, certificates: Certificates) -> None:
        self._exchange = exchange
        self._verifier = verifier
        self.certificates = certificates

    async def by_token(self, request: Request, now: int) -> Identity:
        """The client of a bearer token in the roles it names; one bound to a certificate counts with that one only."""
        stated = request.headers.getlist("authorization")
        scheme, _, token = stated[0].partition(" ") if len(stated) == 1 else ("", "", "")
        verified = None
        if scheme.lower() == "bearer":
            verified = await self._verifier.verify(token.strip(), now)
        if verified is None:
            raise unauthorised("A valid bearer token is needed")
        if verified.certificate:
            shown = self.certificates.thumbprint(request, now)
            if shown is None or bound_form(shown) != verified.certificate:
                raise unauthorised("The token is bound to another certificate")
        client = await self._exchange.find_client(verified.client_id)
        if client is None or not verified.roles <= client.roles:
            raise unauthorised("The client is not known in this role")
        self._check_address(request, client)
        return Identity(client.party, verified.roles, client.client_id)

    async def by_certificate(self, request: Request, now: int) -> Identity:
        """The client of the certificate handed on; without one, that of the bearer token."""
        shown = self.certificates.thumbprint(request, now)
        if shown is None:
            return await self.by_token(request, now)
        client = await self._exchange.find_client_by_thumbprint(shown.hex())
        if client is None:
            raise unauthorised("The client certificate is not registered")
        self._check_address(request, client)
        return Identity(client.party, client.roles, client.client_id)

    def _check_address(self, request: Request, client: Client) -> None:
        """A client that is bound to addresses calls from one of them."""
        if not client.addresses:
            return
        address, profile = self.certificates.proxies.caller(request), self._exchange.profile
        if is_allowed(address, client.addresses):
            return
        if _NOT_ALLOWED in profile.rules.wordings:
            raise HttpRefusal(HTTPStatus.FORBIDDEN, (profile.finding(_NOT_ALLOWED, address=address),))
        raise refusal(HTTPStatus.FORBIDDEN, f"The client may not call from the address {address}")


def unauthorised(text: str) -> HttpRefusal:
    """401, telling that a bearer token is asked for."""
    return refusal(HTTPStatus.UNAUTHORIZED, text, headers={"WWW-Authenticate": "Bearer"})
