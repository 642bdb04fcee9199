"""What else master data say of a metering point in markets with kinds of points, fuses, sites and communities.

Columns sorted by (point, valid_from), beside those of `gateway.messages.masterdata`; a fact holds over
[valid_from, valid_to). A market that registers none has empty columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from gateway.messages.codes import AllowedFlow, MeteringMethod, PointClass, PointUse
from gateway.messages.identifiers import point_id, point_key
from gateway.messages.masterdata import FOREVER, NONE, Rows
from gateway.messages.times import Instants

CLASSES: tuple[PointClass, ...] = tuple(PointClass)
USES: tuple[PointUse, ...] = tuple(PointUse)
METERINGS: tuple[MeteringMethod, ...] = tuple(MeteringMethod)
ALLOWED_FLOWS: tuple[AllowedFlow, ...] = tuple(AllowedFlow)

_PHASES = 100_000
"""A fuse is held as phases times this, plus amperes."""


class PointDetail(NamedTuple):
    """What a metering point is beside its version, over [valid_from, valid_to) (DH-200)."""

    metering_point: str
    point_class: PointClass
    valid_from: int
    valid_to: int = FOREVER
    use: PointUse = PointUse.NORMAL
    method: MeteringMethod = MeteringMethod.INTERVAL
    fuse: int = 0
    """Main fuse, as `fuse_of` makes it; 0 where none is registered."""
    directions: AllowedFlow = AllowedFlow.BOTH
    related_point: str | None = None
    """The production point of the same site: energy of both is netted."""
    annual_estimate: int | None = None
    """Thousandths of a kWh a year, where there is no meter that says more."""


class CommunityMember(NamedTuple):
    """A consumption point's part in the production of an energy community over [valid_from, valid_to) (DH-140)."""

    community: str
    production_point: str
    metering_point: str
    share: int
    """Millionths of the production."""
    valid_from: int
    valid_to: int = FOREVER
    surplus_point: str | None = None
    """Where the member's own surplus goes; the community's production point where it has none."""


class ReactiveOrder(NamedTuple):
    """A supplier ordered reactive energy of a point over [valid_from, valid_to) (FI-5.1)."""

    metering_point: str
    party: str
    valid_from: int
    valid_to: int = FOREVER


def fuse_of(phases: int, amperes: int) -> int:
    """A main fuse as one number."""
    return phases * _PHASES + amperes


def fuse_text(fuse: int) -> str:
    """A main fuse as people write it: `3x63`."""
    return f"{fuse // _PHASES}x{fuse % _PHASES}" if fuse else ""


@dataclass(frozen=True)
class PointDetails:
    """Details of metering points as columns, sorted by (point, valid_from); codes are places in the lists above.

    Attributes:
        fuse: as `fuse_of`, 0 where none is registered.
        related: key of the related point, NONE where there is none.
        estimate: thousandths of a kWh a year, NONE where there is none.
    """

    point: Rows
    valid_from: Instants
    valid_to: Instants
    point_class: Rows
    use: Rows
    method: Rows
    fuse: Rows
    directions: Rows
    related: Rows
    estimate: Rows

    def __len__(self) -> int:
        return len(self.point)

    @property
    def fuse_size(self) -> Rows:
        """Amperes of all phases together."""
        size: Rows = (self.fuse // _PHASES) * (self.fuse % _PHASES)
        return size

    def rows_at(self, points: Rows, instants: Instants) -> Rows:
        """The row of each point that holds at an instant; NONE where nothing is registered."""
        if not len(self.point):
            return np.full(len(points), NONE, dtype=np.int64)
        first = np.searchsorted(self.point, points, side="left")
        last = np.searchsorted(self.point, points, side="right")
        row = np.full(len(points), NONE, dtype=np.int64)
        for further in range(int((last - first).max(initial=0))):
            candidate = np.minimum(first + further, len(self.point) - 1)
            holds = (first + further < last) & (self.valid_from[candidate] <= instants)
            holds &= instants < self.valid_to[candidate]
            row = np.where(holds, candidate, row)
        return row

    def detail(self, row: int) -> PointDetail:
        """One row as a value."""
        related, estimate = int(self.related[row]), int(self.estimate[row])
        return PointDetail(
            metering_point=point_id(int(self.point[row])),
            point_class=CLASSES[self.point_class[row]],
            valid_from=int(self.valid_from[row]),
            valid_to=int(self.valid_to[row]),
            use=USES[self.use[row]],
            method=METERINGS[self.method[row]],
            fuse=int(self.fuse[row]),
            directions=ALLOWED_FLOWS[self.directions[row]],
            related_point=None if related == NONE else point_id(related),
            annual_estimate=None if estimate == NONE else estimate,
        )

    @classmethod
    def of(cls, details: Iterable[PointDetail]) -> PointDetails:
        """Columns from single rows."""
        rows = sorted(details, key=lambda row: (point_key(row.metering_point), row.valid_from))

        def column(values: Iterable[int]) -> Rows:
            return np.fromiter(values, dtype=np.int64, count=len(rows))

        return cls(
            point=column(point_key(row.metering_point) for row in rows),
            valid_from=column(row.valid_from for row in rows),
            valid_to=column(row.valid_to for row in rows),
            point_class=column(CLASSES.index(row.point_class) for row in rows),
            use=column(USES.index(row.use) for row in rows),
            method=column(METERINGS.index(row.method) for row in rows),
            fuse=column(row.fuse for row in rows),
            directions=column(ALLOWED_FLOWS.index(row.directions) for row in rows),
            related=column(NONE if row.related_point is None else point_key(row.related_point) for row in rows),
            estimate=column(NONE if row.annual_estimate is None else row.annual_estimate for row in rows),
        )


NO_DETAILS = PointDetails.of(())
"""Of a market that registers none."""


@dataclass(frozen=True)
class PointFacts:
    """Details, orders and communities, as an import states them or the register holds them."""

    details: list[PointDetail] = field(default_factory=list)
    orders: list[ReactiveOrder] = field(default_factory=list)
    members: list[CommunityMember] = field(default_factory=list)


@dataclass(frozen=True)
class PointView:
    """What else is known of metering points at one moment.

    Attributes:
        details: columns, sorted by point.
        orders: who ordered reactive energy, by the key of the point.
        members: members of communities, by community.
        transaction: of the import the view was built at; 0 for one read from files.
    """

    details: PointDetails = NO_DETAILS
    orders: Mapping[int, tuple[ReactiveOrder, ...]] = field(default_factory=dict)
    members: Mapping[str, tuple[CommunityMember, ...]] = field(default_factory=dict)
    transaction: int = 0

    @classmethod
    def build(cls, facts: PointFacts, transaction: int = 0) -> PointView:
        """A view of single rows."""
        orders: dict[int, tuple[ReactiveOrder, ...]] = {}
        for order in facts.orders:
            key = point_key(order.metering_point)
            orders[key] = (*orders.get(key, ()), order)
        members: dict[str, tuple[CommunityMember, ...]] = {}
        for member in facts.members:
            members[member.community] = (*members.get(member.community, ()), member)
        return cls(PointDetails.of(facts.details), orders, members, transaction)


NOTHING_MORE = PointView()
"""Of a market that registers no more of its points."""
