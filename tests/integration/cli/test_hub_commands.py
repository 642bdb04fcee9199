"""A hub of one's own, by commands alone: import, register, serve, send, look, peek, dequeue."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.demo.market import GRID_OPERATOR, SUPPLIER_A, SUPPLIER_B, sample_market
from gateway.demo.run import write_samples
from gateway.hub.clock import SystemClock
from gateway.markets.registry import profile

from .conftest import Gridpost
from .serving import Serving


@pytest.fixture
def today_samples(tmp_path: Path) -> Path:
    """The sample documents of yesterday: a running hub has no other clock than the machine's."""
    write_samples(profile("dk"), SystemClock().now(), tmp_path / "samples")
    return tmp_path / "samples"


@pytest.fixture
def furnished(
    gridpost: Gridpost, today_samples: Path, tmp_path: Path, database_url: str
) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Options that name a hub with the sample market, and the secrets of its clients; on both databases."""
    where = ["--data-dir", str(tmp_path / "hub"), "--database", database_url]
    taken = gridpost("masterdata", "import", today_samples / "masterdata", "--json", *where)
    assert taken.code == 0, taken.out
    assert taken.value["rows"]["metering-points"] > 200
    secrets = {}
    for client_id, party, role in (
        ("grid", GRID_OPERATOR, "gridaccessprovider"),
        ("a", SUPPLIER_A, "energy-supplier"),
        ("b", SUPPLIER_B, "energy-supplier"),
    ):
        added = gridpost("client", "add", client_id, "--party", party, "--role", role, "--json", *where)
        assert added.code == 0, added.err
        secrets[client_id] = added.value["secret"]
    yield where, secrets


def test_a_day_by_commands(
    gridpost: Gridpost,
    furnished: tuple[list[str], dict[str, str]],
    today_samples: Path,
    tmp_path: Path,
) -> None:
    # GW-1
    where, secrets = furnished
    (tmp_path / "gridpost.toml").write_text("[profile.bundling]\nage_seconds = 0\n")
    with Serving(tmp_path, *where) as serving:

        def as_client(client_id: str) -> list[str]:
            secret = tmp_path / f"{client_id}.secret"
            secret.write_text(secrets[client_id] + "\n")
            return ["--url", serving.url, "--client-id", client_id, "--secret-file", str(secret)]

        documents = [today_samples / "documents" / name for name in ("day.cim.xml", "day.cim.json", "day.ebix.xml")]
        sent = gridpost("send", *documents, "--json", *as_client("grid"))
        assert sent.code == 0, sent.out
        assert {row["outcome"] for row in sent.value} == {"accepted"}

        again = gridpost("send", documents[0], *as_client("grid"))
        assert again.code == 1
        assert "00101" in again.out

        _check_status(gridpost, documents[1], as_client)
        _check_delivery(gridpost, tmp_path, as_client)
        _check_values(gridpost, where)
    assert serving.stop() == 0
    assert "No clients yet" not in serving.log.read_text()


AsClient = Callable[[str], list[str]]


def _check_status(gridpost: Gridpost, document: Path, as_client: AsClient) -> None:
    message_id = json.loads(document.read_bytes())["NotifyValidatedMeasureData_MarketDocument"]["mRID"]
    status = gridpost("status", message_id, "--json", *as_client("grid"))
    assert status.code == 0, status.err
    states = [series["state"] for series in status.value["series"]]
    assert states.count("rejected") == 1
    assert states.count("distributed") == len(states) - 1
    shown = gridpost("status", message_id, *as_client("grid"))
    assert "[E86]" in shown.out
    foreign = gridpost("status", message_id, *as_client("a"))  # sec_17: it is not the supplier's message
    assert foreign.code == 2
    assert "404" in foreign.err


def _check_delivery(gridpost: Gridpost, tmp_path: Path, as_client: AsClient) -> None:
    peeked = gridpost("peek", "--as", "cim-json", *as_client("a"))
    assert peeked.code == 0
    assert "NotifyValidatedMeasureData_MarketDocument" in peeked.value
    message_id = peeked.value["NotifyValidatedMeasureData_MarketDocument"]["mRID"]
    foreign = gridpost("dequeue", message_id, *as_client("b"))
    assert foreign.code == 1
    assert gridpost("dequeue", message_id, *as_client("a")).code == 0
    assert gridpost("dequeue", message_id, *as_client("a")).code == 1
    assert "Nothing waits" in gridpost("peek", *as_client("a")).err

    saved = gridpost("peek", "--all", "--save", tmp_path / "inbox", "--as", "ebix-xml", *as_client("b"))
    assert saved.code == 0
    files = sorted((tmp_path / "inbox").iterdir())
    assert [str(path) for path in files] == saved.out.split()
    assert gridpost("validate", *files).code == 0
    assert "Nothing waits" in gridpost("peek", *as_client("b")).err


def _check_values(gridpost: Gridpost, where: list[str]) -> None:
    market = profile("dk")
    day = sample_market(market.zone, market.zone.day(SystemClock().now() - 86_400)).day
    interval = market.zone.day_interval(day)
    after = market.zone.day(interval.end)
    points = gridpost("masterdata", "show", "metering-points", "--json", *where).value
    point = next(row["metering_point"] for row in points if row["resolution"] == "PT15M")
    bounds = (point, "--from", day.isoformat(), "--to", after.isoformat(), *where)
    found = gridpost("series", *bounds, "--json").value["series"][0]
    assert len(found["values"]) == (interval.end - interval.start) // 900
    csv = gridpost("series", *bounds, "--csv", "--step", "PT1H").out.splitlines()
    assert len(csv) == 1 + (interval.end - interval.start) // 3600
    assert gridpost("series", *bounds).out.count("\n") == 1 + len(found["values"])
    in_words = (point, "--from", "yesterday", "--to", "today", *where)
    assert gridpost("series", *in_words, "--csv", "--step", "PT1H").out.splitlines() == csv
    unknown = gridpost("series", *bounds, "--as-of", "2020-01-01")
    assert unknown.code == 1
    assert "no values" in unknown.err


def test_clients_are_listed_without_secrets(gridpost: Gridpost, furnished: tuple[list[str], dict[str, str]]) -> None:
    where, secrets = furnished
    listed = gridpost("client", "list", "--json", *where)
    assert [row["client_id"] for row in listed.value] == ["a", "b", "grid"]
    assert not any(secret in listed.out for secret in secrets.values())
    second = gridpost("client", "add", "second", "--party", SUPPLIER_A, "--role", "energy-supplier", *where)
    assert second.code == 2
    assert "another client speaks for" in second.err


def test_a_new_secret_is_shown_once(gridpost: Gridpost, tmp_path: Path) -> None:
    where = ["--data-dir", tmp_path / "hub"]
    bound = ["--address", "192.0.2.7", "--address", "2001:db8::/32"]
    assert gridpost("client", "add", "a", "--party", SUPPLIER_A, "--role", "energysupplier", *bound, *where).code == 0
    (row,) = [row for row in gridpost("client", "list", "--json", *where).value if row["client_id"] == "a"]
    assert row["addresses"] == "192.0.2.7/32, 2001:db8::/32"
    wrong = ["--address", "192.0.2.7/8"]
    ended = gridpost("client", "add", "a", "--party", SUPPLIER_A, "--role", "energysupplier", *wrong, *where)
    assert (ended.code, "--address 192.0.2.7/8: " in ended.err) == (2, True)
    shown = gridpost("client", "add", "a", "--party", SUPPLIER_A, "--role", "energysupplier", *where)
    assert re.search(r"GRIDPOST_CLIENT_SECRET=\S{40,}", shown.out)
    database = b"".join(path.read_bytes() for path in (tmp_path / "hub").iterdir())
    assert shown.out.rpartition("=")[2].strip().encode() not in database


def test_master_data_are_taken_together_or_not_at_all(gridpost: Gridpost, samples: Path, tmp_path: Path) -> None:
    where = ["--data-dir", tmp_path / "hub"]
    bad = tmp_path / "grid-areas.csv"
    bad.write_text("grid_area,grid_operator,valid_from\nx y,2000000000015,2024-01-01\n")
    parties = samples / "masterdata" / "parties.csv"
    refused = gridpost("masterdata", "import", parties, bad, *where)
    assert refused.code == 1
    assert "Nothing was taken." in refused.out
    assert "grid-areas.csv:2" in refused.out
    nothing = gridpost("masterdata", "show", "parties", *where)
    assert nothing.code == 1
    assert gridpost("masterdata", "import", parties, *where).code == 0
    rows = gridpost("masterdata", "show", "parties", GRID_OPERATOR, "--json", *where).value
    assert {row["role"] for row in rows} == {"grid-operator", "metered-data-responsible"}


def test_serving_says_where_and_what_is_missing(tmp_path: Path) -> None:
    with Serving(tmp_path, "--data-dir", "empty") as serving:
        said = serving.log.read_text()
        assert f"http://127.0.0.1:{serving.port}" in said
        assert "No master data yet" in said
        assert "No clients yet" in said
        assert (tmp_path / "empty" / "gridpost.db").is_file()
    assert serving.stop() == 0


def test_a_taken_port_is_said_in_a_sentence(gridpost: Gridpost, tmp_path: Path) -> None:
    with Serving(tmp_path, "--data-dir", "one") as serving:
        refused = gridpost("serve", "--port", serving.port, "--data-dir", "two")
    assert refused.code == 2
    assert refused.err.count("\n") == 1
    assert "cannot listen" in refused.err
