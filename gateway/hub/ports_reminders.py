"""What the hub tells about reminders: which went out for whom, and whether what was missing has come since."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from gateway.messages.codes import ReminderGroup
from gateway.processes.reminder import ReminderState


class ReminderQuery(NamedTuple):
    """Which reminders: of local days from `start` on, `end` not among them; None leaves that side open.

    `grid_area` empty is every area the reader answers for; `state` None is every state.
    """

    start: date | None = None
    end: date | None = None
    grid_area: str = ""
    state: ReminderState | None = None


class Reminder(NamedTuple):
    """A metering point whose grid operator was reminded of one day.

    Attributes:
        day: the day of operation, the first of a month of production, or a nominal reading date.
        metering_point: GSRN.
        grid_area, grid_operator: where it lies and who runs that now.
        group: whose limit has passed.
        state: `reminded` while it is missing, then `filled` or `closed`.
        reminders: how often the operator was reminded.
        first, last: when it was so for the first and the last time.
        ended: when the hub found that there is nothing more to remind of; None while there is.
    """

    day: date
    metering_point: str
    grid_area: str
    grid_operator: str
    group: ReminderGroup
    state: ReminderState
    reminders: int
    first: int
    last: int
    ended: int | None


class ReminderPage(NamedTuple):
    """One window of reminders by day and point; `after` continues behind it and is empty at the end."""

    reminders: tuple[Reminder, ...]
    after: str = ""
