"""Metering data by the interval (Elering 12): one message, from its 202 to the final state its sender waits for.

The instance begins in the commit that makes the message and its UUID durable, before the sender is answered. What the
original admits, a message that was accepted and is never heard of again, has no place here: every state that is not
final is left by a row, also after a restart.
"""

from __future__ import annotations

from gateway.processes.effects import ALERT, APPEND_VERSION, CHECK, NOTE_CHANGES, REPORT_ERRORS
from gateway.processes.events import Appended, Failed, IntervalsChecked, Recovered
from gateway.processes.guards import refuses_some, takes_nothing
from gateway.processes.machine import Machine, Row, State


class MeteringDataState(State):
    """Where a message of metering data stands."""

    PROCESSING = "processing", "Durable in the journal and answered; the market rules have not spoken yet."
    ACCEPTED = "accepted", "The rules found no error; the values are not in the series store yet."
    PARTLY = "partly-accepted", "Some metering points are refused; the values of the rest are not stored yet."
    SUCCESSFUL = "successful", "All of it is in the series store and in the change feed."
    PARTIAL = "partially-successful", "What was not refused is in the series store and in the change feed."
    ERROR = "error", "Nothing of it is stored, and the sender is told why, by metering point and period."
    FAILED = "failed", "Could not be finished; the sender sees an error, the operator the reason."


S = MeteringDataState

# fmt: off
ROWS = (
    # from            event             to            guard          effects                          clause
    Row(S.PROCESSING, IntervalsChecked, S.ERROR,      takes_nothing, (REPORT_ERRORS,),                "EE-1.4"),
    Row(S.PROCESSING, IntervalsChecked, S.PARTLY,     refuses_some,  (REPORT_ERRORS, APPEND_VERSION), "EE-1.2"),
    Row(S.PROCESSING, IntervalsChecked, S.ACCEPTED,   None,          (REPORT_ERRORS, APPEND_VERSION), "EE-1.2"),
    Row(S.ACCEPTED,   Appended,         S.SUCCESSFUL, None,          (NOTE_CHANGES,),                 "EE-3.3"),
    Row(S.PARTLY,     Appended,         S.PARTIAL,    None,          (NOTE_CHANGES,),                 "EE-3.3"),
    Row(S.PROCESSING, Recovered,        S.PROCESSING, None,          (CHECK,),                        "EE-1.3"),
    Row(S.PROCESSING, Failed,           S.FAILED,     None,          (ALERT,),                        "EE-1.3"),
)
# fmt: on

METERING_DATA = Machine(
    name="metering-data",
    version=1,
    title="Metering data",
    purpose=(
        "A message of metering data by the interval is answered at once and checked afterwards. One fault refuses the "
        "whole message or, while the market takes messages point by point, the values of its metering point; what is "
        "taken becomes the latest version of its intervals and flows and reaches everybody entitled through the "
        "change feed. One instance is one message (Elering 12)."
    ),
    states=MeteringDataState,
    initial=S.PROCESSING,
    terminal=frozenset({S.SUCCESSFUL, S.PARTIAL, S.ERROR, S.FAILED}),
    rows=ROWS,
)
