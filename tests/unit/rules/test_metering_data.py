"""The Estonian rules of metering data, at their bounds: what each hits, where, under which code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.codecs.estfeed.table import decode
from gateway.markets.reading import read_table
from gateway.markets.registry import changed_profile, profile
from gateway.messages.agreements import Agreement, AgreementFacts, Agreements
from gateway.messages.codes import AgreementKind, Commodity, FeedForm, MeteringPointType, Resolution, Role
from gateway.messages.masterdata import RESOLUTIONS, GridArea, MasterData, MeteringPointVersion
from gateway.messages.metering_data import MeteringData
from gateway.messages.metering_status import ReportedError
from gateway.messages.times import DAY, NO_INSTANT, format_second
from gateway.rules.batch import Sender
from gateway.rules.interval_hits import IntervalVerdict
from gateway.rules.metering_batch import Atomicity, MeteringBatch
from gateway.rules.metering_catalogue import MESSAGE_RULES, METERING_DATA_RULES
from gateway.rules.metering_messages import MessageCase
from tests.eic_codes import eic
from tests.integration.metering_data.estonia import (
    AREA,
    BOILER,
    CABIN,
    FACTORY,
    GRID,
    HOUSE,
    UNKNOWN,
    master_data,
    of_point,
    quantity,
    quarter,
    v1_body,
)

EE = profile("ee")
POLICY = EE.metering_data
TODAY = date(2026, 9, 16)
NOW = EE.zone.midnight(TODAY) + 9 * 3600
START = EE.zone.midnight(TODAY - timedelta(days=1))
SENDER = Sender(GRID.party, GRID.role)
BUSINESS, VALIDATION = "opp.error.business.", "opp.error.validation."
WRONG_ROLE = f"{BUSINESS}metering-data-with-this-commodity-type-cannot-be-created-with-this-market-participant-role"


def read(
    body: object, form: FeedForm = FeedForm.ESTFEED_V2, commodity: Commodity = Commodity.ELECTRICITY
) -> MeteringData:
    """A message as decoded; numbers in strings like `#1.0#` are written as they stand."""
    text = json.dumps(body).replace('"#', "").replace('#"', "")
    data = decode(text.encode(), form, commodity)
    assert isinstance(data, MeteringData), data
    return data


def batch(data: MeteringData, sender: Sender = SENDER, **changes: Any) -> MeteringBatch:
    """A message beside the grid's master data."""
    facts: dict[str, Any] = {"master": master_data(), "sender": sender, "now": NOW, "terms": POLICY.terms(NOW)}
    return MeteringBatch(data, **(facts | changes))


def check(data: MeteringData, **changes: Any) -> IntervalVerdict:
    """What the market's rules find."""
    return POLICY.rules.check(batch(data, **changes))


def told(verdict: IntervalVerdict) -> list[tuple[str, str, str, int | None]]:
    """Code, place, point and quarter of each error, counted from the start of the day."""

    def one(error: ReportedError) -> tuple[str, str, str, int | None]:
        start = None if error.period_start == NO_INSTANT else (error.period_start - START) // 900
        return error.finding.code, error.finding.path, error.metering_point, start

    return [one(error) for error in verdict.errors]


def of_house(*periods: Mapping[str, Any]) -> MeteringData:
    """V2 of one point."""
    return read([of_point(HOUSE, periods)])


def hourly(points: Sequence[str], start: int, step: str = "PT1H", **members: Any) -> dict[str, Any]:
    """Blocks of V1 with one interval each."""
    return v1_body(
        [{"meterEic": p, "periods": [{"r": step, "aI": [{"pS": format_second(start), **members}]}]} for p in points]
    )


def gas(point: str, start: int, step: str, **flow: Any) -> MeteringData:
    """V1 of gas with one interval."""
    aI = {"pS": format_second(start), "outQty": {"rType": "M", **flow}}
    body = v1_body([{"meterEic": point, "periods": [{"r": step, "aI": [aI]}]}], commodity="NATURAL_GAS")
    return read(body, FeedForm.ESTFEED_V1, Commodity.NATURAL_GAS)


