"""The commands of the Finnish market: its demonstration, its page of rules, profiles from estimates and readings."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gateway.cli import application
from gateway.cli.outcome import CommandError
from gateway.codecs.table import encode
from gateway.demo.finland import market as finland
from gateway.demo.finland.market import finnish_market
from gateway.demo.finland.run import demonstration
from gateway.messages.codes import Dialect, ProcessType, Quality, Resolution, Role, Unit
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.series import AreaId, Period, Series, SeriesTable
from gateway.messages.times import to_datetime
from tests.integration.finland.hubs import DAY, GRID, OPERATOR, START, ZONE

RUN = CliRunner()
HUB = OPERATOR.party
CURVE = "start,weight\n2025-01-01T00:00+02:00,3\n2025-01-01T01:00+02:00,2\n2025-01-01T02:00+02:00,2\n"
UNTIL = "2025-01-01T03:00+02:00"
POINT = "200000000000070090"


def profile(tmp_path: Path, *arguments: str, curve: str = CURVE) -> dict[str, list[dict[str, str]]]:
    """What the command writes."""
    (tmp_path / "curve.csv").write_text(curve)
    given = ["profile", POINT, "--curve", str(tmp_path / "curve.csv"), "--until", UNTIL, *arguments]
    ended = RUN.invoke(application(["profile_command"]), given)
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    found: dict[str, list[dict[str, str]]] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize(
    ("option", "status", "quantities"),
    [
        ("--from-estimate", "uncertain", ["4.286", "2.857", "2.857"]),
        ("", "measured", ["4.286", "2.857", "2.857"]),
        ("--constant", "estimated", ["3.333", "3.334", "3.333"]),
    ],
)
def test_a_profile_adds_up_to_the_wh(tmp_path: Path, option: str, status: str, quantities: list[str]) -> None:
    # FI-3.2, FI-3.3: estimate = uncertain, reading = OK, unmetered = estimated
    values = profile(tmp_path, "--kwh", "10", *filter(None, [option]))["values"]
    assert [(one["quantity"], one["status"]) for one in values] == [(quantity, status) for quantity in quantities]


@pytest.mark.parametrize(
    ("arguments", "curve", "said"),
    [
        (["--kwh", "-1"], CURVE, "no consumption"),
        (["--kwh", "1.2345"], CURVE, "no consumption"),
        (["--kwh", "1", "--from-estimate", "--constant"], CURVE, "take one"),
        (["--kwh", "1"], "start\n", "the first line"),
        (["--kwh", "1"], CURVE.replace(",2", ",0"), "line 3"),
        (["--kwh", "1"], CURVE.replace("T01:00", "T01:30"), "quarters or in hours"),
        (["--kwh", "1"], CURVE.replace("2025-01-01T02", "someday"), "no instant"),
    ],
)
def test_what_keeps_a_profile_from_being_made(tmp_path: Path, arguments: list[str], curve: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        profile(tmp_path, *arguments, curve=curve)


def test_documents_are_checked_against_the_details_of_points(tmp_path: Path) -> None:
    # FI-1.3, FI-2.2: a CIM document beside files of master data
    RUN.invoke(application(["demo_command"]), ["demo", "--market", "fi", "--write", str(tmp_path)])
    market = finnish_market(ZONE, DAY)
    home, exchange = market.point("home"), market.point("exchange")
    quarter = Period(
        Resolution.QUARTER, START, START + 900, np.ones(1, dtype=np.int32), np.array([1200]),
        np.array([Quality.MEASURED], dtype=np.uint8), 1,
    )  # fmt: skip
    own, other = AreaId(finland.AREA), AreaId(finland.NEXT_AREA)
    series = [
        Series("coarse", home.metering_point, home.kind, Unit.KWH, quarter),
        Series("directed", exchange.metering_point, exchange.kind, Unit.KWH, quarter, in_area=own, out_area=other),
        Series("undirected", exchange.metering_point, exchange.kind, Unit.KWH, quarter),
    ]
    header = Header(
        message_id="m", sender=PartyRef(id=GRID.party, role=GRID.role), receiver=PartyRef(id=HUB, role=Role.HUB),
        created_at=to_datetime(START + 86_400), type_code="E66", process_type=ProcessType.PERIODIC_METERING,
    )  # fmt: skip
    file = tmp_path / "document.xml"
    file.write_bytes(encode(MeasureData(header=header, series=SeriesTable.of(series)), Dialect.CIM_XML))
    given = ["validate", str(file), "--market", "fi", "--at", "2025-03-11T06:00Z", "--json"]
    ended = RUN.invoke(application(["file_commands"]), [*given, "--masterdata", str(tmp_path / "masterdata")])
    (found,) = json.loads(ended.stdout)
    assert [(one["rule"], one["path"].split("/")[1]) for one in found["findings"]] == [
        ("decimals-fit-fuse", "0"),
        ("flow-stated", "2"),
    ]


def test_the_demonstration_tells_what_happened(tmp_path: Path) -> None:
    # FI-2.1, FI-3.1, FI-3.4, FI-7.1: sent, netted, corrected and delivered over HTTP
    with demonstration(tmp_path / "demo", 0, lambda _line: None) as story:
        assert story.counts() == {"accepted": 15, "rejected": 4, "distributed": 21}
        netted = [float(read.quantity) for read in story.read]
        assert netted[0] > netted[1] > 0
        assert netted[2] > netted[1]
        rules = [finding.rule for sent in story.sent for one in sent.rejected for finding in one.findings]
        assert rules == ["decimals-fit-fuse", "status-may-follow", "energies-only", "flow-allowed"]
