"""One test life for every table (GW-2): legal if and only if listed, a refusal changes nothing, replay agrees."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from gateway.messages.findings import Finding, Severity
from gateway.processes import events as happened
from gateway.processes.effects import PUBLISH, PUBLISH_CORRECTION
from gateway.processes.events import EVENTS, Event
from gateway.processes.machine import Machine, Refusal, Row, State, Transition
from gateway.processes.registry import PROCESSES

FINDINGS = st.builds(
    Finding,
    code=st.sampled_from(("E86", "D66")),
    text=st.just("refused"),
    severity=st.sampled_from(Severity),
)
SOME_FINDINGS = st.lists(FINDINGS, max_size=2).map(tuple)
COUNTS = st.integers(0, 3)
ACTORS = st.builds(
    happened.Actor,
    party=st.sampled_from(("5790000000005", "5790000000012")),
    role=st.sampled_from(("energy-supplier", "balance-responsible")),
)
LIMITS = st.builds(
    happened.BundleLimits, transactions=st.integers(1, 4), points=st.integers(1, 4), age=st.integers(1, 4)
)
STRATEGIES: dict[type[Event], st.SearchStrategy[Event]] = {
    happened.RulesChecked: st.builds(happened.RulesChecked, SOME_FINDINGS),
    happened.IntervalsChecked: st.builds(happened.IntervalsChecked, COUNTS, COUNTS),
    happened.CorrectionFound: st.builds(happened.CorrectionFound),
    happened.Appended: st.builds(happened.Appended, COUNTS, COUNTS),
    happened.Compared: st.builds(happened.Compared, COUNTS, COUNTS, COUNTS, COUNTS, SOME_FINDINGS),
    happened.BundleWeighed: st.builds(happened.BundleWeighed, COUNTS, COUNTS, COUNTS, COUNTS, LIMITS),
    happened.DeadlinePassed: st.builds(happened.DeadlinePassed, st.integers(0, 10)),
    happened.Peeked: st.builds(happened.Peeked, ACTORS, ACTORS, st.booleans()),
    happened.DequeueAsked: st.builds(happened.DequeueAsked, ACTORS, ACTORS),
    happened.DataRead: st.builds(happened.DataRead, st.integers(1, 3), SOME_FINDINGS)
    | st.builds(happened.DataRead, st.just(0), st.lists(FINDINGS, min_size=1, max_size=2).map(tuple)),
    happened.SumsCalculated: st.builds(happened.SumsCalculated),
    happened.BasisCalculated: st.builds(happened.BasisCalculated, COUNTS),
    happened.NegativeResidualAccepted: st.builds(happened.NegativeResidualAccepted, st.just("checked")),
    happened.FixationPostponed: st.builds(happened.FixationPostponed, st.integers(0, 10), st.just("outage")),
    happened.CorrectionsSettled: st.builds(happened.CorrectionsSettled, st.booleans()),
    happened.ReadingChecked: st.builds(happened.ReadingChecked, st.booleans(), SOME_FINDINGS),
    happened.CancellationChecked: st.builds(happened.CancellationChecked, SOME_FINDINGS),
    happened.Answered: st.builds(happened.Answered, ACTORS, ACTORS),
    happened.Withdrawn: st.builds(happened.Withdrawn, ACTORS, ACTORS),
    happened.DataMissing: st.builds(happened.DataMissing),
    happened.DataCame: st.builds(happened.DataCame),
    happened.NothingOwed: st.builds(happened.NothingOwed),
    happened.Recovered: st.builds(happened.Recovered),
    happened.Failed: st.builds(happened.Failed, FINDINGS),
}
ANY_EVENT = st.one_of(*STRATEGIES.values())


def test_every_event_can_happen_here() -> None:
    assert set(STRATEGIES) == set(EVENTS.values())


def matching(machine: Machine[Any], state: State, event: Event) -> Row[Any, Any] | None:
    """The row a person would put the finger on, reading the table from the top."""
    for row in machine.rows:
        if row.from_state is state and row.event is type(event) and (row.guard is None or row.guard(event)):
            return row
    return None


class Life(RuleBasedStateMachine):
    """One instance of a process, to which anything may happen."""

    machine: Machine[Any]

    def __init__(self) -> None:
        super().__init__()
        self.state: State = self.machine.initial
        self.history: list[Event] = []
        self.steps: list[Transition[Any]] = []
        self.refused = 0

    @precondition(lambda self: self.state not in self.machine.terminal)
    @rule(data=st.data())
    def something_listed_happens(self, data: st.DataObject) -> None:
        kinds = self.machine.awaits(self.state)
        self.happens(data.draw(st.one_of(*(STRATEGIES[kind] for kind in kinds))))
        assert isinstance(self.machine.step(self.steps[-1].from_state, self.history[-1]), Transition)

    @rule(event=ANY_EVENT)
    def anything_happens(self, event: Event) -> None:
        self.happens(event)

    def happens(self, event: Event) -> None:
        row = matching(self.machine, self.state, event)
        outcome = self.machine.step(self.state, event)
        self.history.append(event)
        if row is None:
            assert isinstance(outcome, Refusal)
            assert outcome.state is self.state
            assert outcome.finding.text
            self.refused += 1
            return
        assert outcome == Transition(self.state, row.to, row.effects, row.clause)
        assert self.state not in self.machine.terminal
        self.state = row.to
        self.steps.append(outcome)
        self.keeps_the_market_whole(event, outcome)

    def keeps_the_market_whole(self, event: Event, step: Transition[Any]) -> None:
        """What holds of every step of every process, whatever the facts."""
        if step.to == "rejected":
            assert getattr(event, "findings", ())
        if {PUBLISH, PUBLISH_CORRECTION} & set(step.effects):
            assert isinstance(event, happened.Appended)
        if step.to == "dequeued":
            assert "peeked" in [earlier.to for earlier in self.steps[:-1]]

    @invariant()
    def replay_gives_the_same(self) -> None:
        replay = self.machine.replay(self.history)
        assert replay.state is self.state
        assert replay.transitions == tuple(self.steps)
        assert len(replay.refusals) == self.refused


@pytest.mark.parametrize(
    "machine", [pytest.param(m, id=f"{name}-{version}") for (name, version), m in PROCESSES.items()]
)
def test_a_life_follows_its_table(machine: Machine[Any]) -> None:
    life = type("Life", (Life,), {"machine": machine})
    run_state_machine_as_test(life, settings=settings(max_examples=60, stateful_step_count=20))
