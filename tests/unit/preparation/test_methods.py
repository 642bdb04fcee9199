"""The five methods of estimation, each alone and all in their order (D1 §4.1.3, DK-4.1.3.b)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from gateway.messages.codes import Quality, Resolution, SettlementMethod
from gateway.messages.quantities import NO_QUANTITY
from gateway.preparation.draft import Method, WhyNot
from gateway.preparation.point_values import PointValues
from gateway.preparation.prepare import Prepared
from gateway.preparation.protocol import PROTOCOL_HEADER, protocol_lines
from tests.unit.preparation.office import (
    DAY,
    OTHER,
    POINT,
    ZONE,
    assignment,
    curve,
    days_before,
    joined,
    master_of,
    prepared,
    reading,
    similar,
    version,
)

GOOD = list(range(100, 124))
GAPPED: list[int | None] = [None if hour in (2, 3) else value for hour, value in enumerate(GOOD)]
NOTHING = PointValues.none()
TWO = master_of(version(), version(OTHER))


def made(result: Prepared, hours: slice = slice(2, 4), row: int = 0) -> list[tuple[int, Method]]:
    """Value and method of some hours of a series."""
    draft, first = result.draft, int(result.draft.due.offsets[row])
    places = range(*hours.indices(int(draft.due.counts[row])))
    return [(int(draft.quantity[first + at]), Method(int(draft.method[first + at]))) for at in places]


def refused_by(result: Prepared, step: int = 2) -> list[WhyNot]:
    """Why each method did not apply to a step."""
    return [WhyNot(code) for code in result.draft.refused_by[step].tolist()]


def protocol(result: Prepared, reasons: dict[int, str] | None = None) -> list[str]:
    """The lines of the protocol."""
    return list(protocol_lines(result.draft, reasons or {}))


# --- 1: check meter ---------------------------------------------------------------------------------------------------


def test_the_check_meter_goes_before_everything() -> None:
    # DK-4.1.3.b
    result = prepared(
        curve(DAY, GAPPED),
        check_meter=curve(DAY, [7] * 24),
        history=days_before(7, [9] * 24),
        knowledge=curve(DAY, [None, None, 5, 5]),
    )
    assert made(result) == [(7, Method.CHECK_METER)] * 2
    assert result.draft.quality[2] == Quality.ESTIMATED
    assert result.draft.quantity[[0, 1, 4]].tolist() == [100, 101, 104]


def test_a_check_meter_without_a_measured_value_leaves_it_to_the_next_method() -> None:
    silent = joined(curve(DAY, [None, None, 7]), curve(DAY, [None, None, None, 8], quality=Quality.ESTIMATED))
    result = prepared(curve(DAY, GAPPED), check_meter=silent, history=days_before(7, [9] * 24))
    assert made(result) == [(7, Method.CHECK_METER), (9, Method.COMPARABLE_DAY)]
    assert refused_by(result, 3)[0] is WhyNot.NO_VALUE


def test_a_check_meter_also_goes_before_an_estimate_that_was_delivered() -> None:
    # DK-4.1.3.b: mandatory where there is one
    delivered = joined(curve(DAY, GAPPED), curve(DAY, [None, None, 3, 4], quality=Quality.ESTIMATED))
    result = prepared(delivered, check_meter=curve(DAY, [None, None, 7, 1_000_001]))
    assert made(result) == [(7, Method.CHECK_METER), (4, Method.AS_DELIVERED)]
    assert result.findings == ()
    assert protocol(result)[0].endswith("0.007,estimated,check-meter,estimated before")


# --- 2: comparable earlier day ----------------------------------------------------------------------------------------


def test_the_most_recent_comparable_day_lends_its_values() -> None:
    # DK-4.1.3.b
    history = joined(curve(DAY - timedelta(days=1), [9] * 24), curve(DAY - timedelta(days=2), [8] * 24))
    result = prepared(curve(DAY, GAPPED), history=history)
    assert made(result) == [(9, Method.COMPARABLE_DAY)] * 2
    assert refused_by(result) == [WhyNot.NOTHING_GIVEN] + [WhyNot.NOT_ASKED] * 4
    assert protocol(result)[0] == (
        f"{POINT},2025-06-18T00:00Z,0.009,estimated,comparable-day,missing; check meter: none given; as on 2025-06-17"
    )


@pytest.mark.parametrize(
    ("day", "lends", "does_not"),
    [
        (date(2025, 6, 16), date(2025, 6, 13), date(2025, 6, 15)),  # Monday takes Friday, not Sunday
        (date(2025, 6, 14), date(2025, 6, 7), date(2025, 6, 13)),  # Saturday takes Saturday
        (date(2025, 6, 15), date(2025, 6, 9), date(2025, 6, 14)),  # Sunday takes Whit Monday
        (date(2025, 6, 10), date(2025, 6, 6), date(2025, 6, 9)),  # a working day does not take Whit Monday
        (date(2025, 6, 9), date(2025, 6, 8), date(2025, 6, 6)),  # Whit Monday takes Sunday
    ],
)
def test_days_are_comparable_by_weekday_and_holiday(day: date, lends: date, does_not: date) -> None:
    # DK-4.1.3.b, appendix 3
    history = joined(curve(lends, [9] * 24), curve(does_not, [8] * 24))
    assert made(prepared(curve(day, GAPPED), assignment(first=day), history=history))[0][0] == 9
    alone = prepared(curve(day, GAPPED), assignment(first=day), history=curve(does_not, [8] * 24))
    assert made(alone)[0] == (NO_QUANTITY, Method.NONE)


@pytest.mark.parametrize(
    "spoilt",
    [
        curve(DAY - timedelta(days=1), [9] * 23),
        joined(
            curve(DAY - timedelta(days=1), [9] * 24), curve(DAY - timedelta(days=1), [9], quality=Quality.ESTIMATED)
        ),
        curve(DAY - timedelta(days=1), [9] * 96, resolution=Resolution.QUARTER),
    ],
    ids=["incomplete", "estimated", "other-step"],
)
def test_a_comparable_day_is_measured_in_full(spoilt: PointValues) -> None:
    history = joined(spoilt, curve(DAY - timedelta(days=2), [8] * 24))
    assert made(prepared(curve(DAY, GAPPED), history=history)) == [(8, Method.COMPARABLE_DAY)] * 2


def test_a_comparable_day_lies_within_the_window() -> None:
    at_its_edge, beyond = (curve(DAY - timedelta(days=back), [9] * 24) for back in (28, 29))
    assert made(prepared(curve(DAY, GAPPED), history=at_its_edge))[0][0] == 9
    result = prepared(curve(DAY, GAPPED), history=beyond)
    assert refused_by(result)[1] is WhyNot.NO_COMPARABLE_DAY


def test_a_day_of_the_same_run_may_lend_its_values() -> None:
    values = joined(curve(DAY, GOOD), curve(DAY + timedelta(days=1), [None] * 24))
    result = prepared(values, assignment(days=2))
    assert [value for value, _ in made(result, slice(0, 24), row=1)] == GOOD


SPRING, AUTUMN = date(2025, 3, 30), date(2025, 10, 26)


def test_the_short_day_takes_the_same_local_times() -> None:
    # DK-4.1.3.b: clock-change days are mapped by local time
    result = prepared(NOTHING, assignment(first=SPRING), history=curve(SPRING - timedelta(days=7), GOOD))
    assert [value for value, _ in made(result, slice(0, 23))] == [100, 101, *range(103, 124)]


def test_the_long_day_takes_the_repeated_hour_twice() -> None:
    result = prepared(NOTHING, assignment(first=AUTUMN), history=curve(AUTUMN - timedelta(days=7), GOOD))
    assert [value for value, _ in made(result, slice(0, 25))] == [100, 101, 102, *range(102, 124)]


def test_the_day_after_the_short_one_finds_no_hour_there_and_looks_further_back() -> None:
    after = SPRING + timedelta(days=7)
    history = joined(curve(SPRING, [9] * 23), curve(SPRING - timedelta(days=7), GOOD))
    result = prepared(NOTHING, assignment(first=after), history=history)
    assert [value for value, _ in made(result, slice(0, 24))] == [9, 9, 102, *[9] * 21]


def test_the_first_of_the_repeated_hours_stands_for_the_hour() -> None:
    after = AUTUMN + timedelta(days=7)
    result = prepared(NOTHING, assignment(first=after), history=curve(AUTUMN, list(range(100, 125))))
    assert [value for value, _ in made(result, slice(0, 24))] == [100, 101, 102, *range(104, 125)]


# --- 3: rescaled similar point ----------------------------------------------------------------------------------------


def unlike(mine: int, theirs: int, days: int = 8, first: date = date(2025, 6, 9)) -> PointValues:
    """Days of both points from Whit Monday on, none of which is a Saturday."""
    both = ((POINT, mine), (OTHER, theirs))
    found = [first + timedelta(days=n) for n in range(days)]
    return joined(*(curve(day, [value] * 24, point) for day in found if day.weekday() != 5 for point, value in both))


SATURDAY = date(2025, 6, 21)


def test_a_similar_point_s_curve_is_scaled_by_the_days_in_common() -> None:
    # DK-4.1.3.b: 100 to 40 over the days in common, so 10 and 21 become 25 and 52.5
    values = joined(curve(SATURDAY, GAPPED), curve(SATURDAY, [10, 10, 10, 21] + [10] * 20, OTHER))
    result = prepared(values, assignment(TWO, first=SATURDAY), history=unlike(100, 40), similar=similar(POINT, OTHER))
    assert made(result) == [(25, Method.SIMILAR_POINT), (53, Method.SIMILAR_POINT)]
    assert refused_by(result)[:3] == [WhyNot.NOTHING_GIVEN, WhyNot.NO_COMPARABLE_DAY, WhyNot.NOT_ASKED]
    assert protocol(result)[0].endswith(
        f"similar-point,missing; check meter: none given; comparable earlier day: none measured in full; as {OTHER}"
    )


@pytest.mark.parametrize(
    ("theirs", "history", "why"),
    [
        ([10] * 24, unlike(100, 40, days=7), WhyNot.NO_COMMON_DAYS),  # six days, the Saturday left out
        ([10] * 24, unlike(100, 0), WhyNot.NO_COMMON_DAYS),
        ([None] * 24, unlike(100, 40), WhyNot.NO_VALUE),
        ([900_000] * 24, unlike(100, 40), WhyNot.ABOVE_LIMIT),
    ],
    ids=["few-days", "no-energy", "no-curve", "above-limit"],
)
def test_a_similar_point_that_cannot_serve(theirs: list[int | None], history: PointValues, why: WhyNot) -> None:
    values = joined(curve(SATURDAY, GAPPED), curve(SATURDAY, theirs, OTHER))
    result = prepared(values, assignment(TWO, first=SATURDAY), history=history, similar=similar(POINT, OTHER))
    assert refused_by(result)[2] is why
    assert made(result) == [(NO_QUANTITY, Method.NONE)] * 2


def test_a_similar_point_with_another_step_cannot_serve() -> None:
    quarters = version(OTHER, resolution=Resolution.QUARTER)
    days = [date(2025, 6, 9) + timedelta(days=n) for n in (0, 1, 2, 3, 4, 6, 7)]
    history = joined(
        *(curve(day, [100] * 24) for day in days),
        *(curve(day, [10] * 96, OTHER, resolution=Resolution.QUARTER) for day in days),
    )
    values = joined(curve(SATURDAY, GAPPED), curve(SATURDAY, [10] * 96, OTHER, resolution=Resolution.QUARTER))
    order = assignment(master_of(version(), quarters), first=SATURDAY)
    result = prepared(values, order, history=history, similar=similar(POINT, OTHER))
    assert refused_by(result)[2] is WhyNot.NO_COMMON_DAYS


# --- 4: reading spread by experience ----------------------------------------------------------------------------------

WORKDAYS = joined(curve(date(2025, 6, 16), [10] * 3 + [30] * 21), curve(date(2025, 6, 17), [20] * 3 + [70] * 21))


def test_a_reading_is_spread_over_the_gaps_by_experience() -> None:
    # DK-4.1.3.b: what is left of the reading, 101 Wh, by the point's means of 15 and 50 Wh at these hours
    known = sum(value for value in GAPPED if value is not None)
    result = prepared(
        curve(SATURDAY, GAPPED), assignment(first=SATURDAY), history=WORKDAYS, readings=reading(known + 101, SATURDAY)
    )
    assert made(result) == [(23, Method.DAILY_READING), (78, Method.DAILY_READING)]
    assert result.draft.quantity.sum() == known + 101
    assert protocol(result)[0].endswith("rescaled similar point: none given; reading from 2025-06-20T22:00Z")


def test_a_reading_that_leaves_nothing_makes_zeros() -> None:
    known = sum(value for value in GAPPED if value is not None)
    result = prepared(curve(SATURDAY, GAPPED), assignment(first=SATURDAY), readings=reading(known, SATURDAY))
    assert made(result) == [(0, Method.DAILY_READING)] * 2


def test_a_reading_of_several_days_is_spread_over_all_of_them() -> None:
    weekend = assignment(first=SATURDAY, days=2)
    result = prepared(NOTHING, weekend, history=WORKDAYS, readings=reading(100_003, SATURDAY, 2))
    assert result.draft.quantity.sum() == 100_003
    assert result.findings[0].text.count("48 missing; estimated by reading spread by experience") == 1


def test_hours_without_experience_count_with_the_mean() -> None:
    history = curve(date(2025, 6, 17), [None] * 2 + [40] * 22)
    day: list[int | None] = [None] * 3 + [0] * 21
    result = prepared(curve(SATURDAY, day), assignment(first=SATURDAY), history=history, readings=reading(99, SATURDAY))
    assert [value for value, _ in made(result, slice(0, 3))] == [33, 33, 33]


@pytest.mark.parametrize(
    ("quantity", "days", "history", "why"),
    [
        (100, 1, WORKDAYS, WhyNot.READING_BELOW_VALUES),
        (5_000, 1, NOTHING, WhyNot.NO_EXPERIENCE),
        (5_000, 1, curve(date(2025, 6, 17), [0] * 24), WhyNot.NO_EXPERIENCE),
        (5_000, 2, WORKDAYS, WhyNot.READING_UNFIT),
        (3_000_000, 1, WORKDAYS, WhyNot.ABOVE_LIMIT),
    ],
    ids=["too-small", "no-experience", "experience-of-nothing", "not-all-due", "above-limit"],
)
def test_a_reading_that_cannot_serve(quantity: int, days: int, history: PointValues, why: WhyNot) -> None:
    stated = reading(quantity, SATURDAY, days)
    result = prepared(curve(SATURDAY, GAPPED), assignment(first=SATURDAY), history=history, readings=stated)
    assert refused_by(result)[3] is why
    assert made(result) == [(NO_QUANTITY, Method.NONE)] * 2


def test_a_reading_between_the_steps_cannot_serve() -> None:
    start = ZONE.midnight(SATURDAY)
    odd = reading(5_000, SATURDAY)._replace(start=reading(0, SATURDAY).start + 60, end=reading(0, SATURDAY).end + 60)
    order = assignment(first=SATURDAY, days=2)
    assert int(odd.start[0]) == start + 60
    result = prepared(curve(SATURDAY, GAPPED), order, history=WORKDAYS, readings=odd)
    assert refused_by(result)[3] is WhyNot.READING_UNFIT


# --- 5: specific knowledge, and all together --------------------------------------------------------------------------


def test_what_is_known_comes_last_with_its_reason() -> None:
    # DK-4.1.3.b
    result = prepared(curve(DAY, GAPPED), knowledge=curve(DAY, [None, None, 0, 0]))
    assert made(result) == [(0, Method.SPECIFIC_KNOWLEDGE)] * 2
    assert protocol(result, {2: 'cable cut, "Nordvej"'})[0].endswith('none given; cable cut, ""Nordvej"""')


