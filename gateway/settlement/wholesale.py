"""The plan of the wholesale basis: what each supplier's customers used or produced, by tariff and grid area.

Child points take part here, under the supplier of their parent (Regulation D1 §6.1.1); they take none in the balance
settlement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import MeteringPointType, SettlementMethod
from gateway.messages.masterdata import KINDS, METHODS, NONE, Codes, MasterData, Rows
from gateway.messages.series import Mask
from gateway.messages.times import Instants, Interval
from gateway.settlement.kernel import Totals
from gateway.settlement.plan import Groups, Plan, PlanRows
from gateway.settlement.results import KeyedSums, ResultKey
from gateway.settlement.rounding import rounded


class TariffLinks(NamedTuple):
    """Which points pay which tariff over [first, last): columns of one length, codes of the tariffs' names."""

    point: Rows
    tariff: Codes
    first: Instants
    last: Instants


@dataclass(frozen=True)
class WholesalePlan:
    """The wholesale plan and what its groups mean, in columns of one length; NONE where there is no supplier."""

    plan: Plan
    tariff: Codes
    supplier: Codes
    area: Codes
    tariffs: tuple[str, ...]
    master: MasterData

    def sums(self, totals: Totals) -> KeyedSums:
        """Sums by (grid area, supplier, tariff), each rounded once."""
        areas, parties = self.master.areas, self.master.parties
        keys = [
            ResultKey(areas.names[area], parties.name(supplier), tariff=self.tariffs[tariff])
            for tariff, supplier, area in zip(
                self.tariff.tolist(), self.supplier.tolist(), self.area.tolist(), strict=True
            )
        ]
        return KeyedSums.of(keys, rounded(totals.parts), totals.qualities, totals.exists)


def wholesale_plan(
    master: MasterData, interval: Interval, links: TariffLinks, tariffs: tuple[str, ...]
) -> WholesalePlan:
    """The plan over an interval of whole hours; a point may pay several tariffs and change its supplier within it.

    Production, flex and hourly consumption and children take part; profile-settled points do not.
    """
    points = master.points
    found = _under_parents(_linked(master, links), master)
    groups = Groups.of(links.tariff[found.link], found.supplier, points.grid_area[found.version])
    rows = PlanRows(points.point[found.version], groups.group, found.first, found.last)
    tariff, supplier, area = groups.columns
    return WholesalePlan(Plan.of(interval, rows, groups.number), tariff, supplier, area, tariffs, master)


class _Linked(NamedTuple):
    """Versions of points beside the tariffs they pay, while both hold: columns of one length."""

    version: Rows
    link: Rows
    supplier: Rows
    first: Instants
    last: Instants

    def take(self, rows: Rows) -> _Linked:
        """Some of them."""
        return _Linked(*(column[rows] for column in self))


def _linked(master: MasterData, links: TariffLinks) -> _Linked:
    points = master.points
    order = np.lexsort((links.first, links.point))
    of_links = _Spans(links.point[order], links.first[order], links.last[order])
    version, link = _Spans(points.point, points.valid_from, points.valid_to).overlaps(of_links)
    kept = _takes_part(master)[version]
    version, link = version[kept], order[link[kept]]
    first = np.maximum(points.valid_from[version], links.first[link])
    last = np.minimum(points.valid_to[version], links.last[link])
    return _Linked(version, link, points.energy_supplier[version].astype(np.int64), first, last)


def _under_parents(linked: _Linked, master: MasterData) -> _Linked:
    """Children cut to the versions of their parents, and under these' suppliers; all others as they are."""
    points = master.points
    parent = points.parent[linked.version]
    own, children = linked.take(np.flatnonzero(parent == NONE)), linked.take(np.flatnonzero(parent != NONE))
    of_parents = _Spans(points.point, points.valid_from, points.valid_to)
    row, whose = _Spans(parent[parent != NONE], children.first, children.last).overlaps(of_parents)
    children = children.take(row)._replace(
        supplier=points.energy_supplier[whose].astype(np.int64),
        first=np.maximum(children.first[row], points.valid_from[whose]),
        last=np.minimum(children.last[row], points.valid_to[whose]),
    )
    return _Linked(*(np.concatenate(columns) for columns in zip(own, children, strict=True)))


class _Spans(NamedTuple):
    """Spans of time of points: point and [first, last) in columns of one length."""

    point: Rows
    first: Instants
    last: Instants

    def overlaps(self, other: _Spans) -> tuple[Rows, Rows]:
        """Which spans meet which of another list for the same point: places in both; the other list is sorted."""
        begin = np.searchsorted(other.point, self.point, side="left")
        number = np.searchsorted(other.point, self.point, side="right") - begin
        mine = np.repeat(np.arange(len(self.point)), number)
        within = np.arange(len(mine)) - np.repeat(np.cumsum(number) - number, number)
        theirs = np.repeat(begin, number) + within
        meet = (self.first[mine] < other.last[theirs]) & (other.first[theirs] < self.last[mine])
        return mine[meet], theirs[meet]


def _takes_part(master: MasterData) -> Mask:
    points = master.points
    is_consumption = points.kind == KINDS.index(MeteringPointType.CONSUMPTION)
    is_exchange = points.kind == KINDS.index(MeteringPointType.EXCHANGE)
    is_profiled = points.settlement_method == METHODS.index(SettlementMethod.PROFILED)
    takes_part: Mask = ~(is_exchange | (is_consumption & is_profiled))
    return takes_part
