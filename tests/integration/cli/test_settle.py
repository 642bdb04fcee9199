"""`gridpost settle` on files: the worked numbers of both methods, and what bad files get."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from .conftest import Ended, Gridpost

POINTS = "mp,alias,kind,settlement,grid_area,resolution,from_area,to_area,parent_mp,supplier,brp,valid_from,valid_to"
SERIES = "mp,time,quantity,quality"
FROM, TO = "2023-06-01T10:00:00Z", "2023-06-01T12:00:00Z"

FLEX = "flex,,consumption,flex,543,PT1H,,,,supplier-a,brp-a,2023-01-01T00:00:00Z,"
HOURLY = "hourly,,consumption,hourly,543,PT1H,,,,supplier-a,brp-a,,"
SUN = "sun,,production,,543,PT15M,,,,supplier-b,brp-a,,"
IMPORT = "import,,exchange,,543,PT1H,244,543,,,,,"
EXPORT = "export,,exchange,,244,PT1H,543,244,,,,,"
CHILD = "child,,child,,543,,,,flex,,,,"
LOSS = "loss,,consumption,flex,543,PT1H,,,,supplier-c,brp-b,,"
GAIN = "gain,,production,,543,PT1H,,,,supplier-b,brp-a,,"
LOSSES = ("mp,grid_area,role", "loss,543,positive", "gain,543,negative")

Rows = list[dict[str, str]]


class Files:
    """A market in files, settled by the command."""

    def __init__(self, directory: Path, gridpost: Gridpost) -> None:
        self.directory, self.gridpost = directory, gridpost
        self.out = directory / "out"
        self.write("metering_points.csv", [POINTS, FLEX, HOURLY, SUN, IMPORT, EXPORT, CHILD, LOSS, GAIN])
        self.write("grid_loss.csv", LOSSES)
        self.write("series.csv", [SERIES])

    def write(self, name: str, lines: Sequence[str]) -> None:
        (self.directory / name).write_text("\n".join(lines) + "\n")

    def series(self, *rows: str) -> None:
        self.write("series.csv", [SERIES, *rows])

    def settle(self, *more: object, start: str = FROM, end: str = TO) -> Ended:
        files = ["--masterdata", self.directory, "--series", self.directory / "series.csv", "--out", self.out]
        return self.gridpost("settle", *files, "--from", start, "--to", end, "--grid-area", "543", *more)

    def table(self, name: str) -> Rows:
        with (self.out / f"{name}.csv").open(newline="") as stream:
            return list(csv.DictReader(stream))

    def column(self, name: str, column: str = "quantity", **key: str) -> list[str]:
        return [row[column] for row in self.table(name) if key.items() <= row.items()]


@pytest.fixture
def files(tmp_path: Path, gridpost: Gridpost) -> Files:
    return Files(tmp_path, gridpost)


def hour(point: str, quantity: str, quality: str = "measured", at: str = "10:00") -> str:
    return f"{point},2023-06-01T{at}:00Z,{quantity},{quality}"


# --- the worked numbers of the page ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "quarters"),
    [
        ("20.003", ["5.001", "5.001", "5.000", "5.001"]),
        ("0.250", ["0.063", "0.062", "0.063", "0.062"]),
        ("7", ["1.750", "1.750", "1.750", "1.750"]),
    ],
)
def test_the_four_quarters_of_an_hour_add_up_to_it(files: Files, value: str, quarters: list[str]) -> None:
    """dk-settlement-dh3 rule 5."""
    files.series(hour("flex", value))
    assert files.settle("--method", "dh3").code == 0
    assert files.column("flex_before_loss")[:4] == quarters


def test_a_negative_exchange_is_rounded_away_from_zero(files: Files) -> None:
    # DK-6.2.2: import positive, export negative
    files.series(hour("export", "1.117"), hour("import", "0", at="11:00"), hour("export", "1", at="11:00"))
    assert files.settle("--method", "dh3").code == 0
    assert files.column("net_exchange")[:4] == ["-0.279", "-0.280", "-0.279", "-0.279"]
    assert files.column("net_exchange_per_neighbour", "neighbour") == ["244"] * 8
    assert files.column("net_exchange_per_neighbour", "qualities")[:4] == ["measured|missing"] * 4


def test_the_regulation_rounds_each_sum_once(files: Files) -> None:
    files.series(hour("flex", "20.003"), hour("export", "1.117"))
    assert files.settle("--method", "d1", "--resolution", "PT15M").code == 0
    assert files.column("flex")[:4] == ["5.001"] * 4
    assert files.column("net_exchange")[:4] == ["-0.279"] * 4
    assert files.settle("--method", "d1", "--resolution", "PT1H").code == 0
    assert files.column("flex") == ["20.003", "0.000"]


# --- grid loss -----------------------------------------------------------------------------------------------------


def test_the_loss_is_booked_on_its_points(files: Files) -> None:
    """dk-settlement-dh3 rules 7 to 11: 12 kWh in, 10 used; then 4 produced, 5 sent out."""
    sun = [f"sun,2023-06-01T11:{minute}:00Z,1,estimated" for minute in ("00", "15", "30", "45")]
    files.series(
        hour("import", "12"),
        hour("flex", "6"),
        hour("hourly", "4"),
        *sun,
        hour("export", "5", at="11:00"),
        hour("child", "99"),
        hour("loss", "99"),
    )
    assert files.settle("--method", "dh3").code == 0
    assert files.column("grid_loss") == ["0.500"] * 4 + ["-0.250"] * 4
    assert files.column("positive_grid_loss", mp="loss") == ["0.500"] * 4 + ["0.000"] * 4
    assert files.column("negative_grid_loss", mp="gain") == ["0.000"] * 4 + ["0.250"] * 4
    assert files.column("flex_per_supplier", supplier="supplier-c") == ["0.500"] * 4 + ["0.000"] * 4
    assert files.column("flex_per_supplier", "qualities", supplier="supplier-c") == ["calculated"] * 8
    assert files.column("production_per_supplier", supplier="supplier-b")[4:] == ["1.250"] * 4
    assert files.column("production_per_supplier", "qualities")[4:] == ["estimated|calculated"] * 4
    assert files.column("hourly") == ["1.000"] * 4 + ["0.000"] * 4
    assert files.column("total_consumption") == ["3.000"] * 4 + ["0.000"] * 4
    assert files.column("flex_per_brp", brp="brp-b") == files.column("flex_per_supplier", supplier="supplier-c")


def test_the_residual_is_never_clamped(files: Files) -> None:
    # DK-1.35, DK-4.1.5.g, DK-6.1.1: R = P + X - F - H; loss points and children take no part
    files.series(hour("import", "12"), hour("flex", "16"), hour("hourly", "4.5"), hour("child", "99"))
    assert files.settle("--method", "d1", "--resolution", "PT1H").code == 0
    assert files.column("grid_loss") == ["-8.500", "0.000"]
    assert files.column("total_consumption") == ["12.000", "0.000"]
    assert files.column("flex_per_supplier", "supplier") == ["supplier-a"] * 2
    assert not (files.out / "positive_grid_loss.csv").exists()


def test_qualities_are_sets_and_an_hour_has_one_of_each_point(files: Files) -> None:
    """dk-settlement-dh3 rules 3 and 12."""
    files.series(
        "sun,2023-06-01T10:00:00Z,1,measured",
        "sun,2023-06-01T10:15:00Z,1,measured",
        "sun,2023-06-01T10:30:00Z,,",
        hour("flex", "3", "calculated"),
    )
    assert files.settle("--method", "dh3", "--resolution", "PT1H").code == 0
    assert files.column("production_before_loss", "qualities") == ["estimated", "missing"]
    assert files.column("flex_before_loss", "qualities") == ["calculated", "missing"]
    assert files.settle("--method", "d1", "--resolution", "PT1H").code == 0
    assert files.column("production", "qualities") == ["measured|missing", "missing"]


def test_a_supplier_change_within_the_period_splits_the_point(files: Files) -> None:
    late = FLEX.replace("supplier-a", "supplier-d").replace("2023-01-01T00:00:00Z,", "2023-06-01T11:00:00Z,")
    early = FLEX + "2023-06-01T11:00:00Z"
    files.write("metering_points.csv", [POINTS, late, early, LOSS, GAIN])
    files.series(hour("flex", "4"), hour("flex", "8", at="11:00"))
    assert files.settle("--method", "d1").code == 0
    assert files.column("flex_per_supplier", supplier="supplier-a") == ["1.000"] * 4
    assert files.column("flex_per_supplier", "time", supplier="supplier-d")[0] == "2023-06-01T11:00:00Z"
    assert files.column("flex") == ["1.000"] * 4 + ["2.000"] * 4


# --- what is asked ----------------------------------------------------------------------------------------------------


def test_the_step_is_the_market_s_at_that_time(files: Files) -> None:
    assert files.settle("--method", "dh3", "--json").value["resolution"] == "PT15M"
    ended = files.settle("--method", "dh3", "--json", start="2023-05-20", end="2023-05-22")
    assert (ended.value["resolution"], ended.value["files"]["flex_before_loss.csv"]) == ("PT1H", 48)


def test_a_period_over_the_change_is_refused(files: Files) -> None:
    """dk-settlement-dh3 rule 3; the regulation knows no such thing."""
    ended = files.settle("--method", "dh3", "--resolution", "PT1H", start="2023-05-21", end="2023-05-23")
    assert ended.code == 2
    assert "2023-05-22" in ended.err
    assert not files.out.exists()
    assert files.settle("--method", "d1", start="2023-05-21", end="2023-05-23").code == 0


@pytest.mark.parametrize(
    ("options", "bounds", "said"),
    [
        ([], (TO, FROM), "--to must be after --from"),
        ([], ("2023-06-01T10:15Z", TO), "whole hour"),
        (["--resolution", "P1D"], (FROM, TO), "PT15M or PT1H"),
    ],
)
def test_what_cannot_be_settled_is_said(files: Files, options: list[str], bounds: tuple[str, str], said: str) -> None:
    ended = files.settle(*options, start=bounds[0], end=bounds[1])
    assert ended.code == 2
    assert said in ended.err


def test_files_that_are_not_there_are_named(files: Files) -> None:
    (files.directory / "grid_loss.csv").unlink()
    assert files.settle("--method", "d1").code == 0
    ended = files.settle("--method", "dh3")
    assert ended.code == 2
    assert "grid_loss.csv" in ended.err


# --- bad files --------------------------------------------------------------------------------------------------------

BAD_SERIES = [
    ("flex,yesterday-ish,1,measured", "bad-value"),
    ("flex,2023-06-01T10:00:00Z,1e,measured", "bad-value"),
    ("flex,2023-06-01T10:00:00Z,1.0005,measured", "bad-value"),
    ("flex,2023-06-01T10:00:00Z,12345678901,measured", "bad-value"),
    ("flex,2023-06-01T10:00:00Z,1,guessed", "bad-value"),
    ("flex,2023-06-01T10:00:00Z,1,", "missing-value"),
    ("flex,2023-06-01T10:00:00Z,1,missing", "missing-with-quantity"),
    ("flex,,1,measured", "missing-value"),
    ("flex,2023-06-01T10:15:00Z,1,measured", "off-step"),
    ("flex,2023-06-01T11:00:00.000Z,2,measured", "duplicate-value"),
    ("flex,2023-06-01T10:00:00Z,1", "wrong-cell-count"),
    ('flex,2023-06-01T10:00:00Z,"1"x,measured', "malformed"),
]


@pytest.mark.parametrize(("row", "rule"), BAD_SERIES, ids=[rule for _, rule in BAD_SERIES])
def test_a_bad_value_is_named_with_its_line(files: Files, row: str, rule: str) -> None:
    files.series(hour("flex", "1", at="11:00"), row)
    ended = files.settle("--method", "dh3", "--json")
    (finding,) = ended.value["findings"]
    assert (ended.code, finding["rule"], finding["path"], finding["line"]) == (1, rule, "series.csv", 3)
    assert ended.value["files"] == {}
    assert not files.out.exists()


FOREIGN_SERIES = [
    ("nobody,2023-06-01T10:00:00Z,1,measured", "unknown-point"),
    ("flex,2022-06-01T10:00:00Z,1,measured", "outside-validity"),
]


@pytest.mark.parametrize(("row", "rule"), FOREIGN_SERIES, ids=[rule for _, rule in FOREIGN_SERIES])
def test_a_value_of_others_is_left_out_with_a_warning(files: Files, row: str, rule: str) -> None:
    files.series(hour("flex", "1", at="11:00"))
    alone = files.settle("--method", "dh3", "--json")
    before = {name: (files.out / name).read_bytes() for name in alone.value["files"]}
    files.series(hour("flex", "1", at="11:00"), row)
    ended = files.settle("--method", "dh3", "--json")
    (finding,) = ended.value["findings"]
    assert (ended.code, finding["rule"], finding["line"], finding["severity"]) == (0, rule, 3, "warning")
    assert {name: (files.out / name).read_bytes() for name in ended.value["files"]} == before


BAD_POINTS = [
    ("new,,consumption,,543,PT1H,,,,s,b,,", "missing-value"),
    ("new,,consumption,flex,543,PT1H,,,,,b,,", "missing-value"),
    ("new,,exchange,,543,PT1H,,543,,,,,", "missing-value"),
    ("new,,consumption,profiled,543,PT1H,,,,s,b,,", "bad-value"),
    ("new,,prosumption,flex,543,PT1H,,,,s,b,,", "bad-value"),
    ("new,,production,,543,P1D,,,,s,b,,", "bad-value"),
    ("new,,production,,54 3,PT1H,,,,s,b,,", "bad-value"),
    ("new,,production,,543,PT1H,,,,s,b,2023-06-01T00:10:00Z,", "off-step"),
    ("new,,production,,543,PT1H,,,,s,b,2023-06-02T00:00:00Z,2023-06-01T00:00:00Z", "valid-from-after-to"),
    ("flex,,consumption,flex,543,PT1H,,,,s,b,2023-06-01T00:00:00Z,", "overlapping-versions"),
]


@pytest.mark.parametrize(("row", "rule"), BAD_POINTS, ids=[rule for _, rule in BAD_POINTS])
def test_a_bad_metering_point_is_named_once_with_its_line(files: Files, row: str, rule: str) -> None:
    files.write("metering_points.csv", [POINTS, FLEX, LOSS, GAIN, row])
    files.series(hour(row.partition(",")[0], "1"))
    ended = files.settle("--method", "dh3")
    assert ended.code == 1
    found, last = ended.out.splitlines()[:-1], ended.out.splitlines()[-1]
    assert found[0].startswith(f"metering_points.csv:5: [{rule}]")
    assert len(found) == 1
    assert last == "Nothing was written."


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("nobody,543,positive", "unknown-point"),
        ("flex,244,positive", "loss-point-area"),
        ("sun,543,positive", "loss-point-kind"),
        ("child,543,negative", "loss-point-kind"),
        ("flex,543,positive", "loss-point-twice"),
        ("flex,543,both", "bad-value"),
    ],
)
def test_a_bad_loss_point_is_named_with_its_line(files: Files, row: str, rule: str) -> None:
    files.write("grid_loss.csv", [*LOSSES, row])
    ended = files.settle("--method", "dh3")
    assert ended.code == 1
    assert f"grid_loss.csv:4: [{rule}]" in ended.out


def test_columns_come_in_any_order_and_others_are_remarked_on(files: Files) -> None:
    files.write("series.csv", ["quality,colour,quantity,time,mp", "measured,red,4,2023-06-01T10:00:00Z,flex"])
    ended = files.settle("--method", "dh3", "--json")
    assert ended.code == 0
    assert [(one["rule"], one["severity"]) for one in ended.value["findings"]] == [("unknown-column", "warning")]
    assert files.column("flex_before_loss")[0] == "1.000"


@pytest.mark.parametrize(
    ("head", "rule"), [("mp,time,quantity", "missing-column"), ("mp,time,quantity,quality,mp", "duplicate-column")]
)
def test_a_header_without_its_columns_is_refused(files: Files, head: str, rule: str) -> None:
    files.write("series.csv", [head])
    ended = files.settle()
    assert ended.code == 1
    assert f"series.csv:1: [{rule}]" in ended.out


def test_text_that_is_not_utf_8_is_refused(files: Files) -> None:
    (files.directory / "series.csv").write_bytes(f"{SERIES}\n".encode() + b"fl\xe6x,2023-06-01T10:00:00Z,1,measured\n")
    ended = files.settle()
    assert ended.code == 1
    assert "[malformed] not UTF-8" in ended.out


def test_negative_values_and_areas_without_loss_points_are_remarked_on(files: Files) -> None:
    # DK-6.2.2
    files.series(hour("flex", "-1"))
    ended = files.settle("--method", "dh3", "--grid-area", "244", "--grid-area", "999", "--json")
    assert ended.code == 0
    rules = [one["rule"] for one in ended.value["findings"]]
    assert rules == ["negative-quantity", "no-loss-point", "no-loss-point", "area-without-points"]


def test_what_another_method_left_behind_is_removed(files: Files) -> None:
    assert files.settle("--method", "dh3").code == 0
    assert (files.out / "negative_grid_loss.csv").exists()
    (files.out / "notes.csv").write_text("mine")
    assert files.settle("--method", "d1").code == 0
    assert not (files.out / "negative_grid_loss.csv").exists()
    assert (files.out / "notes.csv").read_text() == "mine"
    assert not list(files.out.glob(".*"))
