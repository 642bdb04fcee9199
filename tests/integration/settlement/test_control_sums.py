"""A party's sums beside the hub's: points against sums, suppliers' sums against a responsible party's (D1 §4.1.3)."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

from gateway.hub.control.values import ControlSums
from gateway.hub.ports import Principal
from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from tests.integration.settlement.asking import BRP_B, METERED, A, B
from tests.integration.settlement.towns import (
    AGENCY,
    DAY,
    FIXED_ON,
    OPERATOR,
    RESPONSIBLE_B,
    SUPPLIER_A,
    SUPPLIER_B,
    ZONE,
    Town,
    start_town,
)

Line = tuple[str, str, str, int, int, int]
"""Class, supplier, balance responsible party, the hub's Wh, what it is held against, the difference."""


def held(town: Town, who: Principal, day: date = DAY, as_of: int | None = None) -> ControlSums:
    return asyncio.run(town.hub.control_sums(who, day, as_of))


def lines(found: ControlSums, hour: int = 0) -> list[Line]:
    """What the hub's sums of one hour say."""
    hub = found.hub
    chosen = [row for row, start in enumerate(hub.start.tolist()) if start == hub.start[0] + 3600 * hour]
    numbers = (hub.quantity.tolist(), hub.against.tolist(), hub.difference.tolist())
    words = (hub.sum_class, hub.energy_supplier, hub.balance_responsible)
    return [
        (str(words[0][row]), words[1][row], words[2][row], numbers[0][row], numbers[1][row], numbers[2][row])
        for row in chosen
    ]


def test_a_supplier_holds_its_points_against_the_hubs_sums(town: Town) -> None:
    """DK-4.1.3.d: equal when the sums are made; what comes behind the cut-off is the difference."""
    town.send_all(DAY)
    assert len(held(town, A).hub.start) == 0, "nothing has been summed yet"
    town.evening(DAY + timedelta(days=1))
    before = town.clock.now()
    assert lines(held(town, A)) == [
        ("production", SUPPLIER_A, "", 10_000, 10_000, 0),
        ("flex-consumption", SUPPLIER_A, "", 12_000, 12_000, 0),
    ]
    town.at(DAY + timedelta(days=2), 9)
    town.send(DAY, {"flex-a": [12_000] * 23 + [15_000]})
    found = held(town, A)
    assert lines(found, 23)[1] == ("flex-consumption", SUPPLIER_A, "", 12_000, 15_000, -3_000)
    assert lines(found, 22)[1][-1] == 0
    assert set(found.hub.cut_off.tolist()) == {ZONE.at(DAY + timedelta(days=1), 21)}
    town.evening(DAY + timedelta(days=2))
    assert lines(held(town, A), 23)[1] == ("flex-consumption", SUPPLIER_A, "", 15_000, 15_000, 0)
    assert lines(held(town, A, as_of=before), 23)[1] == ("flex-consumption", SUPPLIER_A, "", 12_000, 12_000, 0)
    assert [line[:2] for line in lines(held(town, B))] == [
        ("flex-consumption", SUPPLIER_B),
        ("hourly-consumption", SUPPLIER_B),
    ]


def test_a_grid_operator_holds_its_points_against_the_sums_of_its_area(town: Town) -> None:
    """DK-4.1.3.d: the hub's sums of the whole area, exchange net; nobody's suppliers."""
    town.send_all(DAY, **{"hourly-b": None})
    town.evening(DAY + timedelta(days=1))
    found = held(town, METERED)
    assert lines(found) == [
        ("production", "", "", 10_000, 10_000, 0),
        ("flex-consumption", "", "", 20_000, 20_000, 0),
        ("hourly-consumption", "", "", 0, 0, 0),
        ("exchange", "", "", 50_000, 50_000, 0),
    ]
    quality = dict(zip(map(str, found.hub.sum_class), found.hub.quality.tolist(), strict=True))
    assert quality["hourly-consumption"] == Quality.INCOMPLETE
    assert quality["exchange"] == Quality.MEASURED


def test_a_balance_responsible_party_holds_its_suppliers_against_its_own_sum(town: Town) -> None:
    """DK-4.1.3.d: it sees no points; its suppliers' sums stand for themselves and add up to its own."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    found = held(town, BRP_B)
    assert found.points.grid_area == ()
    assert lines(found) == [
        ("flex-consumption", "", RESPONSIBLE_B, 8_000, 8_000, 0),
        ("flex-consumption", SUPPLIER_B, RESPONSIBLE_B, 8_000, NO_QUANTITY, NO_QUANTITY),
        ("hourly-consumption", "", RESPONSIBLE_B, 20_000, 20_000, 0),
        ("hourly-consumption", SUPPLIER_B, RESPONSIBLE_B, 20_000, NO_QUANTITY, NO_QUANTITY),
    ]


def test_who_is_sent_no_sums_sees_none(town: Town) -> None:
    """DK-3.4.a; the hub's operator sees every sum and what it is held against."""
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=1))
    assert len(held(town, Principal(AGENCY, A.role, "no supplier")).hub.start) == 0
    everything = lines(held(town, OPERATOR))
    assert len(everything) == 4 + 4 + 4
    assert {line[-1] for line in everything} == {0}


def test_quarters_make_hours_on_a_day_of_25(tmp_path: Path, database_url: str) -> None:
    """DK-4.1.3.d, DK-1.11: the market settles by quarters, control compares by hours."""
    day = date(2023, 10, 29)
    town = start_town(tmp_path / "data", database_url, begins=day)
    town.send_all(day, **{"flex-a": [1_001 + hour for hour in range(25)]})
    town.evening(day + timedelta(days=1))
    hub = held(town, A, day).hub
    flex = [row for row, one in enumerate(hub.sum_class) if one == "flex-consumption"]
    assert hub.start[flex].tolist() == list(range(ZONE.midnight(day), ZONE.midnight(day) + 25 * 3600, 3600))
    assert hub.against[flex].tolist() == [1_001 + hour for hour in range(25)]
    assert max(abs(hub.difference[flex])) <= 2, "each quarter is rounded for itself"
    town.hub.stop()
