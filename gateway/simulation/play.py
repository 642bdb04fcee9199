"""Months of a market in seconds: the hub of production on a clock that is moved by hand, and nobody knows.

Every morning at six the grid operators send what they have, late ones to the second of a deadline; at eight some
parties fetch what waits for them, at nine the hub's operator decides about what is held, and in the evening the hub
settles. Everything goes through the doors and the scheduler of production.
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from gateway.hub.clock import MovedClock
from gateway.hub.duties import DAY_CLOSE_HOUR, SETTLE_SECONDS, duties_of
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, filled_csv_files
from gateway.hub.ports import Accepted, Principal, SeriesStatus, Submission
from gateway.hub.scheduler import Scheduler
from gateway.hub.tables_settlement import settlement_evening
from gateway.markets.calendar import month_after
from gateway.messages.codes import Category, Dialect, Role
from gateway.processes.correction import CorrectionState
from gateway.processes.submission import SubmissionState
from gateway.simulation.habits import NOON, Dispatch, Outbox, dispatches
from gateway.simulation.letters import DIALECT, KIND, Envelope, letter
from gateway.simulation.market import AREAS, SUPPLIERS, SimulatedMarket
from gateway.simulation.observer import Observer
from gateway.simulation.operator import HubOperator, SimulationFailed
from gateway.simulation.timeline import MarketDay, Timeline
from gateway.simulation.values import Meters

FETCHING, DECIDING = 8, 9
"""The hours at which parties fetch what waits, and the operator decides about what is held."""

_NOTICE = 5
"""Working days before the turn of the month on which changes of supplier are announced."""

_MOST_SERIES = 1000
"""Series of one message."""

FETCHERS: tuple[tuple[Principal, Category | None], ...] = (
    (Principal(SUPPLIERS[0], Role.ENERGY_SUPPLIER, "supplier"), None),
    (Principal(AREAS["901"], Role.GRID_OPERATOR, "grid"), Category.MEASURE_DATA),
)
"""Who fetches every morning, and what: a supplier everything, a grid operator what was rejected to it.

