"""Snapshots: reproducible to the last digit, and two of them explained down to values and messages."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.settlement.difference import Difference, SumDifference, difference
from gateway.hub.settlement.reproduction import reproduce
from gateway.hub.settlement.snapshots import packed
from gateway.messages.codes import Quality, SettlementStage
from gateway.settlement.results import ResultKey, ResultKind
from tests.integration.settlement.towns import (
    AREA,
    DAY,
    FIXED_ON,
    OPERATOR,
    POINTS,
    RESPONSIBLE_A,
    SUPPLIER_A,
    ZONE,
    Town,
    dataset,
)

REFIXED_ON = date(2016, 4, 7)


def refixed(town: Town) -> None:
    """The day fixed, one value of flex-a corrected, the month refixed."""
    town.send_all(DAY)
    town.evening(FIXED_ON)
    town.send(DAY, {"flex-a": [12_000] * 23 + [15_000]})
    town.pass_over(REFIXED_ON - timedelta(days=1))
    town.evening(REFIXED_ON)


def explained(town: Town, first: SettlementStage, second: SettlementStage) -> Difference:
    snapshots = town.snapshots(DAY)
    with town.hub.office.database.read() as connection:
        return difference(town.hub.office, connection, snapshots[first], snapshots[second])


def test_every_snapshot_comes_out_bit_identical_again(town: Town) -> None:
    """DK-1.11, DK-1.34: also after corrections, and with the marks it was filed with."""
    refixed(town)
    town.send(DAY, {"hourly-b": 1_000})
    for filed in town.snapshots(DAY).values():
        with town.hub.office.database.read() as connection:
            again = reproduce(town.hub.office, connection, filed)
        assert again.is_identical
        assert again.same_rules
        assert packed(again.results) == packed(filed.results)


def test_two_runs_are_explained_down_to_the_message(town: Town) -> None:
    refixed(town)
    found = explained(town, SettlementStage.FIXATION, SettlementStage.FIRST_REFIXATION)
    (value,) = found.values
    assert (value.metering_point, value.before, value.after) == (POINTS["flex-a"], 12_000, 15_000)
    assert value.start == ZONE.day_interval(DAY).end - 3600
    assert (value.status_before, value.status_after) == (Quality.MEASURED, Quality.MEASURED)
    assert (value.message_id, value.sender != "") == ("m2", True)
    own = ResultKey(AREA, SUPPLIER_A, RESPONSIBLE_A)
    assert SumDifference(ResultKind.FLEX_PER_SUPPLIER, own, 1, 3_000) in found.sums
    assert SumDifference(ResultKind.GRID_LOSS, ResultKey(AREA), 1, -3_000) in found.sums
    assert all(one.kind is not ResultKind.PRODUCTION for one in found.sums)
    assert (found.points, found.more_values) == ((), 0)
    nothing = explained(town, SettlementStage.FIXATION, SettlementStage.FIXATION)
    assert nothing == Difference((), (), 0, ())


def test_a_point_registered_differently_is_named(town: Town) -> None:
    town.send_all(DAY)
    town.evening(FIXED_ON)
    moved = [
        one._replace(energy_supplier=SUPPLIER_A) for one in dataset().points if one.metering_point == POINTS["flex-b"]
    ]
    files = {"metering-points.csv": csv_files(MasterDataSet(points=moved))["metering-points.csv"]}
    assert asyncio.run(town.hub.import_master_data(OPERATOR, files)).rows
    town.pass_over(REFIXED_ON - timedelta(days=1))
    town.evening(REFIXED_ON)
    found = explained(town, SettlementStage.FIXATION, SettlementStage.FIRST_REFIXATION)
    assert found.points == (POINTS["flex-b"],)
    assert found.values == ()
    assert found.sums


def test_snapshots_of_different_days_are_not_compared(town: Town) -> None:
    town.send_all(DAY)
    town.evening(DAY + timedelta(days=2))
    one, other = town.snapshots(DAY), town.snapshots(DAY + timedelta(days=1))
    with town.hub.office.database.read() as connection, pytest.raises(ValueError, match="different days"):
        difference(
            town.hub.office,
            connection,
            one[SettlementStage.PRELIMINARY],
            other[SettlementStage.PRELIMINARY],
        )
