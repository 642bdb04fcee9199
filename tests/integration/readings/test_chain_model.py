"""Any sequence of readings, corrections and cancellations against a plain model, over a real hub (DK-5.1.4.b).

Periods that stand never overlap and leave no gap; what stood at any earlier moment still stood then; the supplier's
feed, played back, gives what stands; the process table, played back, ends where the hub does.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gateway.hub.ports_readings import ReadingOutcome
from gateway.processes.events import CancellationChecked, Event, ReadingChecked
from gateway.processes.meter_reading import METER_READING, ReadingState
from tests.integration.exchange.hubs import SUPPLIER_A, ZONE

from .meters import FIRST, Meters, start_meters

STEP = timedelta(days=90)
BOUNDS = [FIRST + STEP * n for n in range(7)]
Period = tuple[date, date]

bounds = st.integers(0, len(BOUNDS) - 2).flatmap(
    lambda low: st.integers(low + 1, len(BOUNDS) - 1).map(lambda high: (BOUNDS[low], BOUNDS[high]))
)


class Chain(RuleBasedStateMachine):
    """One point that readings come for in any order."""

    meters: Meters
    place = 0

    def __init__(self) -> None:
        super().__init__()
        type(self).place += 1
        self.point = self.meters.point(place=self.place % 3)
        # Each life begins with a point that has nothing to it: what an earlier life left is cancelled first.
        for period in reversed(self.meters.standing(self.point)):
            self.meters.cancel(self.point, period[:2])
        self.after = self.meters.feed(SUPPLIER_A, limit=100_000).after
        self.model: list[tuple[date, date, int]] = []
        self.lives: dict[date, list[Event]] = {}
        self.known: list[tuple[int, list[tuple[date, date, int]]]] = []

    def note(self, start: date, event: Event) -> None:
        self.lives.setdefault(start, []).append(event)

    @rule(period=bounds, consumption=st.integers(1, 3))
    def a_reading_comes(self, period: Period, consumption: int) -> None:
        (result,) = self.meters.take(self.meters.row(self.point, *period, consumption))
        thousandths = consumption * 1000
        stands = next((one for one in self.model if one[:2] == period), None)
        fits = not self.model or period[0] == self.model[-1][1]
        if stands is not None:
            changes = stands[2] != thousandths
            assert result.outcome is (ReadingOutcome.CORRECTED if changes else ReadingOutcome.UNCHANGED)
            self.model[self.model.index(stands)] = (*period, thousandths)
            self.note(period[0], ReadingChecked(changes))
        elif fits:
            assert result.outcome is ReadingOutcome.ACCEPTED
            self.model.append((*period, thousandths))
            self.note(period[0], ReadingChecked(True))
        else:
            assert result.outcome is ReadingOutcome.REJECTED
            assert {f.rule for f in result.findings} <= {"reading-overlaps-nothing", "reading-starts-at-previous-end"}

    @precondition(lambda self: self.model)
    @rule(data=st.data(), consumption=st.integers(1, 3))
    def the_right_reading_comes(self, data: st.DataObject, consumption: int) -> None:
        later = [bound for bound in BOUNDS if bound > self.model[-1][1]]
        if later:
            self.a_reading_comes((self.model[-1][1], data.draw(st.sampled_from(later))), consumption)

    @rule(period=bounds)
    def somebody_cancels(self, period: Period) -> None:
        (result,) = self.meters.cancel(self.point, period)
        is_newest = bool(self.model) and self.model[-1][:2] == period
        assert result.outcome is (ReadingOutcome.CANCELLED if is_newest else ReadingOutcome.REJECTED)
        if is_newest:
            self.model.pop()
            self.note(period[0], CancellationChecked())

    @precondition(lambda self: self.model)
    @rule()
    def the_newest_is_cancelled(self) -> None:
        self.somebody_cancels(self.model[-1][:2])

    @rule()
    def time_goes_by(self) -> None:
        clock = self.meters.bench.clock
        self.known.append((clock.now(), list(self.model)))
        clock.move_to(clock.now() + 1)

    @invariant()
    def what_stands_is_a_chain(self) -> None:
        standing = self.meters.standing(self.point)
        assert standing == self.model
        assert all(before[1] == after[0] for before, after in pairwise(standing))

    @invariant()
    def the_past_stays(self) -> None:
        for moment, model in self.known[-2:]:
            assert self.meters.standing(self.point, as_of=moment) == model

    def teardown(self) -> None:
        """The feed and the process, played back."""
        received: list[tuple[date, date, int]] = []
        for one in self.meters.feed(SUPPLIER_A, self.after, limit=100_000).readings:
            if one.metering_point != self.point:
                continue
            said = (ZONE.day(one.start), ZONE.day(one.end), one.consumption)
            match one.event:
                case "reading":
                    received.append(said)
                case "correction":
                    received[[r[:2] for r in received].index(said[:2])] = said
                case _:
                    assert received.pop() == said
        assert received == self.model
        standing = {start for start, _, _ in self.model}
        for start, events in self.lives.items():
            last = max((n for n, event in enumerate(events[:-1]) if isinstance(event, CancellationChecked)), default=-1)
            replay = METER_READING.replay(events[last + 1 :])
            assert replay.refusals == ()
            assert (replay.state in (ReadingState.ACCEPTED, ReadingState.CORRECTED)) == (start in standing)


def lives(url: str, examples: int) -> None:
    directory = Path(tempfile.mkdtemp(prefix="gridpost-readings-"))
    meters = start_meters(directory, url)
    try:
        chain = type("Chain", (Chain,), {"meters": meters})
        checks = settings(max_examples=examples, stateful_step_count=12, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(chain, settings=checks)
    finally:
        meters.bench.hub.stop()
        shutil.rmtree(directory, ignore_errors=True)


def test_reading_periods_are_a_chain_whatever_comes(database_url: str) -> None:
    # DK-5.1.4.a, DK-5.1.4.b
    lives(database_url, examples=25)
