"""Looks at the hub as its operator could, and notes what it filed, what it holds, and what it put into the queues."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.control.values import DayQuery, Kpi
from gateway.hub.exchange import Hub
from gateway.hub.ports import Principal
from gateway.hub.settlement.days import standings
from gateway.hub.settlement.snapshots import Snapshot, find
from gateway.hub.tables_exchange import outgoing
from gateway.hub.tables_settlement import settlement_run, snapshot
from gateway.messages.codes import SettlementStage
from gateway.processes.fixation import FixationState
from gateway.simulation.timeline import SUMS, MarketDay, Settled

HELD_DAYS = 62
"""How many days back a held day of operation is looked for."""


class Observer:
    """Notes what is new since it looked last."""

    def __init__(self, hub: Hub, operator: Principal) -> None:
        self._hub, self._operator = hub, operator
        self._snapshots = 0
        self._outgoing = 0
        self._held: set[tuple[date, str]] = set()

    async def look(self, into: MarketDay) -> None:
        """Note what is new into a day of the market."""
        with self._hub.office.database.read() as connection:
            filed = self._filed(connection, into)
            into.documents += self._queued(connection)
        into.settled += [await self._with_shares(one) for one in filed]
        held = self.held(into.today)
        into.held, self._held = sorted(held - self._held), held

    def held(self, today: date) -> set[tuple[date, str]]:
        """The days of operation that wait for the operator, with their grid areas."""
        with self._hub.office.database.read() as connection:
            found = standings(connection, today - timedelta(days=HELD_DAYS), today)
        return {where for where, one in found.items() if one.state is FixationState.HELD}

    def _filed(self, connection: Connection, into: MarketDay) -> list[Settled]:
        newer = sa.select(snapshot.c.id, settlement_run.c.stage).join(settlement_run)
        found: list[Settled] = []
        for number, stage in connection.execute(newer.where(snapshot.c.id > self._snapshots).order_by(snapshot.c.id)):
            self._snapshots = number
            if stage == SettlementStage.PRELIMINARY.value:
                into.preliminary += 1
            elif (one := find(connection, number)) is not None:
                found.append(_settled(one))
        return found

    def _queued(self, connection: Connection) -> Counter[str]:
        last = connection.execute(sa.select(sa.func.max(outgoing.c.id))).scalar() or 0
        newer = sa.select(outgoing.c.kind, sa.func.count()).where(outgoing.c.id > self._outgoing)
        self._outgoing = last
        return Counter({row[0]: row[1] for row in connection.execute(newer.group_by(outgoing.c.kind))})

    async def _with_shares(self, one: Settled) -> Settled:
        """With how much was estimated and missing at the limit, where that decides whether it may be fixed."""
        if one.stage is not SettlementStage.FIXATION:
            return one
        figures = await self._hub.kpis(self._operator, DayQuery(one.day, one.day + timedelta(days=1), one.area))
        shares = {figure.kpi: figure.percent for figure in figures or ()}
        return replace(one, estimated=shares.get(Kpi.ESTIMATED_FLEX, ""), missing=shares.get(Kpi.MISSING_FLEX, ""))


def _settled(filed: Snapshot) -> Settled:
    results = filed.results
    steps = {name: results.tables[kind].quantity.sum(axis=0) for name, kind in SUMS.items()}
    return Settled(filed.run.stage, filed.run.day, filed.grid_area, filed.id, results.start, results.resolution, steps)
