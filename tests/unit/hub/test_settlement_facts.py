"""Files of load shares, tariffs, formulas, grid loss and permissions: what is read, and every reason to refuse it."""

from __future__ import annotations

import json
from collections.abc import Set

import pytest

from gateway.demo.market import sample_gln, sample_gsrn
from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataReading, csv_files, read_files
from gateway.hub.masterdata.table_rows import FINDING_LIMIT
from gateway.messages.codes import GridLossRole, Permission
from gateway.messages.findings import Severity
from gateway.messages.identifiers import point_key
from gateway.messages.masterdata import FOREVER
from gateway.messages.settlement_masterdata import SettlementFacts
from gateway.messages.times import MarketZone, parse_instant
from tests.unit.hub.only_finding import only

MANNER = Manner(MarketZone("Europe/Copenhagen"), strict=True)
GRID, SUPPLIER = sample_gln(1), sample_gln(2)
PROFILED, FLEX, CALCULATED, TOTAL, POSITIVE, NEGATIVE, REACTIVE, LATE = map(sample_gsrn, range(1, 9))
NOBODY = sample_gsrn(99)

MARKET = {
    "parties": f"party,role\n{GRID},grid-operator\n{SUPPLIER},energy-supplier\n",
    "grid-areas": f"grid_area,grid_operator\n990,{GRID}\n991,{GRID}\n",
}
HEADER = "metering_point,kind,subtype,settlement_method,grid_area,resolution,unit,energy_supplier,valid_from,valid_to\n"
SHARES = "metering_point,kwh_per_year,valid_from,valid_to\n"
TARIFFS = "metering_point,tariff,owner,valid_from,valid_to\n"
FORMULAS = "metering_point,term_point,factor,valid_from,valid_to\n"
LOSSES = "grid_area,metering_point,role,valid_from,valid_to\n"
PERMISSIONS = "metering_point,permission,valid_from,valid_to\n"


def row(point: str, kind: str = "consumption", subtype: str = "physical", method: str = "", **rest: str) -> str:
    """A row of metering-points.csv."""
    area, unit, supplier = rest.get("area", "990"), rest.get("unit", "kwh"), rest.get("supplier", SUPPLIER)
    since, until = rest.get("since", "2024-01-01"), rest.get("until", "")
    return f"{point},{kind},{subtype},{method},{area},PT1H,{unit},{supplier},{since},{until}\n"


POINTS = {
    PROFILED: row(PROFILED, method="profiled"),
    FLEX: row(FLEX, method="flex"),
    CALCULATED: row(CALCULATED, subtype="calculated", method="flex"),
    TOTAL: row(TOTAL, subtype="calculated", method="flex"),
    POSITIVE: row(POSITIVE, subtype="virtual", method="flex"),
    NEGATIVE: row(NEGATIVE, "production", "virtual"),
    REACTIVE: row(REACTIVE, unit="kvarh", method="flex"),
    LATE: row(LATE, method="flex", since="2025-01-01"),
}
GOOD = {
    "load-shares": f"{SHARES}{PROFILED},4000.5,2024-01-01,2024-07-01\n{PROFILED},4200,2024-07-01,\n",
    "tariffs": f"{TARIFFS}{FLEX},NET-C,{GRID},2024-01-01,\n{FLEX},SYSTEM,{GRID},2024-01-01,\n",
    "formulas": f"{FORMULAS}{CALCULATED},{FLEX},-0.5,2024-01-01,\n{TOTAL},{CALCULATED},1,2024-01-01,\n",
    "grid-loss": f"{LOSSES}990,{POSITIVE},positive,2024-01-01,\n990,{NEGATIVE},negative,2024-01-01,\n",
    "point-permissions": f"{PERMISSIONS}{FLEX},no-reminders,2024-01-01,2024-02-01\n",
}


def points(**changed: str) -> str:
    """The points, some in another way: by the name of the constant above."""
    names = {name: globals()[name] for name in changed}
    return HEADER + "".join((POINTS | {names[name]: text for name, text in changed.items()}).values())


