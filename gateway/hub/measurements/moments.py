"""The place of a value in time as the tables keep it, also of one whose meter's time has no known offset."""

from __future__ import annotations

import hashlib

from gateway.hub.ports_measurements import MeasurementEvent


def moment_key(moment: int | None, meter_time: str) -> int:
    """The instant, or a negative number made of the time as the meter wrote it: 62 bits of its hash."""
    if moment is not None:
        return moment
    return -1 - (int.from_bytes(hashlib.sha256(meter_time.encode()).digest()[:8], "big") >> 2)


def instant_of(key: int) -> int | None:
    """The instant behind a key; None where it has none."""
    return key if key >= 0 else None


def event_digest(event: MeasurementEvent) -> bytes:
    """What an event says, as 16 octets: an entry of the same log, time, code and text is the same entry."""
    content = "\0".join((event.log, str(event.code), event.text, event.meter_time))
    return hashlib.sha256(content.encode()).digest()[:16]