def test_good_data_breaks_nothing() -> None:
    read_at = format_second(NOW)
    data = of_house(
        quarter(START, inQty=quantity("#0.000#"), outQty=quantity(0), netQtyIn=0, netQtyOut=0),
        quarter(START + 900, outQty=quantity(9_999_999_999.999), rTime=read_at),
        quarter(START + 1800, inQty=quantity(1.5, "E"), netQtyIn=0, netQtyOut=3.4),  # published: do not compute anew
    )
    verdict = check(data)
    assert told(verdict) == []
    assert not verdict.refused.any()


def test_every_rule_is_worded_and_enabled() -> None:
    assert {wording.rule for _, wording in POLICY.rules.rules} == set(METERING_DATA_RULES)
    assert {wording.rule for _, wording in POLICY.message_rules.rules} == set(MESSAGE_RULES)


@pytest.mark.parametrize(
    ("point", "code"),
    [
        (UNKNOWN, "metering-point-not-exists"),
        (CABIN, "market-participant-mismatch-error"),
        (BOILER, "commodity-type-mismatch-error"),
        (HOUSE[:15] + ("A" if HOUSE[15] != "A" else "B"), "eic-syntax-error"),
        (GRID.party, "eic-syntax-error"),
        ("38ZGO-133300BP-P", "eic-syntax-error"),
    ],
)
def test_a_point_is_told_once_however_many_its_periods(point: str, code: str) -> None:
    # EE-1.4, EE-1.8
    data = read(
        [
            of_point(HOUSE, [quarter(START, outQty=quantity(1))]),
            of_point(point, [quarter(START + 900 * i, outQty=quantity(1)) for i in range(3)]),
        ]
    )
    verdict = check(data)
    assert told(verdict) == [(BUSINESS + code, "[1].meteringPointEic", point, None)]
    assert verdict.refused.tolist() == [False, True, True, True]
    assert point in verdict.errors[0].finding.args


def test_an_aggregator_sends_under_its_agreement() -> None:
    # EE-4.3
    party, area, (flexible, idle) = "38X-FLEX-------4", "38Y-GRID-AREA--3", (eic("Z", 51), eic("Z", 52))
    known = master_data()
    behind = [
        MeteringPointVersion(one, MeteringPointType.AGGREGATION, area, valid_from=0, parent=HOUSE)
        for one in (flexible, idle)
    ]
    master = MasterData.build(
        [*(v for point in (HOUSE, FACTORY) for v in known.versions(point)), *behind], [GridArea(area, party)]
    )
    data = read(
        [of_point(one, [quarter(START + 900 * i, inQty=quantity(250)) for i in range(4)]) for one in (flexible, idle)]
    )
    no_access = f"{BUSINESS}market-participant-has-no-access-to-meter-point"

    def found(*agreements: Agreement, role: Role = Role.AGGREGATOR) -> list[tuple[str, str, str, int | None]]:
        agreed = Agreements.build(AgreementFacts(list(agreements)))
        return told(check(data, master=master, sender=Sender(party, role), agreements=agreed))

    def agreed(point: str, first: int, end: int, **other: Any) -> Agreement:
        facts: dict[str, Any] = {"kind": AgreementKind.AGGREGATION, "party": party, **other}
        span = (START + 900 * first, START + 900 * end)
        return Agreement("a-1", valid_from=span[0], valid_to=span[1], metering_point=point, **facts)

    bare = [
        (no_access, "[0].meteringPointEic", flexible, None),
        (no_access, "[1].meteringPointEic", idle, None),
    ]
    assert found() == bare
    assert found(role=Role.PRODUCER_OPERATOR) == [], "others need none"
    assert found(agreed(HOUSE, 0, 4)) == [], "at the point both lie behind"
    assert found(agreed(FACTORY, 0, 4)) == bare
    assert found(agreed(HOUSE, 0, 4, party=GRID.party)) == bare
    assert found(agreed(HOUSE, 0, 4, kind=AgreementKind.SUPPLY)) == bare
    assert found(agreed(HOUSE, 0, 4, commodity=Commodity.NATURAL_GAS)) == bare
    assert found(agreed(flexible, 1, 3)) == [
        (no_access, "[0].periods[0].pS", flexible, 0),
        (no_access, "[0].periods[3].pS", flexible, 3),
        bare[1],
    ]


