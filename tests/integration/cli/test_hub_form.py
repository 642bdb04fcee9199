"""`gridpost validate` of measure data in the hub's own form, as the Finnish market takes it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.demo.finland.market import GRID, finnish_market
from gateway.demo.market import sample_gsrn
from gateway.hub.masterdata.files import csv_files
from gateway.messages.times import MarketZone, format_second

from .conftest import Ended, Gridpost

ZONE, DAY = MarketZone("Europe/Helsinki"), date(2025, 3, 10)
START = ZONE.midnight(DAY)
MARKET = finnish_market(ZONE, DAY)
UNKNOWN = sample_gsrn(99)
AT = ("--at", "2025-03-11T06:00:00Z", "--market", "fi")


def series(name: str, *values: dict[str, Any], **stated: Any) -> dict[str, Any]:
    """A series of a point of the sample market from the start of the day on."""
    point = MARKET.point(name)
    return {
        "transaction_id": f"t-{name}",
        "metering_point": point.metering_point,
        "type": point.kind.value,
        "unit": "kwh",
        "step": "PT15M",
        "start": format_second(START),
        "values": list(values),
        **stated,
    }


def message(*all_series: dict[str, Any]) -> dict[str, Any]:
    """A message in the hub's own form."""
    return {"message_id": "m-1", "created_at": "2025-03-11T05:00:00Z", "series": list(all_series)}


def value(quantity: str | None, status: str = "measured") -> dict[str, Any]:
    return {"quantity": quantity, "status": status}


@pytest.fixture
def check(gridpost: Gridpost, tmp_path: Path) -> Any:
    """Validate a message, against the sample's master data where that is asked for."""
    directory = tmp_path / "masterdata"
    directory.mkdir()
    for name, content in csv_files(MARKET.dataset).items():
        (directory / name).write_bytes(content)

    def run(content: object, *, masterdata: bool = False, form_only: bool = False) -> tuple[Ended, list[str]]:
        file = tmp_path / "message.json"
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        file.write_text(text)
        more = ("--masterdata", directory) * masterdata + ("--schema-only",) * form_only
        return gridpost("validate", file, "--json", *AT, *more), text.splitlines()

    return run


def found(ended: Ended, lines: list[str]) -> list[tuple[str, str, str]]:
    """Code, path and the text of the line of each finding."""
    (report,) = ended.value
    return [(one["code"], one["path"], lines[one["line"] - 1].strip()) for one in report["findings"]]


@pytest.mark.parametrize("masterdata", [False, True])
def test_a_good_message_is_recognised(check: Any, masterdata: bool) -> None:
    # FI-2.1, FI-2.2
    ended, _ = check(message(series("home", value("1.20"), value(None, "missing"))), masterdata=masterdata)
    (report,) = ended.value
    assert (ended.code, report["findings"], report["series"]) == (0, [], 1)
    assert (report["kind"], report["dialect"], report["version"]) == ("measure-data", "hub-json", "1")
    assert report["checked"] == ("full" if masterdata else "document")
    assert report["remark"] == (f"as sent by {GRID}" if masterdata else "")


def test_rules_are_told_by_line_and_path(check: Any) -> None:
    # FI-2.6, FI-3.3
    ended, lines = check(message(series("home", value("1.20")), series("works", value("-1"), value("2", "missing"))))
    assert ended.code == 1
    assert found(ended, lines) == [
        ("E86", "Series/1/Period/Point/0/quantity", '"quantity": "-1",'),
        ("E86", "Series/1/Period/Point/1/quantity", '"quantity": "2",'),
    ]


def test_master_data_say_more(check: Any) -> None:
    # FI-1.3, FI-2.2: decimals by the fuse, a direction that is not allowed, a unit, a point nobody knows
    content = message(
        series("home", value("1.2")),
        series("one-way-exchange", value("100"), flow="out"),
        series("works", value("1"), metering_point=UNKNOWN),
    )
    assert check(content)[0].code == 0, "what needs master data rests"
    ended, lines = check(content, masterdata=True)
    told = found(ended, lines)
    assert [path for _, path, _ in told] == ["Series/0/Period/Point/0/quantity", "Series/1", "Series/2/point"]
    assert [line for *_, line in told] == ['"quantity": "1.2",', "{", f'"metering_point": "{UNKNOWN}",']


@pytest.mark.parametrize(
    ("change", "path", "line"),
    [
        ({"created_at": "yesterday"}, "created_at", '"created_at": "yesterday",'),
        ({"extra": 1}, "extra", '"extra": 1'),
        ({"series": [{**series("home", value("1.20")), "step": "P1D"}]}, "series/0/step", '"step": "P1D",'),
        ({"series": [series("home", value("much"))]}, "series/0/values/0/quantity", '"quantity": "much",'),
    ],
)
@pytest.mark.parametrize("form_only", [False, True])
def test_the_form_is_told_by_line_and_path(
    check: Any, change: dict[str, Any], path: str, line: str, form_only: bool
) -> None:
    ended, lines = check({**message(series("home", value("1.20"))), **change}, form_only=form_only)
    assert (ended.code, found(ended, lines)) == (1, [("00302", path, line)])
    assert ended.value[0]["checked"] == "form"


def test_what_is_no_json_is_told_with_its_line(check: Any) -> None:
    ended, lines = check('{"message_id": "m-1",\n "series": [}')
    assert (ended.code, found(ended, lines)) == (1, [("00302", "", '"series": [}')])


def test_form_alone(check: Any) -> None:
    ended, _ = check(message(series("home", value("-1.20"))), form_only=True)
    assert (ended.code, ended.value[0]["checked"]) == (0, "form")


def test_a_market_without_the_form_does_not_recognise_it(gridpost: Gridpost, tmp_path: Path) -> None:
    file = tmp_path / "message.json"
    file.write_text(json.dumps(message(series("home", value("1.20")))))
    ended = gridpost("validate", file, "--json", "--market", "dk")
    assert (ended.code, ended.value[0]["kind"]) == (1, None)
