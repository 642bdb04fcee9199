"""Rows of master data name what is there: in the same files, or registered before."""

from __future__ import annotations

import pytest

from gateway.hub.masterdata.files import read_files
from gateway.messages.findings import Severity
from tests.unit.hub.only_finding import only

from .masterdata_texts import GRID, HEADER, LENIENT, OTHER, PARTIES, SUPPLIER, gln, gsrn, known, point, read


def test_references_into_nothing_are_named() -> None:
    reading = read(point(1, grid_area="900") + point(2, energy_supplier=gln(99)) + point(3, parent=gsrn(77)))
    assert [(f.rule, f.line) for f in reading.findings] == [
        ("unknown-grid-area", 2),
        ("unknown-party", 3),
        ("unknown-parent", 4),
    ]


@pytest.mark.parametrize("column", ["energy_supplier", "balance_responsible"])
def test_a_party_needs_the_role_it_is_named_in(column: str) -> None:
    finding = only(read(point(**{column: GRID})))
    assert finding.rule == "party-role"
    assert f"column {column}:" in finding.text


def test_a_party_needs_the_role_for_as_long_as_the_version_lasts() -> None:
    assert read(point(energy_supplier=OTHER, valid_to="2025-01-01")).is_good
    assert only(read(point(energy_supplier=OTHER, valid_to="2025-01-02"))).rule == "party-role"


def test_roles_that_meet_cover_together() -> None:
    parties = PARTIES + f"{OTHER},Other,DDQ,2025-01-01,\n"
    assert read(point(energy_supplier=OTHER), parties=parties).is_good


def test_a_grid_area_needs_an_operator_and_its_time() -> None:
    finding = only(read(grid_areas=f"grid_area,grid_operator,valid_from\n990,{SUPPLIER},2020-01-01\n"))
    assert (finding.rule, finding.path) == ("party-role", "grid-areas.csv")
    late = f"grid_area,grid_operator,valid_from\n990,{GRID},2024-02-01\n"
    assert only(read(point(), grid_areas=late)).rule == "unknown-grid-area"


def test_both_sides_of_a_delegation_hold_their_roles() -> None:
    # DK-3.4.c
    text = (
        "process,grid_area,from_party,from_role,to_party,to_role,valid_from\n"
        f"measure-data,999,{SUPPLIER},DDM,{gln(99)},DDQ,2024-01-01\n"
    )
    reading = read(delegations=text)
    assert [f.rule for f in reading.findings] == ["unknown-grid-area", "party-role", "unknown-party"]
    assert {f.path for f in reading.findings} == {"delegations.csv"}


@pytest.mark.parametrize(
    "ends", [{}, {"from_grid_area": "990"}, {"to_grid_area": "990"}, {"from_grid_area": "990", "to_grid_area": "990"}]
)
def test_an_exchange_point_lies_between_two_areas(ends: dict[str, str]) -> None:
    assert only(read(point(kind="E20", energy_supplier="", **ends))).rule == "exchange-areas"
    good = {"from_grid_area": "991", "to_grid_area": "990"}
    assert read(point(kind="E20", energy_supplier="", **good)).is_good


def test_a_child_follows_its_parent() -> None:
    # DK-6.1.1
    child = {"kind": "electrical-heating", "parent": gsrn(1), "energy_supplier": ""}
    assert read(point(2, **child) + point(1)).is_good
    assert read(point(2, **(child | {"energy_supplier": SUPPLIER})) + point(1)).is_good
    parent = point(1, valid_to="2024-05-01") + point(1, valid_from="2024-05-01", energy_supplier="")
    finding = only(read(point(2, **(child | {"energy_supplier": SUPPLIER})) + parent))
    assert (finding.rule, finding.clause, finding.line) == ("child-supplier", "D1 §6.1.1", 2)


