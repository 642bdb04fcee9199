"""Who gets the values of a metering point (dk-messages §7; DK-3.4.a, DK-3.4.c, DK-6.1.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from gateway.markets.distribution import Delivery, Receiver
from gateway.markets.registry import profile
from gateway.messages.codes import MeteringPointType, Quality, Resolution, Role, Unit
from gateway.messages.masterdata import Delegation, GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.series import Period, Series, SeriesTable
from gateway.messages.times import NO_INSTANT, Interval
from gateway.rules.batch import Sender

DK = profile("dk")
AREAS = (GridArea("1", "grid-1"), GridArea("2", "grid-2"), GridArea("3", "grid-3"))
POINT, PARENT, OTHER = (f"{571313000000000000 + number}" for number in range(3))
DAY = Interval(1_700_000_000 // 3600 * 3600, 1_700_000_000 // 3600 * 3600 + 24 * 3600)
NOON = DAY.start + 12 * 3600
NOW = DAY.end + 3600

SUPPLIER = Receiver("supplier", Role.ENERGY_SUPPLIER)
NEXT_SUPPLIER = Receiver("next", Role.ENERGY_SUPPLIER)
GRID = Receiver("grid-1", Role.GRID_OPERATOR)
AGENCY = Receiver("5798000020016", Role.ENERGY_AGENCY)
SYSTEM = Receiver("5790000432752", Role.SYSTEM_OPERATOR)


def version(point: str = POINT, **changes: Any) -> MeteringPointVersion:
    fields: dict[str, Any] = {"metering_point": point, "kind": MeteringPointType.CONSUMPTION, "grid_area": "1"}
    supplied = {"valid_from": 0, "resolution": Resolution.HOUR, "energy_supplier": "supplier"}
    return MeteringPointVersion(**{**fields, **supplied, **changes})


def master_of(
    *versions: MeteringPointVersion, delegations: Sequence[Delegation] = (), roles: Sequence[PartyRole] = ()
) -> MasterData:
    return MasterData.build(versions, AREAS, roles, delegations)


def receivers(*versions: MeteringPointVersion, **given: Any) -> tuple[Receiver, ...]:
    """The receivers of the first point."""
    master = master_of(*versions, **given)
    return DK.receivers(master, np.array([0]), NOW)[0]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MeteringPointType.CONSUMPTION, (SUPPLIER,)),
        (MeteringPointType.PRODUCTION, (SUPPLIER, AGENCY)),
        (MeteringPointType.VE_PRODUCTION, (SYSTEM, AGENCY, SUPPLIER)),
        (MeteringPointType.EXCHANGE, ()),
        (MeteringPointType.ELECTRICAL_HEATING, (GRID,)),
        (MeteringPointType.NET_CONSUMPTION, (GRID,)),
        (MeteringPointType.CAPACITY_SETTLEMENT, (GRID,)),
        (MeteringPointType.INTERNAL_USE, ()),
    ],
)
def test_receivers_by_type(kind: MeteringPointType, expected: tuple[Receiver, ...]) -> None:
    # DK-3.4.a: consumption and production reach the supplier
    assert receivers(version(kind=kind)) == expected


@pytest.mark.parametrize("kind", [kind for kind in MeteringPointType if list(MeteringPointType).index(kind) > 3])
def test_a_child_s_values_reach_the_supplier_of_its_parent(kind: MeteringPointType) -> None:
    # DK-6.1.1: whatever supplier stands at the child itself
    own = {
        MeteringPointType.ELECTRICAL_HEATING,
        MeteringPointType.NET_CONSUMPTION,
        MeteringPointType.CAPACITY_SETTLEMENT,
    }
    child = version(kind=kind, parent=PARENT, energy_supplier="somebody else")
    assert receivers(child, version(PARENT)) == ((GRID, SUPPLIER) if kind in own else (SUPPLIER,))


def test_a_point_of_its_own_has_no_parent_whatever_is_written() -> None:
    assert receivers(version(parent=PARENT), version(PARENT, energy_supplier="next")) == (SUPPLIER,)


def test_exchange_goes_to_the_grid_operators_next_door() -> None:
    # DK-3.2.2
    two, three = Receiver("grid-2", Role.GRID_OPERATOR), Receiver("grid-3", Role.GRID_OPERATOR)

    def of(grid_area: str, from_area: str | None, to_area: str | None) -> tuple[Receiver, ...]:
        point = version(
            kind=MeteringPointType.EXCHANGE, grid_area=grid_area, from_grid_area=from_area, to_grid_area=to_area
        )
        return receivers(point)

    assert of("1", "1", "2") == (two,)
    assert of("1", "2", "1") == (two,)
    assert of("1", "2", "3") == (two, three)
    assert of("1", "2", "2") == (two,)
    assert of("1", "1", "1") == ()
    assert of("1", "1", "9") == ()


def test_nobody_supplies_nobody_receives() -> None:
    assert receivers(version(energy_supplier=None)) == ()
    child = version(kind=MeteringPointType.NET_FROM_GRID, parent=PARENT)
    assert receivers(child) == ()
    assert receivers(child, version(PARENT, valid_from=NOW + 1)) == ()


def test_holders_in_the_master_data_stand_before_the_parties_of_the_profile() -> None:
    held = [PartyRole("agency", Role.ENERGY_AGENCY), PartyRole("old", Role.ENERGY_AGENCY, valid_to=NOW)]
    assert receivers(version(kind=MeteringPointType.PRODUCTION), roles=held) == (
        SUPPLIER,
        Receiver("agency", Role.ENERGY_AGENCY),
    )


def test_balance_responsible_parties_get_no_values_of_points() -> None:
    # DK-3.4.b
    assert receivers(version(balance_responsible="brp")) == (SUPPLIER,)


TO_AGENT = Delegation("measure-data", "1", "supplier", Role.ENERGY_SUPPLIER, "agent", Role.DELEGATE)
AGENT = Receiver("agent", Role.DELEGATE)


def test_a_delegate_receives_in_place_of_who_appointed_it() -> None:
    # DK-3.4.c
    assert receivers(version(), delegations=[TO_AGENT]) == (AGENT,)
    assert receivers(version(), delegations=[TO_AGENT._replace(process="receive-measure-data")]) == (AGENT,)
    both = receivers(version(kind=MeteringPointType.PRODUCTION), delegations=[TO_AGENT])
    assert both == (AGENT, AGENCY)


@pytest.mark.parametrize(
    "void",
    [
        TO_AGENT._replace(grid_area="2"),
        TO_AGENT._replace(from_party="next"),
        TO_AGENT._replace(from_role=Role.GRID_OPERATOR),
        TO_AGENT._replace(process="measure-data-request"),
        TO_AGENT._replace(process="send-measure-data"),
        TO_AGENT._replace(valid_to=NOW),
        TO_AGENT._replace(grid_area="9"),
    ],
)
def test_delegations_that_redirect_nothing(void: Delegation) -> None:
    # DK-3.4.c
    assert receivers(version(), delegations=[void]) == (SUPPLIER,)


def test_a_grid_operator_s_delegation_counts_in_either_hat_and_nobody_gets_it_twice() -> None:
    # DK-3.4.c
    heating = version(kind=MeteringPointType.ELECTRICAL_HEATING, parent=PARENT)
    given = [
        Delegation("measure-data", "1", "grid-1", Role.METERED_DATA_RESPONSIBLE, "agent", Role.DELEGATE),
        TO_AGENT,
    ]
    assert receivers(heating, version(PARENT), delegations=given) == (AGENT,)


def test_the_metered_data_responsible_reads_the_grid_operator_s_queue() -> None:
    assert DK.queue_role(Role.METERED_DATA_RESPONSIBLE) is Role.GRID_OPERATOR
    assert DK.queue_role(Role.ENERGY_SUPPLIER) is Role.ENERGY_SUPPLIER


def series(point: str = POINT, start: int = DAY.start, end: int = DAY.end, transaction: str = "t") -> Series:
    hours = 24
    period = Period(
        Resolution.HOUR,
        start,
        end,
        np.arange(1, hours + 1, dtype=np.int32),
        np.ones(hours, dtype=np.int64),
        np.full(hours, Quality.MEASURED, dtype=np.uint8),
    )
    return Series(transaction, point, MeteringPointType.CONSUMPTION, Unit.KWH, period)


def deliveries(
    *rows: Series, master: MasterData, refused: Sequence[int] = ()
) -> list[tuple[int, int, int, tuple[Receiver, ...]]]:
    batch = DK.batch(SeriesTable.of(rows), master, Sender("grid-1", Role.GRID_OPERATOR), NOW)
    given = DK.distribution.deliveries(batch, refused)
    assert all(isinstance(delivery, Delivery) for delivery in given)
    return [(d.row, d.start, d.end, d.receivers) for d in given]


def test_one_version_one_delivery() -> None:
    assert deliveries(series(), master=master_of(version())) == [(0, DAY.start, DAY.end, (SUPPLIER,))]


def test_refused_unknown_and_unreadable_series_are_not_delivered() -> None:
    rows = (series(), series(OTHER), series(start=NO_INSTANT), series())
    assert [d[0] for d in deliveries(*rows, master=master_of(version()), refused=[0])] == [3]


def test_a_change_of_supplier_cuts_the_period() -> None:
    # DK-3.4.a: each supplier gets its own hours.
    master = master_of(version(valid_to=NOON), version(valid_from=NOON, energy_supplier="next"))
    assert deliveries(series(), series(), master=master) == [
        (0, DAY.start, NOON, (SUPPLIER,)),
        (0, NOON, DAY.end, (NEXT_SUPPLIER,)),
        (1, DAY.start, NOON, (SUPPLIER,)),
        (1, NOON, DAY.end, (NEXT_SUPPLIER,)),
    ]


def test_hours_without_master_data_go_to_nobody() -> None:
    master = master_of(version(valid_to=NOON), version(valid_from=NOON + 3600))
    assert [(d[1], d[2]) for d in deliveries(series(), master=master)] == [
        (DAY.start, NOON),
        (NOON + 3600, DAY.end),
    ]


def test_a_change_of_the_parent_s_supplier_cuts_the_child_s_period() -> None:
    # DK-6.1.1
    child = version(kind=MeteringPointType.NET_FROM_GRID, parent=PARENT)
    master = master_of(
        child, version(PARENT, valid_to=NOON), version(PARENT, valid_from=NOON, energy_supplier="next"), version(OTHER)
    )
    assert deliveries(series(OTHER), series(), master=master) == [
        (0, DAY.start, DAY.end, (SUPPLIER,)),
        (1, DAY.start, NOON, (SUPPLIER,)),
        (1, NOON, DAY.end, (NEXT_SUPPLIER,)),
    ]


def test_a_change_of_the_parent_that_keeps_its_supplier_cuts_nothing() -> None:
    child = version(kind=MeteringPointType.NET_FROM_GRID, parent=PARENT)
    master = master_of(child, version(PARENT, valid_to=NOON), version(PARENT, valid_from=NOON, grid_area="2"))
    assert deliveries(series(), master=master) == [(0, DAY.start, DAY.end, (SUPPLIER,))]


def test_hours_in_which_the_parent_does_not_exist_go_to_no_supplier() -> None:
    # DK-6.1.1
    child = version(kind=MeteringPointType.ELECTRICAL_HEATING, parent=PARENT)
    inner = version(PARENT, valid_from=DAY.start + 3600, valid_to=NOON)
    assert deliveries(series(), master=master_of(child, inner)) == [
        (0, DAY.start, DAY.start + 3600, (GRID,)),
        (0, DAY.start + 3600, NOON, (GRID, SUPPLIER)),
        (0, NOON, DAY.end, (GRID,)),
    ]
    assert deliveries(series(), master=master_of(child)) == [(0, DAY.start, DAY.end, (GRID,))]


def test_a_thousand_points_of_few_kinds() -> None:
    kinds = (MeteringPointType.CONSUMPTION, MeteringPointType.PRODUCTION, MeteringPointType.VE_PRODUCTION)
    points = [
        version(f"{571313000000000000 + n}", kind=kinds[n % 3], energy_supplier=f"s-{n % 4}") for n in range(1000)
    ]
    master = master_of(*points)
    given = DK.receivers(master, np.arange(1000), NOW)
    assert given == [DK.receivers(master, np.array([row]), NOW)[0] for row in range(1000)]
    assert DK.receivers(MasterData.build((), AREAS), np.empty(0, dtype=np.int64), NOW) == []


def visible(reader: Receiver, *versions: MeteringPointVersion, **given: Any) -> list[tuple[int, int]]:
    parts = DK.distribution.visible_parts(master_of(*versions, **given), reader, int(POINT), DAY, NOW)
    return [(part.start, part.end) for part in parts]


def test_who_sees_what() -> None:
    # DK-3.4.a, DK-3.2.1
    whole = [(DAY.start, DAY.end)]
    assert visible(SUPPLIER, version()) == whole
    assert visible(NEXT_SUPPLIER, version()) == []
    assert visible(GRID, version()) == whole
    assert visible(Receiver("grid-1", Role.METERED_DATA_RESPONSIBLE), version()) == whole
    assert visible(Receiver("supplier", Role.GRID_OPERATOR), version()) == []
    assert visible(SUPPLIER, version(OTHER)) == []
    exchange = version(kind=MeteringPointType.EXCHANGE, from_grid_area="1", to_grid_area="2")
    assert visible(Receiver("grid-2", Role.GRID_OPERATOR), exchange) == whole


def test_neighbouring_parts_are_seen_as_one() -> None:
    cut = (version(valid_to=NOON), version(valid_from=NOON, grid_area="2"))
    assert visible(SUPPLIER, *cut) == [(DAY.start, DAY.end)]
    assert visible(GRID, *cut) == [(DAY.start, NOON)]


def test_a_delegate_sees_what_those_see_who_let_it_ask() -> None:
    # DK-3.4.c
    asking = TO_AGENT._replace(process="measure-data-request")
    assert visible(AGENT, version(), delegations=[asking]) == [(DAY.start, DAY.end)]
    assert visible(AGENT, version(), delegations=[TO_AGENT]) == []
    assert visible(Receiver("agent", Role.GRID_OPERATOR), version(), delegations=[asking]) == []
