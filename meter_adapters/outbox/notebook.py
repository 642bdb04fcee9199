"""What the collector remembers beside readings: refusals, refused passwords, meters' clocks, invocation counters."""

from __future__ import annotations

from typing import NamedTuple

from meter_adapters.outbox.store import Outbox
from meter_adapters.readings import MeterId, Refusal

MOST_REFUSALS = 5_000
"""Refusals kept for people to look at."""


class ClockCheck(NamedTuple):
    """What a meter's clock was found to be: when, and how many milliseconds ahead; None where it cannot be believed."""

    at: int
    deviation_ms: int | None


class ClockDoubt(NamedTuple):
    """When a meter's clock was far off: ends behind `since` and all of `first_epoch` and later ones.

    It ends with the interval end `until`, or with the whole of `last_epoch` where the clock was set back then; both are
    None while it lasts.
    """

    since: int
    first_epoch: int
    until: int | None = None
    last_epoch: int | None = None

    def covers(self, end: int, epoch: int) -> bool:
        """Whether an interval end was written under the wrong clock."""
        if end <= self.since and epoch < self.first_epoch:
            return False
        if self.last_epoch is not None:
            return epoch <= self.last_epoch
        return self.until is None or end <= self.until


class Notebook:
    """Notes in an outbox's file."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def note_refusal(self, bus: str, refusal: Refusal, at: int) -> None:
        """Keep why something of a meter was not taken."""
        with self._outbox.write() as connection:
            connection.execute(
                "insert into refusal (at, bus, meter, reason, text) values (?, ?, ?, ?, ?)",
                (at, bus, refusal.meter, refusal.reason.value, refusal.text),
            )
            connection.execute("delete from refusal where id <= (select max(id) from refusal) - ?", (MOST_REFUSALS,))

    def refusals(self, most: int) -> list[tuple[int, str, str, str, str]]:
        """The latest refusals, newest first: instant, bus, meter, reason, text."""
        with self._outbox.read() as connection:
            return list(
                connection.execute("select at, bus, meter, reason, text from refusal order by id desc limit ?", (most,))
            )

    def passwords_refused(self, meter: str) -> int:
        """How often a meter refused its password since a person last looked."""
        row = self._outbox.row("select refused from attempt where meter = ?", (meter,))
        return 0 if row is None else int(row[0])

    def set_passwords_refused(self, meter: str, refused: int) -> None:
        """So often by now; 0 is none."""
        with self._outbox.write() as connection:
            connection.execute(
                "insert into attempt (meter, refused) values (?, ?)"
                " on conflict (meter) do update set refused = excluded.refused",
                (meter, refused),
            )

    def note_clock(self, meter: MeterId, at: int, deviation_ms: int | None) -> ClockCheck | None:
        """Keep how far a meter's clock is ahead; the check before, None where there was none."""
        with self._outbox.write() as connection:
            number = self._outbox.meter_number(meter)
            before = connection.execute(
                "select at, deviation_ms from clock_check where meter = ?", (number,)
            ).fetchone()
            connection.execute(
                "insert into clock_check (meter, at, deviation_ms) values (?, ?, ?)"
                " on conflict (meter) do update set at = excluded.at, deviation_ms = excluded.deviation_ms",
                (number, at, deviation_ms),
            )
        return None if before is None else ClockCheck(*before)

    def begin_doubt(self, meter: MeterId, since: int, first_epoch: int) -> None:
        """The meter's clock is far off, at the latest since an instant; nothing changes where it is known to be."""
        with self._outbox.write() as connection:
            number = self._outbox.meter_number(meter)
            connection.execute(
                "insert into clock_doubt (meter, since, first_epoch) select ?, ?, ? where not exists (select 1 from"
                " clock_doubt where meter = ? and until is null and last_epoch is null) on conflict do nothing",
                (number, since, first_epoch, number),
            )

    def end_doubt(self, meter: MeterId, until: int | None, last_epoch: int | None) -> None:
        """The meter's clock is right again: from an end on, or from the epoch that follows one."""
        with self._outbox.write() as connection:
            connection.execute(
                "update clock_doubt set until = ?, last_epoch = ?"
                " where meter = ? and until is null and last_epoch is null",
                (until, last_epoch, self._outbox.meter_number(meter)),
            )

    def doubts(self, meter: MeterId) -> list[ClockDoubt]:
        """When the meter's clock was far off."""
        with self._outbox.read() as connection:
            found = connection.execute(
                "select since, first_epoch, until, last_epoch from clock_doubt d join meter m on m.id = d.meter"
                " where m.name = ?",
                (meter.name,),
            )
            return [ClockDoubt(*row) for row in found]

    def counters(self, prefix: str) -> dict[str, int]:
        """Counters whose names begin so, by the rest of their names."""
        with self._outbox.read() as connection:
            found = connection.execute(
                "select name, value from counter where substr(name, 1, ?) = ?", (len(prefix), prefix)
            )
            return {name.removeprefix(prefix): value for name, value in found}

    def counter(self, name: str) -> int | None:
        """Where a counter stands; None where it was never set."""
        row = self._outbox.row("select value from counter where name = ?", (name,))
        return None if row is None else int(row[0])

    def raise_counter(self, name: str, value: int) -> None:
        """Note the highest value seen; a counter never goes back."""
        with self._outbox.write() as connection:
            connection.execute(
                "insert into counter (name, value) values (?, ?)"
                " on conflict (name) do update set value = max(value, excluded.value)",
                (name, value),
            )

    # which meter is where

    def meters_at(self, place: str) -> list[tuple[str, int]]:
        """The meters that answered under a name of the configuration, oldest first, and since when."""
        with self._outbox.read() as connection:
            return list(
                connection.execute(
                    "select m.name, i.since from identity i join meter m on m.id = i.meter where place = ?"
                    " order by i.since, m.id",
                    (place,),
                )
            )

    def note_identity(self, place: str, meter: MeterId, at: int) -> str | None:
        """Note which meter answers; the name of the one before where it is another than the last time."""
        known = self.meters_at(place)
        if known and known[-1][0] == meter.name:
            return None
        with self._outbox.write() as connection:
            connection.execute(
                "insert into identity (meter, place, since) values (?, ?, ?)"
                " on conflict (place, meter) do update set since = excluded.since",
                (self._outbox.meter_number(meter), place, at),
            )
        return known[-1][0] if known else None
