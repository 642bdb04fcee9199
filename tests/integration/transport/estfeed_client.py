"""A client of the Estonian datahub, written from the operator's documentation alone.

It imports nothing of the project: standard library only. It does what a participant's own system does: asks the
identity service for a token, names every message by a fresh UUID, reads error bodies of both generations, follows
messages to their end and pages through answers.
"""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Reply:
    """An answer: status, headers in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, with amounts as written."""
        return json.loads(self.body, parse_float=Decimal)

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def error(self) -> dict[str, Any]:
        """Code, message, traceId and args of an error body of either generation."""
        found = self.json()
        inner: dict[str, Any] = found.get("cause", found)
        assert {"message", "code", "traceId", "args"} <= inner.keys()
        uuid.UUID(found["id"])
        return inner


class DatahubError(Exception):
    """The datahub refused what should have passed."""


class DatahubClient:
    """A technical user of one participant, in one role at a time."""

    def __init__(self, base: str, eic: str, credentials: tuple[str, str], realm: str = "estfeed") -> None:
        self.base = base
        self.eic = eic
        self.credentials = credentials
        self.realm = realm
        self.role = ""
        self.commodity = "ELECTRICITY"
        self._token = ""

    def acting(self, role: str, commodity: str = "ELECTRICITY") -> DatahubClient:
        """The same user in a role, for a commodity."""
        other = DatahubClient(self.base, self.eic, self.credentials, self.realm)
        other.role, other.commodity, other._token = role, commodity, self._token
        return other

    # --- what crosses the wire ------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        where = urlsplit(self.base)
        assert where.hostname is not None
        connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            given = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, given, answer.read())
        finally:
            connection.close()

    def token(self) -> str:
        """A bearer token by client credentials."""
        if not self._token:
            client_id, secret = self.credentials
            form = {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
                "scope": "openid",
            }
            path = f"/realms/{self.realm}/protocol/openid-connect/token"
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            reply = self.request("POST", path, urlencode(form).encode(), kind)
            if reply.status != 200:
                raise DatahubError(reply.body.decode())
            found = reply.json()
            assert found["token_type"].lower() == "bearer"
            assert found["expires_in"] > 0
            self._token = str(found["access_token"])
        return self._token

    def headers_v1(self, document_id: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token()}",
            "Content-Type": "application/json",
            "x-document-identification": document_id,
            "x-document-date-time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        }

    def headers_v2(self, document_id: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token()}",
            "Content-Type": "application/json",
            "x-document-identification": document_id,
            "x-market-participant-eic": self.eic,
            "x-market-participant-role": self.role,
            "x-commodity-type": self.commodity,
        }

    @property
    def context(self) -> dict[str, str]:
        return {
            "marketParticipantIdentification": self.eic,
            "marketParticipantRole": self.role,
            "commodityType": self.commodity,
        }

    def post_v1(self, path: str, body: dict[str, Any], document_id: str = "") -> Reply:
        """A request of the first generation, its context in front."""
        content = json.dumps({"marketParticipantContext": self.context, **body}).encode()
        return self.request("POST", path, content, self.headers_v1(document_id or str(uuid.uuid4())))

    def get_v2(self, path: str, query: dict[str, Any]) -> Reply:
        """A query of the second generation."""
        address = f"{path}?{urlencode(query)}" if query else path
        return self.request("GET", address, None, self.headers_v2(str(uuid.uuid4())))

    # --- submission and status ------------------------------------------------------------------------------------

    def submit_v1(self, meter_data: list[dict[str, Any]], document_id: str = "") -> tuple[str, Reply]:
        document_id = document_id or str(uuid.uuid4())
        return document_id, self.post_v1("/api/v1/meter-data", {"meterData": meter_data}, document_id)

    def submit_v2(self, body: list[dict[str, Any]] | bytes, document_id: str = "") -> tuple[str, Reply]:
        document_id = document_id or str(uuid.uuid4())
        path = "electricity" if self.commodity == "ELECTRICITY" else "natural-gas"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        address = f"/api/v2/metering-data/{path}"
        return document_id, self.request("POST", address, content, self.headers_v2(document_id))

    def status_v1(self, document_id: str, window: tuple[str, str]) -> list[dict[str, Any]]:
        attributes = {
            "originalDocumentIdentification": document_id,
            "createdTimeFrom": window[0],
            "createdTimeTo": window[1],
        }
        body = {"meterDataStatusAttributes": attributes, "pagination": {"page": 0, "pageSize": 100}}
        reply = self.post_v1("/api/v1/meter-data/status", body)
        if not reply.accepted:
            raise DatahubError(reply.body.decode())
        found: list[dict[str, Any]] = reply.json()["meterDataStatuses"]
        return found

    def status_v2(self, document_id: str) -> list[dict[str, Any]]:
        reply = self.get_v2("/api/v2/metering-data/status", {"originalDocumentIdentification": document_id})
        if not reply.accepted:
            raise DatahubError(reply.body.decode())
        found: list[dict[str, Any]] = reply.json()["content"]
        return found

    # --- reading --------------------------------------------------------------------------------------------------

    def search_v1(self, eic: str, start: str, end: str, size: int = 1000, **more: Any) -> list[dict[str, Any]]:
        """All account intervals of a point, page by page, each with its resolution."""
        intervals: list[dict[str, Any]] = []
        page, pages = 0, 1
        while page < pages:
            body = {"meterEic": eic, "periodStart": start, "periodEnd": end, **more}
            reply = self.post_v1("/api/v1/meter-data/search", {**body, "pagination": {"page": page, "pageSize": size}})
            if not reply.accepted:
                raise DatahubError(reply.error["code"])
            found = reply.json()
            assert (found["meterEic"], found["commodityType"]) == (eic, self.commodity)
            assert found["pagination"]["page"] == page
            intervals += [{"r": period["r"], **one} for period in found["periods"] for one in period["aI"]]
            page, pages = page + 1, found["pagination"]["totalPages"]
        return intervals

    def query_v2(self, eics: list[str], start: str, end: str, **more: Any) -> dict[str, Any]:
        query = {"meteringPointEics": ",".join(eics), "periodStart": start, "periodEnd": end, **more}
        path = "electricity" if self.commodity == "ELECTRICITY" else "natural-gas"
        reply = self.get_v2(f"/api/v2/metering-data/{path}", query)
        if not reply.accepted:
            raise DatahubError(reply.error["code"])
        found: dict[str, Any] = reply.json()
        assert {"successful", "unsuccessful"} <= found.keys()
        return found

    def distributions_v1(self, resource: str, window: dict[str, Any], size: int = 100) -> Iterator[dict[str, Any]]:
        """Items of the feed; their content is parsed a second time."""
        page, pages = 0, 1
        while page < pages:
            attributes = {"resourceType": resource, **window}
            body = {"dataDistributionAttributes": attributes, "pagination": {"page": page, "pageSize": size}}
            reply = self.post_v1("/api/v1/data-distribution/search", body)
            if not reply.accepted:
                raise DatahubError(reply.error["code"])
            found = reply.json()
            for item in found["dataDistributions"]:
                content = item["content"]
                assert isinstance(content, str)
                yield {**item, "content": json.loads(content, parse_float=Decimal) if item["hasContent"] else None}
            page, pages = page + 1, found["pagination"]["totalPages"]

    def distributions_v2(self, feed: str, window: dict[str, Any], size: int = 100) -> Iterator[dict[str, Any]]:
        page, pages = 0, 1
        while page < pages:
            reply = self.get_v2(f"/api/v2/data-distributions/{feed}", {**window, "page": page, "size": size})
            if not reply.accepted:
                raise DatahubError(reply.error["code"])
            found = reply.json()
            uuids = [uuid.UUID(item["id"]) for item in found["content"]]
            assert len(set(uuids)) == len(uuids)
            yield from found["content"]
            page, pages = page + 1, found["page"]["totalPages"]
