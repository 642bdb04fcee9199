"""RSM-016 answered from what was filed: who gets which sums, of which run, over which days (D1 §3.4, §4.3.2)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.hub.ports import Principal
from gateway.hub.settlement.evening import Settlement
from gateway.hub.settlement.settling import CutOff, settle
from gateway.messages.aggregates import AggregateSeries
from gateway.messages.codes import (
    Dialect,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Quality,
    Resolution,
    SettlementMethod,
    SettlementStage,
    SettlementVersion,
)
from gateway.messages.documents import AggregatedMeasureData, Document, PartyRef, RequestReject
from gateway.messages.series import AreaId
from tests.integration.settlement.asking import BRP_A, BRP_B, METERED, A, B, ask_sums, received, refusal, sums
from tests.integration.settlement.towns import (
    AREA,
    BEYOND,
    DAY,
    FIXED_ON,
    RESPONSIBLE_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
    start_town,
)

EVERYBODY = (A, B, BRP_A, BRP_B, METERED)
PRELIMINARY, FIXING = ProcessType.PRELIMINARY_AGGREGATION, ProcessType.BALANCE_FIXING
CORRECTION = ProcessType.CORRECTION_SETTLEMENT
REJECT = DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT
CONSUMPTION, FLEX = MeteringPointType.CONSUMPTION, SettlementMethod.FLEX
REFIXED_ON = date(2016, 4, 7)
MORE = [12_000] * 23 + [15_000]
"""A day of flex-a with 3 kWh more in its last hour."""


def values(series: Iterable[AggregateSeries]) -> set[tuple[Any, ...]]:
    """What each series says: of whom, of what, when, how much and how sure."""
    return {
        (
            one.point_type,
            one.settlement_method,
            one.supplier,
            one.balance_responsible,
            one.grid_area,
            one.version,
            one.period.start,
            one.period.end,
            tuple(one.period.quantity.tolist()),
            tuple(one.period.quality.tolist()),
        )
        for one in series
    }


def flex_of_a(document: AggregatedMeasureData) -> AggregateSeries:
    """The series of flex consumption that is of supplier A."""
    (series,) = [one for one in document.series if one.settlement_method == FLEX and one.supplier]
    return series


def of_day(documents: Iterable[Document]) -> list[AggregatedMeasureData]:
    """The sums of the one day, among whatever else was in a queue."""
    found = [one for one in documents if isinstance(one, AggregatedMeasureData)]
    return [one for one in found if one.series[0].period.start == ZONE.midnight(DAY)]


def is_fixing(document: Document) -> bool:
    """Whether a document is of the fixed basis."""
    return document.header.process_type == FIXING


def codes(documents: Iterable[Document]) -> list[str]:
    """The codes of the rejects, among whatever else was in a queue."""
    rejects = [one for one in documents if isinstance(one, RequestReject)]
    return [reason.code for one in rejects for series in one.series for reason in series.reasons]


def clear(town: Town, *parties: Principal) -> None:
    """Let parties fetch what was sent to them unasked."""
    for who in parties:
        received(town, who)


def fix(town: Town) -> None:
    """Let the day be sent and fixed; the evenings before are of no concern."""
    town.send_all(DAY)
    town.pass_over(FIXED_ON - timedelta(days=1))
    town.evening(FIXED_ON)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_everybody_may_ask_for_what_was_sent_to_them_and_for_nothing_more(town: Town, dialect: Dialect) -> None:
    """DK-4.3.a, DK-3.4.a: the answer says what the fixed basis said, and names the request."""
    fix(town)
    for who in EVERYBODY:
        fixed = [series for one in of_day(received(town, who)) if is_fixing(one) for series in one.series]
        transaction = ask_sums(town, who)
        answer = sums(town, who, dialect)
        assert len(answer.series) == len(fixed)
        assert values(answer.series) == values(fixed)
        assert {one.original_transaction for one in answer.series} == {transaction}
        assert len({one.transaction for one in answer.series}) == len(fixed)
        assert (answer.header.process_type, answer.header.receiver.id) == (FIXING, who.party)
        assert answer.header.receiver.role == who.role


def test_between_fixation_and_refixation_sums_are_sent_to_who_asks_alone(town: Town) -> None:
    """DK-4.3.a, DK-4.3.b: a correction sends no sums; who asks gets the fixed ones until the month is refixed."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    clear(town, *EVERYBODY)
    town.send(DAY, {"flex-a": MORE})
    town.evening(FIXED_ON + timedelta(days=1))
    for who in EVERYBODY:
        assert of_day(received(town, who)) == []
    ask_sums(town, A)
    assert flex_of_a(sums(town, A)).period.quantity.tolist() == [12_000] * 24
    town.pass_over(REFIXED_ON - timedelta(days=1))
    assert received(town, A) == []
    town.evening(REFIXED_ON)
    clear(town, A)
    ask_sums(town, A)
    refixed = flex_of_a(sums(town, A)).period
    assert refixed.quantity.tolist() == MORE
    assert refixed.quality.tolist() == [Quality.MEASURED] * 23 + [Quality.CORRECTED]
    ask_sums(town, A, process=PRELIMINARY)
    assert flex_of_a(sums(town, A)).period.quantity.tolist() == [12_000] * 24