def read(**tables: str) -> MasterDataReading:
    """Read the good market with some tables in another way."""
    stated = {name.replace("_", "-"): text for name, text in tables.items()}
    texts = MARKET | {"metering-points": points()} | GOOD | stated
    files = {f"{name}.csv": text.encode() for name, text in texts.items()}
    return read_files(files, MANNER)


# ----------------------------------------------------------------------------------------------------- what is read


def test_every_family_is_read_exactly() -> None:
    reading = read()
    assert not reading.findings
    facts = reading.dataset.settlement
    change = parse_instant("2024-06-30T22:00Z")
    start = parse_instant("2023-12-31T23:00Z")
    assert facts.load_shares == [(PROFILED, 4_000_500, start, change), (PROFILED, 4_200_000, change, FOREVER)]
    assert facts.tariffs == [(FLEX, "NET-C", GRID, start, FOREVER), (FLEX, "SYSTEM", GRID, start, FOREVER)]
    assert facts.formulas == [
        (CALCULATED, FLEX, -500_000, start, FOREVER),
        (TOTAL, CALCULATED, 1_000_000, start, FOREVER),
    ]
    assert [(loss.metering_point, loss.role) for loss in facts.grid_loss] == [
        (POSITIVE, GridLossRole.POSITIVE),
        (NEGATIVE, GridLossRole.NEGATIVE),
    ]
    assert [(held.metering_point, held.permission) for held in facts.permissions] == [(FLEX, Permission.NO_REMINDERS)]


def test_what_is_written_reads_back() -> None:
    dataset = read().dataset
    again = read_files(csv_files(dataset), MANNER)
    assert not again.findings
    assert again.dataset == dataset


def test_the_view_of_files_answers_as_the_hubs_does() -> None:
    dataset = read().dataset
    at = parse_instant("2024-08-01T00:00Z")
    shares = dataset.settlement_view().load_shares_at(dataset.view(), at)
    assert (shares.point.tolist(), shares.quantity.tolist()) == ([point_key(PROFILED)], [4_200_000])


def test_numbers_of_json_are_whole_or_text() -> None:
    def shares(value: object) -> MasterDataReading:
        content = json.dumps([{"metering_point": PROFILED, "kwh_per_year": value, "valid_from": "2024-01-01"}])
        files = {f"{name}.csv": text.encode() for name, text in (MARKET | {"metering-points": points()} | GOOD).items()}
        del files["load-shares.csv"]
        return read_files(files | {"load-shares.json": content.encode()}, MANNER)

    assert shares(4000).dataset.settlement == shares("4000.000").dataset.settlement
    assert shares("4000.5").is_good
    finding = only(shares(4000.5))
    assert (finding.rule, finding.path) == ("bad-value", "load-shares.json/0")


@pytest.mark.parametrize("text", ["-1", "1.0005", "12345678901", "x", "NaN", "1e400", "٤"])
def test_a_load_share_is_an_exact_consumption(text: str) -> None:
    finding = only(read(load_shares=f"{SHARES}{PROFILED},{text},2024-01-01,\n"))
    assert (finding.rule, finding.path, finding.line) == ("bad-value", "load-shares.csv", 2)


@pytest.mark.parametrize("text", ["0", "-0.000", "1.0000001", "1000", "1e1", "+1", ".5", "1.", "½", ""])
def test_a_factor_is_an_exact_decimal(text: str) -> None:
    finding = only(read(formulas=f"{FORMULAS}{CALCULATED},{FLEX},{text},2024-01-01,\n{TOTAL},{FLEX},1,2024-01-01,\n"))
    assert finding.rule == ("bad-value" if text else "missing-value")
    assert (finding.path, finding.line) == ("formulas.csv", 2)


