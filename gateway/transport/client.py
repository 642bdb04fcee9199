"""A client of the hub: tokens, send, peek, dequeue, and the neutral API, with patience when the hub is busy.

    with HubClient("https://hub.example", "client", "secret") as hub:
        hub.send(Path("day.xml"), Dialect.CIM_XML)
        while found := hub.peek(Category.MEASURE_DATA, Dialect.CIM_XML):
            keep(found.content)
            hub.dequeue(found.message_id)

Retries are safe: the hub settles a message received twice by its id, and a document peeked stays until dequeued.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ValidationError

from gateway.messages.codes import Category, Dialect

CONTENT_TYPES: dict[Dialect, str] = {
    Dialect.CIM_XML: "application/xml",
    Dialect.CIM_JSON: "application/json",
    Dialect.EBIX_XML: "application/ebix",
}
MEASURE_DATA = "notifyvalidatedmeasuredata"
MEASURE_DATA_REQUEST = "requestvalidatedmeasurements"
AGGREGATED_MEASURE_DATA_REQUEST = "requestaggregatedmeasuredata"
WHOLESALE_SETTLEMENT_REQUEST = "requestwholesalesettlement"

USED_BEFORE = ("00101", "B2B-003")
"""Codes of a message id used before."""

LONGEST_WAIT = 60.0
BUSY = frozenset({429, 502, 503, 504})


class HubError(Exception):
    """The hub could not be reached, or would not serve this client at all. The text says which."""


class Outcome(StrEnum):
    """What became of a document sent."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    ALREADY_THERE = "already-there"
    """The connection broke after an earlier attempt, and the hub now says it has the message id: that attempt came."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The hub's answer to a document sent: its outcome, the error body when refused, the hub's reference."""

    outcome: Outcome
    status: int
    body: str
    reference: str


@dataclass(frozen=True, slots=True)
class Peeked:
    """A waiting document."""

    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a busy or unreachable hub is asked again, and how long to wait between: doubling, with some chance."""

    attempts: int = 6
    first_wait: float = 0.5
    timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A document to send: a file or its bytes, its dialect, and its name in the address."""

    content: Path | bytes
    dialect: Dialect
    document: str = MEASURE_DATA

    def read(self) -> bytes:
        """The document's bytes."""
        return self.content.read_bytes() if isinstance(self.content, Path) else self.content


class _Token(BaseModel):
    access_token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    headers: Mapping[str, str]
    content: bytes | None = None
    query: Mapping[str, str | list[str]] | None = None


