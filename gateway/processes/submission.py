"""Submission (Danish BRS-021, Regulation D1 §4.1.5): one series of an answered message, from receipt to its end.

The instance begins in the commit that makes the message durable, before the sender is answered 2xx; a message refused
at once never has one. A restart begins unfinished work again: state and effects move in one commit, so whatever the
state does not show has not happened.
"""

from __future__ import annotations

from gateway.processes.effects import ALERT, APPEND, BEGIN_CORRECTION, CHECK, COUNT_REJECTION, PUBLISH, REJECT
from gateway.processes.events import Appended, CorrectionFound, Failed, Recovered, RulesChecked
from gateway.processes.guards import has_findings, has_receivers
from gateway.processes.machine import Machine, Row, State


class SubmissionState(State):
    """Where a submitted series stands."""

    RECEIVED = "received", "Durable in the journal and answered; the market rules have not spoken yet."
    ACCEPTED = "accepted", "The rules found no error; the series is not in the series store yet."
    REJECTED = "rejected", "The rules found errors, and the sender is told which."
    DISTRIBUTED = "distributed", "In the series store, and on its way to everybody entitled to it."
    STORED = "stored", "In the series store; nobody is entitled to it."
    CORRECTION = "correction", "Values were received again; the correction process goes on from here."
    FAILED = "failed", "Could not be finished; the operator sees the reason and the journal keeps the original."


S = SubmissionState

# fmt: off
ROWS = (
    # from          event            to             guard          effects                    clause
    Row(S.RECEIVED, RulesChecked,    S.REJECTED,    has_findings,  (REJECT, COUNT_REJECTION), "D1 §4.1.5"),
    Row(S.RECEIVED, RulesChecked,    S.ACCEPTED,    None,          (APPEND,),                 "D1 §4.1.5"),
    Row(S.ACCEPTED, CorrectionFound, S.CORRECTION,  None,          (BEGIN_CORRECTION,),       "D1 §4.1.5"),
    Row(S.ACCEPTED, Appended,        S.DISTRIBUTED, has_receivers, (PUBLISH,),                "D1 §4.1.5"),
    Row(S.ACCEPTED, Appended,        S.STORED,      None,          (),                        "BRS-021"),
    Row(S.RECEIVED, Recovered,       S.RECEIVED,    None,          (CHECK,),                  "GW-2"),
    Row(S.ACCEPTED, Recovered,       S.ACCEPTED,    None,          (APPEND,),                 "GW-2"),
    Row(S.RECEIVED, Failed,          S.FAILED,      None,          (ALERT,),                  "GW-2"),
    Row(S.ACCEPTED, Failed,          S.FAILED,      None,          (ALERT,),                  "GW-2"),
)
# fmt: on

SUBMISSION = Machine(
    name="submission",
    version=1,
    title="Submission",
    purpose=(
        "A grid operator's series is checked against the market rules. What breaks one is rejected with its reasons "
        "and nothing of it is stored; what passes is stored and reaches everybody entitled to it: within one hour of "
        "receipt when settled hourly, by 08:00 the next day when settled as flex. A series whose values were received "
        "before goes on as a correction. One instance is one series (Danish BRS-021)."
    ),
    states=SubmissionState,
    initial=S.RECEIVED,
    terminal=frozenset({S.REJECTED, S.DISTRIBUTED, S.STORED, S.CORRECTION, S.FAILED}),
    rows=ROWS,
)