@pytest.mark.parametrize("text", ["0.000001", "-999.999999", "12.5", "-1", "7"])
def test_a_factor_is_written_as_it_was_read(text: str) -> None:
    formulas = f"{FORMULAS}{CALCULATED},{FLEX},{text},2024-01-01,\n{TOTAL},{FLEX},1,2024-01-01,\n"
    written = csv_files(read(formulas=formulas).dataset)["formulas.csv"].decode().splitlines()[1]
    assert written.split(",")[2] == text


@pytest.mark.parametrize("text", ["", "A" * 11, "a\tb"])
def test_a_tariff_has_an_id_of_ten_characters(text: str) -> None:
    assert only(read(tariffs=f"{TARIFFS}{FLEX},{text},{GRID},2024-01-01,\n")).line == 2


def test_several_tariffs_hold_at_once_and_one_tariff_of_an_owner_only_once() -> None:
    twice = GOOD["tariffs"] + f"{FLEX},NET-C,{GRID},2024-06-01,\n"
    assert only(read(tariffs=twice)).rule == "overlapping-versions"
    assert read(tariffs=GOOD["tariffs"] + f"{FLEX},NET-C,{SUPPLIER},2024-06-01,\n").is_good


def test_a_tariff_has_an_owner_of_the_market() -> None:
    finding = only(read(tariffs=f"{TARIFFS}{FLEX},NET-C,{sample_gln(9)},2024-01-01,\n"))
    assert (finding.rule, finding.line) == ("unknown-party", 2)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("load-shares", f"{SHARES}{NOBODY},1,2024-01-01,\n"),
        ("load-shares", f"{SHARES}{PROFILED},1,2023-01-01,\n"),
        ("tariffs", f"{TARIFFS}{NOBODY},NET-C,{GRID},2024-01-01,\n"),
        ("formulas", f"{FORMULAS}{CALCULATED},{NOBODY},1,2024-01-01,\n"),
        ("formulas", f"{FORMULAS}{CALCULATED},{LATE},1,2024-01-01,\n"),
        ("formulas", f"{FORMULAS}{NOBODY},{FLEX},1,2024-01-01,\n"),
        ("grid-loss", f"{LOSSES}990,{NOBODY},positive,2024-01-01,\n"),
        ("point-permissions", f"{PERMISSIONS}{LATE},no-reminders,2024-12-31,\n"),
    ],
)
def test_a_point_exists_as_long_as_something_is_said_of_it(table: str, text: str) -> None:
    errors = [f for f in read(**{table: text}).findings if f.severity is Severity.ERROR]
    assert [(f.rule, f.path, f.line) for f in errors] == [("unknown-point", f"{table}.csv", 2)]


# ------------------------------------------------------------------------------------------------------ load shares


def test_only_profile_settled_points_have_a_load_share() -> None:
    # DK-3.4.a: the share is of residual consumption, which only they take part in
    finding = only(read(load_shares=GOOD["load-shares"] + f"{FLEX},1,2024-01-01,\n"))
    assert (finding.rule, finding.path, finding.line) == ("not-profile-settled", "load-shares.csv", 4)
    changed = row(PROFILED, method="profiled", until="2024-08-01") + row(PROFILED, method="flex", since="2024-08-01")
    finding = only(read(metering_points=points(PROFILED=changed)))
    assert (finding.rule, finding.line) == ("not-profile-settled", 3)
    ended = GOOD["load-shares"].replace("2024-07-01,\n", "2024-07-01,2024-08-01\n")
    assert not read(metering_points=points(PROFILED=changed), load_shares=ended).findings


def test_a_profile_settled_point_without_a_load_share_is_a_remark() -> None:
    for text in (SHARES, f"{SHARES}{PROFILED},4000,2024-02-01,\n"):
        reading = read(load_shares=text)
        finding = only(reading)
        assert (finding.rule, finding.severity) == ("no-load-share", Severity.WARNING)
        assert (finding.path, finding.line) == ("metering-points.csv", 2)
        assert reading.is_good


