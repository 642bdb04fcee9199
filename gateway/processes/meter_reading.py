"""Meter reading (Regulation D1 §5.1): one reading period of one profile-settled point, from its beginning on.

A period begins where the one before ended and is closed by its reading. What is refused leaves it where it was, so
there is no state of refusal. Neither a restart nor a failure needs a row: a reading is checked, kept and handed on in
the one commit that comes before its answer, and a deadline that was missed is met by the next run.
"""

from __future__ import annotations

from gateway.processes.effects import (
    DELIVER_CANCELLATION,
    DELIVER_CORRECTION_NOTICE,
    DELIVER_READING,
    MARK_OVERDUE,
    REFUSE_READING,
    REMIND_OF_READING,
)
from gateway.processes.events import CancellationChecked, DeadlinePassed, ReadingChecked
from gateway.processes.guards import changes_reading, has_findings
from gateway.processes.machine import Machine, Row, State


class ReadingState(State):
    """Where a reading period stands."""

    EXPECTED = "expected", "The period runs, or its reading is awaited; nobody has been reminded."
    REMINDED = "reminded", "The days after the nominal reading date went by without a reading; the operator is told."
    OVERDUE = "overdue", "The limit went by without a reading; it is still taken when it comes."
    ACCEPTED = "accepted", "The reading stands, and the supplier has it."
    CORRECTED = "corrected", "A later value stands in place of the first, and the supplier has the notice."
    CANCELLED = "cancelled", "The reading was taken back, and the supplier knows; the period is awaited anew."


S = ReadingState

# fmt: off
ROWS = (
    # from           event                to           guard            effects                       clause
    Row(S.EXPECTED,  ReadingChecked,      S.EXPECTED,  has_findings,    (REFUSE_READING,),            "D1 §5.1.1"),
    Row(S.EXPECTED,  ReadingChecked,      S.ACCEPTED,  None,            (DELIVER_READING,),           "D1 §5.1.2"),
    Row(S.EXPECTED,  DeadlinePassed,      S.REMINDED,  None,            (REMIND_OF_READING,),         "D1 §5.1.2"),
    Row(S.REMINDED,  ReadingChecked,      S.REMINDED,  has_findings,    (REFUSE_READING,),            "D1 §5.1.1"),
    Row(S.REMINDED,  ReadingChecked,      S.ACCEPTED,  None,            (DELIVER_READING,),           "D1 §5.1.2"),
    Row(S.REMINDED,  DeadlinePassed,      S.OVERDUE,   None,            (MARK_OVERDUE,),              "D1 §5.1.1"),
    Row(S.OVERDUE,   ReadingChecked,      S.OVERDUE,   has_findings,    (REFUSE_READING,),            "D1 §5.1.1"),
    Row(S.OVERDUE,   ReadingChecked,      S.ACCEPTED,  None,            (DELIVER_READING,),           "D1 §5.1.2"),
    Row(S.ACCEPTED,  ReadingChecked,      S.ACCEPTED,  has_findings,    (REFUSE_READING,),            "D1 §5.1.4"),
    Row(S.ACCEPTED,  ReadingChecked,      S.CORRECTED, changes_reading, (DELIVER_CORRECTION_NOTICE,), "D1 §5.1.4"),
    Row(S.ACCEPTED,  ReadingChecked,      S.ACCEPTED,  None,            (),                           "D1 §5.1.4"),
    Row(S.ACCEPTED,  CancellationChecked, S.ACCEPTED,  has_findings,    (REFUSE_READING,),            "D1 §5.1.4"),
    Row(S.ACCEPTED,  CancellationChecked, S.CANCELLED, None,            (DELIVER_CANCELLATION,),      "D1 §5.1.4"),
    Row(S.CORRECTED, ReadingChecked,      S.CORRECTED, has_findings,    (REFUSE_READING,),            "D1 §5.1.4"),
    Row(S.CORRECTED, ReadingChecked,      S.CORRECTED, changes_reading, (DELIVER_CORRECTION_NOTICE,), "D1 §5.1.4"),
    Row(S.CORRECTED, ReadingChecked,      S.CORRECTED, None,            (),                           "D1 §5.1.4"),
    Row(S.CORRECTED, CancellationChecked, S.CORRECTED, has_findings,    (REFUSE_READING,),            "D1 §5.1.4"),
    Row(S.CORRECTED, CancellationChecked, S.CANCELLED, None,            (DELIVER_CANCELLATION,),      "D1 §5.1.4"),
)
# fmt: on

METER_READING = Machine(
    name="meter-reading",
    version=1,
    title="Meter reading",
    purpose=(
        "The reading of a profile-settled point is due 35 days after its nominal date, and the grid operator is "
        "reminded when 21 have gone by. What is good reaches the supplier at once; the same period again is a "
        "correction notice. A changed reading time is corrected by cancelling from the newest period backwards, and "
        "sending the right readings after that, oldest first. One instance is one reading period of one point; a "
        "cancelled one is followed by another that begins at the same instant."
    ),
    states=ReadingState,
    initial=S.EXPECTED,
    terminal=frozenset({S.CANCELLED}),
    rows=ROWS,
)
