"""A metering point whose EIC has a wrong check character and stands on the list of exceptions (Elering 12)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.demo.estonia.market import ELECTRICITY_AREA, GRID_OPERATOR, SUPPLIER_A, customer_of
from gateway.demo.estonia.market import ELECTRICITY_POINTS as POINTS
from gateway.messages.identifiers import has_eic_check_character
from gateway.messages.times import format_second

from .estfeed_client import DatahubClient
from .estonia import DAY, MIDNIGHT, EstonianMarket, at, reading

LISTED, UNLISTED = "38ZOLDMETER-001A", "38ZOLDMETER-001B"
SINCE = f"{DAY.year - 2}-01-01"
POINT_FILE = "metering_point,kind,grid_area,resolution,valid_from\n"
AGREEMENT_FILE = "agreement,kind,party,counterparty,metering_point,customers,customer_type,commodity,valid_from\n"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("listed")


@pytest.fixture(scope="module")
def market(data_dir: Path) -> Iterator[EstonianMarket]:
    running = EstonianMarket(data_dir, profile={"identifiers": {"exceptions": [LISTED]}})
    agreed = [("grid", GRID_OPERATOR), ("supply", SUPPLIER_A)]
    rows = [
        f"old-{kind},{kind},{party},,{LISTED},{customer_of(POINTS[0])},private,,{SINCE}\n" for kind, party in agreed
    ]
    running.register(
        {
            "metering-points.csv": f"{POINT_FILE}{LISTED},consumption,{ELECTRICITY_AREA},PT15M,{SINCE}\n",
            "agreements.csv": AGREEMENT_FILE + "".join(rows),
        }
    )
    yield running
    running.stop()


@pytest.fixture(scope="module")
def grid(market: EstonianMarket) -> DatahubClient:
    return market.user(GRID_OPERATOR, "GRID_OPERATOR")


def test_its_data_are_taken_found_and_distributed(market: EstonianMarket, grid: DatahubClient) -> None:
    # EE-1.4, EE-3.1, EE-3.3
    assert not has_eic_check_character(LISTED)
    body = [{"meteringPointEic": LISTED, "periods": [{"pS": at(i), "outQty": reading(1.25)} for i in range(4)]}]
    document_id, _ = grid.submit_v2(body)
    assert market.final(grid, document_id)["status"] == "SUCCESSFUL", market.final(grid, document_id)
    supplier = market.user(SUPPLIER_A, "OPEN_SUPPLIER")
    found = supplier.search_v1(LISTED, format_second(MIDNIGHT), at(4))
    assert [one["outQty"]["kwh"] for one in found] == [1.25] * 4
    now = market.clock.now()
    window = {"createdTimeFrom": format_second(now - 60), "createdTimeTo": format_second(now + 60)}
    items = supplier.distributions_v2("metering-data/electricity", window)
    assert [one["meteringPointEic"] for item in items for one in item["content"]] == [LISTED]


def test_one_that_is_not_listed_is_refused(market: EstonianMarket, grid: DatahubClient) -> None:
    # EE-1.4
    document_id, _ = grid.submit_v2([{"meteringPointEic": UNLISTED, "periods": [{"pS": at(0), "outQty": reading(1)}]}])
    (error,) = market.final(grid, document_id)["errors"]
    assert error["code"] == "opp.error.business.eic-syntax-error"
    with pytest.raises(AssertionError, match="is no EIC of a metering point"):
        market.register(
            {"metering-points.csv": f"{POINT_FILE}{UNLISTED},consumption,{ELECTRICITY_AREA},PT15M,{SINCE}\n"}
        )


def test_a_registered_point_stays_on_the_list(market: EstonianMarket, data_dir: Path) -> None:
    def opened(*options: str) -> subprocess.CompletedProcess[str]:
        """A process of its own, for this one has read the list already."""
        command = f"from gateway.cli import main; main(['client', 'list', '--data-dir', {str(data_dir)!r}])"
        environment = {**os.environ, "GRIDPOST_MARKET": "ee", **dict(one.split("=", 1) for one in options)}
        return subprocess.run(
            [sys.executable, "-c", command], env=environment, capture_output=True, text=True, check=False
        )

    listed = json.dumps({"identifiers": {"exceptions": [LISTED]}})
    assert opened(f"GRIDPOST_PROFILE={listed}").returncode == 0
    found = opened()
    assert found.returncode == 2
    assert "1 registered metering points are on identifiers.exceptions no more" in found.stderr
