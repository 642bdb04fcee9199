"""One bus: what is due, who waits, who is left alone, and what a dead meter costs the others."""

from __future__ import annotations

import pytest

from meter_adapters.collector.patience import Backoff, Breaker
from meter_adapters.collector.schedule import Rhythm, Schedule, Visit, Work

EVERYTHING = frozenset(Work)
EVERY = {Work.PROFILE: 900, Work.EVENTS: 3600, Work.REGISTERS: 0}


def schedule(*meters: str, now: float = 0.0) -> Schedule:
    made = Schedule(Rhythm(EVERY, lag=20, jitter=10), lambda: 0.5, Breaker(limit=3, rest=60))
    made.add(meters, now)
    return made


def test_profiles_are_due_behind_the_intervals_end() -> None:
    rhythm = Rhythm(EVERY, lag=20, jitter=10)
    assert rhythm.next(Work.PROFILE, 0.0, 0.5) == 25.0
    assert rhythm.next(Work.PROFILE, 25.0, 0.5) == 925.0
    assert rhythm.next(Work.PROFILE, 919.0, 0.0) == 920.0
    assert rhythm.next(Work.REGISTERS, 919.0, 0.0) == float("inf")


def test_a_meter_begins_with_everything_and_goes_on_by_its_rhythm() -> None:
    made = schedule("a")
    visit = made.take(0.0)
    assert visit == Visit("a", frozenset({Work.PROFILE, Work.EVENTS}))
    made.done(visit, 1.0)
    assert made.take(2.0) is None
    assert made.next_due() == 25.0
    assert made.take(25.0) == Visit("a", EVERYTHING - {Work.REGISTERS})
    made.done(visit, 26.0)
    assert made.take(926.0) == Visit("a", frozenset({Work.PROFILE}))


def test_the_one_due_longest_goes_first_and_gaps_wait_for_the_others() -> None:
    made = schedule("a", "b")
    first = made.take(0.0)
    assert first is not None
    made.done(first, 0.5, has_gaps=True)
    second = made.take(0.6)
    assert second is not None
    assert {first.meter, second.meter} == {"a", "b"}
    made.done(second, 1.0)
    back = made.take(1.6)
    assert back is not None
    assert back.meter == first.meter


def test_a_dead_meter_among_thirty_costs_its_timeout_and_no_more() -> None:
    """Thirty meters, one dead with a timeout of 10 s, visits of 2 s: the others lose less than a tenth."""
    names = [f"m{n}" for n in range(30)]

    def visited(dead: str) -> dict[str, int]:
        made, now = schedule(*names), 0.0
        count = dict.fromkeys(names, 0)
        while now < 6 * 3600:
            visit = made.take(now)
            if visit is None:
                now = max(now + 0.01, made.next_due())
            elif visit.meter == dead:
                now += 10
                made.failed(visit, now, line_is_alive=False)
            else:
                now += 2
                count[visit.meter] += 1
                made.done(visit, now)
        return count

    without, with_one = visited(""), visited("m7")
    for name in names:
        if name != "m7":
            assert with_one[name] >= 0.9 * without[name]


def test_waits_double_up_to_a_ceiling() -> None:
    patience = Backoff(first=10, ceiling=100)
    waits = []
    for _ in range(6):
        patience.fail(0.0, 1.0)
        waits.append(patience.until)
    assert waits == [10, 20, 40, 80, 100, 100]
    patience.succeed()
    assert (patience.failures, patience.until) == (0, 0)


def test_a_dead_line_is_left_alone_and_tried_again() -> None:
    made = schedule("a", "b", "c", "d")
    for now in (0.0, 1.0, 2.0):
        visit = made.take(now)
        assert visit is not None
        made.failed(visit, now, line_is_alive=False)
    assert made.take(3.0) is None
    assert made.next_due() == 62.0
    visit = made.take(62.0)
    assert visit is not None
    made.done(visit, 63.0)
    assert not made.breaker.is_open(63.0)


def test_a_locked_meter_is_not_visited() -> None:
    made = schedule("a")
    made.lock("a")
    assert made.take(10**9) is None


def test_no_meters_no_visits() -> None:
    assert schedule().take(0.0) is None
    assert schedule().next_due() == float("inf")


@pytest.mark.parametrize("alive", [True, False])
def test_what_failed_stays_due(alive: bool) -> None:
    made = schedule("a")
    visit = made.take(0.0)
    assert visit is not None
    made.failed(visit, 0.0, line_is_alive=alive)
    assert made.take(1.0) is None
    assert made.take(1000.0) == visit
