"""What the hub must do when a process steps: names with a sentence each, never the doing itself.

The hub keeps one handler per name of `EFFECTS` and carries the effects of a transition out in their order, in the
commit that also holds the event and the new state. So an instance found in a state has had the effects that led
there, exactly once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing the hub does: a stored word and the sentence a person reads."""

    name: str
    meaning: str


CHECK = Effect("check", "Run the market rules over the document as the journal holds it.")
APPEND = Effect(
    "append",
    "Write the series to the series store; where an accepted value already stands at one of its steps, write nothing "
    "and report the correction found.",
)
REPORT_ERRORS = Effect(
    "report-errors",
    "Keep every finding with its code, metering point and accounting interval, for the status its sender asks for.",
)
APPEND_VERSION = Effect(
    "append-version",
    "Write the values and the instants they were read at to the series store as the latest of their intervals and "
    "flows; what stood there before stays beside them.",
)
NOTE_CHANGES = Effect("note-changes", "Enter what was stored in the change feed of everybody entitled but its sender.")
BEGIN_CORRECTION = Effect("begin-correction", "Begin the correction process with this series.")
COMPARE = Effect("compare", "Compare the series step by step with the accepted values it meets.")
APPEND_DELIVERY = Effect(
    "append-delivery",
    "Write the series to the series store beside what stands there, as a first delivery of its steps.",
)
APPEND_CORRECTION = Effect(
    "append-correction",
    "Write the series to the series store as a later version: the old values stay, the changed ones are marked "
    "corrected and keep the sender's status beside the mark.",
)
PUBLISH = Effect(
    "publish",
    "Begin a distribution to every receiver by right, child metering points' included and a delegate in its "
    "principal's place.",
)
PUBLISH_CORRECTION = Effect(
    "publish-correction",
    "Begin a distribution to every receiver by right, due within one hour, with status corrected in place of the "
    "sender's on every changed value.",
)
REJECT = Effect("reject", "Tell the sender which transaction is rejected and for which reasons (RSM-009).")
COUNT_REJECTION = Effect("count-rejection", "Count the rejection and its reasons in the sender's statistics.")
CLOSE_BUNDLE = Effect("close-bundle", "Close the bundle the series waits in and make it the receiver's to peek.")
RENDER = Effect(
    "render", "Render the bundle in the dialect asked for, check it against its own schema and enter it in the archive."
)
COUNT_PEEK = Effect("count-peek", "Count the peek.")
REMOVE_FROM_QUEUE = Effect("remove-from-queue", "Take the bundle off the receiver's queue; the archive keeps it.")
REFUSE_STRANGER = Effect("refuse-stranger", "Answer as for an unknown message and record who asked.")
READ_SERIES = Effect(
    "read-series", "Read the series or results asked for, as far as the requester's right to them reaches."
)
ANSWER = Effect("answer", "Begin a distribution of the series to the requester, naming the request.")
REJECT_REQUEST = Effect("reject-request", "Tell the requester for which reasons the request is rejected.")
FILE_SNAPSHOT = Effect(
    "file-snapshot",
    "File the results as an immutable snapshot: the versions they were calculated from, the results, their hash.",
)
SEND_SUMS = Effect("send-sums", "Send each party the sums it is entitled to, as preliminary (RSM-014), by 08:00.")
SEND_BASIS = Effect(
    "send-basis",
    "Send each party what it is entitled to of the basis (RSM-014, RSM-019), by 08:00 on the calendar day after.",
)
SEND_CORRECTION = Effect(
    "send-correction", "Send the difference to the final refixation to the suppliers involved, and to nobody else."
)
INFORM_PARTIES = Effect(
    "inform-parties", "Publish the reason, the old and the new time and when the basis will be sent."
)
ASK_OPERATOR = Effect("ask-operator", "Stop and ask the hub's operator: let it stand, or postpone the fixation.")
BEGIN_REFIXATION = Effect("begin-refixation", "Begin the refixation process of the day and grid area.")
REFUSE_READING = Effect(
    "refuse-reading", "Answer the sender at once with every reason, and keep them; the period stays as it was."
)
DELIVER_READING = Effect(
    "deliver-reading", "Keep the reading and hand it to the supplier at once, with the sender's status."
)
DELIVER_CORRECTION_NOTICE = Effect(
    "deliver-correction-notice",
    "Keep the reading as a later version beside the old one and hand it to the supplier at once, marked as a "
    "correction notice.",
)
DELIVER_CANCELLATION = Effect(
    "deliver-cancellation",
    "Keep the cancellation beside what it cancels and hand it to the supplier at once; the period is awaited anew.",
)
REMIND_OF_READING = Effect("remind-of-reading", "Note a reminder to the grid operator.")
MARK_OVERDUE = Effect("mark-overdue", "Note that the reading is overdue.")
HAND_ON = Effect(
    "hand-on",
    "Show the query to the grid operator: its point, period and text, under an id of its own, without who asked.",
)
HAND_BACK = Effect("hand-back", "Show the answer to who asked.")
TAKE_AWAY = Effect("take-away", "Show the query to the grid operator as no longer waiting, without who asked.")
SEND_REMINDER = Effect("send-reminder", "Remind the grid operator of the metering point and day (RSM-018).")
ALERT = Effect("alert", "Show the instance to the operator as failed, with the reason.")

EFFECTS: Mapping[str, Effect] = {
    effect.name: effect
    for effect in (
        CHECK,
        APPEND,
        REPORT_ERRORS,
        APPEND_VERSION,
        NOTE_CHANGES,
        BEGIN_CORRECTION,
        COMPARE,
        APPEND_DELIVERY,
        APPEND_CORRECTION,
        PUBLISH,
        PUBLISH_CORRECTION,
        REJECT,
        COUNT_REJECTION,
        CLOSE_BUNDLE,
        RENDER,
        COUNT_PEEK,
        REMOVE_FROM_QUEUE,
        REFUSE_STRANGER,
        READ_SERIES,
        ANSWER,
        REJECT_REQUEST,
        FILE_SNAPSHOT,
        SEND_SUMS,
        SEND_BASIS,
        SEND_CORRECTION,
        INFORM_PARTIES,
        ASK_OPERATOR,
        BEGIN_REFIXATION,
        REFUSE_READING,
        DELIVER_READING,
        DELIVER_CORRECTION_NOTICE,
        DELIVER_CANCELLATION,
        REMIND_OF_READING,
        MARK_OVERDUE,
        HAND_ON,
        HAND_BACK,
        TAKE_AWAY,
        SEND_REMINDER,
        ALERT,
    )
}
"""Every effect a table may name, by its word."""
