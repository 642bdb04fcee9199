"""What each process owes the market, read off its table and walked through event by event."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.messages.findings import Finding, Severity
from gateway.processes.anonymous_query import ANONYMOUS_QUERY, AnonymousQueryState
from gateway.processes.correction import CORRECTION, CorrectionState
from gateway.processes.data_request import DATA_REQUEST, DataRequestState
from gateway.processes.distribution import DISTRIBUTION, DistributionState
from gateway.processes.effects import (
    ALERT,
    ANSWER,
    APPEND,
    APPEND_CORRECTION,
    APPEND_DELIVERY,
    ASK_OPERATOR,
    BEGIN_CORRECTION,
    BEGIN_REFIXATION,
    CHECK,
    CLOSE_BUNDLE,
    COMPARE,
    COUNT_PEEK,
    COUNT_REJECTION,
    DELIVER_CANCELLATION,
    DELIVER_CORRECTION_NOTICE,
    DELIVER_READING,
    FILE_SNAPSHOT,
    HAND_BACK,
    HAND_ON,
    INFORM_PARTIES,
    MARK_OVERDUE,
    PUBLISH,
    PUBLISH_CORRECTION,
    READ_SERIES,
    REFUSE_READING,
    REFUSE_STRANGER,
    REJECT,
    REJECT_REQUEST,
    REMIND_OF_READING,
    REMOVE_FROM_QUEUE,
    RENDER,
    SEND_BASIS,
    SEND_CORRECTION,
    SEND_REMINDER,
    SEND_SUMS,
    TAKE_AWAY,
    Effect,
)
from gateway.processes.events import (
    Actor,
    Answered,
    Appended,
    BasisCalculated,
    BundleLimits,
    BundleWeighed,
    CancellationChecked,
    Compared,
    CorrectionFound,
    CorrectionsSettled,
    DataCame,
    DataMissing,
    DataRead,
    DeadlinePassed,
    DequeueAsked,
    Event,
    Failed,
    FixationPostponed,
    NegativeResidualAccepted,
    NothingOwed,
    Peeked,
    ReadingChecked,
    Recovered,
    RulesChecked,
    SumsCalculated,
    Withdrawn,
)
from gateway.processes.fixation import FIXATION, FixationState
from gateway.processes.guards import finds_nothing, has_findings
from gateway.processes.machine import Machine, Refusal, State
from gateway.processes.meter_reading import METER_READING, ReadingState
from gateway.processes.refixation import REFIXATION, RefixationState
from gateway.processes.registry import PROCESSES
from gateway.processes.reminder import REMINDER, ReminderState
from gateway.processes.submission import SUBMISSION, SubmissionState

MACHINES = [pytest.param(machine, id=name) for (name, _), machine in PROCESSES.items()]
BEGUN_BY_A_MESSAGE = [machine for machine in MACHINES if machine.id in {"submission", "correction", "data-request"}]
NEGATIVE = Finding(code="E86", text="a quantity is negative", rule="quantity-not-negative")
REMARK = Finding(code="E86", text="unusual", severity=Severity.WARNING)
NO_DATA = Finding(code="E0H", text="no data")
BROKEN = Finding(code="", text="the series store is gone", rule="dependency")

OWNER = Actor("5790000000005", "energy-supplier")
OTHER_PARTY = Actor("5790000000012", "energy-supplier")
OTHER_ROLE = Actor("5790000000005", "balance-responsible")
LIMITS = BundleLimits(transactions=2000, points=150_000, age=300)


def end(machine: Machine[Any], *events: Event) -> tuple[State, list[Effect]]:
    """Where the events lead and everything the hub was asked to do; each of them must be legal."""
    replay = machine.replay(events)
    assert replay.refusals == ()
    return replay.state, [effect for step in replay.transitions for effect in step.effects]


# Every process


@pytest.mark.parametrize("machine", MACHINES)
def test_a_terminal_state_has_no_exits(machine: Machine[Any]) -> None:
    assert all(machine.awaits(state) == () for state in machine.terminal)


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_published_before_it_is_durable(machine: Machine[Any]) -> None:
    for row in machine.rows:
        if {PUBLISH, PUBLISH_CORRECTION} & set(row.effects):
            assert row.event is Appended


@pytest.mark.parametrize("machine", MACHINES)
def test_every_rejection_names_a_reason_and_is_counted(machine: Machine[Any]) -> None:
    """DK-4.1.5.d: a failed check is answered with the error and kept in the statistics."""
    for row in machine.rows:
        rejects = bool({REJECT, REJECT_REQUEST} & set(row.effects))
        assert rejects == (row.to == "rejected") == (COUNT_REJECTION in row.effects)
        if rejects:  # both guards hold only for an event that carries findings
            assert row.guard in (has_findings, finds_nothing)


@pytest.mark.parametrize("machine", BEGUN_BY_A_MESSAGE)
def test_what_was_answered_2xx_finishes_after_a_restart(machine: Machine[Any]) -> None:
    """GW-2: whatever state a crash leaves, recovery asks for the work that leads on, and failing ends visibly."""
    for state in machine.states:
        recovered = machine.step(state, Recovered())
        if state in machine.terminal:
            assert isinstance(recovered, Refusal)
            continue
        assert not isinstance(recovered, Refusal)
        assert recovered.to is state
        work = {effect for row in machine.rows if row.to is state for effect in row.effects}
        assert recovered.effects
        assert set(recovered.effects) <= work
        failed = machine.step(state, Failed(BROKEN))
        assert not isinstance(failed, Refusal)
        assert (failed.to, failed.effects) == ("failed", (ALERT,))


# Submission


def test_a_series_that_breaks_a_rule_is_rejected_to_its_sender_and_never_stored() -> None:
    """DK-4.1.5.d."""
    assert end(SUBMISSION, RulesChecked((NEGATIVE,))) == (SubmissionState.REJECTED, [REJECT, COUNT_REJECTION])


def test_a_remark_does_not_reject() -> None:
    assert end(SUBMISSION, RulesChecked((REMARK,))) == (SubmissionState.ACCEPTED, [APPEND])


def test_a_series_that_passes_is_stored_and_reaches_everybody_entitled() -> None:
    """DK-4.1.5.j."""
    assert end(SUBMISSION, RulesChecked(), Appended(7, 2)) == (SubmissionState.DISTRIBUTED, [APPEND, PUBLISH])
    assert "child metering points" in PUBLISH.meaning


def test_a_series_nobody_is_entitled_to_is_stored_only() -> None:
    assert end(SUBMISSION, RulesChecked(), Appended(7, 0)) == (SubmissionState.STORED, [APPEND])


def test_values_received_again_leave_the_submission_for_the_correction() -> None:
    """DK-4.1.5.f."""
    state, effects = end(SUBMISSION, RulesChecked(), CorrectionFound())
    assert (state, effects) == (SubmissionState.CORRECTION, [APPEND, BEGIN_CORRECTION])


def test_a_restart_checks_again_what_was_only_received() -> None:
    state, effects = end(SUBMISSION, Recovered(), RulesChecked(), Recovered(), Appended(7, 1))
    assert (state, effects) == (SubmissionState.DISTRIBUTED, [CHECK, APPEND, APPEND, PUBLISH])


def test_an_unchecked_series_cannot_be_appended_or_corrected() -> None:
    for event in (Appended(7, 1), CorrectionFound()):
        assert isinstance(SUBMISSION.step(SubmissionState.RECEIVED, event), Refusal)


# Correction


def test_a_changed_value_is_stored_as_corrected_and_told() -> None:
    """DK-4.1.5.f: old value kept, new stored as corrected, the supplier told with status corrected within an hour."""
    state, effects = end(CORRECTION, Compared(changed=1, late=3, added=2, unchanged=90), Appended(8, 1))
    assert (state, effects) == (CorrectionState.CORRECTED, [APPEND_CORRECTION, PUBLISH_CORRECTION])
    assert "old values stay" in APPEND_CORRECTION.meaning
    assert "within one hour" in PUBLISH_CORRECTION.meaning


@pytest.mark.parametrize("compared", [Compared(late=1, unchanged=95), Compared(added=96)], ids=["late", "added"])
def test_a_missing_value_replaced_before_its_limit_is_a_first_delivery(compared: Compared) -> None:
    """DK-4.1.5.f: nothing that was accepted changes, so nothing is called corrected."""
    assert end(CORRECTION, compared, Appended(8, 1)) == (CorrectionState.DISTRIBUTED, [APPEND_DELIVERY, PUBLISH])
    assert end(CORRECTION, compared, Appended(8, 0)) == (CorrectionState.STORED, [APPEND_DELIVERY])


def test_a_correction_nobody_is_entitled_to_is_stored_only() -> None:
    assert end(CORRECTION, Compared(changed=1), Appended(8, 0)) == (CorrectionState.STORED, [APPEND_CORRECTION])


def test_what_is_known_already_is_neither_stored_nor_told() -> None:
    """DK-4.1.5.f: the same value and status again is no correction."""
    assert end(CORRECTION, Compared(unchanged=96)) == (CorrectionState.UNCHANGED, [])


def test_a_resend_the_rules_do_not_allow_is_rejected_with_their_reason() -> None:
    """DK-4.1.4.b: a correction message holds corrected series only, outside the window for full resends."""
    state, effects = end(CORRECTION, Compared(unchanged=96, findings=(NEGATIVE,)))
    assert (state, effects) == (CorrectionState.REJECTED, [REJECT, COUNT_REJECTION])
    assert end(CORRECTION, Compared(unchanged=96, findings=(REMARK,)))[0] is CorrectionState.UNCHANGED


def test_a_restart_compares_again() -> None:
    state, effects = end(CORRECTION, Recovered(), Compared(changed=1), Recovered())
    assert (state, effects) == (CorrectionState.CORRECTING, [COMPARE, APPEND_CORRECTION, APPEND_CORRECTION])


# Distribution


def weighed(transactions: int = 1, points: int = 96, next_points: int = 0, age: int = 0) -> BundleWeighed:
    """An open bundle of one quarter-hour day, unless something is said."""
    return BundleWeighed(transactions, points, next_points, age, LIMITS)


@pytest.mark.parametrize(
    ("event", "closes"),
    [
        (weighed(), False),
        (weighed(transactions=1999, points=149_999, age=299), False),
        (weighed(transactions=2000), True),
        (weighed(points=150_000), True),
        (weighed(points=149_904, next_points=96), False),
        (weighed(points=149_905, next_points=96), True),
        (weighed(points=200_000), True),
        (weighed(age=300), True),
        (DeadlinePassed(at=1_700_000_000), True),
    ],
)
def test_a_bundle_closes_by_count_points_age_or_deadline(event: Event, closes: bool) -> None:
    """DK-4.1.5.j: a series is due within the hour or at 08:00, however empty its bundle is."""
    expected = (DistributionState.BUNDLED, [CLOSE_BUNDLE]) if closes else (DistributionState.QUEUED, [])
    assert end(DISTRIBUTION, event) == expected


def test_a_peek_shows_the_same_bundle_until_it_is_dequeued() -> None:
    first, again = Peeked(OWNER, OWNER), Peeked(OWNER, OWNER, rendered=True)
    state, effects = end(DISTRIBUTION, weighed(age=300), first, again, again, DequeueAsked(OWNER, OWNER))
    assert state is DistributionState.DEQUEUED
    assert effects == [CLOSE_BUNDLE, RENDER, COUNT_PEEK, COUNT_PEEK, COUNT_PEEK, REMOVE_FROM_QUEUE]


def test_a_peek_in_another_dialect_is_rendered_in_that_dialect() -> None:
    state, effects = end(DISTRIBUTION, weighed(age=300), Peeked(OWNER, OWNER), Peeked(OWNER, OWNER))
    assert (state, effects[1:]) == (DistributionState.PEEKED, [RENDER, COUNT_PEEK, RENDER, COUNT_PEEK])


def test_only_a_peeked_bundle_can_be_dequeued() -> None:
    sources = {row.from_state for row in DISTRIBUTION.rows if row.to is DistributionState.DEQUEUED}
    assert sources == {DistributionState.PEEKED}
    for state in (DistributionState.QUEUED, DistributionState.BUNDLED, DistributionState.DEQUEUED):
        assert isinstance(DISTRIBUTION.step(state, DequeueAsked(OWNER, OWNER)), Refusal)


def test_an_open_bundle_cannot_be_peeked() -> None:
    assert isinstance(DISTRIBUTION.step(DistributionState.QUEUED, Peeked(OWNER, OWNER)), Refusal)


@pytest.mark.sec_17
@pytest.mark.parametrize("stranger", [OTHER_PARTY, OTHER_ROLE], ids=["other party", "other role"])
@pytest.mark.parametrize("rendered", [False, True])
def test_nobody_but_the_owner_sees_or_takes_a_bundle(stranger: Actor, rendered: bool) -> None:
    for state in (DistributionState.BUNDLED, DistributionState.PEEKED):
        outcome = DISTRIBUTION.step(state, Peeked(OWNER, stranger, rendered))
        assert not isinstance(outcome, Refusal)
        assert (outcome.to, outcome.effects) == (state, (REFUSE_STRANGER,))
    outcome = DISTRIBUTION.step(DistributionState.PEEKED, DequeueAsked(OWNER, stranger))
    assert not isinstance(outcome, Refusal)
    assert (outcome.to, outcome.effects) == (DistributionState.PEEKED, (REFUSE_STRANGER,))


def test_a_series_that_cannot_be_handed_over_ends_where_the_operator_sees_it() -> None:
    assert end(DISTRIBUTION, Failed(BROKEN)) == (DistributionState.FAILED, [ALERT])
    assert end(DISTRIBUTION, weighed(age=300), Failed(BROKEN)) == (DistributionState.FAILED, [CLOSE_BUNDLE, ALERT])


# Data request


def test_a_request_that_passes_is_answered_with_what_was_found() -> None:
    state, effects = end(DATA_REQUEST, RulesChecked(), DataRead(series=1))
    assert (state, effects) == (DataRequestState.ANSWERED, [READ_SERIES, ANSWER])


def test_a_request_that_breaks_a_rule_is_rejected_unread() -> None:
    state, effects = end(DATA_REQUEST, RulesChecked((NEGATIVE, REMARK)))
    assert (state, effects) == (DataRequestState.REJECTED, [REJECT_REQUEST, COUNT_REJECTION])


def test_a_request_without_data_is_rejected_with_the_reason() -> None:
    state, effects = end(DATA_REQUEST, RulesChecked(), DataRead(series=0, findings=(NO_DATA,)))
    assert (state, effects) == (DataRequestState.REJECTED, [READ_SERIES, REJECT_REQUEST, COUNT_REJECTION])


def test_a_restart_checks_and_reads_again() -> None:
    state, effects = end(DATA_REQUEST, Recovered(), RulesChecked(), Recovered(), DataRead(series=1))
    assert (state, effects) == (DataRequestState.ANSWERED, [CHECK, READ_SERIES, READ_SERIES, ANSWER])


# Fixation and refixation


def test_sums_are_filed_and_sent_every_evening_until_fixation() -> None:
    """DK-4.1.5.g, DK-4.1.5.i."""
    state, effects = end(FIXATION, SumsCalculated(), SumsCalculated())
    assert (state, effects) == (FixationState.OPEN, [FILE_SNAPSHOT, SEND_SUMS] * 2)
    assert "by 08:00" in SEND_SUMS.meaning


def test_fixation_freezes_the_basis_and_sends_it() -> None:
    """DK-1.11, DK-4.2.a, DK-4.2.b."""
    state, effects = end(FIXATION, SumsCalculated(), BasisCalculated())
    assert state is FixationState.FIXED
    assert effects[2:] == [FILE_SNAPSHOT, SEND_BASIS, BEGIN_REFIXATION]


def test_a_negative_residual_stops_for_the_operator_and_files_nothing() -> None:
    """DK-6.2.2: negative on working days 1 to 4 only."""
    assert end(FIXATION, BasisCalculated(negative_steps=1)) == (FixationState.HELD, [ASK_OPERATOR])
    accepted = end(FIXATION, BasisCalculated(1), NegativeResidualAccepted("exchange meter confirmed"))
    assert accepted == (FixationState.FIXED, [ASK_OPERATOR, FILE_SNAPSHOT, SEND_BASIS, BEGIN_REFIXATION])
    assert isinstance(FIXATION.step(FixationState.HELD, BasisCalculated()), Refusal)


def test_a_postponed_fixation_informs_the_parties_and_goes_on_later() -> None:
    """DK-4.2.c."""
    for before in ((), (BasisCalculated(1),), (FixationPostponed(1, "outage"),)):
        state, effects = end(FIXATION, *before, FixationPostponed(2, "outage"))
        assert (state, effects[-1]) == (FixationState.POSTPONED, INFORM_PARTIES)
        assert end(FIXATION, *before, FixationPostponed(2, "outage"), SumsCalculated(), BasisCalculated())[0] == "fixed"
    assert isinstance(FIXATION.step(FixationState.FIXED, FixationPostponed(2, "late")), Refusal)


def test_three_refixations_come_in_the_order_of_the_law() -> None:
    """DK-1.34, DK-4.4."""
    state, effects = end(REFIXATION, BasisCalculated(), BasisCalculated(3), BasisCalculated())
    assert (state, effects) == (RefixationState.FINAL, [FILE_SNAPSHOT, SEND_BASIS] * 3)
    assert isinstance(REFIXATION.step(RefixationState.FINAL, BasisCalculated()), Refusal)
    assert isinstance(REFIXATION.step(RefixationState.SECOND, CorrectionsSettled(is_last=True)), Refusal)


def test_corrections_after_the_final_go_to_the_suppliers_involved_until_three_years_on() -> None:
    """DK-4.5.a, DK-4.5.b."""
    final = (BasisCalculated(),) * 3
    state, effects = end(REFIXATION, *final, CorrectionsSettled(is_last=False), CorrectionsSettled(is_last=True))
    assert (state, effects[6:]) == (RefixationState.CLOSED, [FILE_SNAPSHOT, SEND_CORRECTION] * 2)
    assert "suppliers involved" in SEND_CORRECTION.meaning


# Meter reading


def test_a_reading_that_does_not_come_is_reminded_of_and_overdue_and_still_taken() -> None:
    # DK-5.1.2.a, DK-5.1.1.b, DK-5.1.2.b
    late = (DeadlinePassed(21), DeadlinePassed(35), ReadingChecked(True))
    assert end(METER_READING, *late) == (
        ReadingState.ACCEPTED,
        [REMIND_OF_READING, MARK_OVERDUE, DELIVER_READING],
    )


@pytest.mark.parametrize("before", [(), (DeadlinePassed(21),), (DeadlinePassed(21), DeadlinePassed(35))])
def test_a_refused_reading_leaves_its_period_where_it_was(before: tuple[Event, ...]) -> None:
    state, _ = end(METER_READING, *before)
    assert end(METER_READING, *before, ReadingChecked(True, (NEGATIVE,)))[0] is state
    assert end(METER_READING, *before, ReadingChecked(True, (REMARK,)))[0] is ReadingState.ACCEPTED


def test_another_value_for_the_same_period_is_a_correction_notice() -> None:
    # DK-5.1.4.a
    changed, same = ReadingChecked(True), ReadingChecked(False)
    assert end(METER_READING, changed, same) == (ReadingState.ACCEPTED, [DELIVER_READING])
    assert end(METER_READING, changed, changed, same, changed) == (
        ReadingState.CORRECTED,
        [DELIVER_READING, DELIVER_CORRECTION_NOTICE, DELIVER_CORRECTION_NOTICE],
    )


def test_a_cancellation_ends_the_period_and_the_supplier_is_told() -> None:
    # DK-5.1.4.b
    out_of_order = CancellationChecked((NEGATIVE,))
    for first in ((ReadingChecked(True),), (ReadingChecked(True), ReadingChecked(True))):
        state, effects = end(METER_READING, *first)
        assert end(METER_READING, *first, out_of_order) == (state, [*effects, REFUSE_READING])
        assert end(METER_READING, *first, CancellationChecked()) == (
            ReadingState.CANCELLED,
            [*effects, DELIVER_CANCELLATION],
        )


def test_nothing_is_reminded_of_or_overdue_once_it_is_there() -> None:
    for events in ((ReadingChecked(True),), (ReadingChecked(True), ReadingChecked(True))):
        assert METER_READING.replay((*events, DeadlinePassed(21))).refusals


# Anonymous query


def test_an_answer_comes_back_the_way_the_query_went() -> None:
    """DK-4.1.4.a."""
    due = DeadlinePassed(0)
    state, effects = end(ANONYMOUS_QUERY, due, Answered(OWNER, OWNER), Withdrawn(OTHER_PARTY, OTHER_PARTY))
    assert (state, effects) == (AnonymousQueryState.CLOSED, [HAND_ON, HAND_BACK])
    assert "without who asked" in HAND_ON.meaning


@pytest.mark.parametrize("stranger", [OTHER_PARTY, OTHER_ROLE])
def test_only_the_addressee_answers_and_only_the_asker_withdraws(stranger: Actor) -> None:
    """DK-4.1.4.a."""
    due = DeadlinePassed(0)
    for event in (Answered(OWNER, stranger), Withdrawn(OWNER, stranger)):
        assert end(ANONYMOUS_QUERY, due, event) == (AnonymousQueryState.FORWARDED, [HAND_ON, REFUSE_STRANGER])
    assert end(ANONYMOUS_QUERY, due, due) == (AnonymousQueryState.EXPIRED, [HAND_ON, TAKE_AWAY])


def test_a_query_withdrawn_in_its_window_never_reaches_anybody() -> None:
    """DK-4.1.4.a."""
    assert end(ANONYMOUS_QUERY, Withdrawn(OWNER, OWNER)) == (AnonymousQueryState.WITHDRAWN, [])


# Reminder


def test_what_is_missing_is_reminded_of_again_and_again_until_it_comes() -> None:
    """DK-4.1.5.e, DK-5.1.2.a."""
    again = (DataMissing(), DataMissing(), DataMissing())
    assert end(REMINDER, *again) == (ReminderState.REMINDED, [SEND_REMINDER] * 3)
    assert end(REMINDER, *again, DataCame()) == (ReminderState.FILLED, [SEND_REMINDER] * 3)


@pytest.mark.parametrize("event", [DeadlinePassed(0), NothingOwed()])
def test_what_is_final_or_owed_no_more_is_closed_without_a_word(event: Event) -> None:
    """DK-4.1.5.e."""
    assert end(REMINDER, DataMissing(), event) == (ReminderState.CLOSED, [SEND_REMINDER])


def test_what_came_in_time_is_never_reminded_of() -> None:
    """DK-4.1.5.e."""
    assert end(REMINDER, DataCame()) == (ReminderState.FILLED, [])
    assert REMINDER.replay((DataCame(), DataMissing())).refusals
