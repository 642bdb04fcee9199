"""The engine of a business process: a table of rows, read before any code.

A row says: in this state, on this event, when this guard holds, go there, have the hub do this, because of that
clause. The first row that matches wins; the last row of a (state, event) pair carries no guard; an event that is not
listed for a state is refused and changes nothing. The machine decides and never acts: effects are names of what the
hub must do, guards are pure functions of the event's facts, and no instance's data ever enters. Thousands of
instances in the same state that share an event's facts therefore need one step only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from gateway.messages.findings import Finding
from gateway.processes.effects import EFFECTS, Effect
from gateway.processes.events import Event


class State(StrEnum):
    """Base of every process's states: a stored word and the sentence a person reads."""

    meaning: str

    def __new__(cls, word: str, meaning: str = "") -> State:
        """One state, stored as its word."""
        state = str.__new__(cls, word)
        state._value_ = word
        state.meaning = meaning
        return state

    __hash__ = str.__hash__  # a step is two look-ups by state; Enum's own hash is a Python call


S = TypeVar("S", bound=State)
E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True)
class Row(Generic[S, E]):
    """One line of a table: from, event, to, guard, effects, clause.

    Attributes:
        from_state: where the instance stands.
        event: the kind of event that happened.
        to: where the instance goes.
        guard: a named pure function of the event; None is the fall-through, which always holds.
        effects: what the hub must do, in this order and in the same commit as the new state.
        clause: the numbered rule of the market text that demands this row.
    """

    from_state: S
    event: type[E]
    to: S
    guard: Callable[[E], bool] | None = None
    effects: tuple[Effect, ...] = ()
    clause: str = ""