def test_preliminary_sums_are_the_newest_of_each_day_when_asked(town: Town) -> None:
    """DK-4.3.a: what is filed behind the request is not in its answer, however late that is fetched."""
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=1))
    ask_sums(town, A)
    assert codes(received(town, A)) == ["E0H"], "nothing is fixed yet"
    town.send(DAY, {"flex-a": MORE})
    transaction = ask_sums(town, A, process=PRELIMINARY)
    town.evening(DAY + timedelta(days=2))
    of_answer, of_evening = of_day(received(town, A))
    assert flex_of_a(of_answer).original_transaction == transaction
    assert flex_of_a(of_answer).period.quantity.tolist() == [12_000] * 24
    assert flex_of_a(of_evening).original_transaction is None
    ask_sums(town, A, process=PRELIMINARY)
    assert flex_of_a(sums(town, A)).period.quantity.tolist() == MORE


def test_what_is_named_restricts_the_answer(town: Town) -> None:
    """DK-4.3.a, DK-3.2.2: type, method, supplier, balance responsible party and grid area; no data otherwise."""
    fix(town)
    clear(town, A, B, BRP_B, METERED)

    def kinds(who: Principal, **named: Any) -> set[tuple[Any, ...]]:
        ask_sums(town, who, **named)
        return {
            (one.point_type, one.settlement_method, one.supplier and one.supplier.id) for one in sums(town, who).series
        }

    flex = {"point_type": CONSUMPTION, "settlement_method": FLEX}
    assert kinds(B, **flex) == {(CONSUMPTION, FLEX, SUPPLIER_B)}
    assert kinds(METERED, **flex) == {(CONSUMPTION, FLEX, None)}
    assert kinds(METERED, point_type=CONSUMPTION) == {(CONSUMPTION, None, None)}, "the total"
    assert kinds(METERED, point_type=MeteringPointType.EXCHANGE) == {(MeteringPointType.EXCHANGE, None, None)}
    assert kinds(BRP_B, **flex) == {(CONSUMPTION, FLEX, None), (CONSUMPTION, FLEX, SUPPLIER_B)}
    assert kinds(BRP_B, energy_supplier=PartyRef(id=SUPPLIER_B)) == {
        (CONSUMPTION, FLEX, SUPPLIER_B),
        (CONSUMPTION, SettlementMethod.HOURLY, SUPPLIER_B),
        (CONSUMPTION, SettlementMethod.PROFILED, SUPPLIER_B),
    }
    assert kinds(A, grid_area=AreaId(AREA)) == kinds(A)

    def refused(who: Principal, **named: Any) -> list[str]:
        ask_sums(town, who, **named)
        return refusal(town, who, REJECT)

    assert refused(B, point_type=MeteringPointType.PRODUCTION) == ["E0H"]
    assert refused(BRP_B, energy_supplier=PartyRef(id=SUPPLIER_A)) == ["E0H"], "whom another is responsible for"
    assert refused(A, balance_responsible=PartyRef(id=RESPONSIBLE_B)) == ["E0H"]
    assert refused(A, grid_area=AreaId(BEYOND)) == ["D46"], "there is something, elsewhere"
    assert refused(B, grid_area=AreaId(BEYOND), point_type=MeteringPointType.PRODUCTION) == ["E0H"]
    assert refused(A, days=(DAY + timedelta(days=1), DAY + timedelta(days=1))) == ["E0H"]
    assert refused(A, process=CORRECTION) == ["E0H"]