def test_what_is_known_may_not_exceed_the_limit_either() -> None:
    result = prepared(curve(DAY, GAPPED), knowledge=curve(DAY, [None, None, 1_000_001, 3]))
    assert made(result) == [(NO_QUANTITY, Method.NONE), (3, Method.SPECIFIC_KNOWLEDGE)]
    assert refused_by(result)[4] is WhyNot.ABOVE_LIMIT


def test_each_method_is_asked_only_where_the_ones_before_it_fail() -> None:
    # DK-4.1.3.b: take the methods away one by one, and the next one makes the values
    day, known = SATURDAY, sum(value for value in GAPPED if value is not None)
    evidence = {
        "check_meter": curve(day, [1] * 24),
        "history": joined(unlike(100, 40), curve(date(2025, 6, 14), [2] * 24)),
        "similar": similar(POINT, OTHER),
        "readings": reading(known + 8, day),
        "knowledge": curve(day, [5] * 24),
    }
    values, order = joined(curve(day, GAPPED), curve(day, [10] * 24, OTHER)), assignment(TWO, first=day)
    found = [made(prepared(values, order, **evidence))[0][1]]
    for name, without in (
        ("check_meter", None),
        ("history", unlike(100, 40)),
        ("similar", None),
        ("readings", None),
        ("knowledge", None),
    ):
        evidence = {key: value for key, value in evidence.items() if key != name} | ({name: without} if without else {})
        found.append(made(prepared(values, order, **evidence))[0][1])
    assert found == [*[*Method][1:6], Method.NONE]


def test_the_protocol_has_what_came_estimated_and_what_stays_missing() -> None:
    values = joined(curve(DAY, [None, 5] + [250] * 22), curve(DAY, [None, 5], quality=Quality.ESTIMATED))
    assert PROTOCOL_HEADER == "metering_point,time,quantity,quality,method,reason"
    missing, delivered = protocol(prepared(values))
    assert missing.startswith(f"{POINT},2025-06-17T22:00Z,,missing,,missing; check meter: none given; ")
    assert delivered == f"{POINT},2025-06-17T23:00Z,0.005,estimated,as-delivered,estimated before"


def test_profile_settled_values_are_completed_like_others() -> None:
    order = assignment(master_of(version(settlement_method=SettlementMethod.PROFILED)))
    assert made(prepared(curve(DAY, GAPPED), order, history=days_before(1, [9] * 24)))[0][0] == 9
