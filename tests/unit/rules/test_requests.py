"""Requests for measure data, RSM-015: E30's own rules, period, access, data."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from gateway.messages.codes import MeteringPointType, ProcessType, Role
from gateway.messages.documents import Header, MeasureDataRequest, PartyRef, RequestedSeries
from gateway.messages.masterdata import Delegation, MasterData
from gateway.messages.times import NO_INSTANT, to_datetime
from gateway.rules.batch import Sender
from gateway.rules.requests import RequestBatch
from tests.gs1_codes import gsrn

from .village import (
    AGENT,
    AREA,
    DK,
    END,
    NEIGHBOUR,
    NOW,
    OPERATOR,
    POINT,
    START,
    STRANGER,
    SUPPLIER,
    ZONE,
    master_of,
    version,
)

E30 = ProcessType.YEARLY_METERING
E23 = ProcessType.PERIODIC_METERING
ASKS = Sender(SUPPLIER, Role.ENERGY_SUPPLIER)


def batch(
    *wanted: RequestedSeries,
    master: MasterData | None = None,
    caller: Sender = ASKS,
    process: str = E23,
    role: Any = None,
) -> RequestBatch:
    header = Header(
        message_id="m",
        sender=PartyRef(id=caller.party, role=role or caller.role),
        receiver=PartyRef(id=DK.hub, role=Role.HUB),
        created_at=to_datetime(NOW),
        process_type=process,
    )
    request = MeasureDataRequest(header=header, series=wanted)
    return DK.request_batch(request, caller, master or master_of(version()), NOW)


def requested(**changes: Any) -> RequestedSeries:
    return RequestedSeries(**{"transaction": "t-1", "point": POINT, "start": START, "end": END, **changes})


def found(*wanted: RequestedSeries, **given: Any) -> list[tuple[str, str]]:
    return [(f.rule, f.code) for f in DK.check_request(batch(*wanted, **given)).findings]


def test_a_supplier_asks_for_its_own_point() -> None:
    # DK-3.4.a
    assert found(requested()) == []
    assert found(requested(), process=E30) == []


@pytest.mark.parametrize("role", [Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE])
def test_only_a_supplier_asks_for_yearly_values(role: Role) -> None:
    caller = Sender(OPERATOR, role)
    assert found(requested(), caller=caller) == []
    assert found(requested(), requested(), caller=caller, process=E30) == [("yearly-by-supplier", "E16")] * 2


def test_yearly_values_are_for_consumption_and_production() -> None:
    production = master_of(version(kind=MeteringPointType.PRODUCTION))
    child = master_of(version(kind=MeteringPointType.NET_CONSUMPTION, parent=gsrn(2)), version(gsrn(2)))
    assert found(requested(), master=production, process=E30) == []
    assert found(requested(), master=child, process=E30) == [("yearly-type-allowed", "D18")]
    assert found(requested(), master=child) == []


def test_an_unknown_point_is_not_also_one_without_right() -> None:
    assert found(requested(point=gsrn(9))) == [("requested-point-known", "E10")]
    assert found(requested(point="123")) == [("requested-point-known", "E10")]
    assert found(requested(point=gsrn(9)), process=E30) == [("requested-point-known", "E10")]


@pytest.mark.parametrize(("start", "end"), [(None, END), (NO_INSTANT, END), (START, NO_INSTANT), (None, None)])
def test_the_period_can_be_read(start: int | None, end: int | None) -> None:
    # The original needs a start, though its schema does not ask for one.
    assert found(requested(start=start, end=end)) == [("requested-period-readable", "E50")]


def test_an_open_end_is_now() -> None:
    assert found(requested(end=None)) == []
    assert batch(requested(end=None)).end.tolist() == [NOW]


def test_the_period_runs_forward_on_quarters() -> None:
    assert found(requested(start=END, end=END)) == [("requested-period-forward", "E50")]
    assert found(requested(start=START + 900)) == []
    assert found(requested(start=START + 60)) == [("requested-bounds-on-quarter", "D66")]
    assert found(requested(end=END - 1)) == [("requested-bounds-on-quarter", "D66")]


def test_dates_beyond_the_calendar_are_a_finding() -> None:
    far = int(datetime(9999, 12, 31, 23, tzinfo=UTC).timestamp()) + 7200
    assert found(requested(end=far)) == [("requested-period-readable", "E50")]


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (Sender(STRANGER, Role.ENERGY_SUPPLIER), [("supplier-entitled", "E16")]),
        (Sender(NEIGHBOUR, Role.GRID_OPERATOR), [("operator-entitled", "E0I")]),
        (Sender(NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE), [("operator-entitled", "E0I")]),
        (Sender(OPERATOR, Role.GRID_OPERATOR), []),
        (Sender("5790000432752", Role.SYSTEM_OPERATOR), [("other-role-entitled", "D27")]),
        (Sender("5798000020016", Role.ENERGY_AGENCY), [("other-role-entitled", "D27")]),
        (Sender(STRANGER, Role.BALANCE_RESPONSIBLE), [("other-role-entitled", "D27")]),
        (Sender(SUPPLIER, Role.GRID_OPERATOR), [("operator-entitled", "E0I")]),
    ],
)
def test_who_may_see_a_consumption_point(caller: Sender, expected: list[tuple[str, str]]) -> None:
    # DK-3.4.a, DK-3.2.1
    assert found(requested(), caller=caller) == expected


def test_authorities_see_what_they_also_receive() -> None:
    renewable = master_of(version(kind=MeteringPointType.VE_PRODUCTION))
    production = master_of(version(kind=MeteringPointType.PRODUCTION))
    operator, agency = Sender("5790000432752", Role.SYSTEM_OPERATOR), Sender("5798000020016", Role.ENERGY_AGENCY)
    assert found(requested(), master=renewable, caller=operator) == []
    assert found(requested(), master=renewable, caller=agency) == []
    assert found(requested(), master=production, caller=agency) == []
    assert found(requested(), master=production, caller=operator) == [("other-role-entitled", "D27")]


def test_a_supplier_sees_the_part_of_the_period_it_supplies() -> None:
    # DK-3.4.a
    noon = START + 12 * 3600
    master = master_of(version(valid_to=noon), version(valid_from=noon, energy_supplier=STRANGER))
    first, second = (
        batch(requested(), master=master),
        batch(requested(), master=master, caller=Sender(STRANGER, Role.ENERGY_SUPPLIER)),
    )
    assert [(p.start, p.end) for p in first.entitled[0]] == [(START, noon)]
    assert [(p.start, p.end) for p in second.entitled[0]] == [(noon, END)]
    assert found(requested(start=noon), master=master) == [("supplier-entitled", "E16")]


def test_a_delegate_asks_in_the_role_of_who_let_it() -> None:
    # DK-3.4.c
    given = Delegation("measure-data-request", AREA, SUPPLIER, Role.ENERGY_SUPPLIER, AGENT, Role.DELEGATE)
    delegate = Sender(AGENT, Role.DELEGATE)
    master = master_of(version(), delegations=[given])
    assert found(requested(), master=master, caller=delegate, role=Role.ENERGY_SUPPLIER) == []
    assert found(requested(), master=master, caller=delegate) == []
    assert found(requested(), caller=delegate, role=Role.ENERGY_SUPPLIER) == [("supplier-entitled", "E16")]
    elsewhere = master_of(version(), delegations=[given._replace(grid_area="544")])
    assert found(requested(), master=elsewhere, caller=delegate) == [("other-role-entitled", "D27")]


def test_no_data_is_said_where_the_store_found_none() -> None:
    two = batch(requested(), requested(transaction="t-2"))
    given = DK.check_request(two, np.array([False, True]))
    assert [(f.code, f.path) for f in given.findings] == [("E0H", "Series/1")]


def test_a_request_without_transactions_breaks_no_rule() -> None:
    assert found() == []
    assert found(process=E30) == []


def test_the_period_of_a_request_may_be_years_long() -> None:
    assert found(requested(start=ZONE.midnight(date(2020, 1, 1)), end=END), process=E30) == []
