"""The hub over HTTP: OAuth2 client credentials, one call at a time, and what its answers mean to a sender that repeats.

A hub that is out of reach or busy is `Silent`; whether an attempt may have reached it all the same is told along.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx
from pydantic import BaseModel, ValidationError

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
TIMEOUT = 60.0
_REFUSED_ENTRY = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the hub said."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Silent:
    """The hub did not answer, or not now.

    Attributes:
        text: why, for people.
        may_have_arrived: whether the call may have reached it before the connection broke.
        wait: seconds it asked for; 0 where it did not.
    """

    text: str
    may_have_arrived: bool
    wait: float = 0.0


class _Token(BaseModel):
    access_token: str
    expires_in: int


class HubAccess:
    """One registered client of a hub. `monotonic` counts seconds for the token's age."""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secret: str,
        monotonic: Callable[[], float],
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(base_url=base_url, timeout=TIMEOUT, transport=transport)
        self._form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        self._monotonic = monotonic
        self._token, self._renew_at = "", 0.0

    async def close(self) -> None:
        """Give the connections back."""
        await self._http.aclose()

    async def prove(self) -> Silent | None:
        """Whether the hub lets this client in: None, or why not."""
        token = await self._bearer()
        return token if isinstance(token, Silent) else None

    async def post(self, path: str, body: bytes, media_type: str) -> Answer | Silent:
        """Send a body. A token the hub no longer takes is fetched anew, once."""
        refused = ""
        for _ in range(2):
            token = await self._bearer()
            if isinstance(token, Silent):
                return token
            headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
            answer = await self._call(path, headers, body)
            if isinstance(answer, Silent) or answer.status not in _REFUSED_ENTRY:
                return answer
            self._token, refused = "", f"{answer.status} {answer.text[:200]}"
        return Silent(f"the hub does not let this client in: {refused}", may_have_arrived=False)

    async def _call(self, path: str, headers: dict[str, str], body: bytes) -> Answer | Silent:
        try:
            response = await self._http.post(path, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Silent(f"the hub is out of reach: {error or type(error).__name__}", False)
        except httpx.TransportError as error:
            return Silent(f"the connection to the hub broke: {error or type(error).__name__}", True)
        if response.status_code in BUSY:
            stated = response.headers.get("Retry-After", "")
            wait = float(stated) if stated.isascii() and stated.isdigit() else 0.0
            text = f"the hub is busy: {response.status_code}"
            return Silent(text, response.status_code != httpx.codes.TOO_MANY_REQUESTS, min(wait, 300.0))
        return Answer(response.status_code, response.text)

    async def _bearer(self) -> str | Silent:
        if self._token and self._monotonic() < self._renew_at:
            return self._token
        try:
            response = await self._http.post("/oauth2/v2.0/token", data=self._form)
            if not response.is_success:
                return Silent(f"the hub gives no token: {response.status_code}", False)
            fresh = _Token.model_validate_json(response.content)
        except httpx.TransportError as error:
            return Silent(f"the hub is out of reach: {error or type(error).__name__}", False)
        except ValidationError:
            return Silent("the hub's token cannot be read", False)
        self._token = fresh.access_token
        self._renew_at = self._monotonic() + fresh.expires_in * 0.9
        return self._token
