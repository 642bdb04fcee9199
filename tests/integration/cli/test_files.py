"""`gridpost validate` and `gridpost convert` on real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.file_check import NEEDS_MASTER_DATA
from gateway.cli.party_commands import outgoing_of
from gateway.codecs.table import Decoded, decode
from gateway.markets.registry import BEHAVIOURS, profile
from gateway.messages.codes import Dialect
from gateway.messages.documents import MeasureData
from gateway.messages.findings import Finding
from tests.unit.codecs.result_documents import RESULTS

from .conftest import Gridpost

AT = "2025-06-11T08:00Z"
GOLDEN = Path(__file__).parents[2] / "golden"
ROOT = "NotifyValidatedMeasureData_MarketDocument"

Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def altered(samples: Path, tmp_path: Path) -> Callable[[Change], Path]:
    """The neighbour's day in JSON, one series, with something changed in it."""

    def write(change: Change) -> Path:
        document = json.loads((samples / "documents" / "day.cim.json").read_bytes())
        document[ROOT]["Series"] = document[ROOT]["Series"][1:3]
        change(document[ROOT])
        path = tmp_path / "altered.json"
        path.write_text(json.dumps(document, indent=1))
        return path

    return write


@pytest.mark.parametrize("name", ["day.cim.xml", "day.ebix.xml", "neighbour.cim.xml", "correction.cim.xml"])
@pytest.mark.parametrize("with_master_data", [False, True])
def test_good_documents_have_no_findings(gridpost: Gridpost, samples: Path, name: str, with_master_data: bool) -> None:
    more = ["--masterdata", samples / "masterdata"] if with_master_data else []
    ended = gridpost("validate", samples / "documents" / name, "--at", AT, "--json", *more)
    assert ended.code == 0, ended.out
    assert ended.value[0]["findings"] == []
    assert ended.value[0]["checked"] == ("full" if with_master_data else "document")
    assert ended.value[0]["series"] >= 1


def test_a_negative_value_is_found_with_its_place(gridpost: Gridpost, samples: Path) -> None:
    # DK-6.2.2
    ended = gridpost("validate", samples / "documents" / "day.cim.json", "--at", AT, "--json")
    (finding,) = ended.value[0]["findings"]
    assert ended.code == 1
    assert (finding["code"], finding["rule"]) == ("E86", "quantity-not-negative")
    assert finding["path"].startswith("Series/0/Period/Point/")
    assert finding["position"] == 33


def test_what_breaks_off_is_refused_with_its_line(gridpost: Gridpost, samples: Path) -> None:
    ended = gridpost("validate", samples / "documents" / "broken-off.cim.xml")
    assert ended.code == 1
    assert "broken-off.cim.xml:2: [00302]" in ended.out


def set_unit(document: dict[str, Any]) -> None:
    document["Series"][1]["quantity_Measure_Unit.name"]["value"] = "MWH"


def set_type(document: dict[str, Any]) -> None:
    document["Series"][1]["marketEvaluationPoint.type"]["value"] = "E18"


def set_point(document: dict[str, Any]) -> None:
    document["Series"][1]["marketEvaluationPoint.mRID"]["value"] = "12345"


def set_unregistered_point(document: dict[str, Any]) -> None:
    document["Series"][1]["marketEvaluationPoint.mRID"]["value"] = "571313100000000000"


def set_resolution(document: dict[str, Any]) -> None:
    document["Series"][1]["Period"]["resolution"] = "P1D"


def set_receiver(document: dict[str, Any]) -> None:
    document["receiver_MarketParticipant.mRID"]["value"] = "5790000000012"


def set_sender(document: dict[str, Any]) -> None:
    document["sender_MarketParticipant.mRID"]["value"] = "5790000000012"


def set_quality(document: dict[str, Any]) -> None:
    document["Series"][1]["Period"]["Point"][7]["quality"] = {"value": "A06"}


def drop_point(document: dict[str, Any]) -> None:
    del document["Series"][1]["Period"]["Point"][-1]


