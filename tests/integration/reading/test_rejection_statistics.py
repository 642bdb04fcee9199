"""DK-4.1.5.d: statistics of what was rejected are kept."""

from __future__ import annotations

from datetime import date

from gateway.hub import journal
from gateway.hub.inspection import RejectionCount, rejection_statistics
from gateway.messages.findings import Finding, Severity
from gateway.messages.times import DAY as ONE_DAY
from gateway.messages.times import Interval

from .small_hub import DK, FLEX, NOW, SENDER, STRANGER, ZONE, SmallHub, day_of, document

TODAY, TOMORROW = date(2025, 4, 1), date(2025, 4, 2)
BOTH = Interval(NOW - ONE_DAY, NOW + 2 * ONE_DAY)
BAD = (-1,) * 96


def counted(hub: SmallHub, party: str | None = None, interval: Interval = BOTH) -> tuple[RejectionCount, ...]:
    with hub.database.read() as connection:
        return rejection_statistics(hub.office, connection, party, interval)


def test_rejections_are_counted_by_day_sender_and_reason(hub: SmallHub) -> None:
    """A series with 96 wrong values is one rejected series; a stored one counts nowhere."""
    hub.send(document("m-1", day_of(FLEX, "t-1", values=BAD), day_of(FLEX, "t-2", values=BAD), day_of(FLEX, "t-3")))
    hub.refuse("m-2", Finding("00302", "not well-formed"))
    hub.refuse(None, Finding("00302", "not well-formed"), sender=STRANGER)
    midnight = ZONE.midnight(TOMORROW)
    hub.send(document("m-3", day_of(FLEX, "t-4", values=BAD)), at=midnight - 1)
    hub.send(document("m-4", day_of(FLEX, "t-5", values=BAD)), at=midnight)
    code = DK.rules.wordings["quantity-not-negative"].code
    own = (
        RejectionCount(TODAY, SENDER.party, "00302", series=0, messages=1),
        RejectionCount(TODAY, SENDER.party, code, series=3, messages=0),
        RejectionCount(TOMORROW, SENDER.party, code, series=1, messages=0),
    )
    assert counted(hub, SENDER.party) == own
    strangers = RejectionCount(TODAY, STRANGER.party, "00302", series=0, messages=1)
    assert counted(hub, STRANGER.party) == (strangers,)
    assert counted(hub) == tuple(sorted((*own, strangers)))
    assert counted(hub, interval=Interval(midnight, midnight + 1)) == own[2:]
    assert counted(hub, interval=Interval(midnight + 1, midnight + 2)) == ()


def test_a_remark_that_refuses_nothing_does_not_count(hub: SmallHub) -> None:
    remark = Finding("W1", "sent again", severity=Severity.WARNING)
    with hub.database.write() as connection:
        message = hub.enter(SENDER, connection, NOW)
        journal.note_findings(connection, message, NOW * 1_000_000, SENDER.party, [(0, remark)])
    assert counted(hub) == ()
