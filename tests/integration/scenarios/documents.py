"""The bench of markets that send CIM documents to queues: Denmark and Finland differ in their profile and sample."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from gateway.app import application
from gateway.codecs.table import Decoded, decode, encode
from gateway.config import Settings
from gateway.demo import market as denmark
from gateway.demo.finland import market as finland
from gateway.hub import clients
from gateway.hub.clock import MovedClock
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.ports import Client
from gateway.markets.registry import profile
from gateway.messages.codes import Category, Dialect, Product, Quality, Resolution, Role
from gateway.messages.documents import Acknowledgement, Header, MeasureData, PartyRef
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import MarketZone, format_second, parse_instant, to_datetime
from gateway.transport.client import HubClient, HubError, Outcome
from gateway.wiring import open_hub
from tests.integration.scenarios.bench import Sent, Values
from tests.integration.transport.running_server import SECRET, SECRET_HASH, RunningServer

QUARTER = 900
FORM = Dialect.CIM_JSON


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample market: its master data, its parties, and a metering point of the supplier in quarters.

    Attributes:
        corrected: the status in which the market wants a correction.
    """

    name: str
    day: date
    dataset: Callable[[MarketZone, date], MasterDataSet]
    grid: str
    supplier: str
    stranger: str
    point: Callable[[MasterDataSet], MeteringPointVersion]
    corrected: Quality
    negative: str
    used_id: str


def _supplied(dataset: MasterDataSet) -> MeteringPointVersion:
    return next(
        version
        for version in dataset.points
        if version.energy_supplier == denmark.SUPPLIER_A
        and version.kind == "consumption"
        and version.resolution is Resolution.QUARTER
        and version.subtype == "physical"
        and version.connection_state == "connected"
    )


def _home(dataset: MasterDataSet) -> MeteringPointVersion:
    return next(v for v in dataset.points if v.energy_supplier == finland.SUPPLIER and v.kind == "consumption")


DENMARK = Sample(
    name="dk",
    day=date(2025, 3, 12),
    dataset=lambda zone, day: denmark.sample_market(zone, day).dataset,
    grid=denmark.GRID_OPERATOR,
    supplier=denmark.SUPPLIER_A,
    stranger=denmark.SUPPLIER_B,
    point=_supplied,
    corrected=Quality.MEASURED,
    negative="E86",
    used_id="00101",
)
FINLAND = Sample(
    name="fi",
    day=date(2025, 3, 12),
    dataset=lambda zone, day: finland.finnish_market(zone, day).dataset,
    grid=finland.GRID,
    supplier=finland.SUPPLIER,
    stranger=finland.OTHER_SUPPLIER,
    point=_home,
    corrected=Quality.CORRECTED,
    negative="E86",
    used_id="00101",
)


