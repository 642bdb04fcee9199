"""The list of messages: order, pages, filters, and whose they are."""

from __future__ import annotations

import pytest

from gateway.hub import journal, message_pages
from gateway.hub.inspection import messages
from gateway.hub.journal import Entry
from gateway.hub.ports import Direction, MessageFilter, MessagePage, MessageSummary, Page, Principal
from gateway.messages.codes import Dialect, DocumentKind
from gateway.messages.findings import Finding

from .small_hub import (
    CHANGING,
    FLEX,
    NOW,
    OPERATOR,
    PRODUCTION,
    READER_A,
    READER_B,
    SENDER,
    STRANGER,
    UNKNOWN,
    SmallHub,
    day_of,
    document,
)

EVERYTHING = MessageFilter()


@pytest.fixture
def busy(hub: SmallHub) -> SmallHub:
    """Seven messages: five in (one rejected in part, one refused, one of a stranger), two bundles out."""
    hub.send(document("m-1", day_of(FLEX, "t-1")))
    hub.send(
        document("m-2", day_of(CHANGING, "t-2"), day_of(FLEX, "t-3", values=(-1,) * 96)),
        document("m-3", day_of(FLEX, "t-4", values=(300,) * 96)),
        at=NOW + 60,
    )
    hub.refuse("m-4", Finding("00302", "not well-formed"), at=NOW + 120)
    hub.refuse("m-5", Finding("00302", "not well-formed"), at=NOW + 7200, sender=STRANGER)
    hub.close_bundle(READER_A, at=NOW + 7200)
    hub.close_bundle(READER_B, at=NOW + 7200)
    return hub


def page(
    hub: SmallHub, reader: Principal, wanted: MessageFilter = EVERYTHING, window: Page | None = None
) -> MessagePage:
    with hub.database.read() as connection:
        return messages(hub.office, connection, reader, wanted, window or Page())


def listed(hub: SmallHub, reader: Principal, wanted: MessageFilter = EVERYTHING) -> list[str]:
    return [names(one) for one in page(hub, reader, wanted).messages]


def names(summary: MessageSummary) -> str:
    """Incoming messages by id, bundles by receiver."""
    receivers = {READER_A.party: "to A", READER_B.party: "to B", SENDER.party: "to sender"}
    return summary.message_id if summary.direction is Direction.IN else receivers[summary.receiver]


def test_everybody_sees_its_own_newest_first(busy: SmallHub) -> None:
    assert listed(busy, SENDER) == ["m-4", "m-3", "m-2", "m-1"]
    assert listed(busy, STRANGER) == ["m-5"]
    assert listed(busy, READER_A) == ["to A"]
    assert listed(busy, OPERATOR) == ["m-5", "to B", "to A", "m-4", "m-3", "m-2", "m-1"]
    assert page(busy, OPERATOR).after == ""


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_joined_are_the_whole(busy: SmallHub, limit: int) -> None:
    """Bundles and messages of one instant, and several of one microsecond, are neither lost nor doubled."""
    found: list[MessageSummary] = []
    after = ""
    for _ in range(8):
        window = page(busy, OPERATOR, window=Page(limit, after))
        assert len(window.messages) <= limit
        found += window.messages
        after = window.after
        if not after:
            break
    assert after == ""
    assert tuple(found) == page(busy, OPERATOR).messages


def test_what_arrives_between_two_pages_shifts_nothing(busy: SmallHub) -> None:
    first = page(busy, SENDER, window=Page(2))
    busy.refuse("m-6", Finding("00302", "not well-formed"), at=NOW + 180)
    second = page(busy, SENDER, window=Page(2, first.after))
    assert [names(one) for one in (*first.messages, *second.messages)] == ["m-4", "m-3", "m-2", "m-1"]


@pytest.mark.parametrize("cursor", ["x", "1.2.3", "ffffffffffffffff.0.1", "1.0", "'; --", "\0", "\u0661.0.1", "é" * 50])
def test_a_cursor_we_did_not_make_starts_from_the_newest(busy: SmallHub, cursor: str) -> None:
    assert page(busy, SENDER, window=Page(2, cursor)) == page(busy, SENDER, window=Page(2))


