"""Where a message stands: its series, their steps and findings, for those who may know."""

from __future__ import annotations

import pytest

from gateway.hub.inspection import message_status
from gateway.hub.journal import OutcomeState
from gateway.hub.ports import Direction, MessageStatus, Principal
from gateway.messages.codes import Dialect, DocumentKind, MeteringPointType
from gateway.messages.findings import Finding

from .small_hub import (
    AGENCY,
    DK,
    FLEX,
    GRID,
    NOW,
    OPERATOR,
    PRODUCTION,
    READER_A,
    READER_B,
    SENDER,
    STRANGER,
    SmallHub,
    day_of,
    document,
)

MALFORMED = Finding("00302", "not well-formed", rule="malformed")


def status(hub: SmallHub, reader: Principal, message_id: str) -> MessageStatus | None:
    with hub.database.read() as connection:
        return message_status(hub.office, connection, reader, message_id)


def known(hub: SmallHub, reader: Principal, message_id: str) -> MessageStatus:
    found = status(hub, reader, message_id)
    assert found is not None
    return found


def test_accepted_and_rejected_series_stand_side_by_side(hub: SmallHub) -> None:
    """DK-4.1.5.d: the rejected series names its error; the other one is on its way."""
    hub.send(document("m-1", day_of(FLEX, "good"), day_of(FLEX, "bad", values=(-1,) * 96)))
    found = known(hub, SENDER, "m-1")
    summary = found.summary
    assert (summary.direction, summary.kind, summary.dialect) == (
        Direction.IN,
        DocumentKind.MEASURE_DATA,
        Dialect.CIM_XML,
    )
    assert (summary.sender, summary.receiver, summary.at) == (SENDER.party, DK.hub, NOW)
    assert (summary.state, summary.series) == ("accepted", 2)
    assert [(entry.event, entry.state, entry.at) for entry in found.history] == [
        ("Received", "pending", NOW),
        ("Concluded", "accepted", NOW),
    ]
    good, bad = found.series
    assert (good.transaction_id, good.metering_point, good.state, good.findings) == ("good", FLEX, "distributed", ())
    assert [(entry.event, entry.state) for entry in good.history] == [
        ("RulesChecked", "accepted"),
        ("Appended", "distributed"),
    ]
    assert "on its way to everybody entitled" in good.history[-1].text
    assert (bad.transaction_id, bad.state) == ("bad", "rejected")
    assert "quantity-not-negative" in {finding.rule for finding in bad.findings}
    assert [entry.state for entry in bad.history] == ["rejected"]
    assert found.findings == ()


def test_a_correction_shows_both_of_its_processes(hub: SmallHub) -> None:
    """DK-4.1.5.f: a value received again becomes a correction, and its history says so."""
    hub.send(document("m-1", day_of(FLEX, "t-1")))
    hub.send(document("m-2", day_of(FLEX, "t-2", values=(300,) * 96)), at=NOW + 60)
    (series,) = known(hub, SENDER, "m-2").series
    assert [(entry.event, entry.state, entry.at) for entry in series.history] == [
        ("RulesChecked", "accepted", NOW + 60),
        ("CorrectionFound", "correction", NOW + 60),
        ("Compared", "correcting", NOW + 60),
        ("Appended", "corrected", NOW + 60),
    ]
    assert series.state == "corrected"


def test_only_its_sender_and_the_operator_know_a_message(hub: SmallHub) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1")))
    hub.refuse("m-1", MALFORMED, sender=STRANGER)
    assert known(hub, SENDER, "m-1") == known(hub, GRID, "m-1") == known(hub, OPERATOR, "m-1")
    assert known(hub, STRANGER, "m-1").summary.state == OutcomeState.REFUSED
    for reader in (READER_A, READER_B, AGENCY):
        assert status(hub, reader, "m-1") is None


def test_an_id_used_again_shows_the_message_that_was_accepted(hub: SmallHub) -> None:
    hub.refuse("m-1", MALFORMED)
    hub.send(document("m-1", day_of(FLEX, "t-1")), at=NOW + 1)
    hub.send(document("m-1", day_of(FLEX, "t-2")), at=NOW + 2)
    found = known(hub, SENDER, "m-1")
    assert (found.summary.state, found.summary.at) == ("accepted", NOW + 1)
    assert [series.transaction_id for series in found.series] == ["t-1"]


def test_of_refused_messages_the_newest_shows_with_its_findings(hub: SmallHub) -> None:
    hub.refuse("m-1", MALFORMED)
    newer = Finding("00301", "unknown namespace", rule="unknown-namespace", line=3)
    hub.refuse("m-1", newer, at=NOW + 1)
    found = known(hub, SENDER, "m-1")
    assert (found.summary.state, found.summary.at, found.series) == ("refused", NOW + 1, ())
    assert found.findings == (newer,)


def test_a_bundle_shows_its_receiver_how_far_it_has_come(hub: SmallHub) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1"), day_of(PRODUCTION, "t-2", kind=MeteringPointType.PRODUCTION)))
    bundle = hub.close_bundle(READER_A)
    states = [known(hub, READER_A, bundle.message_id).summary.state]
    hub.peek(bundle)
    states.append(known(hub, READER_A, bundle.message_id).summary.state)
    hub.dequeue(bundle)
    found = known(hub, READER_A, bundle.message_id)
    assert [*states, found.summary.state] == ["bundled", "peeked", "dequeued"]
    assert (found.summary.direction, found.summary.sender, found.summary.receiver) == (
        Direction.OUT,
        DK.hub,
        READER_A.party,
    )
    assert (found.summary.series, found.summary.at) == (2, NOW + 7200)
    assert [(entry.state, entry.at) for entry in found.history] == [
        ("queued", NOW),
        ("bundled", NOW + 7200),
        ("peeked", NOW + 7300),
        ("dequeued", NOW + 7400),
    ]
    assert [series.metering_point for series in found.series] == [FLEX, PRODUCTION]
    assert {len(series.transaction_id) for series in found.series} == {32}
    assert status(hub, READER_B, bundle.message_id) is None
    assert known(hub, OPERATOR, bundle.message_id) == found


def test_a_rejection_is_read_from_the_queue_that_both_hats_share(hub: SmallHub) -> None:
    """DK-4.1.5.d: the negative acknowledgement names the error, by the sender's own transaction."""
    hub.send(document("m-1", day_of(FLEX, "bad", values=(-1,) * 96)))
    bundle = hub.close_bundle(SENDER)
    assert known(hub, SENDER, bundle.message_id) == known(hub, GRID, bundle.message_id)
    found = known(hub, SENDER, bundle.message_id)
    assert found.summary.kind is DocumentKind.ACKNOWLEDGEMENT
    (series,) = found.series
    assert series.transaction_id == "bad"
    (rejected,) = known(hub, SENDER, "m-1").series
    assert [(f.code, f.text) for f in series.findings] == [(f.code, f.text) for f in rejected.findings]


def test_a_bundles_id_sent_back_does_not_hide_the_bundle(hub: SmallHub) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1")))
    bundle = hub.close_bundle(READER_A)
    hub.refuse(bundle.message_id, MALFORMED, sender=READER_A)
    assert known(hub, READER_A, bundle.message_id).summary.direction is Direction.OUT


@pytest.mark.parametrize("message_id", ["", "m-2", "nul\0", "m" * 65, "\ud800", "m-1 "])
def test_an_id_that_nobody_used_is_unknown(hub: SmallHub, message_id: str) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1")))
    assert status(hub, OPERATOR, message_id) is None
