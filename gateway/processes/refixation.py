"""Refixation (Regulation D1 §4.3 to §4.5): a fixed day of operation of one grid area, until three years after.

Every run files a new version and never touches an older one. There is no step back: the order of the states is the
order of the law, whatever the calendar does.
"""

from __future__ import annotations

from gateway.processes.effects import FILE_SNAPSHOT, SEND_BASIS, SEND_CORRECTION
from gateway.processes.events import BasisCalculated, CorrectionsSettled
from gateway.processes.guards import is_last_settlement
from gateway.processes.machine import Machine, Row, State


class RefixationState(State):
    """Where a fixed day of operation of a grid area stands."""

    FIXED = "fixed", "Fixed; corrections are taken, passed on and enter the next refixation."
    FIRST = "refixed-1", "Refixed with its month, on the fifth working day after it."
    SECOND = "refixed-2", "Refixed a month later, on the fourth working day."
    FINAL = "final", "Finally refixed another month later, on the third working day; out of the balance settlement."
    CLOSED = "closed", "Its corrections are settled three years on; later ones are refused as too old."


S = RefixationState
BASIS, CORRECTION = (FILE_SNAPSHOT, SEND_BASIS), (FILE_SNAPSHOT, SEND_CORRECTION)

# fmt: off
ROWS = (
    # from        event               to        guard               effects     clause
    Row(S.FIXED,  BasisCalculated,    S.FIRST,  None,               BASIS,      "D1 §4.4"),
    Row(S.FIRST,  BasisCalculated,    S.SECOND, None,               BASIS,      "D1 §4.4"),
    Row(S.SECOND, BasisCalculated,    S.FINAL,  None,               BASIS,      "D1 §4.4"),
    Row(S.FINAL,  CorrectionsSettled, S.CLOSED, is_last_settlement, CORRECTION, "D1 §4.5"),
    Row(S.FINAL,  CorrectionsSettled, S.FINAL,  None,               CORRECTION, "D1 §4.5"),
)
# fmt: on

REFIXATION = Machine(
    name="refixation",
    version=1,
    title="Refixation",
    purpose=(
        "A fixed day is calculated again three times from the corrections received since: on the fifth working day "
        "after its month, on the fourth of the month after that, and finally on the third of the next. What is "
        "corrected later goes to the suppliers involved alone, and is settled at least once, three years after the "
        "month of operation. One instance is one day of operation in one grid area."
    ),
    states=RefixationState,
    initial=S.FIXED,
    terminal=frozenset({S.CLOSED}),
    rows=ROWS,
)
