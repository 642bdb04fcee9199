"""The wholesale basis, and corrections after the final refixation."""

from __future__ import annotations

import numpy as np
import pytest

from gateway.messages.codes import MeteringPointType, Quality, Resolution, SettlementMethod
from gateway.messages.masterdata import FOREVER, MasterData, MeteringPointVersion
from gateway.messages.times import Interval
from gateway.settlement.corrections import CORRECTED_KINDS, correction
from gateway.settlement.energy import energy_plan
from gateway.settlement.kernel import Partial
from gateway.settlement.quality_sets import MEASURED, MISSING
from gateway.settlement.results import ResultKey, ResultKind, SettlementResults
from gateway.settlement.sums import sums
from gateway.settlement.wholesale import TariffLinks, WholesalePlan, wholesale_plan

START = 1_749_506_400
TWO_HOURS = Interval(START, START + 7200)
PARENT, CHILD, OTHER, PROFILED, SUN = (571313000000000000 + place for place in range(5))
TARIFFS = ("net", "system")


def version(point: int, supplier: str, first: int = 0, last: int = FOREVER, **more: object) -> MeteringPointVersion:
    given = MeteringPointVersion(
        f"{point}",
        MeteringPointType.CONSUMPTION,
        "543",
        first,
        last,
        settlement_method=SettlementMethod.FLEX,
        energy_supplier=supplier,
        balance_responsible="brp",
    )
    return given._replace(**more)  # type: ignore[arg-type]  # the tests know the fields


MASTER = MasterData.build(
    [
        version(PARENT, "a", last=START + 3600),
        version(PARENT, "b", first=START + 3600),
        version(CHILD, "nobody", kind=MeteringPointType.ELECTRICAL_HEATING, parent=f"{PARENT}", energy_supplier=None),
        version(OTHER, "a"),
        version(PROFILED, "a", settlement_method=SettlementMethod.PROFILED),
        version(SUN, "b", kind=MeteringPointType.PRODUCTION),
    ]
)


def links(*rows: tuple[int, int, int, int]) -> TariffLinks:
    point, tariff, first, last = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    return TariffLinks(point, tariff.astype(np.int32), first, last)


def found(plan: WholesalePlan, values: dict[int, tuple[int, int]]) -> dict[tuple[str | None, str | None], list[int]]:
    partial = Partial(plan.plan)
    quality = np.full((len(values), 2), Quality.MEASURED, dtype=np.uint8)
    partial.add(np.array(list(values)), np.array(list(values.values())), quality, "PT1H", START)
    basis = plan.sums(partial.totals(Resolution.HOUR))
    return {(key.supplier, key.tariff): row for key, row in zip(basis.keys, basis.quantity.tolist(), strict=True)}


def test_children_count_under_the_supplier_of_their_parent() -> None:
    # DK-6.1.1: child data enter the wholesale basis under the parent's supplier, who changes after an hour
    plan = wholesale_plan(
        MASTER,
        TWO_HOURS,
        links((PARENT, 0, 0, FOREVER), (CHILD, 1, 0, FOREVER), (OTHER, 0, 0, FOREVER), (OTHER, 1, 0, FOREVER)),
        TARIFFS,
    )
    assert found(plan, {PARENT: (1, 2), CHILD: (10, 20), OTHER: (100, 200)}) == {
        ("a", "net"): [101, 200],
        ("b", "net"): [0, 2],
        ("a", "system"): [110, 200],
        ("b", "system"): [0, 20],
    }


def test_a_tariff_counts_while_it_is_paid() -> None:
    plan = wholesale_plan(
        MASTER, TWO_HOURS, links((OTHER, 1, START + 3600, FOREVER), (OTHER, 0, 0, START + 3600)), TARIFFS
    )
    assert found(plan, {OTHER: (100, 200)}) == {("a", "net"): [100, 0], ("a", "system"): [0, 200]}


def test_production_takes_part_and_profile_settled_consumption_does_not() -> None:
    plan = wholesale_plan(MASTER, TWO_HOURS, links((SUN, 0, 0, FOREVER), (PROFILED, 0, 0, FOREVER)), TARIFFS)
    assert found(plan, {SUN: (5, 6), PROFILED: (7, 8)}) == {("b", "net"): [5, 6]}


# --- corrections ------------------------------------------------------------------------------------------------------


def settled(values: dict[int, tuple[int, int]]) -> SettlementResults:
    energy = energy_plan(MASTER, TWO_HOURS, ["543"])
    partial = Partial(energy.plan)
    for point, quantity in values.items():
        quality = np.full((1, 2), Quality.MEASURED, dtype=np.uint8)
        partial.add(np.array([point]), np.array([quantity]), quality, "PT1H", START)
    return sums(energy, partial, Resolution.HOUR)


def test_children_and_profiled_points_take_no_part_in_the_balance_settlement() -> None:
    # DK-6.1.1, DK-1.35
    flex = settled({PARENT: (1, 2), CHILD: (10, 20), PROFILED: (7, 8)}).tables[ResultKind.FLEX]
    assert flex.quantity.tolist() == [[1, 2]]
    assert flex.qualities.tolist() == [[MEASURED | MISSING] * 2]


def test_what_suppliers_gain_the_grid_loss_supplier_loses() -> None:
    before = {PARENT: (1, 2), OTHER: (100, 200), SUN: (5, 5)}
    lost = ResultKey("543", "grid", "brp")
    found = correction(settled({**before, PARENT: (4, 2), SUN: (5, 4)}), settled(before), {"543": lost})
    assert set(found) == set(CORRECTED_KINDS)
    flex, sun = found[ResultKind.FLEX_PER_SUPPLIER], found[ResultKind.PRODUCTION_PER_SUPPLIER]
    assert flex.delta.keys == (ResultKey("543", "a", "brp"),)
    assert flex.delta.quantity.tolist() == [[3, 0]]
    assert flex.counterpart.keys == (lost,)
    assert flex.counterpart.quantity.tolist() == [[-3, 0]]
    assert sun.counterpart.quantity.tolist() == [[0, 1]]
    assert found[ResultKind.HOURLY_PER_SUPPLIER].delta.keys == ()


def test_settlements_of_different_times_are_not_compared() -> None:
    other = settled({OTHER: (1, 2)})
    moved = SettlementResults(other.method, other.resolution, other.starts + 3600, other.tables)
    with pytest.raises(ValueError, match="same steps"):
        correction(other, moved, {})
