"""Rules of meter readings: what each hits and what it lets pass, at the bounds (Regulation D1 §5.1, §6.1.2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gateway.messages.codes import ConnectionState, MeteringPointType, Quality, Role, SettlementMethod, Subtype
from gateway.messages.masterdata import Delegation, GridArea, MasterData, MeteringPointVersion
from gateway.messages.quantities import Quantity, parse_quantity
from gateway.messages.readings import MeterReading, ReadingPeriod
from gateway.messages.times import Interval
from gateway.rules.batch import Sender
from gateway.rules.readings import PeriodCase, ReadingCase

from .village import DK

ZONE = DK.zone
OPERATOR, SUPPLIER, SERVICE = "5790001330606", "5790001330583", "5790001330590"
POINT = "571313180000000005"
TODAY = date(2026, 3, 11)
NOW = ZONE.at(TODAY, 12)
START, END = date(2025, 1, 1), date(2026, 1, 1)
VERSION = MeteringPointVersion(
    metering_point=POINT,
    kind=MeteringPointType.CONSUMPTION,
    grid_area="990",
    valid_from=ZONE.midnight(date(2020, 1, 1)),
    settlement_method=SettlementMethod.PROFILED,
    energy_supplier=SUPPLIER,
)


def quantity(text: str) -> Quantity:
    found = parse_quantity(text)
    assert found is not None
    return found


def standing(*bounds: date, consumption: int = 4_000_000) -> tuple[ReadingPeriod, ...]:
    """Periods between some days, one behind the other."""
    return tuple(
        ReadingPeriod(ZONE.midnight(start), ZONE.midnight(end), consumption, Quality.MEASURED, end)
        for start, end in pairwise(bounds)
    )


def case(start: date | int = START, end: date | int = END, consumption: str = "4000", **facts: Any) -> ReadingCase:
    """A good reading of a year, changed as said."""
    begins, ends = (ZONE.midnight(bound) if isinstance(bound, date) else bound for bound in (start, end))
    stated = {name: facts.pop(name) for name in ("quality", "counter", "nominal") if name in facts}
    reading = MeterReading("t", POINT, begins, ends, quantity(consumption), Quality.MEASURED)._replace(**stated)
    versions, delegations = facts.pop("versions", (VERSION,)), facts.pop("delegations", ())
    master = MasterData.build(versions, [GridArea("990", OPERATOR)], delegations=delegations)
    given = {
        "transaction": "t",
        "point": POINT,
        "period": Interval(begins, ends),
        "sender": Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE),
        "master": master,
        "versions": tuple(versions),
        "standing": (),
        "facts": DK.facts(NOW),
        "now": NOW,
        "is_used": False,
        "reading": reading,
        "numbers": DK.readings.numbers("990", TODAY),
    }
    return ReadingCase(**{**given, **facts})


def broken(subject: ReadingCase) -> list[tuple[str, str]]:
    """Rules broken, each with the column."""
    return [(finding.rule, finding.path) for finding in DK.readings.readings.check(subject)]


def test_a_good_reading_breaks_no_rule() -> None:
    assert broken(case()) == []
    assert broken(case(standing=standing(date(2024, 1, 1), START))) == []


def test_every_finding_of_a_reading_names_code_clause_and_text() -> None:
    bad = case(END, START, "-1.2345", quality=Quality.MISSING, is_used=True, transaction="x" * 37)
    found = DK.readings.readings.check(bad)
    assert len(found) >= 6
    for finding in found:
        assert finding.code
        assert finding.clause
        assert finding.text
        assert "{" not in finding.text


@pytest.mark.parametrize(("length", "is_good"), [(1, True), (36, True), (37, False), (0, False)])
def test_a_transaction_id_has_room_in_every_dialect(length: int, is_good: bool) -> None:
    expected = [] if is_good else [("reading-transaction-usable", "transaction")]
    assert broken(case(transaction="x" * length)) == expected


def test_the_point_exists_throughout() -> None:
    late = VERSION._replace(valid_from=ZONE.midnight(date(2025, 1, 2)))
    gone = VERSION._replace(valid_to=ZONE.midnight(date(2025, 12, 31)))
    hole = (VERSION._replace(valid_to=ZONE.midnight(date(2025, 5, 1))), late._replace(valid_from=NOW - 90 * 86_400))
    for versions in ((), (late,), (gone,), hole):
        assert ("reading-point-known", "metering_point") in broken(case(versions=versions))


@pytest.mark.parametrize(
    ("sender", "may"),
    [
        (Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE), True),
        (Sender(OPERATOR, Role.GRID_OPERATOR), True),
        (Sender("5790001330552", Role.HUB), True),
        (Sender(SERVICE, Role.DELEGATE), True),
        (Sender(OPERATOR, Role.ENERGY_SUPPLIER), False),
        (Sender(OPERATOR, Role.DELEGATE), False),
        (Sender(SERVICE, Role.ENERGY_SUPPLIER), False),
        (Sender(SUPPLIER, Role.GRID_OPERATOR), False),
    ],
)
def test_who_may_send(sender: Sender, may: bool) -> None:
    delegated = Delegation("send-measure-data", "990", OPERATOR, Role.GRID_OPERATOR, SERVICE, Role.DELEGATE)
    expected = [] if may else [("reading-sender-responsible", "metering_point")]
    assert broken(case(sender=sender, delegations=[delegated])) == expected


@pytest.mark.parametrize("subtype", [Subtype.VIRTUAL, Subtype.CALCULATED])
def test_only_physical_points_have_meters(subtype: Subtype) -> None:
    # DK-6.1.2
    assert broken(case(versions=(VERSION._replace(subtype=subtype),))) == [("reading-point-physical", "metering_point")]


@pytest.mark.parametrize(
    "change", [{"settlement_method": SettlementMethod.FLEX}, {"kind": MeteringPointType.PRODUCTION}]
)
def test_only_profile_settled_consumption_is_read(change: dict[str, Any]) -> None:
    middle = ZONE.midnight(date(2025, 6, 1))
    later = (VERSION._replace(valid_to=middle), VERSION._replace(valid_from=middle, **change))
    for versions in ((VERSION._replace(**change),), later):
        assert broken(case(versions=versions)) == [("reading-point-profile-settled", "metering_point")]


def test_a_point_that_is_not_connected_yet_is_not_read() -> None:
    new, off = (VERSION._replace(connection_state=s) for s in (ConnectionState.NEW, ConnectionState.DISCONNECTED))
    assert broken(case(versions=(new,))) == [("reading-point-in-grid", "metering_point")]
    assert broken(case(versions=(off,))) == []


def test_both_bounds_are_local_midnights() -> None:
    off = case(ZONE.midnight(START) + 3600, ZONE.midnight(END) - 3600)
    assert broken(off) == [("reading-bounds-at-midnight", "start"), ("reading-bounds-at-midnight", "end")]
    summer = case(date(2025, 7, 1), END)
    assert summer.period.start % 86_400 == 22 * 3600
    assert broken(summer) == []


def test_nobody_reads_what_is_to_come() -> None:
    assert broken(case(START, TODAY)) == []
    assert broken(case(START, TODAY + timedelta(days=1))) == [("reading-already-made", "end")]
    assert ("reading-already-made", "end") in broken(case(START, 253_402_300_799)), "not even in the year 9999"


@pytest.mark.parametrize("days", [0, -1])
def test_a_period_is_forward(days: int) -> None:
    assert ("reading-period-forward", "start") in broken(case(START, START + timedelta(days=days)))


def test_three_years_back_and_no_further() -> None:
    # DK-5.1.4.c
    oldest = date(2023, 3, 11)
    assert broken(case(oldest, END)) == []
    assert broken(case(oldest - timedelta(days=1), END)) == [("reading-not-too-old", "start")]


@pytest.mark.parametrize(
    ("nominal", "is_good"),
    [
        (START, False),
        (START + timedelta(days=1), True),
        (END, True),
        (END + timedelta(days=35), True),
        (END + timedelta(days=36), False),
    ],
)
def test_a_nominal_date_belongs_to_its_period(nominal: date, is_good: bool) -> None:
    assert broken(case(nominal=nominal)) == ([] if is_good else [("reading-nominal-fits", "nominal")])


def test_a_change_of_supplier_within_the_period_is_refused() -> None:
    change = ZONE.midnight(date(2025, 6, 1))
    versions = (VERSION._replace(valid_to=change), VERSION._replace(valid_from=change, energy_supplier=SERVICE))
    assert broken(case(versions=versions)) == [("reading-of-one-supplier", "end")]
    assert broken(case(START, date(2025, 6, 1), versions=versions)) == []
    assert broken(case(date(2025, 6, 1), END, versions=versions)) == []


def test_periods_neither_overlap_nor_leave_a_gap() -> None:
    # DK-5.1.4.b
    read = standing(date(2024, 1, 1), date(2024, 7, 1), START, consumption=2_000_000)
    assert broken(case(date(2024, 12, 31), END, standing=read)) == [("reading-overlaps-nothing", "start")]
    assert broken(case(date(2024, 7, 1), END, standing=read)) == [("reading-overlaps-nothing", "start")]
    assert broken(case(date(2025, 1, 2), END, standing=read)) == [("reading-starts-at-previous-end", "start")]
    assert broken(case(date(2024, 1, 1), date(2024, 7, 1), "2000", standing=read)) == []


@pytest.mark.parametrize("quality", [Quality.MISSING, Quality.CALCULATED, Quality.CORRECTED])
def test_a_reading_is_measured_or_estimated(quality: Quality) -> None:
    # DK-5.1.1: never missing
    assert broken(case(quality=quality)) == [("reading-quality-allowed", "status")]
    assert broken(case(quality=Quality.ESTIMATED)) == []


def test_numbers_are_positive_and_fit_every_document() -> None:
    assert broken(case(consumption="0")) == []
    assert broken(case(consumption="-0.001")) == [("reading-not-negative", "consumption")]
    assert broken(case(counter=quantity("-1"))) == [("reading-not-negative", "counter")]
    assert broken(case(consumption="1.2345")) == [("reading-digits", "consumption")]
    assert broken(case(counter=quantity("12345678901"))) == [("reading-digits", "counter")]


def test_plausibility_scales_both_years_and_counts_only_what_came_before() -> None:
    # DK-5.1.1.a
    read = standing(date(2024, 1, 1), START, consumption=4_012_000)
    latest = 4012 * 365 / 366
    high = 1.3 * latest + 1100
    assert broken(case(consumption=f"{high - 0.001:.3f}", standing=read)) == []
    assert broken(case(consumption=f"{high + 0.001:.3f}", standing=read)) == [("reading-plausible", "consumption")]
    corrected = replace(case(date(2024, 1, 1), START, "90000"), standing=read)
    assert broken(corrected) == [], "the first reading has nothing to be compared with"


def test_a_point_above_the_mandatory_limit_is_flagged_unless_it_is_allowed() -> None:
    # DK-5.1.1.c
    assert broken(case(consumption="100000")) == []
    assert broken(case(consumption="100000.001")) == [("reading-within-mandatory-limit", "consumption")]
    assert broken(case(consumption="100000.001", above_limit_allowed=True)) == []


def test_only_the_newest_period_that_stands_is_cancelled() -> None:
    # DK-5.1.4.b
    read = standing(date(2024, 1, 1), date(2024, 7, 1), START)

    def cancelled(start: date, end: date) -> list[str]:
        wanted = case(start, end, standing=read)
        names = {name: getattr(wanted, name) for name in PeriodCase.__dataclass_fields__}
        return [finding.rule for finding in DK.readings.cancellations.check(PeriodCase(**names))]

    assert cancelled(date(2024, 7, 1), START) == []
    assert cancelled(date(2024, 1, 1), date(2024, 7, 1)) == ["cancelled-period-newest"]
    assert cancelled(date(2024, 1, 1), START) == ["cancelled-period-stands"]
    assert cancelled(START, END) == ["cancelled-period-stands"]
