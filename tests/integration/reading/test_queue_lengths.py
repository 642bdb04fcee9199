"""What waits in the queues, before and after it is bundled."""

from __future__ import annotations

from gateway.hub.inspection import queue_lengths
from gateway.hub.ports import Principal, QueueLength
from gateway.messages.codes import Category, Role

from .small_hub import (
    CHANGING,
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

DATA = Category.MEASURE_DATA


def lengths(hub: SmallHub, reader: Principal) -> tuple[QueueLength, ...]:
    with hub.database.read() as connection:
        return queue_lengths(hub.office, connection, reader)


def length(hub: SmallHub, reader: Principal) -> tuple[int, int, int | None]:
    """Documents, series and the oldest of the reader's measure data."""
    (one,) = (one for one in lengths(hub, reader) if one.category is DATA)
    assert (one.party, one.role) == (reader.party, DK.queue_role(reader.role))
    return one.documents, one.series, one.oldest_at


def test_an_empty_queue_is_shown_to_its_owner_only(hub: SmallHub) -> None:
    assert lengths(hub, OPERATOR) == ()
    assert {(one.category, one.documents, one.series, one.oldest_at) for one in lengths(hub, READER_A)} == {
        (category, 0, 0, None) for category in Category
    }


def test_waiting_and_bundled_series_count_until_they_are_dequeued(hub: SmallHub) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1"), day_of(CHANGING, "t-2")))
    hub.send(document("m-2", day_of(FLEX, "t-3", values=(300,) * 96)), at=NOW + 60)
    assert length(hub, READER_A) == (1, 2, NOW)
    assert length(hub, READER_B) == (1, 1, NOW)
    bundle = hub.close_bundle(READER_A)
    assert length(hub, READER_A) == (1, 2, NOW)
    hub.send(document("m-3", day_of(FLEX, "t-4", values=(350,) * 96)), at=NOW + 7300)
    assert length(hub, READER_A) == (2, 3, NOW)
    hub.peek(bundle)
    assert length(hub, READER_A) == (2, 3, NOW)
    hub.dequeue(bundle)
    assert length(hub, READER_A) == (1, 1, NOW + 7300)


def test_series_that_may_not_share_a_document_are_several(hub: SmallHub) -> None:
    """One RSM-009 speaks of one message; more series than a bundle takes make more bundles."""
    bad = (-1,) * 96
    hub.send(
        document("m-1", day_of(FLEX, "t-1", values=bad), day_of(CHANGING, "t-2", values=bad)),
        document("m-2", day_of(FLEX, "t-3", values=bad)),
    )
    assert length(hub, SENDER) == length(hub, GRID) == (2, 3, NOW)
    most = DK.bundling.transactions
    with hub.database.write() as connection:
        connection.exec_driver_sql(f"update outgoing set series = {2 * most + 1} where related_message = 'm-1'")
    assert length(hub, SENDER) == (4, 2 * most + 2, NOW)


def test_the_operator_sees_every_queue_in_which_something_waits(hub: SmallHub) -> None:
    hub.send(document("m-1", day_of(FLEX, "t-1"), day_of(CHANGING, "t-2"), day_of(PRODUCTION, "t-3", values=(-1,))))
    hub.close_bundle(READER_B)
    found = lengths(hub, OPERATOR)
    assert {(one.party, one.role, one.category, one.series) for one in found} == {
        (SENDER.party, Role.GRID_OPERATOR, DATA, 1),
        (READER_A.party, Role.ENERGY_SUPPLIER, DATA, 1),
        (READER_B.party, Role.ENERGY_SUPPLIER, DATA, 1),
    }
    assert length(hub, STRANGER) == (0, 0, None)
