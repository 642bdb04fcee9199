"""All rules run, all findings are returned, each names code, clause and place; lists are capped and never silently."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.markets.registry import profile
from gateway.messages.codes import Quality, Role, Unit
from gateway.messages.findings import Severity
from gateway.messages.series import SeriesTable
from gateway.rules.batch import Sender
from gateway.rules.catalogue import (
    AGGREGATION_REQUEST_RULES,
    CANCELLATION_RULES,
    ENVELOPE_RULES,
    HISTORY_RULES,
    MEASURE_DATA_RULES,
    NAMED_BY_DESKS,
    NAMED_ELSEWHERE,
    READING_RULES,
    REQUEST_RULES,
    RESULTS_REQUEST_RULES,
    SETTLEMENT_REQUEST_RULES,
    rule_name,
)
from gateway.rules.hits import Hits, Words
from gateway.rules.runner import EnabledRule, RuleSet, Verdict, Wording
from tests.gs1_codes import gsrn

from .village import DK, NOW, START, findings, master_of, period, series, verdict, version


def test_every_finding_names_rule_code_clause_and_place() -> None:
    bad = period([-1, 2_000_000, None, 250], end=START + 4 * 3600, quality=[Quality.CALCULATED, 4, 4, 4])
    given = findings(series(bad, unit=Unit.KVARH, point_type="E19"), now=NOW + 30 * 86_400)
    assert [(f.rule, f.code, f.path, f.position) for f in given] == [
        ("point-type-known", "D18", "Series/0/point_type", 0),
        ("unit-as-registered", "E73", "Series/0/unit", 0),
        ("quantity-not-negative", "E86", "Series/0/Period/Point/0/quantity", 1),
        ("quality-allowed", "D12", "Series/0/Period/Point/0/quality", 1),
        ("missing-in-time", "D12", "Series/0/Period/Point/2/quality", 3),
    ]
    assert all(f.clause for f in given)
    assert all(" / " in f.text for f in given)


def test_only_the_broken_series_is_refused() -> None:
    two = gsrn(2)
    given = verdict(
        series(), series(unit=Unit.MWH, point=two, transaction="t-2"), master=master_of(version(), version(two))
    )
    assert given.refused == {1}
    assert set(given.rows) == {1}


def test_remarks_refuse_nothing() -> None:
    remark = Wording("r", "X", "c", "t", severity=Severity.WARNING)
    error = Wording("e", "X", "c", "t")
    given = Verdict({0: (remark.finding({}),), 2: (remark.finding({}), error.finding({}))})
    assert given.refused == {2}
    assert [f.rule for f in given.findings] == ["r", "r", "e"]


def test_long_lists_close_with_a_count() -> None:
    # 250 of 744 negative values, beside a series with exactly 100 and one with 3.
    end = START + 744 * 3600
    rows = [series(period([-1] * bad + [1] * (744 - bad), end=end), transaction=f"t-{bad}") for bad in (250, 100, 3)]
    given = verdict(*rows, now=NOW + 40 * 86_400)
    assert [len(given.rows[row]) for row in (0, 1, 2)] == [101, 100, 3]
    closing = given.rows[0][-1]
    assert (closing.code, closing.path, closing.position, closing.severity) == ("E86", "Series/0", 0, Severity.ERROR)
    assert "150" in closing.text
    assert [f.position for f in given.rows[0][:100]] == list(range(1, 101))


def test_a_text_stays_short_whatever_the_document_writes() -> None:
    (finding,) = findings(series(unit="{" * 5000))
    assert len(finding.text) == 512
    assert finding.text.endswith("…")


def some_hits(rows: list[int]) -> Hits:
    def words(i: int) -> Words:
        return {"row": rows[i]}

    return Hits(np.array(rows, dtype=np.int64), "unit", words)


def test_a_decisive_rule_speaks_first_and_alone() -> None:
    def other(_: object) -> Hits:
        return some_hits([0, 1, 2])

    def decisive(_: object) -> Hits:
        return some_hits([1])

    rules: RuleSet[object] = RuleSet(
        (
            EnabledRule(other, Wording("other", "A", "c", "row {row}")),
            EnabledRule(decisive, Wording("decisive", "B", "c", "row {row}"), decisive=True),
        )
    )
    given = rules.check(object())
    assert rules.names == ("other", "decisive")
    assert {row: [(f.rule, f.text) for f in found] for row, found in given.rows.items()} == {
        0: [("other", "row 0")],
        1: [("decisive", "row 1")],
        2: [("other", "row 2")],
    }


def test_every_rule_has_a_wording_and_every_wording_a_rule() -> None:
    of_readings = {*READING_RULES, *CANCELLATION_RULES}
    known = {*MEASURE_DATA_RULES, *HISTORY_RULES, *REQUEST_RULES, *of_readings, *ENVELOPE_RULES, *NAMED_ELSEWHERE}
    known |= {*NAMED_BY_DESKS}
    known |= {*RESULTS_REQUEST_RULES, *AGGREGATION_REQUEST_RULES, *SETTLEMENT_REQUEST_RULES}
    assert {*DK.rules.wordings, *profile("fi").rules.wordings} == known


@pytest.mark.parametrize(
    "rules",
    [MEASURE_DATA_RULES, HISTORY_RULES, REQUEST_RULES, READING_RULES, CANCELLATION_RULES, ENVELOPE_RULES],
)
def test_a_rule_is_named_as_its_function(rules: dict[str, object]) -> None:
    assert all(name == rule_name(rule) for name, rule in rules.items() if callable(rule))


def test_a_message_without_series_breaks_no_rule() -> None:
    batch = DK.batch(SeriesTable.of(()), master_of(version()), Sender("x", Role.DELEGATE), NOW)
    assert DK.check(batch).rows == {}
    assert DK.check_history(batch, np.zeros(0, dtype=np.bool_)).rows == {}
    assert DK.distribution.deliveries(batch) == []