def test_a_thousand_remarks_refuse_nothing() -> None:
    many = HEADER + "".join(row(sample_gsrn(number), method="profiled") for number in range(100, 102 + FINDING_LIMIT))
    files = {"parties": MARKET["parties"], "grid-areas": MARKET["grid-areas"], "metering-points": many}
    reading = read_files({f"{name}.csv": text.encode() for name, text in files.items()}, MANNER)
    assert reading.is_good
    assert len(reading.findings) == FINDING_LIMIT + 1
    assert "2 further" in reading.findings[-1].text
    files["metering-points"] += row(sample_gsrn(1), area="999")
    refused = read_files({f"{name}.csv": text.encode() for name, text in files.items()}, MANNER)
    assert refused.findings[0].rule == "unknown-grid-area"
    assert not refused.is_good


# --------------------------------------------------------------------------------------------------------- formulas


def test_a_formula_is_that_of_a_calculated_point() -> None:
    # DK-6.1.3
    finding = only(read(formulas=GOOD["formulas"] + f"{FLEX},{LATE},1,2025-01-01,\n"))
    assert (finding.rule, finding.line) == ("not-calculated", 4)


def test_terms_have_the_unit_of_their_formula() -> None:
    # DK-6.1.3
    finding = only(read(formulas=GOOD["formulas"] + f"{TOTAL},{REACTIVE},1,2024-01-01,\n"))
    assert (finding.rule, finding.line) == ("formula-unit", 4)
    assert REACTIVE in finding.text and TOTAL in finding.text


def test_a_calculated_point_without_formula_is_a_remark() -> None:
    # DK-6.1.3
    reading = read(formulas=f"{FORMULAS}{CALCULATED},{FLEX},1,2024-01-01,\n{TOTAL},{FLEX},1,2024-03-01,\n")
    finding = only(reading)
    assert (finding.rule, finding.severity, finding.line) == ("no-formula", Severity.WARNING, 5)
    assert reading.is_good
    terms = f"{TOTAL},{FLEX},1,2024-01-01,2024-06-01\n{TOTAL},{PROFILED},1,2024-03-01,\n"
    assert not read(formulas=f"{FORMULAS}{CALCULATED},{FLEX},1,2024-01-01,\n{terms}").findings


def test_a_ring_of_formulas_is_named() -> None:
    # DK-6.1.3
    finding = only(read(formulas=GOOD["formulas"] + f"{CALCULATED},{TOTAL},1,2024-05-01,\n"))
    assert (finding.rule, finding.path) == ("formula-cycle", "formulas.csv")
    assert f"{CALCULATED} needs {TOTAL} needs {CALCULATED}" in finding.text or (
        f"{TOTAL} needs {CALCULATED} needs {TOTAL}" in finding.text
    )
    assert "2024-04-30T22:00:00Z" in finding.text
    itself = only(read(formulas=GOOD["formulas"] + f"{CALCULATED},{CALCULATED},1,2024-05-01,\n"))
    assert (itself.rule, itself.line) == ("formula-cycle", 4)


def test_terms_that_never_hold_together_are_no_ring() -> None:
    # DK-6.1.3
    formulas = (
        f"{FORMULAS}{CALCULATED},{FLEX},1,2024-01-01,\n{TOTAL},{CALCULATED},1,2024-01-01,2024-05-01\n"
        f"{CALCULATED},{TOTAL},1,2024-05-01,\n{TOTAL},{FLEX},1,2024-05-01,\n"
    )
    assert not read(formulas=formulas).findings


# -------------------------------------------------------------------------------------------------------- grid loss


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("grid-loss-not-virtual", row(POSITIVE, method="flex")),
        ("grid-loss-not-virtual", row(POSITIVE, subtype="calculated", method="flex")),
        ("grid-loss-type", row(POSITIVE, subtype="virtual", method="hourly")),
        ("grid-loss-type", row(POSITIVE, "production", "virtual")),
        ("grid-loss-area", row(POSITIVE, subtype="virtual", method="flex", area="991")),
        ("grid-loss-supplier", row(POSITIVE, subtype="virtual", method="flex", supplier="")),
        (
            "grid-loss-supplier",
            row(POSITIVE, subtype="virtual", method="flex", until="2024-05-01")
            + row(POSITIVE, subtype="virtual", method="flex", since="2024-05-01", supplier=""),
        ),
    ],
)
def test_grid_loss_is_booked_on_a_virtual_point_of_its_area_with_a_supplier(rule: str, changed: str) -> None:
    # DK-6.1.2
    errors = [f for f in read(metering_points=points(POSITIVE=changed)).findings if f.severity is Severity.ERROR]
    assert [(f.rule, f.path, f.line) for f in errors] == [(rule, "grid-loss.csv", 2)]