def test_a_code_on_the_allow_list_is_no_mistake_of_spelling() -> None:
    # EE-1.4: the list is the process's, so that the code is no other test's
    listed, other = "38ZLISTED-01---A", "38ZLISTED-01---B"
    changed_profile("ee", {"identifiers": {"exceptions": [listed]}}, {})
    data = read([of_point(one, [quarter(START, outQty=quantity(1))]) for one in (listed, other)])
    assert [error.finding.rule for error in check(data).errors] == ["point-registered", "point-code-valid"]


def test_a_point_counts_from_its_first_day_on() -> None:
    (version,) = master_data().versions(HOUSE)
    later = version._replace(valid_from=START + 900, valid_to=START + 2700)
    last = version._replace(valid_from=START + 2700, grid_area="38Y-GRID-AREA--2")
    master = MasterData.build([later, last], [GridArea(AREA, GRID.party), GridArea("38Y-GRID-AREA--2", "38X-OTHER")])
    data = of_house(*(quarter(START + 900 * i, outQty=quantity(1)) for i in range(5)))
    verdict = check(data, master=master)
    assert [error.finding.rule for error in verdict.errors] == ["point-registered", "point-owned"]
    assert verdict.refused.tolist() == [True, False, False, True, True]


@pytest.mark.parametrize(
    ("stated", "day", "code"),
    [
        ("PT1H", date(2025, 3, 31), None),
        ("PT15M", date(2025, 3, 31), "wrong-resolution"),
        ("PT15M", date(2025, 4, 1), None),
        ("PT1H", date(2025, 4, 1), "wrong-resolution"),
        ("P1D", date(2025, 4, 1), "wrong-resolution"),
    ],
)
def test_the_resolution_is_that_of_the_market_on_the_day(stated: str, day: date, code: str | None) -> None:
    # EE-1.6: the switch counts by local midnight
    start = EE.zone.midnight(day)
    now = EE.zone.midnight(date(2025, 4, 20))
    data = read(hourly([HOUSE], start, stated, outQty=quantity(1)), FeedForm.ESTFEED_V1)
    codes = [error.finding.code for error in check(data, now=now).errors]
    assert codes == ([BUSINESS + code] if code else [])
    if code:
        assert check(data, now=now).errors[0].finding.path == "meterData[0].periods[0].r"


@pytest.mark.parametrize("day", [date(2025, 3, 31), date(2025, 4, 1)])
def test_a_form_without_resolution_means_the_market_s(day: date) -> None:
    # EE-1.6
    start = EE.zone.midnight(day)
    data = of_house(quarter(start, outQty=quantity(1)), quarter(start + 3600, outQty=quantity(1)))
    expected = Resolution.HOUR if day < date(2025, 4, 1) else Resolution.QUARTER
    assert {RESOLUTIONS[code] for code in batch(data).resolution.tolist()} == {expected}
    data = of_house(quarter(start + 900, outQty=quantity(1)))
    off = [error.finding.code for error in check(data, now=EE.zone.midnight(date(2025, 4, 20))).errors]
    hourly_code = f"{BUSINESS}timestamp-of-hourly-resolution-wrong-format"
    assert off == ([hourly_code] if expected is Resolution.HOUR else [])


@pytest.mark.parametrize("start", ["2026-09-15T00:00:01Z", "2026-09-15T00:07:00Z", "2026-09-15T00:15:00.000000001Z"])
def test_a_quarter_starts_on_the_quarter(start: str) -> None:
    # EE-1.6: seconds and fractions of them are zero
    verdict = check(of_house({"pS": start, "outQty": quantity(1)}))
    (error,) = verdict.errors
    assert error.finding.code == f"{BUSINESS}timestamp-of-quarterly-resolution-wrong-format"
    assert error.finding.path == "[0].periods[0].pS"


@pytest.mark.parametrize(
    ("start", "step", "code"),
    [
        ("2026-01-15T05:00:00Z", "P1D", None),  # 07:00 in winter
        ("2026-06-15T04:00:00Z", "P1D", None),  # 07:00 in summer
        ("2026-06-15T05:00:00Z", "P1D", "timestamp-of-daily-resolution-wrong-format"),
        ("2026-01-14T22:00:00Z", "P1D", "timestamp-of-daily-resolution-wrong-format"),
        ("2026-06-15T05:00:00Z", "PT1H", None),
        ("2026-06-15T05:15:00Z", "PT1H", "timestamp-of-hourly-resolution-wrong-format"),
        ("2026-06-15T05:00:00Z", "PT15M", "wrong-resolution"),
    ],
)
def test_gas_comes_by_the_hour_or_by_the_gas_day(start: str, step: str, code: str | None) -> None:
    # EE-1.6, EE-1.7
    aI = {"pS": start, "outQty": {"rType": "M", "kwh": 105.5, "m3": 10.021}}
    body = v1_body([{"meterEic": BOILER, "periods": [{"r": step, "aI": [aI]}]}], commodity="NATURAL_GAS")
    verdict = check(read(body, FeedForm.ESTFEED_V1, Commodity.NATURAL_GAS))
    assert [error.finding.code for error in verdict.errors] == ([BUSINESS + code] if code else [])


