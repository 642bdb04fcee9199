"""A party's own control before fixation: its points, summed as the hub's sums will be (DK-4.1.3.d)."""

from __future__ import annotations

import asyncio
from datetime import date

from gateway.hub.control.values import PointSums
from gateway.hub.database import Database
from gateway.hub.ports import Principal
from gateway.messages.codes import MeteringPointType, Quality, Resolution, SettlementMethod, Subtype
from gateway.messages.times import DAY as ONE_DAY
from gateway.messages.times import HOUR
from tests.gs1_codes import gsrn

from .market import (
    AREA,
    BALANCING,
    NEXT_AREA,
    NEXT_DOOR,
    OPERATOR,
    OWNER,
    READER_A,
    READER_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    ControlHub,
    exchange,
    flex,
    hourly,
    production,
)

DAY = date(2016, 3, 22)
START = ZONE.midnight(DAY)
FIRST = START + ONE_DAY
M, E = Quality.MISSING, Quality.ESTIMATED


def sums(hub: ControlHub, reader: Principal, as_of: int | None = None, day: date = DAY) -> PointSums:
    hub.move_to(FIRST)
    return asyncio.run(hub.control_sums(reader, day, as_of)).points


def keys(found: PointSums) -> list[tuple[str, str, str]]:
    triples = zip(found.grid_area, map(str, found.sum_class), found.energy_supplier, strict=True)
    return list(dict.fromkeys(triples))


def test_a_supplier_adds_up_its_points_by_area_and_class(database: Database) -> None:
    # DK-4.1.3.d: quarters and hours side by side make hours; nobody else's points are in it.
    hub = ControlHub(
        database,
        flex(1),
        flex(2, resolution=Resolution.HOUR),
        flex(3, energy_supplier=SUPPLIER_B),
        flex(4, grid_area=NEXT_AREA),
        hourly(5),
        production(6),
    )
    hub.append([gsrn(1), gsrn(3), gsrn(4), gsrn(6)], [[250] * 96, [9] * 96, [10] * 96, [500] * 96], start=START, at=1)
    hub.append([gsrn(2), gsrn(5)], [[1000] * 24, [3000] * 24], start=START, at=2, step=Resolution.HOUR)
    found = sums(hub, READER_A)
    assert keys(found) == [
        (AREA, "production", SUPPLIER_A),
        (AREA, "flex-consumption", SUPPLIER_A),
        (AREA, "hourly-consumption", SUPPLIER_A),
        (NEXT_AREA, "flex-consumption", SUPPLIER_A),
    ]
    assert found.start.tolist() == list(range(START, START + ONE_DAY, HOUR)) * 4
    assert found.quantity.tolist() == [2000] * 24 + [2000] * 24 + [3000] * 24 + [40] * 24
    assert found.points.tolist() == [1] * 24 + [2] * 24 + [1] * 24 + [1] * 24
    assert set(found.quality) == {Quality.MEASURED}
    assert keys(sums(hub, READER_B)) == [(AREA, "flex-consumption", SUPPLIER_B)]
    assert keys(sums(hub, BALANCING)) == []


def test_missing_before_estimated_before_measured(database: Database) -> None:
    # DK-4.1.3.d, DK-4.1.5.g: one value is enough; a missing value adds nothing, an absent one is missing.
    hub = ControlHub(database, flex(1), flex(2))
    quality = [[4] * 4 + [E] + [4] * 3 + [M] + [E] * 3 + [4] * 84, [4] * 8 + [E] * 4 + [4] * 84]
    quantity = [[0 if one == M else 10 for one in row] for row in quality]
    hub.append([gsrn(1), gsrn(2)], quantity, start=START, at=1, quality=quality)
    hub.append([gsrn(2)], [[10] * 4], start=START + ONE_DAY, at=1)
    found = sums(hub, READER_A)
    assert found.quality[:4] == [Quality.MEASURED, Quality.ESTIMATED, Quality.MISSING, Quality.MEASURED]
    assert found.quantity[:4].tolist() == [80, 80, 70, 80]
    assert (found.missing[:4].tolist(), found.estimated[:4].tolist()) == ([0, 0, 1, 0], [0, 1, 1, 0])
    nothing = sums(hub, READER_A, as_of=0)
    assert (set(nothing.quantity.tolist()), set(nothing.missing.tolist())) == ({0}, {2})