def repeat_point(document: dict[str, Any]) -> None:
    document["Series"][1]["marketEvaluationPoint.mRID"] = document["Series"][0]["marketEvaluationPoint.mRID"]
    document["Series"][1]["marketEvaluationPoint.type"]["value"] = "E18"


CASES: list[tuple[Change, set[str], set[str], str]] = [
    # what is changed, codes without master data, codes with them, what stands on the line found
    (set_unit, {"E73"}, {"E73"}, "quantity_Measure_Unit.name"),
    (set_type, set(), {"D18"}, "marketEvaluationPoint.type"),
    (set_point, {"E10"}, {"E10"}, "marketEvaluationPoint.mRID"),
    (set_unregistered_point, set(), {"E10"}, "marketEvaluationPoint.mRID"),
    (set_resolution, {"D23"}, {"D23"}, "resolution"),
    (set_receiver, {"00303"}, {"00303"}, "receiver_MarketParticipant.mRID"),
    (set_sender, set(), {"D50"}, "marketEvaluationPoint.mRID"),
    (set_quality, {"D12"}, {"D12"}, "quality"),
    (drop_point, {"E87"}, {"E87"}, "Period"),
    (repeat_point, set(), {"D18"}, "marketEvaluationPoint.type"),
]


@pytest.mark.parametrize(
    ("change", "without", "with_them", "where"), CASES, ids=lambda value: getattr(value, "__name__", "")
)
def test_findings_by_extent_and_line(
    gridpost: Gridpost,
    samples: Path,
    altered: Callable[[Change], Path],
    change: Change,
    without: set[str],
    with_them: set[str],
    where: str,
) -> None:
    path = altered(change)
    lines = path.read_text().splitlines()
    for codes, more in ((without, []), (with_them, ["--masterdata", samples / "masterdata"])):
        ended = gridpost("validate", path, "--at", AT, "--json", *more)
        findings = ended.value[0]["findings"]
        assert {finding["code"] for finding in findings} == codes
        assert ended.code == (1 if codes else 0)
        assert all(where in lines[finding["line"] - 1] for finding in findings), findings


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_finding_has_the_line_of_its_element_in_every_dialect(
    gridpost: Gridpost, samples: Path, tmp_path: Path, dialect: Dialect
) -> None:
    converted = tmp_path / "converted"
    assert gridpost("convert", samples / "documents" / "day.cim.json", "--to", dialect, "--out", converted).code == 0
    text = converted.read_text()
    spread = text.replace("><", ">\n<") if text.startswith("<") else json.dumps(json.loads(text), indent=1)
    converted.write_text(spread)
    (finding,) = gridpost("validate", converted, "--at", AT, "--json").value[0]["findings"]
    assert "-1.5" in spread.splitlines()[finding["line"] - 1]


def test_only_the_form_when_asked(gridpost: Gridpost, samples: Path) -> None:
    ended = gridpost("validate", samples / "documents" / "day.cim.json", "--schema-only", "--json")
    assert ended.code == 0
    assert ended.value[0]["checked"] == "form"


def test_the_instant_of_receipt_counts(gridpost: Gridpost, samples: Path) -> None:
    # DK-6.1.1
    ended = gridpost("validate", samples / "documents" / "day.cim.xml", "--at", "2029-01-01", "--json")
    assert {finding["code"] for finding in ended.value[0]["findings"]} == {"E17"}


def test_a_document_of_the_hub_is_checked_by_its_form(gridpost: Gridpost, altered: Callable[[Change], Path]) -> None:
    def from_the_hub(document: dict[str, Any]) -> None:
        document["sender_MarketParticipant.mRID"]["value"] = profile("dk").hub
        document["sender_MarketParticipant.marketRole.type"]["value"] = "DGL"

    ended = gridpost("validate", altered(from_the_hub), "--json")
    assert ended.code == 0
    assert "hub itself" in ended.value[0]["remark"]


