"""The hub's operator of the simulation: every working day it decides about what the hub holds."""

from __future__ import annotations

from datetime import date

from gateway.hub.exchange import Hub
from gateway.hub.ports import Principal, Refused
from gateway.hub.settlement.desk import Desk
from gateway.simulation.habits import faults_on, mended_on
from gateway.simulation.market import SimulatedMarket
from gateway.simulation.timeline import Decision

PATIENCE = 2
"""Working days a fixation is postponed by at most."""


class SimulationFailed(Exception):
    """The simulation cannot go on; the text says why."""


class HubOperator:
    """Asks the grid operator when a faulty border will be right: soon, and the fixation waits; else it stands."""

    def __init__(self, hub: Hub, principal: Principal, market: SimulatedMarket) -> None:
        self._desk, self._principal, self._market = Desk(hub.office), principal, market
        self._timetable = hub.office.profile.timetable

    async def decide(self, today: date, day: date, area: str) -> Decision:
        """Decide about a day of operation held in a grid area, and tell the hub.

        Raises:
            SimulationFailed: the hub does not take the decision.
        """
        mended = self._mended(day, area)
        latest = self._timetable.working_days.after(today, PATIENCE)
        if mended is not None and today <= mended <= latest:
            decision = Decision(day, area, mended, "the border is metered wrongly; right values are on their way")
        else:
            decision = Decision(day, area, None, "confirmed by the grid operator; put right by refixation")
        answer = await self._tell(decision)
        if isinstance(answer, Refused):
            raise SimulationFailed(f"the decision on {day} in {area} was refused: {answer.findings[0].text}")
        return decision

    async def _tell(self, decision: Decision) -> object:
        day, areas = decision.day, [decision.area]
        if decision.until is None:
            return await self._desk.accept_residual(self._principal, day, areas, decision.reason)
        return await self._desk.postpone(self._principal, day, areas, decision.until, decision.reason)

    def _mended(self, day: date, area: str) -> date | None:
        fault = faults_on(self._market, day).get(area)
        return None if fault is None else mended_on(self._timetable, day, fault)