def test_gas_without_resolution_has_that_of_its_point() -> None:
    aI = quarter(START, outQty={"rType": "M", "kwh": 1, "m3": 1})
    data = read([of_point(BOILER, [aI])], commodity=Commodity.NATURAL_GAS)
    assert RESOLUTIONS[batch(data).resolution[0]] == Resolution.DAY


@pytest.mark.parametrize(
    ("start", "code"),
    [
        (EE.zone.midnight(date(2025, 9, 16)), None),
        (EE.zone.midnight(date(2025, 9, 16)) - 900, "period-start-too-far-in-past"),
        (NOW + 45 * DAY, None),
        (NOW + 45 * DAY + 900, "period-start-too-far-in-future"),
    ],
)
def test_twelve_months_back_and_45_days_ahead(start: int, code: str | None) -> None:
    # EE-1.9
    verdict = check(of_house(quarter(start, outQty=quantity(1))))
    assert [error.finding.code for error in verdict.errors] == ([BUSINESS + code] if code else [])


def test_an_interval_comes_once_in_a_message() -> None:
    body = [
        of_point(HOUSE, [quarter(START + 900, outQty=quantity(1)), quarter(START, outQty=quantity(1))]),
        of_point(FACTORY, [quarter(START, outQty=quantity(1))]),
        of_point(HOUSE, [quarter(START, inQty=quantity(1)), quarter(START + 1800, outQty=quantity(1))]),
    ]
    code = f"{BUSINESS}metering-data-is-duplicated"
    assert told(check(read(body))) == [(code, "[2].periods[0].pS", HOUSE, 0)]


@pytest.mark.parametrize(("ahead", "count"), [(60, 0), (61, 1)])
def test_nothing_is_read_in_the_future(ahead: int, count: int) -> None:
    period = quarter(START, rTime=format_second(NOW + ahead), inQty=quantity(1), outQty=quantity(1))
    verdict = check(of_house(period))
    assert [error.finding.path for error in verdict.errors] == ["[0].periods[0].rTime"] * count


@pytest.mark.parametrize(
    ("kwh", "code"),
    [
        ("#-0.001#", f"{VALIDATION}field-value-cannot-be-negative"),
        ("#-0.0001#", f"{VALIDATION}field-value-cannot-be-negative"),
        ("#1.2345#", f"{VALIDATION}too-many-decimals"),
        ("#1.2000#", f"{VALIDATION}too-many-decimals"),
        ("#12345678901#", f"{BUSINESS}wrong-measurement-value"),
        ("#1e1#", None),
        ("#-0#", None),
    ],
)
def test_a_quantity_is_not_negative_and_has_three_decimals(kwh: str, code: str | None) -> None:
    # EE-1.7
    verdict = check(of_house(quarter(START, outQty=quantity(1)), quarter(START + 900, inQty=quantity(kwh))))
    codes = [error.finding.code for error in verdict.errors]
    assert code in codes if code else codes == []
    assert {error.finding.path for error in verdict.errors} <= {"[0].periods[1].inQty.kwh"}
    assert {error.period_start for error in verdict.errors} <= {START + 900}


@pytest.mark.parametrize(("kwh", "count"), [("#0#", 1), ("#1.50#", 1), ("#0.000#", 0)])
def test_all_decimals_are_wanted_where_the_setting_says_so(kwh: str, count: int) -> None:
    exact = changed_profile("ee", {"metering-data": {"exact_decimals": True}}, {}).metering_data.terms(NOW)
    verdict = check(of_house(quarter(START, outQty=quantity(kwh))), terms=exact)
    assert [error.finding.code for error in verdict.errors] == ["opp.validation.3-positions-after-comma"] * count


