"""The profile of Denmark: settings, dated numbers, codes that documents can carry, and its explanation."""

from __future__ import annotations

import csv
import os
from datetime import date
from pathlib import Path

import pytest

from gateway.codecs.reasons import wire_reason
from gateway.markets.explanation import explain
from gateway.markets.parameters import DatedValue, Parameter
from gateway.markets.policies import CorrectedOutward, Strictness
from gateway.markets.registry import changed_profile, profile
from gateway.messages.codes import REJECT_KINDS, Dialect, DocumentKind, Role
from gateway.messages.findings import Severity
from gateway.rules.catalogue import NAMED_ELSEWHERE

DK = profile("dk")


def test_denmark_as_delivered() -> None:
    assert (DK.name, DK.zone.name, DK.hub) == ("dk", "Europe/Copenhagen", "5790001330552")
    assert DK.identifiers.strictness is Strictness.FORMAT  # DK-1.17
    assert DK.corrected_outward is CorrectedOutward.MARKED
    assert (DK.bundling.transactions, DK.bundling.points, DK.bundling.age_seconds) == (2000, 150_000, 300)
    assert set(Dialect) == DK.dialects
    assert Role.HUB not in DK.roles


def test_a_profile_is_read_once() -> None:
    assert profile("dk") is DK
    with pytest.raises(KeyError):
        profile("atlantis")


def test_settings_are_laid_over_and_leave_the_market_as_it_was() -> None:
    plain = changed_profile("dk", {"correction": {"outward": "plain"}, "bundling": {"transactions": 1}}, {})
    assert plain.corrected_outward is CorrectedOutward.PLAIN
    assert (plain.bundling.transactions, plain.bundling.points) == (1, 150_000)
    assert DK.corrected_outward is CorrectedOutward.MARKED
    strict = changed_profile("dk", {}, {"history": {"resend-in-window": {"severity": "error"}}})
    assert strict.rules.wordings["resend-in-window"].severity is Severity.ERROR
    assert DK.rules.wordings["resend-in-window"].severity is Severity.WARNING


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_code_of_an_answer_is_in_the_market_s_list(dialect: Dialect) -> None:
    # Interop: an answer with a code its own list lacks would not validate.
    listed = shared_codes("ReasonCode")
    kinds = {
        DocumentKind.ACKNOWLEDGEMENT: DK.rules.measure_data.names + DK.rules.history.names,
        DocumentKind.MEASURE_DATA_REQUEST_REJECT: DK.rules.requests.names,
        **{REJECT_KINDS[kind]: rules.names for kind, rules in DK.rules.results.items()},
    }
    for kind, rules in kinds.items():
        written = {wire_reason(DK.rules.wordings[rule].code, dialect, kind) for rule in rules}
        assert written <= listed


def shared_codes(name: str) -> set[str]:
    """A code list of the shared reference; skips where there is none."""
    root = Path(os.environ.get("GRIDPOST_SHARED", Path(__file__).parents[4] / "shared"))
    path = root / "data" / "dk" / "codelists.csv"
    if not path.exists():
        pytest.skip("the shared reference is not here")
    with path.open(encoding="utf-8") as lines:
        return {row["code"] for row in csv.DictReader(lines) if row["list"] == name}


def test_a_number_holds_from_its_day() -> None:
    old, new = DatedValue(date(2016, 4, 1), 3, "a", "s"), DatedValue(date(2024, 1, 1), 5, "b", "s")
    parameter = Parameter("n", "m", "u", (old, new))
    assert [parameter.on(day).value for day in (date(2010, 1, 1), date(2023, 12, 31), date(2024, 1, 1))] == [3, 3, 5]
    assert DK.number("correction-years", date(2025, 1, 1)) == 3


def test_facts_change_with_the_law_and_are_the_same_in_between() -> None:
    before, after = DK.zone.midnight(date(2016, 4, 1)) - 1, DK.zone.midnight(date(2016, 4, 1))
    assert DK.facts(after) is DK.facts(after + 86_400)
    assert DK.facts(before) is not DK.facts(after)


def test_every_number_says_where_it_comes_from() -> None:
    for parameter in DK.parameters.values():
        assert parameter.meaning
        assert parameter.unit
        assert all(value.source for value in parameter.values)
        assert all(value.clause or "[DEF]" in value.source for value in parameter.values)


def test_the_explanation_names_rules_numbers_and_deadlines_of_the_day() -> None:
    # The day of dk-settlement's worked example around Ascension 2016.
    text = explain(DK, date(2016, 5, 3))
    assert "in force on 2016-05-03" in text
    assert "Fixation: Thu 12 May 2016 21:00" in text
    assert "2016-04-22 Great Prayer Day" in text
    assert "| correction-years | 3 | years |" in text
    listed = {rule for rule in DK.rules.wordings if f"| {rule} |" in text or f"| {rule} (remark) |" in text}
    assert set(DK.rules.wordings) - listed == {
        "point-check-digit",
        "sender-check-digit",
        "point-not-virtual",
        *NAMED_ELSEWHERE,
    }
    assert "Great Prayer Day" not in explain(DK, date(2026, 5, 3))