def test_a_parent_is_there_while_its_child_is() -> None:
    # DK-6.1.1
    child = point(2, kind="D14", parent=gsrn(1), energy_supplier="", valid_to="2024-02-01")
    assert only(read(child + point(1, valid_from="2024-02-01"))).rule == "unknown-parent"


def test_a_child_whose_values_reach_nobody_is_a_warning() -> None:
    # DK-6.1.1
    reading = read(point(kind="other-consumption", energy_supplier=""))
    finding = only(reading)
    assert (finding.rule, finding.severity) == ("no-parent", Severity.WARNING)
    assert reading.is_good
    assert len(reading.dataset.points) == 1


def test_nobody_is_their_own_ancestor() -> None:
    # DK-6.1.1
    def child(number: int, parent: int, **cells: str) -> str:
        return point(number, kind="D14", parent=gsrn(parent), energy_supplier="", **cells)

    assert only(read(child(1, 1))).rule == "parent-cycle"
    reading = read(child(1, 2) + child(2, 3) + child(3, 1) + child(4, 1))
    assert [(f.rule, f.line) for f in reading.findings] == [("parent-cycle", line) for line in (2, 3, 4)]
    swapped = child(1, 2, valid_to="2024-05-01") + point(1, valid_from="2024-05-01")
    swapped += point(2, valid_to="2024-05-01") + child(2, 1, valid_from="2024-05-01")
    assert read(swapped).is_good


def test_one_bad_row_is_not_also_a_hundred_unknown_parties() -> None:
    bad = PARTIES.replace(f"{SUPPLIER},Supply,energy-supplier", f"{SUPPLIER},Supply,supplier")
    reading = read("".join(map(point, range(1, 100))), parties=bad)
    assert [(f.rule, f.path) for f in reading.findings] == [("bad-value", "parties.csv")]
    assert [f.rule for f in read(point(), parties="party\n").findings] == ["missing-column"]


# ------------------------------------------------------------------------------------- with what is known already


def test_points_alone_may_refer_to_what_is_registered() -> None:
    files = {"metering-points.csv": (HEADER + point(2, kind="D14", parent=gsrn(1), energy_supplier="")).encode()}
    assert read_files(files, LENIENT, known()).is_good
    assert {f.rule for f in read_files(files, LENIENT).findings} == {"unknown-grid-area", "unknown-parent"}


def test_a_cycle_through_a_registered_point_is_found() -> None:
    # DK-6.1.1
    child = point(2, kind="D14", parent=gsrn(1), energy_supplier="")
    before = read(point(1) + child).dataset.view()
    files = {"metering-points.csv": (HEADER + point(1, kind="D14", parent=gsrn(2), energy_supplier="")).encode()}
    assert only(read_files(files, LENIENT, before)).rule == "parent-cycle"


def test_what_registered_points_need_cannot_be_taken_away() -> None:
    ended = f"party,role,valid_from,valid_to\n{SUPPLIER},DDQ,2020-01-01,2024-06-01\n".encode()
    finding = only(read_files({"parties.csv": ended}, LENIENT, known()))
    assert (finding.rule, finding.path, finding.line) == ("still-in-use", "parties.csv", 2)
    assert gsrn(1) in finding.text
    moved = (HEADER + point(1, energy_supplier="")).encode()
    assert read_files({"parties.csv": ended, "metering-points.csv": moved}, LENIENT, known()).is_good


def test_a_registered_area_cannot_shrink_under_its_points_nor_lose_its_operator() -> None:
    late = f"grid_area,grid_operator,valid_from\n990,{GRID},2024-02-01\n".encode()
    assert only(read_files({"grid-areas.csv": late}, LENIENT, known())).rule == "still-in-use"
    no_operator = f"party,role,valid_from\n{GRID},MDR,2020-01-01\n".encode()
    findings = read_files({"parties.csv": no_operator}, LENIENT, known()).findings
    assert [f.rule for f in findings] == ["still-in-use", "still-in-use"]