class DocumentBench(RunningServer):
    """A served hub over a sample, and the clients of its parties."""

    def __init__(self, data_dir: Path, sample: Sample) -> None:
        self._sample, zone = sample, profile(sample.name).zone
        self.start, self.negative, self.used_id = zone.midnight(sample.day), sample.negative, sample.used_id
        self._end = zone.day_interval(sample.day).end
        self._clock = MovedClock(self._end + 8 * 3600)
        settings = Settings(data_dir=data_dir, market=sample.name, profile={"bundling": {"age_seconds": 0}})
        hub = open_hub(settings, self._clock)
        dataset = sample.dataset(zone, sample.day)
        self._point = sample.point(dataset)
        parties = {
            "hub": (profile(sample.name).hub, Role.HUB),
            "grid": (sample.grid, Role.METERED_DATA_RESPONSIBLE),
            "supplier": (sample.supplier, Role.ENERGY_SUPPLIER),
            "stranger": (sample.stranger, Role.ENERGY_SUPPLIER),
        }
        with hub.office.database.write() as connection:
            for name, (party, role) in parties.items():
                clients.register(connection, Client(name, party, role, SECRET_HASH))
        super().__init__(application(settings, hub))
        self._clients = {name: HubClient(self.url, name, SECRET) for name in parties}
        files = {name: content.decode() for name, content in csv_files(dataset).items()}
        self._clients["hub"].call("POST", "master-data", json.dumps({"files": files}).encode())
        self._numbers = itertools.count(1)

    def send(self, values: Values, *, corrects: bool = False, document_id: str = "") -> Sent:
        """A document of one series; rejected series are told by the message's status."""
        number = next(self._numbers)
        document_id = document_id or f"m-{number}"
        header = Header(
            message_id=document_id,
            sender=PartyRef(id=self._sample.grid, role=Role.METERED_DATA_RESPONSIBLE),
            receiver=PartyRef(id=profile(self._sample.name).hub, role=Role.HUB),
            created_at=to_datetime(self._clock.now()),
            type_code="E66",
            process_type="periodic-metering",
            business_sector="23",
        )
        series = self._series(f"t-{number}", values, self._sample.corrected if corrects else Quality.MEASURED)
        content = encode(MeasureData(header=header, series=SeriesTable.of([series])), FORM)
        receipt = self._clients["grid"].send(content, FORM)
        if receipt.outcome is not Outcome.ACCEPTED:
            error = json.loads(receipt.body)["Error"]
            details = error.get("Details") or [error]
            return Sent(document_id, False, tuple(one["Code"] for one in details))
        (found,) = json.loads(self._clients["grid"].get(f"messages/{document_id}", {}))["series"]
        codes = tuple(finding["code"] for finding in found["findings"])
        return Sent(document_id, found["state"] != "rejected", codes)

    def _series(self, transaction: str, values: Values, quality: Quality) -> Series:
        starts = sorted(values)
        assert starts == list(range(starts[0], starts[-1] + 1, QUARTER))
        period = Period(
            Resolution.QUARTER,
            starts[0],
            starts[-1] + QUARTER,
            np.arange(1, len(starts) + 1, dtype=np.int32),
            np.array([values[start] for start in starts], dtype=np.int64),
            np.full(len(starts), quality, dtype=np.uint8),
        )
        return Series(
            transaction,
            self._point.metering_point,
            self._point.kind,
            self._point.unit,
            period,
            self._clock.now(),
            product=Product.ACTIVE_ENERGY,
            settlement_method=self._point.settlement_method,
        )

    def received(self) -> Values:
        """What waits in the supplier's queue, taken off it."""
        return self._taken("supplier")

    def overheard(self) -> Values:
        """What waits in the stranger's queue."""
        return self._taken("stranger")

    def _taken(self, name: str) -> Values:
        found: dict[int, int] = {}
        while (peeked := self._clients[name].peek(Category.MEASURE_DATA, FORM)) is not None:
            decoded = decode(peeked.content, FORM)
            assert isinstance(decoded, Decoded)
            if isinstance(decoded.document, MeasureData):
                for series in decoded.document.series:
                    starts = range(series.period.start, series.period.end, QUARTER)
                    found |= dict(zip(starts, series.period.quantity.tolist(), strict=True))
            else:
                assert isinstance(decoded.document, Acknowledgement)
            assert self._clients[name].dequeue(peeked.message_id)
        return found

    def known(self, as_of: int | None = None) -> Values:
        """The series over the neutral API."""
        return self._read("supplier", as_of)

    def seen_by_stranger(self) -> Values:
        """The same, asked by the stranger."""
        return self._read("stranger", None)

    def _read(self, name: str, as_of: int | None) -> Values:
        query: dict[str, str | list[str]] = {
            "point": self._point.metering_point,
            "from": format_second(self.start),
            "to": format_second(self._end),
        }
        if as_of is not None:
            query["as_of"] = format_second(as_of)
        try:
            (series, *_) = json.loads(self._clients[name].get("series", query))["series"]
        except HubError as refused:
            assert str(refused).startswith("404")
            return {}
        return {
            parse_instant(value["start"]): round(float(value["quantity"]) * 1000)
            for value in series["values"]
            if value["quantity"] is not None
        }

    def pass_time(self, seconds: int) -> int:
        """Move the hub's clock."""
        self._clock.move_to(self._clock.now() + seconds)
        return self._clock.now()

    def close(self) -> None:
        """Stop the hub."""
        for client in self._clients.values():
            client.close()
        self.stop()