def test_a_flow_says_how_it_came_about_and_an_interval_has_one() -> None:
    # EE-1.5, EE-1.8
    data = of_house(quarter(START), quarter(START + 900, netQtyIn=0, netQtyOut=1))
    assert [error.finding.rule for error in check(data).errors] == ["interval-has-flow", "net-beside-flow"]
    data = of_house(quarter(START, outQty=quantity(1)))
    (columns,) = data.measures.values()
    silent = replace(columns, quality=np.zeros_like(columns.quality))  # as a workbook's empty cell is read
    verdict = check(replace(data, measures={columns.measure: silent}))
    assert told(verdict) == [(f"{VALIDATION}missing-field", "[0].periods[0].outQty.rType", HOUSE, 0)]


def test_gas_is_stated_in_both_units_and_electricity_in_kwh() -> None:
    # EE-1.7
    day = EE.zone.at(TODAY - timedelta(days=1), 7)
    for flow, missing in (({"kwh": 1}, "m3"), ({"m3": 1}, "kwh")):
        (error,) = check(gas(BOILER, day, "P1D", **flow)).errors
        assert (error.finding.code, error.finding.args) == (f"{VALIDATION}missing-field", (missing,))
    assert check(gas(BOILER, day, "P1D", kwh=1, m3=1)).errors == ()
    both = read(hourly([HOUSE], START, "PT15M", outQty=quantity(1, m3=1)), FeedForm.ESTFEED_V1)
    assert [error.finding.rule for error in check(both).errors] == ["electricity-in-kwh"]


@pytest.mark.parametrize(
    ("members", "rules"),
    [
        ({"inQty": quantity(1), "netQtyIn": 1}, ["net-in-pair"]),
        ({"inQty": quantity(1), "netQtyOut": 1}, ["net-in-pair"]),
        ({"inQty": quantity(1), "netQtyIn": 0.001, "netQtyOut": 0.001}, ["net-one-way"]),
        ({"inQty": quantity(0), "outQty": quantity(0), "netQtyIn": 0.001, "netQtyOut": 0}, ["net-zero-beside-zero"]),
        ({"inQty": quantity(0), "netQtyIn": 0, "netQtyOut": 1}, []),
        ({"inQty": quantity(5), "outQty": quantity(3), "netQtyIn": 1, "netQtyOut": 0}, []),
        ({"inQty": quantity(1), "netQtyIn": "#-1#", "netQtyOut": 0}, ["flow-not-negative"]),
    ],
)
def test_net_quantities(members: Mapping[str, Any], rules: list[str]) -> None:
    assert [error.finding.rule for error in check(of_house(quarter(START, **members))).errors] == rules


@pytest.mark.parametrize(
    ("role", "count"), [(Role.GRID_OPERATOR, 0), (Role.CLOSED_DISTRIBUTION_NETWORK, 0), (Role.PRODUCER_OPERATOR, 1)]
)
def test_net_quantities_come_from_networks(role: Role, count: int) -> None:
    data = of_house(quarter(START, inQty=quantity(1), netQtyIn=1, netQtyOut=0))
    verdict = check(data, sender=Sender(GRID.party, role))
    assert [error.finding.code for error in verdict.errors] == [WRONG_ROLE] * count


def test_a_long_list_is_closed_by_a_count() -> None:
    data = of_house(*(quarter(START - 900 * i, outQty=quantity(-1)) for i in range(1003)))
    errors = check(data).errors
    assert len(errors) == 1001
    assert errors[-1].finding.text == "3 more of the same kind are not listed"
    assert check(data).refused.all()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from((HOUSE, FACTORY)), st.booleans()), min_size=1, max_size=12))
def test_what_is_taken_by_message_and_by_point(said: list[tuple[str, bool]]) -> None:
    # EE-1.2
    body = [
        of_point(point, [quarter(START + 900 * i, outQty=quantity(1 if good else -1))])
        for i, (point, good) in enumerate(said)
    ]
    data, terms = read(body), POLICY.terms(NOW)
    by_message = batch(data, terms=replace(terms, atomicity=Atomicity.MESSAGE))
    by_point = batch(data, terms=replace(terms, atomicity=Atomicity.POINT))
    verdict = POLICY.rules.check(by_message)
    assert verdict.taken(by_message).all() == all(good for _, good in said)
    assert verdict.taken(by_message).any() == all(good for _, good in said)
    faulty = {point for point, good in said if not good}
    assert verdict.taken(by_point).tolist() == [point not in faulty for point, _ in said]


