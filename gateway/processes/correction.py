"""Correction (Regulation D1 §4.1.4 and §4.1.5): an accepted value received again supersedes and never overwrites.

A series is compared step by step with the accepted values it meets. One changed value makes it a correction; a series
that only fills gaps is a first delivery come late; one that says what is known already ends there.
"""

from __future__ import annotations

from gateway.processes.effects import (
    ALERT,
    APPEND_CORRECTION,
    APPEND_DELIVERY,
    COMPARE,
    COUNT_REJECTION,
    PUBLISH,
    PUBLISH_CORRECTION,
    REJECT,
)
from gateway.processes.events import Appended, Compared, Failed, Recovered
from gateway.processes.guards import changes_values, fills_gaps, has_findings, has_receivers
from gateway.processes.machine import Machine, Row, State


class CorrectionState(State):
    """Where a series received again stands."""

    FOUND = "found", "Accepted values stand at its steps; it has not been compared with them yet."
    REJECTED = "rejected", "The rules for corrections do not allow it, and the sender is told why."
    UNCHANGED = "unchanged", "Every value and status is known already; nothing is stored, nobody is told."
    LATE = "late", "Changes nothing that was accepted and fills what was missing; not in the series store yet."
    CORRECTING = "correcting", "Changes accepted values; not in the series store yet."
    DISTRIBUTED = "distributed", "A late first delivery: in the series store, and on its way to everybody entitled."
    CORRECTED = "corrected", "Old and new values are in the series store; everybody entitled gets the new as corrected."
    STORED = "stored", "In the series store; nobody is entitled to it."
    FAILED = "failed", "Could not be finished; the operator sees the reason and the accepted values stand."


S = CorrectionState

# fmt: off
ROWS = (
    # from            event      to             guard           effects                    clause
    Row(S.FOUND,      Compared,  S.REJECTED,    has_findings,   (REJECT, COUNT_REJECTION), "D1 §4.1.4"),
    Row(S.FOUND,      Compared,  S.CORRECTING,  changes_values, (APPEND_CORRECTION,),      "D1 §4.1.5"),
    Row(S.FOUND,      Compared,  S.LATE,        fills_gaps,     (APPEND_DELIVERY,),        "D1 §4.1.5"),
    Row(S.FOUND,      Compared,  S.UNCHANGED,   None,           (),                        "D1 §4.1.4"),
    Row(S.CORRECTING, Appended,  S.CORRECTED,   has_receivers,  (PUBLISH_CORRECTION,),     "D1 §4.1.5"),
    Row(S.CORRECTING, Appended,  S.STORED,      None,           (),                        "BRS-021"),
    Row(S.LATE,       Appended,  S.DISTRIBUTED, has_receivers,  (PUBLISH,),                "D1 §4.1.5"),
    Row(S.LATE,       Appended,  S.STORED,      None,           (),                        "BRS-021"),
    Row(S.FOUND,      Recovered, S.FOUND,       None,           (COMPARE,),                "GW-2"),
    Row(S.CORRECTING, Recovered, S.CORRECTING,  None,           (APPEND_CORRECTION,),      "GW-2"),
    Row(S.LATE,       Recovered, S.LATE,        None,           (APPEND_DELIVERY,),        "GW-2"),
    Row(S.FOUND,      Failed,    S.FAILED,      None,           (ALERT,),                  "GW-2"),
    Row(S.CORRECTING, Failed,    S.FAILED,      None,           (ALERT,),                  "GW-2"),
    Row(S.LATE,       Failed,    S.FAILED,      None,           (ALERT,),                  "GW-2"),
)
# fmt: on

CORRECTION = Machine(
    name="correction",
    version=1,
    title="Correction",
    purpose=(
        "A value that was accepted before is received again. The old value is kept and the new one stored as "
        "corrected; the supplier gets it within one hour with status corrected, while the sender's own status stays "
        "visible on demand. A missing value replaced before its limit is a first delivery come late, and a value that "
        "says what is known already changes nothing. One instance is one series."
    ),
    states=CorrectionState,
    initial=S.FOUND,
    terminal=frozenset({S.REJECTED, S.UNCHANGED, S.DISTRIBUTED, S.CORRECTED, S.STORED, S.FAILED}),
    rows=ROWS,
)
