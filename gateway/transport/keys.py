"""Keys tokens are signed and verified with: the hub's own, and those of issuers outside."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, RSAKey
from pydantic import BaseModel, ValidationError

if TYPE_CHECKING:
    import httpx

KEY_FILE = "token-key.pem"
LARGEST_KEY_SET = 1024 * 1024
REFRESH_SECONDS = 3600
UNKNOWN_KEY_SECONDS = 60
FETCH_SECONDS = 5.0
SMALLEST_RSA_TEXT = 342
"""Characters of a modulus of 2048 bits in base64url; shorter keys are not taken."""


def signing_key(data_dir: Path) -> ECKey:
    """The hub's own P-256 key, made at the first start and kept readable for its owner only.

    Processes that start at the same time agree on one: the first to put its file in place wins.
    """
    path = data_dir / KEY_FILE
    if not path.exists():
        fresh = data_dir / f"{KEY_FILE}.{os.getpid()}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(ECKey.generate_key("P-256").as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(fresh)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    key = ECKey.import_key(path.read_bytes())
    return ECKey.import_key(key.as_dict(private=True), {"kid": key.thumbprint(), "use": "sig", "alg": "ES256"})


class KeySource(Protocol):
    """Where the public keys of one issuer come from."""

    async def find(self, kid: str, now: int) -> Key | None:
        """The key of an id, None when the issuer has none such or cannot be asked."""
        ...


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The hub's own key as a source."""

    key: ECKey

    async def find(self, kid: str, now: int) -> Key | None:
        """The own key when the id is its id."""
        return self.key if kid == self.key.kid else None


class FileKeys:
    """A JWKS file, read anew when a key is not in it (at most once a minute) and every hour."""

    def __init__(self, path: Path) -> None:
        self._cache = _Cached()
        self._path = path

    async def find(self, kid: str, now: int) -> Key | None:
        """The key of an id."""
        if self._cache.wants_refresh(kid, now):
            content = self._path.read_bytes() if self._path.is_file() else b""
            self._cache.refresh(content, now)
        return self._cache.keys.get(kid)


class AddressKeys:
    """A JWKS behind an address, fetched like `FileKeys`; while it cannot be reached, the last known keys count."""

    def __init__(self, address: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        if not address.startswith("https://"):
            raise ValueError("keys of an issuer are fetched over https only")
        self._cache = _Cached()
        self._address = address
        self._transport = transport

    async def find(self, kid: str, now: int) -> Key | None:
        """The key of an id."""
        if self._cache.wants_refresh(kid, now):
            self._cache.refresh(await self._fetch(), now)
        return self._cache.keys.get(kid)

    async def _fetch(self) -> bytes:
        import httpx  # noqa: PLC0415 - few hubs know issuers outside

        pieces = bytearray()
        try:
            async with (
                httpx.AsyncClient(timeout=FETCH_SECONDS, transport=self._transport) as client,
                client.stream("GET", self._address) as answer,
            ):
                if answer.status_code != httpx.codes.OK:
                    return b""
                async for piece in answer.aiter_bytes():
                    pieces += piece
                    if len(pieces) > LARGEST_KEY_SET:
                        return b""
        except httpx.HTTPError:
            return b""
        return bytes(pieces)


class _KeySet(BaseModel):
    """A JWKS body (RFC 7517 §5)."""

    keys: list[dict[str, Any]]


class _Cached:
    """Keys by id and when they were last asked for. Only signature keys of EC and RSA are taken, never a secret."""

    def __init__(self) -> None:
        self.keys: Mapping[str, Key] = {}
        self._asked_at: int | None = None

    def wants_refresh(self, kid: str, now: int) -> bool:
        """Whether it is time to ask the issuer again."""
        if self._asked_at is None:
            return True
        age = now - self._asked_at
        return age >= (REFRESH_SECONDS if kid in self.keys else UNKNOWN_KEY_SECONDS)

    def refresh(self, content: bytes, now: int) -> None:
        """Take a fetched set; an unreadable one leaves the known keys as they were."""
        self._asked_at = now
        try:
            stated = _KeySet.model_validate_json(content).keys
        except ValidationError:
            return
        self.keys = {key.kid: key for key in map(_public_key, stated) if key is not None and key.kid}


def _public_key(stated: dict[str, Any]) -> ECKey | RSAKey | None:
    if stated.get("use", "sig") != "sig" or not isinstance(stated.get("kid"), str):
        return None
    kinds: dict[object, type[ECKey] | type[RSAKey]] = {"EC": ECKey, "RSA": RSAKey}
    kind = kinds.get(stated.get("kty"))
    if kind is None or (kind is RSAKey and len(str(stated.get("n"))) < SMALLEST_RSA_TEXT):
        return None
    try:
        return kind.import_key(stated)
    except (JoseError, ValueError, TypeError, KeyError):
        return None


def public_keys(key: ECKey) -> dict[str, Any]:
    """The JWKS of the built-in issuer: its public half."""
    return dict(KeySet([key]).as_dict(private=False))