def test_a_grid_operator_gets_every_supplier_and_the_net_exchange_of_its_areas(database: Database) -> None:
    # DK-4.1.3.d, DK-6.2.2: into the area counts plus, out of it minus, whoever reports the point.
    hub = ControlHub(
        database,
        flex(1),
        flex(2, energy_supplier=SUPPLIER_B),
        exchange(3, NEXT_AREA, AREA),
        exchange(4, AREA, NEXT_AREA),
        exchange(5, AREA, NEXT_AREA, grid_area=NEXT_AREA),
        exchange(6, AREA, AREA),
        exchange(7, "777", NEXT_AREA, grid_area=NEXT_AREA),
    )
    points = [gsrn(number) for number in range(1, 8)]
    hub.append(points, [[value] * 96 for value in (1, 2, 100, 30, 7, 50, 1000)], start=START, at=1)
    found = sums(hub, OWNER)
    assert keys(found) == [
        (AREA, "flex-consumption", SUPPLIER_A),
        (AREA, "flex-consumption", SUPPLIER_B),
        (AREA, "exchange", ""),
    ]
    assert found.quantity.tolist() == [4] * 24 + [8] * 24 + [4 * (100 - 30 - 7)] * 24
    other = sums(hub, NEXT_DOOR)
    assert keys(other) == [(NEXT_AREA, "exchange", "")]
    assert other.quantity.tolist() == [4 * (30 + 7 - 100 + 1000)] * 24
    assert {area for area, _, _ in keys(sums(hub, OPERATOR))} == {AREA, NEXT_AREA, "777"}


def test_a_supplier_change_within_the_day_goes_to_the_supplier_of_the_step(database: Database) -> None:
    # DK-4.1.3.d: the supplier of a point is the one registered for the step.
    noon = START + 12 * HOUR
    hub = ControlHub(database, flex(1, valid_to=noon), flex(1, valid_from=noon, energy_supplier=SUPPLIER_B))
    hub.append([gsrn(1)], [[1] * 96], start=START, at=1)
    before, after = sums(hub, READER_A), sums(hub, READER_B)
    assert before.quantity.tolist() == [4] * 12 + [0] * 12
    assert before.points.tolist() == [1] * 12 + [0] * 12
    assert after.quantity.tolist() == [0] * 12 + [4] * 12


def test_what_the_settlement_does_not_add_up_is_in_no_sum(database: Database) -> None:
    # DK-4.1.3.d: children are settled under their parent's tariffs, profile settled points by their shares.
    hub = ControlHub(
        database,
        flex(1),
        flex(2, kind=MeteringPointType.ELECTRICAL_HEATING, parent=gsrn(1), settlement_method=None),
        flex(3, settlement_method=SettlementMethod.PROFILED),
        flex(4, subtype=Subtype.CALCULATED),
    )
    hub.append([gsrn(number) for number in (1, 2, 3, 4)], [[1] * 96] * 4, start=START, at=1)
    assert set(sums(hub, READER_A).quantity.tolist()) == {4}


def test_a_25_hour_day_has_25_sums(database: Database) -> None:
    hub = ControlHub(database, flex(1), flex(2, resolution=Resolution.HOUR))
    day = date(2025, 10, 26)
    start = ZONE.midnight(day)
    hub.append([gsrn(1)], [[1] * 100], start=start, at=1)
    hub.append([gsrn(2)], [[1] * 25], start=start, at=1, step=Resolution.HOUR)
    found = sums(hub, READER_A, day=day)
    assert found.quantity.tolist() == [5] * 25
    assert found.start.tolist() == list(range(start, start + 25 * HOUR, HOUR))


def test_nothing_to_add_up(database: Database) -> None:
    hub = ControlHub(database)
    assert len(sums(hub, OPERATOR).start) == 0