def test_a_party_with_the_hubs_number_in_another_role_is_not_the_hub(
    gridpost: Gridpost, altered: Callable[[Change], Path]
) -> None:
    """The published samples send measure data from the hub's own number, as metered data responsible."""

    def same_number(document: dict[str, Any]) -> None:
        document["sender_MarketParticipant.mRID"]["value"] = profile("dk").hub
        document["Series"][0]["Period"]["resolution"] = "P1D"

    ended = gridpost("validate", altered(same_number), "--json")
    assert ended.code == 1
    assert "D23" in {finding["code"] for finding in ended.value[0]["findings"]}


def test_a_request_is_checked(gridpost: Gridpost, tmp_path: Path) -> None:
    request = {
        "RequestValidatedMeasureData_MarketDocument": {
            "mRID": "request-1",
            "type": {"value": "E73"},
            "process.processType": {"value": "E23"},
            "businessSector.type": {"value": "23"},
            "sender_MarketParticipant.mRID": {"codingScheme": "A10", "value": "2000000000114"},
            "sender_MarketParticipant.marketRole.type": {"value": "DDQ"},
            "receiver_MarketParticipant.mRID": {"codingScheme": "A10", "value": "5790001330552"},
            "receiver_MarketParticipant.marketRole.type": {"value": "DGL"},
            "createdDateTime": "2025-06-11T08:00:00Z",
            "Series": [
                {
                    "mRID": "transaction-1",
                    "start_DateAndOrTime.dateTime": "2025-06-09T22:00:00Z",
                    "end_DateAndOrTime.dateTime": "2025-06-09T21:10:00Z",
                    "marketEvaluationPoint.mRID": {"codingScheme": "A10", "value": "571313100000000018"},
                }
            ],
        }
    }
    path = tmp_path / "request.json"
    path.write_text(json.dumps(request, indent=1))
    ended = gridpost("validate", path, "--at", AT, "--json")
    assert {finding["code"] for finding in ended.value[0]["findings"]} == {"E50", "D66"}


FULL = Path(__file__).parents[2] / "golden" / "full"
REQUESTS = ["aggregated-measure-data-request", "wholesale-settlement-request"]


