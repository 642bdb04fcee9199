"""What an operator may set about the transport. `gateway.config` fills these in; the defaults are the safe ones."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """How large a body may be and how slowly it may come.

    Attributes:
        bytes: greatest size, of the body as sent and of what a gzip body unpacks to.
        idle_seconds: longest wait for the next piece.
        total_seconds: longest time for the whole body.
        together: greatest size of all bodies in work at a time; beyond it senders are asked to wait.
    """

    bytes: int = 50 * MEBIBYTE
    idle_seconds: float = 20.0
    total_seconds: float = 300.0
    together: int = 1024 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class ExternalIssuer:
    """An issuer of tokens outside the hub whose keys are known.

    Attributes:
        name: the `iss` its tokens carry.
        audience: the `aud` they must carry.
        keys: its JWKS, a file or an https address.
        algorithms: signature algorithms taken from it.
    """

    name: str
    audience: str
    keys: Path | str
    algorithms: tuple[str, ...] = ("RS256", "ES256")


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Tokens: what the built-in issuer puts into them, and which others count.

    Attributes:
        issuer: the `iss` of the built-in issuer.
        audience: the `aud` of its tokens.
        lifetime: seconds a token lives.
        skew: seconds clocks may differ, at most 60.
        external: issuers outside the hub.
    """

    issuer: str = "urn:gridpost:hub"
    audience: str = "urn:gridpost:hub:b2b"
    lifetime: int = 3600
    skew: int = 30
    external: tuple[ExternalIssuer, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.skew <= 60:
            raise ValueError("clock skew is 0 to 60 seconds")


@dataclass(frozen=True, slots=True)
class CertificateHeader:
    """How a proxy in front hands on the client's certificate.

    Attributes:
        name: header with the certificate, hexadecimal DER (as DataHub 3) or RFC 9440 (`:base64:`).
        trusted_proxies: addresses or networks the header is believed from; from elsewhere it does not exist.
    """

    name: str = "ClientCert"
    trusted_proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """Everything about the transport that may be set.

    Attributes:
        limits: size and pace of bodies.
        tokens: issuers of tokens.
        certificates: client certificates behind a proxy.
        ebix_path: where the SOAP container is taken.
        retry_after: seconds a sender is told to wait when the store is unavailable.
        switched_off: Danish document names answered 403.
    """

    limits: BodyLimits = field(default_factory=BodyLimits)
    tokens: TokenSettings = field(default_factory=TokenSettings)
    certificates: CertificateHeader = field(default_factory=CertificateHeader)
    ebix_path: str = "/ebix"
    retry_after: int = 5
    switched_off: frozenset[str] = frozenset()
