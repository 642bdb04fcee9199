"""Master data files: what is read, and every reason for which nothing is."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from gateway.hub.masterdata.files import csv_files, files_of, read_files
from gateway.hub.masterdata.table_rows import FINDING_LIMIT
from gateway.messages.codes import (
    ConnectionState,
    DocumentKind,
    MeteringPointType,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import parse_instant
from tests.unit.hub.only_finding import only

from .masterdata_texts import AREAS, BALANCE, GRID, LENIENT, OTHER, PARTIES, STRICT, SUPPLIER, ZONE, gsrn, point, read

# ----------------------------------------------------------------------------------------------------- what is read


def test_every_column_of_a_metering_point_is_read() -> None:
    text = (
        "metering_point;kind;subtype;settlement_method;connection_state;grid_area;resolution;unit;from_grid_area;"
        "to_grid_area;parent;energy_supplier;balance_responsible;valid_from;valid_to\n"
        f"{gsrn(1)};E17;D02;D01;E23;990;PT1H;K3;991;990;;{SUPPLIER};{BALANCE};2024-03-31;2024-04-01T22:00:00Z\n"
    )
    reading = read(metering_points=text)
    assert not reading.findings
    (version,) = reading.dataset.points
    assert version.kind is MeteringPointType.CONSUMPTION
    assert version.subtype is Subtype.VIRTUAL
    assert version.settlement_method is SettlementMethod.FLEX
    assert version.connection_state is ConnectionState.DISCONNECTED
    assert version.resolution is Resolution.HOUR
    assert version.unit is Unit.KVARH
    assert (version.grid_area, version.from_grid_area, version.to_grid_area) == ("990", "991", "990")
    assert (version.energy_supplier, version.balance_responsible) == (SUPPLIER, BALANCE)
    assert version.valid_from == parse_instant("2024-03-30T23:00Z")
    assert version.valid_to == parse_instant("2024-04-01T22:00Z")


def test_an_empty_or_absent_cell_means_the_default() -> None:
    (version,) = read(point(energy_supplier="")).dataset.points
    assert version.valid_to == FOREVER
    assert version.subtype is Subtype.PHYSICAL
    assert version.connection_state is ConnectionState.CONNECTED
    assert version.unit is Unit.KWH
    assert version.energy_supplier is version.parent is version.settlement_method is None


def test_neutral_names_and_wire_codes_mean_the_same() -> None:
    neutral = read(point(kind="electrical-heating", settlement_method="flex"))
    wire = read(point(kind="D14", settlement_method="D01"))
    assert neutral.dataset.points == wire.dataset.points != []


def test_quarters_and_hours_stand_side_by_side_in_one_area() -> None:
    # DK-1.48
    reading = read(point(1, resolution="PT1H") + point(2, kind="production"))
    assert [v.resolution for v in reading.dataset.points] == [Resolution.HOUR, Resolution.QUARTER]


def test_byte_order_mark_quotes_and_blank_lines_do_not_count() -> None:
    parties = '\ufeffparty,"name",role\r\n' + f'"{GRID}","Grid, ""the"" one",DDM\r\n\r\n,,\r\n'
    areas = f"grid_area,grid_operator\n990,{GRID}\n"
    reading = read(parties=parties, grid_areas=areas, metering_points=None)
    assert not reading.findings
    assert [(r.party, r.name, r.role, r.valid_from) for r in reading.dataset.roles] == [
        (GRID, 'Grid, "the" one', Role.GRID_OPERATOR, 0)
    ]


def test_a_delegation_is_read() -> None:
    # DK-3.4.c
    text = (
        "process,grid_area,from_party,from_role,to_party,to_role,valid_from,valid_to,sequence\n"
        f"RSM-012,990,{SUPPLIER},DDQ,{OTHER},energy-supplier,2024-01-01,2024-07-01,3\n"
    )
    (delegation,) = read(delegations=text).dataset.delegations
    assert delegation.process == DocumentKind.MEASURE_DATA
    assert (delegation.from_party, delegation.to_party, delegation.sequence) == (SUPPLIER, OTHER, 3)
    assert delegation.valid_to == parse_instant("2024-06-30T22:00Z")


def test_json_rows_are_the_same_rows() -> None:
    from_csv = read(point(1) + point(2, kind="E18")).dataset
    rows: list[dict[str, str | None]] = [
        {"metering_point": gsrn(1), "kind": "consumption", "grid_area": "990", "resolution": "PT15M"},
        {"metering_point": gsrn(2), "kind": "E18", "grid_area": "990", "resolution": "PT15M", "parent": None},
    ]
    more: dict[str, str | None] = {"energy_supplier": SUPPLIER, "valid_from": "2024-01-01"}
    files = {
        "parties.csv": PARTIES.encode(),
        "grid-areas.csv": AREAS.encode(),
        "metering-points.json": json.dumps([row | more for row in rows]).encode(),
    }
    reading = read_files(files, LENIENT)
    assert not reading.findings
    assert reading.dataset == from_csv


def test_what_is_written_reads_back(tmp_path: Path) -> None:
    delegations = (
        "process,grid_area,from_party,from_role,to_party,to_role,valid_from\n"
        f"measure-data,990,{SUPPLIER},DDQ,{GRID},grid-operator,2020-01-01\n"
    )
    dataset = read(point(1, valid_to="2024-05-01") + point(1, valid_from="2024-05-01"), delegations=delegations).dataset
    for name, content in csv_files(dataset).items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "README.txt").write_text("not master data")
    reading = read_files(files_of(tmp_path), STRICT)
    assert not reading.findings
    assert reading.dataset == dataset
    counts = {table: count for table, count in reading.dataset.counts().items() if count}
    assert counts == {"parties": 4, "grid-areas": 2, "metering-points": 2, "delegations": 1}


def test_the_view_of_files_answers_as_the_hubs_does() -> None:
    view = read(point(1)).dataset.view()
    at = ZONE.midnight(date(2024, 6, 1))
    assert [v.energy_supplier for v in view.versions(gsrn(1))] == [SUPPLIER]
    assert view.grid_operator("990", at) == GRID
    assert view.holders(Role.ENERGY_SUPPLIER, at) == (SUPPLIER, OTHER)


# -------------------------------------------------------------------------------------- findings of one file, by line


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"metering_point": "571313"}, "metering_point"),
        ({"metering_point": "٣" * 18}, "metering_point"),
        ({"kind": "E99"}, "kind"),
        ({"settlement_method": "weekly"}, "settlement_method"),
        ({"grid_area": "99 0"}, "grid_area"),
        ({"resolution": "PT5M"}, "resolution"),
        ({"parent": "12"}, "parent"),
        ({"energy_supplier": "123"}, "energy_supplier"),
        ({"valid_from": "2024-13-01"}, "valid_from"),
        ({"valid_from": "20240101"}, "valid_from"),
        ({"valid_from": "0001-01-01"}, "valid_from"),
        ({"valid_to": "2025-01-01T00:00"}, "valid_to"),
        ({"valid_to": "soon"}, "valid_to"),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(cells: dict[str, str], column: str) -> None:
    reading = read(point(2) + point(**cells))
    finding = only(reading)
    assert (finding.rule, finding.path, finding.line) == ("bad-value", "metering-points.csv", 3)
    assert f"column {column}:" in finding.text
    assert set(reading.dataset.counts().values()) == {0}


def test_check_digits_count_when_the_profile_is_strict() -> None:
    # DK-1.17
    wrong = gsrn(1)[:-1] + str((int(gsrn(1)[-1]) + 1) % 10)
    assert read(point(metering_point=wrong)).is_good
    finding = only(read(point(metering_point=wrong), STRICT))
    assert (finding.rule, finding.line) == ("bad-value", 2)
    assert "check digit" in finding.text

    wrong_party = GRID[:-1] + str((int(GRID[-1]) + 1) % 10)
    parties = f"party,role\n{wrong_party},energy-agency\n10X1001A1001A39X,energy-agency\n"
    reading = read(parties=parties, grid_areas=None, metering_points=None, manner=STRICT)
    assert [finding.line for finding in reading.findings] == [2, 3]
    assert read(parties=parties, grid_areas=None, metering_points=None).is_good


def test_a_missing_value_is_named() -> None:
    finding = only(read(point(kind="")))
    assert (finding.rule, finding.line) == ("missing-value", 2)
    assert "column kind:" in finding.text


def test_columns_unknown_missing_and_doubled_are_all_named() -> None:
    reading = read(metering_points="metering_point,kind,kind,colour,grid_area,valid_from\n")
    assert [(f.rule, f.line) for f in reading.findings] == [
        ("duplicate-column", 1),
        ("unknown-column", 1),
        ("missing-column", 1),
    ]
    assert "resolution" in reading.findings[2].text


def test_an_empty_file_misses_its_columns() -> None:
    reading = read(parties="", metering_points=None, grid_areas=None)
    assert [f.rule for f in reading.findings] == ["missing-column", "missing-column"]


def test_a_row_of_another_width_is_named() -> None:
    finding = only(read(point(1) + "a,b\n"))
    assert (finding.rule, finding.line) == ("wrong-cell-count", 3)


def test_a_quoted_line_break_does_not_shift_line_numbers() -> None:
    parties = f'party,name,role\n{SUPPLIER},"two\nlines",DDQ\n{SUPPLIER[1:]},,DDQ\n'
    reading = read(parties=parties, grid_areas=None, metering_points=None)
    assert sorted((f.line, f.text.split(":")[0]) for f in reading.findings) == [(2, "column name"), (4, "column party")]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'party,role\n"1,DDQ\n', 2),
        (b'party,role\n"1"x,DDQ\n', 2),
        (b"party,role\n\xff,DDQ\n", 2),
        (b"party,role\n1," + b"x" * 200_000 + b"\n", 2),
    ],
)
def test_a_malformed_csv_file_is_one_finding(content: bytes, line: int) -> None:
    finding = only(read_files({"parties.csv": content}, LENIENT))
    assert (finding.rule, finding.path, finding.line) == ("malformed", "parties.csv", line)


@pytest.mark.parametrize(
    ("content", "rule", "path"),
    [
        (b"[", "malformed", "parties.json"),
        (b"{}", "malformed", "parties.json"),
        (b'[{"party": "1", "party": "2"}]', "malformed", "parties.json"),
        (b'["row"]', "malformed", "parties.json/0"),
        (b'[{"party": 1, "role": "DDQ"}]', "bad-value", "parties.json/0"),
        (b'[{"party": true, "role": "DDQ"}]', "bad-value", "parties.json/0"),
        (b'[{"party": "2000000000020", "role": "DDQ", "colour": "red"}]', "unknown-column", "parties.json/0"),
        (b'[{"party": "2000000000020", "role": "DDQ"}, {"party": "2000000000020"}]', "missing-value", "parties.json/1"),
    ],
)
def test_json_findings_point_at_the_item(content: bytes, rule: str, path: str) -> None:
    finding = only(read_files({"parties.json": content}, LENIENT))
    assert (finding.rule, finding.path) == (rule, path)


def test_a_version_ends_after_it_begins() -> None:
    finding = only(read(point(valid_to="2024-01-01")))
    assert (finding.rule, finding.line) == ("valid-from-after-to", 2)


def test_versions_that_meet_are_good_and_those_that_overlap_are_not() -> None:
    first, second = point(valid_to="2024-05-01"), point(valid_from="2024-05-01")
    assert read(second + first).is_good
    finding = only(read(point() + second))
    assert (finding.rule, finding.line) == ("overlapping-versions", 3)
    assert "line 2" in finding.text


def test_a_long_version_overlaps_all_it_covers() -> None:
    short = [point(valid_from=f"2024-0{month}-01", valid_to=f"2024-0{month}-02") for month in (3, 5, 7)]
    reading = read(point() + "".join(short))
    assert [(f.rule, f.line) for f in reading.findings] == [("overlapping-versions", line) for line in (3, 4, 5)]


def test_the_same_key_and_valid_from_twice_is_a_duplicate() -> None:
    finding = only(read(point() + point(2) + point(valid_to="2024-02-01")))
    assert (finding.rule, finding.line) == ("duplicate-row", 4)


def test_roles_of_one_party_may_overlap_and_one_role_may_not() -> None:
    assert read(parties=PARTIES + f"{GRID},Grid,MDR,2020-01-01,\n").is_good
    finding = only(read(parties=PARTIES + f"{GRID},Grid,DDM,2024-01-01,\n"))
    assert (finding.rule, finding.path, finding.line) == ("overlapping-versions", "parties.csv", 6)


# ------------------------------------------------------------------------------------------------ files as a whole


def test_unknown_files_and_no_files_are_findings() -> None:
    assert only(read_files({}, LENIENT)).rule == "no-master-data"
    finding = only(read_files({"points.xlsx": b""}, LENIENT))
    assert (finding.rule, finding.path) == ("unknown-file", "points.xlsx")


def test_a_table_comes_once() -> None:
    files = {"parties.csv": PARTIES.encode(), "parties.json": b"[]"}
    assert only(read_files(files, LENIENT)).rule == "table-twice"


def test_all_findings_are_reported_up_to_the_limit() -> None:
    reading = read("".join(point(number, kind="E99") for number in range(1, FINDING_LIMIT + 51)))
    assert len(reading.findings) == FINDING_LIMIT + 1
    assert reading.findings[-1].rule == "more-findings"
    assert "50 further" in reading.findings[-1].text
    assert not reading.dataset.points


def test_faults_of_several_files_are_told_together() -> None:
    reading = read(
        point(kind="E99"), parties=PARTIES + "x,,DDQ,,\n", grid_areas=AREAS + f"992,,{GRID},2020-01-01,2019-01-01\n"
    )
    assert {(f.path, f.line) for f in reading.findings} == {
        ("metering-points.csv", 2),
        ("parties.csv", 6),
        ("grid-areas.csv", 4),
    }
