"""Reminders on their way: one document for each grid operator, a series for each point and day (RSM-018, BRS-045)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.office import Office
from gateway.hub.outgoing import Address, Cause, Missing, enqueue
from gateway.hub.reminders.steps import Step
from gateway.messages.codes import Category, DocumentKind, ProcessType, Role
from gateway.messages.masterdata import Rows
from gateway.processes.effects import SEND_REMINDER


def send(
    office: Office, connection: Connection, cause: Cause, steps: Iterable[Step], operators: Mapping[str, str]
) -> int:
    """Put what steps bring into the queues of the grid operators of their areas; how many series that is.

    A point is in a document once for each day, whatever is missing of it.
    """
    mine: dict[str, list[tuple[int, Rows]]] = {}
    for one in steps:
        if SEND_REMINDER in one.transition.effects:
            day = office.profile.zone.midnight(one.place.day)
            mine.setdefault(operators[one.place.grid_area], []).append((day, one.points))
    contents = {party: _missing(of_days) for party, of_days in sorted(mine.items())}
    enqueue(connection, ((cause, _address(office, party), content) for party, content in contents.items()))
    return sum(map(len, contents.values()))


def _missing(of_days: list[tuple[int, Rows]]) -> Missing:
    day = np.concatenate([np.full(len(points), day) for day, points in of_days])
    point = np.concatenate([points for _, points in of_days])
    day, point = np.unique(np.stack((day, point)), axis=1)
    return Missing(point, day)


def _address(office: Office, party: str) -> Address:
    return Address(
        party=party,
        role=office.profile.queue_role(Role.GRID_OPERATOR),
        category=Category.MEASURE_DATA,
        kind=DocumentKind.MISSING_DATA_REMINDER,
        process_type=ProcessType.MISSING_DATA,
        document_role=Role.METERED_DATA_RESPONSIBLE,
    )
