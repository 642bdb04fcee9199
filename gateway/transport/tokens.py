"""Bearer tokens: issued for registered clients, and verified whoever issued them (dk-messages §5, authentication).

A token says who speaks (`azp`, a client id) and in which roles it may (`roles`, mostly one). Algorithms are pinned per
issuer, `iss`, `aud`, `exp` and `nbf` must hold, and clocks may differ by the configured skew. A token is never logged.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key

from gateway.hub.ports import Client
from gateway.messages.codes import Role
from gateway.transport.keys import KeySource, OwnKey
from gateway.transport.role_names import ROLE_NAMES, role_name
from gateway.transport.settings import TokenSettings

LONGEST_TOKEN = 8192
REMEMBERED_TOKENS = 4096
REMEMBERED_SECONDS = 300


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a token proved: the client, its roles, until when; and the certificate it is bound to, if any.

    `certificate` is the `x5t#S256` of RFC 8705: base64url of the SHA-256 of the certificate, empty when unbound.
    """

    client_id: str
    roles: frozenset[Role]
    expires_at: int
    certificate: str = ""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer that counts, with its keys and the algorithms it may use."""

    name: str
    audience: str
    keys: KeySource
    algorithms: tuple[str, ...]


class TokenIssuer:
    """The built-in issuer of the embedded hub."""

    def __init__(self, key: ECKey, settings: TokenSettings) -> None:
        self.key = key
        self.settings = settings

    def issue(self, client: Client, now: int, token_id: str, certificate: str = "") -> str:
        """A token for a client that has proved itself, bound to its certificate when it showed one."""
        claims: dict[str, Any] = {
            "iss": self.settings.issuer,
            "aud": self.settings.audience,
            "azp": client.client_id,
            "sub": client.client_id,
            "roles": [role_name(role) for role in (client.role, *sorted(client.further_roles - {client.role}))],
            "iat": now,
            "nbf": now,
            "exp": now + self.settings.lifetime,
            "jti": token_id,
        }
        if certificate:
            claims["cnf"] = {"x5t#S256": certificate}
        return jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, self.key, algorithms=["ES256"])

    def as_trusted(self) -> TrustedIssuer:
        """This issuer among those a verifier trusts."""
        return TrustedIssuer(self.settings.issuer, self.settings.audience, OwnKey(self.key), ("ES256",))


class TokenVerifier:
    """Tells whether a token counts now. Remembers tokens it has verified for a few minutes, by their hash."""

    def __init__(self, issuers: Sequence[TrustedIssuer], skew: int) -> None:
        self._issuers = tuple(issuers)
        self._skew = skew
        self._remembered: OrderedDict[bytes, tuple[int, VerifiedToken]] = OrderedDict()

    async def verify(self, token: str, now: int) -> VerifiedToken | None:
        """What the token proves at `now`, None when it proves nothing."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        digest = hashlib.sha256(token.encode()).digest()
        verified_at, known = self._remembered.get(digest, (0, None))
        if known is None or now >= verified_at + REMEMBERED_SECONDS:
            known = await self._examine(token, now)
            self._remember(digest, now, known)
        if known is None or now >= known.expires_at + self._skew:
            return None
        return known

    def _remember(self, digest: bytes, now: int, known: VerifiedToken | None) -> None:
        self._remembered.pop(digest, None)
        if known is not None:
            self._remembered[digest] = (now, known)
            if len(self._remembered) > REMEMBERED_TOKENS:
                self._remembered.popitem(last=False)

    async def _examine(self, token: str, now: int) -> VerifiedToken | None:
        kid = _key_id(token)
        if not kid:
            return None
        for issuer in self._issuers:
            key = await issuer.keys.find(kid, now)
            claims = None if key is None else _signed_claims(token, key, issuer.algorithms)
            if claims is not None and self._claims_hold(claims, issuer, now):
                return _what_it_proves(claims)
        return None

    def _claims_hold(self, claims: Mapping[str, Any], issuer: TrustedIssuer, now: int) -> bool:
        stated = claims.get("aud")
        audiences = stated if isinstance(stated, list) else [stated]
        expires, begins = _instant(claims.get("exp")), _instant(claims.get("nbf"))
        return (
            claims.get("iss") == issuer.name
            and issuer.audience in audiences
            and expires is not None
            and begins is not None
            and begins - self._skew <= now < expires + self._skew
        )


def _key_id(token: str) -> str:
    """The `kid` of a token's header; everything else in the header that could lead to a key is left unread."""
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, RecursionError):
        return ""
    return kid if isinstance(kid, str) else ""


def _signed_claims(token: str, key: Key, algorithms: tuple[str, ...]) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = jwt.decode(token, key, algorithms=algorithms).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    return claims


def _what_it_proves(claims: Mapping[str, Any]) -> VerifiedToken | None:
    """Client and roles of claims that hold: `azp` a text, `roles` one or more, every one of them known."""
    client_id, roles, expires = claims.get("azp"), _roles(claims.get("roles")), _instant(claims.get("exp"))
    if not isinstance(client_id, str) or not client_id or not roles or expires is None:
        return None
    bound = claims.get("cnf", {})
    certificate = bound.get("x5t#S256", "") if isinstance(bound, dict) else None
    if not isinstance(certificate, str) or (bound and not certificate):
        return None
    return VerifiedToken(client_id, roles, expires, certificate)


def _roles(stated: object) -> frozenset[Role]:
    """The roles of a claim; none where one of them is unknown, or the claim is no list."""
    if not isinstance(stated, list) or not all(isinstance(name, str) and name in ROLE_NAMES for name in stated):
        return frozenset()
    return frozenset(ROLE_NAMES[name] for name in stated)


def _instant(value: object) -> int | None:
    """A NumericDate as whole seconds; None for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 2**53:
        return None
    return int(value)
