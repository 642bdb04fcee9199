"""`gridpost prepare` on real files: raw values in; documents, values, protocol and a report out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.cli import prepare_command
from gateway.codecs.table import Decoded, decode
from gateway.demo.market import GRID_OPERATOR, SampleMarket, sample_market
from gateway.demo.run import yesterday
from gateway.hub.clock import SystemClock
from gateway.hub.masterdata.files import write_files
from gateway.markets.registry import profile
from gateway.messages.codes import Dialect, Quality, Resolution
from gateway.messages.documents import MeasureData
from gateway.messages.masterdata import MeteringPointVersion
from gateway.messages.settlement_masterdata import SettlementFacts
from gateway.messages.times import format_minute

from .conftest import SAMPLE_NOW, Gridpost
from .serving import Serving

DK = profile("dk")
DAY = date(2025, 6, 10)
AT = "2025-06-11T08:00Z"
HEADER = "metering_point,time,quantity,quality"

Quantity = Callable[[MeteringPointVersion, int], str | None]


def thinned(market: SampleMarket) -> SampleMarket:
    """Every eighth of the points that are no children, and all with hourly values; no tariffs, no formulas."""
    parents = [version for version in market.dataset.points if version.parent is None]
    kept = [version for n, version in enumerate(parents) if n % 8 == 0 or version.resolution is Resolution.HOUR]
    return replace(market, dataset=replace(market.dataset, points=kept, settlement=SettlementFacts()))


@pytest.fixture(scope="module")
def market() -> SampleMarket:
    """The sample market around the day, thinned out."""
    return thinned(yesterday(DK, SAMPLE_NOW))


@pytest.fixture
def masterdata(market: SampleMarket, tmp_path: Path) -> Path:
    """Its master data as files."""
    write_files(market.dataset, tmp_path / "masterdata")
    return tmp_path / "masterdata"


def owed(market: SampleMarket, day: date = DAY) -> list[MeteringPointVersion]:
    """The points whose values the grid operator owes."""
    start = DK.zone.midnight(day)
    return [
        version
        for version in market.dataset.points
        if version.grid_area == "990"
        and version.valid_from <= start < version.valid_to
        and version.connection_state in ("connected", "disconnected")
        and version.subtype != "calculated"
        and version.settlement_method != "profiled"
        and version.resolution is not Resolution.MONTH
    ]


def write(path: Path, points: Iterable[MeteringPointVersion], days: Iterable[date], quantity: Quantity) -> Path:
    """A file of values; None leaves a value out."""
    lines = [HEADER]
    for day in days:
        interval = DK.zone.day_interval(day)
        for point in points:
            step = 900 if point.resolution is Resolution.QUARTER else 3600
            for number, start in enumerate(range(interval.start, interval.end, step)):
                if (text := quantity(point, number)) is not None:
                    lines.append(f"{point.metering_point},{format_minute(start)},{text},measured")
    path.write_text("\n".join(lines) + "\n")
    return path


def good(point: MeteringPointVersion, number: int) -> str:
    """A plausible value."""
    return f"0.{100 + (int(point.metering_point[-3:]) + number) % 800}"


def gapped(point: MeteringPointVersion, number: int) -> str | None:
    """A plausible value, or none in the third step."""
    return None if number == 3 else good(point, number)


@pytest.fixture
def raw(market: SampleMarket, tmp_path: Path) -> Path:
    """A day in which the third step of every point is missing."""
    return write(tmp_path / "values.csv", owed(market), [DAY], gapped)


@pytest.fixture
def history(market: SampleMarket, tmp_path: Path) -> Path:
    """The days before; the working day before is the Friday before Whitsun."""
    return write(tmp_path / "history.csv", owed(market), [DAY - timedelta(days=n) for n in (1, 2, 4)], good)


def arguments(masterdata: Path, values: Path, *more: object) -> tuple[object, ...]:
    """The usual arguments of the command."""
    usual = ("--masterdata", masterdata, "--values", values, "--day", DAY.isoformat(), "--at", AT)
    return ("prepare", *usual, "--sender", GRID_OPERATOR, *more)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_day_becomes_documents_the_hub_takes(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, raw: Path, history: Path, dialect: Dialect
) -> None:
    # DK-4.1.3.a, DK-4.1.3.b, DK-4.1.3.c
    ended = gridpost(*arguments(masterdata, raw, "--history", history, "--out", "out", "--format", dialect))
    assert ended.code == 0, ended.err
    count = len(owed(market))
    assert f"{count} of {count} series" in ended.out
    assert "estimated: comparable earlier day" in ended.out
    (document,) = [path for path in Path("out").iterdir() if path.suffix != ".csv"]
    checked = gridpost("validate", document, "--masterdata", masterdata, "--at", AT, "--json").value[0]
    assert (checked["checked"], checked["series"], checked["findings"]) == ("full", count, [])
    found = decode(document.read_bytes(), dialect)
    assert isinstance(found, Decoded)
    assert isinstance(found.document, MeasureData)
    for series in found.document.series:
        assert series.period.quality.tolist().count(Quality.ESTIMATED) == 1
        assert series.period.quality[3] == Quality.ESTIMATED


def test_a_hub_takes_what_was_prepared(gridpost: Gridpost, tmp_path: Path) -> None:
    # DK-4.1.3.a, DK-4.1.3.b: raw values of yesterday with gaps, prepared, sent, and every series distributed
    market = thinned(yesterday(DK, SystemClock().now()))
    masterdata, where = tmp_path / "masterdata", ("--data-dir", tmp_path / "hub")
    write_files(market.dataset, masterdata)
    points = owed(market, market.day)
    values = write(tmp_path / "values.csv", points, [market.day], gapped)
    check = write(tmp_path / "check.csv", points, [market.day], lambda _, n: "0.25" if n == 3 else None)
    options = ("--masterdata", masterdata, "--values", values, "--check-meter", check, "--sender", GRID_OPERATOR)
    assert gridpost("prepare", *options, "--day", market.day, "--out", "out").code == 0
    (document,) = Path("out").glob("*.xml")
    assert gridpost("masterdata", "import", masterdata, *where).code == 0
    client = ("client", "add", "grid", "--party", GRID_OPERATOR, "--role", "grid-operator", "--json")
    (tmp_path / "secret").write_text(gridpost(*client, *where).value["secret"])
    with Serving(tmp_path, *map(str, where)) as serving:
        as_grid = ("--url", serving.url, "--client-id", "grid", "--secret-file", tmp_path / "secret")
        assert gridpost("send", document, *as_grid).code == 0
        found = decode(document.read_bytes(), Dialect.CIM_XML)
        assert isinstance(found, Decoded)
        states = gridpost("status", found.document.header.message_id, "--json", *as_grid).value["series"]
    assert {series["state"] for series in states} <= {"accepted", "distributed"}
    assert len(states) == len(points)


def test_protocol_and_values_say_what_was_made_of_each_step(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, raw: Path, history: Path
) -> None:
    gridpost(*arguments(masterdata, raw, "--history", history, "--out", "out"))
    with Path("out/protocol.csv").open() as lines:
        protocol = list(csv.DictReader(lines))
    assert len(protocol) == len(owed(market))
    assert {row["method"] for row in protocol} == {"comparable-day"}
    assert protocol[0]["reason"] == "missing; check meter: none given; as on 2025-06-06"
    first = owed(market)[0]
    assert (protocol[0]["metering_point"], protocol[0]["quantity"]) == (first.metering_point, good(first, 3))
    with Path("out/values.csv").open() as lines:
        values = list(csv.DictReader(lines))
    assert [row for row in values if row["quality"] == "estimated"] == [
        {name: row[name] for name in HEADER.split(",")} for row in protocol
    ]


def test_prepared_values_prepare_to_themselves(gridpost: Gridpost, masterdata: Path, raw: Path, history: Path) -> None:
    gridpost(*arguments(masterdata, raw, "--history", history, "--out", "once"))
    ended = gridpost(*arguments(masterdata, Path("once/values.csv"), "--history", history, "--out", "twice"))
    assert ended.code == 0
    assert Path("twice/values.csv").read_bytes() == Path("once/values.csv").read_bytes()


def test_findings_that_remain_are_told_and_end_with_1(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, raw: Path
) -> None:
    ended = gridpost(*arguments(masterdata, raw, "--out", "out"))
    assert ended.code == 1
    first = owed(market)[0].metering_point
    assert f"[value-missing] Metering point {first}, 2025-06-09T22:45Z to 2025-06-09T22:45Z: 1 missing; " in ended.out
    assert f"{len(owed(market))} findings left; written to out" in ended.out
    as_json = gridpost(*arguments(masterdata, raw, "--json"))
    assert as_json.code == 1
    value = as_json.value
    assert value["values"]["missing"] == len(value["findings"]) == len(owed(market))
    assert value["ready"] == value["series"]  # missing is accepted until the end of collection
    late = gridpost(*arguments(masterdata, raw, "--json", "--at", "2025-08-01")).value
    assert (late["ready"], late["documents"]) == (0, [])
    told = gridpost(*arguments(masterdata, raw, "--at", "2025-08-01")).out
    assert f"{raw}: {first}/2025-06-09T22:45Z/2025-06-09T22:45Z: [D12]" in told


def test_of_many_findings_some_are_printed_and_the_rest_counted(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.cli.prepare_output.MOST_PRINTED", 3)
    ended = gridpost(*arguments(masterdata, raw))
    assert ended.out.count("[value-missing]") == 3
    assert f"{len(owed(market)) - 3} further findings are not listed" in ended.out


def test_every_kind_of_evidence_is_read(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, tmp_path: Path
) -> None:
    # DK-4.1.3.b, DK-6.2.1.a: a history of closed days has no day that is comparable with a Tuesday
    points = [version for version in owed(market) if version.resolution is Resolution.HOUR][:5]
    names = [point.metering_point for point in points]
    closed = [date(2025, 5, day) for day in (24, 25, 29, 30, 31)] + [date(2025, 6, day) for day in (1, 7, 8, 9)]
    amounts = dict(zip(names, ("", "0.200", "0.050", "", "0.100"), strict=True))
    known = [points[1], points[2], points[4]]
    check = write(tmp_path / "check.csv", points[:1], [DAY], lambda _, n: "0.7" if n == 3 else None)
    history = write(tmp_path / "history.csv", known, closed, lambda point, _: amounts[point.metering_point])
    values = write(tmp_path / "values.csv", points[:4], [DAY], lambda _, n: None if n == 3 else "0.100")
    more = write(tmp_path / "more.csv", points[4:], [DAY], lambda _, n: "0.300" if n == 3 else "0.100")
    values.write_text(values.read_text() + more.read_text().removeprefix(f"{HEADER}\n"))
    files = {
        "factors": f"metering_point,factor\n{names[2]},0.5\n",
        "similar": f"metering_point,similar_point\n{names[1]},{names[4]}\n",
        "readings": f"metering_point,from,to,quantity\n{names[2]},2025-06-10,2025-06-11,2.500\n",
        "knowledge": f"metering_point,time,quantity,reason\n{names[3]},2025-06-10T01:00Z,0.5,read on site\n",
    }
    for name, text in files.items():
        (tmp_path / f"{name}.csv").write_text(text)
    options = [option for name in files for option in (f"--{name}", tmp_path / f"{name}.csv")]
    gridpost(*arguments(masterdata, values, "--check-meter", check, "--history", history, *options, "--out", "out"))
    with Path("out/protocol.csv").open() as lines:
        made = {
            row["metering_point"]: (row["quantity"], row["method"], row["reason"].split("; ")[-1])
            for row in csv.DictReader(lines)
            if row["metering_point"] in names
        }
    assert made == {
        names[0]: ("0.700", "check-meter", "missing"),
        names[1]: ("0.600", "similar-point", f"as {names[4]}"),
        names[2]: ("0.100", "daily-reading", "reading from 2025-06-09T22:00Z"),  # half of 2.5 less 23 times half of 0.1
        names[3]: ("0.500", "specific-knowledge", "read on site"),
    }


def test_bad_files_stop_everything_and_nothing_is_written(
    gridpost: Gridpost, market: SampleMarket, masterdata: Path, raw: Path
) -> None:
    raw.write_text(raw.read_text() + f"{owed(market)[0].metering_point},2025-06-10T00:07Z,1,measured\n")
    off_step = gridpost(*arguments(masterdata, raw, "--out", "out"))
    assert off_step.code == 1
    assert f"{raw}:{len(raw.read_text().splitlines())}: [off-step]" in off_step.out
    raw.write_text(raw.read_text() + "nonsense\n")
    bad = gridpost(*arguments(masterdata, raw, "--out", "out", "--json"))
    assert bad.code == 1
    assert [(f["rule"], f["line"]) for f in bad.value["findings"]] == [
        ("wrong-cell-count", len(raw.read_text().splitlines()))
    ]
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--day", "2025-06-10", "--from", "2025-06-10"], "give --day, or --from and --to"),
        (["--from", "2025-06-10"], "give --day, or --from and --to"),
        (["--from", "2025-06-10", "--to", "2025-06-10"], "--to must be after --from"),
        (["--day", "soon"], "soon is neither a day"),
        (["--day", "2025-06-10"], "give --sender; grid operators are 2000000000015, 2000000000022"),
        (["--day", "2025-06-10", "--sender", "12"], "12 is neither a GLN of 13 digits"),
        (["--day", "2025-06-10", "--sender", GRID_OPERATOR, "--history", "nowhere.csv"], "nowhere.csv: No such file"),
        (["--day", "2025-06-10", "--sender", GRID_OPERATOR, "--out", "full"], "full is there already"),
    ],
)
def test_what_cannot_run_is_said_in_a_sentence(
    gridpost: Gridpost, masterdata: Path, raw: Path, options: list[str], said: str
) -> None:
    Path("full").mkdir()
    Path("full/file").touch()
    ended = gridpost("prepare", "--masterdata", masterdata, "--values", raw, *options)
    assert ended.code == 2
    assert said in ended.err


def test_an_interval_of_days_over_a_clock_change(gridpost: Gridpost, masterdata: Path, tmp_path: Path) -> None:
    """Three days around the end of summer time: 24, 25 and 24 hours."""
    autumn = date(2025, 10, 26)
    market = thinned(sample_market(DK.zone, autumn))
    write_files(market.dataset, masterdata)
    days = [autumn + timedelta(days=n) for n in (-1, 0, 1)]
    points = owed(market, autumn)
    values = write(tmp_path / "autumn.csv", points, days, good)
    ended = gridpost(
        *("prepare", "--masterdata", masterdata, "--values", values, "--sender", GRID_OPERATOR, "--json"),
        *("--from", "2025-10-25", "--to", "2025-10-28", "--at", "2025-10-28T08:00Z", "--out", "out"),
    )
    assert ended.code == 0, ended.out
    assert ended.value["series"] == ended.value["ready"] == 3 * len(points)
    expected = sum(73 * (4 if point.resolution is Resolution.QUARTER else 1) for point in points)
    assert ended.value["values"] == {"measured": expected, "estimated": 0, "missing": 0}


def test_a_crash_while_writing_leaves_nothing(
    gridpost: Gridpost, masterdata: Path, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Iterable[str]:
        yield "a line"
        raise OSError(28, "No space left on device", "values.csv")

    monkeypatch.setattr("gateway.cli.prepare_output.value_lines", broken)
    ended = gridpost(*arguments(masterdata, raw, "--out", "out"))
    assert ended.code == 2
    assert "No space left" in ended.err
    assert [path.name for path in Path().iterdir() if "out" in path.name] == []


def test_large_inputs_show_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert not prepare_command._progress(prepare_command.LARGE).disable
    assert prepare_command._progress(10).disable
