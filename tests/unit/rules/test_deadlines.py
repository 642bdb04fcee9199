"""Missing values and full resends by the timetable of the day of operation (DK-4.1.3.c, DK-4.1.4.b, DK-4.1.5.a)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from gateway.markets.registry import changed_profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, SettlementMethod
from gateway.messages.findings import Severity
from gateway.messages.series import Series, SeriesTable
from gateway.messages.times import NO_INSTANT, to_instant
from tests.gs1_codes import gsrn

from .village import DK, MASTER, SENDER, ZONE, findings, found, master_of, period, series, version

# The day before the Easter of 2016 (dk-settlement §3): third working day 30 March, fifth 1 April.
DAY = date(2016, 3, 22)
BOUNDS = ZONE.day_interval(DAY)
WD3 = ZONE.at(date(2016, 3, 30), 10)
WD5 = ZONE.at(date(2016, 4, 1), 21)

FLEX = version()
HOURLY = version(settlement_method=SettlementMethod.HOURLY)
MISSING_ONE: list[int | None] = [250] * 23 + [None]


def on_day(values: list[int | None] | None = None, **changes: Any) -> Series:
    """The day's series with the last value missing."""
    return series(period(values or MISSING_ONE, start=BOUNDS.start, end=BOUNDS.end), **changes)


@pytest.mark.parametrize(
    ("registered", "limit"),
    [
        (FLEX, WD5),
        (HOURLY, WD3),
        (version(settlement_method=SettlementMethod.PROFILED), WD5),
        (version(settlement_method=None), WD5),
        (version(kind=MeteringPointType.PRODUCTION, settlement_method=None), WD3),
        (version(kind=MeteringPointType.EXCHANGE, settlement_method=None), WD3),
        (version(kind=MeteringPointType.OTHER_CONSUMPTION, settlement_method=None), WD5),
    ],
)
def test_missing_is_taken_up_to_its_limit_and_not_a_second_longer(registered: Any, limit: int) -> None:
    # DK-4.1.3.c, DK-4.1.5.a
    row, master = on_day(point_type=registered.kind), master_of(registered)
    assert found(row, master=master, now=limit) == []
    (finding,) = findings(row, master=master, now=limit + 1)
    assert (finding.rule, finding.code, finding.position) == ("missing-in-time", "D12", 24)
    assert finding.path == "Series/0/Period/Point/23/quality"


def test_the_limit_is_local_time() -> None:
    # DK-4.1.5.a: 21:00 is 19:00Z in summer and 20:00Z in winter.
    assert to_instant(datetime(2016, 4, 1, 19, tzinfo=UTC)) == WD5
    assert "2016-04-01T19:00Z" in findings(on_day(), now=WD5 + 1)[0].text


@pytest.mark.parametrize(
    ("parent", "limit"),
    [
        (version(gsrn(2), settlement_method=SettlementMethod.HOURLY), WD3),
        (version(gsrn(2)), WD5),
        (version(gsrn(2), settlement_method=SettlementMethod.PROFILED), WD5),
        (version(gsrn(2), kind=MeteringPointType.PRODUCTION), WD3),
        (version(gsrn(2), settlement_method=SettlementMethod.HOURLY, valid_from=BOUNDS.end), WD5),
        (version(gsrn(3)), WD5),
    ],
)
def test_a_child_follows_its_parent(parent: Any, limit: int) -> None:
    # DK-6.1.1, DK-4.1.5.a; a child whose parent nobody knows has the longer time.
    kind = MeteringPointType.NET_CONSUMPTION
    child = version(kind=kind, parent=gsrn(2), settlement_method=None)
    master = master_of(child, parent)
    assert found(on_day(point_type=kind), master=master, now=limit) == []
    assert found(on_day(point_type=kind), master=master, now=limit + 1) == [("missing-in-time", "D12")]


def test_each_day_has_its_own_limit() -> None:
    # DK-4.1.5.a: 22 March is closed, 23 March still open at WD5 of the first.
    end = ZONE.midnight(date(2016, 3, 24))
    two_days = period([None] * 48, start=BOUNDS.start, end=end)
    given = findings(series(two_days), now=WD5 + 1)
    assert [f.position for f in given] == list(range(1, 25))


def test_the_day_is_local_also_when_the_clock_changes() -> None:
    # DK-4.1.5.a; 26 October 2025 has 25 hours: the last belongs to that day and not to the next.
    day = date(2025, 10, 26)
    bounds = ZONE.day_interval(day)
    limit = DK.timetable.fixation(day)
    row = series(period([250] * 24 + [None], start=bounds.start, end=bounds.end))
    assert found(row, now=limit) == []
    assert [f.position for f in findings(row, now=limit + 1)] == [25]


