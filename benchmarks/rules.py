"""Every rule of measure data over a good message of 1000 series, beside one numpy sum of the same column.

Run it: python -m benchmarks.rules
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.floor import interleave, machine_note, report
from gateway.markets.profile import MarketProfile
from gateway.markets.registry import profile
from gateway.messages.codes import (
    MeteringPointType,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    Unit,
)
from gateway.messages.masterdata import GridArea, MasterData, MeteringPointVersion, PartyRole
from gateway.messages.series import Period, Series, SeriesTable
from gateway.rules.batch import Batch, Sender

OPERATOR = "5790000000012"
SUPPLIERS = tuple(f"57900000001{number:02d}" for number in range(20))
STEPS = 96
FLOOR = "numpy.sum of the quantities"


def market(count: int) -> MasterData:
    """A grid area of `count` points: mostly flex consumption, some production, every tenth a child."""
    versions = []
    for number in range(count):
        kind = MeteringPointType.PRODUCTION if number % 7 == 3 else MeteringPointType.CONSUMPTION
        kind = MeteringPointType.ELECTRICAL_HEATING if number % 10 == 9 else kind
        versions.append(
            MeteringPointVersion(
                metering_point=f"{571313000000000000 + number}",
                kind=kind,
                grid_area="543",
                valid_from=0,
                settlement_method=SettlementMethod.FLEX,
                energy_supplier=SUPPLIERS[number % len(SUPPLIERS)],
                parent=f"{571313000000000000 + number - 1}" if number % 10 == 9 else None,
            )
        )
    roles = [PartyRole(party, Role.ENERGY_SUPPLIER) for party in SUPPLIERS]
    return MasterData.build(versions, [GridArea("543", OPERATOR)], roles)


def message(master: MasterData, count: int, start: int) -> SeriesTable:
    """One day of quarters for each point."""
    quantity = np.arange(STEPS, dtype=np.int64) % 250
    return SeriesTable.of(
        Series(
            f"transaction-{row}",
            f"{571313000000000000 + row}",
            str(master.version(row).kind),
            Unit.KWH,
            Period(
                Resolution.QUARTER,
                start,
                start + STEPS * 900,
                np.arange(1, STEPS + 1, dtype=np.int32),
                quantity,
                np.full(STEPS, Quality.MEASURED, dtype=np.uint8),
            ),
        )
        for row in range(count)
    )


def batch_of(market_profile: MarketProfile, master: MasterData, series: SeriesTable, now: int) -> Batch:
    """The message as a fresh batch: nothing of an earlier run is kept."""
    return market_profile.batch(series, master, Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE), now)


def compare(danish: MarketProfile, count: int, now: int) -> str:
    """All rules, each rule alone and the receivers, for one message of `count` series."""
    start = danish.zone.midnight(danish.zone.day(now)) - 86_400
    master = market(1000)
    series = message(master, count, start)
    warm = batch_of(danish, master, series, now)
    assert not danish.check(warm).rows
    cases: dict[str, Callable[[], object]] = {
        FLOOR: series.quantity.sum,
        "all rules": lambda: danish.check(batch_of(danish, master, series, now)),
        "batch alone": lambda: batch_of(danish, master, series, now),
        "deliveries": lambda: danish.distribution.deliveries(batch_of(danish, master, series, now)),
    }
    for rule in danish.rules.measure_data.rules:
        cases[rule.wording.rule] = partial(rule.check, warm)
    return report(f"{count} series x {STEPS}", interleave(cases, rounds=31, budget=20), FLOOR, count * STEPS)


def main() -> None:
    """Print the time of all rules, of each rule, and of receivers, for 1000 series and for one."""
    print(machine_note())
    for count in (1000, 1):
        print(compare(profile("dk"), count, 1_750_000_000))


if __name__ == "__main__":
    main()
