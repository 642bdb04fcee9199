"""A participant at its desk: a technical user that speaks to the hub as it would to the Estonian datahub."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from gateway.codecs.estfeed.codes import COMMODITIES, Generation, name_of
from gateway.demo.estonia.day import Letter, first_generation
from gateway.demo.server import DemoFailed, Desk
from gateway.messages.codes import Commodity
from gateway.messages.times import format_second
from gateway.schemas.parsers import parse_json

PATIENCE = 60.0
"""Seconds a message may take to its final state."""


@dataclass(frozen=True, slots=True)
class Status:
    """Where a message stands: its state, and the code and message of each error."""

    state: str
    errors: tuple[tuple[str, str], ...] = ()


class Participant:
    """One technical user of a participant; `now` is the clock its messages are dated by."""

    def __init__(self, url: str, desk: Desk, now: Callable[[], int]) -> None:
        self.name = desk.name
        self.party = desk.party
        self._desk = desk
        self._now = now
        self._http = httpx.Client(base_url=url, timeout=60)
        self._token = ""

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()

    def send(self, letter: Letter) -> tuple[str, httpx.Response]:
        """Send a message under a fresh UUID; the UUID and the hub's first answer."""
        document_id = str(uuid.uuid4())
        role, commodity = letter.sender[1], letter.commodity
        if letter.generation is Generation.V1:
            body = first_generation(letter, self._context(role, commodity))
            return document_id, self._post("/api/v1/meter-data", body, document_id)
        path = f"/api/v2/metering-data/{commodity}"
        headers = {"Content-Type": "application/json", **self._headers(role, commodity, document_id)}
        return document_id, self._http.post(path, content=letter.content.encode(), headers=headers)

    def final_status(self, role: str, commodity: Commodity, document_id: str) -> Status:
        """A message's state, once it is final."""
        patient_until = time.monotonic() + PATIENCE
        while time.monotonic() < patient_until:
            query = {"originalDocumentIdentification": document_id}
            (found,) = self._get("/api/v2/metering-data/status", (role, commodity), query)["content"]
            if found["status"] != "PROCESSING":
                errors = tuple((error["code"], error["message"]) for error in found.get("errors", ()))
                return Status(found["status"], errors)
            time.sleep(0.02)
        raise DemoFailed(f"message {document_id} of {self.name} reached no final state")

    def changes_v1(self, role: str, commodity: Commodity, since: int, until: int) -> list[Any]:
        """What was made available, by the first generation: metering data in the text of each item."""
        attributes = {"resourceType": "METERING_DATA", **_window(since, until)}
        body = {
            "marketParticipantContext": self._context(role, commodity),
            "dataDistributionAttributes": attributes,
            "pagination": {"page": 0, "pageSize": 1000},
        }
        answer = self._good(self._post("/api/v1/data-distribution/search", json.dumps(body).encode(), _fresh()))
        items = _value(answer.content)["dataDistributions"]
        return [_value(item["content"].encode()) for item in items if item["hasContent"]]

    def changes_v2(self, role: str, since: int, until: int) -> list[Any]:
        """What was made available of electricity, by the second generation."""
        query = {**_window(since, until), "size": "1000"}
        path = "/api/v2/data-distributions/metering-data/electricity"
        found = self._get(path, (role, Commodity.ELECTRICITY), query)
        return [item["content"] for item in found["content"]]

    def read(self, role: str, point: str, query: Mapping[str, str]) -> Any:
        """A point's electricity by the second generation: what was found, or the error of the point."""
        path = "/api/v2/metering-data/electricity"
        found = self._get(path, (role, Commodity.ELECTRICITY), {"meteringPointEics": point, **query})
        return found["successful"][0] if found["successful"] else found["unsuccessful"][0]["error"]

    def _context(self, role: str, commodity: Commodity) -> dict[str, str]:
        return {
            "marketParticipantIdentification": self.party,
            "marketParticipantRole": role,
            "commodityType": name_of(COMMODITIES, commodity),
        }

    def _headers(self, role: str, commodity: Commodity, document_id: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._bearer()}",
            "x-document-identification": document_id,
            "x-market-participant-eic": self.party,
            "x-market-participant-role": role,
            "x-commodity-type": name_of(COMMODITIES, commodity),
        }

    def _post(self, path: str, body: bytes, document_id: str) -> httpx.Response:
        headers = {
            "Authorization": f"Bearer {self._bearer()}",
            "Content-Type": "application/json",
            "x-document-identification": document_id,
            "x-document-date-time": format_second(self._now()),
        }
        return self._http.post(path, content=body, headers=headers)

    def _get(self, path: str, acting: tuple[str, Commodity], query: Mapping[str, str]) -> Any:
        return _value(self._good(self._http.get(path, params=query, headers=self._headers(*acting, _fresh()))).content)

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if not answer.is_success:
            raise DemoFailed(f"{self.name} was refused: {answer.status_code} {answer.text}")
        return answer

    def _bearer(self) -> str:
        if not self._token:
            proof = {"client_id": self._desk.client_id, "client_secret": self._desk.secret}
            form = {"grant_type": "client_credentials", **proof}
            answer = self._good(self._http.post("/realms/estfeed/protocol/openid-connect/token", data=form))
            self._token = str(_value(answer.content)["access_token"])
        return self._token


def intervals_of(content: Any) -> Iterator[Any]:
    """Every accounting interval in the content of an item, in either generation's shape."""
    for point in content:
        for period in point["periods"]:
            yield from period.get("aI", (period,))


def _window(since: int, until: int) -> dict[str, str]:
    return {"createdTimeFrom": format_second(since), "createdTimeTo": format_second(until)}


def _fresh() -> str:
    return str(uuid.uuid4())


def _value(content: bytes) -> Any:
    outcome = parse_json(content)
    if outcome.finding is not None:
        raise DemoFailed(f"the hub's answer cannot be read: {outcome.finding.text}")
    return outcome.value
