"""Meters as one more sender: days of metering points become RSM-012 at a hub, or files to prepare from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from gateway.cli import run as gridpost
from gateway.demo.market import GRID_OPERATOR, SUPPLIER_A
from gateway.messages.codes import Dialect
from gateway.messages.times import MarketZone, format_minute
from meter_adapters.collector.config import HubSection
from meter_adapters.delivery.day_series import sources_of
from meter_adapters.delivery.hub_access import HubAccess
from meter_adapters.delivery.preparation import HandOver
from meter_adapters.delivery.series_courier import SeriesCourier, SeriesDesk
from meter_adapters.outbox.documents import Documents
from meter_adapters.simulators.meter import Outage
from tests.integration.transport.denmark import SENDER, Market
from tests.integration.transport.running_server import SECRET

from .plant_side import PROFILE_ONLY, Collecting, World, drive, simulated

ZONE = MarketZone("Europe/Copenhagen")
DAY = date(2025, 3, 11)
SPAN = ZONE.day_interval(DAY)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    running = Market(tmp_path_factory.mktemp("market"))
    yield running
    running.stop()


def point_section(point: str, more: str = "") -> str:
    return f'[[meter.point]]\nmetering-point = "{point}"\nsettlement-method = "flex"\n{more}'


class Series:
    """A courier of series over a collector, to the market's hub."""

    def __init__(
        self,
        collecting: Collecting,
        market: Market,
        dialect: Dialect,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        hub = HubSection(
            url=market.url, client_id=SENDER, secret="hub", party=GRID_OPERATOR, dialect=dialect, series=True
        )
        sources = sources_of(collecting.plant.config, collecting.plant.profiles, "main")
        numbers = iter(range(1, 1000))
        desk = SeriesDesk(hub, ZONE, sources, lambda: f"{dialect}-{id(self)}-{next(numbers)}"[-36:])
        self.access = HubAccess(market.url, SENDER, SECRET, asyncio.get_running_loop().time, transport)
        self.courier = SeriesCourier(collecting.plant.outbox, desk, self.access, collecting.world)

    async def settle(self) -> int:
        """Prepare and send until everything is settled; how many documents were made."""
        made, findings = await asyncio.to_thread(self.courier.prepare)
        assert findings == ()
        while await self.courier.send():
            pass
        return made


def held(market: Market, point: str) -> list[tuple[str | None, str]]:
    """What the hub holds of a point's day: quantities and qualities."""
    query = {"point": point, "from": format_minute(SPAN.start), "to": format_minute(SPAN.end)}
    answer = market.call("GET", "/api/hub/v1/series", SENDER, params=query)
    assert answer.status_code == 200, answer.text
    (series,) = answer.json()["series"]
    return [(value["quantity"], value["quality"]) for value in series["values"]]


def kwh(energies: list[int]) -> list[str]:
    return [f"{energy // 1000}.{energy % 1000:03d}" for energy in energies]


@pytest.mark.parametrize("dialect", [Dialect.CIM_XML, Dialect.CIM_JSON])
def test_a_day_is_sent_as_rsm_012_and_stands_in_the_hub(tmp_path: Path, market: Market, dialect: Dialect) -> None:
    # GW-7
    point = market.point(SUPPLIER_A)
    world = World(float(SPAN.end + 600))
    site = simulated("m", "1", SPAN.start - 86_400, settings=point_section(point, 'factor = "6/5"\n'))

    async def story(collecting: Collecting) -> None:
        await collecting.visit_until_done("m", PROFILE_ONLY)
        series = Series(collecting, market, dialect)
        assert await series.settle() == 1
        assert await series.settle() == 0, "the same values are sent once"
        assert Documents(collecting.plant.outbox).counts() == {"accepted": 1}
        await series.access.close()

    drive(tmp_path, world, [site], story)
    values = held(market, point)
    assert {quality for _, quality in values} == {"measured"}
    total = sum(int(quantity.replace(".", "")) for quantity, _ in values if quantity)
    exact = sum(site.energies(SPAN)) * 6
    assert total == (2 * exact + 5) // 10, "the day's sum to the last Wh"


def test_a_lost_acknowledgement_is_no_second_document(tmp_path: Path, market: Market) -> None:
    # GW-7
    point = market.point(SUPPLIER_A)
    world = World(float(SPAN.end + 600))
    site = simulated("m", "2", SPAN.start - 86_400, settings=point_section(point))

    class Forgetful(httpx.AsyncHTTPTransport):
        """Loses the first acknowledgement of a document."""

        lost = 0

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await super().handle_async_request(request)
            if "cim" in request.url.path and not self.lost:
                self.lost += 1
                raise httpx.ReadError("lost", request=request)
            return response

    line = Forgetful()

    async def story(collecting: Collecting) -> None:
        await collecting.visit_until_done("m", PROFILE_ONLY)
        series = Series(collecting, market, Dialect.CIM_XML, line)
        await series.settle()
        assert Documents(collecting.plant.outbox).counts() == {"frozen": 1}
        await series.settle()
        assert Documents(collecting.plant.outbox).counts() == {"accepted": 1}
        await series.access.close()

    drive(tmp_path, world, [site], story)
    assert line.lost == 1
    assert [quantity for quantity, _ in held(market, point)] == kwh(site.energies(SPAN))


def test_a_day_with_holes_waits_is_sent_missing_and_corrected_when_they_are_filled(
    tmp_path: Path, market: Market
) -> None:
    # GW-7
    point = market.point(SUPPLIER_A)
    world = World(float(SPAN.start + 43_200))
    site = simulated("m", "3", SPAN.start - 86_400, settings=point_section(point))

    async def story(collecting: Collecting) -> None:
        await collecting.visit_until_done("m", PROFILE_ONLY)
        world.now = float(SPAN.end + 600)
        series = Series(collecting, market, Dialect.CIM_XML)
        assert await series.settle() == 1, "the whole day before"
        world.now = float(SPAN.end + 37 * 3600)
        assert await series.settle() == 1, "this day, as far as it is there"
        await series.access.close()

    drive(tmp_path, world, [site], story)
    half = held(market, point)
    energies = kwh(site.energies(SPAN))
    assert half[:48] == [(quantity, "measured") for quantity in energies[:48]]
    assert set(half[48:]) == {(None, "missing")}


def test_an_outage_is_no_hole(tmp_path: Path) -> None:
    """A meter without voltage closes no interval; its day is not complete, and what is there is exact."""
    world = World(float(SPAN.end + 600))
    gone = Outage(SPAN.start + 36_000, SPAN.start + 36_000 + 5_000)
    point = "570000000000000001"
    site = simulated("m", "4", SPAN.start - 86_400, outages=(gone,), settings=point_section(point))

    async def story(collecting: Collecting) -> None:
        for _ in range(4):
            await collecting.visit_until_done("m")
        rows = [(end, raw) for end, _, _, raw in collecting.rows(site)]
        assert rows == site.truth(world.now)
        steps = collecting.day(point, SPAN)
        assert not steps.is_complete
        assert collecting.plant.outbox.complete_until(site.stored_name, "1-0:99.1.0*255") == SPAN.end

    drive(tmp_path, world, [site], story)


def test_files_for_prepare_are_read_by_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # DK-4.1.3.a
    point = "200000000000000011"
    world = World(float(SPAN.end + 600))
    gone = Outage(SPAN.start + 36_000, SPAN.start + 36_000 + 5_000)
    main = simulated("main", "5", SPAN.start - 86_400, outages=(gone,), settings=point_section(point, "factor = 20\n"))
    check = simulated("check", "5", SPAN.start - 86_400, settings=point_section(point, 'factor = 20\nrole = "check"\n'))
    check.meter.identity = type(check.meter.identity)("55")

    async def story(collecting: Collecting) -> None:
        for _ in range(3):
            for name in ("main", "check"):
                await collecting.visit_until_done(name, PROFILE_ONLY)
        plant = collecting.plant
        hand_over = HandOver(
            tmp_path / "prepare",
            ZONE,
            sources_of(plant.config, plant.profiles, "main"),
            sources_of(plant.config, plant.profiles, "check"),
        )
        names = [path.name for path in hand_over.write(plant.outbox, DAY)]
        assert names == [f"values-{DAY}.csv", f"check-meter-{DAY}.csv", "factors.csv"]

    drive(tmp_path, world, [main, check], story)
    files = tmp_path / "prepare"
    (files / "market").mkdir()
    (files / "market" / "parties.csv").write_text(
        "party,role\n2000000000015,grid-operator\n2000000000114,energy-supplier\n"
    )
    (files / "market" / "grid-areas.csv").write_text("grid_area,grid_operator\n990,2000000000015\n")
    (files / "market" / "metering-points.csv").write_text(
        "metering_point,kind,settlement_method,grid_area,resolution,energy_supplier,valid_from\n"
        f"{point},consumption,flex,990,PT15M,2000000000114,2024-01-01\n"
    )
    command = ["prepare", "--masterdata", str(files / "market"), "--values", str(files / f"values-{DAY}.csv")]
    command += ["--factors", str(files / "factors.csv"), "--check-meter", str(files / f"check-meter-{DAY}.csv")]
    command += ["--day", str(DAY), "--at", "2025-03-12T08:00Z", "--out", str(tmp_path / "ready")]
    code = gridpost(command)
    shown = capsys.readouterr().out
    assert code == 0, shown
    assert "check meter" in shown
    lines = (tmp_path / "ready" / "values.csv").read_text().splitlines()
    quantities = {line.split(",")[1]: line.split(",")[2] for line in lines if line.startswith(point)}
    for row in main.meter.rows(SPAN.start, SPAN.end, SPAN.end):
        if not row.status:
            assert quantities[format_minute(row.end - 900)] == kwh([20 * row.values[0]])[0]
