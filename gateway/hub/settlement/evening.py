"""An evening of the hub: everything due by its cut-off is calculated, filed and sent, one day of operation a commit.

The calculation reads what was known at the cut-off, to the microsecond, whenever it runs: a hub that was down at
21:00 settles the evening when it is back, with the same result. What is filed, what is sent and where the day stands
share one commit, so a crash leaves a day untouched and still due (Regulation D1 §4.1.5, §4.2, §4.4).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.clock import MICROSECONDS
from gateway.hub.database import allocate, transaction_at
from gateway.hub.office import Office
from gateway.hub.settlement import claims
from gateway.hub.settlement.agenda import Due, due_on, evening_after
from gateway.hub.settlement.calculation import Calculated, calculate, settled_areas
from gateway.hub.settlement.days import UNTOUCHED, Note, Standing, day_of, note_steps, standings
from gateway.hub.settlement.delivery import send
from gateway.hub.settlement.snapshots import Run, file_run, last_bases
from gateway.hub.tables import transaction
from gateway.hub.tables_masterdata import master_data_import
from gateway.hub.tables_settlement import settlement_evening, settlement_run
from gateway.messages.codes import SettlementStage
from gateway.messages.findings import Finding
from gateway.processes.effects import FILE_SNAPSHOT, SEND_BASIS, SEND_CORRECTION, SEND_SUMS
from gateway.processes.events import BasisCalculated, CorrectionsSettled, Event, SumsCalculated
from gateway.processes.machine import Transition

log = logging.getLogger(__name__)

CLAIM = "settlement"
CLAIM_SECONDS = 1800
"""How long a settlement of one day may take before another process takes over."""

_UNCLOSED_DAYS = 38 * 31
"""How many days back a day of operation may lie that is not closed: three years, a month and its working days."""

Moves = dict[str, tuple[Standing, Event, Transition[Any]]]


class Settlement:
    """Settles the evenings of one hub."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._holder = office.new_id()

    def next_evening(self) -> int | None:
        """The first evening (epoch seconds) that is not settled; None while the hub knows no master data."""
        with self._office.database.read() as connection:
            last = connection.execute(sa.select(sa.func.max(settlement_evening.c.evening))).scalar()
            if last is None:
                begun = sa.select(sa.func.min(transaction.c.committed_at)).join(master_data_import)
                first = connection.execute(begun).scalar()
                last = None if first is None else first // MICROSECONDS
        return None if last is None else evening_after(self._office.profile.timetable, last)

    def catch_up(self) -> int:
        """Settle every evening that has passed and is not settled yet, oldest first; how many those were.

        Raises:
            StoreUnavailable: the rest stays due.
        """
        done = 0
        while (evening := self.next_evening()) is not None and evening < self._office.clock.now():
            if not self._claim():
                return done
            self._settle(evening)
            done += 1
        if done:
            with self._office.database.write() as connection:
                claims.release(connection, CLAIM, self._holder)
        return done

    def _claim(self) -> bool:
        with self._office.database.write(lasting=False) as connection:
            return claims.take(connection, CLAIM, self._holder, self._office.clock.now(), CLAIM_SECONDS)

    def _settle(self, evening: int) -> None:
        as_of = self._cut_off(evening)
        with self._office.database.read() as connection:
            settled = _settled(connection, evening)
        for fixes in (True, False):  # the month's last day is fixed on the evening its month is refixed
            for due in self.due(evening, as_of):
                if (due.stage is SettlementStage.FIXATION) is fixes and (due.stage, due.day) not in settled:
                    self._claim()
                    self.settle(due, evening, as_of)
        with self._office.database.write() as connection:
            values = {"evening": evening, "finished_at": self._office.clock.micros()}
            connection.execute(sa.insert(settlement_evening).values(values))

    def due(self, evening: int, as_of: int) -> list[Due]:
        """What an evening (epoch seconds) has to settle, as the days stand now."""
        timetable = self._office.profile.timetable
        today = timetable.zone.day(evening)
        with self._office.database.read() as connection:
            master = self._office.master_as_of(connection, as_of)
            standing = standings(connection, today - timedelta(days=_UNCLOSED_DAYS), today)

        return list(
            due_on(timetable, evening, lambda day: settled_areas(master, timetable.zone.day_interval(day)), standing)
        )

    def settle(self, due: Due, evening: int, as_of: int) -> None:
        """Calculate one stage of a day as known at a version, and file, send and note it in one commit."""
        with self._office.database.read() as connection:
            before = standings(connection, due.day, due.day)
            calculated = calculate(self._office, connection, due, as_of, last_bases(connection, due.day))
        moves = self._moves(due, before, calculated)
        self._commit(due, (evening, as_of), calculated, moves)

    def _cut_off(self, evening: int) -> int:
        """The version of everything as known at an evening.

        Taking a number waits for every writer before it, so nothing noted before the evening is still under way.
        """
        with self._office.database.write(lasting=False) as connection:
            allocate(connection, self._office.clock.micros())
        with self._office.database.read() as connection:
            return transaction_at(connection, evening * MICROSECONDS)

    def _moves(
        self, due: Due, before: Mapping[tuple[date, str], Standing], calculated: Mapping[str, Calculated]
    ) -> Moves:
        moves: Moves = {}
        for area, found in calculated.items():
            standing = before.get((due.day, area), UNTOUCHED)
            event = event_of(due.stage, found, is_fixed=standing.is_fixed)
            outcome = standing.step(event) if event is not None else _OUT_OF_TURN
            if isinstance(outcome, Finding):
                log.warning("%s of %s in %s is left out: %s", due.stage, due.day, area, outcome.text)
                continue
            assert event is not None
            moves[area] = (standing, event, outcome)
        return moves

    def _commit(self, due: Due, cut_off: tuple[int, int], calculated: Mapping[str, Calculated], moves: Moves) -> None:
        at = self._office.clock.micros()
        evening, as_of = cut_off
        # Lasting with the evening's own commit, or with that of whoever peeks first; lost before, it is run again.
        with self._office.database.write(lasting=False) as connection:
            version = allocate(connection, at)
            filed = {area: calculated[area].results for area, move in moves.items() if FILE_SNAPSHOT in move[2].effects}
            number = None
            if filed:
                run = Run(due.stage, due.day, evening, as_of, version, at)
                run, snapshots = file_run(connection, run, filed)
                sent = {area: (snapshots[area], found) for area, found in filed.items() if _sends(moves[area][2])}
                send(self._office, connection, run, sent, self._office.master_as_of(connection, as_of))
                number = run.id
            note_steps(connection, due.day, moves, Note(at, number))


def _sends(transition: Transition[Any]) -> bool:
    return not {SEND_SUMS, SEND_BASIS, SEND_CORRECTION}.isdisjoint(transition.effects)


def _settled(connection: Connection, evening: int) -> set[tuple[SettlementStage, date]]:
    """What of an evening an earlier attempt has done."""
    wanted = sa.select(settlement_run.c.stage, settlement_run.c.day).where(settlement_run.c.evening == evening)
    return {(SettlementStage(stage), day_of(day)) for stage, day in connection.execute(wanted)}


def event_of(stage: SettlementStage, found: Calculated, *, is_fixed: bool) -> Event | None:
    """What a calculation means to the process of its day; None where its stage does not fit where the day stands."""
    if is_fixed == (stage in (SettlementStage.PRELIMINARY, SettlementStage.FIXATION)):
        return None
    if stage is SettlementStage.PRELIMINARY:
        return SumsCalculated()
    if stage is SettlementStage.CORRECTION:
        return CorrectionsSettled(is_last=True)
    return BasisCalculated(found.negative_steps)


_OUT_OF_TURN = Finding(code="", text="the day has not been fixed, or was fixed already", rule="stage-out-of-turn")
