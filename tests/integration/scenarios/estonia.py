"""The bench of the Estonian market: submissions followed by their UUID, changes fetched from the feed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.demo.estonia.market import ELECTRICITY_POINTS, GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B
from gateway.messages.times import format_second, parse_instant
from tests.integration.scenarios.bench import Sent, Values
from tests.integration.transport.estfeed_client import DatahubClient, DatahubError
from tests.integration.transport.estonia import MIDNIGHT, ZONE, EstonianMarket

POINT = ELECTRICITY_POINTS[0]
DAY_END = ZONE.day_interval(ZONE.day(MIDNIGHT)).end


class EstonianBench:
    """A served hub over the Estonian sample."""

    start = MIDNIGHT
    negative = "opp.error.validation.field-value-cannot-be-negative"
    used_id = "opp.error.business.document-identification-already-used"

    def __init__(self, data_dir: Path) -> None:
        self._market = EstonianMarket(data_dir)
        self._grid = self._market.user(GRID_OPERATOR, "GRID_OPERATOR")
        self._suppliers = {name: self._market.user(name, "OPEN_SUPPLIER") for name in (SUPPLIER_A, SUPPLIER_B)}
        self._seen: dict[str, set[str]] = {name: set() for name in self._suppliers}

    def send(self, values: Values, *, corrects: bool = False, document_id: str = "") -> Sent:
        """A submission of the second generation; a correction is one like any other."""
        periods = [
            {"pS": format_second(start), "outQty": {"rType": "M", "kwh": value / 1000}}
            for start, value in sorted(values.items())
        ]
        body = [{"meteringPointEic": POINT, "periods": periods}]
        document_id, reply = self._grid.submit_v2(body, document_id)
        if not reply.accepted:
            return Sent(document_id, False, (reply.error["code"],))
        status = self._market.final(self._grid, document_id)
        codes = tuple(error["code"] for error in status.get("errors", ()))
        return Sent(document_id, status["status"] == "SUCCESSFUL", codes)

    def received(self) -> Values:
        """What of the feed the supplier has not seen."""
        return self._fetched(SUPPLIER_A)

    def overheard(self) -> Values:
        """What of the feed the stranger has not seen."""
        return self._fetched(SUPPLIER_B)

    def _fetched(self, name: str) -> Values:
        now = self._market.clock.now()
        window = {"createdTimeFrom": format_second(now - 3600 + 60), "createdTimeTo": format_second(now + 60)}
        found: dict[int, int] = {}
        for item in self._suppliers[name].distributions_v2("metering-data/electricity", window):
            if item["id"] not in self._seen[name]:
                self._seen[name].add(item["id"])
                found |= _values(period for one in item["content"] for period in one["periods"])
        return found

    def known(self, as_of: int | None = None) -> Values:
        """What a search tells the supplier, as stored then."""
        return self._searched(self._suppliers[SUPPLIER_A], as_of)

    def seen_by_stranger(self) -> Values:
        """What a search tells the stranger."""
        return self._searched(self._suppliers[SUPPLIER_B], None)

    def _searched(self, client: DatahubClient, as_of: int | None) -> Values:
        past: dict[str, Any] = {}
        if as_of is not None:
            past = {"observationTimeType": "SNAPSHOT_TIME", "observationTime": format_second(as_of)}
        try:
            found = client.search_v1(POINT, format_second(MIDNIGHT), format_second(DAY_END), **past)
        except DatahubError:
            return {}
        return _values(found)

    def pass_time(self, seconds: int) -> int:
        """Move the hub's clock."""
        self._market.clock.move_to(self._market.clock.now() + seconds)
        return self._market.clock.now()

    def close(self) -> None:
        """Stop the hub."""
        self._market.stop()


def _values(intervals: Iterable[dict[str, Any]]) -> dict[int, int]:
    return {parse_instant(one["pS"]): round(one["outQty"]["kwh"] * 1000) for one in intervals if "outQty" in one}