class HubClient:
    """One registered client of a hub. Threads may share it.

    `role` is the role its calls are made in, by its neutral name, where the client holds several.
    """

    role = ""

    def __init__(
        self,
        base_url: str,
        client_id: str,
        secret: str,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=patience.timeout)
        self._credentials = {"client_id": client_id, "client_secret": secret}
        self._patience = patience
        self._sleep = sleep
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    def send(self, content: Path | bytes, dialect: Dialect, document: str = MEASURE_DATA) -> Receipt:
        """Send a document. A refusal is an answer, not an error.

        Raises:
            HubError: the hub stayed out of reach or does not serve this client.
        """
        outgoing = Outgoing(content, dialect, document)
        headers = {"Content-Type": CONTENT_TYPES[dialect]}
        answer, was_broken = self._ask(_Call("POST", f"/v1.0/cim/{document}", headers, outgoing.read()))
        if answer.status_code == httpx.codes.ACCEPTED:
            outcome = Outcome.ACCEPTED
        elif was_broken and any(code in answer.text for code in USED_BEFORE):
            outcome = Outcome.ALREADY_THERE
        else:
            outcome = Outcome.REFUSED
        return Receipt(outcome, answer.status_code, answer.text, answer.headers.get("CorrelationId", ""))

    def send_many(
        self,
        documents: Iterable[Outgoing],
        progress: Callable[[Outgoing, Receipt], None] = lambda document, receipt: None,
        parallel: int = 4,
    ) -> list[Receipt]:
        """Send documents side by side; `progress` hears of each as it is answered. Receipts come in order."""

        def one(document: Outgoing) -> Receipt:
            receipt = self.send(document.content, document.dialect, document.document)
            progress(document, receipt)
            return receipt

        with ThreadPoolExecutor(parallel) as threads:
            return list(threads.map(one, documents))

    def peek(self, category: Category, dialect: Dialect) -> Peeked | None:
        """The oldest waiting document, None when nothing waits.

        Raises:
            HubError: the hub stayed out of reach or refused.
        """
        answer, _ = self._ask(_Call("GET", f"/v1.0/cim/{category}", {"Content-Type": CONTENT_TYPES[dialect]}))
        if answer.status_code == httpx.codes.NO_CONTENT:
            return None
        return Peeked(_good(answer).headers.get("MessageId", ""), answer.content)

    def dequeue(self, message_id: str) -> bool:
        """Take a peeked document off the queue; False when the hub knows no such document of this client."""
        answer, was_broken = self._ask(_Call("DELETE", f"/v1.0/cim/dequeue/{quote(message_id, safe='')}", {}))
        if answer.status_code == httpx.codes.BAD_REQUEST:
            return was_broken
        return _good(answer).is_success

    def get(self, path: str, query: Mapping[str, str | list[str]], accept: str = "application/json") -> bytes:
        """Read from the neutral API, `path` behind `/api/hub/v1/`.

        Raises:
            HubError: the hub stayed out of reach or refused; the text is its problem body.
        """
        answer, _ = self._ask(_Call("GET", f"/api/hub/v1/{path}", {"Accept": accept}, query=query))
        return _good(answer).content

    def fetch(self, address: str, query: Mapping[str, str | list[str]], headers: Mapping[str, str]) -> bytes:
        """Read from any address of the hub, with headers that it wants there.

        Raises:
            HubError: the hub stayed out of reach or refused; the text is its body.
        """
        answer, _ = self._ask(_Call("GET", address, headers, query=query))
        return _good(answer).content

    def call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        accept: str = "application/json",
        kind: str = "application/json",
    ) -> bytes:
        """Any call of the neutral API, `path` behind `/api/hub/v1/` with its query; `kind` is the body's media type.

        A call is made once: what it asks for might have been done although the connection broke.

        Raises:
            HubError: the hub is out of reach or refused; the text is its problem body.
        """
        headers = {"Accept": accept, **({"Content-Type": kind} if body else {})}
        try:
            answer = self._signed(_Call(method, f"/api/hub/v1/{path}", headers, body or None))
        except httpx.TransportError as error:
            raise HubError(f"the hub did not answer {method} {path}: {error or type(error).__name__}") from error
        return _good(answer).content

    def _ask(self, call: _Call) -> tuple[httpx.Response, bool]:
        """The hub's answer, and whether the connection broke in an earlier attempt that may have reached it."""
        answer, was_broken = self._patiently(call.method + " " + call.path, lambda: self._signed(call))
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._forget(answer.request.headers["Authorization"])
            answer, broke_again = self._patiently(call.method + " " + call.path, lambda: self._signed(call))
            was_broken = was_broken or broke_again
        return answer, was_broken

    def _signed(self, call: _Call) -> httpx.Response:
        acting = {"Acting-Role": self.role} if self.role else {}
        headers = {**call.headers, **acting, "Authorization": f"Bearer {self._bearer()}"}
        return self._http.request(call.method, call.path, headers=headers, content=call.content, params=call.query)

    def _patiently(self, what: str, ask: Callable[[], httpx.Response]) -> tuple[httpx.Response, bool]:
        was_broken, failure = False, ""
        for attempt in range(1, self._patience.attempts + 1):
            stated = ""
            try:
                answer = ask()
            except httpx.TransportError as error:
                was_broken = was_broken or not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
                failure = str(error) or type(error).__name__
            else:
                if answer.status_code not in BUSY:
                    return answer, was_broken
                # A busy hub may have journaled the call before it gave up, and may finish it by itself.
                was_broken = was_broken or answer.status_code != httpx.codes.TOO_MANY_REQUESTS
                failure, stated = f"{answer.status_code} {answer.text[:200]}", answer.headers.get("Retry-After", "")
            if attempt < self._patience.attempts:
                self._sleep(self._wait(attempt, stated))
        raise HubError(f"the hub did not answer {what}: {failure}")

    def _wait(self, attempt: int, stated: str) -> float:
        """Seconds to wait: what the hub said, else doubling with a chance of half, at most a minute."""
        if stated.isascii() and stated.isdigit():
            return min(float(stated), LONGEST_WAIT)
        doubled = self._patience.first_wait * float(2 ** (attempt - 1))
        return min(doubled, LONGEST_WAIT) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    def _bearer(self) -> str:
        with self._lock:
            if not self._token or time.monotonic() >= self._renew_at:
                fresh = self._fetch_token()
                self._token = fresh.access_token
                self._renew_at = time.monotonic() + fresh.expires_in * 0.9
            return self._token

    def _forget(self, authorization: str) -> None:
        with self._lock:
            if authorization == f"Bearer {self._token}":
                self._token = ""

    def _fetch_token(self) -> _Token:
        form = {"grant_type": "client_credentials", **self._credentials}
        answer, _ = self._patiently("for a token", lambda: self._http.post("/oauth2/v2.0/token", data=form))
        return _read_token(answer)


def _read_token(answer: httpx.Response) -> _Token:
    try:
        return _Token.model_validate_json(_good(answer).content)
    except ValidationError:
        raise HubError("the hub's token cannot be read") from None


def _good(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise HubError(f"{answer.status_code} {answer.text[:2000]}")
    return answer