def test_a_workbook_is_taken_whole_or_not_at_all() -> None:
    # EE-2.1
    body = [of_point(point, [quarter(START, outQty=quantity(kwh))]) for point, kwh in ((HOUSE, 1), (FACTORY, -1))]
    data = replace(read(body), form=FeedForm.WORKBOOK)
    by_point = batch(data, terms=replace(POLICY.terms(NOW), atomicity=Atomicity.POINT))
    assert not POLICY.rules.check(by_point).taken(by_point).any()


def test_the_day_of_receipt_says_what_a_message_is_taken_by() -> None:
    # EE-1.2: the switch is a dated setting
    switch = date(2026, 4, 1)
    assert POLICY.terms(EE.zone.midnight(switch) - 1).atomicity is Atomicity.POINT
    assert POLICY.terms(EE.zone.midnight(switch)).atomicity is Atomicity.MESSAGE


def case(data: MeteringData | None, **changes: Any) -> MessageCase:
    """A message as a whole."""
    facts: dict[str, Any] = {
        "form": FeedForm.ESTFEED_V2,
        "commodity": Commodity.ELECTRICITY,
        "sender": SENDER,
        "now": NOW,
        "terms": POLICY.terms(NOW),
    }
    return MessageCase(data=data, **(facts | changes))


def test_roles_that_may_send_a_commodity() -> None:
    def answered(role: Role, commodity: Commodity) -> list[str]:
        return [
            one.code for one in POLICY.message_rules.check(case(None, sender=Sender("38X", role), commodity=commodity))
        ]

    assert answered(Role.LINE_OPERATOR, Commodity.ELECTRICITY) == []
    assert answered(Role.ENERGY_SUPPLIER, Commodity.ELECTRICITY) == [WRONG_ROLE]
    assert answered(Role.LINE_OPERATOR, Commodity.NATURAL_GAS) == [WRONG_ROLE]
    assert answered(Role.GAS_STATION_OPERATOR, Commodity.NATURAL_GAS) == []


def test_a_closed_form_is_closed_to_its_roles_from_its_hour_on() -> None:
    entries = [{**closing, "enforced": True} for closing in _closings()]
    policy = changed_profile("ee", {"metering-data": {"closings": entries}}, {}).metering_data
    at = EE.zone.at(date(2026, 7, 20), 11)

    def count(now: int, role: Role = Role.GRID_OPERATOR, form: FeedForm = FeedForm.ESTFEED_V1) -> int:
        sender = Sender(GRID.party, role)
        return len(policy.message_rules.check(case(None, form=form, sender=sender, now=now, closings=policy.closings)))

    assert (count(at - 1), count(at), count(at, Role.LINE_OPERATOR)) == (0, 1, 0)
    assert count(at, form=FeedForm.ESTFEED_V2) == 0
    assert POLICY.closings == ()


def _closings() -> list[dict[str, Any]]:
    return list(read_table("ee")["metering-data"]["closings"])


def test_the_context_of_a_message_is_its_sender_s() -> None:
    data = read(hourly([HOUSE], START, "PT15M", outQty=quantity(1)), FeedForm.ESTFEED_V1)
    assert POLICY.message_rules.check(case(data)) == ()
    (found,) = POLICY.message_rules.check(case(data, sender=Sender("38X-OTHER", Role.GRID_OPERATOR)))
    assert found.code == "opp.error.technical.unprocessable-market-participant-context"
    assert found.path == "marketParticipantContext.marketParticipantIdentification"
    (found,) = POLICY.message_rules.check(case(replace(data, commodity=Commodity.NATURAL_GAS)))
    assert found.code == f"{BUSINESS}request-commodity-type-mismatch"


@pytest.mark.parametrize(("count", "codes"), [(35_040, []), (35_041, [f"{VALIDATION}too-many-entries"])])
def test_a_message_holds_a_year_of_quarters(count: int, codes: list[str]) -> None:
    # EE-1.1
    data = of_house(quarter(START, outQty=quantity(1)))
    long = replace(data, offsets=np.array([0, count]), start=START - 900 * np.arange(count))
    assert [one.code for one in POLICY.message_rules.check(case(long))] == codes
