"""Anonymous query (Regulation D1 §4.1.4): a party asks or reminds a grid operator through the hub, unnamed.

What the grid operator gets holds nothing of who asked; the answer comes back the same way. Nothing here waits for a
restart: every step is one commit, and what is due is found by its instant.
"""

from __future__ import annotations

from gateway.processes.effects import HAND_BACK, HAND_ON, REFUSE_STRANGER, TAKE_AWAY
from gateway.processes.events import Answered, DeadlinePassed, Withdrawn
from gateway.processes.guards import answered_by_addressee, withdrawn_by_asker
from gateway.processes.machine import Machine, Row, State


class AnonymousQueryState(State):
    """Where an anonymous query stands."""

    ASKED = "asked", "Kept by the hub; the grid operator sees it from the end of the window it was asked in."
    FORWARDED = "forwarded", "The grid operator sees it and not who asked; the answer is awaited."
    ANSWERED = "answered", "Who asked sees the answer."
    CLOSED = "closed", "Answered, and laid aside by who asked or by time."
    WITHDRAWN = "withdrawn", "Taken back by who asked before there was an answer."
    EXPIRED = "expired", "The grid operator did not answer in time; who asked sees that."


S = AnonymousQueryState

# fmt: off
ROWS = (
    # from           event           to           guard                  effects             clause
    Row(S.ASKED,     DeadlinePassed, S.FORWARDED, None,                  (HAND_ON,),         "D1 §4.1.4"),
    Row(S.ASKED,     Withdrawn,      S.WITHDRAWN, withdrawn_by_asker,    (),                 "D1 §4.1.4"),
    Row(S.ASKED,     Withdrawn,      S.ASKED,     None,                  (REFUSE_STRANGER,), "D1 §4.1.4"),
    Row(S.FORWARDED, Answered,       S.ANSWERED,  answered_by_addressee, (HAND_BACK,),       "D1 §4.1.4"),
    Row(S.FORWARDED, Answered,       S.FORWARDED, None,                  (REFUSE_STRANGER,), "D1 §4.1.4"),
    Row(S.FORWARDED, Withdrawn,      S.WITHDRAWN, withdrawn_by_asker,    (TAKE_AWAY,),       "D1 §4.1.4"),
    Row(S.FORWARDED, Withdrawn,      S.FORWARDED, None,                  (REFUSE_STRANGER,), "D1 §4.1.4"),
    Row(S.FORWARDED, DeadlinePassed, S.EXPIRED,   None,                  (TAKE_AWAY,),       "D1 §4.1.4"),
    Row(S.ANSWERED,  Withdrawn,      S.CLOSED,    withdrawn_by_asker,    (),                 "D1 §4.1.4"),
    Row(S.ANSWERED,  Withdrawn,      S.ANSWERED,  None,                  (REFUSE_STRANGER,), "D1 §4.1.4"),
    Row(S.ANSWERED,  DeadlinePassed, S.CLOSED,    None,                  (),                 "D1 §4.1.4"),
)
# fmt: on

ANONYMOUS_QUERY = Machine(
    name="anonymous-query",
    version=1,
    title="Anonymous query",
    purpose=(
        "A party entitled to the values of a metering point asks the grid operator about it, or reminds it of values "
        "that are missing, without saying who it is. The hub hands the query on at the end of a window, together with "
        "all others asked in it, and brings the answer back. The grid operator sees the point, the period and the "
        "text, and nothing of who asked. One instance is one query."
    ),
    states=AnonymousQueryState,
    initial=S.ASKED,
    terminal=frozenset({S.CLOSED, S.WITHDRAWN, S.EXPIRED}),
    rows=ROWS,
)
