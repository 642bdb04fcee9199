"""Metering point rules of RSM-012: E10, D16, D18, D37, E73, D23, and the check digit."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.markets.registry import changed_profile
from gateway.messages.codes import ConnectionState, MeteringPointType, Resolution, Subtype, Unit
from gateway.messages.masterdata import MasterData
from gateway.messages.times import NO_INSTANT
from tests.gs1_codes import gsrn

from .village import AREAS, END, POINT, START, ZONE, findings, found, master_of, period, series, version

MIDDAY = START + 12 * 3600


def test_a_good_series_has_no_finding() -> None:
    assert found(series()) == []


def test_an_unknown_point_is_the_only_thing_said_of_it() -> None:
    # Type, unit and resolution cannot be compared where there is nothing to compare with (DK-3.2.1).
    unknown = series(period(resolution="PT5M"), point=gsrn(9), point_type="E99", unit="WATT")
    assert found(unknown) == [("point-known", "E10")]
    (finding,) = findings(unknown)
    assert finding.path == "Series/0/point"
    assert gsrn(9) in finding.text


@pytest.mark.parametrize("point", ["", "123", "57131300000000000x", "5713130000000000019", "\uff1571313000000000011"])
def test_an_id_that_is_no_gsrn_is_an_unknown_point(point: str) -> None:
    # DK-1.17
    assert found(series(point=point)) == [("point-known", "E10")]


def test_no_master_data_at_all_makes_every_point_unknown() -> None:
    assert found(series(), master=MasterData.build((), AREAS)) == [("point-known", "E10")]


def test_a_point_is_known_only_while_its_master_data_overlap_the_period() -> None:
    ended, begins = version(valid_to=START), version(valid_from=END)
    touching = version(valid_to=START + 1)
    assert found(series(), master=master_of(ended)) == [("point-known", "E10")]
    assert found(series(), master=master_of(begins)) == [("point-known", "E10")]
    assert found(series(), master=master_of(touching)) == []


def test_check_digits_count_only_where_the_setting_says_so() -> None:
    # DK-1.17: Denmark checks the form; strictness is a setting.
    wrong = POINT[:-1] + str((int(POINT[-1]) + 1) % 10)
    master = master_of(version(), version(wrong))
    strict = changed_profile("dk", {"identifiers": {"strictness": "check-digit"}}, {})
    assert found(series(point=wrong), master=master) == []
    assert found(series(point=wrong), master=master, market=strict) == [("point-check-digit", "E10")]
    assert found(series(), master=master, market=strict) == []


def test_the_form_of_an_id_is_left_to_the_other_rule_when_check_digits_count() -> None:
    # DK-1.17
    strict = changed_profile("dk", {"identifiers": {"strictness": "check-digit"}}, {})
    assert found(series(point="123"), market=strict) == [("point-known", "E10")]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (ConnectionState.CONNECTED, []),
        (ConnectionState.DISCONNECTED, []),
        (ConnectionState.NEW, [("point-in-grid", "D16")]),
        (ConnectionState.CLOSED_DOWN, [("point-in-grid", "D16")]),
    ],
)
def test_the_point_stands_in_the_grid(state: ConnectionState, expected: list[tuple[str, str]]) -> None:
    assert found(series(), master=master_of(version(connection_state=state))) == expected


def test_every_version_of_the_period_must_stand_in_the_grid() -> None:
    closed = version(valid_from=MIDDAY, connection_state=ConnectionState.CLOSED_DOWN)
    master = master_of(version(valid_to=MIDDAY), closed)
    assert found(series(), master=master) == [("point-in-grid", "D16")]
    morning = period([250] * 12, end=MIDDAY)
    assert found(series(morning), master=master) == []


def test_the_type_is_known_and_the_registered_one() -> None:
    assert found(series(point_type="E19")) == [("point-type-known", "D18")]
    assert found(series(point_type=MeteringPointType.PRODUCTION)) == [("point-type-as-registered", "D18")]
    assert "production" in findings(series(point_type=MeteringPointType.PRODUCTION))[0].text


def test_the_type_agrees_with_every_version() -> None:
    later = version(valid_from=MIDDAY, kind=MeteringPointType.OTHER_CONSUMPTION)
    master = master_of(version(valid_to=MIDDAY), later)
    assert found(series(), master=master) == [("point-type-as-registered", "D18")]
    assert len(findings(series(point_type=MeteringPointType.PRODUCTION), master=master)) == 1


def test_nobody_submits_for_a_calculated_point() -> None:
    # DK-6.1.3
    assert found(series(), master=master_of(version(subtype=Subtype.CALCULATED))) == [("point-not-calculated", "D37")]
    assert findings(series(), master=master_of(version(subtype=Subtype.CALCULATED)))[0].clause.startswith("D1 §6.1.3")


def test_the_energy_of_a_virtual_point_comes_from_its_grid_operator() -> None:
    # DK-6.1.2: what the grid operator computed is taken; refusing it is a switch.
    virtual = master_of(version(subtype=Subtype.VIRTUAL))
    refusing = changed_profile("dk", {}, {"measure-data": {"point-not-virtual": {"enabled": True}}})
    assert found(series(), master=virtual) == []
    assert found(series(), master=virtual, market=refusing) == [("point-not-virtual", "D37")]
    assert found(series(), market=refusing) == []


def test_the_subtype_does_not_change_in_the_period() -> None:
    master = master_of(version(valid_to=MIDDAY), version(valid_from=MIDDAY, subtype=Subtype.VIRTUAL))
    assert found(series(), master=master) == [("subtype-constant", "D37")]
    same = master_of(version(valid_to=MIDDAY), version(valid_from=MIDDAY))
    assert found(series(), master=same) == []


def test_units_are_allowed_and_the_registered_one_each_with_its_own_text() -> None:
    # The original swaps the two texts.
    not_allowed = findings(series(unit=Unit.MWH))
    other = findings(series(unit=Unit.KVARH))
    assert [(f.rule, f.code) for f in not_allowed + other] == [("unit-allowed", "E73"), ("unit-as-registered", "E73")]
    assert "cannot be used" in not_allowed[0].text
    assert "differs from master data: kwh" in other[0].text
    assert found(series(unit="WATT")) == [("unit-allowed", "E73")]
    reactive = master_of(version(unit=Unit.KVARH))
    assert found(series(unit=Unit.KVARH), master=reactive) == []


@pytest.mark.parametrize("resolution", ["", "PT5M", Resolution.DAY, Resolution.YEAR])
def test_resolutions_that_cannot_be_used(resolution: str) -> None:
    assert found(series(period(resolution=resolution))) == [("resolution-allowed", "D23")]


def test_quarters_and_hours_stand_beside_each_other_as_registered() -> None:
    # DK-1.48: one point by the quarter, one by the hour, in one grid area and one message.
    quarterly = gsrn(2)
    master = master_of(version(), version(quarterly, resolution=Resolution.QUARTER))
    quarters = period([250] * 96, resolution=Resolution.QUARTER)
    assert found(series(), series(quarters, point=quarterly, transaction="t-2"), master=master) == []
    assert found(series(quarters), master=master) == [("resolution-as-registered", "D23")]


def test_a_monthly_series_is_for_renewable_production_only() -> None:
    first, next_first = ZONE.midnight(date(2025, 5, 1)), ZONE.midnight(date(2025, 6, 1))
    month = period([250], resolution=Resolution.MONTH, start=first, end=next_first)
    monthly = {"resolution": Resolution.MONTH}
    renewable = version(kind=MeteringPointType.VE_PRODUCTION, **monthly)
    assert found(series(month, point_type=MeteringPointType.VE_PRODUCTION), master=master_of(renewable)) == []
    assert found(series(month), master=master_of(version(**monthly))) == [("month-fits-type", "D23")]


def test_a_period_that_cannot_be_read_is_compared_with_the_master_data_of_now() -> None:
    unreadable = series(period(start=NO_INSTANT), unit=Unit.MWH)
    assert found(unreadable) == [("unit-allowed", "E73"), ("period-readable", "E50")]
    assert found(series(period(end=NO_INSTANT))) == [("period-readable", "E50")]
