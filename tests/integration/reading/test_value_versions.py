"""The audit trail of one value: every version, and who said it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from gateway.hub.ports import Principal, ValueVersion
from gateway.hub.series.reading import value_versions
from gateway.messages.codes import CORRECTED_FLAG, Quality, Resolution
from gateway.messages.quantities import NO_QUANTITY
from gateway.messages.times import HOUR

from .small_hub import (
    CHANGE,
    CHANGING,
    DAY,
    FLEX,
    GRID,
    NOW,
    OPERATOR,
    READER_A,
    READER_B,
    SENDER,
    STRANGER,
    UNKNOWN,
    ZONE,
    SmallHub,
    day_of,
    document,
)


def versions(hub: SmallHub, reader: Principal, point: str = FLEX, at: int = DAY.start) -> Sequence[ValueVersion] | None:
    with hub.database.read() as connection:
        return value_versions(hub.office, connection, reader, point, at)


def told(hub: SmallHub, at: int = DAY.start) -> list[tuple[int, str]]:
    """Quantities and message ids, as the operator sees them."""
    return [(version.quantity, version.message_id) for version in versions(hub, OPERATOR, at=at) or ()]


def test_old_and_new_stand_in_order_with_who_said_them(hub: SmallHub) -> None:
    """DK-4.1.5.f: the old value is kept, the new one stored as corrected, the sender's status visible beside it."""
    hub.send(document("m-1", day_of(FLEX, "t-1"), day_of(CHANGING, "t-2")))
    hub.send(document("m-2", day_of(FLEX, "t-3", values=(300,) * 96)), at=NOW + 60)
    found = versions(hub, READER_A)
    assert found is not None
    assert [(one.quantity, one.quality, one.registered_at, one.message_id, one.sender) for one in found] == [
        (250, Quality.MEASURED, NOW, "m-1", SENDER.party),
        (300, CORRECTED_FLAG | Quality.MEASURED, NOW + 60, "m-2", SENDER.party),
    ]
    assert [one.transaction for one in found] == [1, 2]


def test_messages_of_one_transaction_are_told_apart(hub: SmallHub) -> None:
    """A group commit: m-2 is rejected, m-3 says nothing new, m-4 corrects twice, m-5 is of the day before."""
    before = DAY.start - 23 * HOUR
    hub.send(
        document("m-1", day_of(FLEX, "t-1")),
        document("m-2", day_of(FLEX, "t-2", values=(-1,) * 96)),
        document("m-3", day_of(FLEX, "t-3")),
        document("m-4", day_of(FLEX, "t-4", values=(300,) * 96), day_of(FLEX, "t-5", values=(310,) * 96)),
        document("m-5", day_of(FLEX, "t-6", values=(320,) * 92, start=before)),
        document("m-6", day_of(CHANGING, "t-7")),
    )
    assert told(hub) == [(250, "m-1"), (300, "m-4"), (310, "m-4")]
    assert told(hub, at=before) == [(320, "m-5")]
    assert [one.message_id for one in versions(hub, OPERATOR, CHANGING) or ()] == ["m-6"]


def test_a_value_no_message_brought_has_no_sender(hub: SmallHub) -> None:
    hub.append(FLEX, [5, 0], quality=[Quality.MEASURED, Quality.MISSING])
    (first,), (second,) = versions(hub, OPERATOR) or (), versions(hub, OPERATOR, at=DAY.start + 900) or ()
    assert (first.quantity, first.message_id, first.sender) == (5, "", "")
    assert (second.quantity, second.quality) == (NO_QUANTITY, Quality.MISSING)


def test_every_resolution_that_begins_there_is_a_version(hub: SmallHub) -> None:
    hub.append(FLEX, [40], step=Resolution.HOUR)
    hub.append(FLEX, [10] * 4)
    assert [quantity for quantity, _ in told(hub)] == [40, 10]
    assert [quantity for quantity, _ in told(hub, at=DAY.start + 900)] == [10]


def test_where_no_value_begins_there_are_no_versions(hub: SmallHub) -> None:
    hub.append(FLEX, [40], step=Resolution.HOUR)
    assert versions(hub, READER_A, at=DAY.start + 900) == ()
    assert versions(hub, READER_A, at=DAY.start - HOUR) == ()


def test_versions_show_by_the_right_at_that_instant(hub: SmallHub) -> None:
    """DK-3.4.a: each supplier its own time, the whole month neither of them."""
    month = ZONE.midnight(date(2025, 3, 1))
    hub.append(CHANGING, [31000], start=month, step=Resolution.MONTH)
    hub.append(CHANGING, [7], start=CHANGE)
    assert versions(hub, READER_A, CHANGING, month) == ()
    assert len(versions(hub, GRID, CHANGING, month) or ()) == 1
    assert versions(hub, READER_B, CHANGING, month) is None
    assert len(versions(hub, READER_B, CHANGING, CHANGE) or ()) == 1
    assert versions(hub, READER_A, CHANGING, CHANGE) is None
    assert versions(hub, STRANGER, CHANGING, CHANGE) is None


@pytest.mark.parametrize("point", [UNKNOWN, "", "5713", "x" * 18])
def test_an_unknown_point_has_none(hub: SmallHub, point: str) -> None:
    assert versions(hub, OPERATOR, point) is None
