"""What a meter's clock means for what it says: remarked, doubted, followed over a step, or set where that is wished.

A clock more than a minute off makes the interval ends written under it doubtful, from the last check at which it was
right. One that went back since the last check has written ends twice: they are read again, beginning before them.
"""

from __future__ import annotations

from dataclasses import dataclass

from meter_adapters.outbox.notebook import ClockCheck
from meter_adapters.readings import MeterClock

REMARKED = 5.0
FAR_OFF = 60.0
LEAST_STEP = 3.0
"""Seconds a clock must have gone back between two checks to count as set; less is drift and the line's delay."""


@dataclass(frozen=True, slots=True)
class ClockVerdict:
    """What a check of a clock means.

    Attributes:
        deviation: seconds the meter is ahead; None where its time cannot be believed.
        is_remarkable: more than five seconds.
        is_far_off: more than a minute.
        doubt_since: where a new span of doubtful ends begins, None where none does.
        stepped_back: seconds the clock went back since the last check; 0 where it did not.
    """

    deviation: float | None
    is_remarkable: bool
    is_far_off: bool
    doubt_since: int | None
    stepped_back: int


def judge(clock: MeterClock, before: ClockCheck | None) -> ClockVerdict:
    """What a check means beside the one before it."""
    deviation = clock.deviation
    if deviation is None:
        return ClockVerdict(None, is_remarkable=True, is_far_off=False, doubt_since=None, stepped_back=0)
    off = abs(deviation)
    earlier = None if before is None or before.deviation_ms is None else before.deviation_ms / 1000
    is_far_off = off > FAR_OFF
    was_right = before is not None and earlier is not None and abs(earlier) <= FAR_OFF
    since = (before.at if was_right and before is not None else 0) if is_far_off else None
    back = 0.0 if earlier is None else earlier - deviation
    return ClockVerdict(deviation, off > REMARKED, is_far_off, since, int(back) + 1 if back >= LEAST_STEP else 0)


def may_set(now: float, deviation: float, period: int) -> bool:
    """Whether a clock may be set now: neither its own time nor ours is near the end of an interval, nor between."""
    own, ours = now + deviation, now
    if own // period != ours // period:
        return False
    return all(30 <= instant % period <= period - 30 for instant in (own, ours))
