"""What happened to a message's instances: one row for all that stepped alike, enough to tell each one's history."""

from __future__ import annotations

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
    """Collects the steps of one message and writes them in the transaction that carries them out."""

    def __init__(self, series: int) -> None:
        self._all = series
        self._rows: list[tuple[str, int, str, str, bytes | None]] = []

    def note(self, machine: Machine[Any], event: Event, state: State, rows: Sequence[int]) -> None:
        """Note that the given series of the message stepped to a state."""
        packed = None if len(rows) == self._all else np.asarray(rows, dtype="<i4").tobytes()
        self._rows.append((machine.name, machine.version, type(event).__name__, state.value, packed))

    def write(self, connection: Connection, message: int, at: int) -> None:
        """Write the steps; `at` in microseconds."""
        if self._rows:
            run_many(
                connection,
                "insert into step (message, ordinal, at, process, version, event, state, series)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                [(message, ordinal, at, *row) for ordinal, row in enumerate(self._rows)],
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