@pytest.mark.parametrize("form", ["cim-xml.xml", "cim-json.json"])
@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_of_results_is_checked(gridpost: Gridpost, tmp_path: Path, kind: str, form: str) -> None:
    # GW-1: rules that need no master data, with the line of what they found
    text = (FULL / f"{kind}.{form}").read_text().replace("MDR", "DDQ")
    path = tmp_path / f"request.{form}"
    path.write_text(text)
    good = gridpost("validate", path, "--at", AT, "--json")
    assert (good.code, good.value[0]["kind"], good.value[0]["findings"]) == (0, kind, [])
    path.write_text(text.replace("2025-01-31T23", "2025-02-01T23").replace("EA-001", "EA-00000001"))
    ended = gridpost("validate", path, "--at", AT, "--json")
    found = {finding["code"]: finding["line"] for finding in ended.value[0]["findings"]}
    assert found.keys() == ({"E17"} if kind == REQUESTS[0] else {"E17", "D14"})
    lines = path.read_text().splitlines()
    assert "start_DateAndOrTime" in lines[found["E17"] - 1]
    assert "D14" not in found or "ChargeType" in lines[found["D14"] - 1]


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_of_results_asks_in_its_own_name(
    gridpost: Gridpost, samples: Path, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "request.xml"
    path.write_text(
        (FULL / f"{kind}.cim-xml.xml").read_text().replace("MDR", "DDQ").replace("30583</energy", "30590</energy")
    )
    with_them = ["--masterdata", samples / "masterdata"]
    assert gridpost("validate", path, "--at", AT).code == 0
    ended = gridpost("validate", path, "--at", AT, "--json", *with_them)
    assert [finding["code"] for finding in ended.value[0]["findings"]] == ["E16"]


def test_bad_master_data_stop_the_check(gridpost: Gridpost, samples: Path, tmp_path: Path) -> None:
    bad = tmp_path / "parties.csv"
    bad.write_text("party,role\n12,grid-operator\n")
    ended = gridpost("validate", samples / "documents" / "day.cim.xml", "--masterdata", bad)
    assert ended.code == 2
    assert "neither a GLN" in ended.err


def test_every_rule_left_out_without_master_data_is_a_rule() -> None:
    worded = {rule for market in BEHAVIOURS for rule in profile(market).rules.wordings}
    assert worded >= NEEDS_MASTER_DATA


@pytest.mark.parametrize("to", list(Dialect))
@pytest.mark.parametrize("name", ["day.cim.xml", "day.cim.json", "day.ebix.xml"])
def test_converted_documents_say_the_same(
    gridpost: Gridpost, samples: Path, tmp_path: Path, name: str, to: Dialect
) -> None:
    source, target = samples / "documents" / name, tmp_path / "converted"
    assert gridpost("convert", source, "--to", to, "--out", target).code == 0
    before, after = (_series_of(path, of) for path, of in ((source, _dialect_of(name)), (target, to)))
    assert before == after


def _dialect_of(name: str) -> Dialect:
    family, ending = name.split(".")[1:]
    return Dialect(f"{family}-{ending}")


def _series_of(path: Path, dialect: Dialect) -> list[tuple[object, ...]]:
    found = decode(path.read_bytes(), dialect)
    assert isinstance(found, Decoded)
    assert isinstance(found.document, MeasureData)
    return [
        (
            *(row.transaction, row.point, row.point_type, row.unit, row.period.resolution),
            *(row.period.start, row.period.end, row.period.quantity.tolist(), row.period.quality.tolist()),
        )
        for row in found.document.series
    ]


def test_conversion_goes_to_the_output(gridpost: Gridpost, samples: Path) -> None:
    ended = gridpost("convert", samples / "documents" / "correction.cim.xml", "--to", "cim-json")
    assert ended.code == 0
    assert ROOT in ended.value


@pytest.mark.parametrize("to", list(Dialect))
@pytest.mark.parametrize("kind", RESULTS)
def test_documents_of_settlement_are_validated_and_converted(
    gridpost: Gridpost, tmp_path: Path, kind: str, to: Dialect
) -> None:
    # GW-1: what the hub sends, its receiver can read
    for number, source in enumerate(sorted((GOLDEN / kind).iterdir())):
        ended = gridpost("validate", source, "--json")
        assert ended.code == 0, ended.out
        assert (ended.value[0]["kind"], ended.value[0]["checked"]) == (kind, "form")
        assert "the hub sends" in ended.value[0]["remark"]
        target = tmp_path / f"converted-{number}"
        assert gridpost("convert", source, "--to", to, "--out", target).code == 0
        assert gridpost("validate", target, "--json").value[0]["dialect"] == to


@pytest.mark.parametrize("kind", RESULTS)
def test_documents_of_settlement_are_not_sent_to_the_hub(kind: str) -> None:
    for source in (GOLDEN / kind).iterdir():
        refused = outgoing_of(source)
        assert isinstance(refused, Finding)
        assert refused.code == "not-sendable"


@pytest.mark.parametrize("kind", REQUESTS)
def test_requests_and_rejects_of_results_are_converted(gridpost: Gridpost, tmp_path: Path, kind: str) -> None:
    request, reject = (FULL / f"{name}.cim-xml.xml" for name in (kind, f"{kind}-reject"))
    assert gridpost("convert", request, "--to", "cim-json", "--out", tmp_path / "request.json").code == 0
    assert json.loads((tmp_path / "request.json").read_bytes()) == json.loads(
        (FULL / f"{kind}.cim-json.json").read_bytes()
    )
    assert gridpost("convert", reject, "--to", "cim-json", "--out", tmp_path / "reject.json").code == 0
    ended = gridpost("convert", request, "--to", "ebix-xml", "--out", tmp_path / "never")
    assert ended.code == 2
    assert "has no form of" in ended.err
    assert not (tmp_path / "never").exists()


def test_what_is_invalid_is_not_converted(gridpost: Gridpost, samples: Path, tmp_path: Path) -> None:
    target = tmp_path / "never"
    ended = gridpost("convert", samples / "documents" / "broken-off.cim.xml", "--to", "cim-json", "--out", target)
    assert ended.code == 1
    assert "not well-formed" in ended.err
    assert not target.exists()
