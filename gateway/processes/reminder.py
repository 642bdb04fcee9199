"""Reminder (Regulation D1 §4.1.5, §5.1.2, §5.2, BRS-045): what one metering point owes and has not delivered.

Nothing is kept of what came in time. Who is reminded, the reminder and the new state share one commit, so a crash
before it leaves the instance where it was, still due.
"""

from __future__ import annotations

from gateway.processes.effects import SEND_REMINDER
from gateway.processes.events import DataCame, DataMissing, DeadlinePassed, NothingOwed
from gateway.processes.machine import Machine, Row, State


class ReminderState(State):
    """Where the data stand that a metering point owes."""

    AWAITED = "awaited", "Due, or soon due; nobody has been reminded."
    REMINDED = "reminded", "Missing after the limit; the grid operator is reminded on every working day."
    FILLED = "filled", "The data are complete; there is nothing to remind of."
    CLOSED = "closed", "They can no longer come, or nobody waits for them any more; they stay missing."


S = ReminderState
SEND = (SEND_REMINDER,)

# fmt: off
ROWS = (
    # from          event           to          guard effects clause
    Row(S.AWAITED,  DataMissing,    S.REMINDED, None, SEND,   "D1 §4.1.5, §5.1.2, §5.2"),
    Row(S.AWAITED,  DataCame,       S.FILLED,   None, (),     "D1 §4.1.1, §4.1.2, §5.1.1, §5.2"),
    Row(S.AWAITED,  NothingOwed,    S.CLOSED,   None, (),     "D1 app. 4"),
    Row(S.REMINDED, DataMissing,    S.REMINDED, None, SEND,   "D1 app. 4"),
    Row(S.REMINDED, DataCame,       S.FILLED,   None, (),     "D1 app. 4"),
    Row(S.REMINDED, NothingOwed,    S.CLOSED,   None, (),     "D1 app. 4"),
    Row(S.REMINDED, DeadlinePassed, S.CLOSED,   None, (),     "D1 §4.4, app. 4"),
)
# fmt: on

REMINDER = Machine(
    name="reminder",
    version=1,
    title="Reminder",
    purpose=(
        "A grid operator is reminded of what is missing after its limit, and again on every working day. Values of "
        "hours and quarters are asked for until the final refixation of their day, monthly production and the "
        "readings of profile-settled points until they are too old to be taken. Points that are left out or have "
        "leave to be quiet are spared. One instance is one metering point of a grid operator and one day of "
        "operation, month of production or nominal reading date."
    ),
    states=ReminderState,
    initial=S.AWAITED,
    terminal=frozenset({S.FILLED, S.CLOSED}),
    rows=ROWS,
)
