"""Days that are not like others: clock changes, clock steps, drift, a dead battery, another meter, a turned counter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from gateway.messages.codes import Quality
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import Interval, MarketZone, parse_instant
from meter_adapters.simulators.dlms_objects import ProfileStyle
from meter_adapters.simulators.meter import (
    IMPORT,
    ClockStep,
    ClockStyle,
    Identity,
    SimulatedMeter,
    battery_dead,
)

from .plant_side import PROFILE_ONLY, Collecting, Site, World, drive, simulated

ZONE = MarketZone("Europe/Copenhagen")
DAY = 86_400
POINT = "570000000000000001"
OWN_POINT = f'[[meter.point]]\nmetering-point = "{POINT}"\n'
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
UTC_PROFILE = 'protocol = "dlms"\n[time]\nstyle = "utc"\n'


KINDS: list[tuple[str, ClockStyle, bool]] = [
    ("dlms", ClockStyle.LOCAL_DST, True),
    ("dlms", ClockStyle.LOCAL_DST, False),
    ("dlms", ClockStyle.LOCAL_STANDARD, False),
    ("dlms", ClockStyle.UTC, False),
    ("iec62056-21", ClockStyle.LOCAL_DST, True),
]


@pytest.mark.parametrize(("day", "count"), [(SPRING, 92), (AUTUMN, 100)])
@pytest.mark.parametrize(("protocol", "style", "deviation"), KINDS)
def test_the_days_of_the_clock_change_are_exact(
    tmp_path: Path, day: date, count: int, protocol: str, style: ClockStyle, deviation: bool
) -> None:
    # AM-1.1
    span = ZONE.day_interval(day)
    world = World(float(span.end + 60))
    site = simulated("m", "1", span.start - DAY, protocol=protocol, style=style, settings=OWN_POINT)
    site.style = ProfileStyle(deviation=deviation)
    if style is ClockStyle.UTC:
        (tmp_path / "utc.toml").write_text(UTC_PROFILE)
        site.profile = "utc.toml"

    async def story(collecting: Collecting) -> None:
        outcome = await collecting.visit_until_done("m", PROFILE_ONLY)
        assert outcome.refusal is None
        steps = collecting.day(POINT, span)
        assert len(steps.quantity) == count
        assert steps.quantity.tolist() == site.energies(span)
        assert set(steps.quality.tolist()) == {int(Quality.MEASURED)}

    drive(tmp_path, world, [site], story)


@pytest.mark.parametrize("seconds", [1200, -1200])
def test_a_clock_that_is_set_loses_and_doubles_nothing(tmp_path: Path, seconds: int) -> None:
    # AM-2.1
    noon = parse_instant("2026-06-10T10:07Z")
    span = ZONE.day_interval(date(2026, 6, 10))
    world = World(float(noon - 3600))
    site = simulated("m", "2", span.start, steps=(ClockStep(noon, seconds),), settings=OWN_POINT)

    async def story(collecting: Collecting) -> None:
        for instant in (noon - 600, noon + 1800, noon + 7200, span.end + 3600):
            world.now = float(instant)
            assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        truth = [(end, raw) for end, raw in site.truth(world.now) if end <= world.now]
        assert [(end, raw) for end, _, _, raw in collecting.rows(site)] == truth, "row for row, in the meter's order"
        repeated = len(truth) - len({end for end, _ in truth})
        assert {epoch for _, epoch, _, _ in collecting.rows(site)} == ({0, 1} if repeated else {0})
        with collecting.plant.outbox.read() as connection:
            flagged = [
                moment
                for (moment,) in connection.execute("select moment from reading where flags like '%clock-far-off%'")
            ]
        assert flagged, "a clock twenty minutes off is not to be billed by"
        assert min(flagged) >= noon - 1800 - abs(seconds), "what was written while it was right is"

    drive(tmp_path, world, [site], story)


def test_a_set_back_clock_keeps_the_days_sum(tmp_path: Path) -> None:
    """Ten seconds back at the end of an interval: it is written twice, and both energies are the day's."""
    at = parse_instant("2026-06-10T10:00:04Z")
    span = ZONE.day_interval(date(2026, 6, 10))
    world = World(float(at - 60))
    site = simulated("m", "3", span.start, steps=(ClockStep(at, -10),), settings=OWN_POINT)

    async def story(collecting: Collecting) -> None:
        for instant in (at + 1, at + 120, span.end + 60):
            world.now = float(instant)
            assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        steps = collecting.day(POINT, span)
        truth = site.truth(world.now)
        assert len(truth) == 97
        assert int(steps.quantity.sum()) == sum(raw for end, raw in truth if end <= span.end)
        assert np.count_nonzero(steps.quality == Quality.ESTIMATED) == 1
        assert steps.is_complete

    drive(tmp_path, world, [site], story)


def test_a_drifting_clock_is_followed(tmp_path: Path) -> None:
    start = parse_instant("2026-06-01T00:00Z")
    world = World(float(start))
    site = simulated("m", "4", start, drift=2.0)

    async def story(collecting: Collecting) -> None:
        for day in range(1, 11):
            world.now = float(start + day * DAY + 120)
            assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        assert [(end, raw) for end, _, _, raw in collecting.rows(site)] == site.truth(world.now)
        assert {epoch for _, epoch, _, _ in collecting.rows(site)} == {0}

    drive(tmp_path, world, [site], story)


