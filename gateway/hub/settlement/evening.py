"""An evening of the hub: everything due by its cut-off is settled, one stage of a day of operation after the other.

The calculation reads what was known at the cut-off, to the microsecond, whenever it runs: a hub that was down at
21:00 settles the evening when it is back, with the same result (Regulation D1 §4.1.5, §4.2, §4.4).
"""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.claims import Claim
from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate, transaction_at
from gateway.hub.masterdata.registrations import first_import_at
from gateway.hub.office import Office
from gateway.hub.settlement.agenda import Due, due_on, evening_after
from gateway.hub.settlement.calculation import settled_areas
from gateway.hub.settlement.days import standings
from gateway.hub.settlement.settling import CutOff, settle
from gateway.hub.tables_settlement import settlement_evening, settlement_run
from gateway.messages.codes import SettlementStage
from gateway.messages.times import numbered_day

CLAIM = "settlement"
CLAIM_SECONDS = 300
"""How long a settlement of one day may take before another process takes over."""

_UNCLOSED_DAYS = 38 * 31
"""How many days back a day of operation may lie that is not closed: three years, a month and its working days."""


class Settlement:
    """Settles the evenings of one hub."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._claim = Claim(office, CLAIM, CLAIM_SECONDS)

    def next_evening(self) -> int | None:
        """The first evening (epoch seconds) that is not settled; None while the hub knows no master data."""
        with self._office.database.read() as connection:
            last = connection.execute(sa.select(sa.func.max(settlement_evening.c.evening))).scalar()
            if last is None:
                first = first_import_at(connection)
                last = None if first is None else first // MICROSECONDS
        return None if last is None else evening_after(self._office.profile.timetable, last)

    def catch_up(self) -> int:
        """Settle every evening that has passed and is not settled yet, oldest first; how many those were.

        Raises:
            StoreUnavailable: the rest stays due.
        """
        done = 0
        while (evening := self.next_evening()) is not None and evening < self._office.clock.now():
            if not self._claim.take():
                return done
            self._settle(evening)
            done += 1
        if done:
            with self._office.database.write() as connection:
                self._claim.release(connection)
        return done

    def _settle(self, evening: int) -> None:
        cut_off = CutOff(evening, self._cut_off(evening))
        with self._office.database.read() as connection:
            settled = _settled(connection, evening)
        for fixes in (True, False):  # the month's last day is fixed on the evening its month is refixed
            for due in self.due(cut_off):
                if (due.stage is SettlementStage.FIXATION) is fixes and (due.stage, due.day) not in settled:
                    self._claim.take()
                    settle(self._office, due, cut_off)
        with self._office.database.write() as connection:
            values = {"evening": evening, "finished_at": self._office.clock.micros()}
            connection.execute(sa.insert(settlement_evening).values(values))

    def due(self, cut_off: CutOff) -> list[Due]:
        """What an evening has to settle, as the days stand now."""
        timetable = self._office.profile.timetable
        evening, today = cut_off.evening, timetable.zone.day(cut_off.evening)
        with self._office.database.read() as connection:
            master = self._office.master_as_of(connection, cut_off.as_of)
            standing = standings(connection, today - timedelta(days=_UNCLOSED_DAYS), today)

        return list(
            due_on(timetable, evening, lambda day: settled_areas(master, timetable.zone.day_interval(day)), standing)
        )

    def _cut_off(self, evening: int) -> int:
        """The version of everything as known at an evening.

        Taking a number waits for every writer before it, so nothing noted before the evening is still under way.
        """
        with self._office.database.write(lasting=False) as connection:
            allocate(connection, self._office.clock.micros())
        with self._office.database.read() as connection:
            return transaction_at(connection, evening * MICROSECONDS)


def _settled(connection: Connection, evening: int) -> set[tuple[SettlementStage, date]]:
    """What of an evening an earlier attempt has done."""
    wanted = sa.select(settlement_run.c.stage, settlement_run.c.day).where(settlement_run.c.evening == evening)
    return {(SettlementStage(stage), numbered_day(day)) for stage, day in connection.execute(wanted)}
