"""Puts the transport's parts together over a hub and a data directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.hub.access_ports import ServedExchange
from gateway.transport.authentication import Authenticator, Certificates
from gateway.transport.keys import AddressKeys, FileKeys, KeySource, signing_key
from gateway.transport.room import BodyRoom
from gateway.transport.routes import Services
from gateway.transport.settings import TransportSettings
from gateway.transport.tokens import TokenIssuer, TokenVerifier, TrustedIssuer


def assemble(
    exchange: ServedExchange,
    settings: TransportSettings,
    data_dir: Path,
    clock: Callable[[], int],
    new_id: Callable[[], str],
) -> Services:
    """Services over a hub; the built-in issuer's key is made in `data_dir` at the first start."""
    tokens = settings.tokens
    issuer = TokenIssuer(signing_key(data_dir), tokens)
    outside = [
        TrustedIssuer(external.name, external.audience, _source(external.keys), external.algorithms)
        for external in tokens.external
    ]
    verifier = TokenVerifier([issuer.as_trusted(), *outside], tokens.skew)
    authenticator = Authenticator(exchange, verifier, Certificates(settings.certificates))
    return Services(exchange, settings, authenticator, issuer, BodyRoom(settings.limits.together), clock, new_id)


def _source(keys: Path | str) -> KeySource:
    return FileKeys(keys) if isinstance(keys, Path) else AddressKeys(keys)
