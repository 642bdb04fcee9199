"""The balance area of a balance responsible party, step by step, from agreements and series (Elering 12, BHT).

Who answers for the customer of a point: its supplier, by the agreement that holds; without one the supplier that its
grid operator names for general service, or the grid operator. At a border between two grids it is the operator on the
other side. Points of lines, producers and charging stations are outside of balancing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from sqlalchemy.engine import Connection

from gateway.hub.control.expected import in_force
from gateway.hub.network.flows import FlowQuery, read_flows
from gateway.hub.office import Office
from gateway.hub.ports import Principal
from gateway.hub.ports_network import Balance, BalanceQuery
from gateway.messages.agreements import Agreements
from gateway.messages.codes import AgreementKind, Commodity, MeteringPointType, Role
from gateway.messages.masterdata import MasterData, MeteringPointVersion
from gateway.messages.series import Mask
from gateway.messages.times import STEP_SECONDS, Instants, Interval
from gateway.settlement.balance_area import BalanceSums, balance_sums, effects

_SUPPLY = (AgreementKind.SUPPLY, AgreementKind.GENERAL_SERVICE, AgreementKind.BORDER_SUPPLY)
_BALANCED_GRIDS = (Role.GRID_OPERATOR, Role.CLOSED_DISTRIBUTION_NETWORK)
_TOGETHER = 4096


def balance(office: Office, connection: Connection, reader: Principal, query: BalanceQuery) -> Balance | None:
    """The balance area of the reader, or of the party the hub's operator names; None for what is not the reader's."""
    party = query.party or reader.party
    if reader.role is not Role.HUB and party != reader.party:
        return None
    profile, interval = office.profile, query.interval
    step = STEP_SECONDS[profile.settlement_resolution(profile.zone.day(interval.start))]
    start = np.arange(interval.start, interval.end, step, dtype=np.int64)
    master, agreements = in_force(office.refresh(connection), interval), office.agreements(connection)
    found = list(_Sides(master, agreements, start, interval).counting(party))
    production, consumption, lacking = (np.zeros(len(start), dtype=np.int64) for _ in range(3))
    for first in range(0, len(found), _TOGETHER):
        some = found[first : first + _TOGETHER]
        points, place = np.unique([one.point for one in some], return_inverse=True)
        effect = np.stack([one.effect for one in some])
        flows = read_flows(office, connection, FlowQuery(points, interval, step))
        sums = balance_sums(effect, flows.into[place], flows.out[place])
        production, consumption = production + sums.production, consumption + sums.consumption
        lacking += ((effect != 0) & ~flows.known[place]).sum(axis=0)
    sums = BalanceSums(production, consumption)
    return Balance(party, step, start, sums, len({one.point for one in found}), lacking)


class _Counting(NamedTuple):
    """A version of a point that counts in some step: its key, and int64[steps] what it does to the balance."""

    point: int
    effect: Instants


class _Sides:
    """Who stands on the two sides of every metering point, step by step."""

    def __init__(self, master: MasterData, agreements: Agreements, start: Instants, interval: Interval) -> None:
        self._master, self._agreements, self._start, self._interval = master, agreements, start, interval
        self._answers: dict[tuple[str, str], Mask] = {}
        self._named = self._named_suppliers()

    def counting(self, party: str) -> Iterator[_Counting]:
        """The versions of points that count for a balance responsible party."""
        for row in range(len(self._master.points.point)):
            version = self._master.version(row)
            operator = self._master.grid_operator(version.grid_area, self._interval.start)
            if operator is None or not self._is_balanced(operator):
                continue
            holds = self._during(Interval(version.valid_from, version.valid_to))
            customer = self._customer_side(int(self._master.points.point[row]), version, operator, party)
            effect = effects(customer & holds, self._answers_for(operator, party) & holds)
            if effect.any():
                yield _Counting(int(self._master.points.point[row]), effect)

    def _is_balanced(self, operator: str) -> bool:
        return any(self._master.holds(operator, role, self._interval.start) for role in _BALANCED_GRIDS)

    def _customer_side(self, point: int, version: MeteringPointVersion, operator: str, party: str) -> Mask:
        """In which steps a party answers for the customer of a point."""
        if version.kind is MeteringPointType.EXCHANGE:
            return self._answers_for(self._across(version) or operator, party)
        answers = self._answers_for(self._named.get(operator, operator), party).copy()
        for span in self._agreements.of_point(point, _SUPPLY, Commodity.ELECTRICITY):
            during = self._during(Interval(span.start, span.end))
            answers[during] = self._answers_for(span.party, party)[during]
        return answers

    def _across(self, version: MeteringPointVersion) -> str | None:
        """The operator of the other grid at a border."""
        areas = (version.from_grid_area, version.to_grid_area)
        other = next((area for area in areas if area is not None and area != version.grid_area), None)
        return self._master.grid_operator(other, self._interval.start)

    def _answers_for(self, below: str, party: str) -> Mask:
        """In which steps a party stands in the chain from another up, that one included."""
        known = self._answers.get((below, party))
        if known is None:
            known = np.zeros(len(self._start), dtype=np.bool_)
            for part in self._agreements.portfolio(below, Commodity.ELECTRICITY, self._interval):
                if party == below or party in part.parties:
                    known |= self._during(Interval(part.start, part.end))
            self._answers[below, party] = known
        return known

    def _during(self, span: Interval) -> Mask:
        during: Mask = (span.start <= self._start) & (self._start < span.end)
        return during

    def _named_suppliers(self) -> dict[str, str]:
        """Who supplies for general service in the grid of an operator that named a supplier, as the interval begins."""
        spans = self._agreements.of_point(-1, (AgreementKind.NAMED_SUPPLIER,), Commodity.ELECTRICITY)
        begins = self._interval.start
        return {
            one.counterparty: one.party
            for one in spans
            if one.counterparty is not None and one.start <= begins < one.end
        }
