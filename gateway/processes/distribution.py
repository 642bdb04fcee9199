"""Distribution (BRS-021, the Danish B2B protocol's queues): one outgoing series on its way to one receiver.

Series wait in bundles; every series of a bundle shares its events, so a bundle is one step. Neither a restart nor a
receiver who never calls needs a row: what is queued stays queued, durable, until its owner takes it.
"""

from __future__ import annotations

from gateway.processes.effects import ALERT, CLOSE_BUNDLE, COUNT_PEEK, REFUSE_STRANGER, REMOVE_FROM_QUEUE, RENDER
from gateway.processes.events import BundleWeighed, DeadlinePassed, DequeueAsked, Failed, Peeked
from gateway.processes.guards import asked_by_owner, is_full, is_heavy, is_old, owner_needs_rendering
from gateway.processes.machine import Machine, Row, State


class DistributionState(State):
    """Where an outgoing series stands with its receiver."""

    QUEUED = "queued", "Waits in an open bundle; the receiver cannot see it yet."
    BUNDLED = "bundled", "In a closed bundle on the receiver's queue; nobody has asked for it yet."
    PEEKED = "peeked", "The receiver has seen the bundle and gets the same one until it is dequeued."
    DEQUEUED = "dequeued", "The receiver has confirmed the bundle; it is off the queue and stays in the archive."
    FAILED = "failed", "Could not be handed over; the operator sees the reason."


S = DistributionState

# fmt: off
ROWS = (
    # from         event           to          guard                  effects               clause
    Row(S.QUEUED,  BundleWeighed,  S.BUNDLED,  is_full,               (CLOSE_BUNDLE,),      "B2B: bundling"),
    Row(S.QUEUED,  BundleWeighed,  S.BUNDLED,  is_heavy,              (CLOSE_BUNDLE,),      "B2B: bundling"),
    Row(S.QUEUED,  BundleWeighed,  S.BUNDLED,  is_old,                (CLOSE_BUNDLE,),      "B2B: bundling"),
    Row(S.QUEUED,  BundleWeighed,  S.QUEUED,   None,                  (),                   "B2B: bundling"),
    Row(S.QUEUED,  DeadlinePassed, S.BUNDLED,  None,                  (CLOSE_BUNDLE,),      "D1 §4.1.5"),
    Row(S.BUNDLED, Peeked,         S.PEEKED,   asked_by_owner,        (RENDER, COUNT_PEEK), "B2B: peek"),
    Row(S.BUNDLED, Peeked,         S.BUNDLED,  None,                  (REFUSE_STRANGER,),   "B2B: peek"),
    Row(S.PEEKED,  Peeked,         S.PEEKED,   owner_needs_rendering, (RENDER, COUNT_PEEK), "B2B: peek"),
    Row(S.PEEKED,  Peeked,         S.PEEKED,   asked_by_owner,        (COUNT_PEEK,),        "B2B: peek"),
    Row(S.PEEKED,  Peeked,         S.PEEKED,   None,                  (REFUSE_STRANGER,),   "B2B: peek"),
    Row(S.PEEKED,  DequeueAsked,   S.DEQUEUED, asked_by_owner,        (REMOVE_FROM_QUEUE,), "B2B: dequeue"),
    Row(S.PEEKED,  DequeueAsked,   S.PEEKED,   None,                  (REFUSE_STRANGER,),   "B2B: dequeue"),
    Row(S.QUEUED,  Failed,         S.FAILED,   None,                  (ALERT,),             "GW-2"),
    Row(S.BUNDLED, Failed,         S.FAILED,   None,                  (ALERT,),             "GW-2"),
)
# fmt: on

DISTRIBUTION = Machine(
    name="distribution",
    version=1,
    title="Distribution",
    purpose=(
        "A series goes to a party entitled to it. It waits in a bundle until that is full, heavy or old enough, or "
        "until the series is due: one hour after receipt when settled hourly and for every correction, 08:00 the next "
        "day when settled as flex. The receiver peeks at the bundle as often as it likes, always sees the same one, "
        "and takes it off its own queue after that; nobody else can. One instance is one series for one receiver."
    ),
    states=DistributionState,
    initial=S.QUEUED,
    terminal=frozenset({S.DEQUEUED, S.FAILED}),
    rows=ROWS,
)
