"""What a sender finds in its own values (D1 §4.1.3): missing, sign, limits, zeros, age of estimates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from gateway.markets.registry import changed_profile
from gateway.messages.codes import (
    ConnectionState,
    DelegatedProcess,
    MeteringPointType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Subtype,
    Unit,
)
from gateway.messages.findings import Finding, Severity
from gateway.messages.masterdata import Delegation
from gateway.messages.quantities import NO_QUANTITY
from gateway.preparation.point_values import PointValues
from gateway.preparation.prepare import SENDER_ROLE, Prepared
from gateway.rules.batch import Sender
from tests.unit.preparation.office import (
    DAY,
    OPERATOR,
    OTHER,
    POINT,
    assignment,
    curve,
    days_before,
    joined,
    master_of,
    outcome,
    prepared,
    version,
)

GOOD = [250] * 24
LATER = date(2025, 7, 1)


def told(result: Prepared) -> list[tuple[str, str, Severity]]:
    """(rule, path, severity) of every finding."""
    return [(finding.rule, finding.path, finding.severity) for finding in result.findings]


def with_hour(hour: int, quantity: int | None) -> PointValues:
    """A good day with something else in one hour."""
    return curve(DAY, [*GOOD[:hour], quantity, *GOOD[hour + 1 :]])


def test_a_good_day_has_no_findings_and_goes_as_it_is() -> None:
    # DK-4.1.3.a
    result = prepared(curve(DAY, GOOD))
    assert result.findings == ()
    assert result.draft.quantity.tolist() == GOOD
    assert set(result.draft.quality.tolist()) == {Quality.MEASURED}
    assert result.good.tolist() == [0]


def test_missing_values_are_found_with_their_first_and_last_step() -> None:
    # DK-4.1.3.a, DK-4.1.3.c
    values: list[int | None] = list(GOOD)
    values[3] = values[4] = values[9] = None
    result = prepared(curve(DAY, values))
    assert told(result) == [
        ("value-missing", f"{POINT}/2025-06-18T01:00Z/2025-06-18T02:00Z", Severity.ERROR),
        ("value-missing", f"{POINT}/2025-06-18T07:00Z/2025-06-18T07:00Z", Severity.ERROR),
    ]
    finding = result.findings[0]
    assert finding.clause == "D1 §4.1.3"
    assert "2 missing; stays missing (check meter: none given; comparable earlier day: none" in finding.text
    assert result.draft.quality[[3, 4, 9]].tolist() == [Quality.MISSING] * 3


def test_a_point_without_any_value_is_due_all_the_same() -> None:
    # DK-4.1.3.a
    result = prepared(curve(DAY, GOOD), assignment(master_of(version(), version(OTHER))))
    assert told(result) == [("value-missing", f"{OTHER}/2025-06-17T22:00Z/2025-06-18T21:00Z", Severity.ERROR)]


def test_missing_values_are_ready_to_send_up_to_their_limit_and_not_after() -> None:
    # DK-4.1.3.c: flex settled values may be missing until the fifth working day
    values = with_hour(3, None)
    assert prepared(values).good.tolist() == [0]
    late = prepared(values, assignment(now=assignment().interval.end + 30 * 86400))
    assert late.good.tolist() == []
    assert [finding.rule for finding in late.findings] == ["value-missing", "missing-in-time"]
    assert late.findings[1].path == f"{POINT}/2025-06-18T01:00Z/2025-06-18T01:00Z"


def test_a_negative_value_is_set_aside() -> None:
    # DK-4.1.3.a, DK-6.2.2
    result = prepared(with_hour(5, -1))
    assert told(result) == [("value-negative", f"{POINT}/2025-06-18T03:00Z/2025-06-18T03:00Z", Severity.ERROR)]
    assert result.draft.quantity[5] == NO_QUANTITY


@pytest.mark.parametrize(
    ("facts", "limit"),
    [
        ({}, 1_000_000),
        ({"settlement_method": SettlementMethod.HOURLY}, 100_000_000),
        ({"kind": MeteringPointType.PRODUCTION, "settlement_method": None}, 1_000_000_000),
        (
            {
                "kind": MeteringPointType.EXCHANGE,
                "settlement_method": None,
                "from_grid_area": "543",
                "to_grid_area": "544",
            },
            1_000_000_000,
        ),
        ({"unit": Unit.KVARH, "kind": MeteringPointType.EXCHANGE_REACTIVE_ENERGY}, 9_999_999_999_999),
    ],
)
def test_the_limits_of_table_4_belong_to_the_good_side(facts: dict[str, Any], limit: int) -> None:
    # DK-4.1.3.a, DK-4.1.5.c
    order = assignment(master_of(version(**facts)))
    assert prepared(with_hour(5, limit), order).findings == ()
    assert [rule for rule, _, _ in told(prepared(with_hour(5, limit + 1), order))] == ["value-above-limit"]


def test_a_quarter_may_hold_a_quarter_of_the_limit() -> None:
    order = assignment(master_of(version(resolution=Resolution.QUARTER)))
    day: list[int | None] = [10] * 96
    day[7] = 250_000
    assert prepared(curve(DAY, day, resolution=Resolution.QUARTER), order).findings == ()
    day[7] = 250_001
    assert len(prepared(curve(DAY, day, resolution=Resolution.QUARTER), order).findings) == 1


# --- zeros ------------------------------------------------------------------------------------------------------------

DARK = [300] * 6 + [0] * 12 + [300] * 6
NIGHT = [0] * 5 + [300] * 19


def test_zeros_that_go_on_too_long_are_implausible_by_the_point_s_own_history() -> None:
    # DK-4.1.3.a
    result = prepared(curve(DAY, DARK), history=days_before(7, NIGHT))
    (finding,) = result.findings
    assert (finding.rule, finding.severity) == ("zero-run", Severity.WARNING)
    assert finding.path == f"{POINT}/2025-06-18T04:00Z/2025-06-18T15:00Z"
    assert result.draft.quantity.tolist() == [300] * 24  # the day before lends its hours
    assert set(result.draft.quality[6:18].tolist()) == {Quality.ESTIMATED}


@pytest.mark.parametrize(
    ("day", "history"),
    [
        (DARK, PointValues.none()),
        (DARK, days_before(6, NIGHT)),
        (DARK, days_before(7, DARK)),
        (DARK, days_before(7, [0] * 24)),
        ([0] * 11 + [300] * 13, days_before(7, NIGHT)),
    ],
    ids=["no-history", "short-history", "usual", "holiday-house", "short-run"],
)
def test_zeros_that_may_be_right_are_left_alone(day: list[int], history: PointValues) -> None:
    assert prepared(curve(DAY, day), history=history).findings == ()


def test_zeros_over_midnight_are_one_run() -> None:
    values = joined(curve(DAY, [300] * 17 + [0] * 7), curve(DAY + timedelta(days=1), [0] * 5 + [300] * 19))
    (finding,) = prepared(values, assignment(days=2), history=days_before(7, NIGHT)).findings
    assert (finding.rule, finding.path) == ("zero-run", f"{POINT}/2025-06-18T15:00Z/2025-06-19T02:00Z")


def test_a_witness_makes_zeros_credible() -> None:
    zeros = curve(DAY, [None] * 6 + [0] * 12)
    for witness in ("check_meter", "knowledge"):
        result = prepared(curve(DAY, DARK), None, history=days_before(7, NIGHT), **{witness: zeros})
        assert result.findings == ()
        assert result.draft.quantity.tolist() == DARK


def test_the_length_of_a_zero_run_is_a_setting() -> None:
    values = [{"since": date(2016, 4, 1), "value": 24, "clause": "", "source": "[DEF]"}]
    patient = changed_profile("dk", {"parameters": {"zero-run-hours": {"values": values}}}, {})
    assert prepared(curve(DAY, DARK), market=patient, history=days_before(7, NIGHT)).findings == ()


# --- three months -----------------------------------------------------------------------------------------------------


def estimated_since(first: date, until: date = LATER) -> PointValues:
    """A measured day, and estimates from the day after up to another day."""
    count = (until - first).days
    estimates = days_before(count, GOOD, day=until, quality=Quality.ESTIMATED)
    return joined(curve(first - timedelta(days=1), GOOD), estimates)


@pytest.mark.parametrize(("first", "is_refused"), [(date(2025, 4, 2), False), (date(2025, 4, 1), True)])
def test_a_point_is_estimated_for_three_months_and_no_longer(first: date, is_refused: bool) -> None:
    # DK-4.1.3.b: 1 July is the first day after three months from 1 April
    known = curve(LATER, GOOD, quality=Quality.ESTIMATED)
    result = prepared(PointValues.none(), assignment(first=LATER), history=estimated_since(first), knowledge=known)
    if is_refused:
        assert told(result) == [("estimated-too-long", f"{POINT}/2025-06-30T22:00Z/2025-07-01T21:00Z", Severity.ERROR)]
        assert "more than 3 months" in result.findings[0].text
        assert set(result.draft.quality.tolist()) == {Quality.MISSING}
    else:
        assert [severity for _, _, severity in told(result)] == [Severity.WARNING]
        assert result.draft.quantity.tolist() == GOOD


def test_estimates_that_were_delivered_count_and_are_refused_too() -> None:
    # DK-4.1.3.b
    delivered = curve(LATER, GOOD, quality=Quality.ESTIMATED)
    result = prepared(delivered, assignment(first=LATER), history=estimated_since(date(2025, 3, 1)))
    assert [rule for rule, _, _ in told(result)] == ["estimated-too-long"]
    assert prepared(delivered, assignment(first=LATER)).findings == ()


def test_a_measured_value_begins_the_time_anew() -> None:
    history = joined(estimated_since(date(2025, 1, 1)), curve(date(2025, 6, 1), [250]))
    known = curve(LATER, GOOD, quality=Quality.ESTIMATED)
    result = prepared(PointValues.none(), assignment(first=LATER), history=history, knowledge=known)
    assert "estimated-too-long" not in [rule for rule, _, _ in told(result)]
    values = joined(curve(LATER, [250]))
    again = prepared(values, assignment(first=LATER), history=estimated_since(date(2025, 1, 1)), knowledge=known)
    assert [severity for _, _, severity in told(again)] == [Severity.WARNING]


def test_the_time_runs_on_within_the_days_prepared() -> None:
    days = 120
    known = joined(*(curve(DAY + timedelta(days=n), GOOD, quality=Quality.ESTIMATED) for n in range(days)))
    result = prepared(PointValues.none(), assignment(days=days), knowledge=known)
    refused = [finding for finding in result.findings if finding.rule == "estimated-too-long"]
    assert [finding.path for finding in refused] == [f"{POINT}/2025-09-17T22:00Z/2025-10-15T21:00Z"]


@pytest.mark.parametrize(("first", "is_refused"), [(date(2024, 7, 2), False), (date(2024, 7, 1), True)])
def test_a_profile_settled_point_may_be_estimated_for_a_year(first: date, is_refused: bool) -> None:
    # DK-4.1.3.b
    order = assignment(master_of(version(settlement_method=SettlementMethod.PROFILED)), first=LATER)
    delivered = curve(LATER, GOOD, quality=Quality.ESTIMATED)
    result = prepared(delivered, order, history=estimated_since(first))
    assert [rule for rule, _, _ in told(result)] == ["estimated-too-long"] * is_refused


# --- what is due ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"subtype": Subtype.CALCULATED}, "calculated by the hub"),
        ({"connection_state": ConnectionState.NEW}, "not in the grid then"),
        ({"grid_area": "544"}, "in the grid area of another grid operator"),
        ({"resolution": Resolution.MONTH}, "a series of P1M, which is sent as it was read"),
        ({"metering_point": OTHER}, "unknown in the master data"),
    ],
)
def test_values_of_points_that_owe_none_are_left_aside(facts: dict[str, Any], why: str) -> None:
    # DK-4.1.3.a, DK-6.1.3
    point = str(facts.pop("metering_point", POINT))
    result = prepared(curve(DAY, GOOD), assignment(master_of(version(point, **facts))))
    aside = [finding for finding in result.findings if finding.rule == "point-not-due"]
    assert [finding.path for finding in aside] == [POINT]
    assert why in aside[0].text


def test_a_delegate_owes_the_series_of_the_areas_delegated_to_it() -> None:
    # DK-3.2.1: whoever may send for a grid area prepares for it
    agent = "5790000000043"
    mandate = Delegation(
        DelegatedProcess.MEASURE_DATA, "543", OPERATOR, Role.GRID_OPERATOR, agent, Role.METERED_DATA_RESPONSIBLE
    )
    order = assignment(replace(master_of(version()), delegations=(mandate,)))
    result = prepared(curve(DAY, GOOD), order._replace(sender=Sender(agent, SENDER_ROLE)))
    assert (result.findings, result.good.tolist()) == ((), [0])
    stranger = prepared(curve(DAY, GOOD), order._replace(sender=Sender("5790000000050", SENDER_ROLE)))
    assert [finding.rule for finding in stranger.findings] == ["point-not-due"]


def test_a_profile_settled_point_owes_no_daily_values() -> None:
    order = assignment(master_of(version(settlement_method=SettlementMethod.PROFILED)))
    assert len(prepared(PointValues.none(), order).draft.due) == 0
    assert len(prepared(curve(DAY, GOOD), order).draft.due) == 1


def faults(values: PointValues, **facts: Any) -> list[tuple[str, str, int]]:
    """(rule, file, line) of findings that stop everything."""
    found = outcome(values, assignment(master_of(version(**facts))))
    assert isinstance(found, tuple), found
    return [(finding.rule, finding.path, finding.line) for finding in found]


def test_a_value_between_the_steps_stops_everything() -> None:
    assert faults(curve(DAY, [250] * 3, resolution=Resolution.QUARTER)) == [
        ("off-step", "values", 3),
        ("off-step", "values", 4),
    ]


def test_hourly_values_are_not_taken_for_quarters() -> None:
    assert faults(curve(DAY, GOOD), resolution=Resolution.QUARTER) == [("wrong-step", "values", 2)]
    few: list[int | None] = [None] * 96
    few[0] = few[4] = few[8] = 250
    order = assignment(master_of(version(resolution=Resolution.QUARTER)))
    assert isinstance(outcome(curve(DAY, few, resolution=Resolution.QUARTER), order), Prepared)


def test_a_change_of_resolution_divides_the_series() -> None:
    change = assignment().interval.end
    order = assignment(
        master_of(version(valid_to=change), version(valid_from=change, resolution=Resolution.QUARTER)), days=2
    )
    values = joined(curve(DAY, GOOD), curve(DAY + timedelta(days=1), [60] * 96, resolution=Resolution.QUARTER))
    result = prepared(values, order)
    assert result.findings == ()
    assert result.draft.due.counts.tolist() == [24, 96]
    assert np.unique(result.draft.due.version).tolist() == [0, 1]


def test_a_finding_is_a_value_with_everything_in_it() -> None:
    (finding,) = prepared(with_hour(5, -1)).findings
    assert isinstance(finding, Finding)
    assert (finding.code, finding.clause) == ("value-negative", "D1 §4.1.3, §6.2.2")
    assert POINT in finding.text
