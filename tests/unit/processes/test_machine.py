"""The engine: steps, refusals, groups, replay, and every fault a table can have (GW-2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from gateway.messages.findings import Finding, Severity
from gateway.processes.effects import ALERT, APPEND, EFFECTS, PUBLISH, REJECT, Effect
from gateway.processes.events import EVENTS, Appended, DataRead, Failed, Recovered, RulesChecked
from gateway.processes.guards import has_findings
from gateway.processes.machine import FaultKind, Machine, Refusal, Row, State, Transition, sentence_of
from gateway.processes.registry import PROCESSES, by_name_and_version, latest

MACHINES = [pytest.param(machine, id=f"{name}-{version}") for (name, version), machine in PROCESSES.items()]
BROKEN = Finding(code="E86", text="a quantity is negative", rule="quantity-not-negative")
REMARK = replace(BROKEN, severity=Severity.WARNING)


class Light(State):
    """A process small enough to hold in the head."""

    DARK = "dark", "Waiting."
    DIM = "dim", "Half way."
    OFF = "off", "Ended badly."
    BRIGHT = "bright", "Ended well."


ROWS = (
    Row(Light.DARK, RulesChecked, Light.OFF, has_findings, (REJECT,), "L 1"),
    Row(Light.DARK, RulesChecked, Light.DIM, None, (APPEND,), "L 2"),
    Row(Light.DIM, Appended, Light.BRIGHT, None, (PUBLISH,), "L 3"),
)


def light(*rows: Row[Any, Any]) -> Machine[Light]:
    """A machine over the lights; the sound one when no rows are given."""
    return Machine(
        name="light",
        version=1,
        title="Light",
        purpose="A light goes on.",
        states=Light,
        initial=Light.DARK,
        terminal=frozenset({Light.OFF, Light.BRIGHT}),
        rows=rows or ROWS,
    )


def test_the_first_row_that_matches_wins() -> None:
    machine = light()
    assert machine.step(Light.DARK, RulesChecked((BROKEN,))) == Transition(Light.DARK, Light.OFF, (REJECT,), "L 1")
    assert machine.step(Light.DARK, RulesChecked(())) == Transition(Light.DARK, Light.DIM, (APPEND,), "L 2")


def test_an_event_that_is_not_listed_is_refused_with_a_finding_that_names_both() -> None:
    refusal = light().step(Light.DIM, RulesChecked(()))
    assert isinstance(refusal, Refusal)
    assert refusal.state is Light.DIM
    assert refusal.finding.rule == "event-not-listed"
    assert "RulesChecked" in refusal.finding.text
    assert "dim" in refusal.finding.text


def test_an_event_that_falls_through_every_row_is_refused() -> None:
    assert isinstance(light(ROWS[0]).step(Light.DARK, RulesChecked(())), Refusal)


def test_an_event_of_a_derived_kind_is_not_the_kind_listed() -> None:
    @dataclass(frozen=True, slots=True)
    class Rumour(RulesChecked):
        """Not what the table lists."""

    assert isinstance(light().step(Light.DARK, Rumour(())), Refusal)


def test_a_stored_word_is_read_back_as_the_state() -> None:
    machine = light()
    assert machine.states("dim") is Light.DIM
    assert Light.DIM.meaning == "Half way."
    assert hash(Light.DIM) == hash("dim")


def test_replay_reaches_the_state_and_keeps_what_was_refused() -> None:
    machine = light()
    history = (Recovered(), RulesChecked(()), RulesChecked(()), Appended(7, 1))
    replay = machine.replay(history)
    assert replay.state is Light.BRIGHT
    assert [step.clause for step in replay.transitions] == ["L 2", "L 3"]
    assert [refusal.state for refusal in replay.refusals] == [Light.DARK, Light.DIM]
    assert machine.replay(()).state is Light.DARK


def test_a_state_says_what_it_waits_for() -> None:
    machine = light()
    assert machine.awaits(Light.DARK) == (RulesChecked,)
    assert machine.awaits(Light.BRIGHT) == ()


def test_the_sound_light_has_no_faults() -> None:
    assert light().faults() == ()


def nameless() -> Row[Light, RulesChecked]:
    """A row whose guard has no name of its own."""
    return replace(ROWS[0], guard=lambda event: bool(event.findings))


def says_nothing(event: RulesChecked) -> bool:
    return bool(event.findings)


class Other(State):
    """States of another table."""

    DIM = "dim", "The same word, another process."


IMPOSTOR = Effect("append", "Something else under a known name.")
UNHEARD = Effect("sing", "Sing.")

FAULTY = {
    "unreachable state": (ROWS[:2], FaultKind.UNREACHABLE),
    "dead end without exit": (ROWS[:2], FaultKind.DEAD_END),
    "dead end in a circle": (
        (*ROWS[:2], Row(Light.DIM, Recovered, Light.DIM, None, (), "L")),
        FaultKind.DEAD_END,
    ),
    "exit from a terminal state": (
        (*ROWS, Row(Light.OFF, Recovered, Light.DARK, None, (), "L")),
        FaultKind.TERMINAL_EXIT,
    ),
    "shadowed by a fall-through": (
        (*ROWS, Row(Light.DIM, Appended, Light.OFF, None, (), "L")),
        FaultKind.SHADOWED,
    ),
    "shadowed by the same guard": ((ROWS[0], ROWS[0], *ROWS[1:]), FaultKind.SHADOWED),
    "missing fall-through": ((*ROWS[1:], ROWS[0]), FaultKind.NO_FALL_THROUGH),
    "missing clause": ((*ROWS[:2], replace(ROWS[2], clause=" ")), FaultKind.NO_CLAUSE),
    "unknown state": (
        (*ROWS, Row(Light.DIM, Recovered, Other.DIM, None, (), "L")),
        FaultKind.UNKNOWN_STATE,
    ),
    "guard without a name": ((nameless(), *ROWS[1:]), FaultKind.UNKNOWN_GUARD),
    "guard without a sentence": ((replace(ROWS[0], guard=says_nothing), *ROWS[1:]), FaultKind.UNKNOWN_GUARD),
    "effect nobody knows": ((*ROWS[:2], replace(ROWS[2], effects=(UNHEARD,))), FaultKind.UNKNOWN_EFFECT),
    "effect under a known name": ((*ROWS[:2], replace(ROWS[2], effects=(IMPOSTOR,))), FaultKind.UNKNOWN_EFFECT),
}


@pytest.mark.parametrize(("rows", "kind"), [pytest.param(*faulty, id=name) for name, faulty in FAULTY.items()])
def test_every_kind_of_fault_is_found(rows: tuple[Row[Any, Any], ...], kind: FaultKind) -> None:
    assert kind in {fault.kind for fault in light(*rows).faults()}


def test_every_kind_of_fault_has_a_table_that_shows_it() -> None:
    assert {kind for _, kind in FAULTY.values()} == set(FaultKind)


@pytest.mark.parametrize("machine", MACHINES)
def test_a_shipped_table_has_no_faults(machine: Machine[Any]) -> None:
    """GW-2: no unreachable state, dead end, shadowed row, missing fall-through or missing clause."""
    assert machine.faults() == ()


@pytest.mark.parametrize("machine", MACHINES)
def test_a_shipped_table_explains_every_word(machine: Machine[Any]) -> None:
    assert machine.purpose
    assert all(state.meaning.endswith(".") for state in machine.states)
    assert all(sentence_of(row.event).endswith(".") for row in machine.rows)
    assert all(effect.meaning.endswith(".") for row in machine.rows for effect in row.effects)


def test_every_effect_and_event_is_used_by_a_table() -> None:
    rows = [row for machine in PROCESSES.values() for row in machine.rows]
    assert {effect.name for row in rows for effect in row.effects} == set(EFFECTS)
    assert {row.event for row in rows} == set(EVENTS.values())


def test_an_instance_keeps_the_version_it_began_with() -> None:
    first, second = light(), replace(light(), version=2, rows=ROWS[:2])
    processes = by_name_and_version((second, first))
    assert processes["light", 1].step(Light.DIM, Appended(1, 0)) == first.step(Light.DIM, Appended(1, 0))
    assert isinstance(processes["light", 2].step(Light.DIM, Appended(1, 0)), Refusal)
    assert latest(processes) == {"light": second}


def test_two_tables_cannot_share_a_name_and_version() -> None:
    with pytest.raises(ValueError, match="light version 1"):
        by_name_and_version((light(), light(*ROWS[:2])))


def test_new_instances_begin_with_the_latest_version() -> None:
    current = latest(PROCESSES)
    assert set(current) == {name for name, _ in PROCESSES}
    for name, machine in current.items():
        assert machine.version == max(version for known, version in PROCESSES if known == name)


def test_a_read_without_data_has_to_name_its_reason() -> None:
    with pytest.raises(ValueError, match="names its reason"):
        DataRead(series=0)


def test_failing_names_its_reason() -> None:
    machine = light(*ROWS, Row(Light.DIM, Failed, Light.OFF, None, (ALERT,), "L"))
    outcome = machine.step(Light.DIM, Failed(REMARK))
    assert isinstance(outcome, Transition)
    assert outcome.effects == (ALERT,)
