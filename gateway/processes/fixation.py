"""Fixation (Regulation D1 §4.1.5, §4.2): one day of operation in one grid area, from its first sums to its fixed basis.

Nothing is half done: the calculation reads what was accepted by the cut-off, and the snapshot, what is sent and the
new state share one commit. A crash before it leaves the day where it was, still due, and the evening is run again.
"""

from __future__ import annotations

from gateway.processes.effects import (
    ASK_OPERATOR,
    BEGIN_REFIXATION,
    FILE_SNAPSHOT,
    INFORM_PARTIES,
    SEND_BASIS,
    SEND_SUMS,
)
from gateway.processes.events import (
    BasisCalculated,
    FixationPostponed,
    NegativeResidualAccepted,
    SumsCalculated,
)
from gateway.processes.guards import has_negative_residual
from gateway.processes.machine import Machine, Row, State


class FixationState(State):
    """Where a day of operation of a grid area stands before and at its fixation."""

    OPEN = "open", "Collected and controlled; its sums are calculated and sent every day."
    POSTPONED = "postponed", "The operator has moved the fixation and its cut-off to a later evening."
    HELD = "held", "Its residual consumption came out negative at fixation; the operator has to decide."
    FIXED = "fixed", "Its basis is frozen; from here on it changes by refixation only."


S = FixationState
SUMS, BASIS = (FILE_SNAPSHOT, SEND_SUMS), (FILE_SNAPSHOT, SEND_BASIS, BEGIN_REFIXATION)

# fmt: off
ROWS = (
    # from           event                     to           guard                  effects            clause
    Row(S.OPEN,      SumsCalculated,           S.OPEN,      None,                  SUMS,              "D1 §4.1.5"),
    Row(S.OPEN,      BasisCalculated,          S.HELD,      has_negative_residual, (ASK_OPERATOR,),   "D1 §6.2.2"),
    Row(S.OPEN,      BasisCalculated,          S.FIXED,     None,                  BASIS,             "D1 §4.2"),
    Row(S.OPEN,      FixationPostponed,        S.POSTPONED, None,                  (INFORM_PARTIES,), "D1 §4.2 app. 6"),
    Row(S.POSTPONED, SumsCalculated,           S.POSTPONED, None,                  SUMS,              "D1 §4.1.5"),
    Row(S.POSTPONED, BasisCalculated,          S.HELD,      has_negative_residual, (ASK_OPERATOR,),   "D1 §6.2.2"),
    Row(S.POSTPONED, BasisCalculated,          S.FIXED,     None,                  BASIS,             "D1 §4.2"),
    Row(S.POSTPONED, FixationPostponed,        S.POSTPONED, None,                  (INFORM_PARTIES,), "D1 §4.2 app. 6"),
    Row(S.HELD,      NegativeResidualAccepted, S.FIXED,     None,                  BASIS,             "D1 §6.2.2"),
    Row(S.HELD,      FixationPostponed,        S.POSTPONED, None,                  (INFORM_PARTIES,), "D1 §4.2 app. 6"),
)
# fmt: on

FIXATION = Machine(
    name="fixation",
    version=1,
    title="Fixation",
    purpose=(
        "The sums of a day of operation are calculated every evening from what was received by 21:00, and sent by "
        "08:00. At 21:00 on the fifth working day after it the basis is frozen: the sums, the distribution curve, the "
        "distributed consumption and the wholesale basis. The operator may postpone that, and decides when the "
        "residual consumption comes out negative. One instance is one day of operation in one grid area."
    ),
    states=FixationState,
    initial=S.OPEN,
    terminal=frozenset({S.FIXED}),
    rows=ROWS,
)