def test_the_settlement_method_of_the_day_counts() -> None:
    # DK-4.1.5.a: flex until the 22nd, hourly settled from the 23rd.
    change = BOUNDS.end
    master = master_of(version(valid_to=change), version(valid_from=change, settlement_method=SettlementMethod.HOURLY))
    two_days = period([None] * 48, start=BOUNDS.start, end=ZONE.midnight(date(2016, 3, 24)))
    now = ZONE.at(date(2016, 3, 31), 10) + 1
    assert [f.position for f in findings(series(two_days), master=master, now=now)] == list(range(25, 49))


def test_a_month_has_the_limit_of_its_last_day() -> None:
    # DK-5.2: renewable series by 10:00 on the fifth working day after the month.
    kind = MeteringPointType.VE_PRODUCTION
    first, last = ZONE.midnight(date(2026, 3, 1)), ZONE.midnight(date(2026, 4, 1))
    month = period([None], start=first, end=last, resolution=Resolution.MONTH)
    master = master_of(version(kind=kind, resolution=Resolution.MONTH))
    limit = ZONE.at(date(2026, 4, 10), 10)
    assert found(series(month, point_type=kind), master=master, now=limit) == []
    assert found(series(month, point_type=kind), master=master, now=limit + 1) == [("missing-in-time", "D12")]


def test_series_of_one_day_share_its_limit() -> None:
    rows = on_day(), on_day([None] * 2 + [250] * 22, transaction="t-2")
    given = findings(*rows, now=WD5 + 1)
    assert [(f.path.split("/")[1], f.position) for f in given] == [("0", 24), ("1", 1), ("1", 2)]


def test_today_and_the_future_have_no_limit_yet() -> None:
    assert found(on_day([None] * 24), now=BOUNDS.start + 3600) == []
    assert found(on_day([None] * 24), now=BOUNDS.start - 86_400) == []


def test_only_the_missing_values_are_named() -> None:
    values: list[int | None] = [None, 250, None, 0] + [250] * 20
    assert [f.position for f in findings(on_day(values), now=WD5 + 1)] == [1, 3]


def test_a_value_that_is_not_there_is_missing_though_called_measured() -> None:
    # DK-4.1.3.c: the original stores measured and null.
    null = period([None] * 24, start=BOUNDS.start, end=BOUNDS.end, quality=[Quality.MEASURED] * 24)
    assert len(findings(series(null), now=WD5 + 1)) == 24


@pytest.mark.parametrize(
    "unreadable",
    [
        series(period(MISSING_ONE, start=NO_INSTANT)),
        series(period(MISSING_ONE, resolution="PT5M", start=BOUNDS.start, end=BOUNDS.end)),
        on_day(point=gsrn(9)),
    ],
)
def test_where_no_day_can_be_told_other_rules_speak(unreadable: Series) -> None:
    assert "missing-in-time" not in dict(found(unreadable, now=WD5 + 1))


def history(rows: list[Series], unchanged: list[bool], now: int, market: Any = DK) -> list[tuple[str, Severity, str]]:
    batch = market.batch(SeriesTable.of(rows), MASTER, SENDER, now)
    verdict = market.check_history(batch, np.array(unchanged))
    return [(f.code, f.severity, f.path) for f in verdict.findings]


def test_a_correction_holds_corrected_series_only() -> None:
    # DK-4.1.4.b: a remark by default.
    rows = [on_day([250] * 24), on_day([300] * 24, transaction="t-2")]
    remark = [("D20", Severity.WARNING, "Series/0")]
    assert history(rows, [True, False], WD3 - 1) == remark
    assert history(rows, [True, False], WD3) == []
    assert history(rows, [True, False], WD5) == []
    assert history(rows, [True, False], WD5 + 1) == remark
    assert history(rows, [False, False], WD5 + 1) == []


def test_a_full_resend_outside_its_window_can_be_refused() -> None:
    # DK-4.1.4.b
    strict = changed_profile("dk", {}, {"history": {"resend-in-window": {"severity": "error"}}})
    batch = strict.batch(SeriesTable.of([on_day([250] * 24)]), MASTER, SENDER, WD5 + 1)
    assert strict.check_history(batch, np.array([True])).refused == {0}
    assert DK.check_history(batch, np.array([True])).refused == frozenset()


def test_a_resend_of_several_days_may_use_the_window_of_each() -> None:
    # DK-4.1.4.b
    two_days = series(period([250] * 48, start=BOUNDS.start, end=ZONE.midnight(date(2016, 3, 24))))
    assert history([two_days], [True], WD3) == []
    assert history([two_days], [True], DK.timetable.fixation(date(2016, 3, 23))) == []
    assert len(history([two_days], [True], DK.timetable.fixation(date(2016, 3, 23)) + 1)) == 1


def test_nothing_is_said_before_the_store_was_asked() -> None:
    batch = DK.batch(SeriesTable.of([on_day([250] * 24)]), MASTER, SENDER, WD5 + 1)
    assert DK.rules.history.check(batch).rows == {}