@dataclass(frozen=True, slots=True)
class Transition(Generic[S]):
    """One legal step: where from, where to, what the hub must do and which clause says so."""

    from_state: S
    to: S
    effects: tuple[Effect, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Refusal(Generic[S]):
    """An event that the table does not list for the state: nothing changed, and the finding says why."""

    state: S
    finding: Finding


@dataclass(frozen=True, slots=True)
class Replay(Generic[S]):
    """What a recorded history amounts to: the state reached, the steps taken and the events refused."""

    state: S
    transitions: tuple[Transition[S], ...]
    refusals: tuple[Refusal[S], ...]


class FaultKind(StrEnum):
    """What can be wrong with a table."""

    UNREACHABLE = "unreachable state"
    DEAD_END = "dead end"
    TERMINAL_EXIT = "exit from a terminal state"
    SHADOWED = "shadowed row"
    NO_FALL_THROUGH = "missing fall-through"
    NO_CLAUSE = "missing clause"
    UNKNOWN_STATE = "unknown state"
    UNKNOWN_GUARD = "unknown guard"
    UNKNOWN_EFFECT = "unknown effect"


@dataclass(frozen=True, slots=True)
class Fault:
    """One defect of a table and where it stands."""

    kind: FaultKind
    text: str


@dataclass(frozen=True)
class Machine(Generic[S]):
    """One version of one business process.

    Attributes:
        name: the word the hub stores with an instance (`submission`).
        version: grows by one with every change of the rows; an instance keeps the version it began with.
        title: the heading a person reads.
        purpose: what the process is, in market words.
        states: the process's states; `machine.states("received")` reads a stored one.
        initial: where an instance begins.
        terminal: where it ends for good.
        rows: the table.
    """

    name: str
    version: int
    title: str
    purpose: str
    states: type[S]
    initial: S
    terminal: frozenset[S]
    rows: tuple[Row[S, Any], ...]
    _moves: Mapping[tuple[S, type[Event]], tuple[tuple[Callable[[Any], bool] | None, Transition[S]], ...]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        """Index the rows by (state, event), keeping their order; each row's transition is built once."""
        moves: dict[tuple[S, type[Event]], tuple[tuple[Callable[[Any], bool] | None, Transition[S]], ...]] = {}
        for row in self.rows:
            key = (row.from_state, row.event)
            transition = Transition(row.from_state, row.to, row.effects, row.clause)
            moves[key] = (*moves.get(key, ()), (row.guard, transition))
        object.__setattr__(self, "_moves", moves)

    def step(self, state: S, event: Event) -> Transition[S] | Refusal[S]:
        """Where an instance in `state` goes on `event`, or the refusal that leaves it where it is.

        Pure and cheap (one look-up and the guards of the pair), and the same for every instance that shares state and
        event: a message of a thousand accepted series needs one call.
        """
        for guard, transition in self._moves.get((state, type(event)), ()):
            if guard is None or guard(event):
                return transition
        text = f"{self.title}: {type(event).__name__} is not listed for state {state}"
        return Refusal(state, Finding(code="", text=text, rule="event-not-listed"))

    def replay(self, events: Iterable[Event]) -> Replay[S]:
        """The state a recorded history leads to from the initial state; refused events change nothing."""
        state = self.initial
        transitions: list[Transition[S]] = []
        refusals: list[Refusal[S]] = []
        for event in events:
            outcome = self.step(state, event)
            if isinstance(outcome, Transition):
                state = outcome.to
                transitions.append(outcome)
            else:
                refusals.append(outcome)
        return Replay(state, tuple(transitions), tuple(refusals))

    def awaits(self, state: S) -> tuple[type[Event], ...]:
        """The kinds of event that are listed for `state`, in the table's order; none for a terminal one."""
        return tuple(event for from_state, event in self._moves if from_state is state)

    def faults(self) -> tuple[Fault, ...]:
        """What is wrong with the table itself, in the order of its rows and states; empty for every shipped table."""
        of_rows = (fault for index, row in enumerate(self.rows) for fault in self._faults_of_row(index, row))
        return (*of_rows, *self._faults_of_pairs(), *self._faults_of_states())

    def _faults_of_row(self, index: int, row: Row[S, Any]) -> Iterator[Fault]:
        """What one row says wrongly: no clause, a name nobody knows, or nothing because an earlier row wins."""
        place = f"row {index + 1} ({row.from_state}, {row.event.__name__})"
        if not row.clause.strip():
            yield Fault(FaultKind.NO_CLAUSE, place)
        for state in (row.from_state, row.to):
            if not isinstance(state, self.states):
                yield Fault(FaultKind.UNKNOWN_STATE, f"{place}: {state!r}")
        if row.guard is not None and not _has_name_and_sentence(row.guard):
            yield Fault(FaultKind.UNKNOWN_GUARD, f"{place}: {row.guard!r}")
        for effect in row.effects:
            if EFFECTS.get(effect.name) is not effect:
                yield Fault(FaultKind.UNKNOWN_EFFECT, f"{place}: {effect.name}")
        earlier = [r for r in self.rows[:index] if (r.from_state, r.event) == (row.from_state, row.event)]
        if any(r.guard is None or r.guard is row.guard for r in earlier):
            yield Fault(FaultKind.SHADOWED, place)

    def _faults_of_pairs(self) -> Iterator[Fault]:
        """Pairs whose last row has a guard: the event could fall through every row."""
        for (state, event), moves in self._moves.items():
            if moves[-1][0] is not None:
                yield Fault(FaultKind.NO_FALL_THROUGH, f"({state}, {event.__name__})")

    def _faults_of_states(self) -> Iterator[Fault]:
        """States nobody gets to, states nobody gets out of, and terminal states somebody leaves."""
        exits: dict[S, set[S]] = {state: set() for state in self.states}
        entries: dict[S, set[S]] = {state: set() for state in self.states}
        for row in self.rows:
            exits.setdefault(row.from_state, set()).add(row.to)
            entries.setdefault(row.to, set()).add(row.from_state)
        reachable = _closure({self.initial}, exits)
        ending = _closure(self.terminal, entries)
        for state in self.states:
            if state not in reachable:
                yield Fault(FaultKind.UNREACHABLE, state)
            if state not in ending:
                yield Fault(FaultKind.DEAD_END, f"{state} leads to no terminal state")
            if state in self.terminal and exits[state]:
                yield Fault(FaultKind.TERMINAL_EXIT, state)


def sentence_of(thing: object) -> str:
    """The first paragraph of a guard's or event's docstring, as one line."""
    return " ".join((getattr(thing, "__doc__", None) or "").strip().split("\n\n")[0].split())


def _has_name_and_sentence(guard: Callable[[Any], bool]) -> bool:
    """Whether a guard is a module-level function that says in words what it asks."""
    name = getattr(guard, "__qualname__", "<none>")
    return "<" not in name and bool(sentence_of(guard))


def _closure(start: Iterable[S], neighbours: Mapping[S, set[S]]) -> set[S]:
    """Every state that can be got to from `start` along `neighbours`, `start` included."""
    found: set[S] = set()
    waiting = list(start)
    while waiting:
        state = waiting.pop()
        if state not in found:
            found.add(state)
            waiting.extend(neighbours.get(state, ()))
    return found