def test_an_area_has_one_loss_point_of_each_role_at_once() -> None:
    more = GOOD["grid-loss"] + f"990,{POSITIVE},positive,2024-06-01,\n"
    assert only(read(grid_loss=more)).rule == "overlapping-versions"
    assert only(read(grid_loss=f"{LOSSES}990,{POSITIVE},sideways,2024-01-01,\n")).rule == "bad-value"


# ----------------------------------------------------------------------------------------- with what is known already


def registered(points: Set[str]) -> SettlementFacts:
    """The good facts, as the register gives them for some points."""
    facts = read().dataset.settlement
    return SettlementFacts(
        [fact for fact in facts.load_shares if fact.metering_point in points],
        [fact for fact in facts.tariffs if fact.metering_point in points],
        facts.formulas,
        facts.grid_loss,
        [fact for fact in facts.permissions if fact.metering_point in points],
    )


def read_after(**tables: str) -> MasterDataReading:
    """Read tables into a hub that has the good market."""
    files = {f"{name.replace('_', '-')}.csv": text.encode() for name, text in tables.items()}
    return read_files(files, MANNER, read().dataset.view(), registered)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (row(PROFILED, method="flex"), "load-shares"),
        (row(FLEX, method="flex", since="2024-02-01"), "tariffs"),
        (row(CALCULATED, method="flex"), "formulas"),
        (row(FLEX, method="flex", unit="kvarh"), "formulas"),
        (row(TOTAL, subtype="calculated", unit="kvarh"), "formulas"),
        (row(NEGATIVE, "production"), "grid-loss"),
    ],
)
def test_what_registered_facts_need_cannot_be_taken_away(changed: str, named: str) -> None:
    findings = [f for f in read_after(metering_points=HEADER + changed).findings if named in f.text]
    assert {(f.rule, f.path, f.line) for f in findings} == {("still-in-use", "metering-points.csv", 2)}


def test_facts_stated_anew_replace_those_of_their_key() -> None:
    changed = HEADER + row(PROFILED, method="profiled", until="2025-01-01")
    assert only(read_after(metering_points=changed)).rule == "still-in-use"
    shares = f"{SHARES}{PROFILED},4000,2024-01-01,2025-01-01\n"
    assert not read_after(metering_points=changed, load_shares=shares).findings
    assert not read_after(metering_points=HEADER + POINTS[PROFILED]).findings


def test_facts_alone_may_speak_of_registered_points() -> None:
    assert not read_after(load_shares=f"{SHARES}{PROFILED},1,2025-01-01,\n").findings
    assert only(read_after(load_shares=f"{SHARES}{FLEX},1,2025-01-01,\n")).rule == "not-profile-settled"


def test_a_ring_through_a_registered_formula_is_found() -> None:
    # DK-6.1.3
    finding = only(read_after(formulas=f"{FORMULAS}{CALCULATED},{TOTAL},1,2024-05-01,\n"))
    assert (finding.rule, finding.line) == ("formula-cycle", 2)


def test_one_bad_row_is_not_also_a_missing_point() -> None:
    bad = points().replace(f"{PROFILED},consumption", f"{PROFILED},konsumption")
    assert [f.rule for f in read(metering_points=bad).findings] == ["bad-value"]
    unread = GOOD["load-shares"].replace("4000.5", "much")
    assert [f.rule for f in read(load_shares=unread).findings] == ["bad-value"]
