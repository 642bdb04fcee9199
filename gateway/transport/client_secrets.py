"""Secrets of clients: made here, kept as salted scrypt hashes only, compared without telling how far they agree."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from functools import cache

COST = 2**14
BLOCK = 8
HASH_BYTES = 32


def new_secret() -> str:
    """A secret of 256 random bits, shown to its owner once."""
    return secrets.token_urlsafe(32)


def hash_secret(secret: str, salt: bytes | None = None) -> str:
    """`scrypt$cost$block$salt$hash` of a secret, for the registry of clients."""
    salt = secrets.token_bytes(16) if salt is None else salt
    digest = _digest(secret, salt, COST, BLOCK)
    return f"scrypt${COST}${BLOCK}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def secret_matches(secret: str, secret_hash: str) -> bool:
    """Whether a secret is the one hashed; as costly for a client that does not exist or has no secret (`""`)."""
    known = secret_hash.startswith("scrypt$")
    _, cost, block, salt, stored = (secret_hash if known else _nobody()).split("$")
    digest = _digest(secret, base64.b64decode(salt), int(cost), int(block))
    same = hmac.compare_digest(digest, base64.b64decode(stored))
    return same and known


@cache
def _nobody() -> str:
    """The hash that stands in for a client that does not exist."""
    return hash_secret(new_secret())


def _digest(secret: str, salt: bytes, cost: int, block: int) -> bytes:
    return hashlib.scrypt(secret.encode("utf-8", "surrogatepass"), salt=salt, n=cost, r=block, p=1, dklen=HASH_BYTES)
