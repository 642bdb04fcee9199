"""What happened to a message's instances: one row for all that stepped alike, enough to tell each one's history."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.database import run_many
from gateway.hub.tables_exchange import step
from gateway.processes.events import Event
from gateway.processes.machine import Machine, State


@dataclass(frozen=True, slots=True)
class Step:
    """One step of some of a message's series; `series` None means every one."""

    at: int
    process: str
    version: int
    event: str
    state: str
    series: Sequence[int] | None


class StepLog:
    """Collects the steps of messages and writes them in the transaction that carries them out.

    `sections` are the rows [first, end) that each message brought, in order.
    """

    def __init__(self, sections: Sequence[tuple[int, int]]) -> None:
        self._sections = sections
        self._ends = [end for _, end in sections]
        self._steps: list[list[tuple[str, int, str, str, bytes | None]]] = [[] for _ in sections]

    def note(self, machine: Machine[Any], event: Event, state: State, rows: Sequence[int]) -> None:
        """Note that the given series, in ascending order, stepped to a state."""
        what = (machine.name, machine.version, type(event).__name__, state.value)
        place = 0
        while place < len(rows):
            message = bisect_right(self._ends, rows[place])
            first, end = self._sections[message]
            behind = bisect_left(rows, end, place)
            whole = behind - place == end - first
            packed = None if whole else (np.asarray(rows[place:behind]) - first).astype("<i4").tobytes()
            self._steps[message].append((*what, packed))
            place = behind

    def write(self, connection: Connection, messages: Sequence[int], at: int) -> None:
        """Write the steps of the messages, which stand beside the sections; `at` in microseconds."""
        rows = [
            (message, ordinal, at, *step)
            for message, steps in zip(messages, self._steps, strict=True)
            for ordinal, step in enumerate(steps)
        ]
        if rows:
            run_many(
                connection,
                "insert into step (message, ordinal, at, process, version, event, state, series)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )


def steps_of(connection: Connection, message: int) -> list[Step]:
    """The steps of a message in order."""
    found = connection.execute(sa.select(step).where(step.c.message == message).order_by(step.c.ordinal))
    return [
        Step(
            row.at,
            row.process,
            row.version,
            row.event,
            row.state,
            None if row.series is None else np.frombuffer(row.series, dtype="<i4").tolist(),
        )
        for row in found
    ]