def test_a_dead_battery_is_kept_flagged_and_not_billed(tmp_path: Path) -> None:
    # AM-1.2
    span = ZONE.day_interval(date(2026, 6, 10))
    at = span.start + 6 * 3600 + 100
    world = World(float(at - 100))
    site = simulated("m", "5", span.start, steps=(battery_dead(at),), settings=OWN_POINT)

    async def story(collecting: Collecting) -> None:
        assert (await collecting.visit_until_done("m")).refusal is None
        world.now = float(span.end + 60)
        outcome = await collecting.visit("m")
        assert outcome.refusal is None
        assert outcome.deviation is None or abs(outcome.deviation) > 10**8
        steps = collecting.day(POINT, span)
        before = [row.values[0] for row in site.meter.rows(span.start, at - at % 900, at)]
        known = [quantity for quantity in steps.quantity.tolist() if quantity != NO_QUANTITY]
        assert known == before, "what the clock wrote while it was right, and nothing else"

    drive(tmp_path, world, [site], story)


def test_another_meter_is_followed_without_mixing(tmp_path: Path) -> None:
    span = ZONE.day_interval(date(2026, 6, 10))
    at = span.start + 36_000
    world = World(float(at - 1))
    site = simulated("m", "6", span.start - DAY, settings=OWN_POINT)
    fresh = replace(IMPORT, initial=12)
    other = SimulatedMeter(at, seed=66, identity=Identity("66"), channels=(fresh,))

    async def story(collecting: Collecting) -> None:
        world.now = float(at)
        assert (await collecting.visit_until_done("m")).refusal is None
        old, old_truth = Site("m", site.meter), site.energies(Interval(span.start, at))
        site.exchange(other)
        world.now = float(span.end + 60)
        first, second = await collecting.visit("m"), await collecting.visit_until_done("m")
        assert (first.exchanged, second.exchanged) == ("GPS-6", None)
        assert second.refusal is None
        assert {"meter-changed", "columns-changed"} <= set(collecting.refusals())
        assert [(end, raw) for end, _, _, raw in collecting.rows(site)] == site.truth(world.now)
        assert [(end, raw) for end, _, _, raw in collecting.rows(old)] == old.truth(float(at))
        steps = collecting.day(POINT, span)
        assert steps.quantity.tolist() == old_truth + site.energies(Interval(at, span.end))

    drive(tmp_path, world, [site], story)


def test_a_meter_that_is_not_the_expected_one_is_refused(tmp_path: Path) -> None:
    start = parse_instant("2026-06-10T00:00Z")
    world = World(float(start + 7200))
    site = simulated("m", "7", start, settings='serial = "8"\n')

    async def story(collecting: Collecting) -> None:
        outcome = await collecting.visit("m")
        assert outcome.refusal is not None
        assert outcome.refusal.reason == "meter-changed"
        assert "7 answers where 8 is expected" in outcome.refusal.text
        assert collecting.rows(site) == []

    drive(tmp_path, world, [site], story)


def test_a_register_that_turns_over_makes_the_right_energies(tmp_path: Path) -> None:
    span = ZONE.day_interval(date(2026, 6, 10))
    world = World(float(span.end + 60))
    turning = replace(IMPORT, initial=10**8 - 30_000)
    point = f'{OWN_POINT}values = "register"\nregister = "1-0:1.8.0*255"\nfactor = 40\n'
    site = simulated("m", "9", span.start - 900, channels=(turning,), digits=8, settings=point)
    site.style = ProfileStyle(totals=True)
    site.profile = "turning.toml"
    (tmp_path / "turning.toml").write_text(
        'protocol = "dlms"\n[status]\ndaylight = 8\n[plausibility]\nregister-digits = 8\nmost-power = 20000\n'
    )

    async def story(collecting: Collecting) -> None:
        assert (await collecting.visit_until_done("m", PROFILE_ONLY)).refusal is None
        rows = [raw for _, _, _, raw in collecting.rows(site, "1-0:1.8.0*255")]
        assert rows != sorted(rows), "it turned over on this day"
        steps = collecting.day(POINT, span)
        assert steps.quantity.tolist() == [40 * raw for raw in site.energies(span)]

    drive(tmp_path, world, [site], story)


def test_a_changed_column_list_shifts_no_value(tmp_path: Path) -> None:
    start = parse_instant("2026-06-10T00:00Z")
    world = World(float(start + DAY))
    site = simulated("m", "10", start)

    async def story(collecting: Collecting) -> None:
        await collecting.visit_until_done("m", PROFILE_ONLY)
        assert site.objects is not None
        site.objects.style = ProfileStyle(totals=True)
        world.now += DAY
        for _ in range(3):
            await collecting.visit_until_done("m", PROFILE_ONLY)
        assert "columns-changed" in collecting.refusals()
        energy = dict(site.truth(world.now))
        for end, _, _, raw in collecting.rows(site):
            assert raw == energy[end]
        totals = {row.meter_end: row.totals[0] for row in site.meter.rows(0, 2**40, world.now)}
        counters = collecting.rows(site, "1-0:1.8.0*255")
        assert len(counters) >= 96
        assert all(raw == totals[end] for end, _, _, raw in counters)

    drive(tmp_path, world, [site], story)