The others let theirs wait: a document fetched costs three commits, and here time is short.
"""


@dataclass
class Play:
    """A simulated market on a started hub.

    Attributes:
        market, meters: who there is, and what they measure.
        hub, clock: the hub of production and the clock it reads.
        timeline: what has happened.
    """

    market: SimulatedMarket
    meters: Meters
    hub: Hub
    clock: MovedClock
    timeline: Timeline = field(default_factory=Timeline)
    _outbox: Outbox = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self._principal = Principal(self.hub.office.profile.hub, Role.HUB, "simulation")
        self._observer = Observer(self.hub, self._principal)
        self._operator = HubOperator(self.hub, self._principal, self.market)
        self._timetable = self.hub.office.profile.timetable
        self._scheduler = Scheduler(duties_of(self.hub.office, self.hub.runner), self.clock.now())

    async def run(self, note: Callable[[MarketDay], None]) -> Timeline:
        """Play from the first day to the last; every day is noted when it is over.

        Raises:
            SimulationFailed: the hub refuses what it should take, or does not settle an evening.
        """
        await self._import(self.market.dataset)
        today = self.market.first
        while today <= self.market.last:
            now = MarketDay(today)
            await self._live(now)
            self.timeline.days.append(now)
            note(now)
            today += timedelta(days=1)
        return self.timeline

    async def _live(self, now: MarketDay) -> None:
        """One calendar day: what is sent is sent to the second, and in between happens what has its hour."""
        zone, today = self.market.zone, now.today
        evening = self._timetable.evening(today)
        hours: tuple[tuple[int, Callable[[MarketDay], Awaitable[None]]], ...] = (
            (zone.midnight(today), self._begin),
            (zone.at(today, DAY_CLOSE_HOUR), self._do_duties),
            (zone.at(today, FETCHING), self._fetch),
            (zone.at(today, DECIDING), self._decide),
            (zone.at(today, NOON), self._change_suppliers),
            (evening + SETTLE_SECONDS, self._do_duties),
        )
        for instant, happens in hours:
            await self._send_until(instant, now)
            self.clock.move_to(instant)
            await happens(now)
        self._check_settled(evening)
        await self._observer.look(now)

    async def _begin(self, now: MarketDay) -> None:
        """A day of operation is over: what will ever be sent of it is known."""
        await self._do_duties(now)
        yesterday = now.today - timedelta(days=1)
        if yesterday >= self.market.first:
            for at, by_area in dispatches(self.meters, yesterday, self._timetable).items():
                for area, sent in by_area.items():
                    self._outbox.setdefault(at, {}).setdefault(area, []).extend(sent)

    async def _do_duties(self, _now: MarketDay) -> None:
        self._scheduler.run_due(self.clock.now())

    def _check_settled(self, evening: int) -> None:
        """A duty that fails is only told in the log and tried again; here that would go unseen."""
        with self.hub.office.database.read() as connection:
            last = connection.execute(sa.select(sa.func.max(settlement_evening.c.evening))).scalar()
        if last != evening:
            raise SimulationFailed(f"the evening of {self.market.zone.day(evening)} was not settled; see the log")

    # --- the parties ------------------------------------------------------------------------------------------------

    async def _send_until(self, instant: int, now: MarketDay) -> None:
        for at in sorted(at for at in self._outbox if at <= instant):
            self.clock.move_to(at)
            for area, sent in self._outbox.pop(at).items():
                for first in range(0, len(sent), _MOST_SERIES):
                    await self._submit(area, sent[first : first + _MOST_SERIES], now)

    async def _submit(self, area: str, sent: Sequence[Dispatch], now: MarketDay) -> None:
        sender = Principal(AREAS[area], Role.METERED_DATA_RESPONSIBLE, f"grid-{area}")
        envelope = Envelope(f"S{next(self._numbers)}", sender.party, self._principal.party, self.clock.now())
        body = letter(self.market.zone, envelope, sent)
        now.messages += 1
        if not isinstance(await self.hub.submit(sender, Submission(KIND, DIALECT, body)), Accepted):
            now.refused += 1
            return
        status = await self.hub.message_status(sender, envelope.message_id)
        if status is not None:
            now.series.update(map(became, status.series))

    async def _fetch(self, now: MarketDay) -> None:
        for reader, category in FETCHERS:
            while (found := await self.hub.peek(reader, category, Dialect.CIM_JSON)) is not None:
                now.fetched[found.kind.value] += 1
                await self.hub.dequeue(reader, found.message_id)

    async def _decide(self, now: MarketDay) -> None:
        if self._timetable.working_days.is_working_day(now.today):
            for day, area in sorted(self._observer.held(now.today)):
                now.decisions.append(await self._operator.decide(now.today, day, area))

    async def _change_suppliers(self, now: MarketDay) -> None:
        month = month_after(now.today, 1)
        announced = max(self._timetable.working_days.before(month, _NOTICE), self.market.first)
        if month <= self.market.last and now.today == announced:
            changing = self.market.changes(month)
            now.supplier_changes += len({one.metering_point for one in changing})
            await self._import(MasterDataSet(points=changing))

    async def _import(self, dataset: MasterDataSet) -> None:
        files = filled_csv_files(dataset)
        report = await self.hub.import_master_data(self._principal, files)
        if not any(report.rows.values()):
            raise SimulationFailed(f"the simulated market was refused: {report.findings[0].text}")


_BECAME = {
    SubmissionState.REJECTED.value: "rejected",
    SubmissionState.FAILED.value: "failed",
    CorrectionState.CORRECTING.value: "corrected",
    CorrectionState.UNCHANGED.value: "unchanged",
}


def became(series: SeriesStatus) -> str:
    """What became of a series: accepted, corrected (it changed accepted values), unchanged, rejected or failed."""
    return next((_BECAME[entry.state] for entry in reversed(series.history) if entry.state in _BECAME), "accepted")
