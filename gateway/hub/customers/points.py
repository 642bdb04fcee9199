"""The metering points of a customer: those linked to it, and their children, which follow them (D1 §3.5, §6.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from gateway.hub.access import ALWAYS
from gateway.hub.access_ports import CustomerPoint, CustomerPointPage
from gateway.hub.ports import Page
from gateway.hub.tables_access import customer_link
from gateway.messages.identifiers import BEFORE_ALL, is_point_id, point_id, point_key
from gateway.messages.masterdata import KINDS, MasterData, MeteringPointVersion
from gateway.messages.times import Interval
from gateway.rules.batch import LAST_PARENT_KIND


class CustomerPoints:
    """Which metering points are a customer's, and when.

    A child point is its parent's customer's, whatever else is registered for it; any other point is the customer's
    in the times it is linked to it. Both only while the master data know the point.
    """

    def __init__(self, master: MasterData, links: Mapping[int, tuple[Interval, ...]]) -> None:
        self._master = master
        self._links = links

    @classmethod
    def of(cls, connection: Connection, master: MasterData, customer: str) -> CustomerPoints:
        """Those of a customer as registered now."""
        links: dict[int, list[Interval]] = {}
        for row in connection.execute(newest_links().where(customer_link.c.customer == customer)):
            links.setdefault(row.metering_point, []).append(Interval(row.valid_from, row.valid_to))
        return cls(master, {point: tuple(spans) for point, spans in links.items()})

    def parts(self, point: int, span: Interval = ALWAYS) -> tuple[Interval, ...]:
        """The parts of a span in which a point is the customer's, in order; none where it never is."""
        found: list[Interval] = []
        for version in self._master.versions(point, span):
            common = Interval(max(version.valid_from, span.start), min(version.valid_to, span.end))
            parent = parent_of(version)
            if parent is not None:
                found += self.parts(point_key(parent), common)
            else:
                shared = (link.common(common) for link in self._links.get(point, ()))
                found += [part for part in shared if part is not None]
        return joined(found)

    def numbers(self) -> list[int]:
        """Every point that is the customer's at some time, by its number, in order."""
        columns = self._master.points
        found, ahead = set(self._links), set(self._links)
        while ahead:
            is_child = np.isin(columns.parent, list(ahead)) & (columns.kind > LAST_PARENT_KIND)
            ahead = set(columns.point[is_child].tolist()) - found
            found |= ahead
        return sorted(point for point in found if self.parts(point))

    def page(self, page: Page) -> CustomerPointPage:
        """One window of the points with their facts, whole points at a time; an unreadable cursor gives none."""
        if page.after and not is_point_id(page.after):
            return CustomerPointPage(())
        behind = point_key(page.after) if page.after else BEFORE_ALL
        keys = [point for point in self.numbers() if point > behind]
        shown = keys[: page.limit]
        points = tuple(fact for point in shown for fact in self._facts(point))
        return CustomerPointPage(points, point_id(shown[-1]) if len(keys) > len(shown) else "")

    def _facts(self, point: int) -> Iterable[CustomerPoint]:
        for part in self.parts(point):
            for version in self._master.versions(point, part):
                yield CustomerPoint(
                    metering_point=version.metering_point,
                    kind=version.kind,
                    unit=version.unit,
                    resolution=version.resolution,
                    grid_area=version.grid_area,
                    parent=parent_of(version),
                    span=Interval(max(version.valid_from, part.start), min(version.valid_to, part.end)),
                )


def newest_links() -> sa.Select[tuple[int, int, int, int, str | None]]:
    """The links of every point by its newest registration, in order of time."""
    later = customer_link.alias("later")
    superseded = sa.exists().where(
        later.c.metering_point == customer_link.c.metering_point, later.c.transaction > customer_link.c.transaction
    )
    return sa.select(customer_link).where(~superseded).order_by(*customer_link.primary_key)


def parent_of(version: MeteringPointVersion) -> str | None:
    """The parent of a child point; a point of a type of its own has none, whatever is written."""
    return version.parent if KINDS.index(version.kind) > LAST_PARENT_KIND else None


def joined(parts: Iterable[Interval]) -> tuple[Interval, ...]:
    """Spans in order, those that overlap or meet made one."""
    found: list[Interval] = []
    for part in sorted(parts, key=lambda part: part.start):
        if found and part.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, part.end))
        else:
            found.append(part)
    return tuple(found)
