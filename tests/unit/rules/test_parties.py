"""Who may submit for a metering point: D50 (DK-3.2.1, DK-3.4.c)."""

from __future__ import annotations

import pytest

from gateway.messages.codes import Role, Unit
from gateway.messages.masterdata import Delegation, GridArea, MasterData
from gateway.rules.batch import Sender as Caller
from tests.gs1_codes import gsrn

from .village import (
    AGENT,
    AREA,
    END,
    NEIGHBOUR,
    NOW,
    OPERATOR,
    ROLES,
    STRANGER,
    findings,
    found,
    master_of,
    series,
    version,
)

GIVEN = Delegation("measure-data", AREA, OPERATOR, Role.METERED_DATA_RESPONSIBLE, AGENT, Role.DELEGATE)
AS_DELEGATE = Caller(AGENT, Role.DELEGATE)


@pytest.mark.parametrize("role", [Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE])
def test_the_grid_operator_of_the_area_may_submit_in_either_hat(role: Role) -> None:
    # DK-3.2.1
    assert found(series(), sender=Caller(OPERATOR, role)) == []


def test_anybody_else_may_not() -> None:
    # DK-3.2.1
    (finding,) = findings(series(), sender=Caller(STRANGER, Role.METERED_DATA_RESPONSIBLE))
    assert (finding.rule, finding.code, finding.path) == ("sender-is-responsible", "D50", "Series/0/point")
    assert AREA in finding.text
    assert STRANGER in finding.text


def test_other_rules_speak_beside_it_when_no_delegate_sends() -> None:
    wrong = series(unit=Unit.MWH)
    expected = [("sender-is-responsible", "D50"), ("unit-allowed", "E73")]
    assert found(wrong, sender=Caller(NEIGHBOUR, Role.GRID_OPERATOR)) == expected


def test_the_grid_operator_of_today_counts_also_for_old_periods() -> None:
    sold = (GridArea(AREA, OPERATOR, valid_to=END), GridArea(AREA, NEIGHBOUR, valid_from=END))
    master = MasterData.build([version()], sold, ROLES)
    assert found(series(), master=master) == [("sender-is-responsible", "D50")]
    assert found(series(), master=master, sender=Caller(NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE)) == []


def test_the_area_of_today_counts_when_the_point_has_moved() -> None:
    moved = version(valid_from=END, grid_area="544")
    master = master_of(version(valid_to=END), moved)
    assert found(series(), master=master) == [("sender-is-responsible", "D50")]
    assert found(series(), master=master, sender=Caller(NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE)) == []


def test_a_point_that_is_gone_today_is_its_last_area_s() -> None:
    gone = master_of(version(valid_to=END))
    assert found(series(), master=gone) == []
    assert found(series(), master=gone, sender=Caller(STRANGER, Role.GRID_OPERATOR)) == [
        ("sender-is-responsible", "D50")
    ]


def test_a_point_known_today_but_not_in_the_period_still_has_an_area() -> None:
    later = master_of(version(valid_from=END))
    assert found(series(), master=later, sender=Caller(STRANGER, Role.GRID_OPERATOR)) == [
        ("sender-is-responsible", "D50"),
        ("point-known", "E10"),
    ]


def test_a_delegate_submits_where_the_grid_operator_let_it() -> None:
    # DK-3.4.c
    assert found(series(), master=master_of(version(), delegations=[GIVEN]), sender=AS_DELEGATE) == []


def test_a_grid_operator_may_act_for_another_by_delegation() -> None:
    # DK-3.4.c
    given = GIVEN._replace(to_party=NEIGHBOUR, to_role=Role.GRID_OPERATOR)
    master = master_of(version(), delegations=[given])
    assert found(series(), master=master, sender=Caller(NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE)) == []


def test_a_delegate_without_delegation_hears_of_nothing_else() -> None:
    # DK-3.4.c: no other rule runs for that series, and every rule for the next.
    other = gsrn(2)
    elsewhere = version(other, grid_area="544")
    master = master_of(version(), elsewhere, delegations=[GIVEN])
    rows = (
        series(unit=Unit.MWH),
        series(unit=Unit.MWH, point=other, transaction="t-2"),
        series(unit=Unit.MWH, point=gsrn(3), transaction="t-3"),
    )
    assert [(f.code, f.path) for f in findings(*rows, master=master, sender=AS_DELEGATE)] == [
        ("E73", "Series/0/unit"),
        ("D50", "Series/1/point"),
        ("E10", "Series/2/point"),
    ]


@pytest.mark.parametrize(
    "void",
    [
        GIVEN._replace(grid_area="544"),
        GIVEN._replace(from_party=NEIGHBOUR),
        GIVEN._replace(from_role=Role.ENERGY_SUPPLIER),
        GIVEN._replace(to_party=STRANGER),
        GIVEN._replace(process="measure-data-request"),
        GIVEN._replace(valid_to=NOW),
        GIVEN._replace(valid_from=NOW + 1),
    ],
)
def test_delegations_that_do_not_help(void: Delegation) -> None:
    master = master_of(version(), delegations=[void])
    assert found(series(), master=master, sender=AS_DELEGATE) == [("delegation-exists", "D50")]


def test_a_delegation_for_sending_alone_is_enough_and_one_for_receiving_is_not() -> None:
    sending = master_of(version(), delegations=[GIVEN._replace(process="send-measure-data")])
    receiving = master_of(version(), delegations=[GIVEN._replace(process="receive-measure-data")])
    assert found(series(), master=sending, sender=AS_DELEGATE) == []
    assert found(series(), master=receiving, sender=AS_DELEGATE) == [("delegation-exists", "D50")]


def test_the_later_delegation_of_an_area_counts() -> None:
    withdrawn = GIVEN._replace(to_party=STRANGER, sequence=1)
    master = master_of(version(), delegations=[GIVEN, withdrawn])
    assert found(series(), master=master, sender=AS_DELEGATE) == [("delegation-exists", "D50")]