def test_every_given_field_must_match(busy: SmallHub) -> None:
    assert listed(busy, OPERATOR, MessageFilter(direction=Direction.OUT)) == ["to B", "to A"]
    assert listed(busy, OPERATOR, MessageFilter(direction=Direction.IN, state="refused")) == ["m-5", "m-4"]
    assert listed(busy, OPERATOR, MessageFilter(state="bundled")) == ["to B", "to A"]
    assert listed(busy, OPERATOR, MessageFilter(state="no such state")) == []
    assert listed(busy, OPERATOR, MessageFilter(kind=DocumentKind.ACKNOWLEDGEMENT)) == []
    assert listed(busy, SENDER, MessageFilter(start=NOW + 60, end=NOW + 120)) == ["m-3", "m-2"]
    assert listed(busy, SENDER, MessageFilter(start=NOW + 121)) == []
    assert listed(busy, SENDER, MessageFilter(state="refused\0")) == []


def test_the_marks_of_a_bundle_are_its_state(busy: SmallHub) -> None:
    bundle = busy.close_bundle(SENDER, at=NOW + 7300)
    assert listed(busy, SENDER, MessageFilter(kind=DocumentKind.ACKNOWLEDGEMENT)) == ["to sender"]
    busy.peek(bundle)
    assert listed(busy, SENDER, MessageFilter(state="peeked")) == ["to sender"]
    assert listed(busy, SENDER, MessageFilter(state="bundled")) == []
    busy.dequeue(bundle)
    assert listed(busy, SENDER, MessageFilter(state="dequeued")) == ["to sender"]
    assert listed(busy, SENDER, MessageFilter(state="peeked")) == []


def test_a_message_nobody_has_decided_on_is_pending(busy: SmallHub) -> None:
    with busy.database.write() as connection:
        busy.enter(SENDER, connection, NOW + 300)
    (pending,) = page(busy, SENDER, MessageFilter(state="pending")).messages
    assert (pending.message_id, pending.state, pending.series) == ("", "pending", 0)
    assert page(busy, SENDER).messages[0] == pending


def test_what_left_is_listed_as_a_bundle_and_not_as_a_journal_entry(busy: SmallHub) -> None:
    """The journal keeps outgoing documents too, once for each dialect."""
    entry = Entry.outgoing(READER_A, (DocumentKind.MEASURE_DATA, Dialect.CIM_JSON), b"{}", NOW)
    with busy.database.write() as connection:
        journal.enter(connection, entry)
    assert listed(busy, READER_A) == ["to A"]


def test_messages_about_a_metering_point(busy: SmallHub) -> None:
    """In by the series a message had, rejected ones too; out by what the document itself holds."""
    busy.close_bundle(SENDER, at=NOW + 7300)
    assert listed(busy, SENDER, MessageFilter(metering_point=FLEX)) == ["to sender", "m-3", "m-2", "m-1"]
    assert listed(busy, SENDER, MessageFilter(metering_point=CHANGING)) == ["m-2"]
    assert listed(busy, OPERATOR, MessageFilter(metering_point=CHANGING)) == ["to B", "m-2"]
    assert listed(busy, READER_A, MessageFilter(metering_point=FLEX)) == ["to A"]
    assert listed(busy, READER_A, MessageFilter(metering_point=CHANGING)) == []
    for point in (UNKNOWN, PRODUCTION, "no number", "nul\0"):
        assert listed(busy, OPERATOR, MessageFilter(metering_point=point)) == []


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_a_search_for_a_point_goes_on_behind_what_it_looked_through(
    busy: SmallHub, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    """A call looks through a bounded number of messages; following `after` finds the same as looking at once."""
    wanted = MessageFilter(metering_point=FLEX)
    at_once = page(busy, OPERATOR, wanted).messages
    monkeypatch.setattr(message_pages, "LOOKED_THROUGH", 2)
    found: list[MessageSummary] = []
    after = ""
    for _ in range(8):
        window = page(busy, OPERATOR, wanted, Page(limit, after))
        found += window.messages
        after = window.after
        if not after:
            break
    assert after == ""
    assert tuple(found) == at_once
    assert [names(one) for one in found] == ["to A", "m-3", "m-2", "m-1"]