def test_correction_settlements_are_told_apart_by_their_number(town: Town) -> None:
    """DK-4.5.a, DK-4.5.b, DK-4.3.a: the first, or without one the latest, for suppliers alone; there is no second."""
    town.send_all(DAY)
    for evening in (FIXED_ON, REFIXED_ON, date(2016, 5, 10), date(2016, 6, 3)):
        town.pass_over(evening - timedelta(days=1))
        town.evening(evening)
    town.send(DAY, {"flex-a": MORE})
    last = town.hub.office.profile.timetable.settled(SettlementStage.CORRECTION, DAY)
    town.clock.move_to(last + 1)
    cut_off = CutOff(last, town.newest_version())
    dues = Settlement(town.hub.office).due(cut_off)
    (due,) = [one for one in dues if (one.day, one.stage) == (DAY, SettlementStage.CORRECTION)]
    settle(town.hub.office, due, cut_off)
    clear(town, A, METERED)
    for version in (None, SettlementVersion.FIRST_CORRECTION):
        ask_sums(town, A, process=CORRECTION, settlement_version=version)
        flex = flex_of_a(sums(town, A))
        assert flex.period.quantity.tolist() == [0] * 23 + [3_000]
        assert flex.settlement_version == SettlementVersion.FIRST_CORRECTION
    ask_sums(town, A, process=CORRECTION, settlement_version=SettlementVersion.SECOND_CORRECTION)
    assert refusal(town, A, REJECT) == ["E0H"]
    ask_sums(town, METERED, process=CORRECTION)
    assert refusal(town, METERED, REJECT) == ["E0H"]
    ask_sums(town, A, process=FIXING)
    assert flex_of_a(sums(town, A)).period.quantity.tolist() == [12_000] * 24


@pytest.mark.parametrize("dialect", list(Dialect))
def test_consecutive_days_are_one_series_over_a_clock_change(
    tmp_path: Path, database_url: str, dialect: Dialect
) -> None:
    """DK-4.3.a: 24, 23 and 24 hours are 71 values of one series."""
    first = date(2016, 3, 26)
    town = start_town(tmp_path / "data", database_url, begins=first)
    for number in range(3):
        day = first + timedelta(days=number)
        town.send_all(day, **{"flex-a": 12_000 + number})
    town.evening(first + timedelta(days=3))
    clear(town, A)
    ask_sums(town, A, (first, first + timedelta(days=2)), PRELIMINARY, point_type=CONSUMPTION, settlement_method=FLEX)
    (series,) = sums(town, A, dialect).series
    assert (series.period.start, series.period.end) == (ZONE.midnight(first), ZONE.midnight(date(2016, 3, 29)))
    assert series.period.position.tolist() == list(range(1, 72))
    assert series.period.quantity.tolist() == [12_000] * 24 + [12_001] * 23 + [12_002] * 24
    filed = [town.snapshots(first + timedelta(days=number))[SettlementStage.PRELIMINARY] for number in range(3)]
    assert series.version == str(max(one.run.id for one in filed))
    town.hub.stop()


def test_hours_and_quarters_are_series_of_their_own(tmp_path: Path, database_url: str) -> None:
    """DK-4.3.a, DK-1.11: the market settles by quarters since 22 May 2023."""
    last_of_hours = date(2023, 5, 21)
    town = start_town(tmp_path / "data", database_url, begins=last_of_hours)
    for day in (last_of_hours, last_of_hours + timedelta(days=1)):
        town.send_all(day)
    town.evening(last_of_hours + timedelta(days=2))
    clear(town, A)
    ask_sums(town, A, (last_of_hours, last_of_hours + timedelta(days=1)), PRELIMINARY)
    answer = sums(town, A)
    flex = [one.period for one in answer.series if one.settlement_method == FLEX]
    assert [(one.resolution, len(one.quantity)) for one in flex] == [(Resolution.HOUR, 24), (Resolution.QUARTER, 96)]
    town.hub.stop()
