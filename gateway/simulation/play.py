"""Months of a market in seconds: the hub of production on a clock that is moved by hand, and nobody knows.

Every morning at six the grid operators send what they have, every evening at nine the hub settles, and in between
some parties fetch what is waiting for them. What happens is told as a timeline.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from gateway.demo.server import DemoFailed
from gateway.hub.clock import MovedClock
from gateway.hub.exchange import Hub
from gateway.hub.masterdata.files import MasterDataSet, csv_files
from gateway.hub.ports import Accepted, Principal, Submission
from gateway.hub.scheduler import Scheduler, duties_of
from gateway.markets.calendar import month_after
from gateway.messages.codes import Dialect, Role
from gateway.simulation.habits import Dispatch, dispatches
from gateway.simulation.letters import DIALECT, KIND, Envelope, letter
from gateway.simulation.market import AREAS, RESPONSIBLES, SUPPLIERS, SimulatedMarket
from gateway.simulation.values import Meters

MORNING, NOON = 6, 12
_NOTICE = 5
"""Working days before the turn of the month on which changes of supplier are announced."""

FETCHERS = (
    Principal(SUPPLIERS[0], Role.ENERGY_SUPPLIER, "supplier"),
    Principal(RESPONSIBLES[0], Role.BALANCE_RESPONSIBLE, "responsible"),
    Principal(AREAS["901"], Role.GRID_OPERATOR, "grid"),
)
"""Who fetches every morning; the others let theirs wait."""


@dataclass
class Tally:
    """What has happened so far, in numbers."""

    messages: int = 0
    series: int = 0
    refused: int = 0
    fetched: Counter[str] = field(default_factory=Counter)
    supplier_changes: int = 0


@dataclass
class Play:
    """A simulated market on a hub that has not been started.

    Attributes:
        market, meters: who there is, and what they measure.
        hub, clock: the hub of production and the clock it reads.
        tally: what has happened.
    """

    market: SimulatedMarket
    meters: Meters
    hub: Hub
    clock: MovedClock
    tally: Tally = field(default_factory=Tally)
    _outbox: dict[date, list[tuple[date, str, list[Dispatch]]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def run(self, note: Callable[[date], None]) -> Tally:
        """Play from the first day to the last; hears of every day when it is over."""
        await self._furnish()
        scheduler = Scheduler(duties_of(self.hub.office, self.hub.runner), self.clock.now())
        zone, day = self.market.zone, self.market.first
        while day <= self.market.last:
            self.clock.move_to(zone.at(day, MORNING))
            await self._send(day)
            await self._fetch()
            self.clock.move_to(zone.at(day, NOON))
            await self._change_suppliers(day)
            self.clock.move_to(self.hub.office.profile.timetable.evening(day) + 1)
            scheduler.run_due(self.clock.now())
            note(day)
            day += timedelta(days=1)
        return self.tally

    async def _furnish(self) -> None:
        await self._import(self.market.dataset)

    async def _import(self, dataset: MasterDataSet) -> None:
        operator = Principal(self.hub.office.profile.hub, Role.HUB, "simulation")
        files = {name: content for name, content in csv_files(dataset).items() if content.count(b"\n") > 1}
        report = await self.hub.import_master_data(operator, files)
        if not any(report.rows.values()):
            raise DemoFailed(f"the simulated market was refused: {report.findings[0].text}")

    async def _send(self, today: date) -> None:
        """The day before is over: what will be sent of it is known, and what is due today is sent."""
        yesterday = today - timedelta(days=1)
        if yesterday >= self.market.first:
            for when, by_area in dispatches(self.meters, yesterday).items():
                self._outbox.setdefault(when, []).extend((yesterday, area, sent) for area, sent in by_area.items())
        for of, area, sent in self._outbox.pop(today, []):
            await self._submit(of, area, sent)

    async def _submit(self, of: date, area: str, sent: list[Dispatch]) -> None:
        sender = Principal(AREAS[area], Role.METERED_DATA_RESPONSIBLE, f"grid-{area}")
        number = f"S{next(self._numbers)}"
        envelope = Envelope(number, sender.party, self.hub.office.profile.hub, self.clock.now())
        body = letter(self.market.zone, envelope, of, sent)
        answer = await self.hub.submit(sender, Submission(KIND, DIALECT, body))
        self.tally.messages += 1
        self.tally.series += len(sent)
        self.tally.refused += not isinstance(answer, Accepted)

    async def _fetch(self) -> None:
        for reader in FETCHERS:
            while (found := await self.hub.peek(reader, None, Dialect.CIM_JSON)) is not None:
                self.tally.fetched[found.kind] += 1
                await self.hub.dequeue(reader, found.message_id)

    async def _change_suppliers(self, today: date) -> None:
        month = month_after(today, 1)
        if self._announced(month) == today and month <= self.market.last:
            changing = self.market.changes(month)
            self.tally.supplier_changes += len({one.metering_point for one in changing})
            await self._import(MasterDataSet(points=changing))

    def _announced(self, month: date) -> date:
        """The working day on which changes at the beginning of a month are announced."""
        days, day, left = self.market_days, month, _NOTICE
        while left:
            day -= timedelta(days=1)
            left -= days(day)
        return day

    @property
    def market_days(self) -> Callable[[date], bool]:
        """Whether the market works on a day."""
        return self.hub.office.profile.working_days.is_working_day
