"""A simulated market through the hub of production, held against sums added up from what was sent."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from gateway.hub.settlement.reproduction import reproduce
from gateway.hub.settlement.snapshots import Snapshot, load
from gateway.hub.tables_settlement import snapshot
from gateway.messages.codes import Quality, SettlementStage
from gateway.settlement.results import ResultKind
from gateway.simulation.market import AREAS
from gateway.simulation.play import Play
from gateway.simulation.timeline import SUMS, Settled
from tests.integration.simulation.by_hand import ByHand
from tests.integration.simulation.conftest import FIRST, set_up

pytestmark = pytest.mark.slow

FIXATION, REFIXATION = SettlementStage.FIXATION, SettlementStage.FIRST_REFIXATION
HELD = {(date(2016, 3, 19), "901"), (date(2016, 3, 22), "902")}
"""Their borders were metered wrongly."""


@pytest.fixture(scope="module")
def by_hand(played: Play) -> ByHand:
    return ByHand(played)


def cut_off(played: Play, basis: Settled) -> int:
    """The evening up to which a basis should have read, by the calendar and the operator's decisions."""
    timetable = played.hub.office.profile.timetable
    if basis.stage is FIXATION:
        for one in played.timeline.days:
            for decision in one.decisions:
                if (decision.day, decision.area) == (basis.day, basis.area) and decision.until:
                    return timetable.evening(decision.until)
    return timetable.settled(basis.stage, basis.day)


def snapshots(played: Play) -> list[Snapshot]:
    with played.hub.office.database.read() as connection:
        return [load(connection, number) for number in connection.execute(sa.select(snapshot.c.id)).scalars().all()]


def test_everything_that_should_happen_happens(played: Play, by_hand: ByHand) -> None:
    counts = played.timeline.counts()
    sent = [at for day in by_hand.sent.values() for at, _ in day]
    done = sum(at <= played.clock.now() for at in sent)
    series = counts["series"]
    assert isinstance(series, dict)
    assert sum(series.values()) == done
    assert min(series[became] for became in ("accepted", "corrected", "rejected")) > 0
    assert (counts["refused"], counts["evenings"], counts["held"]) == (0, 25, 2)
    assert counts["decisions"] == {"accepted": 1, "postponed": 1}
    assert counts["fixations"] == counts["refixations"]["refixation-1"] == 2 * 18  # type: ignore[index]
    timetable = played.hub.office.profile.timetable
    fixations = {timetable.fixation(day) for day in by_hand.sent}
    assert fixations & set(sent), "something is sent at the very second of a cut-off"
    assert {at + 1 for at in fixations} & set(sent), "and something a second later"


def test_every_basis_is_what_was_sent_by_its_cut_off(played: Play, by_hand: ByHand) -> None:
    """DK-1.11, DK-4.1.5.g, DK-4.2.a, DK-4.4: to the Wh and to the second, also on the day of 23 hours."""
    bases = list(played.timeline.settled())
    assert {basis.day for basis in bases} >= {date(2016, 3, 27), FIRST}
    for basis in bases:
        expected = by_hand.sums(basis.day, basis.area, cut_off(played, basis))
        assert {name: wh.tolist() for name, wh in basis.steps.items()} == expected, (basis.day, basis.area)
    assert {len(basis.steps["total"]) for basis in bases if basis.day == date(2016, 3, 27)} == {23}


def test_every_evening_sums_up_what_was_sent_by_then(played: Play, by_hand: ByHand) -> None:
    """DK-4.1.5.g, DK-4.1.5.h: suppliers' sums too, also after customers changed supplier."""
    preliminary = [one for one in snapshots(played) if one.run.stage is SettlementStage.PRELIMINARY]
    assert any(one.run.day >= date(2016, 4, 1) for one in preliminary)
    for one in preliminary:
        day, area, evening = one.run.day, one.grid_area, one.run.evening
        tables = one.results.tables
        expected = by_hand.sums(day, area, evening)
        assert {name: tables[kind].quantity.sum(axis=0).tolist() for name, kind in SUMS.items()} == expected
        flex = tables[ResultKind.FLEX_PER_SUPPLIER]
        found = {key.supplier: int(row.sum()) for key, row in zip(flex.keys, flex.quantity, strict=True) if row.any()}
        assert found == by_hand.flex_of(day, area, evening)


def test_shares_of_estimates_are_those_at_the_limit(played: Play, by_hand: ByHand) -> None:
    """DK-4.1.2."""
    shares = set()
    for basis in played.timeline.settled():
        if basis.stage is FIXATION:
            limit = played.hub.office.profile.timetable.fixation(basis.day)
            assert float(basis.estimated) == pytest.approx(by_hand.estimated(basis.day, basis.area, limit), abs=0.051)
            shares.add(basis.estimated)
    assert len(shares) > 1


def test_a_refixation_differs_exactly_where_something_came_in_between(played: Play, by_hand: ByHand) -> None:
    """DK-4.3.b, DK-4.4."""
    bases = {(one.stage, one.day, one.area): one for one in played.timeline.settled()}
    differing, touched = set(), set()
    for (stage, day, area), refixed in bases.items():
        if stage is not REFIXATION:
            continue
        fixed = bases[FIXATION, day, area]
        if any((fixed.steps[name] != refixed.steps[name]).any() for name in SUMS):
            differing.add((day, area))
        between = by_hand.taken(day, cut_off(played, fixed), cut_off(played, refixed))
        if any(one.point.version.grid_area == area and one.quality is Quality.MEASURED for one in between):
            touched.add((day, area))
    assert differing == touched
    assert 0 < len(differing) < len(bases) / 2


def test_every_snapshot_of_a_fixed_day_comes_out_the_same_again(played: Play) -> None:
    """DK-1.34."""
    office = played.hub.office
    filed = [one for one in snapshots(played) if one.run.stage is not SettlementStage.PRELIMINARY]
    assert len(filed) == len(list(played.timeline.settled()))
    with office.database.read() as connection:
        assert all(reproduce(office, connection, one).is_identical for one in filed)


def test_what_is_held_does_not_stop_the_market(played: Play) -> None:
    """DK-4.2.c, DK-6.2.2: one negative residual is let stand, the other day waits for better values."""
    held = {where for one in played.timeline.days for where in one.held}
    assert held == HELD
    fixed = {(one.day, one.area): one for one in played.timeline.settled() if one.stage is FIXATION}
    assert [fixed[where].totals["residual"] < 0 for where in sorted(HELD)] == [True, False]
    assert all(one.totals["residual"] > 0 for where, one in fixed.items() if where not in HELD)
    assert all((day, area) in fixed for area in AREAS for day in (FIRST, date(2016, 3, 31)))


def test_the_same_arguments_give_the_same_market(tmp_path: Path) -> None:
    values = []
    for name, seed in (("one", 1), ("again", 1), ("another", 2)):
        play = set_up(tmp_path / name, 10, 60, seed)
        values.append(asyncio.run(play.run(lambda _: None)).value())
        play.hub.stop()
    assert values[0] == values[1]
    assert values[0] != values[2]
