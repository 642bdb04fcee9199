"""Data request: a party asks for series it may see, or for results of settlement.

Series of a point are RSM-015 (BRS-025 for a period, BRS-024 for a year), sums RSM-016 (BRS-026), settled charges
RSM-017 (BRS-028). The rules and the requester's right are checked together, so what is authorised can be read.
"""

from __future__ import annotations

from gateway.processes.effects import ALERT, ANSWER, CHECK, COUNT_REJECTION, READ_SERIES, REJECT_REQUEST
from gateway.processes.events import DataRead, Failed, Recovered, RulesChecked
from gateway.processes.guards import finds_nothing, has_findings
from gateway.processes.machine import Machine, Row, State


class DataRequestState(State):
    """Where a request for series stands."""

    RECEIVED = "received", "Durable in the journal and answered; rules and access have not been checked yet."
    REJECTED = "rejected", "The requester is told every reason."
    AUTHORISED = "authorised", "The requester may see the series; they have not been read yet."
    ANSWERED = "answered", "The series are on their way to the requester."
    FAILED = "failed", "Could not be finished; the operator sees the reason."


S = DataRequestState

# fmt: off
ROWS = (
    # from            event         to            guard          effects                            clause
    Row(S.RECEIVED,   RulesChecked, S.REJECTED,   has_findings,  (REJECT_REQUEST, COUNT_REJECTION), "BRS-025"),
    Row(S.RECEIVED,   RulesChecked, S.AUTHORISED, None,          (READ_SERIES,),                    "BRS-025"),
    Row(S.AUTHORISED, DataRead,     S.REJECTED,   finds_nothing, (REJECT_REQUEST, COUNT_REJECTION), "BRS-025"),
    Row(S.AUTHORISED, DataRead,     S.ANSWERED,   None,          (ANSWER,),                         "BRS-025"),
    Row(S.RECEIVED,   Recovered,    S.RECEIVED,   None,          (CHECK,),                          "GW-2"),
    Row(S.AUTHORISED, Recovered,    S.AUTHORISED, None,          (READ_SERIES,),                    "GW-2"),
    Row(S.RECEIVED,   Failed,       S.FAILED,     None,          (ALERT,),                          "GW-2"),
    Row(S.AUTHORISED, Failed,       S.FAILED,     None,          (ALERT,),                          "GW-2"),
)
# fmt: on

DATA_REQUEST = Machine(
    name="data-request",
    version=1,
    title="Data request",
    purpose=(
        "A party asks for the validated series of a metering point, or for results of settlement. It is answered with "
        "the series, or told every reason why not: a rule broken, no right to the point or the results, or no data "
        "(E0H in the Danish market). One instance is one requested series (Danish BRS-025 for a period, BRS-024 for a "
        "year, BRS-026 for sums, BRS-028 for settled charges); between fixation and refixation sums leave the hub in "
        "this way only (D1 §4.3.2)."
    ),
    states=DataRequestState,
    initial=S.RECEIVED,
    terminal=frozenset({S.REJECTED, S.ANSWERED, S.FAILED}),
    rows=ROWS,
)
